"""Run the device beside the mat: parts -> log -> core -> loop, in one linear function, and back.

The parts are on a real header or on the emulated board (sim/board.py). Every part but the log may be missing or break:
it is noted and shown on the screen, and the rest works.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from msgspec import to_builtins
from msgspec.structs import replace

from matpi import __version__
from matpi.config import Config
from matpi.core.device import Device
from matpi.core.effects import Calibrated, Effect, Save, UseCalibration, Zeros
from matpi.core.events import Counted, Event, Noted, Stopping, Tick
from matpi.core.model import Settings
from matpi.core.parts import PARTS
from matpi.drivers.chime import ChimeThread, Piezo
from matpi.drivers.clock import ClockWatch
from matpi.drivers.gpio import Button, LineButton, PartThread, open_button
from matpi.drivers.led import Led, LedThread
from matpi.drivers.oled import PanelThread
from matpi.drivers.scale.recorder import Recorder
from matpi.drivers.systemd import Notifier
from matpi.errors import MatpiError
from matpi.loop import Call, Inbox, Loop
from matpi.ports import Clock
from matpi.service.boot import boot, calibration_of
from matpi.service.parts import Parts, show_why
from matpi.store.writer import PatientStore
from matpi.words import ENGLISH, LANGUAGES

if TYPE_CHECKING:
    from matpi.control.door import Door
    from matpi.control.server import ControlServer
    from matpi.drivers.scale.process import ReaderScale
    from matpi.upstream.relays import Relays

STATUS_EVERY_S: Final = 5.0
TURN_S: Final = 5.0  # the longest turn of the loop, which feeds the watchdog: a quarter of WatchdogSec


class PulledError(Exception):
    """The emulated board's power was cut."""


class Appliance:
    """The device and its parts: `start`, then `run` until `ask_to_stop`; `close` always.

    `watch` gets every effect once performed, `turned` is called after each event, both in the thread of `run`. `screen`
    shows the splash already and puts its events into `inbox`, the loop's queue. `start` raises StoreError.
    """

    def __init__(
        self,
        config: Config,
        parts: Parts,
        store_path: Path,
        clock: Clock,
        *,
        screen: PanelThread | None,
        inbox: Inbox,
        boot_id: str,
        zone: str,
        notifier: Notifier | None = None,
        status_path: Path | None = None,
        watch: Callable[[Effect], None] = lambda _: None,
        turned: Callable[[], None] = lambda: None,
        make_store: Callable[..., PatientStore] = PatientStore,
        page_address: str | None = None,
    ) -> None:
        self.config, self.parts, self.store_path, self.clock = config, parts, store_path, clock
        self.screen = screen
        self.store: PatientStore | None = None
        self.loop: Loop | None = None
        self.scale: ReaderScale | None = None
        self._page_address = page_address
        self.started_mono = clock.monotonic()
        self._boot_id, self._zone = boot_id, zone
        self._notifier, self._status_path = notifier or Notifier(None), status_path
        self._watch, self._heard_turn, self._make_store, self._inbox = watch, turned, make_store, inbox
        put, now = inbox.put, clock.monotonic
        rests = config.chime.driver == "none"
        self._led = LedThread(lambda: Led(config.lamp.pin, parts.pins(), rests=rests), put, now=now)
        self._chime = ChimeThread(lambda: Piezo(config.chime.pin, parts.pins()), put, now=now)
        self._button = PartThread("button", self._open_button, put, now=now)
        self._clock_watch: ClockWatch | None = None
        self._relays: Relays | None = None
        self._recorder: Recorder | None = None
        self._calibrated: Calibrated | None = None  # a new calibration that is not in use yet
        self._control: ControlServer | None = None
        self._door: Door | None = None
        self._status_due = self.started_mono
        self._pulled = threading.Event()
        self._refused = False  # the start failed, and the panel shows why
        self._failed = False  # a fault ended `run`, and the loop no longer reports what the recorder saved

    @property
    def device(self) -> Device | None:
        return None if self.loop is None else self.loop.device

    def _started(self) -> Loop:
        if self.loop is None:
            raise RuntimeError("a device that has not started neither runs nor has a status")
        return self.loop

    # -- up --------------------------------------------------------------------------------------------------------

    def start(self) -> Device:
        """Open everything. A failure stays on the panel and in `systemctl status`."""
        try:
            return self._start()
        except Exception as error:
            self._refused = True
            show_why(self.screen, error, self.config.panel.language)
            self._notifier.status(f"cannot start: {error}")
            raise

    def _start(self) -> Device:
        config, clock, put = self.config, self.clock, self._inbox.put
        self.store = store = self._make_store(
            self.store_path,
            monotonic=clock.monotonic,
            first_settings=Settings(zone=self._zone),
            sinks=tuple(sink.name for sink in config.upstream.sinks),
            put=put,
            committed=self._committed,
            utc=lambda: clock.utc() if clock.trusted() else None,
        )
        memory = store.load(config.device_rules().min_session_s)
        calibration, strange = calibration_of(memory.calibration, config.scale)
        if strange:
            put(Noted(clock.monotonic(), "calibration", strange))
        rate, boot_id = config.scale.rate, self._boot_id
        self._recorder = Recorder(self.store_path, rate, calibration, memory.zero, clock, boot_id, put)
        self._recorder.start()
        memory = replace(memory, calibration=calibration)
        device = boot(config, store, memory, clock.monotonic(), boot_id, self._page_address)
        self.loop = Loop(
            device,
            store,
            self.screen,
            self._led.play,
            self._seen,
            calibration,
            self._inbox,
            self._chime.ring,
            LANGUAGES[config.panel.language],
        )
        for of, part in ((config.lamp, self._led), (config.chime, self._chime), (config.button, self._button)):
            if of.driver != "none":
                part.start()
        self._open_door()
        self._clock_watch = ClockWatch(clock, put)
        self._clock_watch.start()
        self.scale = self.parts.scale()
        self.scale.start(self._take)
        if config.upstream.sinks:
            from matpi.upstream.relays import Relays  # here: not loaded while nothing is sent anywhere

            page = config.page.address
            self._relays = Relays(config.upstream, self.store_path, clock, put, rate_hz=self._rate_hz, page=page)
            self._relays.start()
        return device

    def _open_door(self) -> None:
        """Take requests from commands and page; without a socket the device runs on."""
        from matpi.control.address import to_serve
        from matpi.control.door import Door
        from matpi.control.server import ControlServer
        from matpi.service.host import ApplianceHost

        def report(trouble: str) -> None:
            self.put(Noted(self.clock.monotonic(), "control", trouble))

        self._door = Door(ApplianceHost(self))
        self._control = ControlServer(self._door, to_serve(self.store_path), report)
        self._control.start()

    def put(self, event: Event | Counted | Call) -> None:
        """Hand an event to the loop. From any thread."""
        self._inbox.put(event)

    def _committed(self) -> None:
        """Wake the relays, in the writer's thread: the outbox may have something new."""
        if self._relays is not None:
            self._relays.wake()

    def _open_button(self) -> Button | LineButton:
        button = open_button(self.config.button.pin, self.parts.pins(), now=self.clock.monotonic)
        button.start(self._inbox.put)
        return button

    def _take(self, event: Event | Counted) -> None:
        """Pass on an event of the scale, in its thread: to the loop last, which wakes for it."""
        if isinstance(event, Counted) and self._recorder is not None:
            self._recorder.take(event)
        if self._door is not None:
            self._door.counted(event)
        self._inbox.put(event)

    def _rate_hz(self) -> float | None:
        """Return the rate of the slowest load cell chip."""
        rates = () if self.scale is None else [chip.rate_hz for chip in self.scale.report().chips]
        return min((rate for rate in rates if rate is not None), default=None)

    # -- while it runs ---------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until Stopping has been handled. Raises PulledError after a power cut."""
        loop = self._started()
        self._notifier.ready()
        try:
            loop.run(self.clock, self._turned, TURN_S)
        except PulledError:
            raise
        except Exception:
            self._failed = True
            self.save_recording()  # what led to the fault; `close` waits for it
            raise

    def save_recording(self) -> Future[Path] | None:
        """Request a file of the last ten minutes of counts. From any thread, and from a signal handler."""
        return None if self._recorder is None else self._recorder.save()

    def ask_to_stop(self) -> None:
        """End `run` soon. From any thread, and from a signal handler."""
        self._inbox.put(Stopping(self.clock.monotonic()))

    def pull(self) -> None:
        """Cut the power: no last checkpoint, no goodbye. From any thread; `close` must still follow."""
        self._pulled.set()
        self._inbox.put(Tick(self.clock.monotonic()))

    def _seen(self, effect: Effect) -> None:
        if self._relays is not None:
            self._relays.watch(effect)
        if self._recorder is not None:
            match effect:
                case Save(Zeros(zero)):
                    self._recorder.use_zero(self.clock.monotonic(), zero)
                case Save(Calibrated() as calibrated):
                    self._calibrated = calibrated
                case UseCalibration(calibration) if self._calibrated is not None:
                    self._recorder.use_calibration(calibration, self._calibrated.zero)
        if isinstance(effect, UseCalibration):
            self._status_due = 0.0  # `matpi doctor` is asked right after it
        if self._door is not None:
            self._door.seen(effect)
        self._watch(effect)

    def _turned(self) -> None:
        if self._pulled.is_set():
            raise PulledError
        now = self.clock.monotonic()
        if self._relays is not None:
            self._relays.turned(self._started().device, now)
        self._notifier.watchdog()
        if now >= self._status_due:
            self._status_due = now + STATUS_EVERY_S
            self._notifier.status(self.status_line())
            if self._status_path is not None:
                self.write_status(self._status_path)
        self._heard_turn()

    # -- status ----------------------------------------------------------------------------------------------------

    def status(self) -> dict[str, Any]:
        """Return the status for `matpi doctor`, ready for JSON; the field names are stable."""
        device, scale, screen = self._started().device, self.scale, self.screen
        snapshot, calibration = device.snapshot(), device.zeroing.calibration
        return {
            "pid": os.getpid(),
            "version": __version__,
            "started_mono": self.started_mono,
            "written_mono": self.clock.monotonic(),
            "written_utc": self.clock.utc(),
            "scale": None if scale is None else to_builtins(scale.report()),
            "panel": {
                "driver": self.config.panel.driver,
                "lost": screen is not None and bool(screen.trouble),
                "trouble": "" if screen is None else screen.trouble or "",
                "frames": 0 if screen is None else screen.drawn,
            },
            "lost": list(device.parts.lost),
            "state": snapshot.front.name,
            "net_kg": round(snapshot.net_kg, 3),
            "zero_kg": round(snapshot.zero_kg, 3),
            "zero_word": str(device.presence.zero.word),
            "calibrated": calibration is not None and not calibration.approximate,
            "counts_per_kg": None if calibration is None else list(calibration.counts_per_kg),
            "readings": snapshot.readings,
            "rejected": snapshot.rejected,
            "unsaved": snapshot.unsaved,
            "clock": {"trusted": snapshot.trusted},
            "upstream": {} if self._relays is None else self._relays.troubles(),
        }

    def status_line(self) -> str:
        """Return in one line what the device does and what is wrong, for `systemctl status`."""
        device, scale, screen = self._started().device, self.scale, self.screen
        snapshot = device.snapshot()
        wrong = [
            scale.report().trouble if scale is not None else "",
            (screen.trouble or "") if screen is not None else "",
            *(ENGLISH.say(PARTS[kind]) for kind in device.parts.lost),
            f"{snapshot.unsaved} records are not on the disk yet" if snapshot.unsaved else "",
        ]
        return "; ".join(text.rstrip(".") for text in (snapshot.front.value, *wrong) if text)

    def write_status(self, path: Path) -> None:
        """Replace the status file as a whole. A failure is ignored: doctor reports that there is none."""
        new = path.with_name(path.name + ".new")
        with suppress(OSError):
            new.write_text(json.dumps(self.status(), allow_nan=False), encoding="utf-8")
            new.chmod(0o644)  # for `matpi doctor` of another user; there is nothing secret in it
            new.replace(path)

    # -- down ------------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """End every part, dark and silent. A part that fails does not stop the others from ending."""
        self._notifier.stopping()
        parts = (self._control, self._relays, self.scale, self._clock_watch, self._button, self._led, self._chime)
        ends: list[Callable[[], Any]] = [part.stop for part in parts if part is not None]
        if self.screen is not None:
            ends.append(partial(self.screen.stop, blank=not self._refused))
        if self.store is not None:
            ends.append(partial(self.store.close, flush=not self._pulled.is_set()))
        if self._status_path is not None:
            ends.append(partial(self._status_path.unlink, missing_ok=True))
        if self._recorder is not None:
            ends.append(self._recorder.stop)  # last: it may take seconds
        for end in ends:
            try:
                end()
            except MatpiError as error:
                sys.stderr.write(f"matpi: {error}\n")
            except Exception as error:  # noqa: BLE001  the others must still end
                sys.stderr.write(f"matpi: a part could not be released ({type(error).__name__}: {error}).\n")
        if self._failed and self._recorder is not None and self._recorder.result:
            sys.stderr.write(f"matpi: {self._recorder.result}\n")
