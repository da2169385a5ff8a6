"""Google's identity-aware proxy before Services: BackendConfig for Ingresses, GCPBackendPolicy for Gateways.

Google, "Enabling IAP for GKE" and "Configure Gateway resources using Policies".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from scanner.controls.base import Case
from scanner.dataplane.model import Answer
from scanner.mesh.specs import Spec, objects
from scanner.model import Service
from scanner.objects import decoded

_ANNOTATIONS = ("cloud.google.com/backend-config", "beta.cloud.google.com/backend-config")


@dataclass(frozen=True, slots=True)
class Check:
    """Whether an identity is asked for, the reason in short, and the sentence."""

    answer: Answer
    reason: str
    why: str


class _Switch(Spec, frozen=True):
    enabled: bool | None = None


class _Iap(Spec, frozen=True):
    iap: _Switch | None = None


class _BackendConfig(Spec, frozen=True):
    spec: _Iap | None = None


class _Target(Spec, frozen=True):
    kind: str | None = None
    name: str | None = None


class _BackendPolicySpec(Spec, frozen=True):
    default: _Iap | None = None
    target_ref: _Target | None = None


class _BackendPolicy(Spec, frozen=True):
    spec: _BackendPolicySpec | None = None


class _Names(Spec, frozen=True):
    default: str | None = None
    ports: dict[str, str] | None = None


def behind_ingress(case: Case, service: Service) -> Check:
    """Whether IAP stands before a Service of an Ingress, on every port that it serves."""
    where = f"Service {service.namespace}/{service.name}"
    text = next((service.annotations[key] for key in _ANNOTATIONS if key in service.annotations), "")
    if not text:
        return Check(Answer.NO, "no-identity", f"{where} names no BackendConfig, so no IAP stands before it")
    try:
        named = msgspec.json.decode(text, type=_Names)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        return Check(Answer.UNKNOWN, "auth-undetermined", f"{where}: the annotation backend-config cannot be read")
    ports = named.ports or {}
    if not named.default and len(ports) < max(len(service.ports), 1):
        return Check(Answer.NO, "no-identity", f"{where}: not every port has a BackendConfig")
    names = sorted({*ports.values(), *([named.default] if named.default else [])})
    checks = list(_configs(case, service.namespace, names))
    order = (Answer.NO, Answer.UNKNOWN, Answer.YES)
    return min(checks, key=lambda check: order.index(check.answer))


def _configs(case: Case, namespace: str, names: list[str]) -> Iterator[Check]:
    configs = {
        item.name: item
        for item in objects(case.snapshot, "BackendConfig", "cloud.google.com")
        if item.namespace == namespace
    }
    unseen = case.missing("backendconfigs.cloud.google.com")
    for name in names:
        place = f"BackendConfig {namespace}/{name[:120]}"
        item = configs.get(name)
        config = decoded(item, _BackendConfig) if item else None
        if item is None and not unseen:
            yield Check(Answer.NO, "no-identity", f"{place} does not exist")
        elif config is None:
            yield Check(Answer.UNKNOWN, "auth-undetermined", f"{place} cannot be read")
        elif config.spec and config.spec.iap and config.spec.iap.enabled:
            yield Check(Answer.YES, "iap", f"{place}: spec.iap.enabled is true")
        else:
            yield Check(Answer.NO, "no-identity", f"{place}: spec.iap.enabled is not true")


def behind_gateway(case: Case, service: Service) -> Check:
    """Whether IAP stands before a Service of a Gateway."""
    if gaps := case.missing("gcpbackendpolicies.networking.gke.io"):
        return Check(Answer.UNKNOWN, "auth-undetermined", gaps[0])
    for item in objects(case.snapshot, "GCPBackendPolicy", "networking.gke.io"):
        policy = decoded(item, _BackendPolicy)
        spec = policy.spec if policy else None
        target = (spec.target_ref if spec else None) or _Target()
        if (item.namespace, target.kind, target.name) == (service.namespace, "Service", service.name):
            on = spec and spec.default and spec.default.iap and spec.default.iap.enabled
            said = f"GCPBackendPolicy {item.namespace}/{item.name}: spec.default.iap.enabled is "
            return Check(Answer.YES, "iap", said + "true") if on else Check(Answer.NO, "no-identity", said + "not true")
    return Check(
        Answer.NO, "no-identity", f"no GCPBackendPolicy puts IAP before Service {service.namespace}/{service.name}"
    )
