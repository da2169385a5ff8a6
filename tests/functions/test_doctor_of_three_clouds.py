"""`doctor` over three clouds that refuse: every missing permission and right by name, with what grants it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import jsonschema
import pytest

from functions.schemas import FOLDER
from tests.servers.azure import Fault
from tests.servers.gcp_answers import denied
from tests.servers.three_clouds import HOME, SUBSCRIPTIONS, UNREACHABLE, ThreeClouds


@pytest.fixture
def refusing(estate) -> Iterator[ThreeClouds]:
    """The same estate, where each cloud refuses one more place and each Kubernetes API a kind."""
    path = f"/subscriptions/{SUBSCRIPTIONS[1]}/providers/Microsoft.ContainerService/managedClusters"
    estate.azure.always[path] = Fault.arm(403, "AuthorizationFailed")
    estate.google.fault("/v1/projects/web-prod/locations/-/clusters", denied("container.clusters.list"), always=True)
    fault = estate.aws.fault("eks", "ListClusters", "AccessDeniedException", account=estate.throttled, region=HOME)
    for server in estate.kube.values():
        server.cluster.forbidden |= {"pods", "networkpolicies.networking.k8s.io"}
        server.cluster.role = [rule for rule in server.cluster.role if rule.get("resources") != ["configmaps"]]
    yield estate
    fault.times = 0
    del estate.azure.always[path]
    estate.google._always.clear()


def test_doctor_names_what_is_missing_in_each_cloud_and_how_to_grant_it(refusing, operator):
    """Permissions of AWS, Google and Azure, and rights inside the clusters, exactly; exit 3."""
    code, found = operator.document("doctor")
    jsonschema.validate(found, json.loads((FOLDER / "doctor-v1.json").read_text()))
    assert code == 3
    assert [(each["source"], each["usable"]) for each in found["sources"]] == [
        ("aws", True),
        ("gcp", True),
        ("azure", True),
    ]
    places = {(each["account"], each["location"]): each for each in found["places"] if each["missing"]}
    assert {place: each["missing"] for place, each in places.items()} == {
        (refusing.denied, ""): ["sts:AssumeRole"],
        (refusing.throttled, HOME): ["eks:ListClusters"],
        ("web-prod", ""): ["container.clusters.list"],
        (SUBSCRIPTIONS[1], ""): ["Microsoft.ContainerService/managedClusters/read"],
    }
    assert '"Action":["eks:ListClusters"]' in places[refusing.throttled, HOME]["mend"]
    assert "--role-name ringfence-reader" in places[refusing.throttled, HOME]["mend"]
    assert "projects add-iam-policy-binding web-prod" in places["web-prod", ""]["mend"]
    assert "--role roles/container.clusterViewer" in places["web-prod", ""]["mend"]
    assert f"--role Reader --scope /subscriptions/{SUBSCRIPTIONS[1]}" in places[SUBSCRIPTIONS[1], ""]["mend"]
    rights = {each["name"]: each for each in found["clusters"]}
    assert rights[UNREACHABLE]["readable"] == "no"
    for name, command in (
        ("pay-1", "create-access-entry"),
        ("pay-prod-0", "gserviceaccount"),
        ("aks-3-0", "OBJECT_ID"),
    ):
        assert rights[name]["readable"] == "partly"
        assert rights[name]["missing"][:2] == ["list networkpolicies.networking.k8s.io", "list pods"]
        assert "get configmaps kube-system/amazon-vpc-cni" in rights[name]["missing"]
        assert command in rights[name]["mend"]
    assert all(
        not server.cluster.outside or "configmaps" in server.cluster.outside[0] for server in refusing.kube.values()
    )


def test_doctor_for_people(refusing, operator):
    """The same in lines, commands whole for copying."""
    ran = operator.run("doctor", "--config", "gcp.yaml")
    assert ran.returncode == 3
    assert "ok    gcp: can be used" in ran.stdout
    assert "    missing: container.clusters.list\n" in ran.stdout
    assert "    mend: gcloud projects add-iam-policy-binding web-prod --member" in ran.stdout
    assert max(len(line) for line in ran.stdout.splitlines() if "mend: " not in line) <= 100


def test_doctor_says_nothing_secret(estate, operator):
    """Not a planted value or token in anything that was printed."""
    assert operator.said
    assert operator.secrets(estate)[1] == []
