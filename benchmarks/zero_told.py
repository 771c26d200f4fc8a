"""The zero over a year, in figures: one mat, all of them, JSON lines, and the section of docs/dev/accuracy.md."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

from benchmarks.figures import rate
from benchmarks.scenarios.seasons import YEAR_DAYS
from benchmarks.scoring import EDGE_S, ERRORS
from benchmarks.targets import Target, in_text

MOVED_KG: Final = 0.011
"""Two last steps of the tracker, 0.005 kg each, for the seconds just before the touch; no more."""
REPORTED_KG: Final = 4.0
"""The reach of the zero is 3 kg (docs/dev/behaviour.md 1); 0.5 kg beyond it, and as much for the steps tried."""


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
    moved_under_person: int
    """Sessions over which the zero moved by more than `MOVED_KG`."""
    refused: int
    """How often the zero could not be set by hand after a repair."""
    checks: int
    """How often "check the mat" was reported with all cells sound and nothing on the mat;"""
    checks_care: int
    """apart: while the mat was away or wet,"""
    checks_thing: int
    """and while something was on it."""
    power_cuts: int
    drift_kg: float | None = None
    drift_kg_h: float | None = None
    drift_sessions: int = 0
    drift_errors: dict[str, int] = field(default_factory=dict)
    reported_h: float | None = None
    """"check the mat" so long after the drift began; None: never."""
    reported_kg: float | None = None
    """How far the cell had drifted then."""
    error_h: float | None = None
    """The first error of any kind; None: there was none."""
    error: str = ""
    faults: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def warned(self) -> bool | None:
        """Reported before the first error; None where a drift caused none, or no cell failed."""
        if self.error_h is None:
            return None
        return self.reported_h is not None and self.reported_h < self.error_h


@dataclass(frozen=True, slots=True)
class Limit:
    """A cell that drifts steadily, in seconds from the start of the drift; None: never."""

    kg_h: float
    reported_s: float | None
    """Until "check the mat"."""
    object_s: float | None
    """Until the load was shown as an object."""
    session_s: float | None
    """Until the start of a session that counts."""

    @property
    def in_time(self) -> bool:
        shown_s = [at for at in (self.reported_s, self.object_s) if at is not None]
        return bool(shown_s) and (self.session_s is None or min(shown_s) < self.session_s)


@dataclass(frozen=True, slots=True)
class Results:
    """`without`: what was switched off ("" nothing), each on the same mat."""

    mats: tuple[Outcome, ...]
    without: tuple[tuple[str, Outcome], ...] = ()
    limits: tuple[Limit, ...] = ()
    least_reported_kg: float | None = None
    """A cell that drifts so far, no less, and no further is reported; None: none is."""


def counted(kinds: Iterable[str]) -> dict[str, int]:
    counts = dict.fromkeys(ERRORS, 0)
    for kind in kinds:
        counts[kind] += 1
    return counts


def in_all(results: Sequence[Outcome]) -> dict[str, float]:
    sound = {kind: sum(one.errors[kind] for one in results) for kind in ERRORS}
    harmful = [one for one in results if one.warned is not None]
    drifts = [one for one in results if one.drift_kg is not None]
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
        "moved_under_person": sum(one.moved_under_person for one in results),
        "refused": sum(one.refused for one in results),
        "checks": sum(one.checks for one in results),
        "checks_care": sum(one.checks_care for one in results),
        "checks_thing": sum(one.checks_thing for one in results),
        "power_cuts": sum(one.power_cuts for one in results),
        "drifts": len(drifts),
        "drifts_reported": sum(one.reported_h is not None for one in drifts),
        "drifts_with_errors": len(harmful),
        "reported_in_time": sum(bool(one.warned) for one in harmful),
    }


def targets(results: Results) -> list[Target]:
    mats, least = results.mats, results.least_reported_kg
    whole = in_all(mats)
    errors = sum(one.errors[kind] for one in mats for kind in ERRORS)
    worst_s, moved = whole["worst_length_error_s"], whole["moved_under_person"]
    in_time, harmful = whole["reported_in_time"], whole["drifts_with_errors"]
    return [
        Target("the zero moved under a person", "0 times", f"{moved} times", moved == 0),
        Target(
            "sessions found, cells sound",
            "all",
            f"{whole['found']} of {whole['sessions']:,}",
            whole["found"] == whole["sessions"],
        ),
        Target("errors of any kind, cells sound", "0", str(errors), errors == 0),
        Target("worst error of a length, cells sound", f"under {EDGE_S:.0f} s", f"{worst_s} s", worst_s < EDGE_S),
        Target(
            "a failing cell reported before its first error",
            "all that cause one",
            f"{in_time} of {harmful}",
            in_time == harmful,
        ),
        Target(
            "smallest drift of a cell that is reported",
            f"at most {REPORTED_KG:g} kg",
            "none" if least is None else f"{least:g} kg",
            least is not None and least <= REPORTED_KG,
        ),
    ]


def lines(results: Results, seconds: float) -> Iterator[dict[str, object]]:
    for one in results.mats:
        yield {"figure": "zero_year", **{key: value for key, value in asdict(one).items() if key != "faults"}}
        for fault in one.faults:
            yield {"figure": "zero_year_error", "seed": one.seed, "value": fault}
    for part, one in results.without:
        yield {"figure": "zero_without", "part": part, **in_all([one])}
    for limit in results.limits:
        yield {"figure": "zero_drift_limit", **asdict(limit), "in_time": limit.in_time}
    yield {"figure": "zero_years", **in_all(results.mats)}
    for target in targets(results):
        yield {
            "figure": f"zero: {target.what}",
            "value": target.value,
            "target": target.target,
            "reached": target.reached,
        }
    yield {"figure": "zero_years_s", "value": round(seconds, 1)}


def section(results: Results) -> str:
    """For docs/dev/accuracy.md, heading included; the same results give the same text."""
    reached = _table(
        ("what", "target", "figure", ""),
        [(it.what, it.target, it.value, "reached" if it.reached else "**not reached**") for it in targets(results)],
    )
    parts = [
        "## The zero over a year",
        _preface(results.mats),
        reached,
        _distances(results.mats),
        _failing(results.mats),
        _limits(results.limits),
        _without(results.without),
    ]
    return "\n\n".join(filter(None, parts))


def _preface(mats: Sequence[Outcome]) -> str:
    whole = in_all(mats)
    years = sum(one.days >= YEAR_DAYS for one in mats)
    seeds = f"{min(one.seed for one in mats)} to {max(one.seed for one in mats)}"
    return (
        f"Written by `benchmarks/zero_year.py`. {_many(years, 'mat')} for a whole year and "
        f"{_many(len(mats) - years, 'mat')} for some weeks, {whole['days']:,} days in all, seeds {seeds}: "
        "a heated room of 15 to 28 degC, creep and hysteresis of the cells, sessions most days, now and then a cat or "
        f"a bag, the mat lifted or washed every month, {whole['power_cuts']} power cuts. On {whole['drifts']} of the "
        "mats a cell drifts, and is repaired two days after the drift ended; errors until then are in the table of "
        "failing cells only. benchmarks/scenarios/seasons.py has the source of each figure, or says that it is chosen."
    )


def _distances(mats: Sequence[Outcome]) -> str:
    whole = in_all(mats)
    checks = rate(sum(one.checks for one in mats), sum(one.days for one in mats) / YEAR_DAYS)
    return (
        "Largest distance of the zero from the true empty load: "
        f"{whole['zero_off_kg']} kg in quiet hours, {whole['zero_off_session_kg']} kg in the quarter of an hour after "
        f"a session, {whole['zero_off_thing_kg']} kg in the three hours after a cat or a bag, which under 3 kg is "
        f"followed like drift, {whole['zero_off_care_kg']} kg in the six hours after the mat was lifted or washed. "
        f'"check the mat" with nothing wrong: {in_text(checks, "")} a year; besides {whole["checks_care"]} times while '
        f"the mat was away or wet, {whole['checks_thing']} times while something was on it. "
        f"After {whole['refused']} of {whole['drifts']} repairs the zero could not be set by hand in 24 minutes."
    )


def _failing(mats: Sequence[Outcome]) -> str:
    drifts = [one for one in mats if one.drift_kg is not None]
    if not drifts:
        return ""
    return _table(
        ("seed", "drift, kg", "kg/h", "reported after, h", "drift by then, kg", "first error after, h", "in time"),
        [
            (
                str(one.seed),
                f"{one.drift_kg:+.1f}",
                f"{one.drift_kg_h:.2f}",
                "not" if one.reported_h is None else f"{one.reported_h:.1f}",
                "" if one.reported_kg is None else f"{one.reported_kg:+.1f}",
                "none" if one.error_h is None else f"{one.error_h:.1f} ({one.error.replace('_', ' ')})",
                {None: "no error", True: "yes", False: "**no**"}[one.warned],
            )
            for one in drifts
        ],
    )


def _limits(limits: Sequence[Limit]) -> str:
    if not limits:
        return ""
    text = (
        "The fastest drift that is reported: a cell that drifts upwards, on an empty mat with all readings. "
        '"Check the mat" is reported after ten minutes beyond the reach; a faster drift is over 12 kg '
        "before that: shown as an object, or a session that does not count."
    )
    rows = [
        (
            f"{one.kg_h:g}",
            "not" if one.reported_s is None else f"{one.reported_s / 60.0:.0f}",
            "" if one.reported_s is None else f"{one.kg_h * one.reported_s / 3600.0:.1f}",
            "never" if one.object_s is None else f"{one.object_s / 60.0:.0f}",
            "never" if one.session_s is None else f"{one.session_s / 60.0:.0f}",
        )
        for one in limits
    ]
    return (
        text
        + "\n\n"
        + _table(("kg/h", "reported after, min", "drift by then, kg", "object after, min", "counts after, min"), rows)
    )


def _without(without: Sequence[tuple[str, Outcome]]) -> str:
    if not without:
        return ""
    one = without[0][1]
    text = (
        f"The same mat (seed {one.seed}, {one.days} days) with what protects the zero switched off. Where a row is no "
        "worse than the first, another part still protects it."
    )
    head = ("switched off", "found", "errors", "worst error of a length, s", "zero moved under a person")
    more = ("off in quiet hours, kg", "after a session, kg", "failing cell reported in time")
    rows = [
        (
            part or "**nothing**",
            f"{it.found} of {it.sessions}",
            str(sum(it.errors.values())),
            str(it.worst_length_error_s),
            str(it.moved_under_person),
            str(it.zero_off_kg),
            str(it.zero_off_session_kg),
            {None: "no error", True: "yes", False: "**no**"}[it.warned],
        )
        for part, it in without
    ]
    return text + "\n\n" + _table((*head, *more), rows)


def _many(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    top = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*top, *("| " + " | ".join(row) + " |" for row in rows)])
