"""What a page or a terminal can do to the simulated mat, and the messages it gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, Protocol

Act = Literal["lie_down", "sit", "stand", "fidget", "get_up", "bag_on", "bag_off", "cat"]
FaultName = Literal["cell", "spikes", "panel", "disk", "reader"]
"""A load cell unplugged, electrical spikes on its wires, the OLED unplugged, the disk full; on the emulated board also
the reader's process killed, which ends by itself."""
Warp = Literal[1, 10, 60]
WEIGHT_MIN_KG, WEIGHT_MAX_KG = 20, 150  # chosen, unmeasured: a child to a heavy adult

Payload = dict[str, Any]
Put = Callable[[str, Payload], None]
"""Hand one message (kind, JSON-ready payload) to a page; may be called from any thread, never blocks."""


class Bench(Protocol):
    """The simulated mat, person, clock and faults. Thread-safe; nothing here blocks.

    A wrong word raises UsageError. Messages are of these kinds:

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
        """Hand `put` the newest message of each kind and the last log lines, oldest first; then every message, until
        the returned function is called.
        """
