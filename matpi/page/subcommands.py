"""Run `matpi doctor` and `matpi upstream status` for the page: each a process of its own, with a time limit."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from matpi.errors import MatpiError

LIMIT_S: Final = 30.0


class Subcommands:
    """Runs one at a time. `options`: which config and which log, as on the command line."""

    def __init__(self, options: Sequence[str]) -> None:
        self._options = list(options)
        self._turn = asyncio.Semaphore(1)

    async def doctor(self) -> list[dict[str, str]]:
        """Return the checks, as they are seen from this process. Raises MatpiError."""
        (printed,) = await self._printed("doctor", "--json")
        return [
            {
                "part": check["part"],
                "name": check["name"],
                "verdict": check["verdict"],
                "sentence": check["what"],
                "do": check["do"],
            }
            for check in printed["checks"]
        ]

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
        if self._turn.locked():
            raise MatpiError("This runs already, asked for by another page; wait until it is done.")
        command = [sys.executable, "-m", "matpi", *words, *self._options]
        async with self._turn:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
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
