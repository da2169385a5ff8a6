"""What admission does with a namespace that is about to be made: refuse it, or give it the policies that close it.

Source: Kyverno's documentation, "Generate rules" and "Match/Exclude" (kyverno.io/v1). Conditions that cannot be told from
the object are never taken to hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from scanner.admission import Mode, admission_of
from scanner.controls.base import Case
from scanner.controls.peers import TOMORROW
from scanner.controls.privilege.rights import granted
from scanner.model import ApiObject
from scanner.objects import decoded
from scanner.rbac import RESOURCES as RBAC

ADMISSION = tuple(
    f"{plural}.admissionregistration.k8s.io"
    for plural in ("validatingadmissionpolicies", "validatingadmissionpolicybindings")
)
GENERATORS = ("clusterpolicies.kyverno.io", "generatingpolicies.policies.kyverno.io")


class _Wire(msgspec.Struct, frozen=True, rename="camel"):
    """Base of what is looked at; everything else beside it is nobody's business here."""


class _Resources(_Wire, frozen=True):
    kinds: list[str] | None = None
    name: str | None = None
    names: list[str] | None = None
    namespaces: list[str] | None = None
    operations: list[str] | None = None
    selector: Any = None
    namespace_selector: Any = None
    annotations: Any = None


class _Filter(_Wire, frozen=True):
    resources: _Resources | None = None
    subjects: Any = None
    roles: Any = None
    cluster_roles: Any = None


class _Match(_Filter, frozen=True):
    any: list[_Filter] | None = None
    all: list[_Filter] | None = None


class _Data(_Wire, frozen=True):
    spec: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Generate(_Wire, frozen=True):
    api_version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    synchronize: bool | None = None
    data: _Data | None = None


class _Rule(_Wire, frozen=True):
    name: str = ""
    match: _Match | None = None
    exclude: _Match | None = None
    preconditions: Any = None
    generate: _Generate | None = None


class _Generator(_Wire, frozen=True):
    rules: list[_Rule] | None = None
    admission: bool | None = None


class _Body(_Wire, frozen=True):
    spec: _Generator | None = None


@dataclass(frozen=True, slots=True)
class Generated:
    """The policy that a rule gives every new namespace, as it would stand in `TOMORROW`; or why that cannot be told."""

    by: str
    policy: ApiObject | None
    doubt: str = ""


def namespaces_are_closed(case: Case) -> tuple[str, ...]:
    """What proves that nobody can make a namespace, by rights and by admission; empty where that is not proven."""
    if case.missing(*RBAC, *ADMISSION):
        return ()
    rights = granted(case, "", "namespaces", ("create",))
    if rights.grants or rights.unreadable:
        return ()
    for rule in admission_of(case.snapshot).rules:
        refuses = any(expression.strip() == "false" for expression in rule.refuses)
        if refuses and rule.mode is Mode.DENY and not rule.narrowed and rule.covers("CREATE", "", "namespaces"):
            return (
                "no role lets anybody but the platform's own subjects create namespaces",
                f"{rule.where} refuses each one",
            )
    return ()


def generated(case: Case) -> Iterator[Generated]:
    """What every rule that may generate network policy would give the next namespace."""
    for item in _kind(case, "GeneratingPolicy"):
        yield Generated(f"GeneratingPolicy {item.name}", None, "what it generates is not kept")
    for item in _kind(case, "ClusterPolicy"):
        if item.api_version.partition("/")[0] != "kyverno.io":
            continue
        body = decoded(item, _Body)
        if body is None:
            yield Generated(f"ClusterPolicy {item.name}", None, "it cannot be read")
            continue
        for rule in (body.spec and body.spec.rules) or ():
            if rule.generate is not None and rule.generate.kind.endswith("NetworkPolicy"):
                runs = body.spec is None or body.spec.admission is not False
                yield _of_rule(case, f"ClusterPolicy {item.name} rule {rule.name}", rule, rule.generate, runs=runs)


def _of_rule(case: Case, by: str, rule: _Rule, generate: _Generate, *, runs: bool) -> Generated:
    spec = generate.data.spec if generate.data else msgspec.UNSET
    doubt = ""
    if not runs:
        doubt = "admission is off for it"
    elif not _triggered(rule.match) or rule.preconditions:
        doubt = "whether its match or its preconditions hold for the next namespace is not known"
    elif not _spared(rule.exclude):
        doubt = "what it excludes may be the next namespace"
    elif generate.namespace.replace(" ", "") != "{{request.object.metadata.name}}":
        doubt = f"it generates into namespace {generate.namespace[:80]!r}, not into the one that is made"
    elif spec is msgspec.UNSET or b"{{" in bytes(spec):
        doubt = "what it generates is a clone, or hangs on variables"
    elif generate.synchronize is not True:
        doubt = "synchronize is not on, so that whoever owns the namespace may delete it again"
    elif not _kyverno_runs(case):
        doubt = "no pod of Kyverno's background controller runs, which generates"
    if doubt or spec is msgspec.UNSET:
        return Generated(by, None, doubt)
    policy = ApiObject(
        api_version=generate.api_version, kind=generate.kind, namespace=TOMORROW, name=generate.name, spec=spec
    )
    return Generated(by, policy)


def _kyverno_runs(case: Case) -> bool:
    """Whether what generates is there: the background controller (Kyverno 1.10 and later; its chart's labels)."""
    return any(
        pod.labels.get("app.kubernetes.io/component") == "background-controller"
        and "kyverno" in {pod.labels.get("app.kubernetes.io/part-of"), pod.labels.get("app.kubernetes.io/instance")}
        for pod in case.pods
    )


def _triggered(match: _Match | None) -> bool:
    """Whether a rule is for every new namespace, without condition."""
    if match is None:
        return False
    if match.any or match.all:
        either = not match.any or any(map(_every_namespace, match.any))
        return either and all(map(_every_namespace, match.all or ()))
    return _every_namespace(match)


def _every_namespace(each: _Filter) -> bool:
    what = each.resources
    if what is None or each.subjects or each.roles or each.cluster_roles:
        return False
    if what.selector or what.namespace_selector or what.annotations or what.namespaces:
        return False
    listed = [*(what.names or ()), *([what.name] if what.name else [])]
    made = not what.operations or "CREATE" in what.operations
    return made and all(name == "*" for name in listed) and bool({"Namespace", "v1/Namespace"} & {*(what.kinds or ())})


def _spared(exclude: _Match | None) -> bool:
    """Whether what is excluded are namespaces by name, so that the next one is not among them."""
    if exclude is None:
        return True
    every = [*(exclude.any or ()), *([exclude] if exclude.resources else [])]
    return all(map(_by_name, every)) and (not exclude.all or any(map(_by_name, exclude.all)))


def _by_name(each: _Filter) -> bool:
    what = each.resources
    if what is None:
        return False
    listed = [*(what.names or ()), *(what.namespaces or ()), *([what.name] if what.name else [])]
    return bool(listed) and not any(fnmatchcase(TOMORROW, pattern) for pattern in listed)


def _kind(case: Case, kind: str) -> Iterable[ApiObject]:
    return (item for item in case.snapshot.settings if item.kind == kind)
