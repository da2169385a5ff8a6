"""Object keys: reversible, distinct, and inside their folder whatever a cluster is called."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reports import keys
from scanner.errors import InputError
from scanner.model import Cloud, ClusterRef
from tests.factories import cluster

RUN = "20261123T080000Z"
HOSTILE = (
    "", ".", "..", "../x", "../../etc/passwd", "/", "//", "a/b", "a\\b", "C:\\x", "a:b", ".hidden", "dot.", "sp ace ", "~",
    "~root", "%2e%2e%2f", "%", "%00", "\x00", "\x7f\x1b[2J", "\n", "Prod", "PROD", "prod", "con", "CON", "nul.txt", "com1",
    "com¹", "lpt9.json", "aux.", "a*?\"<>|", "é", "e\u0301", "日本語", "\U0001f600", "\u202egpj", "\ud800", "#1", "x#1",
    "x" * 5000, "é" * 200, "A" * 43, "result.json", "clusters",
)  # fmt: skip
SHORT = st.text(max_size=10)  # at most 120 characters even where each takes four escapes
ANY = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60), st.text("./\\~%AaZz", max_size=200))


def ref(parts: tuple[str, str, str], cloud: Cloud = Cloud.AWS) -> ClusterRef:
    """A cluster whose id follows from its parts."""
    account, location, name = parts
    return cluster(cloud, name, account=account, location=location)


def test_layout():
    """An ordinary cluster's keys are the ones the store layout names."""
    eks = cluster(Cloud.AWS, "prod-1", account="111122223333", location="eu-west-1")
    folder = f"v1/runs/{RUN}/clusters/aws/111122223333/eu-west-1/prod-1"
    assert keys.snapshot_key(RUN, eks) == f"{folder}/snapshot.json.zst"
    assert keys.result_key(RUN, eks) == f"{folder}/result.json"
    assert keys.run_key(RUN) == f"v1/runs/{RUN}/run.json"
    assert keys.report_key(RUN, ".json") == f"v1/runs/{RUN}/report.json"
    assert keys.clusters_prefix(RUN) == f"v1/runs/{RUN}/clusters/"


@given(st.tuples(SHORT, SHORT, SHORT), st.sampled_from(Cloud))
@settings(deadline=None)
def test_key_gives_back_what_it_was_made_of(parts, cloud):
    """Parts of ordinary length survive the way into a key and back."""
    found = keys.parse_cluster_key(keys.result_key(RUN, ref(parts, cloud)))
    assert found == (RUN, cloud, *parts, "result.json")


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_hostile_name_is_one_tame_segment(name):
    """No name leaves its segment, hides, ends in a dot, is reserved on Windows, or outgrows a file system."""
    segments = keys.result_key(RUN, ref(("acct", "here", name))).split("/")
    assert len(segments) == 9
    segment = segments[7]
    assert 0 < len(segment) <= 161
    assert set(segment) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_.~%ABCDEF")
    assert not segment.startswith(".")
    assert not segment.endswith(".")
    assert segment.split(".")[0] not in {"con", "prn", "aux", "nul", "com1", "lpt9"}


@given(ANY, ANY, ANY)
@settings(deadline=None)
def test_key_stays_below_its_prefix_as_a_path(account, location, name):
    """Joined to a folder, a key names a file below the run's folder."""
    key = keys.snapshot_key(RUN, ref((account, location, name)))
    root = f"/out/v1/runs/{RUN}/clusters/aws/"
    assert os.path.normpath(f"/out/{key}") == f"/out/{key}"
    assert f"/out/{key}".startswith(root)
    assert len(key) < 800


@given(st.tuples(ANY, ANY, ANY), st.tuples(ANY, ANY, ANY))
@settings(deadline=None)
def test_distinct_clusters_have_distinct_keys(one, other):
    """Two addresses never share a key, not even on a file system that ignores case."""
    assume(one != other)
    assert keys.result_key(RUN, ref(one)).casefold() != keys.result_key(RUN, ref(other)).casefold()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(("a", "b", "x" * 400), ("a", "b", "x" * 399), id="long-names-alike-at-the-start"),
        pytest.param(("a", "b", "Prod"), ("a", "b", "prod"), id="case"),
        pytest.param(("a", "b", "é"), ("a", "b", "e\u0301"), id="unicode-forms"),
        pytest.param(("a", "b/c", "d"), ("a/b", "c", "d"), id="slash-moved"),
        pytest.param(("a", "b", "%2F"), ("a", "b", "/"), id="already-encoded"),
        pytest.param(("a", "b", ""), ("a", "b", "~"), id="empty-mark"),
    ],
)
def test_lookalikes_have_distinct_keys(one, other):
    """Names that an encoder or a file system might confuse stay apart."""
    assert keys.result_key(RUN, ref(one)).casefold() != keys.result_key(RUN, ref(other)).casefold()


def test_aks_clusters_of_one_name_are_told_apart_by_resource_group():
    """Two AKS clusters may share subscription, location and name; the key follows the id too and keeps the name."""

    def aks(group: str) -> ClusterRef:
        path = "providers/microsoft.containerservice/managedclusters/aks"
        return cluster(Cloud.AZURE, "aks", id=f"/subscriptions/acct/resourcegroups/{group}/{path}")

    one, other = keys.result_key(RUN, aks("rg-dev")), keys.result_key(RUN, aks("rg-test"))
    assert one != other
    assert one == keys.result_key(RUN, aks("rg-dev"))
    assert keys.parse_cluster_key(one) == (RUN, Cloud.AZURE, "acct", "here", "aks", "result.json")


@pytest.mark.parametrize(
    ("cloud", "identity"),
    [
        pytest.param(Cloud.AWS, "arn:aws:eks:here:acct:cluster/c1", id="eks"),
        pytest.param(Cloud.AWS, "arn:aws-cn:eks:here:acct:cluster/c1", id="eks-china"),
        pytest.param(Cloud.GCP, "//container.googleapis.com/projects/acct/locations/here/clusters/c1", id="gke"),
        pytest.param(Cloud.OTHER, "other/acct/here/c1", id="no-cloud"),
    ],
)
def test_id_that_follows_from_the_address_adds_nothing(cloud, identity):
    """Where cloud, account, location and name imply the id, the folder is called like the cluster."""
    assert keys.result_key(RUN, cluster(cloud, "c1", id=identity)).endswith(f"/{cloud}/acct/here/c1/result.json")


def test_cut_name_comes_back_as_its_beginning():
    """A name too long for a segment keeps its readable start and whole characters."""
    found = keys.parse_cluster_key(keys.result_key(RUN, ref(("a", "b", "é" * 200))))
    assert found is not None
    assert found.name == "é" * 21


@pytest.mark.parametrize(
    "key",
    [
        "", "v1/latest.json", f"v1/runs/{RUN}/run.json", f"v1/runs/{RUN}/clusters/aws/a/b/c", f"v1/runs/{RUN}/clusters/a/b/c/x",
        f"v1/runs/{RUN}/clusters/aws/a/b/c/x", f"v1/runs/{RUN}/clusters/aws/a/b/../result.json",
        f"v1/runs/{RUN}/clusters/aws/a/b//result.json",
        f"v1/runs/{RUN}/clusters/moon/a/b/c/result.json", f"v1/runs/{RUN}/clusters/aws/a/b/C/result.json",
        f"v1/runs/{RUN}/clusters/aws/a/b/%63/result.json", f"v1/runs/{RUN}/clusters/aws/a/b/é/result.json",
        f"v1/runs/{RUN}/clusters/aws/a/b/%FF/result.json", f"v1/runs/{RUN}/clusters/aws/a/b/c~12/result.json",
        "v1/runs/x/clusters/aws/a/b/c/result.json", f"v2/runs/{RUN}/clusters/aws/a/b/c/result.json",
    ],
)  # fmt: skip
def test_foreign_key_is_not_taken_apart(key):
    """What no cluster's document is stored under, or is spelt in a second way, is None."""
    assert keys.parse_cluster_key(key) is None


@given(st.text(max_size=80))
@settings(deadline=None)
def test_any_text_can_be_asked_about(text):
    """Taking a key apart never raises."""
    assert keys.parse_cluster_key(text) is None
    keys.parse_cluster_key(f"v1/runs/{RUN}/clusters/aws/a/b/{text}/result.json")


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        pytest.param("2026-11-23T08:00:00Z", "20261123T080000Z", id="utc"),
        pytest.param("2026-11-23T10:00:00+02:00", "20261123T080000Z", id="offset"),
        pytest.param("2026-11-23T08:00:00.9Z", "20261123T080000Z", id="fraction"),
    ],
)
def test_run_id_is_derived_from_the_time(time, expected):
    """One moment gives one id, however it is written."""
    assert keys.run_id(time) == expected
    assert keys.checked_run_id(expected) == expected


@given(*[st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))] * 2)  # noqa: DTZ001
@settings(deadline=None)
def test_run_ids_sort_by_time(one, other):
    """Of two moments a second or more apart, the later has the greater id."""
    assume(abs(one - other) >= timedelta(seconds=1))
    assert (keys.run_id(one.isoformat()) < keys.run_id(other.isoformat())) == (one < other)


@pytest.mark.parametrize(
    "time", ["", "now", "2026-11-23", "2026-11-23T08:00:00", "0001-01-01T00:00:00+14:00", "2026-13-01T00:00:00Z"]
)
def test_unusable_time_is_refused(time):
    """A time without an offset, or none at all, makes no run id; the line shows it."""
    with pytest.raises(InputError, match="2026-11-23T08:00:00Z") as raised:
        keys.run_id(time)
    assert repr(time) in str(raised.value)


@pytest.mark.parametrize(
    "text",
    ["", "x", "..", "../../x", f"{RUN}/..", f"{RUN}-", f"{RUN}-A", f"{RUN}\n", "20261323T080000Z", f"{RUN}-{'x' * 40}"],
)
def test_unusable_run_id_is_refused(text):
    """A run id that could not be a segment, or does not sort by time, is refused wherever a key is made."""
    for make in (keys.checked_run_id, keys.run_key, keys.clusters_prefix):
        with pytest.raises(InputError, match="run id"):
            make(text)


@pytest.mark.parametrize("suffix", ["", "json", ".", "./x", ".JSON", "../x", ".json/"])
def test_report_suffix_is_plain(suffix):
    """Only a file's suffix makes a report key."""
    with pytest.raises(ValueError, match="suffix"):
        keys.report_key(RUN, suffix)
