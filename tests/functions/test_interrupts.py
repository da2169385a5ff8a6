"""Ctrl-C while something is stored: it waits for the end of that, once."""

from __future__ import annotations

import signal
import threading

import pytest

from functions.interrupts import uninterrupted


def _interrupted(times: int, done: list[str]) -> None:
    with uninterrupted():
        for _ in range(times):
            signal.raise_signal(signal.SIGINT)
        done.append("stored")


def test_one_interrupt_waits_for_the_end_of_the_block():
    """What the block began is done before the interrupt acts, and afterwards nothing is held back any more."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(1, done)
    assert done == ["stored"]
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_the_second_interrupt_acts_at_once():
    """A store that does not answer must not keep somebody who insists."""
    done: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        _interrupted(2, done)
    assert done == []
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_without_an_interrupt_nothing_happens_in_any_thread():
    """Signals arrive in the main thread alone; elsewhere the block just runs."""
    done: list[str] = []

    def work() -> None:
        with uninterrupted():
            done.append("worker")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    with uninterrupted():
        done.append("main")
    assert done == ["worker", "main"]


def test_a_failure_in_the_block_is_the_blocks_own():
    """An exception goes on, and the handler is as it was."""
    with pytest.raises(ValueError, match="disk"), uninterrupted():
        raise ValueError("disk")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
