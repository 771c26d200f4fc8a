"""Perform requests on a running device: in its own thread what is the core's, in the store's what is the log's."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from pathlib import Path
from queue import Empty, Full, Queue
from typing import Any, Final, Protocol, TypeVar

from msgspec.structs import replace

from matpi.control.log_view import sharing
from matpi.control.requests import all as requests
from matpi.control.requests.base import Done, LogRequest, Now, Request
from matpi.control.requests.settings import Settings
from matpi.control.requests.transfer import Import
from matpi.control.state import state_of, with_panel
from matpi.core.device import Device
from matpi.core.effects import Calibrated, Effect, Note
from matpi.core.events import (
    CalibrationWished,
    Counted,
    Event,
    LogChanged,
    Noted,
    SensorLost,
    SettingWished,
    Wish,
    Wished,
)
from matpi.core.model import Log, Memory
from matpi.core.model import Settings as Settings_
from matpi.core.rules import DeviceRules
from matpi.core.text import Text
from matpi.errors import DeviceOffError, HardwareError, MatpiError, StoreError
from matpi.loop import Loop
from matpi.store.db import Store
from matpi.store.history import setting_texts
from matpi.store.settings import changed, settings_of
from matpi.store.writer import PatientStore
from matpi.words import Words

T = TypeVar("T")
CALL_S: Final = 10.0  # chosen: the device takes a call between two readings, so only a hung one does not answer
OFF: Final = "The device is off."
STORE_S: Final = 55.0  # chosen: an import of ten years on a slow card takes seconds
LIVE_S: Final = 0.25  # chosen: a load that moves is seen to move
AGAIN_S: Final = 5.0  # so often the state is sent while only time goes on in it
SAMPLES: Final = 1024  # wait for a client that does not read them: 6 s of two chips at 80/s
PRESS_S: Final = {"tap": 0.15, "hold": 0.9}  # of the button, over the 0.7 s of a hold
APART_S: Final = 0.1  # chosen: over the 20 ms after which the button counts as released
PASSING: Final = frozenset({"utc", "local", "front_s"})
"""What of the state changes as time goes on."""
WISHES: Final = {
    requests.Zero: Wish.ZERO,
    requests.UndoZero: Wish.UNDO_ZERO,
    requests.Identify: Wish.IDENTIFY,
    requests.Snooze: Wish.SNOOZE,
}
REFUSALS: Final = frozenset({"zero_refused", "wish_refused", "calibration_refused"})
"""The notes that say why a wish was not granted."""


class Host(Protocol):
    """The owner of the device: the service, or a twin."""

    rules: DeviceRules

    @property
    def loop(self) -> Loop | None: ...
    @property
    def store(self) -> PatientStore | None: ...
    @property
    def words(self) -> Words:
        """Return the words of the panel."""

    def now(self) -> float:
        """Return the device's monotonic seconds."""

    def call(self, what: Callable[[], None]) -> None:
        """Run `what` soon, in the thread that owns the device."""

    def press(self, seconds: float) -> None:
        """Press the button and release it after `seconds`."""

    def record(self) -> Path:
        """Save the last ten minutes of counts; return the file. Raises MatpiError."""

    def try_out(self, name: str) -> str:
        """Send a record of nothing to a receiver; return what came back, in a sentence. Raises MatpiError."""


class Door:
    """Takes requests, each in a thread of the caller's."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._refused: list[str] | None = None  # why the wish under way was not granted, by the core
        self._listeners: tuple[Queue[Mapping[str, Any]], ...] = ()  # of counts; replaced whole
        self._pressing = threading.Lock()  # held while the button is pressed from afar
        self._lock = threading.Lock()  # guards what follows, and the change of `_listeners`
        self._waited: set[Future[Any]] = set()  # by the threads of the callers
        self._closed = False

    def perform(self, request: Request) -> Done:
        """Answer a request that has one answer. Raises MatpiError with why not; then nothing has changed."""
        match request:
            case Settings():
                return self._set(request)
            case LogRequest():
                return self._change(request)
            case requests.State():
                return Done(data=self.state())
            case requests.Press(how):
                self._press(PRESS_S[how])
                return Done()
            case requests.Calibrate(weight_kg, anywhere):
                return self._wish(lambda t: CalibrationWished(t, weight_kg, anywhere))
            case requests.Record():
                return Done(data={"name": self._host.record().name})
            case requests.Pair(code):
                return self._pair(code)
            case requests.UpstreamTest(name):
                return Done((self._host.try_out(name),))
            case _:
                wish = WISHES[type(request)]
                return self._wish(lambda t: Wished(t, wish))

    # -- what the core does ----------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        words = self._host.words
        state, show = self._ask(lambda device: (state_of(device, words), device.display.shown))
        return with_panel(state, show, words)

    def live(self) -> Iterator[Mapping[str, Any] | None]:
        """Yield the state at once and at each change; None when there was none for LIVE_S."""
        last, sent_at = self.state(), time.monotonic()
        yield last
        while True:
            time.sleep(LIVE_S)
            new, now = self.state(), time.monotonic()
            if now >= sent_at + AGAIN_S or _lasting(new) != _lasting(last):
                last, sent_at = new, now
                yield new
            else:
                yield None

    def counted(self, event: Event | Counted) -> None:
        """Pass a sample on to who listens. In the thread of the load cells; never waits."""
        for listener in self._listeners:
            try:
                match event:
                    case Counted(t, counts, ok, flag):
                        listener.put_nowait({"t": t, "counts": list(counts), "ok": ok, "flag": str(flag)})
                    case SensorLost():
                        listener.put_nowait({"lost": event.why})
                    case _:
                        pass
            except Full:
                pass  # it reads too slowly, and sees from `t` that something is missing

    def counts(self) -> Iterator[Mapping[str, Any] | None]:
        """Yield each sample; None when a second brought none. Raises HardwareError where cells give kilograms."""
        if self._ask(lambda device: device.zeroing.calibration) is None:
            raise HardwareError("A simulated mat gives no counts; `matpi sim --board` has cells that do.")
        listener: Queue[Mapping[str, Any]] = Queue(SAMPLES)
        with self._lock:
            self._listeners = (*self._listeners, listener)
        try:
            while True:
                try:
                    yield listener.get(timeout=1.0)
                except Empty:
                    yield None
        finally:
            with self._lock:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

    def seen(self, effect: Effect) -> None:
        """Note why a wish is not granted. In the device's thread."""
        if self._refused is not None and isinstance(effect, Note) and effect.kind in REFUSALS:
            self._refused.append(effect.text)

    def _press(self, seconds: float) -> None:
        """Press the button, apart from any other press from afar.

        Together they would be the hold of 3 s that discards a session and opens the code: only a hand may do that.
        """
        if not self._pressing.acquire(blocking=False):
            raise MatpiError("The button is pressed from elsewhere just now; try again in a second.")
        try:
            self._host.press(seconds)
            time.sleep(APART_S)
        finally:
            self._pressing.release()

    def _wish(self, event_at: Callable[[float], Event]) -> Done:
        def wish(loop: Loop) -> list[str]:
            refused: list[str] = []
            self._refused = refused
            try:
                loop.send(event_at(self._host.now()))
            finally:
                self._refused = None
            return refused

        if refused := self._run(wish):
            raise MatpiError(f"{refused[0][:1].upper()}{refused[0][1:]}.")
        return Done()

    def _pair(self, code: str) -> Done:
        def check(loop: Loop) -> Text | None:
            t = self._host.now()
            refusal = loop.device.pairing.check(t, code)
            text = "a browser was paired" if refusal is None else "a wrong code was given to pair a browser"
            loop.send(Noted(t, "pairing", text))  # and the panel follows
            return refusal

        if (refusal := self._run(check)) is not None:
            raise MatpiError(self._host.words.say(refusal))
        return Done()

    # -- what changes the log --------------------------------------------------------------------------------------

    def _set(self, request: Settings) -> Done:
        """Change settings as their owner, the device, does; answer when they are stored."""
        if not self._run(lambda loop: self._wish_settings(loop, changed(loop.device.ledger.settings, request.set))):
            return Done()
        why = ""
        try:
            self._in_store(lambda _: None)
        except StoreError as error:
            why = str(error)
        if why := self._ask(lambda device: device.ledger.failed.get("settings", "")) or why:
            raise StoreError(f"It holds from now on, but is not on the disk yet: {why}")
        return Done()

    def _wish_settings(self, loop: Loop, new: Settings_, of: Settings_ | None = None) -> bool:
        """Have the device change what in `new` differs from `of`, else from its own. Return whether anything does."""
        before = of or loop.device.ledger.settings
        names = [name for name in new.__struct_fields__ if getattr(new, name) != getattr(before, name)]
        for name in names:
            loop.send(SettingWished(self._host.now(), name, getattr(new, name)))
        return bool(names)

    def _change(self, request: LogRequest) -> Done:
        """Perform it in the thread of the log, and give the device what is stored then."""

        def now_of(device: Device) -> tuple[Now, Log]:
            if device.ledger.failed:
                raise StoreError(f"The log cannot be changed now: {device.ledger.trouble}")
            t, clock, running = self._host.now(), device.clock, device.session.running
            stamp, under_way = clock.stamp(t), None if running is None else running.id
            words, rules = self._host.words, self._host.rules
            now = Now(stamp["utc"], clock.trusted, rules, words, clock.today, stamp, under_way)
            return now, device.ledger.log

        now, known = self._ask(now_of)

        def work(log: Store) -> tuple[Done, Future[list[str]]]:
            with log.reading() as conn:
                before, _ = settings_of(setting_texts(conn))
            if isinstance(request, Import):
                done, calibrated = request.beside_device(log, now)
            else:
                done, calibrated = request.perform(log, now), None
            memory = log.load()
            # Shared here, where it may take its time: the device compares its logs, and readings wait meanwhile.
            memory = replace(memory, log=sharing(memory.log, known))
            # Posted from here, so that it comes before the answers to all that is written later.
            return done, self._post(lambda loop: self._take(loop, memory, before, calibrated))

        done, taken = self._in_store(work)
        return Done((*done.said, *self._wait(taken)), done.data)

    def _take(self, loop: Loop, memory: Memory, before: Settings_, calibrated: Calibrated | None) -> list[str]:
        """Have the device take what is stored now, and an imported calibration; return what there is to say of it."""
        said = [] if calibrated is None else _calibrate(loop.device, calibrated)
        answers = tuple(filter(None, (memory.acknowledgement, *memory.answers)))
        loop.send(LogChanged(self._host.now(), memory.log, memory.people, answers))
        self._wish_settings(loop, memory.settings, before)
        return said

    def _in_store(self, work: Callable[[Store], T]) -> T:
        """Return what `work` returns, run after all that was handed to the store so far."""
        performed: Future[T] = Future()

        def submit(_: Loop) -> None:
            store = self._host.store
            if store is None:
                raise DeviceOffError(OFF)
            store.change(lambda log: _answer(performed, work(log)), lambda error: _fail(performed, error))

        self._run(submit)
        return self._wait(performed, of_disk=True)

    # -- the device's thread ---------------------------------------------------------------------------------------

    def open(self) -> None:
        self._closed = False

    def close(self) -> None:
        """Refuse what is waited for, and all that follows until `open`: the device ends."""
        with self._lock:
            self._closed, waited = True, tuple(self._waited)
        for answer in waited:
            _fail(answer, DeviceOffError("The device has ended before it answered."))

    @property
    def _loop(self) -> Loop:
        if (loop := self._host.loop) is None:
            raise DeviceOffError(OFF)
        return loop

    def _ask(self, what: Callable[[Device], T]) -> T:
        return self._run(lambda loop: what(loop.device))

    def _run(self, what: Callable[[Loop], T]) -> T:
        """Return what `what` returns in the device's thread, or raise what it raises."""
        return self._wait(self._post(what))

    def _post(self, what: Callable[[Loop], T]) -> Future[T]:
        answer: Future[T] = Future()

        def run() -> None:
            try:
                _answer(answer, what(self._loop))
            except Exception as error:  # noqa: BLE001  raised where it was asked
                _fail(answer, error)

        self._host.call(run)
        return answer

    def _wait(self, answer: Future[T], *, of_disk: bool = False) -> T:
        with self._lock:
            if self._closed:
                raise DeviceOffError(OFF)
            self._waited.add(answer)
        try:
            return answer.result(STORE_S if of_disk else CALL_S)
        except TimeoutError:
            if of_disk:
                raise StoreError("The disk has not answered for a minute; see `matpi doctor`.") from None
            raise DeviceOffError("The device does not answer; see `matpi doctor`.") from None
        finally:
            with self._lock:
                self._waited.discard(answer)


def _answer(future: Future[T], value: T) -> None:
    with suppress(InvalidStateError):  # given up by then
        future.set_result(value)


def _fail(future: Future[Any], error: Exception) -> None:
    with suppress(InvalidStateError):
        future.set_exception(error)


def _calibrate(device: Device, imported: Calibrated) -> list[str]:
    """Use a calibration that was imported where the device has none of its own; return why not."""
    own, new = device.zeroing.calibration, imported.calibration
    if new.approximate or own == new:
        return []
    if own is None or not own.approximate:
        return ["The calibration of the import is left out: the device has its own in use."]
    if len(own.counts_per_kg) != len(new.counts_per_kg):
        return ["The calibration of the import is left out: it is of another number of load cell channels."]
    device.zeroing.calibrate(imported)  # what follows is done with the event that comes next
    return ["The calibration of the import is used from now on."]


def _lasting(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the state without what changes as time goes on."""
    kept = {name: value for name, value in state.items() if name not in PASSING}
    session = state["session"]
    kept["plan"] = {**state["plan"], "today_s": 0.0}
    kept["session"] = session and {**session, "on_mat_s": 0.0 if session["runs"] else session["on_mat_s"]}
    return kept
