"""A whole device in a forked process, to be killed at any moment, in a time that its person lets pass.

It is the `Appliance` of the service with its own threads: loop, log writer, control socket, relay, recorder. Made up
are the counts of the load cells, the person, and the clock, which goes on with the readings: a session of minutes takes
a second. What the device does and what was acknowledged goes to a pipe, a line each.
"""

from __future__ import annotations

import base64
import os
import pickle
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from matpi.config import ButtonConfig, ChimeConfig, Config, LampConfig, PanelConfig
from matpi.core.effects import Checkpoint, DateBoot, Drop, Effect, Save, Show
from matpi.core.events import ButtonDown, ButtonUp, Counted, Saved, SaveFailed
from matpi.core.front import Front
from matpi.core.model import Rating, Session
from matpi.core.views import RatingSaved, SessionDone
from matpi.drivers.facts import ChipFacts, ScaleFacts
from matpi.loop import Call
from matpi.service.appliance import Appliance
from matpi.service.run import SWITCH_S
from matpi.sim.board_reader import COUNTS_PER_KG, OFFSETS
from matpi.sim.body import Mat
from matpi.store.writer import PatientStore
from matpi.upstream.config import UpstreamConfig, WebhookConfig
from matpi.upstream.queue import Outbox

STEP_S: Final = 0.1  # between two readings
SLOW_S: Final = 0.0005  # of real time for a reading, where the kill is near
TURN: Final = 5  # readings between two meetings of person and loop


@dataclass(frozen=True, slots=True)
class Life:
    """What the person does in it, when it begins in the device's time, and how the person is then."""

    kind: str
    t: float
    utc: float
    boot_id: str
    lies: bool


class Time:
    """Implements ports.Clock."""

    def __init__(self, life: Life) -> None:
        self.t, self._offset = life.t, life.utc - life.t

    def monotonic(self) -> float:
        return self.t

    def utc(self) -> float:
        return self._offset + self.t

    def trusted(self) -> bool:
        return True


class Reporter:
    """Writes lines to a pipe, each at once and whole; a byte from the other one is the answer to `ask`."""

    def __init__(self, out: int, answers: int) -> None:
        self._out, self._answers = out, answers
        self.writes = 0
        self.by_key: dict[str, int] = {}

    def line(self, word: str, *rest: object) -> None:
        os.write(self._out, " ".join((word, *map(str, rest))).encode() + b"\n")

    def ask(self, word: str, *rest: object) -> None:
        self.line(word, *rest)
        os.read(self._answers, 1)

    def seen(self, effect: Effect) -> None:
        """Report what the log was asked for, and what the panel shows as saved. In the device's thread."""
        match effect:
            case Save() | Drop() | Checkpoint() | DateBoot():
                self.writes += 1
                self.by_key[effect.key] = self.writes
                if isinstance(effect, Save):
                    self.by_key[type(effect.record).__name__] = self.writes
                self.line("write", base64.b64encode(pickle.dumps(effect)).decode())
            case Show(RatingSaved(saved=True)):
                self.line("acked", self.by_key[Rating.__name__])
            case Show(SessionDone(saved=True)):
                self.line("acked", self.by_key[Session.__name__])


class Person:
    """The load cells, and who is on them: a thread in the place of the scale's. Implements Parts and ReaderScale."""

    def __init__(self, life: Life, clock: Time, reporter: Reporter) -> None:
        self.appliance: Appliance | None = None
        self._life, self._clock, self._reporter = life, clock, reporter
        self._mat = Mat(seed=int(life.utc))
        self._lies = life.lies
        if life.lies:
            self._mat.act("lie_down", clock.t - 100.0)
        self._n, self._pace_s = 0, 0.0
        self._take: Callable[[Counted], None] = lambda _: None
        self._ended = False

    # -- the parts of the device

    def panel(self) -> None:
        return None

    def scale(self) -> Any:
        return self

    def pins(self) -> None:
        raise AssertionError("there are none")

    def start(self, take: Callable[[Counted], None]) -> None:
        self._take = take
        threading.Thread(target=self._live, name="scale", daemon=True).start()

    def stop(self) -> None:
        self._ended = True

    def report(self) -> ScaleFacts:
        return ScaleFacts(alive=True, chips=(ChipFacts(rate_hz=1.0 / STEP_S),))

    # -- what is done

    def _live(self) -> None:
        try:
            if self._life.kind == "start":
                self._go()
            self.wait(12.0)
            while self._device().ledger.waiting:
                self.wait(STEP_S)
            # The parent looks at the state by the control socket; time waits for it.
            self._reporter.ask("settled", self._clock.t)
            if self._life.kind != "start":
                getattr(self, "_" + self._life.kind)()
            while not self._ended:
                self.wait(1.0)
        except BaseException:  # noqa: BLE001  the parent shows it
            self._reporter.line("failed", repr(traceback.format_exc()))

    def _begin(self) -> None:
        self._off_the_mat()
        self._go()
        self._act("lie_down")

    def _under_way(self) -> None:
        self._on_the_mat(20.0)
        self._go()

    def _end(self) -> None:
        self._on_the_mat(160.0)
        self._go()
        self._act("get_up")

    _upstream = _end

    def _rating(self) -> None:
        self._off_the_mat()
        for _ in range(200):
            if self._front() is Front.RATING:
                break
            if self._front() is Front.IDLE:
                self._tap()
            self.wait(1.0)
        assert self._front() is Front.RATING, self._front()
        self._go()
        for _ in range(4):
            self._tap()
        self._press(1.0)

    def _command(self) -> None:
        """Go on with whatever is; a command runs beside it."""
        self._go()

    def _quiet(self) -> None:
        """Get up, answer nothing, and end as the service does when all is sent."""
        self._off_the_mat()
        self.wait(100.0)
        assert self.appliance is not None
        outbox = Outbox(self.appliance.store_path, "house")
        while outbox.depth() or self._device().ledger.waiting:
            self.wait(STEP_S)
        outbox.close()
        self._reporter.ask("settled", self._clock.t)
        self.appliance.ask_to_stop()

    # -- how

    def wait(self, seconds: float) -> None:
        """Let time pass, with readings; never ahead of the loop by more than TURN of them."""
        for _ in range(round(seconds / STEP_S)):
            if self._ended:
                return
            self._clock.t += STEP_S
            kg = self._mat.sample(self._clock.t) or (0.0, 0.0)
            counts = tuple(round(offset + one * COUNTS_PER_KG) for offset, one in zip(OFFSETS, kg, strict=False))
            self._take(Counted(self._clock.t, counts, ok=True, flag="ok"))
            self._n += 1
            if self._n % TURN == 0:
                handled = threading.Event()
                self._put(Call(handled.set))
                handled.wait(60.0)
                self._reporter.line("time", self._clock.t, int(self._lies))
                time.sleep(TURN * self._pace_s)

    def _go(self) -> None:
        """From here on the kill may come: time passes more slowly."""
        self._pace_s = SLOW_S
        self._reporter.line("go", self._clock.t)

    def _act(self, what: str) -> None:
        self._mat.act(what, self._clock.t)
        self._lies = what == "lie_down"
        self._reporter.line(what, self._clock.t)

    def _on_the_mat(self, seconds: float) -> None:
        if not self._lies:
            self._act("lie_down")
        self.wait(seconds)

    def _off_the_mat(self) -> None:
        if self._lies:
            self._act("get_up")
            self.wait(25.0)

    def _tap(self) -> None:
        self._press(0.2)

    def _press(self, seconds: float) -> None:
        self._put(ButtonDown(self._clock.t))
        self.wait(seconds)
        self._put(ButtonUp(self._clock.t))
        self.wait(0.3)

    def _put(self, event: Any) -> None:
        assert self.appliance is not None
        self.appliance.put(event)

    def _device(self) -> Any:
        assert self.appliance is not None
        return self.appliance.device

    def _front(self) -> Front:
        front: Front = self._device().stage.front
        return front


def config_of(port: int, secret: Path) -> Config:
    """Return the config of a device without lamp, button and panel, which sends to a receiver on this computer."""
    house = WebhookConfig(url=f"http://127.0.0.1:{port}/", secret=str(secret), name="house", allow_insecure=True)
    return Config(
        panel=PanelConfig(driver="none"),
        lamp=LampConfig(driver="none"),
        chime=ChimeConfig(driver="none"),
        button=ButtonConfig(driver="none"),
        upstream=UpstreamConfig(webhook=(house,)),
    )


def live(life: Life, config: Config, log: Path, out: int, answers: int) -> int:
    """Be the device until the end."""
    reporter, clock = Reporter(out, answers), Time(life)
    person = Person(life, clock, reporter)

    class Observed(PatientStore):
        """Reports when the device takes a record for stored."""

        def holds(self, answer: Saved | SaveFailed) -> bool:
            held = super().holds(answer)
            if held and isinstance(answer, Saved) and answer.id in reporter.by_key:
                reporter.line("acked", reporter.by_key[answer.id])
            return held

    sys.setswitchinterval(SWITCH_S)
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    person.appliance = appliance = Appliance(
        config,
        person,
        log,
        clock,
        screen=None,
        inbox=inbox,
        boot_id=life.boot_id,
        zone="UTC",
        watch=reporter.seen,
        make_store=Observed,
    )
    reporter.line("starts", life.t)
    try:
        appliance.start()
        reporter.line("open")
        appliance.run()
    finally:
        appliance.close()
    reporter.line("ended")
    return 0
