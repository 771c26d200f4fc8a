"""The doctor on the page of the service, whose sandbox hides devices, board and the right to write."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from matpi.errors import MatpiError
from matpi.page.subcommands import HIDDEN, OF_FILES, Subcommands, seen_by_service


def test_what_the_sandbox_hides_is_no_verdict(tmp_path: Path) -> None:
    """The names are those of the doctor. Without a device the parts of the machine are left to the terminal."""
    command = [sys.executable, "-m", "matpi", "doctor", "--board", "--json", "--store", str(tmp_path / "log.db")]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)["checks"]
    names = {(check["part"], check["name"]) for check in found}
    assert names >= HIDDEN
    assert {part for part, _ in names} >= OF_FILES
    for device in ("OK", "WARN", "SKIPPED"):
        given = [
            {
                "part": check["part"],
                "name": check["name"],
                "verdict": device if check["name"] == "running" else "FAIL",
                "sentence": "bad",
                "do": "mend it",
            }
            for check in found
        ]
        seen = {(check["part"], check["name"]): check for check in seen_by_service(given)}
        assert seen.keys() == names
        judged = {name for name, check in seen.items() if check["verdict"] == "FAIL"}
        assert not judged & HIDDEN
        assert (("panel", "answer") in judged) is (device != "SKIPPED")
        assert ("log", "whole") in judged
        assert seen["gpio", "header"]["do"] == "run `matpi doctor` in a terminal"


def test_a_doctor_that_cannot_be_started_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with ThreadPoolExecutor(1) as pool:  # a browser of other tests leaves a loop running in this thread
        asked = pool.submit(lambda: asyncio.run(Subcommands([]).doctor()))
        with pytest.raises(MatpiError, match=r"`matpi doctor` cannot be started \(No such file or directory\)"):
            asked.result()
