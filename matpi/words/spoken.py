"""Put a view into one sentence, for screen readers and logs."""

from __future__ import annotations

from typing import assert_never

from matpi.core import views as v
from matpi.words import ENGLISH, Words, duration


def spoken(view: v.View, words: Words = ENGLISH) -> str:
    """Return the view as a sentence, without what changes several times a second (hold, countdown)."""
    match view:
        case v.Off():
            return words("spoken.dark")
        case v.Splash(version):
            return f"matpi {version}."
        case v.Idle():
            return _idle(view, words)
        case v.Safety(name, page, pages):
            return words("spoken.safety", page=page, pages=pages, words=sentence(words(f"safety.{name}")))
        case v.Arriving(lower, upper, day, _, routine):
            what = routine or words("spoken.day", day=day)
            return words("spoken.arriving", what=what, minutes=_range(lower, upper, words))
        case v.Timer(elapsed_s, lower, upper, label, seconds):
            so_far = duration(elapsed_s) if seconds else _minutes(elapsed_s // 60, words)
            phase = words.say(label)
            capital = phase[:1].upper() + phase[1:]
            return words("spoken.timer", so_far=so_far, range=_span(lower, upper, words), label=capital)
        case v.Breathe(inhale, _, _, says, elapsed_min):
            side = "spoken.breathe_in" if inhale else "spoken.breathe_out"
            return words(side, says=says, minutes=_minutes(elapsed_min, words))
        case v.Away(elapsed_s):
            return words("spoken.away", time=duration(elapsed_s))
        case v.Holding(elapsed_s, _, what):
            return words("spoken.holding", what=what or words("spoken.cells_silent"), time=duration(elapsed_s))
        case v.GetUp(minutes):
            return words("spoken.get_up", minutes=_minutes(minutes, words))
        case v.Object(kg):
            return words("spoken.object", kg=kg)
        case v.SessionDone(on_mat_s, done, _, saved):
            on_mat = words("spoken.done" if saved else "spoken.done_unsaved", time=duration(on_mat_s))
            return on_mat + (words("spoken.done_today") if done else "")
        case v.OffMat(text, None):
            return words("spoken.off_mat", text=text)
        case v.OffMat(text, left_s):
            return words("spoken.off_mat_left", text=text, time=duration(left_s or 0))
        case v.RatingEntry(value):
            answer = words("spoken.tap_to_choose") if value is None else words("spoken.hold_to_confirm", value=value)
            return words("spoken.rating", answer=answer)
        case v.RatingSaved(value, saved):
            return words("spoken.rated" if saved else "spoken.rated_unsaved", value=value)
        case v.Confirm(on_mat_s, load_kg):
            return words("spoken.confirm", time=duration(on_mat_s), kg=load_kg)
        case v.FeltWrong(_, _, logged):
            return words("spoken.felt_wrong_logged") if logged else words("spoken.felt_wrong")
        case v.Discarded(on_mat_s):
            return words("spoken.discarded", time=duration(on_mat_s))
        case v.Menu(items, index):
            return words("spoken.menu", item=items[index])
        case v.Advice(title, lower, upper, lines):
            said = ". ".join(words.say(lines).splitlines())
            return words("spoken.advice", title=title, minutes=_range(lower, upper, words), lines=said)
        case v.Guide(title, text, more, _, done):
            then = more if done is None else words("spoken.measuring")
            return words("spoken.guide", title=title, text=text, more=then)
        case v.WeightEntry(kg, tens):
            return words("spoken.weight_tens" if tens else "spoken.weight_ones", kg=kg)
        case v.Fault(title, what, do):
            return f"{words.say(title)}: {words.say(what)}; {words.say(do)}."
        case v.Notice(title, text, more):
            return " ".join(f"{words.say(part)}." for part in (title, text, more) if part)
    assert_never(view)


def sentence(page: str) -> str:
    """Return a page of lines as running text: on the panel "* " begins a point, and two spaces go on with it."""
    heading, *lines = page.splitlines()
    text, listed = heading if heading.endswith((":", "?")) else f"{heading}.", False
    for line in lines:
        if line.startswith("* "):
            text, listed = text + (", " if listed else " ") + line.removeprefix("* "), True
        elif listed and not line.startswith("  "):
            text, listed = f"{text}. {line}", False
        else:
            text += f" {line.strip()}"
    return " ".join(text.rstrip(".").split())


def _idle(view: v.Idle, words: Words) -> str:
    span = _span(view.lower_min, view.upper_min, words)
    if view.rest_day:
        today = words("spoken.rest_day")
    elif view.done:
        today = words("spoken.done_with", time=duration(view.today_s))
    elif view.today_s >= 1:
        today = words("spoken.so_far", time=duration(view.today_s), range=span)
    else:
        today = words("spoken.not_yet", range=span)
    return words(
        "spoken.idle",
        clock=f"{view.clock}. ",
        day=words("spoken.day", day=view.plan_day) if view.plan_day <= view.plan_days else words("spoken.after_plan"),
        today=today,
        notice=f" {words.say(view.notice)}." if view.notice else "",
    )


def _range(lower: int, upper: int, words: Words) -> str:
    return _minutes(upper, words) if lower == upper else _span(lower, upper, words)


def _span(lower: int, upper: int, words: Words) -> str:
    return words("spoken.some_minutes", lower=lower, upper=upper)


def _minutes(minutes: int, words: Words) -> str:
    return words("spoken.one_minute") if minutes == 1 else words("spoken.minutes", n=minutes)
