"""Stored snapshots: what is written is read back, and nothing broken or hostile gets through."""

from __future__ import annotations

import json

import jsonschema
import msgspec
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.snapshots import decode, encode, schema
from scanner.errors import SnapshotError
from scanner.model import (
    ApiObject,
    Cloud,
    CloudRecord,
    ClusterRef,
    Collected,
    ConfigMap,
    KindStatus,
    Namespace,
    Node,
    Notice,
    Pod,
    Service,
    ServicePort,
    Snapshot,
    WorkloadRef,
)
from tests.factories import namespace, node, pod, policy, raw, snapshot

FULL = snapshot(pods=[pod()], policies=[policy()], namespaces=[namespace()], nodes=[node()])

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
labels = st.dictionaries(text, text, max_size=3)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
raws = values.map(raw)
addresses = st.ip_addresses().map(str)
ports = st.builds(ServicePort, port=st.integers(1, 65535), name=text, target=st.none() | st.integers(1, 65535) | text)


def some(build, limit: int = 3):
    """A tuple of up to `limit` built members."""
    return st.lists(build, max_size=limit).map(tuple)


kind_statuses = st.builds(KindStatus, status=st.sampled_from(Collected), count=st.integers(0, 9), reason=text)
snapshots = st.builds(
    lambda **fields: msgspec.structs.replace(FULL, **fields),
    cluster=st.builds(ClusterRef, cloud=st.sampled_from(Cloud), account=names, location=names, name=names, id=names),
    collection=st.builds(
        dict.__or__,
        st.fixed_dictionaries(
            dict.fromkeys(("namespaces", "pods", "networkpolicies.networking.k8s.io"), kind_statuses)
        ),
        st.dictionaries(text, kind_statuses, max_size=3),
    ),
    cloud_record=st.none()
    | st.builds(
        CloudRecord, provider=st.sampled_from(Cloud), cluster=raws, addons=some(raws), vpc=st.just(msgspec.UNSET) | raws
    ),
    namespaces=some(st.builds(Namespace, name=names, labels=labels)),
    pods=some(
        st.builds(
            Pod,
            namespace=names,
            name=names,
            labels=labels,
            workload=st.builds(WorkloadRef, kind=names, name=names),
            node=text,
            ready=st.booleans(),
            ips=some(addresses),
        )
    ),
    nodes=some(st.builds(Node, name=names, labels=labels, kernel=text, taints=some(text))),
    services=some(
        st.builds(
            Service, namespace=names, name=names, selector=st.none() | labels, ports=some(ports), annotations=labels
        )
    ),
    config_maps=some(st.builds(ConfigMap, namespace=names, name=names, data=labels)),
    policies=some(st.builds(ApiObject, api_version=names, kind=names, name=names, namespace=text, spec=raws)),
    notices=some(st.builds(Notice, object=text, field=text, message=text)),
)


def packed(document: object) -> bytes:
    """A document, or raw bytes, as a stored snapshot would be packed."""
    return zstandard.compress(document if isinstance(document, bytes) else json.dumps(document).encode())


def document(**changes: object) -> dict[str, object]:
    """A valid document with changed fields."""
    return json.loads(msgspec.json.encode(FULL)) | changes


def refusal(data: bytes, **options: int) -> str:
    """The one line with which decoding refuses."""
    with pytest.raises(SnapshotError) as caught:
        decode(data, "a\x1b[31m/prod.json.zst", **options)
    line = str(caught.value)
    assert line.startswith("a\N{REPLACEMENT CHARACTER}[31m/prod.json.zst: ")
    assert "\n" not in line
    return line


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots)
def test_what_is_written_is_read_back(value: Snapshot):
    """Decoding an encoded snapshot gives the same snapshot, and encoding that the same bytes."""
    data = encode(value)
    assert decode(data, "x") == value
    assert encode(decode(data, "x")) == data


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_bytes_raise_nothing_but_a_snapshot_error(data):
    """Cut, flipped and arbitrary bytes are refused; a flip that nobody could notice gives a snapshot."""
    good = encode(FULL)
    kind = data.draw(st.sampled_from(["cut", "flip", "inside", "noise"]))
    position = data.draw(st.integers(0, len(good) - 1))
    if kind == "cut":
        broken = good[:position]
    elif kind == "flip":
        broken = good[:position] + bytes([good[position] ^ data.draw(st.integers(1, 255))]) + good[position + 1 :]
    elif kind == "inside":
        plain = bytearray(msgspec.json.encode(FULL))
        plain[data.draw(st.integers(0, len(plain) - 1))] = data.draw(st.integers(0, 255))
        broken = packed(bytes(plain))
    else:
        broken = data.draw(st.binary(max_size=200))
    try:
        read = decode(broken, "x")
    except SnapshotError:
        return
    assert kind in {"flip", "inside"}
    assert isinstance(read, Snapshot)


def test_equal_snapshots_give_equal_bytes():
    """The order in which maps were filled does not show."""
    one = snapshot(pods=[pod(labels={"a": "1", "b": "2"})])
    other = snapshot(pods=[pod(labels={"b": "2", "a": "1"})])
    assert encode(one) == encode(other)


BAD_POD = {"namespace": "shop", "name": "web", "labels": {}, "workload": {"kind": "Pod", "name": "web"}}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        pytest.param(b"", "cut short", id="empty"),
        pytest.param(b'{"version": "1.0"}', "not zstd", id="not-zstd"),
        pytest.param(encode(FULL)[:-9], "cut short", id="truncated"),
        pytest.param(encode(FULL) + b"tail", "follows", id="trailing"),
        pytest.param(packed(b"nothing"), "not JSON", id="not-json"),
        pytest.param(packed(msgspec.json.encode(FULL)[:-40]), "not JSON, or cut short", id="cut-json"),
        pytest.param(packed(b'{"version": "1.0", "x": "\xff"}'), "not UTF-8", id="not-utf8"),
        pytest.param(
            packed(b'{"version": "1.0", "x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}"), "too deeply", id="deep"
        ),
        pytest.param(packed([]), "not a valid snapshot", id="a-list"),
        pytest.param(
            packed(document(version="2.0")), "version 2.0 is newer than this ringfence (1.x): upgrade", id="newer"
        ),
        pytest.param(packed(document(version="0.9")), "older", id="older"),
        pytest.param(packed(document(version="one")), "not of the form", id="odd-version"),
        pytest.param(packed(document(surprise=1)), "unknown field `surprise`", id="unknown-field"),
        pytest.param(packed(document(pods=[BAD_POD | {"labels": 7}])), "$.pods[0].labels", id="wrong-type"),
        pytest.param(packed(document(pods=[BAD_POD | {"name": ""}])), "$.pods[0].name", id="nameless"),
        pytest.param(packed(document(pods=[BAD_POD | {"ips": ["10.0.0.300"]}])), "$.pods[0].ips", id="no-address"),
        pytest.param(
            packed(document(nodes=[{"name": "n", "labels": {}, "podCidrs": ["x"]}])), "podCidrs", id="no-range"
        ),
        pytest.param(packed(document(taken="yesterday")), "$.taken", id="no-time"),
        pytest.param(packed(document(taken="2026-13-01T00:00:00Z")), "$.taken", id="no-such-day"),
        pytest.param(packed(document(source="rumour")), "$.source", id="unknown-word"),
    ],
)
def test_what_cannot_be_read_is_refused_with_one_line(data, text):
    """Each line names the snapshot and what is wrong, with the path where there is one."""
    assert text in refusal(data)


def test_a_deep_policy_is_refused():
    """A spec that no reader could walk names its path."""
    spec: object = {}
    for _ in range(150):
        spec = [spec]
    changed = document(policies=[{"apiVersion": "v1", "kind": "K", "name": "p", "spec": spec}])
    assert "$.policies[0].spec" in refusal(packed(changed))


def test_a_bomb_is_stopped_at_the_bound():
    """Megabytes out of a few bytes are refused once the bound is passed."""
    bomb = zstandard.compress(b" " * (64 << 20))
    assert len(bomb) < 10_000
    assert "more than 1048576 bytes" in refusal(bomb, max_bytes=1 << 20)


def test_a_frame_that_wants_a_huge_window_is_refused():
    """The window a frame may ask for is bounded, so unpacking never takes gigabytes of memory."""
    parameters = zstandard.ZstdCompressionParameters(window_log=30)
    packer = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    assert "not zstd, or damaged" in refusal(packer.compress(b"x" * 300) + packer.flush())


def test_a_newer_minor_version_loads_without_its_new_fields():
    """New fields are dropped at every depth, also in lists and maps; what is known stays, free-form parts untouched."""
    newer = document(version="1.7", surprise={"a": 1})
    newer["cluster"]["zone"] = "b"
    newer["pods"][0]["workload"]["uid"] = "u"
    newer["collection"]["pods"]["pages"] = 3
    newer["policies"][0]["spec"]["surprise"] = True
    newer["cloudRecord"] = {"provider": "aws", "cluster": {"new": 1}, "vpc": {"cidrs": []}, "age": 4}
    read = decode(packed(newer), "x")
    assert read.pods == FULL.pods
    assert msgspec.json.decode(read.policies[0].spec)["surprise"] is True
    assert read.cloud_record is not None
    assert msgspec.json.decode(read.cloud_record.cluster) == {"new": 1}
    assert msgspec.json.decode(read.cloud_record.vpc) == {"cidrs": []}
    assert read.version == "1.7"


def test_a_newer_minor_version_is_still_checked():
    """Dropping what is new does not let through what is wrong."""
    assert "$.pods[0].labels" in refusal(packed(document(version="1.7", pods=[BAD_POD | {"labels": 7}])))


def test_snapshots_hold_to_the_published_schema():
    """The schema is valid JSON Schema, takes a real snapshot and refuses an unknown field."""
    published = schema()
    jsonschema.Draft202012Validator.check_schema(published)
    validator = jsonschema.Draft202012Validator(published)
    assert validator.is_valid(document())
    assert not validator.is_valid(document(surprise=1))
    assert (published["title"], "$id" in published) == ("snapshot/v1", False)


@pytest.mark.parametrize("kind", ["namespaces", "pods", "networkpolicies.networking.k8s.io"])
def test_a_snapshot_that_never_asked_is_not_a_whole_one(kind):
    """No word on how a list ended would read as a cluster that was read whole; an unread cluster needs none."""
    collection = {name: status for name, status in FULL.collection.items() if name != kind}
    silent = msgspec.structs.replace(FULL, collection=collection)
    with pytest.raises(SnapshotError, match=rf"list of {kind} ended - at `\$\.collection`"):
        decode(encode(silent), "x")
    unread = msgspec.structs.replace(silent, unread="nobody may read it")
    assert decode(encode(unread), "x") == unread
