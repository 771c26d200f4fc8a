"""Put messages into words: one catalogue a language, read when its first text is asked for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from matpi.core.text import Text

LINE: Final = 21
"""Characters of the small letters in a row of the panel: a text with a shorter one may have so many."""


class Words:
    """The texts of one language (ISO 639-1 code). Never raises: a missing text is its key."""

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, key: str, /, **values: Text | str | float) -> str:
        """Return the text of `key`; several lines are parted by a newline."""
        return self.say(Text(key, **values))

    def say(self, said: Text | str) -> str:
        """Return the text in this language; a string as it is."""
        if isinstance(said, str):
            return said
        template = self.texts.get(said.key, said.key)
        try:
            text = template.format(**{name: self._value(value) for name, value in said.values})
        except (LookupError, ValueError):  # a value is missing: better its name than a dark panel
            text = template
        return text if said.shorter is None or len(text) <= LINE else self.say(said.shorter)

    @cached_property
    def texts(self) -> Mapping[str, str]:
        """Return every text by its key, such as "menu.who"."""
        catalogue = Path(__file__).with_name(f"{self.language}.toml")
        return dict(_flat(tomllib.loads(catalogue.read_text(encoding="utf-8")), ""))

    def _value(self, value: Text | str | float) -> object:
        if isinstance(value, float):
            return _Decimal(value, self.texts["common.decimal"])
        return self.say(value) if isinstance(value, Text) else value


class _Decimal:
    """A number in a text: with one decimal, none when that is 0, unless the text has a format."""

    def __init__(self, value: float, mark: str) -> None:
        self._value, self._mark = value, mark

    def __format__(self, spec: str) -> str:
        text = format(self._value, spec) if spec else f"{self._value:.1f}".removesuffix(".0")
        return text.replace(".", self._mark)


def _flat(table: Mapping[str, object], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, "\n".join(value) if isinstance(value, list) else str(value)


def running_text(page: str) -> str:
    """Return a page of lines as running text: on the panel "* " begins a point, and two spaces go on with it."""
    heading, *lines = page.splitlines()
    text, listed = heading if heading.endswith((":", "?")) else f"{heading}.", False
    for line in lines:
        if line.startswith("* "):
            text, listed = text + ("; " if listed else " ") + line.removeprefix("* "), True
        elif listed and not line.startswith("  "):
            text, listed = f"{text}. {line}", False
        else:
            text += f" {line.strip()}"
    return " ".join(text.rstrip(".").split())


def duration(seconds: float) -> str:
    """Return minutes and seconds, the same in every language: 12:34."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


ENGLISH: Final = Words("en")
GERMAN: Final = Words("de")
LANGUAGES: Final[Mapping[str, Words]] = {words.language: words for words in (ENGLISH, GERMAN)}
