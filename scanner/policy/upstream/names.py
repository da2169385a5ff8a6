"""DNS names and CIDRs as the schemas of these kinds take them.

Sources: the markers of `DomainName` and `CIDR` in kubernetes-sigs/network-policy-api and in the types of
aws/amazon-network-policy-controller-k8s; `isCIDR` of the apiserver's CEL library (`netip.ParsePrefix`, no IPv4-mapped
addresses).
"""

from __future__ import annotations

import ipaddress
import re

from scanner.policy.common import cidr
from scanner.policy.decode import FieldError, Remark
from scanner.policy.model import NamePeer, Network

# The pattern of the first versions writes A-z for A-Z, so that a label may also begin with what lies between.
_LABEL = re.compile(r"[a-zA-z0-9]([-a-zA-Z0-9_]*[a-zA-Z0-9])?\Z")
_PLAIN_CIDR = re.compile(
    r"([0-9a-fA-F:]+|(0|[1-9]\d*)(\.(0|[1-9]\d*)){3}|[0-9a-fA-F:]+:[0-9.]+)/(0|[1-9]\d*)\Z", re.ASCII
)
_LONGEST_CIDR = 43


def domain_name(text: str, field: str) -> NamePeer:
    """A domain name; a leading `*.` stands for one or more labels, which is `**.` in the resolved form.

    Raises:
        FieldError: the schema's pattern refuses it.
    """
    wildcard = text.startswith("*.")
    name = text.removeprefix("*.").removesuffix(".")
    labels = name.split(".")
    if len(labels) < 2 or not all(_LABEL.match(label) for label in labels):
        raise FieldError(field, f"{text!r} is no domain name; write www.example.com or *.example.com")
    return NamePeer(f"**.{name.lower()}" if wildcard else name.lower())


def network(text: str, field: str, remarks: list[Remark]) -> Network:
    """A CIDR as Go's `netip.ParsePrefix` reads it; host bits are tolerated with a remark.

    Raises:
        FieldError: it is none, or an IPv4-mapped one.
    """
    if not _PLAIN_CIDR.match(text):
        raise FieldError(field, f"{text!r} is no CIDR; write an address and a prefix length, 10.0.0.0/8")
    found = cidr(text, field, remarks)
    address = ipaddress.ip_address(text.partition("/")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        raise FieldError(field, f"{text!r} is an IPv4-mapped address; write the IPv4 CIDR")
    return found


def short_enough(text: str, field: str) -> str:
    """A CIDR's text, which the schemas limit to 43 characters."""
    if len(text) > _LONGEST_CIDR:
        raise FieldError(field, f"is longer than {_LONGEST_CIDR} characters; write one CIDR")
    return text
