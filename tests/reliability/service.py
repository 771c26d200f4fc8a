"""The service in virtual time: the real appliance, loop, store, writer, relay and control socket.

The loop asks its inbox for the next event; this inbox lets virtual time pass until there is one. Simulated are the
load on the cells (sim/body.py) from their samples on, the panel, the edges of the button, and the machine's clocks.
"""

from __future__ import annotations

import heapq
import queue
import random
import sqlite3
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path
from threading import Event as Flag
from typing import Any, Final
from unittest import mock

from PIL.Image import Image

from matpi.config import ButtonConfig, Config, LampConfig, PanelConfig, ScaleConfig
from matpi.core.brightness import Brightness
from matpi.core.effects import Effect
from matpi.core.events import ButtonDown, ButtonUp, Counted, Event, Noted, SensorLost
from matpi.drivers.clock import ClockWatch
from matpi.drivers.facts import ScaleFacts
from matpi.drivers.scale.assembly import NAMES, Assembly
from matpi.drivers.scale.guard import SUSPECT, Counts, Sample, Status
from matpi.drivers.scale.process import STARTING
from matpi.errors import HardwareError
from matpi.loop import Call
from matpi.ports import PutCounted
from matpi.service.appliance import Appliance, PulledError
from matpi.sim.body import Mat
from matpi.store.db import Store
from matpi.store.writer import PatientStore
from matpi.upstream.config import UpstreamConfig
from tests.reliability.disk import Disk

PERIOD_S: Final = 0.1
"""Between two readings of the cells."""
SETTLING_S: Final = 0.4
HOLE_S: Final = 0.5
"""Good readings further apart have a hole, in which nothing is known of the mat."""
COUNTS_PER_KG: Final = 43_000.0
FOLD_S: Final = 2.0
WAIT_S: Final = 60.0
"""Of this computer, for a thread to end what it does."""


class Inbox:
    """Implements the loop's queue: what threads put comes at once; else time passes until something comes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.rest_until: float | None = None
        """Until then, by this computer's clock, no virtual time passes: threads may end."""

    def put(self, event: Event | Counted | Call) -> None:
        self._queue.put(event)

    def get(self, timeout: float) -> Any:
        world = self._world
        until = world.t + timeout + 1e-9  # or a wait too short for a float would never be over
        while True:
            with suppress(queue.Empty):
                return self._queue.get_nowait()
            if self.rest_until is not None:
                if time.monotonic() < self.rest_until:
                    with suppress(queue.Empty):
                        return self._queue.get(timeout=0.02)
                    continue
                self.rest_until = None
            if not world.settle() and not world.step(until):
                raise queue.Empty


class SlowStore(PatientStore):
    """The real store, whose thread waits while the disk is slow."""

    def __init__(self, path: Path, *, free: Flag, **given: Any) -> None:
        self._free = free
        self.busy = False
        """Something was handed over since `catch_up`."""
        super().__init__(path, **given)

    def _writer(self) -> Store:
        self._free.wait()
        return super()._writer()

    def _do(self, key: str, what: object, write: Callable[[], None]) -> bool:
        self.busy = True
        return super()._do(key, what, write)

    def change(self, work: Callable[[Store], None], failed: Callable[[Exception], None]) -> None:
        self.busy = True
        super().change(work, failed)

    def catch_up(self, job: Callable[[], object] = lambda: None) -> None:
        """Wait until the writer has done all, and then `job`."""
        self.busy = False
        if self._thread is None or not self._thread._thread.is_alive():
            return
        done = Flag()

        def do() -> None:
            job()
            done.set()

        self._thread._jobs.put(("", do))
        assert done.wait(WAIT_S), "the writer of the log hangs"

    def fold_now(self) -> None:
        self.catch_up(self._fold)


class Panel:
    """Implements the screen of an appliance."""

    def __init__(self) -> None:
        self.unplugged = False
        self.image: Image | None = None
        self.drawn = 0

    @property
    def trouble(self) -> str:
        return "unplugged" if self.unplugged else ""

    def show(self, image: Image, _: Brightness) -> None:
        self._draw(image)

    def off(self) -> None:
        self._draw(None)

    def stop(self, *, blank: bool) -> None:
        if blank:
            self.image = None

    def _draw(self, image: Image | None) -> None:
        if self.unplugged:
            self.image = None
            raise HardwareError("The panel does not answer; check its four wires.")
        self.drawn += 1
        self.image = image


class Cells:
    """Implements the scale of an appliance: from the samples of two chips on all is real, their checks included."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = random.Random(world.seed)
        self._put: PutCounted | None = None
        self._assembly = Assembly(NAMES[2], round(1 / PERIOD_S))
        self.status: dict[int, Status] = {}
        """Chip -> what each of its samples is."""
        self.glitches = self.noise_kg = 0.0
        """The share of read-outs that are disturbed, and noise on the head chip."""
        self.held: list[Event | Counted] | None = None
        """What comes later; None: nothing does."""
        self.due = inf
        self._suspects = [0, 0]
        self._silent_at = [-inf, -inf]

    def start(self, put: PutCounted) -> None:
        self._put = put
        self._assembly = Assembly(NAMES[2], round(1 / PERIOD_S))
        self._silent_at = [-inf, -inf]
        self._begin()

    def stop(self) -> None:
        self._put, self.due, self.held = None, inf, None

    def report(self) -> ScaleFacts:
        return ScaleFacts(alive=self.due < inf, trouble=self._assembly.trouble)

    def _begin(self) -> None:
        self._assembly.begin(self._world.now())
        self.due = self._world.t + SETTLING_S

    def kill(self, again_s: float) -> None:
        """The reader process ends, and is started `again_s` later."""
        if self._put is None:
            return
        t, self.due = self._world.now(), inf
        self._deliver(Noted(t, "reader_died", "The reader of the load cells ended (SIGKILL); it is restarted."))
        self._deliver(SensorLost(t, "The reader of the load cells ended (SIGKILL); it is restarted.", *STARTING))
        put = self._put
        self._world.after(again_s, lambda: self._begin() if self._put is put else None)

    def tick(self) -> None:
        """A period is over: each chip gives a sample."""
        world = self._world
        self.due += PERIOD_S
        t = world.now()
        values = world.mat.sample(world.t) or (0.0, 0.0)
        for chip, kg in enumerate(values):
            if (sample := self._sample(chip, t, kg)) is not None:
                event = self._assembly.add(chip, sample)
                if event is not None:
                    self._deliver(event)
        if (lost := self._assembly.due(t)) is not None:
            self._deliver(lost)

    def _sample(self, chip: int, t: float, kg: float) -> Sample | None:
        status = self.status.get(chip)
        if status is Status.NOT_READY:  # once in ten periods
            if t - self._silent_at[chip] < 1.0:
                return None
            self._silent_at[chip] = t
        if status is None and self.glitches and self._random.random() < self.glitches:
            status = Status.GLITCH
        if status is not None:
            self._suspects[chip] = SUSPECT
            return Sample(t, Counts(0), status)
        if self._suspects[chip]:
            self._suspects[chip] -= 1
            return Sample(t, Counts(0), Status.STALE)
        if chip == 0 and self.noise_kg:
            kg += self._random.gauss(0.0, self.noise_kg)
        return Sample(t, Counts(round(kg * COUNTS_PER_KG)), Status.OK)

    def hold(self) -> None:
        self.held = []

    def release(self) -> None:
        held, self.held = self.held or [], None
        for event in held:
            self._deliver(event)

    def _deliver(self, event: Event | Counted) -> None:
        if self._put is None:
            return
        if self.held is not None:
            self.held.append(event)
            return
        if isinstance(event, Counted) and event.ok:
            self._world.seen(event.t + self._world.booted_at)
        self._put(event)


class Clock:
    """The machine's clocks. Once trusted by a process, the wall clock stays trusted."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._trusted = False

    def monotonic(self) -> float:
        return self._world.now()

    def utc(self) -> float:
        return self._world.utc + self._world.off_s

    def trusted(self) -> bool:
        self._trusted |= self._world.synchronised
        return self._trusted


class StillWatch(ClockWatch):
    """The clock watch without its thread: the world polls it."""

    def start(self) -> None:
        for event in self.poll():
            self._put(event)

    def stop(self) -> None:
        pass


class World:
    """One device, its machine and the mat. `t` is true time in seconds; nothing else passes."""

    def __init__(self, folder: Path, *, utc: float, seed: int, upstream: UpstreamConfig) -> None:
        self.seed, self.path, self._utc = seed, folder / "matpi.db", utc
        self.t = 0.0
        self.mat, self.panel = Mat(seed=seed), Panel()
        self.cells = Cells(self)
        self.disk = WatchedDisk(folder)
        self.fast = Flag()
        self.fast.set()
        self.synchronised, self.off_s = True, 0.0
        self.booted_at, self.boot_id = -5.0, uuid.uuid4().hex
        self.appliance: Appliance | None = None
        self.inbox = Inbox(self)
        self.last_seen: float | None = None
        self.holes: list[tuple[float, float, float]] = []
        """When the device had no good reading: from the last before, to the first after, and when that was read."""
        self._config = Config(
            scale=ScaleConfig(rate=10),
            panel=PanelConfig(driver="none"),
            button=ButtonConfig(driver="none"),
            lamp=LampConfig(driver="none"),
            upstream=upstream,
        )
        self.watch: Callable[[Effect], None] = lambda _: None
        self._plan: list[tuple[float, int, Callable[[], None]]] = []
        self._planned = 0
        self._watch: StillWatch | None = None
        self._fold_at = inf
        self._files: dict[str, bytes] = {}

    # -- time

    @property
    def utc(self) -> float:
        """The true time."""
        return self._utc + self.t

    def now(self) -> float:
        """The monotonic clock of this boot."""
        return self.t - self.booted_at

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        self._planned += 1
        heapq.heappush(self._plan, (self.t + seconds, self._planned, do))

    def step(self, until: float) -> bool:
        """Do what is next. Return False when nothing is by `until`: then it is that time."""
        due = min(self._plan[0][0], self.cells.due)
        if due > until:
            self.t = until
            return False
        self.t = max(self.t, due)
        if due == self.cells.due:
            self.cells.tick()
        else:
            heapq.heappop(self._plan)[2]()
        return True

    def settle(self) -> bool:
        """Let the writer of the log catch up, unless the disk is slow. Return whether it had something to do."""
        store = None if self.appliance is None else self.appliance.store
        if not isinstance(store, SlowStore) or not self.fast.is_set():
            return False
        if store.busy:
            store.catch_up()
            self._fold_at = self.t + FOLD_S
            return True
        if self.t >= self._fold_at:
            self._fold_at = inf
            store.fold_now()
        return False

    def seen(self, read_at: float) -> None:
        """A good reading was given to the device, perhaps late."""
        if self.last_seen is None or self.t - self.last_seen > HOLE_S:
            self.holes.append((-inf if self.last_seen is None else self.last_seen, self.t, read_at))
        self.last_seen = self.t

    def poll_clock(self) -> None:
        """Once a second, as the thread of the clock watch does."""
        self.after(1.0, self.poll_clock)
        if self._watch is not None and self.appliance is not None:
            for event in self._watch.poll():
                self.inbox.put(event)

    # -- power

    def live(self, started: Callable[[], None]) -> None:
        """Run the service until it is asked to stop or pulled."""
        self.inbox = Inbox(self)
        clock = Clock(self)

        def watch(*given: Any) -> StillWatch:
            self._watch = StillWatch(*given, slept_s=lambda: 0.0)
            return self._watch

        def make_store(path: Path, **given: Any) -> SlowStore:
            return SlowStore(path, free=self.fast, **given)

        parts: Any = self
        screen: Any = self.panel
        inbox: Any = self.inbox
        appliance = Appliance(
            self._config,
            parts,
            self.path,
            clock,
            screen=screen,
            inbox=inbox,
            boot_id=self.boot_id,
            zone="UTC",
            make_store=make_store,
            watch=self.watch,
        )
        try:
            with mock.patch("matpi.service.appliance.ClockWatch", watch):
                appliance.start()
            self.appliance = appliance
            started()
            appliance.run()
        except PulledError:
            pass
        finally:
            self.appliance = self._watch = None
            self._fold_at = inf
            self.fast.set()
            appliance.close()
            self._put_back()

    def scale(self) -> Any:
        return self.cells

    def pull(self) -> None:
        """End the device as it is: the files are what they were at this moment."""
        assert self.appliance is not None
        if self.disk.trouble is None and self.fast.is_set():
            self.settle()
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True) as reader:  # holds the checkpoints back
            with suppress(sqlite3.Error):
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM sqlite_master").fetchall()
            self._files = {end: self._end(end).read_bytes() for end in ("", "-wal") if self._end(end).exists()}
        reader.close()
        self.appliance.pull()

    def _put_back(self) -> None:
        files, self._files = self._files, {}
        if not files:
            return
        trouble, self.disk.trouble = self.disk.trouble, None
        for end in ("-wal", "-shm"):
            self._end(end).unlink(missing_ok=True)
        for end, data in files.items():
            self._end(end).write_bytes(data)
            self.disk.learn(self._end(end))
        self.disk.trouble = trouble

    def _end(self, end: str) -> Path:
        return self.path.with_name(self.path.name + end)

    def pass_s(self, seconds: float) -> None:
        """Let time pass without a device."""
        until = self.t + seconds
        while self.step(until):
            pass

    def boot(self) -> None:
        """The machine starts: a new run of the monotonic clock."""
        self.booted_at, self.boot_id = self.t - 5.0, uuid.uuid4().hex

    # -- hands

    def edge(self, *, down: bool) -> None:
        if self.appliance is not None:
            self.inbox.put(ButtonDown(self.now()) if down else ButtonUp(self.now()))

    def press(self, seconds: float) -> None:
        self.edge(down=True)
        self.after(seconds, lambda: self.edge(down=False))


class WatchedDisk(Disk):
    """A disk that fails when it is to, and remembers nothing."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.log = _Nothing()

    def learn(self, path: Path) -> None:
        """Take a file that was written past it."""
        self._inode(path.stat(), b"")

    def _look(self, path: str) -> None:
        pass


class _Nothing(list[Any]):
    def append(self, _: Any) -> None:
        pass
