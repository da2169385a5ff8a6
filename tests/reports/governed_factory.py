"""A report with everything that is judged beside the clusters: a fabric, waivers and a framework."""

from __future__ import annotations

from typing import Any

import msgspec

from reports.document import Fabric, FrameworkView, Report, RequirementRow
from scanner.findings import ControlResult, Level, Score, Severity, Status, WaiverUse
from tests.reports.report_factory import cluster, control, estate, item, report

LINK = "vpc-0a51 = vnet-lend"


def waiver_use(name: str = "W-1", state: str = "used", **overrides: Any) -> WaiverUse:
    """What one waiver did in one cluster."""
    fields: dict[str, Any] = {
        "control": "NB-ISO-01", "items": 0 if state in {"unused", "lapsed"} else 1, "owner": "shop@example.com",
        "approvers": ("ciso@example.com",), "ticket": "SEC-1", "expires": "2026-12-08", "named": True,
    }  # fmt: skip
    return WaiverUse(id=name, state=state, **(fields | overrides))


def said(use: WaiverUse) -> str:
    """The sentence with which an item that a waiver matched begins."""
    if use.state == "expired":
        return f"waiver {use.id} of {use.owner} expired on {use.expires}"
    return f"waived by {use.id} until {use.expires}: it moves (owner {use.owner}, approved by x, SEC-1); instead: a firewall"


def waived(use: WaiverUse, subject: str = "shop") -> ControlResult:
    """NB-ISO-01 with one item that `use` waived, or would have."""
    status = Status.FAIL if use.state == "expired" else Status.WAIVED
    return control(4, status, items=(item(subject, status, evidence=(said(use), "Nothing isolates it.")),))


def fabric(**overrides: Any) -> Fabric:
    """Five controls: one fails by itself and one only because of it, one is unknown, one passes, one does not apply."""
    fields: dict[str, Any] = {
        "score": Score(proven=35.2, ceiling=60.4, coverage=0.75),
        "grade": "F (provisional)",
        "gates": ("NB-XC-02 is critical and fails: grade C at best",),
        "controls": (
            fabric_control(
                "NB-XC-01", reason="undeclared", items=(item(LINK, reason="undeclared"), item("vpc-2 = vpc-3"))
            ),
            fabric_control("NB-XC-02", Severity.CRITICAL, reason="inert", level=Level.EFFECTIVE),
            fabric_control("NB-XC-03", Severity.MEDIUM, Status.PASS, reason="read", fraction=1.0),
            fabric_control("NB-XC-04", status=Status.NOT_APPLICABLE, reason="nothing-to-judge", items=()),
            fabric_control("NB-VER-02", status=Status.UNKNOWN, reason="no-evidence"),
        ),
    }
    return Fabric(**(fields | overrides))


def fabric_control(
    name: str, severity: Severity = Severity.HIGH, status: Status = Status.FAIL, **overrides: Any
) -> ControlResult:
    """One control of the fabric."""
    fields: dict[str, Any] = {
        "title": f"What {name} asks for holds", "reason": "undeclared", "fraction": 0.0, "level": Level.DECLARED,
        "items": (item("between", status),),
    }  # fmt: skip
    return ControlResult(id=name, severity=severity, status=status, **(fields | overrides))


def requirement(name: str, status: str, **overrides: Any) -> RequirementRow:
    """One requirement over two clusters of the estate."""
    fields: dict[str, Any] = {
        "counts": {"fail": 1, "pass": 1} if status == "fail" else {status: 2},
        "equal": {} if status == "not_assessed" else {"NB-ISO-01": status, "NB-XC-01": "not_judged"},
        "supporting": {"NB-OBS-04": "not_judged"},
        "clusters": {"aws/123456789012/eu-west-1/shop-prod-eu": status, "elsewhere": "pass"},
    }
    return RequirementRow(id=name, status=status, **(fields | overrides))


def framework(*rows: RequirementRow, **overrides: Any) -> FrameworkView:
    """A framework as it was seen."""
    fields: dict[str, Any] = {
        "name": "Card Rules 4",
        "publisher": "The Council",
        "note": "evidence support, not an attestation; numbers of 4.0",
    }
    return FrameworkView(requirements=rows, **(fields | overrides))


def governed() -> Report:
    """The estate with a fabric, one framework, and waivers of every state."""
    source = estate()
    used, expired = waiver_use(), waiver_use("W-2", "expired", expires="2026-01-01")
    first, second, *others = source.clusters
    accepted = Score(proven=65.0, ceiling=70.0, coverage=0.95)
    first = msgspec.structs.replace(first, controls=(*first.controls[:4], waived(expired), *first.controls[5:]),
                                    waivers=(expired, waiver_use("W-3", "unused")))  # fmt: skip
    second = msgspec.structs.replace(
        second,
        controls=(*second.controls[:4], waived(used), *second.controls[5:]),
        accepted=accepted,
        waivers=(used,),
    )
    return msgspec.structs.replace(
        source,
        clusters=(first, second, *others),
        fleet=msgspec.structs.replace(source.fleet, accepted=Score(proven=50.0, ceiling=70.0, coverage=0.79)),
        fabric=fabric(),
        frameworks=(framework(requirement("1.2", "fail"), requirement("1.3", "pass"), requirement("9.9", "not_assessed")),),
    )  # fmt: skip


def hostile(name: str) -> Report:
    """Every name that a file or a cloud chooses for these parts is `name`, in one cluster and the fabric."""
    use = waiver_use(name, owner=name, approvers=(name,) * 8, ticket=name, expires=name, control=name, problem=name)
    used = waiver_use(name, owner=name, approvers=(name,), ticket=name, expires=name)
    mine = fabric(
        grade=name,
        gates=(name,),
        controls=tuple(
            msgspec.structs.replace(
                each,
                id=f"{name}{number}",
                title=name,
                reason=name,
                items=(item(name, reason=name, evidence=(name,), remediation=name),),
            )
            for number, each in enumerate(fabric().controls)
        ),
        waivers=(use, msgspec.structs.replace(use, state="invalid"), msgspec.structs.replace(use, state=name)),
    )
    own = msgspec.structs.replace(control(0), id=name)
    row = requirement(
        name, "fail", equal={name: name}, supporting={name: "fail"}, counts={name: 1}, clusters={name: "fail"}
    )
    other = requirement(name, "not_assessed", supporting={name: name})
    judged = cluster(controls=(own, waived(used, name)), waivers=(used,), accepted=cluster().score)
    return report(
        judged, fabric=mine, frameworks=(framework(row, other, name=name, publisher=name, note=name),)
    )  # fmt: skip
