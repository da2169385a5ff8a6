"""Frameworks as data: complete, checked when they load, and read by whoever calls them by any of their names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from scanner.baselines.profiles import ALL
from scanner.errors import InputError
from scanner.findings import ControlResult, Level, Severity, Status
from scanner.frameworks import model
from scanner.frameworks.model import Requirement, find_framework, frameworks, read_framework, references
from scanner.frameworks.status import NOT_ASSESSED, fleet_statuses, requirement_statuses

HEAD = 'name = "F 1"\npublisher = "P"\nnote = "n"\n'


def test_the_marks_are_those_that_the_baseline_counts():
    """152 equal, 649 supporting and 18 unconfirmed marks over twelve frameworks; every control speaks to NIST SP 800-53."""
    found: Counter[str] = Counter()
    for framework in frameworks():
        for each in framework.requirements:
            found += Counter(equal=len(each.equal), supports=len(each.supports), unconfirmed=len(each.unconfirmed))
    assert found == Counter(equal=152, supports=649, unconfirmed=18)
    assert len(frameworks()) == 12
    assert all("NIST SP 800-53 r5" in references(control) for control in ALL)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("PCI DSS", "PCI DSS 4.0.1"), ("pci", "PCI DSS 4.0.1"), ("pci-dss", "PCI DSS 4.0.1"), ("4.0.1", "PCI DSS 4.0.1"),
        ("cis eks", "CIS EKS 1.8.0"), ("NIST 800-53", "NIST SP 800-53 r5"), ("nsa/cisa", "NSA/CISA guide 1.2"),
        ("ISO 27001", "ISO/IEC 27001:2022 A"), ("attack", "ATT&CK"), ("ATT&CK", "ATT&CK"), ("soc2", "SOC 2 TSC"),
    ],
)  # fmt: skip
def test_a_framework_is_found_by_any_of_its_names(text, name):
    """Name, short form, file name or a part of the name, whatever the case."""
    assert find_framework(text).name == name


def test_every_name_means_one_framework_and_every_file_is_read():
    """No two share a name, short form or file name, however spelled; no file of the folder is forgotten."""
    spelled = [
        {"".join(filter(str.isalnum, name.lower())) for name in (each.slug, each.name, *each.short)}
        for each in frameworks()
    ]
    assert len(set().union(*spelled)) == sum(map(len, spelled))
    folder = Path(model.__file__).parent / "data"
    assert {each.stem for each in folder.iterdir()} == {each.slug for each in frameworks()}
    assert {each.slug: each.version for each in frameworks() if not each.version}.keys() == {
        "nist-800-190", "soc-2", "attack", "hipaa",
    }  # fmt: skip


def test_a_reference_carries_its_sources():
    """Equal marks name theirs, others have none; what is known from a Revision 4 catalogue alone says so."""
    found = {each.requirement.id: each for each in references("NB-ISO-02")["NIST SP 800-53 r5"]}
    assert (found["AC-4"].mark, found["AC-4"].sources) == ("equal", ("CC",))
    assert (found["SC-7(10)"].requirement.revision, found["SC-7(10)"].requirement.shown) == (4, "SC-7(10) r4")
    assert {each.mark for each in references("NB-ISO-02")["ATT&CK"]} == {"supports"}
    assert "T1041" not in {each.requirement.id for each in references("NB-ISO-02")["ATT&CK"]}


def test_a_long_name_that_is_none_is_cut():
    """The message stays one line that can be read."""
    with pytest.raises(InputError) as caught:
        find_framework("x" * 5000)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("text", ["", "CIS", "ISO 9001", "-", "\x00"])
def test_what_is_no_framework_or_several_is_said(text):
    """The choices are named."""
    with pytest.raises(InputError, match="write one of"):
        find_framework(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("requirements = 3", "Expected `array`"),
        ("name", "F.toml"),
        ('[[requirements]]\nid = "1"\n', "no control speaks to it"),
        ('[[requirements]]\nid = "1"\nsupports = ["NB-XX-01"]', "NB-XX-01 is no control"),
        ('[[requirements]]\nid = "1"\nsupports = ["NB-ISO-01", "NB-ISO-01"]', "two marks"),
        ('[[requirements]]\nid = "1"\nequal = { NB-ISO-01 = "" }', "names no source"),
        ('[[requirements]]\nid = "1"\nequal = { NB-ISO-01 = "KB+XX" }', "names no source"),
        ('[[requirements]]\nid = "1"\nsupport = ["NB-ISO-01"]', "unknown field"),
        ('[[requirements]]\nid = "1"\nsupports = ["NB-ISO-01"]\n' * 2, "stands twice"),
        ('[[requirements]]\nid = "1"\nsupports = ["NB-ISO-01"]\nequal = { NB-ISO-01 = "KB" }', "two marks"),
        ('[[requirements]]\nid = "1"\nequal = { NB-ISO-01 = "KB", NB-ISO-01 = "KS" }', "F.toml"),
        ('[[requirements]]\nid = "1"\nrevision = 3\nsupports = ["NB-ISO-01"]', "revision"),
        ('version = "2"\n[[requirements]]\nid = "1"\nsupports = ["NB-ISO-01"]', "2 is not in the name"),
    ],
)
def test_a_file_with_a_mistake_does_not_load(text, named):
    """The file and the requirement are named."""
    with pytest.raises(ValueError, match=named):
        read_framework("F", HEAD + text)


def result(control: str, status: Status) -> ControlResult:
    """A control's result."""
    return ControlResult(
        id=control, title="t", severity=Severity.HIGH, status=status, reason="r", fraction=0.0, level=Level.EFFECTIVE
    )


FRAMEWORK = read_framework(
    "F",
    HEAD
    + """
[[requirements]]
id = "both"
equal = { NB-ISO-01 = "KB", NB-ISO-02 = "KB" }
supports = ["NB-ISO-03"]
[[requirements]]
id = "supported"
supports = ["NB-ISO-03"]
[[requirements]]
id = "rumoured"
unconfirmed = ["NB-ISO-03"]
""",
)


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        (Status.PASS, Status.PASS, "pass"), (Status.PASS, Status.FAIL, "fail"), (Status.UNKNOWN, Status.FAIL, "fail"),
        (Status.UNKNOWN, Status.WAIVED, "unknown"), (Status.WAIVED, Status.PASS, "waived"),
        (Status.NOT_APPLICABLE, Status.PASS, "pass"), (Status.NOT_APPLICABLE, Status.NOT_APPLICABLE, "not_applicable"),
        (Status.PASS, None, "unknown"), (Status.FAIL, None, "fail"), (None, None, "unknown"),
    ],
)  # fmt: skip
def test_a_requirement_is_as_its_worst_equal_control(first, second, status):
    """One that was not judged is unknown; supporting controls decide nothing; unconfirmed requirements are not exported."""
    results = [result("NB-ISO-03", Status.FAIL)]
    results += [result(control, found) for control, found in (("NB-ISO-01", first), ("NB-ISO-02", second)) if found]
    rows = requirement_statuses(FRAMEWORK, results)
    assert [(row.id, row.status) for row in rows] == [("both", status), ("supported", NOT_ASSESSED)]
    assert rows[0].supporting == (("NB-ISO-03", "fail"),)


def test_a_fleet_is_as_its_worst_cluster_and_counts_them():
    """The worst status of each requirement, how many clusters have which, and each control's worst."""
    good = requirement_statuses(FRAMEWORK, [result("NB-ISO-01", Status.PASS), result("NB-ISO-02", Status.PASS)])
    bad = requirement_statuses(FRAMEWORK, [result("NB-ISO-01", Status.FAIL), result("NB-ISO-02", Status.PASS)])
    (worst, counts), (other, others) = fleet_statuses([good, bad, good])
    assert (worst.status, counts) == ("fail", {"pass": 2, "fail": 1})
    assert worst.equal == (("NB-ISO-01", "fail"), ("NB-ISO-02", "pass"))
    assert (other.status, others) == (NOT_ASSESSED, {NOT_ASSESSED: 3})
    assert fleet_statuses([]) == ()


def test_a_requirement_with_an_unconfirmed_mark_alone_is_not_exported():
    """△ is never exported."""
    assert not Requirement(id="x", unconfirmed=("NB-ISO-01",)).exported
    assert Requirement(id="x", supports=("NB-ISO-01",)).exported
