"""Define the routines: how long a session is, what the screen says when, and how light a load may be.

Data and pure functions of it, without a word of any language. Times are seconds on the mat: they stop while the person
is away. "article 26" is row 26 of docs/dev/programme.md. Decided here where the article is silent:

- Of the plan's range and the routine's, the smaller bound wins on either side: feet stay at 3 min on a day of 15 to 20,
  and a first day stays at 5 min in a routine of 10. Only the plan's lower bound makes the *day* done.
- A guided routine that the plan's range shortens keeps its first and last phase; the one between them gives way.
- "Done" is the day's, with all its sessions, and silent; it is left out in the last minute, and in a guided routine,
  which has the article's cues and no others. Its last phase announces the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from math import inf
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from matpi.core.plan.breathing import CYCLE_S, CYCLES_MAX, CYCLES_MIN
from matpi.core.plan.programme import Plan

SOON_S: Final = 60.0  # docs/dev/behaviour.md 2: "1 min, then up slowly" this long before the upper bound (article 58)
OVER_S: Final = 300.0  # chosen: "please get up slowly" this long after "enough", long before the cap of 45 min
DONE_SHOWN_S: Final = 60.0  # docs/dev/behaviour.md 2: a quiet "done for today"
BREATH_FROM_DAY, BREATH_LONG_FROM_DAY = 8, 11  # article 21, and the table of the plan; that it grows is chosen
BED_WINDOW_MIN: Final = (30, 60)  # article 41: this long before going to bed


class Says(StrEnum):
    """What the screen says in time; the value is the key of the text (`phases` in the catalogues)."""

    SHARP = "sharp"
    SETTLING = "settling"
    WARMTH = "warmth"
    DEEP_CALM = "deep_calm"
    SETTLE = "settle"
    STILL = "still"
    BREATHE_THEN_UP = "breathe_then_up"
    FOUR_SIX = "four_six"
    STRETCH = "stretch"
    WATER = "water"
    SOON = "soon"
    ENOUGH = "enough"
    OVER = "over"
    DONE = "done"


class Area(StrEnum):
    """Where the mat presses (articles 14, 88)."""

    UPPER_BACK = "upper back"
    LOWER_BACK = "lower back"
    NECK = "neck and shoulders"
    SEAT = "seat"
    CALVES = "calves"
    FEET = "feet"
    CALVES_OR_BACK = "calves or back"


_BACK_KG: Final = 12.0  # docs/dev/behaviour.md 1
# Loads above the zero, in kg, where they differ from the config's "on" (12 kg: the trunk alone is 20 kg at 45 kg).
# Shares of the body: Plagenhoef et al. 1983 (head and neck 8.2-9.0 %, trunk 45-47 %, two shanks and feet 12.4-13.4 %).
# None is measured on a mat; 45 kg is taken as the lightest person.
_ON_KG: Final[Mapping[Area, float]] = MappingProxyType(
    {
        Area.NECK: 9.0,  # head and a third of the trunk, 23 %: 10.5 kg; off at 4.5 kg, so that a cat does not hold it
        Area.CALVES: 4.0,  # docs/dev/behaviour.md 1: 5.6 kg at 45 kg, of which the knees and the seat carry some
        Area.FEET: 20.0,  # standing is the whole weight, less what the hand at the wall takes; over a full bag of 15 kg
        Area.CALVES_OR_BACK: 4.0,  # the lighter of the two
    }
)


class CueKind(StrEnum):
    PHASE = "phase"
    DONE = "done"
    SOON = "soon"
    ENOUGH = "enough"
    OVER = "over"


CHIMED: Final = frozenset({CueKind.PHASE, CueKind.SOON, CueKind.ENOUGH, CueKind.OVER})
"""What a chime marks for closed eyes. "Done" is silent: it is no reason to get up."""
_RANK: Final = (CueKind.DONE, CueKind.PHASE, CueKind.SOON, CueKind.OVER, CueKind.ENOUGH)
"""Of two cues at the same time the later in this order is given; the screen says "done" either way."""


class Phase(Struct, frozen=True):
    start_s: float  # from the start; below 0: before the end
    says: Says


class Cue(Struct, frozen=True):
    at_s: float
    kind: CueKind
    says: Says


class PhaseText(Struct, frozen=True):
    says: Says
    kind: CueKind
    until_s: float  # from then on it may say something else; inf: never


class Pacer(Struct, frozen=True):
    """The 4-6 breath as a part of a routine."""

    start_s: float
    cycles: int

    @property
    def end_s(self) -> float:
        return self.start_s + self.cycles * CYCLE_S


class Routine(Struct, frozen=True):
    name: str  # stored in the log, so never renamed; the key of its title and its advice (`routines` in the catalogues)
    area: Area
    lower_min: int
    upper_min: int  # the area's cap; for the plan itself both are what no day of it exceeds
    phases: tuple[Phase, ...]
    guided: bool = False  # it has cues of its own, and its last phase announces the end
    off_mat: tuple[Phase, ...] = ()  # what follows off the mat, from getting up on; the last one ends it

    def on_kg(self, default_kg: float) -> float:
        """Return the presence threshold of this routine; `default_kg` is the configured one for the back."""
        own = _ON_KG.get(self.area)
        if own is None:
            return default_kg
        return min(own, default_kg) if own < _BACK_KG else max(own, default_kg)


# Articles 8-11 and 13; nothing is named past 15 min (article 12), "deep_calm" is this project's word.
_FELT = (Phase(0.0, Says.SHARP), Phase(120.0, Says.SETTLING), Phase(300.0, Says.WARMTH), Phase(900.0, Says.DEEP_CALM))
_DOWNSHIFT = (Phase(0.0, Says.SETTLE), Phase(120.0, Says.STILL), Phase(-120.0, Says.BREATHE_THEN_UP))
_RECOVERY_OFF_MAT = (Phase(0.0, Says.STRETCH), Phase(300.0, Says.WATER))
_BREATH_MIN = int(CYCLES_MIN * CYCLE_S // 60), int(CYCLES_MAX * CYCLE_S // 60)
_ALL = (
    Routine("plan", Area.UPPER_BACK, 20, 20, _FELT),  # articles 36, 37, 46-50, 52
    Routine("downshift", Area.UPPER_BACK, 10, 10, _DOWNSHIFT, guided=True),  # articles 22-25: cues at 2:00, 8:00, 10:00
    Routine("breath", Area.UPPER_BACK, *_BREATH_MIN, (Phase(0.0, Says.FOUR_SIX),)),  # articles 16-20: 18 to 30 cycles
    Routine("upper_back", Area.UPPER_BACK, 5, 10, _FELT),  # article 26
    Routine("neck", Area.NECK, 2, 5, _FELT),  # article 28
    Routine("feet", Area.FEET, 1, 3, _FELT),  # article 31
    Routine("lower_back", Area.LOWER_BACK, 2, 5, _FELT),  # article 27; no minutes there, 5: docs/dev/behaviour.md 4
    Routine("seat", Area.SEAT, 2, 5, _FELT),  # article 29: "short sessions"
    Routine("calves", Area.CALVES, 5, 10, _FELT),  # articles 30, 35
    Routine("recovery", Area.CALVES_OR_BACK, 10, 10, _FELT, off_mat=_RECOVERY_OFF_MAT),  # article 32
    Routine("before_bed", Area.UPPER_BACK, 10, 20, _FELT),  # articles 41, 42
)
ROUTINES: Final[Mapping[str, Routine]] = MappingProxyType({routine.name: routine for routine in _ALL})
"""In the order of the menu."""


def target(routine: Routine, plan: Plan) -> tuple[int, int]:
    """Return the bounds of this session in minutes: of plan and routine, the smaller one on either side."""
    upper = min(routine.upper_min, plan.upper_min)
    return min(routine.lower_min, plan.lower_min, upper), upper


def phase_at(routine: Routine, plan: Plan, elapsed_s: float) -> PhaseText:
    """Return what the screen says after `elapsed_s` on the mat. `plan` is today's without this session."""
    upper_s = target(routine, plan)[1] * 60.0
    phases, done_s = _fitted(routine, upper_s), _done_s(routine, plan, upper_s)
    soon_s = inf if routine.guided else upper_s - SOON_S
    edges = [start_s for start_s, _ in phases] + [soon_s, upper_s, upper_s + OVER_S]
    if done_s is not None:
        edges += [done_s, done_s + DONE_SHOWN_S]
    until_s = min((edge for edge in edges if edge > elapsed_s), default=inf)
    ending = (CueKind.OVER, upper_s + OVER_S), (CueKind.ENOUGH, upper_s), (CueKind.SOON, soon_s)
    for kind, from_s in ending:
        if elapsed_s >= from_s:
            return PhaseText(Says(kind), kind, until_s)
    if done_s is not None and done_s <= elapsed_s < done_s + DONE_SHOWN_S:
        return PhaseText(Says.DONE, CueKind.DONE, until_s)
    says = next(says for start_s, says in reversed(phases) if start_s <= max(0.0, elapsed_s))
    return PhaseText(says, CueKind.PHASE, until_s)


def cues(routine: Routine, plan: Plan) -> tuple[Cue, ...]:
    """Return the cues of a session in order, at most one at a time, none at 0. `plan`: see `phase_at`."""
    upper_s = target(routine, plan)[1] * 60.0
    soon_s, done_s = inf if routine.guided else upper_s - SOON_S, _done_s(routine, plan, upper_s)
    found = [Cue(start_s, CueKind.PHASE, says) for start_s, says in _fitted(routine, upper_s) if start_s < soon_s]
    if done_s is not None:
        found.append(Cue(done_s, CueKind.DONE, Says.DONE))
    if not routine.guided:
        found.append(Cue(soon_s, CueKind.SOON, Says.SOON))
    found += [Cue(upper_s, CueKind.ENOUGH, Says.ENOUGH), Cue(upper_s + OVER_S, CueKind.OVER, Says.OVER)]
    by_time = {cue.at_s: cue for cue in sorted(found, key=lambda cue: _RANK.index(cue.kind)) if cue.at_s > 0.0}
    return tuple(by_time[at_s] for at_s in sorted(by_time))


def pacer(routine: Routine, plan: Plan) -> Pacer | None:
    """Return the breath that comes by itself; None: only by hand.

    By plan from day 8 on: once the mat has stopped stinging, for 3 min, from day 11 on for 5 (articles 19, 21).
    """
    if routine.name == "breath":
        return Pacer(0.0, min(CYCLES_MAX, int(target(routine, plan)[1] * 60.0 // CYCLE_S)))
    if routine.name == "plan" and plan.day >= BREATH_FROM_DAY:
        start_s = _FELT[1].start_s
        cycles = CYCLES_MIN if plan.day < BREATH_LONG_FROM_DAY else CYCLES_MAX
        room = int((plan.target.upper_s - SOON_S - start_s) // CYCLE_S)
        return Pacer(start_s, min(cycles, room)) if room >= CYCLES_MIN else None
    return None


def goes_on_off_mat(routine: Routine, plan: Plan, on_mat_s: float) -> bool:
    """Return whether the part off the mat follows a session of this length: its lower bound was reached."""
    return bool(routine.off_mat) and on_mat_s >= target(routine, plan)[0] * 60.0


def off_mat_at(routine: Routine, since_s: float) -> PhaseText | None:
    """Return what the screen says so long after getting up, at last until a tap; None without that part."""
    if not routine.off_mat:
        return None
    now = [phase for phase in routine.off_mat if phase.start_s <= max(0.0, since_s)][-1]
    until_s = min((phase.start_s for phase in routine.off_mat if phase.start_s > since_s), default=inf)
    return PhaseText(now.says, CueKind.PHASE, until_s)


def off_mat_cues(routine: Routine) -> tuple[Cue, ...]:
    """Return the cues of the part off the mat, in seconds from getting up."""
    return tuple(Cue(phase.start_s, CueKind.PHASE, phase.says) for phase in routine.off_mat)


def _done_s(routine: Routine, plan: Plan, upper_s: float) -> float | None:
    """Return when the screen says that the day is done, in this session's time; None: it does not."""
    left_s, silent = plan.target.lower_s - plan.today_s, routine.guided or plan.short_only or not plan.answered
    return left_s if not silent and 0.0 < left_s < upper_s - SOON_S else None


def _fitted(routine: Routine, upper_s: float) -> list[tuple[float, Says]]:
    """Return the phases by their start in a session of this length, without those that have no room."""
    ends = [(upper_s + phase.start_s, phase.says) for phase in routine.phases if phase.start_s < 0.0]
    last_s = min((start_s for start_s, _ in ends), default=upper_s)
    return [(p.start_s, p.says) for p in routine.phases if 0.0 <= p.start_s < last_s] + ends
