"""A device without a network, as its owner sees it: the lists, the plan, the export; and a clock that was wrong."""

from __future__ import annotations

import csv
import json
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from matpi import paths
from matpi.cli import run
from matpi.core.effects import Drop, Save
from matpi.core.events import WallClock
from matpi.core.model import Session, Settings, StopSign
from matpi.drivers import clock
from matpi.store.db import Store
from matpi.twin.world import VirtualWorld
from tests.bench import NOON
from tests.store.values import rating, session, stop

Out = pytest.CaptureFixture[str]
DAY_S = 86_400.0


def evening(rig: VirtualWorld, minutes: float = 2.5) -> None:
    rig.run_until(rig.t + 20)
    rig.mat.act("lie_down", rig.t)
    rig.run_until(rig.t + 60 * minutes)
    rig.mat.act("get_up", rig.t)
    rig.run_until(rig.t + 40)


def stored(path: Path) -> list[Session]:
    with Store.open(path, read_only=True) as log:
        return [entry.session for entry in log.sessions()]


def out(capsys: Out, *arguments: str, code: int = 0) -> str:
    capsys.readouterr()
    assert run(list(arguments)) == code
    return capsys.readouterr().out


def test_evenings_without_power_and_network_are_dated_and_listed_with_a_mark(tmp_path: Path, capsys: Out) -> None:
    path = tmp_path / "matpi.db"
    rig = VirtualWorld(path, utc=NOON, zone="UTC", zone_wanted=True)
    rig.trust_clock(trusted=False)
    for _ in range(3):
        rig.power_on()
        evening(rig)
        rig.power_off()
        rig.run_until(rig.t + DAY_S)
    rig.power_on()
    rig.trust_clock(trusted=True)
    evening(rig)
    rig.shut_down()
    sessions = stored(path)
    assert [s.estimated for s in sessions] == [True, True, True, False]
    starts = [s.start_utc or 0.0 for s in sessions]
    assert starts == sorted(starts)
    listed = out(capsys, "sessions", "--store", str(path))
    assert listed.count("~2026-03-") == 3
    assert "no date yet" not in listed
    assert "~ is estimated: the clock was not known." in listed
    lines = [json.loads(line) for line in out(capsys, "sessions", "--json", "--store", str(path)).splitlines()]
    assert [(line["estimated"], line["day"]) for line in lines][::3] == [(True, "2026-03-15"), (False, "2026-03-18")]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A log whose last records are estimated."""
    path = tmp_path / "matpi.db"
    with Store.open(path) as log:
        log.write(Save(Settings(zone="UTC")))
        log.write(Save(session("aaaa1111", start_utc=NOON, utc_offset_s=0, day=date(2026, 3, 15), estimated=True)))
        log.write(Save(rating(utc=NOON + 700, utc_offset_s=0, day=date(2026, 3, 15), estimated=True)))
        log.write(Save(stop(utc=NOON + 710, utc_offset_s=0, day=date(2026, 3, 15), estimated=True)))
    return path


def test_ratings_are_listed_with_the_mark_too(path: Path, capsys: Out) -> None:
    assert "~2026-03-15 12:11" in out(capsys, "ratings", "--store", str(path))
    assert json.loads(out(capsys, "ratings", "--json", "--store", str(path)))["estimated"] is True


def test_a_start_set_by_hand_is_no_estimate_and_other_edits_leave_it_one(path: Path, capsys: Out) -> None:
    out(capsys, "sessions", "--edit", "aaaa", "minutes=8", "--store", str(path))
    assert "~2026-03-15 12:00" in out(capsys, "sessions", "--store", str(path))
    told = out(capsys, "sessions", "--edit", "aaaa", "start=2026-03-14 21:00", "--store", str(path))
    assert "~2026-03-15 12:00 and is 8:00 min of plan, 2026-03-14 21:00" in told
    assert "~" not in out(capsys, "sessions", "--store", str(path))


def test_an_export_keeps_the_mark_in_both_forms_and_json_goes_round(path: Path, tmp_path: Path, capsys: Out) -> None:
    out(capsys, "export", str(tmp_path / "all.json"), "--store", str(path))
    out(capsys, "export", "--csv", str(tmp_path / "csv"), "--store", str(path))
    with Store.open(path, read_only=True) as log:
        before = log.log()
    other = tmp_path / "other.db"
    out(capsys, "import", str(tmp_path / "all.json"), "--store", str(other))
    with Store.open(other, read_only=True) as log:
        assert log.log() == before
    with (tmp_path / "csv" / "sessions.csv").open(newline="") as file:
        assert [row["estimated"] for row in csv.DictReader(file)] == [
            str(session.estimated).lower() for session in before.sessions
        ]


def test_the_plan_of_a_device_without_a_clock_is_that_of_its_estimated_day(
    path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The computer's clock is in the past, as after a start without a network; the boot of the log goes on."""
    monkeypatch.setattr(paths, "DEVICE_STORE", path)
    monkeypatch.setattr(time, "time", lambda: NOON - 40 * DAY_S)
    line = json.loads(out(capsys, "plan", "--json", "--store", str(path)))
    assert (line["today"], line["today_estimated"], line["done"]) == ("2026-03-15", True, True)
    with Store.open(path) as log:
        mono = time.monotonic() - 2 * DAY_S
        last = session("bbbb", boot_id=clock.boot_id(), start_mono=mono, start_utc=NOON + 700, estimated=True)
        log.write(Save(replace(last, utc_offset_s=0, day=date(2026, 3, 15))))
    line = json.loads(out(capsys, "plan", "--json", "--store", str(path)))
    assert (line["today"], line["today_estimated"], line["done"]) == ("2026-03-17", True, False)
    assert "today is estimated: ~2026-03-17" in out(capsys, "plan", "--store", str(path))


def test_the_people_of_a_device_without_a_clock_have_the_plan_of_the_estimated_day(
    path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "DEVICE_STORE", path)
    monkeypatch.setattr(time, "time", lambda: NOON - 40 * DAY_S)
    out(capsys, "people", "add", "Ada", "--store", str(path))
    out(capsys, "sessions", "--edit", "aaaa", "person=Ada", "--store", str(path))
    (line,) = [json.loads(line) for line in out(capsys, "people", "--json", "--store", str(path)).splitlines()]
    assert line["plan_day"] == 1
    mono = time.monotonic() - 2 * DAY_S
    with Store.open(path) as log:
        log.write(Drop(StopSign, "w1", "stop_taken_back"))
        last = session("bbbb", boot_id=clock.boot_id(), start_mono=mono, start_utc=NOON + 700, estimated=True)
        log.write(Save(replace(last, person=line["id"], utc_offset_s=0, day=date(2026, 3, 15))))
    (line,) = [json.loads(line) for line in out(capsys, "people", "--json", "--store", str(path)).splitlines()]
    assert line["plan_day"] == 2


def test_without_a_clock_any_date_can_be_given_by_hand(
    path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: NOON - 40 * DAY_S)
    edit = ("sessions", "--edit", "aaaa", "start=2026-05-14 21:00", "--store", str(path))
    monkeypatch.setattr(clock.SystemClock, "trusted", lambda _: True)
    out(capsys, *edit, code=2)
    monkeypatch.setattr(clock.SystemClock, "trusted", lambda _: False)
    out(capsys, *edit)
    assert [s.day for s in stored(path)] == [date(2026, 5, 14)]


def test_the_plan_after_the_clock_is_known_is_that_of_the_clock(path: Path, capsys: Out) -> None:
    with Store.open(path) as log:
        log.write(Save(session("cccc", start_utc=time.time() - 3600, estimated=False)))
    line = json.loads(out(capsys, "plan", "--json", "--store", str(path)))
    today = datetime.fromtimestamp(time.time() - 4 * 3600, UTC).date()
    assert date.fromisoformat(line["today"]) - today in {timedelta(0), timedelta(1)}
    assert line["today_estimated"] is False


def test_a_clock_that_was_a_day_ahead_leaves_no_session_tomorrow(tmp_path: Path) -> None:
    path = tmp_path / "matpi.db"
    rig = VirtualWorld(path, utc=NOON, zone="UTC", zone_wanted=True)
    rig.trust_clock(trusted=False)
    rig.power_on()
    rig.take(WallClock(0.0, NOON + DAY_S, trusted=True))
    evening(rig)
    rig.mat.act("lie_down", rig.t)
    rig.run_until(rig.t + 60)
    assert [s.day for s in stored(path)] == [date(2026, 3, 16)] * 2
    rig.trust_clock(trusted=True)
    assert [s.day for s in stored(path)] == [date(2026, 3, 15)] * 2
    rig.mat.act("get_up", rig.t)
    rig.run_until(rig.t + 40)
    sessions = stored(path)
    assert [s.day for s in sessions] == [date(2026, 3, 15)] * 2
    assert [s.start_utc for s in sessions] == pytest.approx([NOON + 20, NOON + 210], abs=2)
    rig.shut_down()
    rig.run_until(DAY_S)
    rig.power_on()
    assert rig.device is not None
    assert rig.device.plans.today.today == date(2026, 3, 16)
    assert not rig.device.plans.today.done
    rig.shut_down()
