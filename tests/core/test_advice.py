"""What to see to before lying down: it comes by itself before the first sessions, and at the first of each tier."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from msgspec.structs import replace

from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Log, Memory, Settings
from matpi.core.people import People, Person
from matpi.core.plan.programme import TIERS
from matpi.core.plan.routine import ROUTINES
from matpi.core.screens.menu import Item
from matpi.core.views import Advice, Arriving, Idle, Off, RatingEntry, Timer, View
from matpi.screen.render import render
from matpi.words import ENGLISH, GERMAN, LANGUAGES, Words
from tests.bench import NOON, Bench
from tests.core.stories import DAY_S, KNOWN, past
from tests.core.test_device_routines import on_plan_day
from tests.every import every
from tests.screen.reading import read
from tests.screen.ruled import faults

FIRST = ["thin shirt", "sit, then lie slowly", "stings, then warm", "learn the sensation"]
THIRD = ["thin shirt", "sit, then lie slowly", "change often comes", "in week two"]


def dark(memory: Memory, words: Words = ENGLISH, utc: float = NOON) -> Bench:
    bench = Bench(memory, words=words, utc=utc)
    bench.pass_s(40)
    assert isinstance(bench.view, Off)
    return bench


def after(sessions: int) -> Memory:
    """So many days with a session of 3 min each: the plan goes on."""
    return Memory(acknowledgement=KNOWN, log=Log(sessions=tuple(past(n, minutes=3.0) for n in range(sessions, 0, -1))))


def rate(bench: Bench) -> None:
    """Answer the question that the first wake asks, and go on."""
    assert isinstance(bench.view, RatingEntry)
    bench.tap()
    bench.hold()
    bench.tap()


def woken(bench: Bench) -> View:
    bench.tap()
    if isinstance(bench.view, RatingEntry):
        rate(bench)
    return bench.view


def lines(view: View) -> list[str]:
    assert isinstance(view, Advice)
    return str(view.advice).splitlines()


def test_after_the_safety_pages_comes_the_advice_before_the_first_session() -> None:
    bench = Bench(acknowledged=False)
    bench.pass_s(3)
    bench.tap()
    bench.tap()
    bench.pass_s(1.1)
    bench.hold()
    bench.tap()
    assert bench.view == Advice("Plan", 2, 5, "\n".join(FIRST))
    bench.pass_s(29)
    assert isinstance(bench.view, Advice)
    bench.pass_s(2)
    assert not isinstance(bench.view, Advice), "30 s untouched"
    assert isinstance(woken(bench), (Idle, Off)), "once before a session"


@every("done", [0, 1, 2, 3])
def test_before_the_first_three_sessions_and_then_the_first_of_a_tier(done: int) -> None:
    view = woken(dark(after(done)))
    assert (
        lines(view) == (FIRST, FIRST, THIRD, ["thin shirt, or bare (optional)", *FIRST[1:3], "build tolerance"])[done]
    )
    again = dark(after(done))
    rate_then_tap(again)
    assert isinstance(again.view, Idle), "a tap ends it"


def rate_then_tap(bench: Bench) -> None:
    woken(bench)
    bench.tap()


@every("day", range(1, 19))
def test_the_first_of_each_tier_has_its_goal_and_no_other_day_after_the_third(day: int) -> None:
    view = woken(dark(on_plan_day(day)))
    first = next((tier for tier in TIERS if tier.first_day == day), None)
    if day > 3 and first is None:
        assert isinstance(view, Idle)
        return
    for words in LANGUAGES.values():
        view = woken(dark(on_plan_day(day), words))
        assert isinstance(view, Advice)
        if first is not None:
            assert (view.lower_min, view.upper_min) == (first.lower_min, first.upper_min)
            assert str(view.advice).splitlines()[-1] == words.say(first.goal)
            assert str(view.advice).splitlines()[0] == words.say(first.clothing)
            assert faults(view, words) == [], "whole, and all of it"


def test_lying_down_starts_the_session_at_once() -> None:
    bench = dark(after(0))
    woken(bench)
    assert bench.state is Front.READY
    bench.lie(3.5)
    assert isinstance(bench.view, Timer)
    assert any(isinstance(view, Arriving) and view.clothing == "thin shirt" for view in bench.views)


def test_it_waits_for_the_next_day_once_today_is_done() -> None:
    bench = dark(after(0))
    bench.lie(150)
    bench.up(200)
    assert isinstance(bench.view, Off)
    assert not isinstance(woken(bench), Advice), "today is done"
    bench.rate = 0.1
    bench.pass_s(DAY_S)
    assert lines(woken(bench)) == FIRST


def test_not_on_a_rest_day_nor_before_a_doctor_agreed() -> None:
    resting = replace(after(0), settings=Settings(rest_weekdays=frozenset({6})))  # a Sunday
    assert isinstance(woken(dark(resting)), Idle)
    asking = replace(after(0), acknowledgement=Acknowledgement(some=True, utc=NOON))
    bench = dark(asking)
    assert isinstance(woken(bench), Idle)
    bench.choose(Item.DOCTOR_AGREED)
    bench.pass_s(40)
    assert lines(woken(bench)) == FIRST


def test_a_fault_is_read_first() -> None:
    bench = dark(after(0))
    bench.disk_full = True
    bench.lie(40)
    bench.up(300)
    bench.tap()
    assert not isinstance(bench.view, (Advice, RatingEntry))


def test_each_person_has_their_own() -> None:
    people = People((Person("a", "Ada"), Person("b", "Ben")), "a")
    log = Log(sessions=tuple(past(n, minutes=20.0, person="a") for n in range(6, 0, -1)))
    answers = tuple(replace(KNOWN, person=letter) for letter in "ab")
    bench = dark(Memory(log=log, people=people, answers=answers))
    assert isinstance(woken(bench), Idle)
    bench.choose(Item.WHO)
    bench.choose("Ben")
    bench.pass_s(40)
    assert lines(woken(bench)) == FIRST


def test_a_routine_that_is_set_for_every_day_shows_its_own() -> None:
    bench = dark(replace(after(0), settings=Settings(routine="feet")))
    assert lines(woken(bench)) == ENGLISH("routines.feet.advice").splitlines()


@every("name", ROUTINES)
def test_every_routine_that_is_chosen_shows_its_advice_first(name: str) -> None:
    for words in LANGUAGES.values():
        bench = Bench(on_plan_day(9), words=words, utc=NOON + 9.75 * 3600)
        bench.pass_s(5)
        bench.choose(Item.ROUTINE)
        bench.choose(words(f"routines.{name}.title"))
        assert isinstance(bench.view, Advice)
        plan = bench.device.plans.today
        wanted = words(f"routines.{name}.advice", clothing=plan.clothing, goal=plan.goal)
        assert (bench.view.title, bench.view.advice) == (words(f"routines.{name}.title"), wanted)
        assert faults(bench.view, words) == [], "whole, and all of it"


OWN = """
[[tier]]
days = [1, 7]
minutes = [2, 4]
clothing = "{clothing}"
goal = "{goal}"
[after]
minutes = [5, 10]
clothing = "your choice"
goal = "keep going"
"""


def test_a_plan_of_ones_own_shows_what_fits() -> None:
    fits = Settings(own_plan=OWN.format(clothing="a red jumper", goal="lie still"))
    view = woken(dark(replace(after(0), settings=fits)))
    assert lines(view) == ["a red jumper", *FIRST[1:3], "lie still"]
    long = Settings(own_plan=OWN.format(clothing="the thickest jumper that I own", goal="learn the sensation"))
    bench = dark(replace(after(0), settings=long), GERMAN)
    there = read(render(woken(bench), words=GERMAN))
    assert "jumper" not in there
    assert {"langsam", "piekst,", "kennenlernen"} <= set(there), "a copied goal is in the language of the panel"
