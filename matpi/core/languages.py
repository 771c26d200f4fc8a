"""Which words there are, by the code of the language; and what other parts say in English, in any of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from types import MappingProxyType
from typing import Final

from matpi.core.words import Words
from matpi.core.words_de import GERMAN
from matpi.core.words_en import ENGLISH
from matpi.core.words_room import LINE
from matpi.core.words_told import Known, Places, Unsent

LANGUAGES: Final[Mapping[str, Words]] = MappingProxyType({words.language: words for words in (ENGLISH, GERMAN)})
CELLS: Final = 4
STATUSES: Final = range(100, 1000)
"""Of HTTP: three digits (RFC 9110, 15)."""


def told(text: str, words: Words) -> str:
    """What a driver, a calibration, what sends on or the starter plan says in English, in `words`; as it is when nobody
    knows it.

    So the text itself is the code: the log and a terminal show it as it is, and a plan of one's own stays as written.
    """
    return text if words is ENGLISH else _known(words.language).get(text, text)


@cache
def _known(language: str) -> dict[str, str]:
    """English to this language, a part of the mat in each that names one. Cut at a line, as the drivers do."""
    known: dict[str, str] = {}
    words = LANGUAGES[language]
    for text, own in (*_pairs(ENGLISH.known, words.known), *_pairs(ENGLISH.unsent, words.unsent)):
        if "{where}" in text:
            for where, there in zip(_places(ENGLISH.places), _places(words.places), strict=True):
                known[text.format(where=where)[:LINE]] = own.format(where=there)
        elif "{status}" in text:
            known |= {text.format(status=status): own.format(status=status) for status in STATUSES}
        else:
            known[text] = own
    return known


def _pairs(english: Known | Unsent, own: Known | Unsent) -> list[tuple[str, str]]:
    return [(getattr(english, field.name), getattr(own, field.name)) for field in fields(english)]


def _places(places: Places) -> list[str]:
    named = [getattr(places, field.name) for field in fields(places) if field.name != "cell"]
    return named + [places.cell.format(n=n) for n in range(1, CELLS + 1)]
