"""What one policy more changes in a cluster that is loaded and answered: CPU seconds beside those of the first answer."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import msgspec

from infra.manifests import read_manifests
from scanner.model import ApiObject
from scanner.policy.resolve import resolve
from scanner.reach.engine import build
from scanner.reach.whatif import Edit, fits, what_if
from tests.bench.files import CLUSTER, TAKEN
from tests.bench.spent import python, run

_SPEC = {
    "podSelector": {"matchLabels": {"app": "web"}},
    "policyTypes": ["Ingress"],
    "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "api"}}}], "ports": [{"port": 443}]}],
}


class Answer(msgspec.Struct):
    """Seconds from loaded objects to columns, seconds from there to what one policy changes, and how many lines that is."""

    first: float
    more: float
    lines: int


def ask(path: Path) -> Answer:
    """Ask in a process of its own."""
    return msgspec.json.decode(run(python("-m", "tests.bench.whatif", str(path)), keep=True).out, type=Answer)


def _main(path: str) -> None:
    cluster = read_manifests(Path(path), cluster=CLUSTER, taken=TAKEN)
    start = time.process_time()
    before = build(cluster, resolve(cluster))
    before.exposure()
    answered = time.process_time()
    policy = ApiObject(
        api_version="networking.k8s.io/v1", kind="NetworkPolicy", name="one-more", namespace="ns-0001",
        spec=msgspec.Raw(msgspec.json.encode(_SPEC)),
    )  # fmt: skip
    edit = Edit(added=resolve(msgspec.structs.replace(cluster, policies=(policy,))).policies)
    if not fits(before, edit):
        raise ValueError("the generated cluster does not tell apart what the policy speaks of")
    lines = sum(1 for _ in what_if(before, edit))
    print(msgspec.json.encode(Answer(answered - start, time.process_time() - answered, lines)).decode())


if __name__ == "__main__":
    _main(sys.argv[1])
