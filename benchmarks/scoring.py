"""What a detector reported against the truth of a recording: every error under its own name.

A detector reports sessions; the truth are stays. Each reported session belongs to the stay it overlaps longest, where
it overlaps one for over `EDGE_S` or for half of its own length.

- missed: a stay without a reported session, counting or not;
- split: more than one reported session belongs to a stay;
- cut: the last session of a stay ends over `EDGE_S` before it, with the person still on the mat;
- late: the first one starts over `EDGE_S` after the threshold was passed;
  both judged by what could be seen: in a sensor timeout nothing shows when the person came or left;
- merged: a reported session covers a further stay for over `EDGE_S` (that stay is then not counted as missed);
- ran_on: a session begins over `RAN_ON_S` before its stay or ends over `RAN_ON_S` after it;
- invented: a session that counts belongs to no stay that could be one: to no person, a thing, or a person for a moment.
  One that does not count is right;
- lost: of the sessions of a stay none counts and none is asked about;
- thing: one of them is stored as a thing.

And of each stay with a session two edges, right within `WITHIN_S`:

- start_off: it starts before the touch or after the threshold;
- end_off: it ends before or after the true end.

A stay within a second of 30 s may be reported or not: it is in no count, and neither is a session that belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace

from benchmarks.scenarios.recording import AWAY_S, SESSION_S, WITHIN_S, Recording, Stay, Thing

EDGE_S = 5.0
"""An end or start this far inside a stay is an error of its own kind. As asked."""
RAN_ON_S = 60.0
"""Chosen: twice the longest delay that a peer has on purpose (30 s), so that none is blamed for its design."""
TIMEOUT_S = 2.0
"""No good reading for this long is a sensor timeout (docs/dev/behaviour.md 1)."""
BEFORE_S = 1.0
"""An arriving frame may be this much before the first touch: something else did it. Chosen."""
OBJECT_ALONE_S = 60.0
"""A thing is judged as an object when it is alone on the mat this long: the rule needs 40 s. Chosen."""
OBJECT_KG = 13.0
"""And weighs at least "on" (docs/dev/behaviour.md 1) and what the zero may be off by."""
BUILT_RATE = 80
"""Readings a second of the documented build."""
ALIVE = frozenset({"pet walks", "pet rests", "child", "steps over", "hand", "second person", "dog lies"})
"""Kinds of things that move: no one asks that they are shown as objects."""

ERRORS = ("missed", "split", "cut", "late", "merged", "ran_on", "invented", "lost", "thing")
EDGES = ("start_off", "end_off")


@dataclass(frozen=True, slots=True)
class Reported:
    """A session as a detector reports it: from `start_s` to `end_s`, shown at `confirmed_s`, its end at `known_s`.

    `capped`: closed on purpose at the longest time; its end is then no error. `counts`: for the plan; `asked`: the
    person is asked whether it was theirs; `thing`: stored as a thing.
    """

    start_s: float
    end_s: float
    confirmed_s: float
    known_s: float
    capped: bool = False
    counts: bool = True
    asked: bool = False
    thing: bool = False

    def __post_init__(self) -> None:
        if self.end_s < self.start_s:
            raise ValueError(f"a session ends after its start: {self}")


@dataclass(frozen=True, slots=True)
class Heard:
    """All that a detector reported about one recording. `arrivals` and `objects` are the times when it was shown."""

    sessions: tuple[Reported, ...] = ()
    arrivals: tuple[float, ...] = ()
    objects: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """One error, with its place in the recording."""

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
    empty_h: float = 0.0
    """Recorded hours without a person on the mat."""
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*ERRORS, *EDGES), 0))
    edges: int = 0
    """Starts and ends that were judged."""
    hard_edges: int = 0
    """Of these, in recordings with sensor faults or with a big dog that stays."""
    hard_off: int = 0
    """Edges that were off in such recordings."""
    asked: int = 0
    """Stays about which the person is asked."""
    uncounted: int = 0
    """Reported sessions that belong to no stay and do not count: they are in the list, unconfirmed or as a thing."""
    asked_in_vain: int = 0
    """Of these, the ones that are asked about."""
    start_errors_s: list[float] = field(default_factory=list)
    """Reported start minus the moment at which the load passes the threshold."""
    end_errors_s: list[float] = field(default_factory=list)
    """Reported end minus the true end."""
    arriving_s: list[float] = field(default_factory=list)
    """First touch to the arriving frame, where there was one."""
    arriving_on_s: list[float] = field(default_factory=list)
    """From the threshold to the arriving frame; negative where the frame came at a first, shorter load."""
    arriving_built_s: list[float] = field(default_factory=list)
    """Of these, the ones on chips at 80/s, as the build has them."""
    confirmed_s: list[float] = field(default_factory=list)
    """First touch to the session shown as such."""
    objects: int = 0
    """Things that should be shown or stored as objects."""
    objects_found: int = 0
    bare_errors: int = 0
    """Errors of the same detector without the bookkeeping of `joined`; equal to `errors` where there was none."""
    arrivals: int = 0
    """How often an arrival was shown, rightly or not."""
    faults: list[Fault] = field(default_factory=list)

    @property
    def errors(self) -> int:
        return sum(self.counts[kind] for kind in ERRORS)

    @property
    def edges_off(self) -> int:
        return sum(self.counts[kind] for kind in EDGES)

    def add(self, other: Score) -> None:
        for kind, number in other.counts.items():
            self.counts[kind] += number
        for each in fields(self):
            if each.name != "counts":
                setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))

    def blame(self, kind: str, at_s: float, about: str) -> None:
        self.counts[kind] += 1
        self.faults.append(Fault(kind, at_s, about))


def joined(sessions: Iterable[Reported], away_s: float = AWAY_S, least_s: float = SESSION_S) -> tuple[Reported, ...]:
    """The bookkeeping that matpi has and most peers leave to others: short absences join, short sessions are dropped.

    Sorted by start. Without it a peer that switches a lamp would be blamed for not keeping a log.
    """
    log: list[Reported] = []
    for session in sorted(sessions, key=lambda s: s.start_s):
        if log and session.start_s - log[-1].end_s < away_s and not log[-1].capped:
            before = log[-1]
            later = session if session.end_s >= before.end_s else before
            log[-1] = replace(before, end_s=later.end_s, known_s=later.known_s, capped=session.capped)
        else:
            log.append(session)
    return tuple(s for s in log if s.end_s - s.start_s >= least_s)


def overlap_s(session: Reported, stay: Stay) -> float:
    return min(session.end_s, stay.end_s) - max(session.start_s, stay.start_s)


def score(recording: Recording, heard: Heard) -> Score:
    result = Score(
        recordings=1,
        days=recording.duration_s / 86_400.0,
        empty_h=recording.empty_s / 3600.0,
        arrivals=len(heard.arrivals),
    )
    longer = [stay for stay in recording.stays if stay.is_session or stay.is_grey]
    belonging: dict[int, list[Reported]] = {n: [] for n in range(len(longer))}
    covered: set[int] = set()
    for session in sorted(heard.sessions, key=lambda s: s.start_s):
        on = {n: overlap_s(session, stay) for n, stay in enumerate(longer)}
        best = max(on, key=lambda n: on[n], default=0)
        if not on or on[best] <= min(EDGE_S, 0.5 * (session.end_s - session.start_s)):
            _without_person(result, recording, session)
            continue
        belonging[best].append(session)
        for n, seconds in on.items():
            if n != best and seconds > EDGE_S:
                covered.add(n)
                if not longer[n].is_grey and not longer[best].is_grey:
                    result.blame("merged", longer[n].start_s, f"one session from {session.start_s:.1f} s on")
    for n, stay in enumerate(longer):
        if not stay.is_grey:
            result.stays += 1
            _judge(result, recording, stay, belonging[n], heard, covered=n in covered)
    _judge_objects(result, recording, heard)
    if recording.faults or recording.big_dog_stays:
        result.hard_edges, result.hard_off = result.edges, result.edges_off
    result.bare_errors = result.errors
    result.faults = [replace(fault, where=f"{recording.name}, seed {recording.seed}") for fault in result.faults]
    return result


def _without_person(result: Score, recording: Recording, session: Reported) -> None:
    if session.counts:
        length_s = session.end_s - session.start_s
        result.blame("invented", session.start_s, f"{length_s:.1f} s, {_on_the_mat(recording, session)}")
    else:
        result.uncounted += 1
        result.asked_in_vain += session.asked


def _seen(recording: Recording, at: float) -> tuple[float, float]:
    """The moment itself, twice; in a sensor timeout the last good reading before it and the first one after it."""
    import numpy as np

    good = recording.t[~recording.flagged]
    next_ = int(np.searchsorted(good, at))
    if not 0 < next_ < len(good) or good[next_] - good[next_ - 1] <= TIMEOUT_S:
        return at, at
    return float(good[next_ - 1]), float(good[next_])


def _judge(
    result: Score, recording: Recording, stay: Stay, own: Sequence[Reported], heard: Heard, *, covered: bool
) -> None:
    """One stay that is a session, and the reported sessions that belong to it, by start."""
    shown = next((t for t in heard.arrivals if stay.start_s - BEFORE_S <= t <= stay.end_s), None)
    if shown is not None and stay.start_s > 0.0:
        result.arriving_s.append(shown - stay.start_s)
        result.arriving_on_s.append(shown - stay.on_s)
        if recording.rate >= BUILT_RATE:
            result.arriving_built_s.append(shown - stay.on_s)
    if not own:
        if not covered:
            result.blame("missed", stay.start_s, f"{stay.kind}, {stay.over_s:.0f} s")
        return
    if len(own) > 1:
        result.blame("split", own[0].end_s, f"{len(own)} sessions of one stay of {stay.over_s:.0f} s")
    if not any(session.counts or session.asked for session in own):
        result.blame("lost", own[0].start_s, f"{stay.kind}, {stay.over_s:.0f} s, neither counts nor is asked about")
    if any(session.thing for session in own):
        result.blame("thing", own[0].start_s, f"{stay.kind}, {stay.over_s:.0f} s")
    result.asked += any(session.asked for session in own)
    (touch_s, _), (_, on_s) = _seen(recording, stay.touch_s), _seen(recording, stay.on_s)
    (off_s, _), (_, gone_s) = _seen(recording, stay.left_s), _seen(recording, stay.off_s)
    first, last = own[0], max(own, key=lambda s: s.end_s)
    result.start_errors_s.append(first.start_s - stay.on_s)
    result.confirmed_s.append(first.confirmed_s - stay.start_s)
    result.edges += 1
    if not touch_s - WITHIN_S <= first.start_s <= on_s + WITHIN_S:
        result.blame("start_off", first.start_s, f"{first.start_s - stay.on_s:+.1f} s from the threshold")
    if first.start_s - on_s > EDGE_S:
        result.blame("late", first.start_s, f"{first.start_s - stay.on_s:.1f} s after the threshold")
    if stay.start_s - first.start_s > RAN_ON_S:
        result.blame("ran_on", first.start_s, f"began {stay.start_s - first.start_s:.0f} s before the touch")
    if last.capped:
        return
    end_s = last.end_s - min(max(last.end_s, stay.left_s), stay.off_s)
    result.end_errors_s.append(end_s)
    result.edges += 1
    if not off_s - WITHIN_S <= last.end_s <= gone_s + WITHIN_S:
        result.blame("end_off", last.end_s, f"{end_s:+.1f} s from the end")
    if last.end_s - off_s < -EDGE_S:
        result.blame("cut", last.end_s, f"{-end_s:.1f} s before the end")
    if end_s > RAN_ON_S:
        result.blame("ran_on", last.end_s, f"ended {end_s:.0f} s after the person left")


def _judge_objects(result: Score, recording: Recording, heard: Heard) -> None:
    """A thing is found when it is shown as one while it is on the mat, or stored as one."""
    stored = [s for s in heard.sessions if s.thing]
    for thing in recording.things:
        if thing.kind in ALIVE or thing.kg < OBJECT_KG or not _alone_long(thing, recording.stays):
            continue
        result.objects += 1
        result.objects_found += any(thing.start_s <= t <= thing.end_s for t in heard.objects) or any(
            s.start_s < thing.end_s and thing.start_s < s.end_s for s in stored
        )


def _alone_long(thing: Thing, stays: Sequence[Stay]) -> bool:
    """Whether some stretch of `OBJECT_ALONE_S` of the thing has no person on the mat."""
    free_from = thing.start_s
    for stay in sorted(stays, key=lambda s: s.start_s):
        if stay.end_s <= free_from or stay.start_s >= thing.end_s:
            continue
        if stay.start_s - free_from >= OBJECT_ALONE_S:
            return True
        free_from = max(free_from, stay.end_s)
    return thing.end_s - free_from >= OBJECT_ALONE_S


def _on_the_mat(recording: Recording, session: Reported) -> str:
    """What was on the mat in truth."""
    near: Iterable[Thing | Stay] = (*recording.things, *recording.stays)
    kinds = [
        there.kind
        for there in near
        if there.start_s <= session.end_s + EDGE_S and there.end_s >= session.start_s - EDGE_S
    ]
    return ", ".join(kinds[:3]) or "nothing"
