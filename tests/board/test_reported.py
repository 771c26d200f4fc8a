"""What is wrong with the set-up is said in the terminal, and on the panel where there is one."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from matpi.commands.doctor.running import Life, read_device
from matpi.config import Config, PanelConfig, panel_of
from matpi.core.views import Fault
from matpi.drivers.clock import SystemClock
from matpi.drivers.gpio import EmulatedHeader
from matpi.drivers.oled import Panel
from matpi.drivers.pins import load_lgpio
from matpi.screen.render import render
from matpi.service.appliance import Appliance
from matpi.service.parts import light_up, show_fault
from matpi.sim.board import Board
from matpi.sim.panel import PanelChip
from matpi.store.db import Store
from matpi.store.tables import DIAGNOSTICS
from tests.store.values import records

ROOT = Path(__file__).resolve().parents[2]


def test_a_fault_of_the_config_is_on_the_panel_and_stays() -> None:
    chip = PanelChip("sh1106")
    show_fault(Panel("sh1106", serial=chip.plug), "Config error", "check matpi.toml", "run: matpi doctor")
    wanted = render(Fault("Config error", "check matpi.toml", "run: matpi doctor"))
    assert chip.image.tobytes() == wanted.tobytes()


def test_a_panel_that_is_not_there_hides_no_sentence() -> None:
    chip = PanelChip("sh1106")
    chip.lost = True
    show_fault(Panel("sh1106", serial=chip.plug), "Config error", "check matpi.toml", "run: matpi doctor")
    show_fault(None, "Config error", "check matpi.toml", "run: matpi doctor")


@pytest.mark.parametrize(
    ("text", "panel"),
    [
        ("[presence]\nno = 1\n[panel]\ndriver = 'ssd1306'\naddress = 61\n", PanelConfig("ssd1306", address=61)),
        ("[panel]\ndriver = 'none'\n[page]\nport = 0\n", PanelConfig("none")),
        ("[panel]\ndriver = 'lcd'\n", PanelConfig()),
        ("panel = 3\n", PanelConfig()),
        ("[panel\n", PanelConfig()),
    ],
)
def test_the_panel_of_a_wrong_config_is_its_own_if_that_is_right(tmp_path: Path, text: str, panel: PanelConfig) -> None:
    path = tmp_path / "matpi.toml"
    path.write_text(text)
    assert panel_of(path) == panel
    assert panel_of(None) == panel_of(tmp_path / "none.toml") == PanelConfig()


def test_a_config_with_a_typing_mistake_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "matpi.toml").write_text("[panel]\ndriver = 'none'\n[presence]\non_kgg = 3\n")
    reported = subprocess.run(
        [sys.executable, "-m", "matpi", "run", "--config", "matpi.toml", "--store", "log.db"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=30,
        check=False,
    )
    assert reported.returncode == 2
    assert reported.stderr == "matpi: matpi.toml: the key presence.on_kgg is unknown; did you mean presence.on_kg?\n"
    assert not (tmp_path / "log.db").exists()


def test_lgpio_leaves_the_working_directory_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It changes it as it is imported; a stand-in that does the same, for it is installed on few desktops."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "lgpio.py").write_text("import os\nos.chdir('/')\n")
    monkeypatch.syspath_prepend(tmp_path / "library")
    monkeypatch.delitem(sys.modules, "lgpio", raising=False)
    monkeypatch.chdir(tmp_path)
    load_lgpio()
    assert Path.cwd() == tmp_path
    monkeypatch.delitem(sys.modules, "lgpio")


def test_lgpio_is_loaded_where_there_is_no_way_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the home of another, which `sudo -u matpi` leaves a process in; here the folder goes."""
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "lgpio.py").write_text("import os\nhere = os.getcwd()\nos.chdir('/')\nos.rmdir(here)\n")
    monkeypatch.syspath_prepend(tmp_path / "library")
    monkeypatch.delitem(sys.modules, "lgpio", raising=False)
    (tmp_path / "home").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.chdir("home")
    assert load_lgpio().here == str(tmp_path / "home")
    monkeypatch.delitem(sys.modules, "lgpio")


class Taken(Exception):  # noqa: N818  as lgpio's own error, it is nothing but an Exception
    pass


class BusyParts:
    """A board on which another program has the pins."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def panel(self) -> Panel | None:
        return self._board.panel()

    def scale(self) -> Any:
        return self._board.scale()

    def pins(self) -> Any:
        factory = EmulatedHeader().factory

        def pin(*_: object, **__: object) -> object:
            raise Taken("'GPIO busy'")

        factory.pin = pin
        return factory


def test_a_taken_pin_is_reported_and_stops_nothing(tmp_path: Path) -> None:
    config = Config()
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    appliance = Appliance(
        config,
        BusyParts(Board(config)),
        tmp_path / "log.db",
        SystemClock(),
        screen=None,
        inbox=inbox,
        boot_id="b",
        zone="UTC",
    )
    try:
        appliance.start()
        appliance.ask_to_stop()
        appliance.run()
    finally:
        appliance.close()
    with Store.open(tmp_path / "log.db", read_only=True) as log:
        noted = {tally.kind: tally.last_text for tally in records(log, DIAGNOSTICS)}
    assert "GPIO 17" in noted["button_lost"]
    assert "GPIO 18" in noted["lamp_lost"]
    assert "busy" in noted["lamp_lost"]


class Failing:
    def stop(self) -> None:
        raise RuntimeError("it hangs")


def test_a_part_that_fails_to_end_stops_no_other_from_ending(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = Config()
    board = Board(config)
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    appliance = Appliance(
        config,
        board,
        tmp_path / "log.db",
        SystemClock(),
        screen=light_up(board, inbox.put),
        inbox=inbox,
        boot_id="b",
        zone="UTC",
    )
    appliance.start()
    scale = appliance.scale
    assert scale is not None
    scale.stop()
    appliance.scale = Failing()  # type: ignore[assignment]
    appliance.close()
    assert "it hangs" in capsys.readouterr().err
    assert board.picture() is None
    with Store.open(tmp_path / "log.db"):
        pass  # its lock is free


def test_doctor_reads_what_the_running_device_writes(tmp_path: Path) -> None:
    """The two sides of the status file, with a panel that works and one that does not."""
    config = Config()
    for lost in (False, True):
        board = Board(config)
        board.panel_chip.lost = lost
        inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        appliance = Appliance(
            config,
            board,
            tmp_path / "log.db",
            SystemClock(),
            screen=light_up(board, inbox.put),
            inbox=inbox,
            boot_id="b",
            zone="UTC",
        )
        try:
            appliance.start()
            until = time.monotonic() + 10.0
            while lost and appliance.screen is not None and not appliance.screen.trouble:
                assert time.monotonic() < until
                time.sleep(0.02)
            appliance.write_status(tmp_path / "status.json")
        finally:
            appliance.close()
        device = read_device(tmp_path / "status.json", now=time.monotonic, alive=lambda _: True)
        assert device.life is Life.RUNNING
        assert device.status is not None
        assert device.status.panel is not None
        assert device.status.panel.lost is lost


def test_a_device_asked_to_stop_while_it_loads_ends_dark(tmp_path: Path) -> None:
    """SIGTERM in the midst of the imports; the handler is there before anything is lit."""
    code = (
        "import os, signal, sys\n"
        "import matpi.service.run as run, matpi.service.parts\n"
        "from matpi.config import Config\n"
        "from matpi.sim.board import Board\n"
        "board = Board(Config())\n"
        "lit = matpi.service.parts.light_up\n"
        "def light_up(parts, put):\n"
        "    screen = lit(parts, put)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return screen\n"
        "run.light_up = light_up\n"
        "from pathlib import Path\n"
        "run.run_device(Config(), board, Path(sys.argv[1]), print, None)\n"
        "print('dark' if board.picture() is None else 'lit')\n"
    )
    reported = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "log.db")],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=False,
    )
    assert (reported.returncode, reported.stderr) == (0, "")
    assert reported.stdout.endswith("dark\n")
