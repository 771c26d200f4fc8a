"""What the screen says, as one sentence: for a screen reader, and for people who read logs."""

from __future__ import annotations

from typing import assert_never

from matpi.core import views as v
from matpi.core.safety import PAGES


def spoken(view: v.View) -> str:
    """One sentence, without what changes several times a second (a hold, a countdown's line)."""
    match view:
        case v.Off():
            return "The screen is dark."
        case v.Splash(version):
            return f"matpi {version}."
        case v.Idle():
            return _idle(view)
        case v.Safety(page, pages):
            words = " ".join(line.strip().removeprefix("* ") for line in PAGES[page])
            return f"Safety, page {page + 1} of {pages}: {words}."
        case v.Arriving(lower, upper, day):
            return f"Welcome. Day {day}, {lower} to {upper} minutes."
        case v.Timer(elapsed_s, lower, upper, label, seconds):
            so_far = duration(elapsed_s) if seconds else _minutes(elapsed_s // 60)
            return f"On the mat: {so_far} of {lower} to {upper} minutes. {label}."
        case v.Away(elapsed_s):
            return f"Away. The timer waits at {duration(elapsed_s)}: back?"
        case v.Holding(elapsed_s, _, what):
            said = "The load cells are silent" if what == v.SILENT else what
            return f"{said}. The session waits at {duration(elapsed_s)}."
        case v.GetUp(minutes):
            return f"Please get up slowly. The session was closed at {_minutes(minutes)}."
        case v.Object(kg):
            return f"Something lies on the mat, about {kg} kg. It is not counted."
        case v.SessionDone(on_mat_s, done, _, saved):
            return (
                f"{duration(on_mat_s)} on the mat, {'saved' if saved else 'not saved yet'}."
                f"{' Done for today.' if done else ''}"
            )
        case v.RatingEntry(value):
            chosen = "Tap to choose." if value is None else f"{value} of 10. Hold to confirm."
            return f"How tight do I feel today? {chosen}"
        case v.RatingSaved(value, saved):
            return f"{value} of 10, {'saved' if saved else 'not saved yet'}. Hold to change."
        case v.FeltWrong(_, _, logged):
            return "Logged. Tomorrow is a rest day." if logged else "Felt wrong? Hold to log a stop sign."
        case v.Discarded(on_mat_s):
            return f"{duration(on_mat_s)} thrown away. Hold to bring it back."
        case v.Menu(items, index):
            return f"Menu: {items[index]}. Tap for the next, hold to choose."
        case v.Guide(title, text, more, _, done):
            return f"{title}: {text}. {more if done is None else 'Measuring'}."
        case v.WeightEntry(kg, tens):
            return f"Your weight: {kg} kg. Tap for {'ten' if tens else 'one'} more, hold to go on."
        case v.Fault(title, what, do):
            return f"{title}: {what}; {do}."
        case v.Notice(title, text, more):
            return " ".join(f"{part}." for part in (title, text, more) if part)
    assert_never(view)


def _idle(view: v.Idle) -> str:
    clock = f"{view.clock}. " if view.clock else ""
    day = f"Day {view.plan_day}" if view.plan_day <= 14 else "After the plan"
    if view.rest_day:
        today = "rest day"
    elif view.done:
        today = f"done for today with {duration(view.today_s)}"
    elif view.today_s >= 1:
        today = f"{duration(view.today_s)} so far of {view.lower_min} to {view.upper_min} minutes"
    else:
        today = f"not yet today, {view.lower_min} to {view.upper_min} minutes"
    return f"{clock}{day}: {today}.{f' {view.notice}.' if view.notice else ''}"


def duration(seconds: float) -> str:
    """12:34."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _minutes(minutes: int) -> str:
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
