"""The device's times and bounds in one place; the config fills in what a deployment may change."""

from __future__ import annotations

from dataclasses import dataclass, field

from matpi.core.gesture import GestureRules
from matpi.core.zero import ZeroRules


@dataclass(frozen=True, slots=True)
class PresenceRules:
    """docs/behaviour.md 1, value by value. kg and seconds."""

    on_kg: float = 12.0
    off_ratio: float = 0.5
    dwell_s: float = 3.0
    bounce_s: float = 1.0
    """Getting on takes 0.34-1.1 s on real balance boards, one bounces for 0.69 s (docs/sources.md, presence)."""
    dip_s: float = 0.5
    """Chosen: longer than a cough or a knock, shorter than getting off (0.2-0.4 s) and standing clear."""
    back_s: float = 1.0
    """Chosen: a hand on the mat while getting up is shorter."""
    away_s: float = 20.0
    doubt_s: float = 0.15
    """After one contrary reading a decision waits this long for the next. Chosen: one and a half readings at 10/s."""
    object_s: float = 30.0
    object_ratio: float = 2.0
    stale_s: float = 2.0
    sensor_gone_s: float = 60.0
    settle_s: float = 3.0
    """The first reading may take this long after the start: 0.4 s of settling, and a slow process start."""
    zero: ZeroRules = field(default_factory=ZeroRules)

    @property
    def off_kg(self) -> float:
        return self.on_kg * self.off_ratio


@dataclass(frozen=True, slots=True)
class DeviceRules:
    """Times in seconds; values from docs/behaviour.md unless marked."""

    presence: PresenceRules = field(default_factory=PresenceRules)
    gesture: GestureRules = field(default_factory=GestureRules)
    min_session_s: float = 30.0
    cap_s: float = 45 * 60.0
    checkpoint_s: float = 15.0
    resume_s: float = 300.0
    """Somebody who still lies there this long after a power cut goes on with the same session."""
    still_there_s: float = 10.0
    """Still there: the touch comes this soon after the start. Chosen: the cells settle in 0.4 s, the dwell takes 3."""
    idle_off_s: float = 30.0
    bright_s: float = 20.0
    """On the mat the panel dims after this. Chosen: lying down and a look."""
    splash_s: float = 1.5
    done_s: float = 4.0
    ask_s: float = 8.0
    """Of "hold: change" and "felt wrong?"."""
    undo_s: float = 10.0
    menu_s: float = 20.0
    seconds_s: float = 10.0
    """mm:ss after a tap. Chosen."""
    counts_per_kg: float = 43_000.0
    """Nominal sensitivity of a chip's bridge (the config has the arithmetic), against which a calibration is held."""
    zero_save_s: float = 600.0
    zero_save_kg: float = 0.1
    """The zero is written this rarely, and only when it moved: cards wear."""
    panel_note_s: float = 600.0
    """A panel that comes and goes is noted this rarely. Chosen."""
