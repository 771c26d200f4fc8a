"""Solve placements of one known weight for counts per kilogram, or say why not and what to do.

With `c[p][i]` the change of channel i at placement p and `x[i]` kilograms a count, `sum_i c[p][i] * x[i] = W` holds for
each p: as many placements as channels give all of them. Where on the mat the weight stands need not be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from matpi.core.calibration.weighing import Held, Refusal
from matpi.core.calibration.weights import LEAST_KG
from matpi.core.model import Calibration, Zero
from matpi.core.text import Text

DEAD_SHARE: Final = 0.02
"""A channel that moves less than this part of the others at every placement is dead. Chosen: a person who stands at
every place loads each one with much more, and noise is 0.01 % of 70 kg.
"""
LOW, HIGH = 0.5, 2.0  # of the nominal sensitivity; cells are made to 10 %, four on one chip give 0.5 to 0.56 of a pair
HALF_FROM, HALF_TO, NEXT_TO = 0.4, 0.6, 0.65
"""About half, and less than this part of the best channel: one cell of the pair gives nothing."""
ALIKE_GAIN: Final = 6.0
"""An error of one placement may come out at most this many times larger in a slope. Chosen: feet 15 and 45 cm along a
60 cm mat give 2; shares of the weight that differ by a sixth give 6.
"""
WORST_PERCENT: Final = 3.0  # chosen: 2 kg of a person; a calibration less certain than that is refused
FLOOR_PERCENT: Final = 0.1  # not measurable here: nonlinearity, hysteresis, creep, 0.03 % each (docs/dev/sources.md)


class Solved(Struct, frozen=True):
    """A calibration, and the zero that belongs to it: its reference is the empty mat."""

    calibration: Calibration
    zero: Zero
    error_percent: float  # the most any slope is off, if the weight is right to within `weight_error_kg`
    turned: tuple[int, ...] = ()  # channels whose counts fall with load: wired the other way round, which is allowed

    @property
    def sentence(self) -> str:
        return f"Calibrated to within {self.error_percent:.1f} %, if the weight is right."


class Names(Struct, frozen=True):
    """What a person calls the channels and the places to stand at, in the order of the config."""

    channels: tuple[str, ...]
    short: tuple[Text, ...]  # for the screen, at most 6 characters


def names_of(channels: int) -> Names:
    if channels == 1:
        return Names(("mat",), (Text("places.mat"),))
    if channels == 2:
        return Names(("head end", "foot end"), (Text("places.head"), Text("places.foot")))
    numbers = range(1, channels + 1)
    return Names(tuple(f"corner {n}" for n in numbers), tuple(Text("places.cell", n=n) for n in numbers))


def solve(
    empty: Held, placed: Sequence[Held], weight_kg: float, nominal: float, weight_error_kg: float = 0.0
) -> Solved | Refusal:
    """Solve as many placements as channels, in their order, each of `weight_kg`, or one for a common factor."""
    channels = len(empty.counts)
    names = names_of(channels)
    changes = [tuple(a - b for a, b in zip(held.counts, empty.counts, strict=True)) for held in placed]
    if refusal := _dead(changes, names) or _small(changes, nominal):
        return refusal
    if len(placed) == 1:
        factor = sum(map(abs, changes[0])) / nominal / weight_kg
        kg_a_count = tuple((-1.0 if c < 0 else 1.0) / (nominal * factor) for c in changes[0])
        gain = [1.0] * channels
    else:
        inverse = _inverse(changes)
        rows = [] if inverse is None else [sum(row) for row in inverse]
        if inverse is None or not all(rows):
            return ALIKE
        gain = [sum(map(abs, row)) / abs(total) for row, total in zip(inverse, rows, strict=True)]
        if max(gain) > ALIKE_GAIN:
            return ALIKE
        kg_a_count = tuple(weight_kg * total for total in rows)
        if refusal := _swapped(changes, kg_a_count, names):
            return refusal
    if refusal := _implausible([1.0 / abs(x) / nominal for x in kg_a_count], nominal, names):
        return refusal
    unsure_kg = empty.range_kg(kg_a_count) + max(held.range_kg(kg_a_count) for held in placed)
    noise_percent = 100.0 * max(gain) * unsure_kg / weight_kg
    if noise_percent > WORST_PERCENT:
        return _noisy(noise_percent)
    return Solved(
        Calibration(tuple(map(round, empty.counts)), tuple(1.0 / x for x in kg_a_count)),
        Zero((0.0,) * channels),
        noise_percent + FLOOR_PERCENT + 100.0 * weight_error_kg / weight_kg,
        tuple(n for n, x in enumerate(kg_a_count) if x < 0),
    )


def moved_kg(empty: Held, counts: Sequence[float], nominal: float) -> float:
    """Return the load since `empty` in nominal kilograms, whichever way the bridges are wired."""
    return sum(abs(c - e) for c, e in zip(counts, empty.counts, strict=True)) / nominal


def shares(empty: Held, counts: Sequence[float]) -> tuple[float, ...]:
    """Return how the change since `empty` is spread over the channels; sums to 1."""
    changes = [abs(c - e) for c, e in zip(counts, empty.counts, strict=True)]
    return tuple(change / (sum(changes) or 1.0) for change in changes)


def _inverse(matrix: Sequence[Sequence[float]]) -> list[list[float]] | None:
    """Invert by Gauss-Jordan elimination with pivots; None when singular."""
    n = len(matrix)
    rows = [[*map(float, row), *(float(i == j) for j in range(n))] for i, row in enumerate(matrix)]
    scale = max(abs(value) for row in matrix for value in row)
    for column in range(n):
        best = max(range(column, n), key=lambda row: abs(rows[row][column]))
        rows[column], rows[best] = rows[best], rows[column]
        pivot = rows[column][column]
        if abs(pivot) <= 1e-9 * scale:
            return None
        rows[column] = [value / pivot for value in rows[column]]
        for row in range(n):
            if row != column:
                factor = rows[row][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [row[n:] for row in rows]


# -- refusals ----------------------------------------------------------------------------------------------------------


def _dead(changes: Sequence[Sequence[float]], names: Names) -> Refusal | None:
    moved = [max(abs(row[channel]) for row in changes) for channel in range(len(changes[0]))]
    for channel, most in enumerate(moved):
        if most < DEAD_SHARE * max(moved):
            one = " Put the weight in the middle." if len(changes) == 1 else ""
            return Refusal(
                reason=f"The chip of the {names.channels[channel]} hardly moves, wherever the weight stands.",
                remedy=f"Check its wires and those of its cells.{one}",
                what=Text("scale.no_signal_at", where=names.short[channel]),
                do=Text("scale.check_its_wires"),
            )
    return None


def _small(changes: Sequence[Sequence[float]], nominal: float) -> Refusal | None:
    least_kg = min(sum(map(abs, row)) for row in changes) / nominal
    if least_kg >= LEAST_KG:
        return None
    return Refusal(
        reason=f"The weight moved the cells by only {least_kg:.1f} kg, too little to measure by.",
        remedy=f"Use your own weight or at least {LEAST_KG:g} kg, and stand on the mat, not beside it.",
        what=Text("scale.too_light", kg=LEAST_KG),
        do=Text("scale.stand_on_mat"),
    )


def _swapped(changes: Sequence[Sequence[float]], kg_a_count: Sequence[float], names: Names) -> Refusal | None:
    """Refuse where the channel under a place does not take most of the weight there."""
    most = [max(range(len(row)), key=lambda channel: row[channel] * kg_a_count[channel]) for row in changes]
    if most == list(range(len(most))) or len(set(most)) < len(most):
        return None
    wrong = next(place for place, channel in enumerate(most) if place != channel)
    if len(most) == 2:
        return Refusal(
            reason="Head and foot are swapped: the foot end's chip moves most when you stand at the head end.",
            remedy="Swap the two [[scale.channels]] tables or the wires of the chips, and calibrate again.",
            what=Text("scale.swapped"),
            do=Text("scale.swap_wires"),
        )
    return Refusal(
        reason=f"At {names.channels[wrong]} the chip of {names.channels[most[wrong]]} moves most: wrong order.",
        remedy="Put the [[scale.channels]] tables or the wires in the order of the corners, and calibrate again.",
        what=Text("scale.mixed_up"),
        do=Text("scale.reorder"),
    )


def _implausible(ratios: Sequence[float], nominal: float, names: Names) -> Refusal | None:
    """Refuse `ratios` (of counts per kilogram to the nominal) that no cells give.

    A single channel apart from the rest is a faulty cell; all of them are a wrong config or weight.
    """
    best = max(ratios)
    for channel, ratio in enumerate(ratios):
        if len(ratios) == 1 or not LOW <= best <= HIGH or ratio >= min(HALF_TO, NEXT_TO * best):
            continue
        gives = f"The chip of the {names.channels[channel]} gives {ratio * nominal:,.0f} counts per kilogram"
        if ratio >= HALF_FROM:
            return Refusal(
                reason=f"{gives}, about half of what a pair should: one of its two cells is dead.",
                remedy="Check the three wires of both cells there, and measure each with an ohmmeter.",
                what=Text("scale.half_signal", where=names.short[channel]),
                do=Text("scale.dead_cell"),
            )
        return Refusal(
            reason=f"{gives}, nearly none: one of its two cells works against the other.",
            remedy="Turn that cell over, or swap the two outer wires of one of them.",
            what=Text("scale.weak_signal", where=names.short[channel]),
            do=Text("scale.turned_cell"),
        )
    if all(LOW <= ratio <= HIGH for ratio in ratios):
        return None
    off = max(ratios, key=lambda ratio: max(ratio, 1.0 / ratio))
    return Refusal(
        reason=f"It came out at {off * nominal:,.0f} counts per kilogram, {off:.2f} times what the config says.",
        remedy="Check the weight you gave, and counts_per_kg in [scale]: 43000 for two cells a chip, 21500 for four.",
        what=Text("scale.do_not_fit"),
        do=Text("scale.check_weight"),
    )


def _noisy(percent: float) -> Refusal:
    return Refusal(
        reason=f"It could be off by {percent:.1f} %, because the readings wander.",
        remedy="Stand still, put the board on hard, level ground, and keep the cells' wires away from power supplies.",
        what=Text("scale.wander"),
        do=Text("scale.stand_still"),
    )


ALIKE: Final = Refusal(
    reason="The places you stood at are too close together to tell the channels apart.",
    remedy="Stand nearer to one end, then nearer to the other, midway between left and right.",
    what=Text("scale.too_close"),
    do=Text("scale.very_end"),
)
