"""`dataplanes` and `compare-dataplanes` as the command line has them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from reports.comparison import Comparison
from reports.dataplanes import DataPlanes
from scanner.dataplane.catalogue import CATALOGUE

ROOT = Path(__file__).parents[2]
BALANCER = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: web, ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, selector: {app: web}, ports: [{port: 80}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec: {podSelector: {}, policyTypes: [Ingress]}
"""
BY_ADDRESS = """
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web}]}
status: {podIPs: [{ip: 10.0.0.1}]}
---
apiVersion: v1
kind: Pod
metadata: {name: db, namespace: shop, labels: {app: db}}
spec: {containers: [{name: db}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: db, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}]}]}
"""
OWN = """
name = "aks-npm"
facts = [{ capability = "balancer-policed", value = "honoured", confidence = "documented", source = "our own test" }]
"""


def run(*words):
    return subprocess.run(
        [sys.executable, "-m", "functions.cli", *map(str, words)],
        cwd=ROOT, capture_output=True, text=True, check=False, env={"COLUMNS": "100", "NO_COLOR": "1", "PATH": ""},
    )  # fmt: skip


@pytest.fixture
def shop(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "shop.yaml").write_text(BALANCER)
    return folder


def test_the_list_has_every_engine():
    """Without a name every engine of the catalogue is listed by name and title."""
    done = run("dataplanes")
    assert done.returncode == 0
    listed = [line.split("  ")[0] for line in done.stdout.splitlines() if "  " in line]
    assert listed == sorted(CATALOGUE)


def test_one_engine_tells_its_facts_with_their_sources():
    """A version leaves only the facts that may hold for it."""
    done = run("dataplanes", "cilium@1.16.0")
    assert done.returncode == 0
    assert "end-port               ignored    below 1.17" in done.stdout
    assert "from 1.17 on" not in done.stdout
    assert "cilium/cilium documentation" in done.stdout


def test_the_document_is_what_its_schema_says():
    """`dataplanes/v1`, with a source for every fact."""
    document = msgspec.json.decode(run("dataplanes", "--format", "json").stdout, type=DataPlanes)
    assert [each.name for each in document.dataplanes] == sorted(CATALOGUE)
    facts = [fact for each in document.dataplanes for item in (*each.capabilities, *each.kinds) for fact in item.facts]
    assert len(facts) > 200
    assert all(fact.source and fact.confidence and fact.value for fact in facts)


def test_a_comparison_names_the_rule_and_what_is_open(shop):
    """NPM lets a balancer's traffic past a deny-all; the VPC CNI does not."""
    done = run("compare-dataplanes", shop, "--dataplane", "eks-vpc-cni", "--dataplane", "aks-npm")
    assert done.returncode == 0, done.stderr
    rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line.startswith(("eks-", "aks-"))}
    assert rows["eks-vpc-cni"] == ["0", "0", "0"]
    assert "aks-npm: 2 connections possible though policies deny it" in done.stdout
    assert "externalTrafficPolicy Cluster: ignored" in " ".join(done.stdout.split())
    assert "through Service shop/web: declared denied, here TCP 80" in " ".join(done.stdout.split())


def test_the_comparison_document_is_what_its_schema_says(shop):
    """`comparison/v1`: counts, rules, and each connection with what is declared and what is effective."""
    done = run("compare-dataplanes", shop, "--dataplane", "aks-npm", "--format", "json")
    (plane,) = msgspec.json.decode(done.stdout, type=Comparison).dataplanes
    assert plane.counts == {"gap": 2, "breakage": 0, "both": 0, "doubt": 0}
    assert {each.kind for each in plane.connections} == {"gap"}
    assert all(each.rules == ["balancer-policed"] and each.effective.TCP == ((80, 80),) for each in plane.connections)
    assert {each.name: each.connections for each in plane.rules}["balancer-policed"] == 2


def test_a_catalogue_file_counts_instead(shop, tmp_path):
    """A file of one's own changes what an engine is said to do."""
    own = tmp_path / "own.toml"
    own.write_text(OWN)
    done = run("compare-dataplanes", shop, "--dataplane", "aks-npm", "--catalogue", own, "--format", "json")
    (plane,) = json.loads(done.stdout)["dataplanes"]
    assert plane["counts"]["gap"] == 0
    assert "our own test" in run("dataplanes", "aks-npm", "--catalogue", own).stdout


@pytest.mark.parametrize("command", [["reach", "--level", "effective"], ["diff", "--level", "effective"], ["lint"]])
def test_every_command_that_judges_takes_a_catalogue_file(shop, tmp_path, command):
    """A file that does not load is one error wherever it is named."""
    own = tmp_path / "own.toml"
    own.write_text(OWN.replace("our own test", ""))
    sides = [shop] * (2 if command[0] == "diff" else 1)
    done = run(*command, *sides, "--dataplane", "aks-npm", "--catalogue", own)
    assert done.returncode == 2
    assert f"{own}: is no catalogue entry" in done.stderr


def test_explain_says_by_which_rule_a_data_plane_differs(tmp_path):
    """An ipBlock that holds a pod's address lets it in under NPM, not as declared; another catalogue says otherwise."""
    (tmp_path / "shop.yaml").write_text(BY_ADDRESS)
    own = tmp_path / "own.toml"
    own.write_text(OWN.replace("balancer-policed", "ipblock-matches-pods").replace("honoured", "ignored"))
    asked = ["explain", "shop/web", "shop/db", "--manifests", tmp_path, "--dataplane", "aks-npm"]
    said = " ".join(run(*asked).stdout.split())
    assert "other than declared, because of whether an ipBlock matches pods by their addresses: honoured" in said
    declared, effective = json.loads(run(*asked, "--format", "json").stdout)["explanations"]
    assert (declared["allowed"], effective["allowed"], "because" in declared) == ("no", "yes", False)
    assert effective["because"][0].startswith("whether an ipBlock matches pods")
    assert "other than declared" not in run(*asked, "--catalogue", own).stdout


def test_without_a_data_plane_the_detected_one_is_meant(shop):
    """A folder shows no engine, so what is effective is not known."""
    (plane,) = json.loads(run("compare-dataplanes", shop, "--format", "json").stdout)["dataplanes"]
    assert plane["name"] == "unknown"
    assert plane["counts"]["gap"] == plane["counts"]["breakage"] == 0
    assert plane["counts"]["doubt"] > 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        pytest.param(["dataplanes", "ciliun"], "unknown data plane 'ciliun'", id="misspelt"),
        pytest.param(["dataplanes", "cilium@new"], "'new' is not a version of cilium", id="version"),
        pytest.param(["dataplanes", "none"], "none is no engine", id="none"),
        pytest.param(["dataplanes", "--catalogue", "/nowhere.toml"], "/nowhere.toml: cannot be read", id="file"),
        pytest.param(["dataplanes", "--catalogue", "README.md"], "README.md: is no catalogue entry", id="no-catalogue"),
        pytest.param(
            ["compare-dataplanes", "/nowhere", "--dataplane", "cilium"], "/nowhere: cannot be read", id="folder"
        ),
    ],
)
def test_what_cannot_be_used_is_one_line(words, said):
    """The error names what was given; the exit code is that of usage."""
    done = run(*words)
    assert done.returncode == 2
    assert done.stderr.startswith(f"ringfence: {said}")
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_a_folder_on_which_nothing_differs_says_so(shop):
    """Zeros alone would leave a reader wondering whether anything was compared."""
    done = run("compare-dataplanes", shop, "--dataplane", "eks-vpc-cni")
    assert done.stdout.splitlines()[-1] == "no connection differs from what the policies declare"
