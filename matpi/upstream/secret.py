"""Read a secret from a systemd credential or a file, never from the config.

It is read at each use, so that a new one needs no restart.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from matpi.core.text import Text
from matpi.upstream.sink import LaterError

# The service's credentials, for root who tries a sink by hand (systemd.exec(5), LoadCredential=).
SERVICE_CREDENTIALS: Final = Path("/run/credentials/matpi.service")
LIMIT_BYTES: Final = 4096  # chosen: eight secrets of 64 bytes in base64 are 750

SHORT = Text("upstream.no_key")


def read_secret(where: str, key: str) -> str:
    """Return the text at `where`: a path if it begins with "/", else a credential's name.

    Raises LaterError, since a correction needs no restart. The error shows the value of the config's `key` only if
    there is such a file: it may be the secret itself, written in the wrong place.
    """
    raw = _own(Path(where), key) if where.startswith("/") else _credential(where, key)
    try:
        text = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        text = ""
    if not text:
        raise LaterError(f"the secret in {where} is empty or no text", "put the secret into it", SHORT)
    return text


def _credential(name: str, key: str) -> bytes:
    folder = Path(os.environ.get("CREDENTIALS_DIRECTORY") or SERVICE_CREDENTIALS)
    try:
        return _head(folder / name)
    except (OSError, ValueError) as error:
        why = f"the credential that {key} names cannot be read from {folder} ({_reason(error)})"
        do = f"give it to the service with LoadCredential=NAME:FILE and write NAME into {key}, or a file's full path"
        raise LaterError(why, do, SHORT) from error


def _own(path: Path, key: str) -> bytes:
    """Read a file that no one else may read or change."""
    try:
        found = path.stat()
        open_to_others = found.st_mode & 0o027 or found.st_uid not in {0, os.geteuid()}
        raw = b"" if stat.S_ISREG(found.st_mode) and open_to_others else _head(path)
    except (OSError, ValueError) as error:
        named = path if _has_folder(path) else f"the file that {key} names"
        why = f"the secret in {named} cannot be read ({_reason(error)})"
        raise LaterError(why, "check the path and whose file it is", SHORT) from error
    if open_to_others:
        do = f"run `sudo chown matpi {path} && sudo chmod 600 {path}`, and make a new secret if others were here"
        raise LaterError(f"others than its owner may read or change the secret in {path}", do, SHORT)
    return raw


def _has_folder(path: Path) -> bool:
    """Return whether the path's folder exists; a secret in base64 may begin with "/", too."""
    try:
        return path.parent != Path("/") and path.parent.is_dir()
    except (OSError, ValueError):
        return False


def _head(path: Path) -> bytes:
    # Non-blocking: a pipe would block, and a device never ends.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:  # noqa: PTH123
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(0, "it is no file")
        raw = file.read(LIMIT_BYTES + 1)
    if len(raw) > LIMIT_BYTES:
        raise OSError(0, f"it is longer than {LIMIT_BYTES} bytes")
    return raw


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error)
