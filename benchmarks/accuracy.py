"""matpi and its peers on the bank of scenarios. JSON lines; a progress bar on stderr.

Without an option: every fourth seed of the tune set, so that `make bench` stays short. `--full`: the whole
report set, and on every tenth seed of it the parts of the rule switched off in turn; written to docs/accuracy.md.
`--set tune --full` tries rules on all of the tune set and writes nothing.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import bank, zero_year
from benchmarks.detectors import MATPI, WITHOUT, heard, heard_by_all, logged
from benchmarks.figures import quantile
from benchmarks.page import Header, page
from benchmarks.scenarios import days
from benchmarks.scoring import Score, score
from benchmarks.targets import Scores, all_of, targets
from benchmarks.zero_told import section
from matpi.core.rules import PresenceRules

PAGE = Path(__file__).parents[1] / "docs" / "accuracy.md"
CORE = Path(__file__).parents[1] / "matpi" / "core"
EMPTY = tuple(bank.EMPTY_DAYS)
APART = days.BELOW_THRESHOLD
PORTION = 8
"""Recordings a process judges at a time: few enough for the bar to move and for two cores to end together."""
SHORT_EVERY, ABLATED_EVERY = 4, 10
CORES = 2


@dataclass(frozen=True, slots=True)
class Portion:
    """Some recordings of the bank. `ablate`: on some of them the parts of the rule are switched off as well."""

    recordings: tuple[bank.Job, ...]
    ablate: bool


Judged = dict[tuple[str, str, str], Score]
"""(compared or without, detector or part, scenario class) -> score."""


def judge(portion: Portion) -> Judged:
    """In a process of its own. Errors are kept one by one for matpi as it is; a peer's would be thousands."""
    result: Judged = defaultdict(Score)
    for job in portion.recordings:
        recording = job.make()
        if recording is None:
            continue
        ablate = portion.ablate and recording.seed % ABLATED_EVERY == 0
        for name, told in heard_by_all(recording):
            one = score(recording, logged(name, told))
            if name != MATPI:
                one.bare_errors = score(recording, told).errors
                one.faults.clear()
            result["compared", name, recording.kind].add(one)
            if ablate and name == MATPI:
                result["without", "", recording.kind].add(one)
        for name in WITHOUT if ablate else ():
            one = score(recording, heard(name, recording))
            one.faults.clear()
            result["without", name, recording.kind].add(one)
    return dict(result)


RULE_MODULES = ("edges", "first_zero", "intake", "presence", "session", "stillness", "usual", "zero")
"""Of matpi/core: what decides when a session begins and ends."""


def rules_version() -> str:
    """Changes with any default of the presence rules, and with their code; not with comments and docstrings."""
    told = [repr(PresenceRules())]
    for name in RULE_MODULES:
        tree = ast.parse((CORE / f"{name}.py").read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(body := getattr(node, "body", None), list):
                body[:] = [one for one in body if not _is_text(one)] or [ast.Pass()]
        told.append(ast.unparse(tree))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:12]


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def bank_version() -> str:
    """Changes when the bank's counts or seeds do, or what the simulator makes of some of its classes.

    To the hundredth of a kilogram, so that another machine's last bits are no other bank.
    """
    told: list[object] = [bank.SESSIONS, bank.EMPTY_DAYS, bank.SEEDS]
    samples = [days.session(kind, 1) for kind in days.SESSIONS]
    samples += [days.empty_day(kind, 1, duration_s=7200.0) for kind in days.EMPTY_DAYS]
    for one in samples:
        stays = [(round(stay.start_s, 1), round(stay.end_s, 1)) for stay in one.stays]
        told.append((len(one.t), int(one.flagged.sum()), stays, round(float(abs(one.kg).sum(axis=1).mean()), 2)))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:12]


def in_bank(which: bank.Which, *, full: bool) -> list[bank.Job]:
    every = [*bank.jobs(which, "sessions"), *bank.jobs(which, "days")]
    return every if full else [job for job in every if job.seed % SHORT_EVERY == 0]


def portions(jobs: Sequence[bank.Job], *, ablate: bool) -> list[Portion]:
    """Each with recordings from all over the bank, so that a day full of readings is nobody's lot alone."""
    count = -(-len(jobs) // PORTION)
    return [Portion(tuple(jobs[first::count]), ablate) for first in range(count)]


def run(todo: Sequence[Portion], cores: int = CORES) -> tuple[Scores, Scores]:
    """Scores of the comparison and of the ablations, joined in the order of the portions, whoever ended first."""
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


def judged(scores: Scores) -> Scores:
    """Without the classes that lie under the threshold on purpose; they are told apart."""
    return {
        name: {kind: part for kind, part in classes.items() if kind not in APART} for name, classes in scores.items()
    }


def seeds(which: bank.Which) -> str:
    used = [job.seed for job in in_bank(which, full=True)]
    return f"{min(used)} to {max(used)} ({which})"


def header(which: bank.Which, scores: Scores) -> Header:
    mine = scores[MATPI]
    whole, quiet = all_of(mine), all_of({kind: mine[kind] for kind in mine if kind in EMPTY})
    counts = (len(in_bank(which, full=True)), whole.stays, round(quiet.days))
    return Header(bank_version(), seeds(which), rules_version(), *counts)


def lines(which: str, scores: Scores, seconds: float) -> Iterator[dict[str, object]]:
    for name, classes in scores.items():
        whole = all_of(classes)
        ends, starts = ([abs(e) for e in errors] for errors in (whole.end_errors_s, whole.start_errors_s))
        yield {
            "figure": "accuracy",
            "detector": name,
            "set": which,
            "recordings": whole.recordings,
            "sessions": whole.stays,
            "days": round(whole.days, 1),
            **whole.counts,
            "errors": whole.errors,
            "bare_errors": whole.bare_errors,
            "start_s_95": _rounded(starts, 0.95),
            "end_s_95": _rounded(ends, 0.95),
            "end_s_worst": _rounded(ends, 1.0),
            "arriving_s_95": _rounded(whole.arriving_s, 0.95),
            "objects_told": f"{whole.objects_told}/{whole.objects}",
        }
    for target in targets(scores, EMPTY):
        yield {"figure": target.what, "value": target.value, "target": target.target, "reached": target.reached}
    yield {"figure": "accuracy_s", "value": round(seconds, 1)}


def _rounded(values: Sequence[float], q: float) -> float | None:
    return round(quantile(values, q, resamples=0).value, 3) if values else None


def faults_of(scores: Scores) -> list[tuple[str, str]]:
    """matpi's errors, each with the recording it is in."""
    found = all_of(scores[MATPI]).faults
    return [(fault.where, f"{fault.kind} at {fault.at_s:.1f} s: {fault.about}") for fault in found]


def main(words: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--full", action="store_true", help="all of the set, and the ablations")
    parser.add_argument("--set", choices=("tune", "report"), help="default: report when full, else tune")
    parser.add_argument("--cores", type=int, default=CORES)
    asked = parser.parse_args(None if words is None else list(words))
    which: Literal["tune", "report"] = asked.set or ("report" if asked.full else "tune")
    begin = time.perf_counter()
    todo = portions(in_bank(which, full=asked.full), ablate=asked.full)
    scores, without = run(todo, asked.cores)
    if not asked.full:
        note = f"shortened: one seed in {SHORT_EVERY} of the {which} set"
        print(json.dumps({"figure": "accuracy_note", "value": note}))
    judged_scores, judged_without = judged(scores), judged(without)
    for line in lines(which, judged_scores, time.perf_counter() - begin):
        print(json.dumps(line))
    for where, what in faults_of(judged_scores):
        print(json.dumps({"figure": "accuracy_error", "recording": where, "value": what}))
    for part, classes in judged_without.items():
        whole = all_of(classes)
        print(json.dumps({"figure": "accuracy_without", "part": part, **whole.counts, "errors": whole.errors}))
    if asked.full and which == "report":  # never the page of a set that rules were tried on
        apart = {kind: part for kind, part in scores[MATPI].items() if kind in APART}
        faults = faults_of(judged_scores)
        zero = section(zero_year.measured(which, full=True, cores=asked.cores))
        text = page(header(which, judged_scores), judged_scores, judged_without, apart, EMPTY, faults, zero)
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
