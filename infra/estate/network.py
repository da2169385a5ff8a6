"""The group's address plan: which ranges each cluster's network has, and what joins them across clouds.

The `vpc` part of a cloud record holds `{"id", "cidrs": [...], "peerings": [{"to", "kind", "cidrs": [...]}]}`: the network's
name, its own ranges, and per link the cluster at the far end (or "on-premises"), the kind of link (`peering`,
`transit-gateway`, `vpn`) and the far ranges that are routed over it.

One mistake is in the plan on purpose: partner-prod-neu lies inside the range of store-prod-euc1.
"""

from __future__ import annotations

import msgspec

OFFICE = "198.51.100.0/26"  # the group's own public range: VPN concentrators and build agents
PAY_EUW1 = "10.20.0.0/16"
STORE_EUC1 = "10.24.0.0/16"
CUSTODY_EUN1 = "10.28.0.0/16"
LEDGER_NODES, LEDGER_PODS = "10.40.0.0/20", "10.44.0.0/16"
INSIGHT_NODES, INSIGHT_PODS = "10.60.0.0/20", "10.64.0.0/16"
LEND_WEU = "10.80.0.0/16"
PARTNER_NEU = "10.24.64.0/18"
ON_PREMISES = "10.200.0.0/16"

_RANGES = {
    "pay-prod-euw1": ("vpc-0a51c0de20e0a0001", (PAY_EUW1,)),
    "store-prod-euc1": ("vpc-0a51c0de24e0a0002", (STORE_EUC1,)),
    "custody-prod-eun1": ("vpc-0a51c0de28e0a0003", (CUSTODY_EUN1,)),
    "ledger-prod-ew1": ("projects/net-host-prod-7b1f/global/networks/ledger-prod", (LEDGER_NODES, LEDGER_PODS)),
    "insight-prod-ew4": ("projects/net-host-prod-7b1f/global/networks/insight-prod", (INSIGHT_NODES, INSIGHT_PODS)),
    "lend-prod-weu": ("vnet-lend-prod-weu", (LEND_WEU,)),
    "partner-prod-neu": ("vnet-partner-prod-neu", (PARTNER_NEU,)),
    "on-premises": ("", (ON_PREMISES,)),
}
_LINKS = (
    ("pay-prod-euw1", "transit-gateway", "store-prod-euc1"),
    ("pay-prod-euw1", "transit-gateway", "custody-prod-eun1"),
    ("pay-prod-euw1", "vpn", "ledger-prod-ew1"),
    ("pay-prod-euw1", "vpn", "lend-prod-weu"),
    ("ledger-prod-ew1", "peering", "insight-prod-ew4"),
    ("lend-prod-weu", "peering", "partner-prod-neu"),
    ("custody-prod-eun1", "vpn", "on-premises"),
)


def vpc(cluster: str) -> msgspec.Raw:
    """The `vpc` part of one cluster's record."""
    name, cidrs = _RANGES[cluster]
    links = [(kind, far) for near, kind, far in _LINKS if near == cluster]
    links += [(kind, near) for near, kind, far in _LINKS if far == cluster]
    peerings = [{"to": far, "kind": kind, "cidrs": _RANGES[far][1]} for kind, far in sorted(links)]
    return msgspec.Raw(msgspec.json.encode({"id": name, "cidrs": cidrs, "peerings": peerings}))


def vpc_id(cluster: str) -> str:
    """The name of a cluster's network, as its cloud writes it."""
    return _RANGES[cluster][0]
