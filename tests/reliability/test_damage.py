"""A device whose log is damaged or missing, also on a full disk: panel and page report what was restored."""

from __future__ import annotations

import errno
import threading
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from matpi.control.address import to_serve
from matpi.control.client import Client
from matpi.core.text import Text
from matpi.core.views import Fault, View
from matpi.store import backups
from matpi.store.db import Store
from matpi.upstream.config import UpstreamConfig
from tests.reliability.disk import CAN_WATCH, Trouble
from tests.reliability.power import LOG, NEVER, a_log
from tests.reliability.service import World
from tests.store.values import UTC

DAY = "2025-11-24"
"""Of the newest session in the backup."""


def noise(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096:8192] = bytes(range(256)) * 16
    path.write_bytes(data)


def lived(folder: Path, trouble: Trouble | None) -> tuple[list[View], list[Any]]:
    """Start a device on it with that trouble for 30 s. Return what panel and page show after 60 s and after a tap."""
    world = World((folder / LOG).parent, utc=UTC + 90 * 86_400, seed=1, upstream=UpstreamConfig())
    world.disk.trouble = trouble
    shown: list[View] = []
    answers: list[Any] = []

    def look() -> None:
        assert world.appliance is not None
        assert world.appliance.device is not None
        show = world.appliance.device.display.shown
        assert show is not None
        shown.append(show.view)
        world.inbox.rest_until = monotonic() + 60.0  # the control socket answers in its thread
        threading.Thread(target=ask, daemon=True).start()

    def ask() -> None:
        answers.append(Client(to_serve(world.path)).ask({"do": "state"}).data["damaged"])
        world.inbox.rest_until = None

    def stop() -> None:
        assert world.appliance is not None
        world.appliance.ask_to_stop()

    def plan() -> None:
        world.after(30.0, lambda: setattr(world.disk, "trouble", None))
        world.after(59.0, lambda: world.press(0.2))  # wakes the panel
        world.after(60.0, look)
        world.after(61.0, lambda: world.press(0.2))
        world.after(62.0, look)
        world.after(70.0, stop)

    with world.disk.watched():
        world.live(plan)
    return shown, answers


@pytest.mark.skipif(not CAN_WATCH, reason="this Python has its SQLite linked in, where no call can be seen")
@pytest.mark.parametrize("full", [False, True], ids=["with room", "full at first"])
@pytest.mark.parametrize("gone", [False, True], ids=["damaged", "missing"])
def test_panel_and_page_say_that_a_backup_was_restored_until_a_tap(tmp_path: Path, gone: bool, full: bool) -> None:
    a_log(tmp_path)
    path = (tmp_path / LOG).resolve()
    with Store.open(path) as store:
        store.back_up(NEVER)
    path.unlink() if gone else noise(path)
    shown, answers = lived(tmp_path.resolve(), Trouble(errno.ENOSPC, 0) if full else None)

    view, after = shown
    aside = [one.name for one in backups.damaged(path)]
    restored = Text("faults.log_restored_to", day=DAY)
    if gone:
        assert (aside, view) == ([], Fault(Text("faults.log_missing"), restored, ""))
    else:
        assert view == Fault(Text("faults.log_damaged"), Text("faults.log_kept", name=aside[0][-15:]), restored)
    assert not isinstance(after, Fault)
    assert answers == [{"file": "" if gone else aside[0], "restored": True, "day": DAY}, None]
    with Store.open(path) as store:
        assert [one.session.id for one in store.sessions()] == ["s0", "s1", "s2", "s3"]
        assert store.set_aside is None
