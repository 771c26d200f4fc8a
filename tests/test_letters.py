"""Letters that are typed in two parts, or that the terminal has not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from unicodedata import normalize

import pytest

from matpi import cli
from matpi.store.db import Store

ROOT = Path(__file__).resolve().parents[1]
COMPOSED = "Zoë"
APART = normalize("NFD", COMPOSED)
PLAN = """name = "Plan für {name}"
[[tier]]
days = 3
minutes = [2, 5]
clothing = "dünn"
goal = "{name}"
[[tier]]
days = [1, 2]
minutes = [2, 5]
clothing = "dünn"
goal = "{name}"
[after]
minutes = [5, 10]
clothing = "dünn"
goal = "{name}"
"""


def names(path: Path) -> list[str]:
    with Store.open(path, read_only=True) as log:
        return [member.name for member in log.members()]


def test_a_name_typed_on_a_mac_is_the_same_name_everywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "log.db"

    def run(*words: object, code: int = 0) -> str:
        assert cli.run([*map(str, words), "--store", str(path)]) == code
        return "".join(capsys.readouterr())

    assert f"{COMPOSED} shares the mat now" in run("people", "add", APART)
    run("people", "add", "Ben")
    assert names(path) == [COMPOSED, "Ben"]
    assert "already; give" in run("people", "add", COMPOSED, code=2)
    for words in (["choose"], ["goal"]):
        run("people", *words, APART, *(["4"] if words == ["goal"] else []))
    for name in (APART, COMPOSED, f" {APART.upper()} "):
        for command in ("sessions", "ratings", "plan", "safety"):
            run(command, "--person", name)
    assert f"is called {COMPOSED}x from now on" in run("people", "rename", APART, f"{APART}x")
    run("people", "rename", f"{APART}x", APART)
    assert names(path) == [COMPOSED, "Ben"]
    plan = tmp_path / "plan.toml"
    plan.write_text(normalize("NFD", PLAN.format(name=COMPOSED)), encoding="utf-8")
    assert f"Plan für {COMPOSED}" in run("plan", "--use", plan)
    run("people", "remove", APART)
    assert f"{COMPOSED} shares the mat now" in run("people", "add", APART)


def test_an_import_has_its_letters_put_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new, export = tmp_path / "old.db", tmp_path / "new.db", tmp_path / "export.json"
    plan = tmp_path / "plan.toml"
    plan.write_text(PLAN.format(name=COMPOSED), encoding="utf-8")
    for words in (["people", "add", COMPOSED], ["people", "add", "Ben"], ["plan", "--use", str(plan)]):
        assert cli.run([*words, "--store", str(old)]) == 0
    assert cli.run(["export", str(export), "--store", str(old)]) == 0
    text = export.read_text(encoding="utf-8")
    assert COMPOSED in text
    for apart in (normalize("NFD", text), json.dumps(json.loads(normalize("NFD", text)))):
        new.unlink(missing_ok=True)
        export.write_text(apart, encoding="utf-8")
        assert cli.run(["import", str(export), "--store", str(new)]) == 0, capsys.readouterr()
        assert names(new) == [COMPOSED, "Ben"]
        with Store.open(new, read_only=True) as log:
            assert COMPOSED in log.load().settings.own_plan


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_a_closed_stream_is_no_place_for_a_log(tmp_path: Path, closed: str) -> None:
    """The next file that is opened gets its number, and what is printed must not go there."""
    path = tmp_path / "log.db"
    for words in (["people", "add", "Ben"], ["people"], ["settings", "bedtime=23:00"], ["sessions", "--json"]):
        done = subprocess.run(
            ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "matpi", *words, "--store", path],
            cwd=ROOT,
            env={**os.environ, "XDG_DATA_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (words, done.stderr)
        assert "Traceback" not in done.stderr
    assert names(path) == ["Ben"]
    lock = path.with_name("log.db.lock").read_text()
    assert lock.strip().isdecimal(), lock
