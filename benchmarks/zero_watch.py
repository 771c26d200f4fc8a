"""A year of a household, judged from outside: the zero against the true empty load, what is reported against the truth.

A failing cell drifts until it is repaired; errors in that time are counted apart, and the first of them is compared
with the moment when "check the mat" was reported. In quiet hours only one minute in ten has enough readings to learn
from (benchmarks.scenarios.loads), so what the device learns in ten minutes it learns here in up to a hundred: later,
never sooner.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from math import inf
from typing import TYPE_CHECKING, Final

from benchmarks.scenarios.recording import Recording, Stay, Thing
from benchmarks.scenarios.scene import DAY_S
from benchmarks.scenarios.seasons import REPAIR_TAKES_S, Day, Walk, Year, days_of
from benchmarks.scoring import EDGE_S, ERRORS, Heard, overlap_s, score
from benchmarks.zero_told import MOVED_KG, Outcome, counted
from benchmarks.zero_without import AS_IT_IS, ZeroVariant
from matpi.core.events import Reading
from matpi.core.presence.zero import ZeroWord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

COMPARE_S: Final = 10.0
"""The truth about the empty mat is the median of so many seconds of readings: 3 g noise becomes 0.3 g."""
COMPARE_EVERY_S: Final = 600.0
COMPARE_AFTER_S: Final = (35.0, 60.0, 120.0, 300.0, 600.0, 850.0)
"""After a session, as long as the simulator has the full rate."""
CARE_S: Final = 6 * 3600.0
"""From the lifting of a mat until a wet one has dried: the empty mat weighs something else then."""
SOON_S: Final = 900.0
HAND_S: Final = (150.0, REPAIR_TAKES_S - 60.0)
"""After a repair the person sets the zero; where a load seems to be on the mat, so that there is no menu, once more."""
THING_S: Final = 3 * 3600.0
"""The zero follows a thing of 3 kg in ten minutes, and back in ten; here only one minute in ten is there to do so."""


class Watch:
    def __init__(self, year: Year, variant: ZeroVariant = AS_IT_IS) -> None:
        self.year = year
        self.home = variant.household(calibrated=year.calibrated)
        self.stays: list[Stay] = []
        self.things: list[Thing] = []
        self.edges: list[tuple[NDArray[np.float64], NDArray[np.bool_]]] = []
        """Time and flag of the readings about each stay: what its edges are judged by."""
        self.care: list[tuple[float, float]] = []
        self.cuts = 0
        self.off_kg = {"quiet": 0.0, "session": 0.0, "thing": 0.0, "care": 0.0, "drift": 0.0}
        self.moved = self.refused = 0
        self.reported_at: list[float] = []
        """Each time when "check the mat" was first seen, at the moments of `_moments`."""
        self._reported = False
        self.drift_reported_at: float | None = None
        """The first moment of the drift when it is reported with nothing on the mat."""
        self._repaired = year.walk is None
        self._zero_set: bool | None = None
        """By hand after the repair; False when it was refused, None before."""

    def run(self, days: Iterable[Day]) -> None:
        for day in days:
            self.run_day(day)
        self.home.tick(self.year.days * DAY_S + 90.0)

    def run_day(self, day: Day) -> None:
        recording = day.recording
        t, total = recording.t, recording.kg.sum(axis=1)
        self.stays += recording.stays
        self.things += recording.things
        self.care += day.care
        self.cuts += len(day.cuts)
        for stay in recording.stays:
            rows = slice(*t.searchsorted((stay.start_s - 5.0, stay.end_s + 5.0)))
            self.edges.append((t[rows].copy(), recording.flagged[rows].copy()))
        under: float | None = None
        low = 0
        for at, what in self._moments(day):
            high = int(t.searchsorted(at))
            self._feed(recording, low, high)
            before, low = low, high
            zero = self.home.device.presence.zero
            match what:
                case "on":
                    self.home.restart(at)
                    under = None if under is None else self.home.device.presence.zero.total_kg
                case "hand":
                    self._set_zero(at)
                case "touch":
                    under = zero.total_kg
                case "left":
                    if under is not None and abs(zero.total_kg - under) > MOVED_KG:
                        self.moved += 1
                    under = None
                case "compare":
                    first = max(before, int(t.searchsorted(at - COMPARE_S)))
                    self._compare(at, total[first:high])
                case _:
                    pass
            self.check(at)

    def _set_zero(self, at: float) -> None:
        """At the first of `HAND_S` that has a menu; refused when none of them has."""
        if self._zero_set is not True:
            again, self._zero_set = self._zero_set is False, self.home.zero_by_hand(at)
            self.refused += again and not self._zero_set

    def _moments(self, day: Day) -> list[tuple[float, str]]:
        """When to pause the readings, and what to do then."""
        begin = float(int(day.recording.t[0] // DAY_S)) * DAY_S
        stays = day.recording.stays
        moments = [(stay.start_s, "touch") for stay in stays] + [(stay.end_s, "left") for stay in stays]
        compared = [begin + 59.5 + n * COMPARE_EVERY_S for n in range(int(DAY_S / COMPARE_EVERY_S))]
        compared += [stay.end_s + after for stay in stays for after in COMPARE_AFTER_S]
        away = [*day.cuts, *((stay.start_s, stay.end_s + 25.0) for stay in stays)]
        away += [(it.start_s, it.end_s + 1.0) for it in day.recording.things]
        moments += [
            (at, "compare" if not any(off < at and at - COMPARE_S < on for off, on in away) else "check")
            for at in compared
        ]
        moments += [(on, "on") for _, on in day.cuts]
        repaired = self.year.walk.repaired_s if self.year.walk else inf
        if not self._repaired and begin <= repaired < begin + DAY_S:
            self._repaired = True
            moments += [(repaired, "on"), *((repaired + after, "hand") for after in HAND_S)]
        return sorted([*moments, (begin + DAY_S, "end")])

    def _feed(self, recording: Recording, low: int, high: int) -> None:
        rows = slice(low, high)
        kg = zip(*recording.kg[rows].T.tolist(), strict=True)
        self.home.listen(map(Reading, recording.t[rows].tolist(), kg, (~recording.flagged[rows]).tolist()))

    def _compare(self, at: float, kg: NDArray[np.float64]) -> None:
        """Compare the zero with the true load of the empty mat."""
        import numpy as np

        if len(kg) < 4 * COMPARE_S or self.home.device.presence.zero.seeking:
            return
        kind = "quiet"
        if self.drifting(at):
            kind = "drift"
        elif any(off <= at <= on + CARE_S for off, on in self.care[-2:]):
            kind = "care"
        elif any(0.0 <= at - stay.end_s <= SOON_S for stay in self.stays[-4:]):
            kind = "session"
        elif any(0.0 <= at - it.end_s <= THING_S for it in self.things[-4:]):
            kind = "thing"
        off_kg = abs(self.home.device.presence.zero.total_kg - float(np.median(kg)))
        self.off_kg[kind] = max(self.off_kg[kind], off_kg)

    def check(self, at: float) -> None:
        reported = self.home.device.presence.zero.word == ZeroWord.CHECK
        if reported and not self._reported:
            self.reported_at.append(at)
        self._reported = reported
        if reported and self.drift_reported_at is None and self.drifting(at) and not self._thing_at(at):
            self.drift_reported_at = at

    def _thing_at(self, at: float) -> bool:
        return any(it.start_s <= at <= it.end_s for it in self.things)

    def drifting(self, at: float) -> bool:
        drift = self.year.walk
        return drift is not None and drift.begin_s <= at <= drift.repaired_s + 600.0

    # -- result ---------------------------------------------------------------------------------------------------

    def outcome(self, seconds: float) -> Outcome:
        import numpy as np

        t = np.concatenate([np.empty(0), *(t for t, _ in self.edges)])
        flagged = np.concatenate([np.empty(0, dtype=np.bool_), *(flagged for _, flagged in self.edges)])
        name, nothing = f"year {self.year.seed}", np.empty((len(t), 0))
        stays, things, end = tuple(self.stays), tuple(self.things), self.year.days * DAY_S
        whole = Recording(name, "year", self.year.seed, 10, t, nothing, flagged, stays, things, end)
        heard = Heard(tuple(self.home.sessions), (), tuple(self.home.objects))
        faults = [fault for fault in score(whole, heard).faults if fault.kind in ERRORS]
        sound = [fault for fault in faults if not self.drifting(fault.at_s)]
        failing = [fault for fault in faults if self.drifting(fault.at_s)]
        judged = whole.sessions
        lengths = [self._length_error(stay) for stay in judged if not self.drifting(stay.start_s)]
        known = [error for error in lengths if error is not None]
        reported = [at for at in self.reported_at if not self.drifting(at)]
        cared = [at for at in reported if any(off <= at <= on + CARE_S for off, on in self.care)]
        laid = [at for at in reported if at not in cared and self._thing_at(at)]
        made = {
            "seed": self.year.seed,
            "days": self.year.days,
            "calibrated": self.year.calibrated,
            "sessions": len(lengths),
            "found": sum(
                any(overlap_s(one, stay) > 0.0 for one in heard.sessions)
                for stay in judged
                if not self.drifting(stay.start_s)
            ),
            "errors": counted(fault.kind for fault in sound),
            "worst_length_error_s": round(max(known, default=0.0), 2),
            "zero_off_kg": round(self.off_kg["quiet"], 3),
            "zero_off_session_kg": round(self.off_kg["session"], 3),
            "zero_off_thing_kg": round(self.off_kg["thing"], 3),
            "zero_off_care_kg": round(self.off_kg["care"], 3),
            "moved_under_person": self.moved,
            "refused": self.refused,
            "checks": len(reported) - len(cared) - len(laid),
            "checks_care": len(cared),
            "checks_thing": len(laid),
            "power_cuts": self.cuts,
            "faults": tuple(
                f"{'failing, ' if self.drifting(f.at_s) else ''}{f.kind} on day {f.at_s / DAY_S:.3f}: {f.about}"
                for f in sorted(faults, key=lambda fault: fault.at_s)
            ),
            "seconds": round(seconds, 1),
        }
        if self.year.walk is not None:
            made |= self._of_drift(self.year.walk, [(f.at_s, f.kind) for f in failing], judged)
        return Outcome(**made)  # type: ignore[arg-type]

    def _of_drift(self, drift: Walk, failing: list[tuple[float, str]], judged: Sequence[Stay]) -> dict[str, object]:
        import numpy as np

        reported = self.drift_reported_at
        error, kind = min(failing, default=(None, ""))
        return {
            "drift_kg": round(drift.kg, 2),
            "drift_kg_h": round(abs(drift.kg) / (drift.end_s - drift.begin_s) * 3600.0, 3),
            "drift_sessions": sum(self.drifting(stay.start_s) for stay in judged),
            "drift_errors": counted(kind for _, kind in failing),
            "reported_h": None if reported is None else round((reported - drift.begin_s) / 3600.0, 2),
            "reported_kg": None
            if reported is None
            else round(float(drift.kg * drift.part(np.array([reported]))[0]), 2),
            "error_h": None if error is None else round((error - drift.begin_s) / 3600.0, 2),
            "error": kind,
        }

    def _length_error(self, stay: Stay) -> float | None:
        """Beyond the shortest and the longest right length; None where it is not one session, or closed by the cap."""
        own = [one for one in self.home.sessions if overlap_s(one, stay) > EDGE_S]
        if len(own) != 1 or own[0].capped:
            return None
        length_s = own[0].end_s - own[0].start_s
        return max(0.0, stay.left_s - stay.on_s - length_s, length_s - (stay.off_s - stay.touch_s))


def run_year(year: Year, variant: ZeroVariant = AS_IT_IS, day_done: Callable[[], object] = lambda: None) -> Outcome:
    begin = time.perf_counter()
    watch = Watch(year, variant)

    def days() -> Iterable[Day]:
        for day in days_of(year):
            yield day
            day_done()

    watch.run(days())
    return watch.outcome(time.perf_counter() - begin)
