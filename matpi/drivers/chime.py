"""Rings the chimes in a thread of its own: a few soft notes each; the newest wins, but no breath cuts a cue short.

One that comes too late is left out.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from matpi.core.effects import ChimeKind
from matpi.core.events import Noted
from matpi.errors import HardwareError
from matpi.ports import PART_RETRY_S, Put

STOP_S: Final = 1.0
LATE_S: Final = 0.5
"""Chosen: what has waited so long is no cue any more."""

Note = tuple[float, float]
"""Hz (0: a rest) and seconds."""

# Chosen, unmeasured: a minor third apart and short, between A4 and A5, where a piezo without a case is heard and not
# shrill (it is loudest at its 4 kHz). "Get up" rises, the breath is a tick, higher for in.
NOTES: Final[dict[ChimeKind, tuple[Note, ...]]] = {
    ChimeKind.PHASE: ((523.0, 0.15),),
    ChimeKind.SOON: ((523.0, 0.15), (0.0, 0.1), (523.0, 0.15)),
    ChimeKind.ENOUGH: ((440.0, 0.2), (523.0, 0.2), (659.0, 0.3)),
    ChimeKind.OVER: ((440.0, 0.2), (523.0, 0.2), (659.0, 0.3)),
    ChimeKind.IN: ((523.0, 0.06),),
    ChimeKind.OUT: ((440.0, 0.06),),
}
BREATHS: Final = frozenset({ChimeKind.IN, ChimeKind.OUT})
"""One is left out beside a cue: the next comes in a few seconds, and a cue comes once."""


class Sounder(Protocol):
    """One tone at a time. Raises HardwareError when the piezo cannot be driven."""

    def sound(self, hz: float) -> None: ...
    def silence(self) -> None: ...


class Ringing:
    """Implements ports.Chime. `ring` from any thread; it never blocks nor raises. A piezo that fails is noted once,
    tried again every PART_RETRY_S and with each chime, and noted when it works.
    """

    def __init__(self, sounder: Sounder, put: Put, *, now: Callable[[], float] = time.monotonic) -> None:
        self._sounder, self._put, self._now = sounder, put, now
        self._changed = threading.Condition()  # guards the next four
        self._wanted: tuple[ChimeKind, float] | None = None
        self._plays: ChimeKind | None = None
        self._stopping = False
        self._lost = False
        self._thread = threading.Thread(target=self._run, name="chime", daemon=True)
        self._thread.start()

    def ring(self, kind: ChimeKind) -> None:
        with self._changed:
            waits = None if self._wanted is None else self._wanted[0]
            if kind in BREATHS and not {waits, self._plays} <= {None, *BREATHS}:
                return
            self._wanted = (kind, self._now())
            self._changed.notify()

    def stop(self) -> None:
        """Silent, and the thread ends; bounded, whatever the piezo does."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join(STOP_S)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._plays = None
                retry_s = PART_RETRY_S if self._lost else None
                self._changed.wait_for(lambda: self._stopping or self._wanted is not None, retry_s)
                if self._stopping:
                    return
                notes: tuple[Note, ...] = ()  # only silence: is the piezo back?
                if self._wanted is not None:
                    (kind, asked), self._wanted = self._wanted, None
                    if self._now() - asked > LATE_S:
                        continue
                    self._plays, notes = kind, NOTES[kind]
            self._play(notes)

    def _play(self, notes: tuple[Note, ...]) -> None:
        try:
            for hz, seconds in notes:
                if hz:
                    self._sounder.sound(hz)
                else:
                    self._sounder.silence()
                with self._changed:
                    if self._changed.wait_for(lambda: self._stopping or self._wanted is not None, seconds):
                        break
            self._sounder.silence()
        except HardwareError as error:
            if not self._lost:
                self._put(Noted(self._now(), "chime_lost", str(error)))
            self._lost = True
        else:
            if self._lost:
                self._put(Noted(self._now(), "chime_back", "the chime works again"))
            self._lost = False
