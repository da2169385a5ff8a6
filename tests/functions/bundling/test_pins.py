"""Which packages a bundle gets, and what is taken away of them."""

from __future__ import annotations

from pathlib import PurePosixPath

import pytest

from functions.bundling.__main__ import main
from functions.bundling.errors import BundleError
from functions.bundling.pins import needed, read_pins
from functions.bundling.target import target_of
from functions.bundling.trim import is_unneeded
from tests.functions.bundling.conftest import CHECKOUT

_PIN = "boto3==1.0 ; python_version >= '3.9' \\\n    --hash=sha256:00\nclick==2.0 \\\n    --hash=sha256:11\n"


def names(**options) -> set[str]:
    cloud = options.pop("cloud", "aws")
    return {pin.name for pin in needed(target_of(cloud, **options), CHECKOUT)}


def test_a_bundle_has_its_own_clouds_sdk_alone():
    """Other SDKs, exports, terminals and the asynchronous client stay out, with everything that only they need."""
    found = names()
    assert {"botocore", "kubernetes", "obstore", "msgspec", "pyyaml", "jinja2", "isal", "zstandard"} <= found
    assert not {"pandas", "rich", "pygments", "typer", "aiohttp", "yarl", "google-auth", "azure-core", "grpcio"} & found


def test_other_clouds_come_along_when_asked():
    """With federation one deployment asks all three: their SDKs are there, their hosts' libraries are not."""
    found = names(clouds=("aws", "gcp", "azure"))
    assert {"botocore", "google-cloud-container", "azure-identity"} <= found
    assert not {"functions-framework", "azure-functions", "google-cloud-pubsub"} & found


def test_extras_come_along_when_asked():
    """Controls of one's own need more than the baseline; an extra that does not exist is refused."""
    assert "cel-expr-python" in names(extras=("policy-code",)) - names()
    with pytest.raises(BundleError, match="policy: no such extra: choose among aws, "):
        names(extras=("policy",))


@pytest.mark.parametrize(
    ("cloud", "host"),
    [("gcp", {"functions-framework", "google-cloud-pubsub"}), ("azure", {"azure-functions", "azure-identity"})],
)
def test_a_host_gets_its_library(cloud, host):
    """What Cloud Run and the Azure worker load the functions with is among the pins."""
    assert host <= names(cloud=cloud)


def test_google_gets_every_pin_that_its_pip_insists_on():
    """Cloud Build installs with dependencies, so what is trimmed elsewhere is pinned there too; the command line's own is not."""
    found = names(cloud="gcp")
    assert {"aiohttp", "kubernetes"} <= found
    assert not {"rich", "typer"} & found


def test_pins_keep_hashes_and_lose_markers():
    """The marker was asked for the bundle's machine, so pip is not to ask it again for this one."""
    pins = read_pins(_PIN)
    assert pins["boto3"].lines == "boto3==1.0 \\\n    --hash=sha256:00\n"
    assert list(pins) == ["boto3", "click"]


@pytest.mark.parametrize("text", ["boto3>=1\n    --hash=sha256:00\n", "boto3==1.0\n", "-e .\n"])
def test_what_is_no_pin_is_refused(text):
    """Neither a range nor a pin without hashes gets into a bundle."""
    with pytest.raises(BundleError, match="no pin with hashes: run `make pins`"):
        read_pins(text)


def test_pins_that_are_not_what_is_installed_are_refused(tmp_path):
    """What was not tested here is not bundled."""
    (tmp_path / "pyproject.toml").write_text((CHECKOUT / "pyproject.toml").read_text())
    pins = (CHECKOUT / "requirements.txt").read_text()
    botocore = read_pins(pins)["botocore"].version
    (tmp_path / "requirements.txt").write_text(pins.replace(f"botocore=={botocore}", "botocore==1.0"))
    with pytest.raises(BundleError, match=f"botocore {botocore} is installed, 1.0 is pinned"):
        needed(target_of("aws"), tmp_path)


@pytest.mark.parametrize(
    ("path", "gone"),
    [
        ("botocore/data/eks/2017-11-01/service-2.json.gz", False),
        ("botocore/data/sqs/2012-11-05/service-2.json.gz", False),
        ("botocore/data/s3/2006-03-01/service-2.json.gz", True),
        ("botocore/data/endpoints.json", False),
        ("botocore/docs/docstring.py", False),
        ("kubernetes/aio/client/api_client.py", True),
        ("kubernetes/client/api/core_v1_api.py", True),
        ("kubernetes/client/models/v1_pod.py", True),
        ("kubernetes/client/models/__init__.py", False),
        ("kubernetes/client/api_client.py", False),
        ("azure/identity/aio/__init__.py", True),
        ("grpc/aio/__init__.py", False),
        ("certifi/tests/test_certify.py", True),
        ("msgspec/_core.pyi", True),
        ("six-1.17.0.dist-info/RECORD", True),
        ("six-1.17.0.dist-info/licenses/LICENSE", False),
        ("six-1.17.0.dist-info/METADATA", False),
        ("bin/normalizer", True),
    ],
)
def test_what_is_trimmed(path, gone):
    """Rules take away what nothing reads, and leave what is loaded, described or licensed."""
    assert is_unneeded(PurePosixPath(path)) is gone


@pytest.mark.parametrize(
    "words", [["ibm"], ["aws", "--python", "2.7"], ["aws", "--clouds", "aws,ibm"], ["aws", "--architecture", "sparc"]]
)
def test_words_that_mean_nothing(words, capsys):
    """Exit 2, and the mistake on stderr."""
    with pytest.raises(SystemExit) as caught:
        main(words)
    assert caught.value.code == 2
    assert repr(words[-1]) in capsys.readouterr().err
