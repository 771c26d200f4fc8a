"""The page says what the scores say, and says "not reached" where it is not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from benchmarks.detectors import COMPARED, MATPI, PEERS, heard
from benchmarks.dogs import BigDogs
from benchmarks.page import IN_WORDS, Header, page
from benchmarks.scenarios.recording import Recording
from benchmarks.scoring import ERRORS, Fault, Heard, Reported, Score, score
from benchmarks.targets import Target, targets
from tests.benchmarks.made import recording, stay

HEADER = Header("b1", "1 to 9", "abc", 3, 2, 1)
ENOUGH = 7000
DOGS = BigDogs(first_visits=40, later_visits=500, later_counted=20, sessions=400, asked=60, asked_without_pets=4)


def made() -> Iterator[tuple[str, Recording]]:
    yield "plain", recording((stay(60.0, 200.0),), duration_s=300.0)
    yield "plain", recording((stay(50.0, 210.0),), duration_s=300.0, seed=2, rate=80)
    yield "still", recording(duration_s=400.0)
    yield "busy_hours", recording(duration_s=400.0)
    yield "light_calm", recording((stay(60.0, 200.0),), duration_s=300.0, kg=20.0)


def scores() -> dict[str, dict[str, Score]]:
    """Of a detector that reports the truth, as matpi, and of the peers; with as many stays as are asked for."""
    result: dict[str, dict[str, Score]] = {name: {} for name in COMPARED}
    for kind, one in made():
        right = Heard(
            tuple(Reported(s.on_s, s.off_s, s.on_s + 3.0, s.off_s + 20.0) for s in one.stays),
            arrivals=tuple(s.on_s + 0.1 for s in one.stays),
        )
        for name in COMPARED:
            judged = score(one, right if name == MATPI else heard(name, one))
            judged.stays *= ENOUGH
            judged.empty_h *= ENOUGH
            result[name].setdefault(kind, Score()).add(judged)
    return result


@pytest.fixture(scope="module")
def told() -> dict[str, dict[str, Score]]:
    return scores()


def whole(told: dict[str, dict[str, Score]], faults: tuple[tuple[str, str], ...] = ()) -> str:
    return page(HEADER, told, {"": told[MATPI], "dwell": told[MATPI]}, faults, DOGS)


def by_name(rows: list[Target]) -> dict[str, Target]:
    return {row.what: row for row in rows}


def test_all_targets_are_reached_by_a_detector_without_an_error(told: dict[str, dict[str, Score]]) -> None:
    rows = targets(told, DOGS)
    assert [row.what for row in rows if row.reached is False] == []
    assert "**not reached**" not in whole(told)
    assert whole(told).count("| reached |") == sum(row.reached is True for row in rows)
    assert all(row.modelled for row in rows), "each figure says what is modelled"


def test_one_error_is_enough_to_miss_a_target() -> None:
    for kind, scenario, what in (
        ("missed", "plain", "missed, split or cut short"),
        ("split", "plain", "missed, split or cut short"),
        ("cut", "plain", "the same, against the plain rule"),
        ("lost", "plain", "a session neither counted nor asked about"),
        ("thing", "light_calm", "a light person stored as a thing"),
        ("thing", "plain", "any person stored as a thing"),
    ):
        worse = scores()
        worse[MATPI][scenario].blame(kind, 1.0, "made")
        assert by_name(targets(worse, DOGS))[what].reached is False, kind
        assert "**not reached**" in whole(worse)


def test_too_few_sessions_or_too_many_invented_ones_miss_a_target() -> None:
    few = scores()
    few[MATPI]["light_calm"].stays = 399
    few[MATPI]["plain"].stays = 5000
    rows = by_name(targets(few, DOGS))
    assert rows["missed, split or cut short"].reached is False
    assert rows["a light person stored as a thing"].reached is False
    quiet = scores()
    for _ in range(int(quiet[MATPI]["busy_hours"].empty_h / 60.0) + 1):
        quiet[MATPI]["busy_hours"].blame("invented", 1.0, "made")
    assert by_name(targets(quiet, DOGS))["sessions without a person that count, busy hours"].reached is False
    assert by_name(targets(quiet, DOGS))["the same, other hours without a person"].reached is True


def test_slow_ends_and_edges_off_miss_their_targets() -> None:
    worse = scores()
    worse[MATPI]["plain"].end_errors_s[:] = [-0.6, 0.6]
    worse[MATPI]["plain"].blame("end_off", 1.0, "made")
    rows = by_name(targets(worse, DOGS))
    assert rows["error of the end, 95 %"].reached is False
    assert rows["starts and ends within 1 s"].reached is False
    worse[MATPI]["plain"].hard_edges, worse[MATPI]["plain"].hard_off = 2, 1
    assert by_name(targets(worse, DOGS))["the same, without sensor faults and big dogs that stay"].reached is True


def test_big_dogs_that_nobody_measured_are_not_reached(told: dict[str, dict[str, Score]]) -> None:
    rows = [row for row in targets(told) if "dogs that count" in row.what]
    assert [row.value for row in rows] == ["not measured"] * 2
    assert not any(row.reached for row in rows)
    often = replace(DOGS, later_counted=26)
    assert by_name(targets(told, often))["big dogs that count, later days"].reached is False


def test_the_preface_says_in_one_sentence_what_is_left_out_and_what_was_too_kind(
    told: dict[str, dict[str, Score]],
) -> None:
    first = next(line for line in whole(told).splitlines() if line.startswith("On simulated load cells"))
    assert first.count(". ") == 0
    assert "leaves out" in first
    assert f"of {sum(one.stays for one in told[MATPI].values()):,} sessions" in first
    assert "0 of 2,374" in whole(told)


def test_every_detector_class_and_error_has_its_place(told: dict[str, dict[str, Score]]) -> None:
    text = whole(told)
    head = next(line for line in text.splitlines() if line.startswith("|  | matpi"))
    assert [cell.strip() for cell in head.split("|")[2:-1]] == list(COMPARED)
    assert all(f"- **{peer.name}** ({peer.source})" in text for peer in PEERS)
    row = next(line for line in text.splitlines() if line.startswith("| plain | 2 |"))
    assert row.split("|")[5].strip() == "none"
    zeros = r"; 0 is 0 of 21,000 \(0.00-0.02 %\)\. 0 of every detector: .*; person stored as a thing\.$"
    assert re.search(zeros, text, re.MULTILINE)
    assert f"Errors of no row: {', '.join(ERRORS).replace('_', ' ')}." in text


def test_each_error_is_in_each_table() -> None:
    for kind in ERRORS:
        worse = scores()
        worse[MATPI]["plain"].blame(kind, 1.0, "made")
        text = whole(worse)
        name = kind.replace("_", " ")
        assert re.search(rf"^\| plain \| 2 \| \d+ \| \d+ \| {name} 1 \|", text, re.MULTILINE), kind
        assert re.search(r"^\| plain( \| \d+)+ \|$", text, re.MULTILINE), kind
        assert re.search(rf"^\| switched off \| {name} \| all \|", text, re.MULTILINE), kind
        if kind in IN_WORDS:
            assert re.search(rf"^\| {re.escape(IN_WORDS[kind])} \| 1 \(", text, re.MULTILINE), kind


def test_every_table_has_as_many_cells_in_each_row(told: dict[str, dict[str, Score]]) -> None:
    for table in re.findall(r"(?:^\|.*\n?)+", whole(told), re.MULTILINE):
        assert len({line.count("|") for line in table.splitlines()}) == 1, table


def test_faults_are_named_and_the_rest_is_counted(told: dict[str, dict[str, Score]]) -> None:
    faults = tuple((f"sit_up-{n}, seed {n}", f"late at {n}.5 s: by {n + 1} s") for n in range(45))
    text = whole(told, faults)
    assert "| sit up | late at N s: by N s | 0: 0.5 1; 1: 1.5 2; " in text
    assert "; 39: 39.5 40 |" in text
    assert "And 5 more." in text
    assert "On these recordings: nothing." in whole(told)


def test_the_mark_tells_of_what_the_figures_were_made(told: dict[str, dict[str, Score]]) -> None:
    assert HEADER.mark in whole(told)
    assert HEADER.mark != Header("b1", "1 to 9", "abd", 3, 2, 1).mark


def test_the_same_scores_make_the_same_page(told: dict[str, dict[str, Score]]) -> None:
    assert whole(told) == whole(told)


def test_a_fault_says_where_to_look() -> None:
    (_, one), *_ = made()
    assert score(one, Heard()).faults == [Fault("missed", 60.0, "lying, 140 s", "made, seed 1")]
