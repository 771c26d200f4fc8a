"""Two weeks with the reminder, on the device in virtual time: each rule of docs/dev/behaviour.md 6 has its evening.

From Monday, 19 October to Sunday, 1 November 2026 in Berlin; in the night to the 25th the clocks go back. One reading
comes every half minute while nobody is there, and the load cells are allowed that silence.
"""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from matpi.core import light as core_light
from matpi.core.effects import Light, Pattern, Show
from matpi.core.events import LogChanged, WallClock
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, DayRecord, Memory, Settings, StopSign
from matpi.core.reminder import Silence
from matpi.core.rules import DeviceRules, PresenceRules
from matpi.core.screens.menu import Item
from matpi.core.views import Off
from tests.bench import Bench

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = date(2026, 10, 19)
AT_HOME = Settings(zone="Europe/Berlin", rest_weekdays=frozenset({2}))
LATE = replace(AT_HOME, bedtime=time(0, 30), quiet_from=time(1, 0), quiet_to=time(9, 0))
PATIENT = DeviceRules(presence=PresenceRules(stale_s=90.0))
EVENING = ["21:00", "21:15", "21:30", "21:45"]


def utc_of(day: int, clock: str) -> float:
    """Day 0 is the Monday; a clock of 24:00 and on is the night after it."""
    hour, minute = map(int, clock.split(":"))
    wall = datetime.combine(MONDAY + timedelta(days=day + hour // 24), time(hour % 24, minute), BERLIN)
    return wall.timestamp()


ANSWERED = Acknowledgement(some=False, utc=utc_of(0, "08:00"))


class Weeks:
    """A device that lives on through restarts, and what its light did."""

    def __init__(self, answer: Acknowledgement | None = ANSWERED, settings: Settings = AT_HOME) -> None:
        memory = Memory(acknowledgement=answer, settings=settings)
        self.bench = Bench(memory, utc=utc_of(0, "12:00"), rules=PATIENT, rate=1 / 30)
        self.boots = 1
        self.settings = settings
        self.lit: list[tuple[float, Light]] = []
        self.showed: list[tuple[float, bool]] = []

    def now(self) -> float:
        assert self.bench.utc_at_0 is not None
        return self.bench.utc_at_0 + self.bench.t

    def to(self, day: int, clock: str) -> None:
        seconds = utc_of(day, clock) - self.now()
        assert seconds > 0, f"{clock} of day {day} is over"
        self.bench.pass_s(seconds)
        self._write_down()

    def lie(self, minutes: float) -> None:
        """On the mat so long, and up again until the result was shown."""
        self.bench.rate = 10.0
        self.bench.lie(minutes * 60)
        self.bench.up(30)
        self.bench.rate = 1 / 30
        self._write_down()

    def set(self, settings: Settings) -> None:
        self.settings = settings
        self.bench.change(settings)

    def reboot(self, off_s: float, *, clock: bool = True) -> None:
        """The plug is pulled; what was committed is there after it."""
        self._write_down()
        days: dict[date, DayRecord] = {d.day: d for d in self.bench.rows.before.log.days}
        days.update({record.day: record for record in self.bench.saves(DayRecord)})
        memory = self.bench.rows.memory()
        memory = replace(memory, log=replace(memory.log, days=tuple(days.values())), settings=self.settings)
        utc = self.now() + off_s
        self.boots += 1
        boot_id = f"boot-{self.boots}"
        self.bench = Bench(memory, utc=utc if clock else None, rules=PATIENT, rate=1 / 30, t=20.0, boot_id=boot_id)
        self.bench.utc_at_0 = utc - 20.0

    def _write_down(self) -> None:
        assert self.bench.utc_at_0 is not None
        self.lit += [(light.since + self.bench.utc_at_0, light) for light in self.bench.lights]
        self.bench.effects = [e for e in self.bench.effects if not isinstance(e, Light)]

    def breaths(self, day: int) -> list[str]:
        """Local times at which the light began to breathe on this day of the plan."""
        begin, end = utc_of(day, "04:00"), utc_of(day, "28:00")
        times = [at for at, light in self.lit if light.pattern is Pattern.BREATH and begin <= at < end]
        return [f"{datetime.fromtimestamp(round(at, 1), BERLIN):%H:%M}" for at in times]


@pytest.fixture(scope="module")
def weeks() -> Weeks:
    weeks = Weeks()
    weeks.to(1, "19:00")
    weeks.lie(3)  # Tuesday: done
    weeks.to(3, "21:20")
    weeks.bench.tap()  # Thursday: seen
    weeks.to(4, "20:59")
    weeks.lie(1.75)  # Friday: somebody is there at nine, but too short
    weeks.to(6, "21:40")
    weeks.lie(3)  # Sunday: late, and it felt wrong
    felt_wrong(weeks.bench)
    weeks.to(8, "12:00")
    weeks.set(LATE)  # Tuesday: to bed after midnight
    weeks.to(9, "12:00")
    weeks.set(AT_HOME)
    weeks.to(10, "25:30")
    weeks.lie(3)  # Thursday: in the night, which is still Thursday
    weeks.to(11, "10:00")
    weeks.lie(3)
    weeks.to(11, "21:20")
    delete_last(weeks.bench)  # Friday: done, then deleted
    weeks.to(12, "20:00")
    weeks.reboot(60, clock=False)  # Saturday: no clock until 21:40
    weeks.to(12, "21:40")
    weeks.bench.send(WallClock(weeks.bench.t, utc_of(12, "21:40"), trusted=True))
    weeks.to(13, "21:05")
    weeks.bench.tap()  # Sunday: seen, and the plug pulled after it
    weeks.to(13, "21:10")
    weeks.reboot(60)
    weeks.to(13, "28:00")
    return weeks


def felt_wrong(bench: Bench) -> None:
    while bench.state is not Front.FELT_WRONG:
        bench.pass_s(5)
    bench.hold(1.0)


def delete_last(bench: Bench) -> None:
    log = bench.device.ledger.log
    gone = log.sessions[-1]
    bench.rows.sessions.pop(gone.id)
    bench.send(LogChanged(bench.t, replace(log, sessions=log.sessions[:-1])))


@pytest.mark.parametrize(
    ("day", "expected", "why"),
    [
        (0, EVENING, "nothing done: four times, from 90 to 45 min before bedtime"),
        (1, [], "done"),
        (2, [], "a weekday of rest"),
        (3, EVENING[:2], "a tap: silent until tomorrow"),
        (4, EVENING[1:], "somebody on the mat at nine; a minute is not done"),
        (5, EVENING, "a day of 25 hours has an evening like any other"),
        (6, EVENING[:3], "done at last"),
        (7, [], "a stop sign yesterday: a day of rest"),
        (8, ["23:00", "23:15", "23:30", "23:45"], "to bed after midnight"),
        (9, [], "a weekday of rest, with other settings"),
        (10, EVENING, "nothing done in the evening; the night comes too late for it"),
        (11, ["21:30", "21:45"], "done in the morning, deleted at 21:20; the night was yesterday's"),
        (12, ["21:45"], "the clock was not known before 21:40"),
        (13, EVENING[:1], "a tap that a power cut did not undo"),
    ],
)
def test_each_evening(weeks: Weeks, day: int, expected: list[str], why: str) -> None:
    assert weeks.breaths(day) == expected, why


def test_each_breath_lasts_half_a_minute_unless_it_was_answered(weeks: Weeks) -> None:
    lasted = [
        round(after - begin, 1) for (begin, light), (after, _) in pairwise(weeks.lit) if light.pattern is Pattern.BREATH
    ]
    assert len(lasted) == 28
    assert set(lasted) == {30.0}


def test_no_day_of_the_fortnight_is_lost(weeks: Weeks) -> None:
    """20, 25, 29 (at night) October; the 30th was deleted, and the stop sign led back to day 1."""
    days = {session.day for session in weeks.bench.device.ledger.log.sessions if session.on_mat_s >= 120}
    assert days == {date(2026, 10, 20), date(2026, 10, 25), date(2026, 10, 29)}
    assert weeks.bench.device.plans.today.day == 2
    assert len(weeks.bench.device.ledger.log.stops) == 1


def rises(lit: list[tuple[float, Light]]) -> Iterator[float]:
    """When the light began to rise, looked at 20 times a second."""
    before = 0.0
    for (begin, light), (end, _) in pairwise([*lit, (lit[-1][0] + 60.0, lit[-1][1])]):
        if light.pattern is Pattern.OFF:
            before = 0.0
            continue
        rising = False
        for step in range(int(min(end - begin, 3600.0) * 20)):
            duty = core_light.duty(light.pattern, step / 20)
            if duty > before + 1e-9 and not rising:
                yield begin + step / 20
            rising, before = duty > before + 1e-9, duty


def test_nothing_flashes_in_a_fortnight(weeks: Weeks) -> None:
    times = list(rises(weeks.lit))
    assert len(times) >= 28 * 6
    assert min(b - a for a, b in pairwise(times)) >= 2.0 - 1e-6, "never faster than 0.5 Hz"


def test_it_speaks_only_before_bedtime(weeks: Weeks) -> None:
    for at, light in weeks.lit:
        if light.pattern is Pattern.BREATH:
            wall = datetime.fromtimestamp(at, BERLIN)
            assert wall.hour in {21, 23}


# --- a fortnight of reasons to be silent --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def quiet_weeks() -> Weeks:
    """The goal is 3 sessions a week; Wednesdays are days of rest."""
    weeks = Weeks(answer=None, settings=replace(AT_HOME, weekly_goal=3))
    weeks.to(1, "12:00")
    weeks.bench.tap()  # lights the panel
    for _ in range(8):
        weeks.bench.pass_s(1.5)
        weeks.bench.tap()  # on the last page: one applies
    weeks.to(3, "12:00")
    weeks.bench.choose(Item.DOCTOR_AGREED)
    weeks.to(8, "08:00")
    weeks.bench.tap()
    weeks.bench.tap()
    weeks.to(8, "09:00")
    weeks.reboot(60)
    for day in (10, 11, 12):
        weeks.to(day, "19:00")
        weeks.lie(2.5)
    weeks.to(13, "28:00")
    return weeks


def test_the_breaths_of_each_evening_are_none_to_four(quiet_weeks: Weeks, capsys: pytest.CaptureFixture[str]) -> None:
    expected = {
        0: (0, "the safety questions are not answered"),
        1: (0, "one applies: a doctor is to be asked first"),
        2: (0, "a day of rest, and nobody has agreed"),
        3: (4, "a doctor has agreed"),
        4: (4, "the first evening without an answer"),
        5: (4, "the second"),
        6: (4, "the third"),
        7: (0, "paused"),
        8: (4, "on again by a tap, which a power cut does not undo"),
        9: (0, "a day of rest"),
        10: (0, "done"),
        11: (0, "done"),
        12: (0, "done"),
        13: (0, "the goal of the week is met"),
    }
    counted = {day: len(quiet_weeks.breaths(day)) for day in expected}
    with capsys.disabled():
        print("\nbreaths an evening:", *counted.values())
    assert counted == {day: count for day, (count, _) in expected.items()}
    assert quiet_weeks.bench.device.reminder.now is not None


# --- what needs an evening of its own -----------------------------------------------------------------------------


def an_evening(clock: str = "20:30", settings: Settings = AT_HOME) -> Bench:
    memory = Memory(acknowledgement=ANSWERED, settings=settings)
    return Bench(memory, utc=utc_of(0, clock), rules=PATIENT, rate=1 / 30)


def heard(bench: Bench) -> list[str]:
    assert bench.utc_at_0 is not None
    times = [light.since + bench.utc_at_0 for light in bench.lights if light.pattern is Pattern.BREATH]
    return [f"{datetime.fromtimestamp(round(at, 1), BERLIN):%H:%M}" for at in times]


@pytest.mark.parametrize("answer", ["tap", "hold", "somebody"])
def test_a_breath_that_is_answered_ends_at_once(answer: str) -> None:
    bench = an_evening()
    bench.pass_s(30 * 60 + 10)
    assert bench.pattern is Pattern.BREATH
    bench.rate = 10.0
    if answer == "somebody":
        bench.lie(5)
    elif answer == "tap":
        bench.tap()
    else:
        bench.hold(1.0)
    (begun, ended) = (light.since for light in bench.lights[-2:])
    assert bench.pattern is Pattern.OFF
    assert 10.0 <= ended - begun < 15.0


def test_it_leaves_the_panel_dark(weeks: Weeks) -> None:
    assert weeks.lit
    bench = an_evening()
    bench.pass_s(3 * 3600)
    assert heard(bench) == EVENING
    lit_up = [show for show in bench.of(Show) if not isinstance(show.view, Off)]
    off = next(n for n, effect in enumerate(bench.effects) if isinstance(effect, Show) and isinstance(effect.view, Off))
    assert bench.effects.index(lit_up[-1]) < off


def test_a_clock_nobody_vouches_for_says_nothing() -> None:
    for year in (1970, 2026, 2099):
        bench = an_evening()
        bench = Bench(bench.rows.before, utc=None, rules=PATIENT, rate=1 / 30)
        bench.utc_at_0 = utc_of(0, "20:30") - bench.t
        wrong = datetime(year, 6, 1, 20, 59, tzinfo=BERLIN).timestamp()
        bench.send(WallClock(bench.t, wrong, trusted=False))
        bench.pass_s(4 * 3600)
        assert heard(bench) == []
        assert bench.device.reminder.now is not None
        assert bench.device.reminder.now.reason is Silence.CLOCK_NOT_KNOWN


def test_a_step_of_the_clock_is_followed_at_once() -> None:
    bench = an_evening("18:00")
    bench.pass_s(60)
    assert bench.utc_at_0 is not None
    bench.send(WallClock(bench.t, utc_of(0, "21:00") + 5, trusted=True))
    assert bench.pattern is Pattern.BREATH
    bench.send(WallClock(bench.t, utc_of(0, "18:02"), trusted=True))
    assert bench.pattern is Pattern.OFF


def test_it_can_be_turned_off_and_a_bedtime_can_be_changed_in_the_evening() -> None:
    bench = an_evening()
    bench.change(replace(AT_HOME, nudge=False))
    bench.pass_s(3 * 3600)
    assert heard(bench) == []
    later = an_evening()
    later.pass_s(45 * 60)
    assert heard(later) == ["21:00", "21:15"]
    later.change(replace(AT_HOME, bedtime=time(23, 30), quiet_from=time(23, 0)))
    later.pass_s(2 * 3600)
    assert heard(later) == ["21:00", "21:15", "22:00", "22:15", "22:30", "22:45"]
    later.pass_s(3600)
    assert len(heard(later)) == 6, "once more, for the bedtime was moved; none in the last half hour"


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (replace(AT_HOME, bedtime=time(3, 30), nudge_before_bed_min=0, quiet_from=time(1, 0)), []),
        (replace(AT_HOME, bedtime=time(4, 0), nudge_before_bed_min=0, quiet_from=time(1, 0)), []),
        (replace(AT_HOME, bedtime=time(22, 30), nudge_before_bed_min=0), []),
        (replace(AT_HOME, quiet_from=time(22, 30), quiet_to=time(22, 30)), EVENING),
        (replace(AT_HOME, bedtime=time(22, 30), nudge_before_bed_min=360, quiet_from=time(16, 40)), []),
    ],
    ids=["in the night", "at the start of the day", "into quiet hours", "no quiet hours", "long before"],
)
def test_a_bedtime_that_leaves_no_evening_is_silent_and_breaks_nothing(settings: Settings, expected: list[str]) -> None:
    bench = an_evening("20:30", settings)
    bench.pass_s(2 * 3600 + 9 * 60)
    assert heard(bench) == expected
    assert bench.device.next_wake() is not None


def test_a_bedtime_at_the_start_of_the_day_does_not_remind_all_day_long() -> None:
    bench = an_evening("20:30", replace(AT_HOME, bedtime=time(4, 0), nudge_before_bed_min=0, quiet_from=time(1, 0)))
    bench.pass_s(24 * 3600)
    assert heard(bench) == []


def test_a_declared_day_of_rest_is_silent() -> None:
    today = DayRecord(MONDAY, rest=True)
    memory = Memory(acknowledgement=ANSWERED, settings=AT_HOME)
    memory = replace(memory, log=replace(memory.log, days=(today,)))
    bench = Bench(memory, utc=utc_of(0, "20:30"), rules=PATIENT, rate=1 / 30)
    bench.pass_s(3 * 3600)
    assert heard(bench) == []
    assert bench.device.reminder.now is not None
    assert bench.device.reminder.now.reason is Silence.REST_DAY


def test_a_snooze_keeps_what_was_said_of_the_day() -> None:
    bench = an_evening()
    bench.pass_s(35 * 60)
    bench.tap()
    (kept,) = bench.saves(DayRecord)
    assert (kept.day, kept.rest, kept.snoozed) == (MONDAY, False, True)
    assert bench.saves(StopSign) == []
    assert datetime.fromtimestamp(utc_of(0, "21:00"), UTC).hour == 19  # summer time still
