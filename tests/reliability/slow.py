"""A disk whose `fsync` takes its time, or that cannot read: the calls of disk.py, delayed or failed, not recorded."""

from __future__ import annotations

import ctypes
import errno
import io
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from tests.reliability.disk import _P, Disk, _alive, _int, _vfs
from tests.reliability.disk import _PWRITE as _PREAD

PAGE = 4096


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


class BadSector:
    """While `failing` and `bad`, no file can be read from its second page on, by Python or by SQLite: EIO."""

    bad = True
    hits = 0

    @contextmanager
    def failing(self) -> Iterator[None]:
        found = _vfs()
        assert found is not None
        address, vfs = found
        get = ctypes.CFUNCTYPE(_P, _P, ctypes.c_char_p)(vfs.xGetSystemCall)
        put = ctypes.CFUNCTYPE(_int, _P, ctypes.c_char_p, _P)(vfs.xSetSystemCall)
        names = [name for name in (b"pread64", b"pread") if get(address, name) is not None]
        for name in names:
            hook = _PREAD(partial(self._read, _PREAD(get(address, name))))
            _alive.append(hook)
            put(address, name, ctypes.cast(hook, _P))
        sector = self

        class File(io.FileIO):
            def read(self, size: int | None = -1) -> bytes:
                if size is None or size < 0 or self.tell() + size > PAGE:
                    sector._fail()
                return super().read(size)

        opened = Path.open
        try:
            with mock.patch.object(
                Path,
                "open",
                lambda path, mode="r", *a, **k: File(path) if mode == "rb" else opened(path, mode, *a, **k),
            ):
                yield
        finally:
            for name in names:
                put(address, name, None)  # its own again

    def _fail(self) -> None:
        if self.bad:
            self.hits += 1
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    def _read(self, real: Callable[..., int], fd: int, data: int, size: int, at: int) -> int:
        try:
            if at >= PAGE:
                self._fail()
        except OSError as error:
            ctypes.set_errno(error.errno or 0)
            return -1
        return int(real(fd, data, size, at))
