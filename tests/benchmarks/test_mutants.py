"""`make mutants` can fail: a mutant that no test notices is reported, and one whose text has gone is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.mutants import MEANING, MUTANTS, REPORTED, ROOT, Mutant, de, run


def test_each_mutant_still_finds_what_it_changes() -> None:
    for mutant in MUTANTS:
        text = (ROOT / "matpi" / mutant.file).read_text(encoding="utf-8")
        assert mutant.edited(text) != text, mutant.name
    assert len(REPORTED) == 11
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_each_mutant_names_a_test_that_is_there() -> None:
    for file, name in {tuple(mutant.test.split("::")) for mutant in MUTANTS}:
        assert f"\ndef {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")


def test_an_edit_stays_in_its_line_and_goes_both_ways_at_once() -> None:
    swap = de("menu.hint", MEANING, {"kurz": "lang", "lang": "kurz"})
    assert swap.edited('[menu]\nhint = "kurz: a lang: b"\nback = "kurz"\n').splitlines() == [
        "[menu]",
        'hint = "lang: a kurz: b"',
        'back = "kurz"',
    ]
    with pytest.raises(LookupError, match="not found; bring the mutant up to date"):
        swap.edited('[menu]\nhint = "kurz"\n')
    with pytest.raises(LookupError, match=r"no text menu\.hint"):
        swap.edited('[menu]\nback = "kurz"\n[other]\nhint = "kurz lang"\n')


def test_a_mutant_that_no_test_notices_has_survived(capsys: pytest.CaptureFixture[str]) -> None:
    noticed = de("safety.stop", MEANING, {"Stopp bei": "Weiter bei"})
    unnoticed = Mutant("words/de.toml", "", {"# German. Says": "# German says"}, MEANING)
    before = Path(ROOT / "matpi/words/de.toml").read_bytes()
    assert run([noticed, unnoticed]) == 1
    control, first, second, count = capsys.readouterr().out.splitlines()
    assert control.startswith("survived, as it must")
    assert first.startswith("killed: de safety.stop: 'Stopp bei' -> ")
    assert second.startswith("SURVIVED: words/de.toml: ")
    assert count == "2 mutants, 1 killed, 1 survived"
    assert Path(ROOT / "matpi/words/de.toml").read_bytes() == before
