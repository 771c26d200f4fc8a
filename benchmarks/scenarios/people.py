"""A person on the mat: getting on and off, lying still or not, breath and heart in the load.

Every figure names its source; "chosen, unmeasured" has none. The sources in full: docs/dev/sources.md. That a body's
load on a mat moves like this has not been measured here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import Final

import numpy as np

from benchmarks.scenarios.loads import Array, Path, Random, spread, wander

KG: Final = (45.0, 120.0)  # the people this is for; chosen
LYING: Final = (0.60, 0.75)  # share on a mat under the trunk: 0.66 to 0.73 quartiles (maps of arXiv 2104.02159)
SITTING: Final = (0.70, 0.90)  # the feet on the floor carry the rest; chosen, unmeasured
LEG_KG: Final = (3.0, 5.0)  # one calf; chosen, unmeasured
LEG_CLEAR_OF_KG, LEG_CLEAR_KG = 4.0, 0.25
"""The first leg is clearly over the threshold of the calves or clearly under it, else the truth would be a guess."""
NEXT_LEG_S: Final = (2.0, 10.0)  # from one leg to the other; chosen, unmeasured
LIGHT_KG: Final = (35.0, 70.0)  # of people who lie on it with the shoulders or the upper back only; chosen
HALF_ON_KG: Final = (13.0, 25.0)  # what the mat bears of them; chosen, from just over the threshold on
HEAD: Final = {"lying": (0.52, 0.70), "sitting": (0.25, 0.45), "standing": (0.40, 0.60), "calves": (0.30, 0.70),
               "half": (0.35, 0.75)}  # fmt: skip
"""On the head pair; chosen, unmeasured."""

RISE_S: Final = (0.34, 1.1)  # 5 % to 95 %, balance board (computed; DFNOsorio/WiiBoard at 66897b0)
OFF_S: Final = (0.2, 0.4)  # the same recordings
OVERSHOOT: Final = (1.10, 1.30)  # estimate; the same recordings show 1.03 to 1.1 for stepping on
BOUNCE: Final = 0.15  # share that lifts off again once while getting on: one of the board's recordings, 0.69 s
LOWER_S: Final = (2.0, 12.0)  # lowering oneself; chosen, unmeasured
EDGE_KG, EDGE_WAIT_S = (5.0, 11.0), (3.0, 10.0)  # a knee or the seat on the edge first; chosen, unmeasured
LEAN_KG: Final = (8.0, 30.0)  # a hand put down while standing up; chosen
SIT_UP_KG: Final = (4.0, 20.0)  # legs and seat, while the back is off the mat; chosen, unmeasured
SLOW_OFF_S: Final = (5.0, 8.0)  # sliding off with care; chosen, unmeasured
LIFT_S: Final = (1.0, 4.0)  # hips up to move the mat or the shirt; chosen, unmeasured
LIFT_LEFT: Final = (0.0, 0.12)  # share of the load that stays meanwhile; chosen, unmeasured

BREATH_HZ: Final = (0.20, 0.30)  # at rest; 6 a minute when paced (docs/dev/sources.md, cells)
SLOW_BREATH_HZ, SLOW_BREATHERS = 0.1, 0.2  # share who breathe with a pacer; chosen
BREATH_KG: Final = (0.024, 0.100)
"""Peak to peak an end, the two in opposite phase (Isono et al. 2019); estimate: 3 kg of organs moved 8 to 20 mm over
0.6 to 1 m, whatever the rate (docs/dev/sources.md, cells)."""
BREATH_SUM_KG: Final = 0.016
"""Peak to peak in the sum at 0.25 Hz, falling with the square of the rate; estimate: 8 kg moved 4 mm."""
BREATH_WAVE: Final = 2.137  # peak to peak of sin(x) + 0.2 sin(2x)
USUAL_REST_KG: Final = 50.0  # of a person lying, whose heart and sway these figures are; lighter loads have less
HEART_HZ: Final = (0.9, 1.5)  # chosen
HEART_KG: Final = (0.005, 0.020)  # estimate
ASLEEP: Final = 0.5  # breath asleep to awake; estimate. The heart goes at 0.8 of its rate
APNOEA_S: Final = (10.0, 20.0)  # pauses of over 10 s count as apnoea; the upper end is chosen
HELD_S: Final = (15.0, 50.0)  # breath held on purpose; chosen
CALM_SWAY: Final = (0.0, 0.5)  # sway of a calm person to another's; chosen, unmeasured
STANDING_SWAY_KG: Final = (0.017, 0.026, 0.055)
"""rms in 0.05-0.5, 0.8-3 and 3-12 Hz, 77 force-plate recordings (docs/dev/sources.md, presence)."""
STANDING_SWAY_HEAD: Final = 0.009  # of the place: 4.6 mm (same recordings) on half a metre
LYING_SWAY_KG: Final = (0.010, 0.004, 0.004)  # awake; chosen, unmeasured: a sixth of standing
SHIFT_KG: Final = (1.0, 5.0)  # between the corners (estimate)
SHIFT_EVERY_S: Final = 60.0  # chosen, unmeasured
MOVING: Final = 0.02  # of the body's weight, rms, while the load moves at 30 % of it a second; chosen, unmeasured


@dataclass(frozen=True, slots=True)
class Person:
    kg: float
    lying: float
    sitting: float
    breath_hz: float
    breath_kg: float
    heart_hz: float
    heart_kg: float
    sway: float = 1.0
    """Of the usual swaying while awake."""


def draw_person(rng: Random) -> Person:
    slow = rng.random() < SLOW_BREATHERS
    return Person(
        kg=float(rng.uniform(*KG)),
        lying=float(rng.uniform(*LYING)),
        sitting=float(rng.uniform(*SITTING)),
        breath_hz=SLOW_BREATH_HZ if slow else float(rng.uniform(*BREATH_HZ)),
        breath_kg=float(rng.uniform(*BREATH_KG)),
        heart_hz=float(rng.uniform(*HEART_HZ)),
        heart_kg=float(rng.uniform(*HEART_KG)),
    )


def draw_half_on(rng: Random, rest_kg: tuple[float, float] = HALF_ON_KG) -> Person:
    """A light person who lies with a part of the body only: at rest the mat bears `rest_kg`."""
    kg, on = float(rng.uniform(*LIGHT_KG)), float(rng.uniform(*rest_kg))
    return replace(draw_person(rng), kg=kg, lying=on / kg)


def calmed(person: Person, rng: Random) -> Person:
    """The same person, who hardly moves; the breath of some is as shallow as asleep."""
    low, high = BREATH_KG
    return replace(person, sway=float(rng.uniform(*CALM_SWAY)), breath_kg=float(rng.uniform(ASLEEP * low, high)))


@dataclass(slots=True)
class Visit:
    """One stay of one person. Acts are called in the order of time; then `cells` has the load. A `loads.Source`."""

    person: Person
    rng: Random
    posture: str
    path: Path
    asleep: tuple[float, float] = (inf, inf)
    """From when to when nothing moves but breath and heart."""
    apnoea: list[tuple[float, float]] = field(default_factory=list)
    rest_kg: float = 0.0
    """Load at rest in the posture."""

    @property
    def start_s(self) -> float:
        return self.path.points[0][0]

    @property
    def end_s(self) -> float:
        return self.path.t

    # -- getting on ------------------------------------------------------------------------------------------------

    def get_on(self, how: str = "plain") -> None:
        """plain, slow (lowers for 5 to 12 s), sit_first (sits 5 to 60 s before lying) or steps (the edge first)."""
        rng, person, path = self.rng, self.person, self.path
        if self.posture == "calves":
            self._legs()
            return
        if how == "steps" or self.posture == "half":
            self._aim(self.posture)
            if how == "steps":
                self._edge()
            self._lower(rng.uniform(*LOWER_S))
            return
        if rng.random() < BOUNCE:
            touch = person.kg * rng.uniform(0.15, 0.7)
            path.to(rng.uniform(0.2, 0.5), touch).to(rng.uniform(0.1, 0.3), 0.2).wait(path.t + rng.uniform(0.1, 0.6))
        if self.posture == "standing":
            self._aim(self.posture)
            self._land(self.rest_kg, rng.uniform(*RISE_S), rng.uniform(1.03, 1.2))
            return
        sitting = person.kg * person.sitting
        self._aim("sitting")
        self._land(sitting, rng.uniform(1.0, 3.0) if how == "slow" else rng.uniform(*RISE_S), rng.uniform(*OVERSHOOT))
        if self.posture == "sitting":
            return
        path.wait(path.t + rng.uniform(*{"slow": (1.0, 5.0), "sit_first": (5.0, 60.0)}.get(how, (0.2, 1.5))))
        self._lower(rng.uniform(5.0, 12.0) if how == "slow" else rng.uniform(1.2, 3.0))

    def lie_already(self) -> None:
        """On the mat since before the recording began."""
        self._aim(self.posture)
        _, kg, *place = self.path.points[0]
        self.path.points = [(self.path.t, self.rest_kg or kg, place[0], place[1])]
        self.path.to(0.5, self.rest_kg)

    def _aim(self, posture: str) -> None:
        """Where the load will lie, and how much of it, once at rest."""
        t, kg, *_ = self.path.points[-1]
        head, left = self.rng.uniform(*HEAD[posture]), self.rng.uniform(0.42, 0.58)
        self.path.points[-1] = (t, kg, float(head), float(left))
        if posture == self.posture:
            self.rest_kg = self._rest(posture)

    def _rest(self, posture: str) -> float:
        person = self.person
        match posture:
            case "lying" | "half":
                return person.kg * person.lying
            case "sitting":
                return person.kg * person.sitting
            case _:
                return person.kg

    def _legs(self) -> None:
        """One calf, and 2 to 10 s later the other."""
        rng, path = self.rng, self.path
        self._aim("calves")
        first, second = rng.uniform(*LEG_KG, 2)
        while abs(first - LEG_CLEAR_OF_KG) < LEG_CLEAR_KG:
            first = rng.uniform(*LEG_KG)
        self.rest_kg = float(first + second)
        self._land(first, rng.uniform(*RISE_S), 1.03)
        path.wait(path.t + rng.uniform(*NEXT_LEG_S))
        self._land(self.rest_kg, rng.uniform(*RISE_S), 1.03)

    def _edge(self) -> None:
        """A knee or the seat on the edge of the mat, for some seconds."""
        rng, path = self.rng, self.path
        kg = rng.uniform(*EDGE_KG)
        path.to(rng.uniform(0.4, 1.0), kg, rng.uniform(0.15, 0.35), rng.uniform(0.1, 0.9))
        until = path.t + rng.uniform(*EDGE_WAIT_S)
        while path.t < until:
            path.to(rng.uniform(0.5, 2.0), min(kg * rng.uniform(0.9, 1.1), EDGE_KG[1]))

    def _land(self, kg: float, rise_s: float, over: float) -> None:
        # The path's smooth step has its 5 and 95 % at 0.135 and 0.865 of its length.
        self.path.to(rise_s / 0.73, kg * over).to(0.2, kg * 0.95).to(0.25, kg)

    def _lower(self, seconds: float) -> None:
        """From sitting to lying; the hands beside the mat carry some of it meanwhile."""
        rng, path = self.rng, self.path
        self.rest_kg = self._rest(self.posture)
        head, left = rng.uniform(*HEAD[self.posture]), rng.uniform(0.45, 0.55)
        start, begin = path.kg, path.place[0]
        steps = max(2, int(seconds / 1.2))
        for step in range(1, steps):
            share = step / steps
            kg = (start + share * (self.rest_kg - start)) * rng.uniform(0.7, 1.0)
            path.to(seconds / steps, kg, begin + share * (head - begin), left)
        path.to(seconds / steps, self.rest_kg * rng.uniform(1.0, 1.1), head, left).to(0.4, self.rest_kg)

    # -- while there -----------------------------------------------------------------------------------------------

    def shift(self) -> None:
        """A wriggle that moves 1 to 5 kg between the corners."""
        rng, path = self.rng, self.path
        part = rng.uniform(*SHIFT_KG) / max(self.rest_kg, 10.0) * rng.choice((-1, 1))
        head, left = path.place
        path.to(rng.uniform(0.3, 0.8), self.rest_kg * rng.uniform(0.93, 1.07), head + part, left + 0.5 * part)
        path.to(rng.uniform(0.2, 0.6), self.rest_kg, head + 0.5 * part, left)

    def fidget(self) -> None:
        """1 to 4 s of shifting; now and then the load is off for under half a second."""
        rng, path = self.rng, self.path
        home = path.place
        for _ in range(int(rng.integers(2, 7))):
            deep = rng.random() < 0.2
            factor = rng.uniform(0.02, 0.3) if deep else rng.uniform(0.6, 1.25)
            head, left = home[0] + rng.normal(0.0, 0.08), home[1] + rng.normal(0.0, 0.06)
            path.to(rng.uniform(0.15, 0.3) if deep else rng.uniform(0.2, 0.7), self.rest_kg * factor, head, left)
        path.to(rng.uniform(0.15, 0.4), self.rest_kg, *home)

    def lift_hips(self) -> None:
        """Load far under the off threshold for 1 to 4 s."""
        rng, path = self.rng, self.path
        left = self.rest_kg * rng.uniform(*LIFT_LEFT)
        path.to(rng.uniform(0.2, 0.5), left).wait(path.t + rng.uniform(*LIFT_S))
        path.to(rng.uniform(0.2, 0.5), self.rest_kg * rng.uniform(1.05, 1.25)).to(0.3, self.rest_kg)

    def cough(self) -> None:
        """1 to 5 coughs; figures chosen, unmeasured."""
        rng, path = self.rng, self.path
        for _ in range(int(rng.integers(1, 6))):
            path.to(0.08, self.rest_kg * rng.uniform(0.75, 0.9)).to(0.1, self.rest_kg * rng.uniform(1.1, 1.3))
            path.to(0.12, self.rest_kg).wait(path.t + rng.uniform(0.25, 0.6))

    def roll(self) -> None:
        """Onto a side and, some time later, back."""
        rng, path = self.rng, self.path
        home = path.place
        side = rng.choice((-1, 1)) * rng.uniform(0.1, 0.3)
        on_side = self.rest_kg * rng.uniform(0.75, 0.95)
        path.to(rng.uniform(0.5, 1.2), self.rest_kg * rng.uniform(0.4, 1.1), home[0], home[1] + side)
        path.to(rng.uniform(0.5, 1.2), on_side).wait(path.t + rng.uniform(5.0, 60.0))
        path.to(rng.uniform(0.5, 1.2), self.rest_kg * rng.uniform(0.5, 1.15), *home).to(0.6, self.rest_kg)

    def sit_up(self, left_kg: float, seconds: float) -> None:
        """The back off the mat for `seconds`, with `left_kg` left on it, and down again."""
        rng, path = self.rng, self.path
        path.to(rng.uniform(0.8, 2.0), left_kg, rng.uniform(0.1, 0.35), rng.uniform(0.4, 0.6))
        until = path.t + seconds
        while path.t < until:
            path.wait(min(path.t + rng.uniform(1.0, 15.0), until))
            path.to(rng.uniform(0.3, 1.0), left_kg * rng.uniform(0.96, 1.04))
        self._lower(rng.uniform(1.2, 3.5))

    def leave_and_return(self, gap_s: float) -> None:
        """Off for `gap_s` and back; the gap is between last and first touch to some tenths of a second."""
        self.get_off()
        self.path.wait(self.path.t + gap_s)
        self.get_on()

    # -- getting off -----------------------------------------------------------------------------------------------

    def get_off(self, how: str | None = None) -> None:
        """Off by roll (to a side and push up), sit_up (and stand), slide (off slowly); any, when not given."""
        rng, path = self.rng, self.path
        if self.posture == "calves" and rng.random() < 0.5:
            path.to(rng.uniform(0.2, 0.5), self.rest_kg * rng.uniform(0.4, 0.6)).wait(path.t + rng.uniform(0.5, 3.0))
        if self.posture in {"standing", "calves"}:
            path.to(rng.uniform(0.2, 0.5), path.kg * rng.uniform(0.95, 1.1)).to(rng.uniform(*OFF_S) / 0.73, 0.0)
            return
        if self.posture == "half":
            path.to(rng.uniform(0.3, 1.0), self.rest_kg * rng.uniform(0.95, 1.15)).to(rng.uniform(0.5, 2.5), 0.0)
            return
        sitting = self.person.kg * self.person.sitting
        match how or rng.choice(("roll", "sit_up", "slide")):
            case "roll":
                path.to(rng.uniform(0.6, 1.5), self.rest_kg * rng.uniform(0.6, 0.9), left=rng.uniform(0.2, 0.8))
                path.to(rng.uniform(0.8, 2.0), self.person.kg * rng.uniform(0.4, 0.8), 0.4)
                path.to(rng.uniform(0.2, 0.5), path.kg * rng.uniform(1.05, 1.2)).to(rng.uniform(*OFF_S) / 0.73, 0.0)
            case "sit_up":
                path.to(rng.uniform(0.8, 2.0), sitting * rng.uniform(0.9, 1.05), 0.35, 0.5).to(0.3, sitting)
                path.wait(path.t + rng.uniform(0.5, 4.0))
                path.to(rng.uniform(0.3, 0.6), sitting * rng.uniform(1.05, 1.15)).to(rng.uniform(*OFF_S) / 0.73, 0.0)
            case _:
                seconds, start = rng.uniform(*SLOW_OFF_S), path.kg
                steps = int(seconds)
                for step in range(1, steps):
                    part = 1.0 - step / steps
                    path.to(seconds / steps, start * part * rng.uniform(0.9, 1.1), 0.2 + 0.3 * part)
                path.to(seconds / steps, 0.0)

    def lean(self, after_s: float) -> None:
        """A hand on the mat for a moment, `after_s` after getting off: a part of the person, so of the stay."""
        rng, path = self.rng, self.path
        kg = rng.uniform(*LEAN_KG)
        path.wait(path.t + after_s).to(rng.uniform(0.15, 0.25), kg).to(rng.uniform(0.1, 0.4), kg).to(0.25, 0.0)

    # -- the load --------------------------------------------------------------------------------------------------

    def cells(self, t: Array, rng: Random) -> Array:
        kg, head, left = self.path.at(t)
        if len(t) < 2 or not kg.any():
            return spread(kg, head, left)
        on = np.clip(kg / max(self.rest_kg, 1.0), 0.0, 1.0)
        step = np.maximum(np.diff(t, append=t[-1] + 1.0), 1e-3)
        speed = np.abs(np.diff(kg, append=kg[-1])) / step / self.person.kg
        moving = np.clip(speed / 0.3, 0.0, 1.0) * MOVING * self.person.kg * np.minimum(on * 3.0, 1.0)
        awake = np.where((t >= self.asleep[0]) & (t < self.asleep[1]), 0.0, 1.0)
        part = min(self.rest_kg / USUAL_REST_KG, 1.0)
        low, mid, high = STANDING_SWAY_KG
        if self.posture != "standing":
            low, mid, high = (kg * part * self.person.sway for kg in LYING_SWAY_KG)
        sway = low * wander(t, 2.0, rng) + mid * wander(t, 0.25, rng) + high * rng.standard_normal(len(t))
        total = kg + on * awake * sway + moving * wander(t, 0.2, rng)
        if self.posture == "standing":
            head = head + STANDING_SWAY_HEAD * wander(t, 2.0, rng)
            left = left + 0.5 * STANDING_SWAY_HEAD * wander(t, 2.0, rng)
        breath, beat = self._vitals(t, awake, rng)
        if self.posture == "standing":
            breath = 0.2 * breath  # the trunk stands over the feet: little moves between toes and heels; chosen
        if self.posture == "calves":
            breath = 0.0 * breath  # breath is not in the calves; chosen, unmeasured
        rate = self.person.breath_hz / 0.25
        out = spread(np.maximum(total, 0.0), head, left)
        between = on * breath
        both = on * part * (beat + breath / self.person.breath_kg * BREATH_SUM_KG * rate * rate)
        out[:, :2] += ((0.5 * both + between) / 2.0)[:, None]
        out[:, 2:] += ((0.5 * both - between) / 2.0)[:, None]
        return out

    def _vitals(self, t: Array, awake: Array, rng: Random) -> tuple[Array, Array]:
        """Breath in kg moved from foot to head, heart in the sum of a usual load. Both vary from one to the next."""
        person = self.person
        step = np.diff(t, prepend=t[:1])
        rate = person.breath_hz * (1.0 + 0.08 * wander(t, 4.0, rng))
        phase = 2.0 * np.pi * (rng.random() + np.cumsum(rate * step))
        depth = np.where(awake > 0.0, 1.0, ASLEEP) * (1.0 + 0.15 * wander(t, 5.0, rng))
        for begin, end in self.apnoea:
            depth *= 1.0 - np.clip((t - begin) / 1.5, 0.0, 1.0) * np.clip((end - t) / 0.5, 0.0, 1.0)
        breath = person.breath_kg / BREATH_WAVE * depth * (np.sin(phase) + 0.2 * np.sin(2.0 * phase))
        rate = person.heart_hz * np.where(awake > 0.0, 1.0, 0.8) * (1.0 + 0.04 * wander(t, 3.0, rng))
        phase = 2.0 * np.pi * np.cumsum(rate * step)
        beat = person.heart_kg * (0.7 * np.sin(phase) + 0.5 * np.sin(2.0 * phase + 1.0) + 0.3 * np.sin(3.0 * phase))
        return breath, beat


def start_visit(person: Person, rng: Random, posture: str, t: float) -> Visit:
    """The mat is empty until `t`, the moment of getting on. posture: lying, half, sitting, standing or calves."""
    return Visit(person, rng, posture, Path(t))
