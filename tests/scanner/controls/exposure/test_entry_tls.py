"""TLS of entry points: AWS's policies, the certificates' end, controllers' defaults, and specs that nobody can read."""

from __future__ import annotations

import pytest

from scanner.baselines.config import BaselineConfig
from scanner.controls.exposure.tls_policies import of_policy
from scanner.entry import Tls
from scanner.findings import Status
from scanner.model import ApiObject, Cloud, ConfigMap, EntryPoint, Gateway, Listener, RouteParent
from tests.factories import cluster, raw, snapshot
from tests.scanner.controls.clusters import judged, record
from tests.scanner.controls.listed import whole

SETTINGS = ConfigMap(namespace="ingress-nginx", name="ingress-nginx-controller", data={})
PUBLIC = "192.0.2.7"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ELBSecurityPolicy-TLS13-1-2-2021-06", Status.PASS),
        ("ELBSecurityPolicy-TLS13-1-3-2021-06", Status.PASS),
        ("ELBSecurityPolicy-TLS-1-2-Ext-2018-06", Status.PASS),
        ("ELBSecurityPolicy-FS-1-2-Res-2020-10", Status.PASS),
        ("ELBSecurityPolicy-TLS13-1-1-2021-06", Status.FAIL),
        ("ELBSecurityPolicy-TLS-1-1-2017-01", Status.FAIL),
        ("ELBSecurityPolicy-FS-2018-06", Status.FAIL),
        ("ELBSecurityPolicy-2016-08", Status.FAIL),
        ("ELBSecurityPolicy-TLS-1-20", Status.UNKNOWN),
        ("my-own", Status.UNKNOWN),
        ("", Status.UNKNOWN),
    ],
)
def test_aws_policies_say_their_lowest_version(name, expected):
    """By their names alone; one of somebody's own is not known."""
    assert of_policy(name, "here", "mend it").status is expected


def certificate(ends: str) -> ApiObject:
    """A Certificate of cert-manager for Secret shop/tls, as a snapshot keeps it."""
    spec = {"spec": {"secretName": "tls"}, "status": {"notAfter": ends}}
    return ApiObject(api_version="cert-manager.io/v1", kind="Certificate", namespace="shop", name="web", spec=raw(spec))


def entry(**overrides) -> EntryPoint:
    """An Ingress of ingress-nginx that is found at a public address."""
    fields = {
        "kind": "Ingress",
        "namespace": "shop",
        "name": "web",
        "class_name": "nginx",
        "hosts": ("shop.example.com",),
        "tls": (Tls(hosts=("shop.example.com",), secret="tls"),),  # noqa: S106 - a name
        "addresses": (PUBLIC,),
    }
    return EntryPoint(**(fields | overrides))


def outcome(*entries: EntryPoint, config=None, config_maps=(SETTINGS,), **fields) -> tuple[str, str]:
    """Status and reason of NB-EXP-05."""
    given = snapshot(entry_points=entries, config_maps=config_maps, taken="2026-11-23T08:00:00Z", **fields)
    found = judged("NB-EXP-05", whole(given), config or BaselineConfig())
    return str(found.status), found.reason


@pytest.mark.parametrize(
    ("ends", "days", "expected"),
    [
        pytest.param("2026-12-08T08:00:01Z", 14, ("pass", "tls"), id="a-second-more"),
        pytest.param("2026-12-07T08:00:00Z", 14, ("fail", "certificate-ends"), id="fourteen-days-to-the-second"),
        pytest.param("2026-12-08T08:00:01Z", 30, ("fail", "certificate-ends"), id="thirty-days-wanted"),
        pytest.param("2020-01-01T00:00:00Z", 14, ("fail", "certificate-ends"), id="over"),
        pytest.param("soon", 14, ("unknown", "certificate-unread"), id="no-time"),
        pytest.param("", 14, ("unknown", "certificate-unread"), id="not-issued"),
    ],
)
def test_a_certificate_is_valid_for_more_than_the_days(ends, days, expected):
    """Strictly more, counted from the time of judgement."""
    config = BaselineConfig(certificate_days=days)
    assert outcome(entry(), settings=[certificate(ends)], config=config) == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param({"hosts": ("",)}, ("fail", "plain-http"), id="a-rule-for-every-host"),
        pytest.param({"hosts": ("a.example.com",), "tls": (Tls(hosts=("*.example.com",), secret="tls"),)}, ("pass", "tls"), id="wildcard"),  # noqa: E501, S106
        pytest.param({"hosts": ("a.b.example.com",), "tls": (Tls(hosts=("*.example.com",), secret="tls"),)}, ("fail", "plain-http"), id="two-labels"),  # noqa: E501, S106
        pytest.param({"annotations": {"nginx.ingress.kubernetes.io/force-ssl-redirect": "true"}, "hosts": ("",)}, ("pass", "tls"), id="forced"),  # noqa: E501
        pytest.param({"class_name": "mine"}, ("unknown", "controller-unknown"), id="unheard-of"),
        pytest.param({"class_name": "mine", "tls": ()}, ("unknown", "controller-unknown"), id="unheard-of-without-tls"),
        pytest.param({"addresses": ("10.0.0.7",), "tls": ()}, ("not_applicable", "internal"), id="inside"),
        pytest.param({"addresses": (), "tls": ()}, ("unknown", "facing-unknown"), id="nobody-knows-where"),
    ],
)  # fmt: skip
def test_ingress_nginx_redirects_the_hosts_it_has_certificates_for(given, expected):
    """Every other host is served over plain HTTP."""
    assert outcome(entry(**given), settings=[certificate("2027-06-01T00:00:00Z")]) == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param({"ssl-protocols": "TLSv1.3"}, ("pass", "tls"), id="newer"),
        pytest.param({"ssl-protocols": "TLSv1 TLSv1.2"}, ("fail", "old-tls"), id="older-too"),
        pytest.param({"ssl-redirect": "false"}, ("fail", "no-redirect"), id="no-redirect"),
        pytest.param(None, ("unknown", "tls-minimum-unread"), id="not-found"),
    ],
)
def test_the_settings_of_ingress_nginx_count(data, expected):
    """Without its ConfigMap which versions it accepts is not known."""
    maps = () if data is None else (ConfigMap(namespace="ingress-nginx", name="ingress-nginx-controller", data=data),)
    assert outcome(entry(), settings=[certificate("2027-06-01T00:00:00Z")], config_maps=maps) == expected


@pytest.mark.parametrize("spec", [7, [], "x", {"spec": 7}, {"servers": 3}, {"controller": []}, {"servers": [7]}])
@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("Certificate", "cert-manager.io/v1"),
        ("ManagedCertificate", "networking.gke.io/v1"),
        ("FrontendConfig", "networking.gke.io/v1beta1"),
        ("IngressClass", "networking.k8s.io/v1"),
        ("Gateway", "networking.istio.io/v1"),
    ],
)
def test_specs_that_nobody_can_read_prove_nothing(kind, group, spec):
    """No exception, and no pass for what they touch."""
    broken = ApiObject(api_version=group, kind=kind, namespace="shop", name="nginx", spec=raw(spec))
    annotations = {
        "networking.gke.io/v1beta1.FrontendConfig": "nginx",
        "networking.gke.io/managed-certificates": "nginx",
    }
    given = snapshot(
        cluster=cluster(Cloud.GCP),
        record=record(Cloud.GCP),
        settings=[broken],
        config_maps=[SETTINGS],
        entry_points=[entry(), entry(name="gce", class_name="gce", annotations=annotations)],
    )
    found = judged("NB-EXP-05", whole(given))
    assert found.status in {Status.UNKNOWN, Status.FAIL}
    assert all(item.status is not Status.PASS or kind == "IngressClass" for item in found.items)


@pytest.mark.parametrize(
    ("listener", "expected"),
    [
        pytest.param(Listener(name="l", port=80, protocol="HTTP", routes_from="All"), "fail", id="http"),
        pytest.param(Listener(name="l", port=80, protocol="HTTP", routes_from="None"), "not_applicable", id="no-route"),
        pytest.param(Listener(name="l", port=22, protocol="TCP"), "not_applicable", id="no-http"),
        pytest.param(Listener(name="l", port=443, protocol="TLS", tls_mode="Passthrough"), "unknown", id="passthrough"),
        pytest.param(Listener(name="l", port=443, protocol="HTTPS", tls_mode="Terminate"), "unknown", id="https"),
    ],
)
def test_listeners_of_a_public_gateway(listener, expected):
    """A route on plain HTTP fails; a listener that serves no route, or no HTTP, does not count."""
    gateway = Gateway(
        namespace="shop",
        name="g",
        class_name="gke-l7-global-external-managed",
        listeners=(listener,),
        addresses=(PUBLIC,),
    )
    route = EntryPoint(kind="HTTPRoute", namespace="shop", name="r", parents=(RouteParent(namespace="shop", name="g"),))
    given = snapshot(gateways=[gateway], entry_points=[route])
    assert str(judged("NB-EXP-05", whole(given)).status) == expected


def test_a_crafted_name_stays_inside_its_argument():
    """What is pasted quotes the names."""
    found = judged("NB-EXP-05", snapshot(entry_points=[entry(name="a;reboot", tls=())], config_maps=[SETTINGS]))
    assert "'a;reboot'" in found.items[0].remediation
