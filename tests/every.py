"""Loops inside one test, where the cases are only words, files or pictures."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

Test = Callable[..., None]


def every(
    names: str | tuple[str, ...], cases: Iterable[Any], ids: Sequence[str] | Callable[[Any], str] = str
) -> Callable[[Test], Test]:
    """Run the test once for each case, as one test; each failing case is reported under its id, the rest still run.

    Takes what `pytest.mark.parametrize` takes. Fixtures are made once for all cases, so a test that leaves something
    behind in one (`tmp_path`, `monkeypatch`) uses `parametrize`.
    """
    each = list(cases)
    if not each:
        raise ValueError(f"no cases for {names}")
    labels = [ids(case) for case in each] if callable(ids) else ids

    def decorate(test: Test) -> Test:
        @functools.wraps(test)
        def all_cases(subtests: pytest.Subtests, **fixtures: Any) -> None:
            __tracebackhide__ = True
            for label, case in zip(labels, each, strict=True):
                values = {names: case} if isinstance(names, str) else dict(zip(names, case, strict=True))
                with subtests.test(label):
                    test(**values, **fixtures)

        given = (names,) if isinstance(names, str) else names
        asked = [p for name, p in inspect.signature(test).parameters.items() if name not in given]
        own = inspect.Parameter("subtests", inspect.Parameter.KEYWORD_ONLY)
        all_cases.__signature__ = inspect.Signature([*asked, own])  # type: ignore[attr-defined]
        return all_cases

    return decorate
