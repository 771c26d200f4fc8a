"""The texts of all languages as one list: what docs/wording.md shows, and what a test measures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any, NamedTuple, get_args, get_type_hints

from matpi.core.languages import LANGUAGES
from matpi.core.words import Words
from matpi.core.words_room import Room


class Wording(NamedTuple):
    key: str
    said: dict[str, tuple[str, ...]]
    """By language; several lines where the text has them, one beneath the other."""
    where: str
    """The screens of its group."""
    room: int | None
    """Characters of a line; None: it is not drawn."""


def wordings() -> list[Wording]:
    """In the order of `Words`."""
    groups = (field.name for field in fields(Words) if field.name != "language")
    return [one for group in groups for one in _group([group], "")]


def _group(path: list[str], where: str) -> Iterator[Wording]:
    every = {language: _at(words, path) for language, words in LANGUAGES.items()}
    kind = type(next(iter(every.values())))
    where = where or (kind.__doc__ or "").partition("\n")[0].removesuffix(".")
    hints = get_type_hints(kind, include_extras=True)
    for field in fields(kind):
        if is_dataclass(hints[field.name]):
            yield from _group([*path, field.name], where)
            continue
        said = {language: tuple(_lines(getattr(own, field.name))) for language, own in every.items()}
        yield Wording(".".join([*path, field.name]), said, where, _room(hints[field.name]))


def _at(words: Words, path: list[str]) -> Any:
    found: Any = words
    for name in path:
        found = getattr(found, name)
    return found


def _lines(said: Any) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    else:
        for one in said:
            yield from _lines(one)


def _room(hint: Any) -> int | None:
    """That of the text, or of each line of it."""
    own = next((note.chars for note in getattr(hint, "__metadata__", ()) if isinstance(note, Room)), None)
    if own is not None:
        return int(own)
    return next((room for inner in get_args(hint) if (room := _room(inner)) is not None), None)
