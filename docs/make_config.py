"""Writes systemd/matpi.toml, the config an installation starts from: `python docs/make_config.py`.

Every key stands there with its default, commented out. tests/install/test_files.py fails when it is stale.
"""

from __future__ import annotations

import sys
import textwrap
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

FILE = ROOT / "systemd" / "matpi.toml"
HEAD = """\
# /etc/matpi/matpi.toml: what the hardware is. A key is set by taking the # away before it; each shows its default.
# What a person sets, such as the time zone, is not here but behind `matpi settings`.
# After a change: sudo systemctl restart matpi matpi-page
"""


def text() -> str:
    from matpi.config import KeyReference, reference

    def told(row: KeyReference) -> list[str]:
        *_, name = row.key.split(".")
        inner = f"{name}: " if not row.default or "[]" in row.key else ""
        words = textwrap.wrap(f"{inner}{row.text} Allowed: {row.bounds}.", 110)
        return [f"# {line}" for line in words] + ([] if inner else [f"#{name} = {row.default}"])

    lines = [HEAD]
    for section, rows in groupby(reference(), lambda row: row.key.partition(".")[0]):
        lines += [f"[{section}]", *(line for row in rows for line in told(row)), ""]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
