"""The pages tell the truth: what is made from the program is fresh; links, commands, values and examples hold."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import re
import shlex
import textwrap
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest
from msgspec.inspect import is_struct_type
from msgspec.structs import fields

from matpi import cli, config
from matpi.control.requests import all as requests
from matpi.core.front import Front
from matpi.core.plan.programme import TIERS
from matpi.core.plan.routine import ROUTINES
from matpi.core.routing import OF_SESSION
from matpi.core.session import TRANSITIONS, State
from matpi.core.text import Text
from matpi.drivers.scale.trace import read_calibration
from matpi.twin.scenario import read_scenario
from matpi.words import ENGLISH
from tests.every import every

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("docs", "hardware", "systemd")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
IDS = [str(page.relative_to(ROOT)) for page in PAGES]
FOR_PEOPLE = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
README_WORDS, PEOPLE_WORDS, MOVING_BYTES = 600, 15_000, 300_000
ROOMS = ("matpi/", "tests/", "docs/", "benchmarks/", "hardware/", "systemd/")
IN_SECONDS = {"us": 1e-6, "s": 1.0, "min": 60.0}
TOOLS = {
    "make", "python", "python3", "pip", "git", "cd", ".", "systemctl", "journalctl", "raspi-config", "ls", "apt",
    "mkdir", "sh", "install", "grep", "sed", "cp",
}  # fmt: skip
HEADER_PINS = {2: 3, 3: 5, 9: 21, 10: 19, 13: 33, 17: 11, 18: 12, 19: 35, 20: 38, 22: 15, 23: 16, 24: 18, 27: 13}
"""BCM number -> pin of the 40-pin header (raspberrypi.com, GPIO and the 40-pin header)."""
CLAIM = re.compile(
    r"\b(?:tested|measured|tried|proven|verified|validated|confirmed|runs|ran|works)\b(?:\s+[\w,-]+){0,4}?"
    r"\s+(?:on|with|against)\s+(?:(?:an?|the|our|real|actual|several|many)\s+)*"
    r"(?:Raspberry\s+Pi|Pi|HX711|(?:load\s+cell\s+)?chip|panel|hardware)\b",
    re.IGNORECASE,
)
NO_CLAIM = re.compile(r"\b(?:not|nothing|none|no|never|nobody|untested|emulated)\b", re.IGNORECASE)

every_page = every("page", PAGES, ids=IDS)


@cache
def script(name: str) -> ModuleType:
    """A script of docs/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def generator() -> ModuleType:
    return script("generate")


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> Iterator[tuple[str, str]]:
    """Language (with what follows it) and text of each code block, also of one in a list."""
    for _, language, text in re.findall(r"^( *)```(\w[^\n]*)\n(.*?)^\1```$", text_of(page), re.MULTILINE | re.DOTALL):
        yield language, textwrap.dedent(text)


def prose(page: Path) -> str:
    return re.sub(r"^( *)```.*?^\1```$", "", text_of(page), flags=re.MULTILINE | re.DOTALL)


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def rows(page: Path) -> Iterator[list[str]]:
    for line in prose(page).splitlines():
        if line.startswith("|"):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


# -- what is made ------------------------------------------------------------------------------------------------------


def test_what_is_made_is_fresh() -> None:
    made = generator().made()
    stale = [
        str(path.relative_to(ROOT))
        for path, content in made.items()
        if not path.exists() or path.read_bytes() != content
    ]
    assert not stale, f"run `python docs/generate.py` and look at the diff of {', '.join(stale)}"
    assert set(generator().SCREENS.iterdir()) <= made.keys(), "a picture that no page shows"


def test_a_stale_part_is_noticed() -> None:
    marked = "<!-- made by docs/generate.py: states -->\n{}<!-- end of what is made -->"
    assert generator().filled(marked.format("old\n")) == marked.format(generator().states("") + "\n")


@every_page
def test_every_mark_is_understood(page: Path) -> None:
    begun = text_of(page).count("<!-- made by")
    assert begun == text_of(page).count("<!-- end of what is made -->")
    assert begun == len(generator()._MADE.findall(text_of(page)))
    for kind in re.findall(r"<!-- made by docs/generate\.py: (\w+)", text_of(page)):
        assert kind in generator().MAKERS


def test_the_states_page_has_every_row() -> None:
    page = text_of(ROOT / "docs" / "dev" / "states.md")
    for row in TRANSITIONS:
        assert f"| `{row.trigger}` | `{row.source.name}` | `{row.dest.name}` |" in page
    assert all(f"| `{one.name}` |" in page for one in (*Front, *State))


def test_the_configuration_page_has_every_key() -> None:
    page = text_of(ROOT / "docs" / "configuration.md")
    assert all(f"| `{row.key}` |" in page for row in config.reference())


def test_the_pictures_are_of_this_program() -> None:
    picture = script("make_picture")
    assert picture.made_from() == picture.digest(), "run `python docs/make_picture.py` and look at the picture"
    page = script("make_page_pictures")
    assert page.made_from() == {page.digest()}, "run `python docs/make_page_pictures.py` and look at the pictures"


@every_page
def test_nothing_is_left_to_fill_in(page: Path) -> None:
    assert not re.findall(r"@@\w*|\bTODO\b|\bTBD\b|\bFIXME\b", text_of(page))


# -- length ------------------------------------------------------------------------------------------------------------


def test_the_readme_is_short_and_its_moving_picture_small() -> None:
    assert len(text_of(ROOT / "README.md").split()) < README_WORDS
    moving = ROOT / "docs" / "images" / "session.gif"
    assert f"]({moving.relative_to(ROOT)})" in text_of(ROOT / "README.md")
    assert moving.stat().st_size <= MOVING_BYTES


def test_the_pages_for_people_are_short() -> None:
    words = {str(page.relative_to(ROOT)): len(text_of(page).split()) for page in FOR_PEOPLE}
    assert sum(words.values()) <= PEOPLE_WORDS, words


# -- drawings ----------------------------------------------------------------------------------------------------------


@every_page
def test_drawings_hold_nothing_mermaid_could_misread(page: Path) -> None:
    for language, block in blocks(page):
        if language != "mermaid":
            continue
        first, *lines = block.splitlines()
        assert first in {"stateDiagram-v2", "flowchart TD"}
        for line in lines:
            assert re.fullmatch(r"    (\[\*\]|\w+) --> \w+( : [a-z ,]+)?", line), line


def test_the_drawings_reach_every_state_and_everything_that_is_asked() -> None:
    page = ROOT / "docs" / "dev" / "states.md"
    session, agenda = (block for language, block in blocks(page) if language == "mermaid")
    assert set(re.findall(r"--> (\w+)", session)) == {state.name for state in State}
    asked = set(Front) - set(OF_SESSION.values()) - {Front.IDLE, Front.OBJECT, Front.SENSOR_LOST}
    assert set(re.findall(r"--> ([A-Z_]+)", agenda)) == {front.name for front in asked}


# -- links, files ------------------------------------------------------------------------------------------------------


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        assert not target.startswith("http://"), f"{target}: say https"
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), f"{target}: there is no such file"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", prose(there), re.MULTILINE)
            assert anchor in map(slug, headings), f"{target}: there is no such heading"


def pictures(page: Path) -> Iterator[tuple[str, str]]:
    """What a page says of each of its pictures for those who do not see it, and its path."""
    yield from re.findall(r"!\[([^]]*)\]\(([^)\s]+)\)", text_of(page))
    for tag in re.findall(r"<img\b[^>]*>", text_of(page)):
        named = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        yield named.get("alt", ""), named["src"]


@every_page
def test_every_picture_is_there_and_in_words(page: Path) -> None:
    for words, target in pictures(page):
        assert (page.parent / target).is_file(), f"{target}: there is no such picture"
        assert len(re.findall(r"\w+", words)) >= 3, f"{target}: say in words what it shows"


def test_every_picture_is_shown() -> None:
    shown = {(page.parent / target).resolve() for page in PAGES for _, target in pictures(page)}
    there = {path for folder in ("docs/images", "hardware/pictures") for path in (ROOT / folder).rglob("*.*")}
    unused = sorted(str(path.relative_to(ROOT)) for path in there - shown)
    assert not unused, f"no page shows {', '.join(unused)}"


@every_page
def test_no_screen_is_drawn_in_braille(page: Path) -> None:
    assert not re.search(r"[\u2800-\u28ff]", text_of(page)), (
        "show a picture: `<!-- made by docs/generate.py: screen NAME -->`"
    )


@every_page
def test_files_that_are_named_exist(page: Path) -> None:
    for name in re.findall(r"`([\w./-]+)`", prose(page)):
        if name.startswith(ROOMS):
            assert (ROOT / name).exists(), f"{name} does not exist"
    for name in re.findall(r"python -m ((?:benchmarks|tests)[\w.]+)", text_of(page)):
        assert importlib.util.find_spec(name), f"there is no module {name}"


def test_every_page_can_be_reached_from_the_map() -> None:
    seen, waiting = set(), [ROOT / "docs" / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in re.findall(r"\]\(([^)\s#]+)", prose(page)):
            there = (page.parent / target).resolve()
            there = there / "README.md" if there.is_dir() else there
            if there.suffix == ".md" and there.exists():
                waiting.append(there)
    assert {page for page in PAGES if "docs" in page.parts} <= seen


# -- commands ----------------------------------------------------------------------------------------------------------


def commands(page: Path) -> Iterator[str]:
    for language, block in blocks(page):
        if language.split()[0] in {"sh", "bash", "console"}:
            yield from (line.removeprefix("$ ") for line in block.splitlines() if line.strip())
    yield from re.findall(r"`(matpi [a-z][^`]*)`", prose(page))
    yield from re.findall(r"<!-- made by docs/generate\.py: run (.*) -->", text_of(page))


def accept(command: str) -> None:
    """Parse a command with click, without running it. Raises click.UsageError for what the program would refuse."""
    words = shlex.split(command, comments=True)
    group = cli.matpi
    context = click.Context(group, info_name="matpi")
    name, *arguments = words[1:]
    if name.startswith("-"):
        group.make_context("matpi", [name, *arguments], resilient_parsing=True)
        return
    found = group.get_command(context, name)
    if found is None:
        raise click.UsageError(f"no command {name}")
    # A bare `matpi replay` in a sentence names the command; its argument may be left out there, a wrong option not.
    found.make_context(name, arguments, parent=context, resilient_parsing=not arguments)


@every_page
def test_commands_are_accepted(page: Path) -> None:
    for command in commands(page):
        words = re.sub(r"^sudo (-u [\w-]+ )?", "", command).split()
        if words[0] != "matpi":
            assert words[0] in TOOLS, f"who is {words[0]}?"
            continue
        for name in words[1].split("|"):
            whole = " ".join(["matpi", name, *words[2:]])
            if name == "COMMAND" or words[2:] == ["--help"]:
                continue
            try:
                accept(whole)
            except click.UsageError as error:
                pytest.fail(f"{whole}: {error.format_message()}")


def test_a_wrong_command_is_noticed() -> None:
    wrong = ("matpi dance", "matpi sim --fast", "matpi sim --warp 7", "matpi record --last", "matpi replay a.csv b.csv")
    for command in wrong:
        with pytest.raises(click.UsageError):
            accept(command)


def test_every_command_is_told() -> None:
    told = " ".join(" ".join(commands(page)) for page in PAGES)
    for name in cli.matpi.commands:
        assert re.search(rf"\bmatpi {name}\b", told), f"no page tells of matpi {name}"


@every_page
def test_options_that_are_named_exist(page: Path) -> None:
    parameters = [parameter for command in cli.matpi.commands.values() for parameter in command.params]
    known = {"--help", "--version"}.union(*(parameter.opts + parameter.secondary_opts for parameter in parameters))
    for option in re.findall(r"(?<![\w-])`?(--[a-z][\w-]*)", prose(page).replace("-->", "")):
        assert option in known, f"there is no option {option}"


# -- JSON, TOML --------------------------------------------------------------------------------------------------------


@every_page
def test_json_parses(page: Path) -> None:
    for language, block in blocks(page):
        if language.split()[0] != "json":
            continue
        try:
            json.loads(block)
        except ValueError:
            for line in block.splitlines():
                if line.strip() and not line.startswith("#"):
                    assert isinstance(json.loads(line), dict), line


@every_page
def test_scenarios_are_read(page: Path, tmp_path: Path) -> None:
    for number, (language, block) in enumerate(blocks(page)):
        if language == "json scenario":
            path = tmp_path / f"{number}.jsonl"
            path.write_text(block)
            assert read_scenario(path)


def test_the_page_shows_every_step_a_scenario_knows() -> None:
    from typing import get_args

    from matpi.twin.scenario import Do

    examples = [
        block for language, block in blocks(ROOT / "docs" / "dev" / "simulator.md") if language == "json scenario"
    ]
    shown = {json.loads(line)["do"] for example in examples for line in example.splitlines()}
    assert shown | {"bag_off"} >= set(get_args(Do))


def test_the_examples_are_whole() -> None:
    for path in (ROOT / "docs" / "examples").iterdir():
        if path.suffix == ".jsonl":
            assert read_scenario(path)
    assert read_calibration(ROOT / "docs" / "examples" / "calibration.json").counts_per_kg == (42950.0, 42950.0)


@every_page
def test_toml_is_a_config(page: Path, tmp_path: Path) -> None:
    for number, (language, block) in enumerate(blocks(page)):
        if language == "toml":
            assert tomllib.loads(block)
            path = tmp_path / f"{number}.toml"
            path.write_text(block)
            config.load(path)


# -- Python, wires -----------------------------------------------------------------------------------------------------


def test_examples_in_python_print_what_the_page_says(capsys: pytest.CaptureFixture[str]) -> None:
    shown = list(blocks(ROOT / "docs" / "dev" / "hardware.md"))
    examples = [(code, shown[at + 1]) for at, (language, code) in enumerate(shown) if language == "python"]
    assert examples
    for code, (language, printed) in examples:
        exec(compile(code, "docs/dev/hardware.md", "exec"), {})
        assert (language, capsys.readouterr().out) == ("text", printed)


def test_the_wires_are_those_of_the_config() -> None:
    """The pins of hardware/pins.md are the defaults of the config, each with its number on the header."""
    wires = [row for row in rows(ROOT / "hardware" / "pins.md") if len(row) == 6 and row[4].isdigit()]
    assert all(HEADER_PINS[int(gpio)] == int(pin) for _, _, pin, _, gpio, _ in wires)
    default = config.Config()
    expected = {
        **{f"`scale.channels[{n}].data`": [chip.data] for n, chip in enumerate(default.scale.channels)},
        **{f"`scale.channels[{n}].clock`": [chip.clock] for n, chip in enumerate(default.scale.channels)},
        "`button.pin`": [default.button.pin],
        "`lamp.pin`": [default.lamp.pin],
        "`chime.pin`": [default.chime.pin],
    }
    for key, pins in expected.items():
        assert {int(gpio) for _, _, _, _, gpio, where in wires if where == key} == set(pins), key


# -- values ------------------------------------------------------------------------------------------------------------


def constant(dotted: str) -> Any:
    """`core.rules.PresenceRules.on_kg` or `core.light.BREATH_S` of the package."""
    module, *parts = dotted.rsplit(".", 2 if dotted.count(".") > 1 and dotted.split(".")[-2][0].isupper() else 1)
    value: Any = importlib.import_module(f"matpi.{module}")
    for name in parts:
        defaults = {field.name: field.default for field in fields(value)} if is_struct_type(value) else {}
        value = defaults.get(name) or getattr(value, name)
    return value


def told_values() -> Iterator[tuple[str, str, str]]:
    for page in (ROOT / "docs" / "dev" / "behaviour.md", ROOT / "docs" / "dev" / "sources.md"):
        for row in rows(page):
            named = re.fullmatch(r"`((?:core|sim|drivers|loop)[\w.]*\.\w+)`", row[-1])
            if named:
                yield page.name, row[1], named[1]


@every(("page", "told", "name"), told_values())
def test_the_values_told_are_those_of_the_code(page: str, told: str, name: str) -> None:
    found = re.fullmatch(r"([\d.]+)(?: (us|s|min|kg|kg/s|Hz))?", told)
    assert found, f"{page}: {told!r} is no number with a unit"
    value = float(found[1])
    if name.endswith("kg_s"):
        assert found[2] == "kg/s", f"{page}: say the unit of {name}"
    elif name.endswith(("_S", "_s")):
        assert found[2] in IN_SECONDS, f"{page}: say the unit of {name}"
    if name.endswith(("_kg", "_KG")):
        assert found[2] == "kg", f"{page}: say the unit of {name}"
    if found[2] in IN_SECONDS and not name.endswith("_MIN"):
        value *= IN_SECONDS[found[2]]
    assert value == pytest.approx(float(constant(name))), f"{page} says {told} for {name}"


def test_enough_values_are_compared() -> None:
    assert len(list(told_values())) > 60, "the tables of behaviour.md and sources.md name their constants"


def test_the_plan_told_is_that_of_the_code() -> None:
    page = list(rows(ROOT / "docs" / "routines.md"))
    for tier in TIERS:
        days = f"{tier.first_day}-{tier.last_day}" if tier.first_day != tier.last_day else "after"
        assert [days, f"{tier.lower_min}-{tier.upper_min}", ENGLISH.say(tier.clothing), ENGLISH.say(tier.goal)] in page


def test_the_routines_told_are_those_of_the_menu() -> None:
    shown = re.findall(r"^- (.*?) \(([\d-]+)\): ", text_of(ROOT / "docs" / "routines.md"), re.MULTILINE)
    made = []
    for routine in list(ROUTINES.values())[1:]:  # the first is the plan
        minutes = sorted({routine.lower_min, routine.upper_min})
        made.append((ENGLISH.say(Text(f"routines.{routine.name}.title")), "-".join(map(str, minutes))))
    assert shown == made


# -- tone, and what may not be said ------------------------------------------------------------------------------------


def claims(text: str) -> list[str]:
    """Sentences that say that something was seen on real parts, which were never at hand."""
    sentences = re.split(r"(?<=[.:;?!])\s+|\n\s*\n|\n(?=[-|#])", text)
    return [sentence for sentence in sentences if CLAIM.search(sentence) and not NO_CLAIM.search(sentence)]


@every_page
def test_no_page_claims_a_test_on_real_parts(page: Path) -> None:
    assert not claims(prose(page))


def test_a_claim_is_noticed() -> None:
    for claim in (
        "Tested on a Raspberry Pi 4.",
        "It has been measured by us on\nreal hardware.",
        "Nothing is lost. It was verified with an HX711 for a week.",
        "| panel | works with the panel |",
        "It runs on many Raspberry Pi boards.",
    ):
        assert claims(claim), claim
    for honest in ("Nothing here was measured on a real Raspberry Pi.", "It was tried on the emulated panel."):
        assert not claims(honest), honest


def test_the_evidence_has_a_section_for_each_tag_and_no_other() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "matpi").rglob("*.py")]
    tags = {tag for source in sources for tag in re.findall(r"\[evidence: ([\w-]+)\]", source)}
    assert tags == set(re.findall(r"^## (.*)$", prose(ROOT / "docs" / "dev" / "evidence.md"), re.MULTILINE))


def test_the_code_points_to_pages_that_are_there() -> None:
    """Comments may name a page and a section: `docs/dev/sources.md, cells`, `docs/dev/behaviour.md 5`."""
    for path in sorted((ROOT / "matpi").rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        ast.parse(source)
        for page, section in re.findall(r"(docs/[\w./-]+\.md)(?:,? ([a-z]+|\d+)\b)?", source):
            assert (ROOT / page).exists(), f"{path.name} names {page}"
            headings = re.findall(r"^## (.*)$", prose(ROOT / page), re.MULTILINE)
            if page == "docs/dev/behaviour.md" and section.isdigit():
                assert any(heading.startswith(f"{section}.") for heading in headings), f"{path.name}: {page} {section}"
            if page == "docs/dev/sources.md" and section:
                assert section in headings, f"{path.name}: {page} has no section {section}"


# -- the control socket ------------------------------------------------------------------------------------------------


def test_the_page_of_the_control_socket_has_every_request_as_it_is_taken() -> None:
    page = prose(ROOT / "docs" / "dev" / "control.md")
    examples = re.findall(r'`(\{"do".*?\})` \|', page)
    shown = [str(type(requests.request_of(example.encode())).__struct_config__.tag) for example in examples]
    assert sorted(shown) == sorted(requests.NAMES)
