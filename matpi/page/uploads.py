"""Take an upload: an export goes to the device as it is, a backup as the export that it would make."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import IO, Final

from matpi.errors import ImportFormatError, MatpiError, StoreError
from matpi.store.db import Store
from matpi.store.transfer import export_json
from matpi.web.server import TooLongError

IMPORT_MAX_BYTES: Final = 32 * 1024 * 1024
EXPORT_MAX_BYTES: Final = 8 * 1024 * 1024
"""As a running device takes (control/requests/transfer.py); more would not fit beside itself into the page's memory."""
IN_MEMORY_BYTES: Final = 1024 * 1024
"""What is longer is on the disk while it comes in."""
_SQLITE: Final = b"SQLite format 3\0"


async def received(chunks: AsyncIterator[bytes]) -> IO[bytes]:
    """Return the upload as a file that is deleted when closed. Raises TooLongError, OSError and ClientDisconnect."""
    size, file = 0, tempfile.SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115  the caller closes it
    try:
        async for chunk in chunks:
            size += len(chunk)
            if size > IMPORT_MAX_BYTES:
                raise TooLongError  # noqa: TRY301
            file.write(chunk)
    except BaseException:
        file.close()
        raise
    return file


def document_of(file: IO[bytes]) -> str:
    """Return the text of an export. Raises ImportFormatError and StoreError."""
    file.seek(0)
    if file.read(len(_SQLITE)) == _SQLITE:
        return _from_backup(file)
    if file.seek(0, os.SEEK_END) > EXPORT_MAX_BYTES:
        raise ImportFormatError(
            f"The file is larger than a running device takes ({EXPORT_MAX_BYTES >> 20} MiB); stop the device, then run"
            " `matpi import` in a terminal."
        )
    file.seek(0)
    try:
        return file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ImportFormatError("This is neither an export (JSON) nor a backup (.db) of matpi; choose one.") from None


def _from_backup(file: IO[bytes]) -> str:
    with tempfile.TemporaryDirectory(prefix="matpi-page-") as folder:
        path, out = Path(folder) / "the-backup.db", BytesIO()
        file.seek(0)
        try:
            with path.open("wb") as copy:
                shutil.copyfileobj(file, copy)
            with Store.copied(path) as log:  # brings one of an earlier matpi up to date
                export_json(log, out)
        except MatpiError as error:
            raise StoreError(str(error).replace(f"{folder}/", "")) from error
        return out.getvalue().decode()
