"""The menu, and the advice once a routine is chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from matpi.core.clock import between
from matpi.core.front import Front
from matpi.core.plan import routine
from matpi.core.plan.routine import ROUTINES
from matpi.core.screens.screen import GO_ON, Look, Screen, Step
from matpi.core.text import Text
from matpi.core.views import Advice, Menu


class Item(StrEnum):
    """Of the menu; the value is the key of its label (`menu` in the catalogues)."""

    WHO = "who"
    ROUTINE = "routine"
    REST = "rest"
    NO_REST = "no_rest"
    FELT_WRONG = "felt_wrong"
    LIGHT_OFF = "light_off"
    LIGHT_ON = "light_on"
    TREND = "trend"
    ZERO = "zero"
    UNDO_ZERO = "undo_zero"
    CALIBRATE = "calibrate"
    PAGE = "page"
    PETS = "pets"
    NO_PETS = "no_pets"
    DOCTOR_AGREED = "doctor_agreed"
    SAFETY = "safety"
    BACK = "back"


FIRST_SESSIONS: Final = 3  # before each of them the advice comes by itself
_LEADS_TO = {
    Item.FELT_WRONG: "report_problem",
    Item.TREND: "see_trend",
    Item.SAFETY: "read_safety",
    Item.CALIBRATE: "calibrate",
}


class Entry(NamedTuple):
    """A line of the menu as it can be chosen."""

    label: Text | str
    item: Item | None = None  # None: one of a list
    name: str = ""  # of a routine, or the id of a person


@dataclass(eq=False)
class MenuScreen(Screen):
    """Own the line that is marked, and which list is shown."""

    front = Front.MENU
    to_do = "Tap (space) for the next line, hold to choose it. Untouched, the menu closes."
    stays = "menu_s"
    over = "leave_menu"
    _marked: tuple[Item | None, str] | None = None  # item and name of the line; None: the first
    _too_short: bool = False  # the last hold, for PAGE: its line says how long it takes
    _list: Item | None = None  # WHO or ROUTINE: their list is shown
    _rest: Item | None = None
    """REST: today can be made a day of rest; NO_REST: it is one and need not stay it; None: not offered."""

    def entered(self, t: float, _before: Front) -> None:
        self._marked, self._list, self._too_short = None, None, False
        self._rest = self._rest_offered(t)

    @property
    def _index(self) -> int:
        """Return the number of the line that is marked; the first when it is gone: lines come and go from outside."""
        return next((n for n, (_, item, name) in enumerate(self.entries) if (item, name) == self._marked), 0)

    def _rest_offered(self, t: float) -> Item | None:
        """Return what is offered to the person whose turn it is; None when today is unknown or has a session."""
        household, clock = self.household, self.clock
        plan = self.plans.on(household.next_owner, clock.day(t))
        if not clock.trusted or plan.today_s > 0.0:
            return None
        if household.day_record(household.next_owner, clock.day(t)).rest:
            return Item.NO_REST
        return None if plan.rest_day else Item.REST

    def tap(self, _: float) -> Step | None:
        entries = self.entries
        self._marked = entries[(self._index + 1) % len(entries)][1:]
        self._too_short = False
        return None

    def hold(self, _: float) -> Step | None:
        self._too_short = self.entries[self._index].item is Item.PAGE
        return None

    def hold_long(self, _: float) -> Step | None:
        """Open the page's screen: a code to pair with is not shown by mistake."""
        return Step("show_page", "held for 3 s") if self._too_short else None

    def stuck(self, _: float) -> Step | None:
        opened = self.stage.press_front in {Front.IDLE, Front.OBJECT}
        return Step("leave_menu", "the button is stuck") if opened else None

    @property
    def entries(self) -> list[Entry]:
        """Return what can be chosen now."""
        people, back = self.household.people, Entry(Text("menu.back"), Item.BACK)
        if self._list is Item.ROUTINE:
            return [*(Entry(Text(f"routines.{name}.title"), name=name) for name in ROUTINES), back]
        if self._list is Item.WHO:
            return [*(Entry(person.name, name=person.id) for person in people.all), back]
        items = [*([Item.WHO] if people.on else []), Item.ROUTINE]
        if self._rest is not None:
            items.append(self._rest)
        items += [Item.FELT_WRONG, Item.TREND, Item.ZERO]
        if self.zeroing.before is not None:
            items.append(Item.UNDO_ZERO)
        if self.zeroing.calibration is not None:
            items.append(Item.CALIBRATE)
        if self.rules.page_address:
            items.append(Item.PAGE)
        items.append(Item.LIGHT_OFF if self.ledger.settings.nudge else Item.LIGHT_ON)
        items.append(Item.PETS if self.ledger.settings.others == "no" else Item.NO_PETS)
        answer = self.household.acknowledgement
        if answer is not None and answer.short_only:
            items.append(Item.DOCTOR_AGREED)
        labels = {Item.PAGE: "page_hold"} if self._too_short else {}
        return [*(Entry(Text(f"menu.{labels.get(item, item)}"), item) for item in (*items, Item.SAFETY)), back]

    def release(self, t: float) -> Step | None:
        """Choose the line that is marked."""
        _, item, name = self.entries[self._index]
        if item is None and self._list is Item.ROUTINE:
            self.selection.take(name, t)
            return Step("choose", name)
        if item is Item.PAGE:
            return None
        if item in _LEADS_TO:
            return Step(_LEADS_TO[item], "chosen")
        if item in {Item.WHO, Item.ROUTINE}:
            self._list = item
            marked = self.selection.next_name if item is Item.ROUTINE else self.household.people.chosen
            self._marked = None, marked or ""
            return None
        return Step("leave_menu", self._do(t, item, name))

    def _do(self, t: float, item: Item | None, person: str) -> str:
        """Do what is done at once. Return it in words, as a reason."""
        match item:
            case None:
                self.household.choose(t, person)
                return self.household.name_of(person)
            case Item.REST | Item.NO_REST:
                self.household.rest_today(t, rest=item is Item.REST)
                return "today is a day of rest" if item is Item.REST else "no day of rest after all"
            case Item.LIGHT_OFF | Item.LIGHT_ON:
                self.ledger.change("nudge", item is Item.LIGHT_ON)
                return "the reminder is on" if item is Item.LIGHT_ON else "the reminder is off"
            case Item.ZERO:
                return "zero set" if self.zeroing.set_zero(t) else "the mat was not still: zero kept"
            case Item.UNDO_ZERO:
                self.zeroing.undo_zero(t)
                return "zero undone"
            case Item.PETS | Item.NO_PETS:
                self.ledger.change("others", "pets" if item is Item.PETS else "no")
                return "pets or visitors" if item is Item.PETS else "no pets or visitors"
            case Item.DOCTOR_AGREED:
                self.household.clear(t)
                return "a doctor agreed"
            case _:
                return "back"

    def look(self, t: float) -> Look:
        entries = self.entries
        held = self.stage.held(t, long=entries[self._index].item is Item.PAGE)
        return Look(Menu(tuple(entry.label for entry in entries), self._index, held))


@dataclass(eq=False)
class ReadyScreen(Screen):
    """What to see to before lying down: of a routine that is chosen, and on waking before the first sessions."""

    front = Front.READY
    to_do = "Lie down (l) to begin. A tap (space) goes on at once."
    on_tap = GO_ON
    _chosen: bool = False
    _seen: tuple[str | None, int, int] | None = None

    @property
    def wanted(self) -> bool:
        """Return whether it comes by itself: before the first three sessions and the first of a tier, once each."""
        plan, following = self.plans.today, self._next
        due = (following[1] < FIRST_SESSIONS or plan.new_tier) and following != self._seen
        return due and not (plan.short_only or plan.done or plan.rest_day or plan.stopped)

    @property
    def _next(self) -> tuple[str | None, int, int]:
        """Return which session is next: of whom, after how many, and in which tier."""
        household = self.household
        return household.owner, len(household.log.counting), self.plans.today.target.first_day

    @property
    def stays_s(self) -> float:
        return self.rules.advice_s if self._chosen else self.rules.idle_off_s

    def entered(self, _: float, before: Front) -> None:
        self._chosen, self._seen = before is Front.MENU, self._next

    def look(self, t: float) -> Look:
        """Show the advice, with the bedtime where "before bed" is chosen at another time."""
        name, now, plan = self.selection.routine.name, self.clock.local(t), self.plans.today
        advice = Text(f"routines.{name}.advice")
        if name == "plan":
            third = self._next[1] == FIRST_SESSIONS - 1
            key = "routines.plan_third.advice" if third else "routines.plan.advice"
            advice = Text(key, clothing=plan.clothing, goal=plan.goal)
        if name == "before_bed" and now is not None:
            bed = datetime.combine(now, self.ledger.settings.bedtime)
            late, early = ((bed - timedelta(minutes=minutes)).time() for minutes in routine.BED_WINDOW_MIN)
            if not between(now.time(), early, late):
                advice = Text("routines.before_bed_at.advice", clock=f"{bed:%H:%M}")
        return Look(Advice(Text(f"routines.{name}.title"), *self.plans.range_min, advice))
