"""systemd/install.sh on a machine made of a folder and stand-ins; see machine.py."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from tests.install.machine import REPOSITORY, Machine

SYSTEM_FILES = {
    "etc/systemd/system/matpi.service",
    "etc/systemd/system/matpi-page.service",
    "etc/sysusers.d/matpi.conf",
    "etc/tmpfiles.d/matpi.conf",
    "etc/udev/rules.d/60-matpi.rules",
    "usr/local/bin/matpi",
}


def test_install_twice_then_take_it_away(machine: Machine) -> None:
    # As if apt had the dependency, in the version that is pinned, where the environment can see it.
    (apt := machine.root.parent / "apt").mkdir()
    (apt / "thing.py").touch()
    (apt / "thing-1.0.dist-info").mkdir()
    (apt / "thing-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
    done = machine.run("install", PYTHONPATH=str(apt))
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.files() >= SYSTEM_FILES | {"etc/matpi/matpi.toml"}
    assert machine.releases == ["1.0-1"]
    assert machine.is_active()
    assert machine.ran == ["1.0"]
    assert "It runs, and starts at every boot." in done.stdout
    release = machine.root / "opt" / "matpi" / "releases" / "1.0-1"
    assert "include-system-site-packages = true" in (release / "pyvenv.cfg").read_text()
    assert [path.name for path in release.glob("lib/*/site-packages/thing-*")] == ["thing-1.0.dist-info"]
    assert not (release / "tmp").exists()
    for unit in (REPOSITORY / "systemd").glob("*.service"):
        (page,) = re.findall(r"^Documentation=file:/(.*)$", unit.read_text(), re.MULTILINE)
        assert (machine.root / page).is_file(), unit.name
    order = [call for call in machine.calls if call.startswith("system")]
    assert order.index("systemctl daemon-reload") < order.index("systemctl start matpi.service")
    assert "systemctl enable --quiet matpi.service" in order

    config = machine.root / "etc" / "matpi" / "matpi.toml"
    config.write_text("[scale]\nrate = 10\n")
    before = machine.files()
    done = machine.run("install")
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.releases == ["1.0-1"]
    assert machine.ran == ["1.0"]
    assert machine.files() == before
    assert config.read_text() == "[scale]\nrate = 10\n"
    assert "nothing to upgrade" in machine.run("upgrade").stdout

    machine.log.parent.mkdir(parents=True)
    machine.log.write_text("sessions")
    done = machine.run("uninstall")
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.files() == {"etc/matpi/matpi.toml", "var/lib/matpi/matpi.db", "dev/i2c-1"}
    assert not machine.is_active()
    assert f"chown -R -h root:root {machine.log.parent}" in machine.calls
    assert str(machine.log.parent) in done.stdout
    assert str(config.parent) in done.stdout
    assert "not installed" in machine.run("uninstall").stdout


def test_who_installs_joins_the_group_that_reads_the_log(machine: Machine) -> None:
    machine.has("0.9")
    machine.log.chmod(0o600)  # of a version before the group could read it
    done = machine.run("upgrade", SUDO_USER="pi")
    assert (done.returncode, done.stderr) == (0, "")
    assert "usermod -a -G matpi pi" in machine.calls
    assert "pi reads the log without sudo after the next login: group matpi." in done.stdout
    assert machine.log.stat().st_mode & 0o777 == 0o640
    # What was copied there as root is the service's again.
    assert f"chown -R -h matpi:matpi {machine.log.parent}" in machine.calls
    for user, groups in (("root", "root"), ("pi", "users matpi gpio")):
        machine.offer(f"1.{len(groups)}")
        done = machine.run("upgrade", SUDO_USER=user, FAKE_GROUPS=groups)
        assert (done.returncode, done.stderr) == (0, "")
        assert not [call for call in machine.calls if call.startswith("usermod")], user
    done = machine.run("uninstall")
    order = [machine.calls.index(call) for call in ("userdel matpi-page", "userdel matpi", "groupdel matpi")]
    assert order == sorted(order)


def test_upgrade_keeps_the_last_two(machine: Machine) -> None:
    machine.has("0.8", 1)
    machine.has("0.9", 2)
    done = machine.run("upgrade")
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.current == "1.0-3"
    assert machine.releases == ["0.9-2", "1.0-3"]
    assert machine.ran == ["1.0"]
    assert machine.unit == "# of 1.0\n"
    assert machine.in_log() == (1, ["a"])
    assert machine.log.with_name("matpi.db.before-1.0-3").exists()
    stops = [call.removeprefix("systemctl ") for call in machine.calls if call.startswith("systemctl st")]
    page, device = "matpi-page.service", "matpi.service"
    assert stops == [f"stop {page}", f"stop {device}", f"start {device}", f"start {page}"]


def goes_back(machine: Machine) -> subprocess.CompletedProcess[str]:
    """Upgrade from 0.9, which is still there afterwards as if nothing had been."""
    machine.has("0.9")
    done = machine.run("upgrade")
    assert done.returncode == 1
    assert machine.current == "0.9-1"
    assert machine.releases == ["0.9-1"]
    assert machine.unit == "# of 0.9\n"
    assert machine.ran == ["1.0", "0.9"]
    assert machine.is_active()
    assert machine.has_page()
    assert machine.in_log() == (1, ["a"])
    assert "0.9-1 runs again" in done.stderr
    return done


@pytest.mark.parametrize("behaviour", ["fails", "falls over later", "migrates and fails"])
def test_a_version_that_does_not_come_up_is_taken_back(machine: Machine, behaviour: str) -> None:
    machine.offer("1.0", behaviour)
    done = goes_back(machine)
    assert "1.0-2 did not come up" in done.stderr
    assert "the last words" in done.stdout + done.stderr
    assert ("again as it was" in done.stdout) == (behaviour == "migrates and fails")


def test_going_back_over_a_schema_takes_the_log_from_before_and_names_what_came_after(machine: Machine) -> None:
    table = "CREATE TABLE sessions (seq INTEGER PRIMARY KEY, id, day, start_utc, on_mat_s);"
    a = "INSERT INTO sessions (id, day, on_mat_s) VALUES ('a', '2026-03-15', 1200.0);"
    b = "INSERT INTO sessions (id, day, on_mat_s) VALUES ('b', '2026-03-16', 600.0);"
    machine.has("1.0")
    machine.log.unlink()
    for path, sql in ((machine.log, table + a + b), (machine.log.with_name("matpi.db.backup-1-v1"), table + a)):
        with closing(sqlite3.connect(path)) as conn:
            conn.executescript(f"{sql} PRAGMA user_version = {2 if path == machine.log else 1};")
    machine.offer("0.9", schema=1)
    done = machine.run("upgrade")
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.current == "0.9-2"
    kept = machine.log.with_name("matpi.db.before-0.9-2")
    assert "matpi.db.backup-1-v1, from before, is in its place.\n" in done.stdout
    assert f"Sessions that came after it, now in {kept} only: 1\n  2026-03-16, 10 min\n" in done.stdout
    for path, ids in ((machine.log, ["a"]), (kept, ["a", "b"])):
        with closing(sqlite3.connect(path)) as conn:
            assert [row[0] for row in conn.execute("SELECT id FROM sessions")] == ids


def test_a_connection_that_drops_in_mid_upgrade_goes_back(machine: Machine) -> None:
    machine.offer("1.0", "is interrupted")
    goes_back(machine)


def test_a_log_that_cannot_be_copied_stops_the_upgrade(machine: Machine) -> None:
    machine.has("0.9")
    machine.log.with_name("matpi.db-wal").unlink(missing_ok=True)
    machine.log.write_bytes(b"no database " * 1000)
    done = machine.run("upgrade")
    assert done.returncode == 1
    assert "No change without a copy of the session log" in done.stderr
    assert (machine.current, machine.releases, machine.is_active()) == ("0.9-1", ["0.9-1"], True)
    assert machine.ran == ["0.9"]
    assert machine.log.read_bytes() == b"no database " * 1000


def untouched(machine: Machine, done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 1
    assert (machine.current, machine.releases, machine.is_active(), machine.ran) == ("0.9-1", ["0.9-1"], True, [])
    assert "The version that is installed was not touched" in done.stderr
    assert [call for call in machine.calls if call.startswith("systemctl")] == ["systemctl is-system-running"]


def test_what_pip_cannot_find_leaves_the_running_version_alone(machine: Machine) -> None:
    machine.has("0.9")
    (machine.source / "constraints.txt").write_text("thing==2.0\n")
    done = machine.run("upgrade")
    untouched(machine, done)
    assert "thing" in done.stderr
    assert "look at the network and the disk" in done.stderr


def test_a_source_is_never_compiled(machine: Machine) -> None:
    machine.has("0.9")
    (machine.wheels / "thing-1.0-py3-none-any.whl").unlink()
    (machine.wheels / "thing-1.0.tar.gz").write_bytes(b"")
    untouched(machine, machine.run("upgrade"))


def test_a_full_disk_leaves_the_running_version_alone(machine: Machine) -> None:
    machine.has("0.9")
    done = machine.run("upgrade", FAKE_FREE_KB="50000")
    untouched(machine, done)
    assert done.stderr.startswith(
        "matpi: There are only 50 MB free and a version needs 200 while it is installed; make room."
    )


@pytest.mark.parametrize("verb", ["install", "upgrade", "uninstall"])
def test_without_root_it_is_one_sentence(machine: Machine, verb: str) -> None:
    done = machine.run(verb, FAKE_UID="1000")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"matpi: This changes the system and so needs root; run: sudo make {verb}\n"
    assert machine.files() == {"dev/i2c-1"}


@pytest.mark.parametrize("found", ["3 10 64", "2 7 64", ""])
def test_a_wrong_python_is_one_sentence(machine: Machine, found: str) -> None:
    python = machine.python(found)
    done = machine.run("install", PYTHON=str(python))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"matpi: {python} is not Python 3.11 or newer")
    assert done.stderr.count("\n") == 1
    assert machine.files() == {"dev/i2c-1"}


def test_python_that_is_not_there_is_one_sentence(machine: Machine) -> None:
    done = machine.run("install", PYTHON="/nowhere/python3")
    assert done.stderr.startswith("matpi: /nowhere/python3 is not Python 3.11 or newer")
    assert done.stderr.count("\n") == 1


def test_32_bit_is_told_as_best_effort(machine: Machine) -> None:
    # The disk is full, so that the test ends before anything is built.
    done = machine.run("install", PYTHON=str(machine.python("3 11 32")), FAKE_FREE_KB="1000")
    told = done.stderr.splitlines()
    assert "best effort" in told[0]
    assert told[1].startswith("matpi: There are only 1 MB free")
    assert told[1].endswith("Nothing was installed.")


def test_what_is_missing_comes_from_apt(machine: Machine) -> None:
    python = str(machine.python("3 13 64", "python3-venv python3-lgpio", "python3-spidev"))
    machine.run("install", PYTHON=python, FAKE_FREE_KB="1000")
    words = "apt-get install -y -qq --no-install-recommends"
    assert [call for call in machine.calls if "apt-get install" in call] == [
        f"{words} python3-venv python3-lgpio",
        f"{words} python3-spidev",
    ]


def test_without_the_pins_there_is_no_installation(machine: Machine) -> None:
    done = machine.run("install", PYTHON=str(machine.python("3 11 64", "python3-lgpio")), FAKE_APT_RC="100")
    assert done.returncode == 1
    assert done.stderr.startswith("matpi: apt could not install python3-lgpio;")
    assert machine.files() == {"dev/i2c-1"}


def test_without_spi_there_is_only_a_word(machine: Machine) -> None:
    python = str(machine.python("3 11 64", "", "python3-spidev"))
    done = machine.run("install", PYTHON=python, FAKE_APT_RC="100", FAKE_FREE_KB="1000")
    assert "apt could not install python3-spidev; only driver" in done.stderr
    assert "MB free" in done.stderr


def test_nothing_to_upgrade(machine: Machine) -> None:
    done = machine.run("upgrade")
    assert (done.returncode, done.stderr) == (
        1,
        "matpi: matpi is not installed here, so there is nothing to upgrade; run: sudo make install\n",
    )


def test_an_unknown_verb_is_wrong_use(machine: Machine) -> None:
    assert machine.run("instal").returncode == 2


def test_without_i2c_it_waits_for_the_reboot_and_goes_on_from_there(machine: Machine) -> None:
    (machine.root / "dev" / "i2c-1").unlink()
    done = machine.run("install")
    assert done.returncode == 0
    assert "It will start after a reboot" in done.stdout
    assert "raspi-config nonint do_i2c 0" in done.stdout
    assert not machine.is_active()
    assert "systemctl enable --quiet matpi.service" in machine.calls
    done = machine.run("install", I2C="on", FAKE_I2C_COMES="1")
    assert "raspi-config nonint do_i2c 0" in machine.calls
    assert "It runs" in done.stdout
    assert machine.is_active()
    assert machine.releases == ["1.0-1"]


def test_this_very_project_installs_with_nothing_compiled(machine: Machine) -> None:
    """The real closure, pins and files, through pip as this machine has it set up. About 12 s."""
    for name in ("PIP_CONFIG_FILE", "PIP_NO_INDEX", "PIP_FIND_LINKS"):
        machine.environment.pop(name)
    pip = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    # It is built and laid; to run it takes a Raspberry Pi.
    (machine.root / "dev" / "i2c-1").unlink()
    python = machine.bin / "python"
    machine.program(
        python, f'case "$*" in *calcsize*) printf \'3 11 64\\n\\n\\n\' ;; *) exec {sys.executable} "$@" ;; esac\n'
    )
    home = os.environ["HOME"]
    done = machine.run("install", MATPI_SOURCE=str(REPOSITORY), PYTHON=str(python), HOME=home, **pip)
    assert done.returncode == 0, done.stderr
    command = machine.root / "usr" / "local" / "bin" / "matpi"
    assert subprocess.check_output([command, "--version"], text=True).startswith("matpi ")
    python = machine.root / "opt" / "matpi" / "current" / "bin" / "python"
    frozen = (
        subprocess.check_output([python, "-m", "pip", "freeze", "--local", "--all"], text=True).lower().splitlines()
    )
    pinned = (REPOSITORY / "constraints.txt").read_text().lower().split("\n")
    strays = {line for line in frozen if "==" in line and line not in pinned}
    assert {line.partition("==")[0] for line in strays} <= {"pip", "setuptools"}
    assert machine.unit == (REPOSITORY / "systemd" / "matpi.service").read_text()
