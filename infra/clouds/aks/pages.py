"""Reading a list to its end, or as far as it goes: what was read stays, and how it ended is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from infra.clouds.aks.failures import READ_ERRORS, Failure, failure
from infra.clouds.aks.pipeline import AnswerError, Errand
from infra.clouds.model import Outcome
from infra.clouds.permission import Permission

if TYPE_CHECKING:
    from azure.core.paging import ItemPaged


@dataclass(slots=True)
class Listing:
    """One list that is being read. `failed` says why it broke off, once `members` has ended."""

    pages: ItemPaged[Any]
    permission: Permission
    errand: Errand
    failed: Failure | None = None
    read: int = 0  # pages

    def members(self) -> Iterator[Mapping[str, Any]]:
        """The members, page by page as they come.

        Raises:
            StoppedError: nobody wants them any more.
        """
        pages: Any = self.pages.by_page()
        seen: set[str] = set()
        try:
            for page in pages:
                yield from page
                self.read += 1
                link = pages.continuation_token
                if link is None:
                    return
                if link in seen:
                    raise AnswerError("it gives the same page again")
                seen.add(link)
        except READ_ERRORS as error:
            self.failed = failure(error, self.permission, self.errand)

    def outcome(self, failed: Failure) -> Outcome:
        """How the place ends: what was read in part is partial, whatever stopped it."""
        return Outcome.PARTIAL if self.read else failed.outcome
