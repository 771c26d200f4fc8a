"""One or more of every view and of every state it can be in: what the goldens and the benchmark draw."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from PIL.Image import Image

from matpi.core.languages import told
from matpi.core.plan.trend import Pairs, Trend, page, pairs_page
from matpi.core.safety import PAGES
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
    Off,
    OffMat,
    RatingEntry,
    RatingSaved,
    Safety,
    SessionDone,
    Splash,
    Timer,
    View,
    WeightEntry,
)
from matpi.core.words import Words
from matpi.core.words_de import GERMAN
from matpi.core.words_en import ENGLISH
from matpi.screen.render import render

GOLDENS: Final = Path(__file__).parent / "goldens"

TREND: Final = Trend(14, 14, 6.5, 4.5)
PAIRS: Final = Pairs(14, -1.5)
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
    }
    | {"fault-log", "fault-clock", "fault-long-words", "notice", "notice-one-line"}
)
"""Without a word, or made up for the eye: nothing that the device says."""


def gallery(w: Words) -> dict[str, View]:
    """In these words."""
    five = (w.menu.zero, w.menu.undo_zero, w.menu.clinician, w.menu.safety, w.menu.back)
    return {
        "off": Off(),
        "splash": Splash("0.1.0"),
        "idle-not-yet": Idle("19:42", 5, 5, 10, 0.0, done=False, rest_day=False),
        "idle-some": Idle("19:42", 12, 15, 20, 7 * 60.0, done=False, rest_day=False),
        "idle-done": Idle("21:05", 5, 5, 10, 9 * 60 + 31.0, done=True, rest_day=False),
        "idle-done-twice": Idle("21:05", 12, 15, 20, 34 * 60.0, done=True, rest_day=False),
        "idle-rest-day": Idle("08:00", 8, 10, 15, 0.0, done=False, rest_day=True),
        "idle-no-clock": Idle("~03-15", 1, 2, 5, 0.0, done=False, rest_day=False),
        "idle-notice": Idle("19:42", 12, 15, 20, 0.0, done=False, rest_day=False, notice=w.bar.check_mat),
        "idle-backwards": Idle("19:42", 12, 15, 20, 0.0, done=False, rest_day=False, notice=w.bar.backwards),
        "idle-notice-no-clock": Idle("~03-15", 5, 5, 10, 400.0, done=False, rest_day=False, notice=w.bar.clock_unknown),
        "idle-notice-some": Idle(
            "~03-15", 12, 15, 20, 17 * 60.0, done=True, rest_day=False, notice="disk full: not saved"
        ),
        "idle-after-plan": Idle("07:15", 15, 10, 20, 0.0, done=False, rest_day=False),
        **{f"safety-{page + 1}": Safety(page, len(PAGES)) for page in range(len(PAGES))},
        "safety-hold": Safety(len(PAGES) - 1, len(PAGES), hold=0.5),
        "arriving": Arriving(2, 5, 1, w.known.thin_shirt),
        "arriving-day-5": Arriving(5, 10, 5, w.known.thin_or_bare),
        "arriving-day-12": Arriving(15, 20, 12, w.known.your_choice),
        "arriving-after-plan": Arriving(10, 20, 15, w.known.your_choice),
        "timer-0-07": Timer(7, 2, 5, w.phases.sharp, seconds=True),
        "timer-4-of-5-10": Timer(4 * 60, 5, 10, w.phases.settling, seconds=False),
        "timer-7-of-5-10": Timer(7 * 60, 5, 10, w.phases.done, seconds=False),
        "timer-17-of-15-20": Timer(17 * 60, 15, 20, w.phases.deep_calm, seconds=False),
        "timer-3-of-2-5": Timer(3 * 60, 2, 5, w.phases.done, seconds=False),
        "timer-last-minute": Timer(19 * 60, 15, 20, w.phases.soon, seconds=False),
        "timer-upper": Timer(20 * 60, 15, 20, w.phases.enough, seconds=False),
        "timer-overtime": Timer(23 * 60, 15, 20, w.phases.enough, seconds=False),
        "timer-overtime-short": Timer(8 * 60, 2, 5, w.phases.enough, seconds=False),
        "timer-after-tap": Timer(12 * 60 + 34, 15, 20, w.phases.warmth, seconds=True),
        "timer-after-tap-short": Timer(4 * 60 + 37, 15, 20, w.phases.settling, seconds=True),
        "timer-overtime-seconds": Timer(23 * 60 + 8, 15, 20, w.phases.enough, seconds=True),
        "timer-one-bound": Timer(3 * 60, 5, 5, w.phases.settling, seconds=False),
        "timer-notice": Timer(17 * 60, 15, 20, w.phases.deep_calm, seconds=False, notice="disk full: not saved"),
        "timer-notice-seconds": Timer(4 * 60 + 37, 5, 10, w.phases.settling, seconds=True, notice="network is away"),
        "timer-discard": Timer(6 * 60, 5, 10, w.phases.warmth, seconds=False, hold=0.625),
        "timer-discard-notice": Timer(
            366, 5, 10, w.phases.warmth, seconds=True, hold=0.25, notice="disk full: not saved"
        ),
        "breathe-in": Breathe(True, 17, 2, w.breath.inhale_says, 3),
        "breathe-full": Breathe(False, 29, 6, w.breath.exhale_says, 3),
        "breathe-empty": Breathe(True, 5, 4, w.breath.inhale_says, 12),
        "breathe-soon": Breathe(False, 12, 2, w.phases.soon, 14),
        "arriving-feet": Arriving(1, 3, 5, w.known.your_choice, w.routines.feet.title),
        "arriving-own-plan": Arriving(8, 12, 21, w.known.your_choice, "", 21),
        "advice-plan": Advice(w.routines.plan.title, 10, 15, w.routines.plan.advice),
        "advice-neck": Advice(w.routines.neck.title, 2, 5, w.routines.neck.advice),
        "advice-seat": Advice(w.routines.seat.title, 2, 5, w.routines.seat.advice),
        "advice-before-bed": Advice(w.routines.before_bed.title, 10, 20, w.routines.before_bed.advice),
        "advice-before-bed-early": Advice(
            w.routines.before_bed.title,
            10,
            20,
            (w.routines.before_bed.advice[0], w.around.bedtime.format(clock="22:30"), w.routines.before_bed.advice[1]),
        ),
        "advice-downshift": Advice(w.routines.downshift.title, 10, 10, w.routines.downshift.advice),
        "timer-119": Timer(119 * 60 + 59, 15, 20, w.phases.over, seconds=True),
        "done-120": SessionDone(120 * 60, done_today=True, plan_day=5, saved=True),
        "off-mat-stretch": OffMat(w.phases.stretch, 287),
        "off-mat-water": OffMat(w.phases.water, None),
        "trend": Notice(*page(TREND, w)),
        "trend-pairs": Notice(*pairs_page(PAIRS, w)),
        "menu-routine": Menu(
            (
                w.routines.upper_back.title,
                w.routines.neck.title,
                w.routines.feet.title,
                w.routines.lower_back.title,
                w.routines.before_bed.title,
                w.menu.back,
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
            notice=w.bar.next.format(routine=w.routines.lower_back.title),
        ),
        "away": Away(4 * 60 + 37, 17, 20),
        "away-sitting": Away(4 * 60 + 37, 97, 120),
        "away-last": Away(12 * 60 + 34, 3, 20),
        "holding": Holding(12 * 60 + 34, 42),
        "holding-last": Holding(65, 7),
        "holding-reader": Holding(12 * 60 + 34, 42, w.known.reader_restarts),
        "holding-words": Holding(65, 7, w.known.no_signal),
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
        "menu-two": Menu((w.menu.zero, w.menu.back), 1),
        "menu-rest": Menu((w.menu.routine, w.menu.rest, w.menu.trend, w.menu.zero, w.menu.safety, w.menu.back), 1),
        "menu-no-rest": Menu((w.menu.routine, w.menu.no_rest, w.menu.trend, w.menu.safety, w.menu.back), 1, hold=0.5),
        "menu-pets": Menu((w.menu.calibrate, w.menu.pets, w.menu.safety, w.menu.back), 1),
        "menu-no-pets": Menu((w.menu.calibrate, w.menu.no_pets, w.menu.safety, w.menu.back), 1),
        "menu-calibrate": Menu((w.menu.zero, w.menu.calibrate, w.menu.safety, w.menu.back), 1),
        "calibrate-empty": Guide(w.calibration.title, w.calibration.take_all_off, w.calibration.hint),
        "calibrate-empty-hold": Guide(w.calibration.title, w.calibration.take_all_off, w.calibration.hint, hold=0.5),
        "calibrate-measuring": Guide(w.calibration.title, w.calibration.keep_still, w.calibration.measuring, done=0.5),
        "calibrate-tens": WeightEntry(70, tens=True),
        "calibrate-ones": WeightEntry(74, tens=False),
        "calibrate-heavy": WeightEntry(120, tens=True),
        "calibrate-heavy-hold": WeightEntry(128, tens=False, hold=0.5),
        "calibrate-head": Guide(w.calibration.head_end, w.calibration.at_head_end, w.calibration.hint),
        "calibrate-foot": Guide(w.calibration.foot_end, w.calibration.keep_still, w.calibration.measuring, done=0.75),
        "calibrate-corner": Guide(
            w.calibration.corner.format(n=3), w.calibration.on_corner.format(n=3), w.calibration.hint
        ),
        "calibrate-one": Guide(w.calibration.on_mat, w.calibration.in_the_middle, w.calibration.hint),
        "calibrated": Notice(
            w.calibration.calibrated,
            w.calibration.within.format(percent=f"0{w.common.decimal}9"),
            w.calibration.step_off,
        ),
        "calibrate-swapped": Fault(w.calibration.not_calibrated, w.known.swapped, w.known.swap_plugs),
        "calibrate-half": Fault(w.calibration.not_calibrated, told("head: half a signal", w), w.known.dead_cell),
        "zero-wanted": Notice(w.calibration.finding_zero, w.calibration.leave_empty, w.calibration.ten_seconds),
        "fault-reader": Fault(w.faults.silent, w.known.reader_restarts, w.known.wait),
        "fault-load-cells": Fault(w.faults.silent, w.known.no_signal, w.known.check_plug),
        "fault-mat": Fault("Check the mat", "zero is 4 kg off", "clear it, then re-zero"),
        "fault-disk": Fault(w.faults.not_saved, w.bar.cannot_write, w.faults.kept),
        "fault-disk-full": Fault("Disk full", "not saved, timer runs", "free some space"),
        "fault-log": Fault("Log set aside", "matpi.db.damaged-1", w.known.run_doctor),
        "fault-clock": Fault("Clock not known", "dates come later", "connect network"),
        "fault-long-words": Fault("WWWWWWWWWWWWWWW", "W" * 21, "W" * 21),
        "notice": Notice("Zero kept", "the mat is empty", "tap: undo"),
        "notice-alone": Notice(w.on_mat.not_counted, ""),
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
            notice=w.people.missing.format(names="Ben, Cleo"),
            who="Ada",
        ),
        "people-arriving": Arriving(5, 10, 5, w.known.thin_shirt, who="Ada"),
        "people-arriving-routine": Arriving(1, 3, 5, w.known.your_choice, w.routines.feet.title, who="Ada"),
        "people-asked": Timer(70, 5, 10, w.phases.sharp, seconds=False, notice=w.people.asks.format(name="Ben")),
        "people-menu": Menu((w.menu.who, w.menu.routine, w.menu.trend, w.menu.zero, w.menu.back), 0),
        "people-menu-who": Menu(("Ada", "Ben", w.menu.back), 1),
        "people-done": SessionDone(571, done_today=True, plan_day=5, saved=True, who="Ada", asks=w.people.not_you),
        "people-done-asked": SessionDone(
            571, done_today=True, plan_day=5, saved=True, who="Ada", asks=w.people.asks.format(name="Ben")
        ),
        "people-done-hold": SessionDone(
            571, done_today=True, plan_day=5, saved=True, who="Ada", asks=w.people.not_you, hold=0.5
        ),
        "people-done-not-yet-saved": SessionDone(
            571, done_today=False, plan_day=5, saved=False, who="Ada", asks=w.people.not_you
        ),
    }


VIEWS: Final = gallery(ENGLISH)
IN_GERMAN: Final = {f"de-{name}": view for name, view in gallery(GERMAN).items() if name not in ENGLISH_ONLY}


def pictures() -> dict[str, Image]:
    """All of them, drawn."""
    return {
        **{name: render(view) for name, view in VIEWS.items()},
        **{name: render(view, words=GERMAN) for name, view in IN_GERMAN.items()},
    }
