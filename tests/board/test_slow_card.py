"""The log cannot be written to for seconds: another program has locked it, or the card takes that long for an fsync.

The screen, the clock on it and the button do not wait for that: a thread of its own writes.
"""

from __future__ import annotations

import inspect
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from pathlib import Path
from typing import Any

import pytest

from matpi import ports
from matpi.core.views import Breathe
from matpi.store.db import Store
from tests.board.test_board_session import Evening, evening

FSYNC_S = 4.0
WAIT_S = 2.5
"""The first minute is shown in seconds, and a tap on it leads to the guided breath at once. The rest of this is for a
busy machine."""
READS = {"load", "close"}  # `holds` asks no log


@contextmanager
def writable(_: Path) -> Iterator[None]:
    yield


@contextmanager
def locked(log: Path) -> Iterator[None]:
    """Another program writes to the log, and takes its time."""
    other = sqlite3.connect(log, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


@contextmanager
def slow(_: Path) -> Iterator[None]:
    """Each write takes as long as an fsync of a worn card."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (name for name, _ in inspect.getmembers(ports.Store, inspect.isfunction) if name[0] != "_"):
            if name not in READS and hasattr(Store, name):
                patch.setattr(Store, name, delayed(getattr(Store, name)))
        yield


def delayed(write: Callable[..., Any]) -> Callable[..., Any]:
    def after_a_while(*given: Any, **named: Any) -> Any:
        time.sleep(FSYNC_S)
        return write(*given, **named)

    return after_a_while


__all__ = ["evening"]  # the fixture


@pytest.mark.parametrize("log", [writable, locked, slow])
def test_screen_clock_and_button_wait_for_no_log(evening: Evening, log: Callable[[Path], Any]) -> None:
    with log(evening.store):
        evening.act("lie_down")
        evening.until(lambda: evening.state() == "ON_MAT")  # whose first checkpoint is written now
        tapped = time.monotonic()
        evening.twin.button(down=True)
        time.sleep(0.15)
        evening.twin.button(down=False)
        shown, since, same_s, answered_s = -1, tapped, 0.0, inf
        while (now := time.monotonic()) < tapped + FSYNC_S + 2.0:
            if evening.board.panel_changes != shown:
                shown, since = evening.board.panel_changes, now
            same_s = max(same_s, now - since)
            view = evening.device().display.shown
            if view is not None and isinstance(view.view, Breathe):
                answered_s = min(answered_s, now - tapped)
            time.sleep(0.02)
    assert same_s <= WAIT_S, f"the panel was the same for {same_s:.1f} s"
    assert answered_s <= WAIT_S, f"a tap was answered after {answered_s:.1f} s"
