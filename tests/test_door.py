from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest
from msgspec.structs import replace

from matpi.cli import run
from matpi.commands.target import perform
from matpi.control.requests.settings import Settings as SettingsRequest
from matpi.core.effects import Save
from matpi.core.model import EndReason, Session, Settings
from matpi.errors import UsageError
from matpi.store.db import Store
from matpi.store.settings import READERS, changed, rows, texts_of


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """The zone of a log that is made here."""
    monkeypatch.setenv("TZ", "UTC")


def test_every_setting_has_a_door() -> None:
    assert set(READERS) == set(Settings.__struct_fields__)


def test_what_is_shown_can_be_typed_again() -> None:
    odd = Settings(
        zone="Asia/Kathmandu",
        bedtime=time(0, 30),
        rest_weekdays=frozenset({5, 6}),
        weekly_goal=7,
        nudge=False,
        others="pets",
        language="de",
    )
    assert changed(odd, {"language": "auto"}) == replace(odd, language="")
    assert ("language", "auto") in [row[:2] for row in rows(Settings())]
    assert changed(Settings(), texts_of(f"{key}={value}" for key, value, _ in rows(odd))) == odd


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ("bedtime", "key=value"),
        ("bed=22:00", "no setting 'bed'"),
        ("bedtime=25:00", "a time of day"),
        ("quiet_to=07:00+02:00", "a time of day"),
        ("day_start=24:00", "00:00 to 23:59"),
        ("rest_weekdays=monk", "weekdays such as"),
        ("rest_weekdays=mo", "weekdays such as"),
        ("rest_weekdays=nonsense", "weekdays such as"),
        ("rest_weekdays=none,sun", "weekdays such as"),
        ("weekly_goal=2", "3 to 7"),
        ("weekly_goal=often", "3 to 7"),
        ("zone=Atlantis/City", "time zone"),
        ("zone=", "time zone"),
        ("rest_weekdays=someday", "weekdays"),
        ("rest_weekdays=mon,tue,wed,thu,fri", "at most four"),
        ("nudge=perhaps", "yes or no"),
        ("nudge_before_bed_min=1000", "0 to 360"),
        ("language=fr", "language=fr does not work; give en or de, or auto"),
        ("language=autode", "give en or de, or auto"),
        ("others=cats", "others=cats does not work; give no or pets"),
    ],
)
def test_a_wrong_one_is_told_and_changes_nothing(
    pair: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.db"
    perform(SettingsRequest({"weekly_goal": "6"}), path)
    capsys.readouterr()
    with pytest.raises(UsageError, match=words):
        changed(Settings(), texts_of((pair,)))
    assert run(["settings", "nudge=no", pair, "--store", str(path)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    with Store.open(path, read_only=True) as store:
        assert store.load().settings == Settings(weekly_goal=6)


def test_the_command_sets_and_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(tmp_path / "log.db")
    assert run(["settings", "bedtime=23:15", "rest_weekdays=Sun", "--store", path]) == 0
    assert run(["settings", "--store", path]) == 0
    out = capsys.readouterr().out
    assert out.count("bedtime               23:15") == 2
    assert "rest_weekdays         sun" in out


def test_weekdays_are_read_as_far_as_they_are_written() -> None:
    for text, days in (
        ("mon", {0}), ("tues,Thurs", {1, 3}), ("Monday, sunday", {0, 6}), ("wednes", {2}), ("none", set()), ("", set()),
    ):  # fmt: skip
        assert changed(Settings(), texts_of((f"rest_weekdays={text}",))).rest_weekdays == days, text


def test_a_day_starts_at_any_hour(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a night worker, the session at 10:00 after the shift belongs to the day before."""
    path = tmp_path / "log.db"
    for text in ("14:00", "23:59", "12:00", "00:00"):
        assert run(["settings", f"day_start={text}", "--store", str(path)]) == 0
        assert f"day_start             {text}" in capsys.readouterr().out
    assert run(["settings", "zone=UTC", "day_start=14:00", "--store", str(path)]) == 0
    begun = datetime(2026, 6, 11, 10, tzinfo=UTC).timestamp()
    with Store.open(path) as log:
        log.write(Save(Session("s", "boot", 1.0, 600.0, 600.0, EndReason.LEFT, begun - 86400.0, 0)))
    assert run(["sessions", "--edit", "s", "start=2026-06-11 10:00", "--store", str(path)]) == 0
    with Store.open(path, read_only=True) as log:
        assert log.sessions()[0].session.day == date(2026, 6, 10)


def test_a_long_value_does_not_run_into_the_next_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.db"
    zone = "America/Argentina/ComodRivadavia"
    assert run(["settings", f"zone={zone}", "--store", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    ends = {key: (line.index(f"{value} "), line.index(wanted)) for line, (key, value, wanted) in zip(
        lines, rows(Settings(zone=zone)), strict=True
    )}  # fmt: skip
    assert len(set(ends.values())) == 1, ends
    assert f"{zone}  a time zone" in lines[0]


@pytest.mark.parametrize("damage", [b"no database" * 1000, b"SQLite format 3\0" + b"\xa5" * 9000])
def test_a_damaged_log_is_told_and_not_replaced(
    damage: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.db"
    path.write_bytes(damage)
    assert run(["settings", "bedtime=23:15", "--store", str(path)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1
    assert "damaged" in err
    assert path.read_bytes() == damage
    assert list(tmp_path.glob("*.damaged-*")) == []


def test_a_log_that_is_made_by_a_setting_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "new" / "log.db"
    assert run(["settings", "bedtime=23:15", "--store", str(path)]) == 0
    assert capsys.readouterr().err == f"matpi: There was no session log at {path} yet; a new one was made.\n"
    assert run(["settings", "bedtime=23:30", "--store", str(path)]) == 0
    assert capsys.readouterr().err == ""


def test_a_wrong_setting_makes_no_log(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.db"
    with pytest.raises(UsageError):
        perform(SettingsRequest({"bed": "23:15"}), path)
    assert not path.parent.exists()


def test_the_zone_of_a_log_that_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log.db"
    monkeypatch.setenv("TZ", "Europe/Rome")
    perform(SettingsRequest({"weekly_goal": "6"}), path)
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    perform(SettingsRequest({"weekly_goal": "7"}), path)
    with Store.open(path, read_only=True) as store:
        assert store.load().settings == Settings(weekly_goal=7, zone="Europe/Rome")
