"""A bridge wired the other way round: found at the first person where nobody has calibrated, else reported."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import pytest

from matpi.core.effects import Calibrated
from matpi.core.front import Front
from matpi.core.model import Calibration, EndReason, Memory, Zero
from matpi.core.presence.signal import Second
from matpi.core.presence.zero import BACKWARDS_S, ZeroTracker, ZeroWord
from matpi.core.rules import ZeroRules
from matpi.core.views import Idle
from tests.bench import NOMINAL, UNCALIBRATED, Bench, Cells, end_of
from tests.core.presence.test_first_zero import KNOWN, lying, nothing

WIRINGS = ((0, 1), (0,), (1,))
"""Which of the two chips are the wrong way round."""


def wired(
    backwards: tuple[int, ...],
    scale: Calibration = UNCALIBRATED,
    zero: Zero | None = None,
    offset_kg: tuple[float, float] = (7.0, -4.0),
) -> Bench:
    slopes = tuple(-NOMINAL if n in backwards else NOMINAL for n in range(2))
    cells = Cells(slopes, tuple(NOMINAL * kg for kg in offset_kg), noise=60.0)
    bench = Bench(Memory(acknowledgement=KNOWN, calibration=scale, zero=zero), cells=cells)
    bench.body = nothing
    return bench


def signs(bench: Bench) -> list[bool]:
    """Which channels are read as negative from now on."""
    assert bench.device.zeroing.calibration is not None
    return [slope < 0.0 for slope in bench.device.zeroing.calibration.counts_per_kg]


def test_the_first_person_turns_it_round_and_has_a_session_from_the_first_touch() -> None:
    for backwards in WIRINGS:
        bench = wired(backwards)
        bench.pass_s(30)
        on = bench.t
        bench.body = lying(62.0)
        bench.pass_s(300)
        off = bench.t
        bench.body = nothing
        bench.pass_s(60)
        assert signs(bench) == [n in backwards for n in range(2)]
        (session,) = bench.saved
        assert session.start_mono == pytest.approx(on, abs=1.5), backwards
        assert end_of(session) == pytest.approx(off, abs=0.3), backwards
        assert session.reason is EndReason.LEFT
        assert len(list(bench.notes("polarity"))) == 1
        (save,) = bench.saves(Calibrated)
        assert save.calibration.approximate
        assert save.calibration.reference_counts == (0, 0)


def test_from_then_on_every_load_is_weighed_right_and_the_sign_outlives_a_restart() -> None:
    for backwards in WIRINGS:
        bench = wired(backwards)
        bench.pass_s(30)
        bench.body = lying(62.0)
        bench.pass_s(60)
        bench.body = nothing
        bench.pass_s(60)
        again = bench.reboot()
        assert signs(again) == [n in backwards for n in range(2)]
        again.body = nothing
        again.pass_s(20)
        on = again.t
        again.body = lying(62.0)
        again.pass_s(120)
        again.body = nothing
        again.pass_s(60)
        session = again.saved[-1]
        assert session.start_mono == pytest.approx(on, abs=0.3)
        assert session.on_mat_s == pytest.approx(120.0, abs=0.4)
        assert session.load_kg == pytest.approx(62.0, abs=0.5)
        assert again.saves(Calibrated) == [], "once"


def test_a_first_start_with_a_person_on_it_who_gets_up() -> None:
    for backwards in WIRINGS:
        bench = wired(backwards)
        bench.body = lying(62.0)
        bench.pass_s(90)
        assert bench.device.presence.zero.seeking
        bench.body = nothing
        bench.pass_s(40)
        assert not bench.device.presence.zero.seeking
        assert signs(bench) == [False, False], "getting up is no load"
        bench.body = lying(62.0)
        bench.pass_s(120)
        bench.body = nothing
        bench.pass_s(60)
        assert signs(bench) == [n in backwards for n in range(2)]
        (session,) = bench.saved
        assert session.on_mat_s == pytest.approx(120.0, abs=1.6)


def test_a_first_start_with_a_bag_that_is_taken_away() -> None:
    """Right or wrong way round: the bag's absence is still, turns nothing, and proves nothing."""
    for backwards in ((), *WIRINGS):
        bench = wired(backwards)
        bench.body = lambda _: (8.0, 7.0)
        bench.pass_s(40)
        assert not bench.device.presence.zero.seeking
        bench.body = nothing
        bench.pass_s(90)
        assert signs(bench) == [False, False], backwards
        bench.body = lying(62.0)
        bench.pass_s(120)
        bench.body = nothing
        bench.pass_s(60)
        assert signs(bench) == [n in backwards for n in range(2)]
        assert bench.saved[-1].on_mat_s == pytest.approx(120.0, abs=1.6), backwards


def test_a_heavy_thing_that_is_lifted_off_slowly_turns_nothing() -> None:
    for lift_s in (1.0, 3.0, 8.0):
        bench = wired(())
        bench.body = lambda _: (18.0, 4.0)
        bench.pass_s(40)
        assert not bench.device.presence.zero.seeking
        off = bench.t

        def lifted(t: float, off: float = off, lift_s: float = lift_s) -> tuple[float, ...]:
            left = max(0.0, 1.0 - (t - off) / lift_s)
            return (18.0 * left, 4.0 * left)

        bench.body = lifted
        bench.pass_s(90)
        assert signs(bench) == [False, False], lift_s
        assert not bench.saved


def test_a_bag_does_not_turn_it_round_and_the_person_on_top_does() -> None:
    bench = wired((0, 1))
    bench.pass_s(30)
    bench.body = lambda _: (14.0, 13.0)
    bench.pass_s(300)
    assert signs(bench) == [False, False]
    person = lying(62.0)
    bench.body = lambda t: (14.0 + person(t)[0], 13.0 + person(t)[1])
    bench.pass_s(60)
    assert bench.state is Front.ON_MAT
    assert signs(bench) == [True, True]


def test_a_channel_that_has_read_the_right_way_round_is_never_turned() -> None:
    bench = wired(())
    bench.pass_s(30)
    bench.body = lying(62.0)
    bench.pass_s(60)
    bench.body = lambda t: tuple(-kg for kg in lying(62.0)(t))  # a plug that was pulled and put back the other way
    bench.pass_s(120)
    assert signs(bench) == [False, False]
    assert bench.saves(Calibrated) == []
    assert bench.device.presence.zero.word is ZeroWord.BACKWARDS


def test_one_that_was_turned_is_not_turned_back() -> None:
    bench = wired((0, 1))
    bench.pass_s(30)
    bench.body = lying(62.0)
    bench.pass_s(60)
    bench.body = nothing
    bench.pass_s(60)
    bench.body = lambda t: tuple(-kg for kg in lying(62.0)(t))
    bench.pass_s(120)
    assert signs(bench) == [True, True]
    assert len(bench.saves(Calibrated)) == 1


def test_a_calibrated_channel_is_reported_and_not_turned() -> None:
    for backwards in WIRINGS:
        bench = wired(backwards, Calibration((0, 0), (NOMINAL, NOMINAL)), Zero((7.0, -4.0), anchor_kg=3.0))
        bench.pass_s(20)
        bench.body = lying(62.0)
        bench.pass_s(60)
        assert bench.device.presence.zero.word is ZeroWord.BACKWARDS
        assert bench.saves(Calibrated) == []
        if backwards == (0, 1):
            bench.tap()
            assert isinstance(bench.view, Idle)
            assert bench.view.notice == bench.words("bar.backwards")
        bench.body = nothing
        bench.pass_s(30)
        assert bench.device.presence.zero.word is ZeroWord.NOTHING


def test_ten_seconds_of_motion_are_asked_for() -> None:
    bench = wired((0, 1))
    bench.pass_s(30)
    bench.body = lying(62.0)
    bench.pass_s(8)
    assert signs(bench) == [False, False]
    bench.body = nothing
    bench.pass_s(30)
    bench.body = lying(62.0)
    bench.pass_s(8)
    assert signs(bench) == [False, False], "two short ones are not added up"


def test_a_full_disk_turns_it_later_and_dates_no_one_else_s_session() -> None:
    bench = wired((0, 1))
    bench.pass_s(30)
    bench.disk_full = True
    bench.body = lying(62.0)
    bench.pass_s(60)
    assert signs(bench) == [False, False]
    bench.body = nothing
    bench.pass_s(600)
    bench.body = lying(62.0)
    on = bench.t
    bench.pass_s(4)
    bench.disk_full = False
    bench.pass_s(120)
    assert signs(bench) == [True, True]
    assert bench.state is Front.ON_MAT
    running = bench.device.session.running
    assert running is not None
    assert running.start == pytest.approx(on, abs=1.5), "not the load of ten minutes before"


def test_what_lies_far_under_its_zero_for_days_takes_no_memory() -> None:
    tracker = ZeroTracker(Zero((0.0, 0.0)), ZeroRules(), Calibration((0, 0), (NOMINAL, NOMINAL)))
    for n in range(1000):
        tracker.watch_polarity(Second(float(n), n + 1.0, (-30.0 + 0.05 * (n // 2 % 2), 0.0)))
    assert tracker.word is ZeroWord.BACKWARDS
    assert {len(seconds) for seconds in tracker._far.values()} == {0, BACKWARDS_S}
