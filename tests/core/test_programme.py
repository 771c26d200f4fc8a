from __future__ import annotations

import random
import time as clock
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from msgspec.structs import replace

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
from matpi.core.plan.programme import AFTER, TIERS, Course, Plan, Tier, plan
from matpi.core.plan.progress import RestReason
from matpi.core.plan.trend import Trend
from matpi.words import ENGLISH

MONDAY = date(2026, 6, 1)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
DAY_S = 86_400.0
PLAIN = Settings()
_ids = count()


def on(day: int | None, minutes: float, reason: EndReason | None = EndReason.LEFT) -> Session:
    """A session on the given day after MONDAY."""
    return Session(
        id=f"s{next(_ids)}",
        boot_id="b",
        start_mono=0.0,
        span_s=minutes * 60,
        on_mat_s=minutes * 60,
        reason=reason,
        day=None if day is None else MONDAY + timedelta(days=day),
    )


def felt(day: int | None, value: int, moment: Moment = Moment.BEFORE) -> Rating:
    at = None if day is None else MONDAY + timedelta(days=day)
    n = next(_ids)
    return Rating(id=f"r{n}", boot_id="b", mono=0.0, value=value, moment=moment, day=at, utc=float(n))


def wrong(day: int | None) -> StopSign:
    return StopSign(
        id=f"x{next(_ids)}", boot_id="b", mono=0.0, day=None if day is None else MONDAY + timedelta(days=day)
    )


def at(
    day: int,
    sessions: Iterable[Session] = (),
    settings: Settings = PLAIN,
    *,
    stops: Iterable[StopSign] = (),
    ratings: Iterable[Rating] = (),
    days: Iterable[DayRecord] = (),
    acknowledgement: Acknowledgement | None = None,
    running_s: float = 0.0,
) -> Plan:
    log = Log(tuple(sessions), tuple(ratings), tuple(stops), tuple(days))
    return plan(log, MONDAY + timedelta(days=day), settings, acknowledgement, running_s=running_s)


def good_days(last: int) -> list[Session]:
    """One session a day from day 0 to `last`, each at its target's upper bound."""
    sessions: list[Session] = []
    for day in range(last + 1):
        sessions.append(on(day, at(day, sessions).upper_min))
    return sessions


@pytest.mark.parametrize(
    ("plan_day", "lower", "upper", "clothing", "goal"),
    [
        *((day, 2, 5, "thin shirt", "learn the sensation") for day in (1, 2, 3)),
        *((day, 5, 10, "thin shirt, or bare (optional)", "build tolerance") for day in (4, 5, 6, 7)),
        *((day, 10, 15, "your choice", "add breathwork") for day in (8, 9, 10)),
        *((day, 15, 20, "your choice", "make it a routine") for day in (11, 12, 13, 14)),
        *((15, 10, 20, "your choice", "keep going 3-7 a week") for _ in range(2)),
    ],
)
def test_the_table(plan_day: int, lower: int, upper: int, clothing: str, goal: str) -> None:
    seen = at(plan_day - 1, good_days(plan_day - 2))
    assert (seen.day, seen.lower_min, seen.upper_min) == (plan_day, lower, upper)
    assert (seen.target.lower_s, seen.target.upper_s) == (lower * 60, upper * 60)
    assert (ENGLISH.say(seen.clothing), ENGLISH.say(seen.goal)) == (clothing, goal)
    assert not seen.done


def test_an_empty_log_is_day_1() -> None:
    seen = at(0)
    assert (seen.day, seen.done_days, seen.streak, seen.score, seen.week_count) == (1, 0, 0, 0.0, 0)
    assert (seen.trend, seen.rest_reason, seen.restarted, seen.repeated) == (None, None, False, False)


def test_the_plan_advances_tomorrow_and_not_today() -> None:
    sessions = [on(0, 3)]
    assert (at(0, sessions).day, at(0, sessions).done) == (1, True)
    assert (at(1, sessions).day, at(1, sessions).done) == (2, False)


@pytest.mark.parametrize(("minutes", "done"), [(119.9 / 60, False), (2, True)])
def test_the_lower_bound_is_done(minutes: float, done: bool) -> None:
    assert at(0, [on(0, minutes)]).done is done
    assert at(1, [on(0, minutes)]).day == 1 + done


def test_several_sessions_a_day_sum_and_advance_once() -> None:
    halves = [on(0, 1), on(0, 1)]
    assert (at(0, halves).today_s, at(0, halves).done) == (120, True)
    assert at(1, halves).day == 2
    assert at(1, [on(0, 4), on(0, 4), on(0, 20)]).day == 2


def test_the_order_of_sessions_cannot_decide_a_day() -> None:
    parts = [replace(on(0, 1), on_mat_s=seconds) for seconds in (0.1, 0.2, 0.3)]
    assert at(0, parts).today_s == at(0, reversed(parts)).today_s


def test_missed_days_do_not_reset() -> None:
    sessions = [on(0, 3), on(3, 3), on(9, 3)]
    assert [at(day, sessions).day for day in (1, 3, 4, 9, 10)] == [2, 2, 3, 3, 4]


def test_a_day_too_short_for_its_tier_keeps_the_plan_where_it_is() -> None:
    sessions = [*good_days(6), on(7, 9.9)]
    assert (at(7, sessions).day, at(7, sessions).done) == (8, False)
    assert at(8, sessions).day == 8


def test_deleting_a_session_rolls_the_plan_back() -> None:
    sessions = good_days(4)
    assert at(5, sessions).day == 6
    without = [session for session in sessions if session is not sessions[1]]
    assert at(5, without).day == 5
    assert at(5, without) == at(5, [replace(session, id=f"never{session.id}") for session in without])


@pytest.mark.parametrize(
    ("away", "day", "told"),
    [(6, 6, None), (7, 4, "repeated"), (20, 4, "repeated"), (21, 1, "restarted"), (400, 1, "restarted")],
)
def test_days_without(away: int, day: int, told: str | None) -> None:
    sessions = good_days(4)  # stands on day 6
    back = 5 + away
    seen = at(back, sessions)
    assert seen.day == day
    assert (seen.repeated, seen.restarted) == (told == "repeated", told == "restarted")
    again = [*sessions, on(back, 5)]
    assert at(back, again).day == day
    assert at(back + 1, again).day == day + 1
    assert not at(back + 1, again).restarted
    assert not at(back + 1, again).repeated


def test_a_restart_may_be_overruled_and_then_only_the_tier_is_repeated() -> None:
    seen = at(40, good_days(4), Settings(no_restart=True))
    assert (seen.day, seen.repeated, seen.restarted) == (4, True, False)


def test_after_the_plan_days_without_repeat_or_restart_too() -> None:
    sessions = good_days(13)
    assert at(13 + 10, sessions).day == AFTER
    assert not at(13 + 10, sessions).repeated
    assert at(13 + 22, sessions).day == 1


def test_a_short_session_ends_the_days_without() -> None:
    assert at(12, [*good_days(4), on(8, 1)]).day == 6


def test_a_rating_among_the_days_without_changes_nothing() -> None:
    seen = at(30, good_days(4), ratings=[felt(15, 5), felt(29, 5)])
    assert (seen.day, seen.restarted) == (1, True)


@pytest.mark.parametrize(
    ("before", "stands", "leads_to"),
    [(0, 1, 1), (2, 3, 1), (4, 5, 1), (6, 7, 1), (8, 9, 4), (9, 10, 4), (11, 12, 8), (13, 14, 8), (14, AFTER, 8)],
)
def test_a_stop_sign_steps_back_one_tier_and_asks_for_rest_tomorrow(before: int, stands: int, leads_to: int) -> None:
    sessions = good_days(before)
    stops = [wrong(before), wrong(before)]
    today, tomorrow, later = (at(before + ahead, sessions, stops=stops) for ahead in (0, 1, 2))
    assert (today.day, today.done, today.rest_day) == (stands, True, False)
    assert (tomorrow.day, tomorrow.rest_reason) == (leads_to, RestReason.STOP_SIGN)
    assert (later.day, later.rest_day) == (leads_to, False)
    assert tomorrow.done_days == before + 1
    assert tomorrow.lower_min <= today.lower_min
    assert tomorrow.upper_min <= today.upper_min


def test_a_stop_sign_without_a_session_that_day() -> None:
    seen = at(6, good_days(4), stops=[wrong(5)])
    assert (seen.day, seen.rest_reason) == (1, RestReason.STOP_SIGN)


def test_a_stop_sign_is_not_a_day_on_the_mat() -> None:
    seen = at(32, good_days(10), stops=[wrong(14)])  # days 11 to 31 without
    assert (seen.day, seen.restarted) == (1, True)


def test_nothing_is_told_of_a_restart_from_day_1() -> None:
    seen = at(40, [on(0, 1)])
    assert (seen.day, seen.restarted, seen.repeated) == (1, False, False)


def test_rest_days_and_which_reason_is_told() -> None:
    tuesday = MONDAY + timedelta(days=1)
    resting = Settings(rest_weekdays=frozenset({1}))
    declared = [DayRecord(tuesday, rest=True)]
    assert at(1, settings=resting).rest_reason is RestReason.WEEKDAY
    assert at(8, settings=resting).rest_reason is RestReason.WEEKDAY
    assert at(2, settings=resting).rest_reason is None
    assert at(1, settings=resting, days=declared).rest_reason is RestReason.DECLARED
    assert at(1, settings=resting, days=declared, stops=[wrong(0)]).rest_reason is RestReason.STOP_SIGN
    assert at(1, days=[DayRecord(tuesday, snoozed=True)]).rest_reason is None


def test_one_fold_knows_the_rest_days_before() -> None:
    resting = Settings(rest_weekdays=frozenset({6}))
    more: dict[str, Any] = {"stops": [wrong(2)], "days": [DayRecord(MONDAY + timedelta(days=5), rest=True)]}
    rests = at(9, settings=resting, **more).rests
    for day in range(10):
        ordinal = (MONDAY + timedelta(days=day)).toordinal()
        assert rests.reason(ordinal) is at(day, settings=resting, **more).rest_reason


def test_a_session_on_a_rest_day_counts() -> None:
    seen = at(1, [on(0, 3)], Settings(rest_weekdays=frozenset({0})))
    assert (seen.day, seen.done_days) == (2, 1)


def test_the_streak_forgives_rest_days_and_a_today_still_to_come() -> None:
    resting = Settings(rest_weekdays=frozenset({2}))
    sessions = [on(day, 3) for day in (0, 1, 3)]
    assert at(3, sessions, resting).streak == 3
    assert at(4, sessions, resting).streak == 3
    assert at(5, sessions, resting).streak == 0
    assert at(4, sessions).streak == 1
    assert at(7, [on(day, 5) for day in range(3)], Settings(rest_weekdays=frozenset(range(3, 7)))).streak == 3


def test_the_score_is_loops() -> None:
    # Reference values of Loop's own test for a daily habit done on each of the last 20 days.
    daily = Settings(weekly_goal=7)
    sessions = [on(day, 20) for day in range(20)]
    assert at(19, sessions, daily).score == pytest.approx(0.655747, abs=1e-6)
    assert at(18, sessions[:19], daily).score == pytest.approx(0.636894, abs=1e-6)
    assert at(0, sessions[:1], daily).score == pytest.approx(0.051922, abs=1e-6)
    # ... and with 3 of them skipped.
    skipped = [DayRecord(MONDAY + timedelta(days=day), rest=True) for day in (8, 9, 14)]
    trained = [session for day, session in enumerate(sessions) if day not in {8, 9, 14}]
    assert at(19, trained, daily, days=skipped).score == pytest.approx(0.596033, abs=1e-6)


def test_one_miss_does_not_destroy_the_score() -> None:
    sessions = [on(day, 20) for day in range(100)]
    before = at(99, sessions).score
    assert before > 0.97
    assert at(101, sessions, Settings(weekly_goal=7)).score > 0.9
    assert at(101, sessions).score == pytest.approx(before, abs=0.02)  # 5 a week: a free day is no miss


def test_the_score_asks_for_the_goal_and_not_for_certain_days() -> None:
    three = Settings(weekly_goal=3)
    scattered = [on(week * 7 + day, 20) for week in range(40) for day in ((0, 1, 2) if week % 2 else (2, 4, 6))]
    assert at(279, scattered, three).score > 0.99
    assert at(279 + 21, scattered, three).score < 0.8
    assert at(279 + 60, scattered, three).score < 0.25


def test_the_week_begins_on_monday() -> None:
    sessions = [on(day, 20) for day in (4, 6, 7, 8, 10)]
    assert [at(day, sessions).week_count for day in (6, 7, 10, 13, 14)] == [2, 1, 3, 3, 0]
    assert at(6, sessions, Settings(weekly_goal=3)).weekly_goal == 3


def test_staying_on_a_tier() -> None:
    staying = Settings(stay_on_tier=True)
    gentle = [on(day, 4) for day in range(30)]
    assert [at(day, gentle, staying).day for day in (2, 3, 10, 29)] == [3, 3, 3, 3]
    assert at(29, gentle, staying).done_days == 30
    assert [at(day, gentle).day for day in (2, 3, 10)] == [3, 4, 4]


def test_days_without_repeat_the_tier_one_stays_on() -> None:
    staying = Settings(stay_on_tier=True)
    sessions = [on(day, 4) for day in range(3)] + [on(day, 8) for day in range(3, 12)]
    assert at(12, sessions, staying).day == 7
    assert (at(19, sessions, staying).day, at(19, sessions, staying).repeated) == (4, True)


def test_getting_up_slowly_at_enough_is_not_moving_on() -> None:
    seen = at(20, [on(day, 5.9) for day in range(20)], Settings(stay_on_tier=True))
    assert (seen.day, seen.upper_min) == (3, 5)


@pytest.mark.parametrize("plan_day", [2, 5, 7, 9, 10, 12, 15])
def test_asking_to_stay_does_not_throw_anybody_back_a_tier(plan_day: int) -> None:
    sessions: list[Session] = []
    for day in range(plan_day - 1):
        sessions.append(on(day, at(day, sessions).lower_min + 2))
    assert at(plan_day - 1, sessions).day == plan_day
    assert at(plan_day - 1, sessions, Settings(stay_on_tier=True)).day == plan_day


def test_a_yes_that_is_not_cleared_means_short_sessions() -> None:
    yes = Acknowledgement(some=True)
    sessions = [*good_days(8), on(9, 3)]
    seen = at(9, sessions, acknowledgement=yes)
    assert (seen.short_only, seen.day, seen.lower_min, seen.upper_min) == (True, 3, 2, 5)
    assert (seen.done, seen.done_days, seen.streak) == (True, 10, 10)
    long_ago = Acknowledgement(some=True, utc=1.0, cleared=True, cleared_utc=2.0)
    for answer in (None, Acknowledgement(some=False), long_ago):
        full = at(9, sessions, acknowledgement=answer)
        assert (full.short_only, full.day, full.done) == (False, 10, False)


def lain(day: int, minutes: float, hour: float = 20.0) -> Session:
    """At this hour UTC of the given day after MONDAY."""
    return replace(on(day, minutes), start_utc=NOON + DAY_S * day + (hour - 12.0) * 3600.0)


def said(day: float) -> float:
    """So many days after MONDAY's noon."""
    return NOON + DAY_S * day


MINUTES = [3, 3, 3, 6, 6, 3, 3, 3, 3, 3, 6, 6]
"""By the plan's own range days 0 to 4 and 10, 11 are done; by the short one all of them."""
BY_PLAN = {0, 1, 2, 3, 4, 10, 11}


@pytest.mark.parametrize(
    ("answer", "more"),
    [
        (None, set()),
        (Acknowledgement(some=False, utc=said(6)), set()),
        (Acknowledgement(some=True, utc=said(6)), {6, 7, 8, 9}),
        (Acknowledgement(some=True, utc=said(6), cleared=True, cleared_utc=said(9)), {6, 7, 8}),
        (Acknowledgement(some=True, utc=said(6), cleared=True, cleared_utc=said(9.4)), {6, 7, 8, 9}),
        (Acknowledgement(some=True, cleared=True, cleared_utc=said(8)), {5, 6, 7}),
        (Acknowledgement(some=True, utc=said(8), cleared=True), {8, 9}),
        (Acknowledgement(some=True, cleared=True), {5, 6, 7, 8, 9}),
        (Acknowledgement(some=True), {5, 6, 7, 8, 9}),
        (Acknowledgement(some=False, utc=said(9), earlier=((said(5), said(7)),)), {5, 6}),
        (Acknowledgement(some=True, utc=said(8), earlier=((said(5), said(6)),)), {5, 8, 9}),
    ],
)
def test_each_day_is_judged_by_the_answer_in_force_then(answer: Acknowledgement | None, more: set[int]) -> None:
    log = Log(tuple(lain(day, minutes) for day, minutes in enumerate(MINUTES)))
    seen = [plan(log, MONDAY + timedelta(days=day), PLAIN, answer) for day in range(len(MINUTES))]
    assert {day for day, then in enumerate(seen) if then.done} == BY_PLAN | more
    assert seen[-1].done_days == len(BY_PLAN | more)
    assert seen[-1].done_on == {(MONDAY + timedelta(days=day)).toordinal() for day in BY_PLAN | more}


def test_what_was_lain_before_a_doctor_agreed_is_judged_by_the_short_range() -> None:
    cleared = Acknowledgement(some=True, utc=said(0), cleared=True, cleared_utc=said(4))
    days = [lain(day, 6) for day in range(4)]
    assert at(4, [*days, lain(4, 3, hour=9)], acknowledgement=cleared).done
    assert not at(4, [*days, lain(4, 3, hour=15)], acknowledgement=cleared).done
    assert not at(4, [*days, lain(4, 1, hour=9), lain(4, 1.5, hour=15)], acknowledgement=cleared).done


def test_the_day_of_an_answer_is_that_of_where_one_lives() -> None:
    yes = Acknowledgement(some=True, utc=said(5) - 5 * 3600.0)  # 07:00 UTC on day 5
    log = Log((*(lain(day, 6) for day in range(3)), on(3, 6), on(4, 3)))
    seen = [
        plan(log, MONDAY + timedelta(days=4), PLAIN, yes, zone=timezone(timedelta(hours=hours))).done
        for hours in (0, -4)
    ]
    assert seen == [False, True], "03:00 in the west is still the night of day 4"


@given(
    st.lists(st.builds(lain, st.integers(0, 20), st.floats(0.5, 20.0), st.floats(5.0, 23.0)), max_size=30),
    st.lists(st.tuples(st.sampled_from(["yes", "no", "clear"]), st.floats(0.0, 1.0)), max_size=8),
)
@hypothesis_settings(max_examples=150, deadline=None, derandomize=True)
def test_neither_answering_nor_clearing_changes_a_past_day(
    sessions: list[Session], words: list[tuple[str, float]]
) -> None:
    def done(today: int, answer: Acknowledgement | None) -> set[int]:
        known = [s for s in sessions if s.start_utc is not None and s.start_utc < said(today)]
        return {day for day in range(today) if at(day, known, acknowledgement=answer).done}

    answer: Acknowledgement | None = None
    for n, (word, hour) in enumerate(words, 1):
        today, utc = 3 * n, said(3 * n) + hour * 3600.0
        before = done(today, answer)
        if word == "clear":
            if answer is None or not answer.short_only:
                continue
            answer = replace(answer, cleared=True, cleared_utc=utc)
        else:
            answer = Acknowledgement(some=word == "yes", utc=utc).in_place_of(answer)
        assert done(today, answer) == before


def test_a_running_session_counts_towards_done() -> None:
    seen = at(0, [on(0, 1)], running_s=60.0)
    assert (seen.today_s, seen.done, seen.done_days) == (120.0, True, 0)
    assert at(0, [on(0, 1)], running_s=59.0).done is False
    assert at(0, [on(0, 1)]).running(60.0) == seen


@pytest.mark.parametrize(
    "session",
    [on(None, 10), on(3, 10), on(0, 10, None), on(0, 10, EndReason.DISCARDED)],
    ids=["undated", "in the future", "open", "thrown away"],
)
def test_what_does_not_count(session: Session) -> None:
    assert at(0, [session]) == at(0)


def test_the_answer_outweighs_the_doubt() -> None:
    for doubt in (None, *Doubt):
        for yours, counts in ((None, doubt in {None, Doubt.UNUSUAL}), (False, False), (True, True)):
            log = [*good_days(2), replace(on(3, 10), doubt=doubt, yours=yours)]
            assert at(4, log) == (at(4, [*good_days(2), on(3, 10)]) if counts else at(4, good_days(2)))
    assert at(0, [replace(on(0, 10, EndReason.DISCARDED), yours=True)]) == at(0)


@pytest.mark.parametrize("reason", [r for r in EndReason if r is not EndReason.DISCARDED])
def test_every_other_end_counts(reason: EndReason) -> None:
    assert at(0, [on(0, 2, reason)]).done


def test_an_undated_session_counts_once_it_has_its_day() -> None:
    undated = on(None, 3)
    assert at(1, [undated]).day == 1
    assert at(1, [replace(undated, day=MONDAY)]).day == 2


def test_the_trend_at_day_7_and_14() -> None:
    sessions = good_days(20)
    ratings = [felt(day, 9 - day // 3) for day in range(21)]
    assert at(5, sessions, ratings=ratings).trend is None
    seventh, fourteenth = Trend(7, 7, 9, 8, Moment.BEFORE), Trend(14, 14, 9, 5, Moment.BEFORE)
    assert at(6, sessions, ratings=ratings).trend == seventh
    assert at(12, sessions, ratings=ratings).trend == seventh
    assert at(13, sessions, ratings=ratings).trend == fourteenth
    assert at(20, sessions, ratings=ratings).trend == fourteenth


def test_a_day_s_number_is_its_first_answer_and_rest_days_count() -> None:
    sessions = [session for session in good_days(6) if session.day != MONDAY + timedelta(days=1)]
    sessions += [on(7, 10), on(8, 10)]
    ratings = [felt(0, 10), felt(0, 7), felt(1, 3), felt(7, 2), felt(None, 10)]
    assert at(8, sessions, ratings=ratings).trend == Trend(7, 3, None, None, Moment.BEFORE)
    ratings += [felt(2, 9), felt(3, 3), felt(4, 1), felt(4, 10)]
    assert at(8, sessions, ratings=ratings).trend == Trend(7, 6, 9, 2, Moment.BEFORE)
    assert at(8, sessions, ratings=ratings[::-1]).trend == Trend(7, 6, 9, 2, Moment.BEFORE)


def test_before_and_after_are_never_mixed() -> None:
    """7 before and 5 after each day, both given on the first three days, then after only: nothing has changed."""
    both = [felt(day, *what) for day in range(3) for what in ((7, Moment.BEFORE), (5, Moment.AFTER))]
    seen = at(13, good_days(14), ratings=[*both, *(felt(day, 5, Moment.AFTER) for day in range(3, 14))]).trend
    assert seen == Trend(14, 11, 5, 5, Moment.AFTER)


def test_a_trend_says_how_few_there_are_and_a_restart_forgets_it() -> None:
    sessions = good_days(8)
    assert at(8, sessions).trend is None
    assert at(8, sessions, ratings=[felt(0, 5)]).trend == Trend(7, 1, None, None, Moment.BEFORE)
    both = [felt(0, 5), felt(6, 3)]
    few = Trend(7, 2, None, None, Moment.BEFORE)
    assert at(8, sessions, ratings=both).trend == few
    assert at(9, sessions, ratings=both, stops=[wrong(8)]).trend == few
    assert at(60, sessions, ratings=both).trend is None


def test_a_trend_is_told_on_the_day_it_becomes_known() -> None:
    sessions = good_days(20)
    assert [day for day in range(20) if at(day, sessions).trend_today] == [6, 13]
    assert not at(6, sessions[:6]).trend_today, "the seventh day is not done yet"


def own_course() -> Course:
    tiers = (Tier(1, 2, 2, 15, "coat", "dare"), Tier(3, 4, 2, 6, "shirt", "ease"), Tier(5, 5, 2, 8, "any", "on"))
    return Course(tiers, "Mine")


def test_a_plan_of_ones_own_holds_from_its_first_to_its_last_day() -> None:
    log = Log(sessions=tuple(good_days(6)))
    seen = [plan(log, MONDAY + timedelta(days=day), Settings(), course=own_course()) for day in range(6)]
    assert [(p.day, p.lower_min, p.upper_min) for p in seen] == [
        (1, 2, 15), (2, 2, 15), (3, 2, 6), (4, 2, 6), (5, 2, 8), (5, 2, 8),
    ]  # fmt: skip
    assert [p.after for p in seen] == [False] * 4 + [True] * 2


def test_short_sessions_are_short_in_a_plan_of_ones_own_too() -> None:
    log, unsure = Log(), Acknowledgement(some=True)
    seen = plan(log, MONDAY, Settings(), unsure, course=own_course())
    assert (seen.lower_min, seen.upper_min) == (2, 5)


def test_a_stop_sign_in_a_plan_of_ones_own_leads_to_what_asks_for_no_more() -> None:
    log = Log(sessions=tuple(good_days(3)), stops=(wrong(2),))
    seen = plan(log, MONDAY + timedelta(days=3), Settings(), course=own_course())
    assert (seen.day, seen.rest_day) == (1, True)


def years(count: int) -> Log:
    rng = random.Random(10)
    days = range(365 * count)
    return Log(
        sessions=tuple(on(day, rng.uniform(1, 25)) for day in days if rng.random() < 0.8 for _ in range(2)),
        ratings=tuple(felt(day, rng.randint(1, 10)) for day in days),
        stops=tuple(wrong(day) for day in days if rng.random() < 0.01),
        days=tuple(DayRecord(MONDAY + timedelta(days=day), rest=rng.random() < 0.1) for day in days),
    )


def took_s(log: Log, today: date) -> float:
    """The least processor time of five."""
    took = []
    for _ in range(5):
        begun = clock.process_time()
        plan(log, today, PLAIN)
        took.append(clock.process_time() - begun)
    return min(took)


def test_the_time_for_ten_years_is_ten_times_that_for_one() -> None:
    one, ten = (took_s(years(count), MONDAY + timedelta(days=365 * count)) for count in (1, 10))
    assert ten < 20 * one


def test_a_session_from_a_lost_clock_costs_no_time() -> None:
    lost = Session("x", "b", 0.0, 900.0, 900.0, EndReason.LEFT, day=date(1, 1, 1))
    begun = clock.process_time()
    seen = plan(Log((lost,)), date(9999, 12, 31), Settings(rest_weekdays=frozenset({0, 6})))
    assert clock.process_time() - begun < 0.050
    assert (seen.day, seen.done_days) == (1, 1)


# --- properties ---------------------------------------------------------------------------------------------------

SPAN = 60
some_day = st.one_of(st.none(), st.integers(0, SPAN))
some_sessions = st.lists(st.builds(on, some_day, st.floats(0.5, 45.0), st.sampled_from(list(EndReason))), max_size=40)
some_settings = st.builds(
    Settings,
    rest_weekdays=st.frozensets(st.integers(0, 6), max_size=4),
    weekly_goal=st.integers(3, 7),
    stay_on_tier=st.booleans(),
    no_restart=st.booleans(),
)
some_time = st.one_of(st.none(), st.floats(NOON - 10 * DAY_S, NOON + SPAN * DAY_S))
some_answer = st.one_of(
    st.none(),
    st.builds(
        Acknowledgement,
        some=st.booleans(),
        utc=some_time,
        cleared=st.booleans(),
        cleared_utc=some_time,
        earlier=st.lists(st.tuples(some_time, some_time), max_size=2).map(tuple),
    ),
)
some_log = st.builds(
    Log,
    some_sessions.map(tuple),
    st.lists(st.builds(felt, some_day, st.integers(1, 10)), max_size=20).map(tuple),
    st.lists(st.builds(wrong, some_day), max_size=3).map(tuple),
    st.lists(
        st.builds(DayRecord, st.integers(0, SPAN).map(lambda n: MONDAY + timedelta(days=n)), st.booleans()), max_size=5
    ).map(tuple),
)
quick = hypothesis_settings(max_examples=100, deadline=None, derandomize=True)


@quick
@given(some_log, st.integers(-5, SPAN + 30), some_settings, some_answer)
def test_any_log_gives_a_plan_within_its_bounds(
    log: Log, day: int, how: Settings, answer: Acknowledgement | None
) -> None:
    seen = plan(log, MONDAY + timedelta(days=day), how, answer)
    assert 1 <= seen.day <= AFTER
    assert seen.target.first_day <= seen.day <= seen.target.last_day
    assert 0 <= seen.streak <= seen.done_days
    assert 0 <= seen.week_count <= min(7, seen.done_days)
    assert 0.0 <= seen.score <= 1.0
    if answer is None:
        assert seen.done == (seen.today_s >= seen.target.lower_s)
    elif not answer.short_only:
        assert seen.done >= (seen.today_s >= seen.target.lower_s)
    assert not (seen.restarted and seen.repeated)


@quick
@given(some_log, st.integers(0, SPAN), some_settings, st.floats(0.5, 45.0))
def test_one_more_session_never_undoes_its_day(log: Log, day: int, how: Settings, minutes: float) -> None:
    today = MONDAY + timedelta(days=day)
    before = plan(log, today, how)
    after = plan(replace(log, sessions=(*log.sessions, on(day, minutes))), today, how)
    assert after.done_days >= before.done_days
    assert after.done >= before.done
    assert after.day == before.day


@quick
@given(some_log, some_settings, st.randoms(use_true_random=False))
def test_the_order_of_the_log_does_not_matter(log: Log, how: Settings, rng: random.Random) -> None:
    def shuffled(items: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(rng.sample(items, len(items)))

    mixed = Log(shuffled(log.sessions), shuffled(log.ratings), shuffled(log.stops), shuffled(log.days))
    today = MONDAY + timedelta(days=SPAN)
    assert plan(mixed, today, how) == plan(log, today, how)


@quick
@given(some_log, some_settings)
def test_at_most_one_advance_a_day(log: Log, how: Settings) -> None:
    how = replace(how, stay_on_tier=False)
    seen = [plan(log, MONDAY + timedelta(days=day), how) for day in range(SPAN + 1)]
    for today, tomorrow in pairwise(seen):
        assert tomorrow.day - today.day <= 1
        if tomorrow.day > today.day:
            assert today.done


@quick
@given(some_log, some_settings, st.integers(0, SPAN))
def test_the_past_does_not_know_the_future(log: Log, how: Settings, day: int) -> None:
    today = MONDAY + timedelta(days=day)
    known = Log(
        tuple(session for session in log.sessions if session.day is not None and session.day <= today),
        tuple(rating for rating in log.ratings if rating.day is not None and rating.day <= today),
        tuple(stop for stop in log.stops if stop.day is not None and stop.day <= today),
        tuple(record for record in log.days if record.day <= today),
    )
    assert plan(log, today, how) == plan(known, today, how)


def test_the_tiers_cover_the_days_without_a_hole() -> None:
    assert [tier.first_day for tier in TIERS[1:]] == [tier.last_day + 1 for tier in TIERS[:-1]]
