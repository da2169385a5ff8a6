"""The message to a webhook: what it says, and that no name in it calls anybody or becomes a link."""

from __future__ import annotations

import re

import msgspec
import pytest

from reports.changes import changes_between
from reports.message import message
from scanner.findings import Status
from tests.reports import report_factory as made
from tests.reports.exports.test_markdown import HOSTILE


def sent(before, after, place: str = "s3://audits/fleet/v1/runs/x/report.json") -> dict:
    return msgspec.json.decode(message(after, changes_between(before, after), place))


def test_it_says_what_changed_for_receivers_with_and_without_blocks():
    """The text alone, and the blocks together, say the same."""
    before = made.report(made.cluster("a"), made.cluster("b", controls=(made.control(4, Status.PASS),)))
    after = made.report(made.cluster("b", controls=(made.control(4, Status.FAIL),)))
    said = sent(before, after)
    assert said["text"].splitlines() == [
        f"*ringfence: 2 changes since `{before.run.id}`*",
        "Fleet: 78.9 (up to 87.5, coverage 91%), grade D",
        "Every cluster enforces network policy wherever workloads run.",
        "• vanished: `a` is not there any more",
        "• fails now: `NB-ISO-01` (critical) `Default-deny ingress is effective in every workload namespace` on `b`",
        f"Run `{after.run.id}`, report: `s3://audits/fleet/v1/runs/x/report.json`",
    ]
    assert "\n".join(block["text"]["text"] for block in said["blocks"]) == said["text"]
    assert {block["type"] for block in said["blocks"]} == {"section"}
    assert all(block["text"]["type"] == "mrkdwn" and block["text"]["verbatim"] for block in said["blocks"])


@pytest.mark.parametrize("name", [*HOSTILE, "<!channel>", "<@U123>", "<https://evil.example|click>", "@channel"])
def test_hostile_names_do_nothing(name):
    """No angle bracket and no @ anywhere, code spans closed on their line, no Markdown outside of them."""
    for line in sent(made.report(made.cluster("a")), made.renamed(made.estate(), name))["text"].splitlines()[1:]:
        assert not set("<>@") & set(line)
        assert not re.search("&(?!(amp|lt|gt);)", line)
        parts = line.split("`")
        assert len(parts) % 2 == 1, line
        outside = "".join(parts[::2])
        assert not set("*_~[]!#") & set(outside)
        assert "://" not in outside


def test_a_long_message_fits_what_slack_takes():
    """Sections of 3,000 characters, fifty at most, and 40,000 of text; what is left out is counted."""
    name = "&<\x1b`" * 400
    before = made.report(made.cluster("a"))
    after = made.report(made.cluster("a"), *(made.unread_cluster(f"{n}{name}", unread=name) for n in range(200)))
    said = sent(before, after)
    assert all(0 < len(block["text"]["text"]) <= 3000 for block in said["blocks"])
    assert len(said["blocks"]) <= 50
    assert len(said["text"]) <= 40_000
    assert "…and 171 more" in said["text"]
