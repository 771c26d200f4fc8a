"""Write a file whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from matpi import paths
from matpi.store import faults, file


def write_private(path: Path, data: bytes, what: str = "export", mode: int = 0o600) -> None:
    """Write a new file, by default one that its owner alone may read, whole or not at all.

    The owner is that of the folder when root writes it. Raises StoreError.
    """
    # Beside it and then renamed: an export that breaks off leaves the one before.
    part = path.with_name(path.name + ".part")
    try:
        file.make_folder(path.parent)
        try:
            part.unlink(missing_ok=True)
            with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as out:
                file.give_to_owner(out.fileno(), path.parent)
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)
            paths.sync_folder(path.parent)  # or a power cut takes the name away again
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise faults.of_os(error, path, f"write the {what}", log=False) from error
