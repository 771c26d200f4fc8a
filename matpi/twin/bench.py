"""The two seams of the twin: the Bench, which a page or a terminal plays, and the World, which a Twin plays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from PIL.Image import Image

    from matpi.core.brightness import Brightness
    from matpi.core.device import Device
    from matpi.core.effects import Light
    from matpi.core.words import Words

Act = Literal["lie_down", "sit", "stand", "fidget", "get_up", "bag_on", "bag_off", "cat"]
FaultName = Literal["cell", "spikes", "panel", "disk", "reader"]
"""A load cell unplugged, electrical spikes on its wires, the OLED unplugged, the disk full; on the emulated board also
the reader's process killed, which ends by itself."""
Warp = Literal[1, 10, 60]
REAL_TIME = "The emulated board runs in real time; for a faster clock and for jumps leave out --board."
WEIGHT_MIN_KG, WEIGHT_MAX_KG = 20, 150  # chosen, unmeasured: a child to a heavy adult

Payload = dict[str, Any]
Put = Callable[[str, Payload], None]
"""Hand one message (kind, JSON-ready payload) to a page; may be called from any thread, never blocks."""


class Bench(Protocol):
    """The simulated mat, person, clock and faults. Thread-safe; nothing here blocks.

    A wrong word raises UsageError. Messages are these kinds, as `subscribe` and `snapshot` give them:

    - `frame`: `bits` (base64 of 1024 bytes, row-major, MSB first, 128x64), `brightness` bright|dim|off, `text`
      (what the screen says, one sentence for a screen reader)
    - `lamp`: `pattern` off|saved|breath|attention, `age_s`, `table` (linear duty, 50 a second), `loops`
    - `status`: `power`, `state`, `about` (the state in words), `reason` ("" once it is old), `do` (what the device
      waits for and what to do), `notes` (what is unusual, sentences), `answered` (the safety pages), `doing`
      (lying|sitting|standing, anything else: not on the mat), `kg`, `load_kg`, `clock` (ISO with offset), `warp`,
      `faults`, `bag`, `board` (true: the emulated board, real time only); once a second and at every change
    - `log`: `n` (grows, never repeats), `clock`, `kind` presence|transition|note|you, `event`, `reason`, `detail`
      (of a transition: "SRC -> DST")
    - `sessions`: `sessions`, oldest first (id, start or null, on_mat_s, reason, rating or null, aways, open, who,
      counts, doubt or null, yours or null while not answered, estimated: the date is), and
      `plan` (day, lower_min, upper_min, clothing, goal, today_s, done, rest_day, streak, score 0 to 1, who); `who` is
      "" with fewer than two people
    """

    def act(self, what: str) -> None: ...
    def weigh(self, kg: float) -> None: ...
    def button(self, down: bool) -> None: ...
    def warp(self, factor: int) -> None: ...
    def jump(self, hhmm: str) -> None:
        """To the next time the local clock shows HH:MM."""

    def next_day(self) -> None:
        """To 08:00 tomorrow."""

    def fault(self, name: str, on: bool) -> None: ...
    def power(self, on: bool) -> None:
        """Pull the power, or boot again."""

    def subscribe(self, put: Put) -> Callable[[], None]:
        """Every message from now on goes to `put`, until the returned function is called."""

    def snapshot(self) -> list[tuple[str, Payload]]:
        """What a page needs that has just connected: one message of each kind, and the last log lines, oldest first."""


class Load(Protocol):
    """What is on the mat."""

    kg: float
    """Of the person, on the mat or off."""
    doing: str
    bag: bool
    spiked: int
    """Readings with a spike that no reader has flagged."""


class World(Protocol):
    """A device under a simulated mat. One thread uses it, the twin's; its times are monotonic seconds like `t`."""

    real_time: bool
    fault_names: tuple[str, ...]
    store_path: Path
    words: Words
    light: Light

    @property
    def load(self) -> Load: ...
    @property
    def device(self) -> Device | None:
        """The device; None without power. Only what `ask` calls may do more than read its attributes."""

    @property
    def t(self) -> float: ...
    @property
    def local(self) -> datetime: ...
    @property
    def faults(self) -> list[str]: ...
    @property
    def set_aside(self) -> Path | None:
        """Where a damaged log was put at the boot."""

    @property
    def panel_changes(self) -> int:
        """Differs whenever the panel may show something else."""

    def picture(self) -> tuple[Image | None, Brightness]:
        """Return what the panel shows; None when it is dark."""

    def power_on(self) -> None: ...
    def power_off(self) -> None: ...
    def shut_down(self) -> None: ...
    def run_until(self, t: float) -> None:
        """Let time go to `t`. Raises what has ended the device by a mistake of ours."""

    def next_due(self) -> float: ...
    def ask(self, what: Callable[[], None]) -> None:
        """Call `what` soon in the thread that owns the device; a later one replaces one that still waits."""

    def act(self, what: str) -> None: ...
    def weigh(self, kg: float) -> None: ...
    def button(self, down: bool) -> None: ...
    def press(self, seconds: float) -> None: ...
    def fault(self, name: str, on: bool) -> None: ...
    def jump(self, hhmm: str) -> None: ...
    def next_day(self) -> None: ...
