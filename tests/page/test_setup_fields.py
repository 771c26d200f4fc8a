"""The fields of Set-up: one a setting, with the bounds that the device has. The table is read as text."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_type_hints

import pytest
from msgspec.structs import replace

import matpi
from matpi.commands.calibrate import LIGHTEST_KG
from matpi.core.calibration.weights import MOST_KG
from matpi.core.model import LANGUAGES as CODES
from matpi.core.model import OTHERS, REST_WEEKDAYS_MAX, ROUTINE_NAMES, Settings
from matpi.core.people import NAME_MAX, PEOPLE_MAX
from matpi.page.statics import device_texts
from matpi.store.settings import AUTO, PLAN_BYTES, READERS
from matpi.words import LANGUAGES

ROOT = Path(matpi.__file__).parent
STATIC = ROOT / "page" / "static"
SOURCE = (STATIC / "setup_fields.js").read_text(encoding="utf-8")
BOUNDED = {"number": "int", "days": "frozenset", "select": "str", "choice": "str", "yes_no": "bool", "clock": "time"}


def table() -> dict[str, dict[str, Any]]:
    """Return key -> kind, min, max, of: as the page has them."""
    body = SOURCE[SOURCE.index("export const FIELDS = {") :].partition("\n};")[0]
    found: dict[str, dict[str, Any]] = {}
    for key, kind, rest in re.findall(r"^  (\w+): \{kind: \"(\w+)\"(.*)\},$", body, re.MULTILINE):
        numbers = {name: int(value) for name, value in re.findall(r"(min|max): (\d+)", rest)}
        found[key] = {"kind": kind, "of": tuple(re.findall(r"\"(\w+)\"", rest.partition("of: ")[2])), **numbers}
    return found


def limits() -> dict[str, int]:
    line = re.search(r"export const LIMITS = \{(.*)\};", SOURCE)
    assert line is not None
    return {name: int(value) for name, value in re.findall(r"(\w+): (\d+)", line[1])}


def test_every_setting_has_a_field_and_no_field_is_without_a_setting() -> None:
    assert table().keys() == READERS.keys()
    script = (STATIC / "setup.js").read_text(encoding="utf-8")
    assert [key for key in READERS if f'"{key}"' not in script] == []


def test_a_field_is_of_the_kind_of_its_setting() -> None:
    of = get_type_hints(Settings)
    for key, rule in table().items():
        assert getattr(of[key], "__origin__", of[key]).__name__ == BOUNDED.get(rule["kind"], "str"), key


def test_the_bounds_of_a_number_are_those_of_the_device() -> None:
    numbers = {key: rule for key, rule in table().items() if rule["kind"] == "number"}
    assert numbers.keys() == {key for key, (read, _) in READERS.items() if read is int}
    for key, rule in numbers.items():
        for bound, beyond in ((rule["min"], rule["min"] - 1), (rule["max"], rule["max"] + 1)):
            assert getattr(replace(Settings(), **{key: bound}), key) == bound
            with pytest.raises(ValueError, match=str(bound)):
                replace(Settings(), **{key: beyond})


def test_what_can_be_chosen_is_what_the_device_knows() -> None:
    rules = table()
    assert rules["routine"]["of"] == ROUTINE_NAMES
    assert rules["others"]["of"] == OTHERS
    assert rules["language"]["of"] == (AUTO, *CODES[1:])
    assert rules["rest_weekdays"]["max"] == REST_WEEKDAYS_MAX


def test_the_other_bounds_are_those_of_the_device() -> None:
    assert limits() == {
        "name_letters": NAME_MAX,
        "people": PEOPLE_MAX,
        "weight_min_kg": LIGHTEST_KG,
        "weight_max_kg": MOST_KG,
        "plan_kib": PLAN_BYTES // 1024,
        "import_mib": 32,
    }


def test_every_field_has_its_texts_in_both_languages() -> None:
    for language in LANGUAGES:
        texts = tomllib.loads((ROOT / "words" / f"page_{language}.toml").read_text(encoding="utf-8"))["setup"]
        for key, rule in table().items():
            needed = [key, f"{key}_help"]
            needed += [f"{key}_bound"] if "max" in rule else []
            needed += [f"{key}_{value}" for value in rule["of"]] if key in {"others", "language"} else []
            assert [name for name in needed if not texts.get(name)] == [], language


def test_the_safety_pages_are_served_in_the_words_of_the_panel() -> None:
    script = (STATIC / "setup_first.js").read_text(encoding="utf-8")
    for language, device in LANGUAGES.items():
        served = device_texts(language)
        assert served.keys() == set(re.findall(r"\"(safety\.\w+)\"", script))
        assert all(text == device.texts[key] for key, text in served.items())


def test_the_texts_of_set_up_are_all_used_and_all_there() -> None:
    script = "".join(path.read_text(encoding="utf-8") for path in STATIC.glob("setup*.js"))
    texts = tomllib.loads((ROOT / "words" / "page_en.toml").read_text(encoding="utf-8"))["setup"]
    named = {name for name in re.findall(r"setup\.([a-zA-Z_]+)[\"`]", script) if not name.endswith("_")}
    assert named - texts.keys() == set()
    built = tuple(re.findall(r"setup\.([a-z_]+_)\$\{", script))
    of_a_key = {f"{key}{end}" for key in table() for end in ("", "_help", "_bound")}
    choices = {f"others_{value}" for value in OTHERS} | {f"language_{value}" for value in (AUTO, *CODES[1:])}
    sections = set(re.findall(r"^    (\w+): \(\) =>", script, re.MULTILINE))
    left = texts.keys() - named - of_a_key - choices - sections
    assert {name for name in left if not name.startswith(built)} == set()
