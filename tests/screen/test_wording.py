"""Every text fits where it is drawn, in every language: measured on the panel, and as docs/dev/wording.md says."""

from __future__ import annotations

from matpi.core.people import NAME_MAX
from matpi.core.plan.custom_plan import DAYS_MAX
from matpi.core.plan.routine import ROUTINES
from matpi.core.views import Arriving, Breathe, Notice
from matpi.screen.glyphs import Face, font
from matpi.words import ENGLISH, GERMAN, LANGUAGES, Words
from tests.every import every
from tests.screen.everything import everything
from tests.screen.gallery import IN_GERMAN, VIEWS
from tests.screen.rooms import GROUPS, room
from tests.screen.ruled import faults

LONGEST: dict[str, object] = {
    "clothing": "thin shirt, or bare",
    "goal": "x" * 21,
    "day": str(DAYS_MAX),
    "days": str(DAYS_MAX),
    "minutes": "99",
    "range": "15-20",
    "time": "99:59",
    "clock": "00:00",
    "seconds": "300",
    "value": "10",
    "first": "10",
    "last": "10",
    "yes": "99",
    "n": "99",
    "step": "+10",
    "percent": 10.5,
    "status": "404",
    "name": "M" * NAME_MAX,
    "names": "M" * NAME_MAX,
}
"""The longest that takes the place of each value; what is longer is told apart below."""
LIMITED = {"idle.so_far": {"minutes": "240"}, "faults.log_kept": {"name": "x" * 15}, "calibration.corner": {"n": "4"}}
LIMITED |= {"calibration.on_corner": {"n": "4"}, "places.cell": {"n": "4"}, "on_mat.over_by": {"minutes": "25"}}
LIMITED |= {"scale.too_light": {"kg": "10"}, "faults.log_restored_to": {"day": "2026-11-23"}}

every_language = every("words", LANGUAGES.values(), ids=list(LANGUAGES))


@every_language
def test_everything_that_can_be_said_fits(words: Words) -> None:
    wrong = {str(view): found for view in everything() if (found := faults(view, words))}
    assert wrong == {}


def test_the_gallery_fits() -> None:
    wrong = {name: found for name, view in VIEWS.items() if (found := faults(view, ENGLISH))}
    wrong |= {name: found for name, view in IN_GERMAN.items() if (found := faults(view, GERMAN))}
    assert wrong == {}


def test_what_does_not_fit_is_noticed() -> None:
    assert faults(Notice("x" * 16, "y" * 22), ENGLISH) == [f"{'y' * 19 + '..'!r} was cut"]
    assert faults(Notice("Größe \u0142", ""), GERMAN) == ["'\u0142' of 'Größe \u0142' is no letter of the font"]
    assert faults(Breathe(True, 29, 4, "unwahrscheinlich lang", 3), GERMAN) != []
    assert faults(Arriving(5, 10, 5, "x" * 30), GERMAN) != []


def filled(key: str, text: str, words: Words) -> str:
    longest = {
        **LONGEST,
        "routine": max((words(f"routines.{name}.title") for name in ROUTINES), key=len),
        "moment": max((words(f"trend.{moment}") for moment in ("before", "after", "day")), key=len),
        "where": max((words("places.head"), words("places.4th"), words("places.foot"), words("places.mat")), key=len),
        **LIMITED.get(key, {}),
    }
    return text.format(**longest)


@every("key", [key for key in ENGLISH.texts if room(key)])
def test_no_text_is_longer_than_its_room(key: str) -> None:
    chars = room(key)
    assert chars is not None
    for words in LANGUAGES.values():
        for line in words.texts[key].splitlines():
            mark = 2 if line.startswith(("* ", "  ")) else 0
            asks = 6 if " = " in line else 0  # the safety page that asks is written smaller
            assert len(filled(key, line, words)) - mark - asks <= chars, line


def test_every_group_has_its_rooms() -> None:
    assert {key.partition(".")[0] for key in ENGLISH.texts} == GROUPS.keys()
    last = {key.rpartition(".")[2] for key in ENGLISH.texts}
    assert {name for _, _, others in GROUPS.values() for name in others} <= last


@every_language
def test_the_heavy_letters_have_every_letter_of_what_is_said_in_them(words: Words) -> None:
    heavy = [
        words("common.saved"),
        words("idle.rest_day"),
        words("on_mat.get_up"),
        words("on_mat.discarded"),
        words("on_mat.back"),
    ]
    heavy += [words("questions.felt_wrong"), words("questions.noted"), words("breath.inhale"), words("breath.exhale")]
    letters = {char for text in heavy for char in text} | (set("ÄÖÜäöüß") if words is GERMAN else set())
    assert [char for char in sorted(letters - {" "}) if font(Face.WORDS).getmask(char).getbbox() is None] == []


def test_umlauts_and_sharp_s_are_letters_of_their_own_in_every_face_of_words() -> None:
    for face in (Face.TEXT, Face.LABEL, Face.WORDS):
        shapes = {char: bytes(font(face).getmask(char)) for char in "ÄAÖOÜUäaöoüußBs"}
        assert len(set(shapes.values())) == len(shapes)
