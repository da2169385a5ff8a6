"""What lies in the zips: the same bytes wherever they are built, all that is needed, and nothing of the machine."""

from __future__ import annotations

import dis
import importlib.util
import json
import marshal
import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import PurePosixPath

import pytest

from functions.bundling.archive import Sizes, check, pack
from functions.bundling.build import build
from functions.bundling.errors import BundleError
from functions.bundling.target import Limits, target_of
from infra.clouds.eks.permissions import PERMISSIONS
from tests.functions.bundling.conftest import CHECKOUT, HERE, PYTHON, target_here
from tests.infra.kube.server import FakeCluster, Server

_CLOUDS = ("aws", "gcp", "azure")


def names(bundle) -> list[str]:
    with zipfile.ZipFile(bundle.path) as archive:
        return archive.namelist()


def test_built_twice_it_is_the_same(bundles, tmp_path):
    """Another folder, time zone, umask, hash seed and locale change not one byte."""
    environment = os.environ | {
        "TZ": "Asia/Kolkata",
        "TMPDIR": str(tmp_path),
        "PYTHONHASHSEED": "7",
        "LC_ALL": "C",
        "PYTHONPATH": str(CHECKOUT),
    }
    words = ["aws", "gcp", "--architecture", HERE, "--python", PYTHON, "-o", str(tmp_path / "again")]
    program = "import os, runpy, sys; os.umask(0o077); runpy.run_module('functions.bundling', run_name='__main__')"
    subprocess.run([sys.executable, "-c", program, *words], cwd=tmp_path, env=environment, check=True, timeout=300)
    for cloud in ("aws", "gcp"):
        first = bundles[cloud].path
        for path in (first, first.with_suffix(".json")):
            assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


@pytest.mark.parametrize("cloud", _CLOUDS)
def test_entries_say_nothing_of_when_and_where(bundles, cloud):
    """Sorted, of one time, plain files that everybody may read."""
    with zipfile.ZipFile(bundles[cloud].path) as archive:
        entries = archive.infolist()
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o100644}


@pytest.mark.parametrize("cloud", _CLOUDS)
def test_no_path_of_this_machine_is_in_it(unpacked, cloud):
    """Neither the checkout nor the folder it was put together in nor this interpreter's is named in any file."""
    ours = [os.fsencode(str(place)) for place in (CHECKOUT, sys.prefix)] + [b"ringfence-bundle-"]
    found = [
        path
        for path in unpacked[cloud].rglob("*")
        if path.is_file() and any(place in path.read_bytes() for place in ours)
    ]
    assert found == []


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_byte_code_is_of_this_python_and_asks_no_file(bundles, cloud):
    """Every module of ours has byte code that is never checked, and whose paths begin at the bundle's root."""
    with zipfile.ZipFile(bundles[cloud].path) as archive:
        compiled = [name for name in archive.namelist() if name.endswith(".pyc")]
        assert {name.split(".")[-2] for name in compiled} == {sys.implementation.cache_tag}
        for name in compiled:
            data = archive.read(name)
            assert data[:4] == importlib.util.MAGIC_NUMBER
            assert int.from_bytes(data[4:8], "little") == 1
        module = "functions/scheduled/tasks.py"
        code = marshal.loads(archive.read(importlib.util.cache_from_source(module))[16:])  # noqa: S302 - just built
    assert code.co_filename == module
    assert dis.code_info(code)


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_tests_and_types_and_other_sources_stay_out(bundles, cloud):
    """What only people, type checkers and compilers read is not there; neither is what draws on terminals."""
    for name in map(PurePosixPath, names(bundles[cloud])):
        assert not {"tests", "test", "bundling", "rich", "typer", "aiohttp", "pip"} & set(name.parts)
        assert name.suffix not in {".pyi", ".pyx", ".c", ".h"}
        assert name.name not in {"RECORD", "INSTALLER", "direct_url.json"}


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_licences_are_kept(bundles, cloud):
    """Ours, and every file that a package names as its licence."""
    listed = set(names(bundles[cloud]))
    assert "LICENSE" in listed
    described = [PurePosixPath(name) for name in listed if name.endswith(".dist-info/METADATA")]
    assert len(described) >= 25  # packages, as the next test counts them
    with zipfile.ZipFile(bundles[cloud].path) as archive:
        for path in described:
            said = Parser().parsestr(archive.read(str(path)).decode("utf-8"))
            for licence in said.get_all("License-File", []):
                assert {str(path.parent / "licenses" / licence), str(path.parent / licence)} & listed


_ELF = {"arm64": 183, "x86_64": 62}  # e_machine (ELF specification; EM_AARCH64, EM_X86_64)


@pytest.mark.parametrize("architecture", list(_ELF))
def test_what_is_compiled_is_for_that_machine(bundles, architecture, tmp_path):
    """A zip for another machine than this one holds its libraries, none of ours."""
    target = target_of("aws", architecture=architecture, python=PYTHON)
    path = bundles["aws"].path if architecture == HERE else build(target, CHECKOUT, tmp_path).path
    with zipfile.ZipFile(path) as archive:
        heads = [archive.read(name)[:20] for name in archive.namelist() if name.endswith(".so")]
    assert len(heads) >= 10
    assert {int.from_bytes(head[18:20], "little") for head in heads} == {_ELF[architecture]}


def test_what_is_in_it_stands_beside_it(bundles):
    """The description says which runtime the zip is for, and its packages with their versions."""
    bundle = bundles["aws"]
    said = json.loads(bundle.path.with_suffix(".json").read_text())
    assert (said["cloud"], said["architecture"], said["python"]) == ("aws", HERE, PYTHON)
    assert said["byteCode"] is True
    assert said["sha256"] == bundle.sizes.sha256
    assert {"botocore", "kubernetes", "obstore", "msgspec"} <= said["packages"].keys()
    with zipfile.ZipFile(bundle.path) as archive:
        there = {name.partition(".dist-info/")[0].lower() for name in archive.namelist() if ".dist-info/" in name}
    assert there == {f"{name.replace('-', '_')}-{version}" for name, version in said["packages"].items()}


def test_the_aws_zip_may_be_uploaded_directly(bundles):
    """Below 50 MB zipped and 250 MB unpacked, by what the file system says."""
    bundle = bundles["aws"]
    assert bundle.path.stat().st_size < 50 * 1024 * 1024
    with zipfile.ZipFile(bundle.path) as archive:
        assert sum(entry.file_size for entry in archive.infolist()) == bundle.sizes.unpacked < 250 * 1024 * 1024


@pytest.mark.parametrize(
    ("zipped", "unpacked", "words"),
    [
        pytest.param(51 << 20, 1, "51.0 MB zipped, at most 50 MB", id="zipped"),
        pytest.param(1, 300 << 20, "300.0 MB unpacked, at most 250 MB", id="unpacked"),
    ],
)
def test_too_large_is_one_clear_error(zipped, unpacked, words):
    """It says how large, how large it may be, by whose word, and what to do."""
    limits = target_here("aws").limits
    with pytest.raises(BundleError, match=words) as caught:
        check("ringfence-aws-arm64", Sizes(zipped, unpacked, 1, ""), limits)
    assert "\n" not in str(caught.value)
    assert "Lambda quotas" in str(caught.value)
    check("ringfence-aws-arm64", Sizes(limits.zipped, limits.unpacked, 1, ""), limits)


def test_what_is_too_large_is_not_left_there(tmp_path):
    """A build that fails leaves no zip that somebody might upload."""
    target = target_here("gcp")
    small = type(target)(
        **{name: getattr(target, name) for name in target.__slots__}
        | {"limits": Limits(1000, 1000, "a page", "do less")}
    )
    with pytest.raises(BundleError, match=r"ringfence-gcp: .* \(a page\): do less"):
        build(small, CHECKOUT, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_packing_depends_on_names_and_contents_alone(tmp_path):
    """Two folders that were filled in another order, with other modes and times, give one zip."""
    digests = set()
    for folder, order in (("a", ("x/1", "y")), ("b", ("y", "x/1"))):
        for name in order:
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name)
            path.chmod(0o600 if folder == "a" else 0o755)
            os.utime(path, (1, 1) if folder == "a" else (2_000_000_000, 2_000_000_000))
        digests.add(pack(tmp_path / folder, tmp_path / f"{folder}.zip").sha256)
    assert len(digests) == 1


def test_the_sdk_has_every_operation_that_discovery_asks(unpacked, alone):
    """The models were trimmed to the services that are asked, and each of their operations is there."""
    asked = json.dumps(sorted({(each.service, each.operation) for each in PERMISSIONS} | {("sqs", "SendMessageBatch")}))
    program = f"""
from botocore.session import Session
session = Session()
print(session.get_available_regions("eks")[:1])
for service, operation in {asked}:
    client = session.create_client(service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    client.meta.service_model.operation_model(operation)
    print(client.meta.endpoint_url)
"""
    done = alone(program, unpacked["aws"])
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > len(PERMISSIONS)


_READ = """
from infra.kube import read_cluster
snapshot = read_cluster({kubeconfig!r}, "lab", record=None, taken="2026-01-01T00:00:00Z")
print([pod.name for pod in snapshot.pods], snapshot.read)
"""


@pytest.mark.parametrize("cloud", ["aws", "azure"])
def test_a_cluster_is_read_with_what_was_left_of_the_client(unpacked, alone, tmp_path, cloud):
    """The official client without its classes of kinds reads a cluster over TLS, token and all."""
    pod = {"metadata": {"name": "web", "namespace": "shop", "uid": "u"}, "spec": {"containers": [{"name": "c"}]}}
    cluster = FakeCluster(served={"": {"v1": ["namespaces", "pods"]}}, objects={"pods": [pod]})
    packages = unpacked[cloud] / ".python_packages/lib/site-packages"
    with Server(cluster, tmp_path) as server:
        done = alone(_READ.format(kubeconfig=server.kubeconfig()), unpacked[cloud], packages)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("['web'] ")
