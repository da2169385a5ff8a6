"""What every object has: its metadata; and the objects whose spec is kept as it is."""

from __future__ import annotations

import msgspec

ABSENT = msgspec.Raw()  # a raw field that is not there; `Raw | None` would take nothing but null


class Wire(msgspec.Struct, rename="camel", gc=False):
    """Base of every wire shape. They hold no cycles, so the collector need not look at 60,000 pods."""


class OwnerReference(Wire):
    """Who owns an object; `controller` marks the one that makes and removes it."""

    kind: str
    name: str
    controller: bool | None = None


class Metadata(Wire):
    """What identifies an object. Annotations stay raw: only those in `KEPT_ANNOTATIONS` are ever read."""

    name: str = ""
    namespace: str | None = None
    uid: str = ""
    generate_name: str | None = None
    resource_version: str | None = None
    creation_timestamp: str | None = None
    labels: dict[str, str | None] | None = None  # a null value is the empty string
    annotations: dict[str, msgspec.Raw] | None = None
    owner_references: list[OwnerReference] | None = None


class PodMetadata(Wire):
    """A pod's, or a pod template's. Annotations stay raw: those that judging needs are few, and most pods have none of them.

    `labels` (a map of text) and `owner_references` (a list of `OwnerReference`) stay raw: replicas carry the same bytes, and
    `infra.objects.pieces` decodes each distinct one once.
    """

    name: str = ""
    namespace: str | None = None
    uid: str = ""
    generate_name: str | None = None
    labels: msgspec.Raw = ABSENT
    annotations: msgspec.Raw = ABSENT
    owner_references: msgspec.Raw = ABSENT


class AnyObject(Wire):
    """An object whose `spec` is kept as it is: every policy kind and every setting kind. `specs` is Cilium's list form.

    `api_version` and `kind` are empty in the items of a typed list: the list carries them.
    """

    metadata: Metadata
    api_version: str = ""
    kind: str = ""
    spec: msgspec.Raw = ABSENT
    specs: msgspec.Raw = ABSENT


class _PolicyEndpointSpec(Wire):
    policy_ref: msgspec.Raw = ABSENT


class PolicyEndpoint(Wire):
    """The VPC CNI controller's resolved rules, reduced to the policy they came from: large, and proof that it works."""

    metadata: Metadata
    api_version: str = ""
    kind: str = ""
    spec: _PolicyEndpointSpec | None = None


class Namespace(Wire):
    """A namespace."""

    metadata: Metadata
