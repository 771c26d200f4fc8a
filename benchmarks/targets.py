"""What is asked of matpi, and whether it is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isinf, isnan

from benchmarks.detectors import MATPI
from benchmarks.figures import Figure, quantile
from benchmarks.scoring import Score

SPLIT_AT_MOST = 1 / 2000
END_S = 0.5
OF_BEST_PEER = 0.1

Scores = Mapping[str, Mapping[str, Score]]
"""Detector -> scenario class -> score."""


@dataclass(frozen=True, slots=True)
class Target:
    what: str
    target: str
    value: str
    reached: bool


def all_of(classes: Mapping[str, Score]) -> Score:
    whole = Score()
    for score in classes.values():
        whole.add(score)
    return whole


def empty_of(classes: Mapping[str, Score], empty: Sequence[str]) -> Score:
    return all_of({kind: score for kind, score in classes.items() if kind in empty})


def targets(scores: Scores, empty: Sequence[str]) -> list[Target]:
    """What issue and promise ask of matpi, each with the figure; `empty` names the classes of empty mat-days."""
    mine, quiet = all_of(scores[MATPI]), empty_of(scores[MATPI], empty)
    quality = mine.counts["missed"] + mine.counts["split"] + mine.counts["cut"]
    end = quantile([abs(error) for error in mine.end_errors_s], 0.95)
    peers = {name: all_of(classes).errors for name, classes in scores.items() if name != MATPI}
    best = min(peers, key=lambda name: peers[name])
    invented, told = quiet.counts["invented"], mine.counts["told_object"]
    return [
        Target("invented on an empty mat", "0 in 500 days", f"{invented} in {quiet.days:.0f} days", invented == 0),
        Target(
            "missed, split or cut short",
            "at most 1 in 2,000",
            f"{quality} in {mine.stays:,}",
            quality <= mine.stays * SPLIT_AT_MOST,
        ),
        Target("error of the end, 95 % of sessions", f"under {END_S} s", in_text(end, "s"), end.value < END_S),
        Target("person told as object", "0", f"{told} in {mine.stays:,}", told == 0),
        Target(
            "all errors against the best peer",
            "at most a tenth",
            f"{mine.errors} against {peers[best]} ({best})",
            mine.errors <= OF_BEST_PEER * peers[best],
        ),
    ]


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
