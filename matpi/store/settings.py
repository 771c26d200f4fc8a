"""Read what a person sets: key=value pairs into Settings, and back. The one door for command line and scenarios.

What hardware and deployment need is in the config file instead; no setting is in both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import time
from pathlib import Path
from typing import Any
from unicodedata import normalize

from matpi.core.model import OTHERS, ROUTINE_NAMES, Settings
from matpi.core.plan.custom_plan import course_of, faults
from matpi.errors import ConfigError, MatpiError, UsageError
from matpi.paths import zone_for

PLAN_BYTES = 64 * 1024  # chosen: a plan of 99 days is 20 kB
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def _zone(text: str) -> str:
    zone_for(text)
    return text


def _clock(text: str) -> time:
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        raise ValueError(text)
    return time(int(hours), int(minutes))


def _yes_no(text: str) -> bool:
    return {"yes": True, "on": True, "true": True, "no": False, "off": False, "false": False}[text.lower()]


def _weekday(name: str) -> int:
    """From its first three letters on, as far as they are written: mon, tues, thursday."""
    return [len(name) >= 3 and day.startswith(name) for day in WEEKDAYS].index(True)


def _days(text: str) -> frozenset[int]:
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    days = frozenset() if names == ["none"] else frozenset(map(_weekday, names))
    return Settings(rest_weekdays=days).rest_weekdays


def _routine(text: str) -> str:
    return Settings(routine=text).routine


def _others(text: str) -> str:
    return Settings(others=text).others


def _own_plan(text: str) -> str:
    """The TOML in a file; "none" is the starter plan. Raises ConfigError with all that is wrong, a sentence each."""
    if text in {"", "none"}:
        return ""
    path = Path(text)
    try:
        with path.open("rb") as file:
            raw = file.read(PLAN_BYTES + 1)
        if len(raw) > PLAN_BYTES:
            raise ConfigError(f"{path} is larger than {PLAN_BYTES // 1024} KiB and so no plan; name another file.")
        plan = normalize("NFC", raw.decode("utf-8-sig"))
        wrong = faults(tomllib.loads(plan))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); check the name.") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text; save the file as UTF-8.") from None
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise ConfigError(f"{path} is not TOML: {error}; correct it there.") from None
    if len(wrong) == 1:
        raise ConfigError(f"{path}: {wrong[0]}")
    if wrong:
        reasons = "".join(f"\n  {sentence}" for sentence in wrong)
        raise ConfigError(f"{path} is no plan yet, and the plan used before stays:{reasons}")
    return plan


READERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "zone": (_zone, "a time zone such as Europe/Berlin"),
    "day_start": (_clock, "a time of day from 00:00 to 23:59, such as 04:00"),
    "bedtime": (_clock, "a time of day from 00:00 to 23:59, such as 22:30"),
    "nudge_before_bed_min": (int, "minutes from 0 to 360; it is silent in the last 30"),
    "nudge": (_yes_no, "yes or no"),
    "quiet_from": (_clock, "a time of day from 00:00 to 23:59, such as 22:30"),
    "quiet_to": (_clock, "a time of day from 00:00 to 23:59, such as 07:00"),
    "rest_weekdays": (_days, "weekdays such as sat,sun, at most four, or none"),
    "weekly_goal": (int, "sessions a week from 3 to 7"),
    "stay_on_tier": (_yes_no, "yes or no"),
    "no_restart": (_yes_no, "yes or no"),
    "routine": (_routine, f"what a session is unless the menu says otherwise: {', '.join(ROUTINE_NAMES)}"),
    "others": (_others, f"{' or '.join(OTHERS)}: with pets or visitors only a load known as yours counts unasked"),
    "own_plan": (_own_plan, "a plan file, or none for the starter plan"),
}


def changed(settings: Settings, pairs: tuple[str, ...]) -> Settings:
    """`pairs` are "key=value"; all or none. Raises UsageError naming the first that is wrong, and what is right."""
    new: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(f"{pair!r} sets nothing; write it as key=value, for example bedtime=22:30.")
        if key not in READERS:
            raise UsageError(f"There is no setting {key!r}; choose one of {', '.join(READERS)}.")
        read, wanted = READERS[key]
        try:
            new[key] = read(text)
            replace(settings, **{key: new[key]})
        except MatpiError:
            raise
        except (ValueError, KeyError) as error:
            raise UsageError(f"{key}={text} does not work; give {wanted}.") from error
    return replace(settings, **new)


def rows(settings: Settings) -> list[tuple[str, str, str]]:
    """Key, value as it would be written, and what may be written."""
    named = replace(settings, own_plan=course_of(settings.own_plan)[0].name if settings.own_plan else "none")
    return [(f.name, text_of(getattr(named, f.name)), READERS[f.name][1]) for f in fields(settings)]


def text_of(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case time():
            return f"{value:%H:%M}"
        case frozenset():
            return ",".join(WEEKDAYS[day][:3] for day in sorted(value)) or "none"
        case _:
            return str(value)
