"""Play a world in a thread of its own, behind the Bench of a page or a terminal.

Everything that touches the world runs on that thread; the calls are put on its queue and do not wait.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from typing import TYPE_CHECKING

from matpi.core.effects import Changed, Effect, Light
from matpi.core.model import Session
from matpi.errors import MatpiError, StoreError, UsageError
from matpi.screen.render import spoken
from matpi.sim.body import Act
from matpi.store.db import Store, is_unmade
from matpi.twin.bench import (
    Channel,
    FaultName,
    Payload,
    Put,
    Warp,
    frame_message,
    lamp_message,
    plan_message,
    session_message,
)
from matpi.twin.host import Outlet
from matpi.twin.prompts import Prompts
from matpi.twin.world import VirtualWorld

if TYPE_CHECKING:
    from matpi.core.device import Device
    from matpi.twin.board_world import BoardWorld

    World = VirtualWorld | BoardWorld
    """A device under a simulated mat. The twin's thread plays it; only what `ask` calls, in the thread that owns the
    device, may do more than read the device's attributes.
    """

STATUS_S = 1.0
PASS_S, FAST_PASS_S = 0.3, 0.05
"""Real seconds that pass in the world at once, at x1 and faster: chosen, a tap is under 0.7 s, a result shown for 4."""
LISTED = 200
"""The page lists so many sessions, the newest."""


class Twin:
    """Implements bench.Bench. `start`, then call; `stop` ends the device as a service is ended."""

    def __init__(
        self,
        make_world: Callable[[Callable[[Effect], None]], World],
        warp: int = 1,
        crashed: Callable[[], None] = lambda: None,
    ) -> None:
        """Make the world; `make_world` takes what watches the effects.

        `crashed` is called from the twin's thread when a mistake of ours ends it; `stop` then raises that.
        """
        self._channel = Channel()
        self._prompts = Prompts()
        world = self._world = make_world(self._watch)
        self._warp = warp
        self._crashed = crashed
        self._crash: Exception | None = None
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="twin", daemon=True)
        self._outlet = Outlet(world, world.config, self._commands.put) if isinstance(world, VirtualWorld) else None
        self._booted: Future[None] = Future()
        self._ending = False
        self._real_then = self._then = 0.0
        self._question = False
        """One is coming, and people answer in real time."""
        self._asked: str | None = None
        """The session that the screen asks about."""
        self._status_due = 0.0
        self._sessions_due = False
        self._panel_shown = -1
        self._light_shown: Light | None = None
        self._reader: Store | None = None
        self._version = -1
        self._stored: list[tuple[Session, int | None]] = []
        self._unread = ""
        """Why the log cannot be read."""

    def start(self) -> None:
        """Boot. Raises what the boot raised, such as StoreBusyError."""
        self._thread.start()
        self._booted.result()

    def stop(self) -> None:
        self._commands.put(self._end)
        self._thread.join(timeout=20.0)
        if self._crash is not None:
            raise self._crash

    # -- the page's side (any thread) ------------------------------------------------------------------------------

    def act(self, what: Act) -> None:
        self._do(lambda: self._act(what))

    def weigh(self, kg: float) -> None:
        self._do(lambda: self._world.weigh(kg))

    def button(self, down: bool) -> None:
        """Press or release. A finger lives in real time, so the clock goes back to x1."""
        self._do(lambda: self._button(down))

    def press(self, seconds: float) -> None:
        """Press now, release after `seconds` of the device's time: a terminal sees no key released."""
        world = self._virtual()
        self._do(lambda: world.press(seconds))

    def warp(self, factor: Warp) -> None:
        if factor != 1:
            self._virtual()
        self._do(lambda: self._set_warp(factor))

    def jump(self, hhmm: str) -> None:
        world = self._virtual()
        self._do(lambda: self._skip(lambda: world.jump(hhmm), f"to {hhmm}"))

    def next_day(self) -> None:
        world = self._virtual()
        self._do(lambda: self._skip(world.next_day, "to the next day"))

    def fault(self, name: FaultName, on: bool) -> None:
        if name not in self._world.fault_names:
            raise UsageError(f"There is no fault {name!r}; choose one of {', '.join(self._world.fault_names)}.")
        self._do(lambda: self._fault(name, on))

    def power(self, on: bool) -> None:
        self._do(lambda: self._power(on))

    def subscribe(self, put: Put) -> Callable[[], None]:
        return self._channel.subscribe(put)

    def _virtual(self) -> VirtualWorld:
        if not isinstance(self._world, VirtualWorld):
            raise UsageError(
                "The emulated board runs in real time; for a faster clock and for jumps leave out --board."
            )
        return self._world

    def _do(self, what: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                what()
            except MatpiError as error:
                self._log("note", "refused", str(error))

        self._commands.put(guarded)

    # -- the twin's thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._boot()
        except Exception as error:  # noqa: BLE001  raised by `start`
            self._booted.set_exception(error)
            return
        self._then, self._real_then = self._world.t, time.monotonic()
        self._booted.set_result(None)
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001  raised by `stop`; a thread that ends unnoticed freezes the page
            self._crash = error
            try:
                self._unplug(self._world.power_off)
            finally:
                self._crashed()

    def _serve(self) -> None:
        while not self._ending:
            self._play()
            if self._question:
                self._question = False
                self._slow_down("a question is coming, and people answer in real time")
            self._look()
            self._world.ask(self._refresh)
            try:
                command = self._commands.get(timeout=self._wait_s())
            except queue.Empty:
                continue
            self._play()
            command()
            self._status_due = 0.0

    def _play(self) -> None:
        """Let time pass in the world; while the computer stalls it stands still.

        Else questions would come and go unseen, and a tap become a hold.
        """
        real = time.monotonic()
        passed_s = min(real - self._real_then, PASS_S if self._warp == 1 else FAST_PASS_S)
        self._world.run_until(self._then + passed_s * self._warp)
        self._then, self._real_then = self._world.t, real

    def _wait_s(self) -> float:
        """Return real seconds until the world has something to do; at high warp in steps of 20 ms."""
        due = (self._world.next_due() - self._then) / self._warp - (time.monotonic() - self._real_then)
        return max(0.0 if self._warp == 1 else 0.02, min(due, PASS_S / 2))

    def _boot(self) -> None:
        self._world.power_on()
        if self._outlet is not None:
            self._outlet.on()
        self._sessions_due = True
        if self._world.damage:
            self._log("note", "log set aside", self._world.damage)
        self._look()
        self._world.ask(self._refresh)

    def _end(self) -> None:
        self._ending = True
        self._unplug(self._world.shut_down)

    def _unplug(self, off: Callable[[], None]) -> None:
        """Cut or end, with the reader closed first: the last connection folds the log into one file."""
        if self._reader is not None:
            self._reader.close()
        self._reader, self._version, self._panel_shown = None, -1, -1
        if self._outlet is not None:
            self._outlet.off()
        off()

    def _act(self, what: Act) -> None:
        self._log("you", what.replace("_", " "), f"{self._world.mat.kg:g} kg" if what != "cat" else "")
        self._world.act(what)

    def _button(self, down: bool) -> None:
        self._slow_down("for the finger on the button")
        self._world.button(down)

    def _slow_down(self, why: str) -> None:
        if self._warp != 1:
            self._set_warp(1)
            self._log("note", "clock", why)

    def _set_warp(self, factor: int) -> None:
        self._warp = factor
        self._log("you", "clock", f"x{factor}")

    def _skip(self, skip: Callable[[], None], where: str) -> None:
        self._log("you", "clock", where)
        try:
            skip()
        finally:
            self._then, self._real_then = self._world.t, time.monotonic()
            self._question = False

    def _fault(self, name: str, on: bool) -> None:
        self._log("you", f"{name} {'broken' if on else 'mended'}")
        self._world.fault(name, on)
        self._panel_shown = -1

    def _power(self, on: bool) -> None:
        if on == (self._world.device is not None):
            return
        self._log("you", "power on" if on else "power pulled")
        if on:
            self._boot()
        else:
            self._unplug(self._world.power_off)

    # -- what the page shows ---------------------------------------------------------------------------------------

    def _watch(self, effect: Effect) -> None:
        """Pass on an effect. In the device's thread, as is `_refresh`."""
        if self._outlet is not None:
            self._outlet.door.seen(effect)
        self._channel.log_effect(effect, self._clock)
        if isinstance(effect, Changed):
            self._status_due = 0.0
            self._sessions_due = True  # it may be another person's turn
            device = self._world.device
            now = None if device is None else device.agenda.now
            about = None if now is None else now.about
            self._question |= about not in {None, self._asked}
            self._asked = about

    def _look(self) -> None:
        """Read the panel, and the log as a power cut would leave it. In the twin's thread."""
        changes = self._world.panel_changes
        if changes != self._panel_shown:
            self._panel_shown = changes
            image, brightness = self._world.picture()
            message = frame_message(image, str(brightness), self._spoken(), self._world.words.language)
            self._channel.send("frame", message)
        if self._world.device is None:
            return
        try:
            if self._reader is None:
                if is_unmade(self._world.store_path):  # the disk was full from the start
                    return
                self._reader = Store.open(self._world.store_path, read_only=True)
            version = self._reader.version()
            if version != self._version:
                self._stored = self._reader.newest(LISTED)
                self._version, self._sessions_due, self._unread = version, True, ""
        except StoreError as error:
            if str(error) != self._unread:
                self._unread = str(error)
                self._log("note", "cannot read the log", self._unread)

    def _refresh(self) -> None:
        device, light = self._world.device, self._world.light
        if light != self._light_shown:
            self._light_shown = light
            self._channel.send("lamp", lamp_message(light, (self._world.t - light.since) / self._warp))
        if time.monotonic() >= self._status_due or self._prompts.outdated(device):
            self._status_due = time.monotonic() + STATUS_S
            self._channel.send("status", self._status(device))
        if device is not None and self._sessions_due:
            self._sessions_due = False
            self._channel.send("sessions", self._sessions(device))

    def _spoken(self) -> str:
        device, words = self._world.device, self._world.words
        if device is None:
            return words("spoken.no_power")
        if "panel" in self._world.faults:
            return words("spoken.unplugged")
        return "" if device.display.shown is None else spoken(device.display.shown.view, words)

    def _status(self, device: Device | None) -> Payload:
        world = self._world
        return {
            **self._prompts.of(device, world.t, world.mat.spiked),
            "power": device is not None,
            "doing": world.mat.doing,
            "kg": world.mat.kg,
            "clock": world.local.isoformat(timespec="seconds"),
            "warp": self._warp,
            "faults": world.faults,
            "bag": world.mat.bag,
            "board": not isinstance(world, VirtualWorld),
        }

    def _sessions(self, device: Device) -> Payload:
        running, zone = device.session.running, device.clock.zone
        plan = device.plans.today if running is None else device.plans.today.running(running.on_mat_s(self._world.t))
        return {
            "sessions": [
                session_message(session, rating, zone, device.household.name_of(session.person))
                for session, rating in self._stored
            ],
            "plan": plan_message(plan, device.household.name),
        }

    def _log(self, kind: str, event: str, reason: str = "") -> None:
        self._channel.log(self._clock(), kind, event, reason)

    def _clock(self, t: float | None = None) -> str:
        """Return local time at `t`, now unless given, as HH:MM:SS."""
        world = self._world
        return f"{world.local + timedelta(seconds=0.0 if t is None else t - world.t):%H:%M:%S}"
