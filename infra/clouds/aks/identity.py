"""Who asks: tokens from azure-identity, kept until shortly before they expire.

Asked in turn: a service principal in the environment (`AZURE_CLIENT_ID` ...), workload identity, managed identity, and the
Azure CLI for people. Left out is what cannot work in a function or opens windows: browser, broker, shared cache, VS Code,
PowerShell and azd. `AZURE_TOKEN_CREDENTIALS` narrows the rest, as the library documents.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from infra.clouds.options import AzureOptions
from scanner.errors import InputError

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken
    from azure.identity import DefaultAzureCredential

MARGIN_S = 300  # before its expiry a token is renewed: the longest that a request and its retries may wait


class Identity:
    """A credential as the SDK takes one. Safe for threads.

    Raises:
        InputError: tenant or authority cannot be used.
    """

    def __init__(self, options: AzureOptions, authority: str) -> None:
        _keep_quiet()
        self._tenant = options.tenant
        self._settings = _settings(options, authority)
        self._lock = threading.Lock()
        self._tokens: dict[tuple[str, ...], AccessToken] = {}
        self._credential = self._new()

    def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **_: Any,  # noqa: ANN401 - the SDK's protocol
    ) -> AccessToken:
        """A token that is good for `MARGIN_S` more, or as long as the issuer gives.

        Raises:
            ClientAuthenticationError: nobody gives one.
        """
        with self._lock:
            kept = self._tokens.get(scopes)
            # claims: the answer to a challenge, which what is kept does not meet
            if kept is None or claims or kept.expires_on - time.time() < MARGIN_S:
                kept = self._credential.get_token(
                    *scopes, claims=claims, tenant_id=tenant_id or self._tenant or None, enable_cae=enable_cae
                )
                self._tokens[scopes] = kept
            return kept

    def token(self, scope: str) -> str:
        """The text of a token.

        Raises:
            ClientAuthenticationError: nobody gives one.
        """
        return self.get_token(scope).token

    def renew(self, spent: str) -> None:
        """Forget a token that was refused, and with it the credential, which would give the same one again."""
        with self._lock:
            for scopes in [scopes for scopes, kept in self._tokens.items() if kept.token == spent]:
                del self._tokens[scopes]
                self._credential = self._new()

    def _new(self) -> DefaultAzureCredential:
        from azure.identity import DefaultAzureCredential

        try:
            return DefaultAzureCredential(**self._settings)
        except ValueError:
            raise InputError(
                "azure: the credentials' settings cannot be used: check `authority` (https), AZURE_AUTHORITY_HOST,"
                " AZURE_TENANT_ID and AZURE_TOKEN_CREDENTIALS"
            ) from None


def _settings(options: AzureOptions, authority: str) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "connection_timeout": 5,  # seconds, where the library waits five minutes for an authority that does not answer
        "read_timeout": 30,
        "exclude_broker_credential": True,
        "exclude_developer_cli_credential": True,
        "exclude_interactive_browser_credential": True,
        "exclude_powershell_credential": True,
        "exclude_shared_token_cache_credential": True,
        "exclude_visual_studio_code_credential": True,
    }
    if authority:
        settings["authority"] = authority
    if options.authority:  # a private cloud's is unknown to the public one, which would be asked about it
        settings["disable_instance_discovery"] = True
    if options.tenant:
        settings["additionally_allowed_tenants"] = [options.tenant]
    return settings


def _keep_quiet() -> None:
    """The libraries log why each credential failed, at length, to stderr where nobody configured logging."""
    for name in ("azure", "msal"):
        logger = logging.getLogger(name)
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
