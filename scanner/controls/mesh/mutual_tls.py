"""NB-MSH-01: whether anything can talk to a meshed workload without showing a mesh identity."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from scanner.controls.base import CLUSTER, Case, Verdict, pods_of, quoted, unread
from scanner.controls.mesh.members import LINKERD_KINDS, Members, resources_of, verdict_of
from scanner.mesh.enrolment import ISTIO, LINKERD, Membership, opted_out
from scanner.mesh.gathered import Gathered
from scanner.mesh.istio import PeerModes, PlainClients, Setting, plain_clients
from scanner.mesh.linkerd import AUTHENTICATED, Linkerd
from scanner.model import Pod
from scanner.policy.model import Selector
from scanner.policy.selectors import equalities, matches

_EXCLUSIONS = (
    "traffic.sidecar.istio.io/excludeInboundPorts",
    "traffic.sidecar.istio.io/excludeInterfaces",
    "traffic.sidecar.istio.io/excludeOutboundIPRanges",
    "traffic.sidecar.istio.io/excludeOutboundPorts",
    "config.linkerd.io/skip-inbound-ports",
    "config.linkerd.io/skip-outbound-ports",
)
_INCLUSIONS = (
    "traffic.sidecar.istio.io/includeInboundPorts",
    "traffic.sidecar.istio.io/includeOutboundIPRanges",
)  # anything but "*" leaves the rest out


def mutual_tls_is_strict(case: Case) -> Iterator[Verdict]:
    """NB-MSH-01: one verdict per workload that is in a mesh, that its namespace puts in one, or that must be in one."""
    gaps = case.missing("pods", "namespaces")
    if gaps:
        yield unread(CLUSTER, gaps)
        return
    members = Members(case)
    judge = _Judge(case, members)
    found = False
    for workload, pods in pods_of(case).items():
        if any(members.concerns(pod) for pod in pods):
            found = True
            yield judge.workload(workload, pods)
    if not found:
        yield members.absent()


class _Judge:
    def __init__(self, case: Case, members: Members) -> None:
        self._case, self._members = case, members
        self._istio, self._linkerd = PeerModes(case.snapshot), Linkerd(case.snapshot)
        found = list(plain_clients(case.snapshot))
        self._plain = _plain_services(case, [each for each in found if isinstance(each, PlainClients)])
        self._broken_rules = [each for each in found if isinstance(each, str)]

    def workload(self, workload: str, pods: list[Pod]) -> Verdict:
        found = Gathered()
        seen = set()
        meshes = set()
        for pod in pods:
            member = self._members.of(pod)
            meshes.add(member.mesh or member.wanted)
            key = (tuple(sorted(pod.labels.items())), tuple(sorted(pod.annotations.items())), member, pod.ports)
            if key not in seen:
                seen.add(key)
                self._pod(pod, member, found)
        fix = _mend(pods[0].namespace, meshes)
        return verdict_of(workload, found, good="strict", fix=fix)

    def _pod(self, pod: Pod, member: Membership, found: Gathered) -> None:
        case = self._case
        excused = case.declared_as(case.config.mesh_exclusions, pod.namespace, pod.workload.name, pod.labels)
        if not member.mesh:
            if excused:
                found.good.append("its absence from the mesh is approved (mesh_exclusions)")
            else:
                found.fail("outside-mesh", self._outside(pod, member))
            return
        if not excused:
            found.fail("excluded", *(f"annotation {line}" for line in _excluded(pod)))
        if member.mesh in ISTIO:
            for rule in self._plain_to(pod):
                said = f"DestinationRule {rule.item.namespace}/{rule.item.name}, {rule.field}"
                found.fail("plain-clients", said)
            self._in_istio(pod, excused, found)
        elif member.mesh == LINKERD:
            self._in_linkerd(pod, excused, found)
        else:
            self._members.judge_cilium(pod, found)

    def _outside(self, pod: Pod, member: Membership) -> str:
        if not member.wanted:
            return f"Pod {pod.namespace}/{pod.name} is in no mesh, and mutual_tls declares that it must be"
        left = opted_out(pod)
        said = f"it has {left}" if left else "it has no proxy and is not redirected (restart it to have it injected)"
        return f"Pod {pod.namespace}/{pod.name} is not in the mesh although {member.why}: {said}"

    def _in_istio(self, pod: Pod, excused: bool, found: Gathered) -> None:
        unseen = self._case.missing(*resources_of("PeerAuthentication"))
        found.doubt("unread", *unseen, *self._case.missing(*resources_of("DestinationRule")))
        broken = [*self._istio.broken.get(pod.namespace, ()), *self._istio.broken.get(self._istio.root, ())]
        found.doubt("spec-unreadable", *dict.fromkeys([*broken, *self._broken_rules]))
        modes = self._istio.of(pod)
        if unseen or broken:
            return  # a policy that was not seen may set any mode
        declared = {port.port for port in pod.ports}
        self._setting(modes.rest, "", found)
        for port, setting in sorted(modes.ports.items()):
            if setting.mode != "STRICT" and excused:
                found.good.append(f"port {port}: {setting.mode[:40]}, approved (mesh_exclusions)")
            else:
                shown = f"port {port}" if port in declared else f"port {port} (not declared by the pod)"
                self._setting(setting, shown, found)
        for rule in self._plain_to(pod):
            found.failures.append(
                ("plain-clients", f"DestinationRule {rule.item.namespace}/{rule.item.name}, {rule.field}")
            )

    def _setting(self, setting: Setting, port: str, found: Gathered) -> None:
        line = f"{port}: {setting.why}" if port else setting.why
        if setting.doubt:
            found.doubt("mode-undetermined", f"{line}; {setting.doubt}")
        elif setting.mode == "STRICT":
            found.good.append(line)
        else:
            known = setting.mode if setting.mode in {"PERMISSIVE", "DISABLE"} else "other"
            found.fail(f"{'port-' if port else ''}{known.lower()}", line)

    def _plain_to(self, pod: Pod) -> Iterator[PlainClients]:
        for selector, rules in self._plain.get(pod.namespace, ()):
            if matches(selector, pod.labels):
                yield from rules

    def _in_linkerd(self, pod: Pod, excused: bool, found: Gathered) -> None:
        found.doubt("unread", *self._case.missing(*resources_of(*LINKERD_KINDS)))
        found.doubt("spec-unreadable", *self._linkerd.broken.get(pod.namespace, ()))
        policy, why = self._linkerd.default(pod)
        if not policy:
            found.doubt("default-unread", why)
        elif policy in AUTHENTICATED or policy == "deny":
            found.good.append(why)
        else:
            found.fail("unauthenticated", why)
        for opening in self._linkerd.openings(pod):
            if opening.admits == "anyone":
                if excused:
                    found.good.append(f"{opening.why}, approved (mesh_exclusions)")
                else:
                    found.fail("port-unauthenticated", opening.why)
            elif opening.admits == "unknown":
                found.doubt("authorization-undetermined", opening.why)


def _plain_services(case: Case, plain: list[PlainClients]) -> dict[str, list[tuple[Selector, list[PlainClients]]]]:
    """What selects the pods of Services whose clients talk plain, by namespace, with the rules that say so."""
    exact: dict[str, list[PlainClients]] = {}
    for each in plain:
        exact.setdefault(each.service, []).append(each)
    wild = exact.pop("", [])
    found: dict[str, list[tuple[Selector, list[PlainClients]]]] = {}
    for service in case.snapshot.services if plain else ():
        rules = [*exact.get(f"{service.name}.{service.namespace}", ())]
        rules += [each for each in wild if each.covers(service.name, service.namespace)]
        if rules and service.selector:
            found.setdefault(service.namespace, []).append((equalities(service.selector), rules))
    return found


def _excluded(pod: Pod) -> Iterator[str]:
    """The annotations by which traffic goes past the proxy."""
    for name in _EXCLUSIONS:
        if pod.annotations.get(name, "").strip():
            yield f"{name}: {quoted(pod.annotations[name][:60])}"
    for name in _INCLUSIONS:
        if name in pod.annotations and pod.annotations[name].strip() != "*":
            yield f"{name}: {quoted(pod.annotations[name][:60])} leaves everything else out"


def _mend(namespace: str, meshes: set[str]) -> str:
    if LINKERD in meshes:
        return (
            f"kubectl annotate namespace {shlex.quote(namespace)} config.linkerd.io/default-inbound-policy=all-authenticated "
            "--overwrite; kubectl rollout restart its workloads; remove skip-*-ports annotations and authorizations that "
            "take unauthenticated clients, or approve them under baseline.mesh_exclusions."
        )
    if meshes & ISTIO:
        return (
            "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\n"
            f"metadata: {{name: default, namespace: {quoted(namespace)}}}\nspec: {{mtls: {{mode: STRICT}}}}\n"
            "# Then delete portLevelMtls overrides, DISABLE in DestinationRules and traffic.sidecar.istio.io/exclude*\n"
            "# annotations, restart pods without a proxy, or approve them under baseline.mesh_exclusions."
        )
    return (
        f"Enrol namespace {quoted(namespace)} in the mesh and ask for mutual TLS there: Istio's STRICT, Linkerd's "
        "all-authenticated, or Cilium's authentication.mode: required together with node encryption."
    )
