"""Compare the product with the reference over many clusters and print how often they disagree.

    python -m tests.reference.run --family networkpolicy --examples 10000 --seed 1

Prints one line of numbers for each family; after a disagreement also the smallest cluster found that shows one, as JSON.
Exit code 1 when there was any. `--family` may be left out (all of them) or given several times.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass
from random import Random

from hypothesis import HealthCheck, find, given, seed, settings
from hypothesis.errors import NoSuchExample

from tests.reference.compare import disagreements, probes
from tests.reference.families import FAMILIES, Family
from tests.reference.generate import Case


@dataclass
class Counts:
    """What a comparison came to."""

    clusters: int = 0
    probes: int = 0
    disagreements: int = 0
    disagreeing_clusters: int = 0


def chosen(examples: int) -> settings:
    """Settings of a run: so many clusters, no clock, nothing remembered between runs."""
    return settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def count(family: Family, examples: int, number: int) -> Counts:
    """Compare that many clusters of a family, never stopping at a disagreement."""
    counts = Counts()

    @seed(number)
    @chosen(examples)
    @given(case=family.cases)
    def compare(case: Case) -> None:
        answered = [each is None for each in probes(case, family.may)]
        counts.clusters += 1
        counts.probes += len(answered)
        counts.disagreements += answered.count(False)
        counts.disagreeing_clusters += not all(answered)

    compare()
    return counts


def smallest(family: Family, examples: int, number: int) -> Case | None:
    """The smallest cluster found on which the two disagree; None where this search finds none."""
    try:
        return find(
            family.cases,
            lambda case: any(probes(case, family.may)),
            settings=chosen(examples),
            random=Random(number),  # noqa: S311 - a series of examples, no secret
        )
    except NoSuchExample:
        return None


def shown(case: Case, family: Family) -> str:
    """A case as JSON, with the first few probes it is answered differently on."""
    found = disagreements(case, family.may)
    return json.dumps({"case": asdict(case), "disagreements": [asdict(each) for each in found[:5]]}, indent=1)


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
        numbers = " ".join(f"{key}={value}" for key, value in asdict(counts).items())
        sys.stdout.write(f"{name}: {numbers} seconds={time.monotonic() - began:.1f}\n")
        if counts.disagreements:
            failed = True
            case = smallest(FAMILIES[name], given_options.examples, given_options.seed)
            sys.stdout.write(f"{shown(case, FAMILIES[name])}\n" if case else "no smaller cluster found\n")
        sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
