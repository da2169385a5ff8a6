"""What the commands over discovered clusters share: which sources they take, each cluster asked, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from functions.gate import Exit
from functions.output import say
from infra.loading import load_client
from infra.pool import Check, in_parallel
from infra.settings import SourceOptions
from scanner.errors import InputError

if TYPE_CHECKING:
    from functions.gather import Estate
    from functions.watch import Quiet

_Cluster = TypeVar("_Cluster")
_Answer = TypeVar("_Answer")


def clouds_among(sources: Sequence[SourceOptions], otherwise: str) -> tuple[SourceOptions, ...]:
    """The sources that are clouds.

    Raises:
        InputError: there is none; begins with `otherwise`.
    """
    clouds = tuple(source for source in sources if source.is_cloud)
    if not clouds:
        raise InputError(f"{otherwise}: give --aws, --gcp or --azure, or name clouds in ringfence.yaml")
    return clouds


def each_cluster(
    clusters: Sequence[_Cluster], ask: Callable[[_Cluster], _Answer], *, estate: Estate, watch: Quiet, workers: int
) -> list[tuple[_Cluster, _Answer]]:
    """Ask every cluster, several at once, in order of their answers.

    After Ctrl-C, which `estate` then notes, those that answered until then; none where it had been interrupted before.
    """
    answers: list[tuple[_Cluster, _Answer]] = []
    if estate.interrupted or not clusters:
        return answers
    watch.start(len(clusters))
    load_client()

    def work(cluster: _Cluster, check: Check) -> _Answer:
        check()
        return ask(cluster)

    try:
        with closing(in_parallel(work, clusters, max(2, min(workers, len(clusters))))) as results:
            for answer in results:
                answers.append(answer)
                watch.done()
    except KeyboardInterrupt:
        estate.interrupted = True
    return answers


def ended(*, interrupted: bool, whole: bool, allow_partial: bool, missed: str) -> Exit:
    """How a command over places ends; where not everything was seen, `missed` says so on stderr."""
    if interrupted:
        return Exit.INTERRUPTED
    if whole or allow_partial:
        return Exit.DONE
    say(f"ringfence: incomplete: {missed} (--allow-partial accepts that)")
    return Exit.INCOMPLETE
