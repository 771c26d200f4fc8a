"""Four half-bridge cells and their HX711s: from the true load to the readings, faults included.

Every figure names its source; "chosen, unmeasured" has none. The sources in full: docs/dev/sources.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.scenarios.loads import CELLS, Array, Random, follow
from matpi.sim.chip import CODE_MAX, CODE_MIN, SETTLING

COUNTS_PER_KG: Final = {1: 21_475.0, 2: 42_950.0, 4: 42_950.0}
"""By channels: 2 147 484 counts a mV/V at gain 128, 1 mV/V a cell of 50 kg (docs/dev/sources.md, cells)."""
GROUPS: Final = {1: ((0, 1, 2, 3),), 2: ((0, 1), (2, 3)), 4: ((0,), (1,), (2,), (3,))}
"""Which cells a channel sums: all in one ring; the head and the foot pair; each with its own chip."""

FAST: Final = (1.0, 1.18)  # oscillator against the jumper: 1.07 to 1.17 measured (olkal/HX711_ADC#81, #98)
NOISE_KG: Final = {10: (0.001, 0.007), 80: (0.0018, 0.0065)}
"""rms of one reading of a board, by readings a second: 50 and 90 nV rms at gain 128 (HX711 data sheet V2.0) make 1.1
and 2 g; bad boards are at 3.5 to 7 g at 10/s (14 noise-free bits, Arduino forum, thread 351959)."""
NOISY_BOARDS, NOISIEST_KG = 0.1, 0.013
"""Share of boards at 80/s that are worse than `NOISE_KG`, and how bad they get: twice the worst at 10/s; estimate."""
SLOW_CHIPS: Final = 0.25  # share of mats whose chips are at 10/s; the documented build has 80/s; chosen
WALK_COUNTS: Final = 3.0  # 1/f part as a random walk, counts a root second; estimate
OFFSET_MV_V: Final = 0.1  # zero output of a cell, +-0.1 mV/V (SparkFun SEN-10245 class; ghstwhl/ePartners NN1012)
COUNTS_PER_MV_V: Final = 2_147_484.0  # at gain 128 (HX711 data sheet V2.0)
ZERO_KG_C: Final = 0.05  # zero drift a cell and degree: 1 % of full scale in 10 degC (same table), sign random
SPAN_PER_C: Final = 5e-5  # 0.05 % in 10 degC (same table)
CORNER: Final = 0.01  # a cell's share of error in the span; M5Stack cells 0.3 % combined; the rest chosen, unmeasured
CREEP: Final = 1e-3  # of the load; the sheet says 0.03 % in 3 min, poor cells 0.1 to 0.3 % in 20 min (estimate)
CREEP_PARTS: Final = ((0.4, 60.0), (0.6, 600.0))  # share and time constant; estimate, "logarithmic in time"
HYSTERESIS_KG: Final = 0.015  # width of the loop: 0.03 % of 50 kg (SparkFun table)
PLAY_KG: Final = 5.0  # half the load over which the loop opens; chosen, unmeasured
WARM_C: Final = (3.0, 5.0)  # a body warms the cells; estimate
WARM_TAU_S: Final = 900.0  # estimate
COARSE_S: Final = 1.0  # creep and warmth are slow: computed this often

BAD_CREEP, BAD_NOISE, BAD_ZERO = 3.0, 3.0, 3.0
"""A bad cell: creep of 0.3 % (estimate); noise, at most `NOISIEST_KG`, and drift chosen, unmeasured."""


@dataclass(frozen=True, slots=True)
class Build:
    """One mat's electronics, as drawn by `draw_build`. Tuples run over channels or over the four cells."""

    rate: int
    period_s: float
    noise_kg: tuple[float, ...]
    phase: tuple[float, ...]
    """How far each chip's conversion lies back when all are read, in periods."""
    offset_counts: tuple[float, ...]
    zero_kg_c: tuple[float, ...]
    span: tuple[float, ...]
    creep: tuple[float, ...]
    warm_c: tuple[float, ...]
    drifted_kg: float
    """What the empty mat reads at the start, from the calibrated reference."""

    @property
    def channels(self) -> int:
        return len(self.noise_kg)


@dataclass(frozen=True, slots=True)
class Faults:
    """What goes wrong between cells and device. Spans are (begin, end) in seconds."""

    glitch_share: float = 1e-4
    """Of readings whose read-out lost its clock: 1 to 5 % in bogde/HX711#83; a good reader has fewer (chosen)."""
    unflagged_share: float = 0.005
    """Of these, passed as good. A reader that guards each pulse flags nearly all; chosen, unmeasured."""
    dropouts: tuple[tuple[float, float], ...] = ()
    saturated: tuple[tuple[float, float], ...] = ()
    """A wire of the first channel's bridge off: the code is at its end and is flagged."""
    jumps: tuple[tuple[float, float, float], ...] = field(default=())
    """(begin, end, kg): a loose contact in cell 0. Not flagged, for the code is possible."""


def draw_build(
    rng: Random, *, channels: int = 2, rate: int | None = None, drifted_kg: float = 0.0, bad_cell: int | None = None
) -> Build:
    """Electronics of one mat. Without a `rate` the chips are at 80/s, of `SLOW_CHIPS` of the mats at 10/s."""
    if rate is None:
        rate = 10 if rng.random() < SLOW_CHIPS else 80
    if channels not in GROUPS or rate not in NOISE_KG:
        raise ValueError("a mat has 1, 2 or 4 channels at 10 or 80 readings a second")
    low, high = NOISE_KG[rate]
    if rate == 80 and rng.random() < NOISY_BOARDS:
        low, high = high, NOISIEST_KG
    noise = np.exp(rng.uniform(np.log(low), np.log(high), channels))
    zero, creep = rng.normal(0.0, ZERO_KG_C, CELLS), CREEP * rng.uniform(0.3, 1.2, CELLS)
    if bad_cell is not None:
        zero[bad_cell] *= BAD_ZERO
        creep[bad_cell] = CREEP * BAD_CREEP
        channel = [bad_cell in group for group in GROUPS[channels]].index(True)
        noise[channel] = min(noise[channel] * BAD_NOISE, NOISIEST_KG)
    offset = rng.uniform(-OFFSET_MV_V, OFFSET_MV_V, channels) * COUNTS_PER_MV_V * (2.0 if channels == 1 else 1.0)
    span = 1.0 + rng.normal(0.0, CORNER, CELLS)
    return Build(
        rate=rate,
        period_s=1.0 / (rate * float(rng.uniform(*FAST))),
        noise_kg=tuple(noise.tolist()),
        phase=(0.0, *rng.uniform(0.0, 1.0, channels - 1).tolist()),
        offset_counts=tuple(offset.tolist()),
        zero_kg_c=tuple(zero.tolist()),
        span=tuple((span / span.mean()).tolist()),  # calibrated as a whole
        creep=tuple(creep.tolist()),
        warm_c=tuple((rng.uniform(*WARM_C) * rng.uniform(0.5, 1.0, CELLS)).tolist()),
        drifted_kg=drifted_kg,
    )


def readings(
    build: Build, t: Array, load: Array, warm: Array, ambient_c: Array, faults: Faults, rng: Random
) -> tuple[Array, Array, NDArray[np.bool_]]:
    """(t, kg, flagged) of the readings that arrive.

    `load` [n, 4] is the true one half a period before each of `t` [n], the middle of the conversion; `warm` [n] is 1
    while a body warms the cells, else 0; `ambient_c` [n] is from the temperature of the start. The rows of a dropout,
    and of the restart after a glitch, are missing.
    """
    x = load * np.asarray(build.span)
    _slow_parts(build, t, x, load, warm, ambient_c)
    if faults.jumps:
        _jump(t, x, faults.jumps)
    channels = np.stack([x[:, list(group)].sum(axis=1) for group in GROUPS[build.channels]], axis=1)
    channels = _settled(build, t, channels)
    channels += build.drifted_kg / build.channels

    n = len(t)
    counts_per_kg = COUNTS_PER_KG[build.channels]
    steps = np.sqrt(np.diff(t, prepend=t[:1])) * (WALK_COUNTS / counts_per_kg)
    for channel in range(build.channels):
        column = channels[:, channel]
        column += build.noise_kg[channel] * rng.standard_normal(n)
        column += np.cumsum(steps * rng.standard_normal(n))
    offset = np.asarray(build.offset_counts)
    code = np.clip(np.rint(channels * counts_per_kg + offset), CODE_MIN, CODE_MAX)
    flagged = (code <= CODE_MIN).any(axis=1) | (code >= CODE_MAX).any(axis=1)
    for begin, end in faults.saturated:
        rows = slice(*np.searchsorted(t, (begin, end)))
        code[rows, 0] = CODE_MAX
        flagged[rows] = True
    arrived = np.ones(n, dtype=np.bool_)
    _glitch(build, t, code, flagged, arrived, faults, rng)
    for begin, end in faults.dropouts:
        arrived[slice(*np.searchsorted(t, (begin, end)))] = False
    kg = (code - offset) / counts_per_kg
    if arrived.all():
        return t, kg, flagged
    return t[arrived], kg[arrived], flagged[arrived]


def _slow_parts(build: Build, t: Array, x: Array, load: Array, warm: Array, ambient_c: Array) -> None:
    """Creep, hysteresis and temperature, added to `x` in place."""
    coarse = np.arange(t[0], t[-1] + COARSE_S, COARSE_S)
    zero = np.asarray(build.zero_kg_c)
    loaded = bool(load.any())
    if loaded:
        on = np.stack([np.interp(coarse, t, load[:, cell]) for cell in range(CELLS)], axis=1)
        creep = np.zeros_like(on)
        for share, tau in CREEP_PARTS:
            creep += share * follow(on, COARSE_S, tau)
        creep *= np.asarray(build.creep)
        body = follow(np.interp(coarse, t, warm)[:, None], COARSE_S, WARM_TAU_S)
        slow = creep + body * (zero * np.asarray(build.warm_c))
        for cell in range(CELLS):
            slow[:, cell] += _hysteresis(on[:, cell])
            x[:, cell] += np.interp(t, coarse, slow[:, cell])
    if ambient_c.any():
        x += ambient_c[:, None] * zero
        if loaded:
            x += load * (ambient_c[:, None] * SPAN_PER_C)


def _hysteresis(on: Array) -> Array:
    """A play of +-`PLAY_KG` that lags behind the load, weighted so that the loop is `HYSTERESIS_KG` wide."""
    turned = np.flatnonzero(np.diff(np.rint(on * 2.0), prepend=0.0))
    play, behind = 0.0, np.zeros(len(turned) + 1)
    for at, kg in enumerate(on[turned].tolist()):
        play = min(max(play, kg - PLAY_KG), kg + PLAY_KG)
        behind[at + 1] = play
    held = behind[np.searchsorted(turned, np.arange(len(on)), side="right")]
    return np.asarray((np.clip(held, on - PLAY_KG, on + PLAY_KG) - on) * (HYSTERESIS_KG / 2.0 / PLAY_KG))


def _jump(t: Array, x: Array, jumps: tuple[tuple[float, float, float], ...]) -> None:
    for begin, end, kg in jumps:
        x[slice(*np.searchsorted(t, (begin, end))), 0] += kg


def _settled(build: Build, t: Array, x: Array) -> Array:
    """Each result is the mean of the last `SETTLING` conversions; across the long steps of quiet hours, of one."""
    n = len(t)
    if n < SETTLING:
        return x
    out = x.copy()
    mean = sum((x[SETTLING - 1 - back : n - back] for back in range(1, SETTLING)), x[SETTLING - 1 :]) / SETTLING
    dense = t[SETTLING - 1 :] - t[: n - SETTLING + 1] < (SETTLING - 0.5) * build.period_s
    out[SETTLING - 1 :][dense] = mean[dense]
    for channel, back in enumerate(build.phase):
        if back:
            late = np.flatnonzero(np.diff(t) < 1.5 * build.period_s) + 1
            column = out[:, channel]
            column[late] = (1.0 - back) * column[late] + back * column[late - 1]
    return out


def _glitch(
    build: Build,
    t: Array,
    code: Array,
    flagged: NDArray[np.bool_],
    arrived: NDArray[np.bool_],
    faults: Faults,
    rng: Random,
) -> None:
    """PD_SCK high for over 60 us powers the chip down: the top bits are right, the rest are ones, and the next result
    comes four conversions later (HX711 data sheet; bogde/HX711#83, google/periph#439).
    """
    rows = np.flatnonzero(rng.random(len(code)) < faults.glitch_share)
    if not len(rows):
        return
    channel = rng.integers(0, build.channels, len(rows))
    right = rng.integers(1, 24, len(rows))
    whole = code[rows, channel].astype(np.int64)
    code[rows, channel] = whole | ((np.int64(1) << (24 - right)) - 1)
    flagged[rows] |= rng.random(len(rows)) >= faults.unflagged_share
    for late in range(1, SETTLING):
        after = np.minimum(rows + late, len(t) - 1)
        arrived[after[t[after] - t[rows] < (SETTLING - 0.5) * build.period_s]] = False
    arrived[rows] = True
