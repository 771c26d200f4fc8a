"""matpi and its peers on the bank of scenarios. JSON lines; a progress bar on stderr.

Without an option: every fourth recording of the tune set, so that `make bench` stays short. `--full`: the whole
report set, and on the tune set the parts of the rule switched off in turn; written to docs/dev/accuracy.md.
`--set tune --full` tries rules on all of the tune set and writes nothing. `--kinds` takes some classes only,
`--peers-only` leaves matpi out.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import astuple, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).parents[1]))

from msgspec import Struct, structs

from benchmarks import bank, dogs, zero_year
from benchmarks.detectors import MATPI, PLAIN, WITHOUT, heard, heard_by_all, logged
from benchmarks.figures import quantile
from benchmarks.page import Header, page
from benchmarks.scenarios import days
from benchmarks.scoring import EDGES, ERRORS, Score, score
from benchmarks.targets import Scores, all_of, quiet_classes, serious, targets
from benchmarks.under_test import AS_IT_IS, Variant, heard_by_matpi, live
from benchmarks.zero_told import section

PAGE = Path(__file__).parents[1] / "docs" / "dev" / "accuracy.md"
PORTION = 8
"""Recordings a process judges at a time: few enough for the bar to move and for two cores to end together."""
SHORT_EVERY, ABLATED_EVERY = 4, 2
CORES = 2


@dataclass(frozen=True, slots=True)
class Portion:
    """Some recordings of the bank. `ablate`: the parts of the rule are switched off in turn, instead of comparing."""

    recordings: tuple[bank.Job, ...]
    ablate: bool
    peers_only: bool = False


Judged = dict[tuple[str, str, str], Score]
"""(compared or without, detector or part, scenario class) -> score."""


def judge(portion: Portion) -> Judged:
    """In a process of its own. Errors are recorded one by one for matpi as it is; a peer's would be thousands."""
    result: Judged = defaultdict(Score)
    for job in portion.recordings:
        recording = job.make()
        if recording is None:
            continue
        for name in (PLAIN, "", *WITHOUT) if portion.ablate else ():
            one = score(recording, logged(name, heard(name or MATPI, recording)))
            one.faults.clear()
            result["without", name, recording.kind].add(one)
        if portion.ablate:
            continue
        for name, report in heard_by_all(recording, peers_only=portion.peers_only):
            one = score(recording, logged(name, report))
            if name != MATPI:
                one.bare_errors = score(recording, report).errors
                one.faults.clear()
            result["compared", name, recording.kind].add(one)
    return dict(result)


SAMPLE_SEEDS = {"sessions": range(3, 5), "days": range(3, 4)}
"""Of each class; of neither set, since nothing is tried on them and no figure comes from them."""
SAMPLE_DAY_S = 2 * 3600.0
"""What the sample has of an empty day."""


def sample() -> list[bank.Job]:
    """Return a few recordings of every class of the bank: 10 s of processor."""
    kinds: dict[bank.Part, Iterable[str]] = {"sessions": bank.SESSIONS, "days": bank.EMPTY_DAYS}
    return [
        bank.Job(part, kind, seed, duration_s=SAMPLE_DAY_S)
        for part, some in kinds.items()
        for kind in some
        for seed in SAMPLE_SEEDS[part]
    ]


def rules_version(jobs: Sequence[bank.Job], variant: Variant = AS_IT_IS) -> str:
    """Changes with any default of the rules, and with what they make of these recordings: sessions, ends, doubts,
    arrivals, things, to 10 ms. So the page holds as long as the code does the same, however it is written.
    """
    rules = [structs.astuple(rule) if isinstance(rule, Struct) else rule for rule in structs.astuple(variant.rules)]
    parts: list[object] = [sorted(map(repr, rules))]
    for job in jobs:
        recording = job.make()
        if recording is not None:
            report = heard_by_matpi(recording, variant)
            found = [[_coarse(value) for value in astuple(session)] for session in report.sessions]
            times = [[round(t, 2) for t in some] for some in (report.arrivals, report.objects)]
            parts.append((job.kind, job.seed, found, times))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def _coarse(value: object) -> object:
    return round(value, 2) if isinstance(value, float) else value


def bank_version() -> str:
    """Changes when the bank's counts or seeds do, or what the simulator makes of some of its classes.

    To the hundredth of a kilogram, so that another machine's last bits are no other bank.
    """
    parts: list[object] = [bank.SESSIONS, bank.EMPTY_DAYS, bank.SEEDS]
    samples = [days.session(kind, 1) for kind in days.SESSIONS]
    samples += [days.empty_day(kind, 1, duration_s=3600.0) for kind in days.EMPTY_DAYS]
    samples += dogs.household(1, days=2)
    for one in samples:
        stays = [(round(stay.on_s, 1), round(stay.off_s, 1)) for stay in one.stays]
        parts.append((len(one.t), int(one.flagged.sum()), stays, round(float(abs(one.kg).sum(axis=1).mean()), 2)))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def in_bank(which: bank.Which, *, full: bool) -> list[bank.Job]:
    """All of a set; or of each class the first and every `SHORT_EVERY`-th after it."""
    every = [*bank.jobs(which, "sessions"), *bank.jobs(which, "days")]
    if full:
        return every
    by_kind: dict[str, list[bank.Job]] = {}
    for job in every:
        by_kind.setdefault(job.kind, []).append(job)
    return [job for jobs in by_kind.values() for job in jobs[::SHORT_EVERY]]


def portions(jobs: Sequence[bank.Job], *, ablate: bool = False, peers_only: bool = False) -> list[Portion]:
    """Each with recordings from all over the bank, so that days full of readings are spread."""
    count = -(-len(jobs) // PORTION)
    return [Portion(tuple(jobs[first::count]), ablate, peers_only) for first in range(count)]


def run(todo: Sequence[Portion], cores: int = CORES) -> tuple[Scores, Scores]:
    """Scores of the comparison and of the ablations, joined in the order of the portions."""
    from rich import progress
    from rich.console import Console

    columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), progress.MofNCompleteColumn())
    times = (progress.TimeElapsedColumn(), progress.TimeRemainingColumn())
    done: dict[Future[Judged], Judged] = {}
    with (
        progress.Progress(*columns, *times, console=Console(stderr=True)) as bar,
        ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as pool,
    ):
        task = bar.add_task("accuracy", total=len(todo))
        futures = [pool.submit(judge, portion) for portion in todo]
        for future in as_completed(futures):
            done[future] = future.result()
            bar.advance(task)
    tables: dict[str, dict[str, dict[str, Score]]] = {"compared": {}, "without": {}}
    for future in futures:
        for (table, name, kind), part in done[future].items():
            tables[table].setdefault(name, {}).setdefault(kind, Score()).add(part)
    return tables["compared"], tables["without"]


def seeds(which: bank.Which) -> str:
    used = [job.seed for job in in_bank(which, full=True)]
    return f"{min(used)} to {max(used)} ({which})"


def header(which: bank.Which, scores: Scores) -> Header:
    whole = all_of(scores[MATPI])
    counts = (len(in_bank(which, full=True)), whole.stays, round(whole.empty_h))
    return Header(bank_version(), seeds(which), rules_version(sample()), *counts)


def lines(which: str, scores: Scores, seconds: float, lived: dogs.BigDogs | None = None) -> Iterator[dict[str, object]]:
    """One of each detector and, with matpi among them, one of each target."""
    for name, classes in scores.items():
        whole = all_of(classes)
        ends, starts = ([abs(e) for e in errors] for errors in (whole.end_errors_s, whole.start_errors_s))
        yield {
            "figure": "accuracy",
            "detector": name,
            "set": which,
            "recordings": whole.recordings,
            "sessions": whole.stays,
            "empty_h": round(whole.empty_h, 1),
            **whole.counts,
            "errors": whole.errors,
            "bare_errors": whole.bare_errors,
            "serious": serious(whole),
            "invented_busy": all_of(classes, {days.BUSY}).counts["invented"],
            "invented_quiet": all_of(classes, quiet_classes()).counts["invented"],
            "edges": whole.edges,
            "edges_off": whole.edges_off,
            "clean_edges": whole.edges - whole.hard_edges,
            "clean_edges_off": whole.edges_off - whole.hard_off,
            "asked": whole.asked,
            "start_s_95": _rounded(starts, 0.95),
            "end_s_95": _rounded(ends, 0.95),
            "end_s_worst": _rounded(ends, 1.0),
            "arriving_s_95": _rounded(whole.arriving_s, 0.95),
            "arriving_on_s_95": _rounded(whole.arriving_on_s, 0.95),
            "objects_found": f"{whole.objects_found}/{whole.objects}",
        }
    for target in targets(scores, lived) if MATPI in scores else ():
        yield {"figure": target.what, "value": target.value, "target": target.target, "reached": target.reached}
    yield {"figure": "accuracy_s", "value": round(seconds, 1)}


def _rounded(values: Sequence[float], q: float) -> float | None:
    return round(quantile(values, q, resamples=0).value, 3) if values else None


def faults_of(scores: Scores) -> list[tuple[str, str]]:
    """matpi's errors, each with the recording it is in; the gravest kinds first."""
    found = all_of(scores[MATPI]).faults
    order = {kind: n for n, kind in enumerate((*ERRORS, *EDGES))}
    found.sort(key=lambda fault: order[fault.kind])
    return [(fault.where, f"{fault.kind} at {fault.at_s:.1f} s: {fault.about}") for fault in found]


def main(words: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--full", action="store_true", help="all of the set, and the ablations")
    parser.add_argument("--set", choices=("tune", "report"), help="default: report when full, else tune")
    parser.add_argument("--cores", type=int, default=CORES)
    parser.add_argument("--kinds", help="scenario classes, separated by commas; never with --full alone")
    parser.add_argument("--peers-only", action="store_true", help="without matpi")
    asked = parser.parse_args(None if words is None else list(words))
    which: Literal["tune", "report"] = asked.set or ("report" if asked.full else "tune")
    begin = time.perf_counter()
    jobs = in_bank(which, full=asked.full)
    if asked.kinds:
        jobs = [job for job in jobs if job.kind in asked.kinds.split(",")]
    some = asked.kinds or asked.peers_only
    todo = portions(jobs, peers_only=asked.peers_only)
    if asked.full and not some:
        todo += portions(in_bank("tune", full=True)[::ABLATED_EVERY], ablate=True)
    scores, without = run(todo, asked.cores)
    if not asked.full:
        note = f"shortened: one recording in {SHORT_EVERY} of the {which} set"
        print(json.dumps({"figure": "accuracy_note", "value": note}))
    lived = dogs.big_dogs(which, live) if not some else None
    for line in lines(which, scores, time.perf_counter() - begin, lived):
        print(json.dumps(line))
    if MATPI in scores:
        for where, what in faults_of(scores):
            print(json.dumps({"figure": "accuracy_error", "recording": where, "value": what}))
    for part, classes in without.items():
        whole = all_of(classes)
        print(json.dumps({"figure": "accuracy_without", "part": part, **whole.counts, "errors": whole.errors}))
    if asked.full and which == "report" and not some:  # never the page of a set that rules were tried on
        zero = section(zero_year.measured(which, full=True, cores=asked.cores))
        text = page(header(which, scores), scores, without, faults_of(scores), lived, zero)
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
