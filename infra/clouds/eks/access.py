"""The way in to an EKS cluster: its endpoint and authority, and a token that is signed here, without `aws` on the path.

A token is a presigned STS GetCallerIdentity that names the cluster (kubernetes-sigs/aws-iam-authenticator, pkg/token). Signing
asks nobody; STS is asked by the cluster.
"""

from __future__ import annotations

import base64
import binascii
import re
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from infra.clouds.eks.failures import CallError, failure_of
from infra.clouds.eks.login import Login
from infra.clouds.reachable import check_reachable
from infra.kube.access import Access
from infra.text import printable
from scanner.errors import ClusterReadError

NOT_READY = {  # states without an API (EKS API reference, Cluster.status) -> what to do
    "CREATING": "run again once it is ACTIVE",
    "PENDING": "run again once it is ACTIVE",
    "DELETING": "it will be gone next time",
    "FAILED": "see its health issues in EKS, then create it again or delete it",
}
_PREFIX = "k8s-aws-v1."
_EXPIRES_S = 60  # of the presigned request; the cluster takes it for 15 minutes whatever stands here
_KEY = "BearerToken"  # the official client ignores "authorization" in some versions
_CLUSTER_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}\Z")


def access_to(login: Login, region: str, cluster: Mapping[str, Any], label: str, token_s: float) -> Access:
    """The way in to the cluster that EKS describes so; `label` is its ARN, a token is renewed after `token_s` seconds.

    Raises:
        ClusterReadError: it has no API to read (yet, or any more), or none that can be reached from here; with the mend.
    """
    from kubernetes.client import Configuration

    shown = printable(label, 200)
    url = _endpoint(cluster, shown)
    authority = _authority(cluster, shown)
    identity = cluster.get("id") or cluster.get("name")  # only a local cluster on an Outpost has an id of its own
    if not isinstance(identity, str) or not _CLUSTER_ID.match(identity):
        raise ClusterReadError(f"{shown}: EKS gives it no name that a token could be made for: update ringfence")
    check_reachable(url.hostname or "", url.port or 443, private_hint=_hint(cluster))
    tokens = _Tokens(login, region, identity, shown, token_s)
    configuration: Any = Configuration()
    configuration.host = f"https://{url.netloc}"
    configuration.ca_cert_data = authority
    configuration.api_key = {_KEY: tokens.header()}
    configuration.refresh_api_key_hook = tokens.refresh
    return Access(context=label, configuration=configuration, renew=lambda: tokens.replace(configuration))


class _Tokens:
    """One cluster's token, renewed before it runs out."""

    def __init__(self, login: Login, region: str, cluster: str, shown: str, token_s: float) -> None:
        self._login = login
        self._region = region
        self._cluster = cluster
        self._shown = shown
        self._token_s = token_s
        self._lock = threading.Lock()
        self._header = ""
        self._made = float("-inf")

    def refresh(self, configuration: Any) -> None:  # noqa: ANN401 - the official client's
        """Put a fresh token in; the client calls this before every request."""
        configuration.api_key[_KEY] = self.header()

    def replace(self, configuration: Any) -> None:  # noqa: ANN401 - the official client's
        """Put another token in, whatever the age of the one that the server refused."""
        with self._lock:
            self._made = float("-inf")
        self.refresh(configuration)

    def header(self) -> str:
        """The value of the `Authorization` header.

        Raises:
            ClusterReadError: the AWS credentials cannot be renewed.
        """
        with self._lock:
            if time.monotonic() - self._made >= self._token_s:
                self._header = f"Bearer {self._sign()}"
                self._made = time.monotonic()
            return self._header

    def _sign(self) -> str:
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        try:
            signer, sts = self._login.signer(self._region)
            request = {
                "method": "GET",
                "url": f"{sts}/?Action=GetCallerIdentity&Version=2011-06-15",
                "body": {},
                "headers": {"x-k8s-aws-id": self._cluster},
                "context": {},
            }
            signed = signer.generate_presigned_url(
                request, operation_name="", expires_in=_EXPIRES_S, region_name=self._region
            )
        except CallError as error:
            raise ClusterReadError(f"{self._shown}: no token for it: {error.failure.reason}") from None
        except (BotoCoreError, ClientError) as error:
            reason = failure_of(error, "sts", "GetCallerIdentity").reason
            raise ClusterReadError(f"{self._shown}: no token for it: {reason}") from None
        return _PREFIX + base64.urlsafe_b64encode(signed.encode()).decode().rstrip("=")


def _endpoint(cluster: Mapping[str, Any], shown: str) -> SplitResult:
    """The API server's URL.

    Raises:
        ClusterReadError: the cluster has none, or one that a token must not be sent to.
    """
    if isinstance(cluster.get("connectorConfig"), dict):
        raise ClusterReadError(
            f"{shown}: connected to EKS from elsewhere, which gives no way in: read it by --kubeconfig"
        )
    status = cluster.get("status")
    if isinstance(status, str) and (mend := NOT_READY.get(status)):
        raise ClusterReadError(f"{shown}: is {status} and has no API to read: {mend}")
    endpoint = cluster.get("endpoint")
    if not isinstance(endpoint, str) or not endpoint:
        raise ClusterReadError(f"{shown}: EKS names no endpoint of it: allow eks:DescribeCluster, or run again later")
    try:
        url = urlsplit(endpoint)
        fine = url.scheme == "https" and bool(url.hostname) and "@" not in url.netloc and url.port != 0
    except ValueError:
        raise ClusterReadError(f"{shown}: its endpoint is no URL: look at `aws eks describe-cluster`") from None
    if not fine:
        raise ClusterReadError(f"{shown}: its endpoint is no https:// URL: no token is sent to it")
    return url


def _authority(cluster: Mapping[str, Any], shown: str) -> str:
    """The certificates that the cluster's own has to be signed by, as PEM.

    Raises:
        ClusterReadError: there are none, or they cannot be read.
    """
    authority = cluster.get("certificateAuthority")
    data = authority.get("data") if isinstance(authority, dict) else None
    try:
        pem = base64.b64decode(data, validate=True).decode("ascii") if isinstance(data, str) else ""
        ssl.create_default_context(cadata=pem or "none")
    except (binascii.Error, ValueError, ssl.SSLError):
        raise ClusterReadError(
            f"{shown}: its certificateAuthority holds no certificates: look at `aws eks describe-cluster`"
        ) from None
    return pem


def _hint(cluster: Mapping[str, Any]) -> str:
    """What would make a private endpoint reachable."""
    config = cluster.get("resourcesVpcConfig")
    settings = config if isinstance(config, dict) else {}
    vpc, group = (_named(settings, key) for key in ("vpcId", "clusterSecurityGroupId"))
    return (
        f"run ringfence in the cluster's VPC{vpc} or in a network routed to it, and allow TCP 443 from there in its security "
        f"group{group}; or open the public endpoint to this machine's address"
    )


def _named(settings: Mapping[str, Any], key: str) -> str:
    value = settings.get(key)
    return f" {printable(value, 60)}" if isinstance(value, str) and value else ""
