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
COMPOSITION = {
    "host",
    "app",
    "relays",
    "sending",
    "appliance",
    "board_twin",
    "calibrate",
    "demo",
    "doctor",
    "header",
    "loop",
    "record",
    "replay",
    "rig",
    "rules",
    "run",
    "story",
    "tables",
    "terminal",
    "twin",
    "which_log",
}
ARROWS: dict[str, set[str]] = {
    "core": set(),
    "errors": set(),
    "config": {"upstream"},  # the tables of its sinks
    "ports": {"core"},
    "screen": {"core"},
    "lamp": {"core"},
    "glow": {"core", "ports", "lamp"},
    "ringing": {"core", "ports"},
    "opening": {"core", "ports"},
    "store": {"core", "upstream"},  # the contract of the outbox only, see below
    "upstream": {"core", "ports"},
    "drivers": {"core", "ports", "config"},
    "sim": {"core", "ports", "drivers", "config"},
    "web": {"core", "store", "screen"},
    "loop": {"core", "ports", "screen"},
    "replay": {"core", "screen"},
    "host": set(),
    "rules": {"core", "config"},
    "disk": {"core", "store"},
    "rig": {"host", "core", "ports", "loop", "config", "sim", "store", "screen", "rules", "disk"},
    "relays": {"core", "ports", "store", "upstream"},
    "sending": {
        "config",
        "drivers",
        "host",
        "store",
        "telling",
        "upstream",
        "upstream_verdicts",
        "verdicts",
        "which_log",
    },
    "upstream_verdicts": {"store", "verdicts"},
    "splash": {"core", "drivers", "ports", "screen"},
    "appliance": {
        "host",
        "core",
        "ports",
        "loop",
        "config",
        "drivers",
        "store",
        "screen",
        "glow",
        "opening",
        "relays",
        "ringing",
        "rules",
        "splash",
        "status",
    },
    "status": {"appliance", "core"},
    "header": {"config", "drivers"},
    "calibrate": {"core", "ports", "store"},
    "verdicts": {"config", "drivers"},
    "scale_verdicts": {"config", "core", "drivers", "verdicts"},
    "doctor": {
        "config",
        "core",
        "drivers",
        "host",
        "ports",
        "rules",
        "scale_verdicts",
        "sending",
        "store",
        "upstream_verdicts",
        "verdicts",
    },
    "record": {"core", "doctor", "drivers", "ports", "store"},
    "run": {"appliance", "config", "core", "drivers", "host", "rules", "screen", "splash"},
    "board_twin": {"appliance", "bulletin", "config", "core", "disk", "payloads", "ports", "prompts", "sim", "splash"},
    "twin": {"core", "relays", "rig", "sim", "payloads", "prompts", "bulletin"},
    "bulletin": {"core"},
    "payloads": {"core", "lamp", "screen"},
    "prompts": {"core"},
    "demo": {"core", "host", "sim", "store"},
    "story": {"core", "door", "people", "rig", "screen", "sim", "store"},
    "terminal": {"core", "twin", "screen", "lamp"},
    "telling": set(),
    "streams": set(),
    "which_log": {"host", "store", "telling"},
    "people": {"core", "door", "drivers", "store", "host", "telling", "which_log"},
    "tables": {"core", "store", "host", "telling", "people", "which_log"},
    "amend": {"config", "core", "drivers", "store", "host", "rules", "telling", "people", "which_log"},
    "plan_table": {"core", "door", "store", "host", "telling", "people", "which_log"},
    "consent": {"core", "store", "host", "telling", "people", "which_log"},
    "door": {"core", "store", "host", "telling", "which_log"},
    "app": COMPOSITION | {"core", "ports", "config", "sim", "store", "screen", "lamp", "telling", "web", "drivers"},
    "options": set(),
    "log_commands": {"amend", "options", "tables"},
    "cli": {
        "app",
        "amend",
        "sending",
        "plan_table",
        "consent",
        "door",
        "host",
        "log_commands",
        "options",
        "people",
        "streams",
        "tables",
    },
    "__main__": {"cli"},
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
