"""Rules that name another cluster, against the address that arrives; parity of intents; encryption of links."""

from __future__ import annotations

import pytest

from scanner.baselines.config import BaselineConfig, Difference, Intent
from scanner.enums import Cloud
from scanner.fabric.encryption import clouds_are_joined_safely
from scanner.fabric.fleet import Fleet
from scanner.fabric.identity import rules_name_what_arrives
from scanner.fabric.member import Block, Flow, IntentView, RemoteName
from scanner.fabric.parity import intents_hold
from scanner.findings import Status
from scanner.topology.build import topology_of
from scanner.topology.declared import Declared, DeclaredLink
from scanner.topology.model import Becomes, Encryption, Topology, Tunnel
from tests.scanner.fabric.fleets import domain, link, member, opening
from tests.scanner.fabric.test_fabric_paths import world

POD_RANGE, NODE_RANGE = "10.1.16.0/20", "10.1.0.0/20"


def rule(cidr: str) -> Block:
    """An ingress rule of cluster b."""
    return Block(object="NetworkPolicy shop/x", field="ingress[0]", inbound=True, cidr=cidr)


def about_rules(becomes: Becomes, cidr: str, **sender: object) -> tuple[Status, str]:
    """What comes of a rule of b that names a range of a."""
    members = [member("a", **sender), member("b", Cloud.GCP, blocks=(rule(cidr),))]
    fleet = Fleet(members, world(becomes=becomes), BaselineConfig(), Declared())
    (found,) = rules_name_what_arrives(fleet)
    return found.status, found.reason


@pytest.mark.parametrize(
    ("becomes", "cidr", "expected"),
    [
        (Becomes.POD, POD_RANGE, (Status.PASS, "named-as-it-arrives")),
        (Becomes.NODE, POD_RANGE, (Status.FAIL, "names-pods-behind-snat")),
        (Becomes.NODE, "10.1.0.0/24", (Status.PASS, "named-as-it-arrives")),
        (Becomes.NODE, NODE_RANGE, (Status.FAIL, "admits-every-node")),
        (Becomes.NODE, "10.1.0.0/16", (Status.FAIL, "admits-every-node")),
        (Becomes.UNKNOWN, POD_RANGE, (Status.UNKNOWN, "snat-unknown")),
    ],
)
def test_a_rule_is_judged_by_what_arrives(becomes, cidr, expected):
    """Two workloads of a may leave, so a rule for all of its nodes admits both."""
    assert about_rules(becomes, cidr, outbound=(opening("10.2.0.0-10.2.255.255", 443, "s/x", "s/y"),)) == expected


def test_every_node_is_in_order_where_one_workload_may_leave():
    """The other cluster's own egress decides; where that was not read it is unknown."""
    assert about_rules(Becomes.NODE, NODE_RANGE, outbound=(opening(),))[0] is Status.PASS
    assert about_rules(Becomes.NODE, NODE_RANGE, outbound=(), gaps=("pods were not read",))[0] is Status.UNKNOWN


def test_a_rule_by_the_other_clusters_name_is_unknown():
    """Only ClusterMesh carries that identity, and no reader sees it."""
    name = RemoteName(object="CiliumNetworkPolicy s/x", field="ingress[0]", inbound=True, clusters=("mesh-a",))
    members = [member("a", mesh_name="mesh-a"), member("b", Cloud.GCP, remote_names=(name,))]
    (found,) = rules_name_what_arrives(Fleet(members, world(), BaselineConfig(), Declared()))
    assert (found.status, found.reason) == (Status.UNKNOWN, "snat-unknown")


WORKLOADS = ("s/db", "s/old", "s/web")


def view(ports: tuple[tuple[int, int], ...] = (), declared: tuple[tuple[int, int], ...] | None = None, **more: object):
    """The matrix of one cluster: web may reach db on some ports."""

    def flows(given):
        return (Flow(source="s/web", destination="s/db", ports={"TCP": given}),) if given else ()

    fields = {"workloads": WORKLOADS, "declared": flows(ports if declared is None else declared), **more}
    return IntentView(name="shop", effective=flows(ports), **fields)


def parity(*views: IntentView, engine: str = "pass", **intent: object) -> list[tuple[str, str]]:
    """The verdicts on clusters c0, c1, ... with these matrices."""
    members = [member(f"c{at}", intents=(each,), engine=engine) for at, each in enumerate(views)]
    config = BaselineConfig(intents=(Intent(name="shop", clusters=("c*",), **intent),))
    return [(each.status, each.reason) for each in intents_hold(Fleet(members, None, config, Declared()))]


HTTPS = ((443, 443),)


def test_the_majority_is_the_reference():
    """Of three clusters the one that differs from the two others fails."""
    assert parity(view(()), view(HTTPS), view(HTTPS)) == [("fail", "differs"), ("pass", "same"), ("pass", "same")]
    assert parity(view(()), view(HTTPS), view(HTTPS), reference="c0")[1] == ("fail", "differs")


def test_a_difference_says_whether_text_or_engine_made_it():
    """Equal declared matrices with other effective ones come from the engines."""
    config = BaselineConfig(intents=(Intent(name="shop", clusters=("*",), reference="a"),))
    for declared, words in ((HTTPS, "engines read differently"), ((), "texts differ")):
        members = [member("a", intents=(view(HTTPS),)), member("b", intents=(view((), declared=declared),))]
        lines = [line for each in intents_hold(Fleet(members, None, config, Declared())) for line in each.evidence]
        assert any(words in line and "missing: s/web to s/db" in line for line in lines)


def test_declared_differences_and_absent_workloads_are_no_difference():
    """What is declared to differ may; what only one cluster has cannot be compared."""
    allowed = (Difference(cluster="c1", source="s/*", destination="s/db"),)
    assert parity(view(HTTPS), view(()), differences=allowed)[1] == ("pass", "same")
    assert parity(view(HTTPS), view((), workloads=("s/db", "s/old")))[1] == ("pass", "same")
    assert parity(view(HTTPS), view((), workloads=("s/other",)))[1] == ("unknown", "nothing-in-common")


def test_inert_unread_and_undecided_clusters_never_pass():
    """An engine that enforces nothing fails, a gap and an undecided flow are unknown."""
    assert parity(view(HTTPS), view(HTTPS), engine="fail") == [("fail", "inert")] * 2
    assert parity(view(HTTPS), view(HTTPS), engine="unknown") == [("unknown", "declared-pass")] * 2
    assert parity(view(HTTPS), IntentView(name="shop", gap="unread"))[0] == ("unknown", "unread")
    maybe = (Flow(source="s/web", destination="s/db", ports={"TCP": HTTPS}),)
    assert parity(view(()), view((), undecided=maybe))[1] == ("unknown", "undecided")


def encryption(
    *links, tunnels: tuple[Tunnel, ...] = (), declared: Declared | None = None
) -> list[tuple[str, str, str]]:
    """The verdicts on links between a network of AWS and one of Google."""
    networks = Topology(domains=(domain("a"), domain("b", cloud=Cloud.GCP), domain("c")), links=links, tunnels=tunnels)
    given = declared or Declared()
    topology = topology_of([networks], given)
    fleet = Fleet([member("a"), member("b", Cloud.GCP)], topology, BaselineConfig(), given)
    found = [each for each in clouds_are_joined_safely(fleet) if each.subject != "clouds"]
    return [(each.subject, each.status, each.reason) for each in found]


def test_only_links_between_clouds_are_asked_about():
    """A peering inside one cloud crosses no boundary, encrypted or not."""
    inside = link("pcx", "a", "c", encryption=Encryption.NONE)
    assert encryption(inside, link("x", "a", "b", encryption=Encryption.NONE)) == [("x", "fail", "not-encrypted")]


def test_lines_are_told_by_their_declaration_or_unknown():
    """A far end that somebody declares is what the declaration says it is."""
    lines = (
        Tunnel(id="dx", kind="Direct Connect gateway", cloud=Cloud.AWS, arrives_at="a"),
        Tunnel(id="ic", kind="Interconnect attachment", cloud=Cloud.GCP, arrives_at="b"),
    )
    assert [each[2] for each in encryption(tunnels=lines)] == ["far-end-unknown"] * 2
    declared = Declared(links=(DeclaredLink(name="x", between=("dx", "ic"), encryption=Encryption.MACSEC),))
    assert encryption(tunnels=lines, declared=declared) == [("declared:x", "pass", "macsec")]
