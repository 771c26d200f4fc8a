"""Traces: what is written is read again, and each way a file can be wrong is reported with its line."""

from __future__ import annotations

import errno
import gzip
import os
import random
import tracemalloc
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matpi.core.events import Reading
from matpi.core.model import Calibration, Zero
from matpi.drivers.scale.trace import About, Kind, Trace, TraceWriter, read_calibration
from matpi.errors import TraceError

RECORDINGS = Path(__file__).parents[2] / ".." / "shared" / "data" / "wii_board"


class Time:
    def __init__(self) -> None:
        self.t = 0.0

    def __call__(self) -> float:
        return self.t


def trace(tmp_path: Path, text: str | bytes, name: str = "trace.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def refusal(path: Path, calibration: Calibration | None = None) -> tuple[list[Reading], str]:
    """Return the readings before the error, and its message."""
    got: list[Reading] = []
    with pytest.raises(TraceError) as caught:
        got.extend(Trace(path, calibration))
    reported = str(caught.value)
    assert "\n" not in reported
    assert reported.endswith(".")
    return got, reported


def test_a_trace_in_kg(tmp_path: Path) -> None:
    file = trace(tmp_path, "t_s,kg_0,kg_1\n0.5,1.25,-3\n0.5,2,4\n\n9,1e1,0\n")
    assert list(Trace(file)) == [
        Reading(0.5, (1.25, -3.0)),
        Reading(0.5, (2.0, 4.0)),
        Reading(9.0, (10.0, 0.0)),
    ]


def test_any_order_a_mark_of_a_spreadsheet_and_its_line_ends(tmp_path: Path) -> None:
    file = trace(tmp_path, "\ufeffok, kg_1 ,t_s,kg_0\r\n1,2,3,4\r\n0, 5 ,6,7")
    assert list(Trace(file)) == [Reading(3.0, (4.0, 2.0)), Reading(6.0, (7.0, 5.0), ok=False)]


def test_counts_become_kg_and_a_code_at_the_end_of_the_range_is_flagged(tmp_path: Path) -> None:
    file = trace(tmp_path, "t_s,counts_0,counts_1\n0,1100,-50\n1,8388607,0\n2,0,-8388608\n")
    got = list(Trace(file, Calibration((1000, 0), (10.0, -5.0))))
    assert got[0] == Reading(0.0, (10.0, 10.0))
    assert [reading.ok for reading in got] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "good", "words"),
    [
        ("", 0, ["empty", "record again"]),
        ("t_s,kg_0\n", 0, ["no reading"]),
        ("\n", 0, ["line 1", "t_s,kg_0"]),
        ("0.0,1.5\n0.1,1.5\n", 0, ["line 1", '"0.0"', "t_s,kg_0"]),
        ("t_s,kg_0,light\n", 0, ["line 1", '"light"']),
        ("t_s;kg_0\n1;2\n", 0, ["line 1", '"t_s;kg_0"']),
        ("t_s,kg_4\n", 0, ["line 1", '"kg_4"']),
        ("t_s,kg_0,kg_0\n", 0, ["line 1", "kg_0 is there twice"]),
        ("t_s,t_s,kg_0\n", 0, ["line 1", "t_s is there twice"]),
        ("t_s,kg_0,kg_2\n", 0, ["line 1", "kg_1 is missing"]),
        ("t_s,kg_0,counts_1\n", 0, ["line 1", "either kg or counts"]),
        ("t_s,ok\n", 0, ["line 1", "either kg or counts"]),
        ("kg_0,ok\n", 0, ["line 1", "t_s"]),
        ("t_s,kg_0\n0,1\n1\n", 1, ["line 3", "2 fields are expected, 1 found", "take the line out"]),
        ("t_s,kg_0\n0,1\n1,2,3\n", 1, ["line 3", "2 fields are expected, 3 found"]),
        ("t_s,kg_0,ok\n0,1,1\n1,2", 1, ["line 3", "cut"]),
        ("t_s,kg_0\n0,1\n1,heavy\n", 1, ["line 3", '"1,heavy"']),
        ("t_s,kg_0\n0,1\n1,\n", 1, ["line 3", '"1,"']),
        ('t_s,kg_0\n0,1\n"1","2"\n', 1, ["line 3"]),
        ("t_s,kg_0\n0,1\n1,1_0\n", 1, ["line 3", "_"]),
        ("t_s,kg_0\n0,1\n1,\u0663\n", 1, ["line 3", "numbers"]),
        ("t_s,kg_0,ok\n0,1,1\n1,1,yes\n", 1, ["line 3", '"1,1,yes"']),
        ("t_s,kg_0\n0,1\n1,nan\n", 1, ["line 3", "nan is no load"]),
        ("t_s,kg_0\n0,1\n1,-inf\n", 1, ["line 3", "-inf is no load"]),
        ("t_s,kg_0\n0,1\n1,1e9\n", 1, ["line 3", "1e+09 is no load"]),
        ("t_s,kg_0\n0,1\nnan,1\n", 1, ["line 3", "nan is no time"]),
        ("t_s,kg_0\n0,1\n1700000000000,1\n", 1, ["line 3", "no time in seconds"]),
        ("t_s,kg_0\n0,1\n2,1\n1.999,1\n", 2, ["line 4", "backwards, from 2 to 1.999", "sort"]),
        ("t_s,kg_0\n0,1\n" + "1" * 100_000, 1, ["line 3", "longer"]),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_a_broken_file_is_reported_with_its_line(
    tmp_path: Path, text: str, good: int, words: list[str], packed: bool
) -> None:
    raw = text.encode()
    file = trace(tmp_path, gzip.compress(raw) if packed else raw, "t.csv.gz" if packed else "t.csv")
    got, reported = refusal(file)
    assert [word for word in [str(file), *words] if word not in reported] == [], reported
    assert len(got) == good


def test_counts_want_the_calibration_of_that_mat(tmp_path: Path) -> None:
    file = trace(tmp_path, "t_s,counts_0\n0,5\n1,8388608\n")
    assert "--calibration" in refusal(file)[1]
    assert "1 channels and the calibration has 2" in refusal(file, Calibration((0, 0), (1.0, 1.0)))[1]
    got, reported = refusal(file, Calibration((0,), (1.0,)))
    assert (len(got), "line 3" in reported, "24 bits" in reported) == (1, True, True)
    assert "line 2" in refusal(trace(tmp_path, "t_s,counts_0\n0,5.5\n"), Calibration((0,), (1.0,)))[1]


def test_what_is_no_trace_at_all(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "absent.csv")[1]
    assert "folder" in refusal(tmp_path)[1]
    assert "cannot be read" in refusal(tmp_path / "a\0b")[1]
    assert "not text" in refusal(trace(tmp_path, random.Random(1).randbytes(5000)))[1]
    assert "not gzip" in refusal(trace(tmp_path, "t_s,kg_0\n0,1\n", "plain.csv.gz"))[1]
    assert "empty" in refusal(trace(tmp_path, b"", "empty.csv.gz"))[1]
    assert "empty" in refusal(trace(tmp_path, gzip.compress(b""), "hollow.csv.gz"))[1]
    assert "column" in refusal(Path("/dev/zero"))[1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    file = trace(tmp_path, "t_s,kg_0\n0,1\n")
    file.chmod(0)
    assert "may not be read" in refusal(file)[1]


def test_gzip_under_any_name(tmp_path: Path) -> None:
    file = trace(tmp_path, gzip.compress(b"t_s,kg_0\n0,1\n"), "packed.csv")
    assert list(Trace(file)) == [Reading(0.0, (1.0,))]


def test_a_cut_gzip_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    whole = gzip.compress(b"t_s,kg_0\n" + b"".join(b"%d,%d\n" % (n, n * n % 97) for n in range(5000)))
    got, reported = refusal(trace(tmp_path, whole[: len(whole) // 2], "cut.csv.gz"))
    assert 1000 < len(got) < 4999
    assert "ends too early after line" in reported
    assert "gzip -dc" in reported
    got, reported = refusal(trace(tmp_path, whole[:-8] + bytes(8), "crc.csv.gz"))
    assert (len(got), "damaged" in reported) == (5000, True)
    broken = bytearray(whole)
    broken[len(whole) // 2 : len(whole) // 2 + 20] = bytes(20)
    assert refusal(trace(tmp_path, bytes(broken), "hole.csv.gz"))[1].startswith(str(tmp_path / "hole.csv.gz"))


def test_memory_stays_flat(tmp_path: Path) -> None:
    file = trace(
        tmp_path, gzip.compress(b"t_s,kg_0\n" + b"".join(b"%d,1.5\n" % n for n in range(20_000))), "big.csv.gz"
    )
    tracemalloc.start()
    try:
        assert sum(1 for _ in Trace(file)) == 20_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 400_000  # the readings as a list would be 4 MB


def rows(kind: Kind) -> st.SearchStrategy[tuple[int, list[Reading]]]:
    value = st.floats(-9000, 9000, allow_nan=False) if kind == "kg" else st.integers(-8_388_607, 8_388_606).map(float)
    return st.integers(1, 4).flatmap(
        lambda channels: st.tuples(
            st.just(channels),
            st.lists(
                st.builds(Reading, st.floats(0, 1e8), st.tuples(*[value] * channels), st.booleans()),
                min_size=1,
                max_size=20,
            ).map(lambda got: sorted(got, key=lambda reading: reading.t)),
        )
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.tuples(st.just("kg"), rows("kg")), st.tuples(st.just("counts"), rows("counts"))), st.booleans())
def test_what_is_written_is_read(
    tmp_path: Path, recording: tuple[Kind, tuple[int, list[Reading]]], packed: bool
) -> None:
    kind, (channels, readings) = recording
    file = tmp_path / ("t.csv.gz" if packed else "t.csv")
    same = Calibration((0,) * channels, (1.0,) * channels)
    with TraceWriter(file, channels, kind, overwrite=True) as writer:
        for reading in readings:
            writer.write(reading.t, reading.kg, reading.ok)
    got = list(Trace(file, same))
    assert [(len(reading.kg), reading.ok) for reading in got] == [(channels, reading.ok) for reading in readings]
    for back, given_ in zip(got, readings, strict=True):
        assert back.t == pytest.approx(given_.t, abs=1e-6)
        assert back.kg == pytest.approx(given_.kg, abs=0.00006 if kind == "kg" else 0)
    with TraceWriter(tmp_path / "again.csv", channels, kind, overwrite=True) as writer:
        for reading in got:
            writer.write(reading.t, reading.kg, reading.ok)
    assert list(Trace(tmp_path / "again.csv", same)) == got


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_a_power_cut_costs_a_recording_at_most_a_second(tmp_path: Path, name: str) -> None:
    now = Time()
    file = tmp_path / name
    with TraceWriter(file, 1, now=now) as writer:
        for n in range(800):
            now.t = n / 80
            writer.write(now.t, (float(n % 7),))
        left = trace(tmp_path, file.read_bytes(), "left-" + name)  # what the disk holds at the cut
    kept: list[Reading] = []
    try:
        kept.extend(Trace(left))
    except TraceError as error:
        assert "ends too early" in str(error)  # noqa: PT017  (only of the packed one)
    assert len(kept) >= 800 - 80


def test_an_existing_recording_is_left_alone(tmp_path: Path) -> None:
    file = trace(tmp_path, "dear")
    with pytest.raises(TraceError, match="exists already"):
        TraceWriter(file, 1)
    assert file.read_text() == "dear"
    TraceWriter(file, 1, overwrite=True).close()
    assert file.read_text() == "t_s,kg_0,ok\n"


def test_a_recording_that_cannot_be_made_or_go_on(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent" / "t.csv", tmp_path / "a\0b"):
        with pytest.raises(TraceError, match=r"cannot be made|exists already"):
            TraceWriter(path, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("name", ["full.csv", "full.csv.gz"])
def test_a_full_disk_ends_a_recording_with_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / name).symlink_to("/dev/full")
    with pytest.raises(TraceError, match=r"after 0 readings.*make room"):
        TraceWriter(tmp_path / name, 1, overwrite=True)


def test_a_recording_without_room_for_its_header_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TraceError, match=r"after 0 readings"):
        TraceWriter(tmp_path / "t.csv", 1)
    assert not list(tmp_path.iterdir())


def test_only_numbers_are_recorded(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "t.csv", 1) as writer:
        with pytest.raises(ValueError, match="nan"):
            writer.write(0.0, (float("nan"),))
        with pytest.raises(ValueError, match="2 values"):
            writer.write(0.0, (1.0, 2.0))
        writer.write(0.0, (float("nan"),), ok=False)
    assert list(Trace(tmp_path / "t.csv")) == [Reading(0.0, (0.0,), ok=False)]
    with pytest.raises(ValueError, match="1 to 4"):
        TraceWriter(tmp_path / "five.csv", 5)


def test_a_calibration(tmp_path: Path) -> None:
    file = trace(tmp_path, '{"reference_counts": [5, -7], "counts_per_kg": [42950, 4e4]}', "c.json")
    assert read_calibration(file) == Calibration((5, -7), (42950.0, 40000.0))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "{" * 50_000,
        "\x00",
        '{"reference_counts": [5], "counts_per_kg": [1, 2]}',
        '{"reference_counts": [], "counts_per_kg": []}',
        '{"reference_counts": [5], "counts_per_kg": [0]}',
        '{"reference_counts": [5], "counts_per_kg": [NaN]}',
        '{"reference_counts": [5], "counts_per_kg": [1e400]}',
        '{"reference_counts": [5], "counts_per_kg": ["1"]}',
        '{"reference_counts": [8388608], "counts_per_kg": [1]}',
        '{"reference_counts": [5], "counts_per_kg": [1], "unit": "kg"}',
    ],
)
def test_what_is_no_calibration(tmp_path: Path, text: str) -> None:
    file = trace(tmp_path, text, "c.json")
    with pytest.raises(TraceError, match=r"no calibration.*counts_per_kg") as caught:
        read_calibration(file)
    assert str(file) in str(caught.value)


def test_a_calibration_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="no such file"):
        read_calibration(tmp_path / "c.json")


@pytest.mark.skipif(not RECORDINGS.is_dir(), reason="the recordings folder beside the checkout is absent")
def test_real_recordings_are_read_whole() -> None:
    got = {file.name.partition(".")[0]: list(Trace(file)) for file in RECORDINGS.glob("*.csv.gz")}
    assert {name: len(readings) for name, readings in got.items()} == {
        "empty_board": 427,
        "hand_presses_five": 1168,
        "light_press_18kg": 345,
        "stand_100s_bounced_start": 5716,
    }
    heaviest = {name: max(sum(reading.kg) for reading in readings) for name, readings in got.items()}
    assert heaviest["empty_board"] < 3
    assert 12 < heaviest["light_press_18kg"] < 18.5 < heaviest["hand_presses_five"]
    assert heaviest["stand_100s_bounced_start"] > 70


# -- recordings --------------------------------------------------------------------------------------------------------

ABOUT = About(1, Calibration((1000, 0), (10.0, -5.0), approximate=True), Zero((0.5, 0.25)))


@pytest.mark.parametrize("name", ["r.csv", "r.csv.gz"])
def test_a_recording_brings_its_calibration_and_its_zero(tmp_path: Path, name: str) -> None:
    with TraceWriter(tmp_path / name, 2, "counts", about=ABOUT) as writer:
        writer.write(0.5, (1100, -50))
        writer.write(0.6, (0, 0), ok=False, flag="not_ready")
    found = Trace(tmp_path / name)
    assert (found.calibration, found.zero) == (ABOUT.calibration, ABOUT.zero)
    readings = list(found)
    assert readings[0] == Reading(0.5, (10.0, 10.0))
    assert [reading.ok for reading in readings] == [True, False]


def test_a_calibration_that_is_given_goes_before_the_one_inside_and_its_zero(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "r.csv", 2, "counts", about=ABOUT) as writer:
        writer.write(0.5, (100, 100))
    found = Trace(tmp_path / "r.csv", Calibration((0, 0), (100.0, 50.0)))
    assert (list(found), found.zero) == ([Reading(0.5, (1.0, 2.0))], None)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", ["line 1", "calibration inside"]),
        ("{", ["line 1", "calibration inside"]),
        ('{"format": 1}', ["line 1", "calibration"]),
        ('{"format": 2, "matpi": "9.0", "calibration": INSIDE}', ["newer matpi (9.0)"]),
        ('{"format": 1, "calibration": {"reference_counts": [0], "counts_per_kg": [0]}}', ["line 1"]),
        ('{"format": 1, "calibration": {"reference_counts": [8388608], "counts_per_kg": [9.0]}}', ["24 bits"]),
        ('{"format": 1, "calibration": INSIDE, "zero": {"kg": [1e300, 0]}}', ["zero is no load"]),
        ('{"format": 1, "calibration": {"reference_counts": [0], "counts_per_kg": [9.0]}}', ["2 channels"]),
        ('{"format": 1, "calibration": INSIDE' + " " * 5000 + "}", ["line 1"]),
    ],
)
def test_a_recording_with_a_broken_header(tmp_path: Path, header: str, words: list[str]) -> None:
    header = header.replace("INSIDE", '{"reference_counts": [0, 0], "counts_per_kg": [9.0, 9.0]}')
    file = trace(tmp_path, f"# matpi recording {header}\nt_s,counts_0,counts_1,ok\n0,1,2,1\n")
    got, reported = refusal(file)
    assert got == []
    assert [word for word in [str(file), *words] if word not in reported] == [], reported


def test_what_a_later_matpi_adds_to_the_header_is_skipped(tmp_path: Path) -> None:
    header = (
        '{"format": 1, "mood": "good", "calibration": {"reference_counts": [0], "counts_per_kg": [10.0], "by": "me"}}'
    )
    file = trace(tmp_path, f"# matpi recording {header}\nt_s,counts_0\n0,20\n")
    assert list(Trace(file)) == [Reading(0.0, (2.0,))]


def test_a_line_of_a_recording_is_counted_with_its_header(tmp_path: Path) -> None:
    with TraceWriter(tmp_path / "r.csv", 2, "counts", about=ABOUT) as writer:
        writer.write(0.5, (100, 100))
    file = trace(tmp_path, (tmp_path / "r.csv").read_text() + "1,2\n", "cut.csv")
    got, reported = refusal(file)
    assert (len(got), "line 4: 5 fields" in reported) == (1, True)


@pytest.mark.parametrize("tail", [bytes(300), b"\x07" * 5, b""], ids=["zeros", "noise", "cut"])
def test_a_packed_recording_is_read_up_to_where_a_power_cut_has_damaged_it(tmp_path: Path, tail: bytes) -> None:
    file = tmp_path / "cut.csv.gz"
    writer = TraceWriter(file, 1, now=count(0.0, 1.0).__next__)
    for n in range(500):
        writer.write(float(n), (n / 10,))
    whole = file.read_bytes()  # to the last row: each second is synchronised
    writer.close()
    file.write_bytes(whole + tail)
    got, reported = refusal(file)
    assert [reading.t for reading in got] == [float(n) for n in range(500)]
    assert f"the gzip file {'is damaged' if tail else 'ends too early'} after line 501" in reported


def test_what_follows_the_end_of_a_packed_trace_is_damage_but_zeros(tmp_path: Path) -> None:
    file = tmp_path / "t.csv.gz"
    packed = gzip.compress(b"t_s,kg_0\n1.0,2.0\n")
    for tail in (bytes(700), bytes(3)):
        file.write_bytes(packed + tail)
        assert [reading.t for reading in Trace(file)] == [1.0]
    file.write_bytes(packed + b"more")
    assert "is damaged after line 2" in refusal(file)[1]
    file.write_bytes(packed + bytes(3000) + b"more")
    assert "is damaged after line 2" in refusal(file)[1]


def test_a_packed_trace_may_have_several_members(tmp_path: Path) -> None:
    packed = gzip.compress(b"t_s,kg_0\n1.0,2.0\n"), gzip.compress(b"2.0,2.0\n"), gzip.compress(b"3.0,2.0\n")
    file = tmp_path / "t.csv.gz"
    file.write_bytes(packed[0] + packed[1] + bytes(3) + packed[2])
    assert [reading.t for reading in Trace(file)] == [1.0, 2.0, 3.0]
    file.write_bytes(packed[0] + packed[1][:-9])
    got, reported = refusal(file)
    assert ([reading.t for reading in got], "ends too early after line 3" in reported) == ([1.0, 2.0], True)


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="there is no /dev/fd here")
def test_a_trace_goes_through_a_pipe(tmp_path: Path) -> None:
    out, into = os.pipe()
    with TraceWriter(Path(f"/dev/fd/{into}"), 1, overwrite=True) as writer:
        writer.write(1.0, (2.0,))
    os.close(into)
    with os.fdopen(out) as pipe:
        assert pipe.read() == "t_s,kg_0,ok\n1.000000,2.0000,1\n"
