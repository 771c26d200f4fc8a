"""One or more of every view and of every state it can be in: what the goldens and the benchmark draw."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL.Image import Image

from matpi.core.model import Looser, Moment
from matpi.core.plan.programme import TIERS
from matpi.core.plan.trend import Trend, looser_page, page
from matpi.core.screens.safety import PAGES
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
    Off,
    OffMat,
    PagePairing,
    RatingEntry,
    RatingSaved,
    Safety,
    SessionDone,
    Splash,
    Timer,
    View,
    WeightEntry,
)
from matpi.screen.render import render
from matpi.words import GERMAN

GOLDENS: Final = Path(__file__).parent / "goldens"

TREND: Final = Trend(14, 14, 7, 5, Moment.BEFORE)
LOOSER: Final = [Looser(str(n), n < 6) for n in range(8)]
ENGLISH_ONLY: Final = frozenset(
    {
        "off",
        "splash",
        "idle-notice-some",
        "timer-notice",
        "timer-notice-seconds",
        "timer-discard-notice",
        "fault-mat",
        "fault-disk-full",
        *("page", "page-port-80", "page-raspberrypi", "page-long-name", "page-longest-name"),
    }
    | {"fault-log", "fault-clock", "fault-long-words", "notice", "notice-one-line"}
)
"""Without a word, or made up for the eye: nothing that the device says."""


def gallery() -> dict[str, View]:
    """By the name of its golden."""
    items = "zero", "undo_zero", "doctor_agreed", "safety", "back"
    five = tuple(Text(f"menu.{item}") for item in items)
    return {
        "off": Off(),
        "splash": Splash("0.1.0"),
        "idle-not-yet": Idle("19:42", 5, 5, 10, 0.0, done=False, rest_day=False),
        "idle-some": Idle("19:42", 12, 15, 20, 7 * 60.0, done=False, rest_day=False),
        "idle-done": Idle("21:05", 5, 5, 10, 9 * 60 + 31.0, done=True, rest_day=False),
        "idle-done-twice": Idle("21:05", 12, 15, 20, 34 * 60.0, done=True, rest_day=False),
        "idle-rest-day": Idle("08:00", 8, 10, 15, 0.0, done=False, rest_day=True),
        "idle-no-clock": Idle("~03-15", 1, 2, 5, 0.0, done=False, rest_day=False),
        "idle-notice": Idle("19:42", 12, 15, 20, 0.0, done=False, rest_day=False, notice=Text("bar.check_mat")),
        "idle-backwards": Idle("19:42", 12, 15, 20, 0.0, done=False, rest_day=False, notice=Text("bar.backwards")),
        "idle-notice-no-clock": Idle(
            "~03-15", 5, 5, 10, 400.0, done=False, rest_day=False, notice=Text("bar.clock_unknown")
        ),
        "idle-notice-some": Idle(
            "~03-15", 12, 15, 20, 17 * 60.0, done=True, rest_day=False, notice="disk full: not saved"
        ),
        "idle-after-plan": Idle("07:15", 15, 10, 20, 0.0, done=False, rest_day=False),
        **{f"safety-{n}": Safety(name, n, 4) for n, name in enumerate(PAGES, 1)},
        "safety-hold": Safety("question", 3, 4, hold=0.5),
        "safety-ask-first": Safety("ask_first", 4, 5),
        "safety-stop-after-yes": Safety("stop", 5, 5),
        "idle-ask-first": Idle("19:42", 1, 0, 0, 0.0, done=False, rest_day=False),
        "idle-ask-first-some": Idle("19:42", 1, 0, 0, 187.0, done=False, rest_day=False),
        "arriving-ask-first": Arriving(0, 0, 1, Text("clothing.thin_shirt")),
        "timer-ask-first": Timer(3 * 60, 0, 0, Text("phases.settling"), seconds=False),
        "timer-ask-first-seconds": Timer(187, 0, 0, Text("phases.settling"), seconds=True),
        "done-ask-first": SessionDone(187, done_today=False, plan_day=1, saved=True, ask_first=True),
        "advice-ask-first": Advice(Text("routines.neck.title"), 0, 0, Text("routines.neck.advice")),
        "arriving": Arriving(2, 5, 1, Text("clothing.thin_shirt")),
        "arriving-day-5": Arriving(5, 10, 5, Text("clothing.thin_or_bare")),
        "arriving-day-12": Arriving(15, 20, 12, Text("clothing.your_choice")),
        "arriving-after-plan": Arriving(10, 20, 15, Text("clothing.your_choice")),
        "timer-0-07": Timer(7, 2, 5, Text("phases.sharp"), seconds=True),
        "timer-4-of-5-10": Timer(4 * 60, 5, 10, Text("phases.settling"), seconds=False),
        "timer-7-of-5-10": Timer(7 * 60, 5, 10, Text("phases.done"), seconds=False),
        "timer-17-of-15-20": Timer(17 * 60, 15, 20, Text("phases.deep_calm"), seconds=False),
        "timer-3-of-2-5": Timer(3 * 60, 2, 5, Text("phases.done"), seconds=False),
        "timer-last-minute": Timer(19 * 60, 15, 20, Text("phases.soon"), seconds=False),
        "timer-upper": Timer(20 * 60, 15, 20, Text("phases.enough"), seconds=False),
        "timer-overtime": Timer(23 * 60, 15, 20, Text("phases.enough"), seconds=False),
        "timer-overtime-short": Timer(8 * 60, 2, 5, Text("phases.enough"), seconds=False),
        "timer-after-tap": Timer(12 * 60 + 34, 15, 20, Text("phases.warmth"), seconds=True),
        "timer-after-tap-short": Timer(4 * 60 + 37, 15, 20, Text("phases.settling"), seconds=True),
        "timer-overtime-seconds": Timer(23 * 60 + 8, 15, 20, Text("phases.enough"), seconds=True),
        "timer-one-bound": Timer(3 * 60, 5, 5, Text("phases.settling"), seconds=False),
        "timer-notice": Timer(17 * 60, 15, 20, Text("phases.deep_calm"), seconds=False, notice="disk full: not saved"),
        "timer-notice-seconds": Timer(
            4 * 60 + 37, 5, 10, Text("phases.settling"), seconds=True, notice="network is away"
        ),
        "timer-discard": Timer(6 * 60, 5, 10, Text("phases.warmth"), seconds=False, hold=0.625),
        "timer-discard-notice": Timer(
            366, 5, 10, Text("phases.warmth"), seconds=True, hold=0.25, notice="disk full: not saved"
        ),
        "breathe-in": Breathe(True, 17, 2, Text("breath.inhale_says"), 3),
        "breathe-full": Breathe(False, 29, 6, Text("breath.exhale_says"), 3),
        "breathe-empty": Breathe(True, 5, 4, Text("breath.inhale_says"), 12),
        "breathe-soon": Breathe(False, 12, 2, Text("phases.soon"), 14),
        "arriving-feet": Arriving(1, 3, 5, Text("clothing.your_choice"), Text("routines.feet.title")),
        "arriving-own-plan": Arriving(8, 12, 21, Text("clothing.your_choice"), "", 21),
        **{
            f"advice-plan-{tier.first_day}": Advice(
                Text("routines.plan.title"),
                tier.lower_min,
                tier.upper_min,
                Text("routines.plan.advice", clothing=tier.clothing, goal=tier.goal),
            )
            for tier in TIERS
        },
        "advice-plan-third": Advice(
            Text("routines.plan.title"), 2, 5, Text("routines.plan_third.advice", clothing=TIERS[0].clothing)
        ),
        "advice-neck": Advice(Text("routines.neck.title"), 2, 5, Text("routines.neck.advice")),
        "advice-seat": Advice(Text("routines.seat.title"), 2, 5, Text("routines.seat.advice")),
        "advice-before-bed": Advice(Text("routines.before_bed.title"), 10, 20, Text("routines.before_bed.advice")),
        "advice-before-bed-early": Advice(
            Text("routines.before_bed.title"), 10, 20, Text("routines.before_bed_at.advice", clock="22:30")
        ),
        "advice-downshift": Advice(Text("routines.downshift.title"), 10, 10, Text("routines.downshift.advice")),
        "timer-119": Timer(119 * 60 + 59, 15, 20, Text("phases.over"), seconds=True),
        "done-120": SessionDone(120 * 60, done_today=True, plan_day=5, saved=True),
        "off-mat-stretch": OffMat(Text("phases.stretch"), 287),
        "off-mat-water": OffMat(Text("phases.water"), None),
        "trend": Notice(*page(TREND)),
        "trend-looser": Notice(*looser_page(LOOSER)),
        "menu-routine": Menu(
            (
                Text("routines.upper_back.title"),
                Text("routines.neck.title"),
                Text("routines.feet.title"),
                Text("routines.lower_back.title"),
                Text("routines.before_bed.title"),
                Text("menu.back"),
            ),
            3,
        ),
        "idle-own-plan": Idle("19:42", 18, 8, 12, 0.0, done=False, rest_day=False, plan_days=21),
        "idle-next": Idle(
            "19:42",
            5,
            5,
            10,
            0.0,
            done=False,
            rest_day=False,
            notice=Text("bar.next", routine=Text("routines.lower_back.title")),
        ),
        "away": Away(4 * 60 + 37, 17, 20),
        "away-sitting": Away(4 * 60 + 37, 97, 120),
        "away-last": Away(12 * 60 + 34, 3, 20),
        "holding": Holding(12 * 60 + 34, 42),
        "holding-last": Holding(65, 7),
        "holding-reader": Holding(12 * 60 + 34, 42, Text("scale.reader_restarts")),
        "holding-words": Holding(65, 7, Text("scale.no_signal")),
        "get-up": GetUp(45),
        "object": Object(8),
        "object-heavy": Object(104),
        "object-about": Object(8, approximate=True),
        "done-saved": SessionDone(9 * 60 + 31, done_today=True, plan_day=5, saved=True),
        "done-not-yet-saved": SessionDone(17 * 60 + 24, done_today=True, plan_day=12, saved=False),
        "done-more-to-go": SessionDone(45, done_today=False, plan_day=15, saved=True),
        "rating": RatingEntry(None),
        "rating-7": RatingEntry(7),
        "rating-10": RatingEntry(10),
        "rating-rest": RatingEntry(7, rest=0.6875),
        "rating-hold": RatingEntry(7, hold=0.5, rest=0.6875),
        "rating-saved": RatingSaved(7, saved=True, left=0.75),
        "rating-saving": RatingSaved(10, saved=False),
        "rating-change": RatingSaved(10, saved=True, hold=0.5, left=0.25),
        "rating-yesterday": RatingSaved(6, saved=True, left=0.75, yesterday=7),
        "looser": LooserEntry(left=0.75),
        "looser-hold": LooserEntry(hold=0.5, left=0.75),
        "felt-wrong": FeltWrong(left=0.5),
        "felt-wrong-hold": FeltWrong(hold=0.75, left=0.5),
        "felt-wrong-noted": FeltWrong(left=0.875, logged=True),
        "felt-wrong-take-back": FeltWrong(hold=0.75, left=0.5, logged=True),
        "confirm": Confirm(6 * 60 + 4, 31),
        "confirm-hold": Confirm(6 * 60 + 4, 31, hold=0.5),
        "confirm-about": Confirm(12 * 60 + 34, 7, approximate=True),
        "confirm-longest": Confirm(120 * 60, 104, approximate=True),
        "discarded": Discarded(4 * 60 + 37, left=0.625),
        "discarded-hold": Discarded(14 * 60 + 37, hold=0.5),
        "menu-first": Menu(five, 0),
        "menu-third": Menu(five, 2),
        "menu-last-hold": Menu(five, 4, hold=0.375),
        "menu-two": Menu((Text("menu.zero"), Text("menu.back")), 1),
        "menu-rest": Menu(
            (
                Text("menu.routine"),
                Text("menu.rest"),
                Text("menu.trend"),
                Text("menu.zero"),
                Text("menu.safety"),
                Text("menu.back"),
            ),
            1,
        ),
        "menu-no-rest": Menu(
            (Text("menu.routine"), Text("menu.no_rest"), Text("menu.trend"), Text("menu.safety"), Text("menu.back")),
            1,
            hold=0.5,
        ),
        "menu-pets": Menu((Text("menu.calibrate"), Text("menu.pets"), Text("menu.safety"), Text("menu.back")), 1),
        "menu-no-pets": Menu((Text("menu.calibrate"), Text("menu.no_pets"), Text("menu.safety"), Text("menu.back")), 1),
        "menu-calibrate": Menu((Text("menu.zero"), Text("menu.calibrate"), Text("menu.safety"), Text("menu.back")), 1),
        "menu-page": Menu((Text("menu.calibrate"), Text("menu.page"), Text("menu.safety"), Text("menu.back")), 1),
        "menu-page-too-short": Menu(
            (Text("menu.calibrate"), Text("menu.page_hold"), Text("menu.safety"), Text("menu.back")), 1, hold=0.5
        ),
        "page": PagePairing("http://matpi.local:8377", "420175"),
        "page-port-80": PagePairing("http://matpi.local", "000000"),
        "page-raspberrypi": PagePairing("http://raspberrypi.local:8377", "420175"),
        "page-long-name": PagePairing("http://acupressure-mat-in-the-living-room.local:8377", "420175"),
        "page-longest-name": PagePairing(f"http://{'mat' * 21}.local:8377", "420175"),
        "calibrate-empty": Guide(Text("calibration.title"), Text("calibration.take_all_off"), Text("calibration.hint")),
        "calibrate-empty-hold": Guide(
            Text("calibration.title"), Text("calibration.take_all_off"), Text("calibration.hint"), hold=0.5
        ),
        "calibrate-measuring": Guide(
            Text("calibration.title"), Text("calibration.keep_still"), Text("calibration.measuring"), done=0.5
        ),
        "calibrate-tens": WeightEntry(70, tens=True),
        "calibrate-ones": WeightEntry(74, tens=False),
        "calibrate-heavy": WeightEntry(120, tens=True),
        "calibrate-heavy-hold": WeightEntry(128, tens=False, hold=0.5),
        "calibrate-head": Guide(
            Text("calibration.head_end"), Text("calibration.at_head_end"), Text("calibration.hint")
        ),
        "calibrate-foot": Guide(
            Text("calibration.foot_end"), Text("calibration.keep_still"), Text("calibration.measuring"), done=0.75
        ),
        "calibrate-corner": Guide(
            Text("calibration.corner", n=3), Text("calibration.on_corner", n=3), Text("calibration.hint")
        ),
        "calibrate-one": Guide(Text("calibration.on_mat"), Text("calibration.in_the_middle"), Text("calibration.hint")),
        "calibrated": Notice(
            Text("calibration.calibrated"),
            Text("calibration.within", percent=0.9),
            Text("calibration.step_off"),
        ),
        "calibrate-swapped": Fault(Text("calibration.not_calibrated"), Text("scale.swapped"), Text("scale.swap_wires")),
        "calibrate-half": Fault(
            Text("calibration.not_calibrated"),
            Text("scale.half_signal", where=Text("places.head")),
            Text("scale.dead_cell"),
        ),
        "zero-wanted": Notice(
            Text("calibration.finding_zero"), Text("calibration.leave_empty"), Text("calibration.ten_seconds")
        ),
        "fault-reader": Fault(Text("faults.silent"), Text("scale.reader_restarts"), Text("scale.wait")),
        "fault-load-cells": Fault(Text("faults.silent"), Text("scale.no_signal"), Text("scale.check_wires")),
        "fault-mat": Fault("Check the mat", "zero is 4 kg off", "clear it, then re-zero"),
        "fault-disk": Fault(Text("faults.not_saved"), Text("bar.cannot_write"), Text("faults.kept")),
        "fault-disk-full": Fault("Disk full", "not saved, timer runs", "free some space"),
        "fault-log": Fault("Log set aside", "matpi.db.damaged-1", Text("scale.run_doctor")),
        "fault-clock": Fault("Clock not known", "dates come later", "connect network"),
        "fault-long-words": Fault("WWWWWWWWWWWWWWW", "W" * 21, "W" * 21),
        "notice": Notice("Zero kept", "the mat is empty", "tap: undo"),
        "notice-alone": Notice(Text("on_mat.not_counted"), ""),
        "notice-one-line": Notice("Good night", "reminder is off today"),
        "people-idle": Idle("19:42", 5, 5, 10, 0.0, done=False, rest_day=False, who="Ada"),
        "people-idle-some": Idle("19:42", 12, 15, 20, 7 * 60.0, done=False, rest_day=False, who="Ada"),
        "people-idle-done": Idle("21:05", 5, 5, 10, 9 * 60 + 31.0, done=True, rest_day=False, who="Ben"),
        "people-idle-rest": Idle("08:00", 8, 10, 15, 0.0, done=False, rest_day=True, who="Ben"),
        "people-idle-missing": Idle(
            "21:05",
            5,
            5,
            10,
            9 * 60 + 31.0,
            done=True,
            rest_day=False,
            notice=Text("people.missing", names="Ben, Cleo"),
            who="Ada",
        ),
        "people-arriving": Arriving(5, 10, 5, Text("clothing.thin_shirt"), who="Ada"),
        "people-arriving-routine": Arriving(
            1, 3, 5, Text("clothing.your_choice"), Text("routines.feet.title"), who="Ada"
        ),
        "people-asked": Timer(70, 5, 10, Text("phases.sharp"), seconds=False, notice=Text("people.asks", name="Ben")),
        "people-menu": Menu(
            (Text("menu.who"), Text("menu.routine"), Text("menu.trend"), Text("menu.zero"), Text("menu.back")), 0
        ),
        "people-menu-who": Menu(("Ada", "Ben", Text("menu.back")), 1),
        "people-done": SessionDone(
            571, done_today=True, plan_day=5, saved=True, who="Ada", asks=Text("people.not_you")
        ),
        "people-done-asked": SessionDone(
            571, done_today=True, plan_day=5, saved=True, who="Ada", asks=Text("people.asks", name="Ben")
        ),
        "people-done-hold": SessionDone(
            571, done_today=True, plan_day=5, saved=True, who="Ada", asks=Text("people.not_you"), hold=0.5
        ),
        "people-done-not-yet-saved": SessionDone(
            571, done_today=False, plan_day=5, saved=False, who="Ada", asks=Text("people.not_you")
        ),
    }


VIEWS: Final = gallery()
IN_GERMAN: Final = {f"de-{name}": view for name, view in VIEWS.items() if name not in ENGLISH_ONLY}


def pictures() -> dict[str, Image]:
    """All of them, drawn."""
    return {
        **{name: render(view) for name, view in VIEWS.items()},
        **{name: render(view, words=GERMAN) for name, view in IN_GERMAN.items()},
    }
