"""hardware/boot/: what is copied onto a new card, with stand-ins; `make test-card` has the real cloud-init."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.install.test_unit import run, tool

ROOT = Path(__file__).resolve().parents[2]
BOOT = ROOT / "hardware" / "boot"
PAGE = ROOT / "docs" / "build.md"
SERVICE = "matpi-card.service"

STUBS = {
    "systemctl": ":",
    "apt-get": "[ ! -e $STATE/offline ]",
    "git": '[ ! -e $STATE/offline ] || exit 128; for last; do :; done; mkdir -p "$last/matpi"',
    "make": 'echo "as $SUDO_USER, I2C=$I2C" >>$STATE/calls; [ ! -e $STATE/broken ]',
    "id": "echo anna",
}
"""Program -> what it does beside noting that it was called."""


class Card:
    def __init__(self, folder: Path) -> None:
        self.root, self.state, programs = folder / "disk", folder / "state", folder / "bin"
        self.boot = self.root / "boot" / "firmware"
        for made in (self.boot, self.state, programs):
            made.mkdir(parents=True)
        for name, body in STUBS.items():
            path = programs / name
            path.write_text(f'#!/bin/sh\necho "{name} $*" >>$STATE/calls\n{body}\n')
            path.chmod(0o755)
        (self.boot / "config.txt").write_text("[cm5]\ndtoverlay=dwc2")  # without an end of its last line
        self.put("https://house.example/matpi.git")
        self.environment = {
            "PATH": f"{programs}:/usr/bin:/bin",
            "MATPI_ROOT": str(self.root),
            "STATE": str(self.state),
        }

    def put(self, address: str) -> None:
        script = (BOOT / "matpi.sh").read_text()
        text, count = re.subn(r"^REPOSITORY=.*$", f'REPOSITORY="{address}"', script, flags=re.MULTILINE)
        assert count == 1
        (self.boot / "matpi.sh").write_text(text)

    def run(self, script: Path, *words: str) -> subprocess.CompletedProcess[str]:
        command = ["/bin/sh", str(script), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=self.environment)

    @property
    def unit(self) -> Path:
        return self.root / "etc" / "systemd" / "system" / SERVICE

    @property
    def kept(self) -> Path:
        return self.root / "usr" / "local" / "lib" / "matpi-card.sh"

    @property
    def source(self) -> Path:
        return self.root / "usr" / "local" / "src" / "matpi"

    def calls(self) -> list[str]:
        path = self.state / "calls"
        found = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return found


@pytest.fixture
def card(tmp_path: Path) -> Card:
    return Card(tmp_path)


def test_it_leaves_a_service_behind_that_systemd_can_read(card: Card, tmp_path: Path) -> None:
    assert card.run(card.boot / "matpi.sh").returncode == 0
    assert card.calls() == [f"systemctl enable --quiet {SERVICE}"]
    card.run(card.boot / "matpi.sh", "now")
    assert card.calls() == [f"systemctl enable --quiet {SERVICE}", f"systemctl start --no-block {SERVICE}"]
    assert f"ExecStart=/bin/sh {card.kept} install\n" in card.unit.read_text()
    shutil.copy(card.unit, tmp_path)
    done = run(tool("systemd-analyze"), "verify", "--man=no", tmp_path / SERVICE)
    assert (done.returncode, SERVICE in done.stderr) == (0, False), done.stderr


def test_it_installs_once_and_goes(card: Card) -> None:
    card.run(card.boot / "matpi.sh", "now")
    card.calls()
    done = card.run(card.kept, "install")
    assert (done.returncode, done.stderr) == (0, "")
    assert card.calls() == [
        "apt-get update -qq",
        "apt-get install -y -qq --no-install-recommends git make",
        f"git clone --quiet https://house.example/matpi.git {card.source}.half",
        "id -nu 1000",
        f"make -C {card.source} install",
        "as anna, I2C=on",
        f"systemctl disable --quiet {SERVICE}",
        "systemctl --no-block reboot",
    ]
    assert (card.source / "matpi").is_dir()
    assert not card.unit.exists()
    assert not card.kept.exists()
    config = (card.boot / "config.txt").read_text()
    assert config == "[cm5]\ndtoverlay=dwc2\n[all]\ndtparam=i2c_arm_baudrate=400000\n"


@pytest.mark.parametrize("trouble", ["offline", "broken"])
def test_what_fails_is_tried_again_and_begins_where_it_was(card: Card, trouble: str) -> None:
    card.run(card.boot / "matpi.sh")
    (card.state / trouble).touch()
    (card.source.parent / "matpi.half" / "of a power cut").mkdir(parents=True)
    assert card.run(card.kept, "install").returncode not in {0, 2}
    assert card.source.exists() == (trouble == "broken")
    assert card.unit.exists()
    assert "systemctl --no-block reboot" not in card.calls()
    (card.state / trouble).unlink()
    assert card.run(card.kept, "install").returncode == 0
    assert (card.boot / "config.txt").read_text().count("i2c_arm_baudrate") == 1
    assert list(card.source.parent.iterdir()) == [card.source]


def test_without_an_address_it_says_so_and_is_not_tried_again(card: Card) -> None:
    card.put("")
    card.run(card.boot / "matpi.sh")
    assert "RestartPreventExitStatus=2\n" in card.unit.read_text()
    card.calls()
    done = card.run(card.kept, "install")
    assert (done.returncode, card.calls()) == (2, [])
    assert re.fullmatch(r"matpi: There is no address to install from; .*\n", done.stderr)


def test_the_address_stands_in_one_place() -> None:
    found = [path.name for path in BOOT.iterdir() if path.is_file() and "\nREPOSITORY=" in path.read_text()]
    assert found == ["matpi.sh"]
    assert "git clone" not in PAGE.read_text()


def test_cloud_init_finds_the_script_and_a_user_of_imager_is_not_replaced() -> None:
    text = (BOOT / "vendor-data").read_text()
    assert text.startswith("#cloud-config\n")
    keys = re.findall(r"^(\w+):", text, re.MULTILINE)
    assert keys == ["rpi", "write_files"], "runcmd, users and packages are lists: Imager's would replace them, or these"
    assert re.search(r"^rpi:\n  interfaces:\n    i2c: true\n    spi: true$", text, re.MULTILINE)
    assert "exec sh /boot/firmware/matpi.sh now" in text


def test_on_bookworm_a_line_in_imagers_script_calls_it(card: Card) -> None:
    """The end of firstrun.sh is as Imager 2.0 writes it; the line is the one in the page, before `rm`."""
    script = card.boot / "firstrun.sh"
    script.write_text(
        "#!/bin/sh\n\nset +e\n\nrm -f /boot/firstrun.sh\nsed -i 's| systemd.run.*||g' /boot/cmdline.txt\nexit 0\n"
    )
    (line,) = re.findall(r"^for d in .*; done$", PAGE.read_text(), re.MULTILINE)
    script.write_text(script.read_text().replace("\nrm -f", f"\n{line}\nrm -f"))
    lines = script.read_text().splitlines()
    assert [line.split()[0] for line in lines[4:]] == ["for", "rm", "sed", "exit"]
    # Only the line itself: the others change this computer's /boot.
    called = lines[4].replace("/boot/firmware", str(card.boot)).replace(" /boot;", " /nowhere;")
    done = subprocess.run(["/bin/sh", "-c", called], check=False, env={**os.environ, **card.environment})
    assert done.returncode == 0
    assert card.calls() == [f"systemctl enable --quiet {SERVICE}"]


# -- what Imager offers ------------------------------------------------------------------------------------------------


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_manifest", BOOT / "make_manifest.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def image(name: str, file: str, init: str) -> dict[str, Any]:
    """An entry with every field that Imager's schema requires."""
    return {
        "name": name,
        "description": "",
        "icon": "",
        "url": f"https://downloads.example/{file}.img.xz",
        "extract_size": 1,
        "extract_sha256": "0" * 64,
        "image_download_size": 1,
        "release_date": "2026-09-15",
        "init_format": init,
    }


LISTED: dict[str, Any] = {
    "imager": {
        "devices": [
            {"name": "Raspberry Pi Zero 2 W", "tags": ["pi3-64bit", "pi3-32bit"]},
            {"name": "Raspberry Pi Zero", "tags": ["pi1-32bit"]},
        ]
    },
    "os_list": [
        image("Desktop", "2026-09-15-raspios-trixie-arm64", "cloudinit-rpi"),
        {
            "name": "other",
            "subitems": [
                image("Lite (64-bit)", "2026-09-15-raspios-trixie-arm64-lite", "cloudinit-rpi"),
                image("Lite (32-bit)", "2026-09-15-raspios-trixie-armhf-lite", "cloudinit-rpi"),
                image("Legacy Lite", "2026-09-15-raspios-bookworm-arm64-lite", "systemd"),
                image("first Trixie", "2025-10-01-raspios-trixie-arm64-lite", "systemd"),
            ],
        },
    ],
}


def test_the_manifest_offers_what_matpi_runs_on() -> None:
    made = maker().manifest(LISTED)
    assert [(one["name"], one["init_format"]) for one in made["os_list"]] == [
        ("Lite (64-bit), trixie: for matpi", "cloudinit-rpi"),
        ("Legacy Lite, bookworm: for matpi", "systemd"),
    ]
    assert {key for one in made["os_list"] for key in one} == set(image("", "", ""))
    assert [device["name"] for device in made["imager"]["devices"]] == ["Raspberry Pi Zero 2 W"]


def test_a_list_without_them_makes_none() -> None:
    with pytest.raises(LookupError):
        maker().manifest({"os_list": LISTED["os_list"][:1]})
