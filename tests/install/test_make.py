"""What `make` installs for whom: the twin takes the run-time only, the tests the rest."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def would_do(target: str, venv: Path) -> list[str]:
    """The lines that `make TARGET` would run, without running them."""
    make = shutil.which("make")
    if make is None:
        if os.environ.get("CI"):
            pytest.fail("make is missing; .ci/run should have installed it")
        pytest.skip("make is missing; on Debian: apt install make")
    words = [make, "--no-print-directory", "-n", f"VENV={venv}", target]
    environment = {name: text for name, text in os.environ.items() if not name.startswith("MAKE")}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def installs(lines: list[str]) -> list[str]:
    return [line.split(" -c constraints.txt ")[1] for line in lines if "pip install" in line]


def test_the_twin_installs_the_run_time_only_and_the_tests_add_the_rest(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    for target, wanted in (("sim", ["-e ."]), ("check", ["-e .", "-e '.[dev]'"]), ("test", ["-e .", "-e '.[dev]'"])):
        lines = would_do(target, venv)
        assert installs(lines) == wanted, target
        said = [line for line in lines if line.startswith("echo")]
        assert len(said) == len(wanted), "a line before each, as pip is quiet for a minute"
        for line in said:
            assert re.fullmatch(r'echo "Installing what .* in .*, once; .* MB.*" >&2', line), line

    venv.mkdir()
    (venv / ".runs").touch()
    assert installs(would_do("sim", venv)) == []
    assert installs(would_do("test", venv)) == ["-e '.[dev]'"]
    (venv / ".ready").touch()
    assert installs(would_do("test", venv)) == []
    assert installs(would_do("sim", venv)) == []


def test_nothing_that_only_the_tests_install_is_imported_by_matpi() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    tests_only = {re.split(r"[^\w-]", line)[0].replace("-", "_") for line in project["optional-dependencies"]["dev"]}
    assert {"numpy", "pytest"} <= tests_only
    wrong = []
    for path in sorted((ROOT / "matpi").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            wrong += [f"{path}: {name}" for name in names if name.partition(".")[0] in tests_only]
    assert wrong == []
