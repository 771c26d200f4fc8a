"""Name what is on the mat, and how that changes."""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct


class Load(Enum):
    EMPTY = auto()
    ARRIVING = auto()
    ON = auto()
    AWAY = auto()
    OBJECT = auto()


class Change(Struct, frozen=True):
    """`trigger` is the session machine's; known at `t`, true since `at`."""

    trigger: str
    t: float
    at: float
    reason: str
