"""What `matpi doctor` reads from the machine, the load cell chips and the running device.

None and empty mean "unknown here".
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from matpi.config import Config


class GpioFacts(Struct, frozen=True):
    header: str = ""  # label of the GPIO chip behind the header, "" for none
    denied: tuple[str, ...] = ()  # device nodes this user may not open
    others: int = 0  # GPIO chips that are no header


class ButtonFacts(Struct, frozen=True):
    pressed: bool = False  # throughout the watch
    fault: str = ""


class BusFacts(Struct, frozen=True):
    answers: tuple[int, ...] = ()  # addresses that acknowledged
    fault: str = ""  # "", absent, denied, library, hung or other
    why: str = ""


class ClockFacts(Struct, frozen=True):
    board: bool  # a Raspberry Pi or similar; another computer has a battery for its clock
    service: bool  # timesyncd has had an answer in this boot
    kernel: bool  # a time service disciplines the clock
    battery: bool  # there is a real-time clock


class DiskFacts(Struct, frozen=True):
    folder: str
    free_bytes: int = 0
    read_only: bool = False
    fault: str = ""


class HostFacts(Struct, frozen=True):
    user: str = ""
    root: bool = False
    groups: frozenset[str] = frozenset()
    known_groups: frozenset[str] = frozenset()  # those of gpio, i2c and spi that this machine has
    gpio: GpioFacts | None = None
    button: ButtonFacts | None = None
    bus: BusFacts | None = None
    spi_faults: Mapping[str, str] | None = None  # device node -> why it cannot be used, "" when it can
    clock: ClockFacts | None = None
    disk: DiskFacts | None = None
    throttled: int | None = None
    """The bits of `vcgencmd get_throttled`: 0 under-voltage now, 2 throttled now, 16 and 18 the same since boot."""
    temperature_c: float | None = None
    realtime: bool | None = None  # this user's processes may have a real-time priority
    model: str = ""
    kernel: str = ""
    python: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """Name -> version, "" when it is not installed, "?" when its version is unknown."""


class Probe(Protocol):
    """Collect the facts. `touch` False leaves the panel's bus and the button to the running device."""

    def __call__(self, config: Config, store: Path, *, touch: bool) -> HostFacts: ...


class ChipFacts(Struct, frozen=True):
    """One HX711, as its reader reports it."""

    name: str = ""
    rate_hz: float | None = None  # conversions taken a second, measured; 0 or None for none
    tally: Mapping[str, int] = field(default_factory=dict)  # samples by Status since the device started
    last_counts: int | None = None  # of the last OK sample of this reader
    noise_counts: float | None = None  # of the OK samples of the last 2 s, a person's movement included


class ScaleFacts(Struct, frozen=True):
    """The reader process. The field names are those of the status file."""

    alive: bool = False
    pid: int | None = None
    restarts: int = 0
    scheduling: str = ""  # "fifo 50", or what was granted instead; "" until the first report
    cpu_s: float | None = None  # processor time of this reader
    dropped: int = 0  # records not read in time
    trouble: str = ""  # why there are no readings, in a sentence, if known; "" when there are
    chips: tuple[ChipFacts, ...] = ()


class PanelFacts(Struct, frozen=True):
    lost: bool = False
    trouble: str = ""
    frames: int = 0


class Status(Struct, frozen=True):
    """The status file of the running device. Unknown fields are skipped, missing ones are unknown."""

    pid: int
    written_mono: float
    version: str = ""
    scale: ScaleFacts | None = None
    panel: PanelFacts | None = None
    lost: tuple[str, ...] = ()  # what does not work: keys of core.parts.PARTS
    state: str = ""
    net_kg: float | None = None
    zero_kg: float | None = None
    zero_word: str = ""  # what is wrong with the zero: core.presence.zero.ZeroWord
    calibrated: bool = False
    counts_per_kg: tuple[float, ...] | None = None
    readings: int = 0
    rejected: int = 0
    unsaved: int = 0
    upstream: Mapping[str, str] = field(default_factory=dict)  # sink -> what is wrong with its connection
