"""How much room a text has where it is drawn: what a field of words.py is annotated with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final


@dataclass(frozen=True, slots=True)
class Room:
    """Characters that a text may have."""

    chars: int


def on_panel(text: str) -> bool:
    """Whether the panel's fonts have all its letters: those of western Europe."""
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


LINE: Final = 21
"""Characters of the small letters in a row of the panel."""

Line = Annotated[str, Room(LINE)]
"""A line of the small letters."""
Title = Annotated[str, Room(15)]
"""A line of the large ones."""
Item = Annotated[str, Room(14)]
"""One of the menu, or the title of a routine."""
Short = Annotated[str, Room(15)]
"""A small line beside a clock."""
Third = Annotated[str, Room(11)]
"""A small line beside the big numeral of a rating."""
Part = Annotated[str, Room(6)]
"""A part of the mat, within a line."""
Lines = Annotated[tuple[str, ...], Room(21)]
"""At most four small lines."""
Pages = tuple[tuple[str, ...], ...]
