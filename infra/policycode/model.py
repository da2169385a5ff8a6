"""What stands in a file of own controls: the form that docs/policy-as-code.md explains."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Text = Annotated[str, msgspec.Meta(min_length=1)]


class OwnControl(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, rename={"pass_": "pass"}
):
    """One control, one YAML document. `pass` and `when` are CEL expressions with the answer true or false.

    `scope` says what `self` is: the control gives one verdict for each. Where `when` is false the control does not apply.
    `message` and `remediation` are text in which `$(…)` holds a CEL expression; `evidence` is the least level that a pass
    needs; `platform` says that what belongs to the platform is judged too; `maps` names requirements by framework.
    """

    id: Text
    title: Text
    severity: Literal["critical", "high", "medium", "low"]
    scope: Literal["cluster", "namespace", "workload", "policy", "service", "entry-point"]
    pass_: Text
    when: str = ""
    message: str = ""
    remediation: Text
    requires: tuple[Text, ...] = ()
    maps: dict[str, tuple[Text, ...]] = {}
    evidence: Literal["E1", "E2"] = "E2"
    platform: bool = False
