"""The families of policy kinds, each with its clusters and the evaluator that knows its kinds; a new family is added here."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import strategies as st

from tests.reference import generate, kubernetes
from tests.reference.compare import May
from tests.reference.generate import Case


@dataclass(frozen=True)
class Family:
    """Clusters of some policy kinds, and what judges them."""

    cases: st.SearchStrategy[Case]
    may: May


FAMILIES = {name: Family(cases, kubernetes.may) for name, cases in generate.FAMILIES.items()}
