"""The log is changed from elsewhere, a page or a command, while the device is in the middle of something."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import time
from typing import Any

from msgspec.structs import replace

from matpi.control.state import state_of, with_panel
from matpi.core.effects import Calibrated, Checkpoint, Note, Save
from matpi.core.events import CalibrationWished, Event, LogChanged, Saved, SettingWished, Tick, WallClock, Wish, Wished
from matpi.core.front import Front
from matpi.core.model import (
    Acknowledgement,
    DayRecord,
    EndReason,
    Looser,
    Memory,
    Moment,
    Rating,
    Session,
    Settings,
    StopSign,
)
from matpi.core.people import People, Person
from matpi.core.screens.menu import Item
from matpi.core.views import FeltWrong, Menu, RatingEntry, SessionDone, Timer
from tests.bench import NOMINAL, NOON, UNCALIBRATED, Bench, Cells, Rows
from tests.core.test_lit import REACHED

ADA, BEN, CLEO = Person("a", "Ada"), Person("b", "Ben"), Person("c", "Cleo")
BOTH = People((ADA, BEN), "a")
ANSWERED = (Acknowledgement(some=False, utc=NOON, person="a"), Acknowledgement(some=False, utc=NOON, person="b"))


def changed(bench: Bench, how: Callable[[Rows], None] = lambda _: None) -> None:
    """Change what is stored, as a request does in the thread of the log, and let the device hear of it."""
    how(bench.rows)
    memory = bench.rows.memory()
    answers = tuple(answer for answer in (memory.acknowledgement, *memory.answers) if answer is not None)
    bench.send(LogChanged(bench.t, memory.log, memory.people, answers))


def named(people: People) -> Callable[[Rows], None]:
    """Store these people as `matpi people` does: the first takes over all, the last leaves it to no person."""

    def how(rows: Rows) -> None:
        was, rows.people = rows.people, people
        if was.all and people.all:
            return
        owner = people.all[0].id if people.all else None
        tables: tuple[dict[str, Any], ...] = (rows.sessions, rows.ratings, rows.stops)
        for table in tables:
            table.update({key: replace(record, person=owner) for key, record in table.items()})
        rows.days = {(day.day, owner): replace(day, person=owner) for day in rows.days.values()}
        known = [*filter(None, [rows.acknowledgement]), *rows.answers.values()]
        moved = [replace(answer, person=owner) for answer in known]
        rows.acknowledgement = moved[0] if moved and owner is None else None
        rows.answers = {} if owner is None else {answer.person: answer for answer in moved}

    return how


def rated(value: int = 4, **more: object) -> Callable[[Rows], None]:
    def how(rows: Rows) -> None:
        rating = Rating("elsewhere", "x", 0.0, value, Moment.DAY, utc=NOON, utc_offset_s=0, day=DAY)
        rows.ratings["elsewhere"] = replace(rating, **more)

    return how


DAY = Bench().device.clock.today


def shared(people: People = BOTH) -> Bench:
    bench = Bench(Memory(people=people, answers=ANSWERED))
    bench.pass_s(20)
    return bench


def on_mat(bench: Bench | None = None, seconds: float = 60.0) -> Bench:
    bench = bench or Bench()
    bench.pass_s(20)
    bench.lie(seconds)
    assert bench.state is Front.ON_MAT
    return bench


def only_session(bench: Bench) -> Session:
    (session,) = bench.rows.sessions.values()
    return session


# -- people


def test_the_first_name_takes_over_the_session_under_way_also_after_a_power_cut() -> None:
    for cut in (False, True):
        bench = on_mat()
        changed(bench, named(People((ADA,))))
        assert only_session(bench).person == "a"
        bench.pass_s(2)
        if cut:
            bench = bench.reboot(20.0)
            bench.lie(60.0)
        bench.up(25)
        assert only_session(bench).person == "a"
        assert bench.device.household.owner == "a"
        assert bench.device.household.acknowledgement is not None, "the answer was theirs, too"


def test_a_checkpoint_that_came_before_the_device_heard_of_the_first_name_is_corrected() -> None:
    bench = on_mat()
    named(People((ADA,)))(bench.rows)
    bench.pass_s(20)  # a checkpoint: it stores no person
    assert only_session(bench).person is None
    changed(bench)
    assert only_session(bench).person == "a"


def test_what_is_pending_is_the_first_names_too() -> None:
    bench = on_mat()
    bench.disk_full = True
    bench.up(25)
    bench.hold()
    changed(bench, named(People((ADA,))))
    assert [s.person for s in bench.device.ledger.log.sessions] == ["a"]
    bench.disk_full = False
    bench.pass_s(40)
    assert only_session(bench).person == "a"
    assert not bench.device.ledger.waiting


def test_a_second_name_changes_nothing_of_the_session_under_way() -> None:
    bench = on_mat(Bench(Memory(people=People((ADA,)), answers=ANSWERED[:1])))
    changed(bench, named(People((ADA, BEN), "a")))
    bench.up(21)
    assert only_session(bench).person == "a"
    assert isinstance(bench.view, SessionDone)
    assert bench.view.who == "Ada"


def test_a_new_name_of_the_person_on_the_mat_is_shown() -> None:
    bench = on_mat(shared())
    changed(bench, named(People((replace(ADA, name="Eva"), BEN), "a")))
    assert bench.device.household.name == "Eva"
    bench.up(21)
    assert isinstance(bench.view, SessionDone)
    assert (bench.view.who, only_session(bench).person) == ("Eva", "a")


def test_another_person_chosen_elsewhere_gets_the_next_session_not_this_one() -> None:
    bench = on_mat(shared())
    changed(bench, named(replace(BOTH, chosen="b")))
    bench.up(100)
    bench.lie(60)
    bench.up(21)
    assert [session.person for session in bench.rows.sessions.values()] == ["a", "b"]


def test_the_person_on_the_mat_is_removed_and_the_session_stays_theirs() -> None:
    for left in (People((BEN,), "b"), People((BEN, CLEO), "b")):
        bench = on_mat(shared())
        changed(bench, named(left))
        bench.up(21)
        assert only_session(bench).person == "a"
        bench.pass_s(200)
        assert bench.device.household.next_owner == "b"
        bench.lie(60)
        bench.up(21)
        assert [session.person for session in bench.rows.sessions.values()] == ["a", "b"]


def test_the_last_name_leaves_the_session_to_no_person() -> None:
    bench = on_mat(Bench(Memory(people=People((ADA,)), answers=ANSWERED[:1])))
    changed(bench, named(People()))
    bench.up(21)
    assert only_session(bench).person is None
    assert bench.device.household.acknowledgement is not None


def test_a_choice_of_one_who_was_removed_is_not_asked_for_for_ever() -> None:
    bench = shared()
    bench.mute_store = True
    bench.device.household.choose(bench.t, "b")
    bench.send(Tick(bench.t))
    assert "chosen" in bench.device.ledger.waiting
    bench.mute_store = False
    changed(bench, named(People((ADA, CLEO), "a")))
    assert bench.device.household.next_owner == "a"
    assert "chosen" not in bench.device.ledger.waiting
    bench.disk_full = True
    bench.device.household.choose(bench.t, "c")
    bench.send(Tick(bench.t))
    changed(bench, named(People((ADA, CLEO, BEN), "a")))
    assert bench.device.household.next_owner == "c", "what the store does not have yet is on top"
    bench.disk_full = False
    bench.pass_s(40)
    assert bench.rows.people.chosen == "c"


def test_who_is_suggested_and_then_removed_is_not_suggested_any_more() -> None:
    known = tuple(
        Session(f"{who}{n}", "x", 0.0, 600.0, 600.0, EndReason.LEFT, NOON - 86_400 * n, 0, load_kg=kg, person=who)
        for who, kg in (("a", 45.0), ("b", 70.0))
        for n in (1, 2, 3)
    )  # fmt: skip
    bench = Bench(Memory(people=BOTH, answers=ANSWERED, log=replace(Memory().log, sessions=known)))
    bench.pass_s(20)
    bench.lie(60, kg=70.0)
    assert bench.device.household.asks(bench.t) is not None
    changed(bench, named(People((ADA, CLEO), "a")))
    assert bench.device.household.asks(bench.t) is None
    bench.hold()
    bench.up(21)
    assert [s.person for s in bench.rows.sessions.values()][-1] == "a"


def test_the_session_of_before_a_power_cut_follows_the_first_name_while_the_clock_may_still_decide() -> None:
    bench = on_mat()
    again = bench.reboot(20.0, clock=False)
    again.lie(10.0)
    assert again.device.recovery.left_open is not None
    named(People((ADA,)))(again.rows)
    # As the store does where a device runs: both stay open.
    answers = tuple(again.rows.answers.values())
    again.send(LogChanged(again.t, again.rows.before.log, again.rows.people, answers))
    again.clock_known()
    again.up(25)
    assert {session.person for session in again.rows.sessions.values()} == {"a"}


# -- answered elsewhere


def after_session(front: Front) -> Bench:
    bench = REACHED[front]()
    assert bench.state is front
    return bench


def test_a_rating_given_elsewhere_answers_the_question_after_a_session() -> None:
    bench = after_session(Front.RATING)
    changed(bench, rated())
    assert bench.state is Front.LOOSER
    assert len(bench.rows.ratings) == 1
    bench = after_session(Front.RATING)
    bench.tap()  # a value is on the dial
    changed(bench, rated(session_id=bench.saved[-1].id, moment=Moment.AFTER))
    assert bench.state is Front.FELT_WRONG
    bench.pass_s(60)
    assert [rating.value for rating in bench.rows.ratings.values()] == [4]


def test_a_rating_given_elsewhere_answers_the_question_on_waking_and_nothing_else_does() -> None:
    bench = Bench()
    bench.pass_s(20)
    bench.tap()
    assert bench.state is Front.RATING
    bench.tap()
    changed(bench, lambda rows: rows.days.update({(DAY, None): DayRecord(DAY, rest=True)}))
    assert bench.state is Front.RATING, "that was no answer to it"
    assert isinstance(bench.view, RatingEntry)
    changed(bench, rated())
    assert bench.state is not Front.RATING
    bench.pass_s(400)
    bench.tap()
    bench.tap()
    assert bench.state is Front.RATING, "by a tap it can be given another time"
    changed(bench)
    assert bench.state is Front.RATING
    assert len(bench.rows.ratings) == 1


def test_was_that_you_answered_elsewhere_goes_on() -> None:
    for yours in (True, False):
        bench = after_session(Front.CONFIRM)
        asked = bench.saved[-1]

        def answered(rows: Rows, asked: Session = asked, yours: bool = yours) -> None:
            rows.sessions[asked.id] = replace(asked, yours=yours)

        changed(bench, answered)
        assert bench.state is not Front.CONFIRM
        bench.pass_s(200)
        assert bench.rows.sessions[asked.id].yours is yours


def test_looser_answered_elsewhere_goes_on() -> None:
    bench = after_session(Front.LOOSER)
    asked = bench.saved[-1].id
    changed(bench, lambda rows: rows.looser.update({asked: Looser(asked, looser=True)}))
    assert bench.state is Front.FELT_WRONG


def test_felt_wrong_noted_elsewhere_is_shown_and_a_hold_takes_it_back() -> None:
    bench = after_session(Front.FELT_WRONG)
    stop = StopSign("elsewhere", "x", 0.0, bench.saved[-1].id, NOON, 0, DAY)
    changed(bench, lambda rows: rows.stops.update({"elsewhere": stop}))
    assert isinstance(bench.view, FeltWrong)
    assert bench.view.logged
    bench.hold()
    assert not bench.rows.stops
    bench.hold()
    (stop,) = bench.rows.stops.values()
    changed(bench, lambda rows: rows.stops.clear())
    assert isinstance(bench.view, FeltWrong)
    assert not bench.view.logged
    bench.hold()
    assert len(bench.rows.stops) == 1


def test_the_safety_pages_are_over_when_they_are_answered_elsewhere() -> None:
    for some in (False, True):
        bench = REACHED[Front.SAFETY]()
        changed(bench, lambda rows, some=some: setattr(rows, "acknowledgement", Acknowledgement(some=some, utc=NOON)))  # type: ignore[misc]
        assert bench.state is not Front.SAFETY
        assert bench.device.plans.today.short_only is some
        bench.pass_s(60)
        assert bench.state is Front.IDLE
    changed(bench, lambda rows: setattr(rows, "acknowledgement", Acknowledgement(some=False, asked_again=True)))
    assert bench.state is Front.SAFETY, "it asks again"


def test_pages_that_are_read_again_stay_when_something_else_is_changed() -> None:
    bench = Bench()
    bench.pass_s(20)
    bench.choose(Item.SAFETY)
    assert bench.state is Front.SAFETY
    changed(bench, rated())
    assert bench.state is Front.SAFETY


def test_an_answer_without_a_date_is_dated_when_the_clock_is_known_unless_it_is_an_old_one() -> None:
    old = Acknowledgement(some=True, utc=None)
    bench = Bench(Memory(acknowledgement=old), utc=None)
    bench.pass_s(20)
    changed(bench, rated())
    bench.send(WallClock(bench.t, NOON, trusted=True))
    assert bench.rows.acknowledgement == old, "nobody knows when it was given"
    bench = Bench(utc=None, acknowledged=False)
    changed(bench, lambda rows: setattr(rows, "acknowledgement", old))
    bench.send(WallClock(bench.t, NOON, trusted=True))
    assert bench.rows.acknowledgement == replace(old, utc=NOON)


# -- the session that is shown


ABOUT_IT = (
    Front.DONE,
    Front.CONFIRM,
    Front.OFF_MAT,
    Front.RATING,
    Front.SAVED,
    Front.LOOSER,
    Front.FELT_WRONG,
    Front.CAPPED,
)


def test_the_session_that_is_shown_is_deleted() -> None:
    for front in ABOUT_IT:
        bench = after_session(front)
        gone = bench.saved[-1].id
        changed(bench, lambda rows, gone=gone: rows.sessions.pop(gone))  # type: ignore[misc]
        assert front is Front.CAPPED or bench.state not in ABOUT_IT, front
        bench.hold()
        bench.up(300)
        assert bench.state is Front.IDLE
        assert gone not in bench.rows.sessions, front
        assert gone not in {session.id for session in bench.device.ledger.log.sessions}


def test_the_session_that_is_shown_is_edited() -> None:
    for front in ABOUT_IT:
        bench = after_session(front)
        old = bench.saved[-1]
        new = replace(old, on_mat_s=90.0, span_s=90.0, edited=True)
        changed(bench, lambda rows, new=new: rows.sessions.update({new.id: new}))  # type: ignore[misc]
        if front in {Front.DONE, Front.CAPPED}:
            assert bench.device.session.last == new
        # The first 90 s of the recovery have nothing that goes on off the mat.
        assert bench.state is (Front.RATING if front is Front.OFF_MAT else front)
        bench.up(300)
        assert bench.rows.sessions[new.id].on_mat_s == 90.0


def test_the_session_that_is_shown_is_given_to_another_person() -> None:
    bench = on_mat(shared(), 130.0)
    bench.up(21)
    assert bench.state is Front.DONE
    mine = bench.saved[-1]
    changed(bench, lambda rows: rows.sessions.update({mine.id: replace(mine, person="b")}))
    assert isinstance(bench.view, SessionDone)
    assert bench.view.who == "Ben"
    bench.tap()
    assert bench.state is Front.RATING
    bench.tap()
    bench.hold()
    assert [rating.person for rating in bench.rows.ratings.values()] == ["b"]


def test_everything_is_deleted_while_a_result_is_shown() -> None:
    def everything(rows: Rows) -> None:
        for table in (rows.sessions, rows.ratings, rows.stops, rows.days, rows.looser, rows.answers):
            table.clear()
        rows.acknowledgement, rows.people = None, People()

    for front in (*ABOUT_IT, Front.MENU, Front.READY, Front.TREND, Front.IDLE, Front.SAFETY):
        bench = after_session(front)
        changed(bench, everything)
        bench.hold()
        bench.up(400)
        assert not bench.rows.sessions, front
        assert bench.state is Front.SAFETY, "as a new device"
    bench = on_mat(shared())
    bench.up(21)
    changed(bench, everything)
    bench.hold()
    bench.up(400)
    assert not bench.rows.sessions
    assert bench.device.household.people == People()


# -- in every screen


def test_a_change_that_changes_nothing_is_not_seen_in_any_screen() -> None:
    for front, reach in REACHED.items():
        bench = reach()
        bench.send(Tick(bench.t))
        bench.device.display.refresh(bench.t)
        view, log = bench.view, bench.device.ledger.log
        count = len(bench.effects)
        changed(bench)
        assert bench.state is front
        assert bench.view == view, front
        assert not [effect for effect in bench.effects[count:] if isinstance(effect, Save | Checkpoint)], front
        assert bench.device.ledger.log == log or front is Front.DISCARDED


OTHER = Settings(
    zone="Asia/Kathmandu", day_start=time(5, 0), bedtime=time(20, 0), nudge_before_bed_min=30, nudge=False,
    quiet_from=time(0, 0), quiet_to=time(23, 0), rest_weekdays=frozenset({6}), weekly_goal=3,
    stay_on_tier=True, no_restart=True, routine="seat", others="pets", language="de",
)  # fmt: skip
PEOPLE = (People((ADA,)), BOTH, People((ADA, BEN, CLEO), "c"), People((BEN,)), People())


def test_settings_and_people_changed_elsewhere_fit_into_every_screen() -> None:
    """Its state can be shown after each of them, as JSON, in both languages of the panel."""
    for front, reach in REACHED.items():
        bench = reach()
        for name in Settings.__struct_fields__:
            bench.send(SettingWished(bench.t, name, getattr(OTHER, name)))
            sees(bench)
        for people in PEOPLE:
            changed(bench, named(people))
            sees(bench)
            bench.tap()
            sees(bench)
        if front is not Front.PAGE:
            bench.press(3.2)
        bench.pass_s(30)
        sees(bench)


def sees(bench: Bench) -> None:
    state = with_panel(state_of(bench.device, bench.words), bench.device.display.shown, bench.words)
    assert json.loads(json.dumps(state, allow_nan=False))["front"] == bench.state.name


def test_the_state_of_every_screen_can_be_sent() -> None:
    for front, reach in REACHED.items():
        bench = reach()
        state = state_of(bench.device, bench.words)
        sees(bench)
        assert state["front"] == front.name
        assert (state["session"] is not None) == (front in {Front.ON_MAT, Front.AWAY, Front.HOLDING})
        asked = front if front in {Front.CONFIRM, Front.RATING, Front.LOOSER, Front.FELT_WRONG} else None
        assert (state["asks"] and state["asks"]["what"]) == (asked and asked.name)
    sees(Bench(utc=None))
    sees(Bench(disk_full=True))


def test_the_menu_stays_on_its_line_while_lines_come_and_go() -> None:
    bench = Bench(Memory(acknowledgement=Acknowledgement(some=True, utc=NOON)))
    bench.pass_s(20)
    bench.hold()
    menu = bench.view
    assert isinstance(menu, Menu)
    for _ in range(len(menu.items) - 1):
        bench.tap()
    assert isinstance(bench.view, Menu)
    assert bench.view.items[bench.view.index] == "Back"
    # "A doctor agreed" is gone, and with a second name there is "Who".
    changed(bench, lambda rows: setattr(rows, "acknowledgement", Acknowledgement(some=False, utc=NOON)))
    assert isinstance(bench.view, Menu)
    assert bench.view.items[bench.view.index] == "Back"
    changed(bench, named(BOTH))
    assert isinstance(bench.view, Menu)
    assert bench.view.items[bench.view.index] == "Back"
    bench.hold()
    assert bench.state is Front.IDLE
    bench.choose(Item.WHO)
    bench.tap()
    assert isinstance(bench.view, Menu)
    assert bench.view.items[bench.view.index] == "Ben"
    changed(bench, named(People((ADA, CLEO), "a")))
    assert isinstance(bench.view, Menu)
    assert bench.view.items[bench.view.index] == "Ada", "the one that was marked is gone"
    bench.hold()
    assert bench.device.household.next_owner == "a"


# -- saves that are pending


def test_a_change_loses_nothing_of_what_is_pending_nor_of_the_change() -> None:
    for full in (True, False):
        bench = on_mat(seconds=130.0)
        bench.disk_full, bench.mute_store = full, not full
        bench.up(21)
        bench.tap()
        bench.pass_s(1)
        bench.tap()
        bench.hold()
        pending = bench.device.ledger.log
        assert len(pending.sessions) == len(pending.ratings) == 1, bench.state
        other = replace(pending.sessions[0], id="elsewhere", start_utc=NOON - 9000, day=DAY)
        changed(bench, lambda rows, other=other: rows.sessions.update({other.id: other}))  # type: ignore[misc]
        assert {s.id for s in bench.device.ledger.log.sessions} == {"elsewhere", pending.sessions[0].id}
        assert len(bench.device.ledger.log.ratings) == 1
        bench.disk_full = bench.mute_store = False
        for write in [] if full else list(bench.device.ledger.waiting.values()):
            bench.send(Saved(bench.t, bench.rows.commit(write)))
        bench.pass_s(40)
        assert len(bench.rows.sessions) == 2
        assert len(bench.rows.ratings) == 1


def test_a_day_that_was_said_elsewhere_is_what_a_clock_step_moves() -> None:
    bench = Bench()
    bench.pass_s(20)
    bench.send(Wished(bench.t, Wish.REST))
    changed(bench, lambda rows: rows.days.update({(DAY, None): DayRecord(DAY)}))  # no rest after all
    bench.send(WallClock(bench.t, NOON + 2 * 86_400, trusted=True))
    assert not [day for day in bench.rows.days.values() if day.rest]


# -- zero and calibration


def test_the_zero_before_can_be_wished_back() -> None:
    bench = Bench()
    bench.pass_s(20)
    kg = bench.device.presence.zero.total_kg
    assert refused(bench, Wished(bench.t, Wish.UNDO_ZERO), "zero_refused") == "nothing was zeroed"
    bench.send(Wished(bench.t, Wish.ZERO))
    bench.send(Wished(bench.t, Wish.UNDO_ZERO))
    assert not list(bench.notes("zero_refused"))[1:]
    assert len(list(bench.notes("zero_undone"))) == 1
    assert abs(bench.device.presence.zero.total_kg - kg) < 0.01
    bench.send(Wished(bench.t, Wish.ZERO))
    bench.lie(40)
    assert refused(bench, Wished(bench.t, Wish.UNDO_ZERO), "zero_refused") == "the mat is not empty"


def refused(bench: Bench, event: Event, kind: str) -> str:
    """Why it was not granted, "" when it was."""
    before = len(bench.effects)
    bench.send(event)
    notes = [effect for effect in bench.effects[before:] if isinstance(effect, Note) and effect.kind == kind]
    return notes[0].text.partition(": ")[2].partition("; it needs")[0] if notes else ""


def counting() -> Bench:
    memory = Memory(acknowledgement=Acknowledgement(some=False, utc=NOON), calibration=UNCALIBRATED)
    bench = Bench(memory, cells=Cells((40_000.0, 45_000.0), (NOMINAL * 9, 0.0)))
    bench.pass_s(30)
    return bench


def test_a_calibration_is_opened_from_elsewhere_only_where_nothing_goes_on() -> None:
    plain = Bench()
    plain.pass_s(20)
    assert wish(plain) == "these cells give kilograms"
    bench = counting()
    bench.lie(40)
    assert wish(bench) == "the mat is not empty"
    bench.up(21)
    assert wish(bench).startswith("the device is busy (")
    bench.pass_s(300)
    bench.silent = True
    bench.pass_s(5)
    assert wish(bench) == "the load cells are silent"
    bench.silent = False
    bench.pass_s(10)
    bench.hold()
    assert wish(bench).startswith("the device is busy (")


def wish(bench: Bench, kg: float = 70.0) -> str:
    return refused(bench, CalibrationWished(bench.t, kg), "calibration_refused")


def test_with_the_weight_given_the_mat_is_calibrated_without_choosing_one() -> None:
    bench = counting()
    assert wish(bench, 70.4) == ""
    assert bench.state is Front.CALIBRATING
    bench.hold()
    bench.up(6.0)
    for share in (0.8, 0.2):
        bench.body = lambda _, share=share: (70.4 * share, 70.4 * (1 - share))
        bench.pass_s(12.0)
    (calibrated,) = bench.saves(Calibrated)
    assert all(abs(slope / true - 1) < 0.02 for slope, true in zip(
        calibrated.calibration.counts_per_kg, (40_000.0, 45_000.0), strict=True
    ))  # fmt: skip
    bench.body = None
    bench.up(300)
    assert bench.state is Front.IDLE
    bench.choose(Item.CALIBRATE)
    bench.hold()
    bench.up(6.0)
    assert type(bench.view).__name__ == "WeightEntry", "the weight of before is not used again"


def test_the_timer_goes_on_while_everything_is_changed() -> None:
    bench = on_mat()
    for n in range(50):
        changed(bench, named(PEOPLE[n % 2]))
        bench.send(SettingWished(bench.t, "bedtime", time(21, n)))
        bench.pass_s(1.0)
    assert isinstance(bench.view, Timer)
    bench.up(21)
    assert abs(bench.saved[-1].on_mat_s - 110.0) < 1.0
