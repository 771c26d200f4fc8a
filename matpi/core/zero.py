"""The zero: what the empty mat weighs. It follows slowly, only while the mat is empty and still, and never far.

Fed with one-second blocks of readings, because drift is slow and a block's spread tells stillness.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from statistics import median
from typing import NamedTuple

from matpi.core.effects import SaveZero
from matpi.core.first_zero import FirstZero
from matpi.core.model import Zero


class ZeroWord(StrEnum):
    """What a person should do for the zero; the value is no text for the screen."""

    NOTHING = ""
    CHECK = "check"
    """Something lies on the mat, or a wire is loose."""
    WANTED = "wanted"
    """Leave the mat empty: nobody knows its weight yet."""


@dataclass(frozen=True, slots=True)
class ZeroRules:
    still_s: int = 10
    """Seconds of stillness before the zero follows. Chosen, unmeasured: a cat settles in less, but it also breathes."""
    rate_kg_s: float = 0.005
    """Follows at most this fast. Cells drift 0.1-0.2 kg/degC (data sheets): a mat cooling 5 degC in 15 min is 0.001."""
    within_kg: float = 3.0
    """A load beyond this is a thing, not drift."""
    reach_kg: float = 3.0
    """docs/behaviour.md 1: never by more than this from the calibrated reference without asking."""
    still_spread_kg: float = 0.5
    """A block with more spread than this is never still, whatever was learnt. Chosen: ten times a noisy build's."""
    still_ratio: float = 4.0
    """Nor one with this many times the learnt spread."""


class Block(NamedTuple):
    """One second of readings: the median of each channel, and the spread summed over the channels (kg)."""

    start: float
    end: float
    mean_kg: tuple[float, ...]
    spread_kg: float


def block_of(start: float, end: float, samples: list[tuple[float, ...]]) -> Block:
    """`samples`: one tuple of kg a reading. The spread lies between the deciles: one spike does not widen it."""
    n = len(samples)
    low = max(1, n // 10) if n >= 4 else 0
    high, middle = n - 1 - low, n // 2
    spread, medians = 0.0, []
    for channel in map(sorted, zip(*samples, strict=True)):
        spread += channel[high] - channel[low]
        medians.append(channel[middle])
    return Block(start, end, tuple(medians), spread)


class ZeroTracker:
    """Holds the zero and the learnt noise. `empty_block` is called only while nobody is on the mat."""

    LEARN_BLOCKS = 60
    """The noise is the median of the last minute of still blocks, known after ten."""
    FORGET_BLOCKS = 600
    """Ten minutes without one still block on an empty mat: the part became noisier, so learn its noise anew."""

    def __init__(self, zero: Zero | None, rules: ZeroRules, *, calibrated: bool = True) -> None:
        """Not `calibrated`: the reference is no empty mat, so without a zero one must be found first."""
        self._first = None if calibrated else FirstZero()
        self.kg: tuple[float, ...] | None = zero.kg if zero else None
        self.before: Zero | None = None
        self.by_hand = bool(zero and zero.by_hand)
        self.astray = False
        """The empty mat weighs more or less than the zero may follow: "check the mat"."""
        self._rules = rules
        self._anchor_kg = zero.anchor_kg if zero else None
        self._noise = zero.noise_kg if zero else None
        self._spreads: deque[float] = deque(maxlen=self.LEARN_BLOCKS)
        self._still_blocks = 0
        self._restless_blocks = 0
        self._astray_blocks = 0

    @property
    def total_kg(self) -> float:
        return sum(self.kg) if self.kg else 0.0

    @property
    def noise_kg(self) -> float | None:
        """Learnt spread of an empty block; None until known."""
        return self._noise

    def value(self, channels: int) -> Zero:
        return Zero(self.kg or (0.0,) * channels, self.by_hand, self._noise, self._anchor_kg)

    def disturbed(self) -> None:
        """Something came onto the mat: stillness starts anew."""
        self._still_blocks = 0

    @property
    def seeking(self) -> bool:
        """Nobody knows yet what the empty mat weighs."""
        return self._first is not None and self.kg is None

    @property
    def word(self) -> ZeroWord:
        """What a person should do for the zero."""
        if self.astray or (self._first is not None and self._first.far):
            return ZeroWord.CHECK
        return ZeroWord.WANTED if self.seeking else ZeroWord.NOTHING

    def empty_block(self, block: Block) -> bool:
        """Learn from one block of the mat with nobody on it. True when the zero is another from here on; else it moved
        by at most `rate_kg_s` times the block's length.
        """
        if self._first is not None:
            found = self._first.take(block, None if self.seeking else self.total_kg)
            if found is not None:
                self.restore(found)
            if found is not None or self.seeking:
                return found is not None
        self._learn(block)
        return False

    def _learn(self, block: Block) -> None:
        rules = self._rules
        if self.kg is None or len(self.kg) != len(block.mean_kg):
            self.kg = (0.0,) * len(block.mean_kg)
        limit = (
            rules.still_spread_kg
            if self._noise is None
            else min(rules.still_spread_kg, max(rules.still_ratio * self._noise, 0.02))
        )
        if block.spread_kg > limit:
            self._still_blocks = 0
            self._restless_blocks += 1
            if self._restless_blocks >= self.FORGET_BLOCKS:
                self._noise = None
                self._spreads.clear()
            return
        self._restless_blocks = 0
        self._still_blocks += 1
        net = sum(block.mean_kg) - self.total_kg
        self._watch(net)
        if self._still_blocks < rules.still_s or abs(net) > rules.within_kg:
            return
        self._spreads.append(block.spread_kg)
        if len(self._spreads) >= 10:
            self._noise = median(self._spreads)
        self._follow(block)

    def _watch(self, net_kg: float) -> None:
        """A still load that is neither nobody nor somebody, for ten minutes, or a zero at the end of its reach."""
        out = abs(net_kg) > self._rules.within_kg or (abs(net_kg) > 0.5 and self._at_reach(net_kg))
        self._astray_blocks = self._astray_blocks + 1 if out else 0
        self.astray = self._astray_blocks >= 600

    def _reference(self) -> float:
        return self._anchor_kg or 0.0

    def _at_reach(self, net_kg: float) -> bool:
        moved = self.total_kg - self._reference()
        return abs(moved) >= self._rules.reach_kg - 1e-9 and moved * net_kg > 0

    def _follow(self, block: Block) -> None:
        zero = self.kg
        assert zero is not None  # noqa: S101  set by empty_block
        step = self._rules.rate_kg_s * (block.end - block.start) / len(zero)
        moved = tuple(z + max(-step, min(step, m - z)) for z, m in zip(zero, block.mean_kg, strict=True))
        was, would = sum(zero), sum(moved)
        least, most = self._reference() - self._rules.reach_kg, self._reference() + self._rules.reach_kg
        if least <= would <= most:
            self.kg = moved
        elif least <= was <= most:
            # The last step ends on the reach, or the mat would stand a hair before it for ever and never be told.
            part = ((least if would < least else most) - was) / (would - was)
            self.kg = tuple(z + part * (m - z) for z, m in zip(zero, moved, strict=True))

    def set_by_hand(self, block: Block) -> None:
        """Somebody asked: this block is the zero, and the reach is counted from here."""
        self.before = self.value(len(block.mean_kg))
        self.kg, self._anchor_kg = block.mean_kg, sum(block.mean_kg)
        self.by_hand, self.astray, self._astray_blocks = True, False, 0

    def restore(self, zero: Zero) -> None:
        """Take the last by-hand zero back."""
        self.before, self.kg, self.by_hand = None, zero.kg, zero.by_hand
        self._anchor_kg = zero.anchor_kg
        self.astray, self._astray_blocks = False, 0


class ZeroSaver:
    """When the zero is worth a write: seldom, and only when it moved or its noise became known. Cards wear."""

    LEARN_S = 30.0
    """Ten still blocks after ten still seconds: the noise is known after 20 s at the earliest."""

    def __init__(self, saved: Zero | None, t: float, every_s: float, at_least_kg: float) -> None:
        self._saved = saved
        self._every_s, self._at_least_kg = every_s, at_least_kg
        self.due = t + self._pause_s(None)

    def moved(self, tracker: ZeroTracker, t: float, before: Zero | None, *, silent: bool = False) -> list[SaveZero]:
        """One effect when it is worth it, else none; `before` is what an undo brings back."""
        self.due = inf if silent else t + self._pause_s(tracker.noise_kg)
        saved = self._saved
        if tracker.kg is None:
            return []
        far = saved is None or abs(tracker.total_kg - saved.total_kg) >= self._at_least_kg
        learnt = tracker.noise_kg is not None and (saved is None or saved.noise_kg is None)
        return self.by_hand(tracker, before) if far or learnt else []

    def _pause_s(self, noise_kg: float | None) -> float:
        """Until the noise is known and kept, ask soon: without it a bag after a power cut would be a person."""
        known = noise_kg is not None or (self._saved is not None and self._saved.noise_kg is not None)
        return self._every_s if known else min(self.LEARN_S, self._every_s)

    def replaced(self, zero: Zero, t: float) -> None:
        """Another zero is in the store already."""
        self._saved, self.due = zero, t + self._pause_s(zero.noise_kg)

    def by_hand(self, tracker: ZeroTracker, before: Zero | None) -> list[SaveZero]:
        self._saved = tracker.value(len(tracker.kg or ()))
        return [SaveZero(self._saved, before)]
