"""Azure Functions (Python v2 model): timers plan and sweep, a Storage queue hands out the scans.

Settings, besides those of `functions.scheduled.deployment`: `RINGFENCE_QUEUE` is the queue's name, `RINGFENCE_SCHEDULE` the
plan's NCRONTAB expression, `AzureWebJobsStorage` (or its `__queueServiceUri`) the storage account of the queue, and
`RINGFENCE_TIMEOUT_S` the `functionTimeout` of host.json in seconds. A message that fails is delivered again, and after
`maxDequeueCount` moved to the queue's `-poison` neighbour by the host.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from functools import cache
from typing import List  # noqa: UP035 - the worker takes `list[str]` for no list of messages, and loads nothing

import azure.functions as func

from functions.output import now
from functions.scheduled.deployment import Deployment, deployed
from functions.scheduled.news import told
from functions.scheduled.service import Service
from functions.scheduled.tasks import Task, decode_task, encode_task

_SPARE_S = 5.0
_TIMEOUT_S = 600
_SWEEP = "0 */15 * * * *"

app = func.FunctionApp()


@app.function_name("due")
@app.timer_trigger(arg_name="timer", schedule="%RINGFENCE_SCHEDULE%", use_monitor=True)
@app.queue_output(arg_name="message", queue_name="%RINGFENCE_QUEUE%-plans", connection="AzureWebJobsStorage")
def due(timer: func.TimerRequest, message: func.Out[str]) -> None:
    """Note the time that a run is due at: a timer that fails forgets it, a message that is delivered again does not."""
    del timer
    message.set(now())


@app.function_name("plan")
@app.queue_trigger(arg_name="message", queue_name="%RINGFENCE_QUEUE%-plans", connection="AzureWebJobsStorage")
@app.queue_output(arg_name="tasks", queue_name="%RINGFENCE_QUEUE%", connection="AzureWebJobsStorage")
def plan(message: func.QueueMessage, tasks: func.Out[List[str]]) -> None:  # noqa: UP006
    """Plan the run of a time; the host sends the tasks when this returns, and not at all when it fails."""
    sent: list[str] = []

    def send(found: Sequence[Task]) -> None:
        sent.extend(encode_task(task).decode() for task in found)

    with told():
        Service(_deployment(), send).plan(message.get_body().decode("ascii", "replace"))
    tasks.set(sent)


@app.function_name("scan")
@app.queue_trigger(arg_name="message", queue_name="%RINGFENCE_QUEUE%", connection="AzureWebJobsStorage")
def scan(message: func.QueueMessage) -> None:
    """Scan one cluster."""
    started = time.monotonic()
    with told():
        task = decode_task(message.get_body())
        service = Service(_deployment(), _nothing)
        left = float(os.environ.get("RINGFENCE_TIMEOUT_S", _TIMEOUT_S)) - _SPARE_S - (time.monotonic() - started)
        service.scan(task, left_s=left, tried=message.dequeue_count or 1)


@app.function_name("sweep")
@app.timer_trigger(arg_name="timer", schedule=_SWEEP, use_monitor=False)
def sweep(timer: func.TimerRequest) -> None:
    """End the runs that nobody ended."""
    del timer
    with told():
        Service(_deployment(), _nothing).sweep()


@cache
def _deployment() -> Deployment:
    """Made with the first event of an instance, whose failure then says why."""
    return deployed(os.environ)


def _nothing(_: Sequence[Task]) -> None:
    """Scans and sweeps send no tasks."""
