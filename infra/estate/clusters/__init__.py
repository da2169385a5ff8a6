"""The estate's seven clusters, one module each; every module's `draw` gives the snapshot."""

from __future__ import annotations

from collections.abc import Callable

from infra.estate.clusters import (
    custody_prod_eun1,
    insight_prod_ew4,
    ledger_prod_ew1,
    lend_prod_weu,
    partner_prod_neu,
    pay_prod_euw1,
    store_prod_euc1,
)
from scanner.model import Snapshot

CLUSTERS: tuple[Callable[[], Snapshot], ...] = (
    pay_prod_euw1.draw,
    store_prod_euc1.draw,
    ledger_prod_ew1.draw,
    insight_prod_ew4.draw,
    lend_prod_weu.draw,
    partner_prod_neu.draw,
    custody_prod_eun1.draw,
)
