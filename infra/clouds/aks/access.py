"""The way in to one AKS cluster: server and authority from the cloud, an Entra token of whoever runs us.

Run Command is never used: it starts a pod in the cluster, and its permission is that to run anything there.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.clouds.aks.kubeconfig import Credentials, KubeconfigError, read_kubeconfig
from infra.clouds.reachable import check_reachable
from infra.kube.access import Access
from infra.text import printable
from scanner.cloud.part import Part
from scanner.errors import ClusterReadError
from scanner.model import ClusterRef

if TYPE_CHECKING:
    from infra.clouds.aks.session import Session

SERVER_APPLICATION = (
    "6dae42f8-4368-4678-94ff-3960e28e3630"  # of AKS in Entra, the same in every cloud (kubelogin's docs)
)
ACCESS_S = 90.0  # deadline of getting the credentials of one cluster
_APPLICATION = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_GROUP = re.compile(r"/resourcegroups/([^/]+)/", re.IGNORECASE)
_PRIVATE = (
    "run ringfence in its virtual network, or in one that is peered with it, linked to its private DNS zone"
    " (or switch on its public FQDN) and allowed to port 443"
)


@dataclass(frozen=True, slots=True)
class Way:
    """What the cloud's description says of the way in."""

    ref: ClusterRef
    group: str  # resource group
    stopped: bool
    entra: bool  # Entra sign-in; without it there is nothing but a cluster administrator's certificate
    application: str  # whose tokens its API server takes
    public_name: bool  # private, with a name that resolves everywhere

    @classmethod
    def of(cls, ref: ClusterRef, cluster: Mapping[str, Any]) -> Way:
        """From the answer of Resource Manager."""
        properties = Part(cluster, "cluster", []).part("properties")
        api = properties.part("apiServerAccessProfile")
        entra = properties.part("aadProfile")
        legacy = entra.text("serverAppID") or ""
        is_legacy = entra.flag("managed") is not True and _APPLICATION.fullmatch(legacy) is not None
        group = _GROUP.search(ref.id)
        return cls(
            ref=ref,
            group=group[1] if group else "",
            stopped=(properties.part("powerState").text("code") or "").lower() == "stopped",
            entra=properties.has("aadProfile"),
            application=legacy if is_legacy else SERVER_APPLICATION,
            public_name=api.flag("enablePrivateCluster") is True and api.flag("enablePrivateClusterPublicFQDN") is True,
        )

    def failure(self, text: str) -> ClusterReadError:
        """An error about the cluster, with where it is."""
        place = f"AKS cluster {printable(self.ref.name, 100)} in subscription {self.ref.account}"
        return ClusterReadError(f"{place}: {text}")


def open_access(session: Session, way: Way, *, local_accounts: bool) -> Access:
    """The way in; one call to Azure, at most one a second for each subscription.

    Raises:
        ClusterReadError: the cluster is stopped, or private and out of reach; it has no Entra sign-in and `local_accounts`
            is not set; or a permission is missing.
    """
    if way.stopped:
        raise way.failure("it is stopped, so it has no API server: start it (`az aks start`) to have it read")
    if not way.entra and not local_accounts:
        raise way.failure(
            "it has no Entra sign-in, so the only way in is a cluster administrator's certificate: switch on Entra"
            " (`az aks update --enable-aad`), or allow that with localAccounts"
        )
    credentials = _credentials(session, way)
    configuration = credentials.configuration(way.ref.name, with_user=not way.entra)
    try:
        check_reachable(credentials.host, credentials.port, private_hint=_PRIVATE)
    except ClusterReadError as error:
        raise way.failure(str(error)) from None
    if not way.entra:
        return Access(context=way.ref.name, configuration=configuration)
    return Access(context=way.ref.name, configuration=configuration, renew=_sign_in(session, way, configuration))


def _credentials(session: Session, way: Way) -> Credentials:
    """Ask for the cluster's kubeconfig. Of an Entra cluster's, the user entry is a command to run and is left alone."""
    from infra.clouds.aks.failures import READ_ERRORS, failure
    from infra.clouds.aks.permissions import USER_CREDENTIAL
    from infra.clouds.aks.pipeline import Errand

    time.sleep(session.pace(way.ref.account).take(time.monotonic()))
    errand = Errand(ACCESS_S)
    try:
        with session.containers(way.ref.account, errand) as client:
            answer = client.managed_clusters.list_cluster_user_credentials(
                way.group, way.ref.name, format="exec", server_fqdn="public" if way.public_name else None
            )
            value = (answer.kubeconfigs or [])[0].value
    except READ_ERRORS as error:
        failed = failure(error, USER_CREDENTIAL, errand)
        raise way.failure(f"its credentials: {failed.reason}") from None
    try:
        return read_kubeconfig(value)
    except KubeconfigError as error:
        raise way.failure(f"its kubeconfig: {error}") from None


def _sign_in(session: Session, way: Way, configuration: Any) -> Callable[[], None]:  # noqa: ANN401 - the official client's
    """Put in a token, and see to it that it is renewed before it expires; gives what renews one that was refused."""
    from azure.core.exceptions import AzureError

    scope = f"{way.application}/.default"

    def put(to: Any) -> None:  # noqa: ANN401 - the official client's
        try:
            # 36.0 of the client sends nothing for the "authorization" that its own examples set.
            to.api_key = {"BearerToken": f"Bearer {session.identity.token(scope)}"}
        except AzureError:
            raise way.failure(
                "Entra gives no token for it: check that the identity may sign in to the cluster's tenant, or log in again"
            ) from None

    def renew() -> None:
        session.identity.renew(configuration.api_key["BearerToken"].removeprefix("Bearer "))
        put(configuration)

    put(configuration)
    configuration.refresh_api_key_hook = put
    return renew
