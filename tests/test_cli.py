"""Whatever is handed to the commands: one line of what, why and what to do, and nothing stored before is harmed."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from matpi import __version__, cli, paths
from matpi.core.calibration.weights import LEAST_KG, MOST_KG
from matpi.core.effects import Report, Said, Save
from matpi.core.model import Doubt, EndReason, Session
from matpi.store.db import Store
from matpi.twin.replay import Result

ROOT = Path(__file__).parents[1]
Out = pytest.CaptureFixture[str]
Told = Callable[..., str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Nobody's own log is touched, and none is found."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(paths, "DEVICE_STORE", tmp_path / "no-device.db")
    return tmp_path / "home"


@pytest.fixture
def told(capsys: Out) -> Told:
    """Run a command that must fail with `code`; its one line."""

    def run(*words: object, code: int = 1) -> str:
        assert cli.run([str(word) for word in words]) == code
        out, err = capsys.readouterr()
        assert out == ""
        return one_line(err)

    return run


def one_line(err: str) -> str:
    assert err.startswith("matpi: ")
    assert err.count("\n") == 1
    assert err.endswith((".\n", "?\n"))
    assert "Traceback" not in err
    assert "went wrong that should not" not in err
    assert len(err) < 400
    return err


@pytest.fixture
def stored(tmp_path: Path) -> Iterator[Path]:
    """A log with a session, which must be there in the end, byte by byte."""
    path = tmp_path / "log" / "matpi.db"
    with Store.open(path) as log:
        log.write(Save(Session("kept", "boot", 1.0, 600.0, 600.0, EndReason.LEFT)))
    before = path.read_bytes()
    yield path
    assert path.read_bytes() == before


def matpi(*words: object, **more: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "matpi", *map(str, words)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
        **more,
    )


# -- calls ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["-h"], *([name, "--help"] for name in cli.matpi.commands)])
def test_help(words: list[str], capsys: Out) -> None:
    assert cli.run(words) == 0
    out, err = capsys.readouterr()
    assert out.startswith("Usage: matpi")
    assert "\\b" not in out, "the mark that keeps lines apart is for click, and not to be read"
    assert "\b" not in out
    assert err == ""


def test_the_help_names_the_weights_that_a_calibration_takes(capsys: Out) -> None:
    assert cli.run(["calibrate", "--help"]) == 0
    assert f"[{LEAST_KG:g}<=x<={MOST_KG:g}]" in capsys.readouterr().out


@pytest.mark.parametrize("columns", [80, 60, 20])
def test_no_summary_is_cut(columns: int, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    assert cli.run(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Commands:")[2]
    assert "..." not in listed
    for name, command in cli.matpi.commands.items():
        assert f"{name} {command.short_help}" in " ".join(listed.split())
        assert columns < 80 or f"\n  {name:<9}  {command.short_help}\n" in listed, "one line of 80 columns"


def test_version(capsys: Out) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"matpi {__version__}\n"


def test_no_command_shows_the_help(capsys: Out) -> None:
    assert cli.run([]) == 2
    assert "Commands:" in capsys.readouterr().err


def test_help_loads_nothing_heavy() -> None:
    heavy = ("PIL", "starlette", "uvicorn", "sqlite3", "transitions", "gpiozero", "luma", "rich", "msgspec", "numpy")
    code = (
        "import sys; from matpi import cli; code = cli.run(['--help']);"
        f"print([m for m in {heavy} if m in sys.modules], file=sys.stderr); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (0, "[]\n")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["dance"], "No such command"),
        (["sim", "--loud"], "No such option"),
        (["sim", "--warp", "7"], "'7' is not one of"),
        (["sim", "--kg", "3"], "not in the range"),
        (["calibrate", "--weight", "9.9"], "10<=x<=130"),
        (["calibrate", "--weight", "130.1"], "10<=x<=130"),
        (["sim", "--port", "99999"], "not in the range"),
        (["sim", "--headless"], "--headless needs --scenario"),
        (["sim", "--scenario", "x.jsonl"], "--scenario goes with --headless"),
        (["sim", "--frames", "x"], "--frames goes with --headless"),
        (["sim", "--every-frame"], "--every-frame goes with --frames"),
        (["sim", "--headless", "--scenario", "x.jsonl", "--every-frame"], "--every-frame goes with --frames"),
        (["sim", "--headless", "--tty", "--scenario", "x"], "exclude each other"),
        (["sim", "--headless", "--scenario", "x", "--warp", "60"], "never waits for a clock"),
        (["sim", "--warp"], "goes with --headless"),
        (["sim", "--tty"], "--tty needs a terminal"),
        (["sim", "--port", "0", "--zone", "Mars/Olympus"], "no time zone"),
        (["sim", "--port", "0", "--zone", "../../etc/passwd"], "no time zone"),
        (["sim", "--port", "0", "--zone", ""], "no time zone"),
        (["replay"], "Missing argument"),
        (["record"], "Missing argument"),
        (["sim", "--demo", "--store", "x.db"], "leave out --store"),
        (["sim", "--demo", "--headless", "--scenario", "x"], "leave out --store and --headless"),
        (["sim", "--record", "x.csv"], "--record goes with --headless"),
        (["sim", "--headless", "--scenario", "x", "--rate", "10"], "go with --record"),
        (["sim", "--headless", "--scenario", "x", "--overwrite"], "go with --record"),
        (["export"], "Missing argument"),
    ],
)
def test_wrong_use(told: Told, home: Path, words: list[str], why: str) -> None:
    assert why in told(*words, code=2)
    assert not home.exists()


# -- traces --------------------------------------------------------------------------------------------------------

HEAD = "t_s,kg_0,kg_1,ok\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        (HEAD, "holds no reading"),
        ("time,load\n1,2\n", "is no column"),
        (HEAD + "0,1,2,1\n1,zero,2,1\n", "line 3"),
        (HEAD + "0,1,2,1\n5,1,2,1\n4,1,2,1\n", "runs backwards"),
        (HEAD + "0,1,2\n", "4 fields are expected"),
        (HEAD + "0,nan,2,1\n", "no load in kg"),
        ("t_s,counts_0,counts_1\n0,1,2\n", "--calibration"),
        ("\x00\x01\x02", "no column"),
    ],
)
def test_a_bad_trace(told: Told, tmp_path: Path, text: str, why: str) -> None:
    trace = tmp_path / "trace.csv"
    trace.write_text(text)
    assert why in told("replay", trace)
    assert trace.read_text() == text


def test_a_replay_says_which_sessions_count(tmp_path: Path, capsys: Out, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Session("s1", "replay", 2.0, 34.0, 34.0, EndReason.LEFT)
    ended = Report(60.0, 60.0, Said.UNCONFIRMED, Doubt.THING)
    found = Result([ended], [one, replace(one, start_mono=90.0, doubt=Doubt.THING)], 420)
    monkeypatch.setattr("matpi.commands.replay.replay", lambda *_: found)
    trace = tmp_path / "trace.csv"
    trace.write_text(HEAD + "0,1,2,1\n")
    assert cli.run(["replay", str(trace), "--json"]) == 0
    event, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert event == {"t_s": 60.0, "event": "unconfirmed", "reason": "thing"}
    assert list(summary["sessions"][0]) == ["start_s", "end_s", "on_mat_s", "reason", "counts"]
    assert [session["counts"] for session in summary["sessions"]] == [True, False]
    assert cli.run(["replay", str(trace)]) == 0
    assert [line.endswith("left, not counted") for line in capsys.readouterr().out.splitlines()[-2:]] == [False, True]


def test_a_trace_cut_off(told: Told, tmp_path: Path) -> None:
    trace = tmp_path / "trace.csv.gz"
    rows = "".join(f"{n / 10},{n * 7919 % 100 / 100},0,1\n" for n in range(2000))
    trace.write_bytes(gzip.compress((HEAD + rows).encode())[:-200])
    assert "ends too early" in told("replay", trace)


def test_a_trace_that_is_not_there(told: Told, tmp_path: Path) -> None:
    assert "no such file" in told("replay", tmp_path / "none.csv")
    assert "is a folder" in told("replay", tmp_path)


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"reference_counts": [0], "counts_per_kg": [0]}'])
def test_a_bad_calibration(told: Told, tmp_path: Path, text: str) -> None:
    trace, calibration = tmp_path / "trace.csv", tmp_path / "calibration.json"
    trace.write_text("t_s,counts_0\n0,1\n")
    calibration.write_text(text)
    assert "is no calibration" in told("replay", trace, "--calibration", calibration)


def test_recording_never_replaces_a_trace_unasked(told: Told, tmp_path: Path) -> None:
    scenario, trace = tmp_path / "s.jsonl", tmp_path / "t.csv"
    scenario.write_text('{"at": 1, "do": "end"}\n')
    trace.write_text("mine")
    assert "exists already" in told("sim", "--headless", "--scenario", scenario, "--record", trace)
    assert trace.read_text() == "mine"


@pytest.mark.parametrize(("rate", "readings"), [(None, 990), ("40", 3970)])
def test_a_simulated_mat_is_recorded_and_replayed(
    tmp_path: Path, capsys: Out, scenario: Path, rate: str | None, readings: int
) -> None:
    trace = tmp_path / "t.csv.gz"
    more = ["--rate", rate] if rate else []
    assert cli.run(["sim", "--headless", "--scenario", str(scenario), "--record", str(trace), *more]) == 0
    simulated = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert cli.run(["replay", "--json", str(trace)]) == 0
    replayed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert replayed["readings"] == pytest.approx(readings, abs=20)
    (was,), (found,) = simulated["sessions"], replayed["sessions"]
    assert found["on_mat_s"] == pytest.approx(was["on_mat_s"], abs=0.2)


# -- config --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[presence]\non_kilos = 12\n", "on_kilos"),
        ("[presence]\non_kg = 400\n", "on_kg"),
        ("[presence]\non_kg = 'heavy'\n", "on_kg"),
        ("on_kg = = 3\n", "line 1"),
        ("\x00", "matpi.toml"),
    ],
)
def test_a_bad_config(told: Told, stored: Path, tmp_path: Path, text: str, why: str) -> None:
    config, scenario = tmp_path / "matpi.toml", tmp_path / "s.jsonl"
    config.write_text(text)
    scenario.write_text('{"at": 1, "do": "end"}\n')
    words = ("sim", "--headless", "--scenario", scenario, "--store", stored, "--config", config)
    assert why in told(*words, code=2)


def test_a_config_that_is_not_there(told: Told, tmp_path: Path) -> None:
    assert "none.toml" in told("replay", tmp_path / "t.csv", "--config", tmp_path / "none.toml", code=2)


# -- scenarios -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("lie down", "malformed"),
        ("[]", "Expected `object`"),
        ("{}", "`do`"),
        ('{"do": "tap"}', '"at"'),
        ('{"at": 5}', "`do`"),
        ('{"at": 5, "do": "jump_up"}', "jump_up"),
        ('{"at": 5, "do": "tap", "twice": true}', "twice"),
        ('{"at": "soon", "do": "tap"}', "no time"),
        ('{"at": "", "do": "tap"}', "no time"),
        ('{"at": "1:2:3:4", "do": "tap"}', "no time"),
        ('{"at": "²", "do": "tap"}', "no time"),
        ('{"at": -1, "do": "tap"}', "-1"),
        ('{"at": 1e400, "do": "tap"}', "line 2"),
        ('{"at": 5, "do": "break"}', "needs"),
        ('{"at": 5, "do": "mend", "what": "hearts"}', "needs"),
        ('{"at": 5, "do": "jump"}', "needs"),
        ('{"at": 5, "do": "jump", "to": "25:00"}', "needs"),
        ('{"at": 5, "do": "jump", "to": "9:5"}', "needs"),
        ('{"at": 5, "do": "jump", "to": "²1:00"}', "needs"),
        ('{"at": 5, "do": "snap"}', "needs"),
        ('{"at": 5, "do": "snap", "name": "../x"}', "needs"),
        ('{"at": 5, "do": "lie_down", "kg": 0}', "between 1 and 300"),
        ('{"at": 5, "do": "hold", "seconds": -1}', "between 0 and 3600"),
        ('{"at": 0.5, "do": "tap"}', "comes before"),
    ],
)
def test_a_bad_line_of_a_scenario(told: Told, stored: Path, tmp_path: Path, line: str, why: str) -> None:
    scenario = tmp_path / "s.jsonl"
    scenario.write_text(f'{{"at": 1, "do": "cat"}}\n{line}\n')
    message = told("sim", "--headless", "--scenario", scenario, "--store", stored)
    assert why in message
    assert "line 2" in message


@pytest.mark.parametrize(("data", "why"), [(b"", "no step"), (b"# nothing\n\n", "no step"), (b"\xff\xfe", "UTF-8")])
def test_a_scenario_without_a_step(told: Told, tmp_path: Path, data: bytes, why: str) -> None:
    scenario = tmp_path / "s.jsonl"
    scenario.write_bytes(data)
    assert why in told("sim", "--headless", "--scenario", scenario)
    assert why in told("sim", "--headless", "--scenario", scenario, "--record", tmp_path / "t.csv")
    assert not (tmp_path / "t.csv").exists()


def test_a_scenario_that_is_not_there(told: Told, tmp_path: Path) -> None:
    assert "No such file" in told("sim", "--headless", "--scenario", tmp_path / "none.jsonl")


# -- the log -------------------------------------------------------------------------------------------------------


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    path = tmp_path / "scenario.jsonl"
    path.write_text('{"at": 1, "do": "lie_down"}\n{"at": 60, "do": "get_up"}\n{"at": 100, "do": "end"}\n')
    return path


def every_command(store: Path, scenario: Path, tmp_path: Path) -> list[list[object]]:
    return [
        ["sim", "--headless", "--scenario", scenario, "--store", store],
        ["sim", "--no-browser", "--port", "0", "--store", store],
        ["sessions", "--store", store],
        ["sessions", "--delete", "kept", "--store", store],
        ["ratings", "--store", store],
        ["plan", "--store", store],
        ["export", tmp_path / "out.json", "--store", store],
        ["export", tmp_path / "out", "--csv", "--store", store],
    ]


def test_a_log_of_a_newer_matpi(told: Told, tmp_path: Path, scenario: Path) -> None:
    store = tmp_path / "matpi.db"
    Store.open(store).close()
    with contextlib.closing(sqlite3.connect(store)) as conn:
        conn.execute("PRAGMA user_version = 99")
        conn.commit()
    with contextlib.suppress(FileNotFoundError):
        (tmp_path / "matpi.db-wal").unlink()
    before = store.read_bytes()
    (tmp_path / "in.json").write_text('{"format": "matpi", "version": 1}')
    for words in [*every_command(store, scenario, tmp_path), ["import", tmp_path / "in.json", "--store", store]]:
        assert "newer matpi" in told(*words)
        assert store.read_bytes() == before
    assert not (tmp_path / "out.json").exists()


def test_another_program_s_database(told: Told, tmp_path: Path, scenario: Path) -> None:
    store = tmp_path / "photos.db"
    with contextlib.closing(sqlite3.connect(store)) as conn:
        conn.execute("CREATE TABLE photos (name)")
        conn.commit()
    before = store.read_bytes()
    for words in every_command(store, scenario, tmp_path):
        assert "another program" in told(*words)
        assert store.read_bytes() == before


def test_a_damaged_log_is_told_when_read_and_left_alone(told: Told, tmp_path: Path) -> None:
    store = tmp_path / "matpi.db"
    store.write_bytes(b"no database" * 1000)
    before = store.read_bytes()
    for words in (["sessions"], ["ratings"], ["plan"], ["sessions", "--delete", "x"], ["export", tmp_path / "o.json"]):
        message = told(*words, "--store", store)
        assert "damaged" in message or "not a SQLite database" in message
    assert store.read_bytes() == before
    assert not (tmp_path / "o.json").exists()


def test_a_damaged_log_is_set_aside_and_told_by_the_one_who_writes(tmp_path: Path, capsys: Out, scenario: Path) -> None:
    store = tmp_path / "matpi.db"
    damage = b"no database" * 1000
    store.write_bytes(damage)
    assert cli.run(["sim", "--headless", "--scenario", str(scenario), "--store", str(store)]) == 0
    out = capsys.readouterr().out
    (aside,) = tmp_path.glob("matpi.db.damaged-*")
    assert aside.read_bytes() == damage
    assert aside.name in out
    with Store.open(store, read_only=True) as log:
        assert len(log.log().sessions) == 1


def test_a_damaged_log_is_set_aside_and_told_by_an_import(tmp_path: Path, capsys: Out) -> None:
    store = tmp_path / "matpi.db"
    store.write_bytes(b"no database" * 1000)
    (tmp_path / "in.json").write_text('{"format": "matpi", "version": 1}')
    assert cli.run(["import", str(tmp_path / "in.json"), "--store", str(store)]) == 0
    (aside,) = tmp_path.glob("matpi.db.damaged-*")
    assert str(aside) in one_line(capsys.readouterr().err)


def test_no_log_yet(told: Told, tmp_path: Path) -> None:
    for words in (["sessions"], ["ratings"], ["plan"], ["export", tmp_path / "o.json"], ["sessions", "--delete", "x"]):
        assert "There is no session log" in told(*words)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(told: Told, stored: Path, tmp_path: Path, scenario: Path) -> None:
    file = tmp_path / "file"
    file.write_text("mine")
    for words in (
        ["sim", "--headless", "--scenario", scenario, "--store", file / "matpi.db"],
        ["sim", "--headless", "--scenario", scenario, "--frames", file / "frames"],
        ["sim", "--headless", "--scenario", scenario, "--frames", file],
        ["sim", "--no-browser", "--port", "0", "--store", file / "matpi.db"],
        ["sim", "--headless", "--scenario", scenario, "--record", file / "t.csv"],
        ["export", file / "o.json", "--store", stored],
        ["export", file / "o", "--csv", "--store", stored],
        ["export", file, "--csv", "--store", stored],
        ["sessions", "--store", file / "matpi.db"],
    ):
        told(*words)
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"format": "matpi", "version": 9}', '{"format": "matpi", "version": 1, "sessions": [{}]}'],
)
def test_a_bad_import(told: Told, stored: Path, tmp_path: Path, text: str) -> None:
    source = tmp_path / "in.json"
    source.write_text(text)
    told("import", source, "--store", stored)
    told("import", tmp_path, "--store", stored)


def test_a_full_disk_at_export(told: Told, stored: Path) -> None:
    assert "the disk is full" in told("export", "/dev/full", "--store", stored)


def test_a_file_that_may_not_grow(tmp_path: Path, scenario: Path) -> None:
    limit = 40_000  # more than the 32 KiB a reader of the log shares with its writer, less than what is exported

    def small() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    store = tmp_path / "matpi.db"
    with Store.open(store) as log:
        for n in range(200):
            log.write(Save(Session(f"kept {n}", "boot", 1.0, 600.0, 600.0, EndReason.LEFT)))
    done = matpi("export", tmp_path / "out.json", "--store", store, preexec_fn=small)
    assert done.returncode == 1
    assert "may not grow" in one_line(done.stderr)
    assert not (tmp_path / "out.json").exists()
    limit = 256
    done = matpi("sim", "--headless", "--scenario", scenario, "--store", tmp_path / "new.db", preexec_fn=small)
    assert (done.returncode, done.stderr) == (0, ""), "the timer goes on"
    assert '"save_failed"' in done.stdout


def test_a_port_in_use(told: Told, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        message = told("sim", "--no-browser", "--port", port, "--store", tmp_path / "sim.db")
    # The page has the next port, and another program may have that.
    assert any(f"Port {one} cannot be used" in message for one in (port, port + 1))
    assert "--port" in message


def test_two_on_one_log(tmp_path: Path) -> None:
    store = tmp_path / "sim.db"
    call = [sys.executable, "-m", "matpi", "sim", "--no-browser", "--port", "0", "--store", str(store)]
    first = subprocess.Popen(call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        assert first.stdout is not None
        assert "http://127.0.0.1:" in first.stdout.readline()
        second = matpi("sim", "--no-browser", "--port", "0", "--store", store)
        assert second.returncode == 1
        assert f"in use by matpi, process {first.pid}" in one_line(second.stderr)
        third = matpi("sessions", "--delete", "x", "--store", store)
        assert third.returncode == 2  # reading goes beside it, and finds no such session
        one_line(third.stderr)
        reading = matpi("plan", "--json", "--store", store)
        assert (reading.returncode, reading.stderr) == (0, "")
        first.send_signal(signal.SIGTERM)
        assert first.wait(20) == 0
        assert first.stderr is not None
        assert first.stderr.read() == ""
        assert matpi("sessions", "--store", store).returncode == 0
    finally:
        if first.poll() is None:
            first.kill()
        first.communicate()


# -- standard output -----------------------------------------------------------------------------------------------


def test_nobody_reads_to_the_end(stored: Path) -> None:
    for unbuffered in ("", "1"):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [sys.executable, "-m", "matpi", "sessions", "--json", "--store", str(stored)],
            stdout=write,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            text=True,
            cwd=ROOT,
            check=False,
        )
        os.close(write)
        assert (done.returncode, done.stderr) == (1, "")


def test_standard_output_on_a_full_disk(stored: Path) -> None:
    for unbuffered in ("", "1"):
        with Path("/dev/full").open("w", encoding="utf-8") as full:
            done = subprocess.run(
                [sys.executable, "-m", "matpi", "sessions", "--store", str(stored)],
                stdout=full,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
                text=True,
                cwd=ROOT,
                check=False,
            )
        assert done.returncode == 1
        assert "No space left on device" in one_line(done.stderr)


def test_a_mistake_of_ours_is_one_line_too(monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    monkeypatch.delenv("MATPI_DEBUG", raising=False)
    monkeypatch.setattr("matpi.commands.replay.run", lambda *_, **__: 1 // 0)
    assert cli.run(["replay", "x.csv"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("matpi: Something went wrong")
    assert err.count("\n") == 1
    monkeypatch.setenv("MATPI_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.run(["replay", "x.csv"])
