"""Kubeconfig: which contexts there are, and one context's way in, by the official client."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import yaml

from infra.kube.access import Access
from infra.text import printable
from scanner.errors import InputError

# What the client raises on a kubeconfig of the wrong shape, which it does not check. Their texts may repeat a whole user
# entry, token and all, so none of them is ever shown.
_SHAPE_ERRORS = (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError)

# One at a time: the client names the file for a certificate to everybody before it has written it, and `_quiet` is the
# whole process's.
_LOADING = threading.Lock()


def contexts(kubeconfig: str | None = None) -> list[str]:
    """The names of a kubeconfig's contexts, in its order; None is `$KUBECONFIG` or the default file.

    Raises:
        InputError: there is no kubeconfig, or it is broken.
    """
    with _readable(kubeconfig):
        merged = _merged(kubeconfig)
        return [str(entry["name"]) for entry in _entries(merged, "contexts")]


def read_access(kubeconfig: str | None, context: str | None) -> Access:
    """The way in of one context; None is the current one. Runs its credential plugin, and writes nothing back.

    Raises:
        InputError: no such file or context, a broken entry, verification of TLS switched off, or no credentials.
    """
    from kubernetes.client import Configuration

    with _readable(kubeconfig):
        merged = _merged(kubeconfig)
        name = context or merged.safe_get("current-context")
        names = [str(entry["name"]) for entry in _entries(merged, "contexts")]
        if not name:
            raise InputError(f"{_file(kubeconfig)}: no current-context: name one with --context")
        shown = printable(str(name), 100)
        if name not in names:
            known = printable(", ".join(names), 200) or "none"
            raise InputError(f"{_file(kubeconfig)}: no context {shown}: choose one of {known}")
        configuration = Configuration()
        where = f"{_file(kubeconfig)}: context {shown}"
        cluster = _load(merged, name, configuration, where)

    def renew() -> None:
        """Read the file again and run the credential plugin again, for both may have new credentials."""
        with _readable(kubeconfig):
            _load(_merged(kubeconfig), name, configuration, where)

    return Access(context=str(name), cluster=cluster, configuration=configuration, renew=renew)


def _load(merged: Any, name: str, configuration: Any, where: str) -> str:  # noqa: ANN401 - ConfigNode, Configuration
    """Put a context's server, trust and credentials into `configuration`; returns the name of its cluster's entry."""
    from kubernetes.config.kube_config import KubeConfigLoader

    entry = merged["contexts"].get_with_name(name)["context"]
    _check_safe(_cluster(merged, entry["cluster"]), _user(merged, entry.safe_get("user")), where)
    with _LOADING, _quiet():
        loader: Any = KubeConfigLoader
        loader(merged, active_context=name, config_base_path=None).load_and_set(configuration)
        _guard(configuration)
    if not configuration.api_key and not configuration.cert_file:
        raise InputError(
            f"{where} gives no credentials: log in with its cloud's tool, or check that its credential plugin is installed"
            " and works"
        )
    return str(entry["cluster"])


def _guard(configuration: Any) -> None:  # noqa: ANN401 - the official client's Configuration
    """Let one thread at a time renew a token that ran out, and nobody bring back what was replaced meanwhile."""
    hook = configuration.refresh_api_key_hook
    if hook is None:
        return

    def guarded(current: Any) -> None:  # noqa: ANN401 - Configuration
        with _LOADING, _quiet():
            if current.refresh_api_key_hook is guarded:
                hook(current)
                current.refresh_api_key_hook = guarded  # the client's own puts itself there each time

    configuration.refresh_api_key_hook = guarded


def _merged(kubeconfig: str | None) -> Any:  # noqa: ANN401 - the official client's ConfigNode
    from kubernetes.config.kube_config import KUBE_CONFIG_DEFAULT_LOCATION, KubeConfigMerger

    merger: Any = KubeConfigMerger
    merged = merger(kubeconfig or KUBE_CONFIG_DEFAULT_LOCATION).config
    if merged is None:
        raise InputError(f"{_file(kubeconfig)}: no such kubeconfig: name one with --kubeconfig")
    return merged


def _entries(merged: Any, part: str) -> Iterator[Any]:  # noqa: ANN401 - ConfigNode
    return iter(merged[part].value)


def _cluster(merged: Any, name: str) -> dict[str, Any]:  # noqa: ANN401 - ConfigNode
    found = merged["clusters"].get_with_name(name)["cluster"].value
    return found if isinstance(found, dict) else {}


def _user(merged: Any, name: str | None) -> dict[str, Any]:  # noqa: ANN401 - ConfigNode
    found = merged["users"].get_with_name(name, safe=True) if name else None
    user = found["user"].value if found is not None else {}
    return user if isinstance(user, dict) else {}


def _check_safe(cluster: dict[str, Any], user: dict[str, Any], where: str) -> None:
    if cluster.get("insecure-skip-tls-verify"):
        raise InputError(f"{where} sets insecure-skip-tls-verify: give its cluster certificate-authority-data instead")
    server = cluster.get("server")
    if not isinstance(server, str) or urlsplit(server).scheme != "https":
        raise InputError(f"{where} names no https server: correct its cluster's server")
    provider = user.get("auth-provider")
    if isinstance(provider, dict) and not isinstance(provider.get("config") or {}, dict):
        raise TypeError  # the client would go and look for credentials elsewhere
    if isinstance(provider, dict) and provider.get("name") == "oidc":
        # The client renews such a token without checking the issuer's certificate unless one is named.
        settings = provider.get("config") or {}
        if not ({"idp-certificate-authority", "idp-certificate-authority-data"} & set(settings)):
            raise InputError(
                f"{where} uses auth-provider oidc without idp-certificate-authority: add it, or use kubelogin"
            )


@contextmanager
def _readable(kubeconfig: str | None) -> Iterator[None]:
    """Whatever is wrong with a kubeconfig, as one line that repeats none of it."""
    from kubernetes.config.config_exception import ConfigException

    try:
        yield
    except OSError as error:
        raise InputError(f"{_file(kubeconfig)}: cannot be read ({error.strerror}): check its path and mode") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise InputError(f"{_file(kubeconfig)}: not YAML{line}: correct it") from None
    except (ConfigException, *_SHAPE_ERRORS):
        raise InputError(
            f"{_file(kubeconfig)}: not a complete kubeconfig: compare it with the output of `kubectl config view`"
        ) from None
    except Exception as error:
        # The client asks google-auth for the old auth-provider gcp, where that is installed.
        if not type(error).__module__.startswith("google.auth."):
            raise
        raise InputError(
            f"{_file(kubeconfig)}: Google gives no credentials: run `gcloud auth application-default login`, or use"
            " gke-gcloud-auth-plugin"
        ) from None


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the client from writing a credential plugin's failure, which may hold anything, to the root logger.

    Logging to a root without a handler gives it one, which would then print what the HTTP library has to say.
    """
    root = logging.getLogger()
    handlers = root.handlers.copy()

    def refuse(record: logging.LogRecord) -> bool:
        return record.name != root.name

    root.addFilter(refuse)
    try:
        yield
    finally:
        root.removeFilter(refuse)
        root.handlers[:] = handlers


def _file(kubeconfig: str | None) -> str:
    return printable(kubeconfig) if kubeconfig else "kubeconfig"
