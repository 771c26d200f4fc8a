"""Presence on fifteen computed traces that earlier versions got wrong (cases/presence/README.md)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from matpi import cli
from matpi.drivers.scale.trace import Trace

CASES = Path(__file__).parent / "cases" / "presence"
CLOSE_S = 1.0


def _replayed(trace: Path, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    config = trace.with_name(trace.name.replace(".csv.gz", ".toml"))
    more = ["--config", str(config)] if config.exists() else []
    assert cli.run(["replay", str(trace), "--json", *more]) == 0
    summary = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert summary["event"] == "summary"
    assert summary["rejected"] == 0
    found: list[dict[str, Any]] = summary["sessions"]
    return found


def _wrong(trace: Path, found: list[dict[str, Any]], true: list[list[float]]) -> str:
    """What is wrong with the sessions found; "" when nothing is."""
    if not true:
        counting = [session for session in found if session["counts"]]
        return f"{len(counting)} sessions count, of none" if counting else ""
    if len(found) != len(true):
        return f"{len(found)} sessions of {len(true)}: {found}"
    touch_kg = 1.0 if trace.name.startswith("calves") else 2.0
    first_s = next(reading.t for reading in Trace(trace) if sum(reading.kg) > touch_kg)
    wrong = []
    for session, (on_s, off_s) in zip(found, true, strict=True):
        if not first_s - 1e-6 <= session["start_s"] <= on_s + CLOSE_S:
            wrong.append(f"starts at {session['start_s']}, not in {first_s} to {on_s + CLOSE_S}")
        if abs(session["end_s"] - off_s) > CLOSE_S:
            wrong.append(f"ends at {session['end_s']}, not at {off_s}")
    return "; ".join(wrong)


def test_every_trace_has_the_sessions_it_has(capsys: pytest.CaptureFixture[str]) -> None:
    traces = sorted(CASES.glob("*.csv.gz"))
    assert len(traces) == 15
    wrong = []
    for trace in traces:
        truth = json.loads(trace.with_name(trace.name.replace(".csv.gz", ".truth.json")).read_text())
        why = _wrong(trace, _replayed(trace, capsys), truth["sessions"])
        if why:
            wrong.append(f"{trace.name} ({truth['note']}): {why}")
    assert not wrong, "\n".join(wrong)
