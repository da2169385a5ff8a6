"""Google Cloud Run functions: Cloud Scheduler and the fan-out both speak through Pub/Sub.

Environment, besides that of `functions.scheduled.deployment`: `RINGFENCE_TOPIC` (`projects/P/topics/T`) takes the scans, and
`RINGFENCE_TIMEOUT_S` is the functions' own time-out, which Cloud Run tells nobody else. `plan` and `sweep` are for the
scheduler's topics, `scan` for the tasks' own; an exception makes Pub/Sub deliver again, and after so many times to the dead
letters.
"""

from __future__ import annotations

import base64
import binascii
import os
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from functions.scheduled.deployment import deployed
from functions.scheduled.news import told
from functions.scheduled.service import Service
from functions.scheduled.tasks import Task, decode_task, encode_task
from scanner.errors import InputError, RingfenceError

if TYPE_CHECKING:
    from cloudevents.http import CloudEvent

_SPARE_S = 5.0  # of a delivery's time, for saying how it went
_TIMEOUT_S = 540
_PUBLISH_S = 60.0


def plan(event: CloudEvent) -> None:
    """What Cloud Scheduler's message starts. The run's time is that of the message, which a redelivery keeps.

    Raises:
        RingfenceError: nothing was planned; Pub/Sub delivers the message again.
    """
    with told():
        message = _message(event)
        _service().plan(str(message.get("publishTime") or message.get("publish_time") or event["time"]))


def sweep(event: CloudEvent) -> None:
    """End the runs that nobody ended.

    Raises:
        RingfenceError: one could not be ended.
    """
    del event
    with told():
        _service().sweep()


def scan(event: CloudEvent) -> None:
    """Scan one cluster.

    Raises:
        RingfenceError: it is to be delivered again, or is none of ours.
    """
    started = time.monotonic()
    with told():
        try:
            body = base64.b64decode(str(_message(event).get("data", "")), validate=True)
        except (binascii.Error, ValueError):
            raise InputError("a message that is no task of ringfence (no base64): look who else publishes") from None
        task, service = decode_task(body), _service()
        left = float(os.environ.get("RINGFENCE_TIMEOUT_S", _TIMEOUT_S)) - _SPARE_S - (time.monotonic() - started)
        service.scan(task, left_s=left, tried=_tried(event))


def _message(event: CloudEvent) -> Mapping[str, Any]:
    """The Pub/Sub message of an event (google.cloud.pubsub.topic.v1.messagePublished)."""
    data = event.data
    message = data.get("message") if isinstance(data, Mapping) else None
    if not isinstance(message, Mapping):
        raise InputError("an event without a Pub/Sub message: look who else calls this function")
    return message


def _tried(event: CloudEvent) -> int:
    """How often it was delivered; Pub/Sub counts only for subscriptions with dead letters.

    A push has the count beside the message, where functions-framework leaves it behind when it makes an event of the push.
    """
    from flask import has_request_context, request

    pushed = request.get_json(silent=True) if has_request_context() else None
    for body in (event.data, pushed):
        attempt = body.get("deliveryAttempt") if isinstance(body, Mapping) else None
        if type(attempt) is int and attempt > 0:  # `true` is none
            return attempt
    return 1


@cache
def _service() -> Service:
    """Made with the first event of an instance, whose failure then says why."""
    return Service(deployed(os.environ), _send)


def _send(tasks: Sequence[Task]) -> None:
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from google.cloud.pubsub_v1 import PublisherClient  # type: ignore[import-untyped]

    topic = os.environ.get("RINGFENCE_TOPIC", "")
    if not topic:
        raise InputError("RINGFENCE_TOPIC is not set: name the topic that the scans are taken from")
    try:
        publisher = PublisherClient()
        futures = [publisher.publish(topic, encode_task(task)) for task in tasks]
        for future in futures:
            future.result(timeout=_PUBLISH_S)
    except (GoogleAPIError, GoogleAuthError, TimeoutError, ValueError) as error:
        raise RingfenceError(
            f"Pub/Sub did not take the run's tasks ({type(error).__name__}): grant roles/pubsub.publisher on the topic"
        ) from None
