"""Cilium's own examples, shortened, with what their pages say becomes of them."""

from __future__ import annotations

from typing import Any

from tests.reference.vendor_cases import Asked, Wire
from tests.reference.vendor_wire import ccnp, cidr_group, cluster, cnp, pod, service

LEIA, LUKE = {"name": "leia"}, {"name": "luke"}
LAYER3 = "docs.cilium.io security/policy/layer3"
LAYER4 = "docs.cilium.io security/policy/layer4"
INTRO = "docs.cilium.io security/policy/intro"
DENY = "docs.cilium.io security/policy/deny"
KUBERNETES = "docs.cilium.io security/policy/kubernetes"
GROUPS = "docs.cilium.io network/kubernetes/ciliumcidrgroup"
IMPORTED = "cilium/cilium pkg/policy/utils/helpers.go and selector.go"


def allow(**spec: Any) -> Wire:
    """A rule set for every pod in its reach."""
    return {"endpointSelector": {}} | spec


def app(name: str, **spec: Any) -> Wire:
    """A rule set for the pods of an app."""
    return {"endpointSelector": {"matchLabels": {"app": name}}} | spec


def to_port(number: str, **more: Any) -> list[Wire]:
    """`toPorts` with one port."""
    return [{"ports": [{"port": number} | more]}]


PAIR = (pod("one/leia", LEIA), pod("one/luke", LUKE), pod("two/luke", LUKE), pod("two/other", {"name": "han"}))
EXPOSED = cluster(
    *PAIR,
    cnp(
        "one/expose",
        {
            "endpointSelector": {"matchLabels": LEIA},
            "ingress": [{"fromEndpoints": [{"matchLabels": LUKE | {"k8s:io.kubernetes.pod.namespace": "two"}}]}],
        },
    ),
)
ISOLATED = cluster(*PAIR, cnp("one/isolate", allow(ingress=[{"fromEndpoints": [{"matchLabels": {}}]}])))
LOCKED = cluster(
    *PAIR,
    ccnp("lockdown", allow(ingressDeny=[{"fromEntities": ["world"]}], ingress=[{"fromEntities": ["all"]}])),
)
SERVER = (pod("one/server", {"app": "server"}), pod("one/client", {"app": "client"}))


def denial(*denied: Wire) -> Wire:
    """The table of the page on deny policies: a client allowed on all layers, with some denials."""
    client = {"fromEndpoints": [{"matchLabels": {"app": "client"}}]}
    return cluster(
        *SERVER,
        cnp("one/allow", app("server", ingress=[client, client | {"toPorts": to_port("80")}])),
        cnp("one/deny", app("server", ingressDeny=[client | each for each in denied])),
    )


SERVICE_ACCOUNTS = cluster(
    pod("one/a", account="leia"),
    pod("one/b", account="luke"),
    pod("one/c", account="han"),
    pod("one/d"),
    cnp(
        "one/accounts",
        {
            "endpointSelector": {"matchLabels": {"io.cilium.k8s.policy.serviceaccount": "leia"}},
            "ingress": [{"fromEndpoints": [{"matchLabels": {"io.cilium.k8s.policy.serviceaccount": "luke"}}]}],
        },
    ),
)
BLOCKS = cluster(
    pod("one/my", {"app": "my"}),
    pod("one/inside", ips=("10.1.1.1",)),
    cnp(
        "one/cidr",
        app(
            "my",
            egress=[{"toCIDR": ["20.1.1.1/32"]}, {"toCIDRSet": [{"cidr": "10.0.0.0/8", "except": ["10.96.0.0/12"]}]}],
        ),
    ),
)
NAMES = cluster(
    pod("one/test", {"app": "test"}),
    cnp(
        "one/fqdn",
        app(
            "test",
            egress=[
                {"toFQDNs": [{"matchName": "my-remote-service.com"}], "toPorts": to_port("443", protocol="TCP")},
                {"toFQDNs": [{"matchPattern": "*.cilium.io"}]},
                {"toFQDNs": [{"matchPattern": "part*ial.com"}]},
                {"toFQDNs": [{"matchPattern": "**.cascade.io"}]},
            ],
        ),
    ),
)
SERVICES = cluster(
    pod("one/app2", {"id": "app2"}),
    pod("default/back", {"app": "back"}),
    pod("default/front", {"app": "front"}),
    service("default/myservice", {"app": "back"}),
    cnp(
        "one/service",
        {
            "endpointSelector": {"matchLabels": {"id": "app2"}},
            "egress": [{"toServices": [{"k8sService": {"serviceName": "myservice", "namespace": "default"}}]}],
        },
    ),
)
CLUSTERWIDE = cluster(
    *PAIR,
    ccnp("wide", {"endpointSelector": {"matchLabels": LEIA}, "ingress": [{"fromEndpoints": [{"matchLabels": LUKE}]}]}),
)
DNS_OPEN = cluster(
    pod("kube-system/dns", {"k8s-app": "kube-dns"}),
    pod("one/any"),
    ccnp(
        "wildcard",
        {
            "endpointSelector": {
                "matchLabels": {"k8s:io.kubernetes.pod.namespace": "kube-system", "k8s-app": "kube-dns"}
            },
            "ingress": [{"fromEndpoints": [{}], "toPorts": to_port("53", protocol="UDP")}],
        },
    ),
)
NO_DEFAULT = cluster(
    pod("one/any"),
    pod("kube-system/dns", {"k8s-app": "kube-dns"}),
    ccnp(
        "intercept",
        allow(
            enableDefaultDeny={"egress": False, "ingress": False},
            egress=[
                {
                    "toEndpoints": [{"matchLabels": {"k8s-app": "kube-dns"}}],
                    "toPorts": [{"ports": [{"port": "53"}], "rules": {"dns": [{"matchPattern": "*"}]}}],
                }
            ],
            egressDeny=[{"toCIDR": ["192.0.2.0/24"]}],
        ),
    ),
)
VPN = cluster(
    pod("one/any"),
    cidr_group("vpn-1", "10.48.0.0/24", role="vpn"),
    cidr_group("vpn-2", "10.16.0.0/24", role="vpn"),
    cnp("one/by-name", allow(ingress=[{"fromCIDRSet": [{"cidrGroupRef": "vpn-1"}]}])),
)
VPN_BY_LABEL = cluster(
    *VPN["objects"][:-1],
    cnp("one/by-label", allow(ingress=[{"fromCIDRSet": [{"cidrGroupSelector": {"matchLabels": {"role": "vpn"}}}]}])),
)
TWO_SPECS = cluster(
    *SERVER,
    cnp(
        "one/specs",
        app("server", ingress=[{"fromEndpoints": [{"matchLabels": {"app": "client"}}]}]),
        app("client", egress=[{}]),
    ),
)
NOT_HERE = {"matchExpressions": [{"key": "io.kubernetes.pod.namespace", "operator": "NotIn", "values": ["two"]}]}
NUMBERED = cluster(
    pod("one/a", {"app": "a"}, ports=(("http", 8080, "TCP"),)),
    pod("one/b", ports=(("http", 80, "TCP"),)),
    cnp("one/named", app("a", ingress=[{"toPorts": to_port("http")}])),
)
EGRESS_NAMED = cluster(*NUMBERED["objects"][:2], cnp("one/named", app("a", egress=[{"toPorts": to_port("http")}])))


def one_rule(word: str, rule: Wire) -> Wire:
    """A pod under one rule, with another pod beside it."""
    return cluster(
        pod("one/my", {"app": "my"}), pod("one/back", {"app": "back"}), cnp("one/rule", app("my", **{word: [rule]}))
    )


CASES = [Asked(*case) for case in (
    (f"{KUBERNETES} expose pods across namespaces", EXPOSED, "pod:two/luke", "pod:one/leia", "TCP", 80, True),
    (f"{KUBERNETES} only the namespace named", EXPOSED, "pod:one/luke", "pod:one/leia", "TCP", 80, False),
    (f"{KUBERNETES} only pods in the policy's namespace", EXPOSED, "pod:one/leia", "pod:two/luke", "TCP", 80, True),
    (f"{KUBERNETES} namespace boundaries inside", ISOLATED, "pod:one/luke", "pod:one/leia", "TCP", 80, True),
    (f"{KUBERNETES} namespace boundaries outside", ISOLATED, "pod:two/luke", "pod:one/leia", "TCP", 80, False),
    (f"{KUBERNETES} egress is still free", ISOLATED, "pod:one/luke", "pod:two/other", "TCP", 80, True),
    (f"{KUBERNETES} clusterwide reaches any namespace", CLUSTERWIDE, "pod:two/luke", "pod:one/leia", "TCP", 80, True),
    (f"{KUBERNETES} clusterwide selects by label", CLUSTERWIDE, "pod:two/other", "pod:one/leia", "TCP", 80, False),
    (f"{KUBERNETES} all managed endpoints to kube-dns", DNS_OPEN, "pod:one/any", "pod:kube-system/dns", "UDP", 53, True),
    (f"{KUBERNETES} kube-dns other protocol", DNS_OPEN, "pod:one/any", "pod:kube-system/dns", "TCP", 53, False),
    (f"{KUBERNETES} kube-dns not from outside", DNS_OPEN, "ip:8.8.8.8", "pod:kube-system/dns", "UDP", 53, False),
    (f"{KUBERNETES} service accounts", SERVICE_ACCOUNTS, "pod:one/b", "pod:one/a", "TCP", 80, True),
    (f"{KUBERNETES} another service account", SERVICE_ACCOUNTS, "pod:one/c", "pod:one/a", "TCP", 80, False),
    (f"{KUBERNETES} an unknown service account", SERVICE_ACCOUNTS, "pod:one/d", "pod:one/a", "TCP", 80, None),
    (f"{DENY} table, 81 with no denial", denial(), "pod:one/client", "pod:one/server", "TCP", 81, True),
    (f"{DENY} table, 80 denied", denial({"toPorts": to_port("80")}), "pod:one/client", "pod:one/server", "TCP", 80, False),
    (f"{DENY} table, 81 beside it", denial({"toPorts": to_port("80")}), "pod:one/client", "pod:one/server", "TCP", 81, True),
    (f"{DENY} table, layer 3 denied", denial({}), "pod:one/client", "pod:one/server", "TCP", 80, False),
    (f"{DENY} world locked out", LOCKED, "ip:8.8.8.8", "pod:one/leia", "TCP", 80, False),
    (f"{DENY} inside the cluster still open", LOCKED, "pod:two/luke", "pod:one/leia", "TCP", 80, True),
    (f"{LAYER3} egress default deny", one_rule("egress", {}), "pod:one/my", "pod:one/back", "TCP", 80, False),
    (f"{LAYER3} an empty section has no effect", cluster(*SERVER, cnp("one/p", allow(egress=[]))),
     "pod:one/client", "pod:one/server", "TCP", 80, True),
    (f"{LAYER3} a block", BLOCKS, "pod:one/my", "ip:20.1.1.1", "TCP", 80, True),
    (f"{LAYER3} a set less its exception", BLOCKS, "pod:one/my", "ip:10.96.3.4", "TCP", 80, False),
    (f"{LAYER3} a set beside its exception", BLOCKS, "pod:one/my", "ip:10.1.2.3", "TCP", 80, True),
    (f"{LAYER3} blocks apply to no pod", BLOCKS, "pod:one/my", "pod:one/inside", "TCP", 80, False),
    (f"{LAYER3} a name", NAMES, "pod:one/test", "dns:my-remote-service.com", "TCP", 443, True),
    (f"{LAYER3} a name on another port", NAMES, "pod:one/test", "dns:my-remote-service.com", "TCP", 80, False),
    (f"{LAYER3} *.cilium.io and a name below", NAMES, "pod:one/test", "dns:sub.cilium.io", "TCP", 80, True),
    (f"{LAYER3} *.cilium.io and itself", NAMES, "pod:one/test", "dns:cilium.io", "TCP", 80, False),
    (f"{LAYER3} *.cilium.io and two below", NAMES, "pod:one/test", "dns:sub.sub.cilium.io", "TCP", 80, False),
    (f"{LAYER3} part*ial.com with nothing", NAMES, "pod:one/test", "dns:partial.com", "TCP", 80, True),
    (f"{LAYER3} part*ial.com with more", NAMES, "pod:one/test", "dns:part-extra-ial.com", "TCP", 80, True),
    (f"{LAYER3} **. and two below", NAMES, "pod:one/test", "dns:test.app.cascade.io", "TCP", 80, True),
    (f"{LAYER3} **. and itself", NAMES, "pod:one/test", "dns:cascade.io", "TCP", 80, False),
    (f"{LAYER3} a service's pods", SERVICES, "pod:one/app2", "pod:default/back", "TCP", 80, True),
    (f"{LAYER3} pods of no service", SERVICES, "pod:one/app2", "pod:default/front", "TCP", 80, False),
    (f"{LAYER3} cluster is not the world", one_rule("egress", {"toEntities": ["cluster"]}),
     "pod:one/my", "ip:8.8.8.8", "TCP", 80, False),
    (f"{LAYER3} world is not the cluster", one_rule("egress", {"toEntities": ["world"]}),
     "pod:one/my", "pod:one/back", "TCP", 80, False),
    (f"{LAYER3} nodes as peers", one_rule("ingress", {"fromEntities": ["host", "remote-node"]}),
     "entity:remote-node", "pod:one/my", "TCP", 80, True),
    (f"{LAYER4} a port to anywhere", one_rule("egress", {"toPorts": to_port("80", protocol="TCP")}),
     "pod:one/my", "ip:8.8.8.8", "TCP", 80, True),
    (f"{LAYER4} no other port", one_rule("egress", {"toPorts": to_port("80", protocol="TCP")}),
     "pod:one/my", "pod:one/back", "TCP", 81, False),
    (f"{LAYER4} the end of a range", one_rule("egress", {"toPorts": to_port("80", endPort=444, protocol="TCP")}),
     "pod:one/my", "ip:8.8.8.8", "TCP", 444, True),
    (f"{LAYER4} past a range", one_rule("egress", {"toPorts": to_port("80", endPort=444, protocol="TCP")}),
     "pod:one/my", "ip:8.8.8.8", "TCP", 445, False),
    (f"{LAYER4} any protocol", one_rule("egress", {"toPorts": to_port("80")}), "pod:one/my", "ip:8.8.8.8", "UDP", 80, True),
    (f"{LAYER4} ICMP rules open no port", one_rule("egress", {"icmps": [{"fields": [{"type": 8}]}]}),
     "pod:one/my", "ip:8.8.8.8", "TCP", 80, False),
    (f"{LAYER4} port 0 is every port (wildcard_port_listener.yaml)",
     one_rule("egress", {"toPorts": to_port("0", protocol="TCP")}), "pod:one/my", "ip:8.8.8.8", "TCP", 65535, True),
    (f"{LAYER4} the pod's own named port", NUMBERED, "pod:one/b", "pod:one/a", "TCP", 8080, True),
    (f"{LAYER4} another pod's number for the name", NUMBERED, "pod:one/b", "pod:one/a", "TCP", 80, False),
    ("cilium issue 30003 a name with two numbers on egress", EGRESS_NAMED, "pod:one/a", "pod:one/b", "TCP", 80, None),
    (f"{INTRO} no default deny, no drop", NO_DEFAULT, "pod:one/any", "ip:8.8.8.8", "TCP", 80, True),
    (f"{INTRO} no default deny, denials count", NO_DEFAULT, "pod:one/any", "ip:192.0.2.1", "TCP", 80, False),
    (f"{GROUPS} by name", VPN, "ip:10.48.0.9", "pod:one/any", "TCP", 80, True),
    (f"{GROUPS} another group", VPN, "ip:10.16.0.9", "pod:one/any", "TCP", 80, False),
    (f"{GROUPS} by label", VPN_BY_LABEL, "ip:10.16.0.9", "pod:one/any", "TCP", 80, True),
    (f"{IMPORTED} every rule set of a list, ingress", TWO_SPECS, "pod:one/client", "pod:one/server", "TCP", 80, False),
    (f"{IMPORTED} every rule set of a list, egress", TWO_SPECS, "pod:one/server", "pod:one/client", "TCP", 80, True),
    (f"{IMPORTED} only excluded namespaces, a pod", cluster(*PAIR, cnp("one/p", allow(ingress=[{"fromEndpoints": [NOT_HERE]}]))),
     "pod:two/luke", "pod:one/leia", "TCP", 80, False),
    (f"{IMPORTED} only excluded namespaces, an address",
     cluster(*PAIR, cnp("one/p", allow(ingress=[{"fromEndpoints": [NOT_HERE]}]))), "ip:8.8.8.8", "pod:one/leia", "TCP", 80, None),
)]  # fmt: skip
