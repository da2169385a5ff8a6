"""What a store's URL may be, and how a place is described."""

from __future__ import annotations

import pytest

from infra.store import open_store
from scanner.errors import InputError

SECRET = "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY"  # noqa: S105 - the vendor's published example


@pytest.mark.parametrize(
    "url",
    [
        "", "ftp://host/x", "https://bucket.example/x", "s3://", "s3:///x", "s3://ab", "s3://bucket/a/../b", "s3://bucket/a//b",
        "s3:/bucket", "file:x",
        f"s3://key:{SECRET}@bucket/x", f"az://audit/x?sig={SECRET}", f"gs://audit/x#{SECRET}", "file://host/x",
        "out\n", "out\x00",
    ],
)  # fmt: skip
def test_unusable_url_is_refused(url):
    """A URL that names no store, or carries more than a place, is refused on one line that repeats no secret."""
    with pytest.raises(InputError) as raised:
        open_store(url)
    assert SECRET not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        pytest.param("./out", "out/v1/x", id="relative"),
        pytest.param("/srv/out/", "/srv/out/v1/x", id="absolute"),
        pytest.param("file:///srv/out", "/srv/out/v1/x", id="file"),
        pytest.param("s3://audit/pre/", "s3://audit/pre/v1/x", id="s3"),
        pytest.param("gs://audit", "gs://audit/v1/x", id="gcs"),
        pytest.param("az://audit/p/q", "az://audit/p/q/v1/x", id="azure"),
        pytest.param("memory://", "memory:///v1/x", id="memory"),
    ],
)
def test_place_is_described_for_people(url, expected):
    """A path for a folder, a URL for the rest."""
    assert open_store(url).describe("v1/x") == expected
