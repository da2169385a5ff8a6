"""Reports as an audit gives them: seven clusters over three clouds, or a fleet of any size."""

from __future__ import annotations

from typing import Any

import msgspec

from reports.document import Cluster, Group, Report, Run, Scope
from scanner.findings import ControlResult, DataPlaneSummary, Exposure, Item, Level, Score, Severity, Status
from scanner.model import Notice

CONTROLS = (
    ("NB-ENF-01", "A network-policy engine is active and switched on", Severity.CRITICAL),
    ("NB-ENF-02", "Enforcement reaches every node and node type", Severity.HIGH),
    ("NB-ENF-03", "Engine and plugin are supported versions and not near end of support", Severity.HIGH),
    ("NB-ENF-06", "Engine is in enforcing mode, not audit, dry-run or permissive", Severity.CRITICAL),
    ("NB-ISO-01", "Default-deny ingress is effective in every workload namespace", Severity.CRITICAL),
    ("NB-ISO-02", "Default-deny egress is effective in every workload namespace", Severity.HIGH),
    ("NB-ISO-03", "Every running workload pod is isolated in both directions", Severity.HIGH),
    ("NB-ISO-04", "No allow-all policy cancels the baseline", Severity.CRITICAL),
    ("NB-LP-01", "Only edge workloads accept traffic from the internet ranges", Severity.HIGH),
    ("NB-LP-02", "No workload has unrestricted internet egress", Severity.HIGH),
    ("NB-LP-05", "Workloads cannot reach the instance metadata service", Severity.HIGH),
    ("NB-EXP-01", "API server endpoint is private or limited to known ranges", Severity.CRITICAL),
    ("NB-EXP-04", "Public load balancers are declared and source-limited", Severity.HIGH),
    ("NB-OBS-01", "Policy denials are logged and leave the node", Severity.HIGH),
)
NAMESPACES = ("checkout", "catalog", "payments", "identity", "search", "reporting", "edge", "batch")
WORKLOADS = ("api", "web", "worker", "cache", "db", "gateway")
TURN_ON = {
    "aws": "Switch enforcement on: aws eks update-addon --cluster-name {name} --addon-name vpc-cni "
    '--configuration-values \'{{"enableNetworkPolicy":"true"}}\'',
    "gcp": "Switch node enforcement on: gcloud container clusters update {name} --enable-network-policy",
    "azure": "Switch enforcement on: az aks update --name {name} --network-dataplane cilium --network-policy cilium",
}


SUBSCRIPTION = "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"
MISSPELT = Notice(
    object="NetworkPolicy batch/legacy",
    field="spec.ingress[0].ports[1].port",
    message='named port "htpp" is declared by no pod it selects',
)


def item(subject: str = "shop", status: Status = Status.FAIL, **overrides: Any) -> Item:
    """One item with evidence that names it and, where it fails, a remediation."""
    fields: dict[str, Any] = {
        "reason": {Status.FAIL: "not-isolated", Status.UNKNOWN: "declared-pass"}.get(status, str(status)),
        "evidence": (f"No policy that the data plane honours selects every pod of {subject} for ingress.",),
        "remediation": f"Add a NetworkPolicy with an empty podSelector to namespace {subject}."
        if status is Status.FAIL
        else "",
    }
    return Item(subject=subject, status=status, **(fields | overrides))


def control(number: int = 4, status: Status = Status.FAIL, **overrides: Any) -> ControlResult:
    """The result of the control at `number` in `CONTROLS`, with one item."""
    name, title, severity = CONTROLS[number]
    fields: dict[str, Any] = {
        "id": name,
        "title": title,
        "severity": severity,
        "status": status,
        "reason": {Status.FAIL: "not-isolated", Status.UNKNOWN: "declared-pass"}.get(status, str(status)),
        "fraction": 1.0 if status is Status.PASS else 0.0,
        "level": Level.EFFECTIVE,
        "items": (item(status=status),),
    }
    return ControlResult(**(fields | overrides))


def exposure(level: Level, open_pairs: int, unknown: int = 0, isolated: int = 0, workloads: int = 40) -> Exposure:
    """What one level lets through among `workloads` workloads."""
    return Exposure(
        level=level,
        workloads=workloads,
        pairs=workloads * (workloads - 1),
        open=open_pairs,
        unknown=unknown,
        isolated_ingress=isolated,
        isolated_egress=max(0, isolated - 3),
    )


def cluster(name: str = "shop-prod", cloud: str = "aws", **overrides: Any) -> Cluster:
    """A cluster that was read whole, enforces policy and passes every control but one."""
    fields: dict[str, Any] = {
        "id": f"{cloud}/123456789012/eu-west-1/{name}",
        "account": "123456789012",
        "location": "eu-west-1",
        "tier": "prod",
        "read": "complete",
        "unread": "",
        "gaps": (),
        "taken": "2026-11-23T07:58:12Z",
        "dataplane": plane(),
        "exposure": (exposure(Level.DECLARED, 210, 0, 36), exposure(Level.EFFECTIVE, 260, 20, 33)),
        "score": Score(proven=78.9, ceiling=87.5, coverage=0.91),
        "grade": "C",
        "gates": (),
        "controls": tuple(control(n, Status.FAIL if n == 4 else Status.PASS) for n in range(len(CONTROLS))),
        "notices": (),
    }
    return Cluster(cloud=cloud, name=name, **(fields | overrides))


def plane(
    name: str = "eks-vpc-cni", version: str = "1.21.1", enforcing: str = "yes", reason: str = "on"
) -> DataPlaneSummary:
    """A data plane with the two observations that decided it."""
    return DataPlaneSummary(
        name=name,
        version=version,
        enforcing=enforcing,
        reason=reason,
        evidence=(
            f"The node agent runs with --enable-network-policy={'false' if enforcing == 'no' else 'true'} "
            "(DaemonSet kube-system/aws-node)",
            "2 of 2 nodes run a ready agent (DaemonSet kube-system/aws-node, status)",
        ),
    )


def report(*clusters: Cluster, **overrides: Any) -> Report:
    """A report over `clusters`; group figures are plain means, for rendering does not depend on how they are weighted."""
    fields: dict[str, Any] = {
        "baseline": "1.0.0",
        "run": Run(id="20261123T080000Z-4f2a", time="2026-11-23T08:00:00Z", tool="0.1.0"),
        "fleet": group("fleet", clusters),
        "clouds": tuple(
            group(cloud, [c for c in clusters if c.cloud == cloud]) for cloud in sorted({c.cloud for c in clusters})
        ),
        "scopes": (),
        "clusters": tuple(sorted(clusters, key=lambda c: (c.cloud, c.account, c.location, c.name))),
    }
    return Report(**(fields | overrides))


def group(name: str, clusters: Any) -> Group:
    """The figures of a set of clusters."""
    members = list(clusters)
    count = max(1, len(members))
    score = Score(
        proven=sum(c.score.proven for c in members) / count,
        ceiling=sum(c.score.ceiling for c in members) / count if members else 100.0,
        coverage=sum(c.score.coverage for c in members) / count,
    )
    failed = [
        c for c in members if any(r.status is Status.FAIL and r.severity is Severity.CRITICAL for r in c.controls)
    ]
    return Group(
        name=name,
        score=score,
        grade="insufficient evidence" if score.coverage < 0.6 else "F" if score.proven < 60 else "D",
        clusters=len(members),
        unread=sum(c.read == "unread" for c in members),
        gated=sum(bool(c.gates) for c in members),
        without_critical_fail=len(members) - len(failed),
        lowest=min(members, key=lambda c: c.score.proven).id if members else "",
    )


def inert_cluster(name: str, cloud: str, reason: str, dataplane: str, version: str, **overrides: Any) -> Cluster:
    """A cluster with tidy policies that nothing enforces: policy controls fail as inert."""
    turn_on = control(
        0,
        Status.FAIL,
        reason=reason,
        items=(
            item(
                name,
                reason=reason,
                evidence=(
                    "The managed switch is off and no third-party engine runs (addon vpc-cni, configurationValues)",
                ),
                remediation=TURN_ON[cloud].format(name=name),
            ),
        ),
    )
    results = [turn_on]
    for index in range(1, len(CONTROLS)):
        if index in {1, 2}:
            results.append(control(index, Status.NOT_APPLICABLE, items=()))
        elif index in {11, 12}:
            results.append(control(index, Status.PASS, items=(item(name, Status.PASS),), level=Level.DECLARED))
        else:
            why = {"reason": "inert", "evidence": ("Policies exist, but nothing enforces them.",), "remediation": ""}
            items = tuple(item(space, Status.FAIL, **why) for space in NAMESPACES)
            results.append(control(index, Status.FAIL, reason="inert", items=items))
    fields: dict[str, Any] = {
        "dataplane": plane(dataplane, version, "no", reason),
        "exposure": (exposure(Level.DECLARED, 96, 0, 38), exposure(Level.EFFECTIVE, 1560, 0, 0)),
        "score": Score(proven=22.5, ceiling=22.5, coverage=1.0),
        "grade": "F",
        "gates": ("NB-ENF-01",),
        "controls": tuple(results),
    }
    return cluster(name, cloud, **(fields | overrides))


def unread_cluster(name: str = "ledger-private", cloud: str = "azure", **overrides: Any) -> Cluster:
    """A cluster nobody may read: every control is unknown."""
    fields: dict[str, Any] = {
        "read": "unread",
        "unread": "the API server refused: 403 Forbidden for user ringfence-audit; grant the read-only ClusterRole",
        "taken": "",
        "dataplane": DataPlaneSummary(name="unknown", version="", enforcing="unknown", reason="unread"),
        "exposure": (),
        "score": Score(proven=0.0, ceiling=100.0, coverage=0.0),
        "grade": "insufficient evidence",
        "controls": tuple(control(n, Status.UNKNOWN, reason="unread", items=()) for n in range(len(CONTROLS))),
    }
    return cluster(name, cloud, **(fields | overrides))


def varied_cluster(
    name: str, cloud: str, *, failing: tuple[int, ...], unknown: tuple[int, ...] = (), **overrides: Any
) -> Cluster:
    """A cluster whose controls carry many items, failing and unknown where asked."""
    results = []
    for index in range(len(CONTROLS)):
        status = Status.FAIL if index in failing else Status.UNKNOWN if index in unknown else Status.PASS
        subjects = [f"{space}/{load}[Deployment]" for space in NAMESPACES for load in WORKLOADS][: 6 + index]
        items = tuple(
            item(
                subject,
                status if place % 3 == 0 else Status.PASS,
                evidence=(f"{subject} is selected by no policy for egress (engine row {index}).",)
                if place % 3 == 0
                else (f"NetworkPolicy {subject.split('/')[0]}/default-deny isolates it.",),
            )
            for place, subject in enumerate(subjects)
        )
        share = sum(i.status is Status.PASS for i in items) / len(items)
        results.append(control(index, status, items=items, fraction=share))
    fields: dict[str, Any] = {"controls": tuple(results)}
    return cluster(name, cloud, **(fields | overrides))


def estate() -> Report:
    """Seven clusters over three clouds: two enforce nothing, one on some nodes only, one cannot be read."""
    clusters = (
        inert_cluster("shop-prod-eu", "aws", "off", "eks-vpc-cni", "1.21.1"),
        varied_cluster(
            "data-prod-eu",
            "aws",
            failing=(1, 4, 10, 13),
            account="210987654321",
            location="eu-central-1",
            dataplane=plane(enforcing="partly", reason="fargate"),
            gates=("NB-ISO-01",),
            score=Score(proven=61.2, ceiling=66.0, coverage=0.95),
            grade="D",
            notices=(MISSPELT,),
        ),
        varied_cluster(
            "retail-autopilot",
            "gcp",
            failing=(),
            unknown=(13,),
            account="retail-prod-7f3a",
            location="europe-west4",
            dataplane=plane("gke-dataplane-v2", "1.33.5-gke.1080000"),
            score=Score(proven=92.3, ceiling=98.5, coverage=0.94),
            grade="A",
            exposure=(exposure(Level.DECLARED, 61, 0, 40), exposure(Level.EFFECTIVE, 61, 0, 40)),
        ),
        inert_cluster(
            "retail-legacy",
            "gcp",
            "node-enforcement-off",
            "gke-legacy",
            "1.31.9-gke.1044000",
            account="retail-prod-7f3a",
            location="europe-west1-b",
            tier="staging",
        ),
        varied_cluster(
            "billing-aks",
            "azure",
            failing=(4, 8),
            unknown=(9,),
            account=SUBSCRIPTION,
            location="westeurope",
            dataplane=plane("aks-cilium", "1.17.7"),
            score=Score(proven=74.0, ceiling=81.9, coverage=0.92),
            gates=("NB-ISO-01",),
        ),
        varied_cluster(
            "partner-aks",
            "azure",
            failing=(12,),
            unknown=(4, 6, 8),
            account=SUBSCRIPTION,
            location="northeurope",
            read="partial",
            gaps=("services: forbidden, the role lacks list on services",),
            dataplane=plane("aks-npm", "1.6.29", "unknown", "engine-undetermined"),
            score=Score(proven=58.7, ceiling=84.1, coverage=0.75),
            grade="F (provisional)",
            tier="dev",
            exposure=(exposure(Level.DECLARED, 310, 0, 28), exposure(Level.EFFECTIVE, 420, 380, 12)),
        ),
        unread_cluster(account=SUBSCRIPTION, location="westeurope"),
    )
    scopes = (
        Scope(cloud="aws", account="123456789012", location="eu-west-1", outcome="ok"),
        Scope(
            cloud="aws",
            account="210987654321",
            location="us-east-1",
            outcome="denied",
            reason="eks:ListClusters is not allowed",
        ),
    )
    return report(*clusters, scopes=scopes)


def fleet(count: int) -> Report:
    """`count` clusters with fourteen controls each; every fifth enforces nothing, every seventh cannot be read."""
    clouds = ("aws", "gcp", "azure")
    clusters = []
    for index in range(count):
        cloud, name = clouds[index % 3], f"cluster-{index:03}"
        if index % 7 == 6:
            clusters.append(unread_cluster(name, cloud))
        elif index % 5 == 0:
            clusters.append(inert_cluster(name, cloud, "off", "eks-vpc-cni", "1.21.1"))
        else:
            clusters.append(varied_cluster(name, cloud, failing=(4, 6 + index % 6), unknown=(13,)))
    return report(*clusters)


def renamed(source: Report, name: str) -> Report:
    """The same report with every name and sentence that a cluster chooses replaced by `name`."""

    def hostile(result: ControlResult) -> ControlResult:
        items = tuple(
            msgspec.structs.replace(i, subject=name, reason=name, evidence=(name,), remediation=name)
            for i in result.items
        )
        return msgspec.structs.replace(result, title=name, reason=name, items=items)

    clusters = tuple(
        msgspec.structs.replace(
            c,
            id=name,
            cloud=name,
            account=name,
            location=name,
            name=name,
            tier=name,
            unread=name,
            gaps=(name,),
            taken=name,
            dataplane=DataPlaneSummary(name=name, version=name, enforcing=name, reason=name, evidence=(name,)),
            grade=name,
            gates=(name,),
            notices=(Notice(object=name, field=name, message=name),),
            controls=tuple(hostile(result) for result in c.controls),
        )
        for c in source.clusters
    )
    scopes = (Scope(cloud=name, account=name, location=name, outcome="denied", reason=name),)
    return msgspec.structs.replace(source, clusters=clusters, scopes=scopes)
