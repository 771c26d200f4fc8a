"""What the LED does in time: a pattern and its age become light, 0 to 1.

Patterns are drawn in lightness, as the eye sees it, and turned into light by CIE 1976 L*. Nothing flashes: a new rise
comes 2 s after the last one at the earliest (0.5 Hz; WCAG 2.3.1 asks for under 3 Hz).
"""

from __future__ import annotations

import math
from typing import Final, assert_never

from matpi.core.effects import Pattern
from matpi.core.plan.breathing import CYCLE_S, lightness

SAVED_S: Final = 2.0  # docs/dev/behaviour.md 6

# A breath is no sine: it rises, is held for a moment, falls more slowly, rests. 12 a minute, the pace of a sleeper,
# after Apple's sleep light (US 6,658,577); the shares are chosen, unmeasured.
BREATH_S: Final = 5.0
RISE_S, HELD_S, FALL_S = 1.7, 0.4, 2.1

# Two blinks with soft edges, then quiet.
ATTENTION_S: Final = 10.0
BLINK_STARTS_S: Final = (0.0, 2.5)
EDGE_S, BLINK_ON_S = 0.3, 0.7

_PERIOD_S: Final = {
    Pattern.OFF: 0.0,
    Pattern.SAVED: SAVED_S,
    Pattern.BREATH: BREATH_S,
    Pattern.ATTENTION: ATTENTION_S,
    Pattern.PACER: CYCLE_S,
}


def light(l_star: float) -> float:
    """Return the relative luminance Y, 0 to 1, of a CIE L* of 0 to 100.

    CIE 15:2004, 8.2.1.1; 903.3 is its rounded kappa.
    """
    return l_star / 903.3 if l_star <= 8.0 else ((l_star + 16.0) / 116.0) ** 3


def duty(pattern: Pattern, age_s: float) -> float:
    """Return the light, 0 to 1 and linear, of a pattern that began `age_s` seconds ago; dark before."""
    if age_s < 0.0:
        return 0.0
    match pattern:
        case Pattern.OFF:
            return 0.0
        case Pattern.SAVED:
            return 1.0 if age_s < SAVED_S else 0.0
        case Pattern.BREATH:
            return light(100.0 * swell(age_s % BREATH_S, RISE_S, HELD_S, FALL_S))
        case Pattern.ATTENTION:
            into_s = age_s % ATTENTION_S
            return max(light(100.0 * swell(into_s - start_s, EDGE_S, BLINK_ON_S, EDGE_S)) for start_s in BLINK_STARTS_S)
        case Pattern.PACER:
            return light(100.0 * lightness(age_s))
        case _:
            assert_never(pattern)


def swell(t_s: float, rise_s: float, held_s: float, fall_s: float) -> float:
    """Rise from 0 to 1 and fall back, with the flanks of a raised cosine: without a step or a corner."""
    if t_s < 0.0:
        return 0.0
    if t_s < rise_s:
        return (1.0 - math.cos(math.pi * t_s / rise_s)) / 2.0
    if t_s < rise_s + held_s:
        return 1.0
    left_s = rise_s + held_s + fall_s - t_s
    return (1.0 - math.cos(math.pi * left_s / fall_s)) / 2.0 if left_s > 0.0 else 0.0


def repeats(pattern: Pattern) -> bool:
    """Return whether the pattern begins again after its period; otherwise it stays dark."""
    return pattern in {Pattern.BREATH, Pattern.ATTENTION, Pattern.PACER}


def period_s(pattern: Pattern) -> float:
    """Return after what time the pattern begins again or has ended; 0 for one that is never lit."""
    return _PERIOD_S[pattern]


def table(pattern: Pattern, fps: int = 50) -> list[float]:
    """Return `duty` over one period, `fps` values a second.

    When it does not repeat, one more for the state at the end.
    """
    count = round(period_s(pattern) * fps)
    return [duty(pattern, step / fps) for step in range(count if repeats(pattern) else count + 1)]
