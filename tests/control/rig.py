"""A device with its own thread and a log with another, as the service has them, in a time that the test lets pass."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, Self, TypeVar

import msgspec
from msgspec.structs import replace

from matpi.config import Config
from matpi.control.door import Door
from matpi.control.requests.all import request_of
from matpi.control.requests.base import Done, Request
from matpi.core.device import Device
from matpi.core.effects import Effect, Save
from matpi.core.events import ButtonDown, ButtonUp, Event, Reading, Stopping, WallClock
from matpi.core.model import (
    Acknowledgement,
    Calibration,
    Doubt,
    EndReason,
    Looser,
    Moment,
    Rating,
    Session,
    Settings,
    StopSign,
)
from matpi.errors import DiskTroubleError, HardwareError
from matpi.loop import Call, Loop
from matpi.paths import stored_zone
from matpi.service.boot import boot
from matpi.store import members
from matpi.store.db import Store
from matpi.store.writer import PatientStore
from matpi.words import ENGLISH, Words

T = TypeVar("T")
NOON = 1_773_576_000.0
"""2026-03-15 12:00 UTC, a Sunday."""
TODAY = date(2026, 3, 15)
ANNA, BEN, ONE, TWO, ODD, GONE, RATED, STOPPED = (f"{n:x}" * 32 for n in range(1, 9))
"""Two people; sessions of yesterday, of this morning, of an unusual load, and a deleted one; a rating, a stop sign."""
NOMINAL = Calibration((0, 0), (43_000.0, 43_000.0), approximate=True)
"""Of cells that are counted and were not calibrated yet."""
WITHIN_S = 30.0


def session(id_: str, days_ago: int, hour: float, **more: Any) -> Session:
    start = NOON - 86_400 * days_ago + 3600 * (hour - 12)
    made = Session(id_, "boot-0", 100.0, 620.0, 600.0, EndReason.LEFT, start, 0, TODAY - timedelta(days=days_ago))
    return replace(made, **{"person": ANNA, "load_kg": 45.0, **more})


def lived(path: Path, *, people: bool = True) -> Path:
    """Make a log in which something has happened; without `people` all of it is no one's."""
    with Store.open(path) as log:
        log.write(Save(Settings(zone="UTC")))
        if people:
            with log.writing() as conn:
                for name, id_ in (("Anna", ANNA), ("Ben", BEN)):
                    members.add(conn, name, id_)
        owner = ANNA if people else None
        for one in (
            session(ONE, 1, 9.0),
            session(GONE, 1, 15.0),
            session(ODD, 0, 7.0, doubt=Doubt.UNUSUAL),
            session(TWO, 0, 9.0),
        ):
            log.write(Save(replace(one, person=owner)))
        log.delete_session(GONE, utc=NOON - 3600)
        day = TODAY - timedelta(days=1)
        at = NOON - 86_400 - 3600 * 2
        log.write(Save(Rating(RATED, "boot-0", 900.0, 7, Moment.AFTER, ONE, at, 0, day, owner)))
        log.write(Save(StopSign(STOPPED, "boot-0", 905.0, ONE, at, 0, day, owner)))
        log.write(Save(Looser(TWO, looser=True)))
        log.write(Save(Acknowledgement(some=True, utc=NOON - 90_000, person=owner)))
    return path


class Time:
    """Implements ports.Clock as far as the loop goes; it passes by hand."""

    def __init__(self) -> None:
        self.t = 1000.0

    def monotonic(self) -> float:
        return self.t

    def utc(self) -> float:
        return NOON + self.t - 1000.0

    def trusted(self) -> bool:
        return True


class Disk(PatientStore):
    """The real store; while it is full it refuses, while it is held it waits."""

    full = False

    def __init__(self, *args: Any, **given: Any) -> None:
        self.free = threading.Event()
        self.free.set()
        super().__init__(*args, **given)

    def _writer(self) -> Store:
        self.free.wait(WITHIN_S)
        if self.full:
            raise DiskTroubleError("The disk is full, so nothing can be written; make room on it.")
        return super()._writer()


class Rig:
    """Implements control.door.Host; `stop` ends it, `device` is to be used by `ask` alone while it runs."""

    def __init__(
        self, path: Path, *, calibration: Calibration | None = None, known: bool = True, config: Config | None = None
    ) -> None:
        """`calibration`: the cells are counted, and this is in use; `known`: the clock is trusted."""
        self.path, self.clock, self.words_ = path, Time(), ENGLISH
        self.config = config or Config()
        self.rules = self.config.device_rules()
        self.inbox: SimpleQueue[Any] = SimpleQueue()
        self.store: Disk | None = Disk(
            path, monotonic=self.clock.monotonic, first_settings=Settings(zone="UTC"), put=self.inbox.put
        )
        memory = self.store.load()
        self.effects: list[Effect] = []
        self.loop: Loop | None = Loop(
            boot(self.config, self.store, replace(memory, calibration=calibration), self.clock.t, uuid.uuid4().hex),
            self.store,
            None,
            lambda _: None,
            watch=self._seen,
            calibration=calibration,
            inbox=self.inbox,
        )
        self.crash: BaseException | None = None
        self.door = Door(self)
        self._n = 0
        self._thread = threading.Thread(target=self._live, args=(self.loop,), name="device", daemon=True)
        self._thread.start()
        self.send(WallClock(self.clock.t, self.clock.utc(), trusted=known))

    def _live(self, loop: Loop) -> None:
        try:
            loop.run(self.clock)
        except BaseException as error:  # noqa: BLE001  raised by `stop`
            self.crash = error

    def _seen(self, effect: Effect) -> None:
        self.effects.append(effect)
        self.door.seen(effect)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End as the service does. Raises what has ended the device before."""
        if self.store is None:
            return
        self.send(Stopping(self.clock.t))
        self._thread.join(WITHIN_S)
        self.store.free.set()
        self.store.close()
        self.store = self.loop = None
        if self.crash is not None:
            raise self.crash

    # -- control.door.Host

    @property
    def words(self) -> Words:
        return self.words_

    def now(self) -> float:
        return self.clock.monotonic()

    def call(self, what: Callable[[], None]) -> None:
        self.inbox.put(Call(what))

    def press(self, seconds: float) -> None:
        self.send(ButtonDown(self.clock.t))
        self.pass_s(seconds)
        self.send(ButtonUp(self.clock.t))
        self.pass_s(0.2)

    def record(self) -> Path:
        raise HardwareError("Nothing is recorded yet; try again when the device has started.")

    def try_out(self, name: str) -> str:
        return f"{self.config.upstream.sink(name).name} has answered."

    # -- the test's side

    def send(self, event: Event) -> None:
        self.inbox.put(event)

    def pass_s(self, seconds: float, kg: float = 0.0, *, moves: bool = True) -> None:
        """Let time pass with this load on the mat, a thing if nothing `moves`; wait until the device has seen it."""
        for _ in range(round(seconds * 10)):
            self.clock.t += 0.1
            self._n += 1
            noise, sway = (
                0.003 * ((self._n * 7919) % 13 - 6) / 6,
                0.05 * ((self._n % 30) - 15) / 15 * (kg > 0 and moves),
            )
            self.send(Reading(self.clock.t, (0.7 * kg + noise + sway, 0.3 * kg - noise / 2 - sway)))
        self.ask(lambda _: None)

    def ask(self, what: Callable[[Device], T]) -> T:
        """Return what `what` returns in the device's thread."""
        answer: Future[T] = Future()
        loop = self.loop
        assert loop is not None

        def run() -> None:
            try:
                answer.set_result(what(loop.device))
            except BaseException as error:  # noqa: BLE001  raised where it was asked
                answer.set_exception(error)

        self.inbox.put(Call(run))
        return answer.result(WITHIN_S)

    def settled(self) -> Rig:
        """Wait until the log has everything."""
        for _ in range(3):
            done: Future[None] = Future()
            assert self.store is not None
            self.call(partial(self.store.change, partial(_done, done), done.set_exception))
            done.result(WITHIN_S)
            self.ask(lambda _: None)
        return self

    def perform(self, **fields: Any) -> Done:
        return self.door.perform(asked(**fields))


def _done(future: Future[None], _: Store) -> None:
    future.set_result(None)


def asked(**fields: Any) -> Request:
    """Read a request as the socket does."""
    return request_of(msgspec.json.encode(fields))


def remembered(device: Device) -> dict[str, Any]:
    """Copy what a device knows of its log."""
    return {
        "log": device.ledger.log,
        "settings": device.ledger.settings,
        "people": device.household.people,
        "answers": dict(device.household.answers),
    }


def after_restart(path: Path) -> dict[str, Any]:
    """Return what a device knows that starts now with this log."""
    with Store.copied(path) as copy:  # the file itself is in use
        memory = copy.load()
    rules, new_id = Config().device_rules(), lambda: uuid.uuid4().hex
    return remembered(Device(0.0, boot_id="next", memory=memory, rules=rules, zone_for=stored_zone, new_id=new_id))
