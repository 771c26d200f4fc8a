"""What matpi remembers: values and their invariants.

Times: `*_mono` are seconds of the monotonic clock of one boot (`boot_id`); `*_utc` are Unix seconds; `*_s` durations
in seconds. Durations only ever come from the monotonic clock. With `estimated` a record's date is not by a trusted wall
clock: it follows the newest time known (core/dated.py) and is corrected when the clock is known. `zone` and `day_start`
are those of the settings at its time, by which a correction of the clock dates it; None in logs of earlier versions.
"""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum
from typing import ClassVar

from msgspec import Struct, field
from msgspec.structs import replace

from matpi.core.people import People

UTC_MAX = 7_258_118_400.0
"""The year 2200: what lies beyond, or before 1970, is no time that a person lay on a mat."""
ROUTINE_NAMES = (
    "plan", "downshift", "breath", "upper_back", "neck", "feet", "lower_back", "seat", "calves", "recovery",
    "before_bed",
)  # fmt: skip
"""In the order of the menu; core/plan/routine.py describes each."""
OTHERS = ("no", "pets")
LANGUAGES = ("", "en", "de")  # the codes of the catalogues; "": as the config says
LOAD_MAX_KG = 1e4
"""No load of this world; a channel that reads more is wired to nothing."""
REST_WEEKDAYS_MAX = 4
"""The lowest weekly goal is 3 sessions: with more days of rest than this it is out of reach."""
RATING_MIN, RATING_MAX = 1, 10  # docs/dev/behaviour.md 5: 10 = tightest


class EndReason(StrEnum):
    """Why a session ended."""

    LEFT = "left"
    CAP = "cap"
    OBJECT = "object"
    SENSOR_LOST = "sensor_lost"
    POWER_LOST = "power_lost"
    DISCARDED = "discarded"


class Doubt(StrEnum):
    """Why a session may not be the person's own. It is timed and stored all the same."""

    THING = "thing"
    """Nothing moved in the load: a bag, a basket."""
    LIGHT = "light"
    """Its middle load was under the threshold: a pet that jumped up."""
    ONE_END = "one_end"
    """One end of the mat carried nothing: a loose wire."""
    UNUSUAL = "unusual"
    """Under half of the usual loads. The only doubt that counts until it is answered."""
    UNKNOWN = "unknown"
    """With pets or visitors: a load that is not known as the person's."""


class Moment(StrEnum):
    """When a rating was given: before or after a session, or neither."""

    BEFORE = "before"
    """On a day without a session so far."""
    AFTER = "after"
    """When a session had just ended."""
    DAY = "day"
    """At any other time."""


class Session(Struct, frozen=True):
    """One time on the mat. `reason` is None while it is still open.

    `span_s` runs from the first touch to the moment of leaving, `on_mat_s` is that without the time away.
    `day` is the plan's day (it starts at 04:00 local time).
    """

    id: str
    boot_id: str
    start_mono: float
    span_s: float
    on_mat_s: float
    reason: EndReason | None = None
    start_utc: float | None = None
    utc_offset_s: int | None = None
    """Local time minus UTC at the start."""
    day: date | None = None
    aways: int = 0  # how often the person left and came back in time
    routine: str = "plan"
    edited: bool = False
    load_kg: float | None = None  # the middle load; None: not known
    person: str | None = None
    """Whose it is: an id, `people.GUEST_ID` in a log of an earlier version, or None where no one was named."""
    doubt: Doubt | None = None
    yours: bool | None = None
    """The answer to "Was that you?"; None: not answered."""
    estimated: bool = False
    zone: str | None = None
    day_start: time | None = None

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("a session needs an id")
        if self.load_kg is not None and not 0.0 < self.load_kg < LOAD_MAX_KG:
            raise ValueError(f"a load lies above 0 and under {LOAD_MAX_KG:g} kg: {self.load_kg} kg")
        if not 0.0 <= self.on_mat_s <= self.span_s + 1e-6:
            raise ValueError(f"time on the mat must lie within the span: {self.on_mat_s} of {self.span_s} s")
        if self.aways < 0:
            raise ValueError("a session cannot have been left less than never")
        _check_utc("start_utc", self.start_utc)

    @property
    def key(self) -> str:
        return self.id

    @property
    def counts(self) -> bool:
        """Return whether plan, streak and reminder include it: the person's answer, else by the doubt."""
        if self.reason is EndReason.DISCARDED:
            return False
        return self.doubt in {None, Doubt.UNUSUAL} if self.yours is None else self.yours

    @property
    def is_open(self) -> bool:
        return self.reason is None

    @property
    def end_utc(self) -> float | None:
        return None if self.start_utc is None else self.start_utc + self.span_s

    def overlaps(self, other: Session) -> bool:
        """Return whether both have been on the mat at one time.

        False where a start is not known, or one is discarded. One mat holds one session at a time, so one of the two
        has a wrong start or is of another mat. An estimated start is known within its own boot only: from one boot to
        another it says no more than the order.
        """
        if self.boot_id != other.boot_id and (self.estimated or other.estimated):
            return False
        if self.start_utc is None or other.start_utc is None or EndReason.DISCARDED in {self.reason, other.reason}:
            return False
        ends_utc = min(self.start_utc + self.span_s, other.start_utc + other.span_s)
        return ends_utc > max(self.start_utc, other.start_utc)

    def closed(self, reason: EndReason) -> Session:
        return replace(self, reason=reason)


class Rating(Struct, frozen=True):
    """The answer to "How tight do I feel today?", 1 to 10, 10 = tightest."""

    id: str
    boot_id: str
    mono: float
    value: int
    moment: Moment
    session_id: str | None = None
    utc: float | None = None
    utc_offset_s: int | None = None
    day: date | None = None
    person: str | None = None
    estimated: bool = False
    zone: str | None = None
    day_start: time | None = None

    def __post_init__(self) -> None:
        if not RATING_MIN <= self.value <= RATING_MAX:
            raise ValueError(f"a rating lies between {RATING_MIN} and {RATING_MAX}: {self.value}")
        _check_utc("utc", self.utc)

    @property
    def key(self) -> str:
        return self.id


class StopSign(Struct, frozen=True):
    """The answer "felt wrong": tomorrow is a rest day and the plan steps back one tier."""

    id: str
    boot_id: str
    mono: float
    session_id: str | None = None
    utc: float | None = None
    utc_offset_s: int | None = None
    day: date | None = None
    person: str | None = None
    estimated: bool = False
    zone: str | None = None
    day_start: time | None = None

    def __post_init__(self) -> None:
        _check_utc("utc", self.utc)

    @property
    def key(self) -> str:
        return self.id


class Looser(Struct, frozen=True):
    """The answer to "Looser?" after a session. It has the session's date and person, and is never a number."""

    session_id: str
    looser: bool

    @property
    def key(self) -> str:
        return f"looser {self.session_id}"


Dated = Session | Rating | StopSign
"""The records that have a time and, by the clock of their boot, a date (core/dated.py)."""


class DayRecord(Struct, frozen=True):
    """What a person said about one day of the plan, beyond its sessions; with neither, that it reminds again."""

    day: date
    rest: bool = False  # declared a rest day
    snoozed: bool = False
    """The reminder was acknowledged by a tap: silent until the next day."""
    person: str | None = None

    @property
    def key(self) -> str:
        return _of_person(f"day {self.day}", self.person)


class Acknowledgement(Struct, frozen=True):
    """The answer to the safety pages; with `some` of the conditions, short sessions until `cleared`."""

    some: bool
    utc: float | None = None  # of the answer
    cleared: bool = False  # with `some`: a doctor was asked and agreed
    person: str | None = None
    cleared_utc: float | None = None
    """None with `cleared`: it is not known when."""
    earlier: tuple[tuple[float | None, float | None], ...] = ()
    """From when until when (UTC) answers before this one kept sessions short, oldest first; None: not known."""
    asked_again: bool = False
    """The device asks again; until it is answered, this holds."""

    @property
    def key(self) -> str:
        return _of_person("acknowledgement", self.person)

    @property
    def short_only(self) -> bool:
        return self.some and not self.cleared

    def in_place_of(self, before: Acknowledgement | None) -> Acknowledgement:
        """Return it with how long sessions were kept short before it."""
        if before is None:
            return self
        ended_utc = before.cleared_utc if before.cleared else self.utc
        return replace(self, earlier=(*before.earlier, *([(before.utc, ended_utc)] if before.some else [])))


class Zero(Struct, frozen=True):
    """What the empty mat weighs, a channel, in kg from the calibrated reference."""

    kg: tuple[float, ...]
    by_hand: bool = False
    anchor_kg: float | None = None
    """Where a zero set by hand stood, in all: how far it may follow is counted from there."""

    @property
    def total_kg(self) -> float:
        return sum(self.kg)


class Calibration(Struct, frozen=True):
    """Counts to kilograms, a channel: kg = (counts - reference_counts) / counts_per_kg."""

    reference_counts: tuple[int, ...]
    counts_per_kg: tuple[float, ...]
    approximate: bool = False  # from the nominal sensitivity of the documented build: not calibrated yet

    def __post_init__(self) -> None:
        if not 1 <= len(self.reference_counts) <= 4 or len(self.reference_counts) != len(self.counts_per_kg):
            raise ValueError("a calibration has 1 to 4 channels, each with a reference and a slope")
        if not all(1.0 <= abs(slope) <= 1e7 for slope in self.counts_per_kg):
            raise ValueError("a slope lies between 1 and 10 000 000 counts per kilogram")

    def kg(self, counts: tuple[int, ...]) -> tuple[float, ...]:
        return tuple((c - r) / s for c, r, s in zip(counts, self.reference_counts, self.counts_per_kg, strict=True))


class Settings(Struct, frozen=True):
    """What a person sets on the device, the page or the command line; kept in the database."""

    zone: str = "UTC"  # IANA name of the time zone the person lives in
    day_start: time = time(4, 0)
    bedtime: time = time(22, 30)
    nudge_before_bed_min: int = 90
    nudge: bool = True
    quiet_from: time = time(22, 30)
    quiet_to: time = time(7, 0)
    rest_weekdays: frozenset[int] = frozenset()  # 0 = Monday
    weekly_goal: int = 5
    stay_on_tier: bool = False  # does not move on to the next tier of the plan
    no_restart: bool = False  # does not go back to day 1 after 21 days without a session
    routine: str = "plan"  # which one a session is, unless another was chosen in the menu
    others: str = "no"
    """Whether others use the mat, one of OTHERS: with "pets" an unknown load counts only when it is confirmed."""
    own_plan: str = ""
    """A plan of one's own, as TOML (docs/routines.md); empty: the starter plan."""
    language: str = ""  # of the panel, one of LANGUAGES
    key: ClassVar[str] = "settings"

    def __post_init__(self) -> None:
        if not 3 <= self.weekly_goal <= 7:
            raise ValueError(f"the weekly goal lies between 3 and 7 days: {self.weekly_goal}")
        if not 0 <= self.nudge_before_bed_min <= 360:
            raise ValueError(f"the reminder comes 0 to 360 minutes before bedtime: {self.nudge_before_bed_min}")
        clocks = (self.day_start, self.bedtime, self.quiet_from, self.quiet_to)
        if any(clock.tzinfo is not None for clock in clocks):
            raise ValueError("times of day are those of the local clock, such as 22:30")
        if self.routine not in ROUTINE_NAMES:
            raise ValueError(f"there is no routine {self.routine!r}; there are {', '.join(ROUTINE_NAMES)}")
        if self.others not in OTHERS:
            raise ValueError(f"others on the mat: {self.others!r} is none of {', '.join(OTHERS)}")
        if self.language not in LANGUAGES:
            raise ValueError(f"the panel speaks {' or '.join(LANGUAGES[1:])}, not {self.language!r}")
        if not all(0 <= weekday <= 6 for weekday in self.rest_weekdays):
            raise ValueError("rest days are weekdays from 0 (Monday) to 6 (Sunday)")
        if len(self.rest_weekdays) > REST_WEEKDAYS_MAX:
            raise ValueError(f"a week has at most {REST_WEEKDAYS_MAX} rest days: the goal is at least 3 sessions")


class Log(Struct, frozen=True):
    """Everything that happened, oldest first. Sessions here are closed ones, without the deleted."""

    sessions: tuple[Session, ...] = ()
    ratings: tuple[Rating, ...] = ()
    stops: tuple[StopSign, ...] = ()
    days: tuple[DayRecord, ...] = ()
    looser: tuple[Looser, ...] = ()

    @property
    def counting(self) -> tuple[Session, ...]:
        """Return the sessions that plan, streak, reminder and totals include; the others are only listed."""
        return tuple(session for session in self.sessions if session.counts)

    def of(self, person: str | None) -> Log:
        """Return what is this person's; the same log when all of it is."""
        sessions = tuple(s for s in self.sessions if s.person == person)
        ratings = tuple(r for r in self.ratings if r.person == person)
        stops = tuple(s for s in self.stops if s.person == person)
        days = tuple(d for d in self.days if d.person == person)
        theirs = {s.id for s in sessions}
        own = Log(sessions, ratings, stops, days, tuple(one for one in self.looser if one.session_id in theirs))
        return self if own == self else own


class Memory(Struct, frozen=True):
    """What the store hands to the device at boot."""

    log: Log = field(default_factory=Log)
    open: Session | None = None
    """A session that a power cut left open, as its last checkpoint has it."""
    zero: Zero | None = None
    zero_before: Zero | None = None
    calibration: Calibration | None = None
    """None: not calibrated; the edge then reckons with the nominal sensitivity of the build."""
    acknowledgement: Acknowledgement | None = None
    """Where no one is named, else `answers`."""
    settings: Settings = field(default_factory=Settings)
    set_aside: str | None = None
    """The log was damaged and is this file now, or missing (""); here is a new one or, `restored`, a backup."""
    restored: bool = False
    people: People = field(default_factory=People)
    answers: tuple[Acknowledgement, ...] = ()
    doubts: tuple[str, ...] = ()
    """A sentence for each stored value that cannot be used; its default or nothing is used instead."""

    def answer_of(self, person: str | None) -> Acknowledgement | None:
        return next((a for a in (self.acknowledgement, *self.answers) if a is not None and a.person == person), None)


def _check_utc(name: str, utc: float | None) -> None:
    if utc is not None and not 0.0 <= utc <= UTC_MAX:
        raise ValueError(f"{name} lies between the years 1970 and 2200: {utc:g} s")


def _of_person(key: str, person: str | None) -> str:
    return key if person is None else f"{key} of {person}"
