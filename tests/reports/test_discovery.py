"""`discover` and `doctor` for a terminal: they fit, they name everything, and no name acts on the screen."""

from __future__ import annotations

import json

import jsonschema
import pytest

from functions.schemas import FOLDER
from reports.discovery import ApiEndpoint, Discovered, Discovery, ReadAccess, render_discovery, render_table
from reports.doctor import ClusterCheck, Doctor, PlaceCheck, SourceCheck, render_doctor, render_lines
from reports.document import Run, Scope
from reports.mends import mend, rights
from reports.places import not_whole
from scanner.findings import DataPlaneSummary

RUN = Run(id="20260101T000000Z", time="2026-01-01T00:00:00Z", tool="1")
HOSTILE = "evil\x1b[2J\u202e[bold]\n" + "x" * 200


def discovered(name: str = "pay", **others: object) -> Discovered:
    """A cluster; `others` replaces fields."""
    given = {
        "id": name, "cloud": "aws", "account": "111122223333", "location": "eu-west-1", "name": name, "version": "1.33",
        "dataplane": DataPlaneSummary(name="eks-vpc-cni", version="1.21.1", enforcing="yes", reason="on"),
        "outside": (), "settle": "", "access": ReadAccess(answer="not tried"), "unread": (), "notices": (),
        "endpoint": ApiEndpoint(exposure="private", public=False, private=True, allowed=None, evidence="x"),
    }  # fmt: skip
    return Discovered(**given | others)


def discovery(*clusters: Discovered, scopes: tuple[Scope, ...] = (), **others: object) -> Discovery:
    """What was found."""
    return Discovery(run=RUN, clusters=clusters, scopes=scopes, **{"interrupted": False, "left_out": 0} | others)


def scope(location: str = "eu-west-1", outcome: str = "denied", reason: str = "not allowed", **others: object) -> Scope:
    """A place that could not be searched."""
    return Scope(cloud="aws", account="111122223333", location=location, outcome=outcome, reason=reason, **others)


@pytest.mark.parametrize("width", [40, 60, 80, 89, 90, 120, 200])
def test_the_table_fits_and_hostile_names_do_nothing(width):
    """No line is wider than the terminal, no escape, control or direction character is printed, no markup is read."""
    odd = discovered(
        HOSTILE, account=HOSTILE, location=HOSTILE, version=HOSTILE, access=ReadAccess(answer="no", reason=HOSTILE)
    )
    found = discovery(discovered(), odd, scopes=(scope(HOSTILE, reason=HOSTILE, missing=(HOSTILE,)),))
    text = render_table(found, width=width, colour=False)
    assert max(len(line) for line in text.splitlines()) <= width
    assert not any(character in text for character in "\x1b\u202e\r")
    assert "[bold]" in text
    lines = render_lines(doctor(HOSTILE), width=width, colour=False)
    assert max(len(line) for line in lines.splitlines()) <= width
    assert not any(character in lines for character in "\x1b\u202e\r")


def test_the_table_says_what_matters():
    """Groups by account, the cloud's word with its limits, what would settle a doubt, where nobody could look."""
    doubtful = DataPlaneSummary(name="unknown", version="", enforcing="unknown", reason="engine-undetermined")
    found = discovery(
        discovered(outside=("Windows pools: win",)),
        discovered("shop", dataplane=doubtful, settle="its DaemonSets"),
        discovered("lost", cloud="gcp", account="web", access=ReadAccess(answer="no", reason="no route: open one")),
        scopes=(scope("a", "ok", ""), scope("b"), scope("c"), scope("d", "disabled", "off")),
        left_out=2,
    )
    text = render_table(found, width=100, colour=False)
    assert text.index("AWS 111122223333") < text.index("pay") < text.index("shop") < text.index("Google Cloud web")
    assert "yes*" in text
    assert "* but maybe not on every node" in text
    assert "3 clusters; 2 places of 4 searched whole; 2 clusters left out by include and exclude." in text
    assert "Not reached: lost (eu-west-1): no route: open one" in text
    assert "Not searched whole: aws 111122223333 b, c: denied: not allowed" in text
    assert "would be settled by its DaemonSets." in text
    assert "\x1b[" in render_table(found, width=100, colour=True)


def test_an_empty_estate_is_said():
    """No cluster and everything searched is an answer, and none of an unsearched place."""
    assert render_table(discovery(scopes=(scope("a", "ok", ""),)), width=80, colour=False).startswith(
        "0 clusters; 1 place of 1 searched whole."
    )


def test_what_failed_alike_in_one_account_is_one_line():
    """17 regions with one cause are not 17 lines; other accounts, causes and permissions are."""
    many = tuple(scope(f"region-{index}") for index in range(17))
    (line,) = not_whole(many)
    assert line == "aws 111122223333 region-0, region-1, region-2 and 14 other places: denied: not allowed"
    assert len(not_whole((*many, scope("x", reason="throttled"), scope("y", missing=("eks:ListClusters",))))) == 3
    assert not_whole((scope("y", missing=("eks:ListClusters",)),))[0].endswith("(missing: eks:ListClusters)")
    assert not_whole((Scope(cloud="", account="", location="k8s", outcome="error", reason="k8s: no such folder"),)) == (
        "k8s: no such folder",
    )


def doctor(name: str = "pay", *, sound: bool = False) -> Doctor:
    """A check with one trouble of each sort."""
    place = PlaceCheck(cloud="gcp", account=name, location="", outcome="denied", reason=name, missing=(name,), mend="")
    check = ClusterCheck(
        id=name, cloud="aws", account="1", location="r", name=name, readable="partly", reason="", missing=("list pods",),
        doubts=(name,), mend="",
    )  # fmt: skip
    source = SourceCheck(source="azure", usable=False, reason=name)
    return Doctor(run=RUN, sound=sound, interrupted=False, sources=(source,), places=(place,), clusters=(check,))


def test_doctor_says_what_and_where():
    """A mark for each part, below it each trouble."""
    text = render_lines(doctor(), width=100, colour=False)
    assert text.splitlines() == [
        "wrong azure: pay",
        "wrong places: 0 of 1 can be searched whole",
        "  - gcp pay: denied",
        "    pay",
        "    missing: pay",
        "wrong clusters: 0 of 1 can be read whole",
        "  - aws 1 r pay: readable: partly",
        "    pay",
        "    missing: list pods",
        "not everything can be read: see above",
    ]


def test_documents_follow_their_schemas():
    """As published, whatever the names."""
    found = discovery(discovered(HOSTILE), scopes=(scope(missing=("a",)),))
    for document, schema in (
        (render_discovery(found), "discovery-v1.json"),
        (render_doctor(doctor(HOSTILE)), "doctor-v1.json"),
    ):
        jsonschema.validate(json.loads(document), json.loads((FOLDER / schema).read_text()))


@pytest.mark.parametrize(
    ("cloud", "account", "missing", "command"),
    [
        ("aws", "1", ("eks:ListClusters", "ec2:DescribeRegions"), '"Action":["ec2:DescribeRegions","eks:ListClusters"]'),
        ("aws", "1", ("sts:AssumeRole",), "create role r in account 1"),
        ("aws", "1", (), ""),
        ("gcp", "web", ("container.clusters.list",), "projects add-iam-policy-binding web --member"),
        ("gcp", "folders/7", ("resourcemanager.projects.list",), "folders add-iam-policy-binding 7 --member"),
        ("gcp", "organizations/7", ("resourcemanager.folders.list",), "gcloud organizations add-iam-policy-binding 7"),
        ("gcp", "web", ("container.googleapis.com in projects/9",), "gcloud services enable container.googleapis.com"),
        ("azure", "s", ("Microsoft.ContainerService/managedClusters/read",), "--role Reader --scope /subscriptions/s"),
        ("azure", "managementGroups/g", ("Microsoft.Management/managementGroups/descendants/read",), "managementGroups/g"),
        ("other", "x", ("anything",), ""),
    ],
)  # fmt: skip
def test_each_missing_permission_has_its_command(cloud, account, missing, command):
    """A command of the cloud's own tool, at the place where it is missing; nothing where no command would help."""
    place = Scope(cloud=cloud, account=account, location="", outcome="denied", missing=missing)
    assert command in mend(place, "r")
    assert bool(mend(place, "r")) == bool(command)


def test_names_in_commands_are_quoted():
    """A crafted account or cluster cannot smuggle a command into one that somebody pastes."""
    place = Scope(
        cloud="gcp", account="a; rm -rf ~", location="", outcome="denied", missing=("container.clusters.list",)
    )
    assert "'a; rm -rf ~'" in mend(place)
    assert "'$(x)'" in rights("aws", "eu-west-1", "$(x)")
