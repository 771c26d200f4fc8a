"""A person and a big dog on one mat, for ten days: only a log of usual loads can distinguish them.

The recordings are here; the device that lives through them is handed in. A household's dog is of one weight, and so is
its person, whose load differs by some percent from day to day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from benchmarks.bank import SEEDS, Which
from benchmarks.scenarios import things
from benchmarks.scenarios.cells import draw_build
from benchmarks.scenarios.people import draw_person, start_visit
from benchmarks.scenarios.recording import Recording, Thing
from benchmarks.scenarios.scene import AFTER_S, DAY_S, Scene, chance, saved_drift
from benchmarks.scoring import EDGE_S, Heard, Reported, overlap_s

DAYS: Final = 10
HOUSEHOLDS: Final[dict[Which, int]] = {"tune": 6, "report": 40}
SEEDS_FROM: Final = 90_000
"""The place of their seeds in a set's range: behind all that the bank has."""
KIND: Final = "big dog at home"
DAILY: Final = 0.05  # deviation of a person's share on the mat from one day to the next; chosen, unmeasured
SESSION_S: Final = (90.0, 300.0)
DOG_S: Final = (45.0, 420.0)
VISITS: Final = (1, 3)  # of the dog a day, the upper end left out; chosen

Live = Callable[[Sequence[Recording], bool], Sequence[Heard]]
"""A device with a log lives through a household's days: what it reported of each. True: others on the mat are pets.

The times are those of a household, in seconds from its first day. The stays of a recording are the truth by which a
person would answer a question.
"""


@dataclass(slots=True)
class BigDogs:
    """Counts over households. `counted`: the dog's visit became a session that counts."""

    first_visits: int = 0
    first_counted: int = 0
    later_visits: int = 0
    later_counted: int = 0
    sessions: int = 0
    """Of people."""
    lost: int = 0
    """Of these, the ones that neither count nor are asked about."""
    asked: int = 0
    """Of these, the ones that the person is asked about, with pets."""
    asked_without_pets: int = 0


def household(seed: int, days: int = DAYS) -> list[Recording]:
    """Each day a session of the person and one or two visits of the dog, in any order."""
    rng = chance(KIND, seed)
    build, person = draw_build(rng, drifted_kg=saved_drift(rng)), draw_person(rng)
    dog_kg = float(rng.uniform(*things.BIG_DOG_KG))
    made = []
    for n in range(days):
        scene = Scene(chance(f"{KIND}, day {n}", seed), build)
        comers = ["person", *["dog"] * int(rng.integers(*VISITS))]
        t = float(rng.uniform(60.0, 90.0))
        for comer in rng.permutation(comers).tolist():
            if comer == "dog":
                laid = things.pet_rests(rng, t, dog_kg, float(rng.uniform(*DOG_S)), "dog lies")
                scene.lay(laid)
                t = laid.end_s
            else:
                today = replace(person, lying=person.lying * float(rng.uniform(1.0 - DAILY, 1.0 + DAILY)))
                visit = start_visit(today, rng, "lying", t)
                visit.get_on()
                visit.path.wait(visit.path.t + float(rng.uniform(*SESSION_S)))
                visit.get_off()
                scene.visit(visit)
                t = visit.end_s
            t += float(rng.uniform(150.0, 240.0))
        made.append(later(scene.record(KIND, seed, t + float(rng.uniform(*AFTER_S))), n * DAY_S))
    return made


def later(recording: Recording, by_s: float) -> Recording:
    return replace(
        recording,
        t=recording.t + by_s,
        stays=tuple(stay.later(by_s) for stay in recording.stays),
        things=tuple(replace(it, start_s=it.start_s + by_s, end_s=it.end_s + by_s) for it in recording.things),
    )


def seeds(which: Which) -> range:
    return SEEDS[which][SEEDS_FROM : SEEDS_FROM + HOUSEHOLDS[which]]


def big_dogs(which: Which, live: Live) -> BigDogs:
    """All households of a set, each lived through twice: with others on the mat "pets", and with "no"."""
    result = BigDogs()
    for seed in seeds(which):
        days = household(seed)
        for pets in (True, False):
            for n, (recording, heard) in enumerate(zip(days, live(days, pets), strict=True)):
                _judge(result, recording, heard, pets=pets, first=n == 0)
    return result


def _judge(result: BigDogs, recording: Recording, heard: Heard, *, pets: bool, first: bool) -> None:
    for stay in recording.sessions:
        own = [one for one in heard.sessions if overlap_s(one, stay) > EDGE_S]
        if not pets:
            result.asked_without_pets += any(one.asked for one in own)
            continue
        result.sessions += 1
        result.asked += any(one.asked for one in own)
        result.lost += bool(own) and not any(one.counts or one.asked for one in own)
    if not pets:
        return
    for thing in recording.things:
        counted = any(one.counts and _of_dog(one, thing, recording) for one in heard.sessions)
        if first:
            result.first_visits += 1
            result.first_counted += counted
        else:
            result.later_visits += 1
            result.later_counted += counted


def _of_dog(session: Reported, thing: Thing, recording: Recording) -> bool:
    overlap = min(session.end_s, thing.end_s) - max(session.start_s, thing.start_s)
    return overlap > EDGE_S and not any(overlap_s(session, stay) > EDGE_S for stay in recording.stays)
