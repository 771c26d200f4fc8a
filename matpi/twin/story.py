"""A scenario run in virtual time (`matpi sim --headless --scenario FILE`): JSON lines out, pictures when asked.

Each line has `t_s` (seconds from the start), `clock` (local time) and `event`: the events of `matpi replay --json`
(back-dated, with `reason`), `transition` (`from`, `to`, `trigger`, `reason`), `light` (`pattern`), `note` (`kind`,
`text`), `picture` (`file`), and last `summary` with the sessions as the store holds them.

With `warp` the hours in which nobody is on the mat or on the way to or from it pass with one reading a second. Nothing
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
from matpi.store.db import Store
from matpi.store.settings import changed
from matpi.twin.world import Rig

Line = dict[str, Any]
HOLD_S, TAP_S = 0.9, 0.15
TAP_EVERY_S = 0.5  # chosen: an unhurried finger
AFTER_S = 1.0
"""Virtual time after the last step, unless it is `end`."""
CALM_S = 60.0
"""After the last act on the mat, `warp` or not, every reading comes: nothing of a body is on its way any more then."""


class Story:
    """`tell` takes each line as it comes; `frames` is a folder for pictures: of `snap` steps, with `every` of all."""

    def __init__(
        self,
        make_rig: Callable[[Callable[[Effect], None]], Rig],
        tell: Callable[[Line], None],
        frames: Path | None = None,
        *,
        every: bool = False,
        warp: bool = False,
    ) -> None:
        self.rig = make_rig(self._watch)
        self._warp = warp
        self._moved_at = 0.0
        """When something was last done to the mat."""
        self._tell = tell
        self._frames = frames
        self._every = every
        self._over = False
        self._pictures = 0

    def run(self, steps: list[Step]) -> None:
        """Boot, follow the steps, tell the summary, end the device. Raises what the boot raised."""
        if self._frames is not None:
            try:
                self._frames.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise MatpiError(
                    f"Cannot make the folder {self._frames}: {error.strerror}; choose another folder."
                ) from error
        rig = self.rig
        rig.power_on()
        try:
            self._follow(steps)
            self._summary()
        finally:
            self._over = True  # the summary is the last line; panel and light going dark are no news
            rig.shut_down()

    def _follow(self, steps: list[Step]) -> None:
        rig = self.rig
        aside = None if rig.store is None else rig.store.set_aside
        if aside is not None:
            self._line(rig.t, "note", kind="set_aside", text=f"the log was damaged; it is kept as {aside}")
        skipped = 0.0  # a jump of the clock moves everything after it
        for step in steps:
            self._pass_until(step.at_s + skipped if step.day is None else self._moment(step))
            if step.do == "end":
                break
            before = rig.t
            self._do(step)
            if step.do in {"jump", "next_day"}:
                skipped += rig.t - before
        else:
            rig.run_until(rig.t + AFTER_S)

    def _moment(self, step: Step) -> float:
        moment = self.rig.when(step.day or 1, time.fromisoformat(step.clock or ""))
        if moment is None:
            raise ScenarioError(f"Day {step.day} has no {step.clock} in {self.rig.zone}; the zone left that date out.")
        return moment

    def _pass_until(self, t: float) -> None:
        rig = self.rig
        nobody = rig.mat.doing == "away" and not rig.mat.bag and not rig.faults
        if self._warp and nobody and t > self._moved_at + CALM_S:
            rig.run_until(self._moved_at + CALM_S)
            rig.skip_to(rig.utc + t - rig.t)
        else:
            rig.run_until(t)

    def _do(self, step: Step) -> None:
        rig = self.rig
        if step.kg is not None:
            rig.mat.weigh(step.kg, rig.t)
        match step.do:
            case "tap":
                self._tap(step.times or 1, step.seconds or TAP_S)
            case "hold":
                rig.press(step.seconds or HOLD_S)
            case "rate":
                self._tap(step.value or 1, TAP_S)
                rig.run_until(rig.t + TAP_EVERY_S)
                rig.press(HOLD_S)
            case "set":
                rig.beside(lambda log: self._set(log, tuple((step.to or "").split())))
            case "people":
                rig.beside(lambda log: self._people(log, (step.to or "").split()))
            case "delete":
                rig.beside(lambda log: self._delete(log, step.session or 0))
            case "jump":
                rig.jump(step.to or "")
            case "next_day":
                rig.next_day()
            case "trust" | "distrust":
                rig.trust_clock(step.do == "trust")
            case "break" | "mend":
                rig.fault(step.what or "", step.do == "break")
            case "power_on":
                rig.power_on()
            case "power_off":
                rig.power_off()
            case "snap":
                self._picture(step.name or "picture")
            case _:
                rig.mat.act(step.do, rig.t)
                self._moved_at = rig.t

    def _tap(self, times: int, seconds: float) -> None:
        for n in range(times):
            if n:
                self.rig.run_until(self.rig.t + max(TAP_EVERY_S, 2 * seconds))
            self.rig.press(seconds)

    def _set(self, path: Path, pairs: tuple[str, ...]) -> None:
        with Store.open(path) as log:
            log.write(Save(changed(log.load().settings, pairs)))

    def _people(self, path: Path, words: list[str]) -> None:
        with Store.open(path) as log, log.writing() as conn:
            done = members.change(conn, words, self.rig.new_id)
        self._line(self.rig.t, "note", kind="people", text=done)

    def _delete(self, path: Path, number: int) -> None:
        with Store.open(path) as log:
            known = [s.session for s in log.sessions() if s.deleted_why is None]
            if not 1 <= abs(number) <= len(known):
                raise ScenarioError(f"There is no session {number} to delete; the log has {len(known)}.")
            session = known[number - 1 if number > 0 else number]
            log.delete_session(session.id, utc=self.rig.utc)

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
        clock = self.rig.local + timedelta(seconds=t - self.rig.t)
        self._tell({"t_s": round(t, 3), "clock": clock.isoformat(timespec="seconds"), "event": event, **more})

    def _picture(self, name: str) -> None:
        from PIL import Image

        from matpi.screen.frame import png

        if self._frames is None:
            return
        path = self._frames / f"{name}.png"
        image = self.rig.panel.image
        try:
            path.write_bytes(png(Image.new("1", (128, 64)) if image is None else image))
        except OSError as error:
            raise MatpiError(f"Cannot write the picture {path}: {error.strerror}; choose another folder.") from error
        self._line(self.rig.t, "picture", file=str(path))

    def _summary(self) -> None:
        store = self.rig.store
        sessions = [] if store is None else [s.session for s in store.sessions() if s.deleted_why is None]
        ratings = {} if store is None else {r.session_id: r.value for r in store.log().ratings}
        names = {} if store is None else members.names_of(store.members())
        self._line(
            self.rig.t,
            "summary",
            sessions=[
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
            ],
        )
