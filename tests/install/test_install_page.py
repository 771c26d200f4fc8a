"""What systemd/install.sh does with the page's unit: it comes and goes with the device, and never holds it up."""

from __future__ import annotations

import platform

from tests.install.machine import REPOSITORY, Machine

PAGE = "matpi-page.service"
UNIT = f"etc/systemd/system/{PAGE}"


def test_the_page_comes_with_the_device_and_goes_with_it(machine: Machine) -> None:
    done = machine.run("install")
    assert (done.returncode, done.stderr) == (0, "")
    assert (machine.root / UNIT).read_text() == (REPOSITORY / "systemd" / PAGE).read_text()
    order = [machine.calls.index(f"systemctl {call}") for call in (
        "daemon-reload", f"enable --quiet {PAGE}", "start matpi.service", f"start {PAGE}",
    )]  # fmt: skip
    assert order == sorted(order)
    assert machine.has_page()
    name = platform.node().partition(".")[0].lower()
    assert f"Its page, for this network: http://{name}.local:8377" in done.stdout

    (tokens := machine.root / "var/lib/matpi-page/tokens").parent.mkdir(parents=True)
    tokens.touch()
    (own := machine.root / f"{UNIT}.d/override.conf").parent.mkdir()
    own.touch()
    done = machine.run("uninstall")
    assert (done.returncode, done.stderr) == (0, "")
    assert not machine.has_page()
    assert not tokens.parent.exists(), "what paired browsers show is worth nothing any more"
    assert UNIT not in machine.files()
    assert f"systemctl disable --now --quiet {PAGE}" in machine.calls
    assert f"{own.parent}  your changes to the service" in done.stdout


def test_a_page_that_does_not_start_is_a_warning_and_the_device_stays(machine: Machine) -> None:
    for verb, version in (("install", "1.0"), ("upgrade", "1.1")):
        machine.offer(version)
        done = machine.run(verb, FAKE_PAGE_FAILS="1")
        assert done.returncode == 0, verb
        assert done.stderr == (
            f"matpi: The page does not start, and the device runs without it; the reason: journalctl -u {PAGE}\n"
        )
        assert (machine.is_active(), machine.has_page()) == (True, False)
        assert machine.current.startswith(version)


def test_the_address_is_that_of_the_config_and_none_for_a_page_that_is_switched_off(machine: Machine) -> None:
    config = machine.root / "etc/matpi/matpi.toml"
    config.parent.mkdir(parents=True)
    for text, said in (
        ("[page]\nport = 80\n", ".local:80\n"),
        ("[page]\nenabled = false\n", f"Its page is switched off, in [page] of {config}.\n"),
    ):
        config.write_text(text)
        (machine.state / "page").unlink(missing_ok=True)
        done = machine.run("install")
        assert (done.returncode, done.stderr) == (0, "")
        assert said in done.stdout
        assert machine.has_page() is ("80" in text)
        assert f"systemctl enable --quiet {PAGE}" in machine.calls, "it takes effect at the next boot"


def test_a_version_before_the_page_is_gone_back_to_without_it(machine: Machine) -> None:
    machine.offer("1.0", "fails")
    machine.has("0.9")
    (machine.root / f"opt/matpi/releases/0.9-1/systemd/{PAGE}").unlink()
    (machine.state / "page").unlink()
    done = machine.run("upgrade")
    assert "0.9-1 runs again" in done.stderr
    assert UNIT not in machine.files()
    assert not machine.has_page()
    assert "Its page" not in done.stdout


def test_a_page_that_is_still_down_after_a_failed_upgrade_is_started_again(machine: Machine) -> None:
    machine.has("0.9")
    (machine.root / UNIT).parent.mkdir(parents=True)
    (machine.root / UNIT).touch()
    machine.log.write_bytes(b"no database " * 1000)
    machine.log.with_name("matpi.db-wal").unlink(missing_ok=True)
    assert machine.run("upgrade").returncode == 1
    assert (machine.is_active(), machine.has_page()) == (True, True)
