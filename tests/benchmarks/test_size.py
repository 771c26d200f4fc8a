"""The figures of `make size` are read from the sources as they are, and counted as they say."""

from __future__ import annotations

import ast
from pathlib import Path

from benchmarks import size


def test_each_figure_is_one_line_with_a_number() -> None:
    for name, figure in size.FIGURES.items():
        if name != "tests collected":  # that runs pytest
            assert any(letter.isdigit() for letter in figure()), name
            assert "\n" not in figure()


def test_a_cycle_is_found_once_with_all_that_are_in_it() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a"}}
    assert size.cycles(graph) == [["a", "b", "c"], ["d", "e"]]


def test_imports_count_wherever_they_stand() -> None:
    text = "import x.y\ndef f():\n    from a.b import c\nif TYPE_CHECKING:\n    from d import e\n"
    assert list(size.imported(ast.parse(text))) == ["x.y", "a.b.c", "d.e"]


def test_public_attributes_are_fields_methods_and_properties() -> None:
    fields, methods = size.public_attributes(size.DEVICE, "Device")
    assert "handle" in methods
    assert not fields & methods
    assert not any(name.startswith("_") for name in fields | methods)


def test_a_device_is_found_by_its_type_and_by_its_name() -> None:
    given = ("x: Device", "device", "*, x: 'Device | None'", "x: DeviceRules", "own_device")
    text = "".join(f"def f{n}({parameter}): ...\n" for n, parameter in enumerate(given))
    assert size.functions_taking("Device", ast.parse(text)) == ["f0", "f1", "f2"]


def test_only_whole_lines_are_comments(tmp_path: Path) -> None:
    path = tmp_path / "some.py"
    path.write_text('x = 1  # beside\n# a line\n"""\n# in a text\n"""\n    # indented\n')
    assert size.comment_lines(path) == 2
