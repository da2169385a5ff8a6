"""Valid clusters of every family of policy kinds as lists of wire objects, as an API server would hand them out."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fuzz.mutate import Wire
from tests.reference import generate, generate_calico, generate_cilium
from tests.reference.generate import Case

# By family: the data plane as which the effective level is judged, one that honours the family's kinds where there is one.
PLANES = {
    "networkpolicy": "aks-npm",
    "anp": "kube-network-policies",
    "cnp": "calico",
    "aws": "eks-vpc-cni",
    "gke-fqdn": "gke-dataplane-v2",
    "cilium": "cilium",
    "calico": "calico",
}
POLICIES = ("Policy",)  # what a policy's kind ends with


def is_policy(item: Any) -> bool:
    """Whether a wire object is a policy that is enforced."""
    kind = item.get("kind")
    return isinstance(kind, str) and kind.endswith(POLICIES) and not kind.startswith("Staged")


def _objects(case: Case) -> list[Wire]:
    cluster = case.cluster
    core = [{"apiVersion": "v1", "kind": "Namespace", **each} for each in cluster.namespaces]
    core += [{"apiVersion": "v1", "kind": "Pod", **each} for each in cluster.pods]
    return [*core, *cluster.policies]


# Every policy isolates or opens something, and no object's name is used twice within a family.
FAMILIES: dict[str, st.SearchStrategy[list[Wire]]] = {
    **{name: cases.map(_objects) for name, cases in generate.FAMILIES.items()},
    "cilium": generate_cilium.clusters().map(lambda it: list(it["objects"])),
    "calico": generate_calico.clusters().map(lambda it: list(it["objects"])),
}


def some_of(family: str, count: int) -> list[list[Wire]]:
    """The same few clusters of a family each time, for those that cannot draw."""
    found: list[list[Wire]] = []

    @settings(
        max_examples=count, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(FAMILIES[family])
    def gather(objects: list[Wire]) -> None:
        found.append(objects)

    gather()
    return [objects for objects in found if any(is_policy(each) for each in objects)] or found
