"""NB-ISO-06 and 08: what is advised can be pasted, and what policy cannot reach is said."""

from __future__ import annotations

import yaml

from scanner.model import ContainerPort, Service
from tests.factories import pod
from tests.scanner.controls.clusters import cilium, eks, item, judged, outcome, web
from tests.scanner.controls.whole import whole

API_SERVER = Service(namespace="default", name="kubernetes", cluster_ips=("10.96.0.1",))


def system(name: str, **fields: object):
    """A pod of kube-system off the host network."""
    return pod(name, **({"ns": "kube-system", "node": "n1", "ips": ("10.0.0.53",)} | fields))


def test_the_manifest_is_one_and_selects_by_lasting_labels():
    """A name and labels with quotes and colons stay text; what differs with each pod is left out."""
    odd = system(
        'x": {}-1',
        labels={"app": 'a", evil: "b', "pod-template-hash": "abc"},
        ports=(ContainerPort(port=9153), ContainerPort(port=53, protocol="UDP")),
    )
    found = item(judged("NB-ISO-06", whole(cilium(web(), odd))), "kube-system")
    assert found.reason == "uncovered"
    first, _, manifest = found.remediation.partition("\n")
    assert "name who needs them" in first
    written = yaml.safe_load(manifest)
    assert written["metadata"] == {"name": 'allow-x": {}', "namespace": "kube-system"}
    assert written["spec"]["podSelector"] == {"matchLabels": {"app": 'a", evil: "b'}}
    assert written["spec"]["ingress"][0]["ports"] == [
        {"protocol": "TCP", "port": 9153},
        {"protocol": "UDP", "port": 53},
    ]


def test_pods_on_the_host_network_are_not_for_policy():
    """A namespace with nothing else is not applicable."""
    found = judged("NB-ISO-06", whole(eks(web())))
    assert outcome(found) == ("not_applicable", "host-network-only")


def test_pods_on_a_node_without_the_engine_are_beyond_policy():
    """The advice is about the node, not about a rule."""
    found = item(judged("NB-ISO-06", whole(eks(web(), system("dns-1", node="elsewhere")))), "kube-system")
    assert found.status in {"fail", "unknown"}
    assert found.evidence


def test_a_finished_pod_in_default_is_one():
    """Jobs leave them behind."""
    done = pod("import-1", ns="default", phase="Succeeded")
    found = judged("NB-ISO-08", whole(eks(done, services=[API_SERVER])))
    assert outcome(found) == ("fail", "workloads")


def test_default_without_the_api_servers_service_was_not_seen():
    """Every cluster has it, so nothing of the namespace was."""
    assert outcome(judged("NB-ISO-08", whole(eks(web())))) == ("unknown", "not-seen")
