"""What `discover` does: find every cluster, judge it by what its cloud says, try its API where asked to."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from functions.gate import Exit
from functions.gather import Estate, discover_all
from functions.output import colour, now, say, say_incomplete, width, write
from functions.run import new_run
from functions.watch import Quiet, watcher
from infra.clouds.model import Found
from infra.loading import load_client
from infra.pool import Check, in_parallel
from infra.settings import SettingsFile, SourceOptions
from reports.discovery import ApiEndpoint, Discovered, Discovery, ReadAccess, render_discovery, render_table
from reports.document import Run
from reports.places import not_whole
from scanner.described import describe
from scanner.errors import InputError, RingfenceError
from scanner.findings import DataPlaneSummary

_UNTRIED = ReadAccess(answer="not tried")
_TRY_S = 20.0  # to say whether an API answers


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscoverRequest:
    """The flags of `discover`, with the sources they name and the settings."""

    sources: Sequence[SourceOptions]
    settings: SettingsFile
    reach: bool
    json: bool
    output: str
    allow_partial: bool


def run_discover(request: DiscoverRequest) -> int:
    """Discover and print; returns the exit code.

    Raises:
        InputError: no source is a cloud, or the only one cannot be used.
        StoreError: the document cannot be written.
    """
    sources = [source for source in request.sources if source.is_cloud]
    if not sources:
        raise InputError("nothing to discover in: give --aws, --gcp or --azure, or name clouds in ringfence.yaml")
    run = new_run("", now())
    with watcher() as watch:
        estate = discover_all(sources, watch, alone=len(sources) == 1)
        tried = _try_all(estate, watch, request.settings.concurrency.clusters) if request.reach else {}
    found = _document(estate, tried, run)
    if request.json or request.output:
        write((render_discovery(found),), request.output)
        say_incomplete(not_whole(found.scopes))
    else:
        write((render_table(found, width=width(), colour=colour()).encode(),), "")
    if estate.interrupted:
        return Exit.INTERRUPTED
    if all(scope.is_whole for scope in found.scopes) or request.allow_partial:
        return Exit.DONE
    say("ringfence: incomplete: not every place could be searched (--allow-partial accepts that)")
    return Exit.INCOMPLETE


def _try_all(estate: Estate, watch: Quiet, workers: int) -> dict[str, ReadAccess]:
    """Whether each cluster's API answers, by the cluster's id; after Ctrl-C those that were tried until then."""
    clusters = estate.clusters
    tried: dict[str, ReadAccess] = {}
    if estate.interrupted or not clusters:
        return tried
    watch.start(len(clusters))
    load_client()

    def work(found: Found, check: Check) -> ReadAccess:
        check()
        watch.note(f"trying {found.ref.name}")
        return try_access(found)

    try:
        with closing(in_parallel(work, clusters, max(2, min(workers, len(clusters))))) as results:
            for found, access in results:
                tried[found.ref.id] = access
                watch.done()
    except KeyboardInterrupt:
        estate.interrupted = True
    return tried


def try_access(found: Found) -> ReadAccess:
    """Whether the API server of one cluster answers us and accepts our credentials; nothing is listed."""
    from infra.kube.api import Api, Limits
    from infra.kube.patience import RequestError

    try:
        with Api(found.access(), Limits(read_s=10, deadline_s=_TRY_S, retries=1)) as api:
            try:
                status = api.get("/version").status
            except RequestError as error:
                return ReadAccess(answer="no", reason=str(api.failure(str(error))))
    except RingfenceError as error:
        return ReadAccess(answer="no", reason=str(error))
    if status == 200:
        return ReadAccess(answer="yes")
    return ReadAccess(
        answer="no", reason=f"HTTP {status} from /version: `ringfence doctor` says which right is missing"
    )


def _document(estate: Estate, tried: dict[str, ReadAccess], run: Run) -> Discovery:
    return Discovery(
        run=run,
        interrupted=estate.interrupted,
        clusters=tuple(_discovered(found, tried.get(found.ref.id, _UNTRIED)) for found in estate.clusters),
        left_out=estate.left_out,
        scopes=estate.places,
    )


def _discovered(found: Found, access: ReadAccess) -> Discovered:
    ref, described = found.ref, describe(found.ref, found.record)
    plane, endpoint = described.plane, described.facts.endpoint
    return Discovered(
        id=ref.id,
        cloud=ref.cloud,
        account=ref.account,
        location=ref.location,
        name=ref.name,
        version=described.facts.kubernetes_version,
        dataplane=DataPlaneSummary(
            name=plane.name,
            version=plane.version,
            enforcing=plane.enforcing,
            reason=plane.reason,
            evidence=tuple(str(proof) for proof in plane.proofs),
        ),
        outside=described.outside,
        settle=described.settle,
        endpoint=ApiEndpoint(
            exposure=described.exposure,
            public=endpoint.public,
            private=endpoint.private,
            allowed=endpoint.allowed,
            evidence=endpoint.where,
        ),
        access=access,
        unread=found.record.unread,
        notices=described.facts.notices,
    )
