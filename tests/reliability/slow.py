"""A disk whose `fsync` takes its time, or that cannot read: the calls of disk.py, delayed or failed, not recorded."""

from __future__ import annotations

import ctypes
import errno
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from tests.reliability.disk import _P, Disk, _alive, _int, _vfs
from tests.reliability.disk import _PWRITE as _PREAD


class SlowDisk(Disk):
    """What is below `folder`, while it is `watched`; each `fsync` takes `fsync_s`, in the thread that calls it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.fsync_s = 0.0
        self.syncs = 0
        self.free = threading.Event()
        """Cleared: each `fsync` waits for it."""
        self.free.set()

    def open(self, path: str, flags: int, call: Callable[[], int]) -> int:
        return call()

    def mkdir(self, path: str, call: Callable[[], None]) -> None:
        call()

    def write(self, fd: int, data: bytes, offset: int, call: Callable[[int], int]) -> int:
        return call(len(data))

    def truncate(self, fd: int, size: int, call: Callable[[], Any]) -> Any:
        return call()

    def unlink(self, path: str, call: Callable[[], int]) -> int:
        return call()

    def rename(self, old: str, new: str, call: Callable[[], None]) -> None:
        call()

    def inode_of(self, path: str) -> int | None:
        return 0 if self._is_inside(path) else None

    def sync(self, fd: int) -> None:
        if self._is_inside(str(Path(f"/proc/self/fd/{fd}").readlink())):
            self.sync_inode(0)

    def sync_folder_of(self, path: str) -> None:
        if self._is_inside(path):
            self.sync_inode(0)

    def sync_inode(self, inode: int) -> None:
        self.syncs += 1
        time.sleep(self.fsync_s)
        self.free.wait()


class Reads:
    """SQLite's reads of files, while `failing`: from the `first` on they fail with EIO, until `first` is set higher."""

    def __init__(self, first: float = inf) -> None:
        self.first, self.calls = first, 0

    @contextmanager
    def failing(self) -> Iterator[None]:
        found = _vfs()
        assert found is not None
        _, vfs = found
        get = ctypes.CFUNCTYPE(_P, _P, ctypes.c_char_p)(vfs.xGetSystemCall)
        put = ctypes.CFUNCTYPE(_int, _P, ctypes.c_char_p, _P)(vfs.xSetSystemCall)
        names = [name for name in (b"pread64", b"pread") if get(found[0], name) is not None]
        for name in names:
            hook = _PREAD(partial(self._read, _PREAD(get(found[0], name))))
            _alive.append(hook)
            put(found[0], name, ctypes.cast(hook, _P))
        try:
            yield
        finally:
            for name in names:
                put(found[0], name, None)  # its own again

    def _read(self, real: Callable[..., int], fd: int, data: int, size: int, at: int) -> int:
        n, self.calls = self.calls, self.calls + 1
        if n < self.first:
            return int(real(fd, data, size, at))
        ctypes.set_errno(errno.EIO)
        return -1
