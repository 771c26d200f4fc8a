"""The run over the bank: every recording once, the same whoever does it, and a page that is not stale."""

from __future__ import annotations

import re

import pytest

from benchmarks import accuracy, bank
from benchmarks.accuracy import PAGE, Portion, bank_version, in_bank, judge, lines, portions, run, seeds
from benchmarks.detectors import COMPARED, MATPI, PLAIN, WITHOUT
from benchmarks.scenarios import days
from benchmarks.scoring import Score
from benchmarks.targets import targets
from benchmarks.under_test import Variant
from matpi.core.rules import PresenceRules

SOME = [bank.Job("sessions", kind, seed) for kind, seed in (("plain", 7), ("short", 20), ("calves", 9), ("boot", 11))]


def test_every_recording_is_in_one_portion() -> None:
    jobs = in_bank("tune", full=True)
    dealt = [job for portion in portions(jobs, ablate=False) for job in portion.recordings]
    assert sorted(job.seed for job in dealt) == sorted(job.seed for job in jobs)
    assert {job.kind for job in jobs} == {*bank.SESSIONS, *bank.EMPTY_DAYS}


def test_the_short_run_has_something_of_every_class() -> None:
    short = in_bank("tune", full=False)
    assert {job.kind for job in short} == {*bank.SESSIONS, *bank.EMPTY_DAYS}
    assert len(short) < len(in_bank("tune", full=True)) / 2


def test_tune_and_report_never_meet() -> None:
    tune, report = ({job.seed for job in in_bank(which, full=True)} for which in ("tune", "report"))
    assert not tune & report
    assert seeds("tune") != seeds("report")


def test_a_portion_is_judged_by_class_and_detector() -> None:
    result = judge(Portion(tuple(SOME), ablate=False))
    assert {key[0] for key in result} == {"compared"}
    assert {key[1] for key in result} == set(COMPARED)
    assert result["compared", PLAIN, "plain"].stays == 1
    assert result["compared", PLAIN, "calves"].counts["missed"] == 0, "judged with the threshold of the calves"
    assert all(not score.faults for (_, name, _), score in result.items() if name != MATPI)


def test_the_parts_are_switched_off_beside_the_plain_rule() -> None:
    result = judge(Portion((SOME[1],), ablate=True))
    assert {key[:2] for key in result} == {("without", name) for name in (PLAIN, "", *WITHOUT)}


def test_two_processes_tell_what_one_does() -> None:
    todo = [Portion((job,), ablate=False) for job in SOME]
    compared, without = run(todo, cores=2)
    assert without == {}
    alone = judge(Portion(tuple(SOME), ablate=False))
    assert {(name, kind): score for name, classes in compared.items() for kind, score in classes.items()} == {
        key[1:]: score for key, score in alone.items()
    }


def test_the_peers_alone_have_no_targets() -> None:
    result = judge(Portion(tuple(SOME), ablate=False, peers_only=True))
    names = {key[1] for key in result}
    assert names == set(COMPARED) - {MATPI}
    scores: dict[str, dict[str, Score]] = {name: {} for name in names}
    for (_, name, kind), one in result.items():
        scores[name][kind] = one
    told = list(lines("tune", scores, 1.0))
    assert {line["detector"] for line in told[:-1]} == names
    assert not any("reached" in line for line in told)


def test_no_class_is_excluded() -> None:
    scores = {name: {"plain": Score(stays=1), "calves": Score(stays=1), "still": Score(days=1.0)} for name in COMPARED}
    told = list(lines("tune", scores, 1.0))
    assert told[0]["sessions"] == 2
    assert [line["detector"] for line in told[: len(COMPARED)]] == list(COMPARED)
    assert COMPARED[:2] == (MATPI, PLAIN)
    assert sum("reached" in line for line in told) == len(targets(scores))


def test_other_rules_or_another_bank_are_another_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "EMPTY_DAYS", ("still", "hands"))  # of which an hour is made each time
    rules, made = accuracy.rules_version(SOME), bank_version()
    assert made == bank_version()
    assert rules == accuracy.rules_version(SOME)
    for other in (PresenceRules(dwell_s=3.1), PresenceRules(off_ratio=0.49), PresenceRules(away_s=21.0)):
        assert accuracy.rules_version(SOME, Variant("other", other)) != rules, other
    monkeypatch.setitem(bank.SESSIONS, "plain", 3)
    assert bank_version() != made


def test_the_page_is_of_these_rules_and_this_bank() -> None:
    assert PAGE.exists(), "run `make accuracy`"
    mark = re.search(r"<!-- accuracy: (.*?) -->", PAGE.read_text(encoding="utf-8"))
    assert mark is not None, "run `make accuracy`"
    told = dict(part.rsplit(" ", 1) if part[0] != "s" else part.split(" ", 1) for part in mark.group(1).split("; "))
    assert told["bank"] == bank_version(), "the bank has changed since: run `make accuracy`"
    assert told["rules"] == accuracy.rules_version(accuracy.sample()), (
        "the rules have changed since: run `make accuracy`"
    )
    assert told["seeds"] == seeds("report")
    assert int(told["recordings"]) == len(in_bank("report", full=True))
    assert int(told["sessions"]) >= 6000
    assert int(told["empty hours"]) >= 240
