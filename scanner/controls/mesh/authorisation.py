"""NB-MSH-02: whether a meshed namespace lets in only whom a policy names."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.controls.base import CLUSTER, Case, Verdict, quoted, unread
from scanner.controls.mesh.members import CILIUM, LINKERD_KINDS, Members, resources_of, verdict_of
from scanner.findings import Status
from scanner.mesh import cilium
from scanner.mesh.authorisation import Authorisations
from scanner.mesh.enrolment import ISTIO, LINKERD
from scanner.mesh.gathered import Gathered
from scanner.mesh.linkerd import Linkerd
from scanner.model import Pod
from scanner.policy.model import PodPeer


def authorisation_is_closed(case: Case) -> Iterator[Verdict]:
    """NB-MSH-02: one verdict per workload namespace with meshed pods."""
    if gaps := case.missing("pods", "namespaces"):
        yield unread(CLUSTER, gaps)
        return
    members = Members(case)
    places: dict[str, dict[str, list[Pod]]] = {}
    for pod in case.workload_pods:
        if mesh := members.of(pod).mesh:
            kind = "Istio" if mesh in ISTIO else mesh
            places.setdefault(pod.namespace, {}).setdefault(kind, []).append(pod)
    if not places:
        yield members.absent()
        return
    judge = _Judge(case, members)
    for namespace in sorted(places):
        yield judge.namespace(namespace, places[namespace])


class _Judge:
    def __init__(self, case: Case, members: Members) -> None:
        self._case, self._members = case, members
        self._istio, self._linkerd = Authorisations(case.snapshot), Linkerd(case.snapshot)

    def namespace(self, namespace: str, meshes: dict[str, list[Pod]]) -> Verdict:
        found = Gathered()
        sensitive = False
        for mesh, pods in sorted(meshes.items()):
            distinct = list({tuple(sorted(pod.labels.items())): pod for pod in pods}.values())
            judge = {"Istio": self._in_istio, LINKERD: self._in_linkerd, CILIUM: self._by_cilium}[mesh]
            judge(namespace, distinct, found)
            if any(reason == "wildcard-rule" for reason, _ in found.failures):
                sensitive = sensitive or any(self._is_sensitive(pod) for pod in distinct)
        fix = _mend(namespace, meshes)
        return verdict_of(namespace, found, good="deny-by-default", fix=fix, sensitive=sensitive)

    def _is_sensitive(self, pod: Pod) -> bool:
        return self._case.declared_as(self._case.config.sensitive, pod.namespace, pod.workload.name, pod.labels)

    def _in_istio(self, namespace: str, pods: list[Pod], found: Gathered) -> None:
        found.doubt("unread", *self._case.missing(*resources_of("AuthorizationPolicy")))
        broken = [*self._istio.broken.get(namespace, ()), *self._istio.broken.get(self._istio.root, ())]
        found.doubt("spec-unreadable", *dict.fromkeys(broken))
        base = self._istio.base(namespace)
        if base is None:
            why = f"no AuthorizationPolicy in {namespace} or {self._istio.root} allows nothing to every workload"
            asked = [each for pod in pods for each in self._istio.of(pod) if each.action == "CUSTOM"]
            if found.doubts:
                pass  # a policy that was not seen may be the base
            elif asked:
                outside = f"{asked[0].item.namespace}/{asked[0].item.name}"
                found.doubt("external-authoriser", f"{why}; AuthorizationPolicy {outside} asks an external authoriser")
            elif self._istio.root_doubt:
                found.doubt("root-undetermined", f"{why}; {self._istio.root_doubt}")
            else:
                found.fail("no-base", why)
                found.fail("no-base", *self._istio.inert.get(namespace, ()))
        else:
            found.good.append(f"AuthorizationPolicy {base.item.namespace}/{base.item.name} closes every workload")
            if base.root and base.item.namespace != namespace and self._istio.root_doubt:
                found.doubt("root-undetermined", self._istio.root_doubt)
        for pod in pods:
            for each in self._istio.of(pod):
                found.fail("wildcard-rule", *(f"{where}: {why}" for where, why in each.nameless))

    def _in_linkerd(self, namespace: str, pods: list[Pod], found: Gathered) -> None:
        found.doubt("unread", *self._case.missing(*resources_of(*LINKERD_KINDS)))
        found.doubt("spec-unreadable", *self._linkerd.broken.get(namespace, ()))
        for pod in pods:
            policy, why = self._linkerd.default(pod)
            if not policy:
                found.doubt("default-unread", why)
            elif policy == "deny":
                found.good.append(why)
            else:
                found.fail("no-base", f"{why}: what no Server selects is open to more than it names")
            for opening in self._linkerd.openings(pod):
                if opening.admits in {"anyone", "any-identity"}:
                    found.fail("wildcard-rule", opening.why)
                elif opening.admits == "unknown":
                    found.doubt("authorization-undetermined", opening.why)
                else:
                    found.good.append(opening.why)

    def _by_cilium(self, namespace: str, pods: list[Pod], found: Gathered) -> None:
        """Cilium's default deny is network policy's own (NB-ISO-01); its rules name identities by labels."""
        result = self._case.results.get("NB-ISO-01")
        item = next((item for item in result.items if item.subject == namespace), None) if result else None
        if item is None or item.status is Status.UNKNOWN:
            found.doubt("no-base", f"NB-ISO-01 could not establish a default deny in {namespace}")
        elif item.status is not Status.PASS:
            found.fail("no-base", f"NB-ISO-01 finds no effective default deny for ingress in {namespace}")
        else:
            found.good.append(f"NB-ISO-01 finds an effective default deny for ingress in {namespace}")
        for pod in pods:
            for policy, rule in cilium.incoming(self._members.selecting(pod)):
                peers = rule.peers
                wide = peers is None or any(
                    isinstance(peer, PodPeer)
                    and peer.pods.everything
                    and peer.namespaces is not None
                    and peer.namespaces.everything
                    for peer in peers
                )
                if wide:
                    found.fail("wildcard-rule", f"{policy.id}, {rule.name} names no caller")


def _mend(namespace: str, meshes: dict[str, list[Pod]]) -> str:
    if "Istio" in meshes:
        return (
            "apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n"
            f"metadata: {{name: allow-nothing, namespace: {quoted(namespace)}}}\nspec: {{}}\n"
            "# Then allow principals by name, a policy for each workload, and delete rules without from or with wildcards."
        )
    if LINKERD in meshes:
        return (
            "apiVersion: v1\nkind: Namespace\n"
            f"metadata: {{name: {quoted(namespace)}, annotations: {{config.linkerd.io/default-inbound-policy: deny}}}}\n"
            "# Then add Servers and AuthorizationPolicies that name identities, and restart the workloads."
        )
    return (
        "apiVersion: cilium.io/v2\nkind: CiliumNetworkPolicy\n"
        f"metadata: {{name: default-deny, namespace: {quoted(namespace)}}}\nspec: {{endpointSelector: {{}}, ingress: [{{}}]}}\n"
        "# Then allow callers by their labels in every rule."
    )
