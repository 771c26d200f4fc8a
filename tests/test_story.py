"""Scenarios in virtual time: lines out, pictures when asked, the same every time."""

from __future__ import annotations

import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from matpi import cli
from matpi.errors import MatpiError
from matpi.store.db import Store
from matpi.twin.scenario import Story, read_scenario
from matpi.twin.world import VirtualWorld

Line = dict[str, Any]

SESSION = """
{"at": 20, "do": "lie_down", "kg": 80}
{"at": "4:00", "do": "get_up"}
{"at": "4:30", "do": "tap"}
{"at": "4:31", "do": "tap"}
{"at": "4:32", "do": "hold"}
{"at": "4:33", "do": "snap", "name": "rated"}
{"at": "5:00", "do": "end"}
"""


def play(tmp_path: Path, text: str, store: str = "story.db", **more: Any) -> list[Line]:
    scenario = tmp_path / "scenario.jsonl"
    scenario.write_text(text, encoding="utf-8")
    lines: list[Line] = []
    story = Story(
        lambda watch: VirtualWorld(tmp_path / store, utc=1_773_586_800.0, watch=watch),
        lambda line: lines.append(json.loads(json.dumps(line))),
        **more,
    )
    story.run(read_scenario(scenario))
    return lines


def of(lines: list[Line], event: str) -> list[Line]:
    return [line for line in lines if line["event"] == event]


def test_a_session_told_line_by_line(tmp_path: Path) -> None:
    lines = play(tmp_path, SESSION)
    presence = [line for line in lines if line["event"] not in {"transition", "light", "note", "summary"}]
    assert [line["event"] for line in presence] == ["arriving", "session_started", "away", "session_ended"]
    assert [line["t_s"] for line in presence] == pytest.approx([20.1, 20.1, 241.8, 241.8], abs=0.3)
    assert presence[-1]["reason"] == "left"
    assert presence[0]["clock"] == "2026-03-15T15:00:20+00:00"
    assert [line["to"] for line in of(lines, "transition")] == [
        "SAFETY", "ARRIVING", "ON_MAT", "AWAY", "DONE", "RATING", "SAVED", "FELT_WRONG", "IDLE", "SAFETY",
    ]  # fmt: skip
    summary = lines[-1]
    assert summary["event"] == "summary"
    (session,) = summary["sessions"]
    assert session["on_mat_s"] == pytest.approx(221.7, abs=0.5)
    assert (session["reason"], session["aways"], session["rating"], session["counts"]) == ("left", 0, 2, True)
    assert all(line["t_s"] >= 0 and "clock" in line for line in lines)


def test_the_same_story_twice_is_the_same(tmp_path: Path) -> None:
    text = (
        '{"at": 1, "do": "break", "what": "spikes"}\n'
        + SESSION.replace('{"at": "5:00", "do": "end"}', "")
        + (
            '{"at": "4:59", "do": "mend", "what": "spikes"}\n{"at": "5:00", "do": "next_day"}\n'
            '{"at": "5:01", "do": "break", "what": "spikes"}\n{"at": "5:10", "do": "lie_down"}\n'
            '{"at": "9:00", "do": "power_off"}\n{"at": "9:30", "do": "power_on"}\n'
            '{"at": "12:00", "do": "get_up"}\n{"at": "13:00", "do": "end"}\n'
        )
    )
    first = play(tmp_path, text, "one.db")
    assert len(of(first, "session_ended")) == 2
    second = play(tmp_path, text, "two.db")
    ids = [session.pop("id") for line in first + second for session in line.get("sessions", [])]
    assert len(set(ids)) == 4, "an id is a session's alone, in whatever log"
    assert second == first


def test_the_command_prints_the_same_bytes_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = tmp_path / "s.jsonl"
    scenario.write_text(SESSION)
    printed = []
    for n in range(2):
        words = [
            "sim",
            "--headless",
            "--scenario",
            str(scenario),
            "--frames",
            str(tmp_path / "frames"),
            "--every-frame",
        ]
        assert cli.run(words) == 0, n
        out = re.sub(r'"id": "[0-9a-f]{32}"', '"id": ""', capsys.readouterr().out)
        printed.append((out, {p.name: p.read_bytes() for p in (tmp_path / "frames").iterdir()}))
    assert printed[0] == printed[1]
    assert len(printed[0][1]) > 50


def test_pictures(tmp_path: Path) -> None:
    frames = tmp_path / "deep" / "frames"
    lines = play(
        tmp_path, SESSION.replace('{"at": 20,', '{"at": 19, "do": "snap", "name": "before"}\n{"at": 20,'), frames=frames
    )
    assert [line["file"] for line in of(lines, "picture")] == [str(frames / "before.png"), str(frames / "rated.png")]
    assert sorted(path.name for path in frames.iterdir()) == ["before.png", "rated.png"]
    shown = Image.open(io.BytesIO((frames / "rated.png").read_bytes()))
    assert shown.size == (512, 256)
    assert len(shown.convert("1").getcolors() or []) == 2


def test_a_picture_of_a_dark_panel_is_dark(tmp_path: Path) -> None:
    frames = tmp_path / "frames"
    play(tmp_path, '{"at": 5, "do": "power_off"}\n{"at": 6, "do": "snap", "name": "dark"}\n', frames=frames)
    assert Image.open(frames / "dark.png").convert("L").getextrema() == (0, 0)


def test_without_a_folder_no_picture_and_no_line(tmp_path: Path) -> None:
    assert of(play(tmp_path, SESSION), "picture") == []


def test_a_picture_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "frames" / "rated.png").mkdir(parents=True)
    with pytest.raises(MatpiError, match=r"Cannot write the picture .*rated\.png: Is a directory"):
        play(tmp_path, SESSION, frames=tmp_path / "frames")
    with Store.open(tmp_path / "story.db") as log:  # let go of, and what was stored is there
        assert len(log.log().sessions) == 1


def test_what_follows_a_jump_keeps_its_distance_to_it(tmp_path: Path) -> None:
    lines = play(
        tmp_path,
        '{"at": 10, "do": "jump", "to": "21:00"}\n{"at": 20, "do": "lie_down"}\n{"at": "2:00", "do": "get_up"}\n'
        '{"at": "2:30", "do": "next_day"}\n{"at": "2:40", "do": "lie_down"}\n{"at": "3:40", "do": "end"}\n',
    )
    started = of(lines, "session_started")
    assert [line["clock"] for line in started] == ["2026-03-15T21:00:10+00:00", "2026-03-16T08:00:10+00:00"]


def test_a_file_of_days_by_the_local_clock(tmp_path: Path) -> None:
    """It starts at 15:00 UTC; from the first line on the device lives at 20:45 in Kathmandu."""
    lines = play(
        tmp_path,
        '{"day": 1, "clock": "15:00:10", "do": "set", "to": "zone=Asia/Kathmandu"}\n'
        '{"day": 1, "clock": "20:50", "do": "lie_down"}\n{"day": 1, "clock": "20:53", "do": "get_up"}\n'
        '{"day": 1, "clock": "20:53:30", "do": "rate", "value": 4}\n'
        '{"day": 3, "clock": "07:00", "do": "lie_down"}\n{"day": 3, "clock": "07:03", "do": "end"}\n',
        warp=True,
    )
    assert [line["clock"] for line in of(lines, "session_started")] == [
        "2026-03-15T20:50:00+05:45",
        "2026-03-17T07:00:00+05:45",
    ]
    assert [s["rating"] for s in lines[-1]["sessions"]] == [4, None]


def test_warp_changes_nothing_but_how_long_it_takes(tmp_path: Path) -> None:
    """Presence to the reading, the reminder to the second."""
    text = (
        '{"day": 1, "clock": "15:01", "do": "tap", "times": 2}\n{"day": 1, "clock": "15:02", "do": "hold"}\n'
        '{"day": 1, "clock": "16:00", "do": "lie_down"}\n{"day": 1, "clock": "16:01:30", "do": "get_up"}\n'
        '{"day": 1, "clock": "21:20", "do": "tap"}\n{"day": 1, "clock": "21:40", "do": "end"}\n'
    )
    slow, fast = play(tmp_path, text, "slow.db"), play(tmp_path, text, "fast.db", warp=True)
    assert [line["pattern"] for line in of(fast, "light")].count("breath") == 2
    for one, other in zip(slow, fast, strict=True):
        assert one["t_s"] == pytest.approx(other["t_s"], abs=1e-3)
        assert {**one, "t_s": 0, "sessions": 0} == {**other, "t_s": 0, "sessions": 0}


def test_a_deleted_session_is_gone_after_the_restart(tmp_path: Path) -> None:
    lines = play(
        tmp_path, SESSION.replace('{"at": "5:00", "do": "end"}', '{"at": "5:00", "do": "delete", "session": 1}')
    )
    assert lines[-1]["sessions"] == []
    with Store.open(tmp_path / "story.db", read_only=True) as log:
        (kept,) = log.sessions()
    assert (kept.deleted_why, kept.deleted_utc) == ("by hand", 1_773_586_800.0 + 300.0)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        ('"do": "delete", "session": 3', "no session 3 to delete; the log has 0"),
        ('"do": "set", "to": "bedtime=25:00"', "give a time of day"),
        ('"do": "set", "to": "weekly_goal=9"', "3 to 7"),
    ],
)
def test_what_cannot_be_done_to_the_log_is_told(tmp_path: Path, step: str, why: str) -> None:
    with pytest.raises(MatpiError, match=why):
        play(tmp_path, f'{{"at": 5, {step}}}\n')


def test_a_day_that_a_zone_left_out_is_told(tmp_path: Path) -> None:
    """Nobody in Apia lived through 30 December 2011."""
    scenario = tmp_path / "s.jsonl"
    scenario.write_text('{"day": 2, "clock": "12:00", "do": "tap"}\n')
    start = datetime(2011, 12, 29, 22, tzinfo=UTC).timestamp()
    story = Story(
        lambda watch: VirtualWorld(tmp_path / "a.db", utc=start, zone="Pacific/Apia", watch=watch), lambda _: None
    )
    with pytest.raises(MatpiError, match="left that date out"):
        story.run(read_scenario(scenario))


def test_without_an_end_it_goes_on_for_a_second(tmp_path: Path) -> None:
    assert play(tmp_path, '{"at": 10, "do": "cat"}\n')[-1]["t_s"] == 11.0
    assert play(tmp_path, '{"at": 10, "do": "end"}\n')[-1]["t_s"] == 10.0


def test_a_session_under_way_is_in_the_summary_and_left_open(tmp_path: Path) -> None:
    lines = play(tmp_path, '{"at": 20, "do": "lie_down"}\n{"at": 80, "do": "end"}\n')
    (session,) = lines[-1]["sessions"]
    assert session["reason"] is None
    with Store.open(tmp_path / "story.db", read_only=True) as log:
        left = log.load().open
    assert left is not None
    assert left.on_mat_s == pytest.approx(59.9, abs=0.3)


def test_ended_without_power_it_has_no_sessions_to_tell(tmp_path: Path) -> None:
    lines = play(tmp_path, SESSION.replace('"do": "end"', '"do": "power_off"'))
    assert lines[-1]["event"] == "summary"
    assert lines[-1]["sessions"] == []


def test_the_disk_fills_and_the_story_tells(tmp_path: Path) -> None:
    lines = play(
        tmp_path,
        '{"at": 20, "do": "lie_down"}\n{"at": 60, "do": "break", "what": "disk"}\n{"at": 120, "do": "get_up"}\n'
        '{"at": 200, "do": "mend", "what": "disk"}\n{"at": 240, "do": "end"}\n',
    )
    (failed,) = [line for line in of(lines, "note") if line["kind"] == "save_failed"]
    assert failed["text"].startswith("The disk is full")
    (session,) = lines[-1]["sessions"]
    assert session["reason"] == "left"
    assert session["on_mat_s"] == pytest.approx(101.7, abs=0.5)


def test_a_damaged_log_is_told(tmp_path: Path) -> None:
    (tmp_path / "story.db").write_bytes(b"scratched" * 500)
    lines = play(tmp_path, SESSION)
    (told,) = [line for line in of(lines, "note") if line["kind"] == "set_aside"]
    (aside,) = tmp_path.glob("story.db.damaged-*")
    assert str(aside) in told["text"]
