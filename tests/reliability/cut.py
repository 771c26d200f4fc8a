"""What is on the disk after a power cut: a model, of what a `Disk` has recorded.

An `fsync` makes the writes of its file durable, that of a folder its names; neither does the other's work. What was
written since then is there, not there, or there in some of its sectors of 512 bytes, each write for itself, in any
order; a file may have grown without its data, and has zeros there. Of the changes of a folder's names those up to some
change are there. A sector is written whole or not at all, and what SQLite maps into memory (`-shm`) may be anything.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.reliability.disk import FOLDER, SECTOR, Acked, Data, Disk, Names, Size, Sync, SyncNames


@dataclass(frozen=True, slots=True)
class Cut:
    """The disk after a power cut: path -> content, and what the log may have: the last that must be there or later."""

    files: dict[str, bytes]
    folders: tuple[str, ...]
    allowed: list[object]
    before: list[object]
    at: int

    def write(self, folder: Path) -> None:
        folder.mkdir()
        for name in self.folders:
            (folder / name).mkdir(parents=True)
        for name, data in self.files.items():
            (folder / name).write_bytes(data)


@dataclass(frozen=True, slots=True)
class _Chance:
    """How much of what was not synchronised is there: a share of the writes, torn ones, names up to a share."""

    kept: float
    torn: float
    names: float | None
    grown: bool


@dataclass(slots=True)
class _State:
    """What is durable, and what is not yet."""

    contents: list[bytes]
    names: dict[str, dict[str, int | None]]
    writes: dict[int, list[Data | Size]] = field(default_factory=dict)
    renames: dict[str, list[dict[str, int | None]]] = field(default_factory=dict)

    def take(self, op: object) -> None:
        match op:
            case Data() | Size():
                self.writes.setdefault(op.inode, []).append(op)
            case Sync(inode):
                self.contents[inode] = _left(self.contents[inode], self.writes.pop(inode, []), None, None)
            case Names(folder, changes):
                self.renames.setdefault(folder, []).append(changes)
            case SyncNames(folder):
                for changes in self.renames.pop(folder, []):
                    self.names.setdefault(folder, {}).update(changes)

    def after_a_cut(self, chance: _Chance, rng: random.Random) -> tuple[dict[str, bytes], list[str]]:
        files: dict[str, bytes] = {}
        folders: list[str] = []
        todo = [""]
        while todo:
            folder = todo.pop()
            names = dict(self.names.get(folder, {}))
            changes = self.renames.get(folder, [])
            count = rng.randint(0, len(changes)) if chance.names is None else round(chance.names * len(changes))
            for change in changes[:count]:
                names.update(change)
            for name, inode in sorted(names.items()):
                path = f"{folder}/{name}".lstrip("/")
                if inode == FOLDER:
                    folders.append(path)
                    todo.append(path)
                elif inode is not None and name.endswith("-shm"):
                    files[path] = rng.choice([b"", bytes(32768), rng.randbytes(32768)])
                elif inode is not None:
                    files[path] = _left(self.contents[inode], self.writes.get(inode, []), chance, rng)
        return files, folders


def _left(content: bytes, ops: list[Data | Size], chance: _Chance | None, rng: random.Random | None) -> bytes:
    """Return what is left of `ops` on top of `content`; without a chance all of it."""
    if not ops:
        return content
    image = bytearray(content)
    for op in ops:
        dice = 0.0 if chance is None or rng is None else rng.random()
        whole = chance is None or dice < chance.kept
        if isinstance(op, Size):
            if whole:
                del image[op.size :]
                image.extend(bytes(op.size - len(image)))
            continue
        torn = not whole and chance is not None and dice < chance.kept + chance.torn
        if whole:
            _patch(image, op.offset, op.data)
        elif torn and rng is not None:
            at = op.offset
            while at < op.offset + len(op.data):
                end = min((at // SECTOR + 1) * SECTOR, op.offset + len(op.data))
                if rng.random() < 0.5:
                    _patch(image, at, op.data[at - op.offset : end - op.offset])
                at = end
        if chance is not None and chance.grown:
            image.extend(bytes(max(0, op.offset + len(op.data) - len(image))))
    return bytes(image)


def _patch(image: bytearray, at: int, data: bytes) -> None:
    image.extend(bytes(max(0, at - len(image))))
    image[at : at + len(data)] = data


_SURE: Final = (
    _Chance(kept=1.0, torn=0.0, names=1.0, grown=False),
    _Chance(kept=0.0, torn=0.0, names=0.0, grown=False),
    _Chance(kept=0.0, torn=0.0, names=1.0, grown=True),
)


def cuts(disk: Disk, at_first: object, rng: random.Random, tries: int) -> Iterator[Cut]:
    """Yield the states that differ of a cut after each call: all there, nothing, only names, and `tries` by chance.

    `at_first`: what the log had before.
    """
    state = _State(list(disk.contents), {folder: dict(names) for folder, names in disk.names.items()})
    acks = [op for op in disk.log if isinstance(op, Acked)]
    contents: list[object] = [at_first, *(ack.content for ack in acks)]
    passed = hard = 0
    seen = set[tuple[object, ...]]()
    for n, op in enumerate(disk.log):
        state.take(op)
        if isinstance(op, Acked):
            passed += 1
            hard = hard if op.soft else passed
        match disk.log[n + 1 : n + 2]:
            case [Acked(soft=False)]:
                continue  # the same disk, and the next turn asks more of it
        by_chance = (
            _Chance(rng.choice((0.2, 0.5, 0.8)), rng.choice((0.1, 0.2)), None, rng.random() < 0.5) for _ in range(tries)
        )
        for chance in (*_SURE, *by_chance):
            files, folders = state.after_a_cut(chance, rng)
            # A content that several states share keeps its hash.
            hashes = ((name, 0 if name.endswith("-shm") else hash(data)) for name, data in files.items())
            state_of = hard, passed, *folders, *hashes
            if state_of not in seen:
                seen.add(state_of)
                yield Cut(files, tuple(folders), contents[hard : passed + 2], contents[:hard], n)
