"""`make bench`: measure and print; nothing here asserts against a clock.

Words after it ask for more: `xxl` for the largest cluster (a few GB of memory), `peers` for other analyzers on larger ones
(minutes), `collect` for reading clusters over HTTPS, `site` for the HTML report of 1,000 clusters, `exports` for every form of
one, `bundles` for the zips of the clouds and their cold start (these alone, without other words).
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench import bundles, collect, exports, judge, reach, reach_cli, site, startup, table

_ALONE = {
    "bundles": bundles.show,
    "collect": collect.show,
    "exports": exports.show,
    "site": lambda: table.show(site.rows()),
}
_KNOWN = {"xxl", "peers", *_ALONE}


def _main(wanted: set[str]) -> None:
    if wanted - _KNOWN:
        sys.exit(f"bench: {' '.join(sorted(wanted - _KNOWN))}: say {' or '.join(sorted(_KNOWN))}")
    for word in sorted(wanted & _ALONE.keys()):
        _ALONE[word]()
    if wanted and wanted <= _ALONE.keys():
        return
    startup.show()
    with tempfile.TemporaryDirectory() as folder:
        bench = reach_cli.Bench(Path(folder))
        table.show(reach_cli.rows(bench, wanted))
        reach.show({size: bench.file(size) for size in ("S", "M", "L", "XL")})
        judge.show({size: bench.file(size) for size in ("S", "M", "L")})


if __name__ == "__main__":
    _main(set(sys.argv[1:]))
