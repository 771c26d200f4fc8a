"""Find what a command is about: config, parts and log, of the real device or of an emulated board.

A log is opened here, with a warning where it may not be the one that is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from matpi.commands.output import say, stored, warn
from matpi.errors import MatpiError
from matpi.paths import default_store, device_config, device_store, simulator_store, system_zone
from matpi.words import LANGUAGES, Words

if TYPE_CHECKING:
    from matpi.config import Config
    from matpi.control.requests.base import Done, LogRequest
    from matpi.core.rules import DeviceRules
    from matpi.service.parts import Header
    from matpi.sim.board import Board
    from matpi.store.db import Store

# The store is loaded where it is used: `matpi run` needs this module too, and what it loads first delays the splash.
EMULATED_KG = 74.0  # of the person on the emulated board by default


def config_path_of(path: Path | None, *, board: bool) -> Path | None:
    """Return `path`, else the device's; an emulated board has none."""
    return path or (None if board else device_config())


def config_of(path: Path | None, *, board: bool = False) -> Config:
    """Return the config in `path`, else the device's. Raises ConfigError."""
    from matpi import config as config_file

    return config_file.load(config_path_of(path, board=board))


def words_of(path: Path | None) -> Words:
    """Return the words of the panel of the config in `path`, else of the device. Raises ConfigError of `path` only."""
    from matpi import config as config_file

    panel = config_file.panel_of(device_config()) if path is None else config_file.load(path).panel
    return LANGUAGES[panel.language]


def board_log() -> Path:
    """Return the path of the emulated board's log, beside the simulator's."""
    return simulator_store().with_name("board.db")


def log_of(config: Config, *, board: bool) -> Path:
    """Return the path of the log when no other is named."""
    return board_log() if board else Path(config.store.path)


def parts_of(config: Config, *, board: bool, kg: float = EMULATED_KG) -> Board | Header:
    """Return the real parts; with `board`, or `driver = "sim"` in [scale], a whole emulated board instead."""
    if board or config.scale.driver == "sim":
        from matpi.sim.board import Board

        return Board(config, kg=kg)
    from matpi.service.parts import Header

    return Header(config)


def warn_if_bare(path: Path) -> None:
    """Warn that a writer begins a new log in the file at `path`, if it does."""
    from matpi.store.db import bare

    if sentence := bare(path):
        warn(f"{sentence} A new log is begun in it.")


@contextmanager
def reading(store: Path | None) -> Iterator[Store]:
    """Open a reader of `store`, else of the default log, which is reported at the end of the block."""
    from matpi.store.db import Store

    with Store.open(store or default_store(), read_only=True) as log:
        yield log
        if store is None:
            report(log.path, empty=_is_empty(log))


@contextmanager
def writing(store: Path | None, otherwise: Path | None = None) -> Iterator[Store]:
    """Open a writer, otherwise like `reading`. Raises StoreBusyError beside another writer (see `perform`).

    `otherwise`: the log where `store` is None, if not the default one. What became of a file
    that was bare, damaged or missing is reported.
    """
    from matpi.store.backups import describe_damage
    from matpi.store.db import Store, bare

    path = store or otherwise or default_store()
    begun = bare(path)
    with Store.open(path) as log:
        if begun:
            warn(f"{begun} A new log is begun in it.")
        if damage := describe_damage(log.set_aside, restored=log.restored):
            warn(damage)
        yield log
        stored.append(path)
        if store is None:
            report(log.path, empty=_is_empty(log))


def perform(
    request: LogRequest,
    store: Path | None,
    config_path: Path | None = None,
    rules: DeviceRules | None = None,
    *,
    names_log: bool = True,
) -> Done:
    """Have the running device of the log do it, else do it here; print the answer and return it. Raises MatpiError.

    A request that begins a log makes one where there is none, in this machine's zone. `rules`: of the device, where
    the request goes by them. `names_log`: report the log where `store` is None; else the caller does.
    """
    from matpi.control.client import device_of
    from matpi.control.requests.base import Done, machine_now
    from matpi.control.requests.transfer import Import
    from matpi.core.rules import DeviceRules
    from matpi.store.db import Store, is_unmade

    path = store or default_store()
    device = device_of(path)
    if device is not None:
        reply = device.ask(request)
        done = Done(reply.said, reply.data)
        stored.append(path)
        if store is None and names_log:
            report(path)
    else:
        if request.begins and is_unmade(path):
            begin(path, request)
        elif not isinstance(request, Import):
            Store.open(path, read_only=True).close()  # a damaged log is reported and stays where it is
        with writing(store if names_log else path) as log:
            done = request.perform(log, machine_now(rules or DeviceRules(), words_of(config_path)))
    for sentence in done.said:
        say(sentence)
    return done


def begin(path: Path, request: LogRequest) -> None:
    """Make the log at `path`, in this machine's zone; not for a setting that does not work."""
    from matpi.control.requests.settings import Settings as SettingsRequest
    from matpi.core.effects import Save
    from matpi.core.model import Settings
    from matpi.store.db import bare
    from matpi.store.settings import changed

    if isinstance(request, SettingsRequest):
        changed(Settings(), request.set)
    begun = bool(bare(path))
    with writing(path) as log:
        log.write(Save(Settings(zone=system_zone())))
    if not begun:
        warn(f"There was no session log at {path} yet; a new one was made.")


def report(path: Path, *, empty: bool = False) -> None:
    """Warn of a log that the user has not named and that is not the device's, or has no session."""
    device = path == device_store()
    if empty:
        warn(f"There is no session in the log {path} yet.{_other() if device else ''}")
    elif not device:
        warn(f"The log is {path}, not the device's.")


def _other() -> str:
    """Return where the simulator's log is, if there is one; a device that was started once hides it."""
    from matpi.store.db import is_unmade

    try:
        path = simulator_store()
        return "" if is_unmade(path) else f" The simulator's is {path}; name it with --store."
    except MatpiError:
        return ""


def _is_empty(log: Store) -> bool:
    with log.reading() as conn:
        return conn.execute("SELECT 1 FROM sessions LIMIT 1").fetchone() is None
