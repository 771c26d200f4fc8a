"""The device's times and bounds in one place; the config fills in what a deployment may change."""

from __future__ import annotations

from msgspec import Struct, field


class GestureRules(Struct, frozen=True):
    hold_s: float = 0.7  # docs/dev/behaviour.md 5
    long_s: float = 3.0  # docs/dev/behaviour.md 5, discard
    stuck_s: float = 20.0  # docs/dev/behaviour.md 5
    settle_s: float = 0.02
    """An edge counts when the level has stood this long. Tactile switches bounce for 1-10 ms; chosen at twice that."""


class ZeroRules(Struct, frozen=True):
    """When the zero follows the empty mat, how fast and how far."""

    still_s: int = 10  # seconds of stillness before it follows; chosen, unmeasured: a cat settles in less
    rate_kg_s: float = 0.005  # at most; five times the drift of a mat that cools by 5 degC in 15 min [evidence: drift]
    reach_kg: float = 3.0  # from the calibrated reference, and of the load: beyond it is an object, not drift
    still_kg: float = 0.1  # the total moved more in a second: not still; chosen: six times the noise of a bad board


class PresenceRules(Struct, frozen=True):
    """docs/dev/behaviour.md 1, value by value. kg and seconds. docs/dev/accuracy.md has what each part earns."""

    # Detection.
    on_kg: float = 12.0
    off_ratio: float = 0.5
    notice_kg: float = 3.0
    """Lights the screen, no more."""
    touch_kg: float = 2.0
    """A session is dated back to the first reading over this. Chosen: more than the zero may be off by."""
    touch_s: float = 10.0
    """By at most so much of readings: half of a slow lowering onto the mat is under "on" [evidence: getting-on]."""
    dwell_s: float = 3.0
    away_s: float = 20.0
    debounce_s: float = 1.0
    """A shorter leaving is a turn on the mat; a shorter return, a hand put down or a bag that is dropped."""
    fall_s: float = 3.0
    """A slow slide off the mat takes so long from a third of the load to nothing [evidence: getting-off]."""
    rest_share: float = 0.35
    """Under this share of the middle load most of it is gone. Half would split sessions in which a person sits up."""
    rest_s: float = 120.0
    """Time to be back then. Chosen: longer than a phone call sitting up."""
    rest_from_s: int = 60
    """Seconds after which a middle load is known: sitting down first takes less."""
    stale_s: float = 2.0
    sensor_gone_s: float = 60.0
    settle_s: float = 3.0
    """The first reading may take this long after the start: 0.4 s of settling, and a slow process start."""
    # Classification.
    thing_kg: float = 30.0
    """Heavier is never a thing."""
    object_s: float = 40.0
    """A thing is reported after this at the earliest."""
    still_kg: float = 0.0025
    """Steps of one-second medians over 2 s of a still load are smaller, on each of two ends [evidence: stillness]."""
    still_share: float = 0.25
    """Of the windows of a light load; a thing has more still ones."""
    wire_kg: float = 0.3
    """An end that never carried more has a loose wire."""
    zero: ZeroRules = field(default_factory=ZeroRules)

    @property
    def off_kg(self) -> float:
        return self.on_kg * self.off_ratio


class DeviceRules(Struct, frozen=True):
    """Times in seconds; values from docs/dev/behaviour.md unless marked."""

    presence: PresenceRules = field(default_factory=PresenceRules)
    gesture: GestureRules = field(default_factory=GestureRules)
    min_session_s: float = 30.0
    cap_s: float = 45 * 60.0
    checkpoint_s: float = 15.0
    resume_s: float = 300.0
    """A person still on the mat so long after a power cut goes on with the same session."""
    still_there_s: float = 10.0
    """Then the touch comes so soon after the start. Chosen: the cells settle in 0.4 s, the dwell takes 3."""
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
    page_address: str = ""
    """Of the page that `matpi page` serves; empty: it serves none, and the menu has no entry for it."""
