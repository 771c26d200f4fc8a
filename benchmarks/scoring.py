"""What a detector heard against the truth of a recording: every error under its own name.

A detector reports sessions; the truth are stays. Each reported session belongs to the stay it overlaps longest.

- missed: a stay without a reported session;
- split: more than one reported session belongs to a stay;
- cut: the last session of a stay ends over `EDGE_S` before it, with the person still there;
- late: the first one starts over `EDGE_S` after the first touch;
  both judged by what could be seen: over a silence of the cells nobody knows when somebody came or left;
- merged: a reported session covers a further stay for over `EDGE_S` (that stay is then not counted as missed);
- ran_on: a session begins over `RAN_ON_S` before its stay or ends over `RAN_ON_S` after it: somebody is timed who is
  not there;
- invented: a reported session overlaps no stay that could be one: nobody, a thing, or somebody for a moment;
- told_object: at the moment when a load is told as an object somebody is on the mat.

A stay of 25 to 35 s may be reported or not: it is in no count, and neither is a session that belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from benchmarks.scenarios.recording import AWAY_S, GREY_S, SESSION_S, Recording, Stay, Thing

EDGE_S = 5.0
"""An end or start this far inside a stay is an error of its own kind; nearer ones are in the quantiles. As asked."""
RAN_ON_S = 60.0
"""Chosen: twice the longest delay that a peer has on purpose (30 s), so that none is blamed for its design."""
SILENCE_S = 2.0
"""No good reading for this long is a silence (docs/behaviour.md 1)."""
OBJECT_ALONE_S = 60.0
"""A thing is judged as an object when it lies alone this long: the rule needs 30 s. Chosen."""
OBJECT_KG = 13.0
"""And weighs at least "on" (docs/behaviour.md 1) and what the zero may be off by: a lighter thing is nobody from the
start and needs no telling."""
ALIVE = frozenset({"pet walks", "pet rests", "child", "steps over", "hand", "second person", "dog lies"})
"""Kinds of things that move: nobody asks that they be told as objects."""

ERRORS = ("missed", "split", "cut", "late", "merged", "ran_on", "invented", "told_object")


@dataclass(frozen=True, slots=True)
class Reported:
    """A session as a detector tells it: from `start_s` to `end_s`, told at `confirmed_s`, its end at `known_s`.

    `capped`: closed on purpose at the longest time; its end is then no error.
    """

    start_s: float
    end_s: float
    confirmed_s: float
    known_s: float
    capped: bool = False

    def __post_init__(self) -> None:
        if self.end_s < self.start_s:
            raise ValueError(f"a session ends after its start: {self}")


@dataclass(frozen=True, slots=True)
class Heard:
    """All that a detector told about one recording. `arrivals` and `objects` are times of telling."""

    sessions: tuple[Reported, ...] = ()
    arrivals: tuple[float, ...] = ()
    objects: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """One error, so that somebody can go and look."""

    kind: str
    at_s: float
    about: str
    where: str = ""


@dataclass(slots=True)
class Score:
    """Counts and errors (seconds) over any number of recordings; `add` joins two."""

    stays: int = 0
    recordings: int = 0
    days: float = 0.0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ERRORS, 0))
    start_errors_s: list[float] = field(default_factory=list)
    """Told start minus first touch."""
    end_errors_s: list[float] = field(default_factory=list)
    """Told end minus last touch."""
    arriving_s: list[float] = field(default_factory=list)
    """First touch to the arriving frame, where there was one."""
    confirmed_s: list[float] = field(default_factory=list)
    objects: int = 0
    """Things that should be told as objects."""
    objects_told: int = 0
    bare_errors: int = 0
    """Errors of the same detector without the bookkeeping of `joined`; equal to `errors` where there was none."""
    arrivals: int = 0
    """How often somebody was told to arrive, rightly or not."""
    faults: list[Fault] = field(default_factory=list)

    @property
    def errors(self) -> int:
        return sum(self.counts.values())

    def add(self, other: Score) -> None:
        self.stays += other.stays
        self.recordings += other.recordings
        self.days += other.days
        for kind, number in other.counts.items():
            self.counts[kind] += number
        self.start_errors_s += other.start_errors_s
        self.end_errors_s += other.end_errors_s
        self.arriving_s += other.arriving_s
        self.confirmed_s += other.confirmed_s
        self.objects += other.objects
        self.objects_told += other.objects_told
        self.bare_errors += other.bare_errors
        self.arrivals += other.arrivals
        self.faults += other.faults

    def blame(self, kind: str, at_s: float, about: str) -> None:
        self.counts[kind] += 1
        self.faults.append(Fault(kind, at_s, about))


def joined(sessions: Iterable[Reported], away_s: float = AWAY_S, least_s: float = SESSION_S) -> tuple[Reported, ...]:
    """The bookkeeping that matpi has and most peers leave to others: short absences join, short sessions are dropped.

    Sorted by start. Without it a peer that switches a lamp would be blamed for not keeping a log.
    """
    kept: list[Reported] = []
    for session in sorted(sessions, key=lambda s: s.start_s):
        if kept and session.start_s - kept[-1].end_s < away_s and not kept[-1].capped:
            before = kept[-1]
            later = session if session.end_s >= before.end_s else before
            kept[-1] = replace(before, end_s=later.end_s, known_s=later.known_s, capped=session.capped)
        else:
            kept.append(session)
    return tuple(s for s in kept if s.end_s - s.start_s >= least_s)


def overlap_s(session: Reported, stay: Stay) -> float:
    return min(session.end_s, stay.end_s) - max(session.start_s, stay.start_s)


def score(recording: Recording, heard: Heard) -> Score:
    result = Score(recordings=1, days=recording.duration_s / 86_400.0, arrivals=len(heard.arrivals))
    longer = [stay for stay in recording.stays if stay.is_session or stay.is_grey]
    belonging: dict[int, list[Reported]] = {n: [] for n in range(len(longer))}
    covered: set[int] = set()
    for session in sorted(heard.sessions, key=lambda s: s.start_s):
        on = {n: overlap_s(session, stay) for n, stay in enumerate(longer) if overlap_s(session, stay) > 0.0}
        if not on:
            length_s = session.end_s - session.start_s
            result.blame("invented", session.start_s, f"{length_s:.1f} s, {_there(recording, session)}")
            continue
        best = max(on, key=lambda n: on[n])
        belonging[best].append(session)
        for n, seconds in on.items():
            if n != best and seconds > EDGE_S:
                covered.add(n)
                if not longer[n].is_grey and not longer[best].is_grey:
                    result.blame("merged", longer[n].start_s, f"one session from {session.start_s:.1f} s on")
    for n, stay in enumerate(longer):
        if not stay.is_grey:
            result.stays += 1
            _judge(result, stay, _seen(recording, stay), belonging[n], heard, covered=n in covered)
    _judge_objects(result, recording, heard)
    result.bare_errors = result.errors
    result.faults = [replace(fault, where=f"{recording.name}, seed {recording.seed}") for fault in result.faults]
    return result


def _seen(recording: Recording, stay: Stay) -> tuple[float, float]:
    """Start and end of the stay; where it falls into a silence, the first or last good reading within the stay."""
    import numpy as np

    good = recording.t[~recording.flagged]
    low, high = np.searchsorted(good, (stay.start_s, stay.end_s))
    if high <= low:
        return stay.start_s, stay.end_s
    first, last = float(good[low]), float(good[high - 1])
    return (
        first if first - stay.start_s > SILENCE_S else stay.start_s,
        last if stay.end_s - last > SILENCE_S else stay.end_s,
    )


def _judge(
    result: Score, stay: Stay, seen: tuple[float, float], own: Sequence[Reported], heard: Heard, *, covered: bool
) -> None:
    """One stay that is a session, and the reported sessions that belong to it, by start."""
    arrivals = [t for t in heard.arrivals if stay.start_s - 1.0 <= t <= stay.end_s]
    if arrivals:
        result.arriving_s.append(arrivals[0] - stay.start_s)
    if not own:
        if not covered:
            result.blame("missed", stay.start_s, f"{stay.kind}, {stay.length_s:.0f} s")
        return
    if len(own) > 1:
        result.blame("split", own[0].end_s, f"{len(own)} sessions of one stay of {stay.length_s:.0f} s")
    first, last = own[0], max(own, key=lambda s: s.end_s)
    start_s, end_s = first.start_s - stay.start_s, last.end_s - stay.end_s
    result.start_errors_s.append(start_s)
    result.confirmed_s.append(first.confirmed_s - stay.start_s)
    if first.start_s - seen[0] > EDGE_S:
        result.blame("late", first.start_s, f"{start_s:.1f} s after the touch")
    if start_s < -RAN_ON_S:
        result.blame("ran_on", first.start_s, f"began {-start_s:.0f} s before the touch")
    if last.capped:
        return
    result.end_errors_s.append(end_s)
    if last.end_s - seen[1] < -EDGE_S:
        result.blame("cut", last.end_s, f"{-end_s:.1f} s before the end")
    if end_s > RAN_ON_S:
        result.blame("ran_on", last.end_s, f"ended {end_s:.0f} s after the person left")


def _judge_objects(result: Score, recording: Recording, heard: Heard) -> None:
    for t in heard.objects:
        if any(stay.start_s <= t <= stay.end_s for stay in recording.stays):
            result.blame("told_object", t, "somebody lay there")
    for thing in recording.things:
        if thing.kind in ALIVE or thing.kg < OBJECT_KG or not _alone_long(thing, recording.stays):
            continue
        result.objects += 1
        result.objects_told += any(thing.start_s <= t <= thing.end_s for t in heard.objects)


def _alone_long(thing: Thing, stays: Sequence[Stay]) -> bool:
    """Whether some stretch of `OBJECT_ALONE_S` of the thing has nobody on the mat."""
    free_from = thing.start_s
    for stay in sorted(stays, key=lambda s: s.start_s):
        if stay.end_s <= free_from or stay.start_s >= thing.end_s:
            continue
        if stay.start_s - free_from >= OBJECT_ALONE_S:
            return True
        free_from = max(free_from, stay.end_s)
    return thing.end_s - free_from >= OBJECT_ALONE_S


def _there(recording: Recording, session: Reported) -> str:
    """What lay there in truth."""
    near: Iterable[Thing | Stay] = (*recording.things, *recording.stays)
    kinds = [
        there.kind
        for there in near
        if there.start_s <= session.end_s + GREY_S and there.end_s >= session.start_s - GREY_S
    ]
    return ", ".join(kinds[:3]) or "nothing there"
