"""What a year did to the zero, in figures: one mat, all of them, JSON lines, and the section of docs/accuracy.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from benchmarks.figures import rate
from benchmarks.scenarios.seasons import YEAR_DAYS
from benchmarks.scoring import EDGE_S, ERRORS
from benchmarks.targets import Target, in_text

MOVED_KG: Final = 0.011
"""Two last steps of the tracker, 0.005 kg each, from what it saw before the touch; no more."""
TOLD_KG: Final = 4.0
"""The reach of the zero is 3 kg (docs/behaviour.md 1); half a kilogram beyond it, and as much for the steps tried."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One year. Counts of errors are by `scoring.ERRORS`; hours and days from the start of the year."""

    seed: int
    days: int
    calibrated: bool
    sessions: int
    """True ones with all cells sound, and apart those while a cell failed."""
    found: int
    errors: dict[str, int]
    worst_length_error_s: float
    zero_off_kg: float
    """Largest distance of the zero from the true empty load, on an empty mat: in quiet hours with all cells sound,"""
    zero_off_session_kg: float
    """within a quarter of an hour after a session,"""
    zero_off_thing_kg: float
    """in the three hours after a thing, which the zero follows when it weighs under 3 kg,"""
    zero_off_care_kg: float
    """and in the six hours after the mat was lifted."""
    moved_under_somebody: int
    """Sessions over which the zero moved by more than `MOVED_KG`."""
    checks: int
    """How often "check the mat" was told with all cells sound and nothing on the mat;"""
    checks_care: int
    """apart: while the mat was away or wet,"""
    checks_thing: int
    """and while something lay there."""
    power_cuts: int
    walk_kg: float | None = None
    walk_kg_h: float | None = None
    walk_sessions: int = 0
    walk_errors: dict[str, int] = field(default_factory=dict)
    told_h: float | None = None
    """"check the mat" so long after the walk began; None: never."""
    told_kg: float | None = None
    """How far the cell had walked then."""
    cost_h: float | None = None
    """The first error of any kind; None: there was none."""
    cost: str = ""
    faults: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def warned(self) -> bool | None:
        """Told before the first error; None where a walk cost nothing, or there was none."""
        if self.cost_h is None:
            return None
        return self.told_h is not None and self.told_h < self.cost_h


@dataclass(frozen=True, slots=True)
class Limit:
    """A cell that walks steadily: seconds from its first step until it was told, and until it was taken for somebody.

    None: never.
    """

    kg_h: float
    told_s: float | None
    cost_s: float | None

    @property
    def in_time(self) -> bool:
        return self.told_s is not None and (self.cost_s is None or self.told_s < self.cost_s)


@dataclass(frozen=True, slots=True)
class Told:
    """`without`: what was switched off ("" nothing), each on the same mat."""

    mats: tuple[Outcome, ...]
    without: tuple[tuple[str, Outcome], ...] = ()
    limits: tuple[Limit, ...] = ()
    least_told_kg: float | None = None
    """A cell that walks so far, no less, and stays there is told; None: none is."""


def counted(kinds: Iterable[str]) -> dict[str, int]:
    counts = dict.fromkeys(ERRORS, 0)
    for kind in kinds:
        counts[kind] += 1
    return counts


def in_all(results: Sequence[Outcome]) -> dict[str, float]:
    sound = {kind: sum(one.errors[kind] for one in results) for kind in ERRORS}
    costly = [one for one in results if one.warned is not None]
    walks = [one for one in results if one.walk_kg is not None]
    days = sum(one.days for one in results)
    return {
        "years": len(results),
        "days": days,
        "sessions": sum(one.sessions for one in results),
        "found": sum(one.found for one in results),
        **sound,
        "worst_length_error_s": max(one.worst_length_error_s for one in results),
        "zero_off_kg": max(one.zero_off_kg for one in results),
        "zero_off_session_kg": max(one.zero_off_session_kg for one in results),
        "zero_off_thing_kg": max(one.zero_off_thing_kg for one in results),
        "zero_off_care_kg": max(one.zero_off_care_kg for one in results),
        "moved_under_somebody": sum(one.moved_under_somebody for one in results),
        "checks": sum(one.checks for one in results),
        "checks_care": sum(one.checks_care for one in results),
        "checks_thing": sum(one.checks_thing for one in results),
        "power_cuts": sum(one.power_cuts for one in results),
        "walks": len(walks),
        "walks_told": sum(one.told_h is not None for one in walks),
        "walks_that_cost": len(costly),
        "told_before": sum(bool(one.warned) for one in costly),
    }


def targets(told: Told) -> list[Target]:
    mats, least = told.mats, told.least_told_kg
    whole = in_all(mats)
    errors = sum(one.errors[kind] for one in mats for kind in ERRORS)
    worst_s, moved = whole["worst_length_error_s"], whole["moved_under_somebody"]
    in_time, costly = whole["told_before"], whole["walks_that_cost"]
    return [
        Target("the zero moved under somebody", "0 times", f"{moved} times", moved == 0),
        Target(
            "sessions found, cells sound",
            "all",
            f"{whole['found']} of {whole['sessions']:,}",
            whole["found"] == whole["sessions"],
        ),
        Target("errors of any kind, cells sound", "0", str(errors), errors == 0),
        Target("worst error of a length, cells sound", f"under {EDGE_S:.0f} s", f"{worst_s} s", worst_s < EDGE_S),
        Target(
            "a failing cell told before it cost a session",
            "all that cost one",
            f"{in_time} of {costly}",
            in_time == costly,
        ),
        Target(
            "shortest walk of a cell that is told",
            f"at most {TOLD_KG:g} kg",
            "none" if least is None else f"{least:g} kg",
            least is not None and least <= TOLD_KG,
        ),
    ]


def lines(told: Told, seconds: float) -> Iterator[dict[str, object]]:
    for one in told.mats:
        yield {"figure": "zero_year", **{key: value for key, value in asdict(one).items() if key != "faults"}}
        for fault in one.faults:
            yield {"figure": "zero_year_error", "seed": one.seed, "value": fault}
    for part, one in told.without:
        yield {"figure": "zero_without", "part": part, **in_all([one])}
    for limit in told.limits:
        yield {"figure": "zero_walk_limit", **asdict(limit), "in_time": limit.in_time}
    yield {"figure": "zero_years", **in_all(told.mats)}
    for target in targets(told):
        yield {
            "figure": f"zero: {target.what}",
            "value": target.value,
            "target": target.target,
            "reached": target.reached,
        }
    yield {"figure": "zero_years_s", "value": round(seconds, 1)}


def section(told: Told) -> str:
    """For docs/accuracy.md, heading included; the same results give the same text."""
    reached = _table(
        ("what", "target", "figure", ""),
        [(it.what, it.target, it.value, "reached" if it.reached else "**not reached**") for it in targets(told)],
    )
    parts = [
        "## The zero over a year",
        _preface(told.mats),
        reached,
        _distances(told.mats),
        _failing(told.mats),
        _limits(told.limits),
        _without(told.without),
    ]
    return "\n\n".join(filter(None, parts))


def _preface(mats: Sequence[Outcome]) -> str:
    whole = in_all(mats)
    years = sum(one.days >= YEAR_DAYS for one in mats)
    seeds = f"{min(one.seed for one in mats)} to {max(one.seed for one in mats)}"
    return (
        f"Written by `benchmarks/zero_year.py`. {_many(years, 'mat')} for a whole year and "
        f"{_many(len(mats) - years, 'mat')} for some weeks, {whole['days']:,} days in all, seeds {seeds}: "
        "a room of 15 to 28 degC with seasons and heating, creep and hysteresis of the cells, sessions most days, now "
        "and then a cat or a bag, the mat lifted or washed every month, "
        f"{whole['power_cuts']} power cuts. A cell of {whole['walks']} of these mats fails: it walks away, and is "
        "repaired two days after it stopped walking. What happens meanwhile is in the table of failing cells only. "
        "benchmarks/scenarios/seasons.py names the source of each figure, or says that it is chosen."
    )


def _distances(mats: Sequence[Outcome]) -> str:
    whole = in_all(mats)
    checks = rate(sum(one.checks for one in mats), sum(one.days for one in mats) / YEAR_DAYS)
    return (
        "Largest distance of the zero from the true empty load: "
        f"{whole['zero_off_kg']} kg in quiet hours, {whole['zero_off_session_kg']} kg in the quarter of an hour after "
        f"a session, {whole['zero_off_thing_kg']} kg in the three hours after a cat or a bag, which under 3 kg is "
        f"taken for drift, {whole['zero_off_care_kg']} kg in the six hours after the mat was lifted or washed. "
        f'"check the mat" with nothing wrong: {in_text(checks, "")} a year; besides {whole["checks_care"]} times while '
        f"the mat was away or wet, {whole['checks_thing']} times while something lay there."
    )


def _failing(mats: Sequence[Outcome]) -> str:
    walks = [one for one in mats if one.walk_kg is not None]
    if not walks:
        return ""
    return _table(
        ("seed", "the cell walks by", "a hour", "told after", "walked then", "first error after", "told in time"),
        [
            (
                str(one.seed),
                f"{one.walk_kg:+.1f} kg",
                f"{one.walk_kg_h:.2f} kg",
                "not" if one.told_h is None else f"{one.told_h:.1f} h",
                "" if one.told_kg is None else f"{one.told_kg:+.1f} kg",
                "none" if one.cost_h is None else f"{one.cost_h:.1f} h ({one.cost.replace('_', ' ')})",
                {None: "costs nothing", True: "yes", False: "**no**"}[one.warned],
            )
            for one in walks
        ],
    )


def _limits(limits: Sequence[Limit]) -> str:
    if not limits:
        return ""
    told = (
        "How slow is slow: a cell that walks upwards, with nobody near the mat and all readings. It takes ten minutes "
        'until "check the mat" is told, and a walk that is over before that is no slow one.'
    )
    rows = [
        (
            f"{one.kg_h:g} kg",
            "not" if one.told_s is None else f"{one.told_s / 60.0:.0f} min",
            "" if one.told_s is None else f"{one.kg_h * one.told_s / 3600.0:.1f} kg",
            "never" if one.cost_s is None else f"after {one.cost_s / 60.0:.0f} min",
        )
        for one in limits
    ]
    return told + "\n\n" + _table(("an hour", "told after", "walked then", "taken for somebody"), rows)


def _without(without: Sequence[tuple[str, Outcome]]) -> str:
    if not without:
        return ""
    one = without[0][1]
    told = (
        f"The same mat (seed {one.seed}, {one.days} days) with what protects the zero switched off. A row no worse "
        "than the first tells that another part still protects it."
    )
    head = ("", "sessions found", "errors", "worst error of a length", "zero moved under somebody")
    more = ("off in quiet hours", "off after a session", "failing cell told in time")
    rows = [
        (
            f"without: {part}" if part else "**as it is**",
            f"{it.found} of {it.sessions}",
            str(sum(it.errors.values())),
            f"{it.worst_length_error_s} s",
            f"{it.moved_under_somebody} times",
            f"{it.zero_off_kg} kg",
            f"{it.zero_off_session_kg} kg",
            {None: "costs nothing", True: "yes", False: "**no**"}[it.warned],
        )
        for part, it in without
    ]
    return told + "\n\n" + _table((*head, *more), rows)


def _many(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*top, *("| " + " | ".join(row) + " |" for row in rows)])
