"""The rig: the whole device on a simulated mat, in virtual time. Same core, renderer, store and loop as the device.

One thread, no real clock: whoever owns a Rig says how far time goes (`run_until`). The desktop twin drives it with the
wall clock, a scenario as fast as it can. What is simulated: the person, the load cells' signal, the panel, the LED,
the button's contact, and a disk that can be full; a power cut drops the device without a word and keeps the file.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone, tzinfo
from datetime import time as time_of_day
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING

from matpi.config import Config
from matpi.core.brightness import Brightness
from matpi.core.clock import local_instant, next_local, utc_offset_s
from matpi.core.device import Device
from matpi.core.effects import Effect, Light, Pattern, Save
from matpi.core.events import ButtonDown, ButtonUp, Event, Reading, Stopping, WallClock
from matpi.core.model import Settings
from matpi.errors import HardwareError, UsageError
from matpi.loop import Loop
from matpi.paths import zone_for
from matpi.service.boot import boot
from matpi.sim.body import Mat
from matpi.store.patient import PatientStore
from matpi.twin.disk import SimulatedDisk
from matpi.words import LANGUAGES

if TYPE_CHECKING:
    from PIL.Image import Image

FAULTS = ("cell", "spikes", "panel", "disk")
COARSE_S = 1.0
"""Between readings while time is skipped; under the 2 s at which silence is told."""


class SimulatedPanel:
    """Implements ports.Screen; `image` is what the panel shows, None when dark."""

    def __init__(self) -> None:
        self.unplugged = False
        self.image: Image | None = None
        self.brightness = Brightness.BRIGHT

    def show(self, image: Image, brightness: Brightness) -> None:
        self._answer()
        self.image, self.brightness = image, brightness

    def off(self) -> None:
        self._answer()
        self.image = None

    def _answer(self) -> None:
        if self.unplugged:
            self.image = None
            raise HardwareError("The panel does not answer; check its four wires.")


class Rig:
    """`t` is virtual monotonic seconds. `watch` sees every effect once performed, `hear` every reading before it is.

    `zone` is for a new log; with `zone_wanted` it is set in one that has another, too.
    """

    def __init__(
        self,
        store_path: Path,
        *,
        utc: float,
        zone: str = "UTC",
        zone_wanted: bool = False,
        config: Config | None = None,
        kg: float = 74.0,
        seed: int = 1,
        rate: float = 10.0,
        watch: Callable[[Effect], None] = lambda _: None,
        hear: Callable[[Reading], None] = lambda _: None,
    ) -> None:
        self.t = 0.0
        self.mat = Mat(kg=kg, seed=seed)
        self.panel = SimulatedPanel()
        self.light = Light(Pattern.OFF, 0.0)
        self.disk_full = False
        self.clock_trusted = True
        self.store: SimulatedDisk | None = None
        self.loop: Loop | None = None
        self._path = store_path
        self._zone = zone
        self._zone_wanted = zone_wanted
        self._utc = utc
        config = config or Config()
        self.words = LANGUAGES[config.panel.language]
        self._config = config
        self._step = 1.0 / rate
        self._next_reading = inf
        self._button_up_at = inf
        self._watch = watch
        self._hear = hear

    # -- power -----------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Boot: start the device on what the log remembers, on a full or failing disk on what can be read of it.

        Raises StoreError when the log is in use, newer, not permitted or another program's.
        """
        if self.loop is not None:
            return
        new = not self._path.exists()
        store = SimulatedDisk(
            self._path,
            full=self.disk_full,
            monotonic=lambda: self.t,
            first_settings=Settings(zone=self._zone),
            sinks=tuple(sink.name for sink in self._config.upstream.sinks),
        )
        try:
            device = self._device(store, new=new)
        except BaseException:
            store.close()  # or its lock would stand in the way of the next try
            raise
        self.store = store
        self.loop = Loop(device, store, self.panel, self._set_light, self._watch, words=self.words)
        self._next_reading = self.t + 0.4  # the cells' settling at 10 readings/s
        self.loop.send(WallClock(self.t, self.utc, self.clock_trusted))

    def _device(self, store: SimulatedDisk, *, new: bool) -> Device:
        memory = store.load()
        if self._zone_wanted and memory.settings.zone != self._zone:
            memory = replace(memory, settings=replace(memory.settings, zone=self._zone))
            store.write(Save(memory.settings))
        if self.t == 0.0 and not new:
            self._utc = max(self._utc, _last_utc(store) + 60.0)
        return boot(self._config, store, memory, self.t, self.new_id())

    def power_off(self) -> None:
        """Pull the plug: no last checkpoint, no goodbye. The file is as the last commit left it."""
        if self.loop is None or self.store is None:
            return
        self.store.close()
        self.loop = self.store = None
        self._next_reading = self._button_up_at = inf
        self.panel.image = None
        self.light = Light(Pattern.OFF, self.t)

    def shut_down(self) -> None:
        """End as the service does when it is asked to: a last checkpoint first."""
        if self.loop is not None:
            self.loop.send(Stopping(self.t))
        self.power_off()

    def beside(self, work: Callable[[Path], None]) -> None:
        """Do something to the log as the command line does it: with the device ended, and started again after it."""
        on = self.loop is not None
        self.shut_down()
        try:
            work(self._path)
        finally:
            if on:
                self.power_on()

    @property
    def rate_hz(self) -> float | None:
        """Readings a second of the simulated cells; None while they give none."""
        return None if self.loop is None or self.mat.unplugged else 1.0 / self._step

    @property
    def device(self) -> Device | None:
        return None if self.loop is None else self.loop.device

    # -- time ------------------------------------------------------------------------------------------------------

    @property
    def utc(self) -> float:
        """The true time; whether the device knows it is another matter."""
        return self._utc + self.t

    @property
    def zone(self) -> tzinfo:
        device = self.device
        return device.clock.zone if device is not None else zone_for(self._zone)

    @property
    def local(self) -> datetime:
        """Local time, with its offset."""
        offset = timezone(timedelta(seconds=utc_offset_s(self.utc, self.zone)))
        return datetime.fromtimestamp(self.utc, offset)

    def next_due(self) -> float:
        """When `run_until` has something to do next."""
        wake = None if self.loop is None else self.loop.device.next_wake()
        return min(self._next_reading, self._button_up_at, inf if wake is None else wake)

    def run_until(self, t: float, *, coarse: bool = False) -> None:
        """Let virtual time go to `t`: readings, deadlines, the button's release. `coarse`: one reading a second."""
        # With spikes about, one reading a second would leave the median of three too few to go by.
        step = COARSE_S if coarse and not self.mat.spikes else self._step
        while self.loop is not None:
            due = min(self._next_reading, self._button_up_at)
            if due > t:
                break
            self.loop.run_until(due)
            self.t = max(self.t, due)
            if due == self._button_up_at:
                self._button_up_at = inf
                self.loop.send(ButtonUp(due))
            else:
                sample = self.mat.sample(due)
                if sample is not None:
                    reading = Reading(due, sample)
                    self._hear(reading)
                    self.loop.send(reading)
                self._next_reading = due + step
        if self.loop is not None:
            self.loop.run_until(t)
        self.t = max(self.t, t)

    def skip_to(self, utc: float) -> None:
        """Let the time until `utc` pass with one reading a second, then go on as before."""
        self.run_until(utc - self._utc, coarse=True)
        self._next_reading = min(self._next_reading, self.t + self._step)

    def jump(self, hhmm: str) -> None:
        """To the next time the local clock shows HH:MM."""
        try:
            wanted = time_of_day.fromisoformat(hhmm)
        except ValueError as error:
            raise UsageError(f"{hhmm!r} is no time of day; write it as HH:MM, from 00:00 to 23:59.") from error
        self.skip_to(next_local(self.utc, self.zone, wanted))

    def when(self, day: int, hhmm: time_of_day) -> float | None:
        """The moment of `t` at which the local clock shows it; day 1 is the one of `t` = 0. None: a date left out."""
        first = datetime.fromtimestamp(self._utc, self.zone).date()
        instant = local_instant(first + timedelta(days=day - 1), self.zone, hhmm)
        return None if instant is None else instant - self._utc

    def next_day(self) -> None:
        """To 08:00 tomorrow."""
        midnight = next_local(self.utc, self.zone, time_of_day(0, 0))
        self.skip_to(next_local(midnight, self.zone, time_of_day(8, 0)))

    def take(self, event: Event) -> None:
        """Something an edge tells, dated now."""
        if self.loop is not None:
            self.loop.run_until(self.t)
            self.loop.send(event._replace(t=self.t) if isinstance(event, Reading) else replace(event, t=self.t))

    # -- hands -----------------------------------------------------------------------------------------------------

    def button(self, down: bool) -> None:
        if self.loop is not None:
            self._button_up_at = inf
            self.loop.run_until(self.t)
            self.loop.send(ButtonDown(self.t) if down else ButtonUp(self.t))

    def press(self, seconds: float) -> None:
        """Down now, up by itself after `seconds`."""
        self.button(down=True)
        if self.loop is not None:
            self._button_up_at = self.t + seconds

    def fault(self, name: str, on: bool) -> None:
        match name:
            case "cell":
                self.mat.unplugged = on
            case "spikes":
                self.mat.spikes = on
            case "panel":
                self.panel.unplugged = on
                if on:
                    self.panel.image = None
            case "disk":
                self.disk_full = on
                if self.store is not None:
                    self.store.full = on
            case _:
                raise UsageError(f"There is no fault {name!r}; choose one of {', '.join(FAULTS)}.")

    def trust_clock(self, trusted: bool) -> None:
        """Whether somebody vouches for the wall clock; distrust shows from the next boot on."""
        self.clock_trusted = trusted
        if trusted and self.loop is not None:
            self.loop.send(WallClock(self.t, self.utc, trusted=True))

    @property
    def faults(self) -> list[str]:
        on = {
            "cell": self.mat.unplugged,
            "spikes": self.mat.spikes,
            "panel": self.panel.unplugged,
            "disk": self.disk_full,
        }
        return [name for name in FAULTS if on[name]]

    def _set_light(self, light: Light) -> None:
        self.light = light

    def new_id(self) -> str:
        """Make an id that no other log has, whatever the seed: logs are imported into each other."""
        return uuid.uuid4().hex


def _last_utc(store: PatientStore) -> float:
    """When the youngest session of the log ended: the simulated clock may have been ahead of the real one."""
    return max((s.session.end_utc or 0.0 for s in store.sessions()), default=0.0)
