"""The names of the screens, what is asked when, and which one is in front, with the press on it."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from enum import Enum
from typing import Final

from matpi.core.button import Button
from matpi.core.views import fraction


class Front(Enum):
    """Every screen; the names are published (MQTT, `matpi status`) and stable."""

    IDLE = "nobody is on the mat"
    SAFETY = "what to know first"
    MENU = "menu"
    ARRIVING = "a load is on; not yet a session"
    ON_MAT = "on the mat, the timer runs"
    AWAY = "off the mat, the timer waits"
    HOLDING = "load cells silent, the session waits"
    CAPPED = "closed by the cap, still lying there"
    OBJECT = "something lies there, nobody"
    DONE = "the session as it ended"
    CONFIRM = "was that you?"
    OFF_MAT = "what follows off the mat"
    RATING = "how tight do I feel today?"
    SAVED = "the answer as it was saved"
    LOOSER = "looser than before?"
    FELT_WRONG = "felt wrong?"
    DISCARDED = "discarded by hand, undo offered"
    SENSOR_LOST = "load cells silent"
    CALIBRATING = "calibrating, step by step"
    READY = "what to see to before lying down"
    TREND = "how it went so far"
    PAGE = "pairing a browser"


AFTER_SESSION: Final = (
    Front.CONFIRM, Front.DONE, Front.OFF_MAT, Front.RATING, Front.LOOSER, Front.FELT_WRONG, Front.TREND
)  # fmt: skip
"""What is asked after a session, in this order, each if its screen is `wanted` then."""
ON_WAKING: Final = (Front.RATING, Front.READY, Front.TREND)
"""What a tap on the idle screen asks."""
OF_LAST: Final = frozenset({*AFTER_SESSION, Front.SAVED, Front.CAPPED}) - {Front.TREND}
"""They show the session that ended last."""
HIDDEN: Final = OF_LAST - {Front.CONFIRM, Front.CAPPED}
"""What a step on the mat only hides; what else is asked is over then."""
ASKED_AGAIN: Final = frozenset(AFTER_SESSION) - {Front.CONFIRM, Front.DONE, Front.OFF_MAT}
"""What comes back of the questions that a step has hidden."""
SETTLES_S: Final = 300.0  # cells that come and go, such as at a loose plug, light the panel once in this time


@dataclass(eq=False)
class Stage:
    """Own which screen is in front, and what the finger does there."""

    t: InitVar[float]
    button: Button
    front: Front = Front.IDLE
    entered: float = field(init=False)  # when it came to the front
    reason: str = ""  # why it did
    touched: float = field(init=False)  # when anything was last done with the device
    press_front: Front | None = None  # where the last press began
    woke: bool = False  # the last press has only lit a dark panel
    _cells_turned: float = -SETTLES_S

    def __post_init__(self, t: float) -> None:
        self.entered = self.touched = t

    def change(self, front: Front, trigger: str, t: float, reason: str) -> None:
        self.front, self.entered, self.reason = front, t, reason
        cells = trigger in {"sensor_lost", "sensor_back"}
        if not cells or front in OF_LAST or t >= self._cells_turned + SETTLES_S:  # a question has its whole time
            self.touched = t
        if cells or front is Front.SENSOR_LOST:
            self._cells_turned = t

    def touch(self, t: float) -> None:
        self.touched = t

    def press(self, t: float, *, dark: bool) -> None:
        """Note where a press begins, and whether it only lights a dark panel."""
        self.press_front, self.woke, self.touched = self.front, dark, t

    @property
    def pressed_since(self) -> float | None:
        """Return when the press under way began; None when the button is up, or stuck."""
        return self.button.pressed_since

    @property
    def pressed(self) -> bool:
        return self.button.pressed_since is not None

    def held(self, t: float, *, long: bool = False) -> float:
        """Return how far the press has come, 0 to 1; 0 for one that began on another screen."""
        since = self.button.pressed_since
        if since is None or self.press_front is not self.front:
            return 0.0
        rules = self.button.rules
        return fraction((t - since) / (rules.long_s if long else rules.hold_s) + 1e-6)
