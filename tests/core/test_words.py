"""Every language says everything, with the same values in it; and nothing on the panel has no key."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from matpi.core.calibration.solve import names_of
from matpi.core.controls import Item
from matpi.core.events import SensorLost
from matpi.core.languages import LANGUAGES, told
from matpi.core.plan.programme import TIERS
from matpi.core.plan.routine import ROUTINES, Says
from matpi.core.spoken import spoken
from matpi.core.views import Advice, Fault, Holding, Idle, Menu, Notice, RatingEntry, Timer, View, WeightEntry
from matpi.core.words import Words
from matpi.core.words_de import GERMAN
from matpi.core.words_en import ENGLISH
from matpi.drivers.scale.assembly import NAMES
from matpi.mqtt.codes import error_of
from tests.bench import Bench
from tests.screen.everything import everything

PACKAGE = Path(__file__).resolve().parents[2] / "matpi"
SAME = {"min", "kg", "Plan", "Routine", "{title}: {text}. {more}.", "{clock}{day}: {today}.{notice}"}
"""What is the same in both languages."""
CLAIMS = {
    "en": r"heal|cure|therap|treat|relie|pain.?free|improve|better|works|helps|releas|detox",
    "de": r"heil|therap|behandl(?!ung)|linder|schmerzfrei|besser|wirk|hilft|löst|entgift|gesund",
}
"""Words that would promise medicine."""

every_language = pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES.keys())


def texts(said: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Key and text of all there is."""
    if isinstance(said, str):
        yield key, said
    elif is_dataclass(said):
        for field in fields(said):
            yield from texts(getattr(said, field.name), f"{key}.{field.name}".lstrip("."))
    else:
        for number, one in enumerate(said):
            yield from texts(one, f"{key}.{number}")


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


# -- complete ------------------------------------------------------------------------------------------------------


@every_language
def test_nothing_is_left_unsaid(words: Words) -> None:
    empty = [key for key, text in texts(words) if not text.strip()]
    assert empty == []
    assert words.language in LANGUAGES
    blank = [key for key, text in texts(words) if text != text.strip() and not re.search(r"pages|done_today", key)]
    assert blank == []


def test_every_text_takes_the_same_values_in_every_language() -> None:
    own = dict(texts(GERMAN))
    differ = [key for key, text in texts(ENGLISH) if key in own and values(own[key]) != values(text)]
    assert differ == []
    advice = {key for key in {*own, *dict(texts(ENGLISH))} if ".advice." in key}
    assert own.keys() - advice == dict(texts(ENGLISH)).keys() - advice


def test_german_is_german() -> None:
    own = dict(texts(GERMAN))
    untranslated = {key: text for key, text in texts(ENGLISH) if own.get(key) == text and text not in SAME}
    assert untranslated == {}


@every_language
def test_the_keys_that_the_core_goes_by_are_there(words: Words) -> None:
    assert [words.phases.of(says) for says in Says] == [text for _, text in texts(words.phases)]
    assert {field.name for field in fields(words.routines)} == ROUTINES.keys()
    assert [words.menu.label(item) for item in Item] == [text for key, text in texts(words.menu) if key != "hint"]
    assert len(words.safety.pages) == len(ENGLISH.safety.pages)
    assert all(2 <= len(page) <= 4 for page in words.safety.pages)


@every_language
def test_entries_of_a_menu_can_be_told_apart(words: Words) -> None:
    labels = [words.menu.label(item) for item in Item]
    titles = [words.routines.of(name).title for name in ROUTINES]
    assert len(set(labels)) == len(labels)
    assert len({*titles, words.menu.back}) == len(titles) + 1


# -- the tone ------------------------------------------------------------------------------------------------------


@every_language
def test_no_text_promises_medicine(words: Words) -> None:
    claims = [text for _, text in texts(words) if re.search(CLAIMS[words.language], text, re.IGNORECASE)]
    assert claims == []


@every_language
def test_nothing_shouts(words: Words) -> None:
    said = [text for _, text in texts(words)]
    assert [text for text in said if "!" in text] == []
    assert [text for text in said for word in text.split() if len(word) > 4 and word.isupper()] == []


def test_german_says_du() -> None:
    formal = [text for _, text in texts(GERMAN) if re.search(r"\b(Sie|Ihr|Ihre|Ihnen)\b", text)]
    assert formal == []


# -- said elsewhere ------------------------------------------------------------------------------------------------


def written(call: str, where: dict[str, int]) -> Iterator[str]:
    """Texts for the panel in calls of this name anywhere in the package: by keyword, or by place; `{}` for a value."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == call:
                given = {word.arg: word.value for word in node.keywords}
                for name, place in where.items():
                    value = given.get(name) or (node.args[place] if place < len(node.args) else None)
                    if isinstance(value, ast.Constant):
                        yield str(value.value)
                    elif isinstance(value, ast.JoinedStr):
                        parts = [str(v.value) if isinstance(v, ast.Constant) else "{}" for v in value.values]
                        yield "".join(parts)


def filled(text: str) -> list[str]:
    wheres = [*(name for names in NAMES.values() for name in names)]
    wheres += [name for channels in (1, 2, 3, 4) for name in names_of(channels).short]
    if text.startswith("under {}"):
        wheres = ["10"]
    return [text.replace("{}", where)[:21] for where in wheres] if "{}" in text else [text]


def test_what_drivers_and_calibration_say_is_known_in_german() -> None:
    said = [*written("Refusal", {"what": 2, "do": 3}), *written("Words", {"what": 0, "do": 1})]
    said += [*written("SensorLost", {"what": 2, "do": 3}), SensorLost(0.0, "").what, SensorLost(0.0, "").do]
    said += ["reader restarts", "wait a moment", "load cells unusable", "run: matpi doctor"]
    assert len(said) > 30, "the search finds them no more"
    unknown = [text for one in said for text in filled(one) if told(text, GERMAN) == text]
    assert unknown == []


SHORT_AT = {"UpstreamError": 2, "LaterError": 2, "RefusedError": 2, "DisabledError": 2, "Trouble": 2, "_say": 1}
"""Calls that take a text for the panel, and at which place."""


def _named(scope: ast.AST, name: str) -> Iterator[ast.expr]:
    """What is assigned to this name anywhere below `scope`."""
    for node in ast.walk(scope):
        if isinstance(node, ast.AnnAssign) and node.value is not None and getattr(node.target, "id", "") == name:
            yield node.value
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            if isinstance(target, ast.Name) and target.id == name:
                yield node.value
            elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                named = zip(target.elts, node.value.elts, strict=True)
                yield from (value for one, value in named if isinstance(one, ast.Name) and one.id == name)


def shorts() -> tuple[set[str], set[str]]:
    """Of all that is sent on the texts for the panel, `{}` for a value; and where a text cannot be seen from here."""
    found, hidden = set(), set()
    for path in sorted(path for room in ("upstream", "mqtt", "webhook") for path in (PACKAGE / room).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            called = getattr(node.func, "id", getattr(node.func, "attr", "")) if isinstance(node, ast.Call) else ""
            if not isinstance(node, ast.Call) or called not in SHORT_AT or len(node.args) <= SHORT_AT[called]:
                continue
            given = node.args[SHORT_AT[called]]
            values = list(_named(tree, given.id)) if isinstance(given, ast.Name) else [given]
            if not values and not isinstance(given, ast.Attribute):  # `error.short` was made elsewhere
                hidden.add(f"{path.name}: {ast.unparse(node)}")
            for value in values:
                if isinstance(value, ast.Constant):
                    found.add(str(value.value))
                elif isinstance(value, ast.JoinedStr):
                    found.add("".join(str(v.value) if isinstance(v, ast.Constant) else "{}" for v in value.values))
                elif not isinstance(value, ast.Attribute):
                    hidden.add(f"{path.name}: {ast.unparse(value)}")
    return found, hidden


def test_why_nothing_is_sent_on_is_known_in_german() -> None:
    found, hidden = shorts()
    by_code = {error_of(code, "").short for code in range(256)}
    assert {place.partition(":")[0] for place in hidden} == {"codes.py", "relay.py"}, hidden
    said = {text.replace("{}", str(status)) for text in found | by_code for status in (100, 404, 503)}
    assert len(said) > 50, "the search finds them no more"
    assert [text for text in sorted(said) if told(text, GERMAN) == text or len(text) > 21] == []
    known = {getattr(ENGLISH.unsent, field.name).replace("{status}", "{}") for field in fields(ENGLISH.unsent)}
    assert known - found - by_code == set(), "nobody says these"


def test_the_starters_clothing_is_known_and_ones_own_stays_as_it_was_written() -> None:
    assert [told(tier.clothing, GERMAN) != tier.clothing for tier in TIERS] == [True] * len(TIERS)
    assert told("my red jumper", GERMAN) == "my red jumper"
    assert told("thin shirt", ENGLISH) == "thin shirt"


def test_a_part_of_the_mat_is_named_in_the_language() -> None:
    assert told("head chip silent", GERMAN) == "Kopf: Chip stumm"
    assert told("4th chip disturbed", GERMAN) == "Nr. 4: Chip gestört"
    assert told("cell 2: half a signal", GERMAN) == "Ecke 2: halbes Signal"


# -- spoken --------------------------------------------------------------------------------------------------------


@every_language
def test_every_view_is_a_sentence(words: Words) -> None:
    for view in everything(words):
        said = spoken(view, words)
        assert said.endswith((".", "?", ":")), said
        assert "{" not in said


def test_the_sentences_in_german() -> None:
    assert spoken(Idle("19:42", 5, 5, 10, 0.0, done=False, rest_day=False), GERMAN) == (
        "19:42. Tag 5: heute noch nicht, 5 bis 10 Minuten."
    )
    assert spoken(Timer(60, 5, 10, GERMAN.phases.warmth, seconds=False), GERMAN) == (
        "Auf der Matte: 1 Minute von 5 bis 10 Minuten. Wärme."
    )
    assert spoken(RatingEntry(7), GERMAN) == (
        "Wie sehr verspannt bist du heute? 7 von 10. Lang drücken zum Bestätigen."
    )
    assert spoken(Holding(65, 7), GERMAN) == "Die Wägezellen sind stumm. Die Sitzung wartet bei 1:05."
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
    assert shown(bench) == Advice("Nacken", 2, 5, GERMAN.routines.neck.advice)
    bench.lie(10)
    timer = shown(bench)
    assert isinstance(timer, Timer)
    assert timer.label == "spitz - bleib dabei"
    bench.up(25)
    bench.pass_s(200)
    bench.choose(Item.TREND)
    assert shown(bench) == Notice("Verlauf", "nicht vor Tag 7", "jeden Tag bewerten")
    bench.pass_s(30)
    bench.send(SensorLost(bench.t, "the reader died", "reader restarts", "wait a moment"))
    assert shown(bench) == Fault("Matte schweigt", "Messung startet neu", "einen Moment")


def test_the_log_does_not_depend_on_the_language() -> None:
    def lived(words: Words) -> list[object]:
        bench = Bench(words=words)
        bench.pass_s(35)
        bench.choose(Item.ROUTINE)
        bench.choose(words.routines.feet.title)
        bench.lie(60)
        bench.up(25)
        bench.pass_s(100)
        return [bench.saved, [(t, str(effect)) for t, effect in zip(bench.times, bench.effects, strict=True)
                if type(effect).__name__ in {"Report", "Note", "Chime", "Light"}]]  # fmt: skip

    assert lived(GERMAN) == lived(ENGLISH)
