"""Read a scenario and run it in virtual time (`matpi sim --headless --scenario FILE`).

A scenario is a file with a JSON object a line; empty and # lines are skipped.

    {"at": 5, "do": "lie_down", "kg": 74}
    {"at": "6:30", "do": "get_up"}
    {"at": "7:10", "do": "tap"}

`at` is seconds, "m:ss" or "h:mm:ss" from the start, never earlier than the line before. A file of days has, in every
line, `day` (1 is the first) and `clock` instead, the local time as "21:00" or "21:00:30". Actions:

- the mat: lie_down, sit, stand, fidget, get_up, bag_on, bag_off, cat (with `kg`: the person's weight from then on)
- the button: tap (`times`), hold (`seconds`, 0.9 unless given), rate (`value`: so many taps, then a hold)
- the clock: jump (`to`: "21:00"), next_day, distrust (from the next boot on the clock is unknown), trust
- the command line, for which the device is restarted: set (`to`: "rest_weekdays=sun"), delete
  (`session`: 1 is the oldest, -1 the newest), people (`to`: "add Ada", "choose Ben", as after `matpi people`)
- faults: break and mend (`what`: cell, spikes, panel, disk)
- the plug: power_off, power_on
- snap (`name`): save a picture of the screen; end: stop

Output: JSON lines, and pictures when asked. Each line has `t_s` (seconds from the start), `clock` (local time) and
`event`: the events of `matpi replay --json` (back-dated, with `reason`), `transition` (`from`, `to`, `trigger`,
`reason`), `light` (`pattern`), `note` (`kind`, `text`), `picture` (`file`), and last `summary` with the sessions as the
store holds them.

With `warp` the hours in which no one is on the mat or on the way to or from it pass with one reading a second. Nothing
else is left out: every deadline of the device comes at its own time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from matpi.core.effects import Changed, Effect, Light, Note, Report, Save, Show
from matpi.core.model import RATING_MAX, RATING_MIN
from matpi.errors import MatpiError, ScenarioError
from matpi.sim.body import Act
from matpi.store import members
from matpi.store.db import Store, is_unmade
from matpi.store.settings import changed, texts_of
from matpi.twin.world import FAULTS, HOLD_S, TAP_S, VirtualWorld

Do = Literal[
    Act, "tap", "hold", "rate", "set", "people", "delete", "jump", "next_day", "distrust", "trust", "break", "mend",
    "power_off", "power_on", "snap", "end",
]  # fmt: skip
LONGEST_S = 14 * 86_400.0  # the plan's two weeks; a minute takes some 5 ms, and a typing mistake must not run for a day
LONGEST_DAYS = 31
TAPS_MAX = 50
SPAN = re.compile(r"(?:(?:([0-9]+):)?([0-9]+):)?([0-9]+(?:\.[0-9]+)?)")
HHMM = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
CLOCK = re.compile(HHMM.pattern + "(?::[0-5][0-9])?")
TAP_EVERY_S = 0.5  # chosen: an unhurried finger
AFTER_S = 1.0
"""Virtual time after the last step, unless it is `end`."""
CALM_S = 60.0
"""After the last act on the mat, `warp` or not, every reading comes: nothing of a body is on its way any more then."""


# -- the file ----------------------------------------------------------------------------------------------------------


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line: `at`, or `day` and `clock`."""

    do: Do
    at: float | str | None = None
    day: int | None = None
    clock: str | None = None
    kg: float | None = None
    seconds: float | None = None
    to: str | None = None
    what: str | None = None
    name: str | None = None
    times: int | None = None
    value: int | None = None
    session: int | None = None

    @property
    def at_s(self) -> float:
        """Return seconds from the start, or from midnight with `day`. Raises ValueError."""
        if self.day is None or self.clock is None:
            return seconds_of(0.0 if self.at is None else self.at)
        shown = time.fromisoformat(self.clock)
        return shown.hour * 3600.0 + shown.minute * 60.0 + shown.second


def seconds_of(at: float | str) -> float:
    """Return 5, "5", "6:30" and "1:06:30" as seconds. Raises ValueError for anything else."""
    if not isinstance(at, str):
        return float(at)
    found = SPAN.fullmatch(at)
    if found is None:
        raise ValueError(f"{at!r} is no time")
    hours, minutes, seconds = map(float, found.groups("0"))
    return hours * 3600.0 + minutes * 60.0 + seconds


def read_scenario(path: Path) -> list[Step]:
    """Return the steps of a timeline file in order. Raises ScenarioError naming the line."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise ScenarioError(f"Cannot read the scenario {path}: {why}.") from error
    steps = list(_steps(path, text))
    if not steps:
        raise ScenarioError(f"The scenario {path} has no step in it; docs/dev/simulator.md shows its lines.")
    return steps


def _steps(path: Path, text: str) -> Iterator[Step]:
    before: Step | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        where = f"{path}, line {number}"
        try:
            step = msgspec.json.decode(line, type=Step)
            problem = _no_time(step, before) or _problem(step)
        except (msgspec.MsgspecError, ValueError) as error:
            raise ScenarioError(f"{where}: {error}; docs/dev/simulator.md shows its lines.") from error
        if problem:
            raise ScenarioError(f"{where}: {problem}.")
        before = step
        yield step


def _no_time(step: Step, before: Step | None) -> str | None:
    if (step.at is None) is (step.day is None) or (step.day is None) is not (step.clock is None):
        return 'a line has either "at", or "day" and "clock"'
    if before is not None and (step.at is None) is not (before.at is None):
        return 'a file has "at" in all its lines, or "day" and "clock" in all'
    if step.day is None:
        if not 0.0 <= step.at_s <= LONGEST_S:
            return f"{step.at} is no time of a story; it lies between 0 and two weeks"
        moment = str(step.at)
    else:
        if not 1 <= step.day <= LONGEST_DAYS:
            return f"day lies between 1, on which the story begins, and {LONGEST_DAYS}, not {step.day}"
        if not CLOCK.fullmatch(step.clock or ""):
            return f'{step.clock!r} is no local time such as "21:00" or "21:00:30"'
        if step.do in {"jump", "next_day"}:
            return f'{step.do} is for a file with "at"; here the next line\'s day and clock say where time goes'
        moment = f"day {step.day}, {step.clock},"
    if before is not None and (step.day or 0, step.at_s) < (before.day or 0, before.at_s):
        return f"{moment} comes before the line above it; put the lines in order of time"
    return None


def _problem(step: Step) -> str | None:
    if step.do in {"break", "mend"} and step.what not in FAULTS:
        return f'{step.do} needs "what", one of {", ".join(FAULTS)}'
    if step.do == "jump" and not HHMM.fullmatch(step.to or ""):
        return 'jump needs "to", a local time such as "21:00"'
    if step.do == "snap" and not (step.name and step.name.replace("-", "").replace("_", "").isalnum()):
        return 'snap needs "name", letters and digits for the file name'
    if step.kg is not None and not 1 <= step.kg <= 300:
        return f"kg lies between 1 and 300, not {step.kg:g}"
    if step.seconds is not None and not 0 < step.seconds <= 3600:
        return f"seconds lie between 0 and 3600, not {step.seconds:g}"
    if step.times is not None and not 1 <= step.times <= TAPS_MAX:
        return f"times lie between 1 and {TAPS_MAX}, not {step.times}"
    if step.do == "rate" and not (step.value is not None and RATING_MIN <= step.value <= RATING_MAX):
        return f'rate needs "value", from {RATING_MIN} to {RATING_MAX}'
    if step.do == "set" and "=" not in (step.to or ""):
        return 'set needs "to", such as "bedtime=23:00", see `matpi settings`'
    if step.do == "people" and not (step.to or "").strip():
        return 'people needs "to", such as "add Ada", see `matpi people`'
    if step.do == "delete" and not step.session:
        return 'delete needs "session", 1 for the oldest or -1 for the newest'
    return None


# -- the run -----------------------------------------------------------------------------------------------------------


class Story:
    """Runs a scenario. `write` takes each line as it comes.

    `frames` is a folder for pictures: of `snap` steps, with `every` of all.
    """

    def __init__(
        self,
        make_world: Callable[[Callable[[Effect], None]], VirtualWorld],
        write: Callable[[dict[str, Any]], None],
        frames: Path | None = None,
        *,
        every: bool = False,
        warp: bool = False,
    ) -> None:
        self.world = make_world(self._watch)
        self._write, self._frames, self._every, self._warp = write, frames, every, warp
        self._moved_at = 0.0
        """When something was last done to the mat."""
        self._over = False
        self._pictures = 0

    def run(self, steps: list[Step]) -> None:
        """Boot, follow the steps, write the summary, end the device. Raises what the boot raised."""
        if self._frames is not None:
            try:
                self._frames.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise MatpiError(
                    f"Cannot make the folder {self._frames}: {error.strerror}; choose another folder."
                ) from error
        self.world.power_on()
        try:
            self._follow(steps)
            self._line(self.world.t, "summary", sessions=self._sessions())
        finally:
            self._over = True  # the summary is the last line; panel and light going dark are no news
            self.world.shut_down()

    def _follow(self, steps: list[Step]) -> None:
        world = self.world
        if world.damage:
            self._line(world.t, "note", kind="set_aside", text=world.damage)
        skipped = 0.0  # a jump of the clock moves everything after it
        for step in steps:
            self._pass_until(step.at_s + skipped if step.day is None else self._moment(step))
            if step.do == "end":
                return
            before = world.t
            self._do(step)
            if step.do in {"jump", "next_day"}:
                skipped += world.t - before
        world.run_until(world.t + AFTER_S)

    def _moment(self, step: Step) -> float:
        moment = self.world.when(step.day or 1, time.fromisoformat(step.clock or ""))
        if moment is None:
            raise ScenarioError(
                f"Day {step.day} has no {step.clock} in {self.world.zone}; the zone left that date out."
            )
        return moment

    def _pass_until(self, t: float) -> None:
        world = self.world
        empty = world.mat.doing == "away" and not world.mat.bag and not world.faults
        if self._warp and empty and t > self._moved_at + CALM_S:
            world.run_until(self._moved_at + CALM_S)
            world.skip_to(world.utc + t - world.t)
        else:
            world.run_until(t)

    def _do(self, step: Step) -> None:
        world, to = self.world, step.to or ""
        if step.kg is not None:
            world.weigh(step.kg)
        match step.do:
            case "tap":
                self._tap(step.times or 1, step.seconds or TAP_S)
            case "hold":
                world.press(step.seconds or HOLD_S)
            case "rate":
                self._tap(step.value or 1, TAP_S)
                world.run_until(world.t + TAP_EVERY_S)
                world.press(HOLD_S)
            case "set":
                world.beside(lambda log: log.write(Save(changed(log.load().settings, texts_of(to.split())))))
            case "people":
                world.beside(lambda log: self._people(log, to.split()))
            case "delete":
                world.beside(lambda log: self._delete(log, step.session or 0))
            case "jump":
                world.jump(to)
            case "next_day":
                world.next_day()
            case "trust" | "distrust":
                world.trust_clock(step.do == "trust")
            case "break" | "mend":
                world.fault(step.what or "", step.do == "break")
            case "power_on":
                world.power_on()
            case "power_off":
                world.power_off()
            case "snap":
                self._picture(step.name or "picture")
            case _:
                world.act(step.do)
                self._moved_at = world.t

    def _tap(self, times: int, seconds: float) -> None:
        for n in range(times):
            if n:
                self.world.run_until(self.world.t + max(TAP_EVERY_S, 2 * seconds))
            self.world.press(seconds)

    def _people(self, log: Store, words: list[str]) -> None:
        with log.writing() as conn:
            done = members.change(conn, words, self.world.new_id)
        self._line(self.world.t, "note", kind="people", text=done)

    def _delete(self, log: Store, number: int) -> None:
        known = [s.session for s in log.sessions() if s.deleted_why is None]
        if not 1 <= abs(number) <= len(known):
            raise ScenarioError(f"There is no session {number} to delete; the log has {len(known)}.")
        log.delete_session(known[number - 1 if number > 0 else number].id, utc=self.world.utc)

    def _watch(self, effect: Effect) -> None:
        if self._over:
            return
        match effect:
            case Report(_, at, event, reason):
                self._line(at, str(event), reason=str(reason))
            case Changed(t, trigger, source, dest, reason):
                self._line(t, "transition", **{"from": source, "to": dest}, trigger=trigger, reason=reason)
            case Light(pattern, since):
                self._line(since, "light", pattern=str(pattern))
            case Note(t, kind, text):
                self._line(t, "note", kind=kind, text=text)
            case Show() if self._every:
                self._pictures += 1
                self._picture(f"{self._pictures:04d}")
            case _:
                pass

    def _line(self, t: float, event: str, **more: Any) -> None:
        clock = self.world.local + timedelta(seconds=t - self.world.t)
        self._write({"t_s": round(t, 3), "clock": clock.isoformat(timespec="seconds"), "event": event, **more})

    def _picture(self, name: str) -> None:
        from PIL import Image

        from matpi.screen.frame import png

        if self._frames is None:
            return
        path = self._frames / f"{name}.png"
        image, _ = self.world.picture()
        try:
            path.write_bytes(png(image or Image.new("1", (128, 64))))
        except OSError as error:
            raise MatpiError(f"Cannot write the picture {path}: {error.strerror}; choose another folder.") from error
        self._line(self.world.t, "picture", file=str(path))

    def _sessions(self) -> list[dict[str, Any]]:
        if self.world.device is None or is_unmade(self.world.store_path):  # never made: the disk was full all the time
            return []
        with Store.open(self.world.store_path, read_only=True) as log:
            sessions = [stored.session for stored in log.sessions() if stored.deleted_why is None]
            ratings = {rating.session_id: rating.value for rating in log.log().ratings}
            names = members.names_of(log.members())
        return [
            {
                "id": s.id,
                "start_utc": s.start_utc,
                "span_s": round(s.span_s, 3),
                "on_mat_s": round(s.on_mat_s, 3),
                "reason": None if s.reason is None else str(s.reason),
                "aways": s.aways,
                "rating": ratings.get(s.id),
                "counts": s.counts,
                **({} if s.person is None else {"person": names.get(s.person, s.person)}),
            }
            for s in sessions
        ]
