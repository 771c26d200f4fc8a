"""Every view that the device can show with every text it can say there, at the widest numbers: what must fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise, product

from matpi.core.languages import CELLS, told
from matpi.core.people import NAME_MAX
from matpi.core.plan.custom_plan import DAYS_MAX
from matpi.core.plan.programme import AFTER, TIERS
from matpi.core.plan.routine import ROUTINES, Says
from matpi.core.plan.trend import Pairs, Trend, page, pairs_page
from matpi.core.views import (
    Advice,
    Arriving,
    Away,
    Breathe,
    Confirm,
    Discarded,
    Fault,
    FeltWrong,
    GetUp,
    Guide,
    Holding,
    Idle,
    Menu,
    Notice,
    Object,
    OffMat,
    RatingEntry,
    RatingSaved,
    Safety,
    SessionDone,
    Timer,
    View,
    WeightEntry,
)
from matpi.core.words import Words
from matpi.core.words_en import ENGLISH

WIDEST_NAME = "M" * NAME_MAX
CAP_S = 120 * 60
"""The longest that presence.cap_min may be."""
ALL_DAY_MIN = 14 * 60
"""More than that is no day on a mat."""
MID_SESSION = (Says.SOON, Says.DONE, Says.ENOUGH)
"""What may stand beside the breath instead of how to breathe."""
FILE = "damaged-1234567.db"[-15:]


def everything(w: Words) -> Iterator[View]:
    yield from idle(w)
    yield from session(w)
    yield from before_and_after(w)
    yield from questions(w)
    yield from calibration(w)
    yield from faults(w)
    yield from (Safety(page, len(w.safety.pages)) for page in range(len(w.safety.pages)))


def notices(w: Words) -> Iterator[str]:
    """What the bar of the idle screen may say."""
    bar = w.bar
    yield from (bar.clock_unknown, bar.ask_clinician, bar.from_day_1, bar.once_more, bar.check_mat, bar.backwards)
    yield from (bar.next.format(routine=w.routines.of(name).title) for name in ROUTINES)
    yield w.people.missing.format(names=WIDEST_NAME[:9])


def idle(w: Words) -> Iterator[View]:
    days = [(1, 14), (14, 14), (15, 14), (DAYS_MAX, DAYS_MAX)]
    sayings = [None, *notices(w)]
    for (day, of), clock, notice, seconds in product(
        days, ("00:00", "~12-31"), sayings, (0.0, 30.0, ALL_DAY_MIN * 60.0)
    ):
        for done, rest in ((False, False), (True, False), (False, True), (True, True)):
            yield Idle(clock, day, 15, 20, seconds, done, rest, notice, of)
    unsent = (getattr(ENGLISH.unsent, field.name).format(status=404) for field in fields(ENGLISH.unsent))
    yield from (Idle("00:00", 14, 15, 20, 0.0, False, False, told(text, w)) for text in unsent)


def session(w: Words) -> Iterator[View]:
    for says, seconds, elapsed_s in product(Says, (False, True), (7, 599, 600, 17 * 60, 25 * 60, CAP_S - 1)):
        for lower, upper in ((2, 5), (15, 20), (60, 90)):
            yield Timer(elapsed_s, lower, upper, w.phases.of(says), seconds)
            yield Timer(elapsed_s, lower, upper, w.phases.of(says), seconds, notice=w.bar.cannot_write)
            yield Timer(elapsed_s, lower, upper, w.phases.of(says), seconds, hold=0.5)
    asks = w.people.asks.format(name=WIDEST_NAME)
    yield Timer(CAP_S, 15, 20, w.phases.sharp, seconds=True, notice=asks)
    beside = [w.breath.inhale_says, w.breath.exhale_says, *(w.phases.of(says) for says in MID_SESSION)]
    for text, inhale, minutes in product(beside, (True, False), (3, 44, 119)):
        yield Breathe(inhale, 29, 6, text, minutes)
    for of_s in (20, 300):
        yield Away(CAP_S - 1, of_s, of_s)
    for what in ("", *(what for what, _ in explained(w))):
        yield Holding(CAP_S - 1, 300, what)
    yield from (GetUp(minutes) for minutes in (10, 45, 120))
    yield from (Object(kg, approximate) for kg, approximate in product((8, 240), (False, True)))
    for done, saved, (day, of) in product((False, True), (False, True), ((14, 14), (15, 14), (DAYS_MAX, DAYS_MAX))):
        yield SessionDone(CAP_S, done, day, saved, of)
        for question in (*asks, w.people.not_you):
            yield SessionDone(CAP_S, done, day, saved, of, WIDEST_NAME, question)
    yield from (Discarded(seconds, hold) for seconds, hold in product((31, CAP_S), (0.0, 0.5)))


def before_and_after(w: Words) -> Iterator[View]:
    for name, routine in ROUTINES.items():
        own = w.routines.of(name)
        for tier in TIERS:
            upper = min(routine.upper_min, tier.upper_min)
            lower = min(routine.lower_min, tier.lower_min, upper)
            yield Advice(own.title, lower, upper, own.advice)
            if name == "before_bed":
                bedtime = w.around.bedtime.format(clock="00:00")
                yield Advice(own.title, lower, upper, (own.advice[0], bedtime, *own.advice[1:]))
            worn = told(tier.clothing, w)
            for day, of in ((tier.last_day, AFTER - 1), (DAYS_MAX, DAYS_MAX)):
                yield Arriving(lower, upper, day, worn, "" if name == "plan" else own.title, of)
                yield Arriving(lower, upper, day, worn, own.title, of, WIDEST_NAME)
        for phase in routine.off_mat:
            yield from (OffMat(w.phases.of(phase.says), left_s) for left_s in (300, None))
    say = w.menu
    items = [say.who, say.routine, say.rest, say.no_rest, say.trend, say.zero, say.undo_zero, say.calibrate]
    items += [say.pets, say.no_pets, say.clinician, say.safety]
    titles = [w.routines.of(name).title for name in ROUTINES]
    for entries in ([*items, say.back], [*titles, say.back], [WIDEST_NAME, say.back]):
        yield from (Menu(tuple(entries), index) for index in range(len(entries)))


def questions(w: Words) -> Iterator[View]:
    for value, hold in product((None, 1, 10), (0.0, 0.5)):
        yield RatingEntry(value, hold, None if value is None else 0.5)
    for value, saved, hold in product((1, 10), (False, True), (0.0, 0.5)):
        yield RatingSaved(value, saved, hold, 0.5)
    for on_mat_s, kg, hold, approximate in product((31, CAP_S - 1), (8, 240), (0.0, 0.5), (False, True)):
        yield Confirm(on_mat_s, kg, hold, approximate)
    yield from (FeltWrong(hold, 0.5, logged) for hold, logged in product((0.0, 0.5), (False, True)))
    for days in (7, 14, 140):
        yield Notice(*page(Trend(14, days, 9.5, 8.5), w))
        yield Notice(*pairs_page(Pairs(days, -1.5), w))
    yield Notice(*page(Trend(14, 5, None, None), w))
    yield Notice(*pairs_page(None, w))
    yield Notice(w.trend.title, w.trend.not_before, w.trend.rate_daily)


def calibration(w: Words) -> Iterator[View]:
    say = w.calibration
    steps = [
        (say.title, say.take_all_off),
        (say.on_mat, say.in_the_middle),
        (say.head_end, say.at_head_end),
        (say.foot_end, say.at_foot_end),
        (say.corner.format(n=CELLS), say.on_corner.format(n=CELLS)),
    ]
    for title, text in steps:
        yield Guide(title, text, say.hint)
        yield Guide(title, say.keep_still, say.measuring, done=0.5)
    yield from (WeightEntry(kg, tens) for kg, tens in product((40, 150), (False, True)))
    yield Notice(say.calibrated, say.within.format(percent=f"10{w.common.decimal}5"), say.step_off)
    yield Notice(w.common.one_moment, w.common.saving)
    yield Notice(say.finding_zero, say.leave_empty, say.ten_seconds)
    yield from (Fault(say.not_calibrated, what, do) for what, do in explained(w))


def faults(w: Words) -> Iterator[View]:
    say = w.faults
    yield from (Fault(say.silent, what, do) for what, do in explained(w))
    yield Fault(say.log_damaged, say.log_kept.format(name=FILE), say.log_new)
    yield Fault(say.not_saved, w.bar.cannot_write, say.kept)
    yield Fault(say.config_wrong, say.in_config, say.run_doctor)
    yield Fault(say.cannot_start, say.log_closed, say.run_doctor)
    yield from (Notice(title, "") for title in (w.common.one_moment, w.on_mat.up_again, w.on_mat.not_counted))


def explained(w: Words) -> Iterator[tuple[str, str]]:
    """What other parts say of a silence or of a calibration, two by two: each is seen in either place."""
    texts = [getattr(ENGLISH.known, field.name) for field in fields(ENGLISH.known)]
    filled = [text.format(where=where) for text in texts for where in ("1st", "head", "cell 4", "foot", "mat")]
    for one, other in pairwise(dict.fromkeys(filled)):
        if "(" not in one + other:
            yield told(one[:21], w), told(other[:21], w)
            yield told(other[:21], w), told(one[:21], w)
