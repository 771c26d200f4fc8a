""" "How tight do I feel today?": the whole flow with one button."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from matpi.core.events import Noted
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Looser, Memory, Moment, Rating, Settings, StopSign
from matpi.core.plan.routine import ROUTINES
from matpi.core.presence.zero import ZeroTracker, ZeroWord
from matpi.core.screens.rating import Dial
from matpi.core.views import FeltWrong, Idle, LooserEntry, Off, RatingEntry, RatingSaved
from tests.bench import NOON, Bench
from tests.core.test_device_routines import on_plan_day

KNOWN = Acknowledgement(some=False, utc=NOON)
DAY_S = 86_400.0


def asked(bench: Bench | None = None, on_mat_s: float = 300.0) -> Bench:
    """A session has ended and the question stands."""
    bench = bench or Bench()
    bench.pass_s(40)
    bench.lie(on_mat_s)
    bench.up(20.2)
    assert bench.state is Front.DONE
    bench.pass_s(4.1)
    assert bench.state is Front.RATING
    return bench


def sleep(bench: Bench, seconds: float) -> None:
    """An empty mat for long: one reading a second will do."""
    bench.rate = 1.0
    bench.pass_s(seconds)
    bench.rate = 10.0


def ratings(bench: Bench) -> list[Rating]:
    return bench.saves(Rating)


def stops(bench: Bench) -> list[StopSign]:
    return bench.saves(StopSign)


def test_there_is_no_default() -> None:
    assert asked().view == RatingEntry(None, 0.0, None)


def test_taps_count_up_and_wrap_from_10_to_1() -> None:
    dial = Dial(0.0)
    values = []
    for n in range(12):
        dial.tap(float(n))
        values.append(dial.value)
    assert values == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1, 2]


def test_wrap_on_the_device() -> None:
    bench = asked()
    for n in range(11):
        bench.tap()
        assert isinstance(bench.view, RatingEntry)
        assert bench.view.value == n % 10 + 1
    bench.hold()
    assert [r.value for r in ratings(bench)] == [1]


def test_a_hold_confirms() -> None:
    bench = asked()
    for _ in range(7):
        bench.tap()
    bench.hold()
    assert bench.state is Front.SAVED
    (rating,) = ratings(bench)
    assert (rating.value, rating.moment, rating.session_id) == (7, Moment.AFTER, bench.saved[0].id)
    assert rating.day == bench.saved[0].day
    assert bench.rows.ratings == {rating.id: rating}


def test_four_seconds_of_rest_confirm_and_the_line_shows_them() -> None:
    bench = asked()
    bench.tap()
    bench.tap()
    bench.pass_s(3.8)
    assert bench.state is Front.RATING
    rests = [v.rest for v in bench.views if isinstance(v, RatingEntry) and v.value == 2 and v.rest is not None]
    assert rests[0] == 1.0
    assert rests == sorted(rests, reverse=True)
    assert min(rests) < 0.15
    bench.pass_s(0.3)
    assert bench.state is Front.SAVED
    assert [r.value for r in ratings(bench)] == [2]


def test_every_tap_begins_the_rest_anew_and_a_press_under_way_stops_it() -> None:
    bench = asked()
    for _ in range(5):
        bench.tap()
        bench.pass_s(3.5)
    assert bench.state is Front.RATING
    bench.press(0.69)
    bench.pass_s(3.7)
    assert bench.state is Front.RATING
    bench.pass_s(0.4)
    assert [r.value for r in ratings(bench)] == [6]


def test_a_hold_with_no_value_confirms_nothing() -> None:
    bench = asked()
    bench.hold()
    assert bench.state is Front.RATING
    assert ratings(bench) == []


def test_sixty_seconds_untouched_is_unrated_and_asks_whether_it_felt_wrong() -> None:
    bench = asked()
    bench.pass_s(59.5)
    assert bench.state is Front.RATING
    bench.pass_s(0.6)
    assert bench.state is Front.FELT_WRONG
    assert ratings(bench) == []
    bench.pass_s(8.1)
    assert bench.state is Front.IDLE


def test_a_hold_within_eight_seconds_changes_the_same_record() -> None:
    bench = asked()
    bench.tap()
    bench.hold()
    assert isinstance(bench.view, RatingSaved)
    bench.pass_s(5)
    bench.hold()
    assert bench.state is Front.RATING
    assert isinstance(bench.view, RatingEntry)
    assert bench.view.value == 1
    for _ in range(3):
        bench.tap()
    bench.hold()
    first, second = ratings(bench)
    assert (first.id, first.value) == (second.id, 1)
    assert second.value == 4
    assert [r.value for r in bench.rows.ratings.values()] == [4]
    assert [r.value for r in bench.device.ledger.log.ratings] == [4]


def test_a_slow_finger_on_change_still_gets_four_seconds_to_choose() -> None:
    bench = asked()
    bench.tap()
    bench.hold()
    bench.press(9.0)
    assert bench.state is Front.RATING
    bench.pass_s(3.0)
    assert bench.state is Front.RATING
    bench.tap()
    bench.hold()
    assert [r.value for r in bench.rows.ratings.values()] == [2]


def test_after_eight_seconds_it_asks_whether_it_felt_wrong() -> None:
    bench = asked()
    bench.tap()
    bench.hold()
    bench.pass_s(7.8)
    assert bench.state is Front.SAVED
    bench.pass_s(0.2)
    assert bench.state is Front.FELT_WRONG
    assert isinstance(bench.view, FeltWrong)
    bench.pass_s(8.1)
    assert bench.state is Front.IDLE
    assert stops(bench) == []


def test_saved_is_shown_only_after_the_store_s_answer() -> None:
    bench = asked()
    bench.disk_full = True
    bench.tap()
    bench.hold()
    bench.pass_s(1)
    shown = [v.saved for v in bench.views if isinstance(v, RatingSaved)]
    assert shown
    assert not any(shown)
    bench.disk_full = False
    bench.pass_s(31)
    assert [r.value for r in bench.rows.ratings.values()] == [1]


@pytest.mark.parametrize("routine", ROUTINES)
def test_after_every_session_it_asks_whether_it_felt_wrong(routine: str) -> None:
    """Rated or not, in every routine; and after the second session of the day as after the first."""
    bench = Bench(Memory(acknowledgement=KNOWN, settings=Settings(routine=routine)), rate=2.0)
    bench.pass_s(40)
    for rated in (False, True):
        before = len(bench.saved)
        bench.lie(130)
        bench.up(24.5)
        assert len(bench.saved) == before + 1
        if bench.state is Front.OFF_MAT:
            bench.tap()
        assert bench.state is Front.RATING
        if rated:
            bench.tap()
            bench.hold()
            bench.pass_s(8.1)
        else:
            bench.pass_s(60.1)
        assert bench.state is Front.FELT_WRONG
        assert bench.device.display.shown is not None
        assert isinstance(bench.device.display.shown.view, FeltWrong)
        bench.hold()
        assert [stop.session_id for stop in stops(bench)] == [session.id for session in bench.saved]
        bench.pass_s(30)


def felt_wrong(bench: Bench) -> Bench:
    bench.tap()
    bench.hold()
    bench.tap()
    assert bench.state is Front.FELT_WRONG
    return bench


def test_felt_wrong_logs_one_stop_sign_and_the_plan_steps_back() -> None:
    bench = felt_wrong(asked())
    assert stops(bench) == []
    bench.hold()
    assert isinstance(bench.view, FeltWrong)
    assert bench.view.logged
    (stop,) = stops(bench)
    assert stop.session_id == bench.saved[0].id
    assert stop.day == bench.saved[0].day
    assert bench.rows.stops == {stop.id: stop}
    assert stop in bench.device.ledger.log.stops
    sleep(bench, 86_400 - (bench.t - 100) % 86_400)
    assert bench.device.plans.today.rest_day, "tomorrow is a rest day"


def test_a_hold_takes_a_stop_sign_back_and_another_logs_one_again() -> None:
    bench = felt_wrong(asked())
    bench.hold()
    bench.pass_s(6.0)
    bench.hold()
    assert isinstance(bench.view, FeltWrong)
    assert not bench.view.logged
    assert (bench.rows.stops, bench.device.ledger.log.stops) == ({}, ())
    bench.hold()
    assert len(bench.rows.stops) == 1
    bench.hold()
    bench.pass_s(8.1)
    assert bench.state is Front.IDLE
    sleep(bench, 86_400 - (bench.t - 100) % 86_400)
    assert not bench.device.plans.today.rest_day, "what was taken back has no tomorrow"


def test_what_is_taken_back_while_the_disk_is_full_is_not_written_later() -> None:
    bench = felt_wrong(asked())
    bench.disk_full = True
    bench.hold()
    bench.hold()
    bench.disk_full = False
    bench.pass_s(31)
    assert (bench.rows.stops, bench.device.ledger.waiting) == ({}, {})


def test_without_a_stop_sign_tomorrow_is_no_rest_day() -> None:
    bench = felt_wrong(asked())
    sleep(bench, 86_400 - (bench.t - 100) % 86_400)
    assert not bench.device.plans.today.rest_day


def test_a_tap_leaves_felt_wrong_and_logs_nothing() -> None:
    bench = felt_wrong(asked())
    bench.tap()
    assert bench.state is Front.IDLE
    assert stops(bench) == []


# -- alone ---------------------------------------------------------------------------------------------------------


def test_from_the_idle_screen_before_a_session() -> None:
    bench = Bench()
    bench.pass_s(5)
    bench.tap()
    assert bench.state is Front.RATING
    bench.tap()
    bench.hold()
    (rating,) = ratings(bench)
    assert (rating.value, rating.moment, rating.session_id) == (1, Moment.BEFORE, None)
    bench.pass_s(8.1)
    assert bench.state is Front.READY, "nothing can have felt wrong; the advice before the first session"


def test_a_day_of_rest_has_its_rating_too() -> None:
    bench = Bench(Memory(acknowledgement=KNOWN, settings=Settings(rest_weekdays=frozenset({6}))))  # a Sunday
    bench.pass_s(5)
    assert bench.device.plans.today.rest_day
    bench.tap()
    assert bench.state is Front.RATING
    for _ in range(6):
        bench.tap()
    bench.hold()
    (rating,) = bench.rows.ratings.values()
    assert (rating.value, rating.session_id, rating.day) == (6, None, bench.device.plans.today.today)
    bench.pass_s(8.1)
    assert isinstance(bench.view, Idle)
    assert bench.view.rest_day


def test_from_the_idle_screen_after_today_s_session_is_of_the_day() -> None:
    bench = asked()
    bench.pass_s(70)
    assert isinstance(bench.view, Idle)
    bench.tap()
    bench.tap()
    bench.hold()
    (rating,) = ratings(bench)
    assert (rating.moment, rating.session_id) == (Moment.DAY, None)


def dark(bench: Bench) -> Bench:
    bench.pass_s(120)
    assert isinstance(bench.view, Off)
    return bench


def answer(bench: Bench, value: int) -> None:
    assert bench.state is Front.RATING
    for _ in range(value):
        bench.tap()
    bench.hold()
    assert bench.state is Front.SAVED


def test_the_first_wake_of_the_day_asks_and_without_an_answer_the_next_ones_do_not() -> None:
    bench = dark(Bench(on_plan_day(6)))
    bench.tap()
    assert bench.view == RatingEntry(None)
    bench.pass_s(60.2)
    assert bench.state is Front.IDLE
    assert ratings(bench) == []
    dark(bench).tap()
    assert isinstance(bench.view, Idle)
    bench.tap()
    assert bench.state is Front.RATING, "a tap on the lit screen asks at any time"
    dark(bench)
    sleep(bench, DAY_S)
    bench.tap()
    assert bench.state is Front.RATING, "the next day"
    answer(bench, 6)
    (rating,) = ratings(bench)
    assert (rating.moment, rating.session_id) == (Moment.BEFORE, None)
    dark(bench).tap()
    assert isinstance(bench.view, Idle), "the day has its number"


def test_left_unanswered_after_a_session_it_does_not_come_by_itself_either() -> None:
    bench = dark(asked())
    bench.tap()
    assert isinstance(bench.view, Idle)


@pytest.mark.parametrize("kept_back_by", ["fault", "doubt", "log", "zero", "safety", "doctor", "disk", "reminder"])
def test_what_is_more_important_comes_before_the_question_of_the_day(
    kept_back_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    memory = Memory(acknowledgement=Acknowledgement(some=kept_back_by == "doctor", utc=NOON))
    if kept_back_by == "log":
        memory = replace(memory, set_aside="matpi.db.damaged")
    if kept_back_by == "doubt":
        memory = replace(memory, settings=Settings(others="pets"))
    utc = NOON + (9 * 3600.0 if kept_back_by == "reminder" else 0.0)  # 21:00
    bench = Bench(memory, acknowledged=kept_back_by != "safety", rate=4, utc=utc)
    match kept_back_by:
        case "fault":
            bench.send(Noted(bench.t, "lamp_lost", "the light does not work"))
        case "doubt":
            bench.pass_s(40)
            bench.lie(150)
            bench.up(60)
        case "safety":
            bench.device.household.answers = {}
        case "disk":
            bench.disk_full = True
            bench.device.ledger.change("weekly_goal", 4)
    bench.pass_s(400)
    if kept_back_by == "zero":
        monkeypatch.setattr(ZeroTracker, "word", ZeroWord.CHECK)
    bench.tap()
    assert bench.state is (Front.SAFETY if kept_back_by == "safety" else Front.IDLE)


def test_yesterday_s_number_is_shown_after_the_answer_and_never_before() -> None:
    bench = dark(Bench())
    bench.tap()
    answer(bench, 7)
    assert isinstance(bench.view, RatingSaved)
    assert bench.view.yesterday is None
    sleep(bench, DAY_S)
    bench.tap()
    bench.tap()
    assert bench.view == RatingEntry(1, 0.0, 1.0), "nothing in it that could be yesterday's"
    answer(bench, 4)
    assert isinstance(bench.view, RatingSaved)
    assert (bench.view.value, bench.view.yesterday) == (5, 7)


# -- looser? -------------------------------------------------------------------------------------------------------


def asked_looser() -> Bench:
    """A session on a day that has its number."""
    bench = dark(Bench())
    bench.tap()
    answer(bench, 8)
    bench.pass_s(9)
    bench.lie(300)
    bench.up(20.2)
    assert bench.state is Front.DONE
    bench.pass_s(4.1)
    assert bench.state is Front.LOOSER
    return bench


def looser(bench: Bench) -> list[Looser]:
    return bench.saves(Looser)


@pytest.mark.parametrize("yes", [True, False])
def test_a_day_with_its_number_is_asked_looser_only_a_hold_is_yes_a_tap_no(yes: bool) -> None:
    bench = asked_looser()
    assert isinstance(bench.view, LooserEntry)
    bench.pass_s(1.1)
    if yes:
        bench.hold()
    else:
        bench.tap()
    assert looser(bench) == [Looser(bench.saved[0].id, yes)] == list(bench.device.ledger.log.looser)
    assert bench.state is Front.FELT_WRONG
    assert [r.value for r in bench.device.ledger.log.ratings] == [8], "never a number"
    bench.pass_s(9)
    bench.lie(60)
    bench.up(24.5)
    assert bench.state is Front.LOOSER, "of the next session"


def test_eight_seconds_untouched_are_no_answer() -> None:
    bench = asked_looser()
    bench.pass_s(8.1)
    assert bench.state is Front.FELT_WRONG
    assert looser(bench) == []


def test_a_tap_right_after_it_came_and_a_stuck_button_answer_nothing() -> None:
    bench = asked_looser()
    bench.tap()
    assert bench.state is Front.LOOSER
    bench.press(25)
    bench.pass_s(10)
    assert looser(bench) == []


def test_after_an_answered_number_of_this_session_it_is_not_asked() -> None:
    bench = asked()
    answer(bench, 3)
    bench.tap()
    assert bench.state is Front.FELT_WRONG


def test_an_answer_that_the_disk_has_no_room_for_is_saved_later() -> None:
    bench = asked_looser()
    bench.disk_full = True
    bench.pass_s(1.1)
    bench.hold()
    bench.pass_s(5)
    assert bench.rows.looser == {}
    bench.disk_full = False
    bench.pass_s(31)
    assert list(bench.rows.looser.values()) == [Looser(bench.saved[0].id, True)]


def test_i_am_done_while_back_counts_down_asks_at_once() -> None:
    bench = Bench()
    bench.pass_s(40)
    bench.lie(300)
    bench.up(3)
    assert bench.state is Front.AWAY
    bench.tap()
    assert bench.state is Front.DONE
    bench.tap()
    assert bench.state is Front.RATING


# -- never in the way ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taps", [0, 1])
def test_lying_down_during_the_question_starts_the_timer(taps: int) -> None:
    bench = asked()
    for _ in range(taps):
        bench.tap()
    on = bench.t
    bench.lie(120)
    assert bench.state is Front.ON_MAT
    bench.up(60)
    assert bench.saved[1].start_mono == pytest.approx(on, abs=0.2)


def test_a_rating_without_a_clock_gets_its_date_later() -> None:
    bench = Bench(utc=None)
    bench.utc_at_0 = 1_773_576_000.0
    bench.pass_s(5)
    bench.tap()
    bench.tap()
    bench.hold()
    assert ratings(bench)[0].estimated
    bench.clock_known()
    (logged,) = bench.device.ledger.log.ratings
    assert logged.utc == pytest.approx(bench.utc_at_0 + logged.mono)
    assert not logged.estimated
    assert logged.day == date(2026, 3, 15)
