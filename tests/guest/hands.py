"""Runs in the guest with what is installed: does what a person does at the board of module/, or reads it.

Each prints JSON.

counts SECONDS   how many samples the device gives, and which are flagged
safety           answer the safety pages with the button, "none of these"; the answer before and after
lie SECONDS      a person of 70 kg lies down, and gets up; how long the load was over that of a person
empty            end with 1 until the device has found the mat empty
ended, session   end with 1 while a session is under way; how long the last one was on the mat
calibrate        `matpi calibrate` with a person of 70 kg, on cells that are 5 % off; what it said, the load shown then
panel            whether what the panel was sent is the picture the device means to show
"""

from __future__ import annotations

import base64
import json
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.guest.records import LOG, Device

BOARD = Path("/sys/module/matpi_board/parameters")
COUNTS_PER_KG = 43000  # [scale] counts_per_kg
COUNTS_OF_ITS_CELLS = {"head": 41000, "foot": 45000}  # a kilogram
ON_KG = 12.0  # [presence] on_kg
COMMANDS, DATA = 0x00, 0x40  # the control bytes of luma
TAP_S, HOLD_S, READ_S = 0.2, 1.2, 2.5
SILENT_S = 10.0  # a dead chip gives no samples


def put(name: str, value: int) -> None:
    (BOARD / name).write_text(str(value))


def state() -> dict[str, Any]:
    return Device().ask("state")


def counts(seconds: float) -> dict[str, Any]:
    device, end = Device(), time.monotonic() + seconds
    device.socket.settimeout(SILENT_S)
    device.socket.sendall(b'{"do": "counts"}\n')
    samples = []
    while time.monotonic() < end:
        line = json.loads(device.answers.readline())
        if "t" in line:
            samples.append(line)
    flags = Counter(line["flag"] for line in samples if not line["ok"])
    return {
        "samples": len(samples),
        "per_s": round((len(samples) - 1) / (samples[-1]["t"] - samples[0]["t"]), 1),
        "flagged": round(flags.total() / len(samples), 4),
        "flags": flags,
    }


def safety() -> list[str]:
    before = seen = state()
    for _ in range(20):
        if seen["safety"] != "unanswered":
            break
        turns = seen["front"] == "SAFETY" and "hold: none" not in seen["spoken"]
        put("pressed", 1)
        time.sleep(TAP_S if turns else HOLD_S)
        put("pressed", 0)
        time.sleep(READ_S)
        seen = state()
    return [before["safety"], seen["safety"]]


def lie(seconds: float) -> float:
    from matpi.sim.body import Mat

    mat, began = Mat(kg=70.0), time.monotonic()
    mat.act("lie_down", began)
    on: list[float] = []
    up = False
    while (now := time.monotonic()) < began + seconds + 5.0:
        if not up and now >= began + seconds:
            up = True
            mat.act("get_up", now)
        load = mat.sample(now) or ()
        for name, kg in zip(("head", "foot"), load, strict=True):
            put(name, round(kg * COUNTS_PER_KG))
        if sum(load) > ON_KG:
            on.append(now)
        time.sleep(0.05)
    return round(on[-1] - on[0], 2)


def session() -> float | None:
    """Return how long the last session was on the mat, in s; None while one is under way, or without any."""
    with sqlite3.connect(f"file:{LOG}?mode=ro", uri=True) as log:
        row = log.execute("SELECT on_mat_s, reason FROM sessions ORDER BY start_mono DESC LIMIT 1").fetchone()
    return None if row is None or row[1] is None else float(row[0])


def calibrate() -> dict[str, Any]:
    """Stand where it asks for: four fifths of a person are on the cells of that end."""
    with subprocess.Popen(
        ["matpi", "calibrate", "--weight", "70"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    ) as process:
        assert process.stdin
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line.strip())
            if line.startswith("Take everything off"):
                process.stdin.write("\n")
            for end in COUNTS_OF_ITS_CELLS:
                if f"Stand at the {end} end" in line:
                    stand(end)
    kg = state()["kg"]
    for name in COUNTS_OF_ITS_CELLS:
        put(name, 0)
    return {"code": process.returncode, "said": said, "kg": kg}


def stand(at: str) -> None:
    for name, counts_per_kg in COUNTS_OF_ITS_CELLS.items():
        put(name, round((56.0 if name == at else 14.0) * counts_per_kg))


def panel() -> dict[str, int]:
    from matpi.sim.panel import PanelChip

    chip, node = PanelChip("ssd1306"), Path("/dev/panel")  # the module's panel reads as zeros, as no SH1106 does
    sent, meant = b"", b""
    for _ in range(10):
        sent, meant = node.read_bytes(), base64.b64decode(state()["frame"])
        time.sleep(0.2)
        if node.read_bytes() == sent:  # nothing was drawn around the question
            break
    at = 0
    while at < len(sent):
        end = at + 2 + int.from_bytes(sent[at : at + 2], "little")
        control, values = sent[at + 2], sent[at + 3 : end]
        if control == COMMANDS:
            chip.command(*values)
        elif control == DATA:  # the others ask which controller it is
            chip.data(values)
        at = end
    seen = chip.image.tobytes()
    differ = sum((a ^ b).bit_count() for a, b in zip(seen, meant, strict=True))
    return {"bytes": len(sent), "lit": sum(byte.bit_count() for byte in seen), "differ": differ}


def main(what: str, *seconds: str) -> None:
    match what:
        case "counts" | "lie":
            does = {"counts": counts, "lie": lie}[what]
            print(json.dumps(does(float(seconds[0]))))
        case "safety" | "session" | "calibrate" | "panel":
            reads = {"safety": safety, "session": session, "calibrate": calibrate, "panel": panel}
            print(json.dumps(reads[what]()))
        case "empty":
            sys.exit(state()["load"] != "EMPTY")
        case "ended":
            sys.exit(session() is None)


if __name__ == "__main__":
    main(*sys.argv[1:])
