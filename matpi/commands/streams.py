"""Standard streams that may be closed, full, or of a character set without the letters of a name."""

from __future__ import annotations

import contextlib
import io
import os
import sys


def make_writable() -> None:
    """Replace what an output cannot encode by `?`, and a closed stream by one that goes nowhere."""
    # In the order of their numbers: the lowest free one is taken, and a log that is opened later must not get it.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def drop_output() -> None:
    """Keep the interpreter from complaining at exit about what it cannot write."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
