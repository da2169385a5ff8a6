"""ringfence deployed in the AWS stand-in: a store, a queue with dead letters, and what Lambda does between queue and function."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from tests.servers.aws import HOME, AwsCloud
from tests.servers.lambda_runtime import Answer, Function, RuntimeApi

TRIES = 3
_TIMEOUT_S = 300  # terraform/aws: scan.timeout


@dataclass(frozen=True)
class Code:
    """What a function runs: the folder of its code, and Lambda's own client."""

    root: Path
    client: Path


@dataclass
class Deployment:
    """What `terraform/aws` makes, in the same relation; `logs` is all that its functions wrote."""

    aws: AwsCloud
    code: Code
    credentials: dict[str, str]
    settings: str
    logs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Create the bucket and the queues."""
        name = f"ringfence-{uuid.uuid4()}"
        self.bucket, self.s3, self.sqs = name, self.aws.client("s3"), self.aws.client("sqs")
        self.s3.create_bucket(Bucket=name)
        self.s3.put_object(Bucket=name, Key="settings/ringfence.yaml", Body=self.settings.encode())
        self.dead = self.sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": TRIES})
        made = {"VisibilityTimeout": str(6 * _TIMEOUT_S), "RedrivePolicy": redrive}
        self.queue = self.sqs.create_queue(QueueName=name, Attributes=made)["QueueUrl"]

    @property
    def store(self) -> str:
        """Where the runs are."""
        return f"s3://{self.bucket}/audit"

    @property
    def environment(self) -> dict[str, str]:
        """What the functions are documented to need, and nothing else."""
        return self.credentials | {
            "RINGFENCE_STORE": self.store,
            "RINGFENCE_SETTINGS": f"s3://{self.bucket}/settings",
            "RINGFENCE_QUEUE_URL": self.queue,
            "RINGFENCE_TRIES": str(TRIES),
        }

    def stored(self) -> dict[str, bytes]:
        """Every object below the store, read past the product."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix="audit/")
        names = [each["Key"] for page in pages for each in page.get("Contents", ())]
        read = {name: self.s3.get_object(Bucket=self.bucket, Key=name)["Body"].read() for name in names}
        return {name.removeprefix("audit/"): data for name, data in read.items()}

    def waiting(self, queue: str = "") -> tuple[int, int]:
        """How many messages can be taken, and how many are out with somebody."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = self.sqs.get_queue_attributes(QueueUrl=queue or self.queue, AttributeNames=names)["Attributes"]
        return int(told[names[0]]), int(told[names[1]])


class Instance:
    """An instance of the function, with the event source of its queue."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self._api = RuntimeApi()

    def __enter__(self) -> Self:
        """Start it."""
        deployment = self.deployment
        self._api.__enter__()
        self._function = Function(self._api, deployment.code.root, deployment.code.client, deployment.environment)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it, and keep what it said."""
        self._function.__exit__(*_)
        self._api.__exit__(*_)
        self.deployment.logs.append(self._function.log)

    @property
    def said(self) -> list[dict[str, Any]]:
        """Its log until now."""
        return self._function.said

    def errors(self) -> list[str]:
        """What it said that is worth an error, a line each."""
        return [each["message"] for each in self.said if each.get("severity") == "ERROR"]

    def invoke(self, event: object) -> Answer:
        """One invocation. Nothing that a step says may be a traceback: a known error is a line."""
        return self._api.invoke(event, timeout_s=_TIMEOUT_S)

    def plan(self, due: str) -> Answer:
        """What the scheduler sends when a run is due."""
        return self.invoke({"step": "plan", "time": due})

    def sweep(self) -> Answer:
        """What the scheduler sends every quarter of an hour."""
        return self.invoke({"step": "sweep"})

    def deliver(self, batch: int = 1) -> list[str] | None:
        """Take a batch, hand it to the function, and delete what it did; returns the failed messages' ids, None if none waits.

        As the event source mapping does (Lambda developer guide, "Using Lambda with Amazon SQS"). What failed is not waited for
        until its time is over, but given back at once.
        """
        sqs, queue = self.deployment.sqs, self.deployment.queue
        asked = {"MaxNumberOfMessages": batch, "AttributeNames": ["All"], "MessageAttributeNames": ["All"]}
        messages = sqs.receive_message(QueueUrl=queue, **asked).get("Messages", [])
        if not messages:
            return None
        answer = self.invoke({"Records": [_record(each, queue) for each in messages]})
        assert not answer.failed, answer.body
        failed = [each["itemIdentifier"] for each in answer.body["batchItemFailures"]]
        for each in messages:
            handle = {"QueueUrl": queue, "ReceiptHandle": each["ReceiptHandle"]}
            if each["MessageId"] in failed:
                sqs.change_message_visibility(**handle, VisibilityTimeout=0)
            else:
                sqs.delete_message(**handle)
        return failed

    def drain(self, batch: int = 1) -> list[str]:
        """Deliver until nothing waits; returns the ids of the deliveries that failed."""
        failed: list[str] = []
        while (now := self.deliver(batch)) is not None:
            failed += now
        return failed


def _record(message: dict[str, Any], queue: str) -> dict[str, Any]:
    """A message as Lambda hands it over."""
    names = ("ApproximateReceiveCount", "SentTimestamp", "SenderId", "ApproximateFirstReceiveTimestamp")
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": {name: message["Attributes"][name] for name in names},
        "messageAttributes": {},
        "md5OfBody": message["MD5OfBody"],
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{HOME}:123456789012:{queue.rpartition('/')[2]}",
        "awsRegion": HOME,
    }


def due_now(hours_ago: int = 0) -> str:
    """As the scheduler writes `<aws.scheduler.scheduled-time>`."""
    return (datetime.now(UTC) - timedelta(hours=hours_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")
