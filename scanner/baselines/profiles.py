"""Profiles: which controls of the baseline an audit reports. A profile never changes what a control says."""

from __future__ import annotations

_COUNTS = {"ENF": 9, "ISO": 8, "LP": 9, "EXP": 8, "XC": 6, "MSH": 5, "OBS": 6, "VER": 3, "GOV": 6}
ALL = tuple(f"NB-{area}-{number:02}" for area, count in _COUNTS.items() for number in range(1, count + 1))

_CRITICAL = (
    "NB-ENF-01", "NB-ENF-04", "NB-ENF-06", "NB-ISO-01", "NB-ISO-04", "NB-EXP-01", "NB-EXP-06", "NB-XC-02", "NB-VER-01",
)  # fmt: skip
_ESSENTIAL_TOO = ("NB-ENF-02", "NB-ISO-02", "NB-ISO-03", "NB-EXP-02", "NB-EXP-04", "NB-OBS-03", "NB-GOV-01")
_STRICT_ONLY = frozenset({"NB-LP-09", "NB-MSH-05"})

# XC-02 to XC-06 drop out of `standard` for a fleet in one cloud; that is decided where the fleet is known.
PROFILES: dict[str, frozenset[str]] = {
    "essential": frozenset((*_CRITICAL, *_ESSENTIAL_TOO)),
    "standard": frozenset(ALL) - _STRICT_ONLY,
    "strict": frozenset(ALL),
}
