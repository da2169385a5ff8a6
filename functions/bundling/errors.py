"""Why a bundle could not be built."""

from __future__ import annotations

from scanner.errors import RingfenceError


class BundleError(RingfenceError):
    """One line: what is wrong, and the mend."""
