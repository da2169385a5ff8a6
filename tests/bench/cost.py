"""What a month of scheduled runs costs, as the table of docs/operate.md: `python -m tests.bench.cost`.

Inputs are those of `fleet_inputs`: one run a day, 30 clusters to an account, deployments with their defaults, list prices
without any free tier. `calls` are of functions and queues, `stored` is a month of what 30 runs leave. Logs, metrics, alarms,
network address translation and data transfer are not in it.
"""

from __future__ import annotations

from tests.bench.fleet_inputs import BY_NAME, CLOUDS, Assumed, Fleet, Measured
from tests.bench.fleet_simulation import cost, first, run

SIZES = (10, 100, 1_000)
_HEAD = "| clusters | cloud | a run takes | functions | calls | objects | stored | a month | first limit |"
_SWEEPS = 4 * 24 * 30  # of a month, a second of the plan's memory each


def rows() -> list[str]:
    """The table's lines."""
    return [
        _HEAD,
        "| ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
        *(_row(n, c) for n in SIZES for c in CLOUDS),
    ]


def _row(clusters: int, name: str) -> str:
    fleet = Fleet(clusters=clusters, accounts=max(1, clusters // 30))
    cloud, given = BY_NAME[name], (Assumed(), Measured())
    ran = run(cloud, fleet, *given)
    paid = {what: dollars * fleet.runs for what, dollars in cost(cloud, fleet, ran, Measured()).items()}
    paid["functions"] += _SWEEPS * cloud.memory_gb * cloud.gb_s
    words = " | ".join(f"${dollars:.2f}" for dollars in (*paid.values(), sum(paid.values())))
    limit = first(cloud, fleet, *given).partition(",")[0]
    return f"| {clusters:,} | {name} | {ran.total_s:,.0f} s | {words} | {limit.partition(':')[0]} |"


if __name__ == "__main__":
    print("\n".join(rows()))
