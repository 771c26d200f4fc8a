"""The desktop twin: a Rig driven by the wall clock in a thread of its own, and the Bench through which a page plays it.

Everything that touches the rig runs on that thread; the page's calls are put on its queue and do not wait.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from matpi.core.effects import (
    Changed,
    Checkpoint,
    DateBoot,
    Drop,
    Effect,
    Light,
    Report,
    Save,
    Show,
)
from matpi.core.events import Event
from matpi.core.front import Front
from matpi.core.model import Session
from matpi.errors import MatpiError, UsageError
from matpi.sim.body import ACTS
from matpi.twin.bulletin import Bulletin, Put
from matpi.twin.payloads import Payload, frame_payload, lamp_payload, plan_payload, session_payload
from matpi.twin.prompts import Prompts
from matpi.twin.world import FAULTS, Rig
from matpi.words.spoken import spoken

if TYPE_CHECKING:
    from matpi.upstream.relays import Relays

MakeRelays = Callable[[Callable[[Event], None], Callable[[], float | None]], "Relays"]
"""Takes where events go and what measures the rate of readings."""

WARPS = (1, 10, 60)
STATUS_S = 1.0
LISTED = 200
"""The page lists so many sessions, the newest."""


class Twin:
    """Implements web.bench.Bench. `start`, then call; `stop` ends the device as a service is ended."""

    def __init__(
        self,
        make_rig: Callable[[Callable[[Effect], None]], Rig],
        warp: int = 1,
        crashed: Callable[[], None] = lambda: None,
        make_relays: MakeRelays | None = None,
    ) -> None:
        """`crashed` is called from the twin's thread when it ends by a mistake of ours; `stop` then raises it.
        `make_relays` is called at each boot, where records and state are published.
        """
        self._make_rig = make_rig
        self._make_relays = make_relays
        self._relays: Relays | None = None
        self._crashed = crashed
        self._crash: Exception | None = None
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="twin", daemon=True)
        self._ready = threading.Event()
        self._failed: Exception | None = None
        self._ending = False
        self._rig: Rig
        self._warp = warp
        self._real_then = self._virtual_then = 0.0
        self._skipping = False
        self._stored: list[Session] = []
        self._rated: dict[str, int] = {}
        self._status_at = 0.0
        self._told = Bulletin()
        self._prompts = Prompts()

    def start(self) -> None:
        """Boot. Raises what the boot raised, such as StoreBusyError."""
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        self._commands.put(self._end)
        self._thread.join(timeout=10.0)
        if self._crash is not None:
            raise self._crash

    # -- the page's side (any thread) ------------------------------------------------------------------------------

    def act(self, what: str) -> None:
        _known(what, ACTS, "the mat knows no")
        self._do(lambda: self._act(what))

    def weigh(self, kg: float) -> None:
        self._do(lambda: self._rig.mat.weigh(kg, self._rig.t))

    def button(self, down: bool) -> None:
        """A finger lives in real time: a press brings the clock back to x1."""
        self._do(lambda: self._button(down))

    def press(self, seconds: float) -> None:
        """Down now, up after `seconds` of the device's time: for hands that cannot let go, such as a terminal's."""
        self._do(lambda: self._rig.press(seconds))

    def warp(self, factor: int) -> None:
        if factor not in WARPS:
            raise UsageError(f"The clock runs at x1, x10 or x60, not x{factor}.")
        self._do(lambda: self._set_warp(factor))

    def jump(self, hhmm: str) -> None:
        self._do(lambda: self._skip(lambda: self._rig.jump(hhmm), f"to {hhmm}"))

    def next_day(self) -> None:
        self._do(lambda: self._skip(self._rig.next_day, "to the next day"))

    def fault(self, name: str, on: bool) -> None:
        _known(name, FAULTS, "there is no fault")
        self._do(lambda: self._fault(name, on))

    def power(self, on: bool) -> None:
        self._do(lambda: self._power(on))

    def put(self, event: Event) -> None:
        """What an edge beside the rig has to tell, at whatever time it is in there."""
        self._do(lambda: self._rig.take(event))

    def subscribe(self, put: Put) -> Callable[[], None]:
        return self._told.subscribe(put)

    def snapshot(self) -> list[tuple[str, Payload]]:
        return self._told.snapshot()

    # -- the twin's thread -----------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._rig = self._make_rig(self._watch)
            self._real_then = time.monotonic()
            self._rig.power_on()
            self._after_boot()
        except Exception as error:  # noqa: BLE001  told by `start`
            self._failed = error
            return
        finally:
            self._ready.set()
        try:
            self._serve()
        except Exception as error:  # noqa: BLE001  told by `stop`; a thread that dies in silence freezes the page
            self._crash = error
            try:
                self._power_off(self._rig.power_off)
            finally:
                self._crashed()

    def _serve(self) -> None:
        while not self._ending:
            self._rig.run_until(self._virtual_now())
            if self._relays is not None and self._rig.device is not None:
                self._relays.turned(self._rig.device, time.monotonic())
            if time.monotonic() >= self._status_at or self._prompts.outdated(self._rig.device):
                self._tell_status()
            try:
                command = self._commands.get(timeout=self._wait_s())
            except queue.Empty:
                continue
            self._rig.run_until(self._virtual_now())
            command()
            self._tell_status()

    def _virtual_now(self) -> float:
        return self._virtual_then + (time.monotonic() - self._real_then) * self._warp

    def _wait_s(self) -> float:
        """Real seconds until the rig or the status has something to do; at high warp in steps of 20 ms."""
        due = (self._rig.next_due() - self._virtual_now()) / self._warp
        return max(0.0 if self._warp == 1 else 0.02, min(due, self._status_at - time.monotonic(), 1.0))

    def _do(self, what: Callable[[], None]) -> None:
        def guarded() -> None:
            try:
                what()
            except MatpiError as error:
                self._tell_log("note", "refused", str(error), "")

        self._commands.put(guarded)

    def _end(self) -> None:
        self._ending = True
        self._power_off(self._rig.shut_down)

    def _power_off(self, off: Callable[[], None]) -> None:
        """Sending ends before the log closes; at a broker the device is offline then, as it is without power."""
        relays, self._relays = self._relays, None
        if relays is not None:
            relays.stop()
        off()

    def _button(self, down: bool) -> None:
        self._slow_down("for the finger on the button")
        self._rig.button(down)

    def _slow_down(self, why: str) -> None:
        if self._warp != 1:
            self._set_warp(1)
            self._tell_log("note", "clock", why, "")

    def _set_warp(self, factor: int) -> None:
        self._virtual_then, self._real_then = self._virtual_now(), time.monotonic()
        self._warp = factor
        self._tell_log("you", "clock", f"x{factor}", "")

    def _skip(self, skip: Callable[[], None], where: str) -> None:
        self._tell_log("you", "clock", where, "")
        self._skipping = True
        try:
            skip()
        finally:
            self._skipping = False
            self._virtual_then, self._real_then = self._rig.t, time.monotonic()
        self._tell_screen()
        self._tell_light(self._rig.light)
        self._read_sessions()
        self._tell_sessions()

    def _act(self, what: str) -> None:
        self._tell_log("you", what.replace("_", " "), f"{self._rig.mat.kg:g} kg" if what != "cat" else "", "")
        self._rig.mat.act(what, self._rig.t)

    def _fault(self, name: str, on: bool) -> None:
        self._tell_log("you", f"{name} {'broken' if on else 'mended'}", "", "")
        self._rig.fault(name, on)
        self._tell_screen()

    def _power(self, on: bool) -> None:
        if on == (self._rig.device is not None):
            return
        self._tell_log("you", "power on" if on else "power pulled", "", "")
        if on:
            self._rig.power_on()
            self._after_boot()
        else:
            self._power_off(self._rig.power_off)
            self._tell_screen()
            self._tell_light(self._rig.light)

    def _after_boot(self) -> None:
        if self._make_relays is not None:
            self._relays = self._make_relays(self.put, lambda: self._rig.rate_hz)
            self._relays.start()
        store = self._rig.store
        if store is not None and store.set_aside is not None:
            self._tell_log("note", "log set aside", f"it was damaged and is kept as {store.set_aside}", "")
        self._tell_screen()
        self._tell_light(self._rig.light)
        self._read_sessions()
        self._tell_sessions()
        self._tell_status()

    # -- what the page hears ---------------------------------------------------------------------------------------

    def _watch(self, effect: Effect) -> None:
        self._told.log_effect(self._clock(self._rig.t), effect, self._clock)
        if self._relays is not None:
            # An event is too old to send by the monotonic clock, which virtual time may be far from.
            self._relays.watch(replace(effect, t=time.monotonic()) if isinstance(effect, Report) else effect)
        match effect:
            case Changed(_, _, _, dest, _):
                self._status_at = 0.0
                if dest == Front.DONE.name and not self._skipping:
                    self._slow_down("a question is coming, and people answer in real time")
                if not self._skipping and self._rig.device is not None and self._rig.device.household.people.on:
                    self._tell_sessions()  # it may be somebody else's turn
            case Show() if not self._skipping:
                self._tell_screen()
            case Light() if not self._skipping:
                self._tell_light(effect)
            case Checkpoint(session) if not self._skipping and self._writes():
                self._stored = [*(s for s in self._stored if s.id != session.id), session]
                self._tell_sessions()
            case Save() | Drop() | DateBoot() if not self._skipping:
                self._read_sessions()
                self._tell_sessions()
            case _:
                pass

    def _tell_screen(self) -> None:
        rig, device = self._rig, self._rig.device
        image = rig.panel.image
        if device is None:
            text = rig.words("spoken.no_power")
        elif rig.panel.unplugged:
            text = rig.words("spoken.unplugged")
        else:
            text = spoken(device.display.shown.view, rig.words) if device.display.shown is not None else ""
        self._told.tell("frame", frame_payload(image, str(rig.panel.brightness), text))

    def _tell_light(self, light: Light) -> None:
        self._told.tell("lamp", lamp_payload(light, (self._rig.t - light.since) / self._warp))

    def _tell_log(self, kind: str, event: str, reason: str, detail: str) -> None:
        self._told.log(self._clock(self._rig.t), kind, event, reason, detail)

    def _tell_status(self) -> None:
        rig, device = self._rig, self._rig.device
        self._status_at = time.monotonic() + STATUS_S
        self._told.tell(
            "status",
            {
                **self._prompts.of(device, rig.t, rig.mat.spiked),
                "power": device is not None,
                "doing": rig.mat.doing,
                "kg": rig.mat.kg,
                "clock": rig.local.isoformat(timespec="seconds"),
                "warp": self._warp,
                "faults": rig.faults,
                "bag": rig.mat.bag,
                "board": False,
            },
        )

    def _writes(self) -> bool:
        """Whether what was just asked of the store is in it."""
        return self._rig.store is not None and not self._rig.disk_full and self._rig.store.is_open

    def _read_sessions(self) -> None:
        """What the store holds, so that the page shows what would be there after a power cut."""
        store = self._rig.store
        if store is None:
            return
        try:
            self._stored = [s.session for s in store.sessions() if s.deleted_why is None][-LISTED:]
            self._rated = {r.session_id: r.value for r in store.log().ratings if r.session_id is not None}
        except MatpiError as error:
            self._tell_log("note", "cannot read the log", str(error), "")

    def _tell_sessions(self) -> None:
        rig, device = self._rig, self._rig.device
        if device is None:
            return
        running = device.session.running
        plan = device.plans.today if running is None else device.plans.today.running(running.on_mat_s(rig.t))
        self._told.tell(
            "sessions",
            {
                "sessions": [
                    session_payload(s, self._rated.get(s.id), rig.zone, device.household.name_of(s.person))
                    for s in self._stored
                ],
                "plan": plan_payload(plan, device.household.name),
            },
        )

    def _clock(self, t: float) -> str:
        return f"{self._rig.local + timedelta(seconds=t - self._rig.t):%H:%M:%S}"


def _known(word: str, words: tuple[str, ...], what: str) -> None:
    if word not in words:
        raise UsageError(f"{what.capitalize()} {word!r}; choose one of {', '.join(words)}.")
