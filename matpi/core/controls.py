"""What the one button does: tap = next or wake, hold = do it, the same everywhere.

A gesture acts only in the state its press began in: a finger that is still down when a state changes does nothing more.
What cannot be undone waits for the release.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from matpi.core import by_button, choice, dating, doubt, on_mat, reminding, who, wishes, zeroing
from matpi.core.effects import Drop, Save
from matpi.core.gesture import Gesture
from matpi.core.model import Acknowledgement, Moment, Rating, StopSign
from matpi.core.plan.routine import ROUTINES
from matpi.core.presence.load import Load
from matpi.core.rating import Dial
from matpi.core.session import State
from matpi.core.text import Text
from matpi.core.views import SAFETY_PAGES, Off

if TYPE_CHECKING:
    from matpi.core.device import Device

READ_S = 1.0
"""A tap answers the last safety page, and "Was that you?" with no: one that comes at once does not mean it. Chosen."""


class Item(StrEnum):
    """Of the menu; the value is the key of its label (`menu` in the catalogues)."""

    WHO = "who"
    ROUTINE = "routine"
    REST = "rest"
    NO_REST = "no_rest"
    TREND = "trend"
    ZERO = "zero"
    UNDO_ZERO = "undo_zero"
    CALIBRATE = "calibrate"
    PETS = "pets"
    NO_PETS = "no_pets"
    CLINICIAN = "clinician"
    SAFETY = "safety"
    BACK = "back"


class Entry(NamedTuple):
    """A line of the menu as it can be chosen."""

    label: Text | str
    item: Item | None = None
    """None: one of a list."""
    name: str = ""
    """Of a routine."""


def act(device: Device, t: float, gesture: Gesture) -> None:
    state = device.machine.state
    if gesture is Gesture.PRESS:
        _press(device, t, state)
        return
    device.touched = t
    if state is State.RATING:
        device.dial.hold(t)
    if gesture is Gesture.STUCK:
        _stuck(device, t, state)
        return
    if gesture in {Gesture.TAP, Gesture.HOLD_RELEASED} and _meant_for_light(device):
        reminding.snooze(device, t)
    if state is not device.press_state:
        return
    if state is State.CALIBRATING and device.by_button is not None:
        device.by_button.act(device, t, gesture)
        return
    match gesture:
        case Gesture.TAP:
            _tap(device, t, state)
        case Gesture.HOLD:
            _hold(device, t, state)
        case Gesture.HOLD_RELEASED:
            _hold_released(device, t, state)
        case Gesture.LONG_HOLD if state is State.ON_MAT and not device.who.took_press:
            device.fire("discard", t, "held for 3 s")


def enter(device: Device, t: float, before: State) -> None:
    """A state was entered: what it begins with."""
    state = device.machine.state
    who.enter(device, t, before)
    if state is State.RATING and before is not State.SAVED:
        device.dial, device.rating_id = Dial(t), None
    match state:
        case State.FELT_WRONG:
            device.stop_id = None
        case State.MENU:
            device.menu_index, device.choosing_routine = 0, False
        case State.SAFETY:
            device.safety_page = 0
        case State.ON_MAT | State.OFF_MAT:
            device.cueing.begin(device, t)
        case State.TREND:
            device.trend_page, device.trend_told = 0, who.whose_day(device)
        case State.CALIBRATING:
            by_button.enter(device, t)
        case _:
            pass
    if before is State.CALIBRATING:
        by_button.leave(device)
    device.question.follow(device, t, before)


def _press(device: Device, t: float, state: State) -> None:
    shown = device.shown
    device.press_state, device.who.took_press = state, False
    device.woke_by_press = shown is not None and isinstance(shown.view, Off)
    device.touched = t
    if state is State.RATING:
        device.dial.hold(t)


def _tap(device: Device, t: float, state: State) -> None:
    match state:
        case State.IDLE if device.set_aside is not None and not device.woke_by_press:
            device.set_aside = None
        case State.IDLE if not device.woke_by_press and (asked := doubt.open_question(device)) is not None:
            device.machine.last = asked
            device.fire("doubtful", t, str(asked.doubt))
        case State.IDLE if not device.woke_by_press:
            device.machine.forget_last()
            device.fire("ask", t, "a tap")
        case State.CONFIRM if t >= device.machine.entered + READ_S:
            doubt.answer(device, yours=False)
            device.fire("no", t, "a tap")
        case State.AWAY | State.CAPPED:
            device.presence.done(t)
        case State.SAFETY if not device.woke_by_press:
            if device.safety_page < SAFETY_PAGES - 1:
                device.safety_page += 1
                device.page_turned = t
            elif t >= device.page_turned + READ_S:
                _answer(device, t, some=True)
        case State.MENU:
            device.menu_index = (device.menu_index + 1) % len(menu(device))
        case State.ON_MAT if who.asks(device, t) is not None:
            who.answer(device, t, yes=False)
        case State.ON_MAT if device.machine.running is not None:
            on_mat.tap(device, t, device.machine.running)
        case State.TREND if device.trend_page == 0:
            device.trend_page = 1
        case State.DONE | State.OFF_MAT | State.SAVED | State.FELT_WRONG | State.TREND | State.READY:
            device.fire("go_on", t, "a tap")
        case State.RATING:
            device.dial.tap(t)
        case _:
            pass


def _hold(device: Device, t: float, state: State) -> None:
    match state:
        case State.IDLE | State.OBJECT:
            device.fire("menu", t, "held")
        case State.ON_MAT if who.asks(device, t) is not None:
            who.answer(device, t, yes=True)
        case State.DONE if device.who.people.on:
            who.book(device)
        case State.CONFIRM:
            doubt.answer(device, yours=True)
            device.fire("yes", t, "held")
        case State.RATING if device.dial.value is not None:
            _rated(device, t, "held")
        case State.SAVED:
            device.dial.hold(t)
            device.fire("change", t, "held")
        case State.DISCARDED if device.machine.discarded() is not None:
            _undo_discard(device, t, "held")
        case _:
            pass


def _hold_released(device: Device, t: float, state: State) -> None:
    match state:
        case State.SAFETY if device.safety_page == SAFETY_PAGES - 1 and not device.woke_by_press:
            _answer(device, t, some=False)
        case State.MENU:
            _choose(device, t, menu(device)[device.menu_index])
        case State.FELT_WRONG if device.stop_id is not None:
            device.keep(Drop(StopSign, device.stop_id, "stop_taken_back"))
            device.stop_id = None
        case State.FELT_WRONG:
            last = device.machine.last
            device.stop_id = device.new_id()
            device.keep(
                Save(
                    StopSign(
                        id=device.stop_id,
                        boot_id=device.boot_id,
                        mono=t,
                        session_id=None if last is None else last.id,
                        person=who.owner(device),
                        **dating.date_of(device, t),
                    )
                )
            )
        case _:
            pass


def _stuck(device: Device, t: float, state: State) -> None:
    """Nobody holds a button for 20 s: what this press did is taken back."""
    device.note(t, "button_stuck", "the button was down for 20 s; it is ignored until it is let go")
    if state is State.MENU and device.press_state in {State.IDLE, State.OBJECT}:
        device.fire("leave_menu", t, "the button is stuck")
    elif state is State.CALIBRATING:
        device.fire("leave_calibration", t, "the button is stuck")
    elif state is State.DISCARDED and device.press_state is State.ON_MAT:
        _undo_discard(device, t, "the button is stuck")


def _undo_discard(device: Device, t: float, reason: str) -> None:
    """The discarded session is back, and stands where the mat is by now: lying there, away, silent or over."""
    presence = device.presence
    gone = presence.load in {Load.EMPTY, Load.OBJECT}
    device.fire("undo", t, reason, at=presence.left_at if gone else t)
    if presence.load is Load.AWAY:
        device.fire("left", t, "got up before the undo", at=presence.left_at)
    elif device.machine.state is State.ON_MAT and presence.silent:
        device.fire("sensor_lost", t, "the load cells are silent", at=presence.lost_at)


def _meant_for_light(device: Device) -> bool:
    """The light reminds, and the press began where there is nothing else to answer."""
    reminds = device.nudge is not None and device.nudge.reason is None
    return reminds and (device.woke_by_press or device.press_state in {State.IDLE, State.OBJECT})


def rating_over(device: Device, t: float) -> None:
    """The rest is over: the value stands, or nobody answered."""
    if device.dial.value is None:
        device.fire("unrated", t, "60 s untouched")
    else:
        _rated(device, t, "4 s of rest")


def _rated(device: Device, t: float, reason: str) -> None:
    keep_chosen(device, t)
    device.fire("rated", t, reason)


def keep_chosen(device: Device, t: float) -> None:
    """The value on the dial is the answer; none is none. Whoever lies down again in the middle of it has answered."""
    value, last = device.dial.value, device.machine.last
    if value is None:
        return
    if device.rating_id is None:
        device.rating_id = device.new_id()
    alone = Moment.DAY if device.plan.today_s > 0 else Moment.BEFORE
    rating = Rating(
        id=device.rating_id,
        boot_id=device.boot_id,
        mono=t,
        value=value,
        moment=alone if last is None else Moment.AFTER,
        session_id=None if last is None else last.id,
        person=who.owner(device),
        **dating.date_of(device, t),
    )
    device.keep(Save(rating))


def _answer(device: Device, t: float, *, some: bool) -> None:
    who.acknowledge(device, Acknowledgement(some=some, utc=device.wall.utc(t)))
    device.fire("answered", t, "one applies, or unsure: ask first" if some else "none applies")


def menu(device: Device) -> list[Entry]:
    """What can be chosen now."""
    back = Entry(Text("menu.back"), Item.BACK)
    if device.choosing_routine:
        return [*(Entry(Text(f"routines.{name}.title"), name=name) for name in ROUTINES), back]
    if device.who.choosing:
        return [*(Entry(person.name) for person in device.who.people.all), back]
    items = [*([Item.WHO] if device.who.people.on else []), Item.ROUTINE]
    if device.who.rest_offered is not None:
        items.append(Item.REST if device.who.rest_offered else Item.NO_REST)
    items += [Item.TREND, Item.ZERO]
    if device.zero_before is not None:
        items.append(Item.UNDO_ZERO)
    if device.calibration is not None:
        items.append(Item.CALIBRATE)
    items.append(Item.PETS if device.settings.others == "no" else Item.NO_PETS)
    acknowledgement = device.acknowledgement
    if acknowledgement is not None and acknowledgement.short_only:
        items.append(Item.CLINICIAN)
    return [*(Entry(Text(f"menu.{item}"), item) for item in (*items, Item.SAFETY)), back]


def _choose(device: Device, t: float, entry: Entry) -> None:
    match entry.item:
        case None if device.choosing_routine:
            device.choice.take(entry.name, t)
            device.fire("choose", t, entry.name)
            return
        case None:
            device.fire("leave_menu", t, who.choose(device, t, device.menu_index))
            return
        case Item.WHO:
            device.menu_index = who.list_people(device)
            return
        case Item.ROUTINE:
            device.choosing_routine = True
            device.menu_index = list(ROUTINES).index(choice.next_name(device))
            return
        case Item.TREND:
            device.fire("see_trend", t, "chosen")
            return
        case Item.SAFETY:
            device.fire("read_safety", t, "chosen")
            return
        case Item.CALIBRATE:
            device.fire("calibrate", t, "chosen")
            return
        case Item.REST | Item.NO_REST:
            wishes.rest_today(device, t, rest=entry.item is Item.REST)
            reason = "today is a day of rest" if entry.item is Item.REST else "no day of rest after all"
        case Item.ZERO:
            reason = "zero set" if zeroing.set_zero(device, t) else "the mat was not still: zero kept"
        case Item.UNDO_ZERO:
            zeroing.undo_zero(device, t)
            reason = "zero undone"
        case Item.PETS | Item.NO_PETS:
            wishes.change_setting(device, "others", "pets" if entry.item is Item.PETS else "no")
            reason = "pets or visitors" if entry.item is Item.PETS else "no pets or visitors"
        case Item.CLINICIAN:
            who.clear(device, device.wall.utc(t))
            reason = "a clinician agreed"
        case _:
            reason = "back"
    device.fire("leave_menu", t, reason)
