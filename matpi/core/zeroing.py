"""The zero and the calibration in use, and how they are stored."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import Final

from msgspec.structs import replace

from matpi.core.effects import Calibrated, Emit, Note, Save, UseCalibration, Zeros
from matpi.core.ledger import Ledger
from matpi.core.model import Calibration, Memory, Zero
from matpi.core.presence.detector import Presence
from matpi.core.presence.load import Load
from matpi.core.presence.zero import ZeroWord
from matpi.core.rules import DeviceRules

TURN_S: Final = 20.0
"""A channel must read backwards for so long. A thing that is lifted off slowly moves too, but 10 s later the still mat
has a new first zero. Shorter than any session that is stored."""


def usable_zero(memory: Memory) -> Zero | None:
    """Return the stored zero, None when it is of another number of channels than the calibration."""
    zero, scale = memory.zero, memory.calibration
    return None if zero is not None and scale is not None and len(zero.kg) != len(scale.counts_per_kg) else zero


@dataclass(eq=False)
class Zeroing:
    """Own the calibration in use, the next one, and the zero of an undo. Store a moved zero at `due`."""

    t: InitVar[float]
    memory: InitVar[Memory]
    rules: DeviceRules
    emit: Emit
    ledger: Ledger
    presence: Presence
    calibration: Calibration | None = field(init=False)
    """What makes kilograms of counts. None: the readings come in kilograms, and nothing can be calibrated."""
    before: Zero | None = field(init=False)  # what an undo brings back
    _fresh: Calibrated | None = None  # stored or about to be, and not in use yet
    _saved: Zero | None = field(init=False)  # as the store has it
    _word: ZeroWord = field(init=False)
    due: float = field(init=False)

    def __post_init__(self, t: float, memory: Memory) -> None:
        self.calibration, self.before = memory.calibration, memory.zero_before
        self._saved, self.due = usable_zero(memory), t + self.rules.zero_save_s
        self._word = self.presence.zero.word

    @property
    def approximate(self) -> bool:
        """Return whether kilograms are from the nominal sensitivity of the cells: not calibrated yet."""
        return self.calibration is not None and self.calibration.approximate

    def advance(self, t: float) -> None:
        """Store a zero that moved, when it moved far enough: seldom, for cards wear."""
        self.due = t + self.rules.zero_save_s
        tracker, saved = self.presence.zero, self._saved
        if tracker.kg is None:
            return
        if saved is None or abs(tracker.total_kg - saved.total_kg) >= self.rules.zero_save_kg:
            self._save()

    def set_zero(self, t: float) -> bool:
        """Re-zero by hand. Return False without readings, or when the load moves."""
        if not self.presence.set_zero():
            return False
        tracker = self.presence.zero
        self.before = tracker.before
        self._save()
        self.emit(Note(t, "zero_set", f"zero set by hand at {tracker.total_kg:.1f} kg"))
        return True

    def undo_zero(self, t: float) -> None:
        if self.before is not None:
            self.presence.undo_zero(self.before)
            self.before = None
            self._save()
            self.emit(Note(t, "zero_undone", f"zero back at {self.presence.zero.total_kg:.1f} kg"))

    @property
    def calm(self) -> bool:
        """Return whether nothing is to be done about the zero."""
        tracker = self.presence.zero
        return not tracker.turn and tracker.word is self._word

    def follow(self, t: float) -> bool:
        """Follow what presence has found of the zero. Return True when its report changes."""
        tracker, before = self.presence.zero, self._word
        self._word = tracker.word
        found = before is ZeroWord.WANTED and not tracker.seeking and not tracker.by_hand
        if self._word is not before and found and self.approximate:
            # The first zero: stored at once.
            self.advance(t)
            self.emit(Note(t, "zero_found", f"the empty mat weighs {tracker.total_kg:.1f} kg"))
        if tracker.turn and self._fresh is None:
            self._turn(t)
        return self._word is not before

    def _turn(self, t: float) -> None:
        """Turn round the channels that read backwards for `TURN_S`; uncalibrated, polarity is not known."""
        tracker, calibration = self.presence.zero, self.calibration
        if calibration is None or tracker.kg is None:
            return
        if tracker.turned_since is None:
            tracker.turn = ()  # it ended: an object was lifted off that was on the mat when its first zero was found
            return
        if t - tracker.turned_since < TURN_S:
            return
        signs = [-1.0 if n in tracker.turn else 1.0 for n in range(len(tracker.kg))]
        kg = tuple(sign * kg for sign, kg in zip(signs, tracker.kg, strict=True))
        slopes = tuple(sign * slope for sign, slope in zip(signs, calibration.counts_per_kg, strict=True))
        self.calibrate(Calibrated(replace(calibration, counts_per_kg=slopes), Zero(kg, anchor_kg=sum(kg))))
        channels = " and ".join(str(n + 1) for n in tracker.turn)
        text = f"channel {channels} read the wrong way round and was turned; calibrate when you can"
        self.emit(Note(t, "polarity", text))

    def calibrate(self, fresh: Calibrated) -> None:
        """Store it; it is used from when the store has it (`use_saved`)."""
        self._fresh = fresh
        self.ledger.forget("zero")  # it counts from the old reference
        self.ledger.save(Save(fresh))

    def use_saved(self, t: float) -> None:
        """Use the new calibration once the store has it, from the next reading on; but not during a session."""
        fresh, unoccupied = self._fresh, self.presence.load in {Load.EMPTY, Load.OBJECT}
        if fresh is None or not unoccupied or not self.ledger.is_saved(fresh.key):
            return
        self._fresh, self.calibration, self.before = None, fresh.calibration, None
        self.presence.use_zero(fresh.zero, fresh.calibration)
        self._saved, self.due = fresh.zero, t + self.rules.zero_save_s
        self.emit(UseCalibration(fresh.calibration))

    def _save(self) -> None:
        """Store the zero; but not while a new one is on its way with a new reference."""
        tracker = self.presence.zero
        self._saved = tracker.value(len(tracker.kg or ()))
        if self._fresh is None:
            self.ledger.save(Save(Zeros(self._saved, self.before)))
