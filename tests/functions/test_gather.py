"""Sources become inputs: filters, a cluster found twice, a source that cannot be used, Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence

import pytest

from functions.gather import Discover, discover_all, gather, is_chosen
from functions.watch import Quiet
from functions.ways import WaysIn, choose
from infra.cloudrecord import record_from
from infra.clouds.model import Found, Outcome, Scope
from infra.clouds.options import AwsOptions, AzureOptions, GcpOptions
from infra.kube.access import Access
from infra.settings import Selected, SourceOptions
from scanner.errors import ClusterReadError, InputError
from scanner.model import Cloud, ClusterRef

AWS = SourceOptions(aws=AwsOptions())
GCP = SourceOptions(gcp=GcpOptions())
AZURE = SourceOptions(azure=AzureOptions())


def _access() -> Access:
    raise ClusterReadError("no way in: open one")


def cluster(name: str, *, unread: Sequence[str] = (), **tags: str) -> Found:
    """An EKS cluster as discovery gives it."""
    arn = f"arn:aws:eks:eu-west-1:111122223333:cluster/{name}"
    record = record_from({"provider": "aws", "cluster": {"name": name, "arn": arn}, "unread": list(unread)}, name)
    ref = ClusterRef(cloud=Cloud.AWS, account="111122223333", location="eu-west-1", name=name, id=arn)
    return Found(ref=ref, record=record, access=_access, tags=tags)


def scope(cloud: Cloud = Cloud.AWS, outcome: Outcome = Outcome.OK, reason: str = "") -> Scope:
    """A place that was looked in."""
    return Scope(cloud=cloud, account="111122223333", location="eu-west-1", outcome=outcome, reason=reason)


@pytest.mark.parametrize(
    ("include", "exclude", "kept"),
    [
        pytest.param([], [], "pay-prod shop-dev", id="nothing-asked"),
        pytest.param([Selected(name="pay-*")], [], "pay-prod", id="by-name"),
        pytest.param([Selected(tags={"env": "d?v"})], [], "shop-dev", id="by-tag"),
        pytest.param([Selected(name="pay-*", tags={"env": "dev"})], [], "", id="both-must-match"),
        pytest.param([Selected(name="pay-*"), Selected(tags={"env": "dev"})], [], "pay-prod shop-dev", id="either"),
        pytest.param([], [Selected(tags={"env": "*"})], "", id="excluded-by-tag"),
        pytest.param([], [Selected(tags={"team": "*"})], "pay-prod shop-dev", id="no-such-tag"),
        pytest.param([Selected(name="*prod")], [Selected(name="pay*")], "", id="exclude-wins"),
    ],
)
def test_filters_choose_by_name_and_tags(include, exclude, kept):
    """At least one of `include`, none of `exclude`; all that one entry says must match."""
    clusters = [cluster("pay-prod", env="prod"), cluster("shop-dev", env="dev")]
    assert " ".join(each.ref.name for each in clusters if is_chosen(each, include, exclude)) == kept


def test_a_cluster_whose_tags_could_not_be_read_is_not_hidden_by_them():
    """Unknown tags decide for looking; a name still decides."""
    unknown = cluster("pay", unread=["cluster: denied"])
    assert is_chosen(unknown, [Selected(tags={"env": "prod"})], [])
    assert is_chosen(unknown, [], [Selected(tags={"env": "prod"})])
    assert not is_chosen(unknown, [Selected(name="shop", tags={"env": "prod"})], [])


Answers = Sequence[Found | Scope | Exception | Callable[[], None]]


def clouds(**answers: Answers) -> Discover:
    """Discovery that gives these answers for each cloud; an exception is raised there, anything that can be called is."""

    def discover(source: SourceOptions) -> Generator[Found | Scope, None, None]:
        for each in answers[source.chosen[0].removeprefix("--")]:
            if isinstance(each, Exception):
                raise each
            if isinstance(each, Found | Scope):
                yield each
            else:
                each()

    return discover


def test_what_two_sources_find_is_read_once():
    """Clusters by id, places by all that is said of them; inputs carry address and record."""
    discover = clouds(aws=[cluster("b"), cluster("a"), scope()])
    found = gather([AWS, AWS], taken="2026-01-01T00:00:00Z", watcher=Quiet(), discover=discover)
    assert [entry.label for entry in found.inputs] == ["aws/111122223333/eu-west-1/a", "aws/111122223333/eu-west-1/b"]
    assert found.inputs[0].ref is not None
    assert found.inputs[0].record is not None
    assert len(found.places) == 1
    with pytest.raises(ClusterReadError, match="no way in"):
        found.inputs[0].read(lambda _: None)


def test_an_unusable_source_is_a_place_among_others_and_an_error_alone():
    """The rest of the estate is still read, and what is missing is said."""
    discover = clouds(aws=[cluster("a"), scope()], gcp=[InputError("gcp: no usable credentials: log in")])
    estate = discover_all([AWS, GCP], Quiet(), alone=False, discover=discover)
    assert [each.ref.name for each in estate.clusters] == ["a"]
    assert [(each.cloud, each.outcome, each.reason) for each in estate.places] == [
        ("aws", "ok", ""),
        ("gcp", "error", "no usable credentials: log in"),
    ]
    with pytest.raises(InputError, match="gcp: no usable credentials"):
        discover_all([GCP], Quiet(), alone=True, discover=discover)


def test_ctrl_c_keeps_what_was_found_and_says_what_was_not():
    """A cloud that was done is done; the others' clusters stay, and a place says that there may be more."""
    found, over = threading.Event(), threading.Event()

    def press() -> None:
        found.wait(5)
        raise KeyboardInterrupt  # reaches the main thread as Ctrl-C does there

    def hang() -> None:
        found.set()
        over.wait(5)

    discover = clouds(aws=[cluster("slow"), hang, cluster("never")], gcp=[scope(Cloud.GCP)], azure=[press])
    estate = discover_all([AWS, GCP, AZURE], Quiet(), alone=False, discover=discover)
    over.set()
    assert estate.interrupted
    assert [each.ref.name for each in estate.clusters] == ["slow"]
    assert {each.cloud for each in estate.places if "interrupted" in each.reason} == {"aws", "azure"}


def test_flags_go_before_the_settings_file(tmp_path, monkeypatch):
    """Clouds by flag may stand together; without any, the file's sources count, and its store with them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ringfence.yaml").write_text("sources: [{gcp: {}}]\nstore: out\nconcurrency: {clusters: 3}\n")
    chosen = choose(WaysIn())
    assert ([each.chosen for each in chosen.sources], chosen.store) == ([("--gcp",)], "out")
    chosen = choose(WaysIn(aws=True, azure=True))
    assert ([each.chosen for each in chosen.sources], chosen.store) == ([("--aws",), ("--azure",)], "")
    assert chosen.settings.concurrency.clusters == 3
    chosen = choose(WaysIn(local=SourceOptions(demo=True), gcp=True))
    assert [each.chosen for each in chosen.sources] == [("--demo",), ("--gcp",)]
