"""Run the appliance as on a Pi, over the emulated board, with real drivers and the reader process.

Real time only: the drivers wait for real edges. What the panel shows is what its bytes say.
"""

from __future__ import annotations

import queue
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matpi.config import Config
from matpi.core.effects import Effect, Light, Pattern
from matpi.ports import Clock
from matpi.service.appliance import Appliance, PulledError
from matpi.service.parts import light_up
from matpi.sim.board import FAULTS, Board
from matpi.twin.world import SimulatedDisk
from matpi.words import LANGUAGES, Words

if TYPE_CHECKING:
    from PIL.Image import Image

    from matpi.core.brightness import Brightness
    from matpi.core.device import Device

LOOK_S = 0.05
"""Between two looks at the panel. Chosen: a page shows 20 pictures a second and the device 5."""
END_S = 10.0
"""How long the device may take to end."""


class BoardWorld:
    """The emulated board as the world of a Twin. From power on to power off the device has its own thread."""

    fault_names = (*FAULTS, "disk")

    def __init__(
        self,
        config: Config,
        board: Board,
        store_path: Path,
        clock: Clock,
        zone: str,
        watch: Callable[[Effect], None] = lambda _: None,
        page_address: str = "",
    ) -> None:
        """Wire a board. `watch` sees every effect once performed, in the device's thread.

        `zone` is for a new log; `page_address`: of the device's page, if it has one.
        """
        self.mat, self.store_path = board.mat, store_path
        self._board = board
        self.light = Light(Pattern.OFF, 0.0)
        self.appliance: Appliance | None = None
        self._config, self._clock, self._zone, self._watch = config, clock, zone, watch
        self._page_address = page_address
        self._thread: threading.Thread | None = None
        self._asked: Callable[[], None] | None = None
        self._crash: Exception | None = None
        self._disk_full = False

    # -- power -----------------------------------------------------------------------------------------------------

    def power_on(self) -> None:
        """Boot. Raises what the boot raised, such as StoreBusyError."""
        inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        appliance = Appliance(
            self._config,
            self._board,
            self.store_path,
            self._clock,
            screen=light_up(self._board, inbox.put),
            inbox=inbox,
            boot_id=uuid.uuid4().hex,  # a boot of the board is none of this computer
            zone=self._zone,
            watch=self._performed,
            turned=self._turned,
            make_store=partial(SimulatedDisk, full=lambda: self._disk_full),
            page_address=self._page_address,
        )
        booted: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, args=(appliance, booted), name="device", daemon=True)
        self._thread.start()
        booted.result()
        self.appliance = appliance

    def _live(self, appliance: Appliance, booted: Future[None]) -> None:
        """Run the device. This is its thread, which its log belongs to."""
        try:
            appliance.start()
        except Exception as error:  # noqa: BLE001  raised by `power_on`
            appliance.close()
            booted.set_exception(error)
            return
        booted.set_result(None)
        try:
            appliance.run()
        except PulledError:
            pass
        except Exception as error:  # noqa: BLE001  raised by `run_until`
            self._crash = error
        finally:
            appliance.close()

    def power_off(self) -> None:
        """Pull the plug."""
        if self.appliance is not None:
            self.appliance.pull()
            self._wait()
            self._board.power_cut()

    def shut_down(self) -> None:
        """End as the service does when it is asked to."""
        if self.appliance is not None:
            self.appliance.ask_to_stop()
            self._wait()

    def _wait(self) -> None:
        if self._thread is not None:
            self._thread.join(timeout=END_S)
        self.appliance = self._thread = self._asked = None
        self.light = Light(Pattern.OFF, self.t)

    @property
    def device(self) -> Device | None:
        return None if self.appliance is None else self.appliance.device

    @property
    def words(self) -> Words:
        loop = None if self.appliance is None else self.appliance.loop
        return LANGUAGES[self._config.panel.language] if loop is None else loop.words

    @property
    def damage(self) -> str:
        store = None if self.appliance is None else self.appliance.store
        return "" if store is None else store.damage

    # -- time ------------------------------------------------------------------------------------------------------

    @property
    def t(self) -> float:
        return self._clock.monotonic()

    @property
    def local(self) -> datetime:
        device = self.device
        zone = None if device is None else device.clock.zone
        now = datetime.fromtimestamp(self._clock.utc(), zone)
        return now.astimezone() if zone is None else now

    def next_due(self) -> float:
        return self.t + LOOK_S

    def run_until(self, _: float) -> None:
        """Raise what has ended the device by a mistake of ours. Time passes by itself."""
        if self._crash is not None:
            raise self._crash

    def ask(self, what: Callable[[], None]) -> None:
        if self.appliance is None:
            what()
        else:
            self._asked = what

    # -- hands, and what can be seen -------------------------------------------------------------------------------

    def act(self, what: str) -> None:
        self._board.act(what)

    def weigh(self, kg: float) -> None:
        self._board.weigh(kg)

    def button(self, down: bool) -> None:
        self._board.button(down=down)

    def fault(self, name: str, on: bool) -> None:
        if name == "disk":
            self._disk_full = on
        else:
            self._board.fault(name, on=on)

    @property
    def faults(self) -> list[str]:
        return [*self._board.faults, *(["disk"] if self._disk_full else [])]

    @property
    def panel_changes(self) -> int:
        return self._board.panel_changes

    def picture(self) -> tuple[Image | None, Brightness]:
        return self._board.picture(), self._board.brightness()

    # -- in the device's thread ------------------------------------------------------------------------------------

    def _performed(self, effect: Effect) -> None:
        if isinstance(effect, Light):
            self.light = effect
        self._watch(effect)

    def _turned(self) -> None:
        what, self._asked = self._asked, None
        if what is not None:
            what()
