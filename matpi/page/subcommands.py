"""Run `matpi doctor` and `matpi upstream status` for the page: each a process of its own, with a time limit."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from matpi.errors import MatpiError

LIMIT_S: Final = 30.0
HIDDEN: Final = frozenset(
    {("gpio", "header"), ("spi", "nodes"), ("user", "groups"), ("clock", "trust"), ("disk", "writable")}
)
"""Checks that go wrong in the service: its unit shows it no device, no board, and a disk that is read-only."""
OF_FILES: Final = frozenset({"config", "device", "disk", "log", "upstream", "matpi"})
"""The parts that can be checked there while no device runs that reports the others."""


def seen_by_service(checks: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Return the checks without what a process in the sandbox of matpi-page.service cannot see."""
    gone = any((check["part"], check["name"], check["verdict"]) == ("device", "running", "SKIPPED") for check in checks)
    hidden = {
        "verdict": "SKIPPED",
        "sentence": "cannot be seen from the page",
        "do": "run `matpi doctor` in a terminal",
    }
    return [
        check | hidden
        if (check["part"], check["name"]) in HIDDEN or (gone and check["part"] not in OF_FILES)
        else check
        for check in checks
    ]


class Subcommands:
    """Runs one at a time. `options`: which config and which log, as on the command line."""

    def __init__(self, options: Sequence[str]) -> None:
        self._options = list(options)
        self._turn = asyncio.Semaphore(1)
        self._under_way: dict[tuple[str, ...], asyncio.Task[list[dict[str, Any]]]] = {}

    async def doctor(self) -> list[dict[str, str]]:
        """Return the checks, as they are seen from this process. Raises MatpiError."""
        (printed,) = await self._printed("doctor", "--json")
        checks = [
            {
                "part": check["part"],
                "name": check["name"],
                "verdict": check["verdict"],
                "sentence": check["what"],
                "do": check["do"],
            }
            for check in printed["checks"]
        ]
        return seen_by_service(checks) if "STATE_DIRECTORY" in os.environ else checks

    async def sinks(self) -> list[dict[str, str | None]]:
        """Return where records are sent, without a secret, and how that goes. Raises MatpiError."""
        return [
            {
                "name": sink["name"],
                "kind": sink["kind"],
                "url": sink["where"],
                "state": f"{sink['what']}; {sink['do']}." if sink["do"] else f"{sink['what']}.",
            }
            for sink in await self._printed("upstream", "status", "--json")
        ]

    async def _printed(self, *words: str) -> list[dict[str, Any]]:
        """Run it, or wait for the same one that was asked for by another page."""
        task = self._under_way.get(words)
        if task is None:
            task = self._under_way[words] = asyncio.create_task(self._run(*words))
            task.add_done_callback(lambda _: self._under_way.pop(words))
        return await asyncio.shield(task)

    async def _run(self, *words: str) -> list[dict[str, Any]]:
        command = [sys.executable, "-m", "matpi", *words, *self._options]
        async with self._turn:
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.PIPE,
                )
            except OSError as error:
                raise MatpiError(
                    f"`matpi {words[0]}` cannot be started ({error.strerror}); try it in a terminal."
                ) from error
            try:
                async with asyncio.timeout(LIMIT_S):
                    out, wrong = await process.communicate()
            except TimeoutError:
                raise MatpiError(
                    f"`matpi {words[0]}` took over {LIMIT_S:.0f} s and was ended; try it in a terminal."
                ) from None
            finally:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.communicate()  # also when the page ends in the middle: its pipes are closed
        try:
            found: list[dict[str, Any]] = [msgspec.json.decode(line) for line in out.splitlines()]
        except msgspec.DecodeError:
            found = []
        if not found and (process.returncode or words[0] == "doctor"):
            said = wrong.decode(errors="replace").strip().splitlines()
            raise MatpiError(
                said[-1].removeprefix("matpi: ") if said else f"`matpi {words[0]}` failed; try it in a terminal."
            )
        return found
