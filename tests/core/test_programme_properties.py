"""The plan against one that is reckoned by hand, day by day; over time zones, changed clocks, edits and deletions."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import count, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

from matpi.core.clock import day_bounds, day_of, utc_offset_s
from matpi.core.events import LogChanged
from matpi.core.model import Acknowledgement, EndReason, Log, Memory, Session, Settings, StopSign
from matpi.core.plan.programme import plan
from matpi.core.plan.progress import RestReason
from tests.bench import Bench

FOUR = time(4, 0)
DAY = timedelta(days=1)
BERLIN = ZoneInfo("Europe/Berlin")
KNOWN = Acknowledgement(some=False, utc=1.0)
quick = hypothesis_settings(max_examples=80, deadline=None, derandomize=True)
few = hypothesis_settings(max_examples=15, deadline=None, derandomize=True)
_ids = count()

# The plan's days in whose night the clocks change, and how many hours they have.
CHANGES = [
    ("Europe/Berlin", date(2026, 3, 28), 23.0),
    ("Europe/Berlin", date(2026, 10, 24), 25.0),
    ("America/New_York", date(2026, 3, 7), 23.0),
    ("America/New_York", date(2026, 10, 31), 25.0),
    ("Australia/Lord_Howe", date(2026, 10, 3), 23.5),
    ("Australia/Lord_Howe", date(2026, 4, 4), 24.5),
]
at_changes = pytest.mark.parametrize(("name", "day", "hours"), CHANGES)


def began(utc: float, zone: ZoneInfo, minutes: float, day_start: time = FOUR) -> Session:
    """A session dated as the device dates it: by its start."""
    return Session(
        id=f"s{next(_ids)}",
        boot_id="b",
        start_mono=0.0,
        span_s=minutes * 60,
        on_mat_s=minutes * 60,
        reason=EndReason.LEFT,
        start_utc=utc,
        utc_offset_s=utc_offset_s(utc, zone),
        day=day_of(utc, zone, day_start),
    )


def wrong(day: date) -> StopSign:
    return StopSign(id=f"x{next(_ids)}", boot_id="b", mono=0.0, day=day)


# --- the plan by hand ---------------------------------------------------------------------------------------------

# docs/dev/behaviour.md 3, written down a second time: first day of the tier, lower bound, where a stop sign leads.
BY_HAND = [(1, 2, 1), (4, 5, 1), (8, 10, 4), (11, 15, 8), (15, 10, 8)]


@dataclass
class ByHand:
    day: int = 1
    last: date | None = None
    done: bool = False
    done_days: int = 0

    def tier(self) -> tuple[int, int, int]:
        return max(tier for tier in BY_HAND if tier[0] <= self.day)

    def live(self, today: date, minutes: float, stop: bool, no_restart: bool) -> None:
        """One calendar day."""
        without = 0 if self.last is None else (today - self.last).days - 1
        if without >= 21 and not no_restart:
            self.day = 1
        elif without >= 7:
            self.day = self.tier()[0]
        _, lower, back = self.tier()
        self.shown, self.done = self.day, minutes >= lower - 1e-9
        if minutes > 0:
            self.last = today
        if self.done:
            self.done_days += 1
            self.day = min(15, self.day + 1)
        if stop:
            self.day = back


def by_hand(log: Log, today: date, settings: Settings) -> ByHand:
    minutes: dict[date, float] = defaultdict(float)
    for session in log.sessions:
        assert session.day is not None
        minutes[session.day] += session.on_mat_s / 60
    stops = {stop.day for stop in log.stops}
    seen, day = ByHand(), min([*minutes, *(d for d in stops if d), today])
    while day <= today:
        seen.live(day, minutes[day], day in stops, settings.no_restart)
        day += DAY
    return seen


@st.composite
def lives(draw: st.DrawFn) -> tuple[ZoneInfo, Log, date]:
    """Some weeks around a change of the clocks: most evenings on the mat, some nights, some gaps, some stop signs."""
    name, day, _ = draw(st.sampled_from(CHANGES))
    zone = ZoneInfo(name)
    now = day_bounds(day, zone, FOUR)[0] - draw(st.integers(0, 25)) * 86_400.0
    sessions, stops = [], []
    for _ in range(draw(st.sampled_from([0, 3, 7, 10, 14, 15]))):  # so far in the plan already
        now += 86_400.0
        sessions.append(began(now + 50_000.0, zone, 20))
    for _ in range(draw(st.integers(0, 30))):
        now += (
            draw(st.sampled_from([0.25, 0.5, 1, 1, 1, 1, 1.1, 2, 3, 8, 9, 22, 23])) * 86_400 * draw(st.floats(0.8, 1.2))
        )
        sessions.append(began(now, zone, draw(st.sampled_from([0.6, 1.5, 2, 4, 5, 9, 10, 12, 15, 20, 45]))))
        if draw(st.integers(0, 9)) == 0:
            stops.append(wrong(day_of(now, zone, FOUR) + draw(st.sampled_from([0, 0, 1, 3])) * DAY))
    today = day_of(now + draw(st.floats(0, 30)) * 86_400, zone, FOUR)
    return zone, Log(sessions=tuple(sessions), stops=tuple(stops)), today


@quick
@given(lives(), st.booleans())
def test_the_plan_is_the_one_reckoned_by_hand(life: tuple[ZoneInfo, Log, date], no_restart: bool) -> None:
    _, log, today = life
    settings = Settings(no_restart=no_restart)
    for ago in (0, 1, 6, 7, 20, 21, 30):
        day = today - ago * DAY
        known = Log(
            tuple(s for s in log.sessions if s.day is not None and s.day <= day),
            stops=tuple(s for s in log.stops if s.day is not None and s.day <= day),
        )
        expected, seen = by_hand(known, day, settings), plan(log, day, settings)
        assert (seen.day, seen.done, seen.done_days) == (expected.shown, expected.done, expected.done_days)
        stopped_before = any(stop.day == day - DAY for stop in log.stops)
        assert (seen.rest_reason is RestReason.STOP_SIGN) == stopped_before


@quick
@given(lives())
def test_at_most_one_advance_a_day_and_only_after_a_day_that_was_done(life: tuple[ZoneInfo, Log, date]) -> None:
    _, log, today = life
    days = [plan(log, today - ago * DAY, Settings()) for ago in range(40, -1, -1)]
    for before, after in pairwise(days):
        assert after.day <= before.day + 1
        assert after.day <= before.day or before.done


@quick
@given(lives(), st.data())
def test_longer_sessions_never_lead_to_an_earlier_day(life: tuple[ZoneInfo, Log, date], data: st.DataObject) -> None:
    _, log, today = life
    longer = []
    for session in log.sessions:
        more_s = session.on_mat_s + data.draw(st.sampled_from([0.0, 0.0, 30.0, 300.0]))
        longer.append(replace(session, on_mat_s=more_s, span_s=more_s))
    for ago in range(0, 30, 5):
        short = plan(log, today - ago * DAY, Settings())
        assert plan(replace(log, sessions=tuple(longer)), today - ago * DAY, Settings()).day >= short.day


# --- settings that move no past day -------------------------------------------------------------------------------


@quick
@given(lives(), st.sampled_from(["UTC", "Pacific/Auckland", "America/Los_Angeles"]), st.integers(0, 23))
def test_another_zone_or_start_of_day_moves_no_past_day(
    life: tuple[ZoneInfo, Log, date], elsewhere: str, hour: int
) -> None:
    _, log, today = life
    moved = Settings(zone=elsewhere, day_start=time(hour))
    assert plan(log, today, moved) == plan(log, today, Settings())


@few
@given(lives(), st.sampled_from(["UTC", "Pacific/Auckland", "America/Los_Angeles"]), st.integers(0, 23))
def test_nor_does_it_on_the_device(life: tuple[ZoneInfo, Log, date], elsewhere: str, hour: int) -> None:
    zone, log, today = life
    at = day_bounds(today, zone, FOUR)[0] + 8 * 3600
    home = Settings(zone=zone.key)
    bench = Bench(Memory(log=log, acknowledgement=KNOWN, settings=home), utc=at)
    at_home = bench.device.plans.today
    assert at_home.today == today
    away = Settings(zone=elsewhere, day_start=time(hour))
    bench.change(away)
    assert bench.device.ledger.log.sessions == log.sessions
    there = bench.device.plans.today
    assert there.today == day_of(at, ZoneInfo(elsewhere), time(hour))
    assert there == plan(log, there.today, away)
    bench.change(home)
    assert bench.device.plans.today == at_home


def test_flying_west_makes_no_second_day_of_one_and_flying_east_leaves_none_out() -> None:
    auckland, hawaii = ZoneInfo("Pacific/Auckland"), ZoneInfo("Pacific/Honolulu")
    evening = datetime(2026, 6, 10, 20, tzinfo=auckland).timestamp()
    there = began(evening, auckland, 5)
    again = began(datetime(2026, 6, 10, 20, tzinfo=hawaii).timestamp(), hawaii, 5)
    assert there.day == again.day == date(2026, 6, 10)
    assert plan(Log((there, again)), date(2026, 6, 11), Settings()).day == 2
    # Landed while it is still the day before: what was done waits until its day comes.
    before = plan(Log((there,)), date(2026, 6, 9), Settings())
    assert (before.day, before.done) == (1, False)


# --- edits and deletions on the device ----------------------------------------------------------------------------


def drawn(log: Log, data: st.DataObject) -> Log:
    """The log as somebody left it: sessions deleted or edited, a stop sign taken back."""
    sessions = []
    for session in log.sessions:
        match data.draw(st.sampled_from(["keep", "keep", "keep", "delete", "shorter", "longer"])):
            case "keep":
                sessions.append(session)
            case "shorter":
                sessions.append(replace(session, on_mat_s=session.on_mat_s / 3, edited=True))
            case "longer":
                on_mat_s = session.on_mat_s + 300
                sessions.append(replace(session, on_mat_s=on_mat_s, span_s=on_mat_s, edited=True))
    return Log(tuple(sessions), stops=tuple(stop for stop in log.stops if data.draw(st.booleans())))


@few
@given(lives(), st.data())
def test_after_edits_the_device_tells_what_a_new_one_would(
    life: tuple[ZoneInfo, Log, date], data: st.DataObject
) -> None:
    zone, log, today = life
    at = day_bounds(today, zone, FOUR)[0] + 10 * 3600
    settings = Settings(zone=zone.key)
    bench = Bench(Memory(log=log, acknowledgement=KNOWN, settings=settings), utc=at)
    assert bench.device.plans.today == plan(log, today, settings)
    for _ in range(3):
        changed = drawn(log, data)
        bench.send(LogChanged(bench.t, changed))
        new = Bench(Memory(log=changed, acknowledgement=KNOWN, settings=settings), utc=at)
        assert bench.device.plans.today == new.device.plans.today == plan(changed, today, settings)
    bench.send(LogChanged(bench.t, log))
    assert bench.device.plans.today == plan(log, today, settings)


def test_a_session_the_store_does_not_have_yet_survives_an_edit_of_the_others() -> None:
    old = [began(datetime(2026, 6, day, 20, tzinfo=UTC).timestamp(), ZoneInfo("UTC"), 5) for day in (1, 2)]
    bench = Bench(
        Memory(log=Log(tuple(old)), acknowledgement=KNOWN), utc=datetime(2026, 6, 3, 20, tzinfo=UTC).timestamp()
    )
    assert bench.device.plans.today.day == 3
    bench.disk_full = True
    bench.lie(150)
    bench.up(120)
    assert (bench.device.plans.today.day, bench.device.plans.today.done) == (3, True)
    bench.send(LogChanged(bench.t, Log((old[1],))))
    assert (bench.device.plans.today.day, bench.device.plans.today.done) == (2, True)


# --- long and short days, midnight, four o'clock ------------------------------------------------------------------


@at_changes
def test_a_day_of_odd_length_is_one_day(name: str, day: date, hours: float) -> None:
    zone = ZoneInfo(name)
    begin, end = day_bounds(day, zone, FOUR)
    assert end - begin == hours * 3600
    every_half_hour = [began(begin + n * 1800, zone, 2) for n in range(int(hours * 2))]
    assert {session.day for session in every_half_hour} == {day}
    log = Log(tuple(every_half_hour))
    assert plan(log, day, Settings()).today_s == len(every_half_hour) * 120
    assert [plan(log, day + ahead * DAY, Settings()).day for ahead in (0, 1, 2)] == [1, 2, 2]


@at_changes
def test_the_seconds_beside_four_oclock(name: str, day: date, hours: float) -> None:
    zone = ZoneInfo(name)
    begin, end = day_bounds(day, zone, FOUR)
    assert [began(utc, zone, 2).day for utc in (begin - 1, begin, end - 1, end)] == [day - DAY, day, day, day + DAY]
    assert end - begin == hours * 3600


@at_changes
def test_a_session_belongs_to_the_day_it_began_in(name: str, day: date, hours: float) -> None:
    """Over midnight nothing changes; over 04:00 all of it is the day before's."""
    zone = ZoneInfo(name)
    before_midnight = datetime.combine(day, time(23, 50), zone).timestamp()
    before_four = day_bounds(day, zone, FOUR)[1] - 300
    for utc in (before_midnight, before_four):
        log = Log((began(utc, zone, 20),))
        assert plan(log, day, Settings()).done
        tomorrow = plan(log, day + DAY, Settings())
        assert (tomorrow.day, tomorrow.done, tomorrow.today_s) == (2, False, 0.0)
    both = Log((began(before_midnight, zone, 1), began(before_four, zone, 1)))
    assert plan(both, day, Settings()).done, "the night is one day with its evening"
    assert hours > 0


@pytest.mark.parametrize("day", [date(2026, 3, 28), date(2026, 6, 10), date(2026, 10, 24)])
def test_the_device_over_midnight_and_over_four(day: date) -> None:
    settings = Settings(zone="Europe/Berlin")
    begin, end = day_bounds(day, BERLIN, FOUR)
    bench = Bench(Memory(acknowledgement=KNOWN, settings=settings), utc=end - 90)
    bench.pass_s(30)
    assert bench.device.plans.today.today == day
    bench.lie(180)
    assert bench.device.plans.today.today == day + DAY
    bench.up(60)
    (session,) = bench.saved
    assert session.day == day
    assert session.on_mat_s == pytest.approx(180, abs=1)
    assert (bench.device.plans.today.day, bench.device.plans.today.done, bench.device.plans.today.today_s) == (
        2,
        False,
        0.0,
    )
    midnight = Bench(
        Memory(acknowledgement=KNOWN, settings=settings),
        utc=datetime.combine(day, time(23, 58, 30), BERLIN).timestamp(),
    )
    midnight.pass_s(30)
    midnight.lie(180)
    midnight.up(60)
    assert midnight.saved[0].day == day
    assert (midnight.device.plans.today.today, midnight.device.plans.today.done) == (day, True)
    assert begin < end


@quick
@given(
    st.sampled_from(CHANGES),
    st.floats(0, 1),
    st.sampled_from([FOUR, time(0, 0), time(2, 30), time(14, 0), time(23, 59)]),
)
def test_every_instant_has_one_day(change: tuple[str, date, float], part: float, day_start: time) -> None:
    name, day, _ = change
    zone = ZoneInfo(name)
    begin, end = day_bounds(day - DAY, zone, day_start)[0], day_bounds(day + DAY, zone, day_start)[1]
    utc = begin + part * (end - begin) * 0.999
    first, last = day_bounds(day_of(utc, zone, day_start), zone, day_start)
    assert first <= utc < last


def test_a_new_start_of_day_counts_from_now_on() -> None:
    """Asked at 05:00 with days that begin at 06:00, it is still yesterday; what was dated stays where it was."""
    at_five = datetime(2026, 6, 11, 5, tzinfo=UTC).timestamp()
    utc = ZoneInfo("UTC")
    old = began(datetime(2026, 6, 11, 4, 30, tzinfo=UTC).timestamp(), utc, 5)
    bench = Bench(Memory(log=Log((old,)), acknowledgement=KNOWN), utc=at_five)
    assert (bench.device.plans.today.today, bench.device.plans.today.done) == (date(2026, 6, 11), True)
    bench.change(Settings(day_start=time(6)))
    assert (bench.device.plans.today.today, bench.device.plans.today.done) == (date(2026, 6, 10), False)
    assert old.day == date(2026, 6, 11)
    bench.pass_s(3660)
    assert (bench.device.plans.today.today, bench.device.plans.today.done) == (date(2026, 6, 11), True)
