"""Which policy kinds an engine honours, as far as that is known."""

from __future__ import annotations

import dataclasses

import pytest

from scanner.dataplane.catalogue import CATALOGUE, named
from scanner.dataplane.kinds import honours
from scanner.dataplane.model import Answer

NP = ("networking.k8s.io", "NetworkPolicy")
CILIUM = ("cilium.io", "CiliumNetworkPolicy")
ADMIN = ("policy.networking.k8s.io", "AdminNetworkPolicy")
CLUSTER = ("policy.networking.k8s.io", "ClusterNetworkPolicy")
AWS = ("networking.k8s.aws", "ClusterNetworkPolicy")
CALICO = ("projectcalico.org", "GlobalNetworkPolicy")


@pytest.mark.parametrize("engine", sorted(CATALOGUE))
def test_every_engine_honours_network_policy(engine):
    """NetworkPolicy is what the catalogue is about."""
    assert honours(named(engine), *NP)[0] is Answer.YES


@pytest.mark.parametrize(
    ("engine", "version", "kind", "expected"),
    [
        pytest.param("cilium", "", CILIUM, Answer.YES, id="cilium-own"),
        pytest.param("calico", "3.30.0", CILIUM, Answer.NO, id="another-vendor's"),
        pytest.param("eks-vpc-cni", "1.21.1", AWS, Answer.YES, id="aws"),
        pytest.param("eks-vpc-cni", "1.20.0", AWS, Answer.NO, id="aws-too-old"),
        pytest.param("eks-vpc-cni", "", AWS, Answer.UNKNOWN, id="aws-version-unknown"),
        pytest.param("eks-vpc-cni", "1.21.1", ADMIN, Answer.NO, id="upstream-on-aws"),
        pytest.param("calico", "3.30.1", ADMIN, Answer.YES, id="calico-admin"),
        pytest.param("calico", "3.32.0", ADMIN, Answer.NO, id="calico-admin-gone"),
        pytest.param("calico", "3.32.0", CLUSTER, Answer.YES, id="calico-cluster"),
        pytest.param("calico", "3.31.0", CLUSTER, Answer.NO, id="calico-cluster-too-early"),
        pytest.param("cilium", "1.20.0", CLUSTER, Answer.UNKNOWN, id="opt-in"),
        pytest.param("gke-dataplane-v2", "", CLUSTER, Answer.UNKNOWN, id="memory-decides-nothing"),
        pytest.param("kube-router", "", CALICO, Answer.NO, id="plain-engine"),
        pytest.param("none", "", CILIUM, Answer.YES, id="no-engine-is-coverage's-matter"),
    ],
)
def test_other_kinds(engine, version, kind, expected):
    """A kind counts where the engine is known to read it in that version; what is only remembered is unknown."""
    answer, why = honours(named(engine, version), *kind)
    assert answer is expected
    assert why or expected is Answer.YES


def test_crd_only_mode_reads_no_network_policy():
    """A Cilium that was told not to read NetworkPolicy still reads its own kinds."""
    plane = dataclasses.replace(named("cilium", "1.17.2"), mode="crd-only")
    assert honours(plane, *NP)[0] is Answer.NO
    assert honours(plane, *CILIUM)[0] is Answer.YES
