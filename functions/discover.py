"""What `discover` does: find every cluster, judge it by what its cloud says, try its API where asked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from functions.clusters import clouds_among, each_cluster, ended
from functions.gather import Estate, discover_all
from functions.output import colour, now, say_incomplete, width, write
from functions.run import new_run
from functions.watch import Quiet, watcher
from infra.clouds.model import Found
from infra.settings import SettingsFile, SourceOptions
from reports.discovery import ApiEndpoint, Discovered, Discovery, ReadAccess, render_discovery, render_table
from reports.document import Run
from reports.places import not_whole
from scanner.described import describe
from scanner.errors import RingfenceError
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
    sources = clouds_among(request.sources, "nothing to discover in")
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
    return ended(
        interrupted=estate.interrupted,
        whole=all(scope.is_whole for scope in found.scopes),
        allow_partial=request.allow_partial,
        missed="not every place could be searched",
    )


def _try_all(estate: Estate, watch: Quiet, workers: int) -> dict[str, ReadAccess]:
    """Whether each cluster's API answers, by the cluster's id; after Ctrl-C those that were tried until then."""

    def ask(found: Found) -> ReadAccess:
        watch.note(f"trying {found.ref.name}")
        return try_access(found)

    answers = each_cluster(estate.clusters, ask, estate=estate, watch=watch, workers=workers)
    return {found.ref.id: access for found, access in answers}


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
