"""EKS: every cluster that AWS credentials lead to, and how looking for them went."""

from __future__ import annotations

from collections.abc import Iterator

from infra.clouds.eks.limits import Limits
from infra.clouds.model import Found, Scope
from infra.clouds.options import AwsOptions


def discover(options: AwsOptions, limits: Limits = Limits()) -> Iterator[Found | Scope]:  # noqa: B008 - frozen
    """Each cluster as it is found, and exactly one scope for every account and region once it is done with.

    An account that cannot be entered is one scope with the location "", as is one whose regions cannot be asked for (which
    are then all tried); how listing an organization went is one with the location "organization". A cluster of which a part
    cannot be read is given with that part in its record's `unread`, one that cannot be described with its name alone.
    Closing the iterator stops the work after the calls that are under way.

    Raises:
        InputError: the options or the credentials cannot be used at all; one line with the mend.
    """
    from infra.clouds.eks.estate import Estate

    yield from Estate(options, limits).read()


__all__ = ["Limits", "discover"]
