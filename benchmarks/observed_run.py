"""`matpi run --board` with an observer: `python -m benchmarks.observed_run LOG LATENESS [no-socket]`.

A line on standard input is an act of the emulated person (sim.body.ACTS). Of each reading that the loop takes, LATENESS
gets two doubles: when the reader's process took it from the chip (monotonic seconds), and how much later the loop has
it. `no-socket`: the device as it would be without its control socket.
"""

from __future__ import annotations

import struct
import sys
import threading
import time
from pathlib import Path
from typing import Any

from matpi.core.events import Counted, Reading
from matpi.loop import Loop
from matpi.sim.board import Board

RECORD = struct.Struct("dd")


def observe(path: str) -> None:
    out = Path(path).open("wb", buffering=RECORD.size * 64)  # noqa: SIM115  open until the process ends
    weighed = Loop._weighed  # noqa: SLF001

    def timed(loop: Loop, sample: Counted) -> Reading:
        out.write(RECORD.pack(sample.t, time.monotonic() - sample.t))
        return weighed(loop, sample)

    setattr(Loop, "_weighed", timed)  # noqa: B010  for mypy


def play() -> None:
    made: list[Board] = []
    make = Board.__init__

    def making(board: Board, *given: Any, **named: Any) -> None:
        make(board, *given, **named)
        made.append(board)

    setattr(Board, "__init__", making)  # noqa: B010

    def act() -> None:
        for line in sys.stdin:
            made[-1].act(line.strip())

    threading.Thread(target=act, daemon=True).start()


def main(log: str, lateness: str, socket: bool) -> int:
    observe(lateness)
    play()
    if not socket:
        from matpi.service.appliance import Appliance

        setattr(Appliance, "_open_door", lambda _: None)  # noqa: B010
    from matpi.cli import run

    return run(["run", "--board", "--store", log])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], "no-socket" not in sys.argv))
