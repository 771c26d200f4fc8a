"""A disk that can be made full."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from matpi.errors import DiskTroubleError
from matpi.store.db import Store
from matpi.store.writer import PatientStore


class SimulatedDisk(PatientStore):
    """The real store on a disk that can be made full: then every write fails as a full disk makes it fail."""

    def __init__(self, path: Path, full: Callable[[], bool], **given: Any) -> None:
        self._full = full
        super().__init__(path, **given)

    def _writer(self) -> Store:
        if self._full():
            why = f"The disk is full, so nothing can be written to {self.path}; make room on it."
            if not self.is_open:
                self.trouble = why
            raise DiskTroubleError(why)
        return super()._writer()
