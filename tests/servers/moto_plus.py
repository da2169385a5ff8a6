"""What moto lacks for Terraform: applied to the process, before its server starts; the server itself is `tests.servers.aws`.

Without these the provider waits for ever for what it has just written (SQS), is refused (S3), has no such API (EKS), or finds
another configuration than it left (Lambda).
"""

from __future__ import annotations

import json
from typing import Any

import moto.eks.urls as eks_urls
from moto.awslambda.models import LambdaFunction
from moto.core.config import default_user_config
from moto.core.responses import ActionResult
from moto.eks.exceptions import ResourceInUseException, ResourceNotFoundException
from moto.eks.responses import EKSResponse
from moto.iam.access_control import IAMPolicy
from moto.s3.models import FakeBucket
from moto.sqs.models import Queue

_Entries = dict[tuple[str, str, str], dict[str, dict[str, Any]]]
ENTRIES: _Entries = {}  # (account, region, cluster) -> principal -> access entry
_DONE: list[bool] = []


def complete_moto() -> None:
    """Once for the process, however often it is called."""
    if _DONE:
        return
    _DONE.append(True)
    default_user_config["lambda"] = {"use_docker": False}  # there is no engine; nothing is invoked
    _echo_queues()
    _echo_functions()
    FakeBucket.get_permission = _get_permission
    for operation in (_create_access_entry, _describe_access_entry, _delete_access_entry):
        setattr(EKSResponse, operation.__name__.removeprefix("_"), operation)
    for path in ("access-entries$", "access-entries/(?P<principalArn>.+)$"):
        eks_urls.url_paths["{0}/clusters/(?P<clusterName>[^/]+)/" + path] = eks_urls.response.dispatch


def _echo_queues() -> None:
    """RedriveAllowPolicy is never told, RedrivePolicy in other words than given, and setting either forgets the Policy."""
    stock, setup, setting = Queue.attributes.fget, Queue._setup_dlq, Queue._set_attributes

    def attributes(self: Any) -> dict[str, Any]:
        told: dict[str, Any] = stock(self)
        if self.redrive_policy and isinstance(given := getattr(self, "given_redrive", None), str):
            told["RedrivePolicy"] = given
        return told | {"RedriveAllowPolicy": told["RedriveAllowPolicy"] or None}  # taken back with an empty text

    def setup_dlq(self: Any, policy: Any) -> None:
        setup(self, policy)
        self.given_redrive = policy

    def set_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        policy = getattr(self, "policy", None)
        setting(self, attributes, now)
        if "Policy" not in attributes:
            self.policy = policy

    Queue.BASE_ATTRIBUTES = [*Queue.BASE_ATTRIBUTES, "RedriveAllowPolicy"]
    Queue.redrive_allow_policy = None
    Queue._set_attributes = set_attributes
    Queue.attributes = property(attributes)
    Queue._setup_dlq = setup_dlq


def _echo_functions() -> None:
    """A function's logging configuration is taken and dropped."""
    made, updated, told = LambdaFunction.__init__, LambdaFunction.update_configuration, LambdaFunction.get_configuration

    def init(self: Any, account_id: str, spec: dict[str, Any], *rest: Any, **more: Any) -> None:
        made(self, account_id, spec, *rest, **more)
        self.logging_config = spec.get("LoggingConfig")

    def update(self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
        self.logging_config = config_updates.get("LoggingConfig", self.logging_config)
        updated(self, config_updates)
        return get(self)

    def get(self: Any, on_create: bool = False) -> dict[str, Any]:
        configuration: dict[str, Any] = told(self, on_create)
        return configuration | ({"LoggingConfig": self.logging_config} if self.logging_config else {})

    LambdaFunction.__init__, LambdaFunction.update_configuration, LambdaFunction.get_configuration = init, update, get


def _get_permission(self: Any, action: str, resource: str) -> Any:
    """Moto reads no conditions of a bucket's policy: a denial of plain http would deny everything. Here loopback is trusted."""
    policy = json.loads(self.policy) if self.policy else {"Statement": []}
    transport = ({"Bool": {"aws:SecureTransport": "false"}}, {"NumericLessThan": {"s3:TlsVersion": "1.2"}})
    policy["Statement"] = [each for each in policy["Statement"] if each.get("Condition") not in transport]
    return IAMPolicy(json.dumps(policy)).is_action_permitted(action, resource)


def _entries(response: Any) -> dict[str, dict[str, Any]]:
    cluster = response._get_param("clusterName") or response._get_param("name")
    response.eks_backend.describe_cluster(cluster)
    return ENTRIES.setdefault((response.current_account, response.region, cluster), {})


def _create_access_entry(self: Any) -> ActionResult:
    entries, principal = _entries(self), self._get_param("principalArn")
    cluster = self._get_param("clusterName") or self._get_param("name")
    if principal in entries:
        raise ResourceInUseException(clusterName=cluster, nodegroupName=None, addonName=None, message="there is one")
    entries[principal] = {
        "clusterName": cluster,
        "principalArn": principal,
        "kubernetesGroups": self._get_param("kubernetesGroups") or [],
        "accessEntryArn": f"arn:aws:eks:{self.region}:{self.current_account}:access-entry/{cluster}/{len(entries)}",
        "username": self._get_param("username") or f"{principal}/{{{{SessionName}}}}",
        "type": self._get_param("type") or "STANDARD",
        "tags": self._get_param("tags") or {},
    }
    return ActionResult({"accessEntry": entries[principal]})


def _found(response: Any) -> tuple[dict[str, dict[str, Any]], str]:
    entries, principal = _entries(response), response._get_param("principalArn")
    if principal not in entries:
        raise ResourceNotFoundException(
            clusterName=None, nodegroupName=None, fargateProfileName=None, addonName=None, message="no such entry"
        )
    return entries, principal


def _describe_access_entry(self: Any) -> ActionResult:
    entries, principal = _found(self)
    return ActionResult({"accessEntry": entries[principal]})


def _delete_access_entry(self: Any) -> ActionResult:
    entries, principal = _found(self)
    del entries[principal]
    return ActionResult({})
