"""ISO: who is isolated: default denies, and what reopens them."""

from __future__ import annotations

from scanner.controls.base import Control
from scanner.controls.isolation.allow_all import nothing_reopens
from scanner.controls.isolation.automatic import namespaces_start_closed
from scanner.controls.isolation.default_deny import denies_egress, denies_ingress, pods_are_isolated
from scanner.controls.isolation.platform import default_is_empty, platform_is_covered
from scanner.controls.isolation.zones import zones_are_apart
from scanner.findings import Evidence, Severity, Status

CONTROLS: tuple[Control, ...] = (
    Control(
        id="NB-ISO-01",
        title="Default-deny ingress is effective in every workload namespace",
        severity=Severity.CRITICAL,
        scope="namespace",
        least=Evidence.E2,
        requires=("NB-ENF-01", "NB-ENF-06"),
        fractional=True,
        remediation="Apply a default-deny NetworkPolicy for ingress in each namespace, then allow named flows.",
        check=denies_ingress,
    ),
    Control(
        id="NB-ISO-02",
        title="Default-deny egress is effective in every workload namespace",
        severity=Severity.HIGH,
        scope="namespace",
        least=Evidence.E2,
        requires=("NB-ENF-01", "NB-ENF-06"),
        remediation="Apply a default-deny NetworkPolicy for egress in each namespace, then allow DNS and named flows.",
        check=denies_egress,
    ),
    Control(
        id="NB-ISO-03",
        title="Every running workload pod is isolated in both directions",
        severity=Severity.HIGH,
        scope="pod",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        fractional=True,
        remediation="Make a policy select every pod in both directions, most simply the namespace's default deny.",
        check=pods_are_isolated,
    ),
    Control(
        id="NB-ISO-04",
        title="No allow-all policy cancels the baseline",
        severity=Severity.CRITICAL,
        scope="policy",
        least=Evidence.E2,
        remediation="Replace rules that admit everybody by named peers and ports.",
        check=nothing_reopens,
    ),
    Control(
        id="NB-ISO-05",
        title="New namespaces receive the baseline automatically",
        severity=Severity.MEDIUM,
        scope="cluster",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Add a cluster-tier default deny where the engine honours one. Otherwise let Kyverno generate one for "
        "each new namespace, with synchronize on.",
        check=namespaces_start_closed,
    ),
    Control(
        id="NB-ISO-06",
        title="Platform namespaces have explicit policy",
        severity=Severity.MEDIUM,
        scope="namespace",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Apply the vendors' allow lists for the resolver, ingress and metrics, or record a waiver with its reason.",
        check=platform_is_covered,
    ),
    Control(
        id="NB-ISO-07",
        title="Declared trust zones have no undeclared path between them",
        severity=Severity.HIGH,
        scope="zone pair",
        least=Evidence.E2,
        requires=("NB-ENF-01",),
        remediation="Tighten the rules that are named. Put hostile tenants into clusters or node pools of their own.",
        check=zones_are_apart,
    ),
    Control(
        id="NB-ISO-08",
        title="The default namespace holds no workloads",
        severity=Severity.LOW,
        scope="namespace",
        least=Evidence.E2,
        never=(Status.NOT_APPLICABLE,),
        remediation="Move workloads to namespaces that have an owner.",
        check=default_is_empty,
    ),
)
