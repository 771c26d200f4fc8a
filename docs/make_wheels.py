"""Writes docs/dev/wheels.md: does pip find a wheel for all that matpi needs on a Raspberry Pi? `make wheels`; asks pip.

pip resolves for another machine than this one here: aarch64, glibc 2.36 (Bookworm), and never looks at a source.
tests/install/test_wheels.py fails when the page lacks a dependency, shows another version than constraints.txt, or a
dependency has neither a wheel nor a package of the distribution in REPLACED.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "dev" / "wheels.md"

PYTHONS = {"3.11": "Bookworm", "3.13": "Trixie"}
GLIBC = range(17, 37)
"""Minor versions of glibc whose wheels run: 2.17 is manylinux2014, 2.36 is Bookworm's; Trixie has 2.41."""

REPLACED = {
    "lgpio": ("python3-lgpio", "GPIO pins; no wheel for 3.13, and pip would take a dead stub instead"),
    "spidev": ("python3-spidev", 'SPI, only with `driver = "spi"` in `[scale]`; no wheels at all'),
}
"""What is imported but must come from the distribution, and why. systemd/install.sh installs these."""

NEWEST = "newest"
"""Stands for the version of what constraints.txt does not pin."""

PAGE_TEXT = """\
# What is installed on a Raspberry Pi

Made by `make wheels` on {today}: pip was asked, for a 64-bit Pi, for a wheel of each thing `pip install matpi` brings
there, in the version of `constraints.txt`. Nothing is compiled on the Pi. `pure` runs on every machine; the others name
the Python and the oldest system they run on (`manylinux_2_28` needs glibc 2.28; Bookworm has 2.36).

| package | version | {systems} |
|---|---|---|---|
{rows}

## What comes from the distribution

`systemd/install.sh` installs these with apt where they are missing, and lets the environment see them.

| instead of | package | what for, and why not a wheel |
|---|---|---|
{replaced}

Raspberry Pi OS has both. Debian's own Bookworm has `python3-spidev` but no `python3-lgpio`.

Pillow needs nothing else from apt: its wheels carry the libraries they use, among them those for JPEG, JPEG 2000
(`libopenjp2`) and TIFF that a Pillow built on the Pi would ask for.
"""


def pins() -> dict[str, tuple[str, str]]:
    """Canonical name -> name and version as constraints.txt has them."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(name): (name, version) for name, version in pairs}


def needed() -> list[str]:
    """Canonical names of everything `pip install matpi` brings to a Pi, read from what is installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    seen: set[str] = set()
    waiting = [Requirement(line) for line in project["dependencies"]]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        waiting += [one for one in _asked_by(name, wanted.extras) if canonicalize_name(one.name) not in seen]
        seen.add(name)
    return sorted(seen)


def _asked_by(name: str, extras: set[str]) -> Iterator[Requirement]:
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:  # for the other Python only
        return
    for line in lines:
        one = Requirement(line)
        machines = [
            {"python_version": python, "platform_machine": "aarch64", "extra": extra}
            for python in PYTHONS
            for extra in ("", *extras)
        ]
        if one.marker is None or any(one.marker.evaluate(machine) for machine in machines):
            yield one


def wheel(name: str, version: str, python: str) -> str | None:
    """The file pip would install there, None when there is none."""
    platforms = [f"manylinux_2_{minor}_aarch64" for minor in GLIBC] + ["manylinux2014_aarch64", "linux_aarch64"]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--report", "-", "--no-deps"]
    command += ["--ignore-installed", "--only-binary=:all:", "--target", "unused", "--implementation", "cp"]
    command += ["--python-version", python, *(word for one in platforms for word in ("--platform", one))]
    wanted = name if version == NEWEST else f"{name}=={version}"
    done = subprocess.run([*command, wanted], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        if "No matching distribution" in done.stderr:
            return None
        raise SystemExit(f"pip could not be asked about {name} {version}; its words:\n{done.stderr}")
    (found,) = json.loads(done.stdout)["install"]
    return str(found["download_info"]["url"]).rsplit("/", 1)[-1].partition("#")[0]


def kind(file: str | None) -> str:
    """What the file's tags say: `pure`, the oldest platform it runs on, or `none`."""
    if file is None:
        return "none"
    if file.endswith("-none-any.whl"):
        return "pure"
    found = re.search(r"-(cp3\d+|abi3)-((?:many)?linux\w*?)_aarch64(?:\..*)?\.whl$", file)
    if found is None:
        raise SystemExit(f"The tags of {file} are not understood; look at them and at docs/make_wheels.py.")
    return f"{found[1]}, {found[2]}"


def page(today: str) -> str:
    names = pins()
    rows = []
    for name in needed():
        shown, version = names.get(name, (name, NEWEST))
        kinds = [kind(wheel(shown, version, python)) for python in PYTHONS]
        rows.append(f"| {shown} | {version} | {' | '.join(kinds)} |")
    return PAGE_TEXT.format(
        today=today,
        systems=" | ".join(f"{name}, Python {python}" for python, name in PYTHONS.items()),
        rows="\n".join(rows),
        replaced="\n".join(f"| {name} | `{package}` | {why} |" for name, (package, why) in REPLACED.items()),
    )


if __name__ == "__main__":
    PAGE.write_text(page(datetime.now(tz=UTC).date().isoformat()), encoding="utf-8")
