"""A mat in a room for a year: seasons, heating, sessions most days, the mat washed, power cuts, and a failing cell.

A year is made day by day, each a `Recording` in seconds from the start of the year. A day begins at 05:00, when nobody
has lain there for hours: creep and warmth of the day before are over by then and are not carried on. Where no source is
named a figure is chosen, unmeasured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Final

import numpy as np

from benchmarks.scenarios import things
from benchmarks.scenarios.cells import GROUPS, draw_build
from benchmarks.scenarios.loads import CELLS, Array, Random
from benchmarks.scenarios.people import APNOEA_S, Person, Visit, draw_person, start_visit
from benchmarks.scenarios.recording import Recording
from benchmarks.scenarios.scene import DAY_S, Scene, chance

HOUR_S: Final = 3600.0
YEAR_DAYS: Final = 365
BEGINS_H: Final = 5.0
QUIET_S: Final = 1.8  # between readings while nothing happens: under the 2 s of silence that the core holds

WINTER_C, SUMMER_C = 19.0, 26.0  # of a day's mean; with swing, weather and nights 15 to 28 degC
COLDEST_C: Final = 15.0  # the heating sees to that
WEATHER_C: Final = 0.8  # deviation, from day to day
SWING_C: Final = (0.6, 2.0)  # a day's wave either way; the upper end is the estimate of scene.AMBIENT_C
NIGHT_C: Final = (2.0, 4.0)  # colder with the heating set back
NIGHT_H: Final = (22.5, 6.0)
COOLING_H, HEATING_H = 3.0, 1.0  # time constants of a room
HEATED_BELOW_C: Final = 22.0  # of a day's mean; all of the set-back from 2 degC below on
AGEING_KG: Final = 0.03  # a channel and day, as a random walk: 0.4 kg in 200 days
UNKNOWN_ZERO_KG: Final = 5.0  # of a channel either way, uncalibrated: +-215 000 counts (docs/dev/sources.md, cells)

SESSION_DAYS, TWICE = 0.85, 0.15  # share of days with a session, and of these with a second one
AT_H: Final = ((6.5, 8.5), (13.0, 16.0), (18.5, 22.5))
AT_SHARE: Final = (0.25, 0.15, 0.6)
LENGTH_MIN: Final = {"awake": (5.0, 20.0), "asleep": (15.0, 35.0), "long": (38.0, 44.0)}
KIND_SHARE: Final = (0.8, 0.12, 0.08)
ACT_EVERY_S: Final = 75.0
COMPANY: Final = 0.3  # share of days with a cat, a bag, a child or a hand
CARE_EVERY_DAYS: Final = 30
CUT_A_DAY: Final = 1.0 / 7.0
CUT_IN_SESSION: Final = 0.35
BEFORE_S, AFTER_S = 90.0, 900.0  # full rate around a session: the mat warms and cools within (docs/dev/sources.md)

WALK_KG_H: Final = (0.05, 1.8)  # bogde/HX711#13: 0.2 to 0.3 kg in 4 h; #92: 3 lb in 45 min, in a cell called abnormal
WALK_KG: Final = (8.0, 60.0)  # where it ends: well beyond the reach of the zero, to a light person and more
WALK_NOISE_KG: Final = 0.03  # rms of its channel at the end, in every second failing cell
UNREPAIRED_S: Final = 2 * DAY_S
REPAIR_S, REPAIR_TAKES_S = 1200.0, 1500.0  # at the full rate: the device has time to report what the repair made
BEFORE_H: Final = 1.0  # of a day: nothing comes, so that the cell can be repaired


@dataclass(frozen=True, slots=True)
class Walk:
    """A failing cell: its zero walks by `kg` from `begin_s` to `end_s` and stays there until it is repaired.

    `shape`: share walked at equal steps of time, from 0 to 1.
    """

    begin_s: float
    end_s: float
    kg: float
    cell: int = 0
    noise_kg: float = 0.0
    shape: tuple[float, ...] = (0.0, 1.0)

    @property
    def repaired_s(self) -> float:
        """Early on a day, before anybody or anything comes."""
        return ceil((self.end_s + UNREPAIRED_S) / DAY_S) * DAY_S + REPAIR_S

    def part(self, t: Array) -> Array:
        """Share of `kg` walked at `t`."""
        steps = np.linspace(self.begin_s, self.end_s, len(self.shape))
        return np.where(t < self.repaired_s, np.interp(t, steps, self.shape), 0.0)


@dataclass(frozen=True, slots=True)
class Year:
    """What a seed has in store. `walk` is None where all cells last."""

    seed: int
    days: int = YEAR_DAYS
    walk: Walk | None = None
    calibrated: bool = True


@dataclass(frozen=True, slots=True)
class Day:
    """`cuts`: (off, on) of the power; there are no readings in between. `care`: (lifted, back) of the mat."""

    recording: Recording
    cuts: tuple[tuple[float, float], ...]
    care: tuple[tuple[float, float], ...]


def draw_year(seed: int, days: int = YEAR_DAYS) -> Year:
    """Every even seed has a failing cell in the second half of the year, every fourth mat was never calibrated."""
    if days < 1:
        raise ValueError("a year has at least one day")
    rng = chance("year", seed)
    if seed % 2:
        return Year(seed, days, None, calibrated=seed % 4 != 1)
    begin = days * DAY_S * float(rng.uniform(0.5, 0.65))
    kg = float(np.exp(rng.uniform(*np.log(WALK_KG))))
    kg_h = float(np.exp(rng.uniform(*np.log(WALK_KG_H))))
    hours = min(kg / kg_h, 0.3 * days * 24.0)
    rough = np.concatenate(([0.0], np.cumsum(rng.uniform(0.0, 2.0, max(1, round(hours))))))
    walk = Walk(
        begin,
        begin + hours * HOUR_S,
        kg * float(rng.choice((-1.0, 1.0))),
        int(rng.integers(0, CELLS)),
        WALK_NOISE_KG if seed % 4 == 0 else 0.0,
        tuple((rough / rough[-1]).tolist()),
    )
    return Year(seed, days, walk, calibrated=seed % 8 != 6)


def room_c(rng: Random, days: int) -> Callable[[Array], Array]:
    """The room's temperature at seconds from the start of the year, which may lie in any season."""
    begin, swing, night = rng.uniform(0.0, YEAR_DAYS), rng.uniform(*SWING_C), rng.uniform(*NIGHT_C)
    weather = WEATHER_C * rng.standard_normal(days + 2)

    def at(t: Array) -> Array:
        day = t / DAY_S
        hour = (BEGINS_H + t / HOUR_S) % 24.0
        season = WINTER_C + (SUMMER_C - WINTER_C) * 0.5 * (1.0 - np.cos(2 * np.pi * (begin + day) / YEAR_DAYS))
        since_off, since_on = (hour - NIGHT_H[0]) % 24.0, (hour - NIGHT_H[1]) % 24.0
        all_night = (NIGHT_H[1] - NIGHT_H[0]) % 24.0
        cooled = 1.0 - np.exp(-np.minimum(since_off, all_night) / COOLING_H)
        cooled *= np.where(since_off < all_night, 1.0, np.exp(-since_on / HEATING_H))
        heated = np.clip((HEATED_BELOW_C - season) / 2.0, 0.0, 1.0)
        wave = swing * np.sin(2 * np.pi * (hour - 10.0) / 24.0)  # warmest at four in the afternoon
        outside = np.interp(day, np.arange(days + 2), weather)
        return np.asarray(np.maximum(season + outside + wave - heated * night * cooled, COLDEST_C))

    return at


@dataclass(slots=True)
class DayScene(Scene):
    """A scene in a room whose temperature is known."""

    warmer_c: Callable[[Array], Array] = field(default=np.zeros_like)
    """Than when the mat was calibrated, at seconds of this day."""

    def _ambient(self, t: Array, duration_s: float) -> Array:  # noqa: ARG002  the room knows
        return self.warmer_c(t)


def days_of(year: Year) -> Iterator[Day]:
    """The days in their order; the same year gives the same days."""
    rng = chance("year of a mat", year.seed)
    build = draw_build(rng, rate=10)  # a year at 80/s takes hours to judge
    room = room_c(rng, year.days)
    people = (draw_person(rng), draw_person(rng))
    ageing = np.cumsum(AGEING_KG * rng.standard_normal((year.days + 1, build.channels)), axis=0)
    unknown = np.zeros(build.channels)
    if not year.calibrated:
        unknown = rng.uniform(-UNKNOWN_ZERO_KG, UNKNOWN_ZERO_KG, build.channels) + things.PLATFORM_KG / build.channels
    begin_c = room(np.zeros(1))[0]
    filling_kg = 0.0
    for n in range(year.days):
        begin = n * DAY_S
        scene = DayScene(
            np.random.default_rng([year.seed, n]),
            replace(build, drifted_kg=filling_kg),
            busy=[],
            quiet_s=QUIET_S,
            warmer_c=lambda t, begin=begin: room(t + begin) - begin_c,  # type: ignore[misc]
        )
        care: tuple[tuple[float, float], ...] = ()
        if n % CARE_EVERY_DAYS == CARE_EVERY_DAYS // 2:
            filling_kg, at = _care(scene, filling_kg)
            care = (at,)
        _sessions(scene, people)
        _company(scene)
        cuts = _cuts(scene)
        if year.walk is not None and begin <= year.walk.repaired_s < begin + DAY_S:
            scene.busy = [*(scene.busy or ()), (REPAIR_S, REPAIR_S + REPAIR_TAKES_S)]
        recording = scene.record("year", year.seed, DAY_S)
        in_year = _in_year(year, n, recording, cuts, unknown, ageing)
        yield Day(in_year, *(tuple((a + begin, b + begin) for a, b in spans) for spans in (cuts, care)))


def _care(scene: DayScene, filling_kg: float) -> tuple[float, tuple[float, float]]:
    """In the forenoon, before a session could be: a wet mat dries by the evening.

    `filling_kg`: what the mat weighs more than at the start. The same from then on, and (lifted, back).
    """
    rng = scene.rng
    washed = bool(rng.random() < 0.6)
    seconds = float(rng.uniform(0.5, 2.0)) * HOUR_S if washed else float(rng.uniform(20.0, 600.0))
    laid = things.mat_care(rng, (9.0 - BEGINS_H + float(rng.uniform(0.0, 1.0))) * HOUR_S, seconds, DAY_S, washed=washed)
    mat = next(each for each in laid if isinstance(each, things.MatAway))
    if washed and not mat.wet:  # another filling, in place of the one before
        filling_kg, mat.after_kg = mat.after_kg, mat.after_kg - filling_kg
    scene.lay(*laid)
    return filling_kg, (mat.thing.start_s, mat.thing.end_s)


def _sessions(scene: DayScene, people: tuple[Person, ...]) -> None:
    rng = scene.rng
    if rng.random() > SESSION_DAYS:
        return
    some = rng.choice(len(AT_H), 2 if rng.random() < TWICE else 1, replace=False, p=AT_SHARE)
    for low, high in (AT_H[each] for each in sorted(some)):
        begin = (float(rng.uniform(low, high)) - BEGINS_H) * HOUR_S
        kind = str(rng.choice(tuple(LENGTH_MIN), p=KIND_SHARE))
        visit = start_visit(people[int(rng.integers(0, len(people)))], rng, "lying", begin)
        visit.get_on(str(rng.choice(("plain", "plain", "slow", "sit_first"))))
        _lie(visit, begin + 60.0 * float(rng.uniform(*LENGTH_MIN[kind])), asleep=kind != "awake")
        visit.get_off()
        scene.visit(visit)
        assert scene.busy is not None
        scene.busy.append((begin - BEFORE_S, visit.end_s + AFTER_S))


def _lie(visit: Visit, until: float, *, asleep: bool) -> None:
    """Awake somebody moves now and then; asleep nothing does but breath and heart, with pauses of the breath."""
    rng, path = visit.rng, visit.path
    if asleep:
        begin = path.t + float(rng.uniform(30.0, 120.0))
        visit.asleep = (begin, until - float(rng.uniform(5.0, 30.0)))
        for at in rng.uniform(*visit.asleep, int((visit.asleep[1] - begin) / 180.0)).tolist():
            visit.apnoea.append((at, at + float(rng.uniform(*APNOEA_S))))
        path.wait(visit.asleep[1])
    while (at := path.t + 2.0 + float(rng.exponential(ACT_EVERY_S))) < until - 8.0:
        path.wait(at)
        acts = (visit.shift, visit.shift, visit.fidget, visit.lift_hips, visit.roll, visit.cough)
        acts[int(rng.integers(0, len(acts)))]()
    path.wait(max(until, path.t + 1.5))


def _company(scene: DayScene) -> None:
    """One thing, clear of sessions and of the mat's care."""
    rng = scene.rng
    if rng.random() > COMPANY:
        return
    begin, seconds = float(rng.uniform(BEFORE_H * HOUR_S, DAY_S - 4 * HOUR_S)), float(rng.uniform(120.0, 2 * HOUR_S))
    taken = [(stay.start_s, stay.end_s) for stay in scene.stays] + [(it.start_s, it.end_s) for it in scene.things]
    if any(begin - 300.0 < end and start < begin + seconds + 300.0 for start, end in taken):
        return
    match str(rng.choice(("cat", "bag", "child", "hand"))):
        case "cat":
            scene.lay(things.pet_rests(rng, begin, float(rng.uniform(*things.CAT_KG)), seconds))
        case "bag":
            scene.lay(things.put_down(rng, begin, float(rng.uniform(*things.BAG_KG)), seconds))
        case "child":
            scene.lay(things.child_walks(rng, begin))
        case _:
            scene.lay(things.hand(rng, begin))


def _cuts(scene: DayScene) -> list[tuple[float, float]]:
    """One a week: under a session, short enough that it goes on; else at any time with nobody there."""
    rng = scene.rng
    if rng.random() > CUT_A_DAY:
        return []
    long = [stay for stay in scene.stays if stay.length_s > 300.0]
    if long and rng.random() < CUT_IN_SESSION:
        seconds, stay = float(rng.uniform(5.0, 120.0)), long[0]
        off = float(rng.uniform(stay.start_s + 60.0, stay.end_s - seconds - 60.0))
        return [(off, off + seconds)]
    off, seconds = float(rng.uniform(BEFORE_H * HOUR_S, DAY_S - HOUR_S)), float(rng.uniform(10.0, 1800.0))
    if any(off - 120.0 < stay.end_s and stay.start_s < off + seconds + 120.0 for stay in scene.stays):
        return []
    return [(off, off + seconds)]


def _in_year(
    year: Year, n: int, recording: Recording, cuts: list[tuple[float, float]], unknown: Array, ageing: Array
) -> Recording:
    """The day at its place: in time, with what has aged, with the cell that fails, without what came powerless."""
    begin = n * DAY_S
    t = recording.t + begin
    kg = recording.kg + unknown + ageing[n] + (recording.t / DAY_S)[:, None] * (ageing[n + 1] - ageing[n])
    if year.walk is not None and year.walk.begin_s < begin + DAY_S and begin < year.walk.repaired_s:
        part = year.walk.part(t)
        channel = [year.walk.cell in group for group in GROUPS[kg.shape[1]]].index(True)
        noise = np.random.default_rng([year.seed, n, 1]).standard_normal(len(t))
        kg[:, channel] += part * (year.walk.kg + year.walk.noise_kg * noise)
    on = np.ones(len(t), dtype=np.bool_)
    for off_s, on_s in cuts:
        on[slice(*np.searchsorted(recording.t, (off_s, on_s)))] = False
    return replace(
        recording,
        name=f"year {year.seed}, day {n}",
        t=t[on],
        kg=kg[on],
        flagged=recording.flagged[on],
        stays=tuple(stay.later(begin) for stay in recording.stays),
        things=tuple(replace(it, start_s=it.start_s + begin, end_s=it.end_s + begin) for it in recording.things),
    )
