"""Every view that the device can show with every text it can say there, at the widest numbers: what must fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from matpi.core.calibration.solve import names_of
from matpi.core.model import Looser, Moment
from matpi.core.people import NAME_MAX
from matpi.core.plan.custom_plan import DAYS_MAX
from matpi.core.plan.programme import AFTER, TIERS
from matpi.core.plan.routine import ROUTINES, Says
from matpi.core.plan.trend import Trend, looser_page, page
from matpi.core.screens.menu import Item
from matpi.core.screens.safety import PAGES_AFTER_YES
from matpi.core.text import Text
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
    LooserEntry,
    Menu,
    Notice,
    Object,
    OffMat,
    PagePairing,
    RatingEntry,
    RatingSaved,
    Safety,
    SessionDone,
    Timer,
    View,
    WeightEntry,
)
from matpi.drivers.scale.assembly import NAMES
from matpi.words import ENGLISH

WIDEST_NAME = "M" * NAME_MAX
HOST_MAX = 63
CELLS = 4
CAP_S = 120 * 60
"""The longest that presence.cap_min may be."""
ALL_DAY_MIN = 14 * 60
"""More than that is no day on a mat."""
MID_SESSION = (Says.SOON, Says.DONE, Says.ENOUGH)
"""What may stand beside the breath instead of how to breathe."""
FILE = "damaged-1234567.db"[-15:]


def everything() -> Iterator[View]:
    yield from idle()
    yield from session()
    yield from before_and_after()
    yield from questions()
    yield from calibration()
    yield from faults()
    yield from (Safety(name, n, 5) for n, name in enumerate(PAGES_AFTER_YES, 1))


def notices() -> Iterator[Text]:
    """What the bar of the idle screen may say."""
    bar = (key for key in ENGLISH.texts if key.startswith("bar.") and key not in {"bar.next", "bar.little"})
    yield from (Text(key) for key in bar)
    yield from (Text("bar.next", routine=Text(f"routines.{name}.title")) for name in ROUTINES)
    yield Text("bar.little", minutes=99)
    yield Text("people.missing", names=WIDEST_NAME[:9])


def idle() -> Iterator[View]:
    days = [(1, 14), (14, 14), (15, 14), (DAYS_MAX, DAYS_MAX)]
    sayings = [None, *notices()]
    for (day, of), clock, notice, seconds in product(
        days, ("00:00", "~12-31"), sayings, (0.0, 30.0, ALL_DAY_MIN * 60.0)
    ):
        for done, rest in ((False, False), (True, False), (False, True), (True, True)):
            yield Idle(clock, day, 15, 20, seconds, done, rest, notice, of)
    for rest, notice, seconds in product((False, True), sayings, (0.0, ALL_DAY_MIN * 60.0)):
        yield Idle("00:00", 3, 0, 0, seconds, False, rest, notice)
    for key in ENGLISH.texts:
        if key.startswith("upstream."):
            yield Idle("00:00", 14, 15, 20, 0.0, False, False, Text(key, status=404))


def session() -> Iterator[View]:
    for says, seconds, elapsed_s in product(Says, (False, True), (7, 599, 600, 17 * 60, 25 * 60, CAP_S - 1)):
        for lower, upper in ((0, 0), (2, 5), (15, 20), (60, 90)):
            yield Timer(elapsed_s, lower, upper, Text(f"phases.{says}"), seconds)
            yield Timer(elapsed_s, lower, upper, Text(f"phases.{says}"), seconds, notice=Text("bar.cannot_write"))
            yield Timer(elapsed_s, lower, upper, Text(f"phases.{says}"), seconds, hold=0.5)
    asks = Text("people.asks", name=WIDEST_NAME)
    yield Timer(CAP_S, 15, 20, Text("phases.sharp"), seconds=True, notice=asks)
    beside = [Text("breath.inhale_says"), Text("breath.exhale_says"), *(Text(f"phases.{says}") for says in MID_SESSION)]
    for text, inhale, minutes in product(beside, (True, False), (3, 44, 119)):
        yield Breathe(inhale, 29, 6, text, minutes)
    for of_s in (20, 300):
        yield Away(CAP_S - 1, of_s, of_s)
    yield Holding(CAP_S - 1, 300)
    yield from (Holding(CAP_S - 1, 300, what) for what, _ in explained())
    yield from (GetUp(minutes) for minutes in (10, 45, 120))
    yield from (Object(kg, approximate) for kg, approximate in product((8, 240), (False, True)))
    for done, saved, (day, of) in product((False, True), (False, True), ((14, 14), (15, 14), (DAYS_MAX, DAYS_MAX))):
        yield SessionDone(CAP_S, done, day, saved, of)
        yield SessionDone(CAP_S, False, day, saved, of, ask_first=True)
        for question in (asks, Text("people.not_you")):
            yield SessionDone(CAP_S, done, day, saved, of, WIDEST_NAME, question)
    yield from (Discarded(seconds, hold) for seconds, hold in product((31, CAP_S), (0.0, 0.5)))


def before_and_after() -> Iterator[View]:
    for name, routine in ROUTINES.items():
        title, advice = Text(f"routines.{name}.title"), Text(f"routines.{name}.advice")
        if name == "plan":
            advice = Text("routines.plan.advice", clothing=TIERS[0].clothing, goal=TIERS[0].goal)
        yield from (Advice(title, 0, 0, advice), Arriving(0, 0, 3, TIERS[0].clothing, title))
        for tier in TIERS:
            upper = min(routine.upper_min, tier.upper_min)
            lower = min(routine.lower_min, tier.lower_min, upper)
            if name == "plan":
                said = {"clothing": tier.clothing, "goal": tier.goal}
                yield Advice(title, lower, upper, Text("routines.plan.advice", **said))
                if tier is TIERS[0]:
                    yield Advice(title, lower, upper, Text("routines.plan_third.advice", **said))
            else:
                yield Advice(title, lower, upper, advice)
            if name == "before_bed":
                yield Advice(title, lower, upper, Text("routines.before_bed_at.advice", clock="00:00"))
            worn = tier.clothing
            for day, of in ((tier.last_day, AFTER - 1), (DAYS_MAX, DAYS_MAX)):
                yield Arriving(lower, upper, day, worn, "" if name == "plan" else title, of)
                yield Arriving(lower, upper, day, worn, title, of, WIDEST_NAME)
        for phase in routine.off_mat:
            yield from (OffMat(Text(f"phases.{phase.says}"), left_s) for left_s in (300, None))
    items = [Text(f"menu.{item}") for item in Item if item is not Item.BACK]
    titles = [Text(f"routines.{name}.title") for name in ROUTINES]
    lists: list[Sequence[Text | str]] = [items, titles, [WIDEST_NAME], [Text("menu.page_hold")]]
    for entries in lists:
        yield from (Menu((*entries, Text("menu.back")), index) for index in range(len(entries) + 1))

    for chars, port in product((1, 5, 11, 20, HOST_MAX), ("", ":8377", ":65535")):
        yield PagePairing(f"http://{'m' * chars}.local{port}", "888888")


def questions() -> Iterator[View]:
    for value, hold in product((None, 1, 10), (0.0, 0.5)):
        yield RatingEntry(value, hold, None if value is None else 0.5)
    for value, saved, hold in product((1, 10), (False, True), (0.0, 0.5)):
        yield RatingSaved(value, saved, hold, 0.5)
        yield RatingSaved(value, saved, hold, 0.5, value)
    yield from (LooserEntry(hold, 0.5) for hold in (0.0, 0.5))
    for on_mat_s, kg, hold, approximate in product((31, CAP_S - 1), (8, 240), (0.0, 0.5), (False, True)):
        yield Confirm(on_mat_s, kg, hold, approximate)
    yield from (FeltWrong(hold, 0.5, logged) for hold, logged in product((0.0, 0.5), (False, True)))
    for moment, days in product(Moment, (6, 99)):
        yield Notice(*page(Trend(14, days, 10, 10, moment)))
    yield from (Notice(*page(Trend(14, days, None, None, Moment.DAY))) for days in (1, 5))
    for answered in (0, 1, 100):
        yield Notice(*looser_page([Looser(str(n), True) for n in range(answered)]))
    yield Notice(Text("trend.title"), Text("trend.not_before"), Text("trend.rate_daily"))


def calibration() -> Iterator[View]:
    steps = [
        (Text("calibration.title"), Text("calibration.take_all_off")),
        (Text("calibration.on_mat"), Text("calibration.in_the_middle")),
        (Text("calibration.head_end"), Text("calibration.at_head_end")),
        (Text("calibration.foot_end"), Text("calibration.at_foot_end")),
        (Text("calibration.corner", n=CELLS), Text("calibration.on_corner", n=CELLS)),
    ]
    for title, text in steps:
        yield Guide(title, text, Text("calibration.hint"))
        yield Guide(title, Text("calibration.keep_still"), Text("calibration.measuring"), done=0.5)
    yield from (WeightEntry(kg, tens) for kg, tens in product((40, 150), (False, True)))
    yield Notice(Text("calibration.calibrated"), Text("calibration.within", percent=10.5), Text("calibration.step_off"))
    yield Notice(Text("common.one_moment"), Text("common.saving"))
    yield Notice(Text("calibration.finding_zero"), Text("calibration.leave_empty"), Text("calibration.ten_seconds"))
    yield from (Fault(Text("calibration.not_calibrated"), what, do) for what, do in explained())


def faults() -> Iterator[View]:
    yield from (Fault(Text("faults.silent"), what, do) for what, do in explained())
    for instead in ("log_new", "log_restored", "log_restored_to"):
        what = Text(f"faults.{instead}", day="2026-11-23")
        yield Fault(Text("faults.log_damaged"), Text("faults.log_kept", name=FILE), what)
        yield Fault(Text("faults.log_missing"), what, "")
    yield Fault(Text("faults.not_saved"), Text("bar.cannot_write"), Text("faults.kept"))
    yield Fault(Text("faults.config_wrong"), Text("faults.in_config"), Text("faults.run_doctor"))
    yield Fault(Text("faults.cannot_start"), Text("faults.log_closed"), Text("faults.run_doctor"))
    yield from (Notice(Text(key), "") for key in ("common.one_moment", "on_mat.up_again", "on_mat.not_counted"))


def explained() -> Iterator[tuple[Text, Text]]:
    """What other parts report of lost load cells or of a calibration, two by two: each is seen in either place."""
    chips = [name for names in NAMES.values() for name in names]
    cells = [name for channels in range(1, CELLS + 1) for name in names_of(channels).short]
    texts = []
    for key, text in ENGLISH.texts.items():
        if key.startswith("scale."):
            places = [Text(f"places.{name}") for name in chips] if "chip" in key or "overloaded" in key else cells
            texts += [Text(key, where=place, kg=10) for place in (places if "{where}" in text else cells[:1])]
    for one, other in pairwise(texts):
        yield one, other
        yield other, one
