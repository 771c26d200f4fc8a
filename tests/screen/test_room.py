"""Nothing is ever cut: not by a pixel shift, not by the edge, not by the longest words."""

from __future__ import annotations

from itertools import product
from typing import get_args

import pytest
from msgspec import structs

from matpi.core.plan.programme import TIERS, Tier
from matpi.core.screens.safety import PAGES_AFTER_YES
from matpi.core.text import Text
from matpi.core.views import (
    Advice,
    Arriving,
    Away,
    Fault,
    Guide,
    Holding,
    Idle,
    Menu,
    Notice,
    Object,
    PagePairing,
    RatingEntry,
    Safety,
    SessionDone,
    Splash,
    Timer,
    View,
    WeightEntry,
)
from matpi.screen.canvas import HEIGHT, SHIFT_MAX, WIDTH, Canvas
from matpi.screen.glyphs import CUT, Face, fitting, plain, wrapped
from matpi.screen.render import draw, render
from matpi.words import ENGLISH, LANGUAGES
from tests.bench import said
from tests.every import every
from tests.screen.gallery import VIEWS
from tests.screen.reading import lit, read, words

WIDE_15, WIDE_21 = "W" * 15, "M" * 21
SENTENCE_21 = "disk full: not saved!"
assert len(SENTENCE_21) == 21

EXTREMES: dict[str, View] = {
    "splash": Splash("10.20.30.dev45+g0123ab"[:21]),
    "idle": Idle("00:00", 14, 15, 20, 59 * 60.0, done=False, rest_day=False, notice=WIDE_21),
    "idle-hours": Idle("~12-31", 14, 15, 20, 240 * 60.0, done=False, rest_day=False, notice=SENTENCE_21),
    "idle-hours-done": Idle("00:00", 14, 15, 20, 240 * 60.0, done=True, rest_day=True, notice=WIDE_21),
    "idle-rest": Idle("~12-31", 14, 15, 20, 30.0, done=False, rest_day=True, notice=WIDE_21),
    "idle-quiet": Idle("~12-31", 14, 15, 20, 240 * 60.0, done=False, rest_day=False),
    "people-idle": Idle("~12-31", 14, 15, 20, 59 * 60.0, done=False, rest_day=False, notice=WIDE_21, who="W" * 12),
    "people-idle-hours": Idle("00:00", 14, 15, 20, 240 * 60.0, done=False, rest_day=False, who="M" * 12),
    "people-arriving": Arriving(15, 20, 14, WIDE_21, who="W" * 12),
    "people-arriving-routine": Arriving(15, 20, 14, "", "W" * 14, who="M" * 12),
    "people-done": SessionDone(45 * 60, done_today=True, plan_day=14, saved=True, who="W" * 12, asks=WIDE_21),
    "arriving": Arriving(15, 20, 14, WIDE_21),
    "timer": Timer(17 * 60, 15, 20, WIDE_21, seconds=False, notice=SENTENCE_21),
    "timer-seconds": Timer(44 * 60 + 59, 15, 20, WIDE_21, seconds=True, notice=WIDE_21),
    "timer-over": Timer(45 * 60, 2, 5, SENTENCE_21, seconds=False),
    "timer-over-seconds": Timer(45 * 60, 2, 5, SENTENCE_21, seconds=True),
    "timer-over-short-seconds": Timer(9 * 60 + 59, 2, 5, SENTENCE_21, seconds=True),
    "timer-cap": Timer(12 * 60, 30, 45, SENTENCE_21, seconds=False),
    "timer-long-plan": Timer(12 * 60, 60, 90, SENTENCE_21, seconds=False),
    "timer-no-lower": Timer(60, 0, 5, "", seconds=False),
    "timer-no-plan": Timer(60, 0, 0, "", seconds=False),
    "away": Away(44 * 60 + 59, 20, 20),
    "away-long": Away(44 * 60 + 59, 120, 120),
    "holding": Holding(44 * 60 + 59, 60),
    "object": Object(240),
    "object-about": Object(240, approximate=True),
    "holding-words": Holding(44 * 60 + 59, 60, WIDE_21),
    "guide": Guide(WIDE_15, WIDE_21, WIDE_21),
    "guide-measuring": Guide(WIDE_15, SENTENCE_21, "", done=1.0),
    "weight": WeightEntry(150, tens=True),
    "weight-ones": WeightEntry(149, tens=False),
    "done": SessionDone(45 * 60, done_today=False, plan_day=14, saved=False),
    "rating": RatingEntry(10, hold=1.0, rest=1.0),
    "menu": Menu(("W" * 14,) * 9, 8),
    "menu-one": Menu(("W" * 14,), 0, hold=1.0),
    "fault": Fault(WIDE_15, WIDE_21, WIDE_21),
    "fault-sentences": Fault("clock not known", SENTENCE_21, "clear it, and re-zero"),
    "notice": Notice(WIDE_15, WIDE_21, WIDE_21),
}
SAID = {name: said(view) for name, view in VIEWS.items()}
ALL = {**SAID, **{f"extreme {name}": view for name, view in EXTREMES.items()}}
SHIFTS = list(product(range(SHIFT_MAX + 1), range(SHIFT_MAX + 1)))


@every("name", ALL)
def test_no_shift_loses_a_pixel(name: str) -> None:
    still = lit(render(ALL[name]))
    assert (still > 0) == (name != "off")
    assert [lit(render(ALL[name], shift)) for shift in SHIFTS] == [still] * len(SHIFTS)


def test_every_view_has_a_drawing() -> None:
    assert set(get_args(View)) == set(draw.registry) - {object}


@every("name", ALL)
def test_nothing_is_drawn_outside_the_area(name: str) -> None:
    border = 40
    canvas = Canvas(border)
    draw(ALL[name], canvas, ENGLISH)
    box = canvas.image.getbbox()
    if box is not None:
        left, top, right, bottom = box
        assert left >= border
        assert top >= border
        assert right <= border + WIDTH
        assert bottom <= border + HEIGHT


def test_a_shift_moves_the_picture_and_changes_nothing_else() -> None:
    still, moved = render(VIEWS["rating-7"]), render(VIEWS["rating-7"], (2, 1))
    assert moved.crop((2, 1, 128, 63)).tobytes() == still.crop((0, 0, 126, 62)).tobytes()


@every("shift", [(3, 0), (0, 3), (-1, 0), (0, -1)])
def test_a_larger_shift_is_refused(shift: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="0 to 2 px"):
        render(VIEWS["idle-done"], shift)


def texts(view: View) -> list[str]:
    """What the view itself says in words, the hours and titles in heavy letters left out."""
    return [text for text in _texts(view) if isinstance(text, str)]


def _texts(view: View) -> list[Text | str]:
    if isinstance(view, Advice):
        return [view.title]
    if isinstance(view, Safety):
        return [f"{view.page}/{view.pages}"]
    if isinstance(view, Menu):
        return [view.items[view.index]]
    if isinstance(view, PagePairing):  # the address: test_page_view.py
        return [f"{view.code[:3]} {view.code[3:]}"]
    if isinstance(view, Arriving):
        below = view.routine if view.who and view.routine else ENGLISH.say(view.clothing).partition(" (")[0]
        return [below, *([view.who] if view.who else [])]
    if isinstance(view, SessionDone) and view.who:
        return [*([view.who] if view.saved else []), *([view.asks] if view.hold == 0.0 else [])]
    if isinstance(view, Guide):
        answer: list[Text | str] = [view.more] if view.done is None and view.hold == 0.0 else []
        return [view.text, *answer, *([view.title] if view not in SAID.values() else [])]
    return list(structs.astuple(view))


@every(
    "name",
    [name for name, view in ALL.items() if texts(view) and not (isinstance(view, Notice) and view in SAID.values())],
)
def test_every_word_of_a_view_is_on_the_panel(name: str) -> None:
    view, there = ALL[name], read(render(ALL[name]))
    for text in texts(view):
        if isinstance(view, Timer) and view.hold > 0.0 and text == view.label:
            continue  # while it is held, the label says what the hold does
        assert set(text.split()) <= set(there), there


@every("name", PAGES_AFTER_YES)
def test_every_word_of_a_safety_page_is_on_the_panel(name: str) -> None:
    for language in LANGUAGES.values():
        drawn = words(render(Safety(name, 3, 5), words=language), Face.TEXT)
        lines = language(f"safety.{name}").splitlines()
        assert {word for line in lines for word in line.removeprefix("* ").split()} | {"3/5"} <= set(drawn)
        assert (language("safety.tap") in drawn) == (name in {"ask_1", "ask_2", "ask_first", "stop"}), (
            "where a tap only goes on"
        )


def test_a_text_that_fits_nowhere_is_cut_for_all_to_see() -> None:
    text, face = fitting("x" * 40, WIDTH)
    assert (text, face) == ("x" * 19 + "..", Face.TEXT)
    assert "x" * 19 + ".." in read(render(Notice("t", "x" * 40)))


def test_a_text_of_15_is_large_and_one_of_21_is_small() -> None:
    assert fitting("x" * 15, WIDTH) == ("x" * 15, Face.LABEL)
    assert fitting("x" * 16, WIDTH) == ("x" * 16, Face.TEXT)
    assert fitting("x" * 21, WIDTH) == ("x" * 21, Face.TEXT)


def test_words_are_wrapped_or_none_is_returned() -> None:
    assert wrapped("clear it, then re-zero", WIDTH, Face.LABEL) == ["clear it, then", "re-zero"]
    assert wrapped("x" * 16, WIDTH, Face.LABEL) is None


def test_letters_beyond_latin_1_become_question_marks() -> None:
    assert plain("Kälte \u2192 5 °C") == "Kälte ? 5 °C"
    assert "Kälte" in read(render(Notice("t", "Kälte \u2192 5 °C")))


@every("tier", TIERS, ids=lambda tier: ENGLISH.say(tier.clothing))
def test_what_the_plan_says_to_wear_fits(tier: Tier) -> None:
    there = read(render(Arriving(tier.lower_min, tier.upper_min, tier.first_day, tier.clothing)))
    assert not any(word.endswith(CUT) for word in there)
