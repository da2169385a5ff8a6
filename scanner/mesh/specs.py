"""The few fields of mesh objects that judging reads. Specs are foreign text: what does not decode is named, never guessed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import msgspec

from scanner.model import ApiObject, Snapshot
from scanner.policy.common import WireSelector, label_selector
from scanner.policy.decode import FieldError
from scanner.policy.model import Selector
from scanner.policy.selectors import equalities, matches

T = TypeVar("T")
ISTIO_SECURITY, ISTIO_NETWORKING, LINKERD = "security.istio.io", "networking.istio.io", "policy.linkerd.io"


class Spec(msgspec.Struct, frozen=True, rename="camel"):
    """Base: fields that judging does not read are passed over."""


def objects(snapshot: Snapshot, kind: str, group: str) -> Iterator[ApiObject]:
    """The settings of one kind and group, in their stored order."""
    for item in snapshot.settings:
        if item.kind == kind and item.api_version.partition("/")[0] == group:
            yield item


class WorkloadSelector(Spec, frozen=True):
    """Istio's selector: labels that must all be equal; none selects every workload."""

    match_labels: dict[str, str] | None = None

    @property
    def everything(self) -> bool:
        """Whether it selects all."""
        return not self.match_labels

    def selects(self, labels: dict[str, str]) -> bool:
        """Whether a pod with these labels is meant."""
        return self.everything or matches(equalities(self.match_labels or {}), labels)


class Mode(Spec, frozen=True):
    """One mTLS setting: UNSET, DISABLE, PERMISSIVE or STRICT."""

    mode: str | None = None


class PeerAuthentication(Spec, frozen=True):
    """Istio, security/v1 PeerAuthentication. Ports are the workload's own, not a Service's."""

    selector: WorkloadSelector | None = None
    mtls: Mode | None = None
    port_level_mtls: dict[str, Mode | None] | None = None


class ClientTls(Spec, frozen=True):
    """How clients talk to a destination: DISABLE, SIMPLE, MUTUAL or ISTIO_MUTUAL."""

    mode: str | None = None


class TrafficPolicy(Spec, frozen=True):
    """The part of a DestinationRule's traffic policy that is about TLS."""

    tls: ClientTls | None = None
    port_level_settings: list[TrafficPolicy] | None = None


class Subset(Spec, frozen=True):
    """A named part of a destination with a policy of its own."""

    traffic_policy: TrafficPolicy | None = None


class DestinationRule(Spec, frozen=True):
    """Istio, networking/v1 DestinationRule."""

    host: str = ""
    traffic_policy: TrafficPolicy | None = None
    subsets: list[Subset] | None = None


class Source(Spec, frozen=True):
    """Who calls, in an AuthorizationPolicy; the lists are alternatives, the fields must all hold."""

    principals: list[str] | None = None
    request_principals: list[str] | None = None
    not_request_principals: list[str] | None = None
    namespaces: list[str] | None = None
    service_accounts: list[str] | None = None


class From(Spec, frozen=True):
    """One entry of `from`."""

    source: Source | None = None


class Condition(Spec, frozen=True):
    """One entry of `when`."""

    key: str = ""
    values: list[str] | None = None


class AuthorizationRule(Spec, frozen=True):
    """One rule; what it lacks, it does not ask about."""

    from_: list[From] | None = msgspec.field(name="from", default=None)
    to: list[Any] | None = None
    when: list[Condition] | None = None


class AuthorizationPolicy(Spec, frozen=True):
    """Istio, security/v1 AuthorizationPolicy. `target_refs` (or the older `target_ref`) belong to waypoints and gateways."""

    selector: WorkloadSelector | None = None
    target_refs: list[Any] | None = None
    target_ref: Any = None
    action: str | None = None
    rules: list[AuthorizationRule | None] | None = None

    @property
    def targeted(self) -> bool:
        """Whether it names a waypoint's or gateway's resource instead of workloads."""
        return bool(self.target_refs) or self.target_ref is not None


def selector_of(raw: Any) -> Selector:  # noqa: ANN401 - decoded JSON
    """A Kubernetes label selector.

    Raises:
        FieldError: it is none.
    """
    try:
        return label_selector(msgspec.convert(raw, WireSelector), "podSelector")
    except (msgspec.ValidationError, RecursionError) as error:
        raise FieldError("podSelector", "is no label selector") from error
