"""What the Azure Functions host does between Storage queues and the functions of an app, by azure-functions' own converters.

The host itself cannot be had from a package registry. Followed here ("Azure Queue storage trigger and bindings"): messages in
base64; a function that returns has its output bindings sent and its message deleted; one that fails has its message made
visible again, and after `maxDequeueCount` moved to the queue's `-poison` neighbour. Time-outs and leases are not imitated.
"""

from __future__ import annotations

import json
import typing
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import azure.functions as func
from azure.functions.meta import Datum
from azure.functions.queue import QueueMessageInConverter, QueueMessageOutConverter
from azure.functions.timer import TimerRequestConverter
from azure.storage.queue import (
    QueueClient,
    QueueMessage,
    QueueServiceClient,
    TextBase64DecodePolicy,
    TextBase64EncodePolicy,
)

_HELD_S = 600  # how long a message stays invisible while it is worked on


class _Output(func.Out[Any]):
    def __init__(self) -> None:
        self.value: Any = None

    def set(self, val: Any) -> None:
        self.value = val

    def get(self) -> Any:
        return self.value


class Host:
    """The functions of `app` with the queues that their bindings name; `settings` fills in their `%NAMES%`."""

    def __init__(
        self, app: func.FunctionApp, service: QueueServiceClient, settings: Mapping[str, str], tries: int
    ) -> None:
        self._service, self._settings, self._tries = service, settings, tries
        self.errors: list[Exception] = []
        self._functions = {each.get_function_name(): each for each in _functions_of(app)}
        queues = {
            binding["queueName"]
            for each in self._functions.values()
            for binding in json.loads(each.get_function_json())["bindings"]
            if "queueName" in binding
        }
        for name in map(self._filled, queues):
            service.create_queue(name)
            service.create_queue(f"{name}-poison")

    def tick(self, name: str) -> None:
        """Let a timer's moment come."""
        data = {"IsPastDue": False, "ScheduleStatus": {}, "Schedule": {"AdjustForDST": True}}
        self._call(name, TimerRequestConverter.decode(Datum(json.dumps(data), "json"), trigger_metadata={}))

    def queue(self, name: str) -> QueueClient:
        """The client of a queue, in the encoding of host.json."""
        return self._service.get_queue_client(
            name, message_encode_policy=TextBase64EncodePolicy(), message_decode_policy=TextBase64DecodePolicy()
        )

    def drain(self, name: str, instances: int = 1) -> None:
        """Have a queue's function take its messages until none is left, by so many instances at once."""
        with ThreadPoolExecutor(instances) as pool:
            for done in [pool.submit(self._drain, name) for _ in range(instances)]:
                done.result()

    def _drain(self, name: str) -> None:
        trigger = next(each for each in self._bindings(name) if each["type"] == "queueTrigger")
        queue = self.queue(self._filled(trigger["queueName"]))
        while (message := queue.receive_message(visibility_timeout=_HELD_S)) is not None:
            try:
                self._call(name, _decoded(message))
            except Exception as error:  # noqa: BLE001 - the host takes whatever a function raises for a failed delivery
                self.errors.append(error)
                if message.dequeue_count < self._tries:
                    queue.update_message(message, visibility_timeout=0)
                    continue
                self.queue(f"{queue.queue_name}-poison").send_message(message.content)
            queue.delete_message(message)

    def _call(self, name: str, given: object) -> None:
        """Call a function with its trigger's value, and send what it puts out once it has returned."""
        function: Callable[..., None] = self._functions[name].get_user_function()
        outputs = {each["name"]: _Output() for each in self._bindings(name) if each["direction"] == "OUT"}
        (trigger,) = (each["name"] for each in self._bindings(name) if each["direction"] == "IN")
        function(**{trigger: given, **outputs})
        hints = typing.get_type_hints(function)
        for each in self._bindings(name):
            if each["direction"] == "OUT" and outputs[each["name"]].value is not None:
                (kind,) = typing.get_args(hints[each["name"]])
                put = QueueMessageOutConverter.encode(outputs[each["name"]].value, expected_type=kind)
                for text in json.loads(put.value) if put.type == "json" else [put.value]:
                    self.queue(self._filled(each["queueName"])).send_message(text)

    def _bindings(self, name: str) -> list[dict[str, Any]]:
        return json.loads(self._functions[name].get_function_json())["bindings"]

    def _filled(self, text: str) -> str:
        for name, value in self._settings.items():
            text = text.replace(f"%{name}%", value)
        return text


@cache
def _functions_of(app: func.FunctionApp) -> Sequence[Any]:
    """An app can be indexed once: the second time it takes its functions' names for taken."""
    return tuple(app.get_functions())


def _decoded(message: QueueMessage) -> func.QueueMessage:
    """As the worker hands it to a function."""
    metadata = {
        "Id": Datum(message.id, "string"),
        "DequeueCount": Datum(json.dumps(message.dequeue_count), "json"),
        "PopReceipt": Datum(message.pop_receipt, "string"),
    }
    return QueueMessageInConverter.decode(Datum(message.content, "string"), trigger_metadata=metadata)
