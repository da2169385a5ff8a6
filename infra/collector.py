"""This program, as snapshots name who took them."""

from __future__ import annotations

from infra.version import VERSION
from scanner.model import Collector

COLLECTOR = Collector(name="ringfence", version=VERSION)
