"""Open the session log of a command, and warn which one that is where it may not be expected."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from matpi.commands.output import stored, warn, warn_bare
from matpi.errors import MatpiError
from matpi.paths import default_store, device_store, simulator_store
from matpi.store.db import Store, is_unmade
from matpi.store.opening import bare


@contextmanager
def reading(store: Path | None) -> Iterator[Store]:
    """A reader of `store`, else of the default log, which is reported when the block is left without an error."""
    with Store.open(store or default_store(), read_only=True) as log:
        yield log
        if store is None:
            report(log.path, empty=_is_empty(log))


@contextmanager
def writing(store: Path | None) -> Iterator[Store]:
    """A writer, otherwise like `reading`; needs the log for itself (StoreBusyError). What became of a bare or a damaged
    file is reported.
    """
    path = store or default_store()
    warn_bare(bare(path))
    with Store.open(path) as log:
        warn_if_set_aside(log)
        yield log
        stored.append(path)
        if store is None:
            report(log.path, empty=_is_empty(log))


def warn_if_set_aside(log: Store) -> None:
    """Warn that a writer has found the log damaged."""
    if log.set_aside is not None:
        warn(f"The session log was damaged; it is kept as {log.set_aside}, and a new one was started.")


def report(path: Path, *, empty: bool = False) -> None:
    """Report a log that the user has not named and that the device does not use, or that has no session."""
    device = path == device_store()
    if empty:
        warn(f"There is no session in the log {path} yet.{_other() if device else ''}")
    elif not device:
        warn(f"The log is {path}, not the device's.")


def _other() -> str:
    """Where the simulator's log is, if there is one: a device that was started once hides it."""
    try:
        path = simulator_store()
        return "" if is_unmade(path) else f" The simulator's is {path}; name it with --store."
    except MatpiError:
        return ""


def _is_empty(log: Store) -> bool:
    with log.reading() as conn:
        return conn.execute("SELECT 1 FROM sessions LIMIT 1").fetchone() is None
