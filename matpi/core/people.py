"""Up to four people at one mat: who chose, and who might it be by weight. Off with fewer than two.

Weight only ever suggests. It speaks when the people's loads differ, the person confirms, and no session goes to
another person unasked.

The kilograms are those on the mat, not of the person: about two thirds of the body lies there (docs/dev/sources.md,
cells), the same two thirds each time only in the same place, so only sessions on the back teach and are judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from math import isfinite
from statistics import median, quantiles
from typing import Final
from unicodedata import normalize

from msgspec import Struct
from msgspec.structs import replace

from matpi.core.text import on_panel

PEOPLE_MAX: Final = 4  # docs/dev/programme.md, like the next: a household at one mat
APART_KG: Final = 8.0  # chosen, unmeasured: lying differently, a jumper and a meal should stay within half of it
NEAR_KG: Final = APART_KG / 2  # nearer to this one than to anybody who is more than APART_KG away
NAME_MAX: Final = 12  # with a clock beside it in a row of the panel, and with "? hold" behind it in either language
SESSIONS: Final = 5  # chosen: a usual weight follows within a week or two
SESSIONS_MIN: Final = 2  # chosen: one may have been another person's
STEADY_FROM_S: Final = 30.0  # chosen: lying down and finding one's place
STEADY_BLOCKS: Final = 20  # chosen: seconds of it
STEADY_SPREAD_KG: Final = 2.0  # chosen: half of the seconds within this, or the person was half off the mat
GUEST: Final = "Guest"
GUEST_ID: Final = "guest"
"""Owner of the guests' records that earlier versions stored: listed as GUEST, and part of no plan."""


def as_stored(name: str) -> str:
    """Return a name as it is stored and compared: a Mac types one letter of Zoë in two parts (NFD).

    On a terminal without a character set the bytes of its letters arrive one by one.
    """
    with suppress(UnicodeError):
        name = name.encode(errors="surrogateescape").decode()
    return normalize("NFC", name).strip()


class Person(Struct, frozen=True):
    id: str
    name: str
    usual_kg: float | None = None
    """On the mat, lying on the back; None until learnt."""
    weekly_goal: int | None = None
    """Days with a session a week; None: what is set for all."""

    def __post_init__(self) -> None:
        if not 0 < len(self.name.strip()) <= len(self.name) <= NAME_MAX or not self.name.isprintable():
            raise ValueError(f"a name has 1 to {NAME_MAX} characters: {self.name!r}")
        if not on_panel(self.name):
            unknown = ", ".join(dict.fromkeys(repr(letter) for letter in self.name if not on_panel(letter)))
            raise ValueError(f"the screen cannot show {unknown}; please write the name with other letters")
        if self.id == GUEST_ID:
            raise ValueError(f"{self.id!r} is the id of guests")
        if self.weekly_goal is not None and not 3 <= self.weekly_goal <= 7:
            raise ValueError(f"a weekly goal lies between 3 and 7 days: {self.weekly_goal}")
        if self.name.strip().casefold() == GUEST.casefold():
            raise ValueError(f"{self.name!r} is taken: the log lists stored guests under it; choose another name")
        if self.usual_kg is not None and not (isfinite(self.usual_kg) and self.usual_kg > 0.0):
            raise ValueError(f"a usual load is above zero: {self.usual_kg} kg")


class People(Struct, frozen=True):
    """Who shares the mat. Sessions belong to the `chosen` one (an id) until another is chosen."""

    all: tuple[Person, ...] = ()
    chosen: str | None = None

    def __post_init__(self) -> None:
        if len(self.all) > PEOPLE_MAX:
            raise ValueError(f"one mat knows up to {PEOPLE_MAX} people, not {len(self.all)}")
        if len({person.id for person in self.all}) < len(self.all):
            raise ValueError("two people have the same id")
        names = [person.name.strip().casefold() for person in self.all]
        twice = next((person.name for person, name in zip(self.all, names, strict=True) if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"two people are called {twice!r}; give one of them another name")
        if self.chosen is not None and self.person(self.chosen) is None:
            raise ValueError(f"nobody has the id {self.chosen!r}")

    @property
    def on(self) -> bool:
        return len(self.all) >= 2

    def person(self, person_id: str) -> Person | None:
        return next((person for person in self.all if person.id == person_id), None)

    @property
    def owner(self) -> str | None:
        """Return the id of the person the next session belongs to. Alone, one need not choose."""
        if self.on:
            return self.chosen
        return self.all[0].id if self.all else None

    def heir(self, owner: str | None) -> str | None:
        """Return whose something of `owner` is now: the first name takes over, the last one leaves it to no person."""
        return self.owner or self.all[0].id if self.all and owner is None else owner if self.all else None

    def choose(self, person_id: str | None) -> People:
        return replace(self, chosen=person_id)

    def learnt(self, person_id: str, usual_kg: float | None) -> People:
        return replace(self, all=tuple(replace(p, usual_kg=usual_kg) if p.id == person_id else p for p in self.all))


def suggest(people: People, kg: float) -> Person | None:
    """Suggest a person by the steady load. None: it is the chosen one, or the load does not say.

    A person is suggested when the load is within NEAR_KG of theirs and everybody else's is more than APART_KG from it;
    as long as one person's load is not learnt, no other one can be distinguished from theirs.
    """
    if not people.on or not isfinite(kg) or kg <= 0.0:
        return None
    known = [(person, person.usual_kg) for person in people.all if person.usual_kg is not None]
    if len(known) < len(people.all):
        return None
    person, usual = min(known, key=lambda pair: abs(pair[1] - kg))
    others = [other for who, other in known if who is not person]
    if abs(usual - kg) > NEAR_KG or min(abs(other - usual) for other in others) <= APART_KG:
        return None
    return None if person.id == people.chosen else person


def steady_kg(block_kg: Sequence[float]) -> float | None:
    """Return the load of a session from its means of a second each, after the first `STEADY_FROM_S`.

    None when there are too few, or they wander too far: then nothing is learnt and nothing suggested.
    """
    if len(block_kg) < STEADY_BLOCKS or not all(isfinite(kg) for kg in block_kg):
        return None
    lower, middle, upper = quantiles(block_kg, n=4, method="inclusive")
    return middle if upper - lower <= STEADY_SPREAD_KG else None


def usual_kg(steady: Sequence[float]) -> float | None:
    """Return the median of a person's last loads, oldest first; None until there are enough."""
    return median(steady[-SESSIONS:]) if len(steady) >= SESSIONS_MIN else None
