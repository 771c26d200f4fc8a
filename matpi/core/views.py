"""What to show, without a pixel and without a language. Equal views give equal pictures.

`Text` is put into words by the screen; a string is shown as it is: a name, a clock, a plan of one's own. A line has
room for 21 characters, a title for 15, an item of the menu for 14 and a name for 12 (tests/screen/rooms.py).

Bounds of 0 and 0 are not shown: the person should ask a doctor first.

Fractions (`hold`, `rest`, `left`) are 0 to 1 in steps of `FRACTION_STEP`, so that a view changes a few times a second
and not with every reading.
"""

from __future__ import annotations

from msgspec import Struct

from matpi.core.text import Text

FRACTION_STEP = 1 / 16
"""Of the safety pages, in every language; the last one asks."""


class Off(Struct, frozen=True):
    """A dark panel."""


class Splash(Struct, frozen=True):
    version: str


class Idle(Struct, frozen=True):
    """The mat is unoccupied, and the panel is lit."""

    clock: str  # local time as HH:MM; while the clock is not trusted the estimated day as ~MM-DD
    plan_day: int  # from 1; above `plan_days` the plan is done and it is the after-plan
    lower_min: int
    upper_min: int
    today_s: float  # on the mat today
    done: bool
    rest_day: bool
    notice: Text | str | None = None  # something that wants attention, e.g. "check the mat"
    plan_days: int = 14  # days of the plan; a later `plan_day` is after it
    who: str = ""  # whose plan this is, where several people share the mat


class Safety(Struct, frozen=True):
    """One page of what to know first. `name` is its key in the catalogues."""

    name: str
    page: int  # from 1 on
    pages: int
    hold: float = 0.0


class Arriving(Struct, frozen=True):
    """A load is on; in 3 s it is a session."""

    lower_min: int
    upper_min: int
    plan_day: int
    clothing: Text | str
    routine: Text | str = ""  # title of a routine other than the plan
    plan_days: int = 14
    who: str = ""  # whose session it will be, where several people share the mat


class Timer(Struct, frozen=True):
    """The session on the mat: big minutes and one tick a planned minute."""

    elapsed_s: int  # whole seconds when `seconds`, else whole minutes as seconds
    lower_min: int
    upper_min: int
    label: Text | str  # the phase, or what to do now
    seconds: bool  # show mm:ss: in the first minute and after a tap
    hold: float = 0.0  # how far a hold towards "discard" has come
    notice: Text | str | None = None


class Breathe(Struct, frozen=True):
    """The breath as a circle that grows and shrinks."""

    inhale: bool
    radius_px: int
    left_s: int  # whole seconds of this side, counting down to 1
    says: Text | str  # how to breathe, or what to do now
    elapsed_min: int


class Away(Struct, frozen=True):
    elapsed_s: int
    left_s: int  # whole seconds until the session ends
    of_s: int


class Holding(Struct, frozen=True):
    """No readings during a session: the session waits for the load cells."""

    elapsed_s: int
    left_s: int
    what: Text | str = ""  # empty: why is not known


class GetUp(Struct, frozen=True):
    """The cap has closed the session and the person still lies there."""

    elapsed_min: int


class Object(Struct, frozen=True):
    """A load on the mat that does not move: a thing."""

    load_kg: int
    approximate: bool = False  # not calibrated: from the nominal sensitivity of the cells


class SessionDone(Struct, frozen=True):
    on_mat_s: int
    done_today: bool  # the day's total has reached the plan's lower bound
    plan_day: int
    saved: bool  # False: the store has not answered yet or could not
    plan_days: int = 14
    who: str = ""  # whose it is, where several people share the mat
    asks: Text | str = ""  # with `who`: what a hold does about it
    hold: float = 0.0
    ask_first: bool = False  # the person should ask a doctor first


class OffMat(Struct, frozen=True):
    """What follows off the mat."""

    text: Text | str
    left_s: int | None  # whole seconds until it says something else; None: nothing follows


class RatingEntry(Struct, frozen=True):
    """The question "How tight do I feel today?", ten boxes, no default."""

    value: int | None
    hold: float = 0.0
    rest: float | None = None  # what is left of the 4 s after which the value is the answer, 1 to 0


class RatingSaved(Struct, frozen=True):
    value: int
    saved: bool
    hold: float = 0.0
    left: float = 1.0  # what is left of the 8 s in which a hold changes it
    yesterday: int | None = None  # yesterday's number, shown once today's is given


class LooserEntry(Struct, frozen=True):
    """The question "Looser?"; a hold is yes, a tap no."""

    hold: float = 0.0
    left: float = 1.0


class FeltWrong(Struct, frozen=True):
    """The question "Felt wrong?"; a hold notes a stop sign."""

    hold: float = 0.0
    left: float = 1.0
    logged: bool = False


class Confirm(Struct, frozen=True):
    """The question "Was that you?" about a session whose load is not known as the person's."""

    on_mat_s: int
    load_kg: int
    hold: float = 0.0
    approximate: bool = False  # as in `Object`


class Discarded(Struct, frozen=True):
    """The session was discarded by hand; for a while a hold brings it back."""

    on_mat_s: int
    hold: float = 0.0
    left: float = 1.0


class Menu(Struct, frozen=True):
    items: tuple[Text | str, ...]
    index: int
    hold: float = 0.0


class Advice(Struct, frozen=True):
    """A routine was chosen: what to see to before lying down."""

    title: Text | str
    lower_min: int
    upper_min: int
    advice: Text | str  # at most 4 lines


class Guide(Struct, frozen=True):
    """One step of something done with the mat, such as calibrating it."""

    title: Text | str
    text: Text | str  # what to do
    more: Text | str  # what the button does
    hold: float = 0.0
    done: float | None = None  # how far the measurement has come; None while none is under way


class WeightEntry(Struct, frozen=True):
    """One's own weight in whole kilograms, the tens first, then the ones."""

    kg: int
    tens: bool  # the tens are being set
    hold: float = 0.0


class PagePairing(Struct, frozen=True):
    """Where the page is, and the code that pairs a browser with it."""

    address: str  # as in the address line, such as http://matpi.local:8377
    code: str  # six digits


class Fault(Struct, frozen=True):
    """Something is broken or odd, in words a person can act on."""

    title: Text | str
    what: Text | str
    do: Text | str


class Notice(Struct, frozen=True):
    """A short message that needs no act."""

    title: Text | str
    text: Text | str
    more: Text | str = ""


View = (
    Off
    | Splash
    | Idle
    | Safety
    | Arriving
    | Timer
    | Breathe
    | Away
    | Holding
    | GetUp
    | Object
    | SessionDone
    | OffMat
    | RatingEntry
    | RatingSaved
    | LooserEntry
    | FeltWrong
    | Confirm
    | Discarded
    | Menu
    | Advice
    | Guide
    | WeightEntry
    | PagePairing
    | Fault
    | Notice
)


def fraction(value: float) -> float:
    """Clamp to 0..1 and round down to FRACTION_STEP, so that views change in steps."""
    return int(min(1.0, max(0.0, value)) / FRACTION_STEP) * FRACTION_STEP
