"""Record and calibrate with a running device, which holds the load cells: by its control socket."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from matpi.commands.output import say
from matpi.control.client import Client
from matpi.core.events import Counted, SensorLost
from matpi.core.front import Front
from matpi.drivers.scale.process import FAILED
from matpi.errors import CalibrationError, MatpiError
from matpi.ports import PutCounted
from matpi.store.db import Store


class RemoteScale:
    """The samples of a running device. Implements ports.Scale; `stop` does not wait."""

    def __init__(self, device: Client) -> None:
        self._device = device
        self._ended = threading.Event()

    def start(self, put: PutCounted) -> None:
        threading.Thread(target=self._run, args=(put,), name="remote scale", daemon=True).start()

    def stop(self) -> None:
        self._ended.set()

    def _run(self, put: PutCounted) -> None:
        samples: Iterator[dict[str, Any]] = self._device.stream({"do": "counts"})
        try:
            with closing(samples):  # type: ignore[type-var]
                for sample in samples:
                    if self._ended.is_set():
                        return
                    if "lost" in sample:
                        put(SensorLost(time.monotonic(), sample["lost"]))
                    else:
                        put(Counted(sample["t"], tuple(sample["counts"]), sample["ok"], sample["flag"]))
        except MatpiError as error:
            put(SensorLost(time.monotonic(), str(error), *FAILED))


def calibrate(device: Client, log: Path, weight_kg: float, keys: Iterable[str] | None = None) -> None:
    """Have the device calibrate, say what its screen says, and hold its button for each line of `keys` (stdin).

    Return when the new values are stored. Raises CalibrationError when it ended without any.
    """
    before = _calibration(log)
    device.ask({"do": "calibrate", "weight_kg": weight_kg})
    say("The device calibrates, and its screen says what to do. Enter holds its button, Ctrl-C leaves it to itself.")
    over = threading.Event()
    given = device, sys.stdin if keys is None else keys, over.is_set
    threading.Thread(target=_hold, args=given, name="keys", daemon=True).start()
    _follow(device)
    over.set()
    if _calibration(log) == before:
        raise CalibrationError("The calibration ended without a result; the old values stay. Run it again.")


def _follow(device: Client) -> None:
    """Print each new text of the screen while it calibrates."""
    said = ""
    states = device.stream({"do": "live"})
    with closing(states):  # type: ignore[type-var]
        for state in states:
            if state["front"] != Front.CALIBRATING.name:
                return
            if state["spoken"] != said:
                said = state["spoken"]
                say(said)


def _hold(device: Client, keys: Iterable[str], over: Callable[[], bool]) -> None:
    with suppress(MatpiError, OSError):  # the device is gone, as the other thread reports; or nothing can be typed
        for _ in keys:
            if over():
                return
            device.ask({"do": "press", "how": "hold"})


def _calibration(log: Path) -> object:
    with Store.open(log, read_only=True) as stored:
        return stored.load().calibration
