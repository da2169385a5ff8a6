"""AWS Lambda: EventBridge Scheduler plans and sweeps, SQS hands out the scans.

Environment, besides that of `functions.scheduled.deployment`: `RINGFENCE_QUEUE_URL`. The plan's event is
`{"step": "plan", "time": "<aws.scheduler.scheduled-time>"}`, the sweep's `{"step": "sweep"}`; everything else is SQS with
`ReportBatchItemFailures`, so that one task that fails takes no other with it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from functions.scheduled.deployment import deployed
from functions.scheduled.news import say
from functions.scheduled.service import Service
from functions.scheduled.tasks import Task, decode_task, encode_task
from infra.text import printable
from scanner.errors import InputError, RingfenceError

_BATCH = 10  # messages of one SendMessageBatch (SQS API reference)
_SPARE_S = 5.0  # of a delivery's time, for saying how it went


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:  # noqa: ANN401 - Lambda's own
    """What Lambda calls.

    Raises:
        RingfenceError: a plan or a sweep failed; Lambda tries again, then counts an error.
    """
    service = _service()
    records = event.get("Records")
    if isinstance(records, list):
        return _scans(service, records, context)
    step = event.get("step")
    if step == "plan":
        return {"run": service.plan(str(event.get("time", "")))}
    if step == "sweep":
        service.sweep()
        return {}
    raise InputError(f"an event that is no step of ringfence ({printable(str(step), 40)}): look who else calls this")


def _scans(service: Service, records: Sequence[Mapping[str, Any]], context: Any) -> dict[str, Any]:  # noqa: ANN401
    """Scan each; the answer names the messages that SQS is to deliver again, or to move to the dead letters."""
    failed = []
    for done, record in enumerate(records):
        try:
            task = decode_task(str(record.get("body", "")))
            left = context.get_remaining_time_in_millis() / 1000 - _SPARE_S
            service.scan(task, left_s=left / (len(records) - done), tried=_tried(record))
        except RingfenceError as error:
            say(str(error), severity="ERROR", message_id=str(record.get("messageId", "")))
            failed.append({"itemIdentifier": record.get("messageId")})
    return {"batchItemFailures": failed}


def _tried(record: Mapping[str, Any]) -> int:
    count = str(record.get("attributes", {}).get("ApproximateReceiveCount", "1"))
    return int(count) if count.isdigit() else 1


@cache
def _service() -> Service:
    """Made with the first event of an instance, whose failure then says why."""
    return Service(deployed(os.environ), _send)


def _send(tasks: Sequence[Task]) -> None:
    import boto3  # type: ignore[import-untyped]
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]

    queue = os.environ.get("RINGFENCE_QUEUE_URL", "")
    if not queue:
        raise InputError("RINGFENCE_QUEUE_URL is not set: name the queue that the scans are taken from")
    try:
        client = boto3.client("sqs")
        for start in range(0, len(tasks), _BATCH):
            entries = [
                {"Id": str(number), "MessageBody": encode_task(task).decode()}
                for number, task in enumerate(tasks[start : start + _BATCH])
            ]
            _check_sent(client.send_message_batch(QueueUrl=queue, Entries=entries))
    except (BotoCoreError, ClientError) as error:  # their texts may hold the request
        raise RingfenceError(
            f"SQS did not take the run's tasks ({type(error).__name__}): allow sqs:SendMessage"
        ) from None


def _check_sent(answer: Mapping[str, Any]) -> None:
    """SQS takes a batch in part."""
    if refused := answer.get("Failed"):
        code = printable(str(refused[0].get("Code")), 60)
        raise RingfenceError(f"SQS did not take all of the run's tasks ({code}): the plan will send them again")
