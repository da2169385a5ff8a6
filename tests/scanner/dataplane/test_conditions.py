"""Conditions of the catalogue: which a cluster's record and configuration settle, and what that makes of a fact."""

from __future__ import annotations

import pytest

from scanner.cloud.aks import ADVANCED
from scanner.cloud.gke import SWITCHES
from scanner.dataplane.catalogue import CATALOGUE
from scanner.dataplane.conditions import CILIUM_KEYS
from scanner.dataplane.detect import detect
from scanner.dataplane.kinds import honours
from scanner.dataplane.model import Answer
from tests.scanner.controls.clusters import cilium
from tests.scanner.dataplane.parts import DATAPLANE_V2, daemon_set, gke, live

FQDN = ("networking.gke.io", "FQDNNetworkPolicy")


def conditions():
    """Every condition of the catalogue."""
    return {
        each.fact.condition
        for engine in CATALOGUE.values()
        for ranges in (*engine.facts.values(), *engine.kinds.values())
        for each in ranges
        if each.fact.condition
    }


@pytest.mark.parametrize("condition", [*SWITCHES, *ADVANCED, *CILIUM_KEYS])
def test_what_can_be_settled_is_a_condition_of_the_catalogue(condition):
    """The words are the same on both sides, or nothing would ever be settled."""
    assert condition in conditions()


@pytest.mark.parametrize(
    ("network", "answer"),
    [
        pytest.param({"enableFqdnNetworkPolicy": True}, Answer.YES, id="on"),
        pytest.param({"enableFqdnNetworkPolicy": False}, Answer.NO, id="off"),
        pytest.param({}, Answer.NO, id="left-out-is-off"),
        pytest.param({"enableFqdnNetworkPolicy": "perhaps"}, Answer.UNKNOWN, id="cannot-be-read"),
    ],
)
def test_a_switch_in_the_record_settles_a_kind_of_gke(network, answer):
    """FQDNNetworkPolicy counts where the cluster's own switch is on; the API leaves out what is off."""
    facts = gke(networkConfig=DATAPLANE_V2["networkConfig"] | network)
    plane = detect(live(daemon_set("anetd")), facts)
    assert plane.name == "gke-dataplane-v2"
    assert honours(plane, *FQDN)[0] is answer


def test_without_a_record_the_switch_is_not_known():
    """Nothing in the cluster tells of it."""
    assert honours(detect(live(daemon_set("anetd")), None), *FQDN)[0] is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("config", "answer"),
    [({"enable-sctp": "true"}, Answer.YES), ({"enable-sctp": "false"}, Answer.NO), ({}, Answer.UNKNOWN)],
    ids=["on", "off", "not-written"],
)
def test_a_key_of_cilium_config_settles_a_capability(config, answer):
    """SCTP counts where the agent is told to; a key that is not there says nothing."""
    plane = detect(cilium(config={"enable-policy": "default"} | config), None)
    assert plane.capabilities is not None
    assert plane.capabilities.sctp.firm is answer
    assert ("in this cluster" in plane.capabilities.sctp.note) == (answer is not Answer.UNKNOWN)
