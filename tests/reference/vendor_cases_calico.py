"""Calico's own examples, shortened, with what their pages say becomes of them."""

from __future__ import annotations

from typing import Any

from tests.reference.vendor_cases import Asked, Wire
from tests.reference.vendor_wire import calico as policy
from tests.reference.vendor_wire import cluster, global_calico, namespace, netpol, network_set, pod, tier

NETWORK_POLICY = "docs.tigera.io calico/latest/reference/resources/networkpolicy"
TIER = "docs.tigera.io calico/latest/reference/resources/tier"
TIERED = "docs.tigera.io calico/latest/network-policy/policy-tiers/tiered-policy"
GET_STARTED = "docs.tigera.io calico/latest/network-policy/get-started/calico-policy/calico-network-policy"
LABELS = "docs.tigera.io calico/latest/network-policy/get-started/calico-policy/calico-labels"
EXTERNAL = "docs.tigera.io calico/latest/network-policy/policy-rules/external-ips-policy"
ACCOUNTS = "docs.tigera.io calico/latest/network-policy/policy-rules/service-accounts"
DEFAULT_DENY = "docs.tigera.io calico/latest/network-policy/get-started/kubernetes-default-deny"

COLOURS = (
    namespace("production"),
    namespace("round", shape="circle"),
    pod("production/red", {"color": "red"}, ports=(("http-port", 8080, "TCP"),), ips=("10.0.0.1",)),
    pod("production/blue", {"color": "blue"}, ports=(("http-port", 80, "TCP"),), ips=("10.0.0.2",)),
    pod("round/blue", {"color": "blue"}, ips=("10.0.0.3",)),
)
BLUE_TO_6379 = {
    "action": "Allow",
    "protocol": "TCP",
    "source": {"selector": "color == 'blue'"},
    "destination": {"ports": [6379]},
}
LOCAL = cluster(*COLOURS, policy("production/allow", {"selector": "color == 'red'", "ingress": [BLUE_TO_6379]}))
ROUND = cluster(
    *COLOURS,
    policy(
        "production/allow",
        {
            "selector": "color == 'red'",
            "ingress": [
                BLUE_TO_6379 | {"source": {"selector": "color == 'blue'", "namespaceSelector": "shape == 'circle'"}}
            ],
        },
    ),
)


def ingress(*rules: Wire, **spec: Any) -> Wire:
    """The colours under one global policy for red pods."""
    return cluster(*COLOURS, global_calico("p", {"selector": "color == 'red'", "ingress": list(rules)} | spec))


def ordered(first: float | None, second: float | None, action: str = "Deny") -> Wire:
    """Two global policies that say the opposite: the first allows, the second denies."""
    return cluster(
        *COLOURS,
        global_calico("b-allow", {"ingress": [{"action": "Allow"}]} | ({} if first is None else {"order": first})),
        global_calico("a-deny", {"ingress": [{"action": action}]} | ({} if second is None else {"order": second})),
    )


STAGES = (pod("one/stage", {"env": "stage"}), pod("one/dev", {"env": "dev"}), pod("one/peer", {"env": "stage"}))
DEVOPS = {
    "tier": "devops",
    "order": 255,
    "selector": "env == 'stage'",
    "ingress": [{"action": "Deny", "source": {"selector": "env != 'stage'"}}, {"action": "Pass"}],
}
PASSED = cluster(*STAGES, tier("devops", 300), global_calico("devops.stage", DEVOPS))
CLOSED = cluster(
    *STAGES,
    tier("devops", 300),
    global_calico("devops.stage", DEVOPS | {"ingress": DEVOPS["ingress"][:1]}),
    policy("one/open", {"ingress": [{"action": "Allow"}]}),
)
OPEN_ENDED = cluster(*CLOSED["objects"][:3], tier("devops", 300, "Pass"), *CLOSED["objects"][4:])
DENY_SETS = cluster(
    *COLOURS,
    network_set("ip-protect", ["192.0.2.55/32", "203.0.113.0/24"], {"deny": "true"}),
    global_calico(
        "ip-protect",
        {
            "ingress": [
                {"action": "Deny", "source": {"selector": "deny == 'true' && !has(projectcalico.org/namespace)"}},
                {"action": "Allow"},
            ]
        },
    ),
)
SET_IN_NAMESPACED = {"egress": [{"action": "Allow", "destination": {"selector": "role == 'db'"}}]}
DATABASES = (network_set("role-db", ["198.51.100.0/28"], {"role": "db"}),)
NAMED_ACCOUNTS = cluster(
    pod("one/db", {"app": "db"}),
    pod("one/api", account="api-service"),
    pod("one/web", account="web"),
    pod("one/unknown"),
    policy(
        "one/demo",
        {
            "selector": 'app == "db"',
            "ingress": [{"action": "Allow", "source": {"serviceAccounts": {"names": ["api-service", "user-auth"]}}}],
        },
    ),
)
KUBERNETES_LATER = cluster(
    *COLOURS,
    netpol("production/open", {"podSelector": {}, "ingress": [{}]}),
    policy("production/closed", {"order": 999, "ingress": [{"action": "Deny"}]}),
)
KUBERNETES_FIRST = cluster(
    *KUBERNETES_LATER["objects"][:-1],
    policy("production/closed", {"order": 1001, "ingress": [{"action": "Deny"}]}),
)
ONLY_INGRESS = cluster(*COLOURS, global_calico("p", {"selector": "all()", "types": ["Ingress"]}))
RED, NEAR_BLUE, FAR_BLUE = "pod:production/red", "pod:production/blue", "pod:round/blue"

CASES = [Asked(*case) for case in (
    (f"{GET_STARTED} same namespace", LOCAL, NEAR_BLUE, RED, "TCP", 6379, True),
    (f"{GET_STARTED} another port", LOCAL, NEAR_BLUE, RED, "TCP", 6380, False),
    (f"{GET_STARTED} another namespace", LOCAL, FAR_BLUE, RED, "TCP", 6379, False),
    (f"{GET_STARTED} egress not governed", LOCAL, RED, FAR_BLUE, "TCP", 1, True),
    (f"{GET_STARTED} namespaces by label", ROUND, FAR_BLUE, RED, "TCP", 6379, True),
    (f"{GET_STARTED} namespaces by label only", ROUND, NEAR_BLUE, RED, "TCP", 6379, False),
    (f"{GET_STARTED} lowest order first", ordered(10, 20), NEAR_BLUE, RED, "TCP", 80, True),
    (f"{GET_STARTED} highest order last", ordered(20, 10), NEAR_BLUE, RED, "TCP", 80, False),
    (f"{GET_STARTED} log goes on", ordered(20, 10, "Log"), NEAR_BLUE, RED, "TCP", 80, True),
    (f"{NETWORK_POLICY} no order is last", ordered(None, 1e9), NEAR_BLUE, RED, "TCP", 80, False),
    (f"{NETWORK_POLICY} ties by name", ordered(5, 5), NEAR_BLUE, RED, "TCP", 80, False),
    (f"{GET_STARTED} a block", cluster(*COLOURS, policy("production/p", {"egress": [
        {"action": "Allow", "destination": {"nets": ["192.0.2.0/24"]}}]})), RED, "ip:192.0.2.7", "TCP", 80, True),
    (f"{NETWORK_POLICY} nets match packets, so a pod's address too", ingress({"action": "Allow", "source": {
        "nets": ["10.0.0.2/32"]}}), NEAR_BLUE, RED, "TCP", 80, True),
    (f"{NETWORK_POLICY} notNets", ingress({"action": "Allow", "source": {"notNets": ["10.0.0.2/32"]}}),
     NEAR_BLUE, RED, "TCP", 80, False),
    (f"{NETWORK_POLICY} all() is not all packets", ingress({"action": "Allow", "source": {"selector": "all()"}}),
     "ip:8.8.8.8", RED, "TCP", 80, False),
    (f"{NETWORK_POLICY} notSelector lets outsiders pass", ingress({"action": "Allow", "source": {
        "notSelector": "color == 'blue'"}}), "ip:8.8.8.8", RED, "TCP", 80, True),
    (f"{NETWORK_POLICY} notSelector stops whom it names", ingress({"action": "Allow", "source": {
        "notSelector": "color == 'blue'"}}), NEAR_BLUE, RED, "TCP", 80, False),
    (f"{NETWORK_POLICY} notSelector in a namespaced policy is told two ways", cluster(*COLOURS, policy("production/p", {
        "ingress": [{"action": "Allow", "source": {"notSelector": "color == 'blue'"}}]})),
     "ip:8.8.8.8", RED, "TCP", 80, None),
    (f"{NETWORK_POLICY} a port range", ingress({"action": "Allow", "protocol": "TCP", "destination": {
        "ports": [1, "6040:6050"]}}), NEAR_BLUE, RED, "TCP", 6050, True),
    (f"{NETWORK_POLICY} each endpoint's own named port", ingress({"action": "Allow", "protocol": "TCP", "destination": {
        "ports": ["http-port"]}}), NEAR_BLUE, RED, "TCP", 8080, True),
    (f"{NETWORK_POLICY} not another's", ingress({"action": "Allow", "protocol": "TCP", "destination": {
        "ports": ["http-port"]}}), NEAR_BLUE, RED, "TCP", 80, False),
    (f"{NETWORK_POLICY} notPorts", ingress({"action": "Allow", "protocol": "TCP", "destination": {
        "notPorts": ["http-port"]}}), NEAR_BLUE, RED, "TCP", 8080, False),
    (f"{NETWORK_POLICY} protocol numbers", ingress({"action": "Allow", "protocol": 17}), NEAR_BLUE, RED, "UDP", 80, True),
    (f"{NETWORK_POLICY} notProtocol", ingress({"action": "Allow", "notProtocol": "TCP"}), NEAR_BLUE, RED, "SCTP", 80, True),
    (f"{NETWORK_POLICY} types without rules is ingress", cluster(*COLOURS, global_calico("p", {})),
     RED, "ip:8.8.8.8", "TCP", 80, True),
    (f"{NETWORK_POLICY} types with egress rules alone is egress", cluster(*COLOURS, global_calico("p", {
        "egress": [{"action": "Deny"}]})), "ip:8.8.8.8", RED, "TCP", 80, True),
    (f"{LABELS} namespaces by name", ingress({"action": "Allow", "source": {
        "namespaceSelector": "projectcalico.org/name == 'round'"}}), FAR_BLUE, RED, "TCP", 80, True),
    (f"{LABELS} namespaces in the selector", ingress({"action": "Allow", "source": {
        "selector": "projectcalico.org/namespace == 'round'"}}), NEAR_BLUE, RED, "TCP", 80, False),
    (f"{TIER} pass goes on, then the profile allows", PASSED, "pod:one/peer", "pod:one/stage", "TCP", 80, True),
    (f"{TIER} deny is final", PASSED, "pod:one/dev", "pod:one/stage", "TCP", 80, False),
    (f"{TIER} a tier that applies drops at its end", CLOSED, "pod:one/peer", "pod:one/stage", "TCP", 80, False),
    (f"{TIER} unless its default action is Pass", OPEN_ENDED, "pod:one/peer", "pod:one/stage", "TCP", 80, True),
    (f"{TIERED} a tier that applies to nobody is skipped", CLOSED, "pod:one/peer", "pod:one/dev", "TCP", 80, True),
    (f"{TIERED} a tier of ingress leaves egress alone", CLOSED, "pod:one/stage", "ip:8.8.8.8", "TCP", 80, True),
    (f"{TIERED} Kubernetes policies are in the default tier, order 1000: earlier wins", KUBERNETES_LATER,
     NEAR_BLUE, RED, "TCP", 80, False),
    (f"{TIERED} Kubernetes policies are in the default tier, order 1000: later loses", KUBERNETES_FIRST,
     NEAR_BLUE, RED, "TCP", 80, True),
    (f"{DEFAULT_DENY} no policy, all allowed", cluster(*COLOURS), FAR_BLUE, RED, "TCP", 80, True),
    (f"{DEFAULT_DENY} default deny", ONLY_INGRESS, FAR_BLUE, RED, "TCP", 80, False),
    (f"{DEFAULT_DENY} of that type only", ONLY_INGRESS, RED, "ip:8.8.8.8", "TCP", 80, True),
    (f"{EXTERNAL} a global set denies", DENY_SETS, "ip:203.0.113.9", RED, "TCP", 80, False),
    (f"{EXTERNAL} and no other address", DENY_SETS, "ip:203.0.114.9", RED, "TCP", 80, True),
    ("docs.tigera.io calico/latest/reference/resources/globalnetworkset needs global() in a namespaced policy",
     cluster(*COLOURS, *DATABASES, policy("production/p", SET_IN_NAMESPACED)), RED, "ip:198.51.100.3", "TCP", 80, False),
    ("docs.tigera.io calico/latest/reference/resources/globalnetworkset with global()",
     cluster(*COLOURS, *DATABASES, policy("production/p", {"egress": [{"action": "Allow", "destination": {
         "selector": "role == 'db'", "namespaceSelector": "global()"}}]})), RED, "ip:198.51.100.3", "TCP", 80, True),
    ("docs.tigera.io calico/latest/reference/resources/networkset in the policy's namespace",
     cluster(*COLOURS, network_set("production/db", ["198.51.100.0/28"], {"role": "db"}),
             policy("production/p", SET_IN_NAMESPACED)),
     RED, "ip:198.51.100.3", "TCP", 80, True),
    ("docs.tigera.io calico/latest/reference/resources/networkset in another namespace",
     cluster(*COLOURS, network_set("round/db", ["198.51.100.0/28"], {"role": "db"}),
             policy("production/p", SET_IN_NAMESPACED)),
     RED, "ip:198.51.100.3", "TCP", 80, False),
    (f"{ACCOUNTS} by name", NAMED_ACCOUNTS, "pod:one/api", "pod:one/db", "TCP", 80, True),
    (f"{ACCOUNTS} another name", NAMED_ACCOUNTS, "pod:one/web", "pod:one/db", "TCP", 80, False),
    (f"{ACCOUNTS} nobody knows the name", NAMED_ACCOUNTS, "pod:one/unknown", "pod:one/db", "TCP", 80, None),
    ("docs.tigera.io calico/latest/network-policy/staged-network-policies enforce nothing",
     cluster(*COLOURS, global_calico("p", {"ingress": [{"action": "Deny"}]}) | {"kind": "StagedGlobalNetworkPolicy"}),
     NEAR_BLUE, RED, "TCP", 80, True),
)]  # fmt: skip
