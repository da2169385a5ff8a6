"""`make bench`: measure and print; nothing here asserts against a clock.

Words after it ask for more: `xxl` for the largest cluster (a few GB of memory), `peers` for other analyzers on larger ones
(minutes), `collect` for reading clusters over HTTPS, `site` for the HTML report of 1,000 clusters, `exports` for every form of
one (these alone, without other words).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench import collect, exports, judge, reach, reach_cli, site, startup, table

_ALONE = {"collect", "site", "exports"}
_KNOWN = {"xxl", "peers"} | _ALONE


def _main(wanted: set[str]) -> None:
    if wanted - _KNOWN:
        sys.exit(f"bench: {' '.join(sorted(wanted - _KNOWN))}: say {' or '.join(sorted(_KNOWN))}")
    if "collect" in wanted:
        collect.show()
    if "site" in wanted:
        table.show(site.rows())
    if "exports" in wanted:
        exports.show()
    if wanted and wanted <= _ALONE:
        return
    startup.show()
    with tempfile.TemporaryDirectory() as folder:
        bench = reach_cli.Bench(Path(folder))
        table.show(reach_cli.rows(bench, wanted))
        reach.show({size: bench.file(size) for size in ("S", "M", "L", "XL")})
        judge.show({size: bench.file(size) for size in ("S", "M", "L")})


if __name__ == "__main__":
    _main(set(sys.argv[1:]))
