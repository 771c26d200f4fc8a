"""Run `matpi calibrate` on the terminal: the empty mat, your weight, one place a channel, the result.

core/calibration/procedure.py measures, as on the device; here are words, keys and a bar. Nothing is written before
everything has been measured: Ctrl-C at any time leaves the old values.
"""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from matpi.commands import remote
from matpi.commands.output import bar, say
from matpi.commands.target import EMULATED_KG, config_of, log_of, parts_of, writing
from matpi.control.client import device_of
from matpi.core.calibration.procedure import OFF, Calibrating
from matpi.core.calibration.solve import LEAST_KG, Solved
from matpi.core.calibration.weighing import Refusal
from matpi.core.effects import Calibrated, Save
from matpi.core.events import Counted, Event, SensorLost
from matpi.errors import CalibrationError, UsageError
from matpi.ports import Scale

LIGHTEST_KG, HEAVIEST_KG = 20.0, 200.0
"""Of a person on the mat."""
TRIES: Final = 3
SILENCE_S: Final = 5.0
"""Without a sample for so long there is nothing to measure. Chosen: ten times what a chip takes to settle."""
ROUNDING_KG: Final = 0.05  # bathroom scales show 100 g

PLACES: Final = {
    "mat": "Put the weight in the middle of the mat, or stand there",
    "head": "Stand at the head end, both feet right above its cells",
    "foot": "Stand at the foot end, both feet right above its cells",
}

BAR_MARKS: Final = 40


class Keeps(Protocol):
    """Store the calibration and its zero: both or neither."""

    def write(self, effect: Save) -> object: ...


def run(config_path: Path | None, store: Path | None, *, weight_kg: float | None, anywhere: bool, board: bool) -> None:
    """Calibrate: a running device does it itself, else with parts and log. Raises ConfigError, and as `calibrate`."""
    config = config_of(config_path, board=board)
    log_path = store or log_of(config, board=board)
    if (device := device_of(log_path)) is not None:
        if anywhere:
            raise UsageError("The running device calibrates one place a chip; for --anywhere stop it first.")
        remote.calibrate(device, log_path, _ask_weight(_ask) if weight_kg is None else weight_kg)
        return
    parts = parts_of(config, board=board, kg=EMULATED_KG if weight_kg is None else weight_kg)
    with writing(store, log_of(config, board=board)) as log:
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


def _ask(question: str) -> str:
    try:
        return input(question)
    except EOFError:
        raise UsageError("There is nobody to answer here; run it in a terminal.") from None


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
            words = "Take everything off the mat" if step == OFF else _place(step)
            ask(f"{words}, then press Enter. ")
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
                    f"The load cells are silent ({why}); check their plugs, then run matpi doctor. The old values stay."
                )
    if isinstance(refusal := procedure.result, Refusal):
        raise CalibrationError(f"{refusal.reason} {refusal.remedy} The old values stay.")
    say("  measured.")


def _ask_weight(ask: Callable[[str], str]) -> float:
    for _ in range(TRIES):
        line = ask(f"Your weight in kg, as you stand there ({LIGHTEST_KG:g} to {HEAVIEST_KG:g}): ")
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
    if not least_kg <= kg <= HEAVIEST_KG:  # nan lies nowhere
        raise CalibrationError(f"{kg:g} kg is not a weight to calibrate with; give {least_kg:g} to {HEAVIEST_KG:g} kg.")


def _place(step: str) -> str:
    return PLACES.get(step) or f"Stand on corner {step.removeprefix('corner')}, where that chip's cell is"


def _report(result: Solved, procedure: Calibrating) -> None:
    say(f"Calibrated to within {result.error_percent:.1f} %, if the weight is right.")
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
