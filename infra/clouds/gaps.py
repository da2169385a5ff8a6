"""What readers of networks have in common: what they could not read, and which of a cloud's words are address ranges."""

from __future__ import annotations

from collections.abc import Iterable

from infra.text import printable
from scanner.enums import Cloud
from scanner.topology.model import Unread
from scanner.topology.spans import is_prefix

_LIMIT = 200


class Gaps:
    """What went wrong with the calls in one place.

    `notices` are of values that are not what belongs there; some may be keys or secrets, so none is shown.
    """

    def __init__(self, cloud: Cloud, account: str, location: str = "") -> None:
        self._place = (cloud, account, location)
        self.unread: list[Unread] = []
        self.notices: list[str] = []

    def missing(self, what: str, reason: str, permission: str = "") -> None:
        """Say that something was not read, once."""
        cloud, account, location = self._place
        entry = Unread(
            cloud=cloud,
            account=account,
            location=location,
            what=printable(what, _LIMIT),
            reason=printable(reason, _LIMIT),
            permission=permission,
        )
        if entry not in self.unread:
            self.unread.append(entry)


def ranges_of(texts: Iterable[object]) -> tuple[str, ...]:
    """Those of `texts` that are address ranges, in order, once each."""
    return tuple(dict.fromkeys(text for text in texts if isinstance(text, str) and text and is_prefix(text)))
