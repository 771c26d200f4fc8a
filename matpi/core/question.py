"""The question after a session that a step on the mat broke off: it is there again when that was no session.

Whoever steps across the mat, or sits down on it to put their socks on, has not answered yet. So what was open - "How
tight do I feel today?", or "felt wrong?" alone - comes again when nobody is on the mat any more. A session that follows
has a question of its own, and this one is over.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Final

from matpi.core.session import State

if TYPE_CHECKING:
    from matpi.core.device import Device

OPEN_S: Final = 300.0
"""From the first step on. Chosen: later nobody waits for it, and a cat does not keep the screen lit."""
_WHY: Final = "the question is still open"
_ASKING: Final = frozenset({State.DONE, State.OFF_MAT, State.RATING, State.SAVED, State.FELT_WRONG})
_STEPS: Final = frozenset(
    {State.ARRIVING, State.ON_MAT, State.AWAY, State.HOLDING, State.DISCARDED, State.OBJECT, State.SENSOR_LOST}
)
"""What may follow and be no session."""


class Question:
    def __init__(self) -> None:
        self._asked_of: str | None = None
        """The session that is asked about, or was last; None when a rating stands alone."""
        self._broken_off: str | None = None
        """The session about which something is still to be asked."""
        self._rated = False
        """Only "felt wrong?" is."""
        self._until = -inf
        self._until_of: str | None = None

    def follow(self, device: Device, t: float, before: State) -> None:
        """A state was entered."""
        state, last = device.machine.state, device.machine.last
        if state in _ASKING:
            self._asked_of, self._broken_off = None if last is None else last.id, None
        elif state is State.IDLE:
            self._ask_again(device, t)
        elif state not in _STEPS:
            self._broken_off = None
        elif before in _ASKING:
            self._break_off(device, t, before)

    def _break_off(self, device: Device, t: float, before: State) -> None:
        if before is State.FELT_WRONG and device.stop_id is not None:
            return
        self._rated = before in {State.SAVED, State.FELT_WRONG} or (
            before is State.RATING and device.rating_id is not None
        )
        self._broken_off = self._asked_of
        if self._until_of != self._asked_of:
            self._until, self._until_of = t + OPEN_S, self._asked_of

    def _ask_again(self, device: Device, t: float) -> None:
        session_id, self._broken_off = self._broken_off, None
        if session_id is None or t > self._until:
            return
        # As the log has it by now: booked to somebody else, perhaps, or taken back.
        session = next((s for s in reversed(device.keeper.log.sessions) if s.id == session_id), None)
        if session is None:
            return
        device.machine.last = session
        device.fire("ask", t, _WHY)
        if self._rated:
            device.fire("unrated", t, _WHY)
