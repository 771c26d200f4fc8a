"""Convert Settings from and to text: key=value as a person writes it, and the rows of the log.

What hardware and deployment need is in the config file instead; no setting is in both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import time
from pathlib import Path
from typing import Any
from unicodedata import normalize

from msgspec.structs import replace

from matpi.core.model import OTHERS, ROUTINE_NAMES, Settings
from matpi.core.plan.custom_plan import course_of, faults
from matpi.errors import ConfigError, MatpiError, UsageError, printable
from matpi.paths import zone_for
from matpi.store.tables import text_of

PLAN_BYTES = 64 * 1024  # chosen: a plan of 99 days is 20 kB
QUOTED = 80  # characters of a wrong value that a sentence shows; chosen
AUTO = "auto"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


# -- as a person writes them -------------------------------------------------------------------------------------------


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
    """Return 0 for Monday from its first three letters on: mon, tues, thursday."""
    return [len(name) >= 3 and day.startswith(name) for day in WEEKDAYS].index(True)


def _days(text: str) -> frozenset[int]:
    names = [name.strip().lower() for name in text.split(",") if name.strip()]
    return frozenset() if names == ["none"] else frozenset(map(_weekday, names))


def read_plan_file(text: str) -> str:
    """Return the plan in the file `text`, "" for none. Raises ConfigError."""
    if text in {"", "none"}:
        return ""
    path = Path(text)
    try:
        with path.open("rb") as file:
            raw = file.read(PLAN_BYTES + 1)
        if len(raw) > PLAN_BYTES:
            raise ConfigError(f"{path} is larger than {PLAN_BYTES // 1024} KiB and so no plan; name another file.")
        return _plan(raw.decode("utf-8-sig"), str(path))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); check the name.") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text; save the file as UTF-8.") from None


def _plan(text: str, name: str = "The plan") -> str:
    """Return the TOML of a plan, "" for none. Raises ConfigError with a sentence for each thing wrong."""
    if text in {"", "none"}:
        return ""
    plan = normalize("NFC", text)
    try:
        if len(plan) > PLAN_BYTES:
            raise ConfigError(f"{name} is larger than {PLAN_BYTES // 1024} KiB and so no plan; choose another.")
        wrong = faults(tomllib.loads(plan))
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        if isinstance(error, MatpiError):
            raise
        raise ConfigError(f"{name} is not TOML: {error}; correct it there.") from None
    if len(wrong) == 1:
        raise ConfigError(f"{name}: {wrong[0]}")
    if wrong:
        reasons = "".join(f"\n  {sentence}" for sentence in wrong)
        raise ConfigError(f"{name} is no plan yet, and the plan used before stays:{reasons}")
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
    "weekly_goal": (int, "days a week from 3 to 7"),
    "stay_on_tier": (_yes_no, "yes or no"),
    "no_restart": (_yes_no, "yes or no"),
    "routine": (str, f"what a session is unless the menu says otherwise: {', '.join(ROUTINE_NAMES)}"),
    "others": (str, f"{' or '.join(OTHERS)}: with pets or visitors only a load known as yours counts unasked"),
    "own_plan": (_plan, "a plan file, or none for the starter plan"),
    "language": (lambda text: {AUTO: ""}.get(text, text), "en or de, or auto for that of the config"),
}


def texts_of(pairs: Iterable[str]) -> dict[str, str]:
    """Return "key=value" as a person types it by key; of a plan file what is in it. Raises UsageError, ConfigError."""
    texts: dict[str, str] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise UsageError(f"{pair!r} sets nothing; write it as key=value, for example bedtime=22:30.")
        texts[key] = read_plan_file(text) if key == "own_plan" else text
    return texts


def changed(settings: Settings, texts: Mapping[str, str]) -> Settings:
    """Return the settings with each of `texts`, by key. Raises UsageError about the first wrong one."""
    new: dict[str, Any] = {}
    for key, text in texts.items():
        if key not in READERS:
            raise UsageError(f"There is no setting {key[:QUOTED]!r}; choose one of {', '.join(READERS)}.")
        read, wanted = READERS[key]
        try:
            new[key] = read(text)
            replace(settings, **{key: new[key]})
        except MatpiError:
            raise
        except (ValueError, KeyError) as error:
            raise UsageError(f"{key}={printable(text[:QUOTED])} does not work; give {wanted}.") from error
    return replace(settings, **new)


def rows(settings: Settings) -> list[tuple[str, str, str]]:
    """Return key, value as a person writes it, and what may be written, of each setting."""
    named = replace(settings, own_plan=course_of(settings.own_plan)[0].name if settings.own_plan else "none")
    return [(name, _shown(getattr(named, name)), READERS[name][1]) for name in Settings.__struct_fields__]


def _shown(value: object) -> str:
    match value:
        case "":
            return AUTO
        case bool():
            return "yes" if value else "no"
        case time():
            return f"{value:%H:%M}"
        case frozenset():
            return ",".join(WEEKDAYS[day][:3] for day in sorted(value)) or "none"
        case _:
            return str(value)


# -- as the log stores them --------------------------------------------------------------------------------------------


def settings_texts(settings: Settings) -> dict[str, str]:
    """Return each setting as the text of its row."""
    return {name: _setting_text(getattr(settings, name)) for name in Settings.__struct_fields__}


def settings_of(texts: Mapping[str, str]) -> tuple[Settings, tuple[str, ...]]:
    """Return the settings, and a sentence for each stored value that is invalid and has its default.

    A key that this matpi does not know is left alone: a newer one may have stored it.
    """
    settings, doubts = Settings(), []
    for key in (key for key in texts if key in Settings.__struct_fields__):
        default = getattr(settings, key)
        try:
            settings = replace(settings, **{key: _setting_value(default, texts[key])})
        except ValueError as error:
            doubts.append(
                f"The stored setting `{key}` is invalid ({error}); its default {_setting_text(default)!r} is used,"
                " set it again."
            )
    return settings, tuple(doubts)


def _setting_text(value: object) -> str:
    if isinstance(value, frozenset):
        return ",".join(str(number) for number in sorted(value))
    return text_of(value) or ""


def _setting_value(default: object, text: str) -> Any:
    """Return `text` as a value of the default's type. Raises ValueError."""
    if isinstance(default, bool):
        if text not in {"true", "false"}:
            raise ValueError(f"{text!r} is neither true nor false")
        return text == "true"
    if isinstance(default, int):
        return int(text)
    if isinstance(default, time):
        return time.fromisoformat(text)
    if isinstance(default, frozenset):
        return frozenset(int(number) for number in text.split(",") if number)
    return text
