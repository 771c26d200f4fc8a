"""The running device as the control socket asks it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Final, Protocol

from matpi.config import Config
from matpi.core.events import ButtonDown, ButtonUp, Event
from matpi.errors import HardwareError
from matpi.loop import Call, Loop
from matpi.ports import Clock
from matpi.store.writer import PatientStore
from matpi.words import LANGUAGES, Words

RECORD_S: Final = 50.0  # chosen: ten minutes of four chips take 0.3 s on x86-64 (measured); a slow card may take more


class Owner(Protocol):
    """What of the appliance it takes."""

    config: Config
    clock: Clock
    loop: Loop | None
    store: PatientStore | None

    def put(self, event: Event | Call) -> None: ...
    def save_recording(self) -> Future[Path] | None: ...


class ApplianceHost:
    """Implements control.door.Host."""

    def __init__(self, appliance: Owner) -> None:
        self._appliance = appliance
        self.rules = appliance.config.device_rules()

    @property
    def loop(self) -> Loop | None:
        return self._appliance.loop

    @property
    def store(self) -> PatientStore | None:
        return self._appliance.store

    @property
    def words(self) -> Words:
        loop = self._appliance.loop
        return LANGUAGES[self._appliance.config.panel.language] if loop is None else loop.words

    def now(self) -> float:
        return self._appliance.clock.monotonic()

    def call(self, what: Callable[[], None]) -> None:
        self._appliance.put(Call(what))

    def press(self, seconds: float) -> None:
        """Press the button as a finger does, also where the device has none."""
        self._appliance.put(ButtonDown(self.now()))
        time.sleep(seconds)
        self._appliance.put(ButtonUp(self.now()))

    def record(self) -> Path:
        asked = self._appliance.save_recording()
        if asked is None:
            raise HardwareError("Nothing is recorded yet; try again when the device has started.")
        try:
            return asked.result(RECORD_S)
        except TimeoutError:
            raise HardwareError("The recording is not written yet; look in `recordings` beside the log.") from None

    def try_out(self, name: str) -> str:
        from matpi.upstream.trial import try_out

        return try_out(self._appliance.config.upstream.sink(name))[1]
