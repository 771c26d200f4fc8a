"""Requests of a log alone, with no device: done in one transaction, or one sentence and nothing has changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from matpi.cli import run
from matpi.commands import target
from matpi.control.requests import all as requests
from matpi.control.requests.base import LogRequest, Now, machine_now
from matpi.core.effects import Calibrated, Checkpoint, Save
from matpi.core.model import Calibration, Log, Settings, Zero
from matpi.core.rules import DeviceRules
from matpi.errors import DeviceOffError, MatpiError, StoreError, UsageError
from matpi.store.db import Store
from tests.control.cases import GOOD, REFUSED, filled
from tests.control.rig import ANNA, BEN, GONE, NOON, ODD, ONE, RATED, STOPPED, TODAY, TWO, Rig, asked, lived, session
from tests.control.test_door import elsewhere, exported, new

__all__ = ["elsewhere"]
OF_LOG = [kind.__struct_config__.tag for kind in requests.OF_LOG]
NOW = Now(NOON, trusted=True, rules=DeviceRules())


def dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as conn:
        return list(conn.iterdump())


@pytest.mark.parametrize("name", OF_LOG)
def test_each_is_done_on_a_log_alone(name: str, tmp_path: Path, elsewhere: str) -> None:
    for n, fields in enumerate(GOOD[name]):
        path = lived(tmp_path / f"{n}.db")
        with Store.open(path) as log:
            if fields == {"words": ["add", "Ben"]}:
                asked(do="people", words=["remove", "Ben"]).perform(log, NOW)  # type: ignore[attr-defined]
            before = dump(path)
            request = asked(do=name, **filled(fields, elsewhere))
            assert isinstance(request, LogRequest)
            done = request.perform(log, NOW)
            assert all(done.said)
            assert log.load().doubts == ()
        assert (dump(path) == before) == (fields == {"rest": False}), fields


@pytest.mark.parametrize("name", OF_LOG)
def test_what_is_refused_leaves_the_file_as_it_was(name: str, tmp_path: Path, elsewhere: str) -> None:
    path = lived(tmp_path / "log.db")
    before = dump(path)
    with Store.open(path) as log:
        for fields in REFUSED[name]:
            with pytest.raises(MatpiError) as refused:
                asked(do=name, **filled(fields, elsewhere)).perform(log, NOW)  # type: ignore[attr-defined]
            assert isinstance(refused.value, ValueError), "wrong use, not a failure"
            assert str(refused.value).rstrip()[-1] in ".`)", refused.value
    assert dump(path) == before


def test_a_session_under_way_is_left_alone(tmp_path: Path) -> None:
    path = lived(tmp_path / "log.db")
    with Store.open(path) as log:
        log.write(Checkpoint(session("e" * 32, 0, 11.9, reason=None)))
        before = dump(path)
        every: tuple[dict[str, Any], ...] = (
            {"do": "edit_session", "id": "e" * 32, "set": {"minutes": "5"}},
            {"do": "edit_session", "id": "e" * 32, "set": {"looser": "yes"}},
            {"do": "delete_session", "id": "eee"},
            {"do": "answer_session", "id": "e" * 32, "yours": True},
            {"do": "rate", "value": 4, "session": "e" * 32},
        )
        for fields in every:
            with pytest.raises(UsageError, match="still going on; wait until it has ended"):
                asked(**fields).perform(log, NOW)  # type: ignore[attr-defined]
        with pytest.raises(UsageError, match="A session is under way"):
            asked(do="delete_everything", sure="delete everything").perform(log, NOW)  # type: ignore[attr-defined]
        assert dump(path) == before


def test_each_field_of_a_request_is_checked() -> None:
    for kind in (*requests.OF_LOG, *requests.OF_DEVICE):
        name = kind.__struct_config__.tag
        required = [f for f in msgspec.structs.fields(kind) if f.required]
        wrong: dict[str, Any] = {field.name: {"a": []} for field in required}
        for fields in ({"do": name, "unknown": 1}, {"do": name, **wrong}):
            if required or "unknown" in fields:
                with pytest.raises(UsageError, match=r"was not understood .*docs/dev/control\.md lists"):
                    asked(**fields)


def test_delete_everything_leaves_no_byte_of_it_and_keeps_what_is_the_mats(tmp_path: Path) -> None:
    path = lived(tmp_path / "log.db")
    calibrated = Calibrated(Calibration((1, 2), (40_000.0, 41_000.0)), Zero((0.5, 0.25)))
    with Store.open(path) as log:
        log.write(Save(Settings(zone="Europe/Berlin", weekly_goal=4)))
        log.write(Save(calibrated))
        log.count("note", f"of {ANNA}")
        # Freed long ago: rows that have moved, grown, or gone.
        for n in range(200):
            log.write(Save(session(f"{n:032x}", 2, n / 20, routine="seat")))
            log.delete_session(f"{n:032x}")
        asked(do="people", words=["rename", "Anna", "Annabella"]).perform(log, NOW)  # type: ignore[attr-defined]
        asked(do="people", words=["rename", "Annabella", "Bo"]).perform(log, NOW)  # type: ignore[attr-defined]
        log.fold()
        asked(do="delete_everything", sure="delete everything").perform(log, NOW)  # type: ignore[attr-defined]
        log.fold()
        data = b"".join(one.read_bytes() for one in tmp_path.glob("log.db*"))
        words = ("Anna", "Annabella", "Ben", ANNA, BEN, ONE, TWO, ODD, GONE, RATED, STOPPED, f"{7:032x}")
        assert not [word for word in words if word.encode() in data]
        memory = log.load()
        assert memory.settings == Settings(zone="Europe/Berlin", weekly_goal=4)
        assert (memory.calibration, memory.zero) == (calibrated.calibration, calibrated.zero)
        assert (memory.people.all, memory.answers, memory.acknowledgement) == ((), (), None)
        assert memory.log == Log()
    assert '"sessions": []' in exported(path)


def test_delete_everything_takes_back_what_is_queued_and_has_receivers_delete_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "log.db"
    with Store.open(path, sinks=("house",)) as log:
        log.write(Save(Settings()))
        for one in (session(ONE, 1, 9.0), session(TWO, 0, 9.0)):
            log.write(Save(one))
        with log.writing() as conn:
            conn.execute("UPDATE outbox SET state = 'acked' WHERE seq = 1")
        asked(do="delete_everything", sure="delete everything").perform(log, NOW)  # type: ignore[attr-defined]
        with log.reading() as conn:
            queued = conn.execute("SELECT kind, body FROM outbox").fetchall()
    assert [kind for kind, _ in queued] == ["session_deleted", "session_deleted"]
    assert all("on_mat_s" not in body for _, body in queued)


def test_an_import_takes_settings_only_where_nothing_has_happened(tmp_path: Path, elsewhere: str) -> None:
    request = asked(do="import", document=elsewhere)
    assert isinstance(request, LogRequest)
    fresh, old = new(tmp_path / "new.db"), lived(tmp_path / "old.db")
    with Store.open(fresh) as log:
        assert "settings" in request.perform(log, NOW).said[0]
        assert log.load().settings == Settings(zone="Europe/Berlin", weekly_goal=4)
        assert log.load().calibration == Calibration((1, 2), (40_000.0, 41_000.0))
    with Store.open(old) as log:
        assert "settings" not in request.perform(log, NOW).said[0]
        assert log.load().settings == Settings(zone="UTC")
    for what in (
        lambda log: log.write(Save(session(GONE, 1, 9.0))) or log.delete_session(GONE),
        lambda log: asked(do="people", words=["add", "Anna"]).perform(log, NOW),  # type: ignore[attr-defined]
        lambda log: asked(do="safety", answer="none").perform(log, NOW),  # type: ignore[attr-defined]
        lambda log: asked(do="rest", rest=True).perform(log, NOW),  # type: ignore[attr-defined]
    ):
        fresh.unlink()
        with Store.open(new(fresh)) as log:
            what(log)  # type: ignore[no-untyped-call]
            request.perform(log, NOW)
            assert log.load().settings == Settings(zone="UTC"), "something has happened"


def test_rest_is_of_the_day_of_the_log_where_no_device_runs(tmp_path: Path) -> None:
    path = lived(tmp_path / "log.db")
    with Store.open(path) as log:
        log.write(Save(session("f" * 32, -2, 9.0)))  # a simulated clock that runs ahead
        asked(do="rest", rest=True).perform(log, machine_now(DeviceRules()))  # type: ignore[attr-defined]
        days = log.load().log.days
    assert days[0].rest
    assert days[0].day >= TODAY + timedelta(days=2)


# -- the command line asks the device, and says what it says


def test_a_command_prints_what_the_device_says_and_ends_as_it_would_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from matpi.control.address import beside
    from matpi.control.server import ControlServer

    alone, path = lived(tmp_path / "alone.db"), lived(tmp_path / "log.db")
    with Rig(path) as rig:
        server = ControlServer(rig.door, beside(path))
        server.start()
        try:
            for words, code in (
                (["people", "add", "Cleo"], 0),
                (["people", "add", "Cleo"], 2),
                (["sessions", "--edit", ONE, "minutes=12"], 0),
                (["sessions", "--edit", ONE, "minutes=0:01"], 2),
                (["settings", "bedtime=25:00"], 2),
                (["settings", "bedtime=21:00"], 0),
            ):
                outputs = []
                for log in (alone, path):
                    assert run([*words, "--store", str(log)]) == code, words
                    outputs.append([text.replace(str(log), "LOG") for text in capsys.readouterr()])
                assert outputs[0] == outputs[1], words
            assert rig.store is not None
            rig.store.full = True
            assert run(["people", "add", "Dora", "--store", str(path)]) == 1
            assert "disk is full" in capsys.readouterr().err
            rig.store.full = False
        finally:
            server.stop()


def test_a_device_that_hangs_is_an_error_of_the_device_and_nothing_is_written_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hung:
        def ask(self, _: Any) -> None:
            raise DeviceOffError("The device does not answer; see `matpi doctor`.")

    path = lived(tmp_path / "log.db")
    before = dump(path)
    monkeypatch.setattr("matpi.control.client.device_of", lambda _: Hung())
    request = asked(do="rate", value=4)
    assert isinstance(request, LogRequest)
    with pytest.raises(DeviceOffError):
        target.perform(request, path)
    assert dump(path) == before
    monkeypatch.undo()
    with Store.open(path), pytest.raises(StoreError, match="in use"):
        target.perform(request, path)
