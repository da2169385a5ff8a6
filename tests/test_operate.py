"""docs/operate.md says what the scheduled steps do: their log lines, metrics and reasons, and the tables that scripts compute."""

from __future__ import annotations

import re
from pathlib import Path

from functions.scheduled import aggregate, news, plan, scan, service
from tests.bench import cost, fleet_simulation

DOCS = Path(__file__).parent.parent / "docs"
PAGE = (DOCS / "operate.md").read_text()
SOURCE = {module: Path(module.__file__).read_text() for module in (aggregate, news, plan, scan, service)}


def test_page_has_every_metric_and_no_other():
    """Names in capitals between backquotes are what `measure` is given."""
    given = set(re.findall(r'"([A-Z][A-Za-z]+)":', SOURCE[service]))
    table = PAGE.split("| metric | from | means |")[1].split("\n\n")[0]
    assert len(given) == 9
    assert set(re.findall(r"`([A-Z][A-Za-z]+)`", table)) == given


def test_page_has_every_message():
    """What `say` and `measure` are called with, where it is a word."""
    said = set(re.findall(r'say\("(\w+)"', SOURCE[service])) | set(re.findall(r'"message": "(\w+)"', SOURCE[news]))
    assert said == {"planned", "reported", "metrics"}
    assert all(f"| `{word}` |" in PAGE for word in said)


def test_page_quotes_reasons_as_they_are():
    """The reasons of incomplete runs are the program's own words."""
    reasons = (plan.NOT_SCANNED, "time ran out in every try", "the source that found it is no longer in the settings")
    words = "".join(SOURCE.values())
    assert [each for each in reasons if f"| `{each}`" not in PAGE and f"`{each}`" not in PAGE] == []
    assert [each for each in reasons if each not in words] == []


def test_links_lead_somewhere():
    """Every relative link is a page, every anchor one of its headings."""
    headings = {
        re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-")
        for each in re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    }
    links = [link for link in re.findall(r"\]\(([^)]+)\)", PAGE) if "://" not in link]
    assert len(links) > 5
    assert [link for link in links if not (link[1:] in headings if link[0] == "#" else (DOCS / link).exists())] == []


def test_tables_are_what_the_scripts_print():
    """Whoever changes an input, a limit or a price prints the tables anew."""
    assert "\n".join(cost.rows()) in PAGE
    assert "\n".join(fleet_simulation.table()) in PAGE
