"""False verdicts that other scanners give, each a named case: none of them may vanish, and all come out right."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions.cases import find_cases, judge_case, problems, read_case
from scanner.controls import CONTROLS

ROOT = Path(__file__).parents[1] / "cases" / "controls"
# Baseline, section 5 and the controls' texts. What the others say stands beside each.
REGRESSIONS = {
    "NB-ENF-01/regression-eks-security-group-without-policy": "passes any cluster with a security group",
    "NB-ENF-01/regression-dataplane-v2-with-the-old-flag-off": "fails for networkPolicy.enabled being false",
    "NB-ENF-01/regression-gke-add-on-without-nodes": "passes for the add-on alone",
    "NB-ENF-01/regression-eks-controller-off": "passes for the agent alone",
    "NB-ENF-01/regression-aks-dataplane-cilium": "fails for an empty networkPolicy",
    "NB-ENF-03/regression-npm-on-windows": "passes an engine past its end of support",
    "NB-ENF-04/regression-namespaced-cilium-on-dataplane-v2": "counts a kind that nobody reads",
    "NB-ENF-04/regression-clusterwide-cilium-with-the-flag-off": "counts a kind that is switched off",
    "NB-ENF-04/regression-npm-on-windows": "counts rules that the Windows build does not read",
    "NB-ENF-06/regression-audit-mode": "passes policies that only log",
    "NB-ENF-06/regression-staged-policies": "counts policies that are not in force",
    "NB-ISO-01/regression-eks-without-policies": "passes for the engine alone",
    "NB-ISO-01/regression-eks-controller-off": "passes policies that nothing resolves",
    "NB-ISO-01/regression-aks-cilium-native-policies": "fails for the lack of Cilium's own kinds",
    "NB-ISO-01/regression-namespaced-cilium-on-dataplane-v2": "passes for a kind that nobody reads",
    "NB-ISO-01/regression-audit-mode": "passes policies that only log",
    "NB-ISO-01/regression-staged-policies": "passes policies that are not in force",
    "NB-ISO-01/regression-cilium-empty-endpoint-selector": "does not know endpointSelector {} for every pod",
    "NB-ISO-01/regression-cilium-specs-list": "reads spec and not specs",
    "NB-ISO-01/regression-default-deny-of-two-policies": "looks for one policy that does it all",
    "NB-ISO-02/regression-default-deny-of-two-policies": "looks for one policy that does it all",
    "NB-ISO-03/regression-default-deny-of-two-policies": "looks for one policy that does it all",
    "NB-ISO-01/regression-allow-all-clears-a-namespace": "passes for the default deny beside it",
    "NB-ISO-04/regression-allow-all-clears-a-namespace": "passes for the default deny beside it",
}


def test_every_regression_stands_on_the_list():
    """No folder of this kind is without an entry, and no entry without its folder."""
    found = {str(path.relative_to(ROOT)) for path in find_cases(ROOT) if path.name.startswith("regression-")}
    assert found == set(REGRESSIONS)


@pytest.mark.parametrize("name", REGRESSIONS)
def test_what_others_get_wrong_comes_out_right(name):
    """Status and reason are as the case says, and the case says what it is about."""
    folder = read_case(ROOT / name)
    assert folder.case.about
    assert not problems(folder, judge_case(folder, CONTROLS))
