"""From Calico's NetworkPolicy and GlobalNetworkPolicy to the resolved form.

Sources: Calico's API types (`api/pkg/apis/projectcalico/v3`), what its API makes of them (`libcalico-go/lib/clientv3` and
`libcalico-go/lib/validator/v3`), what felix makes of the stored form (`felix/calc`). The served group (`projectcalico.org/v3`)
validates and fills in defaults. The stored one (`crd.projectcalico.org/v1`) takes whatever fits its schema: what the API would
refuse cannot be judged there.
"""

from __future__ import annotations

from collections.abc import Callable

from scanner.model import ApiObject, Notice
from scanner.policy.calico.facts import facts_of
from scanner.policy.calico.labels import account_selector, endpoint_selector, namespace_selector
from scanner.policy.calico.normal import conjunction
from scanner.policy.calico.peers import Scope
from scanner.policy.calico.rules import Unknown, read_rules
from scanner.policy.calico.sets import GROUPS, objects
from scanner.policy.calico.wire import WireGlobalSpec, WireSpec
from scanner.policy.decode import Context, FieldError, Remark, UnreadableError, decode_spec, unknown_fields
from scanner.policy.model import DEFAULT, Policy, Rule, Selector
from scanner.reach.model import Direction

_TYPES = {"Ingress": Direction.INGRESS, "Egress": Direction.EGRESS}
_STAGED = {
    "StagedNetworkPolicy": "NetworkPolicy",
    "StagedGlobalNetworkPolicy": "GlobalNetworkPolicy",
    "StagedKubernetesNetworkPolicy": "NetworkPolicy of networking.k8s.io",
}

# Up to 3.31 the served API lists Kubernetes' own policies too, in Calico's kinds (`libcalico-go/lib/names/policy.go`).
_MIRRORED = {
    "NetworkPolicy": ("knp.default.",),
    "GlobalNetworkPolicy": (
        "kanp.adminnetworkpolicy.",
        "kbanp.baselineadminnetworkpolicy.",
        "kcnp.kube-admin.",
        "kcnp.kube-baseline.",
    ),
}

Resolved = tuple[tuple[Policy, ...], list[Remark]]


def resolve_network_policy(source: ApiObject, context: Context) -> Resolved:
    """The resolved form of a NetworkPolicy of `projectcalico.org/v3` or `crd.projectcalico.org/v1`.

    Raises:
        FieldError: the API refuses such an object, so it is no policy at all.
        UnreadableError: it may well be in force, and cannot be read here.
    """
    spec, unknown = decode_spec(source.spec, WireSpec)
    return _checked(source, context, lambda: _Reader(source, context, spec, unknown).namespaced())


def resolve_global_network_policy(source: ApiObject, context: Context) -> Resolved:
    """The resolved form of a GlobalNetworkPolicy of `projectcalico.org/v3` or `crd.projectcalico.org/v1`.

    Raises:
        FieldError: the API refuses such an object, so it is no policy at all.
        UnreadableError: it may well be in force, and cannot be read here.
    """
    spec, unknown = decode_spec(source.spec, WireGlobalSpec)
    return _checked(source, context, lambda: _Reader(source, context, spec, unknown).cluster_wide(spec))


def staged_notices(context: Context) -> list[Notice]:
    """One notice for each staged policy: none of them is enforced.

    Source: Calico's API types (a staged policy only shows in flow logs what the policy of its name would do).
    """
    return [
        Notice(
            object=f"{kind} {item.namespace}/{item.name}" if item.namespace else f"{kind} {item.name}",
            field="kind",
            message=f"is staged and not enforced; create the {enforced} to enforce it",
        )
        for kind, enforced in _STAGED.items()
        for item in objects(context, kind)
    ]


def _mirrors(source: ApiObject, context: Context) -> bool:
    """Whether this is a policy of Kubernetes as Calico shows it, which is judged as what it is."""
    prefix = next((each for each in _MIRRORED[source.kind] if source.name.startswith(each)), "")
    name = source.namespace, source.name.removeprefix(prefix)
    return bool(prefix) and source.api_version.startswith(f"{GROUPS[0]}/") and name in facts_of(context).originals


def _checked(source: ApiObject, context: Context, read: Callable[[], Resolved]) -> Resolved:
    if _mirrors(source, context):
        return (), []
    try:
        return read()
    except UnreadableError:
        raise
    except FieldError as error:
        if source.api_version.startswith(f"{GROUPS[0]}/"):
            raise
        raise UnreadableError(error.field, error.message) from error


class _Reader:
    """One object."""

    def __init__(self, source: ApiObject, context: Context, spec: WireSpec, unknown: Unknown) -> None:
        self._source = source
        self._spec = spec
        self._unknown = unknown
        self._context = context
        self._facts = facts_of(context)
        self._stored = not source.api_version.startswith(f"{GROUPS[0]}/")
        self._remarks: list[Remark] = []

    def namespaced(self) -> Resolved:
        """A NetworkPolicy."""
        policy = self._policy("NetworkPolicy.projectcalico.org", self._source.namespace or "default", None)
        return (policy,), self._remarks

    def cluster_wide(self, spec: WireGlobalSpec) -> Resolved:
        """A GlobalNetworkPolicy; one for untracked or not yet translated traffic concerns host endpoints only."""
        field = "spec.namespaceSelector"
        namespaces = namespace_selector(spec.namespace_selector or "", field, alone=False)
        policy = self._policy("GlobalNetworkPolicy", "", namespaces)
        for given, name in ((spec.do_not_track, "doNotTrack"), (spec.pre_dnat, "preDNAT")):
            if given:
                message = "makes this a policy for host endpoints only, which are not judged: no pod is concerned"
                return (), [(f"spec.{name}", message)]
        if spec.apply_on_forward:
            message = "only concerns host endpoints, which are not judged; the policy is judged for the pods it selects"
            self._remarks.append(("spec.applyOnForward", message))
        hosts = () if spec.namespace_selector else self._facts.sets.hosts(policy.subject)
        if hosts:
            shown = f"{', '.join(hosts[:3])}{' …' if len(hosts) > 3 else ''}"
            self._remarks.append(("spec.selector", f"also selects {shown}; host endpoints are not judged"))
        return (policy,), self._remarks

    def _policy(self, kind: str, namespace: str, namespaces: Selector | None) -> Policy:
        spec, source = self._spec, self._source
        tier = spec.tier or DEFAULT.name
        stage = self._facts.stages.of(tier)
        if stage.doubt:
            self._remarks.append(("spec.tier", stage.doubt))
        subject, doubts = self._subject()
        governed = self._directions()
        rules = self._rules(Scope(namespace, self._context, self._facts, not self._stored), governed)
        doubts += [stage.doubt, self._unknown_doubt()]
        return Policy(
            kind=kind,
            namespace=namespace,
            name=source.name,
            subject=subject,
            directions=governed if stage.denies else frozenset(),
            rules=rules,
            origin=source.origin,
            namespaces=namespaces,
            tier=stage.tier,
            rank=self._facts.ranks.of(source, tier, spec.order),
            pooled=False,
            group=source.api_version.rpartition("/")[0],
            version=source.resource_version,
            doubt="; ".join(filter(None, doubts)),
        )

    def _subject(self) -> tuple[Selector, list[str]]:
        selector, doubt = endpoint_selector(self._spec.selector or "", "spec.selector")
        field = "spec.serviceAccountSelector"
        accounts, account_doubt = account_selector(self._spec.service_account_selector or "", field)
        doubts = [f"{field}: {account_doubt}" if account_doubt else "", f"spec.selector: {doubt}" if doubt else ""]
        return conjunction([selector, accounts]), doubts

    def _directions(self) -> frozenset[Direction]:
        """`types`. Without it the API writes Egress if there are egress rules, and Ingress if there are others or none.

        Felix reads the stored form without `types` as both.
        """
        types = self._spec.types
        if not types:
            if self._stored:
                message = "is missing, and in the stored form felix reads that as Ingress and Egress; write them"
                self._remarks.append(("spec.types", message))
                return frozenset(_TYPES.values())
            inward = {Direction.INGRESS} if self._spec.ingress or not self._spec.egress else set()
            return frozenset(inward | ({Direction.EGRESS} if self._spec.egress else set()))
        for index, name in enumerate(types):
            if name not in _TYPES:
                raise FieldError(f"spec.types[{index}]", f"is {name or ''!r}; write Ingress or Egress")
        return frozenset(_TYPES[name] for name in types if name)

    def _rules(self, scope: Scope, governed: frozenset[Direction]) -> tuple[Rule, ...]:
        found: list[Rule] = []
        for direction, wire in ((Direction.INGRESS, self._spec.ingress), (Direction.EGRESS, self._spec.egress)):
            remarks = self._remarks if direction in governed else []
            rules = list(read_rules(direction, wire, scope, self._unknown, remarks))
            if direction in governed:
                found += rules
            elif wire:
                message = f"is ignored: types does not list {direction.capitalize()}"
                self._remarks.append((f"spec.{direction}", message))
        return tuple(found)

    def _unknown_doubt(self) -> str:
        rules = ("spec.ingress[", "spec.egress[")
        return unknown_fields(tuple(each for each in self._unknown if not each[0].startswith(rules)), "spec")
