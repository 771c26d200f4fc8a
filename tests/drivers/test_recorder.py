"""The ring of raw counts: bounded in time, in bytes and on the disk; what it writes, `matpi replay` reads."""

from __future__ import annotations

import gzip
import math
import os
import queue
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from matpi.core.events import Counted, Noted
from matpi.core.model import Calibration, Zero
from matpi.drivers.scale.guard import Status
from matpi.drivers.scale.recorder import FILES_MAX, SPAN_S, Recorder
from matpi.drivers.scale.trace import Trace
from matpi.twin.replay import replay
from tests.bench import NOMINAL, UNCALIBRATED, Cells

NOW_UTC = 1_773_576_000.0
"""2026-03-15 12:00 UTC."""


class Clock:
    def __init__(self) -> None:
        self.t, self.sure = 1000.0, True

    def monotonic(self) -> float:
        return self.t

    def utc(self) -> float:
        return NOW_UTC + self.t - 1000.0

    def trusted(self) -> bool:
        return self.sure


class Ring:
    """A recorder with its thread, and what it reported."""

    def __init__(self, log: Path, calibration: Calibration = UNCALIBRATED, zero: Zero | None = None, rate: int = 10):
        log.touch()
        self.clock, self.folder = Clock(), log.with_name("recordings")
        self.noted: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.recorder = Recorder(log, rate, calibration, zero, self.clock, "0123456789abcdef", self.noted.put)
        self.recorder.start()

    def fill(self, seconds: float, counts: Callable[[float], tuple[int, ...]] = lambda _: (0, 0)) -> None:
        for _ in range(round(seconds * 10)):
            self.clock.t += 0.1
            self.recorder.take(Counted(self.clock.t, counts(self.clock.t)))

    def save(self) -> Noted:
        self.recorder.save()
        noted = self.noted.get(timeout=30)
        assert isinstance(noted, Noted)
        return noted

    def saved(self) -> Path:
        before = set(self.files())
        noted = self.save()
        assert noted.kind == "recorded", noted.text
        (new,) = set(self.files()) - before
        assert str(new) in noted.text
        return new

    def files(self) -> list[Path]:
        return list(self.folder.iterdir()) if self.folder.exists() else []


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Ring]]:
    made: list[Ring] = []

    def make(*given: Any, **how: Any) -> Ring:
        made.append(Ring(tmp_path / "log.db", *given, **how))
        return made[-1]

    yield make
    for ring in made:
        ring.recorder.stop()


Make = Callable[..., Ring]


def test_ten_minutes_of_four_chips_take_less_than_2_mb(make: Make) -> None:
    four = Calibration((0,) * 4, (NOMINAL,) * 4)
    columns = make(four, rate=80).recorder._columns
    assert sum(column.itemsize * len(column) for column in columns) <= 2_000_000


def test_it_holds_the_last_ten_minutes_of_the_fastest_chips_and_no_more(make: Make) -> None:
    ring = make(rate=80)
    for n in range(650 * 94):
        ring.clock.t = 1000.0 + n / 94
        ring.recorder.take(Counted(ring.clock.t, (n, -n), ok=n % 5 > 0, flag="" if n % 5 else "stale"))
    readings = list(Trace(ring.saved(), Calibration((0, 0), (1.0, 1.0))))
    assert readings[0].t == pytest.approx(ring.clock.t - SPAN_S, abs=0.02)
    assert [reading.kg for reading in readings] == [(n, -n) for n in range(n - len(readings) + 1, n + 1)]
    assert [reading.ok for reading in readings] == [reading.kg[0] % 5 > 0 for reading in readings]


def test_a_flagged_row_has_its_reason(make: Make) -> None:
    ring = make()
    for n, status in enumerate(Status):
        ring.recorder.take(Counted(ring.clock.t + n, (n, 0), ok=status is Status.OK, flag=status))
    ring.clock.t += len(Status)
    path = ring.saved()
    rows = gzip.decompress(path.read_bytes()).decode().splitlines()[2:]
    expected = [("1", "") if status is Status.OK else ("0", str(status)) for status in Status]
    assert [tuple(row.split(",")[-2:]) for row in rows] == expected
    assert [reading.ok for reading in Trace(path)] == [status is Status.OK for status in Status]


def test_a_flood_of_readings_drops_the_oldest(make: Make) -> None:
    ring = make()
    for n in range(20_000):
        ring.clock.t += 0.001
        ring.recorder.take(Counted(ring.clock.t, (n, 0)))
    readings = list(Trace(ring.saved(), Calibration((0, 0), (1.0, 1.0))))
    assert 6000 <= len(readings) < 20_000
    assert readings[-1].kg[0] == 19_999


def test_after_a_gap_nothing_older_than_ten_minutes_is_saved(make: Make) -> None:
    ring = make()
    ring.fill(60)
    ring.clock.t += 570
    assert len(list(Trace(ring.saved()))) == pytest.approx(300, abs=2)


def test_files_have_the_date_as_their_name_and_none_is_overwritten(make: Make) -> None:
    ring = make()
    ring.fill(10)
    assert [ring.saved().name for _ in range(3)] == [
        "20260315T120010Z.csv.gz",
        "20260315T120010Z-2.csv.gz",
        "20260315T120010Z-3.csv.gz",
    ]
    ring.clock.sure = False
    assert ring.saved().name == "boot-01234567-1010s.csv.gz"


def test_a_recording_says_when_it_began_if_that_is_known(make: Make) -> None:
    ring = make()
    ring.fill(10)
    header = b'"start_utc":"2026-03-15T12:00:00.1'
    assert header in gzip.decompress(ring.saved().read_bytes())
    ring.clock.sure = False
    assert b"start_utc" not in gzip.decompress(ring.saved().read_bytes())


def test_so_many_files_and_no_more(make: Make) -> None:
    ring = make()
    ring.fill(1)
    names = []
    for n in range(FILES_MAX + 3):
        ring.clock.t += 1
        path = ring.saved()
        os.utime(path, (n, n))
        names.append(path.name)
    assert sorted(path.name for path in ring.files()) == sorted(names[-FILES_MAX:])


def test_the_group_of_the_log_may_read_them_whatever_the_umask(make: Make) -> None:
    ring = make()
    ring.fill(1)
    umask = os.umask(0o077)
    try:
        path = ring.saved()
    finally:
        os.umask(umask)
    assert [stat.S_IMODE(one.stat().st_mode) for one in (path, ring.folder)] == [0o640, 0o750]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_is_noted_leaves_nothing_behind_and_the_next_one_is_written(make: Make) -> None:
    ring = make()
    ring.fill(1)
    ring.folder.mkdir()
    (ring.folder / "unfinished.gz").symlink_to("/dev/full")
    noted = ring.save()
    assert (noted.kind, "No space left" in noted.text) == ("recording_failed", True)
    assert ring.files() == []
    ring.fill(1)
    assert len(list(Trace(ring.saved()))) == 20


def test_a_folder_that_cannot_be_made_is_noted(make: Make) -> None:
    ring = make()
    ring.folder.write_text("in the way")
    noted = ring.save()
    assert (noted.kind, "cannot be made (Not a directory); choose" in noted.text) == ("recording_failed", True)
    ring.folder.unlink()
    ring.folder.symlink_to("gone")
    assert ring.save().text.endswith(
        f"could not be saved: {ring.folder} cannot be written (File exists); check that folder and the disk."
    )


def test_it_needs_no_log_and_makes_its_folder_again(make: Make, tmp_path: Path) -> None:
    ring = make()
    ring.fill(1)
    ring.saved()
    shutil.rmtree(ring.folder)
    (tmp_path / "log.db").unlink()
    assert len(list(Trace(ring.saved()))) == 10


def test_what_a_power_cut_left_is_written_over(make: Make) -> None:
    ring = make()
    ring.folder.mkdir()
    (ring.folder / "unfinished.gz").write_bytes(b"half")
    ring.fill(1)
    assert ring.files() != []
    assert [ring.saved()] == ring.files()


# -- the calibration inside --------------------------------------------------------------------------------------------


def test_the_zero_is_the_one_in_use_at_the_first_row(make: Make) -> None:
    zeros = [Zero((float(n), 0.0)) for n in range(3)]
    ring = make(Calibration((1, 2), (NOMINAL, -NOMINAL)), zeros[0])
    for zero in zeros[1:]:
        ring.fill(400)
        ring.recorder.use_zero(ring.clock.t, zero)
    found = Trace(ring.saved())
    assert (found.calibration, found.zero) == (Calibration((1, 2), (NOMINAL, -NOMINAL)), zeros[0])
    ring.fill(300)
    assert Trace(ring.saved()).zero == zeros[1]
    ring.fill(400)
    assert Trace(ring.saved()).zero == zeros[2]


def test_a_new_calibration_goes_with_its_own_zero(make: Make) -> None:
    ring = make()
    ring.fill(10)
    ring.recorder.use_zero(ring.clock.t, Zero((9.0, 9.0)))
    ring.recorder.use_calibration(Calibration((5, 6), (NOMINAL, NOMINAL)), Zero((1.0, 2.0)))
    found = Trace(ring.saved())
    assert (found.calibration, found.zero) == (Calibration((5, 6), (NOMINAL, NOMINAL)), Zero((1.0, 2.0)))


OFFSETS = (118_000.0, -93_000.0)


def person(start: float, end: float) -> Callable[[float], tuple[int, ...]]:
    """On the mat from `start` to `end`, breathing 15 times a minute."""
    cells = Cells((NOMINAL, NOMINAL), OFFSETS)

    def counts(t: float) -> tuple[int, ...]:
        breath = 0.3 * math.sin(t * math.tau / 4)
        return cells.counts((40.0 + breath, 30.0 - breath) if start <= t < end else (0.0, 0.0))

    return counts


def test_a_session_on_an_uncalibrated_mat_is_found_again(make: Make) -> None:
    ring = make()
    ring.fill(240, person(1060, 1180))
    found = Trace(ring.saved())
    assert (found.calibration, found.zero) == (UNCALIBRATED, None)
    (session,) = replay(found, calibration=found.calibration, zero=found.zero).sessions
    assert session.start_mono == pytest.approx(1060, abs=0.3)
    assert session.on_mat_s == pytest.approx(120, abs=0.5)


def test_a_session_that_began_before_the_recording_is_found_with_the_zero_inside(make: Make) -> None:
    zero = Zero(tuple(offset / NOMINAL for offset in OFFSETS))
    ring = make(UNCALIBRATED, zero)
    ring.fill(800, person(1060, 1700))
    found = Trace(ring.saved())
    (session,) = replay(found, calibration=found.calibration, zero=found.zero).sessions
    assert session.start_mono + session.span_s == pytest.approx(1700, abs=0.3)
    assert str(session.reason) == "left"
