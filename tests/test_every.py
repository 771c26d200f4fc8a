"""The suite's own tools: a loop inside a test reports every failing case, and an order can be repeated."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.every import every

ROOT = Path(__file__).parents[1]
LOOP = """
from pathlib import Path
from tests.every import every

@every("n", range(6), ids=lambda n: f"case-{n}")
def test_even(n: int) -> None:
    assert n % 2 == 0

@every(("text", "length"), [("a", 1), ("bb", 2), ("c", 3)])
def test_pairs(tmp_path: Path, text: str, length: int) -> None:
    assert tmp_path.is_dir()
    assert len(text) == length
"""
ORDER = "import pytest\n@pytest.mark.parametrize('n', range(30))\ndef test_it(n: int) -> None:\n    pass\n"


def run(path: Path, *words: str) -> str:
    here = ["-p", "no:cacheprovider", "-p", "pytest_timeout", "-p", "tests.conftest", "-c", "pyproject.toml"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *here, *words, str(path)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # others cost a second
        timeout=100,
    ).stdout


def test_every_failing_case_is_reported(tmp_path: Path) -> None:
    file = tmp_path / "test_loop.py"
    file.write_text(LOOP)
    out = run(file)
    assert re.findall(r"^SUBFAILED\[(.*)\] .*::(\w+)", out, re.MULTILINE) == [
        ("case-1", "test_even"),
        ("case-3", "test_even"),
        ("case-5", "test_even"),
        ("('c', 3)", "test_pairs"),
    ]


def test_a_loop_over_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="no cases for path"):
        every("path", [])


def test_a_seed_repeats_an_order(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / f"test_{name}.py").write_text(ORDER)

    def order(out: str) -> list[tuple[str, int]]:
        return [(name, int(n)) for name, n in re.findall(r"test_(\w)\.py::test_it\[(\d+)\]", out)]

    shuffled = run(tmp_path, "--verbose", "--shuffle", "new")
    (seed,) = re.findall(r"random order: --shuffle (\d+) repeats it", shuffled)
    first = order(shuffled)
    assert order(run(tmp_path, "--verbose", "--shuffle", seed)) == first
    assert sorted(first) == [(name, n) for name in "ab" for n in range(30)] != first
    assert len({name for name, _ in first[:30]}) == 1, "the tests of a file stay together"
