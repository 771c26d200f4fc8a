"""A day of rest by the button: in the menu while it can be one, taken back there too, and whose it is."""

from __future__ import annotations

import pytest

from matpi.core.events import Wish, Wished
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, DayRecord, Memory, Settings
from matpi.core.people import People, Person
from matpi.core.plan.progress import RestReason
from matpi.core.reminder import Silence
from matpi.core.screens.menu import Item
from matpi.core.views import Idle, Menu, View
from matpi.words import ENGLISH, GERMAN, Words
from tests.bench import NOON, Bench

AFTERNOON = NOON + 7.5 * 3600.0  # 19:30; the reminder comes at 21:00
ANSWERED = Acknowledgement(some=False, utc=NOON)
SHARED = Memory(
    people=People((Person("a", "Ada"), Person("b", "Ben")), "a"),
    answers=tuple(Acknowledgement(some=False, utc=NOON, person=person) for person in ("a", "b")),
)


def of_rest(bench: Bench) -> list[str]:
    """The lines about rest in the menu, which is opened for it and left by itself."""
    bench.hold()
    view: View = bench.view
    assert isinstance(view, Menu)
    of_rest = {bench.words("menu.rest"), bench.words("menu.no_rest")}
    found = [str(item) for item in view.items if item in of_rest]
    bench.pass_s(21)
    assert bench.state is Front.IDLE
    return found


def idle(bench: Bench) -> Idle:
    view: View = bench.view
    assert isinstance(view, Idle)
    return view


def silence(bench: Bench) -> Silence | None:
    assert bench.device.reminder.now is not None
    return bench.device.reminder.now.reason


@pytest.mark.parametrize("words", [ENGLISH, GERMAN], ids=["en", "de"])
def test_today_rests_and_then_not_after_all(words: Words) -> None:
    bench = Bench(utc=AFTERNOON, words=words)
    bench.up(60)
    assert of_rest(bench) == [words("menu.rest")]
    bench.choose(Item.REST)
    assert idle(bench).rest_day
    assert bench.device.plans.today.rest_reason is RestReason.DECLARED
    bench.pass_s(2 * 3600)
    assert silence(bench) is Silence.REST_DAY
    assert of_rest(bench) == [words("menu.no_rest")]
    bench.choose(Item.NO_REST)
    assert not idle(bench).rest_day
    assert silence(bench) is None, "the light reminds after all"
    day = bench.device.plans.today.today
    assert bench.saves(DayRecord) == [DayRecord(day, rest=True), DayRecord(day, rest=False)]


def test_it_lasts_over_a_power_cut_and_until_tomorrow() -> None:
    bench = Bench(utc=AFTERNOON)
    bench.up(10)
    bench.choose(Item.REST)
    again = bench.reboot()
    again.pass_s(10)
    assert again.device.plans.today.rest_day
    assert of_rest(again) == [ENGLISH("menu.no_rest")]
    again.pass_s(9 * 3600)  # 04:30
    assert not again.device.plans.today.rest_day


def test_a_day_with_a_session_is_none() -> None:
    bench = Bench()
    bench.up(10)
    bench.lie(60)
    bench.up(150)
    assert bench.device.plans.today.today_s > 0
    assert of_rest(bench) == []


def test_while_the_clock_is_not_known_there_is_no_today() -> None:
    bench = Bench(utc=None)
    bench.up(10)
    assert of_rest(bench) == []


def test_what_is_a_day_of_rest_anyway_needs_no_line() -> None:
    bench = Bench(Memory(acknowledgement=ANSWERED, settings=Settings(rest_weekdays=frozenset({6}))))  # a Sunday
    bench.up(10)
    assert bench.device.plans.today.rest_day
    assert of_rest(bench) == []


def test_it_is_of_whose_turn_it_is() -> None:
    bench = Bench(SHARED)
    bench.up(10)
    bench.choose(Item.WHO)
    bench.choose("Ben")
    bench.choose(Item.REST)
    assert [(saved.person, saved.rest) for saved in bench.saves(DayRecord)] == [("b", True)]
    bench.choose(Item.WHO)
    bench.choose("Ada")
    assert not idle(bench).rest_day
    assert of_rest(bench) == [ENGLISH("menu.rest")]


def test_the_line_stays_what_it_was_while_the_menu_is_open() -> None:
    """A wish from the house, or a setting, must not put another line under the thumb."""
    bench = Bench()
    bench.up(10)
    bench.hold()
    opened: View = bench.view
    assert isinstance(opened, Menu)
    bench.tap()
    bench.send(Wished(bench.t, Wish.REST))
    bench.change(Settings(rest_weekdays=frozenset({6})))
    assert bench.view == Menu(opened.items, 1)
    assert opened.items[1] == ENGLISH("menu.rest")
    bench.hold()
    assert bench.device.plans.today.rest_reason is RestReason.DECLARED


def test_a_day_of_rest_that_cannot_be_written_is_tried_again() -> None:
    bench = Bench(disk_full=True)
    bench.up(10)
    bench.choose(Item.REST)
    assert bench.device.plans.today.rest_day
    bench.disk_full = False
    bench.pass_s(40)
    assert [record.rest for record in bench.rows.days.values()] == [True]
