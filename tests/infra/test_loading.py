"""Libraries are loaded before threads need them, so that no two threads load them at once."""

from __future__ import annotations

import subprocess
import sys

THREADS = """
import sys, threading
from infra.loading import load_client, load_sdks
from scanner.model import Cloud

load_client()
load_sdks(Cloud(name) for name in ("aws", "gcp", "azure"))
before = set(sys.modules)
from infra.clouds import aks, eks, gke
from infra.clouds.options import AwsOptions, AzureOptions, GcpOptions
from infra.kube.api import Api, Limits
from infra.kube.access import Access
from kubernetes.client import Configuration

Api(Access("c", Configuration(host="https://127.0.0.1:1")), Limits()).__exit__()
for package, options in ((aks, AzureOptions()), (gke, GcpOptions()), (eks, AwsOptions())):
    try:
        next(package.discover(options))
    except Exception:
        pass  # without credentials; what it needs is loaded all the same
roots = {"azure", "google", "kubernetes", "requests"}
print(sorted(name for name in set(sys.modules) - before if name.partition(".")[0] in roots))
"""


def test_what_threads_use_is_loaded_before_they_start():
    """Once loaded, asking each cloud and making a client loads no module of the libraries that import in circles."""
    environment = {
        "PATH": "", "AWS_EC2_METADATA_DISABLED": "true", "NO_GCE_CHECK": "true",
        "AZURE_TOKEN_CREDENTIALS": "EnvironmentCredential",
        "HOME": "/nonexistent",
    }  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", THREADS],
        capture_output=True,
        text=True,
        check=True,
        env=environment | {"PYTHONPATH": "."},
    )
    assert ran.stdout == "[]\n"
