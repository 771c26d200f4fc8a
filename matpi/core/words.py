"""Every text of the device as a key: what stands on the panel, and what is spoken of it. A language fills them all.

A text that takes values has them in braces, `{day}`; each language has the same ones, in its own order. `Room` is how
many characters a text may have where it is drawn, its values filled in; tests measure the pixels (docs/wording.md).
What is not here stays English: notes and reasons of the log, the terminal, the page around the device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from matpi.core.words_room import Item, Line, Lines, Pages, Room, Short, Third, Title
from matpi.core.words_told import Known, Places, Spoken, Unsent


@dataclass(frozen=True, slots=True)
class Common:
    """Several screens."""

    min: Annotated[str, Room(3)]
    kg: Annotated[str, Room(3)]
    day: Annotated[str, Room(7)]
    decimal: Annotated[str, Room(1)]
    """Between the whole and its tenths."""
    done_today: Short
    saved: Annotated[str, Room(7)]
    """In heavy letters, beside a check mark."""
    keep_holding: Line
    one_moment: Title
    saving: Line


@dataclass(frozen=True, slots=True)
class Idle:
    """Nobody is on the mat."""

    day_of: Short
    after_plan: Short
    not_yet: Short
    so_far: Short
    under_a_minute: Short
    rest_is_part: Line
    rest_day: Annotated[str, Room(8)]


@dataclass(frozen=True, slots=True)
class Bar:
    """One line on a lit bar, on the idle screen and during a session."""

    clock_unknown: Line
    next: Line
    ask_clinician: Line
    from_day_1: Line
    once_more: Line
    check_mat: Line
    backwards: Line
    cannot_write: Line
    no_button: Line
    no_lamp: Line
    no_chime: Line
    see_doctor: Line


@dataclass(frozen=True, slots=True)
class OnMat:
    """A session: arriving, its timer, away, silent cells, and how it ended."""

    starting: Annotated[str, Room(10)]
    of: Annotated[str, Room(5)]
    of_range: Annotated[str, Room(10)]
    over: Annotated[str, Room(6)]
    over_by: Annotated[str, Room(10)]
    keep_holding: Line
    back: Annotated[str, Room(8)]
    seconds_left: Annotated[str, Room(8)]
    paused: Title
    waits: Line
    enough: Annotated[str, Room(6)]
    get_up: Annotated[str, Room(8)]
    """In heavy letters, and `slowly` beside it: together they are one sentence."""
    slowly: Annotated[str, Room(6)]
    object: Title
    take_off: Line
    not_saved: Line
    more_today: Line
    discarded: Annotated[str, Room(10)]
    """In heavy letters."""
    not_kept: Line
    bring_back: Line
    up_again: Title
    not_counted: Title


@dataclass(frozen=True, slots=True)
class Phases:
    """What the session says as it goes on.

    Beside the breath's circle a word of it has at most 10 characters.
    """

    sharp: Line
    settling: Line
    warmth: Line
    deep_calm: Line
    settle: Line
    still: Line
    breathe_then_up: Line
    four_six: Line
    stretch: Line
    water: Line
    soon: Line
    enough: Line
    over: Line
    done: Line

    def of(self, says: str) -> str:
        found: str = getattr(self, says)
        return found


@dataclass(frozen=True, slots=True)
class Breath:
    """The breath, beside its circle."""

    inhale: Annotated[str, Room(4)]
    exhale: Annotated[str, Room(4)]
    inhale_says: Line
    exhale_says: Line


@dataclass(frozen=True, slots=True)
class RoutineText:
    """A routine in the menu, and what to see to before lying down."""

    title: Item
    advice: Lines


@dataclass(frozen=True, slots=True)
class Routines:
    """The routines, by their names."""

    plan: RoutineText
    downshift: RoutineText
    breath: RoutineText
    upper_back: RoutineText
    neck: RoutineText
    feet: RoutineText
    lower_back: RoutineText
    seat: RoutineText
    calves: RoutineText
    recovery: RoutineText
    before_bed: RoutineText

    def of(self, name: str) -> RoutineText:
        found: RoutineText = getattr(self, name)
        return found


@dataclass(frozen=True, slots=True)
class Around:
    """Before a routine, and what follows it off the mat."""

    then_onto_mat: Line
    bedtime: Line
    go_on: Line
    off_mat_now: Line
    left: Annotated[str, Room(5)]


@dataclass(frozen=True, slots=True)
class Questions:
    """How tight, and whether it felt wrong."""

    how_tight: tuple[Third, Third, Third]
    tap_first: Line
    tap_or_hold: Line
    not_saved: Annotated[str, Room(13)]
    hold: Annotated[str, Room(7)]
    change: Annotated[str, Room(7)]
    was_that_you: Title
    yes_or_no: Line
    felt_wrong: Title
    signs: tuple[Line, Line]
    hold_to_note: Line
    noted: Annotated[str, Room(9)]
    """In heavy letters."""
    what_follows: tuple[Line, Line]
    take_back: Line


@dataclass(frozen=True, slots=True)
class Menu:
    """The menu that a hold opens."""

    who: Item
    routine: Item
    rest: Item
    no_rest: Item
    trend: Item
    zero: Item
    undo_zero: Item
    calibrate: Item
    pets: Item
    no_pets: Item
    clinician: Item
    safety: Item
    back: Item
    hint: Line

    def label(self, item: str) -> str:
        found: str = getattr(self, item)
        return found


@dataclass(frozen=True, slots=True)
class People:
    """Several people at one mat."""

    asks: Line
    not_you: Line
    missing: Line


@dataclass(frozen=True, slots=True)
class Trend:
    """What the ratings tell."""

    title: Title
    title_day: Title
    not_before: Line
    rate_daily: Line
    too_short: Line
    seven_days: Line
    rated: Line
    first: Line
    last: Line
    too_few: Line
    pairs_title: Title
    change: Line
    pairs: Line
    no_pairs: Line


@dataclass(frozen=True, slots=True)
class Safety:
    """What to know first. A page is a heading and at most three lines.

    A line that begins with "* " starts a point of a list, one that begins with two spaces goes on with it. The signs
    to stop at come before what to ask a doctor about, for the last page asks "any of these" and must mean the latter.
    """

    tap: Annotated[str, Room(4)]
    pages: Annotated[Pages, Room(15)]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibrating with the button, and the zero."""

    title: Title
    take_all_off: Line
    keep_still: Line
    measuring: Line
    hint: Line
    your_weight: Line
    weight_hint: Line
    on_mat: Title
    in_the_middle: Line
    head_end: Title
    at_head_end: Line
    foot_end: Title
    at_foot_end: Line
    corner: Title
    on_corner: Line
    calibrated: Title
    within: Line
    step_off: Line
    not_calibrated: Title
    finding_zero: Title
    leave_empty: Line
    ten_seconds: Line


@dataclass(frozen=True, slots=True)
class Faults:
    """Something is broken: what, and what to do."""

    silent: Title
    log_damaged: Title
    log_kept: Line
    log_new: Line
    not_saved: Title
    kept: Line
    config_wrong: Title
    in_config: Line
    cannot_start: Title
    log_closed: Line
    unexpected: Line
    run_doctor: Line
    see_journal: Line


@dataclass(frozen=True, slots=True)
class Words:
    """All texts of one language; `language` is its ISO 639-1 code."""

    language: str
    common: Common
    idle: Idle
    bar: Bar
    on_mat: OnMat
    phases: Phases
    breath: Breath
    routines: Routines
    around: Around
    questions: Questions
    menu: Menu
    people: People
    trend: Trend
    safety: Safety
    calibration: Calibration
    faults: Faults
    known: Known
    unsent: Unsent
    places: Places
    spoken: Spoken

    def number(self, value: float) -> str:
        """With one digit behind the point, and none when that is 0."""
        return f"{value:.1f}".removesuffix(".0").replace(".", self.common.decimal)
