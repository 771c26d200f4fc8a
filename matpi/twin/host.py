"""The simulated device as the control socket asks it. The emulated board has a socket of its own: the service's."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from matpi.config import Config
from matpi.control.address import beside
from matpi.control.door import Door
from matpi.control.server import ControlServer
from matpi.errors import HardwareError
from matpi.loop import Loop
from matpi.store.writer import PatientStore
from matpi.twin.world import VirtualWorld
from matpi.upstream.trial import try_out
from matpi.words import Words


class VirtualHost:
    """Implements control.door.Host. `do` runs something in the thread that plays the world."""

    def __init__(self, world: VirtualWorld, config: Config, do: Callable[[Callable[[], None]], None]) -> None:
        self._world, self._config, self._do = world, config, do
        self.rules = config.device_rules()

    @property
    def loop(self) -> Loop | None:
        return self._world.loop

    @property
    def store(self) -> PatientStore | None:
        return self._world.store

    @property
    def words(self) -> Words:
        return self._world.words

    def now(self) -> float:
        return self._world.t

    def call(self, what: Callable[[], None]) -> None:
        self._do(what)

    def press(self, seconds: float) -> None:
        self._do(lambda: self._world.press(seconds))
        time.sleep(seconds + 0.1)  # and the world has let it go

    def record(self) -> Path:
        raise HardwareError("A simulated mat gives no counts; `matpi sim --board` has cells that do.")

    def try_out(self, name: str) -> str:
        return try_out(self._config.upstream.sink(name))[1]


class Outlet:
    """The control socket of a simulated device, from power on to power off."""

    def __init__(self, world: VirtualWorld, config: Config, do: Callable[[Callable[[], None]], None]) -> None:
        self.door = Door(VirtualHost(world, config, do))
        self._path = beside(world.store_path)
        self._server: ControlServer | None = None

    def on(self) -> None:
        self._server = ControlServer(self.door, self._path)
        self._server.start()

    def off(self) -> None:
        if self._server is not None:
            self._server.stop()
            self._server = None
