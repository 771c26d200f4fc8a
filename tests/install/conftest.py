"""A machine with a panel's bus, and version 1.0 to install."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.install.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "disk", tmp_path)
    (made.root / "dev").mkdir()
    (made.root / "dev" / "i2c-1").touch()
    made.offer("1.0")
    yield made
    shutil.rmtree(made.root)
