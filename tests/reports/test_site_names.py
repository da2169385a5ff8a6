"""What the pages of the report and the places on them are called: safe as files, each once, and the same from run to run."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.html.anchors import anchor, told_apart
from reports.html.links import Names, quoted
from reports.html.site import pages
from reports.keys import page_key
from tests.reports.governed_factory import framework
from tests.reports.report_factory import cluster, estate, renamed, report
from tests.reports.test_site import HOSTILE

SAFE = re.compile(
    r"report(\.html|/(clusters|controls|frameworks|findings|fleet)/[a-z0-9~%_-][A-Za-z0-9.~%_-]{0,200}\.html)"
)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_files_are_safe_whatever_a_cluster_is_called(name):
    """No page leaves its folder, has an odd character or takes another's place, and each is a key of the store."""
    source = renamed(estate(), name)
    paths = [path for path, _ in pages(source)]
    assert len({path.lower() for path in paths}) == len(paths)
    assert sum(path.startswith("report/clusters/") for path in paths) == len(source.clusters)
    for path in paths:
        assert SAFE.fullmatch(path), path
        assert page_key("20261123T080000Z", path).endswith(path)


@pytest.mark.parametrize(
    "path", ["report/../x.html", "report/clusters/../x.html", "x.html", "report/a/.x.html", "report/a/b/c.html"]
)
def test_only_pages_have_keys(path):
    """A path that no page has is refused."""
    with pytest.raises(ValueError, match="no page"):
        page_key("20261123T080000Z", path)


@settings(deadline=None)
@given(names=st.lists(st.text(max_size=9), min_size=2, max_size=9, unique=True))
def test_ids_never_share_a_name_or_an_anchor(names):
    """Whatever the ids, also where they differ in case alone; those of the baseline stay readable."""
    assert len({Names.control(name).lower() for name in names}) == len(names)
    assert len({anchor("control", name) for name in names}) == len(names)
    doubled = told_apart([*names, *names])
    assert len(set(doubled)) == len(doubled) == 2 * len(names)
    assert all(unquote(quoted(Names.control(name))) == Names.control(name) for name in names)


def test_anchors_and_names_are_made_of_ids_not_of_places():
    """One more cluster moves no other's page, and an upper-case id of the baseline is its anchor as it stands."""
    few, more = report(cluster("b"), cluster("c")), report(cluster("a"), cluster("b"), cluster("c"))
    assert Names(few).clusters == Names(more).clusters[1:]
    assert Names(few).anchors == Names(more).anchors[1:]
    assert anchor("control", "NB-ISO-01") == "control-NB-ISO-01"
    assert Names.control("NB-ISO-01") == "nb-iso-01"


def test_frameworks_have_pages_of_their_own_though_they_share_a_name():
    """The version stands in the name once, and two views of one name are two pages."""
    views = (
        framework(name="Rules 4.0", version="4.0"),
        framework(name="Rules", version="4.0"),
        framework(name="Rules"),
    )
    found = Names(report(frameworks=views)).frameworks
    assert (found[0], found[2]) == ("rules-4.0", "rules")
    assert found[1].startswith("rules-4.0~")
