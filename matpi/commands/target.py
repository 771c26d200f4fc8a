"""The device that a command is about: its config, parts and log, the real ones or those of an emulated board."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from matpi import config as config_file
from matpi.config import Config
from matpi.paths import device_config, simulator_store

if TYPE_CHECKING:
    from matpi.service.parts import Header
    from matpi.sim.board import Board

EMULATED_KG = 74.0  # of the person on the emulated board by default


def config_path_of(path: Path | None, *, board: bool) -> Path | None:
    """`path`, else the device's; an emulated board has none."""
    return path or (None if board else device_config())


def config_of(path: Path | None, *, board: bool) -> Config:
    """Raises ConfigError."""
    return config_file.load(config_path_of(path, board=board))


def board_log() -> Path:
    return simulator_store().with_name("board.db")


def log_of(config: Config, *, board: bool) -> Path:
    """The log when no other is named."""
    return board_log() if board else Path(config.store.path)


def parts_of(config: Config, *, board: bool, kg: float = EMULATED_KG) -> Board | Header:
    """The real parts; with `board`, or `driver = "sim"` in [scale], a whole emulated board instead."""
    if board or config.scale.driver == "sim":
        from matpi.sim.board import Board

        return Board(config, kg=kg)
    from matpi.service.parts import Header

    return Header(config)
