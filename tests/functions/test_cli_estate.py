"""`config check`, and `discover` and `doctor` where there is nothing to ask a cloud: exit codes and both streams."""

from __future__ import annotations

import json

import jsonschema
import pytest

from functions.schemas import FOLDER
from tests.functions.test_cli import ringfence
from tests.infra.kube.server import FakeCluster, Server


def test_config_check_names_every_mistake(tmp_path):
    """A line each as compilers write it, exit 2; as json by its schema; exit 0 and a count where nothing is wrong."""
    file = tmp_path / "ringfence.yaml"
    file.write_text("sources:\n- {demo: true}\nbaselin: {}\nconcurrency: {clusters: 0}\n")
    ran = ringfence("config", "check", cwd=tmp_path)
    assert ran.returncode == 2
    assert ran.stdout.splitlines() == [
        'ringfence.yaml:3: baselin: no such key: write "baseline"',
        "ringfence.yaml:4: concurrency.clusters: 0 is out of bounds: write a number from 1 to 256",
        "2 mistakes",
    ]
    ran = ringfence("config", "check", str(file), "--format", "json")
    document = json.loads(ran.stdout)
    jsonschema.validate(document, json.loads((FOLDER / "config-check-v1.json").read_text()))
    assert (ran.returncode, [each["line"] for each in document["mistakes"]]) == (2, [3, 4])
    file.write_text("sources:\n- {demo: true}\n")
    ran = ringfence("config", "check", cwd=tmp_path)
    assert (ran.returncode, ran.stdout) == (0, "ringfence.yaml: no mistake, 1 source\n")


def test_config_check_without_a_file(tmp_path):
    """A file that is not there is a mistake, not an empty file."""
    ran = ringfence("config", "check", cwd=tmp_path)
    assert ran.returncode == 2
    assert ran.stdout.startswith("ringfence.yaml: cannot be read (No such file or directory)")


@pytest.mark.parametrize("command", ["discover", "doctor", "audit", "collect"])
def test_nothing_to_read_from_is_one_line(command, tmp_path):
    """Without a way in and without settings, the line names the flags."""
    ran = ringfence(command, *(["-o", "out"] if command == "collect" else []), cwd=tmp_path)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "--aws" in ran.stderr


def test_mistakes_in_the_settings_stop_a_run(tmp_path):
    """A misspelt scope must not become a smaller estate."""
    (tmp_path / "ringfence.yaml").write_text("sources:\n- gcp: {projcts: [a-project-1]}\n")
    ran = ringfence("discover", cwd=tmp_path)
    assert (ran.returncode, ran.stderr) == (
        2, 'ringfence: ringfence.yaml:2: sources[0].gcp.projcts: no such key: write "projects"\n',
    )  # fmt: skip


def test_doctor_checks_a_kubeconfig(tmp_path):
    """Rights inside one cluster, without any cloud; the document follows its schema."""
    served = {"": {"v1": ["namespaces", "pods", "nodes"]}, "networking.k8s.io": {"v1": ["networkpolicies"]}}
    cluster = FakeCluster(served=served, objects={}, forbidden={"pods"})
    with Server(cluster, tmp_path) as server:
        ran = ringfence("doctor", "--kubeconfig", server.kubeconfig(), "--context", "lab", "--format", "json")
        table = ringfence("doctor", "--kubeconfig", server.kubeconfig())
        cluster.forbidden = set()
        well = ringfence("doctor", "--kubeconfig", server.kubeconfig())
    found = json.loads(ran.stdout)
    jsonschema.validate(found, json.loads((FOLDER / "doctor-v1.json").read_text()))
    assert (ran.returncode, table.returncode, well.returncode) == (3, 3, 0), well.stdout
    assert found["clusters"][0]["missing"] == ["list pods"]
    assert "kubectl create clusterrolebinding ringfence-reader" in found["clusters"][0]["mend"]
    assert "    missing: list pods" in table.stdout
    assert well.stdout.splitlines()[-1] == "nothing is in the way"
