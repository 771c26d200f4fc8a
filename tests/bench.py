"""A device on the bench: virtual clock, recorded effects, a store that always answers. Tests read as stories."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, date, tzinfo
from itertools import count
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from msgspec import structs
from msgspec.structs import replace

from matpi.core.dated import redated
from matpi.core.device import Device
from matpi.core.effects import (
    Calibrated,
    Changed,
    Checkpoint,
    Chosen,
    DateBoot,
    Drop,
    Effect,
    Light,
    Note,
    Pattern,
    Record,
    Report,
    Save,
    Show,
    UseCalibration,
    Write,
    Zeros,
)
from matpi.core.events import ButtonDown, ButtonUp, Event, Reading, Saved, SaveFailed, SettingWished, Tick, WallClock
from matpi.core.front import Front
from matpi.core.model import (
    Acknowledgement,
    Calibration,
    DayRecord,
    Looser,
    Memory,
    Rating,
    Session,
    Settings,
    StopSign,
)
from matpi.core.presence.load import Load
from matpi.core.rules import DeviceRules
from matpi.core.screens.menu import Item
from matpi.core.session import State
from matpi.core.text import Text
from matpi.core.views import Menu, View
from matpi.words import ENGLISH, Words

NOON = 1_773_576_000.0
"""2026-03-15 12:00 UTC, a Sunday."""

_V = TypeVar("_V", bound=View)
_E = TypeVar("_E", bound=Effect)
_S = TypeVar("_S", bound=Record)

Body = Callable[[float], tuple[float, ...]]
"""What the channels tell at a time, in kg."""


def zone_for(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)


class Rows:
    """What a store would hold after a power cut: only what was committed."""

    def __init__(self, memory: Memory) -> None:
        self.before = memory
        self.sessions: dict[str, Session] = {s.id: s for s in memory.log.sessions}
        if memory.open is not None:
            self.sessions[memory.open.id] = memory.open
        self.ratings: dict[str, Rating] = {r.id: r for r in memory.log.ratings}
        self.stops: dict[str, StopSign] = {s.id: s for s in memory.log.stops}
        self.days: dict[tuple[date, str | None], DayRecord] = {(d.day, d.person): d for d in memory.log.days}
        self.looser: dict[str, Looser] = {answer.session_id: answer for answer in memory.log.looser}
        self.zero, self.zero_before = memory.zero, memory.zero_before
        self.calibration = memory.calibration
        self.acknowledgement = memory.acknowledgement
        self.answers = {answer.person: answer for answer in memory.answers}
        self.people = memory.people

    def commit(self, effect: Write) -> str:
        """Take it in; the id to answer with."""
        match effect:
            case Save(Session() as session) | Checkpoint(session):
                self.sessions[session.id] = session
            case Save(Rating() as rating):
                self.ratings[rating.id] = rating
            case Save(StopSign() as stop):
                self.stops[stop.id] = stop
            case Save(Looser() as looser):
                self.looser[looser.session_id] = looser
            case Drop(kind, record_id):
                (self.stops if kind is StopSign else self.sessions).pop(record_id, None)
            case Save(DayRecord() as record):
                self.days[record.day, record.person] = record
            case Save(Zeros(zero, before)):
                self.zero, self.zero_before = zero, before
            case Save(Calibrated(calibration, zero)):
                self.calibration, self.zero, self.zero_before = calibration, zero, None
            case Save(Acknowledgement(person=None) as answer):
                self.acknowledgement = answer
            case Save(Acknowledgement() as answer):
                self.answers[answer.person] = answer
            case Save(Chosen(person)):
                self.people = self.people.choose(person)
            case DateBoot():
                self.sessions = {id_: redated(session, effect) for id_, session in self.sessions.items()}
                self.ratings = {id_: redated(rating, effect) for id_, rating in self.ratings.items()}
                self.stops = {id_: redated(stop, effect) for id_, stop in self.stops.items()}
            case _:
                pass
        return effect.key

    def memory(self) -> Memory:
        """Return what the store would: of several open sessions the newest is open, and no other is in the log."""
        closed = tuple(s for s in self.sessions.values() if not s.is_open)
        left_open = [s for s in self.sessions.values() if s.is_open]
        return Memory(
            log=replace(
                self.before.log,
                sessions=closed,
                ratings=tuple(self.ratings.values()),
                stops=tuple(self.stops.values()),
                days=tuple(self.days.values()),
                looser=tuple(self.looser.values()),
            ),
            open=left_open[-1] if left_open else None,
            zero=self.zero,
            zero_before=self.zero_before,
            calibration=self.calibration,
            acknowledgement=self.acknowledgement,
            settings=self.before.settings,
            people=self.people,
            answers=tuple(self.answers.values()),
        )


class Cells:
    """The bridges as they really are: counts a kilogram and counts of the empty mat, a channel; noise in counts rms."""

    def __init__(
        self, slopes: tuple[float, ...], offsets: tuple[float, ...], noise: float = 40.0, seed: int = 1
    ) -> None:
        self.slopes, self.offsets, self.noise = slopes, offsets, noise
        self.random = random.Random(seed)

    def counts(self, kg: tuple[float, ...]) -> tuple[int, ...]:
        return tuple(
            round(offset + slope * value + self.random.gauss(0.0, self.noise))
            for value, slope, offset in zip(kg, self.slopes, self.offsets, strict=True)
        )


NOMINAL = 43_000.0
UNCALIBRATED = Calibration((0, 0), (NOMINAL, NOMINAL), approximate=True)


class Bench:
    """`kg` is what lies on the mat; `pass_s` lets time go by with readings at `rate`.

    `body` replaces the made-up load by one of the test's own. With `spike_share`, that share of the readings has a
    spike of `spike_kg` on one channel, alone: its neighbours are clean.
    """

    def __init__(
        self,
        memory: Memory | None = None,
        *,
        utc: float | None = NOON,
        rules: DeviceRules | None = None,
        t: float = 100.0,
        rate: float = 10.0,
        boot_id: str = "boot-1",
        acknowledged: bool = True,
        disk_full: bool = False,
        channels: int = 2,
        seed: int = 1,
        cells: Cells | None = None,
        words: Words = ENGLISH,
        zone_for: Callable[[str], tzinfo] = zone_for,
    ) -> None:
        """With `cells` the readings are what chips count, weighed with the device's calibration as the loop does."""
        ids = count(1)
        if memory is None:
            memory = Memory(acknowledgement=Acknowledgement(some=False, utc=NOON) if acknowledged else None)
        self.cells = cells
        self.scale = memory.calibration
        self.t = t
        self.rate = rate
        self.channels = channels
        self.kg = 0.0
        self.motion_kg = 0.05
        """Swing between head and foot of whoever lies there."""
        self.noise_kg = 0.003
        self.body: Body | None = None
        self.spike_share, self.spike_kg = 0.0, 400.0
        self.spike_run = 1
        """Readings in a row that are spiked."""
        self.jitter = 0.0
        """Share of the step by which the times of readings wander."""
        self.random = random.Random(seed)
        self.disk_full = disk_full
        self.mute_store = False
        """The store does not answer at all."""
        self.silent = False
        self.ok = True
        self.effects: list[Effect] = []
        self.times: list[float] = []
        """When each of them came."""
        self.rows = Rows(memory)
        self.utc_at_0 = None if utc is None else utc - t
        self.device = Device(
            t,
            boot_id=boot_id,
            memory=memory,
            rules=rules or DeviceRules(),
            zone_for=zone_for,
            new_id=lambda: f"{boot_id}-{next(ids)}",
            version="test",
        )
        self.words = words
        self._n = 0
        self._spiking = 0
        if utc is not None:
            self.send(WallClock(t, utc, trusted=True))

    def change(self, settings: Settings) -> None:
        """What the house or the menu sends: a wish for each setting that is another one."""
        for name in settings.__struct_fields__:
            if getattr(self.device.ledger.settings, name) != (value := getattr(settings, name)):
                self.send(SettingWished(self.t, name, value))

    def send(self, event: Event) -> None:
        """One event, and the store's answers, in the order the loop gives them; then session and presence agree."""
        waiting = deque([event])
        while waiting:
            event = waiting.popleft()
            for effect in self.device.handle(event):
                self.effects.append(effect)
                self.times.append(event.t)
                if isinstance(effect, UseCalibration):
                    self.scale = effect.calibration
                if not isinstance(effect, Write) or self.mute_store:
                    continue
                if self.disk_full:
                    waiting.append(SaveFailed(event.t, effect.key, "the disk is full"))
                else:
                    waiting.append(Saved(event.t, self.rows.commit(effect)))
        self._check_session()

    def _check_session(self) -> None:
        """The session machine ignores triggers it has no row for: this shows when that is wrong."""
        device, load = self.device, self.device.presence.load
        # Comparisons, no table: this runs for every reading of every test.
        if load is Load.EMPTY or load is Load.OBJECT:
            expected = State.EMPTY
        elif load is Load.ARRIVING:
            expected = State.ARRIVING
        elif device.session.running is None:
            expected = State.CLOSED
        elif load is Load.AWAY:
            expected = State.AWAY
        else:
            expected = State.HOLDING if device.presence.silent else State.ON_MAT
        assert device.session.state is expected, (device.session.state, load)

    def until(self, t: float) -> None:
        """What is due by `t` happens, without readings."""
        while (wake := self.device.next_wake()) is not None and wake <= t:
            self.t = max(self.t, wake)
            self.send(Tick(self.t))

    def pass_s(self, seconds: float) -> None:
        """Time goes by; readings come unless the cells are silent."""
        end = self.t + seconds
        step = 1.0 / self.rate
        while self.t < end - 1e-9:
            stride = step * (1 + self.jitter * self.random.uniform(-1, 1)) if self.jitter else step
            nxt = min(end, self.t + stride)
            self.until(nxt)
            self.t = nxt
            if not self.silent:
                self.send(Reading(self.t, self._sample(), self.ok))
        self.until(end)

    def _sample(self) -> tuple[float, ...]:
        self._n += 1
        values = self.body(self.t) if self.body is not None else self._made_up()
        if self.spike_share:
            if self._spiking == 0 and self.random.random() < self.spike_share:
                self._spiking = self.spike_run
            elif self._spiking <= 0:
                self._spiking += self._spiking < 0
            if self._spiking > 0:
                self._spiking -= 1
                if self._spiking == 0:
                    self._spiking = -2  # the next two are clean: this spike stood alone
                where = self.random.randrange(len(values))
                spike = self.random.choice((-1, 1)) * self.spike_kg
                values = tuple(v + spike if n == where else v for n, v in enumerate(values))
        if self.cells is not None:
            assert self.scale is not None
            return self.scale.kg(self.cells.counts(values))
        return values

    def _made_up(self) -> tuple[float, ...]:
        wiggle = self.noise_kg * ((self._n * 7919) % 13 - 6) / 6
        sway = self.motion_kg * ((self._n % 30) - 15) / 15 if self.kg > 0 else 0.0
        head, foot = 0.7 * self.kg + wiggle + sway, 0.3 * self.kg - wiggle / 2 - sway
        match self.channels:
            case 1:
                return (head + foot + 0.2 * sway,)  # breathing hardly shows in the sum, the heartbeat does
            case 2:
                return (head, foot)
            case _:
                return (head / 2, head / 2, *(foot / (self.channels - 2) for _ in range(self.channels - 2)))

    def lie(self, seconds: float, kg: float = 45.0) -> None:
        self.kg = kg
        self.pass_s(seconds)

    def up(self, seconds: float) -> None:
        self.kg = 0.0
        self.pass_s(seconds)

    def press(self, seconds: float) -> None:
        """Down now, up after `seconds`, and a moment for the release to settle."""
        self.until(self.t)
        self.send(ButtonDown(self.t))
        self.pass_s(seconds)
        self.send(ButtonUp(self.t))
        self.pass_s(0.1)

    def tap(self) -> None:
        self.press(0.15)

    def hold(self, seconds: float = 0.9) -> None:
        self.press(seconds)

    def choose(self, item: str) -> None:
        """From the menu, opened by a hold; an `Item`, or what a line of it says."""
        if isinstance(item, Item):
            item = self.words(f"menu.{item}")
        if self.state is not Front.MENU:
            self.hold()
        while isinstance(self.view, Menu) and self.view.items[self.view.index] != item:
            assert item in self.view.items, f"the menu has no {item!r}"
            self.tap()
        self.hold()

    def reboot(self, off_s: float = 30.0, *, t: float = 20.0, clock: bool = True, boot_id: str = "boot-2") -> Bench:
        """Power cut now, `off_s` later the device starts again with what was committed."""
        utc = None if self.utc_at_0 is None else self.utc_at_0 + self.t + off_s
        known = utc if clock else None
        new = Bench(self.rows.memory(), utc=known, rate=self.rate, t=t, boot_id=boot_id, cells=self.cells)
        new.utc_at_0 = None if utc is None else utc - t
        new.kg = self.kg
        return new

    def clock_known(self) -> None:
        assert self.utc_at_0 is not None
        self.send(WallClock(self.t, self.utc_at_0 + self.t, trusted=True))

    @property
    def state(self) -> Front:
        return self.device.stage.front

    @property
    def view(self) -> View:
        shown = self.device.display.shown
        assert shown is not None
        return said(shown.view, self.words)

    @property
    def pattern(self) -> Pattern:
        return self.device.display.light.pattern

    def of(self, kind: type[_E]) -> list[_E]:
        return [e for e in self.effects if isinstance(e, kind)]

    def saves(self, kind: type[_S]) -> list[_S]:
        """The records of this kind that the device asked to store, each time it asked."""
        return [e.record for e in self.of(Save) if isinstance(e.record, kind)]

    @property
    def saved(self) -> list[Session]:
        """Sessions the device asked to close for good, each as it was asked last."""
        return list({session.id: session for session in self.saves(Session)}.values())

    @property
    def dropped(self) -> list[str]:
        return [e.why for e in self.of(Drop) if e.kind is Session]

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(str(e.event), e.reason) for e in self.of(Report)]

    @property
    def heard(self) -> list[str]:
        return [str(e.event) for e in self.of(Report)]

    @property
    def path(self) -> list[str]:
        return [e.dest for e in self.of(Changed)]

    def notes(self, kind: str) -> Iterator[Note]:
        return (e for e in self.of(Note) if e.kind == kind)

    @property
    def views(self) -> list[View]:
        return [said(e.view, self.words) for e in self.of(Show)]

    @property
    def lights(self) -> list[Light]:
        return self.of(Light)


def said(view: _V, words: Words = ENGLISH) -> _V:
    """The view with its texts put into words: what a person reads."""

    def read(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(read(one) for one in value)
        if not isinstance(value, Text):
            return value
        assert value.key in words.texts, value
        return words.say(value)

    return structs.replace(view, **{field: read(value) for field, value in structs.asdict(view).items()})


def end_of(session: Session) -> float:
    return session.start_mono + session.span_s
