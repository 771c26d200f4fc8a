"""Print how large and how tangled the code is, one line a figure: `make size`.

Reads the sources, and asks pytest how many tests it collects.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "matpi"
DEVICE = PACKAGE / "core" / "device.py"
COMMENTED = {
    "presence": "core/presence/*.py",
    "zero": "core/presence/*zero.py",
    "reader": "drivers/scale/reader.py",
    "outbox": "store/outbox.py",
    "queue": "upstream/queue.py",
    "all": "**/*.py",
}
"""The algorithms that need comments."""


# -- the sources -------------------------------------------------------------------------------------------------------


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    """The module's dotted name: matpi.core.device."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def edges() -> dict[str, set[str]]:
    """Each module of ours with those of ours that it imports, anywhere: in a function and for type checking too.

    `from matpi.core import look` is an import of matpi.core.look, not of matpi.core.
    """
    names = {name_of(path) for path in modules()}
    return {
        name_of(path): {target for name in imported(tree(path)) if (target := _module(name, names))} - {name_of(path)}
        for path in modules()
    }


def imported(module: ast.Module) -> Iterator[str]:
    """Dotted names, those of `from a import b` as a.b."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def _module(name: str, names: set[str]) -> str | None:
    """Return the module that the name is, or is in; None for modules of others."""
    parent = name.rpartition(".")[0]
    return name if name in names else parent if parent in names else None


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that all lead to each other."""

    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = list(graph[start])
        while ahead:
            if (name := ahead.pop()) not in seen:
                seen.add(name)
                ahead += graph[name]
        return seen

    reach = {name: reached(name) for name in graph}
    groups = {tuple(sorted(other for other in reach[name] if name in reach[other])) for name in graph}
    return sorted(list(group) for group in groups if group)


def functions_taking(device: str, module: ast.Module) -> list[str]:
    """Return functions and methods with a parameter annotated with this class, or named like it in lower case."""
    return [
        node.name
        for node in ast.walk(module)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for given in [[*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]]
        if any(arg.arg == device.lower() or _names(arg.annotation, device) for arg in given)
    ]


def _names(annotation: ast.expr | None, name: str) -> bool:
    return annotation is not None and re.search(rf"\b{name}\b", ast.unparse(annotation)) is not None


def public_attributes(path: Path, name: str) -> tuple[set[str], set[str]]:
    """Return what the class's __init__ sets on self, and its methods and properties, without those of a leading `_`."""
    (found,) = (node for node in tree(path).body if isinstance(node, ast.ClassDef) and node.name == name)
    methods = [node for node in found.body if isinstance(node, ast.FunctionDef)]
    init = next(method for method in methods if method.name == "__init__")
    fields = {
        node.attr
        for node in ast.walk(init)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    public = [{name for name in names if not name.startswith("_")} for names in (fields, {m.name for m in methods})]
    return public[0], public[1] - public[0]


def comment_lines(path: Path) -> int:
    """Count the lines that are a comment and nothing else."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    return sum(token.type == tokenize.COMMENT and token.line.lstrip().startswith("#") for token in tokens)


def lines(paths: Iterable[Path]) -> int:
    return sum(len(path.read_text(encoding="utf-8").splitlines()) for path in paths)


# -- the figures -------------------------------------------------------------------------------------------------------


def _at_the_top() -> str:
    return str(len([path for path in PACKAGE.glob("*.py") if path.name != "__init__.py"]))


def _cycles() -> str:
    found = cycles(edges())
    return f"{len(found)} ({', '.join(f'{len(group)} modules' for group in found)})" if found else "0"


def _device() -> str:
    fields, methods = public_attributes(DEVICE, "Device")
    return f"{len(fields) + len(methods)} ({len(fields)} set in __init__, {len(methods)} methods and properties)"


def _rows() -> str:
    from matpi.core.session import TRANSITIONS

    return f"{len(TRANSITIONS)}; {sum(row.dest in {None, row.source} for row in TRANSITIONS)} of them stay"


def _told() -> str:
    texts = [*modules(), *(ROOT / "docs").rglob("*.md")]
    return str(
        sum(bool(re.search(r"\b(told|tells?)\b", line)) for p in texts for line in p.read_text("utf-8").splitlines())
    )


def _comments() -> str:
    shares = []
    for name, pattern in COMMENTED.items():
        paths = list(PACKAGE.glob(pattern))
        shares.append(f"{name} {100 * sum(map(comment_lines, paths)) / max(1, lines(paths)):.1f} %")
    return ", ".join(shares)


def _tests() -> str:
    asked = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    out = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    found = re.search(r"(\d+) tests? collected", out)
    return found[1] if found else "?"


FIGURES: dict[str, Callable[[], str]] = {
    "lines of Python in matpi/": lambda: str(lines(modules())),
    "modules": lambda: str(len(modules())),
    "modules at the top, without __init__": _at_the_top,
    "lines of words in .toml": lambda: str(lines(PACKAGE.rglob("*.toml"))),
    "import cycles, with those for type checking": _cycles,
    "public attributes of Device": _device,
    "functions of core that take a Device": lambda: str(
        sum(len(functions_taking("Device", tree(path))) for path in (PACKAGE / "core").rglob("*.py"))
    ),
    "rows of the transition table": _rows,
    'lines with "told", "tell" or "tells" in matpi/ and docs/': _told,
    "lines that are a comment": _comments,
    "tests collected": _tests,
}


def main() -> None:
    for name, figure in FIGURES.items():
        print(f"{name}: {figure()}", flush=True)


if __name__ == "__main__":
    main()
