"""Run the whole device on a simulated mat, in virtual time.

Same core, renderer, store and loop as the device. What is simulated: the person, the load cells' signal, the panel, the
LED, the button's contact, and a disk that can be full; a power cut drops the device as it is and leaves the file.
"""

from __future__ import annotations

import queue
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone, tzinfo
from datetime import time as time_of_day
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from msgspec import structs
from msgspec.structs import replace

from matpi.config import Config
from matpi.core.brightness import Brightness
from matpi.core.clock import local_instant, next_local, utc_offset_s
from matpi.core.device import Device
from matpi.core.effects import Effect, Light, Pattern, Report, Save
from matpi.core.events import ButtonDown, ButtonUp, Event, Reading, Stopping, WallClock
from matpi.core.model import Settings
from matpi.errors import DiskTroubleError, HardwareError, UsageError
from matpi.loop import Loop
from matpi.paths import zone_for
from matpi.service.boot import boot
from matpi.sim.body import Mat
from matpi.store.db import Store
from matpi.store.writer import PatientStore
from matpi.words import LANGUAGES, Words

if TYPE_CHECKING:
    from PIL.Image import Image

    from matpi.upstream.relays import Relays

FAULTS = ("cell", "spikes", "panel", "disk")
TAP_S, HOLD_S = 0.15, 0.9  # of the button, over the 0.7 s of a hold
COARSE_S = 1.0
"""Between readings while time is skipped; under the 2 s of the sensor timeout."""

MakeRelays = Callable[[Callable[[Event], None], Callable[[], float | None]], "Relays"]
"""Takes where events go, from any thread, and what measures the rate of readings."""


class SimulatedPanel:
    """Implements ports.Screen; `image` is what the panel shows, None when dark."""

    def __init__(self) -> None:
        self.unplugged = False
        self.image: Image | None = None
        self.brightness = Brightness.BRIGHT
        self.changes = 0

    def show(self, image: Image, brightness: Brightness) -> None:
        self._draw(image)
        self.brightness = brightness

    def off(self) -> None:
        self._draw(None)

    def _draw(self, image: Image | None) -> None:
        self.changes += 1
        self.image = None if self.unplugged else image
        if self.unplugged:
            raise HardwareError("The panel does not answer; check its four wires.")


class SimulatedDisk(PatientStore):
    """The real store on a disk that can be made full: then every write fails as on a full disk."""

    def __init__(self, path: Path, full: Callable[[], bool], **given: Any) -> None:
        self._full = full
        super().__init__(path, **given)

    def _writer(self) -> Store:
        if self._full():
            why = f"The disk is full, so nothing can be written to {self.path}; make room on it."
            if not self.is_open:
                self.trouble = why
            raise DiskTroubleError(why)
        return super()._writer()


class VirtualWorld:
    """The device, its log and the mat at `t`, virtual monotonic seconds. One thread, no real clock.

    Time goes as far as `run_until` takes it.
    """

    fault_names = FAULTS

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
        make_relays: MakeRelays | None = None,
        page_address: str = "",
    ) -> None:
        """Make a world without power. `utc` is the time at `t` = 0, `rate` is in readings a second.

        `watch` sees every effect once performed, `hear` every reading before it is. `zone` is for a new log; with
        `zone_wanted` it is set in one that has another, too. `make_relays` is called at each boot, where records and
        state are published. `page_address`: of the device's page, if it has one.
        """
        config = config or Config()
        self.t = 0.0
        self.mat = Mat(kg=kg, seed=seed)
        self.panel = SimulatedPanel()
        self.light = Light(Pattern.OFF, 0.0)
        self.disk_full = False
        self.clock_trusted = True
        self.store: SimulatedDisk | None = None
        self.loop: Loop | None = None
        self.store_path = store_path
        self._words = LANGUAGES[config.panel.language]
        self._zone, self._zone_wanted, self._utc = zone, zone_wanted, utc
        self.config, self._page_address = config, page_address
        self._sinks = tuple(sink.name for sink in config.upstream.sinks)
        self._step = 1.0 / rate
        self._next_reading = self._button_up_at = inf
        self._watch, self._hear = watch, hear
        self._make_relays = make_relays
        self._relays: Relays | None = None
        self._inbox: queue.SimpleQueue[Event] = queue.SimpleQueue()
        """From the relays' threads."""

    # -- power -----------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Boot from what the log remembers; on a full or failing disk from what can be read of it.

        Raises StoreError when the log is in use, newer, not permitted or another program's.
        """
        if self.loop is not None:
            return
        store = SimulatedDisk(
            self.store_path,
            full=lambda: self.disk_full,
            monotonic=lambda: self.t,
            first_settings=Settings(zone=self._zone),
            sinks=self._sinks,
        )
        try:
            device = self._device(store)
        except BaseException:
            store.close()  # or its lock would be in the way of the next try
            raise
        self.store = store
        self.loop = Loop(device, store, self.panel, self._set_light, self._performed, words=self._words)
        self._next_reading = self.t + 0.4  # the cells' settling at 10 readings/s
        self.loop.send(WallClock(self.t, self.utc, self.clock_trusted))
        if self._make_relays is not None:
            self._relays = self._make_relays(self._inbox.put, lambda: None if self.mat.unplugged else 1.0 / self._step)
            self._relays.start()

    def _device(self, store: SimulatedDisk) -> Device:
        memory = store.load(self.config.device_rules().min_session_s)
        if self._zone_wanted and memory.settings.zone != self._zone:
            memory = replace(memory, settings=replace(memory.settings, zone=self._zone))
            store.write(Save(memory.settings))
        if self.t == 0.0:  # the simulated clock of the last time may have been ahead of the real one
            ends = [one.end_utc or 0.0 for one in (*memory.log.sessions, memory.open) if one is not None]
            self._utc = max(self._utc, max(ends, default=0.0) + 60.0)
        return boot(self.config, store, memory, self.t, self.new_id(), self._page_address)

    def power_off(self) -> None:
        """Pull the plug: no last checkpoint, no goodbye. The file is as the last commit left it."""
        if self.loop is None or self.store is None:
            return
        if self._relays is not None:
            self._relays.stop()  # before the log closes; at a broker the device is offline then
        self.store.close()
        self.loop = self.store = self._relays = None
        self._next_reading = self._button_up_at = inf
        self.panel.image = None
        self.light = Light(Pattern.OFF, self.t)

    def shut_down(self) -> None:
        """End as the service does when it is asked to: a last checkpoint first."""
        if self.loop is not None:
            self.loop.send(Stopping(self.t))
        self.power_off()

    def beside(self, work: Callable[[Store], object]) -> None:
        """Change the log as a command does: end the device, do `work`, start the device."""
        on = self.loop is not None
        self.shut_down()
        try:
            with Store.open(self.store_path) as log:
                work(log)
        finally:
            if on:
                self.power_on()

    @property
    def device(self) -> Device | None:
        return None if self.loop is None else self.loop.device

    @property
    def words(self) -> Words:
        return self._words if self.loop is None else self.loop.words

    @property
    def damage(self) -> str:
        """Return what became of a damaged log, "" when it was whole."""
        return "" if self.store is None else self.store.damage

    # -- time ------------------------------------------------------------------------------------------------------

    @property
    def utc(self) -> float:
        """Return the true time; the device may not know it."""
        return self._utc + self.t

    @property
    def zone(self) -> tzinfo:
        device = self.device
        return device.clock.zone if device is not None else zone_for(self._zone)

    @property
    def local(self) -> datetime:
        """Return local time, with its offset."""
        offset = timezone(timedelta(seconds=utc_offset_s(self.utc, self.zone)))
        return datetime.fromtimestamp(self.utc, offset)

    def next_due(self) -> float:
        """Return when `run_until` has something to do next."""
        wake = None if self.loop is None else self.loop.device.next_wake()
        return min(self._next_reading, self._button_up_at, inf if wake is None else wake)

    def run_until(self, t: float, *, coarse: bool = False) -> None:
        """Let time pass until `t`: readings, deadlines, the button's release.

        `coarse`: one reading a second.
        """
        while not self._inbox.empty():
            self.take(self._inbox.get())
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
        if self._relays is not None and self.device is not None:
            self._relays.turned(self.device, monotonic())

    def ask(self, what: Callable[[], None]) -> None:
        what()

    def skip_to(self, utc: float) -> None:
        """Let the time until `utc` pass with one reading a second, then go on as before."""
        self.run_until(utc - self._utc, coarse=True)
        self._next_reading = min(self._next_reading, self.t + self._step)

    def jump(self, hhmm: str) -> None:
        """Skip to the next time the local clock shows HH:MM. Raises UsageError for another form."""
        try:
            wanted = time_of_day.fromisoformat(hhmm)
        except ValueError as error:
            raise UsageError(f"{hhmm!r} is no time of day; write it as HH:MM, from 00:00 to 23:59.") from error
        self.skip_to(next_local(self.utc, self.zone, wanted))

    def next_day(self) -> None:
        """Skip to 08:00 tomorrow."""
        midnight = next_local(self.utc, self.zone, time_of_day(0, 0))
        self.skip_to(next_local(midnight, self.zone, time_of_day(8, 0)))

    def when(self, day: int, hhmm: time_of_day) -> float | None:
        """Return the `t` at which the local clock shows `hhmm` on `day`; day 1 is that of `t` = 0.

        None when the zone left that date out.
        """
        first = datetime.fromtimestamp(self._utc, self.zone).date()
        instant = local_instant(first + timedelta(days=day - 1), self.zone, hhmm)
        return None if instant is None else instant - self._utc

    def take(self, event: Event) -> None:
        """Hand over an event from outside, dated now."""
        if self.loop is not None:
            self.loop.run_until(self.t)
            self.loop.send(structs.replace(event, t=self.t))

    # -- hands, and what can be seen -------------------------------------------------------------------------------

    def act(self, what: str) -> None:
        self.mat.act(what, self.t)

    def weigh(self, kg: float) -> None:
        self.mat.weigh(kg, self.t)

    def button(self, down: bool) -> None:
        if self.loop is not None:
            self._button_up_at = inf
            self.loop.run_until(self.t)
            self.loop.send(ButtonDown(self.t) if down else ButtonUp(self.t))

    def press(self, seconds: float) -> None:
        """Press now, release after `seconds`."""
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
            case _:
                raise UsageError(f"There is no fault {name!r}; choose one of {', '.join(FAULTS)}.")

    @property
    def faults(self) -> list[str]:
        on = (self.mat.unplugged, self.mat.spikes, self.panel.unplugged, self.disk_full)
        return [name for name, is_on in zip(FAULTS, on, strict=True) if is_on]

    @property
    def panel_changes(self) -> int:
        return self.panel.changes

    def picture(self) -> tuple[Image | None, Brightness]:
        return self.panel.image, self.panel.brightness

    def trust_clock(self, trusted: bool) -> None:
        """Set whether the wall clock can be trusted; distrust shows from the next boot on."""
        self.clock_trusted = trusted
        if trusted and self.loop is not None:
            self.loop.send(WallClock(self.t, self.utc, trusted=True))

    def new_id(self) -> str:
        """Make an id that no other log has, whatever the seed: logs are imported into each other."""
        return uuid.uuid4().hex

    def _set_light(self, light: Light) -> None:
        self.light = light

    def _performed(self, effect: Effect) -> None:
        if self._relays is not None:
            # An event is too old to send by the monotonic clock, which virtual time may be far from.
            self._relays.watch(structs.replace(effect, t=monotonic()) if isinstance(effect, Report) else effect)
        self._watch(effect)
