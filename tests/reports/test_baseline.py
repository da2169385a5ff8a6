"""The baseline for a reader: marks with their sources, profiles, and the document."""

from __future__ import annotations

import re

import msgspec
import pytest

from reports.baseline import BaselineDocument, control_lines, framework_lines, list_lines, render_baseline, speaks_to
from scanner.baselines.profiles import PROFILES
from scanner.controls import CONTROLS
from scanner.frameworks.model import ATTESTATION, SOURCES, find_framework, frameworks, references

NIST = find_framework("nist-800-53")


def control(name: str):
    """A control of the catalogue."""
    return next(each for each in CONTROLS if each.id == name)


def test_a_control_is_shown_with_marks_and_sources():
    """Each equal mark has its source, what a Revision 4 catalogue alone has is said, and the codes are explained."""
    text = "\n".join(control_lines(control("NB-ISO-01"), 100))
    assert "4.3.2 ●KB+KS" in text
    assert "SC-7(13) r4 ●CC" in text
    assert "r4: known from a Revision 4 catalogue alone" in text
    assert "T1210" not in text  # not confirmed
    assert f"KB {SOURCES['KB']}" in text


def test_only_the_codes_that_occur_are_explained():
    """NB-LP-03 speaks to no requirement by a source."""
    text = "\n".join(control_lines(control("NB-LP-03"), 100))
    assert not any(f"{code} {where}" in text for code, where in SOURCES.items())
    assert "r4:" not in text


@pytest.mark.parametrize("framework", frameworks(), ids=lambda each: each.slug)
def test_a_profile_hides_no_equal_control(framework):
    """What a requirement's status hangs on is named though the profile leaves it out; no row is empty."""
    chosen = [each for each in CONTROLS if each.id in PROFILES["essential"]]
    text = "\n".join(framework_lines(framework, chosen, 1000))
    assert ATTESTATION in text
    for each in filter(lambda requirement: requirement.exported, framework.requirements):
        (row,) = re.findall(rf"^{re.escape(each.shown)}  +(\S.*)$", text, re.MULTILINE)
        for name in each.equal:
            assert f"{name} ●{'+'.join(each.sources(name))}" in row
        left = set(each.equal) - PROFILES["essential"]
        assert ("not judged in this profile" in row) is bool(left)
        assert ("not assessed by this tool" in row) is (not each.equal)
        assert set(re.findall(r"(NB-[A-Z]+-\d\d) ○", row)) == set(each.supports) & PROFILES["essential"]


@pytest.mark.parametrize("width", [60, 80, 100])
def test_lines_fit(width):
    """No line is wider than the terminal, and no mark stands alone."""
    lines = [*list_lines(CONTROLS, "", width), *framework_lines(NIST, CONTROLS, width)]
    lines += [line for each in CONTROLS for line in control_lines(each, width)]
    assert [line for line in lines if len(line) > width and line.split(" ")[0] not in SOURCES] == []
    assert not [line for line in lines if re.match(r"\s+[●○]", line)]
    assert not [line for line in lines if "\N{NO-BREAK SPACE}" in line]


def test_the_list_says_which_frameworks_there_are():
    """Every one by the name that `--framework` takes."""
    text = " ".join(list_lines(CONTROLS, "", 100))
    for each in frameworks():
        assert each.called in text
        assert find_framework(each.called) is each


def test_the_document_of_a_framework_has_its_requirements():
    """Requirements with controls and sources, both ways round the same; nothing that was not confirmed."""
    attack = find_framework("attack")
    document = msgspec.json.decode(render_baseline(CONTROLS, attack), type=BaselineDocument)
    assert [each.name for each in document.frameworks] == [document.framework] == ["ATT&CK"]
    assert {"T1133", "T1041"} & {each.id for each in document.requirements} == set()
    there = {(name, each.id, codes) for each in document.requirements for name, codes in each.equal.items()}
    there |= {(name, each.id, ()) for each in document.requirements for name in each.supports}
    back = {
        (each.id, mark.id, mark.sources) for each in document.controls for mark in each.references.get("ATT&CK", ())
    }
    assert there == back
    assert {code for _, _, codes in there for code in codes} <= set(document.sources)


def test_the_whole_document_has_every_framework():
    """Twelve, with version and clouds; requirements only where one was asked for."""
    document = msgspec.json.decode(render_baseline(CONTROLS), type=BaselineDocument)
    assert [each.id for each in document.frameworks] == [each.slug for each in frameworks()]
    assert document.requirements == []
    clouds = {each.id: each.clouds for each in document.frameworks if each.clouds}
    assert clouds == {"cis-eks": ("aws",), "cis-gke": ("gcp",), "cis-aks": ("azure",)}
    (known,) = [
        mark for each in document.controls for mark in each.references["NIST SP 800-53 r5"] if mark.id == "SC-24"
    ]
    assert known.revision == 4


def test_a_control_speaks_to_a_framework_by_exported_marks():
    """NB-MSH-02 and ATT&CK: one id that was not confirmed, which counts as nothing."""
    assert not speaks_to(control("NB-MSH-02"), find_framework("attack"))
    assert "ATT&CK" not in references("NB-MSH-02")
    assert speaks_to(control("NB-ISO-01"), find_framework("attack"))
