"""AWS on 127.0.0.1: moto's server with what it lacks for EKS, several accounts, and faults on demand."""

from __future__ import annotations

import base64
import threading
import urllib.request
from typing import Any, Self

import boto3
import moto.eks.models as eks_models
import moto.eks.urls as eks_urls
from botocore import xform_name
from moto.core.responses import ActionResult
from moto.ec2.models.availability_zones_and_regions import Region, RegionsAndZonesBackend
from moto.eks.exceptions import ResourceNotFoundException
from moto.eks.responses import EKSResponse
from moto.iam.models import get_account_id_from, iam_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server

from tests.servers.aws_faults import Call, Fault, Front
from tests.servers.aws_tokens import check_token

OWN = "123456789012"  # the account of the credentials below
HOME = "us-east-1"
_KEY = "AKIAIOSFODNN7EXAMPLE"
_SECRET = "no-secret-but-must-not-leak"  # noqa: S105 - opens nothing but the server below
_ROLE = "arn:aws:iam::123456789012:role/any"
_REGIONS = [each for each in RegionsAndZonesBackend.regions if not each.name.startswith(("cn-", "us-gov-"))]
_Addons = dict[tuple[str, str, str], dict[str, dict[str, Any]]]
_ADDONS: _Addons = {}  # (account, region, cluster) -> name -> add-on; moto's own state is the process's too


class AwsCloud:
    """A whole AWS, empty at first; stops when the block ends. One at a time: moto's state belongs to the process."""

    def __init__(self) -> None:
        _complete_moto()
        self._front = Front(DomainDispatcherApplication(create_backend_app))
        self._server = make_server(
            "127.0.0.1", 0, self._front, threaded=True, request_handler=_quiet(MotoRequestHandler)
        )
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._clients: dict[tuple[str, str, str], Any] = {}
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        """Start, without anything that an earlier one left."""
        self._thread.start()
        self.reset()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def reset(self) -> None:
        """Take away every account, cluster and fault."""
        request = urllib.request.Request(f"{self.url}/moto-api/reset", method="POST")  # noqa: S310 - ours
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
        _ADDONS.clear()
        RegionsAndZonesBackend.regions = list(_REGIONS)  # moto has those of all partitions in one
        self._clients.clear()
        self.clear()

    def clear(self) -> None:
        """Forget faults and calls."""
        self._front.faults.clear()
        self._front.calls.clear()

    @property
    def calls(self) -> list[Call]:
        """Every request since the last reset, with the operation it asks for and the account that asks."""
        return self._front.calls

    @property
    def faults(self) -> list[Fault]:
        """What is answered instead, the first that matches."""
        return self._front.faults

    def environment(self) -> dict[str, str]:
        """What an operator would set to have every AWS call come here, as the account `OWN`, and fail quickly."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": _KEY,
            "AWS_SECRET_ACCESS_KEY": _SECRET,
            "AWS_REGION": HOME,
            "AWS_DEFAULT_REGION": HOME,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_MAX_ATTEMPTS": "1",
            "AWS_CONFIG_FILE": "/nonexistent",
            "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent",
        }

    def client(self, service: str, region: str = HOME, account: str = OWN) -> Any:
        """A client of boto3, for the tests' own use."""
        key = (service, region, account)
        if key not in self._clients:
            own = {"aws_access_key_id": _KEY, "aws_secret_access_key": _SECRET}
            if account != OWN:
                sts = self.client("sts")
                given = sts.assume_role(RoleArn=_ROLE.replace(OWN, account), RoleSessionName="test")["Credentials"]
                own = {
                    "aws_access_key_id": given["AccessKeyId"],
                    "aws_secret_access_key": given["SecretAccessKey"],
                    "aws_session_token": given["SessionToken"],
                }
            self._clients[key] = boto3.client(service, region_name=region, endpoint_url=self.url, **own)
        return self._clients[key]

    def enable_only(self, *regions: str) -> None:
        """Every account has these regions enabled, known or not; before, it has those that need no opting in."""
        RegionsAndZonesBackend.regions = [
            Region(name, f"ec2.{name}.amazonaws.com", "opt-in-not-required") for name in regions
        ]

    def add_organization(self) -> str:
        """Make `OWN` the management account of an organization; gives the id of its root."""
        organizations = self.client("organizations")
        organizations.create_organization(FeatureSet="ALL")
        return str(organizations.list_roots()["Roots"][0]["Id"])

    def add_unit(self, parent: str, name: str) -> str:
        """An organizational unit below a root or another unit; gives its id."""
        answer = self.client("organizations").create_organizational_unit(ParentId=parent, Name=name)
        return str(answer["OrganizationalUnit"]["Id"])

    def add_account(self, name: str, *, root: str = "", unit: str = "") -> str:
        """A member account, moved from `root` to `unit` where these are given; gives its number."""
        organizations = self.client("organizations")
        made = organizations.create_account(AccountName=name, Email=f"{name}@example.com")
        number = str(made["CreateAccountStatus"]["AccountId"])
        if unit:
            organizations.move_account(AccountId=number, SourceParentId=root, DestinationParentId=unit)
        return number

    def add_cluster(
        self,
        name: str,
        *,
        region: str = HOME,
        account: str = OWN,
        endpoint: str = "",
        ca: bytes = b"",
        vpc: str = "",
        tags: dict[str, str] | None = None,
        **fields: object,
    ) -> str:
        """A cluster; gives its ARN.

        `endpoint` and `ca` (PEM) lead to a Kubernetes API; `fields` are set as `describe_cluster` names them.
        """
        backend = eks_models.eks_backends[account][region]  # itself: a hundred requests take a while
        cluster = backend.create_cluster(name, _ROLE.replace(OWN, account), {}, tags=tags)
        config = {"endpointPublicAccess": True, "endpointPrivateAccess": False, "publicAccessCidrs": ["0.0.0.0/0"]}
        given: dict[str, object] = {"resourcesVpcConfig": config | ({"vpcId": vpc} if vpc else {})} | fields
        if endpoint:
            given["endpoint"] = endpoint
        if ca:
            given["certificateAuthority"] = {"data": base64.b64encode(ca).decode()}
        for key, value in given.items():
            setattr(cluster, _python_name(key), value)
        return str(cluster.arn)

    def add_addon(
        self, cluster: str, name: str, *, region: str = HOME, account: str = OWN, values: str = "", **fields: object
    ) -> None:
        """An add-on with its configuration values."""
        eks = self.client("eks", region, account)
        eks.create_addon(
            clusterName=cluster, addonName=name, addonVersion="v1.21.1-eksbuild.1", configurationValues=values
        )
        _ADDONS[account, region, cluster][name].update(fields)

    def add_vpc(self, *ranges: str, region: str = HOME, account: str = OWN) -> str:
        """A VPC with these IPv4 ranges; gives its id."""
        ec2 = self.client("ec2", region, account)
        vpc = str(ec2.create_vpc(CidrBlock=ranges[0])["Vpc"]["VpcId"])
        for each in ranges[1:]:
            ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=each)
        return vpc

    def whose(self, token: str, cluster: str) -> str:
        """The account that signed a token for the cluster of this name, "" where it is no good token: EKS' own check."""
        try:
            key = check_token(token, cluster, _secret_of)
        except (KeyError, ValueError):
            return ""
        return get_account_id_from(key)

    def fault(self, service: str, operation: str, code: str = "", **how: Any) -> Fault:
        """Give an AWS error, or other bytes, instead of the operation's answer; `how` as in `Fault`."""
        fault = Fault(service, operation, code, **how)
        self._front.faults.append(fault)
        return fault


def _secret_of(key: str) -> str:
    """The secret of an access key: of `OWN`, or of a role that was assumed."""
    keys = iam_backends[get_account_id_from(key)]["aws"].access_keys
    return _SECRET if key == _KEY else str(keys[key].secret_access_key)


def _python_name(key: str) -> str:
    """The attribute that moto writes under a key of the API."""
    return "platformVersion" if key == "platformVersion" else str(xform_name(key))


def _quiet(handler: type[Any]) -> type[Any]:
    parts = {"log": lambda *_: None, "protocol_version": "HTTP/1.1", "disable_nagle_algorithm": True}
    return type("Quiet", (handler,), parts)


def _complete_moto() -> None:
    """Give moto EKS add-ons, and clusters that are connected from elsewhere, which are listed on demand only."""
    for name, operation in (
        ("create_addon", _create_addon),
        ("list_addons", _list_addons),
        ("describe_addon", _describe_addon),
    ):
        setattr(EKSResponse, name, operation)
    EKSResponse.list_clusters = _list_clusters
    eks_models.validate_role_arn = lambda _: None  # it reads botocore's list of endpoints anew each time, 0.1 s
    for path in ("addons$", "addons/(?P<addonName>[^/]+)$"):
        eks_urls.url_paths["{0}/clusters/(?P<clusterName>[^/]+)/" + path] = eks_urls.response.dispatch


def _addons(response: Any) -> dict[str, dict[str, Any]]:
    cluster = response._get_param("clusterName") or response._get_param("name")
    response.eks_backend.describe_cluster(cluster)
    return _ADDONS.setdefault((response.current_account, response.region, cluster), {})


def _create_addon(self: Any) -> ActionResult:
    name = self._get_param("addonName")
    addons = _addons(self)
    addons[name] = {
        "addonName": name,
        "clusterName": self._get_param("clusterName") or self._get_param("name"),
        "status": "ACTIVE",
        "addonVersion": self._get_param("addonVersion"),
        "configurationValues": self._get_param("configurationValues") or None,
        "health": {"issues": []},
    }
    return ActionResult({"addon": addons[name]})


def _list_addons(self: Any) -> ActionResult:
    return ActionResult({"addons": sorted(_addons(self))})


def _describe_addon(self: Any) -> ActionResult:
    addons, name = _addons(self), self._get_param("addonName")
    if name not in addons:
        raise ResourceNotFoundException(
            clusterName=None, nodegroupName=None, fargateProfileName=None, addonName=name, message=f"No addon: {name}"
        )
    return ActionResult({"addon": addons[name]})


def _list_clusters(self: Any) -> ActionResult:
    everything = "all" in (self._get_param("include") or ())
    clusters = self.eks_backend.clusters
    names = sorted(name for name, each in clusters.items() if everything or not getattr(each, "connector_config", None))
    start = names.index(token) if (token := self._get_param("nextToken")) else 0
    end = start + int(self._get_param("maxResults") or 100)
    return ActionResult({"clusters": names[start:end], "nextToken": names[end] if end < len(names) else None})
