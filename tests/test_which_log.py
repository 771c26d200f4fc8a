"""Which session log a command uses, whose its files are, and who may read it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from matpi import cli, paths
from matpi.core.effects import Save
from matpi.core.model import EndReason, Session
from matpi.store import file
from matpi.store.db import Store

Out = pytest.CaptureFixture[str]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="makes files for other users, which takes root")
OWNER, GROUP, MEMBER, STRANGER = 64001, 64002, 64003, 64004
"""Users and groups that no machine has."""


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer of its own: no device is installed, nothing was simulated."""
    monkeypatch.setattr(paths, "DEVICE_STORE", tmp_path / "device" / "matpi.db")
    monkeypatch.setattr(paths, "DEVICE_CONFIG", tmp_path / "etc" / "matpi.toml")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another user reaches; pytest's own are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="matpi-log-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def logged(path: Path, sessions: int = 1) -> Path:
    with Store.open(path) as log:
        for n in range(sessions):
            log.write(Save(Session(f"s{n}", "boot", 1.0 + n, 600.0, 600.0, EndReason.LEFT)))
    return path


def run(capsys: Out, *words: object) -> tuple[int, str, str]:
    code = cli.run([str(word) for word in words])
    return code, *capsys.readouterr()


# -- which one -----------------------------------------------------------------------------------------------------


def test_an_import_before_the_first_start_goes_to_the_log_of_the_device(machine: Path, capsys: Out) -> None:
    export = machine / "export.json"
    assert run(capsys, "export", export, "--store", logged(machine / "old.db"))[0] == 0
    # A laptop: there is no device, and the log is named.
    code, out, err = run(capsys, "import", export)
    assert (code, out.startswith("New: 1 session.")) == (0, True)
    assert err == f"matpi: The log is {machine}/home/matpi/sim.db, not the device's.\n"
    # An installed device that has not run yet: its log is made, and an import is not lost on the simulator's.
    paths.DEVICE_CONFIG.parent.mkdir()
    paths.DEVICE_CONFIG.write_text(f'[store]\npath = "{machine}/elsewhere/matpi.db"\n')
    code, out, err = run(capsys, "import", export)
    assert (code, out.startswith("New: 1 session."), err) == (0, True, "")
    assert (machine / "elsewhere" / "matpi.db").exists()
    # A config that cannot be read changes nothing.
    paths.DEVICE_CONFIG.write_text("[store\n")
    assert paths.default_store() == paths.DEVICE_STORE


def test_every_command_names_a_log_that_is_not_the_devices(machine: Path, capsys: Out) -> None:
    path = logged(paths.simulator_store(), 3)
    named = f"matpi: The log is {path}, not the device's.\n"
    for words in (
        ["sessions"], ["sessions", "--json"], ["sessions", "--deleted"], ["sessions", "--edit", "s0", "minutes=7"],
        ["sessions", "--delete", "s0"], ["sessions", "--restore", "s0"], ["sessions", "--deny", "s1"], ["ratings"],
        ["plan"], ["plan", "--json"], ["plan", "--rest-today"], ["safety"], ["safety", "--none"],
        ["safety", "--ask-again"], ["export", machine / "a.json"], ["import", machine / "a.json"], ["people"],
        ["people", "add", "Ben"], ["settings"], ["settings", "bedtime=23:00"], ["upstream"],
    ):  # fmt: skip
        code, _, err = run(capsys, *words)
        assert (code, err) == (0, named), words
    assert f"fits no session of {path};" in run(capsys, "sessions", "--delete", "none")[2]
    # Not one that the user has named, and not the device's.
    assert run(capsys, "sessions", "--store", path)[2] == ""
    logged(paths.DEVICE_STORE)
    assert run(capsys, "sessions")[2] == ""


def test_an_empty_log_of_the_device_names_the_simulators(machine: Path, capsys: Out) -> None:
    logged(paths.DEVICE_STORE, 0)
    code, out, err = run(capsys, "sessions")
    assert (code, out) == (0, "No session yet. Lie down, and the first one is here.\n")
    assert err == f"matpi: There is no session in the log {paths.DEVICE_STORE} yet.\n"
    other = logged(paths.simulator_store())
    for words in (["sessions", "--json"], ["plan"], ["settings"], ["people"], ["upstream"]):
        err = run(capsys, *words)[2]
        if words != ["upstream"]:
            assert f"{paths.DEVICE_STORE} yet. The simulator's is {other}; name it with --store." in err, words


def test_a_relative_xdg_data_home_is_ignored(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/somewhere")
    for value in ("data", "./data", "../data", ""):
        monkeypatch.setenv("XDG_DATA_HOME", value)
        assert paths.simulator_store() == Path("/home/somewhere/.local/share/matpi/sim.db"), value
    monkeypatch.setenv("XDG_DATA_HOME", "/data")
    assert paths.simulator_store() == Path("/data/matpi/sim.db")


def test_a_user_without_a_home_names_a_log(machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: Out) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setattr(Path, "home", homeless)
    code, _, err = run(capsys, "sessions")
    assert (code, err) == (
        2,
        "matpi: This user has no home folder for the simulator's log; name a log with --store.\n",
    )
    logged(paths.DEVICE_STORE, 0)
    assert run(capsys, "sessions")[0] == 0


# -- whose it is ---------------------------------------------------------------------------------------------------


def owners(folder: Path) -> dict[str, tuple[int, int]]:
    return {str(path.relative_to(folder)): (path.stat().st_uid, path.stat().st_gid) for path in folder.rglob("*")}


@as_root
def test_what_root_makes_in_anothers_folder_is_that_users(machine: Path, capsys: Out) -> None:
    export = machine / "export.json"
    run(capsys, "export", export, "--store", logged(machine / "old.db"))
    folder = paths.DEVICE_STORE.parent
    folder.mkdir()
    os.chown(folder, OWNER, GROUP)
    assert run(capsys, "import", export, "--store", paths.DEVICE_STORE)[0] == 0
    assert owners(folder) == {"matpi.db": (OWNER, GROUP), "matpi.db.lock": (OWNER, GROUP)}
    # Of a log that is there, only the lock is missing.
    (folder / "matpi.db.lock").unlink()
    with Store.open(paths.DEVICE_STORE):
        assert len(owners(folder)) == 4
        assert set(owners(folder).values()) == {(OWNER, GROUP)}
    # Folders, too; and what was set aside and made again.
    deep = folder / "more" / "of it" / "log.db"
    logged(deep)
    deep.write_bytes(b"SQLite format 3\0 and no more")
    logged(deep)
    assert set(owners(folder).values()) == {(OWNER, GROUP)}


@as_root
def test_what_root_exports_into_anothers_folder_is_read_by_that_user(machine: Path, capsys: Out) -> None:
    log, home = logged(machine / "log.db"), machine / "someones home"
    home.mkdir()
    os.chown(home, OWNER, GROUP)
    for words in (["export", home / "a.json"], ["export", "--csv", home / "more/tables"], ["backup", home / "b.db"]):
        assert run(capsys, *words, "--store", log)[0] == 0
    assert len(owners(home)) == 11
    assert set(owners(home).values()) == {(OWNER, GROUP)}
    assert {path.stat().st_mode & 0o777 for path in home.rglob("*.*")} == {0o600}


def test_a_log_is_read_by_its_group_and_no_one_else(tmp_path: Path) -> None:
    umask = os.umask(0o022)
    try:
        path = tmp_path / "new" / "matpi.db"
        with Store.open(path) as log:
            log.write(Save(Session("s", "boot", 1.0, 600.0, 600.0, EndReason.LEFT)))
            modes = {found.name: found.stat().st_mode & 0o777 for found in path.parent.iterdir()}
    finally:
        os.umask(umask)
    assert len(modes) == 4
    assert set(modes.values()) == {0o640}


def test_a_link_in_place_of_the_log_is_not_given_away(tmp_path: Path) -> None:
    """Root gives away only what it has made itself."""
    other = tmp_path / "other"
    other.write_text("mine")
    link = tmp_path / "matpi.db.lock"
    link.symlink_to(other)
    before = other.stat()
    os.close(file.make_file(link))
    assert (other.stat().st_uid, other.stat().st_mode) == (before.st_uid, before.st_mode)


# -- who reads it --------------------------------------------------------------------------------------------------

SERVICE = """
import os, sys
from pathlib import Path
from matpi.core.effects import Save
from matpi.core.model import EndReason, Session
from matpi.store import db, file, history, tables, migrations, transfer
import urllib.parse, encodings.idna
os.setgroups([]); os.setgid(int(sys.argv[3])); os.setuid(int(sys.argv[2])); os.umask(0o027)
log = db.Store.open(Path(sys.argv[1]))
for n in range(3):
    log.write(Save(Session(f"s{n}", "boot", 1.0 + n, 600.0, 600.0, EndReason.LEFT)))
print("ready", flush=True)
sys.stdin.readline()
log.close()
"""


ASKED = """
import json, os, sys
from pathlib import Path
from matpi import cli
from matpi import paths
loaded, log, asked = json.load(sys.stdin)
sys.stdout = open(os.devnull, "w")
for words in (["sessions"], ["sessions", "--json"], ["plan"], ["settings", "bedtime=23:00"], ["export", "-"]):
    cli.run([*words, "--store", loaded])  # imports what the others may not reach
paths.DEVICE_STORE, paths.DEVICE_CONFIG = Path(log), Path(log, "no config")
answers = []
for uid, gids, words in asked:
    (out, out_), (err, err_) = os.pipe(), os.pipe()
    if (pid := os.fork()) == 0:
        os.dup2(out_, 1)
        os.dup2(err_, 2)
        sys.stdout, sys.stderr = open(1, "w"), open(2, "w")
        os.setgroups(gids)
        os.setgid(gids[0] if gids else uid)
        os.setuid(uid)
        code = cli.run(words)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    os.close(out_)
    os.close(err_)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    answers.append((code, open(out).read(), open(err).read()))
json.dump(answers, sys.__stdout__)
"""


def asked_as(loaded: Path, log: Path, *asked: tuple[int, list[int], list[str]]) -> list[tuple[int, str, str]]:
    """What commands of other users do: user, groups and words of each. `loaded` is a log to try them on first."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ASKED],
        input=json.dumps([str(loaded), str(log), asked]),
        cwd=Path(__file__).resolve().parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [tuple(one) for one in json.loads(done.stdout)]


@as_root
@pytest.mark.parametrize("state", ["running", "stopped", "killed"])
def test_a_member_of_the_group_reads_without_sudo(machine: Path, open_folder: Path, state: str) -> None:
    folder = open_folder / "matpi"
    folder.mkdir()
    os.chown(folder, OWNER, GROUP)
    folder.chmod(0o750)
    path = folder / "matpi.db"
    loaded = logged(machine / "loaded.db")
    words = [sys.executable, "-c", SERVICE, str(path), str(OWNER), str(GROUP)]
    service = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert service.stdin is not None
    assert service.stdout is not None
    try:
        assert service.stdout.readline() == "ready\n"
        if state == "stopped":
            service.communicate("\n")
        if state == "killed":
            service.kill()
            service.communicate()
        wal = path.with_name("matpi.db-wal")
        assert wal.exists() is (state != "stopped")
        before = owners(folder)

        change = ["settings", "bedtime=23:00"]
        strangers = (["sessions"], ["plan"], ["export", "-"], change)
        read, changed, *refused = asked_as(
            loaded,
            path,
            (MEMBER, [GROUP], ["sessions", "--json"]),
            (MEMBER, [GROUP], change),
            *((STRANGER, [], words) for words in strangers),
        )
        code, out, err = read
        assert (code, err) == (0, "")
        assert [json.loads(line)["id"] for line in out.splitlines()] == ["s0", "s1", "s2"]
        assert owners(folder) == before
        code, out, err = changed
        assert (code, out) == (1, "")
        assert f"it belongs to '#{OWNER}'; run it as `sudo -u '#{OWNER}' matpi ...`.\n" in err
        for words, (code, out, err) in zip(strangers, refused, strict=True):
            assert (code, out, err.count("\n")) == (1, "", 1), words
            assert err.endswith(
                f"it belongs to '#{OWNER}'; run it as `sudo -u '#{OWNER}' matpi ...`, or join the group {GROUP} to read"
                f" it: `sudo usermod -aG {GROUP} '#{STRANGER}'`, then log in again.\n"
            ), words
        if state == "running":
            service.communicate("\n", timeout=60)
            assert service.returncode == 0
        with Store.open(path) as log:
            assert len(log.log().sessions) == 3
    finally:
        service.kill()
        service.communicate()


def test_a_file_of_another_user_in_the_own_folder_says_how_it_is_given_back(
    machine: Path, open_folder: Path, capsys: Out
) -> None:
    path = logged(open_folder / "matpi.db")
    path.chmod(0o000)
    if os.geteuid() != 0:
        assert "its mode does not let this user" in run(capsys, "sessions", "--store", path)[2]
        return
    os.chown(open_folder, MEMBER, MEMBER)
    loaded = logged(machine / "loaded.db")
    ((code, _, err),) = asked_as(loaded, machine / "none.db", (MEMBER, [MEMBER], ["sessions", "--store", str(path)]))
    assert code == 1
    assert f"it belongs to root, its folder to '#{MEMBER}'; run `sudo chown '#{MEMBER}': {path}*`." in err
