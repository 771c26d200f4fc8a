"""The command line: what each command takes. What it does is in commands/, imported when it is called.

Errors are one line of what, why and what to do: exit code 2 for wrong use, 1 for a failure.
"""

from __future__ import annotations

import errno
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from matpi import __version__
from matpi.commands import output
from matpi.errors import MatpiError, UsageError

Command = Callable[..., Any]


class Number(click.FloatRange):
    """A number within bounds; click's own lets nan through."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if number != number:  # noqa: PLR0124  nan is the one that differs from itself
            self.fail(f"{value!r} is no number; give one from {self.min:g} to {self.max:g}.", param, ctx)
        return number


FILE = click.Path(path_type=Path, readable=False)


def _option(*names: str, **more: Any) -> click.Option:
    return click.Option(names, **more)


def _flag(*names: str, help: str) -> click.Option:  # noqa: A002  as click calls it
    return click.Option(names, is_flag=True, help=help)


def _json(text: str) -> click.Option:
    return _flag("--json", "as_json", help=text)


def _id(name: str, text: str) -> click.Option:
    return _option(f"--{name}", f"{name}_id", metavar="ID", help=text)


STORE = _option("--store", type=FILE, help="The session log; the device's, else the simulator's.")
CONFIG = _option("--config", "config_path", type=FILE, help="A matpi.toml; defaults without one.")
PERSON = _option("--person", metavar="NAME", help="Of this one only, of those who share the mat.")
BOARD = _flag("--board", help="On the emulated board; needs no hardware.")
OVERWRITE = _flag("--overwrite", help="Replace FILE if it is there.")
PAIRS = click.Argument(("pairs",), nargs=-1, metavar="[KEY=VALUE]...")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="matpi", message="%(prog)s %(version)s")
def matpi() -> None:
    """The mat-side device: lie down and the timer starts, get up and it stops."""


def _command(
    name: str, text: str, *params: click.Parameter, one_of: tuple[str, ...] = (), where: str = "", call: str = "run"
) -> None:
    """Add a command: its help, what it takes, and of which options one at most may be given, a line each.

    It is done by the function `call` of commands/`where`, of the same name if none is given; imported when called.
    """

    def done(**options: Any) -> Any:
        for line in one_of:
            flags = line.split()
            given = [one for one in params if one.opts[0] in flags and options[str(one.name)] not in {None, False}]
            if len(given) > 1:
                raise UsageError(f"{', '.join(flags[:-1])} and {flags[-1]} exclude each other; choose one.")
        return getattr(importlib.import_module(f"matpi.commands.{where or name}"), call)(**options)

    matpi.add_command(click.Command(name, callback=done, params=list(params), help=text))


_command("run", "The device beside the mat, until it is asked to stop.", STORE, CONFIG, BOARD)
_command(
    "sim",
    "The device on a simulated mat: in the browser, in the terminal, or headless.",
    STORE,
    CONFIG,
    _option("--port", type=click.IntRange(0, 65535), default=8377, show_default=True, help="Of the page."),
    _option("--browser/--no-browser", default=True, help="Open the page where there is a browser."),
    _option(
        "--warp",
        type=click.Choice(["1", "10", "60", "max"]),
        default="1",
        is_flag=False,
        flag_value="max",
        show_default=True,
        help="Clock speed. With --headless just --warp: hours with nobody on the mat pass in a second.",
    ),
    _option("--kg", type=Number(20, 150), default=74.0, show_default=True, help="Weight of the person."),
    _option("--zone", help="Time zone such as Europe/Berlin; default: this machine's."),
    _option("--seed", type=int, default=1, show_default=True, help="Of the simulated noise."),
    _flag("--tty", help="In this terminal instead of the browser."),
    _flag("--board", help="On the emulated board: real drivers over emulated parts, real time."),
    _flag("--demo", help="Start from an invented fortnight of sessions, in a log of its own."),
    _flag("--headless", help="No page: run --scenario in virtual time and print JSON lines."),
    _option("--scenario", type=FILE, help="A timeline file, see docs/simulator.md."),
    _option("--frames", type=FILE, help="Folder for the pictures a scenario asks for."),
    _flag("--every-frame", help="With --frames: a picture of every change of the screen."),
    _option("--record", type=FILE, help="Also write the readings of the scenario as a trace for `matpi replay`."),
    _option("--rate", type=Number(1, 100), help="With --record: readings a second; 10 without."),
    _flag("--overwrite", help="With --record: replace FILE if it is there."),
    one_of=("--headless --tty",),
)
_command(
    "calibrate",
    "Teach the load cells what a kilogram is: the empty mat, then you.",
    CONFIG,
    STORE,
    _option("--weight", "weight_kg", type=Number(10, 200), metavar="KG", help="Do not ask for the known weight."),
    _flag("--anywhere", help="One place instead of one for each chip: coarser, for a weight alone."),
    BOARD,
)
_command(
    "doctor",
    "Look at every part, in about ten seconds; exit code 1 if something is wrong.",
    CONFIG,
    STORE,
    _json("As one JSON object."),
    BOARD,
    where="doctor.report",
)
_command(
    "replay",
    "Run a recorded trace through the device's core.",
    click.Argument(("file",), type=FILE),
    CONFIG,
    _json("One JSON line an event, the summary last."),
    _flag("--screen", help="Also print the screen at every change, as braille."),
    _option("--calibration", type=FILE, help="JSON file for a trace in counts without one inside."),
)
_command(
    "record",
    "Record the load cells until Ctrl-C, for `matpi replay`.",
    click.Argument(("file",), type=FILE),
    CONFIG,
    STORE,
    _flag("--last", help="Save the last 10 minutes of the running device instead."),
    OVERWRITE,
    BOARD,
)
_command(
    "sessions",
    "The sessions so far; delete, restore, confirm, deny or edit one.",
    STORE,
    _json("One JSON line a session."),
    _flag("--deleted", help="Those that were deleted instead."),
    _id("delete", "Delete this session; the trace of it is kept."),
    _id("restore", "Bring a deleted session back."),
    _id("confirm", "Yes, that was you: this session counts."),
    _id("deny", "No, that was not you: this session does not count."),
    _id("edit", "Change KEY=VALUE of this session: minutes, start, routine, person or looser."),
    PERSON,
    CONFIG,
    PAIRS,
    one_of=("--delete --restore --confirm --deny --edit",),
)
_command(
    "ratings",
    "How tight it felt, 1 to 10; correct or delete a rating or a stop sign.",
    STORE,
    _json("One JSON line a rating."),
    _flag("--stops", help="The stop signs instead."),
    _id("edit", "Change KEY=VALUE of this rating or stop sign: value, time or person."),
    _id("delete", "Delete this rating or stop sign for good."),
    PERSON,
    PAIRS,
    one_of=("--edit --delete",),
)
_command(
    "plan",
    "Where the plan stands today, and how it goes.",
    STORE,
    _json("As one JSON line."),
    _option("--use", "file", type=FILE, metavar="FILE", help="A plan of your own from now on, see docs/programme.md."),
    _flag("--starter", help="The starter plan again."),
    _flag("--rest-today", "rest", help="Today is a day of rest."),
    _flag("--no-rest-today", "no_rest", help="Today is no day of rest after all."),
    PERSON,
    one_of=("--use --starter", "--rest-today --no-rest-today"),
)
_command(
    "safety",
    "What to know first, and what was answered.",
    STORE,
    _flag("--none", help="None of these applies."),
    _flag("--some", help="One applies, or unsure: short sessions until cleared."),
    _flag("--clinician-ok", "agreed", help="A clinician was asked and agreed."),
    _flag("--ask-again", "again", help="Let the device ask again."),
    PERSON,
    one_of=("--none --some --clinician-ok --ask-again",),
)
_command(
    "people",
    """Who shares the mat, up to four; without words, list them.

    \b
    add NAME         from two names on the device tells people apart
    rename NAME NEW
    remove NAME      the log keeps what was theirs
    choose NAME      whose the next session is
    goal NAME N      sessions a week, 3 to 7; "none": as it is set for all
    """,
    click.Argument(("words",), nargs=-1, metavar="[add|rename|remove|choose|goal] [NAME] ..."),
    STORE,
    _json("One JSON line a person."),
)
_command(
    "upstream",
    """What is recorded, sent on to the sinks of the config; without one, to nowhere.

    \b
    status         how it stands with each, and what to do
    retry [NAME]   try again at once, what was refused as well
    test [NAME]    send a record of nothing now; exit code 1 if it did not arrive
    send-all NAME  queue all that is recorded, for one that is new or has lost what it had
    forget NAME    drop what is kept of one that is no longer in the config
    """,
    click.Argument(("what",), type=click.Choice(["status", "retry", "test", "send-all", "forget"]), default="status"),
    click.Argument(("name",), required=False),
    CONFIG,
    STORE,
    _json("Of status: one JSON line a sink."),
)
_command(
    "settings", "What a person sets: time zone, bedtime, rest days ... Without KEY=VALUE, show them.", PAIRS, STORE
)
_command(
    "export",
    "Write everything to TARGET: a JSON file, or with --csv a folder.",
    click.Argument(("target",), type=FILE),
    STORE,
    _flag("--csv", "as_csv", help="TARGET is a folder; one CSV file a table."),
    where="transfer",
    call="export",
)
_command(
    "import",
    "Read what `matpi export` wrote; what is there already stays as it is.",
    click.Argument(("source",), type=FILE),
    STORE,
    _option("--person", metavar="NAME", help="Whose that becomes which the import says is nobody's."),
    where="transfer",
    call="import_",
)
_command(
    "backup",
    "Copy the log to FILE, as one whole file, while the device runs.",
    click.Argument(("target",), metavar="FILE", type=FILE),
    STORE,
    where="transfer",
    call="backup",
)


_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
_UNREACHED = {errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP}
"""Of a path that a user has named and this process cannot reach."""


def main() -> None:
    """The entry point: no traceback reaches a person (MATPI_DEBUG=1 shows it)."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit code."""
    output.make_writable()
    output.stored.clear()
    try:
        code = matpi.main(args=arguments, prog_name="matpi", standalone_mode=False)
        sys.stdout.flush()
    except MatpiError as error:
        return _failed(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        return _failed(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return 130
    except click.exceptions.Exit as error:
        return error.exit_code
    except BrokenPipeError:
        output.drop_output()  # the reader has seen enough
        return 1
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _FULL:  # what writes files reports that by itself
            output.drop_output()
            advice = "the change is stored all the same" if output.stored else "send it elsewhere or make room"
            return _failed(f"Cannot write the output: {error.strerror}; {advice}.", 1)
        if os.environ.get("MATPI_DEBUG"):
            raise
        if isinstance(error, OSError) and error.errno in _UNREACHED and error.filename is not None:
            path = os.fsdecode(error.filename)
            return _failed(f"Cannot use {path}: {error.strerror}; check the path and its owner.", 1)
        what = f"{type(error).__name__}: {error}"
        return _failed(f"Something went wrong that should not ({what}); run again with MATPI_DEBUG=1 and report it.", 1)
    return code if isinstance(code, int) else 0  # a command that ends with a code of its own, such as doctor


def _failed(sentence: str, code: int) -> int:
    click.echo(f"matpi: {sentence}", err=True)
    return code
