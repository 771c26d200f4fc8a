"""Stories of a mat, each played on the bench, for the golden streams (streams.py).

A story returns its bench; one with power cuts in it returns one for each boot. Its name is that of its golden.
"""

# mypy: no-warn-unreachable, disable-error-code="comparison-overlap"
# (the bench changes between one look at it and the next; mypy takes it to stand still)

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from math import sin
from typing import Any

from msgspec.structs import replace

from matpi.core.events import (
    ButtonDown,
    ButtonUp,
    LogChanged,
    Noted,
    PanelBack,
    PanelLost,
    Reading,
    SensorLost,
    SettingWished,
    Stopping,
    Tick,
    UpstreamTrouble,
    WallClock,
    Wish,
    Wished,
)
from matpi.core.front import Front
from matpi.core.model import (
    Acknowledgement,
    Calibration,
    DayRecord,
    EndReason,
    Log,
    Memory,
    Moment,
    Rating,
    Session,
    Settings,
    Zero,
)
from matpi.core.people import People, Person
from matpi.core.rules import DeviceRules, PresenceRules
from matpi.core.screens.menu import Item
from matpi.core.text import Text
from matpi.core.views import Menu, WeightEntry
from tests.bench import NOMINAL, NOON, UNCALIBRATED, Bench, Cells, zone_for

Story = Callable[[], list[Bench]]
STORIES: dict[str, Story] = {}
DAY_S = 86_400.0
TODAY = date(2026, 3, 15)
KNOWN = Acknowledgement(some=False, utc=NOON)
SLOW = DeviceRules(presence=PresenceRules(stale_s=90.0))
"""For days on end: a reading every half minute is no silence."""


def story(play: Callable[[], Bench | list[Bench]]) -> Story:
    """Enter it under its name."""

    def whole() -> list[Bench]:
        played = play()
        return played if isinstance(played, list) else [played]

    whole.__doc__ = play.__doc__
    STORIES[play.__name__] = whole
    return whole


def past(day: int, kg: float | None = 45.0, minutes: float = 20.0, person: str | None = None) -> Session:
    """A session so many days ago."""
    return Session(
        id=f"past-{day}{person or ''}",
        boot_id="before",
        start_mono=0.0,
        span_s=minutes * 60,
        on_mat_s=minutes * 60,
        reason=EndReason.LEFT,
        start_utc=NOON - day * DAY_S,
        utc_offset_s=0,
        day=TODAY - timedelta(days=day),
        load_kg=kg,
        person=person,
    )


def on_plan_day(day: int) -> Memory:
    """The days before were done, one a day, each rated."""
    done = tuple(past(n) for n in range(day - 1, 0, -1))
    ratings = tuple(
        Rating(f"r{n}", "before", 0.0, max(1, 9 - n), Moment.AFTER, s.id, (s.start_utc or 0.0) + 1300.0, 0, s.day)
        for n, s in enumerate(done)
    )
    return Memory(acknowledgement=KNOWN, log=Log(sessions=done, ratings=ratings))


def taps(bench: Bench, times: int) -> None:
    for _ in range(times):
        bench.tap()
        bench.pass_s(0.5)


def routine(bench: Bench, index: int) -> None:
    """Choose the routine of this place in the list, counted from 0."""
    bench.choose(Item.ROUTINE)
    while isinstance(bench.view, Menu) and bench.view.index != index:
        bench.tap()
    bench.hold()


# -- on the mat --------------------------------------------------------------------------------------------------------


@story
def plain_session() -> Bench:
    """Lie down, get up, answer how tight, and the panel goes dark."""
    bench = Bench()
    bench.pass_s(40)
    bench.lie(310)
    bench.up(25)
    taps(bench, 6)
    bench.hold()
    bench.pass_s(20)
    bench.pass_s(60)
    return bench


@story
def short_step() -> Bench:
    """A step of 1 s, one of 5 s, a stand of 29 s and one of 31 s."""
    bench = Bench()
    bench.pass_s(40)
    for seconds in (1.0, 5.0, 29.0, 31.0):
        bench.lie(seconds, kg=60.0)
        bench.up(45)
    return bench


@story
def sitting_up() -> Bench:
    """Sitting up with the legs left on the mat, for half a minute, and then for over two."""
    bench = Bench()
    bench.pass_s(5)
    bench.lie(100)
    bench.body = lambda t: (0.2, 9.0 + 0.1 * sin(t))
    bench.pass_s(35)
    bench.body = None
    bench.lie(40)
    bench.body = lambda t: (0.2, 9.0 + 0.1 * sin(t))
    bench.pass_s(130)
    bench.body = None
    bench.up(60)
    return bench


@story
def away_and_back() -> Bench:
    """Off for 8 s, for 19 s, for good; and off with a tap for "I am done"."""
    bench = Bench()
    bench.pass_s(5)
    bench.lie(60)
    bench.up(8)
    bench.lie(30)
    bench.up(19)
    bench.lie(30)
    bench.up(30)
    bench.pass_s(70)
    bench.lie(45)
    bench.up(5)
    bench.tap()
    bench.pass_s(10)
    return bench


@story
def minutes_seconds_breath() -> Bench:
    """Taps on the mat: mm:ss, then the breath by hand, then minutes again."""
    bench = Bench()
    bench.pass_s(5)
    bench.lie(75)
    bench.tap()
    bench.pass_s(12)
    bench.tap()
    bench.pass_s(1)
    bench.tap()
    bench.pass_s(12)
    bench.tap()
    bench.pass_s(20)
    bench.up(30)
    return bench


@story
def cap() -> Bench:
    """45 minutes are over: get up; a wriggle begins no second session."""
    bench = Bench(rate=2.0)
    bench.pass_s(5)
    bench.lie(2730)
    bench.up(8)
    bench.lie(20)
    bench.up(40)
    return bench


@story
def cap_and_stays() -> Bench:
    """After the cap the panel goes dark, a tap lights it, and silent cells and a late getting up change nothing."""
    bench = Bench(rules=DeviceRules(cap_s=120.0))
    bench.pass_s(5)
    bench.lie(480)
    bench.tap()
    bench.pass_s(10)
    bench.silent = True
    bench.pass_s(70)
    bench.silent = False
    bench.pass_s(30)
    bench.up(30)
    bench.lie(40)
    bench.up(30)
    return bench


@story
def discard_and_undo() -> Bench:
    """Thrown away and brought back while still lying there; again, and left to expire."""
    bench = Bench()
    bench.pass_s(5)
    bench.lie(50)
    bench.hold(3.2)
    bench.pass_s(15)
    bench.hold()
    bench.pass_s(30)
    bench.hold(3.2)
    bench.pass_s(5)
    bench.up(60)
    return bench


@story
def discard_and_undo_when_up() -> Bench:
    """Thrown away, got up and brought back: long enough, too short, back on the mat before, and too late."""
    bench = Bench()
    bench.pass_s(5)
    bench.lie(50)
    bench.hold(3.2)
    bench.up(19.8)
    bench.hold()
    bench.pass_s(90)
    bench.lie(12)
    bench.hold(3.2)
    bench.up(19.8)
    bench.hold()
    bench.pass_s(40)
    bench.lie(60)
    bench.hold(3.2)
    bench.up(5)
    bench.hold()
    bench.pass_s(5)
    bench.lie(20)
    bench.up(90)
    bench.lie(50)
    bench.hold(3.2)
    bench.up(25)
    bench.hold()
    bench.pass_s(25)
    return bench


@story
def sensors_lost() -> Bench:
    """Silent cells: on the mat, back in time; for over a minute; on an empty mat; in the middle of a question."""
    bench = Bench()
    bench.pass_s(5)
    bench.lie(60)
    bench.silent = True
    bench.pass_s(30)
    bench.silent = False
    bench.pass_s(30)
    bench.send(
        SensorLost(bench.t, "unplugged", Text("scale.no_signal_at", where="channel 2"), Text("scale.check_wires"))
    )
    bench.silent = True
    bench.pass_s(75)
    bench.silent = False
    bench.up(40)
    bench.lie(45)
    bench.up(26)
    bench.silent = True
    bench.pass_s(120)
    bench.silent = False
    bench.pass_s(5)
    bench.lie(1)
    bench.silent = True
    bench.pass_s(400)
    bench.silent = False
    bench.up(10)
    return bench


@story
def flagged_and_spiked() -> Bench:
    """Readings flagged by the reader, and single spikes of hundreds of kilograms."""
    bench = Bench()
    bench.pass_s(5)
    bench.lie(60)
    bench.ok = False
    bench.pass_s(5)
    bench.ok = True
    bench.spike_share = 0.05
    bench.pass_s(40)
    bench.up(40)
    bench.spike_share = 0.0
    bench.pass_s(5)
    return bench


@story
def object_and_motion() -> Bench:
    """A basket is put down, the menu opened beside it, and taken away; somebody who lay as still as one moves."""
    bench = Bench()
    bench.pass_s(5)
    bench.motion_kg = 0.0
    bench.lie(60, kg=15.0)
    bench.hold()
    bench.pass_s(30)
    bench.up(30)
    bench.lie(50, kg=20.0)
    bench.motion_kg = 0.05
    bench.pass_s(200)
    bench.up(60)
    return bench


@story
def thing_left_behind() -> Bench:
    """A bag where somebody has left, too soon to be known from a return; one later; one after the cap."""
    bench = Bench(rules=DeviceRules(cap_s=90.0))
    bench.pass_s(5)
    bench.lie(70, kg=60.0)
    bench.up(6)
    bench.motion_kg = 0.0
    bench.lie(60, kg=20.0)
    bench.up(100)
    bench.motion_kg = 0.05
    bench.lie(80, kg=60.0)
    bench.motion_kg = 0.0
    bench.lie(150, kg=14.0)
    bench.up(100)
    bench.motion_kg = 0.05
    bench.lie(95, kg=60.0)
    bench.motion_kg = 0.0
    bench.lie(90, kg=25.0)
    bench.up(40)
    return bench


# -- questions ---------------------------------------------------------------------------------------------------------


@story
def rating() -> Bench:
    """The dial: over 10 to 1, confirmed by a hold, by 4 s of rest, changed, left alone, and out of turn."""
    bench = Bench()
    bench.pass_s(40)
    bench.lie(130)
    bench.up(26)
    for _ in range(11):
        bench.tap()
    bench.hold()
    bench.pass_s(1)
    bench.hold()
    taps(bench, 3)
    bench.pass_s(6)
    bench.tap()
    bench.pass_s(15)
    bench.tap()
    bench.pass_s(70)
    bench.pass_s(20)
    bench.tap()
    bench.pass_s(1)
    bench.tap()
    bench.pass_s(1)
    taps(bench, 4)
    bench.lie(40)
    bench.up(90)
    return bench


@story
def looser() -> Bench:
    """The first wake of the day asks for its number; after the sessions of that day only "looser?": yes, no, none."""
    bench = Bench()
    bench.pass_s(60)
    bench.tap()
    taps(bench, 7)
    bench.hold()
    bench.pass_s(60)
    for answer in (bench.hold, bench.tap, None):
        bench.lie(60)
        bench.up(26)
        if answer is not None:
            answer()
        bench.pass_s(60)
    return bench


@story
def rating_unanswered() -> Bench:
    """Nobody answers how tight; felt wrong is asked and nobody answers that either."""
    bench = Bench()
    bench.pass_s(40)
    bench.lie(130)
    bench.up(120)
    return bench


@story
def interrupted() -> Bench:
    """A step on the mat while something is shown or asked: result, dial, answer, looser, felt wrong, an undo."""
    bench = Bench()
    bench.pass_s(5)
    for presses in ("", "t", "tttttth", "t", "th", "d"):
        bench.lie(125)
        if presses == "d":
            bench.hold(3.2)
        bench.up(20.5)
        for press in presses.strip("d"):
            bench.hold() if press == "h" else bench.tap()
        bench.lie(1.5)
        bench.up(40)
    bench.lie(36)
    bench.up(26)
    bench.lie(40)
    bench.up(30)
    return bench


@story
def felt_wrong() -> list[Bench]:
    """Something felt wrong: logged, taken back, logged again; the next day is one of rest."""
    bench = Bench(on_plan_day(5), rate=5.0)
    bench.pass_s(40)
    bench.lie(305)
    bench.up(26)
    taps(bench, 7)
    bench.hold()
    bench.tap()
    bench.pass_s(1)
    bench.hold()
    bench.pass_s(2)
    bench.hold()
    bench.pass_s(2)
    bench.hold()
    bench.pass_s(60)
    bench.tap()
    bench.pass_s(80)
    later = bench.reboot(off_s=DAY_S)
    later.pass_s(60)
    later.tap()
    later.pass_s(70)
    return [bench, later]


@story
def cut_short() -> list[Bench]:
    """A session under the lower bound: felt wrong comes first, and is not asked again after the rating."""
    bench = Bench(on_plan_day(5), rate=5.0)
    bench.pass_s(40)
    bench.lie(60)
    bench.up(26)
    bench.hold()
    bench.tap()
    taps(bench, 7)
    bench.hold()
    bench.pass_s(40)
    bench.choose(Item.FELT_WRONG)
    bench.hold()
    bench.tap()
    bench.pass_s(40)
    return [bench]


@story
def up_after_25_s() -> list[Bench]:
    """Dizzy, and up after 25 s: asked at once, once more after a slip, noted; the next day is one of rest."""
    bench = Bench(on_plan_day(5), rate=5.0)
    bench.pass_s(40)
    bench.lie(25)
    bench.up(21)
    bench.lie(1.5)
    bench.up(3)
    bench.hold()
    bench.pass_s(60)
    bench.lie(25)
    bench.up(3)
    bench.tap()
    bench.pass_s(60)
    later = bench.reboot(off_s=DAY_S)
    later.pass_s(60)
    return [bench, later]


@story
def doubt() -> Bench:
    """Was that you? Not answered for half of the usual load, yes for a light one, no for one end of the mat."""
    bench = Bench(on_plan_day(5))
    bench.pass_s(40)
    bench.lie(60, kg=18.0)
    bench.up(90)
    bench.pass_s(80)
    bench.lie(0.5, kg=16.0)
    bench.lie(60, kg=9.0)
    bench.up(22)
    bench.pass_s(2)
    bench.hold()
    bench.pass_s(80)
    bench.body = lambda t: (40.0 + 0.1 * sin(3 * t), 0.1)
    bench.pass_s(60)
    bench.body = None
    bench.up(22)
    bench.pass_s(2)
    bench.tap()
    bench.pass_s(40)
    return bench


@story
def pets_and_visitors() -> Bench:
    """A no to half of the usual load turns pets on; then an unknown load counts once it is confirmed, also later."""
    bench = Bench(on_plan_day(5))
    bench.pass_s(40)
    bench.lie(60, kg=18.0)
    bench.up(22)
    bench.pass_s(2)
    bench.tap()
    bench.pass_s(40)
    bench.lie(60, kg=45.0)
    bench.up(100)
    bench.lie(60, kg=75.0)
    bench.up(90)
    bench.lie(10, kg=75.0)
    bench.up(60)
    bench.tap()
    bench.pass_s(1)
    bench.tap()
    bench.pass_s(2)
    bench.hold()
    bench.pass_s(100)
    return bench


@story
def trend() -> list[Bench]:
    """After the rating of day 7 the trend is shown, and "looser?" on a tap; from the menu; on day 14."""
    bench = Bench(on_plan_day(7), rate=5.0)
    bench.pass_s(40)
    bench.tap()
    bench.pass_s(1)
    taps(bench, 8)
    bench.hold()
    bench.pass_s(20)
    bench.lie(605)
    bench.up(26)
    bench.hold()
    bench.tap()
    bench.pass_s(1)
    bench.tap()
    bench.pass_s(3)
    bench.tap()
    bench.pass_s(25)
    bench.choose(Item.TREND)
    bench.pass_s(30)
    later = Bench(on_plan_day(14), rate=5.0, boot_id="boot-2")
    later.pass_s(5)
    later.lie(605)
    later.up(26)
    later.pass_s(80)
    later.tap()
    later.pass_s(1)
    taps(later, 4)
    later.hold()
    later.pass_s(40)
    return [bench, later]


# -- button and menu ---------------------------------------------------------------------------------------------------


@story
def menu() -> Bench:
    """Once round the menu, every item of it chosen, and the menu left alone."""
    bench = Bench(replace(on_plan_day(3), zero=Zero((0.05, 0.02))))
    bench.pass_s(40)
    bench.hold()
    for _ in range(10):
        bench.tap()
    bench.pass_s(25)
    for item in (
        Item.FELT_WRONG,
        Item.TREND,
        Item.REST,
        Item.NO_REST,
        Item.ZERO,
        Item.UNDO_ZERO,
        Item.PETS,
        Item.NO_PETS,
        Item.BACK,
    ):
        bench.choose(item)
        bench.pass_s(2)
        if item is Item.FELT_WRONG:
            bench.tap()
        if item is Item.TREND:
            bench.tap()
            bench.tap()
    bench.choose(Item.SAFETY)
    bench.pass_s(2)
    for _ in range(8):
        bench.tap()
        bench.pass_s(2)
    bench.pass_s(40)
    bench.hold()
    bench.lie(10)
    bench.up(60)
    return bench


@story
def safety_questions() -> list[Bench]:
    """What to know first: one applies, so ask a doctor, who agreed; none, and a session in between."""
    some = Bench(acknowledged=False)
    some.pass_s(5)
    for _ in range(5):
        some.tap()
        some.pass_s(2)
    some.pass_s(40)
    some.lie(40)
    some.up(120)
    some.choose(Item.DOCTOR_AGREED)
    some.pass_s(40)
    none = Bench(acknowledged=False, boot_id="boot-2")
    none.pass_s(5)
    none.lie(40)
    none.up(120)
    for _ in range(2):
        none.pass_s(2)
        none.tap()
    none.pass_s(310)
    none.tap()
    none.pass_s(2)
    none.hold()
    none.pass_s(2)
    none.lie(40)
    none.up(200)
    return [some, none]


@story
def stuck_button() -> Bench:
    """Bounces and ghost presses; a button down for 20 s in idle, in the menu and on the mat, taken back each time."""
    bench = Bench()
    bench.pass_s(40)
    bench.press(0.01)
    bench.pass_s(2)
    for _ in range(3):
        bench.send(ButtonDown(bench.t))
        bench.send(ButtonUp(bench.t + 0.005))
        bench.t += 0.01
    bench.pass_s(5)
    bench.press(25.0)
    bench.pass_s(30)
    bench.hold()
    bench.press(25.0)
    bench.pass_s(30)
    bench.lie(80)
    bench.press(25.0)
    bench.pass_s(20)
    bench.up(26)
    bench.tap()
    bench.press(25.0)
    bench.send(ButtonUp(bench.t))
    bench.pass_s(90)
    return bench


# -- routines ----------------------------------------------------------------------------------------------------------


@story
def routine_chosen() -> Bench:
    """A routine is chosen from the list: what to see to first, its range and its threshold; then the plan again."""
    bench = Bench(on_plan_day(5), rate=5.0)
    bench.pass_s(40)
    bench.hold()
    bench.choose(Item.ROUTINE)
    for _ in range(12):
        bench.tap()
    bench.pass_s(25)
    routine(bench, 4)
    bench.pass_s(70)
    bench.lie(310, kg=11.0)
    bench.up(26)
    bench.pass_s(80)
    routine(bench, 5)
    bench.tap()
    bench.pass_s(5)
    routine(bench, 10)
    bench.pass_s(5)
    bench.lie(40)
    bench.up(26)
    return bench


@story
def setting_of_routine() -> Bench:
    """Another routine is set from outside for every session, and one chosen in the menu wins once."""
    bench = Bench(on_plan_day(5), rate=5.0)
    bench.pass_s(5)
    bench.send(SettingWished(bench.t, "routine", "upper_back"))
    bench.pass_s(5)
    bench.lie(40)
    bench.up(100)
    routine(bench, 7)
    bench.lie(40)
    bench.up(100)
    bench.lie(40)
    bench.up(30)
    return bench


@story
def breath() -> Bench:
    """The 4-6 breath as a routine, circle by circle, away and back in it."""
    bench = Bench(on_plan_day(5))
    bench.pass_s(5)
    routine(bench, 2)
    bench.lie(24)
    bench.up(4)
    bench.lie(3)
    bench.up(26)
    return bench


@story
def breath_by_plan() -> Bench:
    """From day 8 on the breath comes by itself after two minutes; a tap sends it away."""
    bench = Bench(on_plan_day(9))
    bench.pass_s(5)
    bench.lie(135)
    bench.tap()
    bench.pass_s(30)
    bench.up(26)
    return bench


@story
def downshift() -> Bench:
    """The ten-minute downshift with its cues, and lying on until it is said to get up now."""
    bench = Bench(on_plan_day(12), rate=4.0)
    bench.pass_s(5)
    routine(bench, 1)
    bench.lie(920)
    bench.up(30)
    return bench


@story
def recovery_off_the_mat() -> Bench:
    """Ten minutes of recovery, then what follows off the mat; once to its end and once tapped away."""
    bench = Bench(on_plan_day(12), rate=4.0)
    bench.pass_s(5)
    routine(bench, 9)
    bench.lie(610, kg=30.0)
    bench.up(420)
    bench.pass_s(80)
    routine(bench, 9)
    bench.lie(610, kg=30.0)
    bench.up(40)
    bench.tap()
    bench.pass_s(80)
    return bench


# -- several people ----------------------------------------------------------------------------------------------------

ADA, BEN = Person("a", "Ada"), Person("b", "Ben")


def household() -> Memory:
    """Ada puts 35 kg on the mat and stands on day 3, Ben puts 55 kg and stands on day 4."""
    sessions = (*(past(n, 35.0, 3.0, "a") for n in (3, 2)), *(past(n, 55.0, 3.0, "b") for n in (5, 4, 3, 2)))
    answers = tuple(Acknowledgement(some=False, utc=NOON, person=person) for person in "ab")
    log = Log(sessions=tuple(sorted(sessions, key=lambda s: s.start_utc or 0.0)))
    return Memory(log=log, people=People((ADA, BEN), "a"), answers=answers)


@story
def several_people() -> Bench:
    """Two share the mat: the weight suggests the other one; yes, no, unanswered; chosen in the menu; booked over."""
    bench = Bench(household())
    bench.pass_s(5)
    bench.lie(90, kg=35.0)
    bench.up(26)
    bench.pass_s(90)
    bench.lie(70, kg=55.0)
    bench.hold()
    bench.pass_s(20)
    bench.up(26)
    taps(bench, 3)
    bench.hold()
    bench.pass_s(60)
    bench.lie(70, kg=35.0)
    bench.tap()
    bench.pass_s(20)
    bench.up(22)
    bench.hold()
    bench.pass_s(100)
    bench.lie(120, kg=35.0)
    bench.up(100)
    bench.choose(Item.WHO)
    bench.pass_s(1)
    bench.choose("Ada")
    bench.pass_s(40)
    return bench


@story
def household_evening() -> Bench:
    """The light reminds until the last of them was there; seen by one press, for who is missing alone."""
    bench = Bench(household(), utc=NOON + 8.9 * 3600, rules=SLOW, rate=1 / 30)
    bench.pass_s(600)
    bench.rate = 10.0
    bench.lie(130, kg=35.0)
    bench.up(90)
    bench.rate = 1 / 30
    bench.pass_s(2400)
    bench.tap()
    bench.pass_s(3600)
    return bench


# -- power, disk, parts ------------------------------------------------------------------------------------------------


@story
def power_cut_resumed() -> list[Bench]:
    """The power goes in a session and comes back after a minute: it goes on. The same again with the clock late."""
    first = Bench()
    first.pass_s(5)
    first.lie(100)
    second = first.reboot(off_s=60)
    second.lie(40)
    third = second.reboot(off_s=90, clock=False, boot_id="boot-3")
    third.lie(20)
    third.clock_known()
    third.lie(40)
    third.up(30)
    return [first, second, third]


@story
def power_cut_closed() -> list[Bench]:
    """Too late, or nobody there any more: the session is closed at its last checkpoint; one under 30 s is dropped."""
    first = Bench()
    first.pass_s(5)
    first.lie(100)
    second = first.reboot(off_s=298)
    second.lie(40)
    third = second.reboot(off_s=60, boot_id="boot-3")
    third.kg = 0.0
    third.pass_s(330)
    third.lie(20)
    fourth = third.reboot(off_s=60, boot_id="boot-4")
    fourth.up(330)
    fourth.lie(60)
    fourth.up(5)
    fifth = fourth.reboot(off_s=20, boot_id="boot-5")
    fifth.up(330)
    return [first, second, third, fourth, fifth]


@story
def stopped() -> list[Bench]:
    """The process is asked to end in a session: a last checkpoint, a dark panel; the next start goes on."""
    first = Bench()
    first.pass_s(5)
    first.lie(50)
    first.send(Stopping(first.t))
    second = first.reboot(off_s=3)
    second.lie(30)
    second.up(30)
    return [first, second]


@story
def disk_full() -> Bench:
    """The disk is full through a session and its rating: shown, retried, and saved once there is room."""
    bench = Bench()
    bench.pass_s(5)
    bench.lie(40)
    bench.disk_full = True
    bench.pass_s(50)
    bench.up(26)
    bench.tap()
    taps(bench, 5)
    bench.hold()
    bench.pass_s(50)
    bench.disk_full = False
    bench.pass_s(60)
    bench.mute_store = True
    bench.lie(40)
    bench.up(40)
    bench.mute_store = False
    bench.pass_s(60)
    return bench


@story
def parts_that_fail() -> Bench:
    """A panel that goes and comes, a button, a lamp and a chime that are missing, sending on that does not work."""
    bench = Bench()
    bench.pass_s(40)
    bench.send(PanelLost(bench.t))
    bench.pass_s(5)
    bench.send(PanelBack(bench.t))
    bench.pass_s(5)
    bench.send(PanelLost(bench.t))
    bench.send(PanelBack(bench.t))
    for part in ("button", "lamp", "chime"):
        bench.send(Noted(bench.t, f"{part}_lost", f"the {part} is gone"))
        bench.pass_s(2)
    bench.tap()
    bench.pass_s(10)
    for part in ("button", "lamp", "chime"):
        bench.send(Noted(bench.t, f"{part}_back", f"the {part} is back"))
    bench.send(UpstreamTrouble(bench.t, "broker unreachable"))
    bench.pass_s(40)
    bench.tap()
    bench.pass_s(40)
    bench.send(UpstreamTrouble(bench.t, ""))
    bench.tap()
    bench.pass_s(40)
    return bench


@story
def log_set_aside() -> Bench:
    """The log was damaged and a new one begun: shown until a tap."""
    bench = Bench(Memory(acknowledgement=KNOWN, set_aside="matpi.damaged-1.db", doubts=("the zone is no zone",)))
    bench.pass_s(40)
    bench.tap()
    bench.tap()
    bench.pass_s(2)
    bench.tap()
    bench.pass_s(80)
    return bench


# -- zero and calibration ----------------------------------------------------------------------------------------------


def leaning(share: float, kg: float = 74.0) -> Callable[[float], tuple[float, ...]]:
    """Somebody who stands with this share of it on the head end."""
    return lambda t: (kg * share + 0.3 * sin(t), kg * (1 - share) - 0.3 * sin(t))


@story
def calibration_by_button() -> Bench:
    """Calibrated with one button: empty, the weight, head end, foot end; first too restless, then left, then done."""
    memory = Memory(acknowledgement=KNOWN, calibration=UNCALIBRATED, zero=Zero((4.0, -3.0), anchor_kg=1.0))
    bench = Bench(memory, cells=Cells((39_000.0, 46_000.0), (172_000.0, -129_000.0)))
    bench.pass_s(5)
    bench.choose(Item.CALIBRATE)
    bench.pass_s(200)
    bench.choose(Item.CALIBRATE)
    bench.tap()
    bench.choose(Item.CALIBRATE)
    bench.send(SensorLost(bench.t, "unplugged"))
    bench.pass_s(3)
    bench.choose(Item.CALIBRATE)
    bench.hold()
    bench.pass_s(6)
    while isinstance(bench.view, WeightEntry) and bench.view.tens and bench.view.kg // 10 != 7:
        bench.tap()
    bench.hold()
    while isinstance(bench.view, WeightEntry) and bench.view.kg != 74:
        bench.tap()
    bench.hold()
    bench.body = lambda t: (30.0 + 20.0 * sin(4 * t), 30.0)
    bench.pass_s(12)
    bench.body = leaning(0.82)
    bench.pass_s(9)
    bench.body = leaning(0.2)
    bench.pass_s(9)
    bench.pass_s(10)
    bench.body = None
    bench.up(40)
    bench.lie(40, kg=60.0)
    bench.up(30)
    return bench


@story
def first_zero() -> Bench:
    """Never calibrated and never zeroed: somebody lies there first, then the empty mat is found, then a session."""
    scale = Calibration((0, 0), (NOMINAL, NOMINAL), approximate=True)
    bench = Bench(Memory(calibration=scale), cells=Cells((NOMINAL,) * 2, (NOMINAL * 17.0, 0.0), 60.0))
    bench.body = lambda t: (30.0 + 0.2 * (int(t) % 4), 18.0)
    bench.pass_s(30)
    bench.body = None
    bench.pass_s(60)
    bench.lie(40)
    bench.up(60)
    return bench


@story
def zero_that_wanders() -> Bench:
    """The zero follows two hours of drift and is saved rarely; a pillow is left and becomes part of it."""
    bench = Bench(rate=1.0)
    bench.pass_s(5)
    begin = bench.t
    bench.body = lambda t: (0.4 * (t - begin) / 3600 + 0.01 * sin(t), 0.01 * sin(2 * t))
    bench.pass_s(7200)
    bench.body = lambda t: (2.4 + 0.01 * sin(t), 0.01 * sin(2 * t))
    bench.pass_s(1800)
    return bench


# -- clocks and days ---------------------------------------------------------------------------------------------------


@story
def clock_comes_late() -> Bench:
    """No clock until the middle of a session, then it is known: dated from its start; then a step of an hour."""
    bench = Bench(utc=None)
    bench.utc_at_0 = NOON - 100
    bench.pass_s(5)
    bench.lie(60)
    bench.up(40)
    bench.pass_s(60)
    bench.lie(40)
    bench.clock_known()
    bench.pass_s(30)
    bench.up(30)
    bench.send(WallClock(bench.t, NOON + 3600, trusted=True))
    bench.pass_s(20)
    bench.send(WallClock(bench.t, 100.0, trusted=True))
    bench.tap()
    bench.pass_s(40)
    return bench


@story
def estimated_days() -> list[Bench]:
    """Days by a clock that nobody vouches for: they count, are estimated, and move once the clock is known."""
    first = Bench(on_plan_day(3), utc=None, rules=SLOW, rate=1 / 30)
    first.send(WallClock(first.t, NOON, trusted=False))
    for _ in range(2):
        first.rate = 5.0
        first.lie(40)
        first.up(100)
        first.rate = 1 / 30
        first.pass_s(DAY_S)
    first.send(Wished(first.t, Wish.REST))
    first.utc_at_0 = NOON + 5 * DAY_S
    second = first.reboot(off_s=3600, clock=False)
    second.pass_s(5)
    second.lie(40)
    second.up(50)
    second.clock_known()
    second.tap()
    second.pass_s(60)
    return [first, second]


def berlin(day: int, clock: str) -> float:
    """UTC of this local time in Berlin; in the night to 25 October 2026 the clocks go back there."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 10, day, hour, minute, tzinfo=zone_for("Europe/Berlin")).timestamp()


def to(bench: Bench, utc: float) -> None:
    assert bench.utc_at_0 is not None
    bench.pass_s(utc - bench.utc_at_0 - bench.t)


def lie_for_a_day(bench: Bench, seconds: float = 130.0) -> None:
    rate, bench.rate = bench.rate, 5.0
    bench.lie(seconds)
    bench.up(30)
    bench.rate = rate


@story
def summer_time_ends() -> Bench:
    """The night the clocks go back, with a session in it; and moved to another time zone from outside."""
    answered = Acknowledgement(some=False, utc=berlin(23, "12:00"))
    memory = Memory(acknowledgement=answered, settings=Settings(zone="Europe/Berlin"))
    bench = Bench(memory, utc=berlin(24, "20:50"), rules=SLOW, rate=1 / 30)
    to(bench, berlin(24, "22:20"))
    lie_for_a_day(bench, 310)
    to(bench, berlin(25, "00:30") + 2 * 3600)
    lie_for_a_day(bench, 40)
    to(bench, berlin(25, "20:50"))
    bench.send(SettingWished(bench.t, "zone", "America/New_York"))
    bench.tap()
    bench.pass_s(2 * 3600)
    lie_for_a_day(bench, 40)
    bench.pass_s(8 * 3600)
    return bench


@story
def reminder_evenings() -> Bench:
    """Five evenings: left alone, seen by a press, a day of rest, done before, and bedtime set to later."""
    bench = Bench(Memory(acknowledgement=KNOWN), utc=NOON + 8.5 * 3600, rules=SLOW, rate=1 / 30)
    bench.pass_s(DAY_S - 60)
    bench.pass_s(3600)
    bench.tap()
    bench.pass_s(DAY_S - 3600)
    bench.send(Wished(bench.t, Wish.REST))
    bench.pass_s(DAY_S)
    lie_for_a_day(bench, 310)
    bench.pass_s(DAY_S - 3600)
    bench.send(SettingWished(bench.t, "bedtime", time(23, 30)))
    bench.send(SettingWished(bench.t, "quiet_from", time(23, 45)))
    bench.pass_s(5 * 3600)
    return bench


@story
def remote_wishes() -> Bench:
    """What is asked for from outside: zero, no reminder, rest and not, identify, settings; refused where it harms."""
    bench = Bench(utc=NOON)
    bench.pass_s(40)
    for wish in (Wish.ZERO, Wish.REST, Wish.NO_REST, Wish.SNOOZE, Wish.IDENTIFY, Wish.SNOOZE):
        bench.send(Wished(bench.t, wish))
        bench.pass_s(5)
    for name, value in (
        ("weekly_goal", 3),
        ("weekly_goal", 3),
        ("rest_weekdays", frozenset({6})),
        ("nudge", False),
        ("stay_on_tier", True),
        ("others", "pets"),
    ):
        bench.send(SettingWished(bench.t, name, value))
        bench.pass_s(1)
    bench.tap()
    bench.send(Wished(bench.t, Wish.ZERO))
    bench.pass_s(80)
    bench.lie(50)
    bench.send(Wished(bench.t, Wish.ZERO))
    bench.send(Wished(bench.t, Wish.IDENTIFY))
    bench.up(60)
    bench.silent = True
    bench.pass_s(5)
    bench.send(Wished(bench.t, Wish.ZERO))
    bench.silent = False
    bench.pass_s(5)
    bench.send(LogChanged(bench.t, Log(sessions=(past(1), past(2)), days=(DayRecord(TODAY, rest=True),))))
    bench.tap()
    bench.pass_s(40)
    return bench


@story
def fortnight() -> Bench:
    """Two weeks, a session on most days, rated; day by day on through the tiers, with a gap of three days."""
    bench = Bench(Memory(acknowledgement=KNOWN), utc=NOON + 6 * 3600, rules=SLOW, rate=1 / 60)
    for day in range(14):
        began = bench.t
        if day not in {5, 6, 7}:
            bench.rate = 4.0
            bench.lie(33 if day % 4 else 125)
            bench.up(26)
            if bench.state is Front.FELT_WRONG:
                bench.tap()
            taps(bench, 1 + (7 * day) % 10)
            bench.hold()
            bench.pass_s(2)
            bench.tap()
            bench.tap()
            bench.rate = 1 / 60
        bench.send(SettingWished(bench.t, "nudge", day % 3 == 0))
        bench.pass_s(began + DAY_S - bench.t)
    bench.tap()
    bench.pass_s(120)
    return bench


# -- any order ---------------------------------------------------------------------------------------------------------


def _step(bench: Bench, chance: random.Random) -> None:
    """One step of the kind that test_device_any_order.py takes."""
    step: list[tuple[int, Callable[[], Any]]] = [
        (4, lambda: bench.lie(chance.choice((2.0, 12.0, 40.0, 90.0)), kg=chance.choice((6.0, 20.0, 45.0, 80.0)))),
        (3, lambda: bench.up(chance.choice((1.0, 8.0, 25.0, 70.0)))),
        (5, lambda: bench.press(chance.choice((0.01, 0.15, 0.15, 0.15, 0.9, 0.9, 3.2)))),
        (1, lambda: bench.press(22.0)),
        (1, lambda: _silent(bench, chance.choice((1.0, 3.0, 20.0, 65.0)))),
        (1, lambda: _still(bench, chance.choice((20.0, 45.0)))),
        (1, lambda: _late(bench, chance.choice((5.0, 25.0, 100.0, 3600.0)))),
        (1, lambda: bench.send(WallClock(bench.t, NOON + bench.t + chance.choice((-40.0, 0.0, 9000.0)), trusted=True))),
        (1, lambda: setattr(bench, "disk_full", not bench.disk_full)),
        (1, lambda: bench.send(SensorLost(bench.t, "unplugged"))),
        (1, lambda: bench.send(SettingWished(bench.t, "others", chance.choice(("pets", "no"))))),
        (1, lambda: bench.send(Reading(bench.t, (300.0, 0.0)))),
    ]
    weights, does = zip(*step, strict=True)
    chance.choices(does, weights)[0]()


def _silent(bench: Bench, seconds: float) -> None:
    bench.silent = True
    bench.pass_s(seconds)
    bench.silent = False


def _still(bench: Bench, kg: float) -> None:
    bench.motion_kg = 0.0
    bench.lie(60.0, kg=kg)
    bench.motion_kg = 0.05


def _late(bench: Bench, seconds: float) -> None:
    """The machine was asleep: one late event."""
    bench.t += seconds
    bench.send(Tick(bench.t))


def _any_order(seed: int) -> Bench:
    chance = random.Random(seed)
    bench = Bench(seed=seed)
    bench.pass_s(30)
    for _ in range(45):
        _step(bench, chance)
    bench.disk_full = False
    bench.up(100)
    return bench


@story
def any_order_1() -> Bench:
    """Whatever happens, in whatever order: the first seed."""
    return _any_order(1)


@story
def any_order_2() -> Bench:
    """Whatever happens, in whatever order: the second seed."""
    return _any_order(2)


@story
def any_order_3() -> Bench:
    """Whatever happens, in whatever order: the third seed."""
    return _any_order(3)
