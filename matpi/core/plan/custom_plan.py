"""Read a plan of one's own: a TOML text becomes a course, or a sentence for each fault.

    name = "Two gentle weeks"         # optional, at most 21 characters

    [[tier]]
    days = [1, 7]                     # first and last; a single number is a tier of one day
    minutes = [2, 5]                  # done, enough: whole minutes from 1 to 20
    clothing = "thin shirt"           # at most 30 characters, like goal
    goal = "learn the sensation"

    [after]                           # what holds when the last day is done
    minutes = [5, 10]
    clothing = "your choice"
    goal = "keep going"

The days of the tiers follow one another from 1 on, none twice and none left out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from matpi.core.plan.programme import STARTER, Course, Tier
from matpi.core.text import Text, on_panel
from matpi.errors import ConfigError

MINUTES_MIN, MINUTES_MAX = 1, 20  # the article's top end; other mat texts go to 40, and "more is not always better"
DAYS_MAX: Final = 99  # chosen: what "day 99" leaves room for on the screen
WORDS_MAX, NAME_MAX = 30, 21  # the longest the built-in plan has; a line of the screen
STARTERS: Final = {
    "thin shirt": Text("clothing.thin_shirt"),
    "thin shirt, or bare (optional)": Text("clothing.thin_or_bare"),
    "your choice": Text("clothing.your_choice"),
    "learn the sensation": Text("goals.sensation"),
    "build tolerance": Text("goals.tolerance"),
    "add breathwork": Text("goals.breathwork"),
    "make it a routine": Text("goals.routine"),
    "keep going 3-7 a week": Text("goals.keep_going"),
}
"""What the starter plan has, by what a plan file calls it: a copied plan stays in the language of the panel."""
_Span = tuple[int, int]
_KEYS: Final = {
    "": ("name", "tier", "after"),
    "tier": ("days", "minutes", "clothing", "goal"),
    "after": ("minutes", "clothing", "goal"),
}
_EXAMPLE: Final = {
    "days": "days = [1, 3]",
    "minutes": "minutes = [2, 5]",
    "clothing": 'clothing = "thin shirt"',
    "goal": 'goal = "learn the sensation"',
}


def course_of(text: str) -> tuple[Course, str]:
    """Return the course of a stored plan, "" for the starter plan; and what is wrong with it, else ""."""
    if not text:
        return STARTER, ""
    try:
        return read_plan(text), ""
    except ConfigError as error:
        return STARTER, f"The plan of one's own cannot be used, and the starter plan holds: {error}"


def read_plan(text: str) -> Course:
    """Return the plan in a TOML text. Raises ConfigError with the first fault, in one sentence."""
    try:
        return plan_of(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"The plan is not TOML: {error}; correct it there.") from None
    except RecursionError:
        raise ConfigError("The plan is not one: it is nested too deep; write it as docs/routines.md shows.") from None


def plan_of(parsed: Mapping[str, object]) -> Course:
    """Return the plan in a parsed TOML text. Raises ConfigError as `read_plan` does."""
    own, wrong = _read(parsed)
    if own is None:
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        raise ConfigError(f"{wrong[0]}{more}")
    return own


def faults(parsed: Mapping[str, object]) -> list[str]:
    """Return all faults, a sentence each: what, and what to do. Empty: `plan_of` makes a plan of it."""
    return _read(parsed)[1]


def _read(parsed: Mapping[str, object]) -> tuple[Course | None, list[str]]:
    wrong = list(_unknown(parsed, "", "the plan"))
    name = _text(parsed.get("name", "Own plan"), NAME_MAX, "name is", wrong)
    found: list[Tier] = []
    tables = parsed.get("tier")
    if not isinstance(tables, list) or not tables:
        wrong.append("The plan has no tier: write at least one [[tier]] with days, minutes, clothing and goal.")
    else:
        spans = [_span(table.get("days"), 1, DAYS_MAX) if isinstance(table, Mapping) else None for table in tables]
        for number, (table, span) in enumerate(zip(tables, spans, strict=True), 1):
            tier = _tier(table, "tier", f"tier {number}", span, wrong)
            found += [] if tier is None else [tier]
        wrong += _order_faults(spans)
    last = max((tier.last_day for tier in found), default=0)
    after = None
    if "after" in parsed:
        after = _tier(parsed["after"], "after", "after", (last + 1, last + 1), wrong)
    else:
        wrong.append("The plan does not say what follows it: write an [after] with minutes, clothing and goal.")
    if wrong or name is None or after is None:
        return None, wrong
    return Course((*sorted(found, key=lambda tier: tier.first_day), after), name), []


def _tier(table: object, kind: str, where: str, span: _Span | None, wrong: list[str]) -> Tier | None:
    """Return the tier, or None and append to `wrong` what is wrong with it."""
    if not isinstance(table, Mapping):
        form = "[[tier]]" if kind == "tier" else "[after]"
        wrong.append(f"{where} is {_shown(table)}, which is no table: write it under a line {form}.")
        return None
    wrong += _unknown(table, kind, where)
    wrong += [f"{where} has no {key}: add it, such as {_EXAMPLE[key]}." for key in _KEYS[kind] if key not in table]
    if "days" in table and span is None:
        days = _shown(table["days"])
        wrong.append(f"{where} has days = {days}: write the first and the last, such as [1, 3], up to {DAYS_MAX}.")
    written = table.get("minutes")
    minutes = _span(written, MINUTES_MIN, MINUTES_MAX) if isinstance(written, list) else None
    if "minutes" in table and minutes is None:
        wrong.append(
            f"{where} has minutes = {_shown(written)}: write two whole numbers from {MINUTES_MIN} to {MINUTES_MAX}, "
            f"the smaller first, such as [5, 10]."
        )
    words = [
        _text(table[key], WORDS_MAX, f"{where} has {key} =", wrong) for key in ("clothing", "goal") if key in table
    ]
    clothing, goal = words if len(words) == 2 else (None, None)
    if span is None or minutes is None or clothing is None or goal is None:
        return None
    return Tier(*span, *minutes, STARTERS.get(clothing, clothing), STARTERS.get(goal, goal))


def _order_faults(spans: Sequence[_Span | None]) -> Iterator[str]:
    """Yield which days are in two tiers, or in none. Nothing while the days of a tier could not be read."""
    ordered = sorted((span, number) for number, span in enumerate(spans, 1) if span is not None)
    if len(ordered) < len(spans):
        return
    last, of = 0, 0
    for (first, end), number in ordered:
        if first <= last:
            yield f"Tier {of} and tier {number} both have day {first}: let one end before the other begins."
        elif first > last + 1:
            missing = f"day {last + 1} is" if first == last + 2 else f"days {last + 1} to {first - 1} are"
            yield f"Of the plan, {missing} in no tier: let the tiers follow one another from day 1 on."
        if end > last:
            last, of = end, number


def _unknown(table: Mapping[str, object], kind: str, where: str) -> Iterator[str]:
    for key in table:
        if key not in _KEYS[kind]:
            near = get_close_matches(str(key), _KEYS[kind], n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(_KEYS[kind])}."
            yield f"{where} has a key {_shown(key)} that means nothing here: {hint}"


def _span(value: object, least: int, most: int) -> _Span | None:
    """Return [first, last], or a single number twice, if whole, in order and within bounds; else None."""
    match value:
        case bool() | [bool(), _] | [_, bool()]:
            return None
        case int():
            first = last = value
        case [int(first), int(last)]:
            pass
        case _:
            return None
    return (first, last) if least <= first <= last <= most else None


def _text(value: object, most: int, label: str, wrong: list[str]) -> str | None:
    """Return a text that fits and that the panel can show, or None and append the fault to `wrong`."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= len(value) <= most or not value.isprintable():
        wrong.append(f"{label} {_shown(value)}: write 1 to {most} characters in quotes.")
    elif not on_panel(value):
        letters = "for which the panel has no letters: write it in those of western Europe."
        wrong.append(f"{label} {_shown(value)}, {letters}")
    else:
        return value
    return None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
