# ruff: noqa: INP001
"""Writes matpi.rpi-imager-manifest, which offers only what matpi runs on when Raspberry Pi Imager opens it.

    make_manifest.py [LIST]    LIST: a copy of Imager's own list; else it is fetched

Sizes and checksums come from Imager's list, which changes with each release: hence made, and not kept here.
"""

from __future__ import annotations

import json
import re
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

LIST = "https://downloads.raspberrypi.com/os_list_imagingutility_v4.json"
TARGET = Path(__file__).parent / "matpi.rpi-imager-manifest"
WANTED = re.compile(r"-raspios-(bookworm|trixie)-arm64-lite\.img\.xz$")
FORMATS = {"bookworm": {"systemd"}, "trixie": {"cloudinit-rpi"}}
"""How Imager hands over the user and the network. An image with another one does not get what it was told."""


def entries(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every image of the list, those in its folders too."""
    for item in items:
        yield from entries(item.get("subitems", []))
        if "url" in item:
            yield item


def manifest(listed: dict[str, Any]) -> dict[str, Any]:
    """Raises LookupError where the list has none."""
    found = []
    for entry in entries(listed["os_list"]):
        release = WANTED.search(entry["url"])
        if release and entry.get("init_format") in FORMATS[release[1]]:
            found.append({**entry, "name": f"{entry['name']}, {release[1]}: for matpi"})
    if not found:
        raise LookupError("The list has no 64-bit Raspberry Pi OS Lite of Bookworm or Trixie")
    devices = [one for one in listed.get("imager", {}).get("devices", []) if is_64_bit(one)]
    return {"imager": {"devices": devices}, "os_list": found}


def is_64_bit(device: dict[str, Any]) -> bool:
    return any(tag.endswith("-64bit") for tag in device.get("tags", []))


def main(words: list[str]) -> int:
    try:
        if words:
            text = Path(words[0]).read_text(encoding="utf-8")
        else:
            with urllib.request.urlopen(LIST, timeout=60) as answer:
                text = answer.read().decode()
        made = manifest(json.loads(text))
    except (OSError, ValueError, KeyError, LookupError) as error:
        sys.stderr.write(
            f"matpi: No manifest was made ({error}); choose Raspberry Pi OS Lite (64-bit) in Imager itself.\n"
        )
        return 1
    TARGET.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{TARGET}: {', '.join(one['name'] for one in made['os_list'])}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
