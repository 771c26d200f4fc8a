"""Fail the calls of the store from each one on: no room, an I/O error, a card that has become read-only.

What could not be written is asked for again, as the device does, and the disk is well again at the end.
`PYTHONPATH=. python -m tests.reliability.trouble` runs all and prints the figures as a JSON line.
"""

from __future__ import annotations

import errno
import json
import shutil
import sqlite3
from collections.abc import Callable
from functools import partial
from itertools import count
from math import inf
from pathlib import Path
from typing import Final, NamedTuple

from matpi.core.effects import Save, Write
from matpi.core.front import Front
from matpi.core.model import EndReason, Settings
from matpi.errors import StoreError
from matpi.store.db import Store
from matpi.store.writer import REOPEN_EVERY_S, PatientStore
from matpi.twin.world import VirtualWorld
from tests.reliability.disk import Disk, Trouble
from tests.reliability.power import LOG, SINKS, a_new_log, after_start, evening, nothing, of_version, scratch_folder
from tests.store.values import UTC, stop

KINDS: Final = {"no room": errno.ENOSPC, "I/O error": errno.EIO, "read-only": errno.EROFS}
SHORT: Final[tuple[Write, ...]] = (Save(stop("w0")),)
EVENING: Final[tuple[Write, ...]] = (*evening(0), *SHORT, Save(Settings(weekly_goal=6)))


def lived(folder: Path, effects: tuple[Write, ...], trouble: Trouble | None) -> tuple[int, int]:
    """Write what an evening asks for on a disk with that trouble. Return the calls, and how many writes failed."""
    disk = Disk(folder, trouble)
    clock = count(0.0, REOPEN_EVERY_S)
    refused = 0
    waiting: dict[str, Write] = {}

    def write_what_waits() -> int:
        for key, effect in list(waiting.items()):
            try:
                store.write(effect)
            except StoreError:
                continue
            del waiting[key]
        return len(waiting)

    with disk.watched():
        store = PatientStore(
            folder / LOG, monotonic=lambda: next(clock), first_settings=Settings(zone="Europe/Rome"), sinks=SINKS
        )
        store.load()
        for effect in effects:
            waiting.pop(effect.key, None)
            waiting[effect.key] = effect
            refused += write_what_waits()
            store.fold()
        disk.trouble = None
        assert write_what_waits() == 0, "the disk is well again"
        store.close()
    return disk.calls, refused


class Sweep(NamedTuple):
    """A life, and the trouble that begins at each of its calls: for that call alone (`once`) or until the end."""

    before: Callable[[Path], None]
    effects: tuple[Write, ...]
    number: int
    once: bool = False

    def run(self, scratch: Path) -> tuple[int, int]:
        """Return how many runs there were, and in how many a write failed.

        Raises AssertionError when a log differs from that of a life without trouble.
        """
        scratch = scratch.resolve()
        before_it = scratch / "before"
        before_it.mkdir()
        self.before(before_it)
        shutil.copytree(before_it, scratch / "well")
        calls, _ = lived(scratch / "well", self.effects, None)
        wanted = after_start(scratch / "well")
        hurt = 0
        for n in range(calls):
            here = scratch / f"run{n}"
            shutil.copytree(before_it, here)
            trouble = Trouble(self.number, n, n + 1 if self.once else inf)
            hurt += lived(here, self.effects, trouble)[1] > 0
            assert after_start(here) == wanted, f"call {n} of {calls}"
            shutil.rmtree(here)
        return calls, hurt


SWEEPS: Final = {
    **{
        f"{life}, {kind}": Sweep(before, effects, number)
        for life, before, effects in (
            ("first start", nothing, SHORT),
            ("evening", a_new_log, EVENING),
            ("migration", partial(of_version, 3), SHORT),
        )
        for kind, number in KINDS.items()
    },
    "evening, one I/O error": Sweep(a_new_log, EVENING, errno.EIO, once=True),
}


def device_lived(folder: Path, trouble: Trouble | None) -> int:
    """Time a session of a whole device on a disk with that trouble. Return the calls."""
    folder.mkdir()
    disk = Disk(folder, trouble)
    with disk.watched():
        rig = VirtualWorld(folder / LOG, utc=UTC, rate=5.0)
        rig.power_on()
        rig.run_until(20.0)
        rig.mat.act("lie_down", rig.t)
        rig.run_until(80.0)
        assert rig.device is not None
        assert rig.device.stage.front is Front.ON_MAT, "the timer goes on"
        rig.mat.act("get_up", rig.t)
        rig.run_until(110.0)
        disk.trouble = None
        rig.run_until(150.0)
        rig.shut_down()
    with Store.open(folder / LOG) as store:
        assert store.set_aside is None
        [entry] = store.sessions()
    assert entry.session.reason is EndReason.LEFT
    assert 55.0 < entry.session.on_mat_s < 65.0
    return disk.calls


def main() -> None:
    sweeps = {}
    for name, sweep in SWEEPS.items():
        with scratch_folder() as scratch:
            runs, hurt = sweep.run(Path(scratch))
        sweeps[name] = {"runs": runs, "hurt": hurt, "lost": 0}  # a run that loses something ends this
    print(json.dumps({"name": "disk", "sqlite": sqlite3.sqlite_version, "sweeps": sweeps}))


if __name__ == "__main__":
    main()
