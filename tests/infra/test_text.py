"""Text from outside cannot steer a terminal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from infra.text import printable


@given(st.text(), st.integers(1, 200))
def test_printable_is_one_harmless_line(text, limit):
    """Whatever comes in, one line without control characters comes out, no longer than asked."""
    line = printable(text, limit)
    assert len(line) <= limit
    assert not any(ord(character) < 32 or ord(character) in {0x7F, 0x9B, 0x202E, 0x2028} for character in line)


def test_printable_keeps_ordinary_text():
    """Letters of any script, spaces and punctuation stay as they are."""
    assert printable("größe <b> 東京 ok") == "größe <b> 東京 ok"
