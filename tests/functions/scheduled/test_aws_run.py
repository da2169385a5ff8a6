"""A scheduled run in AWS: scheduler, Lambda's runtime client, SQS with dead letters and S3, over the estate of three clouds."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from functions.scheduled.plan import NOT_SCANNED
from tests.functions.scheduled.aws_deployment import TRIES, Code, Deployment, Instance, due_now
from tests.functions.test_cli import ROOT
from tests.servers.lambda_runtime import code_here, runtime_client
from tests.servers.three_clouds import ALL_SECRETS, UNREACHABLE


@pytest.fixture(scope="module")
def code(tmp_path_factory) -> Code:
    """This checkout, and Lambda's own client."""
    folder = tmp_path_factory.mktemp("lambda")
    return Code(code_here(folder / "code", ROOT), runtime_client(folder / "client"))


@pytest.fixture(scope="module")
def whole(estate, code) -> Deployment:
    """A deployment that scans the whole estate."""
    return Deployment(estate.aws, code, estate.environment(), estate.settings())


@pytest.fixture(scope="module")
def run(whole) -> str:
    """A run of it from the scheduler's event to the last message; its id."""
    due = due_now()
    with Instance(whole) as instance:
        planned = instance.plan(due)
        assert not planned.failed, planned.body
        assert whole.waiting() == (40, 0)
        assert instance.drain(5) == []
        assert instance.errors() == []
    assert whole.waiting() == whole.waiting(whole.dead) == (0, 0)
    return str(planned.body["run"])


def test_a_run_ends_with_one_report_and_the_pointer_to_it(estate, whole, run):
    """Every cluster has a result, the one that cannot be reached says so, and the pointer leads to the report."""
    stored = whole.stored()
    kinds = Counter(Path(key).name for key in stored)
    assert {name: kinds[name] for name in ("run.json", "result.json", "snapshot.json.zst", "report.json")} == {
        "run.json": 1, "result.json": 40, "snapshot.json.zst": 40, "report.json": 1,
    }  # fmt: skip
    assert json.loads(stored["v1/latest.json"]) == {
        "schema": "latest/v1", "run": run, "report": f"v1/runs/{run}/report.json",
    }  # fmt: skip
    clusters = {each["name"]: each for each in json.loads(stored[f"v1/runs/{run}/report.json"])["clusters"]}
    assert set(clusters) == estate.names
    assert {name for name, each in clusters.items() if each["read"] != "complete"} == {UNREACHABLE}
    assert "cannot be reached from here" in clusters[UNREACHABLE]["unread"]


def test_the_report_is_the_audits_byte_for_byte(whole, operator, run):
    """`ringfence audit` over the same estate, given the same time, stores the same report, findings, page and networks."""
    time = json.loads(whole.stored()[f"v1/runs/{run}/run.json"])["time"]
    assert operator.run("audit", "-o", "out", "--time", time).returncode == 3
    folder = operator.folder / "out"
    audited = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    stored = whole.stored()
    assert stored[f"v1/runs/{run}/report.json"] == audited[f"v1/runs/{run}/report.json"]
    own = {key for key in stored if key.endswith(("/planned.json.zst", "/networks.json", "/run.json"))}
    assert {key for key in stored if key not in audited} <= own
    assert [key for key in audited if audited[key] != stored[key] and key not in own] == []


def test_the_stored_snapshots_judged_again_say_the_same(whole, operator, run, tmp_path):
    """`ringfence audit --snapshots` over what the functions stored: the same clusters, findings and scores."""
    for key, data in whole.stored().items():
        if key.endswith("/snapshot.json.zst"):
            (tmp_path / key).parent.mkdir(parents=True)
            (tmp_path / key).write_bytes(data)
    report = json.loads(whole.stored()[f"v1/runs/{run}/report.json"])
    code, again = operator.document("audit", "--snapshots", str(tmp_path), "--time", report["run"]["time"])
    assert code == 3
    assert again["clusters"] == report["clusters"]


def test_a_run_that_is_delivered_again_stays_as_it_is(whole, run):
    """The plan sends nothing, a task does nothing, the sweep has nothing to end: not an object differs."""
    before = whole.stored()
    record = json.loads(before[f"v1/runs/{run}/run.json"])
    task = {"schema": "task/v1", "run": run, "time": record["time"], **record["planned"][0]}
    with Instance(whole) as instance:
        assert instance.plan(record["time"]).body == {"run": run}
        assert whole.waiting() == (0, 0)
        whole.sqs.send_message(QueueUrl=whole.queue, MessageBody=json.dumps(task))
        assert instance.drain() == []
        assert instance.sweep().body == {}
        assert [each for each in instance.said if "Scans" in each or "Reports" in each] == []
        assert instance.errors() == []
    assert whole.stored() == before
    with Instance(whole) as instance:  # two at once
        for _ in range(2):
            whole.sqs.send_message(QueueUrl=whole.queue, MessageBody=json.dumps(task))
        assert instance.deliver(10) == []
    assert whole.stored() == before


_HUB = "sources:\n- aws: {regions: [eu-west-1]}\n"  # five clusters of the deployment's own account


@pytest.fixture
def small(estate, code) -> Iterator[Deployment]:
    """A deployment of its own that scans five clusters; faults end with the test, and no log of it may tell too much."""
    before = list(estate.aws.faults)
    deployment = Deployment(estate.aws, code, estate.aws.environment(), _HUB)
    yield deployment
    estate.aws.faults[:] = before
    assert deployment.logs
    for log in deployment.logs:
        assert [each for each in (*ALL_SECRETS, "planted-message", "Traceback") if each in log] == []


def _reported(deployment: Deployment, run: str) -> None:
    """The run ended: one report, five clusters, all of them read, and the pointer to it."""
    stored = deployment.stored()
    assert [key for key in stored if key.endswith("/report.json")] == [f"v1/runs/{run}/report.json"]
    report = json.loads(stored[f"v1/runs/{run}/report.json"])
    assert {each["name"]: each["read"] for each in report["clusters"]} == {
        f"hub-{number}": "complete" for number in range(1, 6)
    }
    assert json.loads(stored["v1/latest.json"])["run"] == run


def test_a_poison_message_ends_among_the_dead_letters(small):
    """It takes nothing with it: the others of its batch are done, and it is moved away after the last try, one line each."""
    with Instance(small) as instance:
        small.sqs.send_message(QueueUrl=small.queue, MessageBody='{"schema": "task/v1", "run": "../x"}')
        run = instance.plan(due_now()).body["run"]
        failed = instance.drain(10)
        errors = instance.errors()
    assert len(failed) == TRIES
    assert len(set(failed)) == 1
    assert errors == errors[:1] * TRIES
    assert errors[0].startswith("a message that is no task of ringfence (")
    assert small.waiting() == (0, 0)
    assert small.waiting(small.dead) == (1, 0)
    _reported(small, run)


def test_a_task_of_no_plan_ends_among_the_dead_letters(small):
    """A well-formed task that somebody else made up: nothing is read and nothing is stored for it."""
    with Instance(small) as instance:
        run = instance.plan(due_now()).body["run"]
        task = json.loads(small.stored()[f"v1/runs/{run}/run.json"])
        cluster = task["planned"][0]["cluster"] | {"name": "made-up"}
        body = {"schema": "task/v1", "run": run, "time": task["time"], "cluster": cluster, "source": 0}
        small.sqs.send_message(QueueUrl=small.queue, MessageBody=json.dumps(body))
        failed = instance.drain(3)
        errors = instance.errors()
    assert len(failed) == TRIES
    assert all(line.startswith(f"run {run} has no plan for ") for line in errors)
    assert small.waiting(small.dead) == (1, 0)
    assert not any("made-up" in key for key in small.stored())
    _reported(small, run)


_EXPIRED = b"<Error><Code>ExpiredToken</Code><Message>The provided token has expired.</Message></Error>"
_SLOW = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
_REFUSALS = {"throttled": (503, _SLOW), "expired": (400, _EXPIRED)}


@pytest.mark.parametrize("case", _REFUSALS)
def test_a_store_that_refuses_is_one_line_and_the_task_comes_again(estate, small, case):
    """While S3 refuses, each task of the batch fails with a line of its own; when it answers again, the run ends as ever."""
    status, body = _REFUSALS[case]
    with Instance(small) as instance:
        run = instance.plan(due_now()).body["run"]
        fault = estate.aws.fault("s3", "", status=status, body=body)
        failed = instance.deliver(2)
        errors = instance.errors()
        fault.times = 0
        assert fault.given
        assert len(failed or ()) == len(errors) == 2
        assert all(small.bucket in line and "\n" not in line and len(line) < 500 for line in errors), errors
        assert instance.drain() == []
    assert small.waiting(small.dead) == (0, 0)
    _reported(small, run)


def test_credentials_that_expire_while_planning_plan_nothing_twice(estate, small):
    """SQS refuses the tasks after the plan was stored: one line; delivered again, the same plan sends them."""
    expired = json.dumps({"__type": "com.amazon.coral.service#ExpiredTokenException", "message": "planted-message"})
    fault = estate.aws.fault("sqs", "SendMessageBatch", status=403, body=expired.encode())
    due = due_now()
    with Instance(small) as instance:
        refused = instance.plan(due)
        assert (refused.failed, fault.given) == (True, 1)
        assert refused.body["errorMessage"] == "SQS did not take the run's tasks (ClientError): allow sqs:SendMessage"
        fault.times = 0
        calls = len(estate.aws.calls)
        run = instance.plan(due).body["run"]
        assert "ListClusters" not in {each.operation for each in estate.aws.calls[calls:]}
        assert small.waiting() == (5, 0)
        instance.drain()
    _reported(small, run)


_PASSING = {  # service, operation, code, HTTP status, what the line says
    "own-expired": ("sts", "GetCallerIdentity", "ExpiredToken", 403, "the credentials have run out"),
    "expired": ("eks", "DescribeCluster", "ExpiredTokenException", 403, "the credentials have run out"),
    "throttled": ("eks", "DescribeCluster", "ThrottlingException", 429, "throttled"),
}


@pytest.mark.parametrize("case", _PASSING)
def test_what_passes_costs_no_cluster(estate, small, case):
    """A cluster is not called unread because AWS refused the function for a while: its task comes again, one line each."""
    service, operation, code, status, words = _PASSING[case]
    with Instance(small) as instance:
        run = instance.plan(due_now()).body["run"]
        fault = estate.aws.fault(service, operation, code, message="planted-message", status=status)
        failed = instance.deliver(2)
        errors = instance.errors()
        fault.times = 0
        assert fault.given
        assert len(failed or ()) == len(errors) == 2
        assert all(words in line and "\n" not in line and len(line) < 500 for line in errors), errors
        assert instance.drain() == []
    assert small.waiting(small.dead) == (0, 0)
    _reported(small, run)


def test_what_does_not_pass_is_unread_after_the_last_try_and_never_compliant(estate, small):
    """The queue's last delivery stores the reason, so that nothing ends among the dead letters and the run has its report."""
    estate.aws.fault("eks", "DescribeCluster", "ExpiredTokenException", status=403, path="/hub-2")
    with Instance(small) as instance:
        planned = instance.plan(due_now())
        failed = instance.drain()
        errors = instance.errors()
    assert len(failed) == len(errors) == TRIES - 1
    assert small.waiting(small.dead) == (0, 0)
    report = json.loads(small.stored()[f"v1/runs/{planned.body['run']}/report.json"])
    unread = {each["name"]: each for each in report["clusters"] if each["read"] != "complete"}
    assert set(unread) == {"hub-2"}
    assert "the credentials have run out" in unread["hub-2"]["unread"]
    assert "pass" not in {control["status"] for control in unread["hub-2"]["controls"]}


@pytest.mark.parametrize("hours", [0, 4])
def test_a_run_whose_tasks_were_lost_is_ended_by_the_sweep_at_its_deadline(small, hours):
    """Before it nothing is reported; after it every cluster is there, unread, and a task that turns up late changes nothing."""
    with Instance(small) as instance:
        run = instance.plan(due_now(hours)).body["run"]
        message = small.sqs.receive_message(QueueUrl=small.queue)["Messages"][0]
        small.sqs.purge_queue(QueueUrl=small.queue)
        assert instance.sweep().body == {}
        before = small.stored()
        if not hours:
            assert not any(key.endswith(("/report.json", "/result.json", "latest.json")) for key in before)
            return
        small.sqs.send_message(QueueUrl=small.queue, MessageBody=message["Body"])
        assert instance.drain() == []
        assert instance.errors() == []
    assert small.stored() == before
    clusters = json.loads(before[f"v1/runs/{run}/report.json"])["clusters"]
    assert {each["name"]: (each["read"], each["unread"]) for each in clusters} == {
        f"hub-{number}": ("unread", NOT_SCANNED) for number in range(1, 6)
    }
    assert "pass" not in {control["status"] for each in clusters for control in each["controls"]}
    assert json.loads(before["v1/latest.json"])["run"] == run


def test_no_log_and_no_object_holds_a_secret(estate, operator, whole, run):
    """Not a planted value, token or key in anything the functions wrote, packed or not."""
    folder = operator.folder / "stored"
    for number, data in enumerate(whole.stored().values()):
        folder.mkdir(exist_ok=True)
        (folder / str(number)).write_bytes(data)
    operator.said += [each.encode() for each in whole.logs]
    assert sum(each.count(run) for each in whole.logs) > 40
    unpacked, found = operator.secrets(estate)
    assert unpacked >= 80
    assert found == []
