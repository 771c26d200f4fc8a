from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

from matpi.core.clock import day_bounds, day_of
from matpi.core.model import (
    Acknowledgement,
    DayRecord,
    Doubt,
    EndReason,
    Log,
    Moment,
    Rating,
    Session,
    Settings,
    StopSign,
)
from matpi.core.plan.programme import plan
from matpi.core.reminder import ReminderState, Silence, breaths, evening, silence

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = date(2026, 6, 10)
PLAIN = Settings(zone="Europe/Berlin")
LATE = Settings(bedtime=time(0, 30), quiet_from=time(1, 0), quiet_to=time(9, 0))
EVENING = ["21:00", "21:15", "21:30", "21:45"]


def utc(hhmm: str, day: date = WEDNESDAY, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    return datetime.combine(day, time.fromisoformat(hhmm), zone).replace(fold=fold).timestamp()


def ask(now: float, settings: Settings = PLAIN, zone: ZoneInfo = BERLIN) -> ReminderState:
    return evening(now, day_of(now, zone, settings.day_start), zone, settings)


def lit(day: date, settings: Settings, zone: ZoneInfo = BERLIN) -> list[tuple[float, float]]:
    """Go through one day of the plan by what the answers say, and write down when the light breathed."""
    now, end = day_bounds(day, zone, settings.day_start)
    found: list[tuple[float, float]] = []
    while now < end:
        answer = evening(now, day, zone, settings)
        assert answer.next_change_utc is not None
        assert answer.next_change_utc > now
        if answer.active:
            found.append((now, answer.next_change_utc))
        now = answer.next_change_utc
    assert [begin for begin, _ in found] == breaths(day, zone, settings)
    return found


def clock_times(day: date, settings: Settings, zone: ZoneInfo = BERLIN) -> list[str]:
    return [f"{datetime.fromtimestamp(begin, zone):%H:%M}" for begin, _ in lit(day, settings, zone)]


# --- the time of day ----------------------------------------------------------------------------------------------


def test_the_default_evening() -> None:
    """90, 75, 60 and 45 min before bedtime; then the light stays dark."""
    assert clock_times(WEDNESDAY, PLAIN) == EVENING
    assert clock_times(WEDNESDAY, replace(PLAIN, quiet_from=time(3, 0), quiet_to=time(3, 0))) == EVENING


@pytest.mark.parametrize(
    ("before_min", "expected"),
    [
        (360, ["16:30", "16:45", "17:00", "17:15"]),
        (75, ["21:15", "21:30", "21:45"]),
        (46, ["21:44", "21:59"]),
        (45, ["21:45"]),
        (31, ["21:59"]),
        (30, []),
        (0, []),
    ],
)
def test_at_most_four_and_none_in_the_last_half_hour(before_min: int, expected: list[str]) -> None:
    assert clock_times(WEDNESDAY, replace(PLAIN, nudge_before_bed_min=before_min)) == expected


def test_a_bedtime_after_midnight_speaks_of_the_plans_day() -> None:
    assert clock_times(WEDNESDAY, LATE) == ["23:00", "23:15", "23:30", "23:45"]
    small_hours = Settings(bedtime=time(2, 0), quiet_from=time(2, 0), quiet_to=time(9, 0))
    assert clock_times(WEDNESDAY, small_hours) == ["00:30", "00:45", "01:00", "01:15"]
    assert breaths(WEDNESDAY, BERLIN, small_hours)[0] == utc("00:30", WEDNESDAY + timedelta(days=1))


@pytest.mark.parametrize(
    ("bedtime", "expected"),
    [
        (time(5, 30), ["04:00", "04:15", "04:30", "04:45"]),  # of the day that has just begun
        (time(5, 0), ["03:30", "03:45"]),  # the plan's day ends first
        (time(4, 0), ["02:30", "02:45", "03:00", "03:15"]),
    ],
)
def test_a_bedtime_around_the_start_of_the_day(bedtime: time, expected: list[str]) -> None:
    shift = replace(PLAIN, bedtime=bedtime, quiet_from=time(7, 0), quiet_to=time(15, 0))
    assert clock_times(WEDNESDAY, shift) == expected


def test_quiet_hours_within_the_evening() -> None:
    assert clock_times(WEDNESDAY, replace(PLAIN, quiet_from=time(21, 10), quiet_to=time(21, 40))) == ["21:00", "21:45"]
    assert clock_times(WEDNESDAY, replace(PLAIN, quiet_from=time(20, 0))) == []


def test_a_breath_that_quiet_hours_would_cut_is_not_begun() -> None:
    assert clock_times(WEDNESDAY, replace(PLAIN, quiet_from=time(21, 15, 29)))[-1] == "21:00"
    assert clock_times(WEDNESDAY, replace(PLAIN, quiet_from=time(21, 15, 30)))[-1] == "21:15"
    just_over = replace(PLAIN, quiet_from=time(21, 10), quiet_to=time(21, 15, 10))
    assert clock_times(WEDNESDAY, just_over) == ["21:00", "21:30", "21:45"]


@pytest.mark.parametrize(
    ("now", "active", "reason", "ask_again"),
    [
        ("05:00:00", False, Silence.NOT_NOW, "21:00:00"),
        ("20:59:59", False, Silence.NOT_NOW, "21:00:00"),
        ("21:00:00", True, None, "21:00:30"),
        ("21:00:29", True, None, "21:00:30"),
        ("21:00:30", False, None, "21:15:00"),
        ("21:45:10", True, None, "21:45:30"),
        ("21:50:00", False, None, "22:00:00"),
        ("22:00:00", False, Silence.NOT_NOW, "04:00:00"),
        ("22:31:00", False, Silence.NOT_NOW, "04:00:00"),
    ],
)
def test_when_to_ask_again(now: str, active: bool, reason: Silence | None, ask_again: str) -> None:
    answer = ask(utc(now))
    assert (answer.active, answer.reason) == (active, reason)
    again = answer.next_change_utc
    assert again is not None
    assert datetime.fromtimestamp(again, BERLIN).time() == time.fromisoformat(ask_again)


SPRING, AUTUMN = date(2026, 3, 28), date(2026, 10, 24)  # the plan's days in whose night Berlin changes its clocks
AT_THREE = Settings(bedtime=time(3, 30), nudge_before_bed_min=90, quiet_from=time(3, 30), quiet_to=time(12, 0))


def test_in_the_night_that_skips_an_hour_minutes_before_bedtime_are_minutes() -> None:
    assert clock_times(SPRING, AT_THREE) == ["01:00", "01:15", "01:30", "01:45"]  # 02:00 is 03:00
    assert utc("03:30", SPRING + timedelta(days=1)) - breaths(SPRING, BERLIN, AT_THREE)[-1] == 45 * 60


def test_in_the_night_that_has_an_hour_twice_it_reminds_once() -> None:
    begun = breaths(AUTUMN, BERLIN, AT_THREE)
    second_two = datetime(2026, 10, 25, 1, 0, tzinfo=UTC).timestamp()
    assert begun == [second_two + minute * 60 for minute in (0, 15, 30, 45)]


def test_quiet_hours_in_a_doubled_hour_are_what_the_clock_shows() -> None:
    """As for the light that reports a fault."""
    settings = replace(AT_THREE, quiet_from=time(21, 0), quiet_to=time(2, 30))
    second_half = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).timestamp()
    assert breaths(AUTUMN, BERLIN, settings) == [second_half, second_half + 900]


def test_the_long_and_the_short_evening_are_like_any_other() -> None:
    for day in (SPRING, SPRING + timedelta(days=1), AUTUMN, AUTUMN + timedelta(days=1)):
        assert clock_times(day, PLAIN) == EVENING


# --- the person ---------------------------------------------------------------------------------------------------

NONE_APPLIES = Acknowledgement(some=False, utc=utc("08:00", WEDNESDAY - timedelta(days=30)))


def ago(days: int) -> date:
    return WEDNESDAY - timedelta(days=days)


def session(day: date, minutes: float = 6.0, **more: object) -> Session:
    start = utc("19:00", day)
    of = {"reason": EndReason.LEFT, "start_utc": start, "utc_offset_s": 7200, "day": day, **more}
    return Session(f"s{day}", "b", start, minutes * 60, minutes * 60, **of)  # type: ignore[arg-type]


def why(
    *acts: Session | Rating | StopSign | DayRecord,
    settings: Settings = PLAIN,
    answer: Acknowledgement | None = NONE_APPLIES,
) -> Silence | None:
    log = Log(
        sessions=tuple(act for act in acts if isinstance(act, Session)),
        ratings=tuple(act for act in acts if isinstance(act, Rating)),
        stops=tuple(act for act in acts if isinstance(act, StopSign)),
        days=tuple(act for act in acts if isinstance(act, DayRecord)),
    )
    return silence(plan(log, WEDNESDAY, settings, answer, zone=BERLIN), log, answer, BERLIN, settings)


LATELY = session(ago(1))


def test_nothing_speaks_against_a_day_that_is_missing() -> None:
    assert why(LATELY) is None
    assert why(LATELY, session(WEDNESDAY, 1)) is None, "too short for the plan"
    assert why(LATELY, DayRecord(ago(1), rest=True, snoozed=True)) is None, "that was yesterday's"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (None, Silence.NOT_ANSWERED),
        (replace(NONE_APPLIES, asked_again=True), Silence.NOT_ANSWERED),
        (replace(NONE_APPLIES, some=True), Silence.ASK_FIRST),
        (replace(NONE_APPLIES, some=True, cleared=True), None),
    ],
)
def test_nobody_is_reminded_before_the_questions_are_answered_or_a_doctor_agreed(
    answer: Acknowledgement | None, reason: Silence | None
) -> None:
    assert why(LATELY, answer=answer) is reason
    wins = why(LATELY, session(WEDNESDAY), DayRecord(WEDNESDAY, rest=True, snoozed=True), answer=answer)
    assert wins is (reason or Silence.DONE), "it is given before any other reason"


def test_done_rest_and_a_press_silence_today() -> None:
    assert why(LATELY, session(WEDNESDAY)) is Silence.DONE
    assert why(LATELY, DayRecord(WEDNESDAY, rest=True)) is Silence.REST_DAY
    assert why(LATELY, settings=replace(PLAIN, rest_weekdays=frozenset({2}))) is Silence.REST_DAY
    assert why(LATELY, StopSign("x", "b", 1.0, day=ago(1))) is Silence.REST_DAY
    assert why(LATELY, DayRecord(WEDNESDAY, snoozed=True)) is Silence.SNOOZED


@pytest.mark.parametrize(("goal", "reason"), [(3, Silence.WEEK_DONE), (4, None)])
def test_a_week_whose_goal_is_met_asks_for_nothing(goal: int, reason: Silence | None) -> None:
    """On a Thursday."""
    week = tuple(session(day, 21) for day in (ago(2), ago(1), WEDNESDAY))
    settings, log = replace(PLAIN, weekly_goal=goal), Log(sessions=week)
    thursday = plan(log, WEDNESDAY + timedelta(days=1), settings)
    assert thursday.week_count == 3
    assert silence(thursday, log, NONE_APPLIES, BERLIN, settings) is reason


@pytest.mark.parametrize(("days", "reason"), [(1, None), (3, None), (4, Silence.PAUSED), (59, Silence.PAUSED)])
def test_three_evenings_without_an_answer_pause_it(days: int, reason: Silence | None) -> None:
    assert why(session(ago(days))) is reason


@pytest.mark.parametrize("days", range(5))
@pytest.mark.parametrize(
    "act",
    [
        lambda day: session(day, 0.6),
        lambda day: Rating("r", "b", 1.0, 5, Moment.DAY, day=day),
        lambda day: StopSign("x", "b", 1.0, day=day),
        lambda day: DayRecord(day, rest=True),
        lambda day: DayRecord(day, snoozed=True),
        DayRecord,
    ],
    ids=["session", "rating", "stop sign", "rest", "snooze", "switched on"],
)
def test_any_act_of_the_person_is_an_answer(act: object, days: int) -> None:
    assert callable(act)
    # A stop sign makes the day after it one of rest, on which nothing was asked.
    paused = days - isinstance(act(ago(days)), StopSign) > 3
    assert (why(session(ago(20)), act(ago(days))) is Silence.PAUSED) is paused


@pytest.mark.parametrize(("days", "reason"), [(3, None), (4, Silence.PAUSED)])
def test_an_answer_to_the_safety_questions_is_an_answer(days: int, reason: Silence | None) -> None:
    at = utc("20:00", ago(days))
    assert why(answer=Acknowledgement(some=False, utc=at)) is reason
    agreed = Acknowledgement(some=True, utc=utc("20:00", ago(40)), cleared=True, cleared_utc=at)
    assert why(answer=agreed) is reason


def test_what_is_no_act_of_the_person_is_none() -> None:
    assert why(session(ago(5)), session(ago(1), doubt=Doubt.THING)) is Silence.PAUSED, "a bag"
    assert why(session(ago(5)), session(WEDNESDAY + timedelta(days=1))) is Silence.PAUSED, "of a clock that was wrong"
    undated = Acknowledgement(some=False)
    assert why(answer=undated) is Silence.PAUSED
    assert why(answer=replace(undated, utc=5e9)) is Silence.PAUSED, "beyond the calendar of a mat"


@pytest.mark.parametrize(("last", "reason"), [(5, None), (6, Silence.PAUSED)])
def test_a_day_of_rest_is_no_evening_without_an_answer(last: int, reason: Silence | None) -> None:
    """Last there on Friday, or on Thursday; Monday and Tuesday are of rest."""
    assert why(session(ago(last)), settings=replace(PLAIN, rest_weekdays=frozenset({0, 1}))) is reason


@pytest.mark.parametrize(("goal", "reason"), [(3, None), (4, Silence.PAUSED)])
def test_the_evenings_after_a_week_was_done_are_none_either(goal: int, reason: Silence | None) -> None:
    """Last there from Monday to Wednesday of the week before; with a goal of 3 nothing was asked until Sunday."""
    week = (session(ago(days), 21) for days in (9, 8, 7))
    assert why(*week, settings=replace(PLAIN, weekly_goal=goal)) is reason


# --- properties ---------------------------------------------------------------------------------------------------

zones = st.sampled_from(
    [ZoneInfo(name) for name in ("Europe/Berlin", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "UTC")]
)
times = st.builds(time, st.integers(0, 23), st.integers(0, 59))
some_settings = st.builds(
    Settings,
    day_start=st.sampled_from([time(4, 0), time(0, 0), time(2, 30), time(14, 0), time(23, 30)]),
    bedtime=times,
    nudge_before_bed_min=st.integers(0, 360),
    quiet_from=times,
    quiet_to=times,
)
some_days = st.one_of(
    st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    st.sampled_from([date(2026, 3, 28), date(2026, 10, 24), date(2026, 4, 4), date(2026, 10, 3), date(2026, 2, 14)]),
)
quick = hypothesis_settings(max_examples=60, deadline=None, derandomize=True)


def wall_is_quiet(now: float, settings: Settings, zone: ZoneInfo) -> bool:
    wall, begin, end = datetime.fromtimestamp(now, zone).time(), settings.quiet_from, settings.quiet_to
    return begin <= wall < end if begin <= end else (wall >= begin or wall < end)


@quick
@given(some_days, some_settings, zones)
def test_any_day_ends_and_every_breath_is_whole_and_never_quiet(day: date, settings: Settings, zone: ZoneInfo) -> None:
    begin_of_day, end_of_day = day_bounds(day, zone, settings.day_start)
    found = lit(day, settings, zone)
    assert len(found) <= 4
    for start, stop in found:
        assert stop - start == 30.0
        assert begin_of_day <= start < stop <= end_of_day
        assert not any(wall_is_quiet(start + second, settings, zone) for second in (0, 15, 29.9))
        assert (start - found[0][0]) % 900 == 0
        in_bed = (datetime.fromtimestamp(stop + 60 * minutes, zone) for minutes in range(30))
        assert settings.bedtime not in {wall.time().replace(second=0) for wall in in_bed}, "the last half hour is dark"


@quick
@given(some_days, some_settings, zones, st.floats(0, 86_400))
def test_between_two_answers_nothing_changes(day: date, settings: Settings, zone: ZoneInfo, after_s: float) -> None:
    begin, end = day_bounds(day, zone, settings.day_start)
    now = min(begin + after_s, end - 1)
    answer = evening(now, day, zone, settings)
    assert answer.next_change_utc is not None
    assert answer.reason is None or not answer.active
    for part in (0.25, 0.5, 0.99):
        assert evening(now + (answer.next_change_utc - now) * part, day, zone, settings) == answer
