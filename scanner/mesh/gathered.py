"""What was found about one subject, sorted by what it comes to: one place for all the questions that mesh controls ask."""

from __future__ import annotations

from dataclasses import dataclass, field

Found = list[tuple[str, str]]  # (reason, sentence)


@dataclass(slots=True)
class Gathered:
    """Failures decide before doubts, doubts before good signs."""

    failures: Found = field(default_factory=list)
    doubts: Found = field(default_factory=list)
    good: list[str] = field(default_factory=list)

    def fail(self, reason: str, *lines: str) -> None:
        """Add failures of one reason."""
        self.failures += [(reason, line) for line in lines]

    def doubt(self, reason: str, *lines: str) -> None:
        """Add doubts of one reason."""
        self.doubts += [(reason, line) for line in lines]
