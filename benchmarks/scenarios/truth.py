"""When a stay begins and ends, by the true load of the body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import numpy as np

from benchmarks.scenarios.loads import Array
from benchmarks.scenarios.recording import AWAY_S, HAND_S, ON_KG, ON_S, SIT_UP_S, Stay

TOUCH: Final = {"back": 2.0, "calves": 1.0}  # kg where a rise begins (docs/dev/behaviour.md 1; calves: half of it)
BOUNCE_S: Final = 1.0  # a lift-off this short while getting on belongs to the rise: the board's recordings, 0.69 s


def judged(stay: Stay, t: Array, kg: Array, on_kg: float = ON_KG) -> Stay:
    """The stay with its `touch_s`, `on_s` and `off_s` from the load `kg` of the body at the times `t`.

    Raises ValueError where the load is under half of `on_kg` for `AWAY_S`, or under `on_kg` for longer than
    `SIT_UP_S`, within the stay: that is not one stay.
    """
    t_end = np.append(t, t[-1:])  # of a run that lasts to the end
    begins = next((low for low, high in _runs(kg > on_kg) if t_end[high] - t[low] >= ON_S), None)
    if begins is None:
        return replace(stay, touch_s=stay.end_s, on_s=stay.end_s, off_s=stay.end_s, left_s=stay.end_s)
    touch_kg = TOUCH["back"] if on_kg >= ON_KG else TOUCH["calves"]
    clear = [high for low, high in _runs(kg[:begins] <= touch_kg) if t_end[high] - t[low] > BOUNCE_S]
    ends = int(np.flatnonzero(kg >= on_kg / 2.0)[-1])
    for low, high in _runs(kg[begins:ends] < on_kg / 2.0):
        if t[begins + high] - t[begins + low] >= AWAY_S:
            raise ValueError(f"away for {AWAY_S} s and more from {t[begins + low]:.1f} s on")
    for low, high in _runs(kg[begins:ends] < on_kg):
        if t[begins + high] - t[begins + low] > SIT_UP_S + AWAY_S:
            raise ValueError(f"under the threshold for too long from {t[begins + low]:.1f} s on")
    on_s = _crossing(t, kg, begins - 1, on_kg) if begins else stay.start_s
    touch_s = _crossing(t, kg, clear[-1] - 1, touch_kg) if clear else stay.start_s
    body_ends = next(
        (high - 1 for low, high in reversed([*_runs(kg >= on_kg / 2.0)]) if t_end[high] - t[low] >= HAND_S), ends
    )
    return replace(
        stay,
        touch_s=min(touch_s, on_s),
        on_s=on_s,
        off_s=_crossing(t, kg, ends, on_kg / 2.0),
        left_s=_crossing(t, kg, body_ends, on_kg / 2.0),
    )


def _runs(true: np.ndarray) -> Iterator[tuple[int, int]]:
    """First index of each run, and the one behind its last."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], true.astype(np.int8), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _crossing(t: Array, kg: Array, at: int, level: float) -> float:
    """When the load passes `level` between the indices `at` and `at` + 1; the last time where there is no further."""
    if at + 1 >= len(t):
        return float(t[-1])
    share = (level - kg[at]) / (kg[at + 1] - kg[at])
    return float(t[at] + min(max(share, 0.0), 1.0) * (t[at + 1] - t[at]))
