"""Write the parts of the documentation that are drawn from the program: `python docs/generate.py`.

A page keeps its own words; what stands between two marks is replaced:

    <!-- made by docs/generate.py: KIND ARGUMENT -->
    <!-- end of what is made -->

The kinds are the functions of MAKERS. tests/test_docs.py fails when a page is not what this writes.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

DOCS = ROOT / "docs"
EXAMPLES = DOCS / "examples"
SCREENS = DOCS / "images" / "screens"
SPLASH = ROOT / "matpi" / "screen" / "splash.txt"
ZOOM, RIM = 3, 12
"""Of a screen as a picture: pixels a dot, and the black around it."""
EXAMPLE_ID = "1e2feb89414c443c9027c4d1c386bbc4"
"""Shown for every id that a command prints: they are random, and a page must not change with them."""

_MADE = re.compile(
    r"(?P<begin><!-- made by docs/generate\.py: (?P<kind>[a-z]+)(?: (?P<argument>[^\n]*?))? -->\n)"
    r".*?"
    r"(?P<end><!-- end of what is made -->)",
    re.DOTALL,
)


def keys(_: str) -> str:
    """The table of the config's keys."""
    from matpi.config import reference

    lines = ["| key | default | allowed | what it is |", "|---|---|---|---|"]
    for row in reference():
        default = f"`{row.default}`" if row.default else "must be given"
        lines.append(f"| `{row.key}` | {default} | {_cell(row.bounds)} | {_cell(row.text)} |")
    return "\n".join(lines)


def diagram(_: str) -> str:
    """The session machine as a mermaid drawing."""
    from matpi.core.session import TRANSITIONS

    edges: dict[tuple[str, str], list[str]] = {}
    for row in TRANSITIONS:
        edges.setdefault((row.source.name, row.dest.name), []).append(row.trigger.replace("_", " "))
    lines = ["```mermaid", "stateDiagram-v2", "    [*] --> EMPTY"]
    lines += [f"    {source} --> {dest} : {', '.join(dict.fromkeys(words))}" for (source, dest), words in edges.items()]
    return "\n".join([*lines, "```"])


def agenda(_: str) -> str:
    """The agenda as a mermaid drawing: what is asked after a session, what a press opens."""
    from matpi.core.agenda import IN_PLACE, OPENS
    from matpi.core.front import AFTER_SESSION, ON_WAKING, Front

    def chain(*names: str) -> list[str]:
        return [f"    {one} --> {two}" for one, two in pairwise(names)]

    after, waking = [screen.name for screen in AFTER_SESSION[1:]], [screen.name for screen in ON_WAKING]
    lines = ["```mermaid", "flowchart TD", *chain("session_over", *after, "idle")]
    lines += [
        "    session_over --> CONFIRM : doubtful",
        f"    CONFIRM --> {after[0]} : yes",
        "    CONFIRM --> idle : no",
    ]
    lines += [*chain("tap_on_idle", *waking), "    tap_on_idle --> CONFIRM : one is open"]
    lines += [f"    {Front.RATING.name} --> {IN_PLACE['rated'].name} : rated"]
    lines += [f"    {IN_PLACE['rated'].name} --> {IN_PLACE['change'].name} : change"]
    lines += ["    discard --> DISCARDED"]
    lines += [f"    {'hold_on_idle' if name == 'menu' else 'MENU'} --> {to.name} : {name.replace('_', ' ')}"
              for name, to in OPENS.items() if name != "safety_due"]  # fmt: skip
    lines += [f"    {Front.SAFETY.name} --> {Front.PAGE.name} : show page"]
    return "\n".join([*dict.fromkeys(lines), "```"])


def states(_: str) -> str:
    """The states of the session machine, and what each means."""
    from matpi.core.session import State

    return _names("state", {state.name: state.value for state in State})


def screens(_: str) -> str:
    """The screens, and what each means."""
    from matpi.core.front import Front

    return _names("screen", {front.name: front.value for front in Front})


def _names(what: str, names: dict[str, str]) -> str:
    rows = (f"| `{name}` | {_cell(text)} |" for name, text in names.items())
    return "\n".join([f"| {what} | what it is |", "|---|---|", *rows])


def transitions(_: str) -> str:
    """Every row of the table."""
    from matpi.core.session import TRANSITIONS

    lines = ["| trigger | from | to | action | only if | usual reason |", "|---|---|---|---|---|---|"]
    for row in TRANSITIONS:
        do, when = ((text or "").replace("_", " ") for text in (row.do, row.when))
        names = f"`{row.trigger}` | `{row.source.name}` | `{row.dest.name}`"
        lines.append(f"| {names} | {do} | {when} | {_cell(row.reason)} |")
    return "\n".join(lines)


def arrows(_: str) -> str:
    """Which rooms each room imports, from the highest down, with those that import them for type checking."""
    from benchmarks.size import edges
    from tests.test_architecture import LEAVES, ROOMS, height_of, short

    found: dict[str, set[str]] = {room: set() for rooms in ROOMS for room in rooms}
    for name, targets in edges().items():
        if name != "matpi":
            room = height_of(short(name))[1]
            found[room] |= {height_of(short(target))[1] for target in targets - {"matpi"}} - {room}
    lines = ["| room | imports |", "|---|---|"]
    for room in reversed(found):
        name = f"{room} ({', '.join(f'`{leaf}`' for leaf in sorted(LEAVES))})" if room == "leaves" else room
        lines.append(f"| {name} | {', '.join(one for one in reversed(found) if one in found[room])} |")
    return "\n".join(lines)


def floors(_: str) -> str:
    """The floors of core/, from the lowest up."""
    from tests.test_architecture import FLOORS

    return "\n".join(f"{n}. {', '.join(f'`{part}`' for part in parts)}" for n, parts in enumerate(FLOORS, 1))


def screen(names: str) -> str:
    """Golden screens as pictures, each with what a screen reader says of it."""
    from matpi.screen.render import spoken
    from matpi.words import ENGLISH
    from tests.screen.gallery import VIEWS

    shown = ((name, spoken(VIEWS[name], ENGLISH)) for name in names.split())
    return "\n".join(f"![{said}](images/screens/{name}.png)" for name, said in shown)


def run(command: str) -> str:
    """What a command prints, run from the top folder of the project."""
    from matpi import cli

    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.chdir(ROOT):
        code = cli.run(shlex.split(command)[1:])
    if code != 0:
        raise SystemExit(f"`{command}` ended with {code}; correct the page that shows it, or the command.")
    printed = re.sub(r'"id": "[0-9a-f]{32}"', f'"id": "{EXAMPLE_ID}"', out.getvalue())
    return _block("json" if '{"' in printed[:2] else "text", printed)


def wording(_: str) -> str:
    """Every text of the device, in every language, a table for each group of screens."""
    from matpi.words import ENGLISH, LANGUAGES
    from tests.screen.rooms import GROUPS, room

    def cells(key: str) -> list[str]:
        every = (words.texts[key].splitlines() for words in LANGUAGES.values())
        said = ("<br>".join(_cell(line.strip()) for line in lines) for lines in every)
        return [f"`{key}`", *said, str(room(key) or "")]

    parts = []
    for group, (where, _, _) in GROUPS.items():
        lines = [f"### {where}", "", f"| key | {' | '.join(LANGUAGES)} | room |", f"|---|{'---|' * len(LANGUAGES)}---|"]
        keys = (key for key in ENGLISH.texts if key.startswith(f"{group}."))
        parts.append("\n".join([*lines, *(f"| {' | '.join(cells(key))} |" for key in keys)]))
    return "\n\n".join(parts)


def file(name: str) -> str:
    """A file of the examples, whole."""
    return _block("json" if name.endswith((".jsonl", ".json")) else "text", (ROOT / name).read_text(encoding="utf-8"))


def routes(_: str) -> str:
    """The routes of the device's page."""
    from matpi.page.app import ROUTES

    lines = ["| route | who | what it answers or does |", "|---|---|---|"]
    for entry in ROUTES.values():
        path = re.sub(r":\w+}", "}", entry.path)
        who = "everybody" if entry.open else "a paired browser"
        lines.append(f"| `{entry.method} {path}` | {who} | {_cell(entry.what)} |")
    return "\n".join(lines)


MAKERS: dict[str, Callable[[str], str]] = {
    "keys": keys,
    "diagram": diagram,
    "agenda": agenda,
    "states": states,
    "screens": screens,
    "transitions": transitions,
    "routes": routes,
    "arrows": arrows,
    "floors": floors,
    "screen": screen,
    "run": run,
    "wording": wording,
    "file": file,
}


def filled(page: str) -> str:
    """The text of a page with everything between its marks made anew."""
    return _MADE.sub(lambda m: f"{m['begin']}{MAKERS[m['kind']](m['argument'] or '')}\n{m['end']}", page)


def bounced_start() -> Iterator[str]:
    """A trace in kg at 10/s: touch at 2.0 s, a lift from 2.6 to 3.3 s, on until 36.0 s. A formula, no recording."""
    yield "t_s,kg_0,kg_1,ok"
    for n in range(420):
        t = n / 10
        on = 2.0 <= t < 2.6 or 3.3 <= t < 36.0
        sway = 0.1 * math.sin(2 * math.pi * 0.25 * t) if on else 0.0
        noise = 0.002 * ((n * 7919) % 13 - 6) / 6
        yield f"{t:.1f},{28 * on + sway + noise:.4f},{17 * on - sway - noise:.4f},1"


def counts() -> Iterator[str]:
    """A trace in counts with uneven steps: on from about 5 s to about 40 s, one flagged reading. Made by formula."""
    yield "t_s,counts_0,counts_1,ok"
    t = 0.0
    for n in range(120):
        on = 5.0 <= t < 40.0
        wiggle = (n * 7919) % 13 - 6
        bad = n == 50
        head = 8_388_607 if bad else -120_000 + 1_202_600 * on + 300 * wiggle
        yield f"{t:.2f},{head},{64_000 + 730_150 * on - 200 * wiggle},{0 if bad else 1}"
        t += 0.4 + 0.02 * ((n * 31) % 11)


EXAMPLE_TRACES = {"bounced-start.csv": bounced_start, "counts.csv": counts}


def made() -> dict[Path, bytes]:
    """Every file this script makes or fills, and what it must hold. The traces come first: pages show their replay."""
    from docs import make_session_picture

    texts = {EXAMPLES / name: "\n".join(lines()) + "\n" for name, lines in EXAMPLE_TRACES.items()}
    texts[SPLASH] = _splash()
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if _MADE.search(text):
            texts[page] = filled(text)
    marks = [m for text in texts.values() for m in _MADE.finditer(text) if m["kind"] == "screen"]
    shown = {name for m in marks for name in m["argument"].split()}
    pictures = {SCREENS / f"{name}.png": _picture(name) for name in sorted(shown)}
    pictures[make_session_picture.PICTURE] = make_session_picture.picture()
    return {path: text.encode() for path, text in texts.items()} | pictures


def _picture(name: str) -> bytes:
    """Return a golden screen as a PNG; the file that is there, if its pixels are right: packed sizes differ."""
    from PIL import Image, ImageOps

    from matpi.screen.render import render
    from tests.screen.gallery import VIEWS

    dots = render(VIEWS[name])
    image = ImageOps.expand(dots.resize((dots.width * ZOOM, dots.height * ZOOM)), RIM)
    path = SCREENS / f"{name}.png"
    if path.exists():
        with Image.open(path) as there:
            if (there.mode, there.size, there.tobytes()) == (image.mode, image.size, image.tobytes()):
                return path.read_bytes()
    png = io.BytesIO()
    image.save(png, "PNG", optimize=True)
    return png.getvalue()


def _splash() -> str:
    from matpi import __version__
    from matpi.core.views import Splash
    from matpi.screen.render import render

    # A line with its generator, then a row of the picture a line, as hex.
    image = render(Splash(__version__))
    bits, width = image.tobytes(), image.width // 8
    lines = (bits[at : at + width].hex() for at in range(0, len(bits), width))
    return "\n".join(["# made by docs/generate.py from the view Splash", *lines, ""])


def main() -> None:
    for folder in (EXAMPLES, SCREENS):
        folder.mkdir(exist_ok=True)
    for name, lines in EXAMPLE_TRACES.items():
        _write(EXAMPLES / name, "\n".join([*lines(), ""]).encode())
    files = made()
    for path, content in files.items():
        _write(path, content)
    for path in set(SCREENS.iterdir()) - files.keys():
        path.unlink()


def _write(path: Path, content: bytes) -> None:
    if not path.exists() or path.read_bytes() != content:
        path.write_bytes(content)
        sys.stdout.write(f"wrote {path.relative_to(ROOT)}{os.linesep}")


def _block(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    main()
