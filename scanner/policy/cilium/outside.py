"""Peers by address and by name: `fromCIDR`, `toCIDR`, `…CIDRSet` with CiliumCIDRGroups, `toFQDNs`.

Addresses never match pods, and match nodes only where policy-cidr-match-mode says so.
Sources: Cilium's documentation, "IP/CIDR based" and "DNS based"; cilium/cilium, pkg/policy/api (cidr.go, fqdn.go,
rule_validation.go), pkg/k8s/apis/cilium.io/v2/cidrgroups_types.go.
"""

from __future__ import annotations

import re

from scanner.model import ApiObject
from scanner.policy.cilium.entities import EVERYONE
from scanner.policy.cilium.found import ADDRESSES, Found, Notes, entries
from scanner.policy.cilium.wire import WireCidrGroup, WireCidrSet, WireName
from scanner.policy.common import WireSelector, cidr, label_selector
from scanner.policy.decode import Context, FieldError, Remark, decode_spec
from scanner.policy.model import BlockPeer, Matching, NamePeer, Network, Operator
from scanner.policy.selectors import matches
from scanner.policy.words import block_words

_GROUPS = "ciliumcidrgroups.cilium.io"
_LEADING_ZERO = re.compile(r"(^|\.)0[0-9]")
_NAME = re.compile(r"[-A-Za-z0-9_]+(\.[-A-Za-z0-9_]+)*\.?\Z")
_PATTERN = re.compile(r"[-A-Za-z0-9_*]+(\.[-A-Za-z0-9_*]+)*\.?\Z")
_LONGEST_NAME = 255
_EVERY_NAME = (NamePeer("*"), NamePeer("**.*"))


def block(text: str, place: str, remarks: list[Remark]) -> Network:
    """A CIDR as Cilium takes it: with a length, and without leading zeros (netip.ParsePrefix)."""
    address, _, _ = text.partition("/")
    if ":" not in address and _LEADING_ZERO.search(address):
        raise FieldError(place, f"{text!r} has leading zeros; leave them out")
    return cidr(text, place, remarks)


def cidr_peer(text: str, place: str, notes: Notes) -> Found:
    """One of `fromCIDR` or `toCIDR`."""
    return Found((BlockPeer(block(text, place, notes.remarks), matching=Matching.OUTSIDE),))


def cidr_set_peers(wire: WireCidrSet, place: str, context: Context, notes: Notes) -> Found:
    """One of `fromCIDRSet` or `toCIDRSet`: a CIDR less others, or the CIDRs of groups by name or by label."""
    ways = [bool(wire.cidr), bool(wire.cidr_group_ref), wire.cidr_group_selector is not None]
    if sum(ways) != 1:
        raise FieldError(
            place, "needs exactly one of cidr, cidrGroupRef and cidrGroupSelector; write one entry for each"
        )
    excepts = [block(text, at, notes.remarks) for at, text in entries(wire.except_, f"{place}.except")]
    if wire.cidr:
        return _block_less(block(wire.cidr, f"{place}.cidr", notes.remarks), excepts, place, notes)
    if wire.cidr_group_selector is not None and not _needs_a_label(wire.cidr_group_selector, place):
        return Found((EVERYONE,), "a cidrGroupSelector that only says what must not be may match anything")
    groups = _groups(wire, place, context, notes)
    if isinstance(groups, str):
        return Found(ADDRESSES, groups)
    blocks: set[Network] = set()
    for group in groups:
        listed = _listed(group)
        if isinstance(listed, str):
            return Found(ADDRESSES, listed)
        blocks |= listed
    ordered = sorted(blocks, key=lambda net: (net.version, net.network_address, net.prefixlen))
    doubt = "whether except counts for groups depends on the version of Cilium" if excepts else ""
    return Found(tuple(BlockPeer(each, matching=Matching.OUTSIDE) for each in ordered), doubt)


def _block_less(whole: Network, excepts: list[Network], place: str, notes: Notes) -> Found:
    for index, each in enumerate(excepts):
        if each.version != whole.version or each.network_address not in whole or each.prefixlen < whole.prefixlen:
            message = f"{block_words(each)} is not inside {block_words(whole)}; except only part of the cidr"
            raise FieldError(f"{place}.except[{index}]", message)
    if whole in excepts:
        notes.remark(f"{place}.except", f"leaves nothing of {block_words(whole)}; remove one of them")
        return Found(())
    kept = tuple(sorted(set(excepts), key=lambda net: (net.network_address, net.prefixlen)))
    return Found((BlockPeer(whole, kept, Matching.OUTSIDE),))


def _needs_a_label(wire: WireSelector, place: str) -> bool:
    selector = label_selector(wire, f"{place}.cidrGroupSelector")
    return any(each.operator in {Operator.IN, Operator.EXISTS} for each in selector.requirements)


def _groups(wire: WireCidrSet, place: str, context: Context, notes: Notes) -> list[ApiObject] | str:
    """The groups that an entry means, or why they are not known."""
    listed = context.settings("CiliumCIDRGroup")
    if wire.cidr_group_ref:
        found = [group for group in listed if group.name == wire.cidr_group_ref]
        what = f"CiliumCIDRGroup {wire.cidr_group_ref!r}"
    else:
        selector = label_selector(wire.cidr_group_selector, f"{place}.cidrGroupSelector")
        found = [group for group in listed if matches(selector, group.labels)]
        what = "a CiliumCIDRGroup with such labels"
    if context.snapshot.collected(_GROUPS):
        if not found:
            notes.remark(place, f"{what} does not exist, so this matches nothing; create it or remove the entry")
        return found
    # A group that is there by its name is the one; of groups by label there may be more.
    return found if found and wire.cidr_group_ref else "the list of CiliumCIDRGroups is not whole"


def _listed(group: ApiObject) -> set[Network] | str:
    remarks: list[Remark] = []  # they would be about the group, not about the policy
    try:
        spec, unknown = decode_spec(group.spec, WireCidrGroup)
        found = {block(text, at, remarks) for at, text in entries(spec.external_cidrs, "spec.externalCIDRs")}
    except FieldError as error:
        return f"CiliumCIDRGroup {group.name} cannot be read: {error.field} {error.message}"
    return f"CiliumCIDRGroup {group.name} has fields that are not modelled" if unknown else found


def name_peers(wire: WireName, place: str, notes: Notes) -> Found:
    """One of `toFQDNs`: a DNS name, or a pattern whose stars stand for characters of one label."""
    name, pattern = wire.match_name or "", wire.match_pattern or ""
    if name and pattern:
        raise FieldError(place, "has both matchName and matchPattern; write two entries")
    if not name and not pattern:
        notes.remark(place, "names nothing, so it matches nothing; write matchName or matchPattern")
        return Found(())
    if len(name or pattern) > _LONGEST_NAME:
        raise FieldError(place, f"is longer than {_LONGEST_NAME} characters; write a DNS name")
    if name and not _NAME.match(name):
        raise FieldError(f"{place}.matchName", f"{name!r} is no DNS name; use letters, digits, '-', '_' and '.'")
    if pattern and not _PATTERN.match(pattern):
        mend = "use letters, digits, '-', '_', '.' and '*'"
        raise FieldError(f"{place}.matchPattern", f"{pattern!r} is no pattern of DNS names; {mend}")
    if pattern in {"*", "**"}:
        return Found(_EVERY_NAME)
    return Found((NamePeer((name or pattern).removesuffix(".").lower()),))
