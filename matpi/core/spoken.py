"""What the screen says, as one sentence: for a screen reader, and for people who read logs."""

from __future__ import annotations

from typing import assert_never

from matpi.core import views as v
from matpi.core.words import Words
from matpi.core.words_en import ENGLISH


def spoken(view: v.View, words: Words = ENGLISH) -> str:
    """One sentence, without what changes several times a second (a hold, a countdown's line)."""
    say = words.spoken
    match view:
        case v.Off():
            return say.dark
        case v.Splash(version):
            return f"matpi {version}."
        case v.Idle():
            return _idle(view, words)
        case v.Safety(page, pages):
            told = " ".join(line.strip().removeprefix("* ") for line in words.safety.pages[page])
            return say.safety.format(page=page + 1, pages=pages, words=told)
        case v.Arriving(lower, upper, day, _, routine):
            return say.arriving.format(what=routine or say.day.format(day=day), minutes=_range(lower, upper, words))
        case v.Timer(elapsed_s, lower, upper, label, seconds):
            so_far = duration(elapsed_s) if seconds else _minutes(elapsed_s // 60, words)
            what = label[:1].upper() + label[1:]
            return say.timer.format(so_far=so_far, range=_span(lower, upper, words), label=what)
        case v.Breathe(inhale, _, _, says, elapsed_min):
            side = say.breathe_in if inhale else say.breathe_out
            return side.format(says=says, minutes=_minutes(elapsed_min, words))
        case v.Away(elapsed_s):
            return say.away.format(time=duration(elapsed_s))
        case v.Holding(elapsed_s, _, what):
            return say.holding.format(what=what or say.cells_silent, time=duration(elapsed_s))
        case v.GetUp(minutes):
            return say.get_up.format(minutes=_minutes(minutes, words))
        case v.Object(kg):
            return say.object.format(kg=kg)
        case v.SessionDone(on_mat_s, done, _, saved):
            told = (say.done if saved else say.done_unsaved).format(time=duration(on_mat_s))
            return told + (say.done_today if done else "")
        case v.OffMat(text, None):
            return say.off_mat.format(text=text)
        case v.OffMat(text, left_s):
            return say.off_mat_left.format(text=text, time=duration(left_s or 0))
        case v.RatingEntry(value):
            answer = say.tap_to_choose if value is None else say.hold_to_confirm.format(value=value)
            return say.rating.format(answer=answer)
        case v.RatingSaved(value, saved):
            return (say.rated if saved else say.rated_unsaved).format(value=value)
        case v.Confirm(on_mat_s, load_kg):
            return say.confirm.format(time=duration(on_mat_s), kg=load_kg)
        case v.FeltWrong(_, _, logged):
            return say.felt_wrong_logged if logged else say.felt_wrong
        case v.Discarded(on_mat_s):
            return say.discarded.format(time=duration(on_mat_s))
        case v.Menu(items, index):
            return say.menu.format(item=items[index])
        case v.Advice(title, lower, upper, lines):
            return say.advice.format(title=title, minutes=_range(lower, upper, words), lines=". ".join(lines))
        case v.Guide(title, text, more, _, done):
            return say.guide.format(title=title, text=text, more=more if done is None else say.measuring)
        case v.WeightEntry(kg, tens):
            return (say.weight_tens if tens else say.weight_ones).format(kg=kg)
        case v.Fault(title, what, do):
            return f"{title}: {what}; {do}."
        case v.Notice(title, text, more):
            return " ".join(f"{part}." for part in (title, text, more) if part)
    assert_never(view)


def _idle(view: v.Idle, words: Words) -> str:
    say = words.spoken
    span = _span(view.lower_min, view.upper_min, words)
    if view.rest_day:
        today = say.rest_day
    elif view.done:
        today = say.done_with.format(time=duration(view.today_s))
    elif view.today_s >= 1:
        today = say.so_far.format(time=duration(view.today_s), range=span)
    else:
        today = say.not_yet.format(range=span)
    return say.idle.format(
        clock=f"{view.clock}. ",
        day=say.day.format(day=view.plan_day) if view.plan_day <= view.plan_days else say.after_plan,
        today=today,
        notice=f" {view.notice}." if view.notice else "",
    )


def duration(seconds: float) -> str:
    """12:34."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _range(lower: int, upper: int, words: Words) -> str:
    return _minutes(upper, words) if lower == upper else _span(lower, upper, words)


def _span(lower: int, upper: int, words: Words) -> str:
    return words.spoken.some_minutes.format(lower=lower, upper=upper)


def _minutes(minutes: int, words: Words) -> str:
    return words.spoken.one_minute if minutes == 1 else words.spoken.minutes.format(n=minutes)
