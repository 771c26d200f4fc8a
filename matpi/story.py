"""A scenario run in virtual time (`matpi sim --headless --scenario FILE`): JSON lines out, pictures when asked.

Each line has `t_s` (seconds from the start), `clock` (local time) and `event`: the events of `matpi replay --json`
(back-dated, with `reason`), `transition` (`from`, `to`, `trigger`, `reason`), `note` (`kind`, `text`), `picture`
(`file`), and last `summary` with the sessions as the store holds them.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from matpi.core.effects import Changed, Effect, Note, Report, Show
from matpi.errors import MatpiError
from matpi.rig import Rig
from matpi.sim.scenario import Step

Line = dict[str, Any]
HOLD_S, TAP_S = 0.9, 0.15
AFTER_S = 1.0
"""Virtual time after the last step, unless it is `end`."""


class Story:
    """`tell` takes each line as it comes; `frames` is a folder for pictures: of `snap` steps, with `every` of all."""

    def __init__(
        self,
        make_rig: Callable[[Callable[[Effect], None]], Rig],
        tell: Callable[[Line], None],
        frames: Path | None = None,
        *,
        every: bool = False,
    ) -> None:
        self.rig = make_rig(self._watch)
        self._tell = tell
        self._frames = frames
        self._every = every
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
            self._every = False  # the summary is the last line; the panel going dark is no news
            rig.shut_down()

    def _follow(self, steps: list[Step]) -> None:
        rig = self.rig
        aside = None if rig.store is None else rig.store.set_aside
        if aside is not None:
            self._line(rig.t, "note", kind="set_aside", text=f"the log was damaged; it is kept as {aside}")
        skipped = 0.0  # a jump of the clock moves everything after it
        for step in steps:
            rig.run_until(step.at_s + skipped)
            if step.do == "end":
                break
            before = rig.t
            self._do(step)
            skipped += rig.t - before
        else:
            rig.run_until(rig.t + AFTER_S)

    def _do(self, step: Step) -> None:
        rig = self.rig
        if step.kg is not None:
            rig.mat.weigh(step.kg, rig.t)
        match step.do:
            case "tap":
                rig.press(step.seconds or TAP_S)
            case "hold":
                rig.press(step.seconds or HOLD_S)
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

    def _watch(self, effect: Effect) -> None:
        match effect:
            case Report(_, at, event, reason):
                self._line(at, str(event), reason=str(reason))
            case Changed(t, trigger, source, dest, reason):
                self._line(t, "transition", **{"from": source, "to": dest}, trigger=trigger, reason=reason)
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
                }
                for s in sessions
            ],
        )
