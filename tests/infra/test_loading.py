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


FIRST = """
import sys, threading
from pathlib import Path

sys.setswitchinterval(1e-6)
data = Path("infra/estate/data/pay-prod-euw1.snapshot.json.zst").read_bytes()
barrier = threading.Barrier(4)


def read(answers):
    barrier.wait()
    from infra.kube import lists
    from infra.snapshots import decode

    answers.append((len(decode(data, "x").pods), lists._PAGES["pods"].decode(b'{"metadata": {}, "items": []}').items))


answers = []
threads = [threading.Thread(target=read, args=(answers,)) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert len(answers) == 4 and answers.count(answers[0]) == 4, answers
"""


def test_threads_that_are_the_first_to_decode_do_not_crash():
    """Where two threads meet a type for the first time, msgspec 0.22 dies; nearly every other process did here."""
    for _ in range(8):
        ran = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, check=False)
        assert ran.returncode == 0, ran.stderr
