"""The page's files as they are: texts in both languages, size of the first view, nothing inline."""

from __future__ import annotations

import gzip
import re
from html.parser import HTMLParser
from pathlib import Path

import matpi
from matpi.core.front import Front
from matpi.core.model import ROUTINE_NAMES
from matpi.core.parts import PARTS
from matpi.words import LANGUAGES, Words

STATIC = Path(matpi.__file__).parent / "page" / "static"
FIRST_VIEW = ("index.html", "app.css", "app.js", "ui.js", "today.js", "dial.js", "pair.js")
FIRST_VIEW_MAX_BYTES = 60_000
TABLES = ("app", "today", "history", "sheet", "setup", "pair")
KEY = re.compile(r"""(["'`])((?:{})\.(?:(?!\1).)+)\1""".format("|".join(TABLES)))
"""A text or template in the source that begins as a key does."""
FILLED = re.compile(r"\$\{[^}]*\}")
VALUE = re.compile(r"\{(\w+)\}")
FILLS_HTML = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|cssText|setAttribute\(.style"
)


def modules() -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(STATIC.glob("*.js"))}


def texts(language: str) -> dict[str, str]:
    found = dict(Words(f"page_{language}").texts)
    assert len(found) > 50, language
    return found


def asked() -> set[str]:
    """Return what the sources ask for; `*` is any part that is filled in when it runs."""
    sources = {**modules(), "index.html": (STATIC / "index.html").read_text(encoding="utf-8")}
    return {FILLED.sub("*", match[2]) for source in sources.values() for match in KEY.finditer(source)}


def fits(asked_for: str, key: str) -> bool:
    return re.fullmatch(re.escape(asked_for).replace(r"\*", r"\w+"), key) is not None


def test_every_text_that_is_asked_for_is_there() -> None:
    wanted = asked()
    assert len(wanted) > 50
    for language in LANGUAGES:
        keys = texts(language)
        assert [one for one in wanted if not any(fits(one, key) for key in keys)] == [], language


def test_every_text_is_asked_for() -> None:
    wanted, keys = asked(), texts("en")
    alone = {key.removesuffix("_one") if key.removesuffix("_one") in keys else key for key in keys}
    assert [key for key in alone if not any(fits(one, key) for one in wanted)] == []


def test_the_languages_have_the_same_keys_with_the_same_values() -> None:
    english, german = texts("en"), texts("de")
    assert english.keys() == german.keys()
    assert {key.split(".")[0] for key in english} <= set(TABLES)
    for key, text in english.items():
        assert text.strip(), key
        assert german[key].strip(), key
        assert set(VALUE.findall(text)) == set(VALUE.findall(german[key])), key


def test_what_the_device_names_has_a_text() -> None:
    keys = texts("en")
    questions = {Front.CONFIRM, Front.FELT_WRONG, Front.LOOSER, Front.RATING}  # of one text, and a panel each
    named = {f"today.front.{front.name}" for front in Front if front not in questions}
    named |= {f"app.routine.{name}" for name in ROUTINE_NAMES} | {f"today.lost.{part}" for part in PARTS}
    assert sorted(named - keys.keys()) == []


def test_the_first_view_is_small() -> None:
    size = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in FIRST_VIEW)
    size += max(len(gzip.compress(repr(texts(language)).encode())) for language in LANGUAGES)
    assert size < FIRST_VIEW_MAX_BYTES


def test_nothing_in_the_first_view_is_left_out_of_its_size() -> None:
    sources = modules()
    reached, open_ends = set(), ["app.js", "today.js", "pair.js"]
    while open_ends:
        name = open_ends.pop()
        if name not in reached:
            reached.add(name)
            open_ends += re.findall(r'^(?:import|export) .* from "\./([\w.]+)";', sources[name], re.MULTILINE)
    assert reached == {name for name in FIRST_VIEW if name.endswith(".js")}


class Inline(HTMLParser):
    """Collect what the page's Content-Security-Policy refuses to run, or to fetch from elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(tag)
        for name, value in given.items():
            if name == "style" or name.startswith("on"):
                self.found.append(f"{tag} {name}")
            if name in {"src", "href"} and not (value or "").startswith(("/static/", "#", "data:image/")):
                self.found.append(f"{tag} {name}={value}")


def test_nothing_is_inline_or_from_elsewhere() -> None:
    page = Inline()
    page.feed((STATIC / "index.html").read_text(encoding="utf-8"))
    assert "script" in page.tags
    assert page.found == []
    sheet = (STATIC / "app.css").read_text(encoding="utf-8")
    assert re.findall(r"@import|url\((?!data:)", sheet) == []


def test_what_a_person_typed_is_never_read_as_html() -> None:
    assert {name: FILLS_HTML.findall(source) for name, source in modules().items() if FILLS_HTML.search(source)} == {}
