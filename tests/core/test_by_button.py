"""Calibrating on the device with one button, as a story: what shows, what is kept, and what can go wrong."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

from math import pi, sin

import pytest

from matpi.core.effects import Calibrated, Note, Save, UseCalibration, Zeros
from matpi.core.events import CalibrationWished, Saved, SensorLost
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, Calibration, Memory, Zero
from matpi.core.presence.load import Load
from matpi.core.screens.calibration import CalibrationScreen, Progress
from matpi.core.text import Text
from matpi.core.views import Fault, Guide, Menu, Notice, WeightEntry
from matpi.words import ENGLISH
from tests.bench import NOMINAL, NOON, UNCALIBRATED, Bench, Body, Cells

KNOWN = Acknowledgement(some=False, utc=NOON)
OLD_ZERO = Zero((4.0, -3.0), anchor_kg=1.0)
TRUE = Cells((39_000.0, 46_000.0), (172_000.0, -129_000.0))
"""At the nominal sensitivity the empty mat reads 4 and -3 kg."""


def stand(where: str, kg: float = 74.0, from_s: float = 0.0) -> Body:
    share = {"head": 0.82, "foot": 0.2, "middle": 0.5}[where]

    def load(t: float) -> tuple[float, ...]:
        sway = 0.004 * kg * sin(2 * pi * 0.3 * t) + 0.001 * kg * sin(2 * pi * 1.1 * t)
        tremor = 0.055 * sin(2 * pi * 5.3 * t)
        there = kg if t >= from_s else 0.0
        return ((share * there + sway + tremor / 2), ((1 - share) * there - sway + tremor / 2)) if there else (0.0, 0.0)

    return load


def nothing(_: float) -> tuple[float, ...]:
    return (0.0, 0.0)


def bench(cells: Cells = TRUE, calibration: Calibration = UNCALIBRATED, zero: Zero | None = OLD_ZERO) -> Bench:
    made = Bench(Memory(acknowledgement=KNOWN, calibration=calibration, zero=zero), cells=cells)
    made.body = nothing
    made.pass_s(5)
    return made


def choose(on: Bench) -> None:
    if on.device.display.shown is not None and on.state is Front.IDLE:
        on.hold()
    assert on.state is Front.MENU
    while isinstance(on.view, Menu) and on.view.items[on.view.index] != ENGLISH("menu.calibrate"):
        on.tap()
    on.hold()


def weigh_in(on: Bench, kg: int = 74) -> None:
    while isinstance(on.view, WeightEntry) and on.view.kg // 10 != kg // 10:
        on.tap()
    on.hold()
    while isinstance(on.view, WeightEntry) and on.view.kg != kg:
        on.tap()
    on.hold()


def to_head(on: Bench, kg: int = 74) -> None:
    choose(on)
    assert on.view == Guide("Calibrate", "clear the mat", "tap: back   hold: go")
    on.hold()
    on.pass_s(6)
    assert isinstance(on.view, WeightEntry)
    weigh_in(on, kg)
    assert isinstance(on.view, Guide)


def calibrated(on: Bench) -> None:
    to_head(on)
    assert on.view == Guide("Head end", "stand in its middle", "tap: back   hold: go")
    on.body = stand("head")
    on.pass_s(8)
    assert on.view == Guide("Foot end", "stand in its middle", "tap: back   hold: go")
    on.body = stand("foot")
    on.pass_s(8)


def test_the_whole_way() -> None:
    on = bench()
    calibrated(on)
    assert isinstance(on.view, Notice)
    assert on.view.title == "Calibrated"
    [save] = on.saves(Calibrated)
    assert save.calibration.counts_per_kg == pytest.approx(TRUE.slopes, rel=0.01)
    assert save.calibration.reference_counts == pytest.approx(TRUE.offsets, abs=60)
    assert on.of(UseCalibration) == [UseCalibration(save.calibration)]
    assert on.rows.calibration == save.calibration
    assert on.rows.zero == Zero((0.0, 0.0))
    assert not on.device.zeroing.approximate
    assert on.heard == []


def test_who_still_stands_there_keeps_the_result_up_and_does_not_become_the_zero() -> None:
    on = bench()
    calibrated(on)
    on.pass_s(60)
    assert isinstance(on.view, Notice), "still there, still told"
    on.body = nothing
    on.pass_s(25)
    assert on.state is Front.IDLE
    assert abs(on.device.presence.zero.total_kg) < 0.05
    assert on.saved == []
    assert on.heard == []
    on.body = stand("middle", 60.0)
    on.pass_s(40)
    assert on.state is Front.ON_MAT
    assert on.device.presence.net_kg == pytest.approx(60.0, abs=0.8)
    on.body = nothing
    on.pass_s(30)
    assert len(on.saved) == 1


def test_standing_there_after_a_tap_is_somebody_on_the_mat_and_no_zero() -> None:
    on = bench()
    calibrated(on)
    on.tap()
    on.pass_s(4)
    assert on.state is Front.ON_MAT
    on.body = nothing
    on.pass_s(30)
    assert on.dropped == ["short"]
    assert abs(on.device.presence.zero.total_kg) < 0.05


def test_the_next_boot_knows_it() -> None:
    on = bench()
    calibrated(on)
    on.body = nothing
    again = on.reboot()
    again.body = stand("middle", 50.0)
    again.pass_s(10)
    assert again.state is Front.ON_MAT
    assert again.device.presence.net_kg == pytest.approx(50.0, abs=0.8)
    assert not again.device.zeroing.approximate


def test_a_place_is_measured_by_itself_only_where_nobody_stood_before() -> None:
    on = bench()
    to_head(on)
    on.body = stand("head")
    on.pass_s(40)
    assert isinstance(on.view, Guide)
    assert on.view.title == "Foot end", "still at the head end: it waits"
    assert on.saves(Calibrated) == []


def test_a_hold_measures_at_once() -> None:
    on = bench()
    to_head(on)
    on.hold()
    on.pass_s(6)
    assert on.view == Fault("Not calibrated", "no weight on the mat", "step on, check wires")
    on.tap()
    assert on.state is Front.IDLE
    assert on.saves(Calibrated) == []
    assert on.device.zeroing.calibration == UNCALIBRATED


def test_a_hold_just_after_a_place_was_measured_by_itself_is_no_hold_for_the_next() -> None:
    on = bench()
    to_head(on)
    on.body = stand("head")
    while isinstance(on.view, Guide) and on.view.title == "Head end":
        on.pass_s(0.1)
    on.hold()
    assert on.view == Guide("Foot end", "stand in its middle", "tap: back   hold: go"), "still to be stood at"
    on.pass_s(30)
    on.body = stand("foot")
    on.pass_s(8)
    assert isinstance(on.view, Notice)
    assert on.view.title == "Calibrated"


def progress(on: Bench) -> Progress:
    screen = on.device.display.screen
    assert isinstance(screen, CalibrationScreen)
    return screen.progress


def test_from_outside_the_weight_is_given_and_every_step_can_be_followed() -> None:
    on = bench()
    on.send(CalibrationWished(on.t, 74.0))
    assert progress(on) == Progress("off", False, 0.0, None, "")
    on.hold()
    on.pass_s(2)
    assert progress(on).measuring
    assert 0.0 < progress(on).done < 1.0
    on.pass_s(4)
    assert progress(on).step == "head"
    for place, then in (("head", "foot"), ("foot", "foot")):
        on.body = stand(place)
        on.pass_s(8)
        assert progress(on).step == then
    assert progress(on).result == "calibrated"
    assert "Calibrated to within" in progress(on).sentence
    assert on.rows.calibration is not None
    assert on.rows.calibration.counts_per_kg == pytest.approx(TRUE.slopes, rel=0.01)


def test_from_outside_one_placement_is_enough_where_it_is_wished() -> None:
    on = bench(Cells((39_000.0, 39_000.0), (172_000.0, -129_000.0)))
    on.send(CalibrationWished(on.t, 74.0, anywhere=True))
    on.hold()
    on.pass_s(6)
    assert progress(on).step == "mat"
    on.body = stand("middle")
    on.pass_s(8)
    assert progress(on).result == "calibrated"
    on.body = nothing
    on.pass_s(25)
    choose(on)  # the next one, with the button, asks for both ends again
    on.hold()
    on.pass_s(6)
    assert progress(on).step == "weight"
    weigh_in(on)
    assert progress(on).step == "head"


def test_from_outside_it_is_seen_that_nothing_is_on_the_disk_or_was_measured() -> None:
    on = bench()
    on.disk_full = True
    calibrated(on)
    assert progress(on).result == "unsaved"
    assert "not on the disk yet" in progress(on).sentence
    on = bench()
    to_head(on)
    on.hold()
    on.pass_s(6)
    assert progress(on).result == "refused"
    assert "Stand on the mat" in progress(on).sentence


@pytest.mark.parametrize(
    ("cells", "places", "what"),
    [
        (Cells((46_000.0, 39_000.0), (0.0, 0.0)), ("foot", "head"), "head, foot swapped"),
        (Cells((20.0, 43_000.0), (0.0, 0.0)), ("head", "foot"), "head: no signal"),
        (Cells((21_500.0, 43_000.0), (0.0, 0.0)), ("head", "foot"), "head: half a signal"),
        (Cells((43_000.0, 3_000.0), (0.0, 0.0)), ("head", "foot"), "foot: weak signal"),
        (Cells((15_000.0, 15_500.0), (0.0, 0.0)), ("head", "foot"), "values do not match"),
    ],
)
def test_what_is_wrong_is_told_and_the_old_values_stay(cells: Cells, places: tuple[str, str], what: str) -> None:
    old = Calibration((7, 7), (NOMINAL, NOMINAL))
    on = bench(cells, old, Zero((0.0, 0.0)))
    to_head(on)
    for place in places:
        on.body = stand(place)
        on.hold()
        on.pass_s(8)
    assert isinstance(on.view, Fault)
    assert (on.view.title, on.view.what) == ("Not calibrated", what)
    assert on.saves(Calibrated) == on.of(UseCalibration) == []
    assert on.device.zeroing.calibration == old
    assert "calibration_refused" in [note.kind for note in on.of(Note)]


def test_somebody_who_never_stands_still() -> None:
    on = bench()
    to_head(on)
    on.body = lambda t: (30 + 15 * sin(2 * pi * 0.9 * t), 30 - 9 * sin(2 * pi * 0.7 * t))
    on.pass_s(70)
    assert on.view == Fault("Not calibrated", "the mat was moving", "stand still, retry")


def test_a_cell_at_its_end_is_told_even_as_its_reader_falls_silent() -> None:
    on = bench()
    to_head(on)
    on.body = lambda _: (400.0, 20.0)
    on.cells = Cells((43_000.0, 43_000.0), (0.0, 0.0), noise=0.0)
    on.ok = False
    on.pass_s(1.0)
    assert on.view == Fault("Not calibrated", "a cell is at its end", "check its four wires")
    on.pass_s(5.0)
    assert on.state is Front.SENSOR_LOST
    assert on.view == Fault("No mat signal", "a cell is at its end", "check its four wires")
    on.ok, on.body = True, nothing
    on.pass_s(2)
    assert on.state is Front.IDLE


def test_the_weight_has_two_digits_to_set_and_stays_in_its_bounds() -> None:
    on = bench()
    choose(on)
    on.hold()
    on.pass_s(6)
    tens = []
    for _ in range(11):
        assert isinstance(on.view, WeightEntry)
        tens.append(on.view.kg)
        on.tap()
    assert tens == [70, 80, 90, 100, 110, 120, 130, 40, 50, 60, 70]
    for _ in range(5):
        on.tap()
    on.hold()
    assert on.view == WeightEntry(130, tens=False)
    on.tap()
    assert on.view == WeightEntry(130, tens=False), "131 is out of bounds"


def test_ones_go_round_within_their_ten() -> None:
    on = bench()
    choose(on)
    on.hold()
    on.pass_s(6)
    on.hold()
    ones = []
    for _ in range(11):
        assert isinstance(on.view, WeightEntry)
        ones.append(on.view.kg)
        on.tap()
    assert ones == [*range(70, 80), 70]


@pytest.mark.parametrize("step", ["start", "weight", "head"])
def test_untouched_for_three_minutes_it_ends_and_the_mat_counts_again(step: str) -> None:
    on = bench()
    choose(on)
    if step != "start":
        on.hold()
        on.pass_s(6)
    if step == "head":
        weigh_in(on)
    on.pass_s(175)
    assert on.state is Front.CALIBRATING
    on.pass_s(10)
    assert on.state is Front.IDLE
    on.body = stand("middle")
    on.pass_s(5)
    assert on.state is Front.ON_MAT


def test_a_tap_goes_back() -> None:
    on = bench()
    choose(on)
    on.tap()
    assert on.state is Front.IDLE


def test_a_stuck_button_ends_it() -> None:
    on = bench()
    choose(on)
    on.press(25)
    assert on.state is Front.IDLE


def test_nobody_arrives_while_it_lasts_and_nobody_is_lost_after_it() -> None:
    on = bench()
    choose(on)
    on.body = stand("middle")
    on.pass_s(100)
    assert on.heard == []
    assert on.device.presence.load is Load.EMPTY
    on.tap()
    on.pass_s(5)
    assert on.heard == ["arriving", "session_started"]


def test_a_session_under_way_never_gets_there() -> None:
    on = bench()
    on.body = stand("middle")
    on.pass_s(60)
    for _ in range(6):
        on.hold(0.9)
        on.tap()
    assert Front.CALIBRATING.name not in on.path


def test_without_chips_that_count_there_is_nothing_to_calibrate() -> None:
    on = Bench()
    on.hold()
    assert isinstance(on.view, Menu)
    assert ENGLISH("menu.calibrate") not in on.view.items


def test_the_cells_fall_silent_in_the_middle_of_it() -> None:
    on = bench()
    to_head(on)
    on.send(SensorLost(on.t, "the reader died", Text("scale.reader_restarts"), Text("scale.wait")))
    on.silent = True
    on.pass_s(3)
    assert on.state is Front.SENSOR_LOST
    assert on.view == Fault("No mat signal", "reader restarts", "wait a moment")
    on.silent = False
    on.pass_s(3)
    assert on.state is Front.IDLE


def test_calibrated_is_said_only_once_it_is_saved() -> None:
    on = bench()
    on.mute_store = True
    calibrated(on)
    assert on.view == Notice("One moment", "saving")
    assert on.of(UseCalibration) == []
    on.mute_store = False
    on.send(Saved(on.t, on.rows.commit(Save(on.saves(Calibrated)[-1]))))
    assert isinstance(on.view, Notice)
    assert on.view.title == "Calibrated"


# -- a disk that cannot keep it ------------------------------------------------------------------------------------


def test_what_could_not_be_saved_is_told_tried_again_and_used_only_then() -> None:
    on = bench()
    on.disk_full = True
    calibrated(on)
    assert on.view == Fault("Not saved yet", "cannot save: disk", "kept; trying again")
    assert on.of(UseCalibration) == []
    assert on.device.zeroing.calibration == UNCALIBRATED
    on.body = nothing
    on.pass_s(30)
    on.disk_full = False
    on.pass_s(40)
    assert len(on.of(UseCalibration)) == 1
    assert on.rows.calibration is not None
    assert not on.rows.calibration.approximate
    assert abs(on.device.presence.net_kg) < 0.1


def test_saved_in_mid_session_it_waits_until_nobody_is_on_the_mat() -> None:
    on = bench()
    on.disk_full = True
    calibrated(on)
    on.body = nothing
    on.pass_s(25)
    assert on.state is Front.IDLE
    on.body = stand("middle", 60.0)
    on.pass_s(10)
    on.disk_full = False
    on.pass_s(60)
    assert on.rows.calibration is not None
    assert not on.rows.calibration.approximate
    assert on.of(UseCalibration) == [], "not in the middle of a session"
    on.body = nothing
    on.pass_s(30)
    assert len(on.of(UseCalibration)) == 1
    [session] = on.saved
    assert session.on_mat_s == pytest.approx(70.0, abs=1.0)
    on.pass_s(60)
    assert abs(on.device.presence.net_kg) < 0.1


def test_a_zero_that_failed_before_is_not_tried_again_after_the_calibration() -> None:
    on = bench()
    to_head(on)
    on.body = stand("head")
    on.pass_s(8)
    on.device.ledger.waiting["zero"] = Save(Zeros(OLD_ZERO, None))
    on.device.ledger.refused(on.t, "zero", "the disk is full")
    on.body = stand("foot")
    on.pass_s(8)
    assert len(on.of(UseCalibration)) == 1
    on.body = nothing
    on.pass_s(100)
    assert OLD_ZERO not in [save.zero for save in on.saves(Zeros)]
    assert on.rows.zero is not None
    assert abs(on.rows.zero.total_kg) < 0.05


def test_no_zero_of_the_old_reference_is_written_over_the_new_one() -> None:
    on = bench(zero=None)
    on.pass_s(20)
    on.disk_full = True
    on.pass_s(40)  # the first zero is found and cannot be saved
    calibrated(on)
    on.body = nothing
    on.pass_s(20)
    on.hold()
    on.hold()  # and one is set by hand
    on.disk_full = False
    on.pass_s(100)
    assert on.rows.zero is not None
    assert abs(on.rows.zero.total_kg) < 0.1
    last = on.saves(Zeros)[-1] if on.saves(Zeros) else None
    assert (
        last is None
        or abs(last.zero.total_kg) < 0.1
        or on.effects.index(Save(last)) < on.effects.index(Save(on.saves(Calibrated)[-1]))
    )
