"""A file system of 400 kB that can be filled to the last byte. Needs to mount; skipped where that is not allowed."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CANNOT_MOUNT = 77
SCRIPT = f'mount -t tmpfs -o size=400k none "$1" || exit {CANNOT_MOUNT}; shift; exec "$@"'
CALL = "import sys; from pathlib import Path; from {module} import {name} as story; story(Path(sys.argv[1]))"


def on_small_disk(story: Callable[[Path], None], tmp_path: Path) -> None:
    """Run the module-level function `story` in a process of its own, on an empty small disk; fail where it fails."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if shutil.which("unshare") is None:
        pytest.skip("no unshare")
    call = CALL.format(module=story.__module__, name=story.__name__)
    for flags in ("-rm", "-m"):  # -m is enough for root, and all there is where namespaces of users are forbidden
        done = subprocess.run(
            ["unshare", flags, "sh", "-c", SCRIPT, "sh", str(disk), sys.executable, "-c", call, str(disk)],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )
        if done.returncode != CANNOT_MOUNT and not done.stderr.startswith("unshare:"):
            assert done.returncode == 0, done.stderr
            return
    pytest.skip("no mounts here, not even in a user namespace")


def fill(disk: Path) -> None:
    """To the last byte."""
    with (disk / "room").open("ab", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 512)
        except OSError:
            pass
    assert os.statvfs(disk).f_bavail == 0


def free(disk: Path) -> None:
    (disk / "room").unlink()
