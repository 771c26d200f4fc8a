"""Corrections by hand: bounds, overlaps, and what was said of a session (`matpi sessions`, `matpi ratings`)."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable
from datetime import date, timedelta, timezone
from pathlib import Path

import pytest

from matpi import paths
from matpi.cli import run
from matpi.core.effects import Changed, DateBoot, Effect, Save
from matpi.core.model import Acknowledgement, Moment, Rating, Session, Settings, StopSign
from matpi.store.db import Store
from matpi.store.tables import DIAGNOSTICS
from matpi.twin.world import VirtualWorld
from tests.store.values import records
from tests.test_tables import START_UTC, session

Out = pytest.CaptureFixture[str]
Command = Callable[..., tuple[int, str, str]]
DAY_S = 86_400.0
NOON = 1_773_576_000.0


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two evenings, the first with a rating, a stop sign and a rating without a session."""
    path = tmp_path / "matpi.db"
    day = date(2025, 11, 24)
    with Store.open(path) as log:
        log.write(Save(Settings(zone="Europe/Berlin")))
        log.write(Save(session("one")))
        log.write(Save(session("two", START_UTC + DAY_S)))
        log.write(Save(Rating("r-one", "boot", 700.0, 7, Moment.AFTER, "one", START_UTC + 700, 3600, day)))
        log.write(Save(Rating("r-day", "boot", 9.0, 3, Moment.DAY, None, START_UTC + 9000, 3600, day)))
        log.write(Save(StopSign("s-one", "boot", 710.0, "one", START_UTC + 710, 3600, day)))
    monkeypatch.setattr(time, "time", lambda: START_UTC + 30 * DAY_S)
    return path


@pytest.fixture
def matpi(path: Path, capsys: Out) -> Command:
    """Run a command on the log; code, output, errors."""

    def command(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run([*map(str, words), "--store", str(path)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def said_of(path: Path, session_id: str) -> list[tuple[str, str | None, str | None, str | None]]:
    """Id, local time, day and person of each rating and stop sign of the session."""
    with Store.open(path, read_only=True) as log:
        records: list[Rating | StopSign] = [*log.ratings(), *log.log().stops]
    return [
        (r.id, None if r.utc is None else f"{r.utc - START_UTC:.0f}+{r.utc_offset_s}", str(r.day), r.person)
        for r in records
        if r.session_id == session_id
    ]


# -- sessions ----------------------------------------------------------------------------------------------------------


def test_a_session_is_not_restored_over_another_one(path: Path, matpi: Command) -> None:
    assert matpi("sessions", "--delete", "two")[0] == 0
    assert matpi("sessions", "--edit", "one", "start=2025-11-25 17:05")[0] == 0
    code, out, err = matpi("sessions", "--restore", "two")
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "Session two would overlap session one on the same mat (10:00 min of plan, 2025-11-25 17:05)" in err
    assert "delete that one or correct its start first" in err
    assert matpi("sessions", "--edit", "one", "start=2025-11-25 17:30")[0] == 0
    assert matpi("sessions", "--restore", "two")[0] == 0


def test_an_edit_takes_the_bounds_of_the_config(
    path: Path, matpi: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "matpi.toml"
    config.write_text("[presence]\ncap_min = 90\nmin_session_s = 120\n")
    assert "from 0:30 to 45:00" in matpi("sessions", "--edit", "one", "minutes=80")[2]
    named = ("--config", config)
    assert matpi("sessions", "--edit", "one", "minutes=80", *named)[0] == 0
    for minutes in ("1:59", "90:01"):
        assert "from 2:00 to 90:00" in matpi("sessions", "--edit", "one", f"minutes={minutes}", *named)[2]
    monkeypatch.setattr(paths, "DEVICE_CONFIG", config)
    assert matpi("sessions", "--edit", "one", "minutes=90")[0] == 0, "the device's own, where there is one"


def test_ratings_and_stop_signs_move_with_the_start_of_their_session(path: Path, matpi: Command) -> None:
    code, out, _ = matpi("sessions", "--edit", "one", "start=2025-11-21 03:55")
    assert code == 0
    assert "Its ratings and stop signs (2) follow it." in out
    start = -3 * DAY_S - 13 * 3600 - 300
    assert said_of(path, "one") == [
        ("r-one", f"{start + 700:.0f}+3600", "2025-11-21", None),
        ("s-one", f"{start + 710:.0f}+3600", "2025-11-21", None),
    ], "each on its own day: the session began before 04:00, they come after it"
    assert said_of(path, "None") == []
    with Store.open(path, read_only=True) as log:
        assert next(r for r in log.ratings() if r.id == "r-day").utc == START_UTC + 9000
        assert log.log().sessions[0].day == date(2025, 11, 20)
    assert matpi("sessions", "--edit", "one", "start=2025-07-01 21:00")[0] == 0
    assert {offset.split("+")[1] for _, offset, _, _ in said_of(path, "one") if offset} == {"7200"}, "summer time"
    assert "follow" not in matpi("sessions", "--edit", "two", "start=2025-11-26 20:00")[1]
    assert "follow" not in matpi("sessions", "--edit", "one", "minutes=9")[1]


def test_the_next_start_in_the_same_boot_moves_nothing_back(
    path: Path, matpi: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service is stopped for a correction and started again, and its clock dates what its boot has recorded."""
    assert matpi("sessions", "--edit", "one", "start=2025-11-21 03:55")[0] == 0
    assert matpi("ratings", "--edit", "r-day", "time=2025-11-20 12:00")[0] == 0
    assert matpi("sessions", "--delete", "two")[0] == 0

    def corrected() -> list[object]:
        with Store.open(path, read_only=True) as log:
            return [*log.log().sessions, *log.ratings(), *log.log().stops]

    before = corrected()
    assert len(before) == 4
    rig = VirtualWorld(path, utc=START_UTC, zone="Europe/Berlin")
    with monkeypatch.context() as patched:
        patched.setattr(rig, "new_id", lambda: "boot")
        rig.power_on()
        rig.run_until(30.0)
    rig.shut_down()
    assert corrected() == before


def test_an_undated_session_that_gets_a_start_dates_what_was_said_of_it(path: Path, matpi: Command) -> None:
    with Store.open(path) as log:
        log.write(Save(session("dark", None, 5.0, start_mono=50.0)))
        log.write(Save(Rating("same-boot", "boot", 400.0, 7, Moment.AFTER, "dark")))
        log.write(Save(Rating("later-boot", "boot-2", 3.0, 7, Moment.AFTER, "dark")))
    assert matpi("sessions", "--edit", "dark", "start=2025-11-24 18:00")[0] == 0
    assert said_of(path, "dark") == [
        ("same-boot", f"{3600 + 350}+3600", "2025-11-24", None),
        ("later-boot", None, "None", None),
    ]


def test_ratings_and_stop_signs_follow_the_person_of_their_session(path: Path, matpi: Command) -> None:
    for name in ("Ada", "Ben"):
        assert matpi("people", "add", name)[0] == 0
    with Store.open(path, read_only=True) as log:
        ids = {member.name: member.id for member in log.members()}
    assert {person for *_, person in said_of(path, "one")} == {ids["Ada"]}
    assert matpi("sessions", "--edit", "one", "person=Ben")[0] == 0
    assert {person for *_, person in said_of(path, "one")} == {ids["Ben"]}


# -- ratings and stop signs --------------------------------------------------------------------------------------------


def listed(matpi: Command, *words: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in matpi("ratings", "--json", *words)[1].splitlines()]


def test_a_rating_is_corrected(path: Path, matpi: Command) -> None:
    code, out, _ = matpi("ratings", "--edit", "r-o", "value=2", "time=2025-11-26 03:00")
    assert code == 0
    assert "The rating r-one was 7, 2025-11-24 17:11 and is 2, 2025-11-26 03:00." in out
    assert listed(matpi)[1] == {
        "id": "r-one", "time": "2025-11-26T03:00:00+01:00", "day": "2025-11-25", "value": 2, "moment": "after",
        "session_id": "one", "person": None, "estimated": False,
    }  # fmt: skip
    with Store.open(path, read_only=True) as log:
        assert len(log.ratings()) == 2


def said_in(log: Store) -> dict[str, Rating | StopSign]:
    records: list[Rating | StopSign] = [*log.ratings(), *log.log().stops]
    return {record.id: record for record in records}


def test_no_clock_moves_what_was_dated_by_hand(path: Path, matpi: Command) -> None:
    """A device that starts again in the same boot, or whose clock is set, dates the records of that boot."""
    assert matpi("ratings", "--edit", "r-day", "time=2025-11-20 18:00")[0] == 0
    assert matpi("sessions", "--edit", "one", "start=2025-11-21 21:00")[0] == 0
    with Store.open(path) as log:
        log.write(Save(Rating("r-new", "boot", 900.0, 3, Moment.DAY, None, START_UTC + 900, 3600, date(2025, 11, 24))))
        before = said_in(log)
        dating = DateBoot("boot", START_UTC + 50_000.0, zone=timezone(timedelta(hours=1)))
        log.write(dating)
        after = said_in(log)
    assert [record_id for record_id in before if before[record_id] != after[record_id]] == ["r-new"]
    assert after["r-new"].utc == START_UTC + 50_900.0


def test_a_stop_sign_is_corrected_and_deleted_and_the_plan_follows(matpi: Command) -> None:
    def rests() -> object:
        return json.loads(matpi("plan", "--json")[1])["rest_reason"]

    assert rests() is None
    assert matpi("ratings", "--edit", "s-one", "time=2025-12-23 18:00")[0] == 0
    assert rests() == "stop sign", "yesterday: today is a day of rest"
    assert listed(matpi, "--stops") == [
        {
            "id": "s-one",
            "time": "2025-12-23T18:00:00+01:00",
            "day": "2025-12-23",
            "session_id": "one",
            "person": None,
            "estimated": False,
        }
    ]
    code, out, _ = matpi("ratings", "--delete", "s-one")
    assert code == 0
    assert "The stop sign s-one (2025-12-23 18:00) is deleted; only an earlier export or backup has it." in out
    assert (rests(), listed(matpi, "--stops")) == (None, [])


def test_a_stop_sign_is_noted_today_or_on_another_day_and_has_its_effect_there(path: Path, matpi: Command) -> None:
    """It is 2025-12-24 17:00. A bruise of yesterday makes today a day of rest, one of now tomorrow."""

    def plan() -> tuple[object, object]:
        line = json.loads(matpi("plan", "--json")[1])
        return line["rest_reason"], line["day"]

    for n in range(5):  # up to yesterday: today is day 6, in the second tier
        with Store.open(path) as log:
            log.write(Save(session(f"day-{n}", START_UTC + (25 + n) * DAY_S)))
    matpi("ratings", "--delete", "s-one")
    assert plan() == (None, 6)
    code, out, _ = matpi("ratings", "--felt-wrong")
    assert code == 0
    assert "is noted on 2025-12-24, about no session." in out
    assert "2025-12-25 is a day of rest, and the plan is recomputed." in out
    (now,) = listed(matpi, "--stops")
    assert (now["time"], now["day"], now["session_id"]) == ("2025-12-24T17:00:00+01:00", "2025-12-24", None)
    assert plan() == (None, 6), "of tomorrow"
    assert matpi("ratings", "--delete", str(now["id"]))[0] == 0

    code, out, _ = matpi("ratings", "--felt-wrong", "--on", "2025-12-23")
    assert "is noted on 2025-12-23, about the session of 2025-12-23 17:00." in out
    (bruise,) = listed(matpi, "--stops")
    assert (bruise["time"], bruise["day"]) == ("2025-12-23T17:10:12+01:00", "2025-12-23")
    assert bruise["session_id"] == "day-4"
    assert plan() == ("stop sign", 1), "a day of rest today, and a tier back"
    assert matpi("sessions", "--edit", "day-4", "start=2025-12-22 21:00")[0] == 0
    assert listed(matpi, "--stops")[0]["time"] == "2025-12-22T21:10:12+01:00", "it follows its session"
    assert matpi("ratings", "--edit", str(bruise["id"]), "time=2025-12-23 09:00")[0] == 0
    assert plan() == ("stop sign", 1)
    assert matpi("ratings", "--delete", str(bruise["id"]))[0] == 0
    assert plan()[0] is None

    assert matpi("ratings", "--felt-wrong", "--on", "2025-12-01")[0] == 0
    assert listed(matpi, "--stops")[0]["time"] == "2025-12-01T12:00:00+01:00", "no session that day"


def test_a_stop_sign_is_whose_it_is(path: Path, matpi: Command) -> None:
    for name in ("Ada", "Ben"):
        assert matpi("people", "add", name)[0] == 0
    assert matpi("ratings", "--felt-wrong", "--on", "2025-11-24", "--person", "Ben")[0] == 0
    (stop,) = listed(matpi, "--stops", "--person", "Ben")
    assert (stop["day"], stop["session_id"]) == ("2025-11-24", None), "the session that day was Ada's"


def test_a_rating_is_deleted_and_its_session_stays(path: Path, matpi: Command) -> None:
    assert matpi("ratings", "--delete", "r-one")[0] == 0
    assert [line["id"] for line in listed(matpi)] == ["r-day"]
    with Store.open(path, read_only=True) as log:
        assert [s.id for s in log.log().sessions] == ["one", "two"]
        assert [(tally.kind, tally.last_text) for tally in records(log, DIAGNOSTICS)] == [("rating_deleted", "r-one")]


def test_whose_a_rating_is_can_be_corrected(path: Path, matpi: Command) -> None:
    for name in ("Ada", "Ben"):
        assert matpi("people", "add", name)[0] == 0
    assert "(Ada) and is 3, 2025-11-24 19:30 (Ben)" in matpi("ratings", "--edit", "r-day", "person=Ben")[1]
    assert [line["id"] for line in listed(matpi, "--person", "Ben")] == ["r-day"]


def test_the_lists_show_the_ids_to_correct(matpi: Command) -> None:
    out = matpi("ratings")[1]
    assert "r-one" in out
    assert "s-one" not in out
    assert "1 stop sign; `matpi ratings --stops` lists them." in out
    stops = matpi("ratings", "--stops")[1].splitlines()
    assert (len(stops), stops[1].split(), stops[2]) == (3, ["Mon", "2025-11-24", "17:11", "s-one"], "1 stop sign.")
    matpi("ratings", "--delete", "s-one")
    assert (
        matpi("ratings", "--stops")[1]
        == 'No stop sign yet. "Felt wrong?" on the device stores one, or `matpi ratings --felt-wrong`.\n'
    )


def test_what_cannot_be_corrected_is_one_sentence_and_changes_nothing(path: Path, matpi: Command) -> None:
    was = path.read_bytes()
    wrong = []
    for words, why in (
        (("--edit", "r-one"), "needs what to change: value=N, 1 to 10"),
        (("--edit", "s-one"), 'needs what to change: time="2026-03-15 21:00"'),
        (("--edit", "r-one", "value=0"), "value=N, 1 to 10"),
        (("--edit", "r-one", "value=11"), "value=N, 1 to 10"),
        (("--edit", "r-one", "value=²"), "value=N, 1 to 10"),
        (("--edit", "r-one", "value=" + "9" * 5000), "value=N, 1 to 10"),
        (("--edit", "r-one", "value=5", "time=2099-01-01 12:00"), "in the future"),
        (("--edit", "r-one", "time=yesterday"), "no date and time"),
        (("--edit", "r-one", "time"), "write time="),
        (("--edit", "r-one", "person=Eve"), "Nobody is or was called 'Eve'"),
        (("--edit", "r-one", "moment=day"), "A rating has no 'moment' to edit"),
        (("--edit", "s-one", "value=5"), "A stop sign has no 'value' to edit"),
        (("--edit", "r-", "value=5"), "fits 2 ratings and stop signs"),
        (("--delete", ""), "fits no rating and no stop sign"),
        (("--delete", "one"), "fits no rating and no stop sign"),
        (("--delete", "r-one", "--edit", "r-one"), "exclude each other"),
        (("value=5",), "changes nothing without --edit ID"),
        (("--felt-wrong", "value=5"), "changes nothing without --edit ID"),
        (("--felt-wrong", "--delete", "s-one"), "exclude each other"),
        (("--felt-wrong", "--on", "yesterday"), "is no date; write one such as --on 2025-12-23"),
        (("--felt-wrong", "--on", "2025-12-25"), "lies in the future, or before 1971; today is 2025-12-24"),
        (("--felt-wrong", "--person", "Eve"), "Nobody is or was called 'Eve'"),
        (("--on", "2025-12-23"), "write `matpi ratings --felt-wrong --on 2025-12-23`"),
    ):
        code, out, err = matpi("ratings", *words)
        if (code, out, len(err.splitlines())) != (2, "", 1) or why not in err:
            wrong.append((words, code, out, err))
    assert not wrong
    assert path.read_bytes() == was


# -- undo on the mat ---------------------------------------------------------------------------------------------------


def test_an_undo_on_the_device_lays_no_session_over_another_one(tmp_path: Path) -> None:
    """Discard, get up, lie down, undo in any order: what the log has were different times on the mat."""
    chance = random.Random(9)
    wrong: list[list[Session]] = []
    undone = 0
    for n in range(12):
        path = tmp_path / f"{n}.db"
        with Store.open(path) as log:
            log.write(Save(Acknowledgement(some=False, utc=NOON)))
        effects: list[Effect] = []
        rig = VirtualWorld(path, utc=NOON, seed=n, watch=effects.append)
        rig.power_on()
        rig.run_until(30.0)
        lying = False
        for _ in range(25):
            act = chance.choice(["mat", "hold", "hold", "discard", "wait"])
            if act == "mat":
                lying = not lying
                rig.mat.act("lie_down" if lying else "get_up", rig.t)
            elif act in {"hold", "discard"}:
                rig.press(0.9 if act == "hold" else 3.4)
            rig.run_until(rig.t + chance.choice([1.0, 4.0, 8.0, 40.0]))
        rig.mat.act("get_up", rig.t)
        rig.run_until(rig.t + 60.0)
        rig.shut_down()
        undone += sum(isinstance(effect, Changed) and effect.trigger == "undo" for effect in effects)
        with Store.open(path, read_only=True) as log:
            sessions = [entry.session for entry in log.sessions()]
        wrong += [[a, b] for i, a in enumerate(sessions) for b in sessions[:i] if a.overlaps(b)]
    assert not wrong
    assert undone >= 5, "the story has too few of what it is about"
