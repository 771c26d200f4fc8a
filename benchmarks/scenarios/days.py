"""Recordings with truth: one session of a scenario class, or a day on which nobody lies down.

`session(kind, seed)` and `empty_day(kind, seed)` give the same recording for the same arguments. Shares and rates of
what happens are chosen, unmeasured, unless a source is named; what happens is in people, things and cells.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.scenarios import things
from benchmarks.scenarios.cells import Build, Faults, draw_build
from benchmarks.scenarios.loads import CELLS, Random
from benchmarks.scenarios.people import APNOEA_S, Visit, draw_person, start_visit
from benchmarks.scenarios.recording import AWAY_S, Recording
from benchmarks.scenarios.scene import AFTER_S, DAY_S, Scene, chance, gaps, loose_jumps, saved_drift

BEFORE_S: Final = (40.0, 90.0)
"""The empty mat before a session: a zero and its noise can be learnt."""
LENGTH_MIN: Final = (2.0, 10.0, 25.0)  # triangular; docs/behaviour.md 3 plans 2 to 20
WINDOW_C: Final = (3.0, 6.0)  # colder while a window is open for 5 to 30 min; chosen, unmeasured
OLD_DRIFT_KG: Final = 2.5  # since calibration, either way; within the 3 kg of docs/behaviour.md 1

SESSIONS: Final = (
    "plain", "slow", "sit_first", "fidget", "hip_lifts", "asleep", "roll", "cough", "away_and_back", "two_sessions",
    "second_person", "pillow", "pet_comes", "bag_under", "bag_after", "drift", "bad_cell", "glitches", "dropouts",
    "boot", "standing", "sitting", "short", "one_bridge", "calves",
)  # fmt: skip
"""Scenario classes with somebody on the mat. "calves" lies under the threshold of 12 kg: report it apart."""
BELOW_THRESHOLD: Final = frozenset({"calves"})
EMPTY_DAYS: Final = (
    "still", "small_pets", "dog_passes", "dog_lies", "things", "child", "mat_care", "faults", "hands", "mixed",
)  # fmt: skip
"""Classes of a day without a session. "dog_lies": a dog of 12 to 30 kg that lies there for long and breathes."""


# -- a session -----------------------------------------------------------------------------------------------------


def session(kind: str, seed: int, *, rate: int = 10) -> Recording:
    """One or two stays of the class `kind`, the empty mat before and after. Raises KeyError for a class unknown.

    Begins with 40 to 90 s of empty mat, but "boot" begins with somebody there, since before time 0.
    """
    if kind not in SESSIONS:
        raise KeyError(kind)
    rng = chance(kind, seed)
    scene = Scene(rng, _session_build(kind, rng, rate))
    begin = float(rng.uniform(*BEFORE_S))
    length = 60.0 * float(rng.triangular(*LENGTH_MIN))
    if kind in {"standing", "sitting", "calves"}:
        length = float(rng.uniform(60.0, 600.0))
    if kind == "short":
        length = float(rng.uniform(4.0, 90.0))
    if kind == "asleep":
        length = max(length, 480.0)
    posture = kind if kind in {"standing", "sitting", "calves"} else "lying"
    person = draw_person(rng)
    if kind == "bag_under":
        scene.lay(things.put_down(rng, begin, float(rng.uniform(2.0, 20.0)), length + 120.0 + 40.0, "bag under"))
        begin += 120.0
    visit = start_visit(person, rng, posture, 0.0 if kind == "boot" else begin)
    if kind == "boot":
        visit.lie_already()
        begin = 0.0
    else:
        visit.get_on({"slow": "slow", "sit_first": "sit_first"}.get(kind, "plain"))
    _while_there(kind, visit, begin + length)
    visit.get_off()
    scene.visit(visit)
    end = visit.end_s
    if kind == "two_sessions":
        again = start_visit(person, rng, posture, end + float(rng.uniform(25.0, 90.0)))
        again.get_on()
        _while_there("plain", again, again.path.t + float(rng.uniform(60.0, 600.0)))
        again.get_off()
        scene.visit(again)
        end = again.end_s
    _company(kind, scene, visit)
    if rng.random() < 0.3 and kind != "short":
        # A hand put down while standing up: the end is the body's, and so short a touch is no return.
        scene.lay(things.hand(rng, end + float(rng.uniform(0.3, 3.0)), float(rng.uniform(0.2, 0.5))))
    end = max(end, *(source.end_s for source in scene.sources)) + float(rng.uniform(*AFTER_S))
    _session_faults(kind, scene, end)
    return scene.record(kind, seed, end)


def _session_build(kind: str, rng: Random, rate: int) -> Build:
    drifted = float(rng.uniform(-OLD_DRIFT_KG, OLD_DRIFT_KG)) if kind == "drift" else saved_drift(rng)
    bad_cell = int(rng.integers(0, CELLS)) if kind == "bad_cell" else None
    return draw_build(rng, channels=1 if kind == "one_bridge" else 2, rate=rate, drifted_kg=drifted, bad_cell=bad_cell)


def _while_there(kind: str, visit: Visit, until: float) -> None:
    """Acts of the class, in the order of time, the last one over by about `until`."""
    rng, path = visit.rng, visit.path
    begin = path.t
    still = kind in {"asleep", "one_bridge"}
    if still and until - begin > 240.0:
        visit.asleep = (begin + float(rng.uniform(30.0, 120.0)), until - float(rng.uniform(5.0, 30.0)))
        asleep_s = visit.asleep[1] - visit.asleep[0]
        if rng.random() < 0.5:
            for at in rng.uniform(0.0, asleep_s, int(asleep_s / 180.0)):
                visit.apnoea.append((visit.asleep[0] + at, visit.asleep[0] + at + float(rng.uniform(*APNOEA_S))))
    act, every = {
        "fidget": (visit.fidget, 25.0),
        "hip_lifts": (visit.lift_hips, 60.0),
        "roll": (visit.roll, 90.0),
        "cough": (visit.cough, 45.0),
        "away_and_back": (lambda: visit.leave_and_return(float(rng.uniform(1.5, AWAY_S - 3.0))), 150.0),
    }.get(kind, (visit.shift, 60.0))
    if kind == "pet_comes":
        act = visit.fidget
    while True:
        at = path.t + 2.0 + float(rng.exponential(every))
        if at > until - 8.0:
            break
        if not visit.asleep[0] - 5.0 < at < visit.asleep[1]:
            path.wait(at)
            (act if rng.random() < 0.8 else visit.shift)()
        elif path.t < visit.asleep[1]:
            path.wait(visit.asleep[1])
    if kind in {"hip_lifts", "away_and_back"} and until - begin > 30.0:
        path.wait(path.t + 2.0)
        act()
    path.wait(max(until, path.t + 1.5))


def _company(kind: str, scene: Scene, visit: Visit) -> None:
    """Who or what comes to a person on the mat."""
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
        case _:
            pass


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


# -- a day without ---------------------------------------------------------------------------------------------------


def empty_day(kind: str, seed: int, *, rate: int = 10, duration_s: float = DAY_S) -> Recording:
    """24 hours without a session. Raises KeyError for a class unknown.

    Quiet hours have one reading a second and, every ten minutes, a minute at the full rate; around everything that
    happens all is at the full rate (a load that does not live: for its first and last five minutes).
    """
    if kind not in EMPTY_DAYS:
        raise KeyError(kind)
    rng = chance(kind, seed)
    bad_cell = int(rng.integers(0, CELLS)) if kind == "faults" and rng.random() < 0.5 else None
    scene = Scene(rng, draw_build(rng, rate=rate, drifted_kg=saved_drift(rng), bad_cell=bad_cell), busy=[])
    for _ in range(int(rng.integers(0, 3))):
        opened = float(rng.uniform(0.0, duration_s))
        scene.windows.append((opened, opened + float(rng.uniform(300, 1800)), float(rng.uniform(*WINDOW_C))))
    for at in _times(rng, duration_s, 6.0):
        scene.lay(things.shaken(rng, at, float(rng.uniform(3.0, 60.0)), 0.0))
    for part in ("small_pets", "dog_passes", "things", "child", "hands") if kind == "mixed" else (kind,):
        _fill(part, scene, duration_s, 0.5 if kind == "mixed" else 1.0)
    if kind == "mixed" and rng.random() < 0.3:
        _fill("mat_care", scene, duration_s, 1.0)
    if kind in {"faults", "mixed"}:
        _day_faults(scene, duration_s)
    return scene.record(kind, seed, duration_s)


def _times(rng: Random, duration_s: float, mean: float) -> list[float]:
    """About `mean` moments, not in the first two and the last half hour's minutes."""
    count = int(rng.poisson(mean))
    return sorted(rng.uniform(120.0, max(duration_s - 1800.0, 121.0), count).tolist())


def _fill(kind: str, scene: Scene, duration_s: float, much: float) -> None:
    """What a day of the class brings, `much` times as often. At most one dead or resting load at a time."""
    rng = scene.rng
    free = 0.0

    def long(at: float, mean_s: float) -> float:
        """A time on the mat that ends with the day; 0 while another thing lies there."""
        nonlocal free
        seconds = min(float(rng.exponential(mean_s)) + 30.0, duration_s - at - 120.0)
        if at < free or seconds < 30.0:
            return 0.0
        free = at + seconds + 60.0
        return seconds

    if kind == "small_pets":
        for at in _times(rng, duration_s, 12 * much):
            kg = float(rng.uniform(*(things.CAT_KG if rng.random() < 0.7 else (7.0, 11.5))))
            seconds = long(at, 3600.0) if rng.random() < 0.35 else 0.0
            scene.lay(things.pet_rests(rng, at, kg, seconds) if seconds else things.pet_walks(rng, at, kg))
    elif kind == "dog_passes":
        for at in _times(rng, duration_s, 10 * much):
            kg = float(rng.uniform(12.0, things.DOG_KG[1]))
            scene.lay(things.pet_walks(rng, at, kg))
    elif kind == "dog_lies":
        for at in [600.0 + float(rng.uniform(0.0, 3600.0)), *_times(rng, duration_s, 3 * much)]:
            seconds = long(at, 3600.0)
            if seconds:
                kg = float(rng.uniform(12.0, things.DOG_KG[1]))
                scene.lay(things.pet_rests(rng, at, kg, seconds, "dog lies"))
    elif kind == "things":
        for at in _times(rng, duration_s, 5 * much):
            seconds = long(at, 5400.0)
            if seconds and rng.random() < 0.25:
                scene.lay(things.laundry(rng, at, max(seconds, 120.0)))
            elif seconds:
                kg = float(rng.uniform(*things.BAG_KG))
                scene.lay(things.put_down(rng, at, kg, seconds, str(rng.choice(("bag", "basket", "box")))))
                if rng.random() < 0.3 and seconds > 240.0:
                    shake_at = at + float(rng.uniform(60.0, seconds - 120.0))
                    scene.lay(things.shaken(rng, shake_at, float(rng.uniform(3.0, 60.0)), kg))
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
