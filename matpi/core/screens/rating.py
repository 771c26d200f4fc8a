"""The questions "How tight do I feel today?", with its answer as it was saved, "looser?" and "felt wrong?"."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from math import inf

from matpi.core.effects import Drop, Save
from matpi.core.front import Front
from matpi.core.model import RATING_MAX, RATING_MIN, Looser, Moment, Rating, StopSign
from matpi.core.plan.trend import number_of
from matpi.core.screens.screen import FADE_STEP_S, GO_ON, READ_S, Look, Screen, Step
from matpi.core.views import FeltWrong, LooserEntry, RatingEntry, RatingSaved, fraction

REST_S = 4.0  # docs/dev/behaviour.md 5: a value that is not touched for this long is the answer
UNTOUCHED_S = 60.0  # docs/dev/behaviour.md 5: no one is there


@dataclass(slots=True)
class Dial:
    """The value being chosen, 1 to 10; None until the first tap: an untouched default is no answer."""

    touched: float
    value: int | None = None

    def tap(self, t: float) -> None:
        """Add 1; 10 wraps to 1."""
        self.touched = t
        self.value = RATING_MIN if self.value is None or self.value >= RATING_MAX else self.value + 1

    def hold(self, t: float) -> None:
        """Restart the rest: a press is under way."""
        self.touched = t

    @property
    def deadline(self) -> float:
        """Return when the value is the answer, or the question is given up."""
        return self.touched + (UNTOUCHED_S if self.value is None else REST_S)

    def rest(self, t: float) -> float | None:
        """Return what is left of the rest, 1 to 0; None while there is no value."""
        return None if self.value is None else max(0.0, min(1.0, (self.deadline - t) / REST_S))


@dataclass(eq=False)
class RatingScreen(Screen):
    """Own the dial, and the rating that it has become."""

    front = Front.RATING
    dial: Dial = field(default_factory=lambda: Dial(0.0))
    rating_id: str | None = None  # of the answer, once there is one
    _asked: dict[str | None, date] = field(default_factory=dict)  # person -> the last day it was asked on

    def entered(self, t: float, before: Front) -> None:
        self._asked[self.household.owner] = self.clock.today
        if before is not Front.SAVED:
            self.dial, self.rating_id = Dial(t), None

    @property
    def wanted(self) -> bool:
        """Return whether it is asked: after a session if the day has no number yet; by a tap at any time."""
        return self.session.last is None or self._is_missing

    def is_due(self) -> bool:
        """Return whether the day has no number yet, and was not asked for one."""
        return self._is_missing and self._asked.get(self.household.owner) != self.clock.today

    @property
    def _is_missing(self) -> bool:
        return number_of(self.household.log, self.clock.today) is None

    @property
    def due(self) -> float:
        return inf if self.stage.pressed else self.dial.deadline

    def expire(self, t: float) -> Step | None:
        if self.dial.value is None:
            return Step("unrated", "60 s untouched")
        return self._rated(t, "4 s of rest")

    def touch(self, t: float) -> None:
        self.dial.hold(t)

    def tap(self, t: float) -> Step | None:
        self.dial.tap(t)
        return None

    def hold(self, t: float) -> Step | None:
        return None if self.dial.value is None else self._rated(t, "held")

    def interrupt(self, t: float) -> Step | None:
        """Take the value on the dial as the answer of a person who lies down in the middle of it."""
        return None if self.dial.value is None else self._rated(t, "interrupted")

    def _rated(self, t: float, reason: str) -> Step:
        last, value = self.session.last, self.dial.value
        if value is None:
            raise ValueError("nothing is on the dial")
        self.rating_id = self.rating_id or self.clock.new_id()
        alone = Moment.DAY if self.plans.today.today_s > 0 else Moment.BEFORE
        rating = Rating(
            id=self.rating_id,
            value=value,
            moment=alone if last is None else Moment.AFTER,
            session_id=None if last is None else last.id,
            person=self.household.owner,
            **self.clock.stamp(t),
        )
        self.ledger.save(Save(rating))
        return Step("rated", reason)

    def look(self, t: float) -> Look:
        rest, value = self.dial.rest(t), self.dial.value
        if rest is None:
            return Look(RatingEntry(None, 0.0, None))
        return Look(RatingEntry(value, self.stage.held(t), fraction(rest)), t + FADE_STEP_S)


@dataclass(eq=False)
class SavedScreen(Screen):
    """The answer as it was saved; a hold changes it."""

    front = Front.SAVED
    to_do = "Hold (space) to change the answer, or wait."
    rating: RatingScreen
    stays = "ask_s"
    on_tap = GO_ON

    def hold(self, t: float) -> Step | None:
        self.rating.touch(t)
        return Step("change", "held")

    def look(self, t: float) -> Look:
        rating = self.rating
        saved = rating.rating_id is None or self.ledger.is_saved(rating.rating_id)
        before = number_of(self.household.log, self.clock.today - timedelta(days=1))
        yesterday = None if before is None else before.value
        shown = RatingSaved(rating.dial.value or 1, saved, self.stage.held(t), self.left_share(t), yesterday)
        return Look(shown, t + 2 * FADE_STEP_S)


class LooserScreen(Screen):
    """Asked after a session on a day that has its number: a hold stores a yes, a tap a no."""

    front = Front.LOOSER
    to_do = "Hold (space) if you feel looser than before the mat, tap if not."
    stays = "ask_s"

    @property
    def wanted(self) -> bool:
        last, log = self.session.last, self.household.log
        if last is None or number_of(log, self.clock.today) is None:
            return False
        # Not if the number was given after this session, or it was asked already.
        return last.id not in {*(rating.session_id for rating in log.ratings), *(one.session_id for one in log.looser)}

    def tap(self, t: float) -> Step | None:
        return None if t < self.stage.entered + READ_S else self._answered("a tap", looser=False)

    def release(self, _: float) -> Step | None:
        return self._answered("held", looser=True)

    def _answered(self, reason: str, *, looser: bool) -> Step:
        if self.session.last is not None:
            self.ledger.save(Save(Looser(self.session.last.id, looser)))
        return Step("go_on", reason)

    def look(self, t: float) -> Look:
        return Look(LooserEntry(self.stage.held(t), self.left_share(t)), t + 2 * FADE_STEP_S)


@dataclass(eq=False)
class FeltWrongScreen(Screen):
    """A hold notes a stop sign, another takes it back."""

    front = Front.FELT_WRONG
    to_do = "Hold (space) if it felt wrong. If not, wait or tap."
    stays = "ask_s"
    on_tap = GO_ON
    _noted: str | None = None  # id of the stop sign that was noted here

    def entered(self, _: float, _before: Front) -> None:
        self._noted = None

    @property
    def _stop_id(self) -> str | None:
        """Return what is noted of this session, here or elsewhere: a hold takes it back."""
        last, stops = self.session.last, self.ledger.log.stops
        about = None if last is None else last.id
        return next((s.id for s in stops if s.id == self._noted or (last is not None and s.session_id == about)), None)

    def interrupt(self, _: float) -> Step | None:
        return None if self._stop_id is None else Step("go_on", "answered")

    def release(self, t: float) -> Step | None:
        if (stop_id := self._stop_id) is not None:
            self.ledger.save(Drop(StopSign, stop_id, "stop_taken_back"))
            return None
        last = self.session.last
        self._noted, about = self.clock.new_id(), None if last is None else last.id
        stop = StopSign(id=self._noted, session_id=about, person=self.household.owner, **self.clock.stamp(t))
        self.ledger.save(Save(stop))
        return None

    def look(self, t: float) -> Look:
        shown = FeltWrong(self.stage.held(t), self.left_share(t), self._stop_id is not None)
        return Look(shown, t + 2 * FADE_STEP_S)
