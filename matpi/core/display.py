"""What the device shows and how it is lit; only changes become effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime, time, timedelta
from math import inf
from typing import Final

from matpi.core.brightness import Brightness
from matpi.core.clock import Clock, between
from matpi.core.effects import Emit, Light, Pattern, Show
from matpi.core.front import Front, Stage
from matpi.core.ledger import Ledger
from matpi.core.light import SAVED_S
from matpi.core.presence.detector import Presence
from matpi.core.reminder import LEAST_S, Reminder
from matpi.core.rules import DeviceRules
from matpi.core.screens.screen import Look, Screen
from matpi.core.views import Off

SHIFTS: Final = 9
"""Where the picture can be: 0 to 2 pixels right and down. One step a session and each time the panel goes dark."""
DIM_BEFORE_BED: Final = timedelta(minutes=60)  # the wind-down window: screens dim 30-60 min before bed (the article)
_HOLD_STEP_S: Final = 0.05
_ANY_DAY: Final = date(2000, 1, 1)


@dataclass(eq=False)
class Display:
    """Own what is shown. `due`: it looks different then, if nothing happens."""

    t: InitVar[float]
    emit: Emit
    rules: DeviceRules
    clock: Clock
    ledger: Ledger
    presence: Presence
    reminder: Reminder
    stage: Stage
    screens: Mapping[Front, Screen]
    shown: Show | None = None
    light: Light = field(init=False)
    due: float = -inf
    _shift: int = 0
    _flash_until: float = -inf

    def __post_init__(self, t: float) -> None:
        self.light = Light(Pattern.OFF, t)

    @property
    def screen(self) -> Screen:
        """Return the screen in front."""
        return self.screens[self.stage.front]

    @property
    def dark(self) -> bool:
        return self.shown is not None and isinstance(self.shown.view, Off)

    def flash(self, t: float) -> None:
        self._flash_until = t + SAVED_S

    def wander(self) -> None:
        self._shift = (self._shift + 1) % SHIFTS

    def forget(self) -> None:
        """Show it again: the panel lost its picture."""
        self.shown = None

    def advance(self, t: float) -> None:
        """Do nothing: the device refreshes after all that was due."""

    def refresh(self, t: float) -> None:
        """Emit what has to change now."""
        self.reminder.ask(t)
        screen = self.screen
        dark_at = self.stage.touched + screen.dark_s
        look = self._look(t, screen, dark_at)
        off = isinstance(look.view, Off)
        shift, language = (self._shift % 3, self._shift // 3), self.ledger.settings.language
        show = Show(look.view, self._brightness(t), shift, language)
        if show != self.shown:
            if off:
                self.wander()
            self.shown = show
            self.emit(show)
        calls = (screen.calls and t < dark_at) or self._trouble
        light = self._light(t, look, calls=calls)
        if light != self.light:
            self.light = light
            self.emit(light)
        turns = [look.again, self.reminder.due, self.clock.day_ends(t)]
        if calls:
            turns.append(self.clock.next(t, *self._quiet_hours))
        if not off:
            turns.append(self._brightness_turns(t))
        if light.pattern is Pattern.SAVED:
            turns.append(self._flash_until)
        self.due = max(min(turns), t + LEAST_S)

    def go_dark(self, t: float) -> None:
        """Turn panel and LED off: the process ends."""
        self.due = inf
        self.emit(Light(Pattern.OFF, t))
        self.emit(Show(Off()))

    def _look(self, t: float, screen: Screen, dark_at: float) -> Look:
        pressed = self.stage.pressed
        if t >= dark_at and not pressed:
            return Look(Off())
        look = screen.look(t)
        again = min(look.again, dark_at if dark_at > t else inf)
        return look._replace(again=min(again, t + _HOLD_STEP_S) if pressed else again)

    def _brightness(self, t: float) -> Brightness:
        """Return dim once a person has settled, and around bedtime."""
        if self.stage.front is Front.ON_MAT and t >= self.stage.touched + self.rules.bright_s:
            return Brightness.DIM
        now = self.clock.local(t)
        winding_down = now is not None and between(now.time(), *self._dim_hours)
        return Brightness.DIM if winding_down else Brightness.BRIGHT

    def _brightness_turns(self, t: float) -> float:
        """Return when `_brightness` changes next while this screen is in front."""
        settles = self.stage.touched + self.rules.bright_s
        return settles if self.stage.front is Front.ON_MAT and t < settles else self.clock.next(t, *self._dim_hours)

    @property
    def _quiet_hours(self) -> tuple[time, time]:
        return self.ledger.settings.quiet_from, self.ledger.settings.quiet_to

    @property
    def _dim_hours(self) -> tuple[time, time]:
        settings = self.ledger.settings
        return (datetime.combine(_ANY_DAY, settings.bedtime) - DIM_BEFORE_BED).time(), settings.quiet_to

    @property
    def _trouble(self) -> bool:
        """Return whether something wants a person's attention, for as long as it lasts."""
        return bool(self.presence.silent or self.ledger.trouble or self.presence.zero.word)

    def _light(self, t: float, look: Look, *, calls: bool) -> Light:
        """Return the LED's pattern. The person on the mat comes before the reminder, the night before a fault."""
        if t < self._flash_until:
            pattern = Pattern.SAVED
        elif look.light is not None:
            pattern = look.light
        elif self.reminder.now is not None and self.reminder.now.active:
            pattern = Pattern.BREATH
        else:
            now = self.clock.local(t)
            quiet = now is not None and between(now.time(), *self._quiet_hours)
            pattern = Pattern.ATTENTION if calls and not quiet else Pattern.OFF
        if pattern is look.light and look.light_since is not None:
            return Light(pattern, look.light_since)
        return self.light if pattern is self.light.pattern else Light(pattern, t)
