"""The twin in a terminal: a real process on a real pseudo-terminal, and each key by itself."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from matpi.core.effects import Pattern
from matpi.core.light import table
from matpi.store.db import Store
from matpi.twin.terminal import LEAVE, Terminal
from matpi.twin.twin import Twin

ROOT = Path(__file__).parents[1]
WAIT_S = 60.0


class Screen:
    """A process on a pseudo-terminal, and what it has drawn there."""

    def __init__(self, store: Path, *words: str, size: tuple[int, int] = (80, 24), code: str = "") -> None:
        self.master, self.slave = pty.openpty()
        self.resize(*size)
        self.modes = termios.tcgetattr(self.slave)
        self.raw = ""
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        call = ["-c", code] if code else ["-m", "matpi"]
        self.process = subprocess.Popen(
            [sys.executable, *call, "sim", "--tty", "--store", str(store), *words],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            cwd=ROOT,
        )

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds: float) -> None:
        while select.select([self.master], [], [], seconds)[0]:
            self.raw += self.decoder.decode(os.read(self.master, 65536))
            seconds = 0.0

    @property
    def lines(self) -> list[str]:
        """The screen as it stands: our own drawing is whole lines, each after a move to its start."""
        since_clear = self.raw.rpartition("\x1b[2J")[2]
        rows: dict[int, str] = {}
        for row, text in re.findall(r"\x1b\[(\d+);1H(.*?)(?=\x1b\[\d+;1H|\Z)", since_clear, re.DOTALL):
            rows[int(row)] = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
        return [rows.get(n, "") for n in range(1, max(rows, default=0) + 1)]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def until(self, there: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT_S
        while not there():
            assert time.monotonic() < deadline, f"waited in vain; on the screen:\n{self.text}\n{self.raw[-500:]!r}"
            self.read(0.05)

    def until_shown(self, *words: str) -> None:
        self.until(lambda: all(word in self.text for word in words))

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def ended(self) -> int:
        code = self.process.wait(WAIT_S)
        self.read(0.05)
        return code

    def is_as_before(self) -> bool:
        return termios.tcgetattr(self.slave) == self.modes and self.raw.rfind(LEAVE) > self.raw.rfind("\x1b[?1049h")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)


@pytest.fixture
def screens() -> Iterator[Callable[..., Screen]]:
    made: list[Screen] = []

    def make(*args: Any, **more: Any) -> Screen:
        made.append(Screen(*args, **more))
        return made[-1]

    yield make
    for screen in made:
        screen.close()


def test_a_session_by_keys(screens: Callable[..., Screen], tmp_path: Path) -> None:
    store = tmp_path / "sim.db"
    screen = screens(store, "--warp", "60")
    screen.until_shown("SAFETY", "off the mat", "day 1 of 14", "q quit")
    screen.type("l")
    screen.until_shown("ON_MAT: 3 s on the mat", "lying", "48")
    before = screen.lines[1:17]
    assert all(len(line.partition("|")[0]) == 65 for line in before), "the panel is 64 columns wide"
    screen.until(lambda: re.search(r"today [12]:\d\d", screen.text))
    assert screen.lines[1:17] != before, "the minutes on the panel go on"
    screen.type("g")
    screen.until_shown("RATING", "off the mat")
    screen.until_shown("x1 ")
    asked = screen.lines[1:17]
    screen.type(" ")
    screen.until(lambda: screen.lines[1:17] != asked)
    time.sleep(0.2)  # the finger is up again after 0.15 s
    screen.type("h")
    screen.until_shown("SAVED: held")
    screen.type("q")
    assert screen.ended() == 0
    assert screen.is_as_before()
    with Store.open(store, read_only=True) as log:
        (stored,) = log.log().sessions
        (rating,) = log.log().ratings
    assert stored.on_mat_s >= 60
    assert (rating.value, rating.session_id) == (1, stored.id)


def test_nothing_is_drawn_that_did_not_change(screens: Callable[..., Screen], tmp_path: Path) -> None:
    screen = screens(tmp_path / "sim.db")
    screen.until_shown("SAFETY: not answered yet")

    def seconds_drawn() -> int:
        return screen.raw.count("\x1b[1;1H")

    before = seconds_drawn()
    screen.until(lambda: seconds_drawn() > before)  # what came with the new state is drawn
    screen.raw = ""
    screen.until(lambda: seconds_drawn() == 2)
    assert "\x1b[2J" not in screen.raw
    assert set(re.findall(r"\x1b\[(\d+);1H", screen.raw)) <= {"1", "12"}, "the clock and the load, no more"


def at_noon() -> str:
    """A time zone in which the panel is not dimmed for the evening now. The signs of these names are reversed."""
    return f"Etc/GMT{datetime.now(UTC).hour - 12:+d}"


def test_a_dark_panel_says_why(screens: Callable[..., Screen], tmp_path: Path) -> None:
    screen = screens(tmp_path / "sim.db", "--zone", at_noon())
    screen.until_shown("q quit", "OLED bright")
    screen.type("k")
    screen.until_shown("OLED is unplugged", "panel broken", "OLED off")
    screen.type("kP")
    screen.until_shown("(No power.)", "OFF: no power", "simulated mat - no power")
    screen.type("P")
    screen.until_shown("OLED bright")
    assert "broken" not in "\n".join(screen.lines[:17])


def test_sigterm_gives_the_terminal_back(screens: Callable[..., Screen], tmp_path: Path) -> None:
    screen = screens(tmp_path / "sim.db")
    screen.until_shown("q quit")
    assert termios.tcgetattr(screen.slave) != screen.modes
    screen.process.terminate()
    assert screen.ended() == 0
    assert screen.is_as_before()


def test_a_failure_gives_the_terminal_back_and_tells_in_one_line(
    screens: Callable[..., Screen], tmp_path: Path
) -> None:
    code = "import matpi.twin.terminal as t, matpi.cli as c; t.Terminal._lines = lambda *_: 1 // 0; c.main()"
    screen = screens(tmp_path / "sim.db", code=code)
    assert screen.ended() == 1
    assert screen.is_as_before()
    after = screen.raw.rpartition(LEAVE)[2]
    assert after.count("\n") == 1
    assert after.startswith("matpi: Something went wrong")
    assert "Traceback" not in screen.raw


def test_ctrl_z_gives_the_terminal_back_until_it_goes_on(screens: Callable[..., Screen], tmp_path: Path) -> None:
    screen = screens(tmp_path / "sim.db")
    screen.until_shown("q quit")
    screen.process.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(screen.process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    screen.read(0.05)
    assert screen.is_as_before()
    screen.raw = ""
    screen.process.send_signal(signal.SIGCONT)
    screen.until_shown("q quit")
    assert termios.tcgetattr(screen.slave) != screen.modes
    screen.type("q")
    assert screen.ended() == 0
    assert screen.is_as_before()


def test_a_terminal_too_small_says_so_and_may_grow(screens: Callable[..., Screen], tmp_path: Path) -> None:
    screen = screens(tmp_path / "sim.db", size=(70, 20))
    screen.until_shown("matpi needs 80 x 24,", "here are 70 x 20.", "q quits")
    screen.resize(100, 40)
    screen.process.send_signal(signal.SIGWINCH)
    screen.until_shown("P pull the power")
    assert len(screen.lines) == 40
    screen.type("q")
    assert screen.ended() == 0


def test_a_log_in_use_is_told_before_the_screen_is_touched(screens: Callable[..., Screen], tmp_path: Path) -> None:
    store = tmp_path / "sim.db"
    with Store.open(store):
        screen = screens(store)
        assert screen.ended() == 1
    assert "is in use by matpi" in screen.raw
    assert "\x1b" not in screen.raw


class Hands:
    """Stands in for the twin: what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args: self.asked.append((name, *args))


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def terminal(hands: Hands) -> Iterator[Terminal]:
    made = Terminal(cast("Twin", hands))
    with made._bell():
        made._hear("status", {"power": True, "kg": 74.0, "faults": [], "bag": False})
        yield made


@pytest.mark.parametrize(
    ("keys", "asked"),
    [
        ("lstfgc", [("act", act) for act in ("lie_down", "sit", "stand", "fidget", "get_up", "cat")]),
        ("bb", [("act", "bag_on"), ("act", "bag_off")]),
        (" hH", [("press", 0.15), ("press", 0.9), ("press", 3.2)]),
        ("+-", [("weigh", 76.0), ("weigh", 74.0)]),
        ("123", [("warp", 1), ("warp", 10), ("warp", 60)]),
        ("jn", [("jump", "21:00"), ("next_day",)]),
        ("upkd", [("fault", name, True) for name in ("cell", "spikes", "panel", "disk")]),
        ("uu", [("fault", "cell", True), ("fault", "cell", False)]),
        ("PP", [("power", False), ("power", True)]),
        ("xX\t0", []),
    ],
)
def test_each_key(terminal: Terminal, hands: Hands, keys: str, asked: list[tuple[Any, ...]]) -> None:
    for key in keys:
        terminal._press(key)
    assert hands.asked == asked


def test_the_weight_stays_within_bounds(terminal: Terminal, hands: Hands) -> None:
    for _ in range(60):
        terminal._press("+")
    assert hands.asked[-1] == ("weigh", 150.0)
    for _ in range(80):
        terminal._press("-")
    assert hands.asked[-1] == ("weigh", 20.0)


@pytest.mark.parametrize("sequence", ["\x1b[A", "\x1b[1;5C", "\x1bOP", "\x1b[15~", "\x1b[200~", "\x1b"])
def test_arrows_and_function_keys_are_no_letters(sequence: str) -> None:
    from matpi.twin.terminal import SEQUENCE

    assert SEQUENCE.sub("", f"{sequence}") == ""


def test_the_state_has_a_reason_a_description_or_no_power(terminal: Terminal) -> None:
    for about, reason, line in (
        ("on the mat, the timer runs", "3 s on the mat", "ON_MAT: 3 s on the mat"),
        ("on the mat, the timer runs", "", "ON_MAT: on the mat, the timer runs"),  # the reason is old
        ("", "", "ON_MAT: no power"),
    ):
        terminal._hear("status", {"state": "ON_MAT", "about": about, "reason": reason})
        assert any(shown.endswith(line) for shown in terminal._lines(24)), (line, terminal._lines(24))


def test_the_led_is_a_shade_that_follows_its_pattern(terminal: Terminal) -> None:
    def hear(age_s: float) -> None:
        breath = {"pattern": "breath", "age_s": age_s, "table": table(Pattern.BREATH), "loops": True}
        terminal._hear("lamp", breath)

    hear(0.0)
    assert terminal._lightness() < 0.2
    hear(5.0 * 7 + 1.9)
    assert terminal._lightness() == pytest.approx(1.0, abs=0.05)
    hear(4.5)
    assert terminal._lightness() == 0.0
    terminal._hear("lamp", {"pattern": "saved", "age_s": 60.0, "table": table(Pattern.SAVED), "loops": False})
    assert terminal._lightness() == 0.0
