"""When the wall clock is believed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from matpi.drivers.clock import SystemClock, boot_id, kernel_synchronised
from matpi.ports import Clock


@pytest.fixture
def board(tmp_path: Path) -> Path:
    model = tmp_path / "model"
    model.write_text("Raspberry Pi 4 Model B Rev 1.4\0")
    return model


def test_the_two_clocks() -> None:
    clock: Clock = SystemClock()
    before = time.monotonic(), time.time()
    assert before[0] <= clock.monotonic() <= time.monotonic()
    assert before[1] <= clock.utc() <= time.time()


def test_a_board_is_trusted_from_the_time_services_first_answer_on(tmp_path: Path, board: Path) -> None:
    answered = tmp_path / "synchronized"
    clock = SystemClock(synchronized=answered, board=board, kernel=lambda: False)
    assert not clock.trusted()
    answered.touch()
    assert clock.trusted()
    answered.unlink()
    assert clock.trusted()


def test_or_when_the_kernel_says_so(tmp_path: Path, board: Path) -> None:
    words = iter([False, True])
    clock = SystemClock(synchronized=tmp_path / "absent", board=board, kernel=lambda: next(words))
    assert [clock.trusted() for _ in range(3)] == [False, True, True]


def test_a_desktop_is_trusted(tmp_path: Path) -> None:
    absent = tmp_path / "absent"
    assert SystemClock(synchronized=absent, board=absent, kernel=lambda: False).trusted()


def test_the_kernel_can_be_asked() -> None:
    assert kernel_synchronised() in {True, False}


def test_the_boot_id(tmp_path: Path) -> None:
    file = tmp_path / "boot_id"
    file.write_text("5f1a\n")
    assert boot_id(file) == "5f1a"
    absent = tmp_path / "absent"
    assert len(boot_id(absent)) == 36
    assert boot_id(absent) != boot_id(absent)
