"""What reading and judging noticed of the input, as findings, so that one list has everything.

What a notice means is told by the words that the resolvers share; whatever is new among them is a `remark`.

- `refused`: the API server refuses the object, so it has no effect.
- `no-effect`: it exists, and nothing honours it: a kind the data plane does not serve, an API version that is gone.
- `not-judged`: what it does is not known here.
- `dangling-reference`: it names a Service, a group, a set or a tier that does not exist.
- `dead-part`: a part of it matches nothing. `input`: a file or another object. `remark`: it does not do what it seems to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from scanner.lint.model import Finding, Kind, Severity
from scanner.model import ApiObject, Notice, Snapshot
from scanner.reach.model import RuleRef

_RULE = re.compile(r"(?:spec\.)?((?:specs\[[0-9]+\]\.)?(?:in|e)gress(?:Deny)?\[[0-9]+\])(?:\.|\Z)")
_NO_PORT = "matches no port of TCP, UDP or SCTP"
_WORDS: tuple[tuple[str, Kind, Severity], ...] = (
    ("(refused: left out)", Kind.REFUSED, Severity.ERROR),
    ("is not served any more", Kind.NO_EFFECT, Severity.ERROR),
    ("no engine honours this annotation", Kind.NO_EFFECT, Severity.ERROR),
    ("has no effect on ", Kind.NO_EFFECT, Severity.ERROR),
    ("so the object has no effect", Kind.NO_EFFECT, Severity.ERROR),
    ("honours this kind is not known", Kind.NOT_JUDGED, Severity.WARNING),
    ("may touch is unknown", Kind.NOT_JUDGED, Severity.WARNING),
    ("no engine honours both", Kind.NOT_JUDGED, Severity.WARNING),
    ("does not exist", Kind.DANGLING_REFERENCE, Severity.WARNING),
    ("no Tier has this name", Kind.DANGLING_REFERENCE, Severity.WARNING),
    ("matches nothing", Kind.DEAD_PART, Severity.WARNING),
    ("selects nobody", Kind.DEAD_PART, Severity.WARNING),
    ("leaves nothing of", Kind.DEAD_PART, Severity.WARNING),
    ("denies nothing", Kind.DEAD_PART, Severity.WARNING),
    ("concerns ICMP only", Kind.REMARK, Severity.NOTE),
    (_NO_PORT, Kind.REMARK, Severity.NOTE),
)


def noted_rules(notices: Iterable[Notice]) -> frozenset[tuple[str, str]]:
    """The rules, by object and name, of which some notice speaks already."""
    return frozenset((notice.object, rule) for notice in notices if (rule := _rule(notice.field)))


def from_notices(snapshot: Snapshot, notices: Iterable[Notice]) -> Iterator[Finding]:
    """Each notice as a finding, with its place where it is about a policy."""
    sources: dict[str, list[ApiObject]] = {}
    for source in snapshot.policies:
        for name in _names(source):
            sources.setdefault(name, []).append(source)
    read, listed = set(snapshot.notices), list(notices)
    missing = {
        (notice.object, _rule(notice.field))
        for notice in listed
        if _meaning(notice.message)[0] is Kind.DANGLING_REFERENCE
    }
    for notice in listed:
        found = sources.get(notice.object, [])
        rule = _rule(notice.field) if found else ""
        if rule and (notice.object, rule) in missing and notice.message.startswith(_NO_PORT):
            continue  # no port, because what it leads to is not there
        kind, severity = (Kind.INPUT, Severity.WARNING) if notice in read else _meaning(notice.message)
        yield Finding(
            kind=kind,
            severity=severity,
            object=notice.object,
            rule=rule,
            place=_place(found[0], rule) if len(found) == 1 else "",
            message=f"{notice.field}: {notice.message}" if notice.field else notice.message,
        )


def _meaning(message: str) -> tuple[Kind, Severity]:
    for words, kind, severity in _WORDS:
        if words in message:
            return kind, severity
    return Kind.REMARK, Severity.WARNING


def _rule(field: str) -> str:
    found = _RULE.match(field)
    return found[1] if found else ""


def _names(source: ApiObject) -> set[str]:
    """How notices may call a policy: as it is written or as it is read, with its namespace and its kind's group or without."""
    kinds = {source.kind, f"{source.kind}.{source.api_version.rpartition('/')[0].removeprefix('crd.')}"}
    names = {f"{source.namespace}/{source.name}"} if source.namespace else {source.name, f"default/{source.name}"}
    return {f"{kind} {name}" for kind in kinds for name in names}


def _place(source: ApiObject, rule: str) -> str:
    where = RuleRef(object="", rule=rule, origin=source.origin, text="", version=source.resource_version)
    return where.place
