"""A machine to install on: a folder for its disk, stand-ins for what changes the system, a small project as the source.

Real are install.sh, its environments, pip, SQLite. The stand-in for systemctl starts the service by running it once; of
the page it only notes that it runs.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import sysconfig
import zipfile
from contextlib import closing
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "systemd" / "install.sh"

STUBS = {
    "id": '[ "$1" = -nG ] && echo "${FAKE_GROUPS:-users}" || echo "${FAKE_UID:-0}"',
    # -u matpi --, a user who may not enter a home: find fails there, so the installer must not stand in one.
    "runuser": '[ "$(pwd)" = / ] || { echo "find: Permission denied" >&2; exit 1; }; shift 3; exec "$@"',
    "df": 'printf "head\\ndisk 9 9 %s 9 /\\n" "${FAKE_FREE_KB:-9000000}"',
    "journalctl": "echo the last words",
    "apt-get": '[ "$1" = update ] || exit "${FAKE_APT_RC:-0}"',
    "raspi-config": '[ -z "${FAKE_I2C_COMES:-}" ] || { mkdir -p "$MATPI_ROOT/dev"; : >"$MATPI_ROOT/dev/i2c-1"; }',
    **dict.fromkeys(
        ("systemd-sysusers", "systemd-tmpfiles", "udevadm", "chown", "userdel", "usermod", "groupdel"), ":"
    ),
    "systemctl": """
for unit; do :; done
if [ "$unit" = matpi-page.service ]; then
  case "$1" in
    start) [ -z "${FAKE_PAGE_FAILS:-}" ] || exit 1; : >"$STATE/page" ;;
    stop | disable) rm -f "$STATE/page" ;;
    is-active) [ -e "$STATE/page" ] && echo active || { echo failed; exit 3; } ;;
  esac
  exit
fi
case "$1" in
  start)
    echo 0 >"$STATE/restarts"
    if "$MATPI_ROOT/opt/matpi/current/bin/matpi" run --config "$MATPI_ROOT/etc/matpi/matpi.toml"
    then : >"$STATE/active"; else exit 1; fi ;;
  stop | disable) rm -f "$STATE/active" ;;
  is-active)
    [ -z "${FAKE_IGNORED:-}" ] || exit 0
    [ -e "$STATE/active" ] && echo active || { echo inactive; exit 3; } ;;
  is-system-running) echo "${FAKE_SYSTEM:-running}" ;;
  --version) echo "systemd ${FAKE_SYSTEMD-252 (252.39-1~deb12u2)}" ;;
  show) cat "$STATE/restarts" ;;
esac""",
}

BACKEND = """
import pathlib, tomllib, zipfile

def build_wheel(folder, config_settings=None, metadata_directory=None):
    version = tomllib.loads(pathlib.Path("pyproject.toml").read_text())["project"]["version"]
    name = f"matpi-{version}-py3-none-any.whl"
    info = f"matpi-{version}.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as file:
        for path in pathlib.Path("matpi").rglob("*.*"):
            file.write(path)
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        about = f"Metadata-Version: 2.1\\nName: matpi\\nVersion: {version}\\nRequires-Dist: thing\\n"
        file.writestr(f"{info}/METADATA", about)
        file.writestr(f"{info}/entry_points.txt", "[console_scripts]\\nmatpi = matpi:main\\n")
        file.writestr(f"{info}/RECORD", "")
    return name
"""

PROGRAM = """
import os, pathlib, sqlite3, sys

def main():
    if sys.argv[1] == "--version":
        return 0
    state = pathlib.Path(os.environ["STATE"])
    with (state / "ran").open("a") as file:
        file.write("VERSION\\n")
    BEHAVIOUR
    return 0
"""

BEHAVIOURS = {
    "runs": "pass",
    "fails": "return 1",
    "falls over later": "(state / 'restarts').write_text('1')",
    "migrates and fails": """
    log = sqlite3.connect(os.environ["MATPI_ROOT"] + "/var/lib/matpi/matpi.db")
    log.executescript("PRAGMA user_version = 2; ALTER TABLE session ADD COLUMN more; DELETE FROM session;")
    return 1""",
    "waits": """
    import time
    until = time.monotonic() + 60
    while not (state / "go").exists() and time.monotonic() < until:
        time.sleep(0.01)""",
    "is interrupted": """
    import signal
    os.kill(int(pathlib.Path(state / "installer").read_text()), signal.SIGHUP)""",
}


class Machine:
    def __init__(self, root: Path, base: Path) -> None:
        self.root = root
        self.state = base / "state"
        self.source = base / "source"
        self.bin = base / "bin"
        self.wheels = base / "wheels"
        for folder in (root, self.state, self.bin, self.wheels):
            folder.mkdir()
        for name, body in STUBS.items():
            self.program(self.bin / name, f'echo "{name} $*" >>"$STATE/calls"\n{body}\n')
        self.environment = {
            "PATH": f"{self.bin}:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(base),
            "MATPI_ROOT": str(root),
            "MATPI_SOURCE": str(self.source),
            "MATPI_SETTLE_S": "0",
            "PYTHON": str(self.python("3 11 64")),
            "STATE": str(self.state),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
        }

    @staticmethod
    def program(path: Path, body: str) -> None:
        path.write_text(f"#!/bin/sh\n{body}")
        path.chmod(0o755)

    def python(self, found: str, needed: str = "", useful: str = "") -> Path:
        """An interpreter that tells this of itself when install.sh asks, and is the one that runs us otherwise.

        An environment is made with a link to our pip instead of a copy, which takes seconds less.
        """
        path = self.bin / "python-of-this-machine"
        pips = " ".join(str(found) for found in Path(sysconfig.get_path("purelib")).glob("pip*"))
        self.program(
            path,
            f"""
case "$*" in
  *calcsize*) printf '%s\\n' '{found}' '{needed}' '{useful}' ;;
  "-m venv --system-site-packages "*)
    {sys.executable} "$@" --without-pip
    ln -s {pips} "$4"/lib/python3*/site-packages/ ;;
  *) exec {sys.executable} "$@" ;;
esac
""",
        )
        return path

    def offer(self, version: str, behaviour: str = "runs", schema: int = 9) -> None:
        """Put this version into the source folder; `schema`: the newest it knows."""
        shutil.rmtree(self.source, ignore_errors=True)
        (self.source / "matpi" / "store").mkdir(parents=True)
        (self.source / "matpi" / "store" / f"schema_v{schema}.sql").touch()
        shutil.copytree(REPOSITORY / "systemd", self.source / "systemd", ignore=shutil.ignore_patterns("__pycache__"))
        (self.source / "systemd" / "matpi.service").write_text(f"# of {version}\n")
        (self.source / "docs").mkdir()
        (self.source / "docs" / "build.md").touch()
        (self.source / "constraints.txt").write_text("thing==1.0\n")
        (self.source / "backend.py").write_text(BACKEND)
        (self.source / "pyproject.toml").write_text(
            f'[project]\nname = "matpi"\nversion = "{version}"\n'
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        )
        text = PROGRAM.replace("VERSION", version).replace("BEHAVIOUR", BEHAVIOURS[behaviour].strip())
        (self.source / "matpi" / "__init__.py").write_text(text)
        for thing in ("1.0", "1.1"):
            with zipfile.ZipFile(self.wheels / f"thing-{thing}-py3-none-any.whl", "w") as file:
                file.writestr("thing.py", f"version = '{thing}'\n")
                for name, content in (
                    ("WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
                    ("METADATA", f"Metadata-Version: 2.1\nName: thing\nVersion: {thing}\n"),
                    ("RECORD", ""),
                ):
                    file.writestr(f"thing-{thing}.dist-info/{name}", content)

    def has(self, version: str, number: int = 1) -> None:
        """As if this version were installed and running, with a session in the log."""
        release = self.root / "opt" / "matpi" / "releases" / f"{version}-{number}"
        (release / "bin").mkdir(parents=True)
        self.program(release / "bin" / "matpi", f'echo {version} >>"$STATE/ran"\n')
        shutil.copytree(REPOSITORY / "systemd", release / "systemd", ignore=shutil.ignore_patterns("__pycache__"))
        (release / "systemd" / "matpi.service").write_text(f"# of {version}\n")
        (release / ".made-from").write_text("another source\n")
        current = self.root / "opt" / "matpi" / "current"
        current.unlink(missing_ok=True)
        current.symlink_to(f"releases/{release.name}")
        for running in ("active", "page"):
            (self.state / running).touch()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.log)) as conn:
            conn.executescript(
                "PRAGMA journal_mode = WAL; PRAGMA user_version = 1; CREATE TABLE IF NOT EXISTS session (id);"
                "DELETE FROM session; INSERT INTO session VALUES ('a');"
            )

    def run(self, verb: str, **environment: str) -> subprocess.CompletedProcess[str]:
        (self.state / "calls").write_text("")
        with subprocess.Popen(
            # Under nohup it would start with SIGHUP ignored, and a shell cannot trap what is ignored at its start.
            ["/usr/bin/env", "--default-signal=HUP", "/bin/sh", str(SCRIPT), verb],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**self.environment, **environment},
            cwd=self.root,
        ) as process:
            (self.state / "installer").write_text(str(process.pid))
            out, told = process.communicate(timeout=280)
        return subprocess.CompletedProcess(process.args, process.returncode, out, told)

    @property
    def log(self) -> Path:
        return self.root / "var" / "lib" / "matpi" / "matpi.db"

    def in_log(self) -> tuple[int, list[str]]:
        with closing(sqlite3.connect(self.log)) as conn:
            rows = [row[0] for row in conn.execute("SELECT id FROM session")]
            return conn.execute("PRAGMA user_version").fetchone()[0], rows

    @property
    def calls(self) -> list[str]:
        return (self.state / "calls").read_text().splitlines()

    @property
    def ran(self) -> list[str]:
        """The versions the service was started in, in order."""
        path = self.state / "ran"
        return path.read_text().split() if path.exists() else []

    def is_active(self) -> bool:
        return (self.state / "active").exists()

    def has_page(self) -> bool:
        """Whether the page runs."""
        return (self.state / "page").exists()

    @property
    def current(self) -> str:
        return (self.root / "opt" / "matpi" / "current").readlink().name

    @property
    def releases(self) -> list[str]:
        folder = self.root / "opt" / "matpi" / "releases"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def files(self) -> set[str]:
        """What is on the disk; the lock in /run is not."""
        found = {str(path.relative_to(self.root)) for path in self.root.rglob("*") if not path.is_dir()}
        return found - {"run/matpi-install.lock"}

    @property
    def unit(self) -> str:
        return (self.root / "etc" / "systemd" / "system" / "matpi.service").read_text()
