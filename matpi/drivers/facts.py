"""What `matpi doctor` was told: by this machine, by the load cell chips, by the running device. Values only.

None and empty mean "not told here". A whole board is faked with one `HostFacts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from matpi.config import Config


@dataclass(frozen=True, slots=True)
class GpioFacts:
    header: str = ""
    """Label of the GPIO chip behind the header, "" when none was seen."""
    denied: tuple[str, ...] = ()
    """Device nodes this user may not open."""
    others: int = 0
    """GPIO chips that are no header."""


@dataclass(frozen=True, slots=True)
class ButtonFacts:
    pressed: bool = False
    """All the while it was watched."""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class BusFacts:
    """`answers`: the addresses that acknowledged. `fault` is one of "", absent, denied, library, hung, other."""

    answers: tuple[int, ...] = ()
    fault: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class ClockFacts:
    board: bool
    """A Raspberry Pi or its like; another computer has a battery for its clock."""
    service: bool
    """timesyncd has had an answer in this boot."""
    kernel: bool
    """Some time service disciplines the clock."""
    battery: bool
    """There is a real-time clock."""


@dataclass(frozen=True, slots=True)
class DiskFacts:
    folder: str
    free_bytes: int = 0
    read_only: bool = False
    fault: str = ""


@dataclass(frozen=True, slots=True)
class HostFacts:
    user: str = ""
    root: bool = False
    groups: frozenset[str] = frozenset()
    known_groups: frozenset[str] = frozenset()
    """Those of gpio, i2c and spi that this machine has."""
    gpio: GpioFacts | None = None
    button: ButtonFacts | None = None
    bus: BusFacts | None = None
    spi_faults: Mapping[str, str] | None = None
    """Device node -> why it cannot be used, "" when it can."""
    clock: ClockFacts | None = None
    disk: DiskFacts | None = None
    throttled: int | None = None
    """The bits of `vcgencmd get_throttled`: 0 under-voltage now, 2 throttled now, 16 and 18 the same since boot."""
    temperature_c: float | None = None
    realtime: bool | None = None
    """This user's processes may have a real-time priority."""
    model: str = ""
    kernel: str = ""
    python: str = ""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """Name -> version, "" when it is not installed, "?" when it does not tell."""


class Probe(Protocol):
    """`touch`: the panel's bus and the button may be looked at; False while a running device owns them."""

    def __call__(self, config: Config, store: Path, *, touch: bool) -> HostFacts: ...


@dataclass(frozen=True, slots=True)
class ChipFacts:
    """One HX711 as its reader tells of it."""

    name: str = ""
    rate_hz: float | None = None
    """Conversions taken a second, measured; 0 or None when there is none."""
    tally: Mapping[str, int] = field(default_factory=dict)
    """Samples by status (drivers.hx711.Status), since the reader started."""
    last_counts: int | None = None
    noise_counts: float | None = None
    """Standard deviation of the last samples."""


@dataclass(frozen=True, slots=True)
class ScaleFacts:
    """The reader process. The field names are those of ReaderReport and of the status file."""

    alive: bool = False
    restarts: int = 0
    scheduling: str = ""
    cpu_s: float | None = None
    dropped: int = 0
    chips: tuple[ChipFacts, ...] = ()
    trouble: str = ""
    """A sentence: why there is nothing to tell, or what the reader last complained of."""


@dataclass(frozen=True, slots=True)
class PanelFacts:
    driver: str = ""
    lost: bool = False
    trouble: str = ""
    frames: int = 0


@dataclass(frozen=True, slots=True)
class ClockTrust:
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """The status file of the running device; unknown fields are skipped, missing ones are not told."""

    pid: int
    written_mono: float
    version: str = ""
    scale: ScaleFacts | None = None
    panel: PanelFacts | None = None
    lost: tuple[str, ...] = ()
    """What does not work: keys of core.parts.PARTS."""
    state: str = ""
    net_kg: float | None = None
    zero_kg: float | None = None
    zero_word: str = ""
    """What is wrong with the zero: core.presence.zero.ZeroWord."""
    calibrated: bool = False
    counts_per_kg: tuple[float, ...] | None = None
    readings: int = 0
    rejected: int = 0
    unsaved: int = 0
    clock: ClockTrust | None = None
    upstream: Mapping[str, str] = field(default_factory=dict)
    """Sink -> what is the matter with its connection, in a sentence."""
