"""Entities, and the reserved labels that stand for them in selectors.

Source: Cilium's documentation, "Entities based"; cilium/cilium, pkg/policy/api/entity.go.
"""

from __future__ import annotations

from scanner.policy.cilium.found import Found, Notes
from scanner.policy.model import EVERYTHING, Entity, EntityPeer, PodPeer

# `nodes` is a word of this program alone.
_KNOWN = {entity.value: entity for entity in Entity if entity is not Entity.NODES}
# Cilium's own endpoints, endpoints without an identity yet, and nobody: no workload is one of these.
_NOBODY = frozenset({"none", "init", "health"})
_UNMANAGED = Found(
    (PodPeer(EVERYTHING, EVERYTHING),), "which pods Cilium does not manage (entity unmanaged) is not known from here"
)
EVERYONE = EntityPeer(Entity.ALL)


def entity_peers(name: str, place: str, notes: Notes) -> Found:
    """One entry of `fromEntities` or `toEntities`. A name that is not known is refused, or of a newer Cilium."""
    found = _entity(name)
    if found is not None:
        return found
    notes.remark(place, f"{name!r} is no entity known here; write one of {', '.join(sorted({*_KNOWN, *_NOBODY}))}")
    doubt = f"entity {name!r} is not known: Cilium refuses the policy, or is newer"
    notes.doubts.append(doubt)
    return Found((EVERYONE,), doubt)


def reserved_peers(name: str) -> Found:
    """What a selector for the label `reserved:<name>` and nothing else selects."""
    if name == Entity.WORLD:
        # In a dual-stack cluster no address carries reserved:world; the entity of that name covers all three labels.
        return Found((EntityPeer(Entity.WORLD),), "reserved:world is no address of a dual-stack cluster")
    found = None if name in {Entity.ALL, Entity.CLUSTER} else _entity(name)
    return found or Found((EVERYONE,), f"the label reserved:{name} is not known")


def _entity(name: str) -> Found | None:
    if name in _NOBODY:
        return Found(())
    if name == "unmanaged":
        return _UNMANAGED
    entity = _KNOWN.get(name)
    return None if entity is None else Found((EntityPeer(entity),))
