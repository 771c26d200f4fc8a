"""What is asked of matpi, and whether it is reached."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isinf, isnan
from typing import Final

from benchmarks.detectors import MATPI, PLAIN
from benchmarks.dogs import BigDogs
from benchmarks.figures import Figure, quantile, share
from benchmarks.scenarios.days import BIG_DOGS, BUSY, EMPTY_DAYS, LIGHT
from benchmarks.scoring import Score

STAYS: Final = 6000
LIGHT_STAYS: Final = 400
HOURS_AN_INVENTED: Final = 60.0
EDGE_SHARE, CLEAN_EDGE_SHARE = 0.99, 0.999
END_S: Final = 0.4
ARRIVING_S: Final = 0.3
LATER_DOGS: Final = 0.05

Scores = Mapping[str, Mapping[str, Score]]
"""Detector -> scenario class -> score."""


@dataclass(frozen=True, slots=True)
class Target:
    """One line of what is asked. `reached` is None for a figure that is given without a target."""

    what: str
    target: str
    value: str
    reached: bool | None
    modelled: str = ""
    """What of the world the figure rests on."""


def all_of(classes: Mapping[str, Score], some: Iterable[str] | None = None) -> Score:
    """The sum of the classes, or of `some` of them."""
    whole = Score()
    for kind, one in classes.items():
        if some is None or kind in some:
            whole.add(one)
    return whole


def quiet_classes() -> frozenset[str]:
    """Hours without a person and without a big dog, but for the busy ones."""
    return frozenset(EMPTY_DAYS) - BIG_DOGS - {BUSY}


def serious(one: Score) -> int:
    """The promise: never split, cut or miss a session."""
    return one.counts["missed"] + one.counts["split"] + one.counts["cut"]


def targets(scores: Scores, dogs: BigDogs | None = None) -> list[Target]:
    """In order of weight. Without `dogs`, which need a device with a log, their lines are not reached."""
    mine, plain = all_of(scores[MATPI]), all_of(scores[PLAIN])
    busy = all_of(scores[MATPI], {BUSY})
    light = scores[MATPI].get(LIGHT, Score())
    edges_off, edges = mine.edges_off, mine.edges
    clean_off, clean = edges_off - mine.hard_off, edges - mine.hard_edges
    end = quantile([abs(error) for error in mine.end_errors_s], 0.95)
    return [
        _target(
            "missed, split or cut short",
            "people of 35 to 120 kg on simulated cells, in every scenario with a person",
            f"0 in at least {STAYS:,}",
            f"{serious(mine)} in {mine.stays:,}",
            serious(mine) == 0 and mine.stays >= STAYS,
        ),
        _target(
            "the same, against the plain rule",
            "the same recordings",
            "no more",
            f"{serious(mine)} against {serious(plain)}",
            serious(mine) <= serious(plain),
        ),
        _target(
            "a session neither counted nor asked about",
            "the same; a device without a log, others on the mat: no",
            "0",
            f"{mine.counts['lost']} in {mine.stays:,}",
            mine.counts["lost"] == 0,
        ),
        _target(
            "a light person stored as a thing",
            "13 to 24 kg on the mat, 12 to 100 g of breath an end, hardly moving; boards of 1 to 7 g at 10/s, 1.8 to "
            "13 g at 80/s",
            f"0 in at least {LIGHT_STAYS}",
            f"{light.counts['thing']} in {light.stays}",
            light.counts["thing"] == 0 and light.stays >= LIGHT_STAYS,
        ),
        _target(
            "any person stored as a thing",
            "every scenario with a person",
            "0",
            f"{mine.counts['thing']} in {mine.stays:,}",
            mine.counts["thing"] == 0,
        ),
        _invented(
            "sessions without a person that count, busy hours",
            "a thing, cat, small dog, child, hand or step every five minutes, a third with sensor faults",
            busy,
        ),
        _invented(
            "the same, other hours without a person",
            "days with few things, pets under 12 kg, machines, mat care and sensor faults; quiet, and read "
            "once a second, for most of the time",
            all_of(scores[MATPI], quiet_classes()),
        ),
        *_dog_targets(dogs),
        _target(
            "a person is asked, others on the mat: no",
            "a device without a log, so with no usual load to compare with",
            "",
            _of(mine.asked, mine.stays),
            None,
        ),
        _target(
            "asked about without a person, busy hours",
            "as in the busy hours above; the question is on the screen, and what is not answered does not count",
            "",
            f"{busy.asked_in_vain} in {busy.empty_h:,.0f} h",
            None,
        ),
        _target(
            "starts and ends within 1 s",
            "touch to threshold, and the fall under half of it, of the true load",
            f"{100 * EDGE_SHARE:.0f} %",
            _of(edges - edges_off, edges),
            edges > 0 and edges_off <= (1 - EDGE_SHARE) * edges,
        ),
        _target(
            "the same, without sensor faults and big dogs that stay",
            "the same",
            f"{100 * CLEAN_EDGE_SHARE:.1f} %",
            _of(clean - clean_off, clean),
            clean > 0 and clean_off <= (1 - CLEAN_EDGE_SHARE) * clean,
        ),
        _target(
            "error of the end, 95 %",
            "ways off the mat of 0.3 to 8 s",
            f"at most {END_S} s",
            in_text(end, "s"),
            end.value <= END_S,
        ),
        _arriving("threshold to the arriving frame, 95 %", "readings at 10/s and 80/s", mine.arriving_on_s),
        _arriving("the same, as built", "readings at 80/s", mine.arriving_built_s),
        _target(
            "first touch to the arriving frame, 95 %",
            "the same; a person who puts a knee down first is on the mat for seconds before the threshold",
            "",
            f"{in_text(quantile(mine.arriving_s, 0.95), 's')}; median {in_text(quantile(mine.arriving_s, 0.5), 's')}",
            None,
        ),
    ]


def _target(what: str, modelled: str, target: str, value: str, reached: bool | None) -> Target:
    return Target(what, target, value, reached, modelled)


def _invented(what: str, modelled: str, quiet: Score) -> Target:
    number = quiet.counts["invented"]
    return _target(
        what,
        modelled,
        f"at most 1 in {HOURS_AN_INVENTED:.0f} h",
        f"{number} in {quiet.empty_h:,.0f} h",
        quiet.empty_h > 0.0 and number * HOURS_AN_INVENTED <= quiet.empty_h,
    )


def _arriving(what: str, modelled: str, times_s: Sequence[float]) -> Target:
    most = quantile(times_s, 0.95)
    return _target(
        what,
        f"{modelled}; without the drawing of the frame",
        f"at most {ARRIVING_S} s",
        f"{in_text(most, 's')}; median {in_text(quantile(times_s, 0.5), 's')}",
        most.value <= ARRIVING_S,
    )


def _dog_targets(dogs: BigDogs | None) -> list[Target]:
    first, later = "big dogs that count, first day", "big dogs that count, later days"
    modelled = "a dog of 12 to 40 kg and one person, ten days, others on the mat: pets; each question answered rightly"
    asked = "a person is asked, others on the mat: "
    if dogs is None:
        unknown = "not measured"
        return [_target(first, modelled, "0", unknown, False), _target(later, modelled, "at most 5 %", unknown, False)]
    return [
        _target(first, modelled, "0", _of(dogs.first_counted, dogs.first_visits), dogs.first_counted == 0),
        _target(
            later,
            "the same",
            f"at most {100 * LATER_DOGS:.0f} % of visits",
            _of(dogs.later_counted, dogs.later_visits),
            dogs.later_counted <= LATER_DOGS * dogs.later_visits,
        ),
        _target(f"{asked}pets", "the same", "", _of(dogs.asked, dogs.sessions), None),
        _target(f"{asked}no, with a log", "the same dogs", "", _of(dogs.asked_without_pets, dogs.sessions), None),
    ]


def _of(hits: int, of: int) -> str:
    if not of:
        return "none"
    figure = share(hits, of)
    return f"{hits:,} of {of:,}, {100 * figure.value:.2f} % ({100 * figure.low:.2f} to {100 * figure.high:.2f})"


def in_text(figure: Figure, unit: str) -> str:
    if isnan(figure.value):
        return ""
    text = number(figure.value) + (f" {unit}" if unit else "")
    return text if figure.low == figure.high else f"{text} ({number(figure.low)} to {number(figure.high)})"


def number(value: float) -> str:
    if isnan(value):
        return ""
    if isinf(value):
        return "?"
    return f"{value:.3f}" if abs(value) < 1.0 else f"{value:.2f}" if abs(value) < 100.0 else f"{value:.0f}"
