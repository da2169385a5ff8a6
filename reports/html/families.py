"""The families of controls, in the baseline's order: by them sixty controls a cluster stay readable."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """One family. `code` is the middle of its controls' ids."""

    code: str
    title: str


FAMILIES = (
    Family("ENF", "Enforcement"),
    Family("ISO", "Isolation and default deny"),
    Family("LP", "Least privilege of rules"),
    Family("EXP", "Exposure"),
    Family("XC", "Between clusters and clouds"),
    Family("MSH", "Mesh and identity"),
    Family("OBS", "Observability and evidence"),
    Family("VER", "Verification"),
    Family("GOV", "Governance"),
)
OWN = Family("OWN", "Your own controls")  # those of an operator's folder, whatever they are called
_BY_CODE = {family.code: family for family in FAMILIES}


def family_of(control: str) -> Family:
    """The family of a control's id; one that is none of the baseline's is the operator's own."""
    area, _, rest = control.partition("-")
    code, dash, _ = rest.partition("-")
    return _BY_CODE.get(code, OWN) if area == "NB" and dash else OWN


def label_of(control: str) -> str:
    """What tells a control from the others of its family: "01", or the whole id of an own one."""
    return control if family_of(control) is OWN else control.rpartition("-")[2]
