"""Matching what an operator declared against clusters, namespaces and workloads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase

from scanner.baselines.config import PLATFORM_NAMESPACES, BaselineConfig, Match
from scanner.model import ClusterRef


def tier_of(config: BaselineConfig, cluster: ClusterRef) -> str:
    """The cluster's tier: the first pattern that matches its name, else prod."""
    return next((tier for pattern, tier in config.tiers.items() if fnmatchcase(cluster.name, pattern)), "prod")


def is_platform(config: BaselineConfig, namespace: str, engine_namespaces: Iterable[str] = ()) -> bool:
    """Whether a namespace belongs to the platform: built in, declared, or the home of the detected engine."""
    patterns = (*PLATFORM_NAMESPACES, *config.platform_namespaces)
    return namespace in set(engine_namespaces) or any(fnmatchcase(namespace, pattern) for pattern in patterns)


def declared(entries: Iterable[Match], cluster: str, namespace: str, workload: str, labels: Mapping[str, str]) -> bool:
    """Whether one of `entries` names this workload (or Service, by its name)."""
    return any(
        fnmatchcase(cluster, entry.cluster)
        and fnmatchcase(namespace, entry.namespace)
        and fnmatchcase(workload, entry.workload)
        and all(labels.get(key) == value for key, value in entry.labels.items())
        for entry in entries
    )
