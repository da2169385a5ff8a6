"""The engine as a library: the functions of `scanner` over objects in memory, as the README shows them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

import scanner
from infra.manifests import read_manifests, read_objects
from scanner.errors import InputError
from scanner.model import Collected, Pod
from tests.bench.files import CLUSTER, TAKEN

ROOT = Path(__file__).parents[2]
WEB, DB = "shop/web[Pod]", "shop/db[Pod]"


def named(kind: str, name: str, spec: dict[str, Any], version: str = "v1", **labels: str) -> dict[str, Any]:
    """An object of namespace shop."""
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": name, "namespace": "shop", "labels": labels},
        "spec": spec,
    }


def pod(name: str) -> dict[str, Any]:
    """A pod with its name as label app."""
    return named("Pod", name, {"containers": [{"name": "main", "ports": [{"containerPort": 80}]}]}, app=name)


def policy(name: str, app: str, *sources: str) -> dict[str, Any]:
    """A policy that isolates one app and lets others in on port 80."""
    peers = [{"podSelector": {"matchLabels": {"app": source}}} for source in sources]
    spec = {
        "podSelector": {"matchLabels": {"app": app}},
        "ingress": [{"from": peers, "ports": [{"port": 80}]}] if peers else [],
    }
    return named("NetworkPolicy", name, spec, "networking.k8s.io/v1")


def placeless(found: Pod) -> Pod:
    """A pod without its place."""
    return msgspec.structs.replace(found, origin=None)


CLOSED = [pod("web"), pod("db"), policy("deny", "db"), policy("web", "web", "db")]
LIKE = policy("allow", "db", "web")


def test_objects_in_memory_are_read_as_a_folder_of_them(tmp_path):
    """The same objects in a file give the same pods, policies and connections; where they stand is all that differs."""
    path = tmp_path / "all.json"
    path.write_bytes(b'{"apiVersion":"v1","kind":"List","items":%s}' % msgspec.json.encode([*CLOSED, LIKE]))
    folder, memory = read_manifests(path, cluster=CLUSTER, taken=TAKEN), read_objects([*CLOSED, LIKE])
    assert ([*map(placeless, folder.pods)], folder.namespaces) == ([*map(placeless, memory.pods)], memory.namespaces)
    assert [each.origin.file for each in folder.pods + memory.pods] == [
        "all.json",
        "all.json",
        "objects[2]",
        "objects[1]",
    ]
    one, other = scanner.reach_of(folder), scanner.reach_of(memory)
    assert list(one.connections()) == list(other.connections())
    assert any((each.src, each.dst) == (WEB, DB) for each in one.connections())


@pytest.mark.parametrize("rubbish", [{"a": "\ud800"}, {"a": object()}, {1: {}}, {"kind": "Pod"}, {"metadata": {}}])
def test_what_is_no_object_is_named_and_the_rest_is_read(rubbish):
    """Each gets a notice with its position or is passed over as no Kubernetes object; what it may have been is not complete."""
    found = read_objects([*CLOSED, rubbish])
    assert len(found.pods) == 2
    assert any(notice.object.startswith("objects[5]") for notice in found.notices)


def test_an_object_lost_makes_every_kind_partial():
    """A document that could not be read may have been a policy."""
    found = read_objects([*CLOSED, {"a": object()}])
    assert {status.status for status in found.collection.values()} == {Collected.PARTIAL}


def test_explain_says_which_policy_closes():
    """The policy that isolates the destination stands in the explanation."""
    (found,) = scanner.explain(read_objects(CLOSED), "shop/web", "shop/db", 80)
    assert "NetworkPolicy shop/deny" in {rule.object for half in found.halves for rule in half.by}


def test_diff_and_what_if_say_the_same():
    """One more policy opens one connection, whichever way it is asked; one less closes it again."""
    before, after = read_objects(CLOSED), read_objects([*CLOSED, LIKE])
    opened = list(scanner.diff(before, after))
    (new,) = [each for each in after.policies if each.name == "allow"]
    asked = list(scanner.what_if(scanner.reach_of(before), before, added=[new]))
    assert asked == opened
    assert [(each.src, each.dst, each.kind) for each in opened] == [(WEB, DB, "added")]
    closed = list(scanner.what_if(scanner.reach_of(after), after, removed=[new]))
    assert [(each.src, each.dst, each.kind) for each in closed] == [(WEB, DB, "removed")]


def test_what_if_answers_where_the_edit_speaks_of_something_new():
    """A block of addresses that nothing told apart before: both states are built, and the answer is the same as diff's."""
    before = read_objects(CLOSED)
    spec = {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}
    extra = named("NetworkPolicy", "ranges", spec, "networking.k8s.io/v1")
    after = read_objects([*CLOSED, extra])
    (new,) = [each for each in after.policies if each.name == "ranges"]
    changes = list(scanner.what_if(scanner.reach_of(before), before, added=[new]))
    assert changes == list(scanner.diff(before, after))
    assert ("10.0.0.0-10.255.255.255", DB) in {(each.src, each.dst) for each in changes}


def test_a_data_plane_is_known_by_its_name():
    """By name with a version, or refused in words."""
    found = read_objects(CLOSED)
    assert scanner.reach_of(found, "cilium@1.18.1").level == "effective"
    assert list(scanner.diff(found, found, dataplane="cilium")) == []
    with pytest.raises(InputError, match="nobody"):
        scanner.reach_of(found, "nobody")


def test_lint_finds_what_selects_nothing():
    """The checks of `ringfence lint` over objects in memory."""
    found = scanner.lint_of(read_objects([*CLOSED, policy("idle", "nobody")]))
    assert "NetworkPolicy shop/idle" in {finding.object for finding in found}


def test_importing_the_package_loads_nothing():
    """Whoever wants one module of the core does not pay for the engine."""
    code = "import sys, scanner; print([each for each in sys.modules if each.startswith('scanner.')])"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_the_example_in_the_readme_runs():
    """What the README shows of the library runs as it stands there."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert "added: shop/db[Pod] -> shop/web[Pod], NetworkPolicy shop/deny removed" in run.stdout
