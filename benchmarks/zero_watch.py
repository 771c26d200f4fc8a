"""A year lived by a household, looked on from outside: at the zero, at the truth, at what is told.

A failing cell walks away until it is repaired; errors in that time are counted apart, and the first of them is held
against the moment when "check the mat" was told. In quiet hours only one minute in ten has enough readings to learn
from (benchmarks.scenarios.loads), so what the device learns in ten minutes it learns here in up to a hundred: later,
never sooner.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING, Final

from benchmarks.household import Household
from benchmarks.scenarios.recording import Recording, Stay, Thing
from benchmarks.scenarios.scene import DAY_S
from benchmarks.scenarios.seasons import REPAIR_TAKES_S, Day, Walk, Year, days_of
from benchmarks.scoring import EDGE_S, ERRORS, Heard, overlap_s, score
from benchmarks.zero_told import MOVED_KG, Outcome, counted
from matpi.core.events import Reading
from matpi.core.presence.detector import Presence
from matpi.core.presence.zero import ZeroWord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LOOK_S: Final = 10.0
"""The truth about the empty mat is the median of so many seconds of readings: 3 g noise becomes 0.3 g."""
LOOK_EVERY_S: Final = 600.0
LOOK_AFTER_S: Final = (35.0, 60.0, 120.0, 300.0, 600.0, 850.0)
"""After a session, as long as the simulator has the full rate."""
CARE_S: Final = 6 * 3600.0
"""From the lifting of a mat until a wet one has dried: the empty mat weighs something else then."""
SOON_S: Final = 900.0
THING_S: Final = 3 * 3600.0
"""The zero follows a thing of 3 kg in ten minutes, and back in ten; here only one minute in ten is there to do so."""


class Watch:
    def __init__(self, year: Year, presence: type[Presence] = Presence) -> None:
        self.year = year
        self.home = Household(0.0, calibrated=year.calibrated, presence=presence)
        self.stays: list[Stay] = []
        self.things: list[Thing] = []
        self.heard_t: list[NDArray[np.float64]] = []
        self.care: list[tuple[float, float]] = []
        self.cuts = 0
        self.off_kg = {"quiet": 0.0, "session": 0.0, "thing": 0.0, "care": 0.0, "walk": 0.0}
        self.moved = 0
        self.told_at: list[float] = []
        """Each time when "check the mat" began to be told, as far as it was looked at."""
        self._telling = False
        self.walk_told_at: float | None = None
        """The first moment of the walk when it is told with nothing on the mat."""
        self._repaired = year.walk is None

    def live(self, days: Iterable[Day]) -> None:
        for day in days:
            self.live_day(day)
        self.home.tick(self.year.days * DAY_S + 90.0)

    def live_day(self, day: Day) -> None:
        recording = day.recording
        t, total = recording.t, recording.kg.sum(axis=1)
        self.stays += recording.stays
        self.things += recording.things
        self.care += day.care
        self.cuts += len(day.cuts)
        self.heard_t += [
            t[slice(*t.searchsorted((stay.start_s - 5.0, stay.end_s + 5.0)))].copy() for stay in recording.stays
        ]
        under: float | None = None
        low = 0
        for at, what in self._moments(day):
            high = int(t.searchsorted(at))
            self._feed(recording, low, high)
            look, low = low, high
            zero = self.home.device.presence.zero
            match what:
                case "on":
                    self.home.restart(at)
                    under = None if under is None else self.home.device.presence.zero.total_kg
                case "hand":
                    self.home.zero_by_hand(at)
                case "touch":
                    under = zero.total_kg
                case "left":
                    if under is not None and abs(zero.total_kg - under) > MOVED_KG:
                        self.moved += 1
                    under = None
                case "look":
                    first = max(look, int(t.searchsorted(at - LOOK_S)))
                    self._look(at, total[first:high])
                case _:
                    pass
            self.hear(at)

    def _moments(self, day: Day) -> list[tuple[float, str]]:
        """When to stop feeding and do or look at something."""
        begin = float(int(day.recording.t[0] // DAY_S)) * DAY_S
        stays = day.recording.stays
        moments = [(stay.start_s, "touch") for stay in stays] + [(stay.end_s, "left") for stay in stays]
        looks = [begin + 59.5 + n * LOOK_EVERY_S for n in range(int(DAY_S / LOOK_EVERY_S))]
        looks += [stay.end_s + after for stay in stays for after in LOOK_AFTER_S]
        away = [*day.cuts, *((stay.start_s, stay.end_s + 25.0) for stay in stays)]
        away += [(it.start_s, it.end_s + 1.0) for it in day.recording.things]
        moments += [
            (at, "look" if not any(off < at and at - LOOK_S < on for off, on in away) else "hear") for at in looks
        ]
        moments += [(on, "on") for _, on in day.cuts]
        repaired = self.year.walk.repaired_s if self.year.walk else inf
        if not self._repaired and begin <= repaired < begin + DAY_S:
            self._repaired = True
            moments += [(repaired, "on"), (repaired + REPAIR_TAKES_S / 2, "hand")]
        return sorted([*moments, (begin + DAY_S, "end")])

    def _feed(self, recording: Recording, low: int, high: int) -> None:
        rows = slice(low, high)
        kg = zip(*recording.kg[rows].T.tolist(), strict=True)
        self.home.listen(map(Reading, recording.t[rows].tolist(), kg, (~recording.flagged[rows]).tolist()))

    def _look(self, at: float, kg: NDArray[np.float64]) -> None:
        """The zero against the empty mat itself."""
        import numpy as np

        if len(kg) < 4 * LOOK_S or self.home.device.presence.zero.seeking:
            return
        kind = "quiet"
        if self.walking(at):
            kind = "walk"
        elif any(off <= at <= on + CARE_S for off, on in self.care[-2:]):
            kind = "care"
        elif any(0.0 <= at - stay.end_s <= SOON_S for stay in self.stays[-4:]):
            kind = "session"
        elif any(0.0 <= at - it.end_s <= THING_S for it in self.things[-4:]):
            kind = "thing"
        off_kg = abs(self.home.device.presence.zero.total_kg - float(np.median(kg)))
        self.off_kg[kind] = max(self.off_kg[kind], off_kg)

    def hear(self, at: float) -> None:
        telling = self.home.device.presence.zero.word == ZeroWord.CHECK
        if telling and not self._telling:
            self.told_at.append(at)
        self._telling = telling
        if telling and self.walk_told_at is None and self.walking(at) and not self._thing_at(at):
            self.walk_told_at = at

    def _thing_at(self, at: float) -> bool:
        return any(it.start_s <= at <= it.end_s for it in self.things)

    def walking(self, at: float) -> bool:
        walk = self.year.walk
        return walk is not None and walk.begin_s <= at <= walk.repaired_s + 600.0

    # -- what came of it -------------------------------------------------------------------------------------------

    def outcome(self, seconds: float) -> Outcome:
        import numpy as np

        t = np.concatenate(self.heard_t) if self.heard_t else np.empty(0)
        name, nothing, good = f"year {self.year.seed}", np.empty((len(t), 0)), np.zeros(len(t), dtype=np.bool_)
        stays, things, end = tuple(self.stays), tuple(self.things), self.year.days * DAY_S
        whole = Recording(name, "year", self.year.seed, 10, t, nothing, good, stays, things, end)
        heard = Heard(tuple(self.home.sessions), (), tuple(self.home.objects))
        faults = [fault for fault in score(whole, heard).faults if fault.kind in ERRORS]
        sound = [fault for fault in faults if not self.walking(fault.at_s)]
        failing = [fault for fault in faults if self.walking(fault.at_s)]
        judged = whole.sessions
        lengths = [self._length_error(stay) for stay in judged if not self.walking(stay.start_s)]
        known = [error for error in lengths if error is not None]
        told = [at for at in self.told_at if not self.walking(at)]
        cared = [at for at in told if any(off <= at <= on + CARE_S for off, on in self.care)]
        laid = [at for at in told if at not in cared and self._thing_at(at)]
        made = {
            "seed": self.year.seed,
            "days": self.year.days,
            "calibrated": self.year.calibrated,
            "sessions": len(lengths),
            "found": sum(
                any(overlap_s(one, stay) > 0.0 for one in heard.sessions)
                for stay in judged
                if not self.walking(stay.start_s)
            ),
            "errors": counted(fault.kind for fault in sound),
            "worst_length_error_s": round(max(known, default=0.0), 2),
            "zero_off_kg": round(self.off_kg["quiet"], 3),
            "zero_off_session_kg": round(self.off_kg["session"], 3),
            "zero_off_thing_kg": round(self.off_kg["thing"], 3),
            "zero_off_care_kg": round(self.off_kg["care"], 3),
            "moved_under_somebody": self.moved,
            "checks": len(told) - len(cared) - len(laid),
            "checks_care": len(cared),
            "checks_thing": len(laid),
            "power_cuts": self.cuts,
            "faults": tuple(
                f"{'failing, ' if self.walking(f.at_s) else ''}{f.kind} on day {f.at_s / DAY_S:.3f}: {f.about}"
                for f in sorted(faults, key=lambda fault: fault.at_s)
            ),
            "seconds": round(seconds, 1),
        }
        if self.year.walk is not None:
            made |= self._of_walk(self.year.walk, [(f.at_s, f.kind) for f in failing], judged)
        return Outcome(**made)  # type: ignore[arg-type]

    def _of_walk(self, walk: Walk, failing: list[tuple[float, str]], judged: Sequence[Stay]) -> dict[str, object]:
        import numpy as np

        told = self.walk_told_at
        cost, kind = min(failing, default=(None, ""))
        return {
            "walk_kg": round(walk.kg, 2),
            "walk_kg_h": round(abs(walk.kg) / (walk.end_s - walk.begin_s) * 3600.0, 3),
            "walk_sessions": sum(self.walking(stay.start_s) for stay in judged),
            "walk_errors": counted(kind for _, kind in failing),
            "told_h": None if told is None else round((told - walk.begin_s) / 3600.0, 2),
            "told_kg": None if told is None else round(float(walk.kg * walk.part(np.array([told]))[0]), 2),
            "cost_h": None if cost is None else round((cost - walk.begin_s) / 3600.0, 2),
            "cost": kind,
        }

    def _length_error(self, stay: Stay) -> float | None:
        """None where it was not told as one session, or closed by the cap."""
        own = [one for one in self.home.sessions if overlap_s(one, stay) > EDGE_S]
        if len(own) != 1 or own[0].capped:
            return None
        return abs(own[0].end_s - own[0].start_s - stay.length_s)


def through(
    year: Year, presence: type[Presence] = Presence, a_day_over: Callable[[], object] = lambda: None
) -> Outcome:
    begin = time.perf_counter()
    watch = Watch(year, presence)

    def days() -> Iterable[Day]:
        for day in days_of(year):
            yield day
            a_day_over()

    watch.live(days())
    return watch.outcome(time.perf_counter() - begin)
