"""Clock cases: generated lives of a device whose clock is absent, late, wrong or moved, in odd zones.

A case is one session with a zone, an instant and what the clock does before, during or after it. Several make a life:
one log on a disk, opened again by each start. The truth is known here; the device sees what a machine would show it.

    PYTHONPATH=. python -m tests.reliability.clock --cases 10000
    PYTHONPATH=. python -m tests.reliability.clock --seed 1 --life 77    one life again, printed step by step
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import shutil
import sys
import tempfile
import time as timing
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import partial
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from matpi.core.effects import Save, Zeros
from matpi.core.events import SettingWished, Stopping
from matpi.core.model import Acknowledgement, Session, Settings, Zero
from matpi.core.rules import DeviceRules, PresenceRules
from matpi.drivers.clock import ClockWatch
from matpi.store.db import Store
from tests.bench import Bench
from tests.reliability.days import DAY_S, ZONES, changes, right_day
from tests.reliability.on_disk import OnDisk

PERIOD_S = 1.0
# Short sessions, and no fault of cells that are not asked while time goes by: it is the clock that is tried.
PRESENCE = PresenceRules(dwell_s=1.0, away_s=1.0, stale_s=30 * DAY_S)
RULES = DeviceRules(presence=PRESENCE, min_session_s=1.0, zero_save_s=30 * DAY_S, done_s=0.5, ask_s=0.5)
FIRST = datetime(2025, 1, 1, tzinfo=UTC).timestamp()  # no matpi is older: what is earlier is no time
LAST = datetime(2099, 1, 1, tzinfo=UTC).timestamp()
DONE_S, DAYS_OF_TIER = 120.0, 3  # of the first tier: in none is a later one begun
DAY_STARTS = time(4), time(4), time(4), time(2, 30), time(0), time(0, 30)
CASES_A_LIFE = 10
TEN_YEARS_S = 10 * 365.25 * DAY_S
UNTIMED_S = 60.0  # docs/dev/behaviour.md 3 promises days; dates may be off by this much


class WrongError(AssertionError):
    """The device has a day or a duration that the truth has not."""


@dataclass
class Machine:
    """The computer's clocks. `off`: wall clock less monotonic; `true`: what it ought to be."""

    t: Callable[[], float]
    true: float
    off: float
    sure: bool
    slept_s: float = 0.0

    def monotonic(self) -> float:
        return self.t()

    def utc(self) -> float:
        return self.t() + self.off

    def trusted(self) -> bool:
        return self.sure


@dataclass
class Boot:
    """One run of the monotonic clock, as the test knows it."""

    id: str
    known: bool = False  # the device has had the true time in it
    estimate: float = 0.0  # utc less monotonic, by what a device without a clock can know
    bound: float | None = None  # when the first boot after it began that knew the time


@dataclass
class Lain:
    """One session, as it was."""

    id: str
    boot: Boot
    t: float
    utc: float
    on_mat_s: float
    zone: str
    day_start: time
    since: float  # the newest time in the log before


@dataclass
class Figures:
    cases: int = 0
    exact: int = 0
    estimated: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    zones: Counter[str] = field(default_factory=Counter)
    longest_step_s: float = 0.0
    worst_duration_s: float = 0.0


class Life:
    """A device from its first start on. `tell` gets a line about each step."""

    def __init__(self, seed: str, path: Path, figures: Figures, tell: Callable[[str], None] = lambda _: None) -> None:
        self.rng, self.path, self.figures, self.tell = random.Random(seed), path, figures, tell
        rng = self.rng
        self.never = rng.random() < 0.1  # no clock in the whole life
        self.zone = rng.choice(list(ZONES))
        self.day_start = rng.choice(DAY_STARTS)
        edges = changes(self.zone)
        if edges and rng.random() < 0.6:
            self.now = rng.choice(edges) - rng.uniform(0, 3) * DAY_S
        else:
            self.now = rng.uniform(FIRST + 370 * DAY_S, FIRST + 60 * 365 * DAY_S)
        self.lain: list[Lain] = []
        self.found: list[Session] = []  # in the log, after the last case
        self.long = 0  # sessions so far that make a day done
        self.boots: list[Boot] = []
        self.store = Store.open(path)
        self.store.write(Save(Settings(zone=self.zone, day_start=self.day_start, nudge=False)))
        self.begin_boot()

    # -- the machine

    def begin_boot(self) -> None:
        """Power comes: what the clock shows is right, 1970, what was saved, or wrong."""
        shows = self.rng.choices(("right", "1970", "saved", "wrong"), (3, 2, 3, 3))[0]
        if self.never:
            shows = self.rng.choice(("1970", "saved"))
        t = self.rng.uniform(15, 60)
        true, sure = self.now - t, shows in {"right", "wrong"}
        off = {
            "right": true,
            "1970": -t + self.rng.uniform(0, 100),
            "saved": true - self.rng.uniform(0, 20 * DAY_S),  # by fake-hwclock, when the machine was last on
            "wrong": true + self.step(),
        }[shows]
        self.machine = Machine(lambda: self.bench.t, true, off, sure)
        self.boots.append(Boot(f"boot-{len(self.boots)}"))
        self.figures.seen[f"boot {shows}"] += 1
        self.tell(f"boot {shows}: the clock is off by {off - true:+.0f} s")
        self.start_process(t)

    def start_process(self, t: float) -> None:
        if self.rng.random() < 0.1:  # else the same connection reads the log again: it has no clock
            self.store.close()
            self.store = Store.open(self.path)
        if self.lain and self.rng.random() < 0.15:
            self.travel(stopped=True)
        self.store.in_use = True
        rows, boot = OnDisk(self.store), self.boots[-1]
        ids = f"{boot.id}-{len(self.lain)}"
        self.bench = Bench(
            rows.before, utc=None, rules=RULES, t=t, rate=1 / PERIOD_S, boot_id=boot.id, zone_for=ZONES.__getitem__
        )
        self.bench.device.clock.new_id = partial(next, (f"{ids}-{n}" for n in range(10**9)))
        self.bench.rows = rows
        if not boot.known and not any(one.boot is boot for one in self.lain):
            boot.estimate = max(self.newest, self.machine.utc() if self.shows_a_time else 0.0) - t
        self.watch = ClockWatch(self.machine, self.bench.send, slept_s=lambda: self.machine.slept_s)
        self.poll()

    @property
    def shows_a_time(self) -> bool:
        return FIRST <= self.machine.utc() < LAST

    @property
    def newest(self) -> float:
        ends = [session.end_utc or 0.0 for session in self.found]
        return max((end for end in ends if FIRST <= end < LAST), default=FIRST)

    def poll(self) -> None:
        """What the machine's clock watch sees."""
        for event in self.watch.poll():
            self.bench.send(event)
        machine, boot = self.machine, self.boots[-1]
        if machine.sure and machine.off == machine.true and not boot.known:
            boot.known = True
            for earlier in self.boots:
                if not earlier.known and earlier.bound is None:
                    earlier.bound = self.bench.device.clock.began + machine.true

    def pass_s(self, seconds: float) -> None:
        end = self.bench.t + seconds
        while self.bench.t < end - 1e-9:
            self.bench.pass_s(min(PERIOD_S, end - self.bench.t))
            self.poll()
        self.now = self.bench.t + self.machine.true

    def skip_to(self, then: float) -> None:
        """Let time go by, on, without readings: they show what the last one did."""
        t = then - self.machine.true
        self.bench.until(t)
        self.bench.t = max(self.bench.t, t)
        self.poll()

    def step(self) -> float:
        """Seconds by which a clock is wrong: 2 s to ten years, either way; often whole hours or days."""
        size: float = 2.0 * (TEN_YEARS_S / 2.0) ** self.rng.random()
        if self.rng.random() < 0.3:
            size = self.rng.choice([3600.0, 7200.0, DAY_S, 7 * DAY_S, 183 * DAY_S, 365 * DAY_S, TEN_YEARS_S])
        return size if self.rng.random() < 0.5 else -size

    def set_clock(self, off: float) -> None:
        machine = self.machine
        step = off - machine.off
        machine.off, machine.sure = off, True
        self.tell(f"clock set by {step:+.1f} s; off by {off - machine.true:+.1f} s")
        if abs(step) <= 1.001 * TEN_YEARS_S:
            self.figures.longest_step_s = max(self.figures.longest_step_s, abs(step))
        self.pass_s(PERIOD_S)

    # -- what happens between two sessions

    def next_instant(self) -> float:
        """The true time of the next session: soon, or near where a day begins or the zone's clock changes."""
        rng, zone = self.rng, ZONES[self.zone]
        soonest = self.now + rng.choice([60.0, 3600.0, 0.7 * DAY_S, 2 * DAY_S]) * rng.uniform(0.5, 1.0)
        if rng.random() < 0.5:
            wall_day = datetime.fromtimestamp(soonest, UTC).astimezone(zone).date()
            begins = datetime.combine(wall_day, self.day_start, zone).timestamp()
            edges = [begins, begins + DAY_S, *(edge for edge in changes(self.zone) if soonest < edge < soonest + 9e5)]
            near = rng.choice(edges) + rng.uniform(-90, 90)
            if near > soonest:
                return near
        return soonest

    def wait_for(self, then: float) -> None:
        """Let the time come, on or off."""
        how = self.rng.choices(("on", "service", "power", "suspend"), (5, 2, 4, 1))[0]
        wait, known = then - self.now, self.boots[-1].known
        if how == "suspend" and not known:
            how = "on"
        self.tell(f"{how} for {wait:.0f} s")
        self.figures.seen[f"wait {how}"] += 1
        if how == "power":
            self.now = then
            self.begin_boot()
        elif how == "suspend":
            self.now = then
            self.machine.true += wait
            self.machine.off += wait
            self.machine.slept_s += wait
            self.boots.append(Boot(f"asleep-{len(self.boots)}"))
            self.poll()
        else:
            if how == "service":
                self.bench.send(Stopping(self.bench.t))
                self.start_process(self.bench.t + 2.0)
            self.pass_s(PERIOD_S)
            self.skip_to(then - 4.0)
        self.now = self.bench.t + self.machine.true

    # -- a case

    def case(self) -> None:
        self.wait_for(self.next_instant())
        rng, machine, boot = self.rng, self.machine, self.boots[-1]
        steps: dict[int, list[Callable[[], None]]] = {0: [], 1: [], 2: []}  # before, during, after
        right = machine.sure and machine.off == machine.true
        if right and rng.random() < 0.6:  # wrong for a while
            first, second = sorted(rng.choices((0, 1, 2), k=2))
            steps[first].append(partial(self.set_clock_by, self.step()))
            steps[second].append(self.set_right)
            self.figures.seen["wrong for a while"] += 1
        elif not right and (machine.sure or (not self.never and rng.random() < 0.6)):
            when = rng.choice((0, 1, 2))
            if machine.sure and rng.random() < 0.2:
                steps[when].append(partial(self.set_clock_by, self.step()))  # wrong in another way first
            steps[when].append(self.set_right)
            self.figures.seen[f"synchronised {('before', 'during', 'after')[when]}"] += 1
        elif not right:
            self.figures.seen["never synchronised"] += 1
        if rng.random() < 0.25:
            steps[rng.choice((0, 1, 2))].append(self.travel)
        since = self.newest
        for do in steps[0]:
            do()
        long = self.long < DAYS_OF_TIER and rng.random() < 0.015
        self.long += long
        on_mat_s = rng.uniform(2.5, 4.0) + (DONE_S if long else 0.0)
        self.pass_s(rng.uniform(0.5, 1.5))
        start, zone, day_start = self.bench.t, self.zone, self.day_start
        self.bench.kg = 60.0
        self.pass_s(2.0)
        if long:
            self.skip_to(self.bench.t + self.machine.true + DONE_S)
        for do in steps[1]:
            do()
        self.pass_s(start + on_mat_s - self.bench.t)
        on_mat_s = self.bench.t - start
        self.bench.kg = 0.0
        self.pass_s(3.0)
        saved = self.bench.saved
        if len(saved) != 1:
            raise WrongError(f"{len(saved)} sessions were stored where there was one")
        self.bench.effects.clear()
        self.bench.times.clear()
        one = Lain(saved[0].id, boot, start, start + machine.true, on_mat_s, zone, day_start, since)
        self.lain.append(one)
        self.tell(f"session of {on_mat_s:.1f} s at {datetime.fromtimestamp(one.utc, UTC):%Y-%m-%d %H:%M:%S} in {zone}")
        for do in steps[2]:
            do()
        self.check()
        self.figures.cases += 1
        self.figures.zones[zone] += 1

    def set_clock_by(self, step: float) -> None:
        self.set_clock(self.machine.true + step)

    def set_right(self) -> None:
        self.set_clock(self.machine.true)

    def travel(self, *, stopped: bool = False) -> None:
        """Set another zone, and perhaps another start of the day; `stopped`: by a command, while no device runs."""
        self.zone = self.rng.choice(list(ZONES))
        if self.rng.random() < 0.3:
            self.day_start = self.rng.choice(DAY_STARTS)
        self.figures.seen["zone changed while stopped" if stopped else "zone changed on a trip"] += 1
        self.tell(f"zone set to {self.zone}, days begin at {self.day_start}{' while stopped' if stopped else ''}")
        if stopped:
            self.store.write(Save(replace(self.store.load().settings, zone=self.zone, day_start=self.day_start)))
            return
        self.bench.send(SettingWished(self.bench.t, "zone", self.zone))
        self.bench.send(SettingWished(self.bench.t, "day_start", self.day_start))

    # -- the truth

    def check(self) -> None:
        device, stored = self.bench.device, {s.id: s for s in self.store.log().sessions}
        here = {s.id: s for s in device.ledger.log.sessions}
        if stored != here:
            raise WrongError(f"the store has {stored}, the device {here}")
        if set(stored) != {one.id for one in self.lain}:
            raise WrongError(f"sessions {sorted(stored)} where there were {[one.id for one in self.lain]}")
        for one in self.lain:
            self.check_session(one, stored[one.id])
        newest = self.lain[-1]
        self.figures.exact += newest.boot.known
        self.figures.estimated += not newest.boot.known
        self.found = list(stored.values())
        self.check_plan()

    def check_session(self, one: Lain, found: Session) -> None:
        zone, longer = ZONES[one.zone], found.on_mat_s - one.on_mat_s
        self.figures.worst_duration_s = max(self.figures.worst_duration_s, abs(longer))
        if abs(longer) > PERIOD_S + 1e-6:
            raise WrongError(f"{one.id} took {one.on_mat_s:.2f} s and has {found.on_mat_s:.2f} s")
        assert found.start_utc is not None
        if found.estimated is one.boot.known:
            raise WrongError(f"{one.id} is {'' if found.estimated else 'not '}marked as estimated")
        day = partial(right_day, zone=zone, day_start=one.day_start)
        begun = found.start_utc if found.estimated else one.utc
        of_start = {day(begun + off) for off in (-PERIOD_S, 0.0, PERIOD_S)}  # the start is known to within one sample
        if found.day not in of_start:
            raise WrongError(f"{one.id} began at {one.utc:.1f} in {one.zone}: {of_start}, and has the day {found.day}")
        if not found.estimated:
            if abs(found.start_utc - one.utc) > UNTIMED_S + PERIOD_S:
                raise WrongError(f"{one.id} began at {one.utc:.1f} and has {found.start_utc:.1f}")
        elif one.boot.bound is None:
            expected = one.t + one.boot.estimate
            if abs(found.start_utc - expected) > UNTIMED_S + PERIOD_S:
                raise WrongError(f"{one.id} is estimated as {found.start_utc:.1f}; what was known gives {expected:.1f}")
        elif not one.since - UNTIMED_S - PERIOD_S <= found.start_utc <= one.boot.bound - found.span_s + 1e-3:
            raise WrongError(f"{one.id} is at {found.start_utc:.1f}: not in {one.since:.1f} .. {one.boot.bound:.1f}")

    def check_plan(self) -> None:
        plan, machine, boot = self.bench.device.plans.today, self.machine, self.boots[-1]
        utc = self.bench.t + (machine.true if boot.known else boot.estimate)
        near = {right_day(at, ZONES[self.zone], self.day_start) for at in (utc, utc - (0.0 if boot.known else 61.0))}
        if plan.today not in near:
            raise WrongError(f"today is {near}, and the plan has {plan.today}")
        totals: Counter[date] = Counter()
        for session in self.found:
            assert session.day is not None
            totals[session.day] += session.on_mat_s  # type: ignore[assignment]
        if abs(totals[plan.today] - plan.today_s) > 1e-6:
            raise WrongError(f"the plan has {plan.today_s} s today, and its sessions {totals[plan.today]} s")
        done = sum(total >= DONE_S for on, total in totals.items() if on <= plan.today)
        if plan.done_days != done:
            raise WrongError(f"{done} days are done, and the plan has {plan.done_days}")


def live(seed: str, folder: Path, figures: Figures, tell: Callable[[str], None] = lambda _: None) -> None:
    """Play one life. Raises WrongError."""
    path = folder / "life.db"
    shutil.copy(folder / "new.db", path)
    life = Life(seed, path, figures, tell)
    try:
        for _ in range(CASES_A_LIFE):
            life.case()
    finally:
        life.store.close()


def run(cases: int, seed: int = 1, life: int | None = None) -> tuple[dict[str, Any], list[str]]:
    """Return the figures, and a sentence for each life that went wrong."""
    figures, wrong, began, collected = Figures(), list[str](), timing.process_time(), gc.get_threshold()
    gc.set_threshold(20_000, 20, 100)  # each start leaves a device behind: collected in heaps, it costs a tenth less
    shm = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shm if shm.is_dir() else None) as name:
        folder = Path(name)
        with Store.open(folder / "new.db") as store:
            store.write(Save(Acknowledgement(some=False, utc=FIRST)))
            store.write(Save(Zeros(Zero((0.0, 0.0)), None)))
        lives = range(-(-cases // CASES_A_LIFE)) if life is None else (life,)
        for n in lives:
            try:
                live(f"{seed} {n}", folder, figures, print if life is not None else lambda _: None)
            except Exception as error:  # noqa: BLE001  with the seed to see it again
                wrong.append(f"seed {seed}, life {n}: {type(error).__name__}: {error}")
    gc.set_threshold(*collected)
    return {
        "name": "clock",
        "seed": seed,
        "cases": figures.cases,
        "wrong": len(wrong),
        "exact": figures.exact,
        "estimated": figures.estimated,
        "zones": dict(sorted(figures.zones.items())),
        "longest_step_days": round(figures.longest_step_s / DAY_S, 1),
        "worst_duration_s": round(figures.worst_duration_s, 3),
        "period_s": PERIOD_S,
        "of": dict(sorted(figures.seen.items())),
        "cpu_s": round(timing.process_time() - began, 1),
    }, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description="Generated clock cases; the figures as one JSON line.")
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--life", type=int, help="only this one, printed step by step")
    given = parser.parse_args()
    figures, wrong = run(given.cases, given.seed, given.life)
    for sentence in wrong[:20]:
        print(sentence[:1000], file=sys.stderr)
    print(json.dumps(figures))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
