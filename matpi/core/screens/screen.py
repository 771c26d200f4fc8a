"""One screen: what it shows, what the button does there, when it is over."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import ClassVar, Final, NamedTuple

from matpi.core.clock import Clock
from matpi.core.effects import Pattern
from matpi.core.events import Reading
from matpi.core.front import Front, Stage
from matpi.core.household import Household
from matpi.core.ledger import Ledger
from matpi.core.plans import Plans
from matpi.core.presence.detector import Presence
from matpi.core.rules import DeviceRules
from matpi.core.selection import Selection
from matpi.core.session import SessionMachine
from matpi.core.text import Text
from matpi.core.views import Fault, View, fraction
from matpi.core.zeroing import Zeroing

FADE_STEP_S: Final = 0.25  # a bar that runs out is drawn so often
LONG_SHOWN_S: Final = 300.0
"""A fault stays on the panel this long, then the LED alone reports it; "get up" after the cap as well: pixels wear. So
long after the last press the safety pages stay lit: they are more to read than an idle screen."""
READ_S: Final = 1.0  # a tap that comes so soon after a question does not answer it. Chosen.
NOT_SAVED: Final = Fault(Text("faults.not_saved"), Text("bar.cannot_write"), Text("faults.kept"))


class Step(NamedTuple):
    """What should follow. Routing fires it on the machine that knows its trigger."""

    trigger: str
    reason: str
    at: float | None = None  # when it was true, if earlier


class Look(NamedTuple):
    view: View
    again: float = inf  # when it looks different next, if nothing happens
    light: Pattern | None = None  # what the LED does; None: as on any other screen
    light_since: float | None = None  # when that began; None: now


@dataclass(eq=False)
class Screen:
    """Defaults: nothing happens, and it stays in front. The fields are what any screen may show or change."""

    stage: Stage
    rules: DeviceRules
    clock: Clock
    ledger: Ledger
    presence: Presence
    zeroing: Zeroing
    session: SessionMachine
    selection: Selection
    household: Household
    plans: Plans
    front: ClassVar[Front]  # its name
    stays: ClassVar[str] = ""  # it is over when it has not been touched for so long: the name of a time in the rules
    over: ClassVar[str] = "go_on"  # the trigger of that
    on_tap: ClassVar[Step | None] = None
    rests: ClassVar[bool] = False  # the panel goes dark soon after the last touch
    lit_s: ClassVar[float] = inf  # else it goes dark so long after
    to_do: ClassVar[str] = ""  # what the simulated mat's pages say to do, with their keys; "": they know it by the view

    @property
    def wanted(self) -> bool:
        """Return whether the agenda asks it when its turn comes."""
        return True

    @property
    def stays_s(self) -> float:
        return getattr(self.rules, self.stays) if self.stays else inf

    @property
    def due(self) -> float:
        """Return when it is over by itself; a press under way keeps it."""
        return inf if self.stage.pressed else self.stage.touched + self.stays_s

    def left_share(self, t: float) -> float:
        """Return how much of the time untouched is left, 1 to 0."""
        return fraction(1 - (t - self.stage.touched) / self.stays_s)

    def expire(self, _: float, /) -> Step | None:
        """Leave it: `due` has passed."""
        return Step(self.over, f"{self.stays_s:g} s untouched")

    @property
    def dark_s(self) -> float:
        """Return how long after the last touch the panel goes dark."""
        if self.rests:
            return LONG_SHOWN_S if self.presence.zero.seeking else self.rules.idle_off_s
        return self.lit_s

    @property
    def calls(self) -> bool:
        """Return whether the LED asks for attention; in quiet hours it does not."""
        return False

    def look(self, t: float, /) -> Look:
        raise NotImplementedError

    def entered(self, t: float, before: Front, /) -> None:
        """Begin: it is in front now, after `before`."""

    def left(self) -> None:
        """End: another screen is in front now."""

    def tap(self, _: float, /) -> Step | None:
        """Take a short press, when the button is released."""
        return self.on_tap

    def hold(self, t: float, /) -> Step | None:
        """Take a press of `hold_s`, while it goes on."""

    def release(self, t: float, /) -> Step | None:
        """Take the release after a hold. What cannot be undone waits for this."""

    def hold_long(self, t: float, /) -> Step | None:
        """Take a press of `long_s`, while it goes on."""

    def stuck(self, t: float, /) -> Step | None:
        """Take back what this press did: a button that is down for 20 s is stuck."""

    def touch(self, t: float, /) -> None:
        """Note that the button went down, or a gesture was made."""

    def hear(self, _: Reading, /) -> bool:
        """Take a reading. Return whether it changes what is shown."""
        return False

    def interrupt(self, t: float, /) -> Step | None:
        """Answer what is open: a load comes onto the mat."""


GO_ON: Final = Step("go_on", "a tap")


def next_second(t: float, left: float) -> float:
    """Return when a countdown that shows whole seconds changes."""
    rest = (left - 1e-6) % 1
    return t + (rest if rest > 1e-3 else rest + 1) + 1e-5
