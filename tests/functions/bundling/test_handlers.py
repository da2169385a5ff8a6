"""The bundles as their clouds run them: the real runtimes, the zips alone, and events that are wrong in each way."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from functions.scheduled.deployment import deployed
from tests.servers.lambda_runtime import Function, RuntimeApi, runtime_client

_POISON = "{'no': 'task'}"


@pytest.fixture(scope="module")
def environment(tmp_path_factory) -> dict[str, str]:
    """A store and settings in local folders."""
    settings = tmp_path_factory.mktemp("settings")
    (settings / "ringfence.yaml").write_text("sources:\n  - aws: {}\n")
    return {"RINGFENCE_STORE": str(tmp_path_factory.mktemp("store")), "RINGFENCE_SETTINGS": str(settings)}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Lambda's own part of the search path."""
    return runtime_client(tmp_path_factory.mktemp("runtime") / "client")


def test_lambda_refuses_an_unknown_event(unpacked, client, environment):
    """One line that names the step and what to do, as the error of the invocation."""
    with RuntimeApi() as api, Function(api, unpacked["aws"], client, environment):
        answer = api.invoke({"step": "dance"})
    assert answer.failed
    assert answer.body["errorMessage"] == "an event that is no step of ringfence (dance): look who else calls this"
    assert answer.body["errorType"] == "InputError"


@pytest.mark.parametrize("missing", ["RINGFENCE_STORE", "RINGFENCE_SETTINGS"])
def test_lambda_says_which_variable_is_missing(unpacked, client, environment, missing):
    """A deployment without its store, or its settings, fails with one line that names the variable."""
    rest = {name: value for name, value in environment.items() if name != missing}
    with RuntimeApi() as api, Function(api, unpacked["aws"], client, rest):
        answer = api.invoke({"step": "plan", "time": "2026-01-01T00:00:00Z"})
    assert answer.failed
    assert answer.body["errorMessage"].startswith(f"{missing} is not set: name the ")
    assert "\n" not in answer.body["errorMessage"]


def test_lambda_names_the_poison_messages(unpacked, client, environment):
    """SQS is told which messages failed, and the log why."""
    records = [
        {"messageId": f"m{number}", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
        for number, body in enumerate((_POISON, "", "\x00", "[]"))
    ]
    with RuntimeApi() as api, Function(api, unpacked["aws"], client, environment) as function:
        answer = api.invoke({"Records": records})
        said = function.said
    assert not answer.failed
    assert answer.body == {"batchItemFailures": [{"itemIdentifier": f"m{number}"} for number in range(4)]}
    lines = [line for line in said if line.get("severity") == "ERROR"]
    assert [line["message_id"] for line in lines] == ["m0", "m1", "m2", "m3"]
    assert all("a message that is no task of ringfence" in line["message"] for line in lines)


_POISONED = {  # what arrives -> the entry point that it arrives at, its event's data, and what the log says
    "no-task": (
        "scan",
        {"message": {"data": base64.b64encode(_POISON.encode()).decode(), "messageId": "1"}},
        "a message that is no task of ringfence",
    ),
    "no-base64": ("scan", {"message": {"data": "%%%", "messageId": "1"}}, "(no base64)"),
    "no-message": ("plan", {"due": "now"}, "an event without a Pub/Sub message"),
}


@pytest.mark.parametrize("case", _POISONED)
def test_cloud_run_functions_refuse_a_poison_message(unpacked, built_by_google, environment, tmp_path, case):
    """functions-framework answers 500, so that Pub/Sub delivers again and then gives up, and the log says why, each time."""
    function, body, words = _POISONED[case]
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    start = "import sys; sys.path[:0] = [sys.argv.pop(1)]; from functions_framework._cli import _cli; _cli()"
    flags = ["--target", function, "--source", "main.py", "--host", "127.0.0.1", "--port", str(port)]
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", start, str(built_by_google), *flags, "--signature-type", "cloudevent"],
            cwd=unpacked["gcp"],
            env={"PATH": os.defpath, **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        status = _post(port, body)
    finally:
        process.terminate()
        process.wait(20)
    assert status == 500
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith('{"severity"')]
    assert [line["severity"] for line in lines] == ["ERROR"]
    assert words in lines[0]["message"]


def _post(port: int, body: object) -> int:
    """One CloudEvent in binary mode, as Eventarc sends it; waits until somebody listens."""
    headers = {
        "ce-id": "1",
        "ce-source": "//pubsub.googleapis.com/projects/p/topics/ringfence-tasks",
        "ce-specversion": "1.0",
        "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
        "Content-Type": "application/json",
    }
    request = urllib.request.Request(f"http://127.0.0.1:{port}/", json.dumps(body).encode(), headers)
    ends = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
                return answer.status
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except urllib.error.URLError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.1)


_LIST = """
import json
from function_app import app
print(json.dumps({each.get_function_name(): json.loads(each.get_function_json())["bindings"] for each in app.get_functions()}))
"""


def azure_folders(unpacked) -> tuple:
    """Where the worker looks: the app's packages, and the app."""
    return unpacked["azure"] / ".python_packages/lib/site-packages", unpacked["azure"]


def test_azure_lists_the_functions(unpacked, alone):
    """Two timers and two queues, with the names that settings give them."""
    done = alone(_LIST, *azure_folders(unpacked))
    assert done.returncode == 0, done.stderr
    found = {
        name: {each["type"]: each.get("queueName") or each.get("schedule") for each in bindings}
        for name, bindings in json.loads(done.stdout).items()
    }
    assert found == {
        "due": {"timerTrigger": "%RINGFENCE_SCHEDULE%", "queue": "%RINGFENCE_QUEUE%-plans"},
        "plan": {"queueTrigger": "%RINGFENCE_QUEUE%-plans", "queue": "%RINGFENCE_QUEUE%"},
        "scan": {"queueTrigger": "%RINGFENCE_QUEUE%"},
        "sweep": {"timerTrigger": "0 */15 * * * *"},
    }


_OUTPUTS = """
import typing
import azure.functions as func
from azure.functions.queue import QueueMessageOutConverter
from function_app import app
for each in app.get_functions():
    for name, hint in typing.get_type_hints(each.get_user_function()).items():
        if typing.get_origin(hint) is func.Out:
            assert QueueMessageOutConverter.check_output_type_annotation(*typing.get_args(hint)), (each, name, hint)
            print(name)
"""


def test_azures_worker_takes_what_the_functions_put_out(unpacked, alone):
    """The worker loads no function whose output has a type that the queue binding does not know."""
    done = alone(_OUTPUTS, *azure_folders(unpacked))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["message", "tasks"]


def test_azure_refuses_a_poison_message(unpacked, alone, environment):
    """The function raises, so that the host counts a delivery, and the log says why."""
    program = f"""
import azure.functions as func
from function_app import app
scan = next(each for each in app.get_functions() if each.get_function_name() == "scan").get_user_function()
scan(func.QueueMessage(body={_POISON!r}))
"""
    done = alone(program, *azure_folders(unpacked), environment=environment)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("scanner.errors.InputError: a message that is no task of ringfence")
    assert json.loads(done.stdout)["severity"] == "ERROR"


def test_azures_host_and_the_program_count_alike(unpacked, environment):
    """host.json gives a task as many deliveries as the program expects, one at a time, and keeps every log line."""
    host = json.loads((unpacked["azure"] / "host.json").read_text())
    queues = host["extensions"]["queues"]
    assert queues["maxDequeueCount"] == deployed(environment).tries
    assert (queues["batchSize"], queues["newBatchThreshold"]) == (1, 0)
    assert host["functionTimeout"] == "00:10:00"  # 600 s, which functions.azure takes for usual
    assert host["logging"]["applicationInsights"]["samplingSettings"]["isEnabled"] is False


def test_whatever_a_run_loads_is_in_the_bundle(unpacked, alone):
    """The libraries that are loaded where they are used, after the handler: the SDK, the client, the store, the page."""
    modules = {
        "aws": "boto3, infra.clouds.eks, infra.clouds.eks.networks",
        "azure": "azure.identity, azure.mgmt.containerservice, infra.clouds.aks, infra.clouds.aks.networks",
    }
    folders = {"aws": (unpacked["aws"],), "azure": azure_folders(unpacked)}
    for cloud, names in modules.items():
        program = f"""
import {names}, infra.kube, infra.snapshots, obstore.store, reports.html.render
from infra.loading import load_client
load_client()
"""
        done = alone(program, *folders[cloud])
        assert done.returncode == 0, done.stderr
