"""NB-OBS-02 to 04: flow logs, the API server's audit log, and where logs are kept."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Iterator

from scanner.cloud.facts import Surroundings
from scanner.controls.base import CLUSTER, Case, Verdict, bounded, names
from scanner.controls.exposure.nodes import is_serverless
from scanner.controls.vouched import stated
from scanner.findings import Status
from scanner.model import Cloud

_FLOWS = "whether flow logs with refused traffic cover every node and pod subnet, and arrive somewhere"
_AUDIT = "the diagnostic settings (kube-audit or kube-audit-admin to a workspace), or the API server's audit policy"
_STORES = (
    "retention of at least 365 days with 90 at hand, and object lock, immutability or versioning with restricted delete, "
    "for every store that holds network logs"
)


def flow_logs_cover(case: Case) -> Iterator[Verdict]:
    """NB-OBS-02: by the VPC's flow logs where an EKS record holds them, else by what somebody states.

    A log of the whole VPC covers every subnet; logs of single subnets cover those alone, and pods may stand in others.
    """
    if _is_serverless(case):
        why = ("every node is Fargate's or virtual: no subnet of nodes is there to log",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="serverless", evidence=why)
        return
    around = case.facts.around if case.facts else None
    if around is None or around.flow_logs is None:
        yield stated(case, "NB-OBS-02", otherwise=_FLOWS)
        return
    yield _covered(case, around)


def _is_serverless(case: Case) -> bool:
    nodes = case.snapshot.nodes
    return bool(nodes) and not case.missing("nodes") and all(map(is_serverless, nodes))


def _covered(case: Case, around: Surroundings) -> Verdict:
    good = {log.resource: log for log in around.flow_logs or () if log.live and log.rejected}
    bad = [
        f"{log.id} of {log.resource}: {'not delivered' if not log.live else 'holds accepted traffic only'}"
        for log in around.flow_logs or ()
        if log.resource not in good
    ]
    if around.vpc and around.vpc in good:
        line = f"{good[around.vpc].id} logs all of {around.vpc} (vpc.flowLogs)"
        return Verdict(subject=CLUSTER, status=Status.PASS, reason="vpc-logged", evidence=(line,))
    open_subnets = [subnet for subnet in around.subnets if subnet not in good]
    if open_subnets or not around.subnets:
        where = names(open_subnets) if open_subnets else "any subnet of the cluster"
        lines = (f"no live flow log with refused traffic covers {where}", *bad)
        fix = (
            f"aws ec2 create-flow-logs --region {shlex.quote(case.snapshot.cluster.location)} --resource-type VPC "
            f"--resource-ids {shlex.quote(around.vpc or '<vpc id>')} --traffic-type REJECT "
            "--log-destination-type s3 --log-destination <bucket ARN>"
        )
        status = Status.FAIL if around.subnets or around.vpc else Status.UNKNOWN
        return Verdict(
            subject=CLUSTER, status=status, reason="subnets-unlogged", evidence=bounded(lines), remediation=fix
        )
    lines = (f"{names(around.subnets)} are logged", "whether pods have addresses of other subnets is not in the record")
    return Verdict(subject=CLUSTER, status=Status.UNKNOWN, reason="pod-subnets-unknown", evidence=lines)


def audit_is_kept(case: Case) -> Iterator[Verdict]:
    """NB-OBS-03: EKS' log types, GKE's Admin Activity log, which always is there; AKS' settings are not in the record.

    Writes on policy kinds can be asked for in each of these stores (CloudWatch Logs Insights, the Logs Explorer).
    """
    around = case.facts.around if case.facts else None
    if around is None or around.audit is None:
        given = stated(case, "NB-OBS-03", otherwise=_AUDIT)
        if case.cloud is Cloud.AZURE and given.status is Status.FAIL:
            given = dataclasses.replace(given, remediation=_switch_on(case))
        yield given
    elif around.audit:
        line = around.audit_where if case.cloud is Cloud.GCP else f"log type audit is on ({around.audit_where})"
        yield Verdict(subject=CLUSTER, status=Status.PASS, reason="audited", evidence=(line,))
    else:
        evidence = (f"log type audit is off ({around.audit_where})",)
        fix = _switch_on(case)
        yield Verdict(subject=CLUSTER, status=Status.FAIL, reason="not-audited", evidence=evidence, remediation=fix)


def _switch_on(case: Case) -> str:
    name, place = shlex.quote(case.snapshot.cluster.name), shlex.quote(case.snapshot.cluster.location)
    if case.cloud is Cloud.AZURE:
        return (
            f"az monitor diagnostic-settings create --name audit --resource {shlex.quote(case.snapshot.cluster.id)} "
            """--workspace <workspace id> --logs '[{"category":"kube-audit-admin","enabled":true}]'"""
        )
    return (
        f"aws eks update-cluster-config --name {name} --region {place} --logging "
        """'{"clusterLogging":[{"types":["audit","authenticator"],"enabled":true}]}'; then alert on delete and patch of """
        "policy kinds by anybody but the GitOps identity."
    )


def evidence_is_retained(case: Case) -> Iterator[Verdict]:
    """NB-OBS-04: by what somebody states; where neither denials nor flows are logged there is no store to speak of."""
    before = [case.results.get(control) for control in ("NB-OBS-01", "NB-OBS-02")]
    if all(result is not None and result.status is Status.FAIL for result in before):
        why = ("NB-OBS-01 and NB-OBS-02 fail: no log is kept that could be retained",)
        yield Verdict(subject=CLUSTER, status=Status.NOT_APPLICABLE, reason="no-log-store", evidence=why)
        return
    yield stated(case, "NB-OBS-04", otherwise=_STORES)
