"""Deny logs: whether denials are recorded, and whether the record leaves the node."""

from __future__ import annotations

import pytest

from scanner.dataplane.detect import detect
from scanner.dataplane.model import Answer, DenyLogging
from scanner.model import Namespace
from tests.factories import node
from tests.scanner.dataplane.parts import (
    DATAPLANE_V2,
    LEGACY_ON,
    aks,
    aws_node,
    cilium_config,
    daemon_set,
    eks,
    gke,
    live,
    node_class,
    setting,
    vpc_cni_config,
)

YES, NO, UNKNOWN = Answer.YES, Answer.NO, Answer.UNKNOWN
LOGGED = {"loggingConfig": {"componentConfig": {"enableComponents": ["SYSTEM_COMPONENTS", "WORKLOADS"]}}}
UNLOGGED = {"loggingConfig": {"componentConfig": {}}}


def answers(logging: DenyLogging) -> tuple[Answer, Answer]:
    """Enabled and exported."""
    return logging.enabled, logging.exported


@pytest.mark.parametrize(
    ("logs", "values", "collector", "expected"),
    [
        pytest.param(["--enable-policy-event-logs=true", "--enable-cloudwatch-logs=true"], "{}", False, (YES, YES),
                     id="both"),
        pytest.param(["--enable-policy-event-logs=true", "--enable-cloudwatch-logs=false"], "{}", False, (YES, NO),
                     id="on-the-nodes-disk"),
        pytest.param(["--enable-policy-event-logs=true", "--enable-cloudwatch-logs=false"], "{}", True, (YES, UNKNOWN),
                     id="perhaps-collected"),
        pytest.param(["--enable-policy-event-logs=false", "--enable-cloudwatch-logs=true"], "{}", True, (NO, NO),
                     id="off"),
        pytest.param([], '{"nodeAgent": {"enablePolicyEventLogs": "true", "enableCloudWatchLogs": true}}', False,
                     (YES, YES), id="by-the-add-on"),
        pytest.param([], "nodeAgent: yes", False, (UNKNOWN, UNKNOWN), id="nothing-readable"),
    ],
)  # fmt: skip
def test_vpc_cni_needs_both_flags(logs, values, collector, expected):
    """The agent's arguments decide, the add-on's values stand in for those it does not carry."""
    sets = [aws_node(logs=tuple(logs)), *([daemon_set("fluent-bit", ns="logging")] if collector else [])]
    plane = detect(live(*sets, config_maps=(vpc_cni_config(),)), eks(values))
    assert answers(plane.logging) == expected
    assert plane.logging.proofs[0].where == "DaemonSet kube-system/aws-node"


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        pytest.param({"networkPolicyEventLogs": "Enabled"}, (YES, UNKNOWN), id="enabled"),
        pytest.param({"networkPolicyEventLogs": "Disabled"}, (NO, NO), id="disabled"),
        pytest.param({}, (NO, NO), id="default"),
    ],
)
def test_auto_mode_logs_by_node_class(spec, expected):
    """The NodeClass switches events on; where they go is not known."""
    auto = node("n1", labels={"eks.amazonaws.com/compute-type": "auto"})
    seen = live(nodes=[auto], config_maps=(vpc_cni_config(),), settings=[node_class(**spec)])
    assert answers(detect(seen, eks(auto=True)).logging) == expected


@pytest.mark.parametrize(
    ("deny", "cluster", "annotated", "expected"),
    [
        pytest.param({"log": True, "delegate": False}, LOGGED, False, (YES, YES), id="logged"),
        pytest.param({"log": True}, UNLOGGED, False, (YES, NO), id="no-sink"),
        pytest.param({"log": True}, {}, False, (YES, UNKNOWN), id="sink-unsaid"),
        pytest.param({"log": False}, LOGGED, False, (NO, NO), id="off"),
        pytest.param({}, LOGGED, False, (NO, NO), id="default"),
        pytest.param({"log": "yes"}, LOGGED, False, (UNKNOWN, YES), id="odd"),
        pytest.param({"log": True, "delegate": True}, LOGGED, False, (NO, NO), id="delegated-silent"),
        pytest.param({"log": True, "delegate": True}, LOGGED, True, (YES, YES), id="delegated-annotated"),
        pytest.param(None, LOGGED, False, (NO, NO), id="no-object"),
    ],
)
def test_dataplane_v2_logs_by_network_logging(deny, cluster, annotated, expected):
    """The NetworkLogging object decides; delegated logging needs the annotation on every workload namespace."""
    objects = (
        []
        if deny is None
        else [setting("NetworkLogging", "networking.gke.io/v1alpha1", spec={"cluster": {"deny": deny}})]
    )
    annotations = {"policy.network.gke.io/enable-deny-logging": "true"} if annotated else {}
    spaces = [Namespace(name="shop", labels={}, annotations=annotations), Namespace(name="kube-system", labels={})]
    seen = live(daemon_set("anetd"), settings=objects, namespaces=spaces)
    assert answers(detect(seen, gke(**(DATAPLANE_V2 | cluster))).logging) == expected


def test_network_logging_that_could_not_be_read_is_unknown():
    """A refused list is not an absent object."""
    seen = live(daemon_set("anetd"), unlisted=["networkloggings.networking.gke.io"])
    assert detect(seen, gke(**DATAPLANE_V2)).logging.enabled is UNKNOWN


ACNS = {"advancedNetworking": {"enabled": True, "observability": {"enabled": True}}}


@pytest.mark.parametrize(
    ("network", "spec", "expected"),
    [
        pytest.param({}, {"includefilters": [{"name": "all"}]}, NO, id="acns-off"),
        pytest.param(ACNS, {"includefilters": [{"name": "all", "verdict": ["dropped"]}]}, YES, id="dropped"),
        pytest.param(ACNS, {"includeFilters": [{"name": "all"}]}, YES, id="every-verdict"),
        pytest.param(ACNS, {"includefilters": [{"name": "ok", "verdict": ["forwarded"]}]}, NO, id="forwarded-only"),
        pytest.param(ACNS, {"includefilters": [{"name": "few", "from": {"namespacedPod": ["shop/"]}}]}, UNKNOWN,
                     id="narrowed"),
        pytest.param(ACNS, {"includefilters": 7}, UNKNOWN, id="odd"),
        pytest.param(ACNS, None, NO, id="no-object"),
    ],
)  # fmt: skip
def test_aks_cilium_logs_by_container_network_log(network, spec, expected):
    """Denials are recorded with ACNS on and a ContainerNetworkLog that takes dropped flows."""
    objects = [] if spec is None else [setting("ContainerNetworkLog", "acn.azure.com/v1alpha1", "drops", spec)]
    seen = live(daemon_set("cilium"), config_maps=(cilium_config(),), settings=objects)
    plane = detect(seen, aks(networkDataplane="cilium", **network))
    assert plane.logging.enabled is expected
    assert plane.logging.exported is (NO if expected is NO else UNKNOWN)


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param({"enable_hubble": "true", "hubble_export_file_path": "/var/run/x.log"}, (YES, NO), id="file"),
        pytest.param({"enable_hubble": "true"}, (YES, UNKNOWN), id="no-path"),
        pytest.param({"enable_hubble": "false"}, (NO, NO), id="off"),
        pytest.param({}, (UNKNOWN, UNKNOWN), id="unsaid"),
    ],
)
def test_hubble_logs_by_cilium_config(config, expected):
    """Hubble's switch and export path are read from cilium-config; a file that nothing collects stays on the node."""
    plane = detect(live(daemon_set("cilium"), config_maps=(cilium_config(**config),)), None)
    assert answers(plane.logging) == expected


@pytest.mark.parametrize(
    ("name", "facts", "expected"),
    [
        pytest.param("azure-npm", aks(networkPolicy="azure"), NO, id="npm"),
        pytest.param("calico-node", gke(**LEGACY_ON), NO, id="gke-calico"),
        pytest.param("calico-node", None, UNKNOWN, id="calico"),
        pytest.param("kube-ovn-cni", None, UNKNOWN, id="outside-catalogue"),
        pytest.param("kube-proxy", None, NO, id="no-engine"),
    ],
)
def test_engines_without_a_switch_for_logs(name, facts, expected):
    """An engine that cannot record denials records none; of one whose log is not modelled nothing is known."""
    assert detect(live(daemon_set(name)), facts).logging.enabled is expected
