"""Networks are told in an order of their own: who answered first must not show in what is stored."""

from __future__ import annotations

import threading

from functions.gather import discover_all
from functions.network import read_networks
from functions.watch import Quiet
from infra.settings import read_settings
from scanner.topology.build import topology_of
from scanner.topology.document import encode
from tests.servers.aws import OWN


def test_the_slower_account_changes_nothing(estate, tmp_path, monkeypatch):
    """Two accounts whose networks may not be read; once the one answers late, once the other: the same document."""
    for name, value in estate.aws.environment().items():
        monkeypatch.setenv(name, value)
    (tmp_path / "ringfence.yaml").write_text(estate.settings("aws"))
    sources = read_settings(tmp_path / "ringfence.yaml").sources
    found = discover_all(sources, Quiet(), alone=True)
    told = []
    for slow in (OWN, estate.throttled):
        faults = []
        for account in (OWN, estate.throttled):
            late = threading.Event()
            late.set() if account != slow else threading.Timer(1.5, late.set).start()
            refusal = estate.aws.fault("ec2", "DescribeVpcs", "UnauthorizedOperation", account=account, wait=late)
            faults.append(refusal)
        told.append(topology_of(read_networks(found, Quiet())))
        assert all(each.given for each in faults)
        for each in faults:
            each.times = 0
    assert {each.account for each in told[0].unread} >= {OWN, estate.throttled}
    assert encode(told[0]) == encode(told[1])
