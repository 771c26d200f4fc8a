from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from matpi.core.clock import day_bounds, day_of
from matpi.core.model import DayRecord, Log, Settings
from matpi.core.plan.programme import Plan, plan
from matpi.core.plan.progress import RestReason
from matpi.core.reminder import Nudge, Silence, nudge, nudge_time

BERLIN = ZoneInfo("Europe/Berlin")
WEDNESDAY = date(2026, 6, 10)
PLAIN = Settings(zone="Europe/Berlin")
LATE = Settings(bedtime=time(0, 30), quiet_from=time(1, 0), quiet_to=time(9, 0))


def utc(hhmm: str, day: date = WEDNESDAY, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    return datetime.combine(day, time.fromisoformat(hhmm), zone).replace(fold=fold).timestamp()


def missing(day: date = WEDNESDAY) -> Plan:
    return plan(Log(), day, PLAIN)


def ask(
    now: float,
    settings: Settings = PLAIN,
    *,
    trusted: bool = True,
    zone: ZoneInfo = BERLIN,
    today: Plan | None = None,
    record: DayRecord | None = None,
    occupied: bool = False,
) -> Nudge:
    return nudge(
        now, trusted, zone, settings, today or missing(day_of(now, zone, settings.day_start)), record, occupied
    )


def breaths(day: date, settings: Settings, zone: ZoneInfo = BERLIN) -> list[tuple[float, float]]:
    """Walk one day of the plan by what the answers say, and write down when the light breathed."""
    now, end = day_bounds(day, zone, settings.day_start)
    lit: list[tuple[float, float]] = []
    for _ in range(1000):
        if now >= end:
            return lit
        answer = ask(now, settings, zone=zone, today=missing(day))
        assert answer.next_change_utc is not None
        assert answer.next_change_utc > now
        if answer.active:
            lit.append((now, answer.next_change_utc))
        now = answer.next_change_utc
    raise AssertionError("the day does not end")


def clock_times(day: date, settings: Settings, zone: ZoneInfo = BERLIN) -> list[str]:
    return [f"{datetime.fromtimestamp(begin, zone):%H:%M}" for begin, _ in breaths(day, settings, zone)]


def test_the_default_evening() -> None:
    assert clock_times(WEDNESDAY, PLAIN) == [
        *("21:00", "21:15", "21:30", "21:45"),  # every 15 min for an hour
        *("22:00", "22:05", "22:10", "22:15", "22:20", "22:25"),  # then every 5, until quiet hours
    ]


def test_a_bedtime_after_midnight_speaks_of_the_plans_day() -> None:
    assert clock_times(WEDNESDAY, LATE) == [
        *("23:00", "23:15", "23:30", "23:45"),
        *(f"00:{minute:02}" for minute in range(0, 60, 5)),
    ]
    half_past_midnight = utc("00:30", WEDNESDAY + timedelta(days=1))
    assert ask(half_past_midnight, LATE, today=missing(WEDNESDAY)).active


def test_without_quiet_hours_it_ends_an_hour_after_bedtime() -> None:
    awake = replace(PLAIN, quiet_from=time(3, 0), quiet_to=time(3, 0))
    seen = clock_times(WEDNESDAY, awake)
    assert (seen[0], seen[-1]) == ("21:00", "23:25")
    assert ask(utc("23:30"), awake).reason is Silence.PAST_BEDTIME
    late = clock_times(WEDNESDAY, replace(awake, bedtime=time(3, 30)))
    assert (late[0], late[-1]) == ("02:00", "03:55"), "the plan's day ends first"


def test_a_bedtime_after_the_start_of_the_day_does_not_make_a_day_of_reminding() -> None:
    shift = replace(PLAIN, bedtime=time(5, 30), quiet_from=time(7, 0), quiet_to=time(15, 0))
    seen = clock_times(WEDNESDAY, shift)
    assert (seen[0], seen[-1]) == ("04:00", "06:25"), "of the day that has just begun"


def test_quiet_hours_within_the_evening() -> None:
    seen = clock_times(WEDNESDAY, replace(PLAIN, quiet_from=time(21, 10), quiet_to=time(22, 1)))
    assert seen[:3] == ["21:00", "22:05", "22:10"]


def test_a_breath_that_quiet_hours_would_cut_is_not_begun() -> None:
    assert clock_times(WEDNESDAY, replace(PLAIN, quiet_from=time(21, 15, 29)))[-1] == "21:00"
    assert clock_times(WEDNESDAY, replace(PLAIN, quiet_from=time(21, 15, 30)))[-1] == "21:15"


def test_near_quiet_hours() -> None:
    soon_quiet = replace(PLAIN, quiet_from=time(21, 15, 29))
    assert ask(utc("21:15:05"), soon_quiet) == Nudge(active=False, reason=None, next_change_utc=utc("21:15:29"))
    assert ask(utc("21:01"), soon_quiet).next_change_utc == utc("21:15:29")
    just_over = replace(PLAIN, quiet_from=time(21, 10), quiet_to=time(21, 15, 10))
    assert ask(utc("21:15:12"), just_over) == Nudge(active=False, reason=None, next_change_utc=utc("21:30"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"settings": replace(PLAIN, nudge=False)}, Silence.OFF),
        ({"trusted": False}, Silence.CLOCK_NOT_KNOWN),
        ({"occupied": True}, Silence.OCCUPIED),
        ({"today": replace(missing(), done=True)}, Silence.DONE),
        ({"today": replace(missing(), rest_reason=RestReason.WEEKDAY)}, Silence.REST_DAY),
        ({"today": replace(missing(), rest_reason=RestReason.STOP_SIGN)}, Silence.REST_DAY),
        ({"record": DayRecord(WEDNESDAY, rest=True)}, Silence.REST_DAY),
        ({"record": DayRecord(WEDNESDAY, snoozed=True)}, Silence.SNOOZED),
        ({"settings": replace(PLAIN, bedtime=time(23, 0))}, Silence.NOT_YET),
        ({"today": missing(WEDNESDAY - timedelta(days=1))}, Silence.NOT_YET),
        ({"settings": replace(PLAIN, quiet_from=time(20, 0))}, Silence.QUIET_HOURS),
        ({"record": DayRecord(WEDNESDAY - timedelta(days=1), snoozed=True)}, None),
    ],
)
def test_why_it_is_silent(change: dict[str, object], reason: Silence | None) -> None:
    nine = utc("21:00")
    assert ask(nine).active
    answer = ask(nine, **change)  # type: ignore[arg-type]
    assert answer.reason is reason
    assert answer.active is (reason is None)
    if answer.reason in {Silence.OFF, Silence.CLOCK_NOT_KNOWN}:
        assert answer.next_change_utc is None


@pytest.mark.parametrize(
    ("now", "active", "reason", "ask_again"),
    [
        ("05:00:00", False, Silence.NOT_YET, "21:00:00"),
        ("20:59:59", False, Silence.NOT_YET, "21:00:00"),
        ("21:00:00", True, None, "21:00:30"),
        ("21:00:29", True, None, "21:00:30"),
        ("21:00:30", False, None, "21:15:00"),
        ("21:50:00", False, None, "22:00:00"),
        ("22:01:00", False, None, "22:05:00"),
        ("22:25:30", False, None, "22:30:00"),
        ("22:30:00", False, Silence.QUIET_HOURS, "04:00:00"),
    ],
)
def test_when_to_ask_again(now: str, active: bool, reason: Silence | None, ask_again: str) -> None:
    answer = ask(utc(now))
    assert (answer.active, answer.reason) == (active, reason)
    again = answer.next_change_utc
    assert again is not None
    assert datetime.fromtimestamp(again, BERLIN).time() == time.fromisoformat(ask_again)


def test_what_only_a_new_day_ends_asks_again_when_it_begins() -> None:
    morning = utc("04:00", WEDNESDAY + timedelta(days=1))
    done = replace(missing(), done=True)
    assert ask(utc("21:00"), today=done).next_change_utc == morning
    assert ask(utc("21:00"), record=DayRecord(WEDNESDAY, snoozed=True)).next_change_utc == morning


@pytest.mark.parametrize(
    ("before_min", "bedtime", "expected"),
    [(90, time(22, 30), "21:00"), (0, time(22, 30), "22:30"), (360, time(22, 30), "16:30"), (90, time(0, 30), "23:00")],
)
def test_the_nudge_time(before_min: int, bedtime: time, expected: str) -> None:
    settings = Settings(bedtime=bedtime, nudge_before_bed_min=before_min)
    assert nudge_time(WEDNESDAY, BERLIN, settings) == utc(expected)


def test_a_nudge_time_after_midnight_lies_in_the_plans_day() -> None:
    settings = Settings(bedtime=time(3, 0))
    assert nudge_time(WEDNESDAY, BERLIN, settings) == utc("01:30", WEDNESDAY + timedelta(days=1))


SPRING, AUTUMN = date(2026, 3, 28), date(2026, 10, 24)  # the plan's days in whose night Berlin changes its clocks


def test_a_nudge_time_that_the_night_skips() -> None:
    settings = Settings(bedtime=time(3, 0), nudge_before_bed_min=30, quiet_from=time(3, 30), quiet_to=time(12, 0))
    assert clock_times(SPRING, settings) == ["03:00", "03:15"]  # 02:30 is not there


def test_a_nudge_time_that_comes_twice_begins_once() -> None:
    settings = Settings(bedtime=time(3, 0), nudge_before_bed_min=30, quiet_from=time(3, 30), quiet_to=time(12, 0))
    lit = breaths(AUTUMN, settings)
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()
    assert [begin - first for begin, _ in lit] == [
        *(minute * 60 for minute in range(0, 60, 15)),
        *(minute * 60 for minute in range(60, 120, 5)),
    ]


def test_quiet_hours_that_end_in_a_doubled_hour_end_with_the_second() -> None:
    settings = replace(PLAIN, bedtime=time(2, 30), quiet_to=time(2, 30))
    late = [time for time in clock_times(AUTUMN, settings) if time < "12:00"]
    assert late[0] == "02:30"
    after = [begin for begin, _ in breaths(AUTUMN, settings) if begin > utc("12:00", AUTUMN)]
    second = datetime(2026, 10, 25, 1, 30, tzinfo=UTC).timestamp()
    assert min(begin for begin in after if begin > utc("23:00", AUTUMN)) == second


def test_the_long_and_the_short_evening_are_like_any_other() -> None:
    for day in (SPRING, SPRING + timedelta(days=1), AUTUMN, AUTUMN + timedelta(days=1)):
        assert clock_times(day, PLAIN) == clock_times(WEDNESDAY, PLAIN)


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
    begin = nudge_time(day, zone, settings)
    last = None
    for start, stop in breaths(day, settings, zone):
        assert stop - start == 30.0
        assert begin_of_day <= begin <= start < stop <= end_of_day
        assert not any(wall_is_quiet(start + second, settings, zone) for second in (0, 15, 29.9))
        assert (start - begin) % 300 == 0
        assert start - begin >= 3600 or (start - begin) % 900 == 0
        assert last is None or start - last >= 300
        last = start


@quick
@given(
    st.floats(1.7e9, 1.9e9),
    some_settings,
    zones,
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    st.booleans(),
)
def test_it_is_active_only_when_nothing_speaks_against_it(
    now: float,
    settings: Settings,
    zone: ZoneInfo,
    trusted: bool,
    wanted: bool,
    done: bool,
    rest: bool,
    snoozed: bool,
    occupied: bool,
) -> None:
    settings = replace(settings, nudge=wanted)
    day = day_of(now, zone, settings.day_start)
    now = max(now, nudge_time(day, zone, settings)) // 300 * 300  # most often the moment of a breath
    day = day_of(now, zone, settings.day_start)
    today = replace(missing(day), done=done, rest_reason=RestReason.DECLARED if rest else None)
    answer = nudge(now, trusted, zone, settings, today, DayRecord(day, snoozed=snoozed), occupied)
    if not trusted or not wanted or done or rest or snoozed or occupied or wall_is_quiet(now, settings, zone):
        assert not answer.active
        assert answer.reason is not None
    assert answer.next_change_utc is None or answer.next_change_utc > now


@quick
@given(some_days, some_settings, zones, st.floats(0, 86_400))
def test_between_two_answers_nothing_changes(day: date, settings: Settings, zone: ZoneInfo, after_s: float) -> None:
    begin, end = day_bounds(day, zone, settings.day_start)
    now = min(begin + after_s, end - 1)
    answer = ask(now, settings, zone=zone)
    assert answer.next_change_utc is not None
    for part in (0.25, 0.5, 0.99):
        assert ask(now + (answer.next_change_utc - now) * part, settings, zone=zone) == answer
