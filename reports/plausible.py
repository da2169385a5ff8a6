"""What a stored document may say: numbers out of range would count in a fleet, so crafted or broken ones are refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from scanner.baselines.config import HEAVIEST
from scanner.errors import InputError
from scanner.findings import ClusterResult, ControlResult, NamespaceMatrix, Score

if TYPE_CHECKING:
    from reports.document import Cluster

_SLACK = 1e-9  # scores are sums of floats


def check_cluster(cluster: Cluster | ClusterResult, where: str) -> None:
    """Refuse a cluster that no judge gave. `where` begins every line.

    Raises:
        InputError: a score, share, table or weight is out of its range.
    """
    check_scores(where, cluster.score, cluster.accepted)
    check_controls(cluster.controls, where)
    if cluster.namespaces is not None:
        _check_matrix(cluster.namespaces, where)
    if not 0 < cluster.tier_weight <= HEAVIEST:
        raise InputError(f"{where}: tier weight {cluster.tier_weight} is not within 0 and {HEAVIEST}: judge it again")


def _check_matrix(matrix: NamespaceMatrix, where: str) -> None:
    """Each table has a row and a column for each area, and no cell counts more pairs than there are."""
    size = len(matrix.areas)
    for level in matrix.levels:
        for table in filter(None, (level.open, level.unknown)) if size else ():
            if len(table) != size or any(len(row) != size for row in table):
                raise InputError(f"{where}: namespaces: a table that does not fit its {size} areas: judge it again")
        unknown = level.unknown or ((0,) * size,) * size
        if len(level.open) != size or any(
            min(sure, unsure) < 0 or sure + unsure > matrix.pairs(source, destination)
            for source, rows in enumerate(zip(level.open, unknown, strict=True))
            for destination, (sure, unsure) in enumerate(zip(*rows, strict=True))
        ):
            raise InputError(f"{where}: namespaces: more pairs than there are: judge it again")


def check_controls(controls: Iterable[ControlResult], where: str) -> None:
    """Refuse shares outside 0 to 1.

    Raises:
        InputError: there is one.
    """
    for control in controls:
        for share in (control.fraction, control.accepted):
            if share is not None and not 0 <= share <= 1 + _SLACK:
                raise InputError(f"{where}: {control.id}: fraction {share} is not within 0 and 1: judge it again")


def check_scores(where: str, *scores: Score | None) -> None:
    """Refuse scores that are none.

    Raises:
        InputError: one is not within 0 <= proven <= ceiling <= 100, or its coverage not within 0 and 1.
    """
    for score in scores:
        if score is None:
            continue
        ordered = 0 <= score.proven <= score.ceiling + _SLACK <= 100 + 2 * _SLACK
        if not (ordered and 0 <= score.coverage <= 1 + _SLACK):
            raise InputError(
                f"{where}: a score outside 0 <= proven <= ceiling <= 100, 0 <= coverage <= 1: judge it again"
            )
