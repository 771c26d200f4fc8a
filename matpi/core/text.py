"""A message without a language: what the core says. `matpi/words` puts it into one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, init=False)
class Text:
    """A key of the catalogues (`matpi/words/en.toml`) and the values of its placeholders."""

    key: str
    values: tuple[tuple[str, Text | str | float], ...]
    """By name. A string stays as it is, a float gets one digit after the decimal mark of the language."""
    shorter: Text | None
    """Said instead where this one is longer than a line of the panel."""

    def __init__(self, key: str, /, **values: Text | str | float) -> None:
        object.__setattr__(self, "key", key)
        object.__setattr__(self, "values", tuple(values.items()))
        object.__setattr__(self, "shorter", None)

    def or_shorter(self, shorter: Text) -> Text:
        """Return the same text, replaced by `shorter` where it is too long."""
        copy = Text(self.key, **dict(self.values))
        object.__setattr__(copy, "shorter", shorter)
        return copy


def on_panel(text: str) -> bool:
    """Return whether the fonts of the panel have every letter of `text`: they have Latin-1."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
