"""A scenario run in virtual time (`matpi sim --headless --scenario FILE`): JSON lines out, pictures when asked.

Each line has `t_s` (seconds from the start), `clock` (local time) and `event`: the events of `matpi replay --json`
(back-dated, with `reason`), `transition` (`from`, `to`, `trigger`, `reason`), `light` (`pattern`), `note` (`kind`,
`text`), `picture` (`file`), and last `summary` with the sessions as the store holds them.

With `warp` the hours in which no one is on the mat or on the way to or from it pass with one reading a second. Nothing
else is left out: every deadline of the device comes at its own time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta
from pathlib import Path
from typing import Any

from matpi.core.effects import Changed, Effect, Light, Note, Report, Save, Show
from matpi.errors import MatpiError, ScenarioError
from matpi.sim.scenario import Step
from matpi.store import members
from matpi.store.db import Store, is_unmade
from matpi.store.settings import changed
from matpi.twin.world import HOLD_S, TAP_S, VirtualWorld

TAP_EVERY_S = 0.5  # chosen: an unhurried finger
AFTER_S = 1.0
"""Virtual time after the last step, unless it is `end`."""
CALM_S = 60.0
"""After the last act on the mat, `warp` or not, every reading comes: nothing of a body is on its way any more then."""


class Story:
    """`write` takes each line as it comes; `frames` is a folder for pictures: of `snap` steps, with `every` of all."""

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
            self._summary()
        finally:
            self._over = True  # the summary is the last line; panel and light going dark are no news
            self.world.shut_down()

    def _follow(self, steps: list[Step]) -> None:
        world = self.world
        if world.set_aside is not None:
            self._line(world.t, "note", kind="set_aside", text=f"the log was damaged; it is kept as {world.set_aside}")
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
                world.beside(lambda log: log.write(Save(changed(log.load().settings, tuple(to.split())))))
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

    def _summary(self) -> None:
        self._line(self.world.t, "summary", sessions=self._sessions())

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
