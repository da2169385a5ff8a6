"""From wire objects to a snapshot's parts: owners, kept values, ports, entry points."""

from __future__ import annotations

import msgspec
import pytest

from infra.objects import Objects
from infra.wire import LIST_TYPES, WIRE_TYPES
from scanner.model import ContainerPort, Origin, Source, WorkloadRef


def fields(*objects, source=Source.CLUSTER):
    """What `Objects` makes of (resource, object) pairs, each decoded as the API's bytes are."""
    taken = Objects()
    for resource, value in objects:
        taken.add(resource, msgspec.json.decode(msgspec.json.encode(value), type=WIRE_TYPES[resource]))
    return taken.fields(source)


def meta(name, *, ns="shop", owner=None, **rest):
    """An object's metadata; `owner` is (kind, name)."""
    found = {"name": name, **rest}
    if ns:
        found["namespace"] = ns
    if owner:
        found["ownerReferences"] = [{"kind": owner[0], "name": owner[1], "uid": "u", "controller": True}]
    return found


def wire_pod(name="web-6f7-abc", owner=None, **rest):
    """A running pod with the hash label that Deployments give."""
    return "pods", {
        "metadata": meta(name, owner=owner, labels={"app": "web", "pod-template-hash": "6f7"}),
        "spec": rest.pop("spec", {"containers": []}),
        "status": {"phase": "Running"} | rest,
    }


def workload(kind, name, owner=None, labels=None, **spec):
    """A workload object with a pod template."""
    resources = {"Deployment": "deployments.apps", "ReplicaSet": "replicasets.apps", "Job": "jobs.batch"}
    template = {"metadata": {"labels": labels or {"app": "web"}}, "spec": {"containers": []}}
    return resources[kind], {"metadata": meta(name, owner=owner), "spec": {"template": template, **spec}}


def cron_job(name):
    """A CronJob with a pod template."""
    inner = {"template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": []}}}
    return "cronjobs.batch", {"metadata": meta(name), "spec": {"jobTemplate": {"spec": inner}}}


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        pytest.param(
            [wire_pod(owner=("ReplicaSet", "web-6f7")), workload("ReplicaSet", "web-6f7", owner=("Deployment", "web"))],
            ("Deployment", "web"),
            id="deployment-through-replicaset",
        ),
        pytest.param([wire_pod(owner=("ReplicaSet", "web-6f7"))], ("Deployment", "web"), id="replicaset-missing"),
        pytest.param([wire_pod(owner=("ReplicaSet", "web-abc"))], ("ReplicaSet", "web-abc"), id="other-hash"),
        pytest.param(
            [wire_pod(owner=("ReplicaSet", "web-6f7")), workload("ReplicaSet", "web-6f7")],
            ("ReplicaSet", "web-6f7"),
            id="bare-replicaset",
        ),
        pytest.param(
            [wire_pod(owner=("ReplicaSet", "web-6f7")), workload("ReplicaSet", "web-6f7", owner=("Rollout", "web"))],
            ("Rollout", "web"),
            id="argo-rollout",
        ),
        pytest.param(
            [wire_pod(owner=("Job", "tidy-1")), workload("Job", "tidy-1", owner=("CronJob", "tidy"))],
            ("CronJob", "tidy"),
            id="cronjob-through-job",
        ),
        pytest.param([wire_pod(owner=("Job", "tidy-1"))], ("Job", "tidy-1"), id="job-missing"),
        pytest.param([wire_pod("etcd-n1", owner=("Node", "n1"))], ("Pod", "etcd-n1"), id="static-pod"),
        pytest.param([wire_pod("alone")], ("Pod", "alone"), id="bare-pod"),
        pytest.param(
            [
                wire_pod(owner=("ReplicaSet", "a")),
                workload("ReplicaSet", "a", owner=("ReplicaSet", "b")),
                workload("ReplicaSet", "b", owner=("ReplicaSet", "a")),
            ],
            ("ReplicaSet", "a"),
            id="circle-of-owners",
        ),
    ],
)
def test_pods_collapse_to_their_top_owner(objects, expected):
    """A pod belongs to the topmost owner that can be told, whatever order the objects come in."""
    for order in (objects, objects[::-1]):
        (found,) = fields(*order)["pods"]
        assert found.workload == WorkloadRef(kind=expected[0], name=expected[1])


def test_an_owner_reference_without_controller_still_names_the_owner():
    """Hand-written references often leave `controller` out; one marked false never counts."""
    references = [{"kind": "ConfigMap", "name": "x", "controller": False}, {"kind": "StatefulSet", "name": "db"}]
    (found,) = fields(("pods", {"metadata": {"name": "db-0", "namespace": "shop", "ownerReferences": references}}))[
        "pods"
    ]
    assert found.workload == WorkloadRef(kind="StatefulSet", name="db")


def test_a_dump_of_deployment_replicasets_and_pods_is_one_workload():
    """Real pods win over the template, and the owner's template over its ReplicaSets'."""
    deployment, old = workload("Deployment", "web"), workload("ReplicaSet", "web-0a1", owner=("Deployment", "web"))
    new = workload("ReplicaSet", "web-6f7", owner=("Deployment", "web"))
    pod = wire_pod(owner=("ReplicaSet", "web-6f7"))

    def names(found):
        return [(item.name, item.template) for item in found["pods"]]

    assert names(fields(deployment, old, new, pod, source=Source.MANIFESTS)) == [("web-6f7-abc", False)]
    assert names(fields(new, old, deployment, source=Source.MANIFESTS)) == [("web", True)]
    assert names(fields(deployment, old, new, source=Source.CLUSTER)) == []


def test_replicasets_scaled_to_nothing_stand_for_no_pod():
    """Of a Deployment that the folder lacks, only the ReplicaSet that has pods speaks."""
    old = workload("ReplicaSet", "web-0a1", owner=("Deployment", "web"), replicas=0, labels={"app": "old"})
    new = workload("ReplicaSet", "web-6f7", owner=("Deployment", "web"), replicas=2)
    (found,) = fields(old, new, source=Source.MANIFESTS)["pods"]
    assert (found.labels, found.workload) == ({"app": "web"}, WorkloadRef(kind="Deployment", name="web"))


def test_a_cronjob_whose_pods_have_finished_keeps_its_template():
    """Tomorrow's pods count though yesterday's have no network any more; a finished Job makes none."""
    done = ("pods", {"metadata": meta("tidy-1-x", owner=("Job", "tidy-1")), "status": {"phase": "Succeeded"}})
    cron = fields(cron_job("tidy"), workload("Job", "tidy-1", owner=("CronJob", "tidy")), done, source=Source.MANIFESTS)
    assert [(item.name, item.template) for item in cron["pods"]] == [("tidy", True), ("tidy-1-x", False)]
    once = fields(workload("Job", "tidy-1"), done, source=Source.MANIFESTS)
    assert [item.template for item in once["pods"]] == [False]


def test_a_job_template_carries_the_labels_its_controller_adds():
    """Policies may select a Job's pods by name."""
    (found,) = fields(workload("Job", "move"), source=Source.MANIFESTS)["pods"]
    assert found.labels == {"app": "web", "job-name": "move", "batch.kubernetes.io/job-name": "move"}


def test_ports_come_from_containers_and_sidecars_only():
    """An init container that ends serves nobody; one that always restarts is a sidecar."""
    spec = {
        "hostNetwork": True,
        "nodeName": "n1",
        "containers": [
            {"name": "a", "ports": [{"containerPort": 80, "name": "http", "hostPort": 8080}]},
            {"name": "b"},
        ],
        "initContainers": [
            {"name": "once", "ports": [{"containerPort": 1}]},
            {"name": "side", "restartPolicy": "Always", "ports": [{"containerPort": 53, "protocol": "UDP"}]},
        ],
    }
    (found,) = fields(wire_pod(spec=spec, podIPs=[{"ip": "10.0.0.1"}, {"ip": "fd00::1"}], podIP="10.0.0.1"))["pods"]
    assert found.ports == (
        ContainerPort(port=53, protocol="UDP"),
        ContainerPort(port=80, name="http", host_port=8080),
    )
    assert (found.host_network, found.node, found.ips) == (True, "n1", ("10.0.0.1", "fd00::1"))


def test_only_listed_values_are_kept():
    """Environment values, arguments, annotations and ConfigMap keys outside the lists never reach a snapshot."""
    kept_out = "hunter2"
    container = {
        "name": "agent",
        "image": "registry.example/agent:v1",
        "command": ["/agent", "--enable-ipv6"],
        "args": [
            "--enable-network-policy=true",
            "--password",
            kept_out,
            "--log-level",
            "debug",
            "--use-nftables-for-netpol",
        ],
        "env": [
            {"name": "ENABLE_POD_ENI", "value": "true"},
            {"name": "TOKEN", "value": kept_out},
            {"name": "EXPECT_NPC", "valueFrom": {"secretKeyRef": {"name": "x", "key": "y"}}},
        ],
    }
    annotations = {"password": kept_out, "kubectl.kubernetes.io/last-applied-configuration": kept_out}
    kept = {"service.beta.kubernetes.io/aws-load-balancer-scheme": "internal"}
    found = fields(
        (
            "daemonsets.apps",
            {"metadata": meta("aws-node"), "spec": {"template": {"spec": {"containers": [container]}}}},
        ),
        ("services", {"metadata": meta("web", annotations=annotations | kept), "spec": {}}),
        ("pods", {"metadata": meta("p", annotations=annotations), "spec": {"containers": [container]}}),
        ("configmaps", {"metadata": meta("cilium-config"), "data": {"ipam": "eni", "token": kept_out}}),
        ("configmaps", {"metadata": meta("app"), "data": {"ipam": kept_out}}),
    )
    (agent,) = found["daemon_sets"][0].containers
    assert agent.args == (
        "--enable-ipv6",
        "--enable-network-policy=true",
        "--log-level=debug",
        "--use-nftables-for-netpol",
    )
    assert agent.env == {"ENABLE_POD_ENI": "true"}
    assert found["services"][0].annotations == kept
    assert [item.data for item in found["config_maps"]] == [{"ipam": "eni"}]
    assert kept_out not in msgspec.json.encode(found).decode()


def test_namespaces_that_only_objects_name_are_there():
    """Every namespace is listed and carries the one label that the API server sets itself."""
    found = fields(
        ("namespaces", {"metadata": meta("shop", ns="", labels={"kubernetes.io/metadata.name": "lie", "team": None})}),
        ("services", {"metadata": meta("web", ns="back")}),
    )
    assert {item.name: item.labels for item in found["namespaces"]} == {
        "back": {"kubernetes.io/metadata.name": "back"},
        "shop": {"kubernetes.io/metadata.name": "shop", "team": ""},
    }


def test_services_and_entry_points():
    """Ports, addresses and backends are read whatever form they stand in."""

    def backend(service, **port):
        return {"service": {"name": service, "port": port}}

    rules = [{"http": {"paths": [{"backend": backend("web", number=80)}, {"backend": backend("web", name="admin")}]}}]
    mirror = [{"type": "RequestMirror", "requestMirror": {"backendRef": {"name": "copy", "port": 1}}}]
    refs = [
        {"name": "api", "port": 80},
        {"name": "far", "namespace": "other"},
        {"kind": "Bucket", "group": "x", "name": "b"},
    ]
    found = fields(
        (
            "services",
            {
                "metadata": meta("web"),
                "spec": {
                    "selector": {},
                    "clusterIP": "None",
                    "clusterIPs": ["None"],
                    "ports": [{"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 0, "protocol": "UDP"}],
                },
                "status": {"loadBalancer": {"ingress": [{"hostname": "lb.example"}, {"ip": "192.0.2.1"}]}},
            },
        ),
        (
            "ingresses.networking.k8s.io",
            {"metadata": meta("in"), "spec": {"defaultBackend": backend("any"), "rules": rules}},
        ),
        (
            "httproutes.gateway.networking.k8s.io",
            {"metadata": meta("route"), "spec": {"rules": [{"backendRefs": refs, "filters": mirror}]}},
        ),
    )
    (service,) = found["services"]
    assert (service.selector, service.cluster_ips, service.balancer_addresses) == (
        None,
        (),
        ("lb.example", "192.0.2.1"),
    )
    assert [(port.port, port.protocol, port.target) for port in service.ports] == [
        (80, "TCP", "http"),
        (81, "UDP", None),
    ]
    ingress, route = found["entry_points"]
    assert ingress.services == ("shop/any", "shop/web")
    assert ingress.ports == {"shop/web": (80, "admin")}
    assert (route.kind, route.services) == ("HTTPRoute", ("other/far", "shop/api", "shop/copy"))
    assert [notice.object for notice in found["notices"]] == ["HTTPRoute shop/route"]


def test_nodes_and_kept_specs():
    """Nodes keep what decides coverage; policies keep their spec; PolicyEndpoints only where they came from."""
    taken = Objects()

    def add(resource, value, **rest):
        taken.add(resource, msgspec.json.decode(msgspec.json.encode(value), type=WIRE_TYPES[resource]), **rest)

    info = {"operatingSystem": "windows", "kernelVersion": "10.0"}
    ready = [{"type": "Ready", "status": "True"}]
    addresses = [{"type": "Hostname", "address": "n"}, {"type": "InternalIP", "address": "10.0.0.9"}]
    add(
        "nodes",
        {
            "metadata": meta("n1", ns=""),
            "spec": {
                "providerID": "aws:///a/i-1",
                "podCIDR": "10.1.0.0/24",
                "taints": [{"key": "k", "effect": "NoSchedule"}],
            },
            "status": {"nodeInfo": info, "conditions": ready, "addresses": addresses},
        },
    )
    origin = Origin(file="a.yaml", line=3, lines={"ingress[0]": 9})
    add("networkpolicies.networking.k8s.io", {"metadata": meta("deny"), "spec": {"podSelector": {}}}, origin=origin)
    add("ciliumnetworkpolicies.cilium.io", {"metadata": meta("many"), "spec": None, "specs": [{"a": 1}, {"b": 2}]})
    reference = {"name": "deny", "namespace": "shop"}
    endpoint = {"policyRef": reference, "ingress": [{"cidr": "10.0.0.1"}]}
    add("policyendpoints.networking.k8s.aws", {"metadata": meta("deny-x"), "spec": endpoint})
    found = taken.fields(Source.CLUSTER)
    (node,) = found["nodes"]
    assert (node.os, node.kernel, node.ready, node.pod_cidrs) == ("windows", "10.0", True, ("10.1.0.0/24",))
    assert (node.addresses, node.taints, node.provider_id) == (("10.0.0.9",), ("k=:NoSchedule",), "aws:///a/i-1")
    deny, many = found["policies"]
    assert (deny.api_version, deny.kind, deny.origin) == ("networking.k8s.io/v1", "NetworkPolicy", origin)
    assert msgspec.json.decode(deny.spec) == {"podSelector": {}}
    assert msgspec.json.decode(many.spec) == [{"a": 1}, {"b": 2}]
    assert msgspec.json.decode(found["settings"][0].spec) == {"policyRef": reference}


@pytest.mark.parametrize("resource", sorted(LIST_TYPES))
def test_every_list_type_takes_a_page(resource):
    """Each page type reads its token and items, and null for what an API server may leave null."""
    page = {
        "metadata": {"continue": "next", "remainingItemCount": 3},
        "items": [{"metadata": {"name": "x", "labels": None}}],
    }
    found = msgspec.json.decode(msgspec.json.encode(page), type=LIST_TYPES[resource])
    assert (found.metadata.continue_, found.items[0].metadata.name) == ("next", "x")
    Objects().add(resource, found.items[0])
    assert msgspec.json.decode(b'{"metadata":{},"items":null}', type=LIST_TYPES[resource]).items is None


def test_addresses_that_are_none_are_left_out_and_named():
    """A pod's or node's address that cannot be read is a notice; a snapshot that held it could not be loaded again."""
    found = fields(
        wire_pod(podIPs=[{"ip": "999.1.1.1"}, {"ip": "10.0.0.7"}]),
        ("nodes", {"metadata": meta("n", ns=""), "spec": {"podCIDRs": ["10.0.0.0/24", "x"]}}),
    )
    assert [item.ips for item in found["pods"]] == [("10.0.0.7",)]
    assert [item.pod_cidrs for item in found["nodes"]] == [("10.0.0.0/24",)]
    assert [notice.object for notice in found["notices"]] == ["Pod shop/web-6f7-abc", "Node n"]
