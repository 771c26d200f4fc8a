"""`matpi safety`: read, answered, cleared and asked again from the command line."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from matpi import paths
from matpi.cli import run
from matpi.commands import safety
from matpi.commands.target import perform
from matpi.control.requests.settings import Safety
from matpi.core.effects import Save
from matpi.core.model import Acknowledgement, Settings
from matpi.core.plan.programme import plan
from matpi.store.db import Store
from matpi.words import ENGLISH, GERMAN, running_text
from tests.test_tables import session

Out = pytest.CaptureFixture[str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "matpi.db"
    with Store.open(path) as log:
        log.write(Save(Settings(zone="Europe/Berlin")))
    return path


def stored(path: Path) -> Acknowledgement | None:
    with Store.open(path, read_only=True) as log:
        return log.load().acknowledgement


def test_all_there_is_to_know_is_told_in_whole_words(path: Path, capsys: Out) -> None:
    assert run(["safety", "--store", str(path)]) == 0
    out = capsys.readouterr().out
    assert "Ask a doctor: pregnant; bleeding disorder; on blood thinners; diabetes/numb areas." in out
    assert "Ask a doctor: heart condition, if told to go easy; skin: rash, wound or infection." in out
    assert "Stop if: pain feels wrong; numb or dizzy; bruise or rash. Red, a bit sore: fine." in out
    assert "\nNot acupuncture, not medical treatment.\n" in out
    assert "Not answered yet" in out


def test_answered_here_it_is_kept_with_its_date(path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_773_529_200.0)  # 00:00 in Berlin, the 15th
    assert run(["safety", "--none", "--store", str(path)]) == 0
    assert capsys.readouterr().out == "Answered on 2026-03-15: none of these.\n"
    assert stored(path) == Acknowledgement(some=False, utc=1_773_529_200.0)


def test_a_yes_keeps_sessions_short_until_a_doctor_agreed(path: Path, capsys: Out) -> None:
    assert run(["safety", "--some", "--store", str(path)]) == 0
    out = capsys.readouterr().out
    assert "Please ask a doctor before you use the mat. When a doctor has agreed: `matpi safety --doctor-ok`." in out
    assert "no reminder comes, and sessions are shown with their minutes only." in out
    assert not re.search(r"[25] (to|min)", out), "which would read as leave to lie down"
    assert run(["safety", "--doctor-ok", "--store", str(path)]) == 0
    assert "A doctor agreed on " in capsys.readouterr().out
    kept = stored(path)
    assert kept is not None
    assert (kept.some, kept.cleared) == (True, True)


def test_the_old_name_of_the_option_works_and_is_not_shown(path: Path, capsys: Out) -> None:
    perform(Safety("some"), path)
    assert run(["safety", "--clinician-ok", "--store", str(path)]) == 0
    kept = stored(path)
    assert kept is not None
    assert kept.cleared
    assert run(["safety", "--help"]) == 0
    assert "clinician" not in capsys.readouterr().out


def test_there_is_nothing_to_clear_before_something_was_ticked(path: Path, capsys: Out) -> None:
    assert run(["safety", "--doctor-ok", "--store", str(path)]) == 2
    assert "The safety questions are not answered yet; run `matpi safety`." in capsys.readouterr().err
    run(["safety", "--none", "--store", str(path)])
    assert run(["safety", "--doctor-ok", "--store", str(path)]) == 2
    assert "nothing to clear" in capsys.readouterr().err


@pytest.fixture
def german(tmp_path: Path) -> Path:
    config = tmp_path / "matpi.toml"
    config.write_text('[panel]\nlanguage = "de"\n')
    return config


def test_it_speaks_the_language_of_the_panel(path: Path, german: Path, capsys: Out) -> None:
    def says(*words: str) -> str:
        assert run(["safety", *words, "--store", str(path), "--config", str(german)]) == 0
        return capsys.readouterr().out

    assert says().splitlines() == [
        *(running_text(GERMAN(f"safety.{page}")) + "." for page in ("ask_1", "ask_2", "stop")),
        "Keine Akupunktur, keine Behandlung.",
        GERMAN("command.not_answered"),
    ]
    assert re.fullmatch(r"Beantwortet am \d{4}-\d\d-\d\d: nichts davon\.\n", says("--none"))
    assert says("--some").endswith(
        f": etwas davon, oder unsicher. {GERMAN('command.ask_first', command='matpi safety --doctor-ok')}\n"
    )
    assert re.search(r"Der Arzt hat am \d{4}-\d\d-\d\d zugestimmt\.\n", says("--doctor-ok"))
    assert says("--ask-again").endswith(f"{GERMAN('command.asks_again')}\n")


def test_without_a_config_named_it_is_the_panel_of_the_device(
    path: Path, german: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "DEVICE_CONFIG", german)
    for config, words in ((german.read_text(), GERMAN), ("[panel]\nlanguage = 'xx'\n", ENGLISH), ("]", ENGLISH)):
        german.write_text(config)
        assert run(["safety", "--store", str(path)]) == 0
        assert words("command.not_answered") in capsys.readouterr().out


def test_a_config_that_is_named_must_be_there(path: Path, capsys: Out) -> None:
    assert run(["safety", "--store", str(path), "--config", str(path.with_name("no.toml"))]) == 2
    assert "no such config file" in capsys.readouterr().err


def test_asked_again(path: Path) -> None:
    perform(Safety("none"), path)
    assert run(["safety", "--ask-again", "--store", str(path)]) == 0
    kept = stored(path)
    assert kept is not None
    assert kept.asked_again
    perform(Safety("none"), path)
    kept = stored(path)
    assert kept is not None
    assert not kept.asked_again


def test_asking_again_before_anything_was_answered_changes_nothing(path: Path) -> None:
    perform(Safety("again"), path)
    assert stored(path) is None


def test_a_yes_holds_until_what_is_asked_again_is_answered(path: Path, capsys: Out) -> None:
    perform(Safety("some"), path)
    perform(Safety("again"), path)
    capsys.readouterr()
    safety.read(path)
    told = capsys.readouterr().out
    assert "Please ask a doctor" in told
    assert "asks again" in told


def test_clearing_keeps_the_date_of_the_answer_and_a_second_time_changes_nothing(
    path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, word in enumerate(("--some", "--doctor-ok", "--doctor-ok")):
        monkeypatch.setattr("time.time", lambda day=day: 1_773_529_200.0 + day * 86_400.0)
        assert run(["safety", word, "--store", str(path)]) == 0
    assert "Answered on 2026-03-15: one of these" in capsys.readouterr().out
    assert stored(path) == Acknowledgement(True, 1_773_529_200.0, cleared=True, cleared_utc=1_773_615_600.0)


@pytest.mark.parametrize(
    "words", [["--none", "--some"], ["--some", "--doctor-ok"], ["--ask-again", "--none"], ["--some", "--ask-again"]]
)
def test_what_contradicts_itself_is_refused_in_one_sentence(path: Path, capsys: Out, words: list[str]) -> None:
    was = path.read_bytes()
    assert run(["safety", *words, "--store", str(path)]) == 2
    (told,) = capsys.readouterr().err.splitlines()
    assert "exclude each other" in told
    assert path.read_bytes() == was


def test_neither_answering_nor_clearing_changes_how_the_past_is_judged(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six days of the plan's minutes, four short ones after a yes, and whatever is said on the eleventh morning."""

    def evening(day: int) -> float:
        return 1_773_691_200.0 + day * 86_400.0  # 2026-03-16 20:00 UTC and on

    def done_days() -> tuple[int, int]:
        with Store.open(path, read_only=True) as log:
            memory = log.load()
        today = date(2026, 3, 16) + timedelta(days=10)
        seen = plan(memory.log, today, memory.settings, memory.acknowledgement, zone=ZoneInfo("Europe/Berlin"))
        return seen.done_days, seen.streak

    with Store.open(path) as log:
        for day, minutes in enumerate((3, 3, 3, 6, 6, 3, 3, 3, 3, 3)):  # day 5 was too short: no yes yet
            day_of_it = date(2026, 3, 16) + timedelta(days=day)
            log.write(Save(session(f"s{day}", evening(day), minutes, day=day_of_it)))
    assert done_days() == (5, 0)
    monkeypatch.setattr("time.time", lambda: evening(6) - 3600.0)
    perform(Safety("some"), path)
    assert done_days() == (9, 4)
    monkeypatch.setattr("time.time", lambda: evening(10) - 36_000.0)
    for answer in ("again", "some", "doctor_ok", "none", "some", "doctor_ok", "again", "none"):
        perform(Safety(answer), path)
        assert done_days() == (9, 4)
