"""The rows of a bench in the real store."""

from __future__ import annotations

from matpi.core.effects import Write
from matpi.store.db import Store
from tests.bench import Rows


class OnDisk(Rows):
    """The rows of a bench, in the real store."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.load())
        self._store = store

    def commit(self, effect: Write) -> str:
        self._store.write(effect)
        return effect.key
