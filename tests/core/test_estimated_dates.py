"""Days without a trusted clock: they count, are estimated, and are corrected when the clock is known; and a clock that
was trusted and is wrong takes along what it has dated.
"""

# mypy: no-warn-unreachable
# (the bench changes between one look at it and the next)

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from msgspec.structs import replace

from matpi.core.clock import EARLIEST_UTC
from matpi.core.effects import DateBoot, Pattern
from matpi.core.events import SettingWished, WallClock, Wish, Wished
from matpi.core.model import Acknowledgement, DayRecord, EndReason, Log, Memory, Moment, Rating, Session, StopSign
from matpi.core.rules import DeviceRules, PresenceRules
from matpi.core.screens.menu import Item
from matpi.core.views import Idle
from tests.bench import NOON, Bench

DAY_S = 86_400.0
TODAY = date(2026, 3, 15)
PATIENT = DeviceRules(presence=PresenceRules(stale_s=90.0))
ANSWERED = Acknowledgement(some=False, utc=1.0)


def offline(log: Log | None = None, boot_id: str = "boot-1", left_open: Session | None = None) -> Bench:
    """A device whose clock nobody has set."""
    memory = Memory(log=log or Log(), open=left_open, acknowledgement=ANSWERED)
    return Bench(memory, utc=None, rules=PATIENT, boot_id=boot_id, rate=1 / 30)


def lie(bench: Bench, seconds: float = 310.0) -> None:
    bench.rate = 10.0
    bench.lie(seconds)
    bench.up(40)
    bench.rate = 1 / 30


def evening(bench: Bench) -> None:
    """A session, and on to the same time of the next day."""
    began = bench.t
    lie(bench)
    bench.pass_s(began + DAY_S - bench.t)


def session(id_: str, utc: float | None, **changes: object) -> Session:
    made = Session(id_, f"boot-{id_}", 50.0, 300.0, 300.0, EndReason.LEFT)
    if utc is not None:
        at = datetime.fromtimestamp(utc, UTC)
        made = replace(made, start_utc=utc, utc_offset_s=0, day=at.date())
    return replace(made, **changes)


def days(bench: Bench) -> list[date | None]:
    return [s.day for s in bench.device.ledger.log.sessions]


def stored(bench: Bench) -> Log:
    return bench.rows.memory().log


def test_without_a_clock_the_plan_goes_on_day_by_day() -> None:
    bench = offline()
    seen = []
    for _ in range(6):
        evening(bench)
        seen.append((bench.device.plans.today.day, bench.device.plans.today.done_days))
    assert seen == [(2, 1), (3, 2), (4, 3), (5, 4), (6, 5), (7, 6)]
    lie(bench, 310)
    assert bench.device.plans.today.done
    assert all(s.estimated for s in bench.device.ledger.log.sessions)


def test_the_days_go_on_from_the_newest_time_known() -> None:
    before = Log(
        sessions=(session("a", NOON - 3 * DAY_S),),
        ratings=(Rating("r", "boot-a", 400.0, 5, Moment.DAY, None, NOON - DAY_S, 0, TODAY - timedelta(1)),),
    )
    bench = offline(before)
    assert bench.device.plans.today.today == TODAY - timedelta(1)
    bench.send(WallClock(bench.t, NOON + bench.t, trusted=False))  # saved by the machine when it was last on
    assert bench.device.plans.today.today == TODAY
    bench.send(WallClock(bench.t, NOON - 30 * DAY_S, trusted=False))
    assert bench.device.plans.today.today == TODAY, "time does not go back"
    lie(bench)
    assert days(bench)[-1] == TODAY


def test_a_machine_clock_that_cannot_be_says_nothing() -> None:
    for odd_utc in (100.0, 5e9, float("nan")):
        bench = offline(Log(sessions=(session("a", NOON),)))
        bench.send(WallClock(bench.t, odd_utc, trusted=False))
        assert bench.device.plans.today.today == TODAY, odd_utc


def test_the_panel_shows_the_estimated_day_and_no_time_of_day() -> None:
    bench = offline(Log(sessions=(session("a", NOON),)))
    bench.pass_s(60)
    bench.tap()
    view = next(view for view in bench.views if isinstance(view, Idle))
    assert (view.clock, view.notice) == ("~03-15", "clock not known yet")


def test_an_estimated_clock_reminds_of_nothing_and_declares_no_rest_day() -> None:
    bench = offline(Log(sessions=(session("a", NOON),)))
    for _ in range(24 * 12):
        bench.pass_s(300)
        assert bench.pattern is not Pattern.BREATH
    bench.hold()
    assert bench.words(f"menu.{Item.REST}") not in bench.view.items  # type: ignore[union-attr]


def test_when_the_clock_comes_the_days_of_this_boot_are_exact() -> None:
    bench = offline()
    for _ in range(3):
        evening(bench)
    bench.tap()  # wakes the screen, with the advice of a new tier
    bench.tap()
    bench.tap()
    bench.tap()
    bench.hold()  # a rating
    bench.pass_s(30)
    bench.send(WallClock(bench.t, NOON, trusted=True))
    log = bench.device.ledger.log
    assert days(bench) == [TODAY - timedelta(n) for n in (3, 2, 1)]
    assert not any(s.estimated for s in log.sessions)
    assert not log.ratings[0].estimated
    for s in log.sessions:
        assert s.start_utc == pytest.approx(NOON - bench.t + s.start_mono)
    assert log.ratings[0].day == TODAY
    assert stored(bench) == log
    assert (bench.device.plans.today.day, bench.device.plans.today.today) == (4, TODAY)


def test_the_session_under_way_gets_its_date_when_the_clock_comes() -> None:
    bench = offline()
    bench.rate = 10.0
    bench.lie(100)
    (row,) = bench.rows.sessions.values()
    assert row.estimated, "it is dated from its third second"
    bench.send(WallClock(bench.t, NOON, trusted=True))
    (row,) = bench.rows.sessions.values()
    assert (row.day, row.estimated) == (TODAY, False)
    bench.up(40)
    (saved,) = bench.saved
    assert saved.start_utc == pytest.approx(NOON - 100, abs=5)


def test_earlier_boots_come_in_order_before_this_one_and_never_today() -> None:
    """Three boots without a clock, each ended by its plug; the fourth is told the time."""
    bench = offline()
    for boot in (2, 3, 4):
        evening(bench)
        lie(bench)
        bench = offline(stored(bench), f"boot-{boot}")
    assert len(days(bench)) == 6
    before = bench.device.ledger.log.sessions
    bench.send(WallClock(bench.t, NOON, trusted=True))
    after = bench.device.ledger.log.sessions
    assert [s.id for s in after] == [s.id for s in before]
    assert max(d for d in days(bench) if d is not None) == TODAY - timedelta(1)
    starts = [s.start_utc or 0.0 for s in after]
    assert starts == sorted(starts)
    shifts = [(b.start_utc or 0.0) - (a.start_utc or 0.0) for a, b in zip(before, after, strict=True)]
    assert shifts == pytest.approx([shifts[0]] * 6), "they move together"
    assert all(s.estimated for s in after)
    assert not bench.device.plans.today.done
    assert not bench.device.plans.today.restarted
    assert bench.device.plans.today.done_days == len(set(days(bench))) == 4
    assert stored(bench) == bench.device.ledger.log


def test_a_service_started_days_after_its_boot_leaves_earlier_boots_before_that_boot() -> None:
    earlier, own = session("a", NOON - 40 * DAY_S, estimated=True), session("own", NOON - 5 * DAY_S, boot_id="boot-1")
    bench = offline(Log((earlier, replace(own, start_mono=100 - 5 * DAY_S))))
    bench.send(WallClock(bench.t, NOON, trusted=True))
    assert days(bench) == [TODAY - timedelta(6), TODAY - timedelta(5)]


def test_an_estimate_of_today_that_is_bound_to_be_today_stays_and_one_ahead_of_the_clock_comes_before_it() -> None:
    known = session("a", NOON - 7200)
    after = session("b", NOON - 3600, estimated=True)
    bench = offline(Log(sessions=(known, after)), "boot-2")
    bench.send(WallClock(bench.t, NOON, trusted=True))
    assert bench.device.ledger.log.sessions == (known, after)
    ahead = session("c", NOON + 9 * DAY_S, estimated=True)
    bench = offline(Log(sessions=(known, ahead)), "boot-2")
    bench.send(WallClock(bench.t, NOON, trusted=True))
    _, moved = bench.device.ledger.log.sessions
    assert known.end_utc is not None
    assert known.end_utc < (moved.start_utc or 0.0) <= NOON - 300


def test_what_older_versions_stored_without_a_date_counts() -> None:
    old = [session(id_, None) for id_ in ("b", "c")]
    log = Log(
        sessions=(session("a", NOON - 5 * DAY_S), *old),
        ratings=(Rating("r", "boot-b", 400.0, 3, Moment.AFTER, "b"),),
        stops=(StopSign("x", "boot-d", 10.0),),
    )
    for clock in (False, True):
        bench = offline(log)
        bench.send(WallClock(bench.t, NOON, trusted=clock))
        found = bench.device.ledger.log
        records: list[Session | Rating | StopSign] = [*found.sessions[1:], *found.ratings, *found.stops]
        assert all(record.estimated and record.day is not None for record in records)
        starts = [s.start_utc or 0.0 for s in found.sessions]
        assert starts == sorted(starts)
        assert found.ratings[0].utc == pytest.approx(starts[1] + 350)
        assert stored(bench) == found
        assert bench.device.plans.today.done_days == 1 + clock


def test_a_service_started_again_goes_on_with_the_time_of_its_boot() -> None:
    bench = offline()
    evening(bench)
    lie(bench)
    t, log = bench.t, stored(bench)
    again = Bench(Memory(log=log, acknowledgement=ANSWERED), utc=None, rules=PATIENT, t=t + DAY_S, rate=1 / 30)
    again.device.clock.new_id = lambda: "after"
    lie(again)
    first, second, third = days(again)
    assert first is not None
    assert (second, third) == (first + timedelta(1), first + timedelta(2))


def test_the_time_without_power_is_not_known_to_an_estimate() -> None:
    """A session that was left open is not continued by a clock that does not know how long the power was off."""
    left = session("boot-1", NOON, reason=None, estimated=True)
    for clock in (False, True):
        bench = offline(boot_id="boot-2", left_open=left)
        bench.send(WallClock(bench.t, NOON + 400, trusted=clock))
        bench.rate = 10.0
        bench.lie(100)
        assert [(s.id, s.reason) for s in bench.saved] == [("boot-1", EndReason.POWER_LOST)]


# -- a clock that was trusted and is wrong -----------------------------------------------------------------------------


def wrong_by(step_s: float) -> Bench:
    return Bench(Memory(acknowledgement=ANSWERED), utc=NOON + step_s, rules=PATIENT, rate=1 / 30)


def corrected(bench: Bench, at: float) -> None:
    """The clock is set right; it was `at` when the device was started."""
    bench.send(WallClock(bench.t, at + bench.t - 100.0, trusted=True))


@pytest.mark.parametrize("step_s", [DAY_S, -DAY_S, 16 * 3600.0, -13 * 3600.0, 400 * DAY_S])
def test_what_a_wrong_clock_has_dated_moves_with_its_correction(step_s: float) -> None:
    bench = wrong_by(step_s)
    lie(bench)
    bench.tap()  # felt wrong? go on
    bench.pass_s(90)
    bench.tap()
    bench.tap()
    bench.hold()  # a rating
    bench.pass_s(30)
    assert days(bench) != [TODAY]
    assert len(bench.device.ledger.log.ratings) == 1
    corrected(bench, NOON)
    assert days(bench) == [TODAY]
    assert bench.device.ledger.log.ratings[0].day == TODAY
    assert stored(bench) == bench.device.ledger.log
    assert bench.device.plans.today.done
    bench.pass_s(DAY_S)
    assert bench.device.plans.today.today == TODAY + timedelta(1)
    assert not bench.device.plans.today.done, "no one was on the mat"
    assert bench.device.plans.today.done_days == 1


def test_the_open_session_and_the_one_on_the_screen_move_too() -> None:
    bench = wrong_by(DAY_S)
    bench.rate = 10.0
    bench.lie(100)
    corrected(bench, NOON)
    assert next(iter(bench.rows.sessions.values())).day == TODAY
    bench.send(WallClock(bench.t, NOON + DAY_S + bench.t, trusted=True))
    bench.up(25)
    last = bench.device.session.last
    assert last is not None
    assert last.day == TODAY + timedelta(1)
    corrected(bench, NOON)
    last = bench.device.session.last
    assert last is not None
    assert last.day == TODAY
    bench.pass_s(60)
    (row,) = bench.rows.sessions.values()
    assert row.day == TODAY
    assert row.on_mat_s == pytest.approx(100, abs=0.2)


def test_a_rest_day_and_a_reminder_that_was_seen_move_too() -> None:
    bench = wrong_by(DAY_S)
    bench.pass_s(60)
    for wish in (Wish.REST, Wish.SNOOZE):
        bench.send(Wished(bench.t, wish))
    tomorrow = DayRecord(TODAY + timedelta(1), rest=True, snoozed=True)
    assert bench.device.ledger.log.days == (tomorrow,)
    corrected(bench, NOON)
    assert bench.device.plans.today.rest_day
    for record in (*bench.device.ledger.log.days, *stored(bench).days):
        assert (record.rest, record.snoozed) == (record.day == TODAY,) * 2
    corrected(bench, NOON + 2 * DAY_S)
    assert bench.device.plans.today.rest_day
    assert [d.day for d in stored(bench).days if d.rest] == [TODAY + timedelta(2)]


def test_a_small_step_rewrites_nothing_and_what_a_person_has_edited_stays() -> None:
    bench = Bench(Memory(acknowledgement=ANSWERED), rules=PATIENT, rate=1 / 30)
    lie(bench)
    before, written = stored(bench), len(bench.of(DateBoot))
    bench.send(WallClock(bench.t, NOON + bench.t - 100 + 50, trusted=True))
    assert (stored(bench), len(bench.of(DateBoot))) == (before, written)
    by_hand = replace(
        before.sessions[0], id="edited", start_utc=NOON - 9 * DAY_S, day=TODAY - timedelta(9), edited=True
    )
    again = Bench(Memory(log=Log((by_hand,)), acknowledgement=ANSWERED), rules=PATIENT, rate=1 / 30)
    lie(again)
    again.send(WallClock(again.t, NOON + 2 * DAY_S, trusted=True))
    assert days(again) == [TODAY - timedelta(9), TODAY + timedelta(2)]


def test_a_short_step_moves_what_it_takes_to_another_day() -> None:
    """A session right after 04:00 by a clock that is 30 s fast began before it."""
    bench = Bench(Memory(acknowledgement=ANSWERED), utc=NOON - 8 * 3600.0 + 5.0, rules=PATIENT, rate=1 / 30)
    lie(bench)
    assert days(bench) == [TODAY]
    bench.send(WallClock(bench.t, NOON - 8 * 3600.0 - 25.0 + bench.t - 100.0, trusted=True))
    assert days(bench) == [TODAY - timedelta(1)]
    assert stored(bench) == bench.device.ledger.log


def test_a_correction_after_a_trip_leaves_each_day_in_the_zone_of_its_time() -> None:
    for restarted in (False, True):
        bench = wrong_by(400 * DAY_S)
        lie(bench)  # noon in UTC
        bench.send(SettingWished(bench.t, "zone", "Pacific/Auckland"))
        if restarted:
            log, settings = stored(bench), bench.device.ledger.settings
            memory = Memory(log=log, settings=settings, acknowledgement=ANSWERED)
            bench = Bench(memory, utc=None, rules=PATIENT, t=bench.t + 1.0, rate=1 / 30)
        corrected(bench, NOON + 8 * 3600.0)
        assert days(bench) == [TODAY], "where it is the next day by then"
        assert bench.device.plans.today.today == TODAY + timedelta(1)


@pytest.mark.parametrize("step_s", [400 * DAY_S, -400 * DAY_S, 2 * DAY_S])
def test_a_wrong_clock_at_the_start_spoils_no_estimate(step_s: float) -> None:
    log = Log(sessions=(session("a", NOON - 5 * DAY_S), session("b", NOON - 5 * DAY_S + 600, estimated=True)))
    right, wrong = offline(log, "boot-2"), offline(log, "boot-2")
    wrong.send(WallClock(wrong.t, NOON + step_s, trusted=True))
    for bench in (right, wrong):
        bench.send(WallClock(bench.t, NOON, trusted=True))
    assert days(wrong) == days(right) == [TODAY - timedelta(5), TODAY - timedelta(1)]
    assert stored(wrong) == wrong.device.ledger.log == right.device.ledger.log


def test_a_machine_that_was_suspended_moves_no_date() -> None:
    bench = Bench(Memory(acknowledgement=ANSWERED), rules=PATIENT, rate=1 / 30)
    lie(bench)
    before = stored(bench)
    bench.send(WallClock(bench.t, NOON + 16 * 3600.0, trusted=True, slept=True))
    assert stored(bench) == before
    assert days(bench) == [TODAY]
    bench.pass_s(8 * 3600.0)
    lie(bench)
    bench.send(WallClock(bench.t, NOON + 2 * DAY_S, trusted=True))
    assert days(bench) == [TODAY, TODAY + timedelta(2)], "only what is dated since"


def test_the_first_day_of_all_is_that_of_the_earliest_matpi() -> None:
    bench = offline()
    lie(bench)
    assert days(bench) == [datetime.fromtimestamp(EARLIEST_UTC - 4 * 3600, UTC).date()]
