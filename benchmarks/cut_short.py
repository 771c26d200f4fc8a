"""Things and people that lie there for little over half a minute, which the bank has none of. JSON lines.

Made of the bank's, of tune seeds that the bank does not use: the middle of the stay is taken out, and what comes
behind it shifted in time and weight so that nothing jumps there. Coming, being put straight and leaving are as they
were. Told with the device as it is, and without the part of the rule that is for such things.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count

import numpy as np

from benchmarks.bank import Job, Part
from benchmarks.scenarios.recording import SESSION_S, Recording
from benchmarks.scoring import OBJECT_KG
from benchmarks.under_test import AS_IT_IS, VARIANTS, Variant, heard_by_matpi

FIRST_SEED = 1_050_000
RECORDINGS = 24
"""A class."""
THINGS, PEOPLE = ("things", "mixed"), ("plain", "slow", "asleep", "bad_cell", "drift", "sitting", "standing")
DEAD = frozenset({"bag", "basket", "box", "laundry"})
LENGTHS_S = (31.5, 34.5, 37.5, 40.5)
BEFORE_S, BEHIND_S = 120.0, 60.0
"""Of the empty mat: long enough for its noise to be learnt, and for a session to be closed."""
WITHOUT = next(variant for variant in VARIANTS if variant.without == "a body moves, however short")


def cut_short(recording: Recording, start_s: float, end_s: float, length_s: float) -> Recording:
    """One stay of the recording, `length_s` long."""
    t = recording.t
    ahead = (t >= start_s - BEFORE_S) & (t < start_s + length_s / 2)
    behind = (t >= end_s - length_s / 2) & (t < end_s + BEHIND_S)
    window = int(recording.rate * (4 if recording.stays else 1))  # a breath, or less than a cell creeps
    one, two = recording.kg[ahead], recording.kg[behind]
    two = two - np.median(two[:window], axis=0) + np.median(one[-window:], axis=0)
    times = np.concatenate([t[ahead], t[behind] - (end_s - start_s - length_s)])
    flags = np.concatenate([recording.flagged[ahead], recording.flagged[behind]])
    kg = np.concatenate([one, two])
    return replace(recording, t=times, kg=kg, flagged=flags, stays=(), things=(), duration_s=float(np.ptp(times)))


def alone(recording: Recording) -> Iterator[tuple[float, float]]:
    """Start and end of each stay of a person, or of each dead thing that nothing else lies beside."""
    for stay in recording.stays:
        if stay.length_s > 2 * SESSION_S:
            yield stay.start_s, stay.end_s
    for thing in recording.things:
        start_s, end_s = thing.start_s, thing.end_s
        beside = any(
            other is not thing and other.start_s < end_s + BEHIND_S and other.end_s > start_s - BEFORE_S
            for other in recording.things
        )
        if thing.kind in DEAD and thing.kg >= OBJECT_KG and end_s - start_s > 2 * SESSION_S and not beside:
            yield start_s, end_s


def jobs_of(part: Part, kinds: Sequence[str]) -> list[Job]:
    seeds = count(FIRST_SEED)
    return [Job(part, kind, next(seeds)) for kind in kinds for _ in range(RECORDINGS)]


def sessions_of(jobs: list[Job], variants: tuple[Variant, ...]) -> tuple[int, list[int]]:
    """How many stays were cut short, and how many of them each variant told as a session."""
    stays, told = 0, [0] * len(variants)
    for job in jobs:
        recording = job.make()
        assert recording is not None
        for start_s, end_s in alone(recording):
            for length_s in LENGTHS_S:
                short = cut_short(recording, start_s, end_s, length_s)
                stays += 1
                for n, variant in enumerate(variants):
                    told[n] += bool(heard_by_matpi(short, variant).sessions)
    return stays, told


def main() -> None:
    for who, jobs in (("things", jobs_of("days", THINGS)), ("people", jobs_of("sessions", PEOPLE))):
        stays, (as_it_is, without) = sessions_of(jobs, (AS_IT_IS, WITHOUT))
        figure = {"figure": f"cut short: {who} told as a session", "value": as_it_is, "of": stays}
        print(json.dumps({**figure, "without the rule": without, "target": 0 if who == "things" else stays}))


if __name__ == "__main__":
    main()
