"""Cloud records from files: what a cloud says of a cluster, for people who audit without cloud credentials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from infra.cloudrecord.document import MAX_BYTES, UnreadableError, parse_bytes
from infra.cloudrecord.identity import can_be_same, cluster_ref, provider_of
from infra.cloudrecord.projection import project
from infra.cloudrecord.shapes import CLUSTERS, LISTS, VPC, Shape
from infra.text import printable
from scanner.errors import InputError
from scanner.model import Cloud, CloudRecord, ClusterRef

_COMMANDS = "`aws eks describe-cluster`, `gcloud container clusters describe --format json` or `az aks show`"
_PARTS = ("provider", "cluster", *LISTS, "vpc", "unread")
_PROVIDERS = ("aws", "gcp", "azure")
_MAX_MEMBERS = 10_000  # of one list of a record


def read_record(path: Path) -> CloudRecord:
    """Read a record from a JSON or YAML file, in the documented form or as the clouds' own command lines print a cluster.

    Raises:
        InputError: no such file, too large, broken, or not the answer of a cloud; one line that names the file.
    """
    where = printable(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = getattr(error, "strerror", "no path")
        raise InputError(f"{where}: cannot be read ({reason}): name the output of {_COMMANDS}") from error
    try:
        value = parse_bytes(data)
    except UnreadableError as error:
        raise InputError(f"{where}: {printable(str(error))}: save the output of {_COMMANDS} again") from error
    return record_from(value, where)


def record_from(value: object, where: str) -> CloudRecord:
    """A record from parsed JSON; `where` names it in errors. Only the fields in `shapes.py` are kept.

    Raises:
        InputError: it is not the answer of a cloud.
    """
    if not isinstance(value, Mapping):
        kind = "a list" if isinstance(value, list) else "no object"
        raise InputError(f"{where}: holds {kind}: give one cluster, as {_COMMANDS} print it")
    parts = dict(value) if "cluster" in value else {"cluster": value}
    parts.pop("ResponseMetadata", None)  # what boto3 adds to every answer
    unknown = sorted(str(key) for key in parts.keys() - set(_PARTS))
    if unknown:
        raise InputError(f"{where}: {printable(unknown[0], 60)!r} is no part of a record: use {', '.join(_PARTS)}")
    cluster = _unwrapped(parts["cluster"], "cluster")
    if not isinstance(cluster, Mapping):
        raise InputError(f"{where}: cluster is not an object: put the output of {_COMMANDS} there")
    provider = _provider(parts.get("provider"), cluster, where)
    return CloudRecord(
        provider=provider,
        cluster=_raw(cluster, CLUSTERS[provider], where),
        addons=_list(parts, "addons", where),
        nodegroups=_list(parts, "nodegroups", where),
        fargate_profiles=_list(parts, "fargateProfiles", where),
        launch_templates=_list(parts, "launchTemplates", where),
        vpc=_vpc(parts.get("vpc"), where),
        unread=_unread(parts.get("unread"), where),
    )


def check_record(record: CloudRecord, cluster: ClusterRef, label: str) -> None:
    """Refuse a record of another cluster than `cluster`: it would say that a switch is on which nobody switched on.

    Raises:
        InputError: the record speaks of another cluster; the line names both.
    """
    found = cluster_ref(record, cluster.name)
    if not can_be_same(found, cluster):
        raise InputError(
            f"{printable(label, 200)}: its --cloud-record speaks of {printable(found.id, 200)}, the cluster is "
            f"{printable(cluster.id, 200)}: give one per cluster, in order"
        )


def _provider(named: object, cluster: Mapping[str, Any], where: str) -> Cloud:
    found = provider_of(cluster)
    if named is None:
        if found is None:
            raise InputError(f"{where}: not a cluster that {_COMMANDS} printed, and no provider named: add one")
        return found
    if named not in _PROVIDERS:
        raise InputError(f"{where}: provider is none of {', '.join(_PROVIDERS)}: name one of them")
    if found is not None and found != named:
        raise InputError(f"{where}: provider is {named}, the cluster in it is of {found}: correct one of them")
    return Cloud(str(named))


def _list(parts: Mapping[str, Any], name: str, where: str) -> tuple[msgspec.Raw, ...]:
    wrapper, shape = LISTS[name]
    value = parts.get(name)
    if value is None:
        return ()
    if not isinstance(value, list):
        raise InputError(f"{where}: {name} is not a list: put each {wrapper} that the EKS or EC2 API describes there")
    if len(value) > _MAX_MEMBERS:
        raise InputError(f"{where}: {name} has more than {_MAX_MEMBERS} members: keep those of this cluster")
    members = [_unwrapped(member, wrapper) for member in value]
    for index, member in enumerate(members):
        if not isinstance(member, Mapping):
            raise InputError(
                f"{where}: {name}[{index}] is not an object: put the whole {wrapper} there, as the API describes it"
            )
    return tuple(_raw(member, shape, where) for member in members)


def _vpc(value: object, where: str) -> msgspec.Raw | msgspec.UnsetType:
    if value is None:
        return msgspec.UNSET
    if not isinstance(value, Mapping):
        raise InputError(f"{where}: vpc is not an object: give it cidrs and peerings, or leave it out")
    return _raw(value, VPC, where)


def _unread(value: object, where: str) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise InputError(f"{where}: unread is not a list of texts: write each as 'part: reason'")
    return tuple(printable(entry) for entry in value)


def _unwrapped(value: object, wrapper: str) -> object:
    """What the SDK's answer holds, where the whole answer was given."""
    inner = value.get(wrapper) if isinstance(value, Mapping) else None
    return inner if isinstance(inner, Mapping) else value


def _raw(value: object, shape: Shape, where: str) -> msgspec.Raw:
    try:
        return msgspec.Raw(msgspec.json.encode(project(value, shape)))
    except UnicodeEncodeError as error:  # half of a surrogate pair, which YAML can spell
        raise InputError(f"{where}: holds text that is not Unicode: save the output of {_COMMANDS} again") from error


__all__ = ["check_record", "cluster_ref", "read_record", "record_from"]
