"""docs/accuracy.md from the scores: the tables, the targets beside them, and what was wrong by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.detectors import COMPARED, MATPI, PEERS
from benchmarks.figures import quantile, rate, share
from benchmarks.scoring import EDGE_S, ERRORS, RAN_ON_S, Score
from benchmarks.targets import Scores, Target, all_of, empty_of, in_text, number, targets

IN_WORDS = {
    "missed": "missed",
    "split": "split",
    "cut": f"cut short, over {EDGE_S:.0f} s before the end",
    "late": f"begun over {EDGE_S:.0f} s late",
    "merged": "merged with the one before",
    "ran_on": f"ran on, over {RAN_ON_S:.0f} s with nobody there",
    "invented": "invented",
    "told_object": "person told as object",
}
PER_STAY = ("missed", "split", "cut", "late", "merged", "ran_on", "told_object")
FAULTS_TOLD = 40


@dataclass(frozen=True, slots=True)
class Header:
    """What the figures were made of; `mark` is what a test looks for."""

    bank: str
    seeds: str
    rules: str
    recordings: int
    sessions: int
    empty_days: int

    @property
    def mark(self) -> str:
        return (
            f"<!-- accuracy: bank {self.bank}; seeds {self.seeds}; rules {self.rules}; recordings {self.recordings}; "
            f"sessions {self.sessions}; empty days {self.empty_days} -->"
        )


def page(
    header: Header,
    scores: Scores,
    without: Scores,
    apart: Mapping[str, Score],
    empty: Sequence[str],
    faults: Sequence[tuple[str, str]],
    zero: str = "",
) -> str:
    """`without`: part -> class -> score, "" for matpi as it is on the same recordings; `faults`: where, what.

    `apart`: matpi's scores in the classes that are in no total. `zero`: the section about a year with the zero.
    """
    parts: list[str] = [
        "# How right it is",
        header.mark,
        _preface(header),
        "## What was asked for",
        _target_table(targets(scores, empty)),
        _mostly(scores[MATPI]),
        "## matpi and its peers",
        _comparison(scores, empty),
        _reading(),
        "## By scenario",
        "matpi. Counts are of errors; the times are seconds, 95 % of sessions and the worst.",
        _by_class(scores[MATPI]),
        _apart(apart),
        "All errors of each, on the same recordings:",
        _errors_by_class(scores),
        "## What each part of the rule earns",
        _ablations(without, empty),
        _kept(),
        "## What matpi gets wrong",
        _faults(faults),
        zero,
        "## The peers",
        "\n".join(f"- **{peer.name}** ({peer.source}): {peer.rules}" for peer in PEERS),
        _fairness(),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _preface(header: Header) -> str:
    return (
        "Written by `make accuracy`; do not edit. Simulated load cells under simulated people, pets and things, with "
        "the truth known; nothing on this page was measured on a mat. "
        f"{header.recordings:,} recordings with {header.sessions:,} sessions and {header.empty_days} empty mat-days, "
        f"seeds {header.seeds}. These seeds were never used for tuning; the rules were tried on another set, which "
        "`benchmarks/accuracy.py` uses when it is not asked for this page. matpi is the whole core in virtual time, "
        "set up anew for every recording. The same seeds give the same page, byte for byte."
    )


def _reading() -> str:
    return (
        "In brackets 95 % intervals: Wilson's for shares of sessions, Garwood's exact one for counts a day, the "
        "percentile bootstrap for quantiles; a worst case has none. Errors of start and end are told minus true, from "
        "the first touch to the last (1 kg of the body). Stays of 25 to 35 s, at the edge of what is a session, are in "
        "no count. An error can have two names: a session that is split and then cut counts twice, for all alike."
    )


def _mostly(by_class: Mapping[str, Score]) -> str:
    """Where most of the errors are. "" when there are none."""
    worst = max(by_class, key=lambda kind: by_class[kind].errors)
    if not by_class[worst].errors:
        return ""
    every = sum(score.errors for score in by_class.values())
    why = (
        " A dog of over 12 kg that lies on the mat breathes and weighs like somebody light; when in doubt a load is a "
        "person, and so it is timed. Who knows the weight of the one person beforehand, as the peer with the fewest "
        "errors does here, can tell; shared by people of other weights that peer is the next column."
    )
    return (
        f"{by_class[worst].errors} of matpi's {every} errors are in one scenario, {worst.replace('_', ' ')}."
        f"{why if worst == 'dog_lies' else ''}"
    )


def _kept() -> str:
    return (
        "Flags and median stand in for each other, as the row without both shows. What shows nothing on this part of "
        "the bank is for what is rarer than that: tests/core/test_presence_edges.py and benchmarks/cut_short.py have a "
        "case for each."
    )


def _fairness() -> str:
    return (
        "All of them see only readings that matpi's reader has not flagged, start with the zero of the empty mat and, "
        "where they ask for it, calibrated with a person on it. Their sessions are kept in matpi's kind of log: "
        "absences under 20 s join, sessions under 30 s are dropped; what they would be without is the row with "
        "sessions as they came. What a peer does is written anew from what its pages say; it may do better or worse "
        "on its own sensor, for which it was made."
    )


# -- tables ------------------------------------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _target_table(rows: Sequence[Target]) -> str:
    return _table(
        ("what", "target", "figure", ""),
        [(row.what, row.target, row.value, "reached" if row.reached else "**not reached**") for row in rows],
    )


def _comparison(scores: Scores, empty: Sequence[str]) -> str:
    names = [name for name in COMPARED if name in scores]
    whole = [all_of(scores[name]) for name in names]
    quiet = [empty_of(scores[name], empty) for name in names]
    rows = [[IN_WORDS[kind], *(_count(one.counts[kind], one.stays) for one in whole)] for kind in PER_STAY]
    rows.append(["invented, all recordings", *(str(one.counts["invented"]) for one in whole)])
    a_day = (in_text(rate(one.counts["invented"], one.days), "") for one in quiet)
    rows.append(["invented a day on an empty mat", *a_day])
    rows.append(["**all errors**", *(f"**{one.errors}**" for one in whole)])
    rows.append(["all errors, sessions as they came", *(str(one.bare_errors) for one in whole)])
    for what, errors in (
        ("start, error", [one.start_errors_s for one in whole]),
        ("end, error", [one.end_errors_s for one in whole]),
    ):
        rows.append([f"{what}, median", *(_q(values, 0.5) for values in errors)])
        rows.append([f"{what}, 95 % within", *(_q(_sizes(values), 0.95) for values in errors)])
        rows.append([f"{what}, worst", *(_q(_sizes(values), 1.0) for values in errors)])
    for what, times in (
        ("touch to the arriving frame", [one.arriving_s for one in whole]),
        ("touch to confirmed", [one.confirmed_s for one in whole]),
    ):
        rows.append([f"{what}, median", *(_q(values, 0.5) for values in times)])
        rows.append([f"{what}, 95 % within", *(_q(values, 0.95) for values in times)])
    rows.append(["objects told as objects", *(_count(one.objects_told, one.objects) for one in whole)])
    return _table(("", *names), rows)


def _by_class(classes: Mapping[str, Score]) -> str:
    head = ("scenario", "recordings", "sessions", *(kind.replace("_", " ") for kind in ERRORS), "objects told")
    times = ("end 95 %", "end worst", "start 95 %", "arriving 95 %")
    return _table((*head, *times), (_class_row(kind, classes[kind]) for kind in sorted(classes)))


def _apart(classes: Mapping[str, Score]) -> str:
    if not classes:
        return ""
    told = "In no total on this page, for the load lies under the threshold of 12 kg:"
    return told + "\n\n" + _by_class(classes)


def _class_row(kind: str, score: Score) -> list[str]:
    end, start = _sizes(score.end_errors_s), _sizes(score.start_errors_s)
    return [
        kind.replace("_", " "),
        str(score.recordings),
        str(score.stays),
        *(str(score.counts[error]) for error in ERRORS),
        f"{score.objects_told} of {score.objects}" if score.objects else "",
        *(_plain(values, q) for values, q in ((end, 0.95), (end, 1.0), (start, 0.95), (score.arriving_s, 0.95))),
    ]


def _errors_by_class(scores: Scores) -> str:
    names = [name for name in COMPARED if name in scores]
    kinds = sorted({kind for classes in scores.values() for kind in classes})
    rows = [
        [kind.replace("_", " "), *(str(scores[name].get(kind, Score()).errors) for name in names)] for kind in kinds
    ]
    return _table(("scenario", *names), rows)


def _ablations(without: Scores, empty: Sequence[str]) -> str:
    rows = []
    for part, classes in without.items():
        whole, quiet = all_of(classes), empty_of(classes, empty)
        rows.append(
            [
                f"without: {part}" if part else "**as it is**",
                *(str(whole.counts[kind]) for kind in ERRORS),
                str(whole.errors),
                str(quiet.counts["invented"]),
                *(_plain(values, 0.95) for values in (_sizes(whole.start_errors_s), _sizes(whole.end_errors_s))),
                f"{whole.objects_told} of {whole.objects}",
                str(whole.arrivals),
            ]
        )
    some = all_of(next(iter(without.values()))) if without else Score()
    told = (
        f"The same device with one part switched off at a time, on {some.recordings:,} of the recordings with "
        f"{some.stays:,} sessions and {some.days:.0f} days in all. A part whose row is no worse than the first earns "
        "nothing here. Readings flagged by the reader are dropped before all this, except where it says so. The last "
        "column counts how often the screen said that somebody arrives."
    )
    head = ("matpi", *(kind.replace("_", " ") for kind in ERRORS), "all", "invented, empty mat")
    return told + "\n\n" + _table((*head, "start 95 %", "end 95 %", "objects told", "arriving"), rows)


def _faults(faults: Sequence[tuple[str, str]]) -> str:
    if not faults:
        return "On these recordings: nothing."
    rows = [list(fault) for fault in faults[:FAULTS_TOLD]]
    more = "" if len(faults) <= FAULTS_TOLD else f"\n\nAnd {len(faults) - FAULTS_TOLD} more."
    return _table(("recording", "error"), rows) + more


# -- cells -------------------------------------------------------------------------------------------------------------


def _sizes(errors: Sequence[float]) -> list[float]:
    return [abs(error) for error in errors]


def _plain(values: Sequence[float], q: float) -> str:
    return number(quantile(values, q, resamples=0).value)


def _q(values: Sequence[float], q: float) -> str:
    return in_text(quantile(values, q), "s")


def _count(hits: int, of: int) -> str:
    if not of:
        return ""
    figure = share(hits, of)
    return f"{hits} of {of:,} ({100 * figure.low:.2f} to {100 * figure.high:.2f} %)"
