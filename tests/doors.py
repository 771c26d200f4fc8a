"""Run every command of the command line under one condition; `python -m tests.doors CONDITION FOLDER LOG`.

CONDITION is usual, "of the log" (only the commands that use it), another (user), closed or full (standard output).
Each command runs in a fork of this process, so that a condition costs one start of an interpreter. What each did is
written to FOLDER/done.json: its words, exit code, standard output and standard error. LOG is the log of the device.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import matpi
from matpi import cli, paths

ROOT = Path(__file__).resolve().parents[1]
UNTIL_ASKED = {"run", "record", "sim", "page"}
"""They end when they are asked to, if they start at all."""
OF_THE_LOG = {"sessions", "ratings", "plan", "safety", "export", "import", "people", "settings"}
ASKED_AFTER_S, KILLED_AFTER_S = 1.0, 120
ANOTHER = 65534
"""A user and group that own nothing."""


def commands(folder: Path) -> list[list[str]]:
    """Every command, reading and writing; files they need are in `folder`."""
    return [
        line.split(" ")
        for line in (
            "sessions", "sessions --json", "sessions --deleted", "sessions --person Zoë",
            "sessions --edit one person=Zoë", "sessions --edit one minutes=12", "sessions --deny one",
            "sessions --confirm one", "sessions --delete one", "sessions --restore one",
            "ratings", "ratings --json", "ratings --person Zoë", "ratings --stops", "ratings --edit no value=2",
            "plan", "plan --json", "plan --person Zoë", f"plan --use {ROOT}/docs/examples/own-plan.toml",
            "plan --starter", "plan --rest-today", "plan --no-rest-today",
            "safety", "safety --some", "safety --doctor-ok", "safety --ask-again", "safety --none --person Zoë",
            "export -", f"export {folder}/whole.json", f"export --csv {folder}/tables", f"backup {folder}/copy.db",
            f"import {folder}/old.json", f"import {folder}/shut/old.json", f"export --csv {folder}/shut/tables",
            f"sessions --store {folder}/shut/log.db", f"record --last {folder}/shut/last.csv",
            f"sim --headless --scenario {ROOT}/docs/examples/evening.jsonl --store {folder}/shut/log.db",
            "people", "people --json", "people add Noël", "people rename Noël Léo", "people goal Léo 4",
            "people choose Léo", "people remove Léo",
            "settings", "settings bedtime=23:00", "settings zone=Europe/Berlin", f"settings own_plan={folder}/Zoë.toml",
            "upstream", "upstream status --json", "upstream retry", "upstream test", "upstream send-all house",
            "upstream forget house", f"upstream status --config {folder}/sink.toml",
            f"upstream retry --config {folder}/sink.toml", f"upstream send-all house --config {folder}/sink.toml",
            f"doctor --config {folder}/sim.toml", f"doctor --json --config {folder}/sim.toml",
            f"replay {ROOT}/docs/examples/bounced-start.csv", f"replay --json --screen {folder}/Zoë.csv",
            f"record --last {folder}/last.csv", f"record {folder}/live.csv", "calibrate --weight 74",
            f"calibrate --board --weight 74 --store {folder}/calibrated.db",
            f"sim --headless --scenario {ROOT}/docs/examples/evening.jsonl", f"sim --headless --scenario {folder}/Zoë",
            "sim --tty", "nonsense", "--help", "--version",
            "run", f"run --board --store {folder}/board.db", "sim --no-browser --port 0",
            "page --port 0 --host 127.0.0.1", "page --devices", "page --revoke nobody",
        )
    ]  # fmt: skip


class Running(NamedTuple):
    words: list[str]
    pid: int
    out: Path
    err: Path

    def done(self) -> list[Any]:
        """The words, the exit code, and what was written."""
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        read = [path.read_bytes() if path.exists() else b"" for path in (self.out, self.err)]
        return [self.words, code, *(text.decode(errors="backslashreplace") for text in read)]


def start(condition: str, words: list[str], at: Path) -> Running:
    """Fork; what is written goes to files beside `at`."""
    out, err = at.with_suffix(".out"), at.with_suffix(".err")
    if (pid := os.fork()) == 0:
        os._exit(_child(condition, words, out, err))
    return Running(words, pid, out, err)


def _child(condition: str, words: list[str], out: Path, err: Path) -> int:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(os.open(err, os.O_WRONLY | os.O_CREAT), 2)
    if condition == "full":
        os.dup2(os.open("/dev/full", os.O_WRONLY), 1)
    elif condition != "closed":
        os.dup2(os.open(out, os.O_WRONLY | os.O_CREAT), 1)
    signal.alarm(KILLED_AFTER_S)
    if words[0] in UNTIL_ASKED:
        signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGTERM))
        signal.setitimer(signal.ITIMER_REAL, ASKED_AFTER_S)
    if condition == "another" and os.geteuid() == 0:
        os.setgroups([])
        os.setgid(ANOTHER)
        os.setuid(ANOTHER)
    try:
        code = cli.run(words)
        if sys.stdout is not None:
            sys.stdout.flush()  # as the interpreter does at its end
        if condition == "rehearsal":
            out.with_suffix(".modules").write_text(json.dumps(sorted(sys.modules)))
    except BaseException:  # noqa: BLE001  whatever it is, the test shows it
        os.write(2, traceback.format_exc().encode(errors="replace"))
        return 99
    return code


def load() -> None:
    """Import once what each command would import."""
    for module in pkgutil.walk_packages(matpi.__path__, "matpi."):
        if not module.name.endswith(".__main__"):
            importlib.import_module(module.name)


def is_slow(words: list[str]) -> bool:
    """Return whether it takes seconds, whatever the log is, and leaves the log as it is."""
    return words[0] == "doctor" or words[:2] in (["run", "--board"], ["page", "--port"])


def run_all(condition: str, every: list[list[str]], at: Path) -> list[tuple[Running, list[Any]]]:
    """Run the commands one after the other, the slow ones beside them."""
    slow = [start(condition, words, Path(f"{at}-slow-{n}")) for n, words in enumerate(filter(is_slow, every))]
    ended = []
    for n, words in enumerate(one for one in every if not is_slow(one)):
        running = start(condition, words, Path(f"{at}-{n}"))
        ended.append((running, running.done()))
    return ended + [(running, running.done()) for running in slow]


def rehearse(every: list[list[str]], folder: Path) -> None:
    """Import what the commands import: the other user may not reach the files of this interpreter."""
    for running, _ in run_all("rehearsal", every, folder / "rehearsal"):
        modules = running.out.with_suffix(".modules")  # not there when the command was asked to end
        for name in json.loads(modules.read_text()) if modules.exists() else ():
            with suppress(ImportError):
                importlib.import_module(name)


def main(condition: str, folder: Path, log: Path) -> None:
    load()
    paths.DEVICE_STORE, paths.DEVICE_CONFIG = log, folder / "matpi.toml"
    every = [[os.fsdecode(word.encode()) for word in words] for words in commands(folder)]  # as a shell passes them
    if condition == "of the log":
        every = [words for words in every if words[0] in OF_THE_LOG]
    if condition == "another":
        open_log = log.parent.stat().st_mode
        log.parent.chmod(0o755)
        rehearse(every, folder)
        log.parent.chmod(open_log)
    done = run_all(condition, every, folder / "run")
    (folder / "done.json").write_text(json.dumps([one for _, one in done]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
