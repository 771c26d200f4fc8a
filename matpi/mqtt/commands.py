"""What may be set from outside, read and checked: a few wishes that can do no harm, and nothing else.

Whoever may publish under this device's topic may wish this. Nothing here starts, ends, edits or deletes a session,
changes the calibration or answers the safety page; the zero is set on an empty mat only, which the core looks at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import time
from types import MappingProxyType
from typing import Final

from matpi.core.events import SettingWished, Wish, Wished
from matpi.errors import MatpiError

Command = Wished | SettingWished

PAYLOAD_BYTES: Final = 64
"""The longest of them has 5; whatever is longer was meant for somebody else."""


class CommandError(MatpiError, ValueError):
    """A wish that is not understood; nothing was changed."""


def event_of(name: str, payload: bytes, t: float, *, retained: bool = False) -> Command:
    """The event for `payload` at `.../set/<name>`. Raises CommandError, one sentence with what is right."""
    reader = READERS.get(name)
    if reader is None:
        raise CommandError(f"There is nothing to set called {name[:40]!r}; there are {', '.join(READERS)}.")
    if retained:
        # It would come again at every connection: a mat zeroed each time the broker restarts.
        raise CommandError(f"The command {name} was retained by the broker and is ignored; publish it without retain.")
    try:
        return reader(payload[: PAYLOAD_BYTES + 1].decode("ascii"), t)
    except (ValueError, KeyError):
        shown = payload[:20].decode("ascii", "backslashreplace")
        raise CommandError(f"The command {name} does not take {shown!r}; send {WANTED[name]}.") from None


def _button(wish: Wish) -> Callable[[str, float], Command]:
    return lambda text, t: Wished(t, {"PRESS": wish}[text])


def _rest(text: str, t: float) -> Command:
    return Wished(t, {"ON": Wish.REST, "OFF": Wish.NO_REST}[text])


def _nudge(text: str, t: float) -> Command:
    return SettingWished(t, "nudge", {"ON": True, "OFF": False}[text])


def _weekly_goal(text: str, t: float) -> Command:
    return SettingWished(t, "weekly_goal", {str(goal): goal for goal in range(3, 8)}[text.removesuffix(".0")])


def _bedtime(text: str, t: float) -> Command:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise ValueError(text)
    return SettingWished(t, "bedtime", time.fromisoformat(text))


READERS: Final[Mapping[str, Callable[[str, float], Command]]] = MappingProxyType(
    {
        "zero": _button(Wish.ZERO),
        "identify": _button(Wish.IDENTIFY),
        "snooze": _button(Wish.SNOOZE),
        "rest": _rest,
        "nudge": _nudge,
        "weekly_goal": _weekly_goal,
        "bedtime": _bedtime,
    }
)
WANTED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "zero": "PRESS",
        "identify": "PRESS",
        "snooze": "PRESS",
        "rest": "ON or OFF",
        "nudge": "ON or OFF",
        "weekly_goal": "a whole number from 3 to 7",
        "bedtime": "a time of day such as 22:30",
    }
)
