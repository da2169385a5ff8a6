"""Google Kubernetes Engine: which clusters there are, what Google says of each, and the way in to it.

Google's libraries load with `discover`, so that the rest of the program runs without them.
"""

from __future__ import annotations

from collections.abc import Iterator

from infra.clouds.gke.limits import Limits
from infra.clouds.gke.permissions import PERMISSIONS
from infra.clouds.model import Found, Scope
from infra.clouds.options import GcpOptions
from infra.clouds.permission import Permission
from infra.kube.access import Access
from scanner.errors import InputError
from scanner.model import ClusterRef


def discover(options: GcpOptions, *, limits: Limits = Limits()) -> Iterator[Found | Scope]:  # noqa: B008 - frozen
    """Find every cluster. Each project yields its clusters and then one Scope, as does a place that could not be listed.

    A project without the Kubernetes Engine API, or deleted meanwhile, is `disabled`. Closing the generator stops the work.

    Raises:
        InputError: the options, the credentials or Google's libraries cannot be used; one line with the mend.
    """
    try:
        from infra.clouds.gke.estate import find
    except ImportError as error:
        raise _missing(error) from error
    yield from find(options, limits)


def way_in(options: GcpOptions, ref: ClusterRef, *, limits: Limits = Limits()) -> Access:  # noqa: B008 - frozen
    """The way in to one cluster that `discover` found with these options, perhaps in another process; one call.

    Raises:
        ClusterReadError: there is none (any more), with the mend.
        InputError: the credentials or Google's libraries cannot be used at all.
    """
    try:
        from infra.clouds.gke.access import way_to
    except ImportError as error:
        raise _missing(error) from error
    return way_to(ref, options, limits)


def _missing(error: ImportError) -> InputError:
    name = error.name or "a part of it"
    return InputError(f"gcp: Google's client library ({name}) is not installed: install `ringfence[gcp]`")


__all__ = ["PERMISSIONS", "Limits", "Permission", "discover", "way_in"]
