"""What the load of a session was: its middle, whether anything moved in it, which ends carried it."""

from __future__ import annotations

import random
from math import pi, sin

import pytest
from msgspec.structs import replace

from matpi.core.model import Doubt
from matpi.core.presence.evidence import STEP, WINDOW, Evidence, steps_kg
from matpi.core.presence.signal import Second
from matpi.core.rules import PresenceRules

RULES = PresenceRules()


def fed(
    *kg: tuple[float, ...],
    rules: PresenceRules = RULES,
    judged: bool = True,
    zero_kg: tuple[float, ...] = (),
    floor_kg: float = 0.0,
) -> Evidence:
    return more(Evidence(rules, judged=judged), *kg, zero_kg=zero_kg, floor_kg=floor_kg)


def more(
    evidence: Evidence, *kg: tuple[float, ...], zero_kg: tuple[float, ...] = (), floor_kg: float = 0.0, begin: int = 0
) -> Evidence:
    for n, channels in enumerate(kg, begin):
        evidence.add(Second(float(n), n + 1.0, channels), zero_kg, floor_kg)
    return evidence


def breathing(
    seconds: int, breath_g: float, hz: float = 0.1, noise_g: float = 1.0, seed: int = 1
) -> list[tuple[float, ...]]:
    """Head and foot; `breath_g` from peak to peak, `noise_g` rms of the one-second medians."""
    gauss = random.Random(seed).gauss
    result: list[tuple[float, ...]] = []
    for n in range(seconds):
        breath = breath_g / 2000 * sin(2 * pi * hz * n)
        result.append((15.0 + breath + gauss(0, noise_g / 1000), 10.0 - breath + gauss(0, noise_g / 1000)))
    return result


def test_steps_are_over_two_seconds_and_without_what_creeps() -> None:
    assert STEP == 2
    assert steps_kg([(n * 0.01, 5.0) for n in range(10)]) == pytest.approx((0.0, 0.0))
    assert steps_kg([(0.01 * (n // 2 % 2), 5.0) for n in range(10)]) == pytest.approx((0.01, 0.0))


def test_nothing_known_is_nothing_said() -> None:
    evidence = Evidence(RULES)
    assert (evidence.middle_kg, evidence.seconds, evidence.is_thing, evidence.doubt) == (None, 0, False, None)


def test_the_middle_is_the_median_above_the_floor() -> None:
    assert fed(*[(20.0, 10.0)] * 5, (200.0, 0.0), (1.0, 1.0)).middle_kg == 30.0
    assert fed(*[(20.0, 10.0)] * 5, floor_kg=4.0).middle_kg == 26.0


def test_a_load_that_does_not_move_is_a_thing_from_the_first_whole_window() -> None:
    bag = [(12.0, 8.0)] * 60
    assert not fed(*bag[: WINDOW - 1]).is_thing
    assert fed(*bag[:WINDOW]).doubt is Doubt.THING
    assert fed(*[(12.0 + 0.0003 * n, 8.0 + 0.0003 * n) for n in range(200)]).is_thing, "a cell creeps under it"


def test_heavier_than_30_kg_is_never_one() -> None:
    assert fed(*[(20.0, 9.9)] * 60).is_thing
    assert not fed(*[(20.0, 10.0)] * 60).is_thing


def test_one_channel_is_never_one() -> None:
    assert not fed(*[(20.0,)] * 60).is_thing


def test_a_load_on_calves_or_chosen_by_hand_is_never_one() -> None:
    assert not fed(*[(12.0, 8.0)] * 60, judged=False).is_thing
    assert not fed(*[(12.0, 8.0)] * 60, rules=replace(RULES, on_kg=11.9)).is_thing


def test_the_quietest_sleeper_is_none_and_a_bag_on_the_noisiest_cells_is_one() -> None:
    for seed in range(10):
        for hz in (0.1, 0.17, 0.25):
            sleeper = breathing(600, 12.0, hz, seed=seed)
            assert not fed(*sleeper).is_thing, (hz, seed)
        assert fed(*breathing(300, 0.0, noise_g=1.2, seed=seed)).is_thing, seed


def test_channels_that_share_the_load_share_the_limit() -> None:
    """Four channels show half of what two do."""
    step = 1.7 * RULES.still_kg
    two = [(12.0 + step * (n // 2 % 2), 8.0) for n in range(60)]
    four = [(6.0 + step / 2 * (n // 2 % 2), 6.0, 4.0, 4.0) for n in range(60)]
    assert not fed(*two).is_thing
    assert not fed(*four).is_thing
    assert fed(*[(6.0 + step / 4 * (n // 2 % 2), 6.0, 4.0, 4.0) for n in range(60)]).is_thing


def test_a_quarter_of_the_windows_may_be_still() -> None:
    moving = [(12.0 + 0.02 * (n // 2 % 2), 8.0) for n in range(200)]
    still = [(12.0, 8.0)] * 200
    seen = fed(*moving)
    assert not more(seen, *still[: WINDOW + 45], begin=200).is_thing
    assert more(seen, *still[:60], begin=300).is_thing


def test_a_hole_begins_the_window_again() -> None:
    seen = fed(*[(12.0, 8.0)] * (WINDOW - 1))
    assert not more(seen, *[(12.0, 8.0)] * (WINDOW - 1), begin=WINDOW).is_thing
    assert more(seen, (12.0, 8.0), begin=2 * WINDOW - 1).is_thing


def test_a_copy_goes_on_by_itself() -> None:
    seen = fed(*[(12.0, 8.0)] * WINDOW)
    copied = seen.copy()
    more(copied, *[(40.0, 20.0)] * 60, begin=WINDOW)
    assert (seen.middle_kg, seen.seconds, seen.doubt) == (20.0, WINDOW, Doubt.THING)
    assert (copied.middle_kg, copied.seconds, copied.doubt) == (60.0, WINDOW + 60, None)


def test_under_the_threshold_it_is_light() -> None:
    moving = [(7.0 + 0.02 * (n // 2 % 2), 4.9) for n in range(60)]
    assert fed(*moving).doubt is Doubt.LIGHT
    assert fed(*[(a, b + 0.2) for a, b in moving]).doubt is None


def test_an_end_that_never_carried_anything_is_a_loose_wire() -> None:
    moving = [(40.0 + 0.02 * (n // 2 % 2), 0.29) for n in range(60)]
    assert fed(*moving).doubt is Doubt.ONE_END
    assert fed(*moving, (40.0, 0.31)).doubt is None, "throughout"
    assert fed(*[(40.0, 2.4)] * 60, zero_kg=(0.0, 2.2)).doubt is Doubt.ONE_END, "above the zero"
    assert fed(*[(40.0,)] * 60).doubt is None, "one channel has no ends"


def test_a_thing_is_told_before_a_light_load_and_a_light_load_before_one_end() -> None:
    assert fed(*[(6.0, 4.0)] * 60).doubt is Doubt.THING
    assert fed(*[(10.0 + 0.02 * (n // 2 % 2), 0.0) for n in range(60)]).doubt is Doubt.LIGHT
