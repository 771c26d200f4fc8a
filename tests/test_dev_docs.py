"""The page for developers is true: its tree, threads, the ways through the code, and the lists of files to touch."""

from __future__ import annotations

import ast
import re
import shlex
import subprocess
from pathlib import Path

from benchmarks.size import PACKAGE, ROOT, modules, tree

PAGE = (ROOT / "docs" / "dev" / "architecture.md").read_text(encoding="utf-8")
FILE = re.compile(r"`(matpi/[\w/]+\.\w+)`")
STEP = re.compile(r"`(\w+(?:\.\w+)?)` \(`(matpi/[\w/]+\.py)`\)")


def section(title: str) -> str:
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"there is no section {title!r}"
    return found[1]


def test_the_tree_has_every_folder() -> None:
    named = set(re.findall(r"`(matpi/[\w/]*/)`", section("The tree")))
    folders = {path.parent for path in modules()} - {PACKAGE}
    assert named == {f"{folder.relative_to(ROOT)}/" for folder in folders}


def name_of_thread(call: ast.Call) -> str | None:
    """The name that a call gives to a thread, as far as it is written out; None where it makes none."""
    made = ast.unparse(call.func)
    if made == "threading.Thread":
        (name,) = (keyword.value for keyword in call.keywords if keyword.arg == "name")
    elif made == "PartThread" or (made == "super().__init__" and call.args and isinstance(call.args[0], ast.Constant)):
        name = call.args[0]
    else:
        return None
    first = name.values[0] if isinstance(name, ast.JoinedStr) else name
    return str(first.value).strip() if isinstance(first, ast.Constant) else None


def test_the_table_has_every_thread() -> None:
    calls = [node for path in modules() for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]
    made = {name for call in calls if (name := name_of_thread(call)) is not None}
    rows = [line.split("|") for line in section("Threads").splitlines() if line.startswith("| ")]
    named = {name for row in rows[1:] for name in re.findall(r"`([a-z0-9 ]+?)(?: NAME)?`", row[2])}
    assert len(made) > 10
    assert made <= named


def defined(path: Path) -> set[str]:
    """Functions and classes of a module, methods as Class.method."""
    names = set[str]()
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{method.name}" for method in node.body if isinstance(method, ast.FunctionDef)}
    return names


def test_the_steps_of_each_life_are_functions_that_exist() -> None:
    for life in ("reading", "press", "session"):
        lines = [line for line in section(f"The life of a {life}").splitlines() if line]
        assert 10 <= len(lines) <= 12
        for number, line in enumerate(lines, 1):
            assert line.startswith(f"{number}. "), line
            steps = STEP.findall(line)
            assert steps, f"{line}: name a function and its file"
            for name, path in steps:
                assert name in defined(ROOT / path), f"{path} has no {name}"


def test_each_list_of_files_is_what_its_grep_finds() -> None:
    parts = re.findall(
        r"^\*\*(An? [a-z ]+)\*\*[^\n]*\n\n```sh\n(grep [^\n]*)\n```\n(.*?)(?=^\*\*|\Z)",
        section("What to touch"),
        re.MULTILINE | re.DOTALL,
    )
    kinds = ["A screen", "A setting", "A kind of sink", "A driver", "A routine", "A stored kind", "A command"]
    assert [kind for kind, _, _ in parts] == kinds
    for kind, command, text in parts:
        found = subprocess.run(shlex.split(command), cwd=ROOT, capture_output=True, text=True, check=True).stdout
        listed, wanted = FILE.findall(text), set(found.split())
        assert sorted(listed) == sorted(set(listed)), f"{kind}: a file is listed twice"
        assert set(listed) == wanted, f"{kind}: missing {wanted - set(listed)}, too many {set(listed) - wanted}"
