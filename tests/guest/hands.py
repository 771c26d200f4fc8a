"""Runs in the guest with what is installed: does what a person does at the board of module/, or reads it.

counts SECONDS   how many samples the device gives, as JSON
safety           answer the safety pages with the button: none of these
lie SECONDS      lie on the mat, with the body of the simulator, and get up
ended, session   end with 1 while a session is under way; print how long the last one was on the mat
panel            whether what the panel was sent is the picture the device means to show, as JSON
"""

from __future__ import annotations

import base64
import json
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from tests.guest.records import LOG, Device

BOARD = Path("/sys/module/matpi_board/parameters")
COUNTS_PER_KG = 43000  # [scale] counts_per_kg
TAP_S, HOLD_S, READ_S = 0.2, 1.2, 2.5


def put(name: str, value: int) -> None:
    (BOARD / name).write_text(str(value))


def state() -> dict[str, Any]:
    return Device().ask("state")


def counts(seconds: float) -> None:
    device, end = Device(), time.monotonic() + seconds
    device.socket.sendall(b'{"do": "counts"}\n')
    samples = []
    while time.monotonic() < end:
        line = json.loads(device.answers.readline())
        if "t" in line:
            samples.append(line)
    good = sum(line["ok"] for line in samples)
    spent = samples[-1]["t"] - samples[0]["t"]
    figures = {"per_s": round((len(samples) - 1) / spent, 1), "flagged": round(1 - good / len(samples), 4)}
    print(json.dumps({"samples": len(samples), **figures, "last": samples[-1]["counts"]}))


def safety() -> None:
    for _ in range(20):
        seen = state()
        if seen["safety"] != "unanswered":
            break
        turns = seen["front"] == "SAFETY" and "hold: none" not in seen["spoken"]
        put("pressed", 1)
        time.sleep(TAP_S if turns else HOLD_S)
        put("pressed", 0)
        time.sleep(READ_S)
    print(seen["safety"])


def lie(seconds: float) -> None:
    from matpi.sim.body import Mat

    mat, began = Mat(), time.monotonic()
    mat.act("lie_down", began)
    up = False
    while (now := time.monotonic()) < began + seconds + 5.0:
        if not up and now >= began + seconds:
            up = True
            mat.act("get_up", now)
        for name, kg in zip(("head", "foot"), mat.sample(now) or (), strict=True):
            put(name, round(kg * COUNTS_PER_KG))
        time.sleep(0.05)


def session() -> float | None:
    """Return how long the last session was on the mat, in s; None while one is under way, or without any."""
    with sqlite3.connect(f"file:{LOG}?mode=ro", uri=True) as log:
        rows = log.execute("SELECT on_mat_s, reason FROM sessions ORDER BY start_mono DESC LIMIT 1").fetchall()
    return rows[0][0] if rows and rows[0][1] is not None else None


def panel() -> None:
    from matpi.sim.panel import PanelChip

    chip, sent = PanelChip("sh1106"), Path("/var/tmp/panel")  # all since the start; a read empties the module's memory
    for _ in range(5):
        with sent.open("ab") as kept:
            kept.write(Path("/dev/panel").read_bytes())
        left = sent.read_bytes()
        meant = base64.b64decode(state()["frame"])
        if not Path("/dev/panel").read_bytes():  # nothing was drawn in between
            break
    size = len(left)
    while left:
        length = int.from_bytes(left[:2], "little")
        control, values, left = left[2], left[3 : 2 + length], left[2 + length :]
        (chip.data(values) if control else chip.command(*values))
    seen = chip.image.tobytes()
    differ = sum((a ^ b).bit_count() for a, b in zip(seen, meant, strict=True))
    print(json.dumps({"bytes": size, "lit": sum(byte.bit_count() for byte in seen), "differ": differ}))


def main(what: str, *seconds: str) -> None:
    match what:
        case "counts":
            counts(float(seconds[0]))
        case "safety":
            safety()
        case "lie":
            lie(float(seconds[0]))
        case "ended":
            sys.exit(session() is None)
        case "session":
            print(session())
        case "panel":
            panel()


if __name__ == "__main__":
    main(*sys.argv[1:])
