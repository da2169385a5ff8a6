"""Libraries that several threads are about to use, loaded by one of them before the others start.

Their modules import each other in circles. Python lets two threads enter such a circle at different places, sees that each waits
for the other, and gives one of them a half-made module or an error (`_DeadlockError`): rarely, and therefore in production.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module

from scanner.model import Cloud

_CLIENT = ("kubernetes.client", "kubernetes.client.exceptions", "kubernetes.config.kube_config")
_SDKS = {
    Cloud.AWS: (
        "botocore.session",
        "botocore.config",
        "botocore.credentials",
        "botocore.signers",
        "infra.clouds.eks.estate",
    ),
    Cloud.GCP: ("google.auth.compute_engine", "google.cloud.container_v1", "infra.clouds.gke.estate"),
    Cloud.AZURE: ("azure.identity", "azure.mgmt.containerservice", "infra.clouds.aks.clusters"),
}


def load_client() -> None:
    """The official Kubernetes client, before several clusters are read at once."""
    _load(_CLIENT)


def load_sdks(clouds: Iterable[Cloud]) -> None:
    """The SDKs of these clouds, before several are asked at once. One that is not installed is said when its cloud is asked."""
    for cloud in dict.fromkeys(clouds):
        with suppress(ImportError):
            _load(_SDKS[cloud])


def _load(names: Iterable[str]) -> None:
    for name in names:
        import_module(name)
