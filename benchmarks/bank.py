"""The scenario bank of the presence benchmarks: which recordings, of which seeds, made whenever asked for.

Rules are tuned on `tune` and reported on `report`; the seeds of the two never meet. Run alone it prints one JSON line:
how many there are and how quickly they are made.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from benchmarks.scenarios import days, waveforms
from benchmarks.scenarios.recording import Recording

Which = Literal["tune", "report"]
Part = Literal["sessions", "days", "recorded"]

SEEDS: Final[dict[str, range]] = {"tune": range(61_000_000, 61_100_000), "report": range(85_000_000, 85_100_000)}
"""A recording's seed is the next of its set's range, class by class in the order below, sessions before days. Earlier
versions of this bank used 1,000,000 to 5,100,000 and 83,000,000 to 83,100,000."""

SESSIONS: Final = {
    "plain": 320, "slow": 220, "in_steps": 300, "sit_first": 160, "fidget": 240, "hip_lifts": 240, "sits_up": 300,
    "asleep": 220, "calm": 240, "light_calm": 420, "half_on": 340, "breath_held": 200, "roll": 140, "cough": 100,
    "away_and_back": 220, "hand_after": 60, "two_sessions": 90, "second_person": 140, "pillow": 120, "pet_comes": 140,
    "bag_under": 100, "bag_after": 120, "stays_behind": 220, "big_dog_stays": 100, "drift": 180, "bad_cell": 140,
    "glitches": 180, "dropouts": 160, "boot": 120, "machine_before": 180, "standing": 120, "sitting": 110, "short": 120,
    "one_bridge": 120, "calves": 260,
}  # fmt: skip
"""Recordings a class in the report set. The tune set has a twelfth."""
EMPTY_DAYS: Final = {
    "busy_hours": 75, "still": 6, "small_pets": 16, "dog_passes": 6, "dog_lies": 10, "things": 16, "machine": 45,
    "child": 8, "mat_care": 8, "faults": 14, "hands": 8, "mixed": 16,
}  # fmt: skip
"""Recordings a class in the report set, of a day, of four hours (busy_hours) or of two (machine). The tune set has a
sixth."""
RECORDED: Final = 20
"""Recordings of each real waveform, where there is one. The tune set has a fifth."""
PART_OF: Final = {
    "report": {"sessions": 1, "days": 1, "recorded": 1},
    "tune": {"sessions": 12, "days": 6, "recorded": 5},
}


@dataclass(frozen=True, slots=True)
class Job:
    """One recording to be made: small enough to be sent to another process."""

    part: Part
    kind: str
    seed: int
    folder: Path | None = None
    duration_s: float | None = None
    """Of an empty day, instead of its own."""

    def make(self) -> Recording | None:
        """None for a real waveform that is not there."""
        if self.part == "sessions":
            return days.session(self.kind, self.seed)
        if self.part == "days":
            return days.empty_day(self.kind, self.seed, duration_s=self.duration_s)
        assert self.folder is not None
        lay = waveforms.standing if self.kind == "recorded_standing" else waveforms.presses
        return lay(self.folder, self.seed)


def jobs(which: Which, part: Part, *, folder: Path | None = None) -> list[Job]:
    """All of a part, class by class. "recorded" is empty without the `folder` of real recordings."""
    seeds = iter(SEEDS[which])
    made: list[Job] = []
    kinds: dict[Part, dict[str, int]] = {
        "sessions": SESSIONS,
        "days": EMPTY_DAYS,
        "recorded": {"recorded_standing": RECORDED, "recorded_presses": RECORDED},
    }
    for each, counts in kinds.items():
        for kind, count in counts.items():
            some = -(-count // PART_OF[which][each])
            made += [Job(each, kind, next(seeds), folder) for _ in range(some) if each != "recorded" or folder]
    return [job for job in made if job.part == part]


def recordings(
    which: Which, part: Part = "sessions", *, share: tuple[int, int] = (0, 1), folder: Path | None = None
) -> Iterator[Recording]:
    """The recordings of a part; `share` (k, n) gives every n-th from the k-th on, for n processes."""
    first, step = share
    for job in jobs(which, part, folder=folder)[first::step]:
        recording = job.make()
        if recording is not None:
            yield recording


def speed(part: Part, every: int) -> dict[str, float]:
    """Made of every so many-th of the tune set: nanoseconds of processor a reading and channel, and how many."""
    values, begin = 0, time.process_time()
    for recording in recordings("tune", part, share=(0, every)):
        values += recording.kg.size
    return {"ns_per_value": round((time.process_time() - begin) / values * 1e9), "values": values}


def main() -> None:
    figures = {
        "figure": "scenario bank",
        **{f"{which}_{part}": len(jobs(which, part)) for which in ("report", "tune") for part in ("sessions", "days")},
        "sessions": speed("sessions", 8),
        "days": speed("days", 16),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
