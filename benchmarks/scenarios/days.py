"""Recordings with truth: one session of a scenario class, or hours in which no one lies down.

`session(kind, seed)` and `empty_day(kind, seed)` give the same recording for the same arguments. Shares and rates of
what happens are chosen, unmeasured, unless a source is named; what happens is in people, things and cells.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Final

import numpy as np

from benchmarks.scenarios import things
from benchmarks.scenarios.cells import Build, Faults, draw_build
from benchmarks.scenarios.loads import CELLS, Random
from benchmarks.scenarios.people import (
    APNOEA_S,
    HELD_S,
    SIT_UP_KG,
    Person,
    Visit,
    calmed,
    draw_half_on,
    draw_person,
    start_visit,
)
from benchmarks.scenarios.recording import AWAY_S, ON_KG, SIT_UP_S, Recording
from benchmarks.scenarios.scene import AFTER_S, DAY_S, Scene, chance, gaps, loose_jumps, saved_drift

BEFORE_S: Final = (40.0, 90.0)
"""The empty mat before a session: a zero and its noise can be learnt."""
MACHINE_BEFORE_S: Final = (120.0, 300.0)  # beside a machine that spins, before a session; chosen
LENGTH_MIN: Final = (1.0, 2.5, 10.0)
"""Triangular. Shorter than planned sessions (docs/dev/behaviour.md 3: 2 to 20), so that there are many: what goes wrong
happens when a person comes, moves or goes."""
SHORT_MIN: Final = (1.0, 6.0)  # of a session on the seat, the feet or the calves; chosen
WINDOW_C: Final = (3.0, 6.0)  # colder while a window is open for 5 to 30 min; chosen, unmeasured
OLD_DRIFT_KG: Final = 2.5  # since calibration, either way; within the 3 kg of docs/dev/behaviour.md 1
CALVES_ON_KG: Final = 4.0  # the on threshold of the calves routine (docs/dev/behaviour.md 1)
LIGHT_REST_KG: Final = (13.0, 24.0)  # as light as a thing may be; chosen
CALM_EVERY_S: Final = (60.0, 300.0)  # from one move of a calm person to the next; a third never moves; chosen
STAYS_KG: Final = (3.0, 11.0)  # of what stays behind: a cat, a small dog, a bag; chosen
CLEAR_OF_OFF_KG: Final = 0.5  # what stays while sitting up is so far from half of "on", else the truth would be a guess
SHORT_HOLE_S: Final = (3.0, 13.0)  # with the way down and up under `AWAY_S`

SESSIONS: Final = (
    "plain", "slow", "in_steps", "sit_first", "fidget", "hip_lifts", "sits_up", "asleep", "calm", "light_calm",
    "half_on", "breath_held", "roll", "cough", "away_and_back", "hand_after", "two_sessions", "second_person", "pillow",
    "pet_comes", "bag_under", "bag_after", "stays_behind", "big_dog_stays", "drift", "bad_cell", "glitches", "dropouts",
    "boot", "machine_before", "standing", "sitting", "short", "one_bridge", "calves",
)  # fmt: skip
"""Scenario classes with a person on the mat."""
LIGHT: Final = "light_calm"
"""The class by which "a person stored as a thing" is judged: 13 to 24 kg, hardly moving, 12 to 100 g of breath."""
EMPTY_DAYS: Final = (
    "busy_hours", "still", "small_pets", "dog_passes", "dog_lies", "things", "machine", "child", "mat_care", "faults",
    "hands", "mixed",
)  # fmt: skip
"""Classes without a session. "dog_lies": a dog of 12 to 40 kg lies on the mat for long and breathes."""
BUSY: Final = "busy_hours"
"""Hours with about three cats or small dogs, two things and four other events each, a third with sensor faults."""
BIG_DOGS: Final = frozenset({"dog_lies"})
"""Classes in which a session that counts is expected: only a log of the household can distinguish it from a person."""
BUSY_S: Final = 4 * 3600.0
MACHINE_S: Final = 2 * 3600.0
LASTS_S: Final = {BUSY: BUSY_S, "machine": MACHINE_S}
"""Of the classes that are not a day long."""

POSTURES: Final = {
    "standing": "standing", "sitting": "sitting", "calves": "calves", "half_on": "half", "light_calm": "half",
}  # fmt: skip


# -- a session -----------------------------------------------------------------------------------------------------


def session(kind: str, seed: int, *, rate: int | None = None) -> Recording:
    """One or two stays of the class `kind`, the empty mat before and after. Raises KeyError for a class unknown.

    Begins with at least 40 s of empty mat, but "boot" begins with a person on it, since before time 0. Without a
    `rate` one recording in four has chips at 10/s, the others at 80/s.
    """
    if kind not in SESSIONS:
        raise KeyError(kind)
    rng = chance(kind, seed)
    scene = Scene(rng, _session_build(kind, rng, rate), on_kg=CALVES_ON_KG if kind == "calves" else ON_KG)
    begin = float(rng.uniform(*(MACHINE_BEFORE_S if kind == "machine_before" else BEFORE_S)))
    posture = POSTURES.get(kind, "lying")
    length = 60.0 * float(rng.triangular(*LENGTH_MIN))
    if posture != "lying":
        length = 60.0 * float(rng.uniform(*SHORT_MIN))
    if kind == "short":
        length = float(rng.uniform(4.0, 90.0))
    if kind == "asleep":
        length = max(length, 300.0)
    if kind == "bag_under":
        scene.lay(things.put_down(rng, begin, float(rng.uniform(2.0, 20.0)), length + 120.0 + 40.0, "bag under"))
        begin += 120.0
    person = _person(kind, rng)
    visit = start_visit(person, rng, posture, 0.0 if kind == "boot" else begin)
    if kind == "boot":
        visit.lie_already()
        begin = 0.0
    else:
        visit.get_on({"slow": "slow", "sit_first": "sit_first", "in_steps": "steps"}.get(kind) or _usual_way(kind, rng))
    _while_there(kind, visit, begin + length)
    visit.get_off()
    if kind == "hand_after":
        visit.lean(float(rng.uniform(0.3, 3.0)))
    scene.visit(visit)
    end = visit.end_s
    if kind == "two_sessions":
        second = start_visit(person, rng, posture, end + float(rng.uniform(25.0, 90.0)))
        second.get_on()
        _while_there("plain", second, second.path.t + float(rng.uniform(60.0, 300.0)))
        second.get_off()
        scene.visit(second)
        end = second.end_s
    _company(kind, scene, visit)
    end = max(end, *(source.end_s for source in scene.sources)) + float(rng.uniform(*AFTER_S))
    _session_faults(kind, scene, end)
    return scene.record(kind, seed, end)


def _session_build(kind: str, rng: Random, rate: int | None) -> Build:
    drifted = float(rng.uniform(-OLD_DRIFT_KG, OLD_DRIFT_KG)) if kind == "drift" else saved_drift(rng)
    bad_cell = int(rng.integers(0, CELLS)) if kind == "bad_cell" else None
    return draw_build(rng, channels=1 if kind == "one_bridge" else 2, rate=rate, drifted_kg=drifted, bad_cell=bad_cell)


def _person(kind: str, rng: Random) -> Person:
    match kind:
        case "half_on":
            return draw_half_on(rng)
        case "light_calm":
            return calmed(draw_half_on(rng, LIGHT_REST_KG), rng)
        case "calm" | "breath_held":
            return calmed(draw_person(rng), rng)
        case _:
            return draw_person(rng)


def _usual_way(kind: str, rng: Random) -> str:
    return "steps" if kind in {"half_on", "light_calm"} and rng.random() < 0.3 else "plain"


def _while_there(kind: str, visit: Visit, until: float) -> None:
    """Acts of the class, in the order of time, the last one over by about `until`."""
    rng, path = visit.rng, visit.path
    begin = path.t
    if kind in {"asleep", "one_bridge"} and until - begin > 200.0:
        visit.asleep = (begin + float(rng.uniform(30.0, 120.0)), until - float(rng.uniform(5.0, 30.0)))
        if rng.random() < 0.5:
            _hold_breath(visit, *visit.asleep, 180.0, APNOEA_S)
    if kind == "breath_held":
        _hold_breath(visit, begin + 5.0, until, 100.0, HELD_S)
    act: Callable[[], None]
    act, every = {
        "fidget": (visit.fidget, 25.0),
        "hip_lifts": (visit.lift_hips, 60.0),
        "sits_up": (lambda: _sit_up(visit), 120.0),
        "roll": (visit.roll, 90.0),
        "cough": (visit.cough, 45.0),
        "away_and_back": (lambda: visit.leave_and_return(float(rng.uniform(1.5, AWAY_S - 3.0))), 150.0),
        "pet_comes": (visit.fidget, 60.0),
    }.get(kind, (visit.shift, 60.0))
    if kind in {"calm", "light_calm", "breath_held"}:
        every = inf if rng.random() < 1.0 / 3.0 else float(rng.uniform(*CALM_EVERY_S))
    while (at := path.t + 2.0 + float(rng.exponential(every) if every < inf else inf)) <= until - 8.0:
        if not visit.asleep[0] - 5.0 < at < visit.asleep[1]:
            path.wait(at)
            (act if rng.random() < 0.8 else visit.shift)()
        elif path.t < visit.asleep[1]:
            path.wait(visit.asleep[1])
    if kind in {"hip_lifts", "away_and_back", "sits_up"} and until - begin > 30.0:
        path.wait(path.t + 2.0)
        act()
    path.wait(max(until, path.t + 1.5))


def _hold_breath(visit: Visit, begin: float, end: float, every_s: float, length_s: tuple[float, float]) -> None:
    for at in visit.rng.uniform(begin, max(end, begin), int((end - begin) / every_s)).tolist():
        visit.apnoea.append((at, at + float(visit.rng.uniform(*length_s))))


def _sit_up(visit: Visit) -> None:
    """Longer than an absence only with clearly more than half of "on" left on the mat."""
    rng = visit.rng
    left = min(float(rng.uniform(*SIT_UP_KG)), 0.6 * visit.rest_kg)
    stays = left > ON_KG / 2.0 + CLEAR_OF_OFF_KG
    visit.sit_up(left, float(rng.uniform(5.0, SIT_UP_S)) if stays else float(rng.uniform(*SHORT_HOLE_S)))


def _company(kind: str, scene: Scene, visit: Visit) -> None:
    """What comes to a person on the mat."""
    rng = scene.rng
    begin, end = scene.stays[0].start_s + 8.0, max(scene.stays[0].end_s - 8.0, scene.stays[0].start_s + 9.0)
    match kind:
        case "second_person":
            for _ in range(int(rng.integers(1, 3))):
                scene.lay(things.beside(rng, float(rng.uniform(begin, max(begin + 1.0, end - 60.0)))))
        case "pillow":
            at = float(rng.uniform(begin, end))
            stays_on = visit.end_s - at + float(rng.uniform(20.0, 40.0))
            scene.lay(things.put_down(rng, at, float(rng.uniform(*things.PILLOW_KG)), stays_on, "pillow"))
        case "pet_comes":
            kg = float(rng.uniform(*things.CAT_KG))
            scene.lay(things.pet_walks(rng, float(rng.uniform(begin, end)), kg))
            if rng.random() < 0.5:
                scene.lay(things.pet_rests(rng, visit.end_s - float(rng.uniform(5.0, 60.0)), kg, 90.0))
            else:
                scene.lay(things.pet_walks(rng, visit.end_s + float(rng.uniform(0.5, 15.0)), kg))
        case "bag_after":
            kg, at = float(rng.uniform(*things.BAG_KG)), visit.end_s + float(rng.uniform(2.0, 40.0))
            scene.lay(things.put_down(rng, at, kg, float(rng.uniform(60.0, 240.0))))
        case "stays_behind":
            _stays_behind(scene, begin, end, STAYS_KG, bags=True)
        case "big_dog_stays":
            _stays_behind(scene, begin, end, things.BIG_DOG_KG, bags=False)
            scene.big_dog_stays = True
        case "machine_before":
            scene.lay(things.machine(rng, 0.0, visit.start_s + float(rng.uniform(-20.0, 60.0)), 0.0))
        case _:
            pass


def _stays_behind(scene: Scene, begin: float, end: float, kg: tuple[float, float], *, bags: bool) -> None:
    """A pet or a bag that is on the mat before the person leaves, and for some time after."""
    rng = scene.rng
    at, weighs = float(rng.uniform(begin, end)), float(rng.uniform(*kg))
    seconds = end - at + float(rng.choice((rng.uniform(20.0, 110.0), rng.uniform(150.0, 300.0))))
    bag = bags and rng.random() < 0.4
    scene.lay((things.put_down if bag else things.pet_rests)(rng, at, weighs, seconds))


def _session_faults(kind: str, scene: Scene, duration_s: float) -> None:
    rng = scene.rng
    if kind == "glitches":
        old = rng.random() < 0.3  # a reader that guards little
        scene.faults = Faults(
            glitch_share=float(np.exp(rng.uniform(np.log(5e-4), np.log(0.03)))),
            unflagged_share=float(rng.uniform(0.02, 0.1)) if old else Faults().unflagged_share,
        )
    elif kind == "dropouts":
        scene.faults = Faults(dropouts=gaps(rng, 5.0, duration_s, int(rng.integers(1, 7)), (0.1, 30.0)))
    elif kind == "bad_cell" and rng.random() < 0.5:
        scene.faults = Faults(jumps=loose_jumps(rng, duration_s, per_hour=60.0))


# -- hours without ---------------------------------------------------------------------------------------------------


def empty_day(kind: str, seed: int, *, rate: int | None = None, duration_s: float | None = None) -> Recording:
    """A day, or the hours of `LASTS_S`, without a session. Raises KeyError for a class unknown.

    Quiet hours have one reading a second and, every ten minutes, a minute at the full rate; around everything that
    happens all is at the full rate (a load that does not live: for its first and last five minutes).
    """
    if kind not in EMPTY_DAYS:
        raise KeyError(kind)
    duration_s = duration_s or LASTS_S.get(kind, DAY_S)
    rng = chance(kind, seed)
    bad_cell = int(rng.integers(0, CELLS)) if kind == "faults" and rng.random() < 0.5 else None
    scene = Scene(rng, draw_build(rng, rate=rate, drifted_kg=saved_drift(rng), bad_cell=bad_cell), busy=[])
    for _ in range(int(rng.integers(0, 3))):
        opened = float(rng.uniform(0.0, duration_s))
        scene.windows.append((opened, opened + float(rng.uniform(300, 1800)), float(rng.uniform(*WINDOW_C))))
    for at in _times(rng, duration_s, 6.0 * duration_s / DAY_S):
        scene.lay(things.shaken(rng, at, float(rng.uniform(3.0, 60.0)), 0.0))
    if kind == BUSY:
        _busy_hours(scene, duration_s)
    for part in ("small_pets", "dog_passes", "things", "child", "hands") if kind == "mixed" else (kind,):
        _fill(part, scene, duration_s, 0.5 if kind == "mixed" else 1.0)
    if kind == "mixed" and rng.random() < 0.3:
        _fill("mat_care", scene, duration_s, 1.0)
    if kind in {"faults", "mixed"} or (kind == BUSY and rng.random() < 1.0 / 3.0):
        _day_faults(scene, duration_s)
    return scene.record(kind, seed, duration_s)


def _times(rng: Random, duration_s: float, mean: float) -> list[float]:
    """About `mean` moments, not in the first two minutes and the last half hour."""
    count = int(rng.poisson(mean))
    return sorted(rng.uniform(120.0, max(duration_s - 1800.0, 121.0), count).tolist())


def _busy_hours(scene: Scene, duration_s: float) -> None:
    """One thing after another; what rests stays for 20 s to 15 min."""
    rng, t = scene.rng, 150.0
    while t < duration_s - 1200.0:
        seconds = float(np.exp(rng.uniform(np.log(20.0), np.log(900.0))))
        match str(rng.choice(("pet", "walk", "thing", "hand", "child"), p=(0.25, 0.15, 0.25, 0.2, 0.15))):
            case "pet":
                scene.lay(things.pet_rests(rng, t, _small_pet_kg(rng), seconds))
            case "walk":
                scene.lay(things.pet_walks(rng, t, _small_pet_kg(rng)))
                seconds = 10.0
            case "thing":
                seconds = _put_thing(scene, t, seconds) - t
            case "hand":
                scene.lay(things.hand(rng, t) if rng.random() < 0.6 else things.steps_over(rng, t))
                seconds = 10.0
            case _:
                scene.lay(things.child_walks(rng, t))
                seconds = 10.0
        t += seconds + 60.0 + float(rng.exponential(180.0))


def _small_pet_kg(rng: Random) -> float:
    return float(rng.uniform(*(things.CAT_KG if rng.random() < 0.6 else things.SMALL_DOG_KG)))


def _put_thing(scene: Scene, at: float, seconds: float) -> float:
    """A bag, basket or box, laundry, or a bucket of water; now and then it is shaken. When it is gone."""
    rng = scene.rng
    match str(rng.choice(("laundry", "bucket", "bag"), p=(0.2, 0.15, 0.65))):
        case "laundry":
            laid = things.laundry(rng, at, max(seconds, 120.0))
        case "bucket":
            laid = things.bucket(rng, at, seconds)
        case _:
            kg = float(rng.uniform(*things.BAG_KG))
            laid = things.put_down(rng, at, kg, seconds, str(rng.choice(("bag", "basket", "box"))))
            if rng.random() < 0.3 and seconds > 240.0:
                shake_at = at + float(rng.uniform(60.0, seconds - 120.0))
                scene.lay(things.shaken(rng, shake_at, float(rng.uniform(3.0, 60.0)), kg))
    scene.lay(laid)
    return laid.end_s


def _fill(kind: str, scene: Scene, duration_s: float, much: float) -> None:
    """What a day of the class brings, `much` times as often. At most one dead or resting load at a time."""
    rng = scene.rng
    free = 0.0

    def long(at: float, mean_s: float) -> float:
        """A time on the mat that ends with the day; 0 while another thing is on it."""
        nonlocal free
        seconds = min(float(rng.exponential(mean_s)) + 30.0, duration_s - at - 120.0)
        if at < free or seconds < 30.0:
            return 0.0
        free = at + seconds + 60.0
        return seconds

    if kind == "small_pets":
        for at in _times(rng, duration_s, 12 * much):
            kg = _small_pet_kg(rng)
            seconds = long(at, 1800.0) if rng.random() < 0.35 else 0.0
            scene.lay(things.pet_rests(rng, at, kg, seconds) if seconds else things.pet_walks(rng, at, kg))
    elif kind == "dog_passes":
        for at in _times(rng, duration_s, 10 * much):
            scene.lay(things.pet_walks(rng, at, float(rng.uniform(*things.BIG_DOG_KG))))
    elif kind == "dog_lies":
        for at in [600.0 + float(rng.uniform(0.0, 3600.0)), *_times(rng, duration_s, 3 * much)]:
            seconds = long(at, 1800.0)
            if seconds:
                kg = float(rng.uniform(*things.BIG_DOG_KG))
                scene.lay(things.pet_rests(rng, at, kg, seconds, "dog lies"))
    elif kind == "things":
        for at in _times(rng, duration_s, 8 * much):
            seconds = long(at, 3600.0)
            if seconds:
                _put_thing(scene, at, seconds)
    elif kind == "machine":
        _beside_machine(scene, duration_s)
    elif kind == "child":
        for at in _times(rng, duration_s, 10 * much):
            scene.lay(things.child_walks(rng, at))
    elif kind == "mat_care":
        for at in _times(rng, duration_s, 2 * much) or [3600.0]:
            washed = bool(rng.random() < 0.5)
            seconds = long(at, 7200.0 if washed else 300.0)
            if seconds:
                scene.lay(*things.mat_care(rng, at, seconds, duration_s, washed=washed))
    elif kind == "hands":
        for at in _times(rng, duration_s, 10 * much):
            scene.lay(things.hand(rng, at) if rng.random() < 0.6 else things.steps_over(rng, at))


def _beside_machine(scene: Scene, duration_s: float) -> None:
    """Spins of 3 to 12 min beside the mat, of some from the start on, with a basket, a bucket or nothing on it."""
    rng, t = scene.rng, 0.0 if scene.rng.random() < 0.3 else 300.0
    while t < duration_s - 1500.0:
        spins = float(rng.uniform(180.0, 720.0))
        kg = 0.0
        if rng.random() < 0.7:
            before = float(rng.uniform(-60.0, 200.0))
            at, seconds = max(t - before, 60.0), spins + before + float(rng.uniform(-60.0, 300.0))
            basket = rng.random() < 0.7
            laid = (things.laundry if basket else things.bucket)(rng, at, max(seconds, 120.0))
            kg = laid.thing.kg
            scene.lay(laid)
        scene.lay(things.machine(rng, t, spins, kg))
        t += spins + 600.0 + float(rng.exponential(300.0))


def _day_faults(scene: Scene, duration_s: float) -> None:
    rng = scene.rng
    hour = duration_s / 24.0
    saturated = gaps(rng, 0.0, duration_s, int(rng.poisson(1.0)), (0.1, hour))
    scene.faults = Faults(
        glitch_share=float(np.exp(rng.uniform(np.log(1e-4), np.log(0.03)))),
        unflagged_share=float(rng.uniform(0.02, 0.1)) if rng.random() < 0.2 else Faults().unflagged_share,
        dropouts=gaps(rng, 0.0, duration_s, int(rng.poisson(20.0)), (0.1, 30.0)),
        saturated=saturated,
        jumps=loose_jumps(rng, duration_s, per_hour=float(rng.uniform(0.5, 6.0))) if rng.random() < 0.3 else (),
    )
    if scene.busy is not None:
        for begin, end, *_ in (*scene.faults.dropouts, *saturated, *scene.faults.jumps):
            scene.busy += [(begin - 5.0, begin + 30.0), (end - 5.0, end + 30.0)]
