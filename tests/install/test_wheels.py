"""docs/dev/wheels.md is of the versions that are pinned now, and nothing is left without a wheel. Asks nobody."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@cache
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_wheels", ROOT / "docs" / "make_wheels.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows() -> dict[str, tuple[str, list[str]]]:
    """Name -> version and the kind of wheel for each Python."""
    table = script().PAGE.read_text().partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")]
    return {name.lower().replace("_", "-").replace(".", "-"): (version, kinds) for name, version, *kinds in cells[1:]}


def test_the_page_has_just_what_is_needed_in_the_pinned_version() -> None:
    pins = script().pins()
    wanted = {name: pins[name][1] if name in pins else script().NEWEST for name in script().needed()}
    assert {name: version for name, (version, _) in rows().items()} == wanted, "stale; run: make wheels"


def test_what_is_needed_is_more_than_what_is_named() -> None:
    # Pillow is named in pyproject.toml; h11 and smbus2 come with others.
    assert {"pillow", "h11", "smbus2", "sysv-ipc"} <= set(script().needed())


def test_each_has_a_wheel_or_a_package_of_the_distribution() -> None:
    for name, (_, kinds) in rows().items():
        assert len(kinds) == len(script().PYTHONS)
        assert "none" not in kinds or name in script().REPLACED, f"{name} has no wheel and no package replaces it"


def test_what_the_page_replaces_is_installed_by_apt() -> None:
    installer = (ROOT / "systemd" / "install.sh").read_text()
    for name, (package, _) in script().REPLACED.items():
        assert f'("{package}", "{name}")' in installer
        assert f"`{package}`" in script().PAGE.read_text()


def test_the_page_names_no_address() -> None:
    assert not re.search(r"https?://|\bindex\b", script().PAGE.read_text())


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("starlette-1.10.0-py3-none-any.whl", "pure"),
        ("six-1.17.0-py2.py3-none-any.whl", "pure"),
        ("pillow-13.0.0-cp313-cp313-manylinux_2_27_aarch64.manylinux_2_28_aarch64.whl", "cp313, manylinux_2_27"),
        ("cbor2-6.3.0-cp311-cp311-manylinux_2_28_aarch64.whl", "cp311, manylinux_2_28"),
        ("x-1-cp39-abi3-manylinux2014_aarch64.manylinux_2_17_aarch64.whl", "abi3, manylinux2014"),
        ("x-1-cp311-cp311-linux_aarch64.whl", "cp311, linux"),
        (None, "none"),
    ],
)
def test_tags_are_read(file: str | None, kind: str) -> None:
    assert script().kind(file) == kind


def test_strange_tags_are_not_guessed() -> None:
    with pytest.raises(SystemExit, match="not understood"):
        script().kind("x-1-py3-none-win_amd64.whl")
