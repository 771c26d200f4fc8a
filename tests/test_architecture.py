"""The arrows of the house, walked in the imports; and what must stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.every import every

PACKAGE = Path(__file__).resolve().parents[1] / "matpi"

# Room -> rooms it may import. A module directly under matpi/ is a room of its own; errors and __init__ serve all.
ARROWS: dict[str, set[str]] = {
    "__main__": {"cli"},
    "cli": {"commands"},
    "commands": {
        "config",
        "core",
        "drivers",
        "paths",
        "ports",
        "rules",
        "screen",
        "service",
        "sim",
        "store",
        "twin",
        "upstream",
    },
    "config": {"upstream"},
    "core": set(),
    "drivers": {"config", "core", "ports"},
    "errors": set(),
    "loop": {"core", "ports", "screen"},
    "mqtt": {"core", "ports", "upstream", "webhook"},
    "paths": set(),
    "ports": {"core"},
    "rules": {"config", "core"},
    "screen": {"core"},
    "service": {"config", "core", "drivers", "loop", "paths", "ports", "rules", "screen", "store", "upstream"},
    "sim": {"config", "core", "drivers"},
    "store": {"core", "paths", "upstream"},
    "twin": {
        "config",
        "core",
        "loop",
        "paths",
        "ports",
        "rules",
        "screen",
        "service",
        "sim",
        "store",
        "upstream",
    },
    "upstream": {"core", "mqtt", "ports", "store", "webhook"},
    "webhook": {"upstream"},
}
CORE_MAY = {"transitions"}
VENDORS = {"gpiozero", "luma", "adafruit_hx711", "spidev", "lgpio", "digitalio", "microcontroller", "board"}
MAX_LINES = 400
LARGER = {"device.py": 520}
"""Not yet cut: what the device owns."""


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            if node.module == "matpi":
                yield from (f"matpi.{alias.name}" for alias in node.names)
            else:
                yield node.module


def test_every_room_has_its_arrows_written_down() -> None:
    assert {room_of(path) for path in modules()} - {"__init__"} <= set(ARROWS)


@every("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_follow_the_arrows(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return
    for name in imported(path):
        if not name.startswith("matpi."):
            continue
        target = name.split(".")[1]
        allowed = ARROWS[room] | {room, "errors", "__version__"}
        assert target in allowed, f"{path.relative_to(PACKAGE)} imports {name}; {room} may import {sorted(allowed)}"


def test_the_store_knows_no_network() -> None:
    """It implements `Deliveries` and knows nothing else of upstream; upstream knows nothing of it."""
    of_store = {name for path in modules() if room_of(path) == "store" for name in imported(path)}
    assert {name for name in of_store if name.startswith("matpi.upstream")} == {
        "matpi.upstream.deliveries",
        "matpi.upstream.sink",
    }


@every("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_vendors_are_imported_by_drivers_only(path: Path) -> None:
    tops = {name.split(".")[0] for name in imported(path)}
    if room_of(path) != "drivers":
        assert not tops & VENDORS
    if room_of(path) == "core":
        assert tops - set(sys.stdlib_module_names) - {"matpi"} <= CORE_MAY


@every("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_core_has_no_clock_thread_or_file(path: Path) -> None:
    if room_of(path) != "core":
        return
    tops = {name.split(".")[0] for name in imported(path)}
    assert not tops & {"time", "threading", "queue", "asyncio", "sqlite3", "pathlib", "os", "io", "random", "signal"}
    calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    called = {func.id for func in calls if isinstance(func, ast.Name)}
    assert not called & {"open", "print", "input"}


@every("path", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_outgrows_its_room(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= LARGER.get(path.name, MAX_LINES), (
        f"{path.relative_to(PACKAGE)} has {lines} lines: a room that wants to be two?"
    )


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    return set(out.stdout.split())


def test_the_core_is_light() -> None:
    heavy = {"gpiozero", "luma", "PIL", "starlette", "uvicorn", "numpy", "sqlite3", "msgspec", "click", "rich"}
    assert not loaded_by("import matpi.core.device") & heavy


def test_the_command_line_is_light() -> None:
    heavy = {"gpiozero", "luma", "PIL", "starlette", "uvicorn", "sqlite3", "msgspec", "rich", "transitions"}
    assert not loaded_by("import matpi.cli") & heavy
