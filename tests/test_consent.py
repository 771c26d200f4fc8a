"""`matpi safety`: read, answered, cleared and asked again from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from matpi import consent
from matpi.cli import run
from matpi.core.model import Acknowledgement, Settings
from matpi.store.db import Store

Out = pytest.CaptureFixture[str]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "matpi.db"
    with Store.open(path) as log:
        log.save_settings(Settings(zone="Europe/Berlin"))
    return path


def stored(path: Path) -> Acknowledgement | None:
    with Store.open(path, read_only=True) as log:
        return log.load().acknowledgement


def test_all_there_is_to_know_is_told_in_whole_words(path: Path, capsys: Out) -> None:
    assert run(["safety", "--store", str(path)]) == 0
    out = capsys.readouterr().out
    assert "Know first: Not acupuncture, No replacement for care." in out
    assert "Stop signs: sharp wrong pain, numbness, dizziness, irritation, bruising." in out
    for condition in ("pregnancy", "bleeding disorder", "blood thinners", "diabetes or reduced feeling"):
        assert condition in out
    assert "heart condition told to avoid strong stimuli" in out
    assert "active skin condition, wound/infection" in out
    assert "Not answered yet" in out


def test_answered_here_it_is_kept_with_its_date(path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_773_529_200.0)  # 00:00 in Berlin, the 15th
    assert run(["safety", "--none", "--store", str(path)]) == 0
    assert capsys.readouterr().out == "Answered on 2026-03-15: none of these.\n"
    assert stored(path) == Acknowledgement(some=False, utc=1_773_529_200.0)


def test_a_yes_keeps_sessions_short_until_a_clinician_agreed(path: Path, capsys: Out) -> None:
    assert run(["safety", "--some", "--store", str(path)]) == 0
    assert "kept to 2 to 5 min" in capsys.readouterr().out
    assert run(["safety", "--clinician-ok", "--store", str(path)]) == 0
    assert "a clinician agreed" in capsys.readouterr().out
    kept = stored(path)
    assert kept is not None
    assert (kept.some, kept.cleared) == (True, True)


def test_there_is_nothing_to_clear_before_something_was_ticked(path: Path, capsys: Out) -> None:
    for answer in ([], ["--none"]):
        if answer:
            run(["safety", *answer, "--store", str(path)])
        assert run(["safety", "--clinician-ok", "--store", str(path)]) == 2
        assert "nothing to clear" in capsys.readouterr().err


def test_asked_again(path: Path) -> None:
    consent.answer(path, some=False)
    assert run(["safety", "--ask-again", "--store", str(path)]) == 0
    assert stored(path) is None
    consent.ask_again(path)
    assert stored(path) is None
