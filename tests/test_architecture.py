"""The architecture as tables: who may import whom, and what must stay small, pure and light.

The tables of what is still wrong (`UPWARD`, `CYCLES`, `LARGER`) only shrink: an entry that no longer
applies fails as well, and is removed.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import defaultdict

from benchmarks.size import PACKAGE, cycles, edges, functions_taking, imported, lines, modules, name_of, tree

# -- what is wanted ----------------------------------------------------------------------------------------------------

ROOMS = (
    ("errors",),
    ("core",),
    ("words", "ports", "paths", "leaves", "web"),
    ("screen", "config"),
    ("loop",),
    ("drivers",),
    ("sim",),
    ("store",),
    ("upstream",),
    ("control",),
    ("service",),
    ("twin", "page"),
    ("commands",),
    ("cli",),
    ("__main__",),
)
"""The folders and modules of matpi/ from the lowest up: each imports from below, none from above or beside it."""
ONLY = {
    "words": {"core"},
    "screen": {"core", "words"},
    "drivers": {"core", "ports", "paths", "config"},
    "sim": {"core", "config", "drivers"},
    "store": {"core", "paths"},
    "leaves": set[str](),
    "web": set[str](),
}
"""Rooms that may import these alone, and errors, of all that is below them. The store knows no network."""
LEAVES = {"upstream.config"}
"""Structs that the config reads: a room of its own, apart from its folder."""
FLOORS = (
    ("text", "rules", "brightness"),
    ("people",),
    ("model",),
    ("events", "effects", "views"),
    ("clock", "dated", "presence", "button", "light", "plan", "calibration", "pairing"),
    ("front", "parts", "session", "ledger", "zeroing"),
    ("selection",),
    ("household",),
    ("plans", "doubt", "recovery", "redating"),
    ("reminder", "pacing"),
    ("cues",),
    ("screens",),
    ("agenda", "display"),
    ("routing",),
    ("device",),
)
"""The folders and modules of core/ from the lowest up: each imports from its own floor and from below, none from above.
Of screens/ each imports screen.py only.
"""
VENDORS = {"gpiod", "gpiozero", "luma", "adafruit_hx711", "spidev", "lgpio", "digitalio", "microcontroller", "board"}
CORE_MAY = {"transitions", "msgspec"}
IMPURE = {"time", "threading", "queue", "asyncio", "sqlite3", "pathlib", "os", "io", "random", "signal"}
IMPURE_CALLS = {"open", "print", "input"}
LINES_MAX = 400
TOP_MAX = 10
"""Modules directly in matpi/, without __init__."""
SEVERAL = {
    "clock": {"core.clock": "the time of events, the wall clock, days", "drivers.clock": "asks the machine"},
    "config": {
        "config": "matpi.toml as a whole",
        "upstream.config": "its tables of the sinks",
    },
    "guard": {
        "drivers.scale.guard": "flags wrong samples",
        "twin.page.guard": "refuses what is not for the twin's page",
        "web.guard": "refuses foreign requests",
    },
    "host": {"service.host": "the service behind the control socket", "twin.host": "the twin behind it"},
    "parts": {"core.parts": "which part does not work", "service.parts": "the parts of a device, real or emulated"},
    "people": {"commands.people": "`matpi people`", "core.people": "who shares the mat"},
    "ratings": {"commands.ratings": "`matpi ratings`", "control.requests.ratings": "its requests"},
    "replay": {"commands.replay": "`matpi replay`", "twin.replay": "a trace through the core"},
    "run": {"commands.run": "`matpi run`", "service.run": "the process of the device"},
    "safety": {"commands.safety": "`matpi safety`", "core.screens.safety": "the safety pages"},
    "sessions": {"commands.sessions": "`matpi sessions`", "control.requests.sessions": "its requests"},
    "server": {
        "control.server": "serves the control socket",
        "page.server": "serves the device's page",
        "twin.page.server": "serves the twin's page",
        "web.server": "runs an app",
    },
    "settings": {
        "commands.settings": "`matpi settings`",
        "control.requests.settings": "its request, and those of people, safety and rest",
        "store.settings": "settings read by name and stored",
    },
    "state": {"control.state": "what the control socket reports", "upstream.mqtt.state": "what MQTT reports"},
    "transfer": {
        "commands.transfer": "`matpi export`, `import`, `backup`",
        "control.requests.transfer": "the request to import, and to delete everything",
        "store.transfer": "export and import",
    },
}
"""File names of several rooms, and what the module is in each."""

# -- what is still wrong -----------------------------------------------------------------------------------------------

UPWARD: dict[str, set[str]] = {}
"""Module -> what it imports from above or beside it."""
CYCLES: tuple[set[str], ...] = ()
"""Modules of which some still lead to each other."""
LARGER: dict[str, int] = {}


# -- the tests ---------------------------------------------------------------------------------------------------------


def short(name: str) -> str:
    return name.removeprefix("matpi.")


def height_of(name: str) -> tuple[int, str]:
    """The height of the room, and its name; of the package itself 0, as it has the version only."""
    room = name.partition(".")[0]
    if name in LEAVES:
        room = "leaves"
    found = [height for height, rooms in enumerate(ROOMS) if room in rooms]
    assert found, f"{name}: give its room a place in ROOMS"
    return found[0], room


def floor_of(name: str) -> int:
    """The floor of a module of core; 0 for core itself."""
    _, _, rest = name.partition(".")
    part = rest.partition(".")[0]
    found = [floor for floor, parts in enumerate(FLOORS) if part in parts]
    assert found or not part, f"{name}: give it a place in FLOORS"
    return found[0] if found else 0


def is_wrong(name: str, target: str) -> bool:
    (height, room), (below, other) = height_of(name), height_of(target)
    if name.startswith("core.screens.") and target.startswith("core.screens."):
        return target != "core.screens.screen"
    if room == other:
        return room == "core" and floor_of(target) > floor_of(name)
    return below >= height or other not in ONLY.get(room, {other}) | {"errors"}


def test_everything_has_a_place() -> None:
    for name in map(short, edges()):
        if name != "matpi" and height_of(name)[1] == "core":
            floor_of(name)


def test_imports_go_down() -> None:
    wrong: dict[str, set[str]] = defaultdict(set)
    for name, targets in edges().items():
        for target in targets - {"matpi"}:
            if name != "matpi" and is_wrong(short(name), short(target)):
                wrong[short(name)].add(short(target))
    new = {name: more for name, found in wrong.items() if (more := found - UPWARD.get(name, set()))}
    gone = {name: less for name, listed in UPWARD.items() if (less := listed - wrong.get(name, set()))}
    assert not new, "these import from above or beside them"
    assert not gone, "these do no longer: remove them from UPWARD"


def test_no_modules_lead_to_each_other() -> None:
    found = [{short(name) for name in group} for group in cycles(edges())]
    assert not [group for group in found if not any(group <= listed for listed in CYCLES)], "new cycles"
    assert not [listed for listed in CYCLES if not any(group <= listed for group in found)], "remove them from CYCLES"


def test_modules_are_small_and_the_core_is_pure() -> None:
    wrong, taking = [], 0
    for path in modules():
        name = short(name_of(path))
        room = name.partition(".")[0]
        tops = {imported_name.partition(".")[0] for imported_name in imported(tree(path))}
        assert "" not in tops, f"{name}: a relative import"
        if lines([path]) > LARGER.get(name, LINES_MAX):
            wrong.append(f"{name} has over {LARGER.get(name, LINES_MAX)} lines")
        if room != "drivers" and tops & VENDORS:
            wrong.append(f"{name} imports {tops & VENDORS}, as drivers may")
        if room == "core":
            others = (tops - set(sys.stdlib_module_names) - {"matpi"} - CORE_MAY) | (tops & IMPURE)
            calls = [node.func for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
            others |= {func.id for func in calls if isinstance(func, ast.Name)} & IMPURE_CALLS
            wrong += [f"{name} uses {other}" for other in sorted(others)]
            taking += len(functions_taking("Device", tree(path)))
    assert wrong == []
    assert taking == 0, "pass what the function needs, not the whole device"
    small = [name for name in LARGER if lines([PACKAGE / f"{name.replace('.', '/')}.py"]) <= LINES_MAX]
    assert small == [], "remove them from LARGER"


def test_a_name_means_one_thing() -> None:
    named: dict[str, set[str]] = defaultdict(set)
    for path in modules():
        if path.name != "__init__.py":
            named[path.stem].add(short(name_of(path)))
    several = {stem: names for stem, names in named.items() if len({name.partition(".")[0] for name in names}) > 1}
    assert several == {stem: set(meanings) for stem, meanings in SEVERAL.items()}
    top = [name for names in named.values() for name in names if "." not in name]
    assert len(top) <= TOP_MAX, sorted(top)


def loaded_by(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    return set(out.stdout.split())


def test_the_core_is_light() -> None:
    heavy = {"gpiozero", "luma", "PIL", "starlette", "uvicorn", "numpy", "sqlite3", "click", "rich"}
    assert not loaded_by("import matpi.core.device") & heavy


def test_the_command_line_is_light() -> None:
    heavy = {"gpiozero", "luma", "PIL", "starlette", "uvicorn", "sqlite3", "msgspec", "rich", "transitions"}
    assert not loaded_by("import matpi.cli") & heavy


def test_the_device_loads_no_web_server() -> None:
    """The page is a process of its own; the packages are dependencies because the simulator needs them."""
    rooms = ("service", "control", "upstream")
    names = ", ".join(name_of(path) for path in modules() if path.relative_to(PACKAGE).parts[0] in rooms)
    assert "matpi.service.run" in names
    assert not loaded_by(f"import {names}") & {"starlette", "uvicorn", "anyio", "h11"}
