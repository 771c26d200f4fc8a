"""What every request has: fields that are checked, when it is performed, and its answer."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple

from msgspec import Struct

from matpi.core.rules import DeviceRules
from matpi.drivers.clock import SystemClock
from matpi.store.db import Store
from matpi.words import ENGLISH, Words


class Now(Struct, frozen=True):
    """When a request is performed, and by which rules."""

    utc: float
    trusted: bool
    """False: `utc` is a guess, and a record that is dated by it could lie in the future."""
    rules: DeviceRules
    words: Words = ENGLISH
    """Of the panel."""
    today: date | None = None
    """The plan's day of a running device; None: the log and `utc` decide."""
    stamp: Mapping[str, Any] | None = None
    """The fields of a record's date, by the clock of a running device, which dates it later if it must."""

    under_way: str | None = None
    """Id of the session under way; one that goes on after all is closed in the log."""

    @property
    def known_utc(self) -> float | None:
        return self.utc if self.trusted else None


def machine_now(rules: DeviceRules, words: Words = ENGLISH) -> Now:
    """Return now by the clock of this computer."""
    return Now(time.time(), SystemClock().trusted(), rules, words)


class Done(NamedTuple):
    """What was done: sentences for a person, and what a program needs of it."""

    said: tuple[str, ...] = ()
    data: Mapping[str, Any] = MappingProxyType({})


def _named(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


class Request(Struct, frozen=True, forbid_unknown_fields=True, tag_field="do", tag=_named):
    """A request; its name on the wire is that of its class, in lower case: EditSession is edit_session."""


class LogRequest(Request, frozen=True):
    """A request that changes the log alone: of a running device, or of none."""

    begins = False
    """It makes a log where there is none yet."""

    def perform(self, log: Store, now: Now) -> Done:
        """Change the log in one transaction. Raises MatpiError, with nothing changed."""
        raise NotImplementedError
