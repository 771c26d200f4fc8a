"""Every command that a page shows in a block is run here, in the order of the page, or is marked as of the device.

A block `sh` runs in a clean checkout or with a log of its own. A block `sh device` needs the device (root, systemd,
apt, the real chips or a running service), and shows it. What serves until it is stopped names the test that runs it.
"""

from __future__ import annotations

import gzip
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from matpi import cli, paths
from matpi.core.effects import Save
from matpi.core.model import EndReason, Moment, Rating, Session, Settings
from matpi.store import members
from matpi.store.db import Store
from tests.every import every
from tests.test_docs import IDS, PAGES, ROOT, blocks, text_of

ELSEWHERE = {
    "sim --tty": "test_terminal.py::test_a_session_by_keys",
    "sim --board": "test_doc_commands.py::test_the_emulated_board_is_shown_until_it_is_stopped",
    "sim --demo": "test_demo.py::test_the_command_shows_it_and_leaves_nothing_behind",
    "sim": "test_cli.py::test_two_on_one_log",
    "run --board": "board/test_run.py::test_it_reports_ready_feeds_the_watchdog_and_ends_cleanly",
    "doctor --board": "page/test_doctor_in_service.py::test_",
}
"""What serves until it is stopped, or takes seconds: the command with its option, and the test that runs it."""
DAY_ONE = 20
"""Lines of docs/examples/fortnight.jsonl up to the first night: to live all fourteen days takes 15 s."""
TO_MAKE_OR_READ = {"make", "python", "python3", "git", "grep", "cd"}
"""Also in a plain block: targets and files that exist, and what any checkout has."""
OF_THE_DEVICE = re.compile(
    r"\b(sudo|systemctl|journalctl|raspi-config|apt|matpi (run|calibrate|doctor|record|page)|matpi\.local)\b"
    r"|(?<!\w)/(opt|etc|var/lib|boot|dev|media)/"
)
PEOPLE = re.compile(r"(?:--person |person=)(\w+)")

every_page = every("page", PAGES, ids=IDS)


def lines(page: Path, kind: str) -> Iterator[str]:
    """The commands of the page's blocks of this kind, in their order, without prompts and comments."""
    for language, block in blocks(page):
        if language == kind:
            for line in block.replace("\\\n", " ").splitlines():
                words = shlex.split(line.strip().removeprefix("$ "), comments=True)
                if words:
                    yield shlex.join(words)


WITH_COMMANDS = [page for page in PAGES if any(kind == "sh" and "matpi " in block for kind, block in blocks(page))]


def elsewhere(words: list[str]) -> str:
    """The test that runs this command, or "" where it is run here."""
    if words[0] == "sim" and "--headless" in words:
        return ""
    for shown, test in ELSEWHERE.items():
        command, *options = shown.split()
        if words[0] == command and set(options) <= set(words):
            return test
    return ""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout as a working folder, and a device that keeps its log beside it."""
    examples = tmp_path / "docs" / "examples"
    shutil.copytree(ROOT / "docs" / "examples", examples)
    story = examples / "fortnight.jsonl"  # tests/fortnight lives all of it
    first_day = story.read_text(encoding="utf-8").splitlines()[:DAY_ONE]
    story.write_text("\n".join([*first_day, '{"day": 1, "clock": "20:40", "do": "end"}', ""]), encoding="utf-8")
    (tmp_path / "device").mkdir()
    (tmp_path / "matpi.toml").write_text("[presence]\ncap_min = 60\n", encoding="utf-8")
    (tmp_path / "wrong.csv.gz").write_bytes(gzip.compress((examples / "bounced-start.csv").read_bytes()))
    shutil.copy(examples / "own-plan.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(paths, "DEVICE_STORE", tmp_path / "device" / "matpi.db")
    monkeypatch.setattr(paths, "DEVICE_CONFIG", tmp_path / "device" / "matpi.toml")
    return tmp_path


def a_log(path: Path, page: str) -> None:
    """Write a log with the records and people that the commands of a page name, and sessions beside them."""
    named = {kind: re.findall(rf"matpi {kind} --\w+ (\w{{8,}})", page) for kind in ("sessions", "ratings")}
    people = [] if "people add" in page else sorted({"Ada", "Ben", *PEOPLE.findall(page)})
    now = time.time()
    with Store.open(path) as log:
        log.write(Save(Settings(zone="UTC")))
        with log.writing() as conn:
            for name in people:
                members.add(conn, name, name.lower())
        person = people[0].lower() if people else None
        for n, key in enumerate(dict.fromkeys([*named["sessions"], "one", "two"])):
            utc = now - 86_400.0 * (n + 1)
            log.write(Save(Session(key, "boot", 1.0 + n, 800.0, 800.0, EndReason.LEFT, utc, 0, person=person)))
        for n, key in enumerate(dict.fromkeys([*named["ratings"], "rated"])):
            utc = now - 86_400.0 * (n + 1) - 3600.0
            log.write(Save(Rating(key, "boot", 5.0 + n, 4, Moment.DAY, utc=utc, utc_offset_s=0, person=person)))


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_run_in_the_order_of_their_page(page: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a_log(home / "device" / "matpi.db", text_of(page))
    for line in lines(page, "sh"):
        name, *words = shlex.split(line)
        if name != "matpi" or elsewhere(words):
            continue
        assert not OF_THE_DEVICE.search(line), f"{line}: it needs the device; write ```sh device"
        code = cli.run(words)
        written = capsys.readouterr()
        assert code == 0, f"{line}: {written.err}"
        assert "Traceback" not in written.err, line


@every_page
def test_a_plain_block_needs_no_device(page: Path) -> None:
    for line in lines(page, "sh"):
        name, *words = shlex.split(line)
        assert name in {"matpi", *TO_MAKE_OR_READ}, f"{line}: write ```sh device if it needs the device"
        if name in {"python", "python3"} and words[0] == "-m":
            module = ROOT.joinpath(*words[1].split("."))
            assert words[1] == "pytest" or module.with_suffix(".py").exists() or module.is_dir(), line
        elif name in {"python", "python3"} and words[0] != "-c":
            assert (ROOT / words[0]).exists(), line


@every_page
def test_a_block_of_the_device_shows_why(page: Path) -> None:
    for language, block in blocks(page):
        if language.split()[0] == "sh":
            assert language in {"sh", "sh device"}, f"```{language}: there is ```sh and ```sh device"
        if language == "sh device":
            assert OF_THE_DEVICE.search(block), f"it runs anywhere; write ```sh\n{block}"


@every_page
def test_targets_exist(page: Path) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    shown = [line for kind in ("sh", "sh device") for line in lines(page, kind)]
    for line in (*shown, *re.findall(r"`((?:sudo )?make [^`]*)`", text_of(page))):
        made = re.match(r"(?:sudo )?make ([\w-]+)", line)
        assert made is None or made[1] in targets, f"{line}: no such target"


def test_what_is_run_elsewhere_is_run_there() -> None:
    for shown, test in ELSEWHERE.items():
        file, _, name = test.partition("::")
        source = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert f"def {name}" in source, f"{test} does not exist"
        assert all(f'"{word}"' in source or f" {word}" in source for word in shown.split()), f"{test} has no {shown}"


def test_the_emulated_board_is_shown_until_it_is_stopped(tmp_path: Path) -> None:
    words = ["sim", "--board", "--no-browser", "--port", "0", "--store", str(tmp_path / "board.db")]
    with subprocess.Popen([sys.executable, "-m", "matpi", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True) as twin:
        try:
            assert twin.stdout is not None
            assert "http://127.0.0.1:" in twin.stdout.readline()
        finally:
            twin.terminate()
        assert twin.wait(timeout=60) == 0


def test_a_command_that_is_wrong_in_one_place_is_noticed(home: Path) -> None:
    a_log(home / "device" / "matpi.db", "")
    assert cli.run(["sessions"]) == 0
    assert cli.run(["sessions", "--delete", "1e2feb89"]) != 0
    assert not OF_THE_DEVICE.search("matpi replay docs/examples/bounced-start.csv")
