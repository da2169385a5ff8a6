"""What `doctor` does: try everything that reading needs, change nothing, and say what is missing and how to grant it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from functions.clusters import each_cluster
from functions.gate import Exit
from functions.gather import Estate, discover_all
from functions.output import colour, now, width, write
from functions.run import new_run
from functions.sources import address
from functions.watch import Quiet, watcher
from infra.kube.access import Access
from infra.settings import SettingsFile, SourceOptions
from reports.doctor import ClusterCheck, Doctor, PlaceCheck, SourceCheck, render_doctor, render_lines
from reports.document import Scope
from reports.mends import mend, rights
from scanner.errors import InputError, RingfenceError
from scanner.model import ClusterRef

_REFUSED = "(401)"  # what a cluster says to credentials that nothing in it knows


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorRequest:
    """The flags of `doctor`, with the sources they name and the settings."""

    sources: Sequence[SourceOptions]
    settings: SettingsFile
    json: bool
    output: str


@dataclass(frozen=True, slots=True)
class _Way:
    """A cluster and what makes the way in to it; `access` raises a RingfenceError where there is none."""

    ref: ClusterRef
    access: Callable[[], Access]


def run_doctor(request: DoctorRequest) -> int:
    """Check and print; returns the exit code: 0 where nothing is in the way, 3 where something is.

    Raises:
        InputError: nothing among the sources can be checked.
        StoreError: the document cannot be written.
    """
    sources = [source for source in request.sources if source.is_cloud or source.kubeconfig or source.contexts]
    if not sources:
        raise InputError(
            "nothing to check: give --aws, --gcp, --azure, --kubeconfig or --context, or name such sources in ringfence.yaml"
        )
    with watcher() as watch:
        estate = discover_all(sources, watch, alone=False)
        ways = [_Way(found.ref, found.access) for found in estate.clusters]
        ways += [way for source in sources if not source.is_cloud for way in _contexts(source)]
        clusters = _check_all(ways, estate, watch, request.settings.concurrency.clusters)
    found = _document(sources, estate, clusters)
    if request.json or request.output:
        write((render_doctor(found),), request.output)
    else:
        write((render_lines(found, width=width(), colour=colour()).encode(),), "")
    if found.interrupted:
        return Exit.INTERRUPTED
    return Exit.DONE if found.sound else Exit.INCOMPLETE


def _contexts(source: SourceOptions) -> Iterator[_Way]:
    for context in source.contexts or (None,):

        def access(context: str | None = context) -> Access:
            from infra.kube.config import read_access

            return read_access(source.kubeconfig or None, context)

        yield _Way(address(None, context or "current-context", "kubeconfig"), access)


def _check_all(ways: Sequence[_Way], estate: Estate, watch: Quiet, workers: int) -> tuple[ClusterCheck, ...]:
    """Every cluster, several at once; after Ctrl-C those that were checked until then."""

    def ask(way: _Way) -> ClusterCheck:
        watch.note(f"checking {way.ref.name}")
        return check_cluster(way.ref, way.access)

    answers = each_cluster(ways, ask, estate=estate, watch=watch, workers=workers)
    checks = {way.ref.id: check for way, check in answers}
    return tuple(checks[way.ref.id] for way in ways if way.ref.id in checks)


def check_cluster(ref: ClusterRef, access: Callable[[], Access]) -> ClusterCheck:
    """Try one cluster: the way in, the credentials, and each right of the ClusterRole."""
    from infra.kube.rights import Rights, read_rights

    try:
        found, reason = read_rights(access()), ""
    except RingfenceError as error:
        found, reason = Rights(version="", missing=(), doubts=()), str(error)
    readable = "no" if reason else "partly" if found.missing or found.doubts else "yes"
    return ClusterCheck(
        id=ref.id,
        cloud=ref.cloud,
        account=ref.account,
        location=ref.location,
        name=ref.name,
        readable=readable,
        reason=reason,
        missing=found.missing,
        doubts=found.doubts,
        mend=rights(ref.cloud, ref.location, ref.name) if found.missing or _REFUSED in reason else "",
    )


def _document(sources: Sequence[SourceOptions], estate: Estate, clusters: tuple[ClusterCheck, ...]) -> Doctor:
    checks = tuple(_source(source, estate) for source in sources)
    role = next((source.aws.role for source in sources if source.aws is not None and source.aws.role), "")
    places = tuple(_place(scope, role) for scope in estate.places if scope.account)
    whole = all(scope.is_whole for scope in estate.places)
    sound = whole and all(check.readable == "yes" for check in clusters) and all(check.usable for check in checks)
    return Doctor(
        run=new_run("", now()),
        sound=sound and not estate.interrupted,
        interrupted=estate.interrupted,
        sources=checks,
        places=places,
        clusters=clusters,
    )


def _place(scope: Scope, role: str) -> PlaceCheck:
    return PlaceCheck(
        cloud=scope.cloud,
        account=scope.account,
        location=scope.location,
        outcome=scope.outcome,
        reason=scope.reason,
        missing=scope.missing,
        mend=mend(scope, role),
    )


def _source(source: SourceOptions, estate: Estate) -> SourceCheck:
    """Whether a cloud's options and credentials can be used; the contexts of a kubeconfig speak for themselves."""
    if not source.is_cloud:
        name = ", ".join(source.contexts) or "current context"
        return SourceCheck(source=f"kubeconfig {source.kubeconfig or '(default)'}: {name}", usable=True)
    cloud = source.chosen[0].removeprefix("--")
    reason = next((why for each, why in estate.unusable if each is source), "")
    return SourceCheck(source=cloud, usable=not reason, reason=reason)
