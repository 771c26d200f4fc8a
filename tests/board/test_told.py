"""What is wrong with the set-up is said in the terminal, and on the panel where there is one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from matpi.config import PanelConfig, panel_of
from matpi.core.views import Fault
from matpi.drivers.oled import Panel
from matpi.drivers.pins import load_lgpio
from matpi.run import show_fault
from matpi.screen.render import render
from matpi.sim.panel import PanelChip

ROOT = Path(__file__).resolve().parents[2]


def test_a_fault_of_the_config_is_on_the_panel_and_stays() -> None:
    chip = PanelChip("sh1106")
    show_fault(Panel("sh1106", serial=chip.plug), "Config is wrong", "a fault in matpi.toml", "run: matpi doctor")
    wanted = render(Fault("Config is wrong", "a fault in matpi.toml", "run: matpi doctor"))
    assert chip.image.tobytes() == wanted.tobytes()


def test_a_panel_that_is_not_there_hides_no_sentence() -> None:
    chip = PanelChip("sh1106")
    chip.lost = True
    show_fault(Panel("sh1106", serial=chip.plug), "Config is wrong", "a fault in matpi.toml", "run: matpi doctor")
    show_fault(None, "Config is wrong", "a fault in matpi.toml", "run: matpi doctor")


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
def test_the_panel_of_a_wrong_config_is_its_own_if_that_is_right(
    tmp_path: Path, text: str, panel: PanelConfig
) -> None:
    path = tmp_path / "matpi.toml"
    path.write_text(text)
    assert panel_of(path) == panel
    assert panel_of(None) == panel_of(tmp_path / "none.toml") == PanelConfig()


def test_a_config_with_a_typing_mistake_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "matpi.toml").write_text("[panel]\ndriver = 'none'\n[presence]\non_kgg = 3\n")
    told = subprocess.run(
        [sys.executable, "-m", "matpi", "run", "--config", "matpi.toml", "--store", "log.db"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=30,
        check=False,
    )
    assert told.returncode == 2
    assert told.stderr == "matpi: matpi.toml: the key presence.on_kgg is unknown; did you mean presence.on_kg?\n"
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
