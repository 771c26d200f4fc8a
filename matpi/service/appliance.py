"""The device as it runs beside the mat: parts -> log -> core -> loop, in one linear function, and the way back.

The parts stand on a real header (`Header`) or on the emulated board (sim/board.py); from here on nothing differs.
Every part but the log may be missing or break: it is noted, told on the screen where there is one, and the rest works.
"""

from __future__ import annotations

import queue
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matpi import __version__
from matpi.config import Config, ScaleConfig
from matpi.core.brightness import Brightness
from matpi.core.device import Device
from matpi.core.effects import Calibrated, ChimeKind, Effect, Light, Pattern, Save, UseCalibration, Zeros
from matpi.core.events import Counted, Event, Noted, Stopping, Tick
from matpi.core.model import Calibration, Memory, Settings
from matpi.drivers.chime import Ringing
from matpi.drivers.clock import ClockWatch
from matpi.drivers.gpio import Button, Led, Piezo
from matpi.drivers.led import Glow
from matpi.drivers.oled import PanelThread
from matpi.drivers.scale.recorder import Recorder
from matpi.loop import Loop
from matpi.paths import stored_zone, zone_doubts
from matpi.ports import Clock
from matpi.rules import device_rules
from matpi.service.retried import Opening
from matpi.service.splash import Parts, show_why
from matpi.service.status import STATUS_EVERY_S, status_line, write_status
from matpi.store.patient import PatientStore
from matpi.words import LANGUAGES

if TYPE_CHECKING:
    from matpi.drivers.scale.process import ReaderScale
    from matpi.drivers.systemd import Notifier
    from matpi.upstream.relays import Relays

TURN_S = 5.0
"""The loop turns at least this often, so that the watchdog hears of it; a quarter of WatchdogSec."""


class PulledError(Exception):
    """The power is gone. Only the emulated board's power can be pulled."""


class Appliance:
    """`start` opens everything and returns with the device booted; `run` serves until `ask_to_stop`; `close` always.

    `watch` hears every effect once performed, `turned` when an event was handled, both in the thread of `run`.
    `screen` shows the splash already and has put what it had to say into `inbox`, the loop's queue.
    Raises StoreError from `start`: without its log the device would lose what it is there for.
    """

    def __init__(
        self,
        config: Config,
        parts: Parts,
        store_path: Path,
        clock: Clock,
        *,
        screen: PanelThread | None,
        inbox: queue.SimpleQueue[Event | Counted],
        boot_id: str,
        zone: str,
        notifier: Notifier | None = None,
        status_path: Path | None = None,
        watch: Callable[[Effect], None] = lambda _: None,
        turned: Callable[[], None] = lambda: None,
        make_store: Callable[..., PatientStore] | None = None,
    ) -> None:
        self.config, self.parts, self.store_path, self.clock = config, parts, store_path, clock
        self.words = LANGUAGES[config.panel.language]
        self.screen = screen
        self.store: PatientStore | None = None
        self.loop: Loop | None = None
        self.scale: ReaderScale | None = None
        self.glow: Glow | None = None
        self.started_mono = clock.monotonic()
        self._boot_id, self._zone = boot_id, zone
        self._notifier, self._status_path, self._watch = notifier, status_path, watch
        self._heard_turn = turned
        self._make_store = make_store
        self._inbox = inbox
        self._opening = Opening(inbox.put, now=clock.monotonic)
        self._button: Button | None = None
        self._led: Led | None = None
        self._wanted_light = Light(Pattern.OFF, self.started_mono)
        self._lighting = threading.Lock()  # guards the light wanted and `glow`
        self._piezo: Piezo | None = None
        self._ringing: Ringing | None = None
        self._clock_watch: Any = None
        self._relays: Relays | None = None
        self._recorder: Recorder | None = None
        self._failed = False
        """A fault ended it, and its recording is to be reported: the loop does that no more."""
        self._fresh: Calibrated | None = None
        """A new calibration that is not in use yet."""
        self._status_due = self.started_mono
        self._pulled = threading.Event()
        self._refused = False
        """The start failed, and the panel shows why."""

    @property
    def device(self) -> Device | None:
        return None if self.loop is None else self.loop.device

    # -- up --------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """What stops it is shown on the panel, where it stays, and in `systemctl status`."""
        try:
            self._start()
        except Exception as error:
            self._refused = True
            show_why(self.screen, error, self.config.panel.language)
            if self._notifier is not None:
                self._notifier.status(f"cannot start: {error}")
            raise

    def _start(self) -> None:
        store = self._open_log()
        memory = store.load()
        calibration, strange = calibration_of(memory.calibration, self.config.scale)
        if strange:
            self._note("calibration", strange)
        given = self.store_path, self.config.scale.rate, calibration, memory.zero, self.clock, self._boot_id
        self._recorder = Recorder(*given, self._inbox.put)
        self._recorder.start()
        device = self._boot(store, memory, calibration)
        self.loop = Loop(
            device,
            store,
            self.screen or _NoScreen(),
            self._shine,
            self._seen,
            calibration,
            self._inbox,
            self._ring,
            self.words,
        )
        if self.config.lamp.driver != "none":
            self._opening.open("lamp", self._open_lamp)
        if self.config.chime.driver != "none":
            self._opening.open("chime", self._open_chime)
        if self.config.button.driver != "none":
            self._opening.open("button", self._open_button)
        self._opening.start()
        self._clock_watch = self._watch_clock()
        self.scale = self._weigh()
        self._relays = self._send_on()

    def _open_log(self) -> PatientStore:
        make = self._make_store or PatientStore
        self.store = make(
            self.store_path,
            monotonic=self.clock.monotonic,
            first_settings=Settings(zone=self._zone),
            sinks=tuple(sink.name for sink in self.config.upstream.sinks),
            put=self._inbox.put,
            committed=self._committed,
        )
        return self.store

    def _committed(self) -> None:
        """In the writer's thread: there may be something new in the outbox."""
        if self._relays is not None:
            self._relays.wake()

    def _boot(self, store: PatientStore, memory: Memory, calibration: Calibration) -> Device:
        return Device(
            self.clock.monotonic(),
            boot_id=self._boot_id,
            memory=replace(
                memory,
                calibration=calibration,
                doubts=memory.doubts + zone_doubts(memory.settings.zone),
                set_aside=None if store.set_aside is None else store.set_aside.name,
            ),
            rules=device_rules(self.config),
            zone_for=stored_zone,
            new_id=lambda: uuid.uuid4().hex,
            version=__version__,
        )

    def _open_lamp(self) -> None:
        self._led = Led(self.config.lamp.pin, self.parts.pins())
        with self._lighting:
            self.glow = Glow(self._led, self._inbox.put, now=self.clock.monotonic)
            self.glow.play(self._wanted_light)

    def _open_chime(self) -> None:
        self._piezo = Piezo(self.config.chime.pin, self.parts.pins())
        self._ringing = Ringing(self._piezo, self._inbox.put, now=self.clock.monotonic)

    def _open_button(self) -> None:
        self._button = Button(self.config.button.pin, self.parts.pins(), now=self.clock.monotonic)
        self._button.start(self._inbox.put)

    def _shine(self, light: Light) -> None:
        with self._lighting:
            self._wanted_light = light
            if self.glow is not None:
                self.glow.play(light)

    def _ring(self, kind: ChimeKind) -> None:
        if self._ringing is not None:
            self._ringing.ring(kind)

    def _watch_clock(self) -> Any:
        watch = ClockWatch(self.clock, self._inbox.put)
        watch.start()
        return watch

    def _weigh(self) -> ReaderScale:
        scale = self.parts.scale()
        scale.start(self._take)
        return scale

    def _take(self, event: Event | Counted) -> None:
        """In the thread of the scale: to the loop first, for a recording can wait."""
        self._inbox.put(event)
        if isinstance(event, Counted) and self._recorder is not None:
            self._recorder.take(event)

    def _send_on(self) -> Relays | None:
        """Nothing of it is loaded while nothing is sent anywhere."""
        if not self.config.upstream.sinks:
            return None
        from matpi.upstream.relays import Relays

        relays = Relays(self.config.upstream, self.store_path, self.clock, self._inbox.put, rate_hz=self._rate_hz)
        relays.start()
        return relays

    def upstream_troubles(self) -> dict[str, str]:
        """Sink -> what is the matter with its connection, in a sentence."""
        return {} if self._relays is None else self._relays.troubles()

    def _rate_hz(self) -> float | None:
        """Of the slowest load cell chip."""
        rates = () if self.scale is None else [chip.rate_hz for chip in self.scale.report().chips]
        return min((rate for rate in rates if rate is not None), default=None)

    def _note(self, kind: str, text: str) -> None:
        self._inbox.put(Noted(self.clock.monotonic(), kind, text))

    # -- while it runs ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until Stopping has been handled. Raises PulledError when the power went."""
        if self.loop is None:
            raise RuntimeError("start comes before run")
        if self._notifier is not None:
            self._notifier.ready()
        try:
            self.loop.run(self.clock, self._turned, TURN_S)
        except PulledError:
            raise
        except Exception:
            self._failed = True
            self.save_recording()  # what led to the fault; `close` waits for it
            raise

    def save_recording(self) -> None:
        """Have the last ten minutes of counts written beside the log. From any thread, and from a signal handler."""
        if self._recorder is not None:
            self._recorder.save()

    def ask_to_stop(self) -> None:
        """From any thread, and from a signal handler."""
        self._inbox.put(Stopping(self.clock.monotonic()))

    def pull(self) -> None:
        """The power goes: no last checkpoint, no goodbye. From any thread; `close` must still follow."""
        self._pulled.set()
        self._inbox.put(Tick(self.clock.monotonic()))

    def _seen(self, effect: Effect) -> None:
        if self._relays is not None:
            self._relays.watch(effect)
        if self._recorder is not None:
            match effect:
                case Save(Zeros(zero)):
                    self._recorder.use_zero(self.clock.monotonic(), zero)
                case Save(Calibrated() as fresh):
                    self._fresh = fresh
                case UseCalibration(calibration) if self._fresh is not None:
                    self._recorder.use_calibration(calibration, self._fresh.zero)
        self._watch(effect)

    def _turned(self) -> None:
        if self._pulled.is_set():
            raise PulledError
        if self._relays is not None and self.device is not None:
            self._relays.turned(self.device, self.clock.monotonic())
        if self._notifier is not None:
            self._notifier.watchdog()
        if self.clock.monotonic() >= self._status_due:
            self._status_due = self.clock.monotonic() + STATUS_EVERY_S
            if self._notifier is not None:
                self._notifier.status(status_line(self))
            if self._status_path is not None:
                write_status(self._status_path, self)
        self._heard_turn()

    # -- down ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Let go of everything, dark and quiet; whatever fails on the way down does not keep the rest up."""
        if self._notifier is not None:
            self._notifier.stopping()
        screen, status = self.screen, self._status_path
        self._opening.stop()  # first: it brings parts
        parts = (self._relays, self.scale, self._clock_watch, self._button, self.glow, self._ringing)
        ends = [part.stop for part in parts if part]
        ends += [pin.close for pin in (self._led, self._piezo) if pin is not None]
        if screen is not None:
            ends.append(lambda: screen.stop(blank=not self._refused))
        if (store := self.store) is not None:
            ends.append(lambda: store.close(flush=not self._pulled.is_set()))
        if status is not None:
            ends.append(lambda: status.unlink(missing_ok=True))
        if self._recorder is not None:
            ends.append(self._recorder.stop)  # last: it may take seconds
        for end in ends:
            try:
                end()
            except Exception as error:  # noqa: BLE001  a part that fails on the way down; the others must still end
                sys.stderr.write(f"matpi: a part could not be let go ({type(error).__name__}: {error}).\n")
        if self._failed and self._recorder is not None and self._recorder.result:
            sys.stderr.write(f"matpi: {self._recorder.result}\n")


class _NoScreen:
    """[panel] driver = "none"."""

    def show(self, image: Any, brightness: Brightness) -> None:
        pass

    def off(self) -> None:
        pass


def calibration_of(found: Calibration | None, scale: ScaleConfig) -> tuple[Calibration, str]:
    """Return what makes kilograms of counts, the stored one if it fits, and what is odd about it ("" for nothing)."""
    channels = scale.channel_count
    if found is not None and len(found.counts_per_kg) == channels:
        return found, ""
    nominal = Calibration((0,) * channels, (scale.counts_per_kg,) * channels, approximate=True)
    if found is None:
        return nominal, ""
    return nominal, (
        f"The calibration is for {len(found.counts_per_kg)} load cell chips and {channels} are configured, "
        f"so weights are approximate; run matpi calibrate."
    )
