"""A day of random faults: people lie down and get up, parts break and recover, and the log must say what happened.

    PYTHONPATH=. python -m tests.reliability.soak --hours 24 --faults 5000 --seed 1

prints the figures as one JSON line. What is compared with what is in docs/dev/reliability.md, Soak.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import ctypes
import errno
import gc
import json
import logging
import os
import random
import socket
import sys
import tempfile
import threading
import time as timing
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import partial
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Any, Final
from unittest import mock

import msgspec

from matpi.control.address import to_serve
from matpi.control.requests import all as requests
from matpi.control.requests.base import Request
from matpi.core.effects import Calibrated, Changed, DateBoot, Drop, Effect, Note, Report, Save
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Calibration, EndReason, Log, Rating, Session, Settings, Zero
from matpi.core.rules import DeviceRules
from matpi.drivers.scale.guard import Status
from matpi.errors import StoreError
from matpi.page.logbook import Logbook
from matpi.store.db import Store
from matpi.upstream.config import MqttConfig, UpstreamConfig, WebhookConfig
from matpi.words import ENGLISH
from tests.reliability.broker import Broker
from tests.reliability.days import right_day
from tests.reliability.disk import Trouble
from tests.reliability.service import COUNTS_PER_KG, World
from tests.upstream.receiver import Receiver, answer, status

M_ARENA_MAX: Final = -8  # <malloc.h>
BEGIN_UTC: Final = 1_773_576_000.0
"""2026-03-15 12:00 UTC."""
SINK: Final = "house"
MQTT: Final = "home"
CODES: Final = (0x10, 0x80, 0x87, 0x97)
"""No subscriber, a reason unknown, a missing right, the quota: a record waits for all of them."""
RULES: Final = DeviceRules()
TOUCH_KG, OFF_KG = RULES.presence.touch_kg, RULES.presence.off_kg
QUIET_S: Final = 1200.0
"""At the end, for what is left to be written and sent."""
EXACT_S: Final = 0.5
"""Of an edge, and of a duration: noise, spikes, and a period of the cells at either end."""
LOST_S: Final = RULES.checkpoint_s + 1.0
"""What a power cut may take of a session."""
STUCK_S: Final = RULES.gesture.stuck_s
"""A stuck button ends the session at first, without checkpoints until it is seen to be stuck."""
GONE_S: Final = RULES.presence.sensor_gone_s - 1.0
"""Cells that are silent for longer end a session."""
APART_S: Final = RULES.min_session_s + RULES.presence.dwell_s + 2.0
"""A shorter time on the mat need not be a session of its own."""
WORKS_AGAIN_S: Final = 50.0
"""After a trouble of the disk, until all that waited was asked for again: 30 s, and a checkpoint."""


# -- the truth ---------------------------------------------------------------------------------------------------------


@dataclass
class Visit:
    """A person's time on the mat: from 2 kg to under "off"; more than one stretch when away for a moment."""

    stretches: list[tuple[float, float]] = field(default_factory=list)

    @property
    def start(self) -> float:
        return self.stretches[0][0]

    @property
    def end(self) -> float:
        return self.stretches[-1][1]

    @property
    def on_mat_s(self) -> float:
        return sum(end - start for start, end in self.stretches)


@dataclass(frozen=True)
class Outage:
    """The device could not know what was on the mat: no readings, no power, or what it knew was not yet stored."""

    start: float
    end: float
    power: bool
    blind: float
    """Since then there were no readings."""
    read_at: float = inf
    """When the first one after it was read, if that was before the end: readings come late."""


@dataclass
class Boot:
    at: float
    right: bool = False
    """At its end the clock was right and known to be, and no correction of a date was still to be stored."""


def covered(stretches: list[tuple[float, float]], start: float, end: float) -> float:
    return sum(max(0.0, min(b, end) - max(a, start)) for a, b in stretches)


@dataclass(frozen=True)
class Bounds:
    """What of a visit the log must have."""

    least_s: float
    most_s: float
    least: int
    most: int
    exact: bool
    """No outage touches it."""


def bounds(visit: Visit, outages: list[Outage]) -> Bounds:
    """What docs/dev/behaviour.md promises of a visit, with what the device could not see of it left out."""
    truth, start, end = visit.on_mat_s, visit.start, visit.end
    near = [one for one in outages if one.start < end + 2.0 and one.end > start - 1.0]
    lost = extra = 0.0
    splits = [one for one in near if one.power or one.end - one.start > GONE_S]
    breaks = list(pairwise(edge for stretch in visit.stretches for edge in stretch))[1::2]
    fresh = start  # since then what is on the mat has to be seen as a new arrival
    for one in near:
        over = covered(visit.stretches, one.start, one.end)
        if one in splits or one.start < fresh + RULES.presence.dwell_s + 1.0:
            lost += covered(visit.stretches, min(fresh, one.start), one.end) if one not in splits else over
            lost += 1.0
            fresh = one.end
        for edge in (end, *(left for left, _ in breaks)):
            if one not in splits and one.start <= edge + 1.0 <= one.end + 2.0:
                lost += max(0.0, edge - one.start) + 1.0  # got up unseen: the end is at the last reading
        for left, back in breaks:
            if one.end > left - 1.0 and one.start < back + 2.0:
                extra += back - left + 1.0  # got up and back unseen, or the end of it
                lost += 2.0 + max(0.0, one.end - back)  # back unseen: dated to the first reading
    edges = sorted({start, *(time for one in splits for time in (one.start, one.end)), end})
    pieces = [
        covered(visit.stretches, a, b)
        for a, b in pairwise(edges)
        if not any(one.start <= a and b <= one.end for one in splits)
    ]
    lost += sum(piece for piece in pieces if piece < APART_S)
    longest = max(pieces, default=0.0)
    dark = sum(
        max(0.0, covered(visit.stretches, one.blind, min(one.end, one.read_at)) - 1.0) for one in near if one.power
    )
    sure = min(truth - lost, longest) if longest >= APART_S else 0.0
    exact = not near
    return Bounds(
        least_s=min(truth - lost, RULES.cap_s) - EXACT_S,
        most_s=truth - dark + extra + EXACT_S,
        least=1 if (sure >= APART_S or (exact and truth > RULES.min_session_s + EXACT_S)) else 0,
        most=0 if truth + extra < RULES.min_session_s - EXACT_S else 1 + len(splits),
        exact=exact,
    )


def joined(visits: list[Visit], outages: list[Outage]) -> list[Visit]:
    """Visits between which the device was off are one to it: a person is there before and after.

    Before: in a session, which is over 20 s after the person left.
    """
    found: list[Visit] = []
    over_s = RULES.presence.away_s + 1.0
    for visit in visits:
        before = found[-1] if found else None
        if before and any(one.power and one.start < before.end + over_s and one.end > visit.start for one in outages):
            before.stretches += visit.stretches
        else:
            found.append(Visit(list(visit.stretches)))
    return found


# -- the day -----------------------------------------------------------------------------------------------------------


class House(Receiver):
    """A receiver of webhooks that may be away."""

    away = False

    def _hear(self, plain: socket.socket) -> None:
        if not self.away:
            super()._hear(plain)


OK: Final = status(204)
BAD_ANSWERS: Final = (
    status(500), status(503), status(429, "retry-after: 20"), answer(b"nonsense\r\n\r\n"), lambda _: None,
)  # fmt: skip


class Day:
    """The faults and the people of one seed."""

    def __init__(
        self, folder: Path, hours: float, faults: int, seed: int, house: House, show: tuple[float, float]
    ) -> None:
        self.rng = random.Random(seed)
        self.house = house
        secret = folder / "secret"
        secret.write_text("whsec_" + base64.b64encode(bytes(range(32))).decode())
        secret.chmod(0o600)
        url = f"http://127.0.0.1:{house.port}/hook"
        sink = WebhookConfig(url=url, secret=str(secret), name=SINK, timeout_s=5.0, allow_insecure=True)
        log = folder / "log"
        log.mkdir()
        with Store.open(log / "matpi.db") as store:
            store.write(Save(Settings(zone="UTC")))
            store.write(Save(Acknowledgement(some=False, utc=BEGIN_UTC - 60.0)))
            store.write(Save(Calibrated(Calibration((0, 0), (COUNTS_PER_KG, COUNTS_PER_KG)), Zero((0.0, 0.0)))))
        self.world = World(
            log,
            utc=BEGIN_UTC,
            seed=seed,
            upstream=UpstreamConfig(webhook=(sink,), mqtt=(MqttConfig(host="127.0.0.1", tls=False, name=MQTT),)),
        )
        self.broker = Broker()
        self._logbook: Logbook | None = None
        self.end = hours * 3600.0
        self.wrong: list[str] = []
        self.seen: Counter[str] = Counter()
        self.visits: list[Visit] = []
        self.cuts: list[tuple[float, float]] = []
        """From when on something may not be stored, and when the device ended."""
        self.boots: dict[str, Boot] = {}
        self.measured: list[dict[str, Any]] = []
        self.arrived: dict[str, dict[str, tuple[int, dict[str, Any]]]] = {SINK: {}, MQTT: {}}
        """Of each receiver: record -> its latest revision, and what that has."""
        self.deliveries = 0
        self._delivery_of: dict[tuple[str, str, int], str] = {}
        """Receiver, record and revision -> the id that it was sent under."""
        self._acked: dict[str, Session | Rating] = {}
        self._off: tuple[str, float] = ("", 0.0)
        self._unsafe = (inf, -inf)  # trouble of the disk: since, until when what it kept back is stored
        self._links: list[socket.socket] = []
        self._sync_lost_until = self._set_at = 0.0
        self._undated = False
        self._stuck_until = 0.0
        self.ended = False
        self._show = show
        self.world.watch = self.watch
        self._plan(faults)

    def _plan(self, count: int) -> None:
        if not count:
            return
        weight = sum(part for part, _ in self.faults().values())
        kinds = [kind for kind, (part, _) in self.faults().items() for _ in range(max(1, round(count * part / weight)))]
        kinds += self.rng.choices(list(self.faults()), k=max(0, count - len(kinds)))
        self.rng.shuffle(kinds)
        for kind in kinds:
            self.world.after(self.rng.uniform(60.0, self.end - QUIET_S), partial(self.fault, kind))

    def tell(self, what: object) -> None:
        if self._show[0] <= self.world.t <= self._show[1]:
            print(f"{self.world.t:9.1f} {what}", file=sys.stderr)

    def watch(self, effect: Effect) -> None:
        if isinstance(effect, Changed | Drop | Note | Report | Save):
            self.tell(f"    {effect}")

    # -- people

    def person(self) -> Iterator[float]:
        """Live the day; yield the seconds until something else is done."""
        rng, mat = self.rng, self.world.mat
        while True:
            yield 90.0 + rng.expovariate(1 / 150.0)
            left = self.end - QUIET_S - self.world.t
            if left < 60.0:
                return
            if rng.random() < 0.1:
                mat.act("cat", self.world.t)
                self.seen["a cat"] += 1
                yield 10.0
                continue
            visit = Visit()
            self.visits.append(visit)
            lengths = rng.uniform(4.0, 28.0), rng.uniform(31.0, 900.0), rng.uniform(2720.0, 2900.0)
            length = min(rng.choices(lengths, (10, 87, 3 if left > 14_400.0 else 0))[0], left)
            while True:
                begun = self.lie_down()
                fidget = rng.uniform(5.0, length + 300.0)
                if fidget < length - 5.0 and length < 2700.0:
                    yield fidget
                    mat.act("fidget", self.world.t)
                    yield length - fidget
                else:
                    yield length
                visit.stretches.append((begun, self.get_up()))
                if length < 60.0 or rng.random() > 0.15:
                    break
                yield rng.uniform(4.0, 14.0)
                length = rng.uniform(20.0, 300.0)
            yield 4.0
            yield from self.answer()

    def lie_down(self) -> float:
        world = self.world
        world.mat.act("lie_down", world.t)
        return next(t for t in (world.t + n / 200 for n in range(800)) if sum(world.mat.load_kg(t)) >= TOUCH_KG)

    def get_up(self) -> float:
        world = self.world
        world.mat.act("get_up", world.t)
        return next(t for t in (world.t + n / 200 for n in range(1, 800)) if sum(world.mat.load_kg(t)) < OFF_KG)

    def answer(self) -> Iterator[float]:
        """Answer what the screen asks."""
        yield 25.0
        appliance, rng = self.world.appliance, self.rng
        device = None if appliance is None else appliance.device
        if device is None or self.world.t < self._stuck_until:
            return
        if device.stage.front in {Front.RATING, Front.LOOSER}:
            for _ in range(rng.randrange(1, 11)):
                self.world.press(0.15)
                yield 0.4
            self.world.press(0.9)
            yield 1.5

    # -- faults

    def faults(self) -> dict[str, tuple[float, Callable[[], None]]]:
        """Every kind: its share, and what it does."""
        return {
            "cells: unplugged": (5, partial(self.chips, Status.NOT_READY)),
            "cells: data wire stuck": (5, partial(self.chips, Status.DESYNC)),
            "cells: end of the range": (4, partial(self.chips, Status.SATURATED)),
            "cells: disturbed read-outs": (5, self.glitches),
            "cells: noise": (4, self.noise),
            "cells: spikes": (4, self.spikes),
            "cells: readings come late": (5, self.late),
            "cells: reader killed": (4, lambda: self.world.cells.kill(self.some(0.2, 8.0))),
            "panel: lost": (10, self.panel),
            "button: bounces": (7, self.bounce),
            "button: stuck": (4, self.stuck),
            "disk: full": (4, partial(self.disk, errno.ENOSPC)),
            "disk: I/O errors": (4, partial(self.disk, errno.EIO)),
            "disk: read-only": (3, partial(self.disk, errno.EROFS)),
            "disk: slow": (4, self.slow),
            "clock: step": (6, self.clock_step),
            "clock: not synchronised": (3, self.sync_lost),
            "broker: away": (5, self.away),
            "broker: takes it, no confirmation": (4, partial(self.bad_answer, BAD_ANSWERS[-1])),
            "broker: wrong answer": (4, lambda: self.bad_answer(self.rng.choice(BAD_ANSWERS[:-1]))),
            "mqtt: away": (4, partial(self.broker_is, "away", True)),
            "mqtt: takes it, no confirmation": (3, partial(self.broker_is, "silent", True)),
            "mqtt: wrong answer": (3, lambda: self.broker_is("code", self.rng.choice(CODES))),
            "mqtt: hangs up": (2, self.broker.hang_up),
            "page: reads the log": (6, self.read),
            "page: asks and is killed": (3, partial(self.page, requests.State(), 0.0)),
            "page: follows and stalls": (3, lambda: self.page(requests.Live(), self.some(1.0, 600.0))),
            "page: samples, none read": (3, lambda: self.page(requests.Counts(), self.some(1.0, 60.0))),
            "page: half a line": (2, partial(self.page, None, 5.0)),
            "page: too many": (1, self.pages),
            "power: cut": (1.5, partial(self.power, "cut")),
            "power: service killed": (1, partial(self.power, "killed")),
            "power: service restarted": (1, partial(self.power, "restarted")),
        }

    def fault(self, kind: str) -> None:
        if self.world.appliance is None or self._off[0]:
            self.world.after(self.rng.uniform(1.0, 4.0), partial(self.fault, kind))
            return
        self.seen[kind] += 1
        self.tell(kind)
        self.faults()[kind][1]()

    def some(self, low: float, high: float) -> float:
        """Seconds, from `low` to `high`, each power of ten as often."""
        return low * float((high / low) ** self.rng.random())

    def chips(self, what: Status) -> None:
        cells, chip = self.world.cells, self.rng.randrange(2)
        cells.status[chip] = what
        long = self.rng.random() < 0.05
        self.world.after(self.some(60.0, 200.0) if long else self.some(0.2, 20.0), partial(self.well, chip, what))

    def well(self, chip: int, what: Status) -> None:
        if self.world.cells.status.get(chip) is what:
            del self.world.cells.status[chip]

    def glitches(self) -> None:
        self.world.cells.glitches = self.rng.uniform(0.01, 0.3)
        self.world.after(self.some(1.0, 60.0), lambda: setattr(self.world.cells, "glitches", 0.0))

    def noise(self) -> None:
        self.world.cells.noise_kg = self.some(0.01, 0.3)
        self.world.after(self.some(1.0, 60.0), lambda: setattr(self.world.cells, "noise_kg", 0.0))

    def spikes(self) -> None:
        self.world.mat.spikes = True
        self.world.after(self.some(1.0, 60.0), lambda: setattr(self.world.mat, "spikes", False))

    def late(self) -> None:
        if self.world.cells.held is None:
            self.world.cells.hold()
            self.world.after(self.some(0.1, 5.0), self.world.cells.release)

    def panel(self) -> None:
        self.world.panel.unplugged = True
        self.world.after(self.some(0.1, 60.0), lambda: setattr(self.world.panel, "unplugged", False))

    def bounce(self) -> None:
        """Edges, none of which lasts the 20 ms that count."""
        if self.world.t < self._stuck_until:
            return
        at = 0.0
        for n in range(2 * self.rng.randrange(1, 12)):
            self.world.after(at, partial(self.world.edge, down=n % 2 == 0))
            at += self.rng.uniform(0.0005, 0.015)

    def stuck(self) -> None:
        if self.world.t < self._stuck_until:
            return
        seconds = self.some(21.0, 90.0)
        self._stuck_until = self.world.t + seconds + 1.0
        self.world.edge(down=True)
        self.world.after(seconds, partial(self.world.edge, down=False))

    def disk(self, number: int) -> None:
        disk, world = self.world.disk, self.world
        disk.trouble = trouble = Trouble(number, disk.calls)
        seconds = self.some(0.5, 60.0)

        def well() -> None:
            if disk.trouble is trouble:
                disk.trouble = None

        world.after(seconds, well)
        self._is_unsafe(seconds)

    def slow(self) -> None:
        seconds = self.some(0.2, 20.0)
        self.world.fast.clear()
        self.world.after(seconds, self.world.fast.set)
        self._is_unsafe(seconds)

    def _is_unsafe(self, seconds: float) -> None:
        since, until = self._unsafe
        t = self.world.t
        self._unsafe = (t if until < t else since), max(until, t + seconds + WORKS_AGAIN_S)

    def clock_step(self) -> None:
        world = self.world
        world.off_s += self.rng.choice((-1, 1)) * self.some(0.6, 5 * 86_400.0)
        world.after(self.some(2.0, 120.0), self.set_clock)

    def set_clock(self) -> None:
        if self.world.t >= self._sync_lost_until:
            self.world.off_s, self.world.synchronised = 0.0, True
            self._set_at = self.world.t

    def sync_lost(self) -> None:
        seconds = self.some(10.0, 600.0)
        self._sync_lost_until = max(self._sync_lost_until, self.world.t + seconds)
        self.world.synchronised = False
        self.world.after(seconds, self.set_clock)

    def away(self) -> None:
        self.house.away = True
        self.world.after(self.some(1.0, 300.0), lambda: setattr(self.house, "away", False))

    def bad_answer(self, talk: Callable[[socket.socket], None]) -> None:
        self.house.talk = talk
        self.world.after(self.some(1.0, 120.0), lambda: setattr(self.house, "talk", OK))

    def broker_is(self, what: str, value: object) -> None:
        setattr(self.broker, what, value)
        self.broker.hang_up()

        def well() -> None:
            setattr(self.broker, what, 0)
            self.broker.hang_up()  # or a record would wait for its confirmation in real time

        self.world.after(self.some(1.0, 300.0), well)

    def read(self) -> None:
        """Read the log as the page's process does, beside the device, which writes."""
        assert self.world.appliance is not None
        assert self.world.appliance.device is not None
        ledger = self.world.appliance.device.ledger
        stored = {id_: one for id_, one in records(ledger.log).items() if id_ not in ledger.waiting}
        self._logbook = self._logbook or Logbook(self.world.path, ENGLISH)
        try:
            # In a thread of its own: this one may have the loop of a browser, which another test of the run has open.
            with ThreadPoolExecutor(1) as beside:
                asked = beside.submit(asyncio.run, self._logbook.answer((date(2026, 3, 15), False)))
                body = asked.result().body().decode()
        except StoreError:
            self.seen["reads refused"] += 1
            return
        if lost := [one for id_, one in stored.items() if id_ not in body]:
            self.wrong.append(f"{self.world.t:.0f}: the page does not find {lost}")

    def read_no_more(self) -> None:
        logbook, self._logbook = self._logbook, None
        if logbook is not None:
            logbook.close()

    def page(self, request: Request | None, seconds: float) -> None:
        """A client of the control socket, as the page is one; it reads nothing."""
        link = socket.socket(socket.AF_UNIX)
        link.setblocking(False)
        try:
            link.connect(str(to_serve(self.world.path)))
            link.send(b'{"ask": "sta' if request is None else msgspec.json.encode(request) + b"\n")
        except OSError:
            link.close()  # refused: there are too many
            return
        self._links.append(link)
        self.world.after(seconds, lambda: self.vanish(link))

    def pages(self) -> None:
        for _ in range(20):
            self.page(requests.Live(), 5.0)

    def vanish(self, link: socket.socket) -> None:
        with suppress(ValueError):
            self._links.remove(link)
        link.close()

    def power(self, how: str) -> None:
        world, rng = self.world, self.rng
        appliance = world.appliance
        assert appliance is not None
        assert appliance.device is not None
        seconds = {"cut": self.some(5.0, 600.0), "killed": 5.0, "restarted": rng.uniform(1.0, 4.0)}[how]
        self._off = how, seconds
        ledger = appliance.device.ledger
        since, until = self._unsafe
        unsure = min(since if world.t < until else world.t, world.t - STUCK_S if world.t < self._stuck_until else inf)
        self.cuts.append((unsure - LOST_S, world.t))
        if how == "restarted":
            world.fast.set()
            world.settle()
        self.tell(f"{how} for {seconds:.1f} s")
        log, waiting = ledger.log, ledger.waiting
        self._undated = world.t < self._set_at + 2.0 or any(isinstance(one, DateBoot) for one in waiting.values())
        self._acked = {id_: one for id_, one in records(log).items() if id_ not in waiting}
        if how == "restarted":
            appliance.ask_to_stop()  # the page goes on
        else:
            self.read_no_more()
            world.pull()

    # -- running

    def started(self) -> None:
        """The device has started; all that was stored is there."""
        world = self.world
        assert world.appliance is not None
        device, store = world.appliance.device, world.appliance.store
        assert device is not None
        assert store is not None
        self.seen["starts"] += 1
        self.tell("started")
        self.boots.setdefault(world.boot_id, Boot(world.booted_at))
        if store.set_aside is not None:
            self.wrong.append(f"{world.t:.0f}: the log was set aside as {store.set_aside}")
        here = records(device.ledger.log)
        for id_, before in self._acked.items():
            found = here.get(id_)
            lasts = [one.on_mat_s if isinstance(one, Session) else None for one in (before, found)]
            if found is None or lasts[0] != lasts[1]:
                self.wrong.append(f"{world.t:.0f}: {before} was stored, and the start found {found}")

    def run(self) -> None:
        world = self.world
        world.poll_clock()
        self.go_on(self.person())
        for hour in range(1, int(self.end // 3600.0)):
            world.after(hour * 3600.0, self.rest)
        world.after(min(1200.0, self.end / 3), self.rest)
        world.after(self.end, self.stop)
        with world.disk.watched(), self.broker.behind(world.now):
            while not self.ended:
                begun = world.t
                try:
                    world.live(self.started)
                except StoreError as error:
                    self.wrong.append(f"{world.t:.0f}: the device did not start: {error}")
                    self._off = "refused", 5.0
                boot = self.boots.get(world.boot_id)
                if boot is not None:
                    is_right = world.synchronised and world.off_s == 0.0 and world.t - begun > 5.0
                    boot.right, self._undated = is_right and not self._undated, False
                how, seconds = self._off
                self.vanish_all()
                if how == "cut":
                    world.disk.trouble = None if self.rng.random() < 0.5 else world.disk.trouble
                    saved = world.utc + world.off_s
                    world.pass_s(seconds)
                    world.boot()
                    world.synchronised = False
                    world.off_s = saved - world.utc  # no battery: the time of when it was last on
                    world.after(self.some(3.0, 40.0), self.set_clock)
                else:
                    world.pass_s(seconds)
                self._off = "", 0.0

    def go_on(self, life: Iterator[float]) -> None:
        with suppress(StopIteration):
            self.world.after(next(life), partial(self.go_on, life))

    def vanish_all(self) -> None:
        for link in list(self._links):
            self.vanish(link)

    def rest(self) -> None:
        """Let threads end what they do, then measure."""
        if self.world.appliance is None or self._off[0]:
            self.world.after(5.0, self.rest)
            return
        self.vanish_all()
        self.read_no_more()
        self.world.inbox.rest_until = timing.monotonic() + 1.5
        self.world.after(1e-6, self.measure)

    def measure(self) -> None:
        self.collect()
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        self.measured.append(
            {
                "t": self.world.t,
                "rss_mb": round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 2),
                "threads": sorted(thread.name for thread in threading.enumerate()),
                "handles": len(list(Path("/proc/self/fd").iterdir())),
            }
        )

    def collect(self) -> None:
        """Take what the receiver has got."""
        got, self.house.requests = self.house.requests, []
        heard, self.broker.records = self.broker.records, []
        here = [(SINK, one.headers["webhook-id"], json.loads(one.body)["data"]) for one in got]
        here += [(MQTT, delivery, data) for delivery, data in heard]
        self.deliveries += len(here)
        for sink, delivery, data in here:
            if self._delivery_of.setdefault((sink, data["id"], data["rev"]), delivery) != delivery:
                self.wrong.append(f"sent twice, under two ids: {data}")
            if data["rev"] >= self.arrived[sink].get(data["id"], (0, {}))[0]:
                self.arrived[sink][data["id"]] = data["rev"], data

    def stop(self) -> None:
        """The end of the day: everything is well, and what waits for the receiver arrives."""
        self.rest()
        self.world.after(1.0, self.deliver)

    def deliver(self, tries: int = 40) -> None:
        appliance = self.world.appliance
        assert appliance is not None
        relays: Any = appliance._relays
        self.world.inbox.rest_until = timing.monotonic() + 0.5
        depth = sum(thread.relay.depth for thread in relays._threads)
        if tries and (depth or tries > 36):
            appliance._committed()
            self.world.after(1.0, partial(self.deliver, tries - 1))
            return
        if depth:
            self.wrong.append(f"{depth} records wait for the receiver at the end")
        self.collect()
        self.ended = True
        self._off = "ended", 0.0
        if appliance.device is not None and (lost := appliance.device.parts.lost):
            self.wrong.append(f"at the end the device misses {lost}")
        appliance.ask_to_stop()

    # -- judging

    def judge(self) -> dict[str, Any]:
        world = self.world
        with Store.open(world.path) as store:
            memory = store.load()
            stored = [one.session for one in store.sessions() if one.deleted_why is None]
        self.wrong += [f"the log has doubts: {doubt}" for doubt in memory.doubts]
        if memory.open is not None:
            self.wrong.append(f"a session is open at the end: {memory.open}")
        outages = self.outages()
        groups = joined([visit for visit in self.visits if visit.stretches], outages)
        of: dict[int, list[Session]] = {n: [] for n in range(len(groups))}
        for session in stored:
            start = self.boots[session.boot_id].at + session.start_mono
            n = next((n for n, g in enumerate(groups) if g.start - EXACT_S <= start <= g.end + EXACT_S), None)
            if n is None:
                self.wrong.append(f"invented, at {start:.1f}: {session}")
                continue
            of[n].append(session)
            self.check_session(session, start)
        exact, worst, seen_s, promised_s = 0, 0.0, 0.0, 0.0
        for n, visit in enumerate(groups):
            limit, sessions = bounds(visit, outages), of[n]
            on_mat_s = sum(session.on_mat_s for session in sessions)
            seen_s += on_mat_s
            promised_s += max(0.0, limit.least_s)
            what = f"{[(round(a, 1), round(b, 1)) for a, b in visit.stretches]} has {[_short(s) for s in sessions]}"
            if not limit.least <= len(sessions) <= limit.most:
                self.wrong.append(f"{limit.least} to {limit.most} sessions of {what}")
            elif sessions and not limit.least_s <= on_mat_s <= limit.most_s:
                self.wrong.append(f"{limit.least_s:.1f} to {limit.most_s:.1f} s of {what}")
            if limit.exact and sessions and visit.on_mat_s < RULES.cap_s:
                exact += 1
                worst = max(worst, abs(on_mat_s - visit.on_mat_s))
        for sink, arrived in self.arrived.items():
            for session in stored:
                latest = arrived.get(session.id, (0, {}))[1]
                if latest.get("on_mat_s") != round(session.on_mat_s, 1) or latest.get("reason") != session.reason:
                    self.wrong.append(f"{sink} has {latest} of {session}")
            for rating in memory.log.ratings:
                latest = arrived.get(rating.id, (0, {}))[1]
                if latest.get("value") != rating.value:
                    self.wrong.append(f"{sink} has {latest} of {rating}")
        for rating in memory.log.ratings:
            self.check_date(rating, rating.boot_id, rating.mono, rating.utc)
        return {
            "visits": len(groups),
            "sessions": len(stored),
            "ratings": len(memory.log.ratings),
            "untouched": exact,
            "worst_untouched_s": round(worst, 3),
            "truth_s": round(sum(visit.on_mat_s for visit in groups)),
            "promised_s": round(promised_s),
            "stored_s": round(seen_s),
            "ended_by": dict(sorted(Counter(str(session.reason) for session in stored).items())),
            "records_sent": sum(map(len, self.arrived.values())),
            "live_view": self.broker.live,
            "deliveries": self.deliveries,
        }

    def check_session(self, session: Session, start: float) -> None:
        if not session.counts:
            self.wrong.append(f"a person is taken for none, at {start:.1f}: {session}")
        if session.on_mat_s < RULES.min_session_s:
            self.wrong.append(f"too short to be stored: {session}")
        if session.reason in {None, EndReason.DISCARDED}:
            self.wrong.append(f"no one ended it so: {session}")
        self.check_date(session, session.boot_id, session.start_mono, session.start_utc)

    def check_date(self, record: Session | Rating, boot_id: str, mono: float, stored: float | None) -> None:
        """Check the day and the time of what was recorded in a boot whose clock was right in the end."""
        if not self.boots[boot_id].right:
            return
        utc = BEGIN_UTC + self.boots[boot_id].at + mono
        days = {right_day(utc + off, UTC, time(4)) for off in (-1.0, 0.0, 1.0)}
        if record.estimated or stored is None or record.day not in days:
            self.wrong.append(f"it was {datetime.fromtimestamp(utc, UTC)}, the day is {record.day}: {record}")
        elif abs(stored - utc) > 61.0:
            self.wrong.append(f"it was {datetime.fromtimestamp(utc, UTC)}, off by {stored - utc:.1f} s")

    def outages(self) -> list[Outage]:
        """Where the device was blind or off, each from the last reading that is sure to be in the log."""
        found = []
        for start, end, read_at in self.world.holes:
            cuts = [since for since, at in self.cuts if start - 1e-6 <= at <= end]
            found.append(Outage(min([start, *cuts]), end, power=bool(cuts), blind=start, read_at=read_at))
        return found


def records(log: Log) -> dict[str, Session | Rating]:
    sessions: dict[str, Session | Rating] = {one.id: one for one in log.sessions}
    return sessions | {one.id: one for one in log.ratings}


def _short(session: Session) -> str:
    return f"{session.on_mat_s:.1f} s from {session.start_mono:.1f}, {session.reason}, {session.boot_id[:4]}"


class _Complaints(logging.Handler):
    def __init__(self, wrong: list[str]) -> None:
        super().__init__(logging.ERROR)
        self._wrong = wrong

    def emit(self, record: logging.LogRecord) -> None:
        self._wrong.append(f"logged: {record.getMessage()}")


def one_arena() -> None:
    """Let all threads allocate from one pool: glibc has one for each, and a day has 160 starts."""
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def soak(
    hours: float, faults: int, seed: int, show: tuple[float, float] = (inf, inf)
) -> tuple[dict[str, Any], list[str]]:
    """Return the figures, and a sentence for all that went wrong."""
    one_arena()
    cpu, began, shm = timing.process_time(), timing.monotonic(), Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as name, House(OK) as house:
        run = Path(name) / "run"  # beside the disk that fails, as the service's is on the RAM disk
        run.mkdir()
        day = Day(Path(name).resolve(), hours, faults, seed, house, show)
        complaints = _Complaints(day.wrong)
        logging.getLogger("matpi").addHandler(complaints)
        before, threading.excepthook = threading.excepthook, lambda given: day.wrong.append(f"in a thread: {given}")
        try:
            with mock.patch.dict(os.environ, RUNTIME_DIRECTORY=str(run)):
                day.run()
        finally:
            threading.excepthook = before
            logging.getLogger("matpi").removeHandler(complaints)
        found = day.judge()
    kinds = {kind: day.seen[kind] for kind in day.faults()}
    figures = {
        "name": "soak",
        "seed": seed,
        "hours": hours,
        "faults": sum(kinds.values()),
        "wrong": len(day.wrong),
        **found,
        "starts": day.seen["starts"],
        "reads_refused": day.seen["reads refused"],
        "kinds": kinds,
        "measured": day.measured,
        "cpu_s": round(timing.process_time() - cpu, 1),
        "wall_s": round(timing.monotonic() - began, 1),
    }
    return figures, day.wrong


def main() -> int:
    parser = argparse.ArgumentParser(description="A day of random faults; the figures as one JSON line.")
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--faults", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", type=float, nargs=2, default=(inf, inf), help="print what happens between two times")
    given = parser.parse_args()
    figures, wrong = soak(given.hours, given.faults, given.seed, tuple(given.show))
    for sentence in wrong[:40]:
        print(sentence[:1500], file=sys.stderr)
    print(json.dumps(figures))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
