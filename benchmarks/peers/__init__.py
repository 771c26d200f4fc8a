"""Other people's presence rules on the same recordings.

Written from their documentation and settings; none of their code is in here. Times and weights that are
made for cats, for nights or for another sensor are scaled to kilograms and to sessions of minutes; each module says
what was scaled and why. Three things are the same for all and in their favour:

- readings that our reader has flagged are dropped before a peer sees them, although none has such a reader;
- each starts with the zero it would have after being set up on the empty mat; where its instructions ask to calibrate
  with the person on it, it is there twice: with the very person of the recording lying down, which is more than matpi
  knows, and with another person drawn from the people of the bank, which is matpi's own case;
- their sessions pass through `scoring.joined`: absences under 20 s join and sessions under 30 s are dropped, which is
  not in their rules but in what surrounds them. `Ledger.heard` has them as they came.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from benchmarks.scenarios.recording import Recording
from benchmarks.scoring import Heard, Reported

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ON_KG = 12.0
"""Where a peer's threshold is in another unit it is matpi's own, so that rules are compared and not levels; on the
calves that of the recording."""
PERSON_KG = 45.0
"""What a mat bears of a person of 75 kg on the back; for the peer's subject where only ratios are known."""
JUST_S = 1e-6
"""So that a poll at the very time of a reading has it, whatever the rounding."""
CAP_S = 45 * 60.0
"""Longer than any planned session (docs/dev/behaviour.md 1): what a peer's longest visit is scaled to."""


class Ledger:
    """What a peer reported, in its order."""

    def __init__(self) -> None:
        self.sessions: list[Reported] = []
        self.arrivals: list[float] = []
        self.objects: list[float] = []
        self._begun: tuple[float, float] | None = None

    @property
    def is_open(self) -> bool:
        return self._begun is not None

    @property
    def start_s(self) -> float:
        if self._begun is None:
            raise RuntimeError("no session is open")
        return self._begun[0]

    def begin(self, at: float, known: float) -> None:
        self._begun = (at, known)

    def end(self, at: float, known: float, *, capped: bool = False) -> None:
        if self._begun is not None:
            start, confirmed = self._begun
            self.sessions.append(Reported(start, max(start, at), confirmed, known, capped))
            self._begun = None

    def heard(self) -> Heard:
        return Heard(tuple(self.sessions), tuple(self.arrivals), tuple(self.objects))


class Peer(Protocol):
    """Fed with the sum of the channels in kg, every `every_s` at most, as the peer's own host polls its sensor."""

    name: ClassVar[str]
    source: ClassVar[str]
    rules: ClassVar[str]
    """What it does and what was scaled, in a sentence or two; a full stop at the end."""
    every_s: ClassVar[float]
    set_up_by_another: ClassVar[bool] = False
    """Calibrated with another person of the household."""
    ledger: Ledger

    def __init__(self, empty_kg: float, occupied_kg: float, on_kg: float = ON_KG) -> None:
        """`empty_kg`: what the empty mat read when the peer was set up; `occupied_kg`: with the person on it.

        `on_kg`: the threshold of a peer that has none in kilograms, the recording's.
        """

    def feed(self, t: float, kg: float) -> None: ...
    def finish(self, t: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Seen:
    """What all peers see of a recording: times and sums (kg) of the unflagged readings, and the readings at set-up."""

    t: NDArray[np.float64]
    kg: NDArray[np.float64]
    empty_kg: float
    """Of the empty mat, in the first minute without a person on it."""
    occupied_kg: float
    """With the person of the longest stay: lying, with a part of the body, or with the calves, as in the recording."""
    another_kg: float
    """With another person of the household lying on it."""
    on_kg: float = ON_KG


def seen_by_peers(recording: Recording) -> Seen:
    import numpy as np

    from benchmarks.scenarios.people import KG, LYING, SITTING

    good = ~recording.flagged
    t, kg = recording.t[good], recording.kg[good].sum(axis=1)
    free = np.ones(len(t), dtype=bool)
    taken = [(stay.start_s, stay.end_s) for stay in recording.stays]
    taken += [(thing.start_s, thing.end_s) for thing in recording.things]
    for start_s, end_s in taken:
        free[slice(*np.searchsorted(t, (start_s - 2.0, end_s + 2.0)))] = False
    empty = _median(kg[free][: 60 * recording.rate], 0.0)
    lying = _middle(LYING)
    borne = {"lying": lying, "half": lying, "calves": lying, "sitting": _middle(SITTING), "standing": 1.0}
    another = occupied = empty + random.Random(recording.seed).uniform(*KG) * lying
    known = [stay for stay in recording.stays if stay.kind in borne]
    if known:
        longest = max(known, key=lambda stay: stay.length_s)
        load = _median(kg[slice(*np.searchsorted(t, (longest.start_s, longest.end_s)))], PERSON_KG + empty) - empty
        occupied = empty + load * lying / borne[longest.kind]
    return Seen(t, kg, empty, occupied, another, recording.on_kg)


def polled(seen: Seen, every_s: float) -> Iterator[tuple[float, float]]:
    """Time and sum of the newest reading at each poll; no poll where nothing new has come."""
    import numpy as np

    t = seen.t
    if not len(t):
        return
    index = np.searchsorted(t, np.arange(t[0], t[-1] + JUST_S, every_s) + JUST_S, side="right") - 1
    index = index[np.diff(index, prepend=-1) > 0]
    yield from zip(t[index].tolist(), seen.kg[index].tolist(), strict=True)


def heard_by(kind: type[Peer], seen: Seen) -> Heard:
    """One peer on one recording; what is still open at the end ends there."""
    occupied_kg = seen.another_kg if kind.set_up_by_another else seen.occupied_kg
    peer = kind(seen.empty_kg, occupied_kg, seen.on_kg)
    t = 0.0
    for t, kg in polled(seen, kind.every_s):
        peer.feed(t, kg)
    peer.finish(t)
    return peer.ledger.heard()


def _middle(bounds: tuple[float, float]) -> float:
    return sum(bounds) / 2


def _median(values: NDArray[np.float64], otherwise: float) -> float:
    import numpy as np

    return float(np.median(values)) if len(values) else otherwise
