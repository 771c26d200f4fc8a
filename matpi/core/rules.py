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
    light_ratio: float = 1.25
    light_s: float = 10.0
    """A pet turns round for up to 7 s before it lies, a sixth heavier and lighter meanwhile (bank, tune seeds). Of the
    mats with pets it saves one in 72 days (further tune seeds); the lightest person here rests at twice "on"."""
    far_less: float = 0.25
    """Bank, tune seeds: without it 5 % of the sessions with cats and bags end over 6 s late; with 0.2 to 0.35 none. A
    cat of 7 kg is a quarter of the lightest person; hips lifted leave an eighth."""
    far_less_s: int = 5
    """Longer than hips are lifted: 4 s (bank)."""
    settled_s: float = 10.0
    """A bag is put straight for under 9 s (bank); with 8 and with 15 s the ends of bag_after are as good, without it
    they are 20 s late."""
    body_s: float = 12.0
    """A bag is put straight for under 9 s, and the second in which it comes and goes is not seen whole. Of 30 s, 18 in
    a row must then be still: who lies there asleep is for 16 s in eight minutes at most, awake for 2 (bank, tune seeds,
    two channels). Of 152 things cut to 31-41 s none is a session, without it 59; of 672 people all
    (benchmarks/cut_short.py)."""
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
    advice_s: float = 60.0
    """What to see to before lying down, and the last words off the mat. Chosen: time to read and to do it."""
    seconds_s: float = 10.0
    """mm:ss after a tap. Chosen."""
    counts_per_kg: float = 43_000.0
    """Nominal sensitivity of a chip's bridge (the config has the arithmetic), against which a calibration is held."""
    zero_save_s: float = 600.0
    zero_save_kg: float = 0.1
    """The zero is written this rarely, and only when it moved: cards wear."""
    panel_note_s: float = 600.0
    """A panel that comes and goes is noted this rarely. Chosen."""
