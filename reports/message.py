"""What changed since the run before as a message: the JSON that Slack's incoming webhooks take, and others that follow them.

`text` alone says everything, for receivers that know no `blocks`. Slack acts on `<…>` and on entities, so `&`, `<` and `>` are
escaped; Mattermost and others read Markdown and call whoever stands behind an `@`, so a name stands as code, and signs
that act there as lookalikes. Limits: https://docs.slack.dev/reference/block-kit/blocks/section-block (3,000 characters)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from reports.changes import Change, Changes, Name
from reports.document import Report
from reports.reach.words import counted
from reports.wording import LISTED_LIMIT, score_text, verdict, visible

_LINES = 30
_SENTENCE = 200  # characters of a sentence or name from outside
_SECTION = 2900  # characters of one block
_LINE = 600  # characters of one line: with `_LINES` of them far below the 40,000 that Slack takes as `text`
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_WIDE = 0xFEE0  # from a sign of ASCII to its full-width lookalike


class _Text(msgspec.Struct, frozen=True):
    text: str
    type: str = "mrkdwn"
    verbatim: bool = True  # nothing in it becomes a link or a mention


class _Block(msgspec.Struct, frozen=True):
    text: _Text
    type: str = "section"


class _Message(msgspec.Struct, frozen=True):
    text: str
    blocks: tuple[_Block, ...]


def message(report: Report, found: Changes, place: str) -> bytes:
    """The message. `place` is where the report lies, a path or a URL without credentials."""
    lines = tuple(line[:_LINE] for line in _lines(report, found, place))
    blocks = tuple(_Block(_Text(section)) for section in _sections(lines))
    return msgspec.json.encode(_Message("\n".join(lines), blocks))


def _lines(report: Report, found: Changes, place: str) -> Iterator[str]:
    fleet = report.fleet
    yield f"*ringfence: {counted(len(found.changes), 'change')} since {_code(found.before, LISTED_LIMIT)}*"
    yield f"Fleet: {score_text(fleet.score)}, grade {_plain(visible(fleet.grade, LISTED_LIMIT))}"
    yield from (_plain(sentence) for sentence in verdict(report))
    for change in found.changes[:_LINES]:
        yield f"• {change.kind}: {_change(change)}"
    if len(found.changes) > _LINES:
        yield f"…and {len(found.changes) - _LINES:,} more"
    yield from (f"Note: {_plain(visible(note, _SENTENCE))}" for note in found.notes)
    yield f"Run {_code(found.after, LISTED_LIMIT)}, report: {_code(place, 500)}"


def _change(change: Change) -> str:
    return "".join(_code(part, _SENTENCE) if isinstance(part, Name) else _plain(part) for part in change.parts)


def _code(name: str, limit: int) -> str:
    """A name as code; a backtick would end it."""
    return f"`{_widened(visible(name, limit), '`@').translate(_ENTITIES) or ' '}`"


def _plain(words: str) -> str:
    """Words of ours that may hold names."""
    return _widened(words, "`@*_~[]!#").replace("://", _widened("://", "/")).translate(_ENTITIES)


def _widened(words: str, signs: str) -> str:
    """Words with lookalikes in place of signs that a receiver may act on."""
    return words.translate({ord(sign): chr(ord(sign) + _WIDE) for sign in signs})


def _sections(lines: Sequence[str]) -> Iterator[str]:
    """Lines in blocks of as many as fit."""
    block: list[str] = []
    for line in lines:
        if block and sum(map(len, block)) + len(block) + len(line) > _SECTION:
            yield "\n".join(block)
            block = []
        block.append(line)
    yield "\n".join(block)
