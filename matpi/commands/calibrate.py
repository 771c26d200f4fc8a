"""Run `matpi calibrate` on the terminal: the empty mat, your weight, one place a channel, the result.

core/calibration/procedure.py measures, as on the device; here are words, keys and a bar. A running device does it
itself and is followed. Nothing is written before everything has been measured: Ctrl-C leaves the old values.
"""

from __future__ import annotations

import os
import queue
import select
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol

from matpi.commands.output import bar, say
from matpi.commands.target import EMULATED_KG, config_of, log_of, parts_of, writing
from matpi.control.client import Client, device_of
from matpi.core.calibration.procedure import OFF, Calibrating
from matpi.core.calibration.solve import Solved
from matpi.core.calibration.weighing import Refusal
from matpi.core.calibration.weights import LEAST_KG, MOST_KG
from matpi.core.effects import Calibrated, Save
from matpi.core.events import Counted, Event, SensorLost
from matpi.errors import CalibrationError, DeviceOffError, MatpiError, UsageError
from matpi.ports import Scale

LIGHTEST_KG: Final = 20.0  # of a person on the mat
TRIES: Final = 3
SILENCE_S: Final = 5.0
"""Without a sample for so long there is nothing to measure. Chosen: ten times what a chip takes to settle."""
ROUNDING_KG: Final = 0.05  # bathroom scales show 100 g

PLACES: Final = {
    "mat": "Put the weight in the middle of the mat, or stand there",
    "head": "Stand at the head end, midway between left and right, two hands in from the edge",
    "foot": "Stand at the foot end, midway between left and right, two hands in from the edge",
}
EMPTY: Final = "Take everything off the mat"
BEGINS: Final = "it begins by itself when you stand still, or with Enter."  # on the device
NOBODY: Final = "There is nobody to answer here; run it in a terminal."
POLL_S: Final = 0.2  # between two looks at the running device; chosen

BAR_MARKS: Final = 40


class Keeps(Protocol):
    """Store the calibration and its zero: both or neither."""

    def write(self, effect: Save) -> object: ...


def run(config_path: Path | None, store: Path | None, *, weight_kg: float | None, anywhere: bool, board: bool) -> None:
    """Have the running device calibrate; without one, open parts and log and do it here.

    Raises ConfigError, and as `calibrate` and `follow`.
    """
    config = config_of(config_path, board=board)
    path = store or log_of(config, board=board)
    if (device := device_of(path)) is not None:
        follow(device, weight_kg=weight_kg, anywhere=anywhere)
        return
    parts = parts_of(config, board=board, kg=EMULATED_KG if weight_kg is None else weight_kg)
    with writing(store, path) as log:
        calibrate(
            parts.scale(),
            log,
            config.scale.counts_per_kg,
            config.scale.channel_count,
            _ask,
            weight_kg=weight_kg,
            anywhere=anywhere,
            on_step=parts.place,
        )


def follow(device: Client, *, weight_kg: float | None, anywhere: bool) -> None:
    """Calibrate on the running device: show its steps, and hold its button at each Enter.

    However it ends, the device does not stay in it. Raises CalibrationError, and MatpiError with why the device does
    not begin.
    """
    weight_kg = _ask_weight(_ask) if weight_kg is None else weight_kg
    _check(weight_kg, LEAST_KG)
    device.ask({"do": "calibrate", "weight_kg": weight_kg, "anywhere": anywhere})
    try:
        now = _progress(device)
        while now["result"] is None:
            step = now["step"]
            say(f"{EMPTY}, then press Enter." if step == OFF else f"{_place(step)}; {BEGINS}")
            with _bar() as draw:
                while now["result"] is None and now["step"] == step:
                    if _is_entered(needed=step == OFF):
                        device.ask({"do": "press", "how": "hold"})
                    now = _progress(device)
                    draw(now["done"])
            if now["result"] != "refused":
                say("  measured.")
    except DeviceOffError as error:
        raise CalibrationError(
            f"The device ended before the calibration had a result ({str(error).rstrip('.')})."
        ) from None
    except BaseException:
        with suppress(MatpiError):
            if device.ask({"do": "state"}).data["calibration"] is not None:
                device.ask({"do": "press", "how": "tap"})
        raise
    if now["result"] != "calibrated":
        raise CalibrationError(f"{now['sentence']}{' The old values stay.' if now['result'] == 'refused' else ''}")
    say(now["sentence"])


def _progress(device: Client) -> Mapping[str, Any]:
    """Return the state of the calibration on the device. Raises CalibrationError when there is none any more."""
    progress: Mapping[str, Any] | None = device.ask({"do": "state"}).data["calibration"]
    if progress is None:
        raise CalibrationError(
            "The calibration was given up on the device, or nothing was done for three minutes; the old values stay. "
            "Run it again."
        )
    return progress


def _is_entered(*, needed: bool) -> bool:
    """Return whether Enter was pressed within POLL_S. Raises UsageError where it is `needed` and no one can."""
    if not select.select([sys.stdin], [], [], POLL_S)[0]:
        return False
    if os.read(sys.stdin.fileno(), 4096):
        return True
    if needed:
        raise UsageError(NOBODY)
    time.sleep(POLL_S)
    return False


def _ask(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        raise UsageError(NOBODY) from None


def calibrate(
    scale: Scale,
    store: Keeps,
    nominal: float,
    channels: int,
    ask: Callable[[str], str],
    *,
    weight_kg: float | None = None,
    anywhere: bool = False,
    now: Callable[[], float] = time.monotonic,
    on_step: Callable[[str], None] = lambda _: None,
) -> Solved:
    """Ask, measure, write. Raises CalibrationError with reason and remedy, and StoreError.

    `nominal` is counts per kilogram of the config; `ask` shows a prompt and returns a line. With `anywhere` one
    placement gives one common factor: for a known weight and no wish to stand at both ends. `on_step` hears "off",
    "head", "foot" ("mat", "corner1" ...) before each measurement. An error leaves the old values.
    """
    if weight_kg is not None:
        _check(weight_kg, LEAST_KG)
    procedure = Calibrating(channels, nominal, anywhere=anywhere, weight_error_kg=ROUNDING_KG)
    inbox: queue.SimpleQueue[Event | Counted] = queue.SimpleQueue()
    scale.start(inbox.put)
    try:
        for step in procedure.steps:
            if step != OFF and procedure.weight_kg == 0.0:
                procedure.weight_kg = _ask_weight(ask) if weight_kg is None else weight_kg
            ask(f"{EMPTY if step == OFF else _place(step)}, then press Enter. ")
            on_step(step)
            _measure(procedure, inbox, channels, now)
    finally:
        scale.stop()
    result = procedure.result
    if not isinstance(result, Solved):
        raise CalibrationError("The calibration ended without a result; the old values stay. Run it again.")
    store.write(Save(Calibrated(result.calibration, result.zero)))
    _report(result, procedure)
    return result


def _measure(
    procedure: Calibrating, inbox: queue.SimpleQueue[Event | Counted], channels: int, now: Callable[[], float]
) -> None:
    """Measure one step. Samples from before the key was pressed are of a person still on the way."""
    why = "no sample came"
    while not inbox.empty():
        early = inbox.get()
        why = early.why if isinstance(early, SensorLost) else why
    procedure.begin(now())
    heard = time.monotonic()
    with _bar() as draw:
        while procedure.measuring:
            try:
                event = inbox.get(timeout=0.5)
            except queue.Empty:
                event = None
            if isinstance(event, Counted):
                if len(event.counts) != channels:
                    raise CalibrationError(
                        f"The load cells send {len(event.counts)} channels and the config has {channels}; "
                        f"correct [[scale.channels]]. The old values stay."
                    )
                heard = time.monotonic()
                procedure.take(event.t, tuple(map(float, event.counts)), event.ok)
                draw(procedure.done)
            elif isinstance(event, SensorLost):
                why = event.why
            if time.monotonic() - heard > SILENCE_S:
                raise CalibrationError(
                    f"The load cells are silent ({why}); check their wires, then run matpi doctor. The old values stay."
                )
    if isinstance(refusal := procedure.result, Refusal):
        raise CalibrationError(f"{refusal.reason} {refusal.remedy} The old values stay.")
    say("  measured.")


def _ask_weight(ask: Callable[[str], str]) -> float:
    for _ in range(TRIES):
        line = ask(f"Your weight in kg, as you stand there ({LIGHTEST_KG:g} to {MOST_KG:g}): ")
        try:
            kg = float(line.strip().lower().removesuffix("kg").strip().replace(",", "."))
            _check(kg, LIGHTEST_KG)
        except CalibrationError as error:
            say(f"  {error}")
        except ValueError:
            say(f"  {line.strip()[:40]!r} is no weight; type a number such as 72.5.")
        else:
            return kg
    raise CalibrationError("No weight was given; weigh yourself, then run it again. The old values stay.")


def _check(kg: float, least_kg: float) -> None:
    if not least_kg <= kg <= MOST_KG:  # nan lies nowhere
        raise CalibrationError(f"{kg:g} kg is not a weight to calibrate with; give {least_kg:g} to {MOST_KG:g} kg.")


def _place(step: str) -> str:
    return PLACES.get(step) or f"Stand on corner {step.removeprefix('corner')}, where that chip's cell is"


def _report(result: Solved, procedure: Calibrating) -> None:
    say(result.sentence)
    for name, slope in zip(procedure.names.channels, result.calibration.counts_per_kg, strict=True):
        say(f"  {name}: {slope:,.0f} counts per kilogram".replace(",", " "))
    for channel in result.turned:
        name = procedure.names.channels[channel]
        say(f"  The bridge of the {name} is wired the other way round; that is allowed for.")


@contextmanager
def _bar() -> Iterator[Callable[[float], None]]:
    """Draw on a terminal how far the measurement has come; the line is empty again at the end."""
    if not sys.stdout.isatty():
        yield lambda _: None
        return

    shown = ""

    def draw(done: float) -> None:
        nonlocal shown
        if (marks := bar(done * BAR_MARKS)) != shown:
            shown = marks
            print(f"\r  keep still {marks}", end="", flush=True)  # noqa: T201

    try:
        yield draw
    finally:
        print("\r\33[K", end="", flush=True)  # noqa: T201
