"""Write the golden payloads anew: `python -m tests.upstream.regolden`. Then read the diff with your eyes."""

from __future__ import annotations

import json
from pathlib import Path

from matpi.upstream.mqtt import homeassistant
from matpi.upstream.mqtt.state import Happening
from tests.upstream.mats import LYING, PAGE_ADDRESS, config

GOLDENS = Path(__file__).parent / "goldens"


def payloads() -> dict[str, bytes]:
    settings = config(1883)
    return {
        "discovery": homeassistant.discovery_payload(settings, "0.2.0", PAGE_ADDRESS),
        "state": homeassistant.state_payload(LYING),
        "diagnostics": homeassistant.diagnostics_payload(LYING),
        "event-started": homeassistant.event_payload(Happening(0.0, "session_started")),
        "event-ended": homeassistant.event_payload(Happening(0.0, "session_ended", "s1", 301.5, "left", counts=True)),
    }


def readable(payload: bytes) -> str:
    return json.dumps(json.loads(payload), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    GOLDENS.mkdir(exist_ok=True)
    for name, payload in payloads().items():
        (GOLDENS / f"{name}.json").write_text(readable(payload), encoding="utf-8")


if __name__ == "__main__":
    main()
