"""A disk that records what the store asks of it, and fails when it is to.

Real: the code of matpi/store, Python's sqlite3 module, the SQLite library it is linked with, and the files. Each call
that changes the disk is seen on its way to the kernel and goes through: those of SQLite by its own table of system
calls and the `xSync` of its files (set with ctypes, in this process, while a `Disk` is watched), those of Python by
wrapping functions of `os`. So no other SQLite, no adapter and no compiler is needed. Reads are neither seen nor fail.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import errno
import io
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path
from typing import Any, Final
from unittest import mock

SECTOR: Final = 512
FOLDER: Final = -1  # in place of the inode of a name
BY_PYTHON: Final = (".part", ".gz")
"""How the names of files end that Python writes through a buffer: no call of `os` shows what goes into them."""


@dataclass(frozen=True, slots=True)
class Data:
    inode: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Size:
    inode: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    inode: int


@dataclass(frozen=True, slots=True)
class Names:
    """Names made, removed (None) or, both at once, moved."""

    folder: str
    changes: dict[str, int | None]


@dataclass(frozen=True, slots=True)
class SyncNames:
    folder: str


@dataclass(frozen=True, slots=True)
class Acked:
    """All before it was acknowledged, and the log has `content`; `soft`: may be lost all the same."""

    content: object
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """Calls that change the disk fail with `number` (ENOSPC: those that need room), from `first` until `end`."""

    number: int
    first: int
    end: float = inf

    def hits(self, n: int, needs_room: bool) -> bool:
        return self.first <= n < self.end and (needs_room or self.number != errno.ENOSPC)


class Disk:
    """Everything below `folder`, while it is `watched`."""

    def __init__(self, folder: Path, trouble: Trouble | None = None) -> None:
        self.folder = folder
        self.trouble = trouble
        self.calls = 0
        self.log: list[Data | Size | Sync | Names | SyncNames | Acked] = []
        self.inodes: dict[tuple[int, int], int] = {}  # device and number -> a number that is never used twice
        self.contents: list[bytes] = []
        self.names: dict[str, dict[str, int | None]] = {"": {}}
        for path in sorted(folder.rglob("*")):
            where = self.names.setdefault(self._relative(path.parent), {})
            where[path.name] = FOLDER if path.is_dir() else self._inode(path.stat(), path.read_bytes())
            if path.is_dir():
                self.names.setdefault(self._relative(path), {})
        self._seen: dict[int, bytes] = {}  # inode -> what a file that Python writes had when it was looked at

    def acked(self, content: object, *, soft: bool = False) -> None:
        self.log.append(Acked(content, soft))

    @property
    def is_read_only(self) -> bool:
        return self.trouble is not None and self.trouble.number == errno.EROFS and self.trouble.hits(self.calls, False)

    @contextmanager
    def watched(self) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(mock.patch.multiple(os, **_of_python(self)))
            stack.enter_context(mock.patch.object(io, "open", partial(_open, io.open)))  # of Path.open
            stack.enter_context(_of_sqlite(self))
            yield

    # -- the calls

    def open(self, path: str, flags: int, call: Callable[[], int]) -> int:
        if not self._is_inside(path):
            return call()
        makes = bool(flags & os.O_CREAT) and not os.path.lexists(path)
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_TRUNC) or makes:
            self._step(needs_room=makes)
        fd = call()
        if fd >= 0 and makes:
            self.log.append(self._named(path, self._inode(os.fstat(fd), b"")))
        elif fd >= 0 and flags & os.O_TRUNC and (inode := self._known(fd)) is not None:
            self.log.append(Size(inode, 0))
        return fd

    def mkdir(self, path: str, call: Callable[[], None]) -> None:
        inside = self._is_inside(path)
        if inside:
            self._step(needs_room=True)
        call()
        if inside:
            self.log.append(self._named(path, FOLDER))

    def write(self, fd: int, data: bytes, offset: int, call: Callable[[int], int]) -> int:
        inode = self._known(fd)
        if inode is None:
            return call(len(data))
        size = len(data)
        try:
            self._step(needs_room=True)
        except OSError as error:
            size = size // 2 // SECTOR * SECTOR  # a full disk takes a part, and nothing at the next call
            if error.errno != errno.ENOSPC or not size:
                raise
        done = call(size)
        if done > 0:
            self.log.append(Data(inode, offset, data[:done]))
        return done

    def truncate(self, fd: int, size: int, call: Callable[[], Any]) -> Any:
        inode = self._known(fd)
        if inode is not None:
            self._step()
            self.log.append(Size(inode, size))
        return call()

    def unlink(self, path: str, call: Callable[[], int]) -> int:
        inside = self._is_inside(path) and os.path.lexists(path)
        if inside:
            self._step()
            self.log.append(self._named(path, None))
        return call()

    def rename(self, old: str, new: str, call: Callable[[], None]) -> None:
        inside = self._is_inside(old)
        if inside:
            self._step()
            self._look(old)
            inode = self.inodes[_number(Path(old).stat())]
        call()
        if inside:
            folder, name = self._place(new)
            assert folder == self._place(old)[0]
            self.log.append(Names(folder, {self._place(old)[1]: None, name: inode}))

    def sync(self, fd: int) -> None:
        path = str(Path(f"/proc/self/fd/{fd}").readlink())
        if not self._is_inside(path):
            return
        self._step()
        if Path(path).is_dir():
            self.log.append(SyncNames(self._relative(Path(path))))
        elif (inode := self._known(fd)) is not None:
            self._look(path)
            self.log.append(Sync(inode))

    def sync_folder_of(self, path: str) -> None:
        if self._is_inside(path):
            self.log.append(SyncNames(self._place(path)[0]))

    def sync_inode(self, inode: int) -> None:
        self._step()
        self.log.append(Sync(inode))

    def inode_of(self, path: str) -> int | None:
        return self.inodes.get(_number(Path(path).stat())) if self._is_inside(path) else None

    # -- how

    def _step(self, *, needs_room: bool = False) -> None:
        n, self.calls = self.calls, self.calls + 1
        if self.trouble is not None and self.trouble.hits(n, needs_room):
            raise OSError(self.trouble.number, os.strerror(self.trouble.number))

    def _look(self, path: str) -> None:
        """Note what Python has written into a file, which no call of `os` shows, as one write."""
        inode, data = self.inodes[_number(Path(path).stat())], Path(path).read_bytes()
        if path.endswith(BY_PYTHON) and self._seen.get(inode) != data:
            self._seen[inode] = data
            self.log.append(Data(inode, 0, data))

    def _inode(self, status: os.stat_result, content: bytes) -> int:
        self.inodes[_number(status)] = inode = len(self.contents)
        self.contents.append(content)
        return inode

    def _known(self, fd: int) -> int | None:
        return self.inodes.get(_number(os.fstat(fd)))

    def _named(self, path: str, inode: int | None) -> Names:
        folder, name = self._place(path)
        return Names(folder, {name: inode})

    def _place(self, path: str) -> tuple[str, str]:
        return self._relative(Path(path).parent), Path(path).name

    def _relative(self, path: Path) -> str:
        return "" if path == self.folder else str(path.relative_to(self.folder))

    def _is_inside(self, path: str) -> bool:
        return path.startswith(f"{self.folder}/") or path == str(self.folder)


def _number(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


# -- the calls of Python -----------------------------------------------------------------------------------------------


def _of_python(disk: Disk) -> dict[str, Any]:
    real = {name: getattr(os, name) for name in ("open", "mkdir", "unlink", "rename", "replace", "fsync", "pwrite")}
    truncate, statvfs, access = os.ftruncate, os.statvfs, os.access

    def fsync(fd: int) -> None:
        disk.sync(fd)
        real["fsync"](fd)

    class ReadOnly:
        f_flag, f_bavail = os.ST_RDONLY, 1000

    def state(path: Any) -> Any:
        return ReadOnly if disk.is_read_only else statvfs(path)

    return {
        "open": lambda path, flags, *more, **named: disk.open(
            os.fspath(path), flags, lambda: real["open"](path, flags, *more, **named)
        ),
        "mkdir": lambda path, *more: disk.mkdir(os.fspath(path), lambda: real["mkdir"](path, *more)),
        "unlink": lambda path: disk.unlink(os.fspath(path), lambda: real["unlink"](path)),
        "rename": lambda old, new: disk.rename(os.fspath(old), os.fspath(new), lambda: real["rename"](old, new)),
        "replace": lambda old, new: disk.rename(os.fspath(old), os.fspath(new), lambda: real["replace"](old, new)),
        "pwrite": lambda fd, data, at: disk.write(fd, data, at, lambda size: real["pwrite"](fd, data[:size], at)),
        "ftruncate": lambda fd, size: disk.truncate(fd, size, lambda: truncate(fd, size)),
        "fsync": fsync,
        "statvfs": state,
        "access": lambda path, mode: not (disk.is_read_only and mode & os.W_OK) and access(path, mode),
    }


def _open(real: Any, path: Any, mode: str = "r", *more: Any, **named: Any) -> Any:
    return real(path, mode, *more, **{"opener": lambda name, flags: os.open(name, flags, 0o666), **named})


# -- the calls of SQLite -----------------------------------------------------------------------------------------------

_P, _int = ctypes.c_void_p, ctypes.c_int
_SYNC_FAILED: Final = sqlite3.SQLITE_IOERR_FSYNC
_METHODS: Final = 19  # words of an sqlite3_io_methods: version, then 18 functions, xSync the fifth


class _Vfs(ctypes.Structure):
    _fields_ = (
        *((name, _int) for name in ("iVersion", "szOsFile", "mxPathname")),
        *((name, _P) for name in ("pNext", "zName", "pAppData", "xOpen", "xDelete", "xAccess", "xFullPathname")),
        *((name, _P) for name in ("xDlOpen", "xDlError", "xDlSym", "xDlClose", "xRandomness", "xSleep")),
        *((name, _P) for name in ("xCurrentTime", "xGetLastError", "xCurrentTimeInt64")),
        *((name, _P) for name in ("xSetSystemCall", "xGetSystemCall", "xNextSystemCall")),
    )


def _call(*types: Any) -> Any:
    return ctypes.CFUNCTYPE(*types, use_errno=True)


_OPEN, _XOPEN = _call(_int, ctypes.c_char_p, _int, _int), _call(_int, _P, _P, _P, _int, _P)
_PWRITE = _call(ctypes.c_ssize_t, _int, _P, ctypes.c_size_t, ctypes.c_int64)
_TRUNCATE, _UNLINK = _call(_int, _int, ctypes.c_int64), _call(_int, ctypes.c_char_p)
_OPEN_FOLDER, _XSYNC = _call(_int, ctypes.c_char_p, _P), _call(_int, _P, _int)


def _vfs() -> tuple[int, _Vfs] | None:
    """Return SQLite's own file layer, None where Python has it linked in and hides it."""
    try:
        find = ctypes.CDLL(_sqlite3.__file__).sqlite3_vfs_find
    except AttributeError:  # a module built in has no file, a hidden function no name
        return None
    find.restype, find.argtypes = _P, [ctypes.c_char_p]
    return find(None), _Vfs.from_address(find(None))


CAN_WATCH: Final = _vfs() is not None

_alive: list[Any] = []
"""SQLite may have a file open that was opened under a `Disk` no longer in use: what it calls must stay."""


@contextmanager
def _of_sqlite(disk: Disk) -> Iterator[None]:
    found = _vfs()
    assert found is not None
    address, vfs = found
    box = [disk]  # emptied at the end: the hooks live on, the record need not
    get = ctypes.CFUNCTYPE(_P, _P, ctypes.c_char_p)(vfs.xGetSystemCall)
    put = ctypes.CFUNCTYPE(_int, _P, ctypes.c_char_p, _P)(vfs.xSetSystemCall)
    files: dict[int, int | None] = {}
    methods: dict[int, Any] = {}

    def guarded(prototype: Any, call: Callable[..., Any], failed: int = -1) -> Any:
        def run(*args: Any) -> Any:
            try:
                return call(*args)
            except OSError as error:
                ctypes.set_errno(error.errno or errno.EIO)
                return failed

        hook = prototype(run)
        _alive.append(hook)
        return hook

    def hook(name: bytes, prototype: Any, call: Callable[..., int]) -> bool:
        at = get(address, name)
        if at is None:
            return False  # this SQLite was built without it
        real = prototype(at)
        put(address, name, ctypes.cast(guarded(prototype, lambda *args: call(real, *args)), _P))
        return True

    def open_folder(real: Any, path: bytes, fd: int) -> int:
        if result := int(real(path, fd)):
            return result
        box[0].sync_folder_of(path.decode())  # which SQLite does next
        return 0

    def syncing(real: Any) -> Callable[..., int]:
        def sync(file: int, flags: int) -> int:
            inode = files.get(file)
            if box and inode is not None:
                box[0].sync_inode(inode)
            return int(real(file, flags))

        return sync

    really_open = _XOPEN(vfs.xOpen)

    def x_open(vfs_: int, name: int | None, file: int, flags: int, out: int) -> int:
        result = int(really_open(vfs_, name, file, flags, out))
        if result or not name:
            return result
        files[file] = box[0].inode_of((ctypes.string_at(name)).decode())
        slot = _P.from_address(file)
        was = slot.value
        assert was is not None
        if was not in methods:
            copied = (_P * _METHODS).from_buffer_copy(ctypes.string_at(was, ctypes.sizeof(_P) * _METHODS))
            copied[5] = ctypes.cast(guarded(_XSYNC, syncing(_XSYNC(copied[5])), _SYNC_FAILED), _P).value
            methods[was] = copied
            _alive.append(copied)
        slot.value = ctypes.addressof(methods[was])
        return result

    calls: dict[bytes, tuple[Any, Callable[..., int]]] = {
        b"open": (
            _OPEN,
            lambda real, path, flags, mode: box[0].open(path.decode(), flags, lambda: int(real(path, flags, mode))),
        ),
        b"ftruncate": (_TRUNCATE, lambda real, fd, size: box[0].truncate(fd, size, lambda: real(fd, size))),
        b"unlink": (_UNLINK, lambda real, path: box[0].unlink(path.decode(), lambda: int(real(path)))),
        b"openDirectory": (_OPEN_FOLDER, open_folder),
    }

    def pwrite(real: Any, fd: int, data: int, size: int, at: int) -> int:
        return box[0].write(fd, ctypes.string_at(data, size), at, lambda part: int(real(fd, data, part, at)))

    was_open = vfs.xOpen
    try:
        for name, (prototype, call) in calls.items():
            assert hook(name, prototype, call)
        assert any([hook(b"pwrite64", _PWRITE, pwrite), hook(b"pwrite", _PWRITE, pwrite)])
        vfs.xOpen = ctypes.cast(guarded(_XOPEN, x_open), _P).value
        yield
    finally:
        box.clear()
        vfs.xOpen = was_open
        for name in (*calls, b"pwrite64", b"pwrite"):
            put(address, name, None)  # its own again
