"""One cluster from snapshot to result, with every real part."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.baselines.config import BaselineConfig
from scanner.baselines.profiles import PROFILES
from scanner.controls import CONTROLS
from scanner.findings import Status
from scanner.judge import MOST_NOTICES, judge
from scanner.model import Collected, KindStatus, Notice, Read, Service, Snapshot
from tests.factories import namespace, node, pod, policy, snapshot
from tests.scanner.controls.clusters import DNS, cilium, custom, egress, eks, ingress, npm, to_block, web

TIDY = [policy(), policy(egress(DNS), name="dns")]
HARD = eks(web(), web("db-1", ns="pay"), policies=[*TIDY, policy(ns="pay")])
OPEN = cilium(web(), policies=[policy(ingress({})), policy(egress(to_block("0.0.0.0/0")), name="out")])
INERT = eks(web(), on=False, policies=TIDY)
BALANCED = npm(web(), policies=TIDY, services=[Service(namespace="shop", name="lb", type="LoadBalancer")])
CLUSTERS = {"hard": HARD, "open": OPEN, "inert": INERT, "balanced": BALANCED}


@pytest.mark.parametrize("given", CLUSTERS.values(), ids=CLUSTERS)
def test_same_snapshot_same_bytes(given):
    """Judging twice gives equal results, and so does judging what was stored and read back."""
    stored = msgspec.json.decode(msgspec.json.encode(given), type=Snapshot)
    first, again, replayed = (msgspec.json.encode(judge(each)) for each in (given, given, stored))
    assert first == again == replayed


def test_the_order_of_objects_does_not_matter():
    """A snapshot with its lists turned round is judged the same, up to nothing."""
    turned = msgspec.structs.replace(
        HARD, pods=HARD.pods[::-1], policies=HARD.policies[::-1], namespaces=HARD.namespaces[::-1]
    )
    assert msgspec.json.encode(judge(turned)) == msgspec.json.encode(judge(HARD))


def test_every_control_is_reported_once_in_order():
    """The result has each control of the profile, in the baseline's order, with its title and severity."""
    found = judge(HARD).controls
    assert [(r.id, r.title, r.severity) for r in found] == [
        (c.id, c.title, c.severity) for c in CONTROLS if c.check and c.id in PROFILES["standard"]
    ]


def test_a_profile_selects_and_changes_nothing():
    """A smaller profile reports fewer controls, each with the result it has in the larger one."""
    whole = {result.id: result for result in judge(INERT).controls}
    essential = judge(INERT, BaselineConfig(profile="essential")).controls
    assert {r.id for r in essential} < whole.keys()
    assert all(result == whole[result.id] for result in essential)


def test_tidy_policies_on_no_engine_are_an_f():
    """Thirty tidy policies that nothing enforces do not hide that: the grade is F and the policy controls are inert."""
    found = judge(INERT)
    results = {result.id: result for result in found.controls}
    assert found.grade.startswith("F")
    assert found.gates[0].startswith("NB-ENF-01")
    assert all(results[name].reason == "inert" for name in ("NB-ISO-01", "NB-ISO-02", "NB-ISO-03", "NB-LP-02"))
    assert results["NB-ENF-02"].status is Status.NOT_APPLICABLE
    declared, effective = found.exposure
    assert effective.open >= declared.open


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param({"enable-policy": "default"}, ("yes", "on"), id="enforcing"),
        pytest.param({"policy-audit-mode": "true"}, ("no", "mode-audit"), id="audit"),
        pytest.param({"enable-policy": "never"}, ("no", "mode-never"), id="never"),
        pytest.param({"enable-policy": "sometimes"}, ("unknown", "mode-unknown"), id="unheard-of"),
    ],
)
def test_an_engine_that_drops_nothing_does_not_enforce(config, expected):
    """The summary that reports lead with says no where the engine runs in a mode without effect."""
    found = judge(cilium(web(), config=config, policies=TIDY)).dataplane
    assert (found.enforcing, found.reason) == expected


def test_an_unread_cluster_proves_nothing():
    """A cluster nobody may read enters with 0, up to 100, coverage 0, and its reason."""
    found = judge(snapshot(unread="403 from the API server", collection={}))
    assert (found.score.proven, found.score.ceiling, found.score.coverage) == (0.0, 100.0, 0.0)
    assert (found.read, found.unread, found.grade) == (Read.UNREAD, "403 from the API server", "insufficient evidence")
    undeclared = {result.id for result in found.controls if result.status is Status.NOT_APPLICABLE}
    known = [result.id for result in found.controls if result.status in {Status.PASS, Status.FAIL}]
    assert known == ["NB-OBS-06"]  # what nobody could look into is no fresh and complete scan
    assert "NB-ISO-07" in undeclared  # for want of a declaration of zones, whatever is read
    assert not undeclared & {f"NB-ENF-0{number}" for number in range(1, 10)}


def test_gaps_name_the_kind_and_how_its_list_ended():
    """What was not read whole is listed."""
    found = judge(eks(web(), unlisted=["pods", "nodes"]))
    assert found.gaps == ("nodes: forbidden", "pods: forbidden")
    assert found.read is Read.PARTIAL


def test_notices_come_from_every_stage_once_and_bounded():
    """A notice is listed once, and a cluster that makes thousands does not blow up its report."""
    same = Notice(object="x", field="y", message="z")
    odd = judge(eks(web(), notices=(same, same), policies=[custom("NetworkPolicy")]))
    assert odd.notices.count(same) == 1
    assert any("NetworkPolicy shop/x" in notice.object for notice in odd.notices)
    flood = tuple(Notice(object=f"o{n}", field="", message="m") for n in range(MOST_NOTICES + 50))
    assert len(judge(eks(notices=flood)).notices) == MOST_NOTICES + 1


def test_names_that_are_no_names_are_judged_like_any():
    """Crafted names and labels end in items, not in errors."""
    wild = "../<script>'\"=cmd()\n\u202e"
    found = judge(
        cilium(
            pod(wild, ns=wild, labels={wild: wild}, node="n1"),
            policies=[policy(ns=wild, name=wild)],
            namespaces=[namespace(wild)],
            services=[Service(namespace=wild, name=wild, type="LoadBalancer", source_ranges=(wild,))],
            nodes=[node("n1", addresses=(wild,))],
        )
    )
    results = {result.id: result for result in found.controls}
    assert [item.subject for item in results["NB-ISO-01"].items] == [wild]
    assert results["NB-EXP-04"].status is not Status.PASS


def _hide(given: Snapshot, kind: str, how: Collected) -> Snapshot:
    """The snapshot a collector takes that may not list one kind: no objects, and the list's end is on record."""
    fields = {
        "pods": "pods",
        "nodes": "nodes",
        "namespaces": "namespaces",
        "services": "services",
        "daemonsets.apps": "daemon_sets",
        "configmaps": "config_maps",
        "networkpolicies.networking.k8s.io": "policies",
    }
    collection = given.collection | {kind: KindStatus(status=how)}
    objects = getattr(given, fields[kind])
    kept = objects[: len(objects) // 2] if how is Collected.PARTIAL else ()
    return msgspec.structs.replace(given, collection=collection, **{fields[kind]: kept})


HIDDEN = (
    "pods",
    "nodes",
    "namespaces",
    "services",
    "daemonsets.apps",
    "configmaps",
    "networkpolicies.networking.k8s.io",
)


@settings(deadline=None, max_examples=120)
@given(
    st.sampled_from(sorted(CLUSTERS)),
    st.lists(st.sampled_from(HIDDEN), min_size=1, max_size=3, unique=True),
    st.sampled_from([Collected.FORBIDDEN, Collected.PARTIAL]),
)
def test_reading_less_never_raises_the_score(name, kinds, how):
    """Making a kind unreadable never turns a result into a pass and never raises the proven share of the whole baseline."""
    before = judge(CLUSTERS[name])
    hidden = CLUSTERS[name]
    for kind in kinds:
        hidden = _hide(hidden, kind, how)
    after = judge(hidden)
    passed = {result.id for result in before.controls if result.status is Status.PASS}
    assert {result.id for result in after.controls if result.status is Status.PASS} <= passed
    assert after.score.proven <= before.score.proven + 1e-9


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(sorted(CLUSTERS)), st.sampled_from(["orders", "default", "team-a"]))
def test_a_namespace_without_policy_fails_default_deny(name, extra):
    """Whatever the cluster, a workload namespace without a policy fails NB-ISO-01, with or without an engine."""
    given = CLUSTERS[name]
    spaces = tuple(sorted((*given.namespaces, namespace(extra)), key=lambda space: space.name))
    found = next(r for r in judge(msgspec.structs.replace(given, namespaces=spaces)).controls if r.id == "NB-ISO-01")
    assert {item.status for item in found.items if item.subject == extra} == {Status.FAIL}
