"""Is there a body in the load? A body moves: it breathes, its heart beats. When in doubt it is a person."""

from __future__ import annotations

from matpi.core.zero import Block

STIR_UP, STIR_DOWN, STIR_ENOUGH = 2, 1, 15
"""A moving block counts up, a still one down: ten seconds of motion out of fifteen are no lorry passing by. Chosen."""


class Stillness:
    """Fed with one-second blocks under load, and the learnt noise of the empty mat (None: not known, so all moves)."""

    def __init__(self, ratio: float) -> None:
        self.body_s = 0.0
        """Seconds with motion since the load came."""
        self._ratio = ratio
        self._since: float | None = None
        self._low: tuple[float, ...] = ()
        self._high: tuple[float, ...] = ()
        self._stirred = 0

    def new_load(self) -> None:
        """A load has come."""
        self.body_s = 0.0
        self.again()

    def again(self) -> None:
        """What was seen so far tells nothing about what comes."""
        self._since, self._stirred = None, 0

    def still_since(self, block: Block, noise_kg: float | None) -> float | None:
        """Since when nothing has moved; None while something does.

        Nothing: neither within a second nor from one to the next. Breathing six times a minute moves 50 g from head to
        foot (docs/sources.md, cells), but within a second less than twice what noisy cells show by themselves.
        """
        if noise_kg is None or self._moves(block, noise_kg):
            self.body_s += block.end - block.start
            self._since = None
            return None
        if self._since is not None:
            self._low = tuple(map(min, self._low, block.mean_kg))
            self._high = tuple(map(max, self._high, block.mean_kg))
        if self._since is None or sum(self._high) - sum(self._low) > self._ratio * noise_kg:
            self._since, self._low, self._high = block.start, block.mean_kg, block.mean_kg
        return self._since

    def stirs(self, block: Block, noise_kg: float | None) -> bool:
        """Whether what was taken for an object has moved for long enough to be somebody lying very still."""
        step = STIR_UP if self._moves(block, noise_kg) else -STIR_DOWN
        self._stirred = max(0, min(STIR_ENOUGH, self._stirred + step))
        return self._stirred >= STIR_ENOUGH

    def _moves(self, block: Block, noise_kg: float | None) -> bool:
        return noise_kg is None or block.spread_kg > self._ratio * noise_kg
