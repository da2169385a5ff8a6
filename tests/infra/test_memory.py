"""What is kept to the end of a process, and how such a process ends."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import pytest

from infra.memory import end, keep, uncollected


class Thing:
    """Something that can be watched."""


@pytest.fixture
def _nothing_kept():
    yield
    keep()


@pytest.mark.usefixtures("_nothing_kept")
def test_only_what_was_kept_last_is_held():
    """A process that asks many questions does not hold the clusters of all of them."""
    first, second = Thing(), Thing()
    watched = weakref.ref(first), weakref.ref(second)
    keep(first)
    keep(second)
    del first, second
    gc.collect()
    assert watched[0]() is None
    assert watched[1]() is not None


def test_a_process_that_kept_nothing_ends_as_usual():
    """Without anything kept, the end is an exit that whoever called may still catch."""
    with pytest.raises(SystemExit) as caught:
        end(3)
    assert caught.value.code == 3


@pytest.mark.parametrize("code", [0, 3])
def test_what_was_printed_is_there_and_what_was_kept_is_not_taken_apart(code):
    """The end flushes both streams, gives the exit code, and runs nothing of what is kept."""
    program = (
        "import sys\n"
        "from infra.memory import end, keep\n"
        "class Loud:\n"
        "    def __del__(self): sys.stdout.write('taken apart')\n"
        "keep(Loud())\n"
        "sys.stdout.write('answer')\n"
        "sys.stderr.write('talk')\n"
        f"end({code})\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("answer", "talk", code)


def test_the_collector_is_left_as_it_was():
    """It runs again afterwards if it ran before, whatever happens in between."""
    seen = []

    def fail() -> None:
        with uncollected():
            seen.append(gc.isenabled())
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert (seen, gc.isenabled()) == ([False], True)
