"""A fleet of small clusters whose reading alone is replaced: at the ports where discovery and the clusters' APIs are met.

Hundreds of rounds over real servers would take an hour; what is under test here, the steps, the store and the queue's ways,
is the program's own. The same ports are driven by real servers in `test_run_of_three_clouds`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import pytest

import infra.kube
from functions.gather import discover_all
from functions.scheduled import plan, scan
from infra.cloudrecord import record_from
from infra.clouds.model import Found, Outcome, Scope
from infra.clouds.options import AwsOptions
from infra.settings import SettingsFile, SourceOptions
from scanner.errors import ClusterReadError
from scanner.model import Cloud, ClusterRef, Snapshot
from tests.factories import pod, policy, snapshot

ACCOUNT, REGION = "111122223333", "eu-west-1"
SETTINGS = SettingsFile(sources=(SourceOptions(aws=AwsOptions(network=False)),))


def ref_of(name: str) -> ClusterRef:
    """The address of an EKS cluster."""
    arn = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{name}"
    return ClusterRef(cloud=Cloud.AWS, account=ACCOUNT, location=REGION, name=name, id=arn)


def found_of(name: str) -> Found:
    """What discovery says of it. Nobody enters by `access`: a scan is another process."""
    ref = ref_of(name)
    record = record_from({"provider": "aws", "cluster": {"name": name, "arn": ref.id}}, name)

    def access() -> Any:
        raise AssertionError("the way in of a discovery that another process made")

    return Found(ref=ref, record=record, access=access)


def read_of(name: str, **fields: Any) -> Snapshot:
    """What its API says: closed by a policy, so that it has something to pass."""
    closed = {"pods": [pod("web-1"), pod("db-1")], "policies": [policy(name="deny")]}
    return snapshot(**(closed | {"cluster": ref_of(name)} | fields))


@dataclass
class Small:
    """`names` are what discovery finds; `fails` raises for a cluster's name where reading it is to fail; `reads` counts."""

    names: list[str]
    fails: Callable[[str], None] = lambda _: None
    reads: list[str] = field(default_factory=list)
    searches: int = 0

    def discover(self, _: SourceOptions) -> Generator[Found | Scope, None, None]:
        """In place of `ask_cloud`."""
        self.searches += 1
        yield from map(found_of, self.names)
        yield Scope(cloud=Cloud.AWS, account=ACCOUNT, location=REGION, outcome=Outcome.OK)

    def way_in(self, source: SourceOptions, ref: ClusterRef) -> ClusterRef:
        """In place of `ask.way_in`: the address itself."""
        if source.aws is None:
            raise ClusterReadError(f"{ref.name}: the source that found it leads to no {ref.cloud} clusters")
        return ref

    def read_api(self, ref: ClusterRef, *, taken: str, record: Any, **_: Any) -> Snapshot:
        """In place of `infra.kube.read_api`."""
        self.reads.append(ref.name)
        self.fails(ref.name)
        return msgspec.structs.replace(read_of(ref.name), taken=taken, cloud_record=record)

    def enter(self, patch: pytest.MonkeyPatch) -> None:
        """Stand in for the clouds until the test ends."""
        patch.setattr(plan, "discover_all", partial(discover_all, discover=self.discover))
        patch.setattr(scan, "way_in", self.way_in)
        patch.setattr(infra.kube, "read_api", self.read_api)
