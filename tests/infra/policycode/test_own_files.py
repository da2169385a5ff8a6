"""Files of own controls: every mistake has its line, and no place is taken for empty."""

from __future__ import annotations

import contextlib

import boto3
import pytest
from moto.server import ThreadedMotoServer

from infra.policycode import check, load, read_places
from scanner.errors import InputError, StoreError

GOOD = """\
id: ACME-1
title: It holds
severity: low
scope: workload
pass: self.pods > 0
remediation: none
"""
KNOWN = ("NB-ENF-01",)


def said(folder, text: str) -> list[str]:
    """The mistakes of one file, without its place."""
    file = folder / "a.yaml"
    file.write_text(text)
    placed, mistakes = read_places([str(file)], KNOWN)
    return [str(each).removeprefix(f"{file}") for each in (*mistakes, *check(placed))]


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        pytest.param("ACME-1", "NB-ISO-01", ":1: id: NB-ISO-01: NB- is the baseline's own prefix", id="prefix"),
        pytest.param("ACME-1", "acme 1", ":1: id: 'acme 1' is no id", id="no-id"),
        pytest.param("low", "urgent", ":3: severity: 'urgent' is no choice here: write one of critical", id="severity"),
        pytest.param("title: It", "titel: It", ':2: titel: no such key: write "title"', id="misspelt"),
        pytest.param("pass: self.pods > 0\n", "", ":1: pass: is missing", id="missing"),
        pytest.param("self.pods > 0", "self.podz > 0", ":5: pass: Workload has no field 'podz': write pods", id="field"),
        pytest.param("self.pods > 0", "self.pods > '0'", ":5: pass: '>' does not go with (int, string)", id="types"),
        pytest.param("self.pods > 0", "self.pods", ":5: pass: gives int, and bool or dyn is needed", id="no-bool"),
        pytest.param("self.pods > 0", "pods > 0", ":5: pass: there is no 'pods': write nodes", id="name"),
        pytest.param("self.pods > 0", "self.pods >", ":5: pass: Syntax error", id="syntax"),
        pytest.param("self.pods > 0", "(" * 40 + "true" + ")" * 40, ":5: pass: nested too deeply", id="deep"),
        pytest.param("self.pods > 0", "true || " * 600 + "true", ":5: pass: 4804 characters", id="long"),
        pytest.param("self.pods > 0", "|\n  true &&\n  self.podz > 0", ":7: pass: Workload has no field", id="block"),
        pytest.param("none", "$(self.name", ":6: remediation: $( has no closing )", id="unclosed"),
        pytest.param("none", "$(self.labels)", ":6: remediation: gives map", id="no-text"),
        pytest.param("none", "x\nrequires: [NB-ENF-99]", ":7: requires: 'NB-ENF-99' is no control", id="requires"),
        pytest.param("none", "x\n---\n" + GOOD, ":8: id: ACME-1 stands in", id="twice"),
        pytest.param("none", "{", ":6: broken YAML", id="yaml"),
    ],
)  # fmt: skip
def test_every_mistake_has_its_line_and_mend(tmp_path, old, new, mistake):
    """In the form as in the expressions."""
    found = said(tmp_path, GOOD.replace(old, new, 1))
    assert any(each.startswith(mistake) for each in found), found


def test_a_good_file_has_no_mistake(tmp_path):
    """Several documents, an empty one at the end, a byte order mark."""
    assert said(tmp_path, "\ufeff" + GOOD + "---\n" + GOOD.replace("ACME-1", "ACME-2") + "---\n") == []


def test_aliases_do_not_blow_up(tmp_path):
    """A small file that stands for billions of nodes is one mistake."""
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
    )
    assert said(tmp_path, GOOD + "maps:\n  " + bomb.replace("\n", "\n  ").rstrip() + "\n")


@pytest.mark.parametrize("place", ["nowhere", "empty", "s3:/typo"])
def test_a_place_without_controls_is_an_error(tmp_path, monkeypatch, place):
    """A wrong path never means that there are no controls."""
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError):
        read_places([place], KNOWN)


def test_only_files_directly_in_a_folder_count(tmp_path):
    """Cases lie below, and are no controls."""
    (tmp_path / "cases").mkdir()
    (tmp_path / "cases" / "case.yaml").write_text("control: X")
    (tmp_path / "a.yml").write_text(GOOD)
    assert [own.id for own in load([str(tmp_path)], KNOWN)] == ["ACME-1"]


def test_load_names_the_first_mistake(tmp_path):
    """An audit does not start with half of its controls."""
    (tmp_path / "a.yaml").write_text(GOOD.replace("self.pods > 0", "self.podz == 'x' && self.kidn == ''"))
    with pytest.raises(
        InputError, match=r"a\.yaml:5: pass: .* \(and 1 more: `ringfence baseline validate` shows all\)"
    ):
        load([str(tmp_path)], KNOWN)


def test_a_bucket_is_read_like_a_folder(monkeypatch):
    """Over the real S3 protocol; a bucket that is not there is an error with its URL."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_REGION": "us-east-1"}
        for name, value in (keys | {"AWS_ENDPOINT_URL": f"http://{host}:{port}"}).items():
            monkeypatch.setenv(name, value)
        with contextlib.closing(
            boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1")
        ) as client:
            client.create_bucket(Bucket="policies")
            client.put_object(Bucket="policies", Key="own/a.yaml", Body=GOOD.encode())
            client.put_object(Bucket="policies", Key="own/cases/case.yaml", Body=b"control: X")
        assert [own.id for own in load(["s3://policies/own"], KNOWN)] == ["ACME-1"]
        with pytest.raises(StoreError, match="s3://elsewhere"):
            load(["s3://elsewhere/own"], KNOWN)
    finally:
        server.stop()
