"""Pair a browser: a code of six digits, which only a person at the mat can read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Final

from matpi.core.text import Text

OPEN_S: Final = 120.0  # time to take out a phone and type it. Given by the issue of the page.
TRIES: Final = 5  # one million codes: five guesses find one in 200,000


@dataclass(eq=False)
class Pairing:
    """Own the code, until when it is valid, and how often it was typed wrong.

    `new_id` makes an id that nobody can guess (a random UUID); the code is derived from it. The state changes outside
    the device's events: hand the device an event after `check`, so that the panel follows.
    """

    new_id: Callable[[], str]
    code: str = ""  # "": none is open
    until: float = -inf
    _tries_left: int = 0

    def open(self, t: float) -> None:
        """Make a new code, valid from `t` for OPEN_S; the one before is void."""
        from hashlib import sha256  # here: with OpenSSL behind it, and hardly ever needed

        number = int.from_bytes(sha256(self.new_id().encode()).digest())
        self.code, self.until, self._tries_left = f"{number % 1_000_000:06d}", t + OPEN_S, TRIES

    def close(self) -> None:
        self.code, self.until = "", -inf

    def check(self, t: float, code: str) -> Text | None:
        """Return None when `code` is right, and use it up: one browser a code; else why not.

        Spaces do not count: the panel shows "123 456".
        """
        from hmac import compare_digest  # in constant time; here as in `open`

        if t >= self.until:
            self.close()
            return Text("pairing.none_open")
        if compare_digest("".join(code.split()).encode(), self.code.encode()):
            self.close()
            return None
        self._tries_left -= 1
        if self._tries_left > 0:
            left = self._tries_left
            return Text("pairing.one_left") if left == 1 else Text("pairing.wrong", n=left)
        self.close()
        return Text("pairing.closed", n=TRIES)
