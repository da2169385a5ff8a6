"""The way in to one cluster, found again by another process from its address alone, in each cloud's own SDK."""

from __future__ import annotations

import msgspec
import pytest

from functions.ask import ask_cloud, way_in
from infra.clouds.model import Found
from infra.kube import Limits, read_api
from infra.settings import SourceOptions, read_settings
from scanner.enums import Cloud
from scanner.errors import ClusterReadError
from scanner.model import ClusterRef
from tests.servers.three_clouds import ALL_SECRETS, UNREACHABLE

TAKEN = "2026-01-01T00:00:00Z"
QUICK = Limits(retries=0, connect_s=2, read_s=5, deadline_s=20)


@pytest.fixture(scope="module")
def found(estate, operator) -> dict[str, tuple[SourceOptions, Found]]:
    """What discovery finds, by name, with the source that led there."""
    settings = read_settings(operator.folder / "ringfence.yaml")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in operator.environment.items():
            patch.setenv(name, value)
        pairs = [(source, each) for source in settings.sources for each in ask_cloud(source)]
        yield {each.ref.name: (source, each) for source, each in pairs if isinstance(each, Found)}


@pytest.mark.parametrize("name", ["hub-1", "pay-1", "pay-prod-0", "data-prod-4", "aks"])
def test_another_process_reads_the_same_cluster(found, name):
    """By its address alone: the snapshot is that of the way in which discovery gave."""
    name = next(each for each in found if found[each][1].ref.cloud is Cloud.AZURE) if name == "aks" else name
    source, cluster = found[name]
    first, second = (
        read_api(access, record=cluster.record, taken=TAKEN, limits=QUICK)
        for access in (cluster.access(), way_in(source, cluster.ref))
    )
    assert first.pods or first.namespaces
    assert msgspec.structs.replace(first, cluster=second.cluster) == second


def _other(ref: ClusterRef, name: str) -> ClusterRef:
    return msgspec.structs.replace(ref, name=name, id=ref.id.replace(ref.name, name))


@pytest.mark.parametrize("cloud", [Cloud.AWS, Cloud.GCP, Cloud.AZURE])
@pytest.mark.parametrize("name", ["gone-meanwhile", "../../other", "x" * 300, "a b", "", "ünï", "a\nb"])
def test_a_cluster_that_is_not_there_is_one_line(found, cloud, name):
    """Deleted since the plan, or crafted: one line without secrets, and no request for a path that was smuggled in."""
    source, cluster = next(pair for pair in found.values() if pair[1].ref.cloud is cloud)
    with pytest.raises(ClusterReadError) as caught:
        way_in(source, _other(cluster.ref, name))
    said = str(caught.value)
    assert "\n" not in said
    assert ": " in said
    assert not [secret for secret in ALL_SECRETS if secret in said]
    if name == "gone-meanwhile":
        assert "not there any more" in said or "no longer there" in said


def test_an_unreachable_cluster_says_what_would_help(found):
    """As discovery's own way in does."""
    source, cluster = found[UNREACHABLE]
    with pytest.raises(ClusterReadError, match=r"cannot connect|does not answer|cannot be reached"):
        read_api(way_in(source, cluster.ref), record=None, taken=TAKEN, limits=QUICK)


def test_a_source_of_another_cloud_leads_nowhere(found):
    """A message that was crafted, or settings that changed between plan and scan."""
    source, _ = found["hub-1"]
    _, google = found["pay-prod-0"]
    with pytest.raises(ClusterReadError, match="run the plan again"):
        way_in(source, google.ref)
