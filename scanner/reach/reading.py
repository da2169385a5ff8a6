"""How one level reads ipBlocks and ports: the specification, or what a data plane's capabilities say."""

from __future__ import annotations

from dataclasses import dataclass

from scanner.dataplane.model import Answer, Capabilities, DataPlane, Fact, Value
from scanner.model import Pod


@dataclass(frozen=True, slots=True)
class Reading:
    """How ipBlocks and ports are read at one level. Doubt stays doubt; the declared level has none unless asked for.

    `asked` says that a person wants ipBlocks to match pods: then 0.0.0.0/0 also matches those without a known address.
    """

    declared: bool
    blocks_match_pods: Answer
    blocks_match_nodes: Answer
    asked: bool
    excepts: Answer
    excepts_may_be_ignored: bool
    unsupported: frozenset[str]  # port features this plane is not known to honour: named, range, sctp
    names_in_doubt: bool  # whether one port name with several numbers may open all of them, or break the rule
    selectors_match_hosts: Answer  # whether a selector chooses host-network pods as peers, and so opens their node
    port_entries: int  # how many of them the plane keeps for one address, 0 for all
    service_egress: (
        Answer  # whether egress to a Service is judged at the pods behind it, rather than at its own address
    )
    nodes_reach_pods: bool  # whether a node may reach its own pods whatever policy says

    def addressed(self, pod: Pod) -> bool:
        """Whether an ipBlock may match this pod, so that its addresses tell it apart from others."""
        if self.blocks_match_pods is not Answer.NO:
            return True
        return pod.host_network and self.blocks_match_nodes is not Answer.NO


def declared_reading(blocks_match_pods: bool | None) -> Reading:
    """The specification: an ipBlock matches no pod unless asked for, everything else is honoured."""
    return Reading(
        declared=True,
        blocks_match_pods=Answer.YES if blocks_match_pods else Answer.NO,
        blocks_match_nodes=Answer.NO,
        asked=bool(blocks_match_pods),
        excepts=Answer.YES,
        excepts_may_be_ignored=False,
        unsupported=frozenset(),
        names_in_doubt=False,
        selectors_match_hosts=Answer.NO,
        port_entries=0,
        service_egress=Answer.YES,
        nodes_reach_pods=False,
    )


def effective_reading(dataplane: DataPlane, blocks_match_pods: bool | None) -> Reading:
    """What the data plane's capabilities say, as far as they are firm."""
    facts = dataplane.capabilities
    matching = facts.ipblock_matches_pods.firm if facts else Answer.UNKNOWN
    if blocks_match_pods is not None:
        matching = Answer.YES if blocks_match_pods else Answer.NO
    features: dict[str, Fact] = (
        {"named": facts.named_ports, "range": facts.end_port, "sctp": facts.sctp} if facts else {}
    )
    hosts = facts.host_network_selected.firm if facts else Answer.UNKNOWN
    return Reading(
        declared=False,
        blocks_match_pods=matching,
        blocks_match_nodes=facts.ipblock_matches_nodes.firm if facts else Answer.UNKNOWN,
        asked=bool(blocks_match_pods),
        excepts=facts.except_honoured.firm if facts else Answer.UNKNOWN,
        excepts_may_be_ignored=facts is None or facts.except_honoured.answer is Answer.NO,
        unsupported=frozenset(name for name, fact in features.items() if not _surely_honoured(name, fact)),
        names_in_doubt=facts is None or facts.named_ports.answer is Answer.UNKNOWN,
        selectors_match_hosts=hosts,
        port_entries=dataplane.engine.limits.port_entries if dataplane.engine and dataplane.engine.limits else 0,
        service_egress=_service_egress(facts),
        nodes_reach_pods=facts is None or facts.own_node_policed.firm is not Answer.YES,
    )


def _service_egress(facts: Capabilities | None) -> Answer:
    """After translation, as the specification has it, unless the catalogue says otherwise; then as far as that is firm."""
    if facts is None or facts.service_egress.value is Value.HONOURED:
        return Answer.YES
    return facts.service_egress.firm


def _surely_honoured(feature: str, fact: Fact) -> bool:
    """Whether a port feature counts. A name does unless it is known not to: only some names are in doubt (`names_in_doubt`)."""
    return fact.firm is not Answer.NO if feature == "named" else fact.firm is Answer.YES
