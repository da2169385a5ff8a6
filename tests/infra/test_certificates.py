"""Bundles of certificates as snapshots keep them: whose, which, until when; never the certificate itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from infra.objects.certificates import roots_in
from infra.objects.reduced_config import reduced

ENDS = datetime(2036, 2, 3, 4, 5, 6, tzinfo=UTC)


def certificate(name: str = "Root", *, authority: bool = True, ends: datetime = ENDS) -> tuple[str, str]:
    """A self-signed certificate: its PEM and its SHA-256."""
    key = ec.generate_private_key(ec.SECP256R1())
    entity = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(entity)
        .issuer_name(entity)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), made.fingerprint(hashes.SHA256()).hex()


PEM, DIGEST = certificate()


def test_a_bundle_becomes_names_digests_and_ends():
    """Each authority in order, as an independent library reads it; ended ones too."""
    old, other = certificate("Old", ends=datetime(2021, 1, 1, tzinfo=UTC))
    assert roots_in(PEM + "\n# comment\n" + old) == [
        {"subject": "Root", "sha256": DIGEST, "notAfter": "2036-02-03T04:05:06Z"},
        {"subject": "Old", "sha256": other, "notAfter": "2021-01-01T00:00:00Z"},
    ]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param(None, id="nothing"),
        pytest.param(["x"], id="no-text"),
        pytest.param("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", id="no-certificate"),
        pytest.param(PEM + "-----BEGIN CERTIFICATE-----\nAAAA", id="cut-off"),
        pytest.param(PEM + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", id="a-key-beside-it"),
        pytest.param(certificate(authority=False)[0], id="no-authority"),
        pytest.param(PEM * 51, id="too-many"),
        pytest.param(" " * 300_000 + PEM, id="too-long"),
    ],
)
def test_what_is_no_bundle_of_authorities_is_none(text):
    """One part that cannot be read makes the whole unread: a shorter list would look complete."""
    assert roots_in(text) is None


@given(st.binary(max_size=12), st.integers(0, len(PEM) - 1))
def test_a_damaged_certificate_never_raises(noise, place):
    """Whatever stands in the middle of a bundle, it is read or not read."""
    roots_in(PEM[:place] + noise.decode("latin-1") + PEM[place:])


def test_config_maps_keep_no_certificate_and_no_other_value():
    """The bundle is replaced by its facts, what is unreadable by a text that is no document, keys of meshes are dropped."""
    kept = reduced("istio-ca-root-cert", {"root-cert.pem": PEM})["root-cert.pem"]
    assert DIGEST in kept
    assert "BEGIN" not in kept
    assert reduced("istio-ca-root-cert", {"root-cert.pem": "x"})["root-cert.pem"].startswith("(not kept")
    values = "identityTrustDomain: prod\nidentityTrustAnchorsPEM: secret\nidentity: {issuer: {tls: {keyPEM: secret}}}"
    assert "secret" not in reduced("linkerd-config", {"values": values})["values"]
