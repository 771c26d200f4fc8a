"""systemd/matpi.toml, the config an installation starts from."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from matpi.config import Config, load, reference

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "systemd" / "matpi.toml"


def fresh() -> str:
    spec = importlib.util.spec_from_file_location("make_config", ROOT / "docs" / "make_config.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = module.text()
    assert isinstance(text, str)
    return text


def test_it_is_fresh() -> None:
    assert FILE.read_text() == fresh(), "stale; run: make docs"


def test_as_installed_it_changes_nothing() -> None:
    assert load(FILE) == Config()


def test_every_line_taken_in_is_the_default(tmp_path: Path) -> None:
    text, count = re.subn(r"^#(?! )", "", FILE.read_text(), flags=re.MULTILINE)
    assert count == len([row for row in reference() if "[]" not in row.key])
    whole = tmp_path / "matpi.toml"
    whole.write_text(text)
    assert load(whole) == Config()
