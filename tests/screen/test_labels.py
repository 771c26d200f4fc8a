"""What the panel says of a tap and of a hold is read off what it draws, then done: it does what it says.

So neither a label nor a gesture can be exchanged for the other, in either language.
"""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Final

from matpi.core.events import ButtonDown
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, EndReason, Log, Memory, Rating, Session, StopSign
from matpi.core.screens.menu import Item
from matpi.core.views import FeltWrong, Guide, Idle, Menu, RatingEntry, Safety, WeightEntry
from matpi.screen.render import draw
from matpi.words import LANGUAGES, Words
from tests.bench import NOON, UNCALIBRATED, Bench, Cells
from tests.every import every
from tests.screen.ruled import Ruled, Written

GESTURES: Final = {"en": {"tap": "tap", "hold": "hold"}, "de": {"kurz": "tap", "lang": "hold"}}
KNOWN: Final = Acknowledgement(some=False, utc=NOON)
TODAY: Final = date(2026, 3, 15)
USUAL: Final = tuple(
    Session(
        f"s{n}", "b", 0.0, 300.0, 300.0, EndReason.LEFT, NOON - n * 86400, 0, TODAY - timedelta(days=n), load_kg=45.0
    )
    for n in (4, 3, 2)
)


def written(bench: Bench) -> list[Written]:
    """The texts on the panel, from top to bottom."""
    shown = bench.device.display.shown
    assert shown is not None
    canvas = Ruled()
    draw(shown.view, canvas, bench.words)
    return sorted(canvas.written, key=lambda text: (text.top, text.left))


def labels(bench: Bench) -> dict[str, str]:
    """What is drawn after the name of each gesture, up to that of the other."""
    gestures = GESTURES[bench.words.language]
    drawn = " ".join(text.text for text in written(bench))
    parts = re.split(rf"\b({'|'.join(gestures)})(?:: *| (?=\+))", drawn)
    return {gestures[name]: label for name, label in zip(parts[1::2], parts[2::2], strict=True)}


def press(bench: Bench, gesture: str) -> None:
    bench.tap() if gesture == "tap" else bench.hold()


# -- the screens, and what each answer on them does --------------------------------------------------------------------


def asks(words: Words, utc: float | None = NOON) -> Bench:
    bench = Bench(acknowledged=False, utc=utc, words=words)
    bench.pass_s(3)
    while not (isinstance(bench.view, Safety) and bench.view.name == "question"):
        bench.pass_s(1.5)
        bench.tap()
    bench.pass_s(1.5)
    return bench


def read_to_end(bench: Bench) -> None:
    for _ in range(5):
        if bench.state is Front.SAFETY:
            bench.pass_s(1.5)
            bench.tap()
    if bench.state is Front.READY:
        bench.tap()
    assert bench.state is Front.IDLE, "the safety pages never end"


def was_that_you(words: Words) -> Bench:
    bench = Bench(Memory(acknowledgement=KNOWN, log=Log(USUAL)), words=words)
    bench.pass_s(40)
    bench.lie(150, 18.0)
    bench.up(22)
    assert bench.state is Front.CONFIRM
    return bench


def rating(words: Words, taps: int = 0) -> Bench:
    bench = Bench(words=words)
    bench.pass_s(5)
    while bench.state is not Front.RATING:
        bench.tap()
    for _ in range(taps):
        bench.tap()
    return bench


def saved(words: Words) -> Bench:
    bench = rating(words, 3)
    bench.hold()
    assert bench.state is Front.SAVED
    return bench


def felt_wrong(words: Words) -> Bench:
    bench = Bench(words=words)
    bench.pass_s(40)
    bench.lie(130)
    bench.up(20.5)
    wait_for(bench, Front.FELT_WRONG)
    return bench


def wait_for(bench: Bench, front: Front) -> None:
    end = bench.t + 120.0
    while bench.state is not front:
        assert bench.t < end, f"{front.name} never came: {bench.path}"
        bench.pass_s(0.5)


def noted(words: Words) -> Bench:
    bench = felt_wrong(words)
    bench.hold()
    return bench


def discarded(words: Words) -> Bench:
    bench = Bench(words=words)
    bench.pass_s(40)
    bench.lie(100)
    bench.hold(3.2)
    assert bench.state is Front.DISCARDED
    return bench


def menu(words: Words) -> Bench:
    bench = Bench(words=words)
    bench.pass_s(5)
    bench.hold()
    assert isinstance(bench.view, Menu)
    return bench


def off_the_mat(words: Words) -> Bench:
    bench = Bench(Memory(acknowledgement=KNOWN), words=words)
    bench.pass_s(35)
    bench.choose(Item.ROUTINE)
    bench.choose(words("routines.recovery.title"))
    bench.lie(310, kg=8.0)
    bench.up(20.5)
    wait_for(bench, Front.OFF_MAT)
    bench.pass_s(300)
    return bench


def calibrating(words: Words) -> Bench:
    cells = Cells((39_000.0, 46_000.0), (172_000.0, -129_000.0))
    bench = Bench(Memory(acknowledgement=KNOWN, calibration=UNCALIBRATED), cells=cells, words=words)
    bench.body = lambda _: (0.0, 0.0)
    bench.pass_s(15)
    bench.choose(Item.CALIBRATE)
    assert isinstance(bench.view, Guide)
    return bench


def weight(words: Words) -> Bench:
    bench = calibrating(words)
    bench.hold()
    bench.pass_s(6)
    assert isinstance(bench.view, WeightEntry)
    return bench


def ones(words: Words) -> Bench:
    bench = weight(words)
    bench.hold()
    return bench


def answered(*, some: bool) -> Callable[[Bench], bool]:
    return lambda bench: [answer.some for answer in bench.saves(Acknowledgement)] == [some]


def yours(answer: bool) -> Callable[[Bench], bool]:
    return lambda bench: bench.rows.sessions[bench.saved[-1].id].yours is answer


def value(number: int) -> Callable[[Bench], bool]:
    return lambda bench: isinstance(bench.view, RatingEntry) and bench.view.value == number


def weighs(kg: int) -> Callable[[Bench], bool]:
    return lambda bench: isinstance(bench.view, WeightEntry) and bench.view.kg == kg


def measures(bench: Bench) -> bool:
    return isinstance(bench.view, Guide) and bench.view.text == bench.words("calibration.keep_still")


def is_front(front: Front) -> Callable[[Bench], bool]:
    return lambda bench: bench.state is front


def at_line(index: int) -> Callable[[Bench], bool]:
    return lambda bench: isinstance(bench.view, Menu) and bench.view.index == index


def lists_routines(bench: Bench) -> bool:
    return isinstance(bench.view, Menu) and bench.words("routines.neck.title") in bench.view.items


@dataclass(frozen=True)
class Case:
    """A screen, and each answer that its picture offers: how it begins (English, German), and what it does."""

    name: str
    prepare: Callable[[Words], Bench]
    answers: tuple[tuple[str, str, Callable[[Bench], bool]], ...] = field(repr=False)


CASES: Final = (
    Case("ask first", asks, (("yes", "ja", answered(some=True)), ("none", "nichts", answered(some=False)))),
    Case("was that you", was_that_you, (("no", "nein", yours(False)), ("yes", "ja", yours(True)))),
    Case("how tight", rating, (("+1", "+1", value(1)),)),
    Case(
        "how tight, a value",
        lambda words: rating(words, 4),
        (
            ("+1", "+1", value(5)),
            ("ok", "ok", lambda bench: [rated.value for rated in bench.saves(Rating)] == [4]),
        ),
    ),
    Case("saved", saved, (("change", "ändern", value(3)),)),
    Case("felt wrong", felt_wrong, (("note it", "notieren", lambda bench: len(bench.rows.stops) == 1),)),
    Case(
        "noted",
        noted,
        (
            (
                "take it",
                "zurücknehmen",
                lambda bench: (
                    bench.rows.stops == {} and len(bench.saves(StopSign)) == 1 and isinstance(bench.view, FeltWrong)
                ),
            ),
        ),
    ),
    Case("discarded", discarded, (("bring it", "zurückholen", is_front(Front.ON_MAT)),)),
    Case("menu", menu, (("next", "weiter", at_line(1)), ("go", "ok", lists_routines))),
    Case("off the mat", off_the_mat, (("go on", "weiter", lambda bench: bench.state is not Front.OFF_MAT),)),
    Case("calibrate", calibrating, (("back", "zurück", is_front(Front.IDLE)), ("go", "ok", measures))),
    Case("weight, tens", weight, (("+10", "+10", weighs(80)), ("next", "weiter", lambda bench: not bench.view.tens))),  # type: ignore[union-attr]
    Case(
        "weight, ones",
        ones,
        (("+1", "+1", weighs(71)), ("next", "weiter", lambda bench: isinstance(bench.view, Guide))),
    ),
)


@every("case", CASES, ids=lambda case: case.name)
def test_a_press_does_what_the_panel_says(case: Case) -> None:
    for words in LANGUAGES.values():
        said = labels(case.prepare(words))
        assert len(said) == len(case.answers), f"{words.language}: {said}"
        for gesture, label in said.items():
            does = {
                starts: check
                for english, german, check in case.answers
                if label.startswith(starts := english if words.language == "en" else german)
            }
            assert len(does) == 1, f"{words.language}, {gesture}: {label!r}"
            bench = case.prepare(words)
            press(bench, gesture)
            assert all(check(bench) for check in does.values()), f"{words.language}: a {gesture} is no {label!r}"


def test_what_is_held_on_the_mat_is_discarded_as_the_panel_says() -> None:
    for words in LANGUAGES.values():
        bench = Bench(words=words)
        bench.pass_s(40)
        bench.lie(100)
        bench.send(ButtonDown(bench.t))
        bench.pass_s(1.5)
        drawn = " ".join(text.text for text in written(bench))
        assert re.search({"en": "hold.*: discard", "de": "halten: verwerfen"}[words.language], drawn)
        assert bench.state is Front.ON_MAT
        bench.pass_s(2.0)
        assert bench.state is Front.DISCARDED


def test_after_a_yes_the_way_that_the_panel_names_leads_to_the_answer_of_the_doctor() -> None:
    for words in LANGUAGES.values():
        bench = asks(words)
        bench.tap()
        *_, way, item = (text.text for text in written(bench))
        assert re.search({"en": "hold, menu", "de": "lang drücken, Menü"}[words.language], way)
        read_to_end(bench)
        bench.hold()
        assert bench.state is Front.MENU
        bench.choose(item)
        assert [(answer.some, answer.cleared) for answer in bench.saves(Acknowledgement)][-1] == (True, True)


def test_a_first_session_takes_the_panel_and_the_button_and_nothing_else() -> None:
    """From the box to a rated session: no phone, no account, no command, no clock from a network."""
    for words in LANGUAGES.values():
        bench = asks(words, utc=None)
        bench.hold()
        read_to_end(bench)
        bench.lie(300)
        bench.up(20.5)
        wait_for(bench, Front.RATING)
        for _ in range(6):
            bench.tap()
        bench.hold()
        wait_for(bench, Front.IDLE)
        assert [round(session.on_mat_s) for session in bench.rows.memory().log.sessions] == [300]
        assert [rated.value for rated in bench.rows.ratings.values()] == [6]
        assert isinstance(bench.view, Idle)
        assert bench.view.done
