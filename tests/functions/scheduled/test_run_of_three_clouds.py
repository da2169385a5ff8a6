"""plan → scan (40 times) → aggregate over the recorded estate, by the clouds' own SDKs: what an audit of the snapshots says.

The networks of the clouds are not read here (`network: false`), because an audit of stored snapshots has none either; the
last test says what they add. What differs is then the scopes alone: a run knows each place it looked in, a folder of
snapshots none.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import msgspec
import pytest

from infra.store import open_store
from reports import keys
from reports.document import decode_report, render_json
from tests.functions.operator_of import Operator
from tests.functions.scheduled.parts import DUE, RUN, Queue, check_whole, deliver, report_of, service
from tests.functions.test_estate_of_three_clouds import _failures, _not_whole
from tests.servers import stores
from tests.servers.stores import Moto
from tests.servers.three_clouds import UNREACHABLE, ThreeClouds


@pytest.fixture(scope="module")
def credentials(operator) -> Iterator[pytest.MonkeyPatch]:
    """The environment of a function that may read all three clouds."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in operator.environment.items():
            patch.setenv(name, value)
        yield patch


@pytest.fixture(scope="module")
def settings(estate: ThreeClouds, operator) -> Path:
    """The operator's settings, the networks left out."""
    path = operator.folder / "scheduled.yaml"
    path.write_text(re.sub(r"^(- \w+: \{)", r"\1network: false, ", estate.settings(), flags=re.MULTILINE))
    return path


@pytest.fixture(scope="module")
def ran(credentials, operator, settings) -> tuple[str, str]:
    """A whole run with a folder as its store: its URL, and every line that the steps said."""
    said, queue = StringIO(), Queue()
    url = str(operator.folder / "scheduled")
    Path(url).mkdir()  # as a bucket is there before its first run
    store = open_store(url)
    steps = service(store, settings, queue)
    with redirect_stdout(said):
        assert steps.plan(DUE) == RUN
        assert len(queue.messages) == 40
        assert keys.report_key(RUN, ".json") not in set(store.list(""))
        for message in queue.taken(random.Random(8)):  # noqa: S311
            assert deliver(steps, message) == ""
    return url, said.getvalue()


def _audited(operator, *arguments: str) -> bytes:
    """What `ringfence audit` prints of the stored snapshots, under the run's identity."""
    ran = operator.run("audit", *arguments, "--run-id", RUN, "--time", DUE, "--format", "json", "--allow-partial")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.encode()


def _audited(operator, *arguments: str, **environment: str) -> bytes:
    """What `ringfence audit` prints of stored snapshots, under the run's identity."""
    command = ("audit", *arguments, "--run-id", RUN, "--time", DUE, "--format", "json", "--allow-partial")
    ran = Operator(operator.folder, operator.environment | environment, operator.said).run(*command)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.encode()


def _judged(document: bytes) -> bytes:
    """The document without the places that were searched and without the store's history, which no folder of snapshots has."""
    return render_json(msgspec.structs.replace(decode_report(document, ""), scopes=(), trend=()))


def test_the_report_is_that_of_an_audit_of_the_same_snapshots(ran, operator, estate):
    """Byte for byte, once the scopes and the trend of the store's history are set aside."""
    store = open_store(ran[0])
    check_whole(store)
    mine = store.get(keys.report_key(RUN, ".json"))
    audits = _audited(operator, "--snapshots", f"{ran[0]}/v1/runs/{RUN}")
    assert _judged(mine) == audits
    found = json.loads(mine)
    assert {each["name"] for each in found["clusters"]} == estate.names
    assert {each["name"] for each in found["clusters"] if each["read"] != "complete"} == {UNREACHABLE}
    assert _not_whole(found["scopes"]) == _failures(estate)
    assert [point["run"] for point in found["trend"]] == [RUN]
    assert json.loads(store.get(keys.LATEST))["run"] == RUN


def test_an_audit_of_the_store_keeps_the_run_s_gaps(ran, operator, estate):
    """Named by the store's root the run's unread places come along, each once; its clusters are the same."""
    mine = report_of(open_store(ran[0]))
    audits = json.loads(_audited(operator, "--snapshots", ran[0]))
    assert len(audits["scopes"]) == len(_failures(estate))
    differing = {name for name in mine if mine[name] != audits[name]}
    assert differing == {"scopes", "trend"}


def test_what_the_steps_say_is_one_json_object_a_line_without_secrets(ran, operator, estate):
    """With the metrics that docs/operate-aws.md names; and nothing secret was stored either."""
    operator.said.append(ran[1].encode())
    lines = [json.loads(line) for line in ran[1].splitlines()]
    assert all(isinstance(line, dict) and line["severity"] == line["level"] for line in lines)
    scans = [line for line in lines if "ScanSeconds" in line]
    assert (len(scans), {line["Scans"] for line in scans}) == (40, {1})
    (made,) = (line for line in lines if "Reports" in line)
    numbers = {"Reports": 1, "Clusters": 40, "UnreadClusters": 1, "UnreadPlaces": 3, "ScoreDrop": 0}
    assert {name: made[name] for name in numbers} == numbers
    assert 0 < made["Score"] <= made["Ceiling"] <= 100
    for line in (*scans, made):
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert all(isinstance(line[metric["Name"]], int | float) for metric in directive["Metrics"])
        assert (directive["Namespace"], line["run"]) == ("ringfence", RUN)
    assert [line["message"] for line in lines if line["message"] != "metrics"] == ["planned", "reported"]
    unpacked, found = operator.secrets(estate)
    assert unpacked >= 80
    assert found == []


def test_a_run_into_s3_gives_the_same_report(ran, credentials, estate, operator, settings):
    """The same estate, a bucket as the store: the same judgements, whatever the order of the scans."""
    moto = Moto()
    try:
        place = stores.s3(moto, "scheduled")
        with pytest.MonkeyPatch.context() as patch:
            # the estate's AWS listens elsewhere: obstore reads its address from the store's own variable
            patch.setenv("AWS_ENDPOINT_URL_S3", moto.endpoint)
            store, queue = open_store(place.url), Queue()
            steps = service(store, settings, queue)
            steps.plan(DUE)
            assert [deliver(steps, message) for message in queue.taken()] == [""] * 40
            check_whole(store)
            mine, theirs = (
                store.get(keys.report_key(RUN, ".json")),
                open_store(ran[0]).get(keys.report_key(RUN, ".json")),
            )
            assert mine == theirs
            assert _judged(mine) == _audited(
                operator, "--snapshots", f"{place.url}/v1/runs/{RUN}", AWS_ENDPOINT_URL_S3=moto.endpoint
            )
    finally:
        moto.stop()


def test_with_the_networks_the_fabric_alone_differs(credentials, estate, operator):
    """Placements, and whatever EC2 told, are in the run's store: an audit of snapshots takes the records' word instead."""
    folder = operator.folder / "networks"
    folder.mkdir()
    store, queue = open_store(str(folder)), Queue()
    steps = service(store, operator.folder / "ringfence.yaml", queue)
    steps.plan(DUE)
    assert [deliver(steps, message) for message in queue.taken()] == [""] * 40
    check_whole(store)
    mine = report_of(store)
    audits = json.loads(_audited(operator, "--snapshots", f"{folder}/v1/runs/{RUN}"))
    assert {name for name in mine if mine[name] != audits[name]} == {"scopes", "trend", "fabric"}
    topology = json.loads(store.get(keys.topology_key(RUN)))
    assert {each["cluster"].rpartition("/")[2] for each in topology["placements"]} == estate.names
    assert topology["unread"]
    of = {each["id"]: each["status"] for each in mine["fabric"]["controls"]}
    assert len(of) > 1
    assert "pass" not in {of[name] for name in of if name != "NB-XC-01"}  # one of three clouds told its networks
