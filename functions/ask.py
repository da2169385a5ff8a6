"""The clouds behind one port: what finds clusters, and what finds the way in to one again. Each cloud's SDK loads here."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING

from infra.settings import SourceOptions
from scanner.errors import ClusterReadError
from scanner.model import Cloud, ClusterRef

if TYPE_CHECKING:
    from infra.clouds.model import Found, Scope
    from infra.kube.access import Access


def ask_cloud(source: SourceOptions) -> Generator[Found | Scope, None, None]:
    """The clusters of one cloud, by its own SDK."""
    if source.aws is not None:
        from infra.clouds import eks

        yield from eks.discover(source.aws)
    if source.gcp is not None:
        from infra.clouds import gke

        yield from gke.discover(source.gcp)
    if source.azure is not None:
        from infra.clouds import aks

        yield from aks.discover(source.azure)


def way_in(source: SourceOptions, ref: ClusterRef) -> Access:
    """The way in to one cluster that `ask_cloud(source)` found, perhaps in another process.

    Raises:
        ClusterReadError: there is none (any more), with the mend.
        InputError: the source or its credentials cannot be used at all.
    """
    if source.aws is not None and ref.cloud is Cloud.AWS:
        from infra.clouds import eks

        return eks.way_in(source.aws, ref)
    if source.gcp is not None and ref.cloud is Cloud.GCP:
        from infra.clouds import gke

        return gke.way_in(source.gcp, ref)
    if source.azure is not None and ref.cloud is Cloud.AZURE:
        from infra.clouds import aks

        return aks.way_in(source.azure, ref)
    raise ClusterReadError(f"{ref.name}: the source that found it leads to no {ref.cloud} clusters: run the plan again")
