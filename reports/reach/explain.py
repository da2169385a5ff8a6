"""`explain/v1`: why one connection is possible or not, as a document and for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from reports.reach.document import encoded
from reports.reach.table import Paint, wrapped
from reports.reach.words import plain
from scanner.dataplane.model import Answer
from scanner.reach.model import Explanation, Half, RuleRef

_VERDICTS = {Answer.YES: "allowed", Answer.NO: "denied"}
_STYLES = {Answer.YES: "green", Answer.NO: "red"}
_MOST = 12  # steps and changes that are printed; the document has all


def render_explanations(explanations: Iterable[Explanation]) -> bytes:
    """The `explain/v1` document."""
    found = [_explanation(each) for each in explanations]
    return f"{encoded({'schema': 'explain/v1', 'explanations': found})}\n".encode()


def explanation_lines(explanations: Iterable[Explanation], *, width: int = 100, colour: bool = False) -> list[str]:
    """Explanations for a terminal: the verdict, then each half: its steps in order, and what would change the answer.

    A half that is judged by the same rules as at the level before is not spelled out again.
    """
    paint = Paint(colour=colour)
    text = ""
    told: dict[tuple[str, str, str], Half] = {}
    for each in explanations:
        text += _verdict(each, paint) + "\n"
        for at, rule in enumerate(each.because):
            text += wrapped("  ", f"{'and' if at else 'other than declared, because'} of {plain(rule)}", width)
        for service, answer in each.through:
            words = f"through Service {plain(service)}: {_VERDICTS.get(answer, 'unknown')}, for egress is judged at its address"
            text += wrapped("  ", words, width)
        for half in each.halves:
            key = (each.src, each.dst, str(half.direction))
            known = told.setdefault(key, half)
            text += "".join(_half_lines(half, known, width, mend=half.allowed is each.allowed))
    return text.splitlines()


def _verdict(each: Explanation, paint: Paint) -> str:
    question = f"{each.level}: {plain(each.src)} -> {plain(each.dst)} {each.protocol} {each.port}: "
    word = _VERDICTS.get(each.allowed, "unknown")
    return paint(question, "bold") + paint(word, _STYLES.get(each.allowed, "yellow"))


def _half_lines(half: Half, known: Half, width: int, *, mend: bool) -> Iterator[str]:
    """One half; `mend` says whether changing it would change the verdict."""
    word = _VERDICTS.get(half.allowed, "unknown")
    yield wrapped("  ", f"{half.direction} of {plain(half.subject)} {word}: {plain(half.reason)}", width)
    if known is not half and (known.allowed, known.steps, known.change) == (half.allowed, half.steps, half.change):
        if half.steps:
            yield "    by the same rules as declared\n"
        return
    yield from _listed([list(_step(number, step, width)) for number, step in enumerate(half.steps or half.by, 1)])
    if half.change and mend:
        yield "    to change this:\n"
        first = half.change[0].removeprefix("or ")
        yield from _listed([[wrapped("      - ", plain(line), width)] for line in (first, *half.change[1:])])


def _listed(items: Sequence[list[str]]) -> Iterator[str]:
    for lines in items[:_MOST]:
        yield from lines
    if len(items) > _MOST:
        yield f"    and {len(items) - _MOST:,} more: --format json has them all\n"


def _step(number: int, step: RuleRef, width: int) -> Iterator[str]:
    """One rule: what it does and where it stands, then its words."""
    action = step.action or "rule"
    name = f"{plain(step.object)} {plain(step.rule)}".rstrip()
    lead = f"    {number}. "
    notes = [step.tier] if step.tier not in {"", "default"} else []
    notes += ["may match"] if step.matches is Answer.UNKNOWN else []
    shown = f"{action}{f' ({chr(44).join(notes)})' if notes else ''}: {name}"
    yield wrapped(lead, shown + (f" ({plain(step.place)})" if step.place else ""), width)
    yield wrapped(" " * len(lead), plain(step.text), width)


def _explanation(each: Explanation) -> Mapping[str, object]:
    return {
        "level": str(each.level),
        "src": each.src,
        "dst": each.dst,
        "protocol": each.protocol,
        "port": each.port,
        "allowed": str(each.allowed),
        "halves": [_half(half) for half in each.halves],
        **({"because": each.because} if each.because else {}),
        **({"through": [_through(*path) for path in each.through]} if each.through else {}),
    }


def _through(service: str, answer: Answer) -> Mapping[str, object]:
    return {"service": service, "allowed": str(answer)}


def _half(half: Half) -> Mapping[str, object]:
    return {
        "direction": str(half.direction),
        "subject": half.subject,
        "allowed": str(half.allowed),
        "isolated": str(half.isolated),
        "reason": half.reason,
        "by": [_rule(rule) for rule in half.by],
        "steps": [_rule(rule) for rule in half.steps],
        "change": half.change,
    }


def _rule(rule: RuleRef) -> Mapping[str, object]:
    return {
        "object": rule.object,
        "rule": rule.rule,
        "action": rule.action,
        "tier": rule.tier,
        "matches": str(rule.matches),
        "place": rule.place,
        "text": rule.text,
    }
