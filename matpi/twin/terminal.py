"""Play the twin in a terminal of 80 x 24 (`matpi sim --tty`): the panel in braille, one key an act.

A terminal does not see when a key is released, so the button has three keys: a tap, a hold, a long hold. Their times
are the device's, whatever the speed of the clock.
"""

from __future__ import annotations

import base64
import contextlib
import math
import os
import re
import select
import signal
import termios
import threading
import time
import tty
from collections import deque
from collections.abc import Iterator
from datetime import datetime
from types import FrameType

from PIL import Image

from matpi.screen.canvas import PANEL
from matpi.screen.frame import BRAILLE, CELL_COLUMNS, CELL_ROWS, braille
from matpi.sim.body import Act
from matpi.twin.bench import WEIGHT_MAX_KG, WEIGHT_MIN_KG, FaultName, Payload, Warp
from matpi.twin.twin import Twin
from matpi.twin.world import HOLD_S, TAP_S
from matpi.words import duration

STDIN, STDOUT = 0, 1
COLUMNS, ROWS = 80, 24
LONG_HOLD_S = 3.2  # over the 3 s of "discard"
STEP_KG = 2.0
FRAME_S = 0.05  # 20 pictures a second: the LED breathes without steps one could see (chosen, by eye)

ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J"  # the alternate screen, no cursor, no wrapping
LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l"
PLAIN, BOLD, FAINT, INVERSE = "\x1b[0m", "\x1b[1m", "\x1b[2m", "\x1b[7m"
PANEL_STYLES = {"bright": "\x1b[1;96m", "dim": "\x1b[2;36m", "off": FAINT}
LED_STYLE, ALARM_STYLE = "\x1b[93m", "\x1b[1;91m"
SHADES = " .:░▒▓█"
"""The LED from dark to full; seven steps of lightness, not of light."""

SEQUENCE = re.compile(r"\x1b(?:\[[0-9;?<]*[ -/]*[@-~]|O.|.)?")
"""Arrow and function keys; their letters and digits are not ours."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGTSTP, signal.SIGWINCH)
ACTS: dict[str, Act] = {"l": "lie_down", "s": "sit", "t": "stand", "f": "fidget", "g": "get_up", "c": "cat"}
FAULTS: dict[str, FaultName] = {"u": "cell", "p": "spikes", "k": "panel", "d": "disk"}
PRESSES = {" ": TAP_S, "h": HOLD_S, "H": LONG_HOLD_S}
WARPS: dict[str, Warp] = {"1": 1, "2": 10, "3": 60}

KEYS = (
    "l lie down  s sit  t stand  f fidget  g get up  b bag  c cat  + - weight",
    "space button  h hold  H hold 3 s   1 2 3 = x1 x10 x60  j 21:00  n next day",
    "broken: u cell  p spikes  k panel  d disk     P pull the power / boot  q quit",
)
FIXED_ROWS = 1 + CELL_ROWS + 2 + len(KEYS)
"""The header, the panel, state and plan, the keys. The log has the rest."""


class Terminal:
    """Draws `twin` and plays it by what is typed, until q, Ctrl-C or SIGTERM.

    `run` gives the terminal back as it was, whatever happens.
    """

    def __init__(self, twin: Twin) -> None:
        self._twin = twin
        self._lock = threading.Lock()  # guards what the twin's thread hands over
        self._latest: dict[str, Payload] = {}
        self._lamp_since = 0.0
        self._log: deque[Payload] = deque(maxlen=100)
        self._drawn: list[str] = []
        """The lines on the screen; empty: draw all."""
        self._ringer = -1
        self._quit = self._suspend = False

    def run(self) -> None:
        with contextlib.ExitStack() as after:
            bell = after.enter_context(self._bell())
            for number in SIGNALS:
                after.callback(signal.signal, number, signal.signal(number, self._signalled))
            after.callback(self._twin.subscribe(self._hear))
            while not self._quit:
                with self._screen():
                    self._serve(bell)
                if self._suspend:
                    self._suspend = False
                    os.kill(os.getpid(), signal.SIGSTOP)  # Ctrl-Z; goes on here

    # -- the terminal's state --------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _screen(self) -> Iterator[None]:
        """Switch to single keys and the alternate screen, and back."""
        before = termios.tcgetattr(STDIN)
        try:
            tty.setcbreak(STDIN, termios.TCSANOW)
            self._write(ENTER)
            self._drawn = []
            yield
        finally:
            with contextlib.suppress(OSError, termios.error):  # a terminal that was closed needs nothing
                termios.tcsetattr(STDIN, termios.TCSANOW, before)
                self._write(LEAVE)

    @contextlib.contextmanager
    def _bell(self) -> Iterator[int]:
        """Open a pipe that ends the wait for keys: rung by news from the twin and by signals."""
        bell, self._ringer = os.pipe()
        os.set_blocking(bell, False)
        os.set_blocking(self._ringer, False)
        before = signal.set_wakeup_fd(self._ringer, warn_on_full_buffer=False)
        try:
            yield bell
        finally:
            signal.set_wakeup_fd(before)
            os.close(bell)
            os.close(self._ringer)

    def _signalled(self, number: int, _frame: FrameType | None) -> None:
        match number:
            case signal.SIGTSTP:
                self._suspend = True
            case signal.SIGWINCH:
                self._drawn = []
            case _:
                self._quit = True

    # -- news and keys ---------------------------------------------------------------------------------------------

    def _hear(self, kind: str, payload: Payload) -> None:
        """Keep a message. In the twin's thread; what was before comes in this one."""
        with self._lock:
            if kind == "log":
                self._log.append(payload)
            else:
                self._latest[kind] = dict(payload)  # keys change ours before the twin answers
            if kind == "lamp":
                self._lamp_since = time.monotonic() - payload["age_s"]
        with contextlib.suppress(BlockingIOError):  # the bell is ringing already
            os.write(self._ringer, b"n")

    def _serve(self, bell: int) -> None:
        while not (self._quit or self._suspend):
            self._draw()
            drawn = time.monotonic()
            ready, _, _ = select.select([STDIN, bell], [], [], FRAME_S if self._shines() else 1.0)
            if bell in ready:
                # One picture for all the news that comes within a frame's time.
                if STDIN not in ready:
                    time.sleep(max(0.0, drawn + FRAME_S - time.monotonic()))
                with contextlib.suppress(BlockingIOError):
                    while os.read(bell, 4096):
                        pass
            if STDIN in ready:
                typed = os.read(STDIN, 1024)
                self._quit = self._quit or not typed
                for key in SEQUENCE.sub("", typed.decode(errors="ignore")):
                    self._press(key)

    def _press(self, key: str) -> None:
        twin, status = self._twin, self._latest.get("status", {})
        if key in ACTS:
            twin.act(ACTS[key])
        elif key == "b":
            status["bag"] = not status.get("bag", False)
            twin.act("bag_on" if status["bag"] else "bag_off")
        elif key in PRESSES:
            twin.press(PRESSES[key])
        elif key in WARPS:
            twin.warp(WARPS[key])
        elif key in FAULTS:
            name, broken = FAULTS[key], list(status.get("faults", ()))
            twin.fault(name, name not in broken)
            status["faults"] = [*broken, name] if name not in broken else [f for f in broken if f != name]
        elif key in "+-":
            status["kg"] = min(
                WEIGHT_MAX_KG, max(WEIGHT_MIN_KG, status.get("kg", 74.0) + (STEP_KG if key == "+" else -STEP_KG))
            )
            twin.weigh(status["kg"])
        elif key == "j":
            twin.jump("21:00")
        elif key == "n":
            twin.next_day()
        elif key == "P":
            status["power"] = not status.get("power", True)
            twin.power(status["power"])
        elif key == "q":
            self._quit = True

    # -- drawing ---------------------------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Draw the lines that changed, in one write."""
        fresh = not self._drawn
        columns, rows = self._size()
        lines = self._lines(rows) if columns >= COLUMNS and rows >= ROWS else _too_small(columns, rows)
        before = self._drawn
        changed = [
            f"\x1b[{n};1H{line}{PLAIN}\x1b[K"
            for n, line in enumerate(lines, start=1)
            if n > len(before) or before[n - 1] != line
        ]
        self._drawn = lines
        if changed:
            self._write(("\x1b[2J" if fresh else "") + "".join(changed))

    def _lines(self, rows: int) -> list[str]:
        with self._lock:
            latest, log = dict(self._latest), list(self._log)[-(rows - FIXED_ROWS) :]
        status = latest.get("status", {})
        frame = latest.get("frame", {"bits": "", "brightness": "off", "text": ""})
        side = self._side(status, frame)
        style = PANEL_STYLES[frame["brightness"]]
        lines = [_header(status)]
        lines += [f"{style}{row}{PLAIN} {FAINT}|{PLAIN} {side[n]}" for n, row in enumerate(_panel(frame))]
        why = status.get("reason") or status.get("about") or "no power"
        lines.append(_cut(f"{status.get('state', '')}: {why}", BOLD))
        lines.append(_cut(_plan(latest.get("sessions", {}).get("plan"))))
        lines += [_entry(line) for line in log] + [""] * (rows - FIXED_ROWS - len(log))
        return lines + [_cut(keys, FAINT) for keys in KEYS]

    def _side(self, status: Payload, frame: Payload) -> list[str]:
        """Return the column right of the panel, 13 wide."""
        doing = status.get("doing", "away")
        lamp = self._latest.get("lamp", {"pattern": "off"})["pattern"]
        shade = SHADES[round(self._lightness() * (len(SHADES) - 1))]
        faults = [f"{ALARM_STYLE}{name} broken" for name in status.get("faults", ())]
        side = [
            f"OLED {frame['brightness']}",
            "",
            f"LED {LED_STYLE}{shade * 3}{PLAIN}",
            "" if lamp == "off" else f" {lamp}",
            "",
            "you",
            f" {'off the mat' if doing == 'away' else doing}",
            f" {status.get('kg', 0):g} kg",
            " bag on it" if status.get("bag") else "",
            "mat",
            f" {status.get('load_kg', 0.0):z.1f} kg",
            *faults,
        ]
        return side + [""] * (CELL_ROWS - len(side))

    def _shines(self) -> bool:
        return bool(self._latest.get("lamp", {"pattern": "off"})["pattern"] != "off")

    def _lightness(self) -> float:
        """Return the LED's lightness to the eye now, 0 to 1."""
        lamp = self._latest.get("lamp")
        if lamp is None or not lamp["table"]:
            return 0.0
        step = int((time.monotonic() - self._lamp_since) * 50)
        table = lamp["table"]
        duty = table[step % len(table)] if lamp["loops"] else table[min(step, len(table) - 1)]
        return math.cbrt(duty)  # CIE 1976 L*, above its foot

    def _size(self) -> tuple[int, int]:
        try:
            size = os.get_terminal_size(STDOUT)
        except OSError:
            return COLUMNS, ROWS
        return size.columns or COLUMNS, size.lines or ROWS  # a line that does not know its size says 0

    def _write(self, text: str) -> None:
        data = text.encode()
        while data:
            data = data[os.write(STDOUT, data) :]


def _panel(frame: Payload) -> list[str]:
    """Return the panel's dots as braille; when it is dark, why in words."""
    if frame["brightness"] == "off":
        words = f"({frame['text'] or 'dark'})".center(CELL_COLUMNS)
        return [words if n == CELL_ROWS // 2 else " " * CELL_COLUMNS for n in range(CELL_ROWS)]
    image = Image.frombytes("1", PANEL, base64.b64decode(frame["bits"]))
    return braille(image).replace(chr(BRAILLE), " ").split("\n")


def _header(status: Payload) -> str:
    clock = datetime.fromisoformat(status["clock"]) if "clock" in status else None
    left = " matpi on a simulated mat" + ("" if status.get("power", True) else " - no power")
    right = "" if clock is None else f"{clock:%a %Y-%m-%d  %H:%M:%S}  x{status.get('warp', 1)} "
    return f"{INVERSE}{left}{right:>{COLUMNS - len(left)}}"


def _plan(plan: Payload | None) -> str:
    if plan is None:
        return ""
    day = f"day {plan['day']} of 14" if plan["day"] <= 14 else "after the plan"
    today = duration(plan["today_s"])
    minutes = f"{plan['lower_min']}-{plan['upper_min']} min" if plan["upper_min"] else "ask a doctor first"
    words = [day, minutes, plan["clothing"], f"today {today}"]
    words += ["done"] * plan["done"] + ["rest day"] * plan["rest_day"]
    words += [f"streak {plan['streak']}"] * bool(plan["streak"])
    words = [plan["who"]] * bool(plan.get("who")) + words
    return ", ".join(words)


def _entry(line: Payload) -> str:
    words = f"{line['clock']}  {line['event'].replace('_', ' ')}"
    more = "  ".join(part for part in (line["reason"], line["detail"]) if part)
    return _cut(f"{words}: {more}" if more else words, FAINT if line["kind"] == "you" else "")


def _cut(text: str, style: str = "") -> str:
    # Control characters have no business on a screen, wherever a text came from.
    shown = "".join(char if char.isprintable() else " " for char in text)
    return style + (shown if len(shown) <= COLUMNS else shown[: COLUMNS - 1] + "~")


def _too_small(columns: int, rows: int) -> list[str]:
    words = (f"matpi needs {COLUMNS} x {ROWS},", f"here are {columns} x {rows}.", "q quits")
    return [word[:columns] for word in words][:rows]
