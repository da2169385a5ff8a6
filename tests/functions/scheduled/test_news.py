"""What the steps say: one JSON object a line, whatever a message, an error or a cluster holds."""

from __future__ import annotations

import json

import pytest

from functions.scheduled.news import measure, say
from reports import keys
from tests.functions.scheduled.parts import RUN, TOO_LATE, Clock, Queue, deliver, service
from tests.functions.scheduled.small import SETTINGS

HOSTILE = ("a\nb", '"}\n{"severity": "EMERGENCY"}', "\ud800", "\x1b[2J\x00", "\u202egnp", "x" * 100_000, "ünï 🦊", "")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_line_stays_one_object(capfd, text):
    """Severity and level stay what they were, and no line outgrows what logs take."""
    say(text, severity="WARNING", run=text)
    measure({"Scans": 1, "ScanSeconds": 0.5}, run=text)
    lines = capfd.readouterr().out.splitlines()
    assert len(lines) == 2
    for line, severity in zip(lines, ("WARNING", "INFO"), strict=True):
        found = json.loads(line)
        assert found["severity"] == found["level"] == severity
        assert found["run"].isprintable()
        assert len(line) < 4000


def test_metrics_are_those_of_the_embedded_format(capfd):
    """CloudWatch drops a line whose metric has no member of its name, or whose dimension sets are not lists of names."""
    measure({"Scans": 1, "ScanSeconds": 0.5}, run=RUN)
    found = json.loads(capfd.readouterr().out)
    (directive,) = found["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "ringfence",
        "Dimensions": [[]],
        "Metrics": [{"Name": "Scans", "Unit": "Count"}, {"Name": "ScanSeconds", "Unit": "Seconds"}],
    }
    assert isinstance(found["_aws"]["Timestamp"], int)
    assert (found["Scans"], found["ScanSeconds"]) == (1, 0.5)


def test_a_drop_from_one_run_to_the_next_is_a_number_and_an_unread_run_a_warning(fleet, store, capfd):
    """The first run is read whole, the next one not at all: what an alarm looks at follows, and nobody reports twice."""
    clock, queue = Clock(), Queue()
    steps = service(store, SETTINGS, queue, clock)
    for due, scanned in (("2026-11-22T08:00:00Z", True), ("2026-11-23T08:00:00Z", False)):
        clock.now = due
        run = steps.plan(due)
        messages = list(queue.taken())
        if scanned:
            assert {deliver(steps, each) for each in messages} == {""}
        clock.now = TOO_LATE
        steps.sweep()
        steps.sweep()
        assert store.find(keys.report_key(run, ".json")) is not None
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    first, second = (line for line in lines if "Reports" in line)
    assert (first["UnreadClusters"], second["UnreadClusters"]) == (0, 3)
    assert first["Score"] > second["Score"] >= 0
    assert (first["ScoreDrop"], second["ScoreDrop"]) == (0, pytest.approx(first["Score"] - second["Score"], abs=0.11))
    assert [line["severity"] for line in lines if line["message"] == "reported"] == ["INFO", "WARNING"]
