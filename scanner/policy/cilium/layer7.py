"""What filters above the ports of an allow rule, and what of it the agent refuses.

Source: cilium/cilium, pkg/policy/api/rule_validation.go and l4.go, pkg/policy/l4.go (which parser an entry gets).
"""

from __future__ import annotations

import re

from scanner.policy.cilium.wire import WireAllowPorts, WireL7, WirePort
from scanner.policy.decode import FieldError

_PLAIN = re.compile(r"[A-Za-z0-9][-A-Za-z0-9._]{0,39}\Z")
_ZERO = re.compile(r"0+\Z")
_SMALL = re.compile(r"[0-9]{1,10}\Z")


def filtered(entry: WireAllowPorts, place: str, *, ingress: bool) -> str:
    """The protocol whose filter stands above an entry's ports: "dns", "http", "kafka", "tls", "envoy" …; empty for none.

    Raises:
        FieldError: a combination that the agent refuses.
    """
    rules = entry.rules or WireL7()
    ruled = any(each is not None for each in (rules.http, rules.kafka, rules.dns, rules.l7))
    _check_around(entry, place, ruled=ruled, ingress=ingress)
    if ruled:
        _check_rules(rules, entry, place, ingress=ingress)
    if rules.dns:
        return "dns"
    if rules.http:
        return "http"
    if rules.kafka:
        return "kafka"
    if rules.l7proto:
        return rules.l7proto if _PLAIN.match(rules.l7proto) else "l7"
    if entry.listener is not None:
        return "envoy"
    tls = entry.server_names or entry.terminating_tls is not None or entry.originating_tls is not None
    return "tls" if tls else ""


def _check_around(entry: WireAllowPorts, place: str, *, ruled: bool, ingress: bool) -> None:
    """Server names, TLS contexts and listeners."""
    if any(not name for name in entry.server_names or ()):
        raise FieldError(f"{place}.serverNames", "holds an empty name; remove it")
    if entry.server_names and ruled and entry.terminating_tls is None:
        raise FieldError(
            f"{place}.serverNames", "stands beside rules without terminatingTLS; add it or drop one of them"
        )
    if entry.listener is not None and ingress:
        raise FieldError(f"{place}.listener", "is for egress only; remove it")
    if entry.listener is not None and ruled:
        raise FieldError(f"{place}.listener", "stands beside rules; drop one of them")


def _check_rules(rules: WireL7, entry: WireAllowPorts, place: str, *, ingress: bool) -> None:
    kinds = [
        name
        for name, given in (
            ("http", rules.http is not None),
            ("kafka", rules.kafka is not None),
            ("dns", rules.dns is not None),
            ("l7proto", bool(rules.l7proto)),
        )
        if given
    ]
    if len(kinds) > 1:
        raise FieldError(f"{place}.rules", f"has {' and '.join(kinds)}; write them as two entries of toPorts")
    if rules.l7 is not None and not rules.l7proto:
        raise FieldError(f"{place}.rules.l7", "needs l7proto; add it")
    if rules.dns is not None and not entry.ports:
        raise FieldError(f"{place}.ports", "is missing, and DNS rules need a port; write port 53")
    if rules.dns and ingress:
        raise FieldError(f"{place}.rules.dns", "is for egress only; remove it")
    for index, port in enumerate(entry.ports or ()):
        if port is not None:
            _check_port(port, f"{place}.ports[{index}]", dns=bool(rules.dns))


def _check_port(port: WirePort, place: str, *, dns: bool) -> None:
    text = port.port or ""
    if not dns and port.protocol != "TCP":
        raise FieldError(f"{place}.protocol", "is not TCP, which rules above the ports need; write TCP")
    if _ZERO.match(text):
        raise FieldError(f"{place}.port", "is 0, beside rules above the ports; write the ports")
    if dns and _SMALL.match(text) and (port.end_port or 0) > int(text):
        raise FieldError(f"{place}.endPort", "is no port of DNS rules, which take no ranges; write each port")
