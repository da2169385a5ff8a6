"""EKS: every cluster that AWS credentials lead to, and how looking for them went."""

from __future__ import annotations

from collections.abc import Iterator

from infra.clouds.eks.limits import Limits
from infra.clouds.model import Found, Scope
from infra.clouds.options import AwsOptions
from infra.kube.access import Access
from infra.text import printable
from scanner.errors import ClusterReadError, PassingError
from scanner.model import ClusterRef


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


def way_in(options: AwsOptions, ref: ClusterRef, limits: Limits = Limits()) -> Access:  # noqa: B008 - frozen
    """The way in to one cluster that `discover` found with these options, perhaps in another process.

    Raises:
        ClusterReadError: there is none (any more), with the mend; a `PassingError` where there may be one later.
        InputError: the options or the credentials cannot be used at all.
    """
    from infra.clouds.eks.accounts import is_account, is_region
    from infra.clouds.eks.estate import Estate
    from infra.clouds.eks.failures import CallError, Kind
    from infra.clouds.eks.region import NAME

    shown = printable(ref.id, 200)
    if not (is_account(ref.account) and is_region(ref.location) and NAME.match(ref.name)):
        raise ClusterReadError(f"{shown}: no cluster of EKS has such an address: discover again")
    try:
        return Estate(options, limits).way_in(ref.account, ref.location, ref.name)
    except CallError as error:
        passes = error.failure.kind in {Kind.THROTTLED, Kind.EXPIRED, Kind.LOGIN}
        raise (PassingError if passes else ClusterReadError)(
            f"{shown}: no way in to it: {error.failure.reason}"
        ) from None


__all__ = ["Limits", "discover", "way_in"]
