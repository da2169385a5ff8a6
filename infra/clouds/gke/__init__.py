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
from scanner.errors import InputError


def discover(options: GcpOptions, *, limits: Limits = Limits()) -> Iterator[Found | Scope]:  # noqa: B008 - frozen
    """Find every cluster. Each project yields its clusters and then one Scope, as does a place that could not be listed.

    A project without the Kubernetes Engine API, or deleted meanwhile, is `disabled`. Closing the generator stops the work.

    Raises:
        InputError: the options, the credentials or Google's libraries cannot be used; one line with the mend.
    """
    try:
        from infra.clouds.gke.estate import find
    except ImportError as error:
        name = error.name or "a part of it"
        raise InputError(f"gcp: Google's client library ({name}) is not installed: install `ringfence[gcp]`") from error
    yield from find(options, limits)


__all__ = ["PERMISSIONS", "Limits", "Permission", "discover"]
