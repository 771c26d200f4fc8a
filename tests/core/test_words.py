"""Every language says everything, with the same values in it; and nothing on the panel has no key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from matpi.core.events import SensorLost
from matpi.core.plan.custom_plan import STARTERS
from matpi.core.plan.programme import TIERS
from matpi.core.plan.routine import ROUTINES, Says
from matpi.core.screens.menu import Item
from matpi.core.screens.safety import PAGES_AFTER_YES
from matpi.core.text import Text
from matpi.core.views import (
    Advice,
    Fault,
    Holding,
    Idle,
    Menu,
    Notice,
    RatingEntry,
    Timer,
    View,
    WeightEntry,
)
from matpi.drivers.scale.assembly import NAMES
from matpi.screen.render import spoken
from matpi.words import ENGLISH, GERMAN, LANGUAGES, Words
from tests.bench import Bench
from tests.screen.everything import everything

PACKAGE = Path(__file__).resolve().parents[2] / "matpi"
SAME = {"min", "kg", "Plan", "Routine", "{title}: {text}. {more}.", "{clock}{day}: {today}.{notice}"}
"""What is the same in both languages."""
GROUPS = tuple({f"{key.partition('.')[0]}." for key in ENGLISH.texts})
CLAIMS = {
    "en": r"heal|cure|therap|treat|relie|pain.?free|improve|better|works|helps|releas|detox",
    "de": r"heil|therap|behandl(?!ung)|linder|schmerzfrei|besser|wirk|hilft|löst|entgift|gesund",
}
"""Words that would promise medicine."""

every_language = pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES.keys())


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


# -- complete ------------------------------------------------------------------------------------------------------


@every_language
def test_nothing_is_left_unsaid(words: Words) -> None:
    lines = [(key, line) for key, text in words.texts.items() for line in (text.splitlines() or [""])]
    assert [key for key, line in lines if not line.strip()] == []
    padded = [key for key, line in lines if line != line.strip() and not re.search(r"safety|done_today", key)]
    assert padded == []


def test_every_language_has_the_same_keys_and_values() -> None:
    for words in LANGUAGES.values():
        assert list(words.texts) == list(ENGLISH.texts)
        assert {key: values(text) for key, text in words.texts.items()} == {
            key: values(text) for key, text in ENGLISH.texts.items()
        }


def test_german_is_german() -> None:
    untranslated = {key: text for key, text in ENGLISH.texts.items() if GERMAN.texts[key] == text and text not in SAME}
    assert untranslated == {}


def names(prefix: str, suffix: str = "") -> list[str]:
    """Of the texts of a group, in its order."""
    keys = (key for key in ENGLISH.texts if key.startswith(prefix) and key.endswith(suffix))
    return [key.removeprefix(prefix).removesuffix(suffix) for key in keys]


def test_the_keys_that_the_core_makes_are_there() -> None:
    assert names("phases.") == list(Says)
    assert names("routines.", ".title") == list(ROUTINES)
    assert names("routines.", ".advice") == [*ROUTINES, "before_bed_at", "plan_third"]
    assert names("menu.") == [*Item, "page_hold", "hint"]
    assert set(PAGES_AFTER_YES) == set(names("safety.")) - {"tap"}
    assert set(names("places.")) == {name for chips in NAMES.values() for name in chips} | {"cell"}
    for words in LANGUAGES.values():
        assert all(len(words(f"safety.{page}").splitlines()) == 5 for page in PAGES_AFTER_YES)


@every_language
def test_entries_of_a_menu_can_be_told_apart(words: Words) -> None:
    labels = [words(f"menu.{item}") for item in Item]
    titles = [words(f"routines.{name}.title") for name in ROUTINES]
    assert len(set(labels)) == len(labels)
    assert len({*titles, words("menu.back")}) == len(titles) + 1


# -- the tone ------------------------------------------------------------------------------------------------------


@every_language
def test_no_text_promises_medicine(words: Words) -> None:
    denied = words("safety.question")  # "not medical treatment"
    said = [text for text in words.texts.values() if text != denied]
    claims = [text for text in said if re.search(CLAIMS[words.language], text, re.IGNORECASE)]
    assert claims == []


@every_language
def test_nothing_shouts(words: Words) -> None:
    said = list(words.texts.values())
    assert [text for text in said if "!" in text] == []
    assert [text for text in said for word in text.split() if len(word) > 4 and word.isupper()] == []


def test_german_says_du() -> None:
    formal = [text for text in GERMAN.texts.values() if re.search(r"\b(Sie|Ihr|Ihre|Ihnen)\b", text)]
    assert formal == []


# -- keys ----------------------------------------------------------------------------------------------------------


def calls() -> Iterator[tuple[str, set[str]]]:
    """Key and names of the values of every text that the package asks for by a key that is written out."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and None not in (names := {arg.arg for arg in node.keywords}):
                key = node.args[0]
                for one in (key.body, key.orelse) if isinstance(key, ast.IfExp) else (key,):
                    if isinstance(one, ast.Constant) and str(one.value).startswith(GROUPS) and one.value not in GROUPS:
                        yield str(one.value), {str(name) for name in names}


def test_every_key_that_is_written_out_has_a_text_and_all_its_values() -> None:
    asked = list(calls())
    assert len(asked) > 150, "the search finds them no more"
    wrong = [(key, names) for key, names in asked if values(ENGLISH.texts.get(key, "{?}")) != names]
    assert wrong == []


def test_no_text_is_there_that_nothing_shows() -> None:
    """A key is written out, or made of a group and a name that is written out elsewhere."""
    package = "\n".join(path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py")))
    made = tuple(set(re.findall(r'\b(?:Text|words|say|ENGLISH)\(f"([a-z_]+\.[a-z_]*)\{', package)))
    assert set(made) == {"faults.", "menu.", "phases.", "places.", "routines.", "safety.", "scale.", "upstream."}
    whole = set(re.findall(r"['\"]([\w.]+)(?=['\"])", package))
    unused = [key for key in ENGLISH.texts if key not in whole and not key.startswith(made)]
    assert unused == []
    made_of_two = (key for key in ENGLISH.texts if key.startswith(("scale.", "upstream.")))
    ends = set(re.findall(r'[".](\w+)(?=")', package))
    unnamed = [key for key in made_of_two if key.partition(".")[2] not in ends]
    assert unnamed == []


def test_what_is_missing_is_shown_as_its_key_and_stops_nothing() -> None:
    assert GERMAN.say(Text("menu.nothing")) == "menu.nothing"
    assert GERMAN.say(Text("bar.next")) == "gleich: {routine}"
    assert GERMAN.say(Text("calibration.within", percent="much")) == "auf {percent:.1f} % genau"


def test_the_starters_clothing_is_known_and_ones_own_stays_as_it_was_written() -> None:
    assert {ENGLISH.say(text): text for text in STARTERS.values()} == STARTERS
    assert {text for tier in TIERS for text in (tier.clothing, tier.goal)} == set(STARTERS.values())
    assert GERMAN.say("my red jumper") == "my red jumper"


def test_values_are_put_into_the_language_too() -> None:
    assert GERMAN.say(Text("scale.chip_silent", where=Text("places.head"))) == "Kopf: Chip stumm"
    assert GERMAN.say(Text("scale.half_signal", where=Text("places.cell", n=2))) == "Ecke 2: halbes Signal"
    assert GERMAN.say(Text("trend.days", moment=Text("trend.before"), n=9)) == "vor Matte: 9 Tage"
    assert GERMAN.say(Text("calibration.within", percent=1.0)) == "auf 1,0 % genau"


def test_a_text_that_is_too_long_for_a_line_gives_way_to_a_shorter_one() -> None:
    missing = Text("people.missing", names="Ben, Cleo").or_shorter(Text("people.missing", names=2))
    assert ENGLISH.say(missing) == "not yet: Ben, Cleo"
    missing = Text("people.missing", names="Ben, Cleo, Dora").or_shorter(Text("people.missing", names=3))
    assert ENGLISH.say(missing) == "not yet: 3"


# -- spoken --------------------------------------------------------------------------------------------------------


@every_language
def test_every_view_is_a_sentence(words: Words) -> None:
    for view in everything():
        said = spoken(view, words)
        assert said.endswith((".", "?", ":")), said
        assert "{" not in said


def test_the_sentences_in_german() -> None:
    assert spoken(Idle("19:42", 5, 5, 10, 0.0, done=False, rest_day=False), GERMAN) == (
        "19:42. Tag 5: heute noch nicht, 5 bis 10 Minuten."
    )
    assert spoken(Timer(60, 5, 10, GERMAN("phases.warmth"), seconds=False), GERMAN) == (
        "Auf der Matte: 1 Minute von 5 bis 10 Minuten. Wärme."
    )
    assert spoken(RatingEntry(7), GERMAN) == (
        "Wie verspannt fühlst du dich heute? 7 von 10. Lang drücken zum Bestätigen."
    )
    assert spoken(Holding(65, 7), GERMAN) == "Die Wägezellen sind stumm. Die Zeit wartet bei 1:05."
    assert spoken(WeightEntry(70, tens=True), GERMAN).startswith("Dein Gewicht: 70 kg.")


# -- the device ----------------------------------------------------------------------------------------------------


def shown(bench: Bench) -> View:
    return bench.view


def test_a_device_speaks_german_from_the_menu_to_the_fault() -> None:
    bench = Bench(words=GERMAN)
    bench.pass_s(35)
    bench.choose(Item.ROUTINE)
    listed = shown(bench)
    assert isinstance(listed, Menu)
    assert listed.items[4:6] == ("Nacken", "Füße")
    bench.choose("Nacken")
    assert shown(bench) == Advice("Nacken", 2, 5, GERMAN("routines.neck.advice"))
    bench.lie(10)
    timer = shown(bench)
    assert isinstance(timer, Timer)
    assert timer.label == "piekst - ruhig atmen"
    bench.up(25)
    bench.pass_s(200)
    bench.choose(Item.TREND)
    assert shown(bench) == Notice("Verlauf", "kommt an Tag 7", "jeden Tag bewerten")
    bench.pass_s(30)
    bench.send(SensorLost(bench.t, "the reader died", Text("scale.reader_restarts"), Text("scale.wait")))
    assert shown(bench) == Fault("Kein Signal", "Messung startet neu", "einen Moment")
