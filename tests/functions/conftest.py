"""The estate of three clouds on loopback, and its operator: started and stopped once for each module that asks for them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.functions.operator_of import Operator
from tests.servers.three_clouds import ThreeClouds


@pytest.fixture(scope="module")
def estate(tmp_path_factory) -> Iterator[ThreeClouds]:
    """Everything on loopback, for all tests of this module: starting it and stopping it is theirs."""
    with ThreeClouds(tmp_path_factory.mktemp("clouds")) as running:
        yield running


@pytest.fixture(scope="module")
def operator(estate, tmp_path_factory) -> Operator:
    """Settings (of the whole estate, and of one cloud each) and credentials that lead to it."""
    folder = tmp_path_factory.mktemp("operator")
    (folder / "ringfence.yaml").write_text(estate.settings())
    for cloud in ("gcp", "azure"):
        (folder / f"{cloud}.yaml").write_text(estate.settings(cloud))
    proxies = {name: "" for name in os.environ if name.lower() in {"https_proxy", "http_proxy", "all_proxy"}}
    return Operator(folder, estate.environment() | proxies)
