"""The twin on the emulated board: the appliance as it runs on a Pi, real drivers and reader process included.

The page plays it as it plays the other twin, but in real time only: the drivers wait for real edges. What the page
shows as the OLED is what the panel's bytes say.
"""

from __future__ import annotations

import queue
import threading
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from matpi.config import Config
from matpi.core.effects import (
    Changed,
    Checkpoint,
    DateBoot,
    Drop,
    Effect,
    Light,
    Pattern,
    Save,
)
from matpi.errors import MatpiError, UsageError
from matpi.ports import Clock
from matpi.service.appliance import Appliance, PulledError
from matpi.service.parts import light_up
from matpi.sim.board import FAULTS, Board
from matpi.sim.body import ACTS
from matpi.store.db import Store, is_unmade
from matpi.twin.bulletin import Bulletin, Put
from matpi.twin.disk import SimulatedDisk
from matpi.twin.payloads import Payload, frame_payload, lamp_payload, plan_payload, session_payload
from matpi.twin.prompts import Prompts
from matpi.words import LANGUAGES
from matpi.words.spoken import spoken

LISTED = 200
LOOK_S = 0.05
"""Between two looks at the panel. Chosen: a page shows 20 pictures a second and the device 5."""
STATUS_S = 1.0


class BoardTwin:
    """Implements web.bench.Bench. `start`, then call; `stop` ends the device as a service is ended."""

    def __init__(
        self,
        config: Config,
        board: Board,
        store: Path,
        clock: Clock,
        zone: str,
        crashed: Callable[[], None] = lambda: None,
    ) -> None:
        """`crashed` is called from the device's thread when it ends by a mistake of ours; `stop` then raises it."""
        self._config, self._board, self._store_path, self._clock, self._zone = config, board, store, clock, zone
        self._told = Bulletin()
        self._prompts = Prompts()
        self._appliance: Appliance | None = None
        self._thread: threading.Thread | None = None
        self._looker = threading.Thread(target=self._look, name="looker", daemon=True)
        self._ending = threading.Event()
        self._hands = threading.Lock()  # one call from the page at a time
        self._disk_full = False
        self._light = Light(Pattern.OFF, 0.0)
        self._crashed = crashed
        self._crash: Exception | None = None
        self._status_due = 0.0
        self._keeping = False

    def start(self) -> None:
        """Boot. Raises what the boot raised, such as StoreBusyError."""
        self._power_on()
        self._looker.start()

    def stop(self) -> None:
        self._ending.set()
        if self._looker.is_alive():
            self._looker.join()
        with self._hands:
            if self._appliance is not None:
                self._appliance.ask_to_stop()
            self._down()
        if self._crash is not None:
            raise self._crash

    # -- the page's side (any thread) ------------------------------------------------------------------------------

    def act(self, what: str) -> None:
        if what not in ACTS:
            raise UsageError(f"The mat knows no {what!r}; choose one of {', '.join(ACTS)}.")
        self._log("you", what.replace("_", " "), f"{self._board.kg:g} kg" if what != "cat" else "")
        self._board.act(what)
        self._status_due = 0.0

    def weigh(self, kg: float) -> None:
        self._board.weigh(kg)
        self._status_due = 0.0

    def button(self, down: bool) -> None:
        self._board.button(down=down)

    def warp(self, factor: int) -> None:
        if factor != 1:
            raise UsageError("The emulated board runs in real time; for a faster clock leave out --board.")

    def jump(self, hhmm: str) -> None:
        raise UsageError(f"The emulated board cannot jump to {hhmm}; leave out --board.")

    def next_day(self) -> None:
        raise UsageError("The emulated board cannot skip a night; leave out --board.")

    def fault(self, name: str, on: bool) -> None:
        if name not in (*FAULTS, "disk"):
            raise UsageError(f"There is no fault {name!r}; choose one of {', '.join((*FAULTS, 'disk'))}.")
        self._log("you", f"{name} {'broken' if on else 'mended'}")
        if name == "disk":
            self._disk_full = on
            store = None if self._appliance is None else self._appliance.store
            if isinstance(store, SimulatedDisk):
                store.full = on
        else:
            self._board.fault(name, on=on)
        self._status_due = 0.0

    def power(self, on: bool) -> None:
        with self._hands:
            if on == (self._appliance is not None):
                return
            self._log("you", "power on" if on else "power pulled")
            try:
                if on:
                    self._power_on()
                elif self._appliance is not None:
                    self._appliance.pull()
                    self._down()
                    self._board.power_cut()
            except MatpiError as error:
                self._log("note", "refused", str(error))
            if self._appliance is None:
                self._tell_screen()
                self._tell_light()
                self._tell_status()

    def subscribe(self, put: Put) -> Callable[[], None]:
        return self._told.subscribe(put)

    def snapshot(self) -> list[tuple[str, Payload]]:
        return self._told.snapshot()

    # -- power -----------------------------------------------------------------------------------------------------

    def _power_on(self) -> None:
        inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        appliance = Appliance(
            self._config,
            self._board,
            self._store_path,
            self._clock,
            screen=light_up(self._board, inbox.put),
            inbox=inbox,
            boot_id=uuid.uuid4().hex,  # a boot of the board is none of this computer
            zone=self._zone,
            watch=self._watch,
            turned=self._turned,
            make_store=self._make_store,
        )
        booted: queue.SimpleQueue[Exception | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._serve, args=(appliance, booted), name="twin", daemon=True)
        self._thread.start()
        failed = booted.get()
        if failed is not None:
            raise failed
        self._appliance = appliance
        self._tell_light()

    def _make_store(self, path: Path, **given: Any) -> SimulatedDisk:
        return SimulatedDisk(path, full=self._disk_full, **given)

    def _serve(self, appliance: Appliance, booted: queue.SimpleQueue[Exception | None]) -> None:
        """The device's life from power to no power; its log belongs to this thread."""
        try:
            appliance.start()
        except Exception as error:  # noqa: BLE001  told by whoever switched the power on
            appliance.close()
            booted.put(error)
            return
        booted.put(None)
        try:
            appliance.run()
        except PulledError:
            pass
        except Exception as error:  # noqa: BLE001  told by `stop`, and on the page
            self._crash = error
        finally:
            appliance.close()
        if self._crash is not None:
            self._crashed()

    def _down(self) -> None:
        if self._thread is not None:
            self._thread.join(timeout=10.0)
        self._appliance = self._thread = None
        self._light = Light(Pattern.OFF, self._clock.monotonic())

    # -- what the page hears ---------------------------------------------------------------------------------------

    def _watch(self, effect: Effect) -> None:
        self._told.log_effect(self._time(), effect, self._time)
        match effect:
            case Light():
                self._light = effect
                self._tell_light()
            case Changed():
                self._status_due = 0.0
            case Save() | Drop() | DateBoot() | Checkpoint():
                self._keeping = True
            case _:
                pass

    def _turned(self) -> None:
        """In the device's thread, like all that asks the device or its log."""
        device = None if self._appliance is None else self._appliance.device
        if time.monotonic() >= self._status_due or self._keeping or self._prompts.outdated(device):
            self._status_due = time.monotonic() + STATUS_S
            self._keeping = False
            self._tell_status()
            self._tell_sessions()

    def _look(self) -> None:
        """In the looker's thread: what the panel's bytes say."""
        seen = -1
        while not self._ending.wait(LOOK_S):
            changes = self._board.panel_changes
            if changes != seen:
                seen = changes
                self._tell_screen()

    def _tell_screen(self) -> None:
        words = LANGUAGES[self._config.panel.language]
        device = None if self._appliance is None else self._appliance.device
        if device is None:
            text = words("spoken.no_power")
        elif "panel" in self._board.faults:
            text = words("spoken.unplugged")
        else:
            text = spoken(device.display.shown.view, words) if device.display.shown is not None else ""
        self._told.tell("frame", frame_payload(self._board.picture(), self._board.brightness(), text))

    def _tell_light(self) -> None:
        self._told.tell("lamp", lamp_payload(self._light, self._clock.monotonic() - self._light.since))

    def _tell_status(self) -> None:
        appliance = self._appliance
        device = None if appliance is None else appliance.device
        faults = [*self._board.faults, *(["disk"] if self._disk_full else [])]
        self._told.tell(
            "status",
            {
                **self._prompts.of(device, self._clock.monotonic()),
                "power": device is not None,
                "doing": self._board.doing,
                "kg": self._board.kg,
                "clock": self._local().isoformat(timespec="seconds"),
                "warp": 1,
                "faults": faults,
                "bag": self._board.bag,
                "board": True,
            },
        )

    def _tell_sessions(self) -> None:
        appliance = self._appliance
        device = None if appliance is None else appliance.device
        if device is None:
            return
        try:
            if is_unmade(self._store_path):  # the disk was full from the start
                return
            with Store.open(self._store_path, read_only=True) as log:
                stored = log.newest(LISTED)
        except MatpiError as error:
            self._log("note", "cannot read the log", str(error))
            return
        running = device.session.running
        plan = (
            device.plans.today
            if running is None
            else device.plans.today.running(running.on_mat_s(self._clock.monotonic()))
        )
        self._told.tell(
            "sessions",
            {
                "sessions": [
                    session_payload(s, rating, device.clock.zone, device.household.name_of(s.person))
                    for s, rating in stored
                ],
                "plan": plan_payload(plan, device.household.name),
            },
        )

    def _log(self, kind: str, event: str, reason: str = "") -> None:
        self._told.log(self._time(), kind, event, reason)

    def _time(self, t: float | None = None) -> str:
        ago_s = 0.0 if t is None else self._clock.monotonic() - t
        return f"{self._local() - timedelta(seconds=ago_s):%H:%M:%S}"

    def _local(self) -> datetime:
        device = None if self._appliance is None else self._appliance.device
        zone = None if device is None else device.clock.zone
        now = datetime.fromtimestamp(self._clock.utc(), zone)
        return now.astimezone() if zone is None else now
