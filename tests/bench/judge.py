"""What judging a whole cluster costs: CPU seconds and peak memory of `judge` on the generated clusters, enforced and not."""

from __future__ import annotations

import resource
import time

from scanner.judge import judge
from tests.bench.reach import SIZES, generate


def run() -> None:
    """Print the table."""
    print(f"{'judge':6} {'pods':>8} {'policies':>9} {'CPU s':>8} {'peak MB':>8}")
    for size in SIZES:
        snapshot = generate(SIZES[size])
        before = time.process_time()
        judge(snapshot)
        spent = time.process_time() - before
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{size:6} {len(snapshot.pods):8,} {len(snapshot.policies):9,} {spent:8.2f} {peak:8.0f}", flush=True)
    print()
