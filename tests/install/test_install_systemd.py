"""The installer and systemd: where it does not run, what is said of the service, the delay of restarts, two runs."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from tests.install.machine import Machine

DROP_IN = "etc/systemd/system/matpi.service.d/10-backoff.conf"


def test_without_a_running_systemd_every_verb_refuses_before_it_has_changed_anything(machine: Machine) -> None:
    """ "offline" is what a real systemctl says in a container and in a chroot, with its other words ignored."""
    python = str(machine.python("3 11 64", "python3-venv", ""))  # nor is anything of apt installed
    for has, state in ((False, "offline"), (True, "offline"), (True, "unknown")):
        if has and not machine.releases:
            machine.has("0.9")
        before, active = machine.files(), machine.is_active()
        for verb in ("install", "upgrade", "uninstall"):
            done = machine.run(verb, PYTHON=python, FAKE_SYSTEM=state)
            assert (done.returncode, done.stdout) == (1, ""), (has, state, verb)
            assert done.stderr.startswith("matpi: systemd does not run here"), (has, state, verb)
            assert done.stderr.count("\n") == 1
            assert set(machine.calls) <= {"id -u", "systemctl is-system-running"}
            assert (machine.files(), machine.is_active()) == (before, active)


def test_a_system_that_still_starts_or_has_a_failed_unit_will_do(machine: Machine) -> None:
    for state in ("starting", "degraded"):
        for verb in ("install", "uninstall"):
            done = machine.run(verb, FAKE_SYSTEM=state)
            assert (done.returncode, done.stderr) == (0, ""), (state, verb)


def test_it_runs_is_said_of_a_service_that_says_so_itself(machine: Machine) -> None:
    """In a chroot `systemctl is-active` ends with 0 and says nothing."""
    machine.has("0.9")
    assert "It runs" in machine.run("install").stdout + machine.run("install").stdout
    done = machine.run("install", FAKE_IGNORED="1")
    assert done.returncode == 1
    assert "It runs" not in done.stdout
    assert "The service does not start" in done.stderr


def test_the_growing_delay_is_installed_where_systemd_knows_it_and_goes_with_the_rest(machine: Machine) -> None:
    machine.has("0.9")
    (own := machine.root / "etc/systemd/system/matpi.service.d/override.conf").parent.mkdir(parents=True)
    for version, known in (("252 (252.39-1~deb12u2)", False), ("257 (257.8-1~deb13u2)", True), ("253", False)):
        assert machine.run("install", FAKE_SYSTEMD=version).returncode == 0
        assert (DROP_IN in machine.files()) is known, version
    for version, known in (("254~rc1", True), ("999", True), ("", False)):
        own.parent.mkdir(exist_ok=True)
        own.write_text("[Service]\n")
        assert machine.run("install", FAKE_SYSTEMD=version).returncode == 0
        assert (DROP_IN in machine.files()) is known, version
    machine.run("install", FAKE_SYSTEMD="257")
    done = machine.run("uninstall")
    assert (done.returncode, done.stderr) == (0, "")
    assert DROP_IN not in machine.files()
    assert own.exists()
    assert "your changes to the service" in done.stdout
    own.unlink()
    machine.run("install", FAKE_SYSTEMD="257")
    assert "your changes" not in machine.run("uninstall").stdout
    assert not own.parent.exists()


def test_a_version_that_knows_no_drop_in_is_gone_back_to_without_it(machine: Machine) -> None:
    machine.offer("1.0", "fails")
    machine.has("0.9")
    (machine.root / "opt/matpi/releases/0.9-1/systemd/backoff.conf").unlink()
    done = machine.run("upgrade", FAKE_SYSTEMD="257")
    assert "0.9-1 runs again" in done.stderr
    assert DROP_IN not in machine.files()


def test_of_two_runs_at_once_the_second_is_refused_and_the_first_ends_well(machine: Machine) -> None:
    machine.offer("1.0", "waits")
    with ThreadPoolExecutor() as pool:
        first = pool.submit(machine.run, "install")
        until = time.monotonic() + 60
        while not machine.ran:
            assert time.monotonic() < until
            time.sleep(0.01)
        before = machine.files()
        for verb in ("install", "upgrade", "uninstall"):
            done = machine.run(verb)
            assert (done.returncode, done.stdout) == (1, ""), verb
            assert done.stderr.startswith("matpi: Another install, upgrade or uninstall is under way"), verb
            assert machine.files() == before
        (machine.state / "go").touch()
        done = first.result()
    assert (done.returncode, done.stderr) == (0, "")
    assert "It runs" in done.stdout
    assert machine.run("uninstall").returncode == 0, "the lock goes with its run"
