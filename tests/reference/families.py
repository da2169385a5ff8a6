"""The families of policy kinds, each with its clusters and the evaluator that knows its kinds; a new family is added here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from hypothesis import strategies as st

from tests.reference import calico, cilium, generate, generate_calico, generate_cilium, kubernetes, vendor_compare
from tests.reference.compare import May, probes
from tests.reference.generate import Case
from tests.reference.reduce import smaller_cases, smaller_wire_clusters


@dataclass(frozen=True)
class Answers:
    """What came of one cluster: how many questions, how many the product leaves open by rights, and each other difference."""

    probes: int
    cautious: int
    wrong: list[Any]


@dataclass(frozen=True)
class Family:
    """Clusters of some policy kinds, and what puts one to the product and to the evaluator that knows these kinds.

    `smaller` gives the cluster less one part, for a report that shows what a difference hangs on.
    """

    cases: st.SearchStrategy[Any]
    ask: Callable[[Any], Answers]
    smaller: Callable[[Any], Iterator[Any]]
    written: Callable[[Any], Any]


def portable(cases: st.SearchStrategy[Case], may: May) -> Family:
    """A family of portable kinds: clusters as `Case`s."""

    def ask(case: Case) -> Answers:
        found = list(probes(case, may))
        wrong = [asdict(each) for each in found if each and not each.cautious]
        return Answers(len(found), sum(each is not None and each.cautious for each in found), wrong)

    return Family(cases, ask, smaller_cases, asdict)


def vendor(cases: st.SearchStrategy[Any], may: vendor_compare.May) -> Family:
    """A family of one vendor's kinds: clusters as lists of wire objects."""

    def ask(cluster: dict[str, Any]) -> Answers:
        asked, declined, wrong = vendor_compare.compared(cluster, may)
        return Answers(asked + declined, declined, wrong)

    return Family(cases, ask, smaller_wire_clusters, dict)


PORTABLE = {name: portable(cases, kubernetes.may) for name, cases in generate.FAMILIES.items()}
VENDOR = {
    "cilium": vendor(generate_cilium.clusters(), cilium.may),
    "calico": vendor(generate_calico.clusters(), calico.may),
}
FAMILIES = PORTABLE | VENDOR
