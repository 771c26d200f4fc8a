"""Is there a body in the load? A body moves: it breathes, its heart beats. When in doubt it is a person."""

from __future__ import annotations

from matpi.core.zero import Block

STIR_UP, STIR_DOWN, STIR_ENOUGH = 2, 1, 15
"""A moving block counts up, a still one down: ten seconds of motion out of fifteen are no lorry passing by. Chosen."""
BREATH_S = 10.0
"""What lay still for less than this between two motions was a body holding still: six breaths a minute. Chosen."""
CREEP_KG_S = 0.0005
"""A channel may wander so fast without anybody on it. 0.3 % of a bag of 25 kg, 0.4 of it in the first minute."""


class Stillness:
    """Fed with one-second blocks under load, and the learnt noise of the empty mat (None: not known, so all moves)."""

    def __init__(self, ratio: float, creep_kg_s: float = CREEP_KG_S) -> None:
        self.body_s = 0.0
        """Seconds with motion since the load came."""
        self.still_s = 0.0
        """Seconds in a row that were seen to be still, up to the last block."""
        self.longest_s = 0.0
        """The most of them since the load came."""
        self._ratio, self._creep_kg_s = ratio, creep_kg_s
        self._since: float | None = None
        self._low: tuple[float, ...] = ()
        self._high: tuple[float, ...] = ()
        self._stirred = 0

    def new_load(self) -> None:
        """A load has come."""
        self.body_s = self.longest_s = 0.0
        self.again()

    def again(self) -> None:
        """What was seen so far tells nothing about what comes."""
        self._since, self.still_s, self._stirred = None, 0.0, 0

    def still_since(self, block: Block, noise_kg: float | None) -> float | None:
        """Since when nothing has moved; None while something does.

        Nothing: neither within a second nor from one to the next. Breathing six times a minute moves 50 g from head to
        foot (docs/sources.md, cells), but within a second less than twice what noisy cells show by themselves. In the
        sum, which is all that one channel has, there is no breath: then everything moves.
        """
        seconds = block.end - block.start
        if noise_kg is None or len(block.mean_kg) < 2 or self._moves(block, noise_kg):
            self._moved()
            self.body_s += seconds
            return None
        if self._since is not None:
            creep = self._creep_kg_s * seconds
            self._low = tuple(min(low + creep, kg) for low, kg in zip(self._low, block.mean_kg, strict=True))
            self._high = tuple(max(high - creep, kg) for high, kg in zip(self._high, block.mean_kg, strict=True))
            if sum(self._high) - sum(self._low) > self._ratio * noise_kg:
                self._moved()
        if self._since is None:
            self._since, self._low, self._high = block.start, block.mean_kg, block.mean_kg
        self.still_s += seconds
        self.longest_s = max(self.longest_s, self.still_s)
        return self._since

    def stirs(self, block: Block, noise_kg: float | None) -> bool:
        """Whether what was taken for an object has moved for long enough to be somebody lying very still."""
        moves = self._moves(block, noise_kg)
        self.body_s += (block.end - block.start) * moves
        self._stirred = max(0, min(STIR_ENOUGH, self._stirred + (STIR_UP if moves else -STIR_DOWN)))
        return self._stirred >= STIR_ENOUGH

    def _moved(self) -> None:
        if self.still_s < BREATH_S:
            self.body_s += self.still_s
        self._since, self.still_s = None, 0.0

    def _moves(self, block: Block, noise_kg: float | None) -> bool:
        return noise_kg is None or block.spread_kg > self._ratio * noise_kg
