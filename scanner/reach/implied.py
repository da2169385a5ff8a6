"""The labels that pods carry without wearing them, which only vendors' selectors name (`IMPLIED_*` of the policy model)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from scanner.model import NAME_LABEL, Pod, Snapshot
from scanner.policy.model import (
    IMPLIED_CONSTANT,
    IMPLIED_NAMESPACE_LABELS,
    IMPLIED_NAMESPACE_NAME,
    IMPLIED_SERVICE_ACCOUNT,
)

_RESERVED = ("pcns.", "pcsa.")
_NOTHING: Mapping[str, str] = {}


class Implied:
    """The implied labels among `keys`, which are all the keys that some selector looks at."""

    def __init__(self, snapshot: Snapshot, keys: Iterable[str]) -> None:
        self._accounts = [key for key in keys if key in IMPLIED_SERVICE_ACCOUNT]
        self._keys = [
            key
            for key in keys
            if key in IMPLIED_CONSTANT or key in IMPLIED_NAMESPACE_NAME or key.startswith(IMPLIED_NAMESPACE_LABELS)
        ]
        self._labels = {namespace.name: namespace.labels for namespace in snapshot.namespaces}
        self._known: dict[str, Mapping[str, str]] = {}

    def over(self, pod: Pod, worn: dict[str, str]) -> dict[str, str]:
        """The labels of one pod, given those it wears: implied ones win, and prefixes that a vendor reserves do not count.

        Nothing is implied of a service account that is not known. Source: Calico's `libcalico-go/lib/backend/k8s/conversion`.
        """
        if not self._keys and not self._accounts:
            return worn
        found = {key: value for key, value in worn.items() if not key.startswith(_RESERVED)}
        found |= self._of_namespace(pod.namespace)
        if pod.service_account:
            found |= dict.fromkeys(self._accounts, pod.service_account)
        return found

    def in_namespace(self, namespace: str) -> Mapping[str, str]:
        """Those of a pod that somebody might create there tomorrow, as the default service account."""
        return {**self._of_namespace(namespace), **dict.fromkeys(self._accounts, "default")}

    def _of_namespace(self, namespace: str) -> Mapping[str, str]:
        if not self._keys:
            return _NOTHING
        found = self._known.get(namespace)
        if found is None:
            found = {key: value for key in self._keys if (value := self._value(key, namespace)) is not None}
            self._known[namespace] = found
        return found

    def _value(self, key: str, namespace: str) -> str | None:
        if key in IMPLIED_CONSTANT:
            return IMPLIED_CONSTANT[key]
        if key in IMPLIED_NAMESPACE_NAME:
            return namespace
        prefix = next(each for each in IMPLIED_NAMESPACE_LABELS if key.startswith(each))
        own = key.removeprefix(prefix)
        return namespace if own == NAME_LABEL else self._labels.get(namespace, _NOTHING).get(own)
