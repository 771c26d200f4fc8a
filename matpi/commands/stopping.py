"""End a command that serves a page at a signal."""

from __future__ import annotations

import queue
import signal
from types import FrameType


def stop_on_signals(asked: queue.SimpleQueue[None]) -> None:
    """Put None into `asked` at a signal; an Event could deadlock, its lock held where the signal comes."""

    def ask(_number: int, _frame: FrameType | None) -> None:
        asked.put(None)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup: it outlives its terminal
        signal.signal(signal.SIGHUP, ask)
