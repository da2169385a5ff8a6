"""How a missing permission is granted: a command of each cloud's own tool, for somebody who may grant it."""

from __future__ import annotations

import json
import re
import shlex

from reports.document import Scope
from reports.wording import visible

_AWS_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z]+\Z")
_AZURE_ACTION = re.compile(r"Microsoft\.[A-Za-z]+/[A-Za-z/]+\Z")
_GOOGLE_PERMISSION = re.compile(r"[a-z]+(?:\.[a-zA-Z]+){2}\Z")
_ROLE = "ringfence-reader"
_GROUP = "ringfence"


def mend(scope: Scope, role: str = "") -> str:
    """The command that grants what is `missing` in a place; "" where no command would.

    `role` is the IAM role that is assumed in AWS accounts. Words in capitals are to be replaced.
    """
    match scope.cloud:
        case "aws":
            return _aws(scope, role)
        case "gcp":
            return _gcp(scope)
        case "azure":
            return _azure(scope)
    return ""


def _aws(scope: Scope, role: str) -> str:
    actions = sorted(each for each in scope.missing if _AWS_ACTION.match(each))
    if not actions:
        return ""
    if actions == ["sts:AssumeRole"]:
        named = f"role {visible(role, 200)} " if role else "the role "
        return f"create {named}in account {visible(scope.account, 20)}, trusting ringfence's own, and allow that sts:AssumeRole"
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    document = shlex.quote(json.dumps(policy, separators=(",", ":")))
    name = shlex.quote(visible(role.rpartition("/")[2], 200)) if role else "ROLE"
    return f"aws iam put-role-policy --role-name {name} --policy-name ringfence --policy-document {document}"


def _gcp(scope: Scope) -> str:
    permissions = [each for each in scope.missing if _GOOGLE_PERMISSION.match(each)]
    if not permissions:
        services = [each.partition(" in ")[::2] for each in scope.missing if each.endswith(".com") or " in " in each]
        return "; ".join(
            f"gcloud services enable {_word(service)} --project {_word(place or scope.account)}"
            for service, place in services
            if service.endswith(".googleapis.com")
        )
    kind, _, number = scope.account.rpartition("/")
    target = {
        "organizations": f"organizations add-iam-policy-binding {_word(number)}",
        "folders": f"resource-manager folders add-iam-policy-binding {_word(number)}",
    }.get(kind, f"projects add-iam-policy-binding {_word(scope.account)}")
    roles = sorted({_google_role(each) for each in permissions})
    return "; ".join(f"gcloud {target} --member serviceAccount:ACCOUNT --role {role}" for role in roles)


def _google_role(permission: str) -> str:
    """The least predefined role (discovery.md 4.2)."""
    if permission.startswith("container."):
        return "roles/container.clusterViewer"
    if permission.startswith("compute."):
        return "roles/compute.networkViewer"
    if permission.startswith("serviceusage."):
        return "roles/serviceusage.serviceUsageConsumer"
    return "roles/browser"


def _azure(scope: Scope) -> str:
    actions = [each for each in scope.missing if _AZURE_ACTION.match(each)]
    if not actions:
        return ""
    group = scope.account.removeprefix("managementGroups/")
    place = (
        f"/providers/Microsoft.Management/managementGroups/{group}"
        if group != scope.account
        else f"/subscriptions/{scope.account}"
    )
    roles = sorted({_azure_role(each) for each in actions})
    return "; ".join(
        f"az role assignment create --assignee PRINCIPAL --role {shlex.quote(role)} --scope {_word(place)}"
        for role in roles
    )


def _azure_role(action: str) -> str:
    user = action.endswith("/listClusterUserCredential/action")
    return "Azure Kubernetes Service Cluster User Role" if user else "Reader"


def _word(text: str) -> str:
    return shlex.quote(visible(text, 200))


def rights(cloud: str, location: str, name: str) -> str:
    """The commands that let somebody read a cluster: who that is to the cluster is said in each cloud's own way."""
    bind = f"kubectl create clusterrolebinding {_ROLE} --clusterrole={_ROLE}"
    role = "kubectl apply -f infra/kube/clusterrole.yaml"
    if cloud == "aws":
        entry = f"aws eks create-access-entry --cluster-name {_word(name)} --region {_word(location)}"
        return f"{entry} --principal-arn ROLE_ARN --kubernetes-groups {_GROUP}; {role}; {bind} --group={_GROUP}"
    subject = {"gcp": "--user=ACCOUNT@PROJECT.iam.gserviceaccount.com", "azure": "--user=OBJECT_ID"}
    return f"{role}; {bind} {subject.get(cloud, '--user=NAME')}"
