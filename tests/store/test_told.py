"""What a person reads about a log that cannot be used: one line, with what to do; and what is never touched."""

import os
from pathlib import Path

import pytest

from matpi.core.effects import Save
from matpi.errors import StoreBusyError, StoreDamagedError, StoreError
from matpi.store import file
from matpi.store.db import Store
from tests.store.small_disk import fill, on_small_disk
from tests.store.values import session


def writing_on_a_full_disk(disk: Path) -> None:
    path = disk / "matpi.db"
    Store.open(path).close()
    fill(disk)
    with pytest.raises(StoreError, match="the disk is full; make room on it"):
        Store.open(path)


def test_a_full_disk_is_called_full(tmp_path: Path) -> None:
    on_small_disk(writing_on_a_full_disk, tmp_path)


def test_the_file_that_was_meant_may_be_another_one(tmp_path: Path) -> None:
    path = tmp_path / "holiday.jpg"
    path.write_bytes(b"\xff\xd8\xff" * 100)
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"holiday\.jpg is not a session log .* not touched") as told:
            Store.open(path, read_only=read_only)
        assert not isinstance(told.value, StoreDamagedError)
    assert path.read_bytes() == b"\xff\xd8\xff" * 100
    assert [entry.name for entry in tmp_path.iterdir()] == ["holiday.jpg"]


@pytest.mark.parametrize("name", ["matpi.db", "log.sqlite", "LOG.SQLITE3"])
def test_a_log_with_a_smashed_header_is_set_aside(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"\0" * 8192)
    with Store.open(path) as store:
        assert store.set_aside is not None


def test_a_corrupt_page_in_the_middle_is_one_line_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "matpi.db"
    with Store.open(path) as store:
        for n in range(400):
            store.write(Save(session(f"s{n}")))
    pages = path.stat().st_size // 4096
    said = set()
    for page in range(1, pages):
        data = bytearray(path.read_bytes())
        data[4096 * page : 4096 * page + 200] = b"\xa5" * 200
        broken = tmp_path / "broken.db"
        broken.write_bytes(data)
        with pytest.raises(StoreDamagedError) as told:
            Store.open(broken, read_only=True)
        text = str(told.value)
        assert "\n" not in text
        assert "***" not in text
        assert text.endswith(".")
        assert "start the device" in text
        assert "copy" in text
        said.add(text)
    assert any("page" in text.lower() for text in said)


def test_damage_of_every_kind_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "matpi.db"
    path.write_bytes(b"no database" * 1000)
    with pytest.raises(StoreDamagedError, match=r"not a SQLite database.*start the device.*\.$"):
        Store.open(path, read_only=True)
    path.write_bytes(b"")
    file.companion(path, "-wal").write_bytes(b"acknowledged sessions")
    with pytest.raises(StoreDamagedError, match=r"empty.*start the device.*\.$"):
        Store.open(path, read_only=True)


def test_who_has_the_log_is_told_by_number_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "matpi.db"
    with Store.open(path):
        with pytest.raises(StoreBusyError) as told:
            Store.open(path)
        assert f"process {os.getpid()}; wait until that one has ended, or end it (`kill {os.getpid()}`, " in str(
            told.value
        )
        assert "page" not in str(told.value)
        assert "`sudo systemctl stop matpi`" in str(told.value)
        file.companion(path, ".lock").write_bytes(b"")  # as a full disk leaves it
        with pytest.raises(StoreBusyError, match="in use by another matpi; wait until that one") as told:
            Store.open(path)
        assert "kill" not in str(told.value)
