"""What an operator declares, and how it is matched."""

from __future__ import annotations

import msgspec
import pytest

from scanner.baselines.config import BaselineConfig, Match
from scanner.baselines.matching import declared, is_platform, tier_of
from tests.factories import cluster


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('{"profile": "cosy"}', "cosy"),
        ('{"tiers": {"a": "production"}}', "production"),
        ('{"organisation_ranges": ["10.0.0.0/99"]}', "10.0.0.0/99"),
        ('{"edges": []}', "edges"),
        ('{"edge": [{"name": "x"}]}', "name"),
    ],
    ids=["profile", "tier", "range", "key", "match-key"],
)
def test_a_declaration_that_means_nothing_is_refused(text, named):
    """A misspelt key or value is refused by a line that names it."""
    with pytest.raises(msgspec.ValidationError, match=named):
        msgspec.json.decode(text, type=BaselineConfig)


@pytest.mark.parametrize(
    ("name", "platform"),
    [
        ("kube-system", True), ("gke-managed", True), ("cilium", True), ("cilium-secrets", True), ("ours", True),
        ("engine-home", True), ("default", False), ("shop", False), ("my-kube-system", False),
    ],
)  # fmt: skip
def test_platform_namespaces(name, platform):
    """Built-in patterns, declared ones and the engine's own namespace are the platform; `default` is not."""
    config = BaselineConfig(platform_namespaces=("ours",))
    assert is_platform(config, name, {"engine-home"}) is platform


def test_the_first_matching_tier_wins():
    """Patterns are tried in order; a cluster that none matches is prod."""
    config = BaselineConfig(tiers={"dev-*": "dev", "*-2": "staging"})
    names = ("dev-2", "shop-2", "shop-1")
    assert [tier_of(config, cluster(name=name)) for name in names] == ["dev", "staging", "prod"]


@pytest.mark.parametrize(
    ("entry", "matches"),
    [
        pytest.param(Match(), True, id="anything"),
        pytest.param(Match(namespace="sh*", workload="we?"), True, id="patterns"),
        pytest.param(Match(cluster="other"), False, id="another-cluster"),
        pytest.param(Match(labels={"app": "web"}), True, id="label"),
        pytest.param(Match(labels={"app": "web", "x": "y"}), False, id="missing-label"),
    ],
)
def test_a_match_needs_all_of_its_fields(entry, matches):
    """Each field narrows; labels must all be equal."""
    assert declared([entry], "prod", "shop", "web", {"app": "web"}) is matches
