"""The files of the device's service, each judged by the tool that reads it, and what they must say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from matpi.core.rules import DeviceRules

SYSTEMD = Path(__file__).resolve().parents[2] / "systemd"
UNIT, PAGE = SYSTEMD / "matpi.service", SYSTEMD / "matpi-page.service"
EXPOSURE_LIMIT = 1.5

BONDS = ("Requires", "Wants", "BindsTo", "Requisite", "PartOf", "Upholds")

both = pytest.mark.parametrize("unit", [UNIT, PAGE], ids=lambda unit: unit.name)


def tool(name: str) -> str:
    """Its path. Where it is missing the test is skipped, but not in CI, which installs it."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is missing; .ci/run should have installed systemd and udev")
        pytest.skip(f"{name} is missing; on Debian: apt install systemd udev")
    return found


def run(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "SYSTEMD_COLORS": "0", "SYSTEMD_PAGER": ""}
    return subprocess.run(words, capture_output=True, text=True, check=False, env=environment)


def values(key: str, unit: Path = UNIT) -> list[str]:
    """What the unit sets `key` to, in its order."""
    return re.findall(rf"^{key}=(.*)$", unit.read_text(), re.MULTILINE)


@both
def test_systemd_has_no_complaint(unit: Path, tmp_path: Path) -> None:
    # The command is not installed here; everything else is the unit as it is.
    copy = tmp_path / unit.name
    text, count = re.subn(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.MULTILINE)
    assert count == 1
    copy.write_text(text)
    done = run(tool("systemd-analyze"), "verify", "--man=no", copy)
    assert unit.name not in done.stderr
    assert done.returncode == 0, done.stderr


@both
def test_a_wrong_key_would_be_seen(unit: Path, tmp_path: Path) -> None:
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("MemoryMax=", "MemoryMost="))
    assert "MemoryMost" in run(tool("systemd-analyze"), "verify", "--man=no", copy).stderr


@both
def test_it_is_hardly_exposed(unit: Path) -> None:
    done = run(tool("systemd-analyze"), "security", "--offline=true", "--no-pager", unit)
    found = re.search(rf"Overall exposure level for {re.escape(unit.name)}: ([\d.]+)", done.stdout)
    assert found is not None, done.stdout + done.stderr
    assert float(found[1]) <= EXPOSURE_LIMIT, done.stdout


def test_it_is_ready_watched_and_started_again() -> None:
    assert values("Type") == ["notify"]
    assert values("NotifyAccess") == ["main"]
    assert values("WatchdogSec") == ["20s"]
    assert values("Restart") == ["on-failure"]
    assert values("RestartSec") == ["2s"]
    assert values("RestartPreventExitStatus") == ["2"]
    assert values("StartLimitIntervalSec") == ["0"]
    assert values("ExecStart") == ["/opt/matpi/current/bin/matpi run --config /etc/matpi/matpi.toml"]


def test_the_delay_of_restarts_grows_where_systemd_can_do_that(tmp_path: Path) -> None:
    """To less than the time within which a session goes on. The keys are of systemd 254: older ones complain."""
    drop_in = SYSTEMD / "backoff.conf"
    set_to = dict(re.findall(r"^(\w+)=(\w+)$", drop_in.read_text(), re.MULTILINE))
    assert set(set_to) == {"RestartSteps", "RestartMaxDelaySec"}
    longest = int(set_to["RestartMaxDelaySec"].removesuffix("s"))
    assert 2 < longest <= DeviceRules().resume_s / 2
    assert not set(set_to) & set(re.findall(r"^(\w+)=", UNIT.read_text(), re.MULTILINE))
    analyze = tool("systemd-analyze")
    version = int(re.findall(r"^systemd (\d+)", run(analyze, "--version").stdout)[0])
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.MULTILINE))
    (folder := tmp_path / f"{UNIT.name}.d").mkdir()
    shutil.copy(drop_in, folder / "10-backoff.conf")
    done = run(analyze, "verify", "--man=no", copy)
    assert ("backoff.conf" in done.stderr) is (version < 254), done.stderr


def test_it_waits_for_neither_network_nor_time() -> None:
    for key in ("After", *BONDS):
        assert values(key) == []


def test_the_page_comes_after_the_device_and_neither_needs_the_other() -> None:
    assert values("After", PAGE) == ["matpi.service"]
    for key in BONDS:
        assert values(key, PAGE) == []
    assert "matpi-page" not in UNIT.read_text()


def test_the_page_is_started_again_unless_it_ended_by_itself() -> None:
    assert values("ExecStart", PAGE) == ["/opt/matpi/current/bin/matpi page --config /etc/matpi/matpi.toml"]
    assert values("Restart", PAGE) == ["on-failure"], "switched off in [page] it ends with 0"
    assert values("RestartPreventExitStatus", PAGE) == ["2"]
    assert values("StartLimitIntervalSec", PAGE) == ["0"]


def test_the_page_changes_nothing_but_its_own_state() -> None:
    assert values("User", PAGE) == ["matpi-page"]
    assert values("StateDirectory", PAGE) == ["matpi-page"]
    assert values("StateDirectoryMode", PAGE) == ["0700"]
    assert values("ProtectSystem", PAGE) == ["strict"]
    for key in ("ReadWritePaths", "RuntimeDirectory", "BindPaths", "DeviceAllow"):
        assert values(key, PAGE) == []
    assert values("PrivateDevices", PAGE) == ["yes"]


def test_the_page_gives_way_to_the_device() -> None:
    assert int(values("Nice", PAGE)[0]) > 0
    assert int(values("CPUWeight", PAGE)[0]) < 100  # of systemd
    assert int(values("OOMScoreAdjust", PAGE)[0]) > 0
    assert values("MemoryMax", PAGE) == ["96M"]


def test_the_page_answers_private_networks_only() -> None:
    assert values("IPAddressDeny", PAGE) == ["any"]
    allowed = values("IPAddressAllow", PAGE)[0].split()
    assert allowed.pop(0) == "localhost"
    for network in map(ip_network, allowed):
        assert network.is_private or network.is_link_local, network
    for address in ("192.168.1.20", "10.0.0.7", "172.31.255.1", "169.254.3.4", "fe80::1", "fd12:3456::1"):
        assert any(ip_address(address) in network for network in map(ip_network, allowed)), address
    assert not any(ip_address("172.32.0.1") in network for network in map(ip_network, allowed))


def test_only_the_reader_need_ask_for_priority() -> None:
    assert values("LimitRTPRIO") == ["50"]
    assert values("CPUSchedulingPolicy") == []
    assert values("RestrictRealtime") == ["no"]
    assert "sched_setscheduler" in values("SystemCallFilter")[-1].split()
    assert not values("SystemCallFilter")[-1].startswith("~")


def test_the_clock_cannot_be_set() -> None:
    assert values("ProtectClock") == ["yes"]
    assert values("CapabilityBoundingSet") == [""]


def test_what_shows_whether_the_clock_is_trusted_can_be_read() -> None:
    # drivers/clock.py: without /proc/device-tree a Pi is taken for a desktop computer, whose clock is believed.
    assert values("ProcSubset") == ["all"]
    assert "AF_UNIX" in values("RestrictAddressFamilies")[0].split(), "timedated answers on the system's bus"


def test_it_may_open_three_kinds_of_devices() -> None:
    assert values("DevicePolicy") == ["closed"]
    assert values("DeviceAllow") == ["char-gpiochip rw", "char-i2c rw", "char-spi rw"]
    assert values("PrivateDevices") == []


def test_where_it_starts_it_may_write() -> None:
    # lgpio makes its pipe in the current folder when it is imported.
    assert values("RuntimeDirectory") == ["matpi"]
    assert values("WorkingDirectory") == ["/run/matpi"]


def test_a_missing_group_does_not_stop_the_start() -> None:
    # systemd refuses to start a unit whose SupplementaryGroups are not there (216/GROUP).
    assert values("SupplementaryGroups") == []
    assert re.findall(r"^m matpi (\w+)$", (SYSTEMD / "sysusers.conf").read_text(), re.MULTILINE) == [
        "gpio",
        "i2c",
        "spi",
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="makes users in a folder of its own, which takes root")
def test_the_user_and_the_folder_of_the_log_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    done = run(tool("systemd-sysusers"), f"--root={tmp_path}", SYSTEMD / "sysusers.conf")
    assert done.returncode == 0, done.stderr
    users = {line.split(":")[0]: line.split(":")[2:] for line in (tmp_path / "etc" / "passwd").read_text().splitlines()}
    assert users.keys() == {"matpi", "matpi-page"}
    assert all(user[-1].endswith("nologin") for user in users.values())
    uid, gid, *_ = users["matpi"]
    groups = {line.split(":")[0]: line.split(":")[3] for line in (tmp_path / "etc" / "group").read_text().split()}
    assert {name for name, members in groups.items() if members == "matpi"} == {"gpio", "i2c", "spi"}
    assert {name for name, members in groups.items() if members == "matpi-page"} == {"matpi"}
    done = run(tool("systemd-tmpfiles"), "--create", f"--root={tmp_path}", SYSTEMD / "tmpfiles.conf")
    assert done.returncode == 0, done.stderr
    folder = (tmp_path / "var" / "lib" / "matpi").stat()
    assert (folder.st_uid, folder.st_gid, folder.st_mode & 0o777) == (int(uid), int(gid), 0o750)


def test_the_udev_rules_read(tmp_path: Path) -> None:
    rules = SYSTEMD / "udev.rules"
    lines = [line for line in rules.read_text().splitlines() if line and not line.startswith("#")]
    match = re.compile(r'SUBSYSTEM=="([\w-]+)", KERNEL=="[\w*\[\]-]+", GROUP="(\w+)", MODE="0660"')
    assert [found.groups() for line in lines if (found := match.fullmatch(line))] == [
        ("gpio", "gpio"),
        ("i2c-dev", "i2c"),
        ("spidev", "spi"),
    ]
    assert len(lines) == 3
    udevadm = tool("udevadm")
    if "verify" not in run(udevadm, "--help").stdout:
        return  # before systemd 254 no tool reads rules without a device
    done = run(udevadm, "verify", "--resolve-names=never", rules)
    assert done.returncode == 0, done.stderr + done.stdout
