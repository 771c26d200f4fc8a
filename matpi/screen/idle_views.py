"""Draw what is shown without a session: idle, an object, the safety pages, faults and notices."""

from __future__ import annotations

from matpi.core.views import Fault, Idle, Notice, Object, Off, Safety, Splash
from matpi.screen.canvas import HEIGHT, LAST_ROW, WIDTH, Canvas, draw, sentence
from matpi.screen.glyphs import LARGE_FIRST, Face, wrapped
from matpi.screen.session_views import minutes_or_ask, spoken_span
from matpi.words import LINE, Words, duration, running_text


@draw.register
def off(_: Off, *_rest: Canvas | Words) -> None:
    """Draw nothing."""


@sentence.register
def _(_view: Off, words: Words) -> str:
    return words("spoken.dark")


@draw.register
def splash(view: Splash, canvas: Canvas, _: Words) -> None:
    canvas.line(14, "matpi", (Face.WORDS,), "middle")
    canvas.line(38, view.version, align="middle")


@sentence.register
def _(view: Splash, _words: Words) -> str:
    return f"matpi {view.version}."


@draw.register
def idle(view: Idle, canvas: Canvas, words: Words) -> None:
    """Draw the plan's minutes, or those done. A notice takes the last row, and the status moves up for it."""
    minutes, asks = int(view.today_s // 60), view.upper_min == 0
    if view.done:
        status = words("common.done_today")
    elif view.rest_day and not asks:
        status = words("idle.rest_is_part")
    elif view.today_s > 0.0:
        status = words("idle.so_far", minutes=minutes) if minutes else words("idle.under_a_minute")
    else:
        status = "" if asks else words("idle.not_yet")
    in_plan = view.plan_day <= view.plan_days
    day = words("idle.day_of", day=view.plan_day, days=view.plan_days) if in_plan else words("idle.after_plan")
    canvas.line(0, view.clock, align="right")
    if view.who:
        canvas.line(0, view.who)
    else:
        canvas.line(0, status if view.notice and not (view.rest_day and not view.done) else day)
    if view.done:
        canvas.unit(canvas.cells(0, 14, str(minutes), Face.NUMERALS), 46, words("common.min"))
        canvas.check(WIDTH - 30, 17, size=2)
    elif view.rest_day and not asks:
        canvas.text(0, 20, words("idle.rest_day"), Face.WORDS)
    else:
        minutes_or_ask(canvas, 14, view.lower_min, view.upper_min, words)
    if view.notice:
        canvas.band(LAST_ROW - 1, words.say(view.notice), foot=1)
    else:
        canvas.line(LAST_ROW, status)
        short = words("common.day", day=view.plan_day)
        if view.who and in_plan and len(status) + 1 + len(short) <= 21:
            canvas.line(LAST_ROW, short, align="right")


@sentence.register
def _(view: Idle, words: Words) -> str:
    planned = spoken_span(view.lower_min, view.upper_min, words)
    if not view.upper_min:
        today = words("bar.ask_doctor")
        if view.today_s >= 1:
            today = f"{words('spoken.so_far_alone', time=duration(view.today_s))}, {today}"
    elif view.rest_day:
        today = words("spoken.rest_day")
    elif view.done:
        today = words("spoken.done_with", time=duration(view.today_s))
    elif view.today_s >= 1:
        today = words("spoken.so_far", time=duration(view.today_s), range=planned)
    else:
        today = words("spoken.not_yet", range=planned)
    return words(
        "spoken.idle",
        clock=f"{view.clock}. ",
        day=words("spoken.day", day=view.plan_day) if view.plan_day <= view.plan_days else words("spoken.after_plan"),
        today=today,
        notice=f" {words.say(view.notice)}." if view.notice else "",
    )


@draw.register
def thing(view: Object, canvas: Canvas, words: Words) -> None:
    canvas.line(0, words("on_mat.object"), (Face.LABEL,))
    left = canvas.text(0, 25, "~", Face.LABEL) if view.approximate else 0
    x = canvas.cells(left, 17, str(view.load_kg), Face.NUMERALS)
    canvas.unit(x, 45, words("common.kg"))
    canvas.line(LAST_ROW, words("on_mat.take_off"))


@sentence.register
def _(view: Object, words: Words) -> str:
    return words("spoken.object", kg=view.load_kg)


@draw.register
def safety(view: Safety, canvas: Canvas, words: Words) -> None:
    heading, *lines = words(f"safety.{view.name}").splitlines()
    number = f"{view.page}/{view.pages}"
    with_tap = f"{words('safety.tap')} {number}"
    canvas.line(0, heading)
    canvas.line(
        0, with_tap if len(heading) + len(with_tap) < LINE and view.name != "question" else number, align="right"
    )
    for row, line in enumerate(lines if view.hold == 0.0 else lines[:2]):
        y = 14 + 12 * row
        if line.startswith("* "):
            canvas.box(0, y + 5, 3, 3)
        indent = 6 if line.startswith(("* ", "  ")) else 0
        canvas.line(y, line[2:] if indent else line, left=indent)
    if view.hold > 0.0:
        canvas.hold_bar(view.hold)


@sentence.register
def _(view: Safety, words: Words) -> str:
    text = running_text(words(f"safety.{view.name}"))
    return words("spoken.safety", page=view.page, pages=view.pages, words=text)


@draw.register
def fault(view: Fault, canvas: Canvas, words: Words) -> None:
    """Draw a lit bar with the title, then what is wrong, then what to do, as large as it fits."""
    what, do = words.say(view.what), words.say(view.do)
    canvas.band(0, words.say(view.title), LARGE_FIRST)
    lines = wrapped(do, WIDTH, Face.LABEL)
    if lines is None or len(lines) > 2:
        canvas.line(18, what)
        canvas.line(44, do)
        return
    if len(lines) == 2:
        canvas.line(18, what)
    else:
        canvas.line(22, what, LARGE_FIRST)
    for row, line in enumerate(lines):
        canvas.text(0, HEIGHT - 16 * (len(lines) - row), line, Face.LABEL)


@sentence.register
def _(view: Fault, words: Words) -> str:
    return f"{words.say(view.title)}: {words.say(view.what)}; {words.say(view.do)}."


@draw.register
def notice(view: Notice, canvas: Canvas, words: Words) -> None:
    alone = not view.text and not view.more
    canvas.line(20 if alone else 2, words.say(view.title), (Face.WORDS, *LARGE_FIRST))
    canvas.line(26, words.say(view.text), LARGE_FIRST)
    canvas.line(46, words.say(view.more))


@sentence.register
def _(view: Notice, words: Words) -> str:
    return " ".join(f"{words.say(part)}." for part in (view.title, view.text, view.more) if part)
