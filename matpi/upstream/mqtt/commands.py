"""Read, check and throttle the commands from outside.

Anyone who may publish under this device's topic may send them. None starts, ends, edits or deletes a session, changes
the calibration or answers the safety page; the core sets the zero on an empty mat only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from functools import partial
from math import inf
from typing import Final

from msgspec import structs

from matpi.core.events import SettingWished, Wish, Wished
from matpi.errors import MatpiError

Command = Wished | SettingWished

PAYLOAD_BYTES: Final = 64  # the longest command has 5
PER_S: Final = 5.0  # chosen: faster than a hand
BURST: Final = 10  # chosen: a dashboard sets all its seven entities at once


class CommandError(MatpiError, ValueError):
    """A command that is not understood; nothing was changed."""


def event_of(name: str, payload: bytes, t: float, *, retained: bool = False) -> Command:
    """Return the event for `payload` at `.../set/<name>`. Raises CommandError with what is allowed."""
    if name not in COMMANDS:
        shown = repr(name)[1:-1][:40]  # escaped first: an escape has up to ten characters
        raise CommandError(f"There is nothing to set called '{shown}'; there are {', '.join(COMMANDS)}.")
    wanted, read = COMMANDS[name]
    if retained:
        # It would come again at every connection: a mat zeroed each time the broker restarts.
        raise CommandError(f"The command {name} was retained by the broker and is ignored; publish it without retain.")
    try:
        return read(payload[: PAYLOAD_BYTES + 1].decode("ascii"), t)
    except (ValueError, KeyError):
        shown = payload[:20].decode("ascii", "backslashreplace")
        raise CommandError(f"The command {name} does not take {shown!r}; send {wanted}.") from None


def _wish(wishes: dict[str, Wish], text: str, t: float) -> Command:
    return Wished(t, wishes[text])


def _nudge(text: str, t: float) -> Command:
    return SettingWished(t, "nudge", {"ON": True, "OFF": False}[text])


def _weekly_goal(text: str, t: float) -> Command:
    return SettingWished(t, "weekly_goal", {str(goal): goal for goal in range(3, 8)}[text.removesuffix(".0")])


def _bedtime(text: str, t: float) -> Command:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError(text)
    return SettingWished(t, "bedtime", time.fromisoformat(text))


COMMANDS: Final[Mapping[str, tuple[str, Callable[[str, float], Command]]]] = {
    "zero": ("PRESS", partial(_wish, {"PRESS": Wish.ZERO})),
    "identify": ("PRESS", partial(_wish, {"PRESS": Wish.IDENTIFY})),
    "snooze": ("PRESS", partial(_wish, {"PRESS": Wish.SNOOZE})),
    "rest": ("ON or OFF", partial(_wish, {"ON": Wish.REST, "OFF": Wish.NO_REST})),
    "nudge": ("ON or OFF", _nudge),
    "weekly_goal": ("a whole number from 3 to 7", _weekly_goal),
    "bedtime": ("a time of day such as 22:30", _bedtime),
}
"""By name: what it takes, in words, and how that is read (ValueError or KeyError for anything else)."""


class Throttle:
    """A token bucket before a queue of the latest command of each name: each setting is a synced write."""

    def __init__(self) -> None:
        self._waiting: dict[str, Command] = {}
        self._tokens, self._counted_at = float(BURST), -inf

    def add(self, name: str, command: Command) -> bool:
        """Queue a command. Return whether it replaced one that was still waiting."""
        replaced = name in self._waiting
        self._waiting[name] = command
        return replaced

    def take(self, now: float) -> list[Command]:
        """Return the commands whose turn it is, dated `now`."""
        self._count(now)
        taken = list(self._waiting)[: int(self._tokens + 1e-9)]
        self._tokens -= len(taken)
        return [structs.replace(self._waiting.pop(name), t=now) for name in taken]

    def due(self, now: float) -> float:
        """Return when `take` has something, infinity when nothing waits."""
        if not self._waiting:
            return inf
        self._count(now)
        return now + max(0.0, 1.0 - self._tokens) / PER_S

    def _count(self, now: float) -> None:
        self._tokens = min(float(BURST), self._tokens + (now - self._counted_at) * PER_S)
        self._counted_at = now
