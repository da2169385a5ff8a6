"""What an edit of policies would change is what building both states anew says, for every kind and at both levels."""

from __future__ import annotations

import dataclasses
from collections import Counter
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanner.dataplane.model import DataPlane
from scanner.model import EntryPoint, Service, ServicePort, Snapshot
from scanner.policy.model import PolicySet
from scanner.policy.resolve import resolve
from scanner.reach.diff import Change, difference
from scanner.reach.engine import ClusterReach, build
from scanner.reach.whatif import Edit, fits, what_if
from tests.factories import pod, policy, snapshot
from tests.reference import compare, generate, generate_calico, generate_cilium, vendor_compare
from tests.scanner.reach.planes import capabilities, fact, plane

SNAPSHOTS = {
    **{name: cases.map(lambda case: compare.snapshot_of(case.cluster)) for name, cases in generate.FAMILIES.items()},
    "calico": generate_calico.clusters().map(vendor_compare.snapshot_of),
    "cilium": generate_cilium.clusters().map(vendor_compare.snapshot_of),
}
PLANES = {
    "declared": None,
    "effective": plane(),
    "doubtful": plane(
        capabilities=capabilities(
            ipblock_matches_pods=fact("unknown"),
            except_honoured=fact("unknown"),
            named_ports=fact("unknown"),
            balancer_policed=fact("no"),
        )
    ),
}


@dataclass
class Both:
    """A reach, an edit of it, and the reach of the edited policies."""

    before: ClusterReach
    edit: Edit
    after: ClusterReach

    @property
    def anew(self) -> list[Change]:
        """What comparing both says."""
        return list(difference(self.before, self.after))


def edited(found: Snapshot, dataplane: DataPlane | None, random: Random) -> Both:
    """Some policies of a cluster are its state before, and others come while some of those go.

    All that any of them tells apart is told apart by both states, as far as cuts can say it.
    """
    every = build(found, resolve(found), dataplane)
    policies = [each for each, _ in every.parts.standing.selected_by]
    random.shuffle(policies)
    first = random.randrange(len(policies) + 1)
    second = max(random.randrange(first, len(policies) + 1), min(1, len(policies)))
    coming, going, staying = policies[:first], policies[first:second], policies[second:]

    def of(chosen: list[object]) -> ClusterReach:
        rest = PolicySet(tuple(each for each in policies if each in chosen), (), resolve(found).unmodelled)
        return build(found, rest, dataplane, cuts=every.cuts)

    before = of([*going, *staying])
    known = [each for each, _ in before.parts.standing.selected_by]
    return Both(
        before,
        Edit(added=tuple(coming), removed=tuple(each for each in known if each in going)),
        of([*coming, *staying]),
    )


@pytest.mark.parametrize("level", sorted(PLANES))
@pytest.mark.parametrize("family", sorted(SNAPSHOTS))
def test_an_edit_changes_what_building_anew_says(family, level):
    """The same changes with the same causes, in the same order; and most edits can be answered so."""
    seen: Counter[str] = Counter()

    @settings(max_examples=40, deadline=None, database=None, derandomize=True)
    @given(found=SNAPSHOTS[family], random=st.randoms(use_true_random=False))
    def compare_both(found: Snapshot, random: Random) -> None:
        both = edited(found, PLANES[level], random)
        seen["asked"] += 1
        if fits(both.before, both.edit):
            seen["fit"] += 1
            changes = list(what_if(both.before, both.edit))
            seen["changing"] += bool(changes)
            assert changes == both.anew

    compare_both()
    assert seen["fit"] > 0.3 * seen["asked"]
    assert seen["changing"] > 0


WEB = pod("web-1", ips=["10.0.0.1"])
SERVICE = Service(
    namespace="shop", name="web", type="LoadBalancer", selector={"app": "web"}, ports=(ServicePort(port=80),)
)
INGRESS = EntryPoint(kind="Ingress", namespace="shop", name="web", services=("shop/web",))
DENY = policy({"podSelector": {"matchLabels": {"app": "web"}}}, name="deny")


@pytest.mark.parametrize("level", sorted(PLANES))
def test_an_edit_changes_what_leads_through_services(level):
    """From ingress controllers, and past ingress policy: lines that are no question of columns follow as well."""
    found = snapshot(
        pods=[WEB, pod("db-1", ips=["10.0.0.2"])], services=[SERVICE], entry_points=[INGRESS], policies=[DENY]
    )
    dataplane = PLANES[level]
    keyed = policy(
        {"podSelector": {"matchLabels": {"app": "nobody"}}}, name="keyed"
    )  # names the label, or nothing does
    known, edit = (
        resolve(snapshot(pods=found.pods, policies=[keyed])).policies,
        Edit(added=resolve(found).policies),
    )
    after = build(found, PolicySet((*known, *edit.added), ()), dataplane)
    before = build(found, PolicySet(known, ()), dataplane, cuts=after.cuts)
    changes = list(what_if(before, edit))
    assert fits(before, edit)
    assert changes == list(difference(before, after))
    assert {each.src for each in changes} >= {"{ingress-controller}", "shop/db[Deployment]"}


def test_an_edit_that_speaks_of_something_new_is_no_case():
    """A label, block, port, port name or namespace that nothing told apart before needs both states built."""
    base = snapshot(pods=[WEB], policies=[DENY])
    before = build(base, resolve(base))
    web = {"matchLabels": {"app": "web"}}
    for spec in (
        {"podSelector": {"matchLabels": {"tier": "front"}}},
        {"podSelector": web, "ingress": [{"from": [{"ipBlock": {"cidr": "10.9.0.0/16"}}]}]},
        {"podSelector": web, "ingress": [{"ports": [{"port": 81}]}]},
        {"podSelector": web, "ingress": [{"ports": [{"port": "http"}]}]},
    ):
        (found,) = resolve(snapshot(pods=[WEB], policies=[policy(spec, name="new")])).policies
        assert not fits(before, Edit(added=(found,)))
    (known,) = resolve(base).policies
    assert fits(before, Edit(added=(known,)))
    assert not fits(before, Edit(added=(dataclasses.replace(known, namespace="other"),)))
