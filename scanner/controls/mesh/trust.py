"""NB-MSH-03: whether the roots and trust domains that join meshes are declared, kept to their environments, and current."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from scanner.baselines.config import TrustDomain
from scanner.baselines.matching import tier_of
from scanner.controls.base import CLUSTER, Case, Verdict, bounded, unread
from scanner.controls.mesh.members import Members, verdict_of
from scanner.evidence import moment
from scanner.findings import Status
from scanner.mesh.gathered import Gathered
from scanner.mesh.trust import LINKS, Trust, intermediates, trusts_of

NEAR = timedelta(days=30)


def trust_is_explicit(case: Case) -> Iterator[Verdict]:
    """NB-MSH-03: one verdict per trust domain of a mesh that is joined to others, or that `trust_domains` declares.

    What one cluster shows: whether its domain, aliases and roots are those that are declared for its tier, and when they end.
    A root that two environments share is one that is declared for the tiers of one of them alone.
    """
    if gaps := case.missing("configmaps"):
        yield unread(CLUSTER, gaps)
        return
    trusts = trusts_of(case.snapshot)
    if not trusts:
        yield _without(case)
        return
    for trust in trusts:
        yield _trust(case, trust)


def _without(case: Case) -> Verdict:
    members = Members(case)
    meshed = next((pod for pod in case.workload_pods if members.of(pod).mesh), None)
    if meshed is not None:
        said = (
            f"Pod {meshed.namespace}/{meshed.name} is in a mesh ({members.of(meshed).mesh}) whose configuration and roots stand "
            "in no ConfigMap that is known (a managed control plane): they cannot be told"
        )
        return Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="trust-unread", evidence=(said,))
    evidence = ("no configuration or root of Istio or Linkerd is there, and no pod is in a mesh",)
    return Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-mesh", evidence=evidence)


def _trust(case: Case, trust: Trust) -> Verdict:
    subject = f"{trust.mesh} {trust.domain or '(domain unknown)'}"
    declared = case.config.trust_domains
    if not trust.signs and not declared:
        gaps = case.missing("gateways.networking.istio.io" if trust.mesh == "Istio" else LINKS)
        if gaps or not trust.domain:
            return Verdict(
                subject=subject, status=Status.UNKNOWN, reason="unread", evidence=bounded([*gaps, *trust.doubts])
            )
        said = (
            "no alias, gateway or link joins this mesh to another; Secrets with the addresses of other clusters are not read, so "
            "declare baseline.trust_domains if it is joined all the same"
        )
        return Verdict(subject=subject, status=Status.NOT_APPLICABLE, reason="no-federation", evidence=(said,))
    found = Gathered(good=[*trust.signs])
    found.doubt("trust-unread", *trust.doubts)
    _ends(case, trust, found)
    own = next((each for each in declared if each.name == trust.domain), None)
    if own is not None:
        _as_declared(case, trust, own, found)
    elif trust.domain:
        _undeclared(trust, declared, found)
    return verdict_of(subject, found, good="explicit", fix=_mend(trust))


def _ends(case: Case, trust: Trust, found: Gathered) -> None:
    """Add what ends within 30 days: the mesh's roots, and the intermediates that cert-manager issues."""
    now = moment(case.at)
    ends = [(f"root {root.subject[:120]} ({root.sha256[:16]}…)", root.not_after) for root in trust.roots or ()]
    for what, text in [*ends, *intermediates(case.snapshot)]:
        end = moment(text)
        if end is None or now is None:
            found.doubt("end-unknown", f"{what}: nothing says when it ends")
        elif end - now <= NEAR:
            found.fail("near-expiry", f"{what} ends on {text[:10]}, within 30 days of {case.at[:10]}")
        else:
            found.good.append(f"{what} is good until {text[:10]}")


def _as_declared(case: Case, trust: Trust, own: TrustDomain, found: Gathered) -> None:
    """Compare with what is declared for this trust domain, and with the roots of the other ones."""
    tier = tier_of(case.config, case.snapshot.cluster)
    if tier not in own.tiers:
        said = f"trust domain {own.name} is declared for {', '.join(own.tiers)}, and this cluster is {tier}"
        found.fail("wrong-environment", said)
    for alias in trust.aliases:
        if alias not in own.aliases:
            found.fail("undeclared-alias", f"{trust.where}: alias {alias[:120]} is not declared for {own.name}")
    listed = {_plain(root) for root in own.roots}
    for root in trust.roots or ():
        for other in case.config.trust_domains:
            if other is not own and root.sha256 in map(_plain, other.roots) and not set(other.tiers) <= set(own.tiers):
                said = f"root {root.sha256} is that of {other.name} too, which is for {', '.join(other.tiers)}"
                found.fail("shared-root", said)
        if listed and root.sha256 not in listed:
            found.fail("undeclared-root", f"root {root.subject[:120]} ({root.sha256}) is not declared for {own.name}")
    if not listed:
        found.doubt(
            "roots-undeclared", f"no roots are declared for {own.name}, so whether others share them is not known"
        )
    found.good.append(f"baseline.trust_domains declares {own.name} for {', '.join(own.tiers)}")


def _undeclared(trust: Trust, declared: tuple[TrustDomain, ...], found: Gathered) -> None:
    for alias in trust.aliases:
        found.fail("undeclared-alias", f"{trust.where}: alias {alias[:120]} is declared nowhere")
    if declared:
        said = f"trust domain {trust.domain[:120]} is not among {', '.join(each.name for each in declared)}"
        found.fail("undeclared-domain", said)
    else:
        said = (
            "baseline.trust_domains declares no trust domain, so which environments may share these roots is not known"
        )
        found.doubt("environments-undeclared", said, *trust.signs)


def _plain(fingerprint: str) -> str:
    return fingerprint.replace(":", "").lower()


def _mend(trust: Trust) -> str:
    if trust.mesh == "Istio":
        return (
            "Give each environment a trustDomain and a root of its own (an intermediate in Secret cacerts), join them by SPIFFE "
            "federation instead of trustDomainAliases, renew what ends soon, and declare the rest under baseline.trust_domains."
        )
    return (
        "Give each environment an identityTrustDomain and a trust anchor of its own (linkerd upgrade "
        "--identity-trust-anchors-file), renew what ends soon, and declare the rest under baseline.trust_domains."
    )
