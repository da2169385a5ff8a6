"""Calls to AWS as one account, in one region, before a deadline."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import Any

from infra.clouds.eks.failures import CallError, Failure, Kind, failure_of
from infra.clouds.eks.login import Deadline, Login

# What the SDK's parsers raise, besides its own errors, on an answer that no AWS service gives.
_PARSER_ERRORS = (AttributeError, LookupError, RuntimeError, TypeError, ValueError)
_TOKENS = {"eks": "nextToken", "organizations": "NextToken", "ec2": "NextToken"}  # asked for and given by one name


class Calls:
    """Calls one account's services in one region; one client a service, shared by all threads that read the region."""

    def __init__(self, login: Login, region: str, deadline: Deadline, pages: int) -> None:
        self.login = login
        self.region = region
        self._deadline = deadline
        self._pages = pages
        self._clients: dict[str, tuple[int, Any]] = {}
        self._lock = threading.Lock()

    def call(self, service: str, operation: str, **parameters: object) -> Mapping[str, Any]:
        """The answer of `operation` (as `ListClusters`). Asked again once with new credentials where they have run out.

        Raises:
            CallError: no answer, or one that cannot be read; its failure says why.
        """
        try:
            return self._once(service, operation, parameters)
        except CallError as error:
            if error.failure.kind is not Kind.EXPIRED:
                raise
        return self._once(service, operation, parameters)

    def pages(self, service: str, operation: str, key: str, **parameters: object) -> Iterator[list[Any]]:
        """The list under `key`, page by page.

        Not the SDK's paginator, which cannot go on with new credentials in the middle of a list.

        Raises:
            CallError: as `call`, and where the list is none or does not end.
        """
        token_name, seen = _TOKENS[service], set[str]()
        while True:
            answer = self.call(service, operation, **parameters)
            yield self._list(answer, key, f"{service} {operation}")
            token = answer.get(token_name)
            if not token:
                return
            if not isinstance(token, str) or token in seen or len(seen) >= self._pages:
                raise CallError(Failure(Kind.OTHER, f"{service} {operation}: a list that does not end"))
            seen.add(token)
            parameters[token_name] = token

    def _once(self, service: str, operation: str, parameters: Mapping[str, object]) -> Mapping[str, Any]:
        from botocore import xform_name  # type: ignore[import-untyped]
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

        self._deadline.check()
        age, client = -1, None
        try:
            age, client = self._client(service)
            answer = getattr(client, xform_name(operation))(**parameters)
        except (BotoCoreError, ClientError, *_PARSER_ERRORS) as error:
            failure = failure_of(error, service, operation)
            if failure.kind is Kind.EXPIRED:
                self.login.renew(age)
            raise CallError(failure) from None  # the SDK's errors hold requests and answers
        if not isinstance(answer, dict):
            raise CallError(Failure(Kind.OTHER, f"{service} {operation}: an empty answer"))
        return answer

    def _client(self, service: str) -> tuple[int, Any]:
        with self._lock:
            age, client = self._clients.get(service, (-1, None))
            if client is None or age != self.login.age:
                age, client = self.login.age, self.login.client(service, self.region, self._deadline)
                self._clients[service] = age, client
            return age, client

    @staticmethod
    def _list(answer: Mapping[str, Any], key: str, called: str) -> list[Any]:
        found = answer.get(key)
        if not isinstance(found, list):
            raise CallError(Failure(Kind.OTHER, f"{called}: an answer without {key}"))
        return found
