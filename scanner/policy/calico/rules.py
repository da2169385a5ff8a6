"""From one of Calico's rules to the resolved form.

Sources: Calico's API types (`api/pkg/apis/projectcalico/v3/policy_common.go`) and validator (`libcalico-go/lib/validator/v3`). In
an ingress rule `source` is the peer and `destination` the policy's own side, in an egress rule the other way round; the ports
that count are always the destination's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

from scanner.policy.calico.nets import read_nets
from scanner.policy.calico.peers import BOTH_FAMILIES, Found, Nets, Scope, own_side, peers_of
from scanner.policy.calico.ports import read_ports, read_protocol, rule_ports
from scanner.policy.calico.services import service_peers
from scanner.policy.calico.wire import WireEntity, WireRule
from scanner.policy.decode import FieldError, Remark, unknown_fields
from scanner.policy.model import Action, Network, Ports, Rule
from scanner.reach.model import Direction

_ACTIONS = {"Allow": Action.ALLOW, "Deny": Action.DENY, "Pass": Action.PASS}
_LOG = "Log"
_HARMLESS = ("metadata", "http")  # comments, and what is only filtered further up

Unknown = tuple[tuple[str, str], ...]


def read_rules(
    direction: Direction,
    wire: Sequence[WireRule | None] | None,
    scope: Scope,
    unknown: Unknown,
    remarks: list[Remark],
) -> Iterator[Rule]:
    """The rules of one list. A rule that only logs is left out, for the next one is asked as well.

    Raises:
        FieldError: Calico's API refuses a rule.
    """
    for index, each in enumerate(wire or ()):
        field = f"spec.{direction}[{index}]"
        if each is None or not each.action:
            raise FieldError(f"{field}.action", "is missing; write Allow, Deny, Log or Pass")
        if each.action != _LOG and each.action not in _ACTIONS:
            raise FieldError(f"{field}.action", f"is {each.action!r}; write Allow, Deny, Log or Pass")
        found = list(_Reader(direction, index, each, scope, remarks).read(_doubt(unknown, field)))
        yield from found if each.action != _LOG else ()


def _doubt(unknown: Unknown, field: str) -> str:
    harmless = tuple(f"{field}.{name}" for name in _HARMLESS)
    return unknown_fields(tuple(each for each in unknown if not each[0].startswith(harmless)), field)


class _Reader:
    """One rule."""

    def __init__(self, direction: Direction, index: int, wire: WireRule, scope: Scope, remarks: list[Remark]) -> None:
        self._direction = direction
        self._index = index
        self._wire = wire
        self._scope = scope
        self._remarks = remarks
        self._field = f"spec.{direction}[{index}]"
        source, destination = wire.source or WireEntity(), wire.destination or WireEntity()
        inward = direction is Direction.INGRESS
        self._destination = destination
        self._peer, self._own = (source, destination) if inward else (destination, source)
        names = ("source", "destination") if inward else ("destination", "source")
        self._peer_field, self._own_field = (f"{self._field}.{name}" for name in names)

    def read(self, unknown: str) -> Iterator[Rule]:
        """The rule, and where some of its peers or of its subject are in doubt further ones for those."""
        peer_nets, own_nets = self._nets()
        own = own_side(self._own, own_nets, self._own_field, self._scope)
        found, ports, port_doubt = self._peers_and_ports(peer_nets)
        doubts = [found.doubt, own.doubt, port_doubt, self._source_ports()]
        l7 = self._l7()
        if ports == () and not port_doubt and not unknown:
            message = "matches no port of TCP, UDP or SCTP, and other protocols are not judged"
            self._remarks.append((self._field, message))
            doubts, found = [], dataclasses.replace(found, more=())
        rule = Rule(
            direction=self._direction,
            index=self._index,
            peers=found.peers,
            ports=ports,
            action=_ACTIONS.get(self._wire.action or "", Action.ALLOW),
            subject=own.subject,
            l7=l7,
            doubt="; ".join(filter(None, doubts)),
        )
        if unknown:
            yield dataclasses.replace(rule, peers=None, ports=None, subject=None, doubt=unknown)
            return
        if found.peers == () and not found.more and self._peer.services is None:
            self._remarks.append((self._peer_field, "matches nothing: nothing has these labels or addresses"))
        yield rule
        if found.more:
            doubt = "; ".join(filter(None, [found.more_doubt, own.wider, *doubts]))
            yield dataclasses.replace(rule, peers=found.more, doubt=doubt, subject=None if own.wider else own.subject)
        if own.wider:
            yield dataclasses.replace(rule, subject=None, doubt="; ".join(filter(None, [own.wider, *doubts])))

    def _nets(self) -> tuple[Nets, Nets]:
        """The lists of nets of the peer and of the own side."""
        version = self._wire.ip_version
        if version not in (None, 4, 6):
            raise FieldError(f"{self._field}.ipVersion", "is none; write 4 or 6")
        families = BOTH_FAMILIES if version is None else frozenset({version})
        lists: list[tuple[Network, ...]] = []
        for entity, field in ((self._peer, self._peer_field), (self._own, self._own_field)):
            for wire, name in ((entity.nets, "nets"), (entity.not_nets, "notNets")):
                networks = read_nets(wire, f"{field}.{name}", strict=self._scope.strict)
                lists.append(networks)
                if networks:
                    families &= {each.version for each in networks}
        if self._scope.strict and len({each.version for networks in lists for each in networks}) > 1:
            raise FieldError(self._field, "names nets of IPv4 and of IPv6; write them as two rules")
        if self._scope.strict and not families:
            raise FieldError(f"{self._field}.ipVersion", "is another version of IP than the nets have; correct it")
        return Nets(lists[0], lists[1], families), Nets(lists[2], lists[3], families)

    def _peers_and_ports(self, nets: Nets) -> tuple[Found, tuple[Ports, ...] | None, str]:
        if self._own.services is not None:
            raise FieldError(f"{self._own_field}.services", "is the policy's own side; write a selector")
        ports, doubt = rule_ports(self._wire, self._destination, self._field)
        services = self._peer.services
        if services is None:
            return peers_of(self._peer, nets, self._peer_field, self._scope), ports, doubt
        if self._direction is Direction.EGRESS and (self._peer.ports or self._peer.not_ports):
            raise FieldError(f"{self._peer_field}.ports", "do not go with services; remove them")
        found, behind = service_peers(services, self._peer, self._peer_field, self._scope, self._remarks)
        if nets.families not in (BOTH_FAMILIES, self._scope.facts.families):
            why = f"{self._field} holds for one version of IP, and endpoints may have both"
            found = dataclasses.replace(found, doubt=found.doubt or why)
        if self._direction is Direction.INGRESS:
            return found, ports, doubt
        if behind is None:
            return found, ports, doubt or f"{self._peer_field}: the ports behind the Service are not known"
        allowed = None if ports is None else {each.protocol for each in ports}
        return found, tuple(each for each in behind if allowed is None or each.protocol in allowed), doubt

    def _source_ports(self) -> str:
        """The doubt that ports of the source cause: those of clients change from connection to connection."""
        source = self._wire.source or WireEntity()
        protocol = read_protocol(self._wire.protocol, f"{self._field}.protocol")
        for wire, name in ((source.ports, "ports"), (source.not_ports, "notPorts")):
            read_ports(wire, protocol, f"{self._field}.source.{name}")
            if wire:
                return f"{self._field}.source.{name} is not modelled"
        return ""

    def _l7(self) -> str:
        if self._wire.http is None:
            return ""
        field = f"{self._field}.http"
        if self._direction is Direction.EGRESS:
            raise FieldError(field, "is only for ingress rules; remove it")
        if self._wire.action != "Allow":
            raise FieldError(field, "is only for rules that allow; remove it")
        if self._wire.protocol not in (None, "TCP", 6, "6"):
            raise FieldError(field, "needs protocol TCP; write it or remove http")
        return "http"
