"""A person who answered "yes, or unsure", and whom no doctor has cleared: asked to ask, and talked into nothing."""

from __future__ import annotations

import re

from msgspec import structs

from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Memory
from matpi.core.screens.menu import Item
from matpi.core.views import Advice, Arriving, GetUp, Idle, SessionDone, Timer, View
from matpi.screen.render import render, spoken
from matpi.twin.bench import plan_message
from matpi.upstream.mqtt.state import Observer
from matpi.words import LANGUAGES
from tests.bench import NOON, Bench
from tests.screen.reading import read

PRAISE = {"en": "done for today", "de": "geschafft"}
RANGE = re.compile(r"\d+ ?(-|to|bis) ?\d+")


def asking() -> Bench:
    bench = Bench(Memory(acknowledgement=Acknowledgement(some=True, utc=NOON)))
    bench.pass_s(5)
    return bench


def praised_or_led(view: View) -> list[str]:
    """What of a view names a range of minutes or praises, drawn or spoken, in either language."""
    return [
        text
        for language, words in LANGUAGES.items()
        for text in (spoken(view, words), " ".join(read(render(view, words=words))))
        if PRAISE[language] in text.lower() or RANGE.search(text)
    ]


def test_idle_asks_and_names_no_minutes_to_reach() -> None:
    view = asking().view
    assert isinstance(view, Idle)
    assert (view.lower_min, view.upper_min, view.done, view.notice) == (0, 0, False, None)
    for words in LANGUAGES.values():
        assert words("bar.ask_doctor") in spoken(view, words)
        assert set(words("bar.ask_doctor").split()) <= set(read(render(view, words=words)))


def test_a_whole_session_is_shown_with_its_minutes_only() -> None:
    bench = asking()
    bench.lie(7 * 60)
    bench.up(60)
    timers = [view for view in bench.views if isinstance(view, Timer)]
    assert {(view.lower_min, view.upper_min) for view in timers} == {(0, 0)}
    assert timers[-1].elapsed_s == 7 * 60
    done = next(view for view in bench.views if isinstance(view, SessionDone))
    assert (done.done_today, done.ask_first) == (False, True)
    assert {type(view) for view in bench.views} >= {Idle, Arriving, Timer, SessionDone}
    a_minute = {structs.replace(view, elapsed_s=view.elapsed_s // 60 * 60) for view in timers}
    shown = a_minute | {view for view in bench.views if not isinstance(view, Timer)}
    assert [text for view in shown for text in praised_or_led(view)] == []
    assert bench.device.plans.today.done_days == 1, "the log keeps it; nothing says it"


def test_they_are_asked_up_where_the_shortest_range_ends_and_by_the_cap() -> None:
    bench = asking()
    bench.lie(4 * 60 + 30)
    assert isinstance(bench.view, Timer)
    assert bench.view.label == "1 min, then up slowly"
    bench.lie(60)
    assert isinstance(bench.view, Timer)
    assert bench.view.label == "enough: up slowly"
    bench.lie(40 * 60)
    assert bench.state is Front.CAPPED
    assert GetUp in {type(view) for view in bench.views}


def test_a_routine_that_they_choose_is_shown_without_minutes() -> None:
    bench = asking()
    bench.choose(Item.ROUTINE)
    bench.choose("Neck")
    assert isinstance(bench.view, Advice)
    assert praised_or_led(bench.view) == []
    assert "pillow under the head" in spoken(bench.view)


def test_neither_a_broker_nor_the_page_is_informed_of_a_goal() -> None:
    bench = asking()
    bench.lie(200)
    bench.up(60)
    state = Observer().copy(bench.device, lambda: (80.0, 0))
    assert (state.done, state.target_lower_min, state.target_upper_min) == (False, 0, 0)
    plan = plan_message(bench.device.plans.today, "")
    assert (plan["done"], plan["lower_min"], plan["upper_min"]) == (False, 0, 0)


def test_a_doctors_yes_brings_the_range_and_the_day_back() -> None:
    bench = asking()
    bench.lie(200)
    bench.up(120)
    bench.choose(Item.DOCTOR_AGREED)
    assert isinstance(bench.view, Idle)
    assert (bench.view.lower_min, bench.view.upper_min, bench.view.done) == (2, 5, True)
