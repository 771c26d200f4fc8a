"""Name what is on the mat, and how that changes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto


class Load(Enum):
    EMPTY = auto()
    ARRIVING = auto()
    ON = auto()
    AWAY = auto()
    OBJECT = auto()


@dataclass(frozen=True, slots=True)
class Change:
    """`trigger` is the session machine's; known at `t`, true since `at`."""

    trigger: str
    t: float
    at: float
    reason: str
