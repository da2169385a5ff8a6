"""Pods that do not exist yet: how they are written, and what the cluster would make of them."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scanner.errors import InputError
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from scanner.reach.hypothetical import parse_hypothetical, with_hypothetical
from scanner.reach.selection import Selection
from tests.factories import namespace, pod, policy, snapshot
from tests.scanner.reach.planes import plane

FROM_WEB = {"from": [{"podSelector": {"matchLabels": {"app": "web"}}}], "ports": [{"port": 5432}]}
DB = policy({"podSelector": {"matchLabels": {"app": "db"}}, "ingress": [FROM_WEB]})


@pytest.mark.parametrize(
    ("text", "name", "labels"),
    [
        pytest.param("@shop", "shop/hypothetical()[Pod]", {}, id="no-labels"),
        pytest.param("app=web@shop", "shop/hypothetical(app=web)[Pod]", {"app": "web"}, id="one"),
        pytest.param(
            "tier=front,app.kubernetes.io/name=web@shop",
            "shop/hypothetical(app.kubernetes.io/name=web,tier=front)[Pod]",
            {"app.kubernetes.io/name": "web", "tier": "front"},
            id="sorted",
        ),
        pytest.param("app=@shop", "shop/hypothetical(app=)[Pod]", {"app": ""}, id="empty-value"),
    ],
)
def test_labels_at_a_namespace(text, name, labels):
    """The id has the form of every workload's, and no real one is called so."""
    found = parse_hypothetical(text)
    assert (found.id, found.labels, found.namespace) == (name, labels, "shop")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("app=web", "LABELS@NAMESPACE", id="no-namespace"),
        pytest.param("", "LABELS@NAMESPACE", id="empty"),
        pytest.param("app=web@", "''", id="nameless"),
        pytest.param("app=web@Shop", "'Shop'", id="capitals"),
        pytest.param("app=web@" + "x" * 64, "no name of a namespace", id="long-namespace"),
        pytest.param("app@shop", "'app'", id="no-value"),
        pytest.param("app=web,@shop", "''", id="trailing-comma"),
        pytest.param("app=we b@shop", "'app=we b'", id="space"),
        pytest.param("=web@shop", "'=web'", id="no-key"),
        pytest.param("a/b/c=web@shop", "'a/b/c=web'", id="two-slashes"),
        pytest.param("app=" + "x" * 64 + "@shop", "no label", id="long-value"),
        pytest.param("app=a,app=b@shop", "'app' is there twice", id="twice"),
        pytest.param("app=web@shop\n", "no name of a namespace", id="line-end"),
    ],
)
def test_what_no_api_server_would_take_is_refused(text, named):
    """One line that names what was written and what is wrong with it."""
    with pytest.raises(InputError) as caught:
        parse_hypothetical(text)
    assert named in str(caught.value)
    assert "--hypothetical" in str(caught.value)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text):
    """Nothing but the documented error; what is read says the same when written again."""
    with contextlib.suppress(InputError):
        found = parse_hypothetical(text)
        assert (
            parse_hypothetical(f"{','.join(f'{key}={found.labels[key]}' for key in found.labels)}@{found.namespace}")
            == found
        )


@pytest.mark.parametrize("dataplane", [None, plane()], ids=["declared", "effective"])
def test_a_hypothetical_pod_is_judged_like_any_other(dataplane):
    """Its labels decide; nobody else's connections change."""
    cluster = snapshot(pods=[pod("db-1"), pod("job-1")], policies=[DB])
    web, other = parse_hypothetical("app=web@shop"), parse_hypothetical("app=other@shop")
    extended = with_hypothetical(cluster, [web, other, web])
    assert extended.notices == ()
    reach = build(extended, resolve(extended), dataplane)
    lines = {(each.src, each.dst): each.ports for each in reach.connections()}
    assert lines[web.id, "shop/db[Deployment]"] == {"TCP": ((5432, 5432),)}
    assert (other.id, "shop/db[Deployment]") not in lines
    before = {(each.src, each.dst): each.ports for each in build(cluster, resolve(cluster), dataplane).connections()}
    assert {pair: ports for pair, ports in lines.items() if not {web.id, other.id} & set(pair)} == before
    shown = reach.listing(Selection(workloads=(web.id,))).connections()
    assert all(web.id in {each.src, each.dst} for each in shown)


def test_a_namespace_that_is_not_there_is_created_without_labels():
    """And a notice says so, for it may be a slip; rules by the labels of namespaces do not select it."""
    by_team = {"from": [{"namespaceSelector": {"matchLabels": {"team": "red"}}}]}
    by_name = {"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "new"}}}]}
    for rule, reached in ((by_team, False), (by_name, True)):
        cluster = snapshot(
            pods=[pod("db-1")], policies=[policy({"podSelector": {}, "ingress": [rule]})],
            namespaces=[namespace("shop", team="red")],
        )  # fmt: skip
        imagined = parse_hypothetical("@new")
        extended = with_hypothetical(cluster, [imagined])
        (notice,) = extended.notices
        assert (notice.object, "created without labels" in notice.message) == ("Namespace new", True)
        lines = build(extended, resolve(extended)).connections()
        assert ((imagined.id, "shop/db[Deployment]") in {(each.src, each.dst) for each in lines}) is reached


def test_where_namespaces_could_not_be_read_nothing_is_said_of_their_labels():
    """Whether the namespace is there is not known, so what its labels would decide is not either."""
    by_team = {"from": [{"namespaceSelector": {"matchLabels": {"team": "red"}}}]}
    cluster = snapshot(
        pods=[pod("db-1")], policies=[policy({"podSelector": {}, "ingress": [by_team]})],
        namespaces=[namespace("shop", team="red")], unlisted=["namespaces"],
    )  # fmt: skip
    imagined = parse_hypothetical("@new")
    extended = with_hypothetical(cluster, [imagined])
    assert extended.notices == ()
    reach = build(extended, resolve(extended))
    assert (imagined.id, "shop/db[Deployment]") in {(each.src, each.dst) for each in reach.unknown()}
