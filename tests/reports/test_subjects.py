"""Subjects read as objects: the forms that the controls write, and nothing that Kubernetes could not name."""

from __future__ import annotations

import pytest

from reports.subjects import Subject, namespace_of, objects_of


@pytest.mark.parametrize(
    ("control", "subject", "expected"),
    [
        ("NB-ENF-01", "cluster", ()),
        ("NB-ISO-01", "shop", (Subject("Namespace", "shop"),)),
        ("NB-ISO-03", "shop/web[Deployment]", (Subject("Deployment", "web", "shop"),)),
        ("NB-ENF-04", "NetworkPolicy shop/open", (Subject("NetworkPolicy", "open", "shop"),)),
        ("NB-ENF-04", "ClusterNetworkPolicy open", (Subject("ClusterNetworkPolicy", "open"),)),
        ("NB-EXP-04", "edge/ingress-nginx", (Subject("Service", "ingress-nginx", "edge"),)),
        ("NB-EXP-05", "Gateway edge/web listener https", (Subject("Gateway", "web", "edge"),)),
        ("NB-ISO-04", "NetworkPolicy a/x, NetworkPolicy a/y",
         (Subject("NetworkPolicy", "x", "a"), Subject("NetworkPolicy", "y", "a"))),
        ("NB-ENF-02", "ip-10-0-0-1", ()),  # a node, or why pods have none
        ("NB-GOV-04", "Group:developers", ()),
        ("NB-ENF-06", "stagednetworkpolicies.projectcalico.org", ()),
        ("NB-ISO-01", "Not_A_Namespace", ()),
        ("NB-ISO-03", "shop/web[Deployment]\n", ()),
        ("NB-ISO-03", "../etc/passwd[Pod]", ()),
        ("NB-ENF-04", "NetworkPolicy a/x, and more", ()),
        ("NB-ISO-03", f"shop/{'x' * 5000}[Pod]", ()),
    ],
)  # fmt: skip
def test_a_subject_names_objects_or_none(control, subject, expected):
    """What cannot be an object's name is none, whatever it looks like."""
    assert objects_of(control, subject) == expected


def test_several_objects_have_one_namespace_or_none():
    """A namespace is its own."""
    assert namespace_of((Subject("Namespace", "a"), Subject("Pod", "p", "a"))) == "a"
    assert namespace_of((Subject("Pod", "p", "a"), Subject("Pod", "p", "b"))) == ""
    assert namespace_of(()) == namespace_of((Subject("Node", "n"),)) == ""
