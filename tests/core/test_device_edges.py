"""Where two troubles meet: a cut and a silence, the cap and a cut, an undo and a short session, a stop and a fault."""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import math

import pytest

from matpi.core.effects import Light, Note, Pattern, Show
from matpi.core.events import Noted, PanelBack, PanelLost, Reading, SaveFailed, SensorLost, Stopping, WallClock
from matpi.core.front import Front
from matpi.core.model import Acknowledgement, EndReason
from matpi.core.text import Text
from matpi.core.views import Fault, Holding, Object, Off
from matpi.screen.render import spoken
from tests.bench import NOON, Bench

CAP_S = 45 * 60.0


def lying(seconds: float, bench: Bench | None = None) -> Bench:
    bench = bench or Bench()
    bench.pass_s(30)
    bench.lie(seconds)
    return bench


def test_cells_that_fall_silent_after_the_boot_do_not_close_a_session_that_goes_on() -> None:
    bench = lying(370)
    bench = bench.reboot(20.0)
    bench.pass_s(1.0)
    bench.silent = True
    bench.pass_s(29)
    bench.silent = False
    bench.pass_s(250)
    bench.up(30)
    (session,) = bench.saved
    assert session.reason is EndReason.LEFT
    assert session.on_mat_s == pytest.approx(370 + 250, abs=35)  # the cut and the silence are not claimed


def test_a_power_cut_under_a_capped_person_begins_no_second_session() -> None:
    bench = lying(CAP_S + 70)
    assert bench.state is Front.CAPPED
    bench = bench.reboot(5.0)
    bench.lie(200)
    assert bench.state is Front.CAPPED
    bench.up(30)
    assert [s.reason for s in bench.device.ledger.log.sessions] == [EndReason.CAP]


def test_silent_cells_under_a_capped_person_begin_no_second_session() -> None:
    bench = lying(CAP_S + 30)
    bench.silent = True
    bench.pass_s(80)
    assert bench.state is Front.SENSOR_LOST
    bench.silent = False
    bench.pass_s(60)
    assert bench.state is Front.CAPPED
    bench.up(40)
    bench.lie(120)  # and whoever comes later is a session of their own
    bench.up(30)
    assert [s.reason for s in bench.saved] == [EndReason.CAP, EndReason.LEFT]


def test_a_bag_knocked_in_the_night_did_not_lie_there_as_somebody_since_noon() -> None:
    bench = Bench()
    bench.motion_kg = 0.0
    bench.pass_s(60)
    bench.kg = 15.0
    bench.pass_s(60)
    assert bench.state is Front.OBJECT
    bench.pass_s(3 * 3600)
    bench.motion_kg = 0.2
    bench.pass_s(15)
    bench.motion_kg = 0.0
    bench.pass_s(60)
    assert all(s.on_mat_s < 60 for s in bench.saved)


def test_no_way_leads_to_a_session_longer_than_the_cap() -> None:
    bench = lying(600)
    bench.hold(3.3)
    assert bench.state is Front.DISCARDED
    bench.pass_s(3 * 3600)
    bench.hold()
    bench.pass_s(5)
    bench.up(40)
    assert [s.on_mat_s for s in bench.saved] == [pytest.approx(CAP_S)]


def test_silence_is_not_claimed_before_it_is_over() -> None:
    bench = lying(60)
    bench.silent = True
    bench.pass_s(10)
    first = bench.view
    assert isinstance(first, Holding)
    bench.pass_s(30)
    later = bench.view
    assert isinstance(later, Holding)
    assert later.elapsed_s == first.elapsed_s
    bench.kg = 0.0
    bench.silent = False
    bench = bench.reboot(400.0)
    bench.pass_s(30)
    (session,) = bench.saved
    assert session.reason is EndReason.POWER_LOST
    assert session.on_mat_s == pytest.approx(60, abs=0.3)


def test_silence_that_ends_in_time_counts() -> None:
    bench = lying(60)
    bench.silent = True
    bench.pass_s(30)
    bench.silent = False
    bench.pass_s(30)
    bench.up(30)
    assert [s.on_mat_s for s in bench.saved] == [pytest.approx(120, abs=0.3)]


def test_a_stopped_device_stays_dark() -> None:
    bench = lying(100)
    bench.device.handle(SaveFailed(bench.t, "checkpoint", "the disk is full"))
    bench.send(Stopping(bench.t))
    assert isinstance(bench.of(Show)[-1].view, Off)
    assert bench.of(Light)[-1].pattern is Pattern.OFF


def test_a_fault_is_quiet_at_night() -> None:
    bench = Bench(utc=NOON + 9.9 * 3600)  # 21:54; quiet from 22:30
    bench.device.ledger.settings = bench.device.ledger.settings.__class__(nudge=False)
    bench.silent = True
    bench.pass_s(60)
    assert bench.pattern is Pattern.ATTENTION
    bench.pass_s(40 * 60)
    assert bench.pattern is Pattern.OFF
    bench.pass_s(9 * 3600)
    assert bench.pattern is Pattern.ATTENTION


def test_a_zero_gone_astray_lights_the_lamp() -> None:
    bench = Bench()
    bench.motion_kg = 0.0
    bench.pass_s(60)
    bench.kg = 5.0
    bench.pass_s(300)
    assert bench.pattern is Pattern.OFF
    bench.pass_s(400)
    assert bench.pattern is Pattern.ATTENTION


def test_a_restart_within_one_boot_needs_no_clock_to_go_on() -> None:
    bench = lying(300, Bench(utc=None))
    bench = bench.reboot(5.0, t=bench.t + 5.0, clock=False, boot_id=bench.device.clock.boot_id)
    bench.pass_s(200)
    bench.up(30)
    (session,) = bench.saved
    assert session.on_mat_s == pytest.approx(500, abs=20)


def test_an_undo_does_not_store_what_was_too_short() -> None:
    bench = lying(8)
    bench.hold(3.3)
    bench.up(19)
    bench.hold()
    bench.pass_s(30)
    assert bench.saved == []
    assert bench.state is Front.IDLE


def test_an_answer_given_before_the_clock_was_known_gets_its_date() -> None:
    bench = Bench(utc=None, acknowledged=False)
    bench.pass_s(3)
    for _ in range(2):
        bench.tap()
    bench.hold()
    bench.tap()
    assert bench.state is Front.READY
    bench.send(WallClock(bench.t, NOON, trusted=True))
    kept = bench.saves(Acknowledgement)
    assert [answer.utc is None for answer in kept] == [True, False]


@pytest.mark.parametrize("nonsense", [math.nan, math.inf, -math.inf, 1e9])
def test_what_is_no_number_never_enters(nonsense: float) -> None:
    bench = lying(100)
    before = bench.device.presence.rejected
    for n in range(15):
        bench.t += 0.1
        bench.send(Reading(bench.t, (nonsense, 20.0)))
        assert bench.state is Front.ON_MAT, n
    assert bench.device.presence.rejected == before + 15
    bench.lie(100)
    bench.up(30)
    assert [s.on_mat_s for s in bench.saved] == [pytest.approx(201.5, abs=0.3)]


def test_a_loose_panel_does_not_fill_the_diagnostics() -> None:
    bench = lying(10)
    for _ in range(300):
        bench.pass_s(1)
        bench.send(PanelLost(bench.t))
        bench.pass_s(1)
        bench.send(PanelBack(bench.t))
    assert len([n for n in bench.of(Note) if n.kind.startswith("panel")]) <= 4


def test_time_never_runs_backwards_when_a_reading_comes_late() -> None:
    bench = lying(3600 / 60)
    before = bench.device.clock.t
    bench.device.handle(Reading(bench.t - 0.5, (30.0, 15.0)))
    assert bench.device.clock.t >= before


def test_who_got_up_after_the_cap_and_lies_down_again_is_counted() -> None:
    bench = lying(CAP_S + 10)
    bench.up(70)
    bench.lie(90)
    bench = bench.reboot(5.0)  # the cut of another session, not of the capped one
    bench.lie(300)
    bench.up(30)
    assert [s.reason for s in bench.device.ledger.log.sessions] == [EndReason.CAP, EndReason.LEFT]
    assert bench.device.ledger.log.sessions[-1].on_mat_s == pytest.approx(390, abs=20)


def test_silent_cells_after_the_cap_do_not_hide_who_comes_next() -> None:
    bench = lying(CAP_S + 10)
    bench.up(60)
    bench.silent = True
    bench.pass_s(5)
    bench.silent = False
    bench.pass_s(3)
    bench.lie(300)
    bench.up(30)
    assert [s.on_mat_s for s in bench.saved] == [pytest.approx(CAP_S), pytest.approx(300, abs=0.3)]


@pytest.mark.parametrize("trouble", ["cut", "silence"])
def test_lying_on_long_after_the_cap_is_no_session_whatever_happens(trouble: str) -> None:
    bench = lying(CAP_S + 400)
    if trouble == "cut":
        bench = bench.reboot(10.0)
    else:
        bench.silent = True
        bench.pass_s(70)
        bench.silent = False
    bench.lie(120)
    bench.up(30)
    assert [s.reason for s in bench.device.ledger.log.sessions] == [EndReason.CAP]


def test_a_session_that_went_on_after_a_cut_is_not_lost_to_a_bag() -> None:
    bench = lying(600)
    bench = bench.reboot(5.0)
    bench.lie(70)
    bench.motion_kg = 0.0
    bench.lie(130, kg=15.0)  # up, and a bag stays
    assert bench.device.presence.object_kg > 10
    (session,) = bench.device.ledger.log.sessions
    assert (session.reason, session.doubt) == (EndReason.LEFT, None)
    assert session.on_mat_s == pytest.approx(662, abs=14)


def test_a_silence_that_is_over_is_on_the_disk_at_once() -> None:
    bench = lying(100)
    bench.silent = True
    bench.pass_s(55)
    bench.silent = False
    bench.pass_s(2)
    bench = bench.reboot(400.0)
    bench.up(30)
    (session,) = bench.device.ledger.log.sessions
    assert session.on_mat_s == pytest.approx(156, abs=2)


# -- what the edges say of themselves ------------------------------------------------------------------------------


def test_the_screen_says_what_the_reader_says_of_a_silence_and_forgets_it_with_the_first_reading() -> None:
    bench = Bench()
    bench.pass_s(5)
    bench.send(SensorLost(bench.t, "the reader died with 1", Text("scale.reader_restarts"), Text("scale.wait")))
    bench.silent = True
    bench.pass_s(1)
    assert bench.view == Fault("No mat signal", "reader restarts", "wait a moment")
    bench.silent = False
    bench.pass_s(2)
    bench.silent = True
    bench.pass_s(3)
    assert bench.view == Fault("No mat signal", "no load cell signal", "check the wires")


def test_words_that_come_after_the_silence_was_noticed_are_shown_too() -> None:
    bench = Bench()
    bench.pass_s(5)
    bench.silent = True
    bench.pass_s(3)
    assert bench.view == Fault("No mat signal", "no load cell signal", "check the wires")
    bench.send(
        SensorLost(
            bench.t,
            "chip 2 does not answer",
            Text("scale.chip_silent", where=Text("places.foot")),
            Text("scale.check_its_wires"),
        )
    )
    bench.pass_s(0.1)
    assert bench.view == Fault("No mat signal", "foot chip silent", "check its wires")


def test_in_mid_session_the_short_word_stands_over_the_waiting_time() -> None:
    bench = Bench()
    bench.pass_s(5)
    bench.lie(60)
    bench.send(SensorLost(bench.t, "the reader died with 1", Text("scale.reader_restarts"), Text("scale.wait")))
    assert isinstance(bench.view, Holding)
    assert bench.view.what == "reader restarts"
    assert spoken(bench.view).startswith("reader restarts. The session waits at ")
    bench.send(SensorLost(bench.t, "silent"))
    bench.silent = True
    bench.pass_s(1)
    assert isinstance(bench.view, Holding)
    assert bench.view.what == ""


def test_what_an_edge_notes_goes_to_the_diagnostics() -> None:
    bench = Bench()
    bench.send(Noted(bench.t, "glitch", "chip 1 held its clock too long"))
    assert list(bench.notes("glitch")) == [Note(bench.t, "glitch", "chip 1 held its clock too long")]


def test_an_object_weighs_about_so_much_until_somebody_calibrates() -> None:
    assert (
        spoken(Object(15, approximate=True))
        == spoken(Object(15))
        == ("Something lies on the mat, about 15 kg. It is not counted.")
    )
