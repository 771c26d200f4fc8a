"""A part that does not work is told on the screen of the empty mat; nothing else stops."""

from __future__ import annotations

import pytest

from matpi.core.events import Noted
from matpi.core.model import EndReason
from matpi.core.parts import PARTS
from matpi.core.views import Idle
from matpi.words import LANGUAGES, Words
from tests.bench import Bench


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("button_lost", "button does not work"),
        ("lamp_lost", "light does not work"),
        ("chime_lost", "chime does not work"),
    ],
)
def test_it_is_told_and_the_timer_runs_all_the_same(kind: str, says: str) -> None:
    on = Bench()
    on.pass_s(5)
    before = on.view
    on.send(Noted(on.t, kind, "GPIO 17 is busy"))
    on.pass_s(1)
    told = on.view
    assert isinstance(before, Idle)
    assert isinstance(told, Idle)
    assert (before.notice, told.notice) == (None, says)
    on.lie(100)
    on.up(60)
    (session,) = on.saved
    assert session.reason is EndReason.LEFT
    assert [note.text for note in on.notes(kind)] == ["GPIO 17 is busy"]


def test_the_words_go_when_the_part_is_back() -> None:
    on = Bench()
    on.pass_s(5)
    for event, says in (
        (Noted(on.t, "lamp_lost", "GPIO 18 is busy"), "light does not work"),
        (Noted(on.t, "button_lost", "GPIO 17 is busy"), "light does not work"),
        (Noted(on.t, "lamp_back", "the lamp works again"), "button does not work"),
        (Noted(on.t, "lamp_back", "the lamp works again"), "button does not work"),
        (Noted(on.t, "button_back", "the button works again"), None),
    ):
        on.send(event)
        on.pass_s(0.1)
        told = on.view
        assert isinstance(told, Idle)
        assert told.notice == says, event


@pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)
def test_each_has_words_of_its_own_in_every_language(words: Words) -> None:
    said = [words.say(text) for text in PARTS.values()]
    assert all(said)
    assert len(set(said)) == len(PARTS)
