"""Compare the product with the reference over many clusters and print how often they disagree.

    python -m tests.reference.run --family networkpolicy --examples 10000 --seed 1

Prints one line of numbers for each family; `cautious` are the probes on which the product may say less than the reference
(compare.py and vendor_compare.py say which). After a disagreement also a small cluster that shows one, as JSON. Exit code 1
when there was any. `--family` may be left out (all of them) or given several times.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, fields
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.reference.families import FAMILIES, Family
from tests.reference.reduce import reduced


@dataclass
class Counts:
    """What a comparison came to."""

    clusters: int = 0
    probes: int = 0
    cautious: int = 0
    disagreements: int = 0
    disagreeing_clusters: int = 0
    first: Any = None

    def numbers(self) -> str:
        """The numbers as text."""
        return " ".join(f"{each.name}={getattr(self, each.name)}" for each in fields(self) if each.name != "first")


def chosen(examples: int) -> settings:
    """Settings of a run: so many clusters, no clock, nothing remembered between runs."""
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def count(family: Family, examples: int, number: int) -> Counts:
    """Compare that many clusters of a family, never stopping at a disagreement."""
    counts = Counts()

    @seed(number)
    @chosen(examples)
    @given(case=family.cases)
    def compare(case: Any) -> None:
        answers = family.ask(case)
        counts.clusters += 1
        counts.probes += answers.probes
        counts.cautious += answers.cautious
        counts.disagreements += len(answers.wrong)
        if answers.wrong:
            counts.disagreeing_clusters += 1
            counts.first = counts.first or case

    compare()
    return counts


def smallest(family: Family, case: Any) -> Any:
    """The case, which is answered differently, without what it does not need for that."""
    return reduced(case, lambda smaller: bool(family.ask(smaller).wrong), family.smaller)


def shown(case: Any, family: Family) -> str:
    """A case as JSON, with the first few probes it is answered differently on."""
    found = family.ask(case).wrong
    return json.dumps({"case": family.written(case), "disagreements": found[:5]}, indent=1)


def main() -> int:
    """Run the comparison; the exit code says whether everything agreed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--family", action="append", choices=sorted(FAMILIES))
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    given_options = parser.parse_args()
    failed = False
    for name in given_options.family or FAMILIES:
        began = time.monotonic()
        counts = count(FAMILIES[name], given_options.examples, given_options.seed)
        sys.stdout.write(f"{name}: {counts.numbers()} seconds={time.monotonic() - began:.1f}\n")
        if counts.first:
            failed = True
            sys.stdout.write(f"{shown(smallest(FAMILIES[name], counts.first), FAMILIES[name])}\n")
        sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
