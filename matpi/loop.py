"""Handle events and perform effects. One thread, one queue; every edge only puts events on it.

`send` and `run_until` serve virtual time (replay, scenarios, tests), `run` real time.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Callable
from math import inf

from msgspec import Struct

from matpi.core.device import Device
from matpi.core.effects import (
    Changed,
    Checkpoint,
    Chime,
    ChimeKind,
    DateBoot,
    Drop,
    Effect,
    Light,
    Note,
    Report,
    Save,
    Show,
    UseCalibration,
)
from matpi.core.events import Counted, Event, PanelBack, PanelLost, Reading, Saved, SaveFailed, Stopping, Tick
from matpi.core.model import Calibration
from matpi.core.views import Off
from matpi.errors import HardwareError, StoreError
from matpi.ports import PART_RETRY_S, Clock, Screen, Store
from matpi.screen.render import render
from matpi.words import ENGLISH, LANGUAGES, Words

FOLD_AFTER_S = 2.0  # chosen: so long after the last write the store is folded into one file; 10 ms on x86-64 (measured)

Watch = Callable[[Effect], None]


class Call(Struct, frozen=True):
    """Something to be run in the loop's thread, between two events: what asks about the device. It must not raise."""

    what: Callable[[], None]


Inbox = queue.SimpleQueue[Event | Counted | Call]


class Loop:
    """The owner of the device. `watch` gets every effect after it was performed."""

    def __init__(
        self,
        device: Device,
        store: Store,
        screen: Screen | None,
        light: Callable[[Light], None],
        watch: Watch = lambda _: None,
        calibration: Calibration | None = None,
        inbox: Inbox | None = None,
        chime: Callable[[ChimeKind], None] = lambda _: None,
        words: Words = ENGLISH,
    ) -> None:
        """Wire the ports. `light` and `chime` never raise. `calibration` converts `Counted` to kilograms.

        `inbox` is the queue of `run`: every edge puts its events there. `words` is the language of the screen
        where the settings name none.
        """
        self.device = device
        self._store = store
        self._screen = screen
        self._light = light
        self._chime = chime
        self._words = words
        self._watch = watch
        self._calibration = calibration
        self._queue: Inbox = queue.SimpleQueue() if inbox is None else inbox
        self._show: Show | None = None
        self._panel_lost_at: float | None = None
        self._fold_due = inf

    @property
    def words(self) -> Words:
        """Return the language of what is shown."""
        return self._words if self._show is None else LANGUAGES.get(self._show.language, self._words)

    # -- time ------------------------------------------------------------------------------------------------------

    def send(self, event: Event) -> None:
        """Handle one event, and those that its effects answer with."""
        waiting = deque([event])
        while waiting:
            event = waiting.popleft()
            for effect in self.device.handle(event):
                answer = self._perform(effect, event.t)
                self._watch(effect)
                if answer is not None:
                    waiting.append(answer)
        if self._panel_lost_at is not None and event.t >= self._panel_lost_at + PART_RETRY_S:
            self._try_panel(event.t)
        if event.t >= self._fold_due:
            self._fold_due = inf if self._store.fold() else event.t + FOLD_AFTER_S

    def run_until(self, t: float) -> None:
        """Handle everything due by `t`, in virtual time."""
        while (wake := self.device.next_wake()) is not None and wake <= t:
            self.send(Tick(wake))

    def run(self, clock: Clock, turned: Callable[[], None] = lambda: None, at_least_every_s: float = 3600.0) -> None:
        """Serve events in real time until Stopping. Call `turned` after each, and every `at_least_every_s`."""
        while True:
            wake = self.device.next_wake()
            wait_s = at_least_every_s if wake is None else min(at_least_every_s, max(0.0, wake - clock.monotonic()))
            try:
                event = self._queue.get(timeout=wait_s)
            except queue.Empty:
                event = Tick(clock.monotonic())
            if isinstance(event, Call):
                event.what()
            elif not isinstance(event, Saved | SaveFailed) or self._store.holds(event):
                self.send(self._weighed(event) if isinstance(event, Counted) else event)
            turned()
            if isinstance(event, Stopping):
                return

    def _weighed(self, sample: Counted) -> Reading:
        if self._calibration is None:
            raise RuntimeError("counts came without a calibration")
        return Reading(sample.t, self._calibration.kg(sample.counts), sample.ok)

    # -- effects ---------------------------------------------------------------------------------------------------

    def _perform(self, effect: Effect, t: float) -> Event | None:
        """Perform an effect. Return the answer of the store or the panel as an event."""
        match effect:
            case Show():
                self._show = effect
                return self._draw(t) if self._panel_lost_at is None else None
            case Light():
                self._light(effect)
            case Note(_, kind, text) if kind != "save_failed":  # the store just failed: counting would fail, too
                return self._save(t, "note", lambda: self._store.count(kind, text))
            case Chime(kind=sound):
                self._chime(sound)
            case UseCalibration(calibration):
                self._calibration = calibration
            case Note() | Report() | Changed():
                pass
            case Checkpoint() | Save() | Drop() | DateBoot():
                return self._save(t, effect.key, lambda: self._store.write(effect))
        return None

    def _save(self, t: float, key: str, write: Callable[[], bool]) -> Event | None:
        try:
            committed = write()
        except StoreError as error:
            return SaveFailed(t, key, str(error))
        if not committed:
            return None
        self._fold_due = t + FOLD_AFTER_S
        return Saved(t, key)

    def _draw(self, t: float) -> Event | None:
        show = self._show
        if show is None or self._screen is None:
            return None
        try:
            if isinstance(show.view, Off):
                self._screen.off()
            else:
                self._screen.show(render(show.view, show.shift, self.words), show.brightness)
        except HardwareError:
            news = self._panel_lost_at is None
            self._panel_lost_at = t
            return PanelLost(t) if news else None
        if self._panel_lost_at is not None:
            self._panel_lost_at = None
            return PanelBack(t)
        return None

    def _try_panel(self, t: float) -> None:
        answer = self._draw(t)
        if answer is not None:
            self.send(answer)
