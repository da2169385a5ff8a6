"""What the planned modules grant is what the program asks for, and what they tell it is what it reads."""

from __future__ import annotations

import ast
import json
import re

import pytest
import yaml

from functions.scheduled.news import measure
from infra.clouds.aks import PERMISSIONS as AZURE
from infra.clouds.aks import network as azure_network
from infra.clouds.gke import PERMISSIONS as GOOGLE
from infra.clouds.gke import network as google_network
from tests.terraform.conftest import FOLDER, ROOT

ASKED_OF_GOOGLE = {each.permission for each in GOOGLE} | set(google_network.PERMISSIONS)
ASKED_OF_AZURE = {each.permission for each in AZURE} | set(azure_network.PERMISSIONS)
OF_ORGANIZATIONS = {"resourcemanager.folders.list", "resourcemanager.projects.list"}


def of(run, type_):
    """The planned resources of one type, by address."""
    return {
        address: each for address, each in run.items() if re.sub(r"^module\.\w+\.", "", address).startswith(f"{type_}.")
    }


def read_by(*files: str) -> set[str]:
    """The variables of the environment that these sources read."""
    return {name for file in files for name in re.findall(r"RINGFENCE_[A-Z_]+", (ROOT / file).read_text())}


def functions_of(file: str) -> list[ast.FunctionDef]:
    """The functions of a source, which may need SDKs to be imported."""
    return [each for each in ast.parse((ROOT / file).read_text()).body if isinstance(each, ast.FunctionDef)]


def test_google_plan_and_scan_together_are_what_is_asked(plans):
    """At an organization: all but the quota project, which is granted on that project; the scan has two of them."""
    roles = of(plans["gcp"]["an_organization_binds_once"], "google_organization_iam_custom_role")
    granted = {address.split('"')[1]: set(each["permissions"]) for address, each in roles.items()}
    assert granted["plan"] | granted["scan"] == ASKED_OF_GOOGLE - {"serviceusage.services.use"}
    assert granted["scan"] == {"container.clusters.connect", "container.clusters.get"}
    assert "container.clusters.connect" not in granted["plan"]


def test_google_projects_get_the_same_without_what_their_roles_cannot_hold(plans):
    """Searching below an organization is for organizations."""
    roles = of(plans["gcp"]["one_project_gets_no_permission_of_organizations"], "google_project_iam_custom_role")
    granted = {
        permission for address, each in roles.items() if ".reading" in address for permission in each["permissions"]
    }
    assert granted - {"storage.objects.get", "storage.objects.list"} == (
        ASKED_OF_GOOGLE - {"serviceusage.services.use"} - OF_ORGANIZATIONS
    )
    reading = {a: set(e["permissions"]) for a, e in roles.items() if ".reading[" in a}
    assert set.union(*reading.values()) == ASKED_OF_GOOGLE - {"serviceusage.services.use"} - OF_ORGANIZATIONS


def test_azure_grants_what_is_asked(plans):
    """At a management group all of it, at a subscription what a subscription answers; nothing of the data plane."""
    groups = of(plans["azure"]["a_management_group_has_a_role_of_its_own"], "azurerm_role_definition")
    for address, each in groups.items():
        if ".reading[" in address:
            (permissions,) = each["permissions"]
            assert set(permissions["actions"]) == ASKED_OF_AZURE
            assert not permissions["data_actions"]
    (alone,) = (
        each["permissions"][0]
        for address, each in of(plans["azure"]["the_subscription_alone_by_default"], "azurerm_role_definition").items()
        if ".reading[" in address
    )
    assert set(alone["actions"]) == {each for each in ASKED_OF_AZURE if not each.startswith("Microsoft.Management/")}


@pytest.mark.parametrize(
    ("module", "type_"), [("gcp", "google_project_iam_member"), ("gcp", "google_storage_bucket_iam_member")]
)
def test_no_google_grant_is_a_broad_role(plans, module, type_):
    """Neither basic roles nor administrators, in any plan."""
    roles = {each.get("role") or "" for run in plans[module].values() for each in of(run, type_).values()}
    assert roles
    assert not {
        role for role in roles if role in {"roles/owner", "roles/editor", "roles/viewer"} or "admin" in role.lower()
    }


def test_azure_grants_of_built_in_roles_are_these(plans):
    """On containers, queues and telemetry of the deployment's own; no Contributor, no Owner of anything else."""
    roles = {
        each["role_definition_name"]
        for run in plans["azure"].values()
        for each in of(run, "azurerm_role_assignment").values()
        if each.get("role_definition_name")
    }
    assert roles == {
        "Monitoring Metrics Publisher",
        "Storage Blob Data Contributor",
        "Storage Blob Data Owner",
        "Storage Blob Data Reader",
        "Storage Queue Data Contributor",
    }


def test_no_grant_holds_an_unexplained_wildcard():
    """None at all, in fact: not one permission of either module has a `*`."""
    for path in (*FOLDER.glob("gcp/*.tf"), *FOLDER.glob("azure/*.tf")):
        assert not re.search(r'"[\w./]+[./]\*"', path.read_text()), path


@pytest.mark.parametrize(("cloud", "run"), [("gcp", "binds_the_account"), ("azure", "binds_the_identity")])
def test_cluster_access_is_the_manifests(plans, cloud, run):
    """Rule by rule what kubectl would apply."""
    planned = plans[f"{cloud}/cluster-access"][run]
    manifest = yaml.safe_load((FOLDER / "access" / "cluster-role.yaml").read_text())
    (role,) = of(planned, "kubernetes_cluster_role_v1").values()
    names = {
        "api_groups": "apiGroups", "resources": "resources", "resource_names": "resourceNames",
        "non_resource_urls": "nonResourceURLs", "verbs": "verbs",
    }  # fmt: skip
    rules = [{names[key]: value for key, value in rule.items() if value is not None} for rule in role["rule"]]
    assert rules == manifest["rules"]
    (binding,) = of(planned, "kubernetes_cluster_role_binding_v1").values()
    assert binding["role_ref"][0]["name"] == role["metadata"][0]["name"] == manifest["metadata"]["name"]


def test_google_functions_are_told_what_they_read(plans):
    """Every variable of the program's, and entry points that it has."""
    told = of(plans["gcp"]["functions_and_queues_agree"], "google_cloudfunctions2_function")
    text = (FOLDER / "gcp" / "functions.tf").read_text()
    asked = read_by("functions/scheduled/deployment.py", "functions/gcp.py")
    assert asked == set(re.findall(r"RINGFENCE_[A-Z_]+", text))
    entries = {each["build_config"][0]["entry_point"] for each in told.values()}
    assert entries == {each.name for each in functions_of("functions/gcp.py") if not each.name.startswith("_")}


def test_azure_functions_are_told_what_they_read():
    """Every variable of the program's."""
    asked = read_by("functions/scheduled/deployment.py", "functions/azure.py")
    assert asked == set(re.findall(r"RINGFENCE_[A-Z_]+", (FOLDER / "azure" / "app.tf").read_text()))


def test_azure_queues_and_the_pause_are_the_apps(plans):
    """The queues that its triggers name are there, each with its poison neighbour; the timer that is paused is `due`."""
    triggers = {
        (decorator.func.attr, function.name): {each.arg: ast.literal_eval(each.value) for each in decorator.keywords}
        for function in functions_of("functions/azure.py")
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Call) and all(isinstance(each.value, ast.Constant) for each in decorator.keywords)
    }
    named = {
        each["queue_name"].replace("%RINGFENCE_QUEUE%", "ringfence-tasks")
        for (kind, _), each in triggers.items()
        if kind == "queue_trigger"
    }
    run = plans["azure"]["the_host_and_the_program_agree"]
    assert {each["name"] for each in of(run, "azurerm_storage_queue").values()} == named | {
        f"{each}-poison" for each in named
    }
    timers = {
        name
        for (kind, name), each in triggers.items()
        if kind == "timer_trigger" and each.get("schedule") == "%RINGFENCE_SCHEDULE%"
    }
    assert timers == {"due"}


@pytest.mark.parametrize("cloud", ["gcp", "azure"])
def test_alerts_read_what_functions_write(capsys, cloud):
    """Each field that an alert or metric looks at is one of the line about a report, or one that every line has."""
    (tell,) = (each for each in functions_of("functions/scheduled/service.py") if each.name == "_tell")
    (numbers,) = (each for each in ast.walk(tell) if isinstance(each, ast.Dict))
    measure({key.value: 1 for key in numbers.keys}, run="r")
    written = set(json.loads(capsys.readouterr().out))
    text = (FOLDER / cloud / "alerts.tf").read_text()
    read = set(re.findall(r"\b(?:jsonPayload|line)\.(\w+)", text))
    assert {"Reports", "Score", "UnreadClusters", "UnreadPlaces"} <= read
    assert read <= written


@pytest.mark.parametrize("cloud", ["gcp", "azure"])
def test_the_guide_explains_every_alert(plans, cloud):
    """An alert's text sends its reader to a heading that is there."""
    guide = (ROOT / "docs" / f"operate-{cloud}.md").read_text()
    sent = set(re.findall(rf"docs/operate-{cloud}\.md, ([a-z-]+)", json.dumps(plans[cloud])))
    assert len(sent) == 7
    assert {name for name in sent if f"### {name}\n" not in guide} == set()
