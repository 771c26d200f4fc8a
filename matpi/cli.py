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
from matpi.core.calibration.weights import LEAST_KG, MOST_KG
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


STORE = _option(
    "--store", type=FILE, help="Session database (default: the device's; if there is none, the simulator's)."
)
SIM_STORE = _option(
    "--store", type=FILE, help="Session database (default: the simulator's own; with --headless a temporary one)."
)
CONFIG = _option(
    "--config", "config_path", type=FILE, help="Config file (default: /etc/matpi/matpi.toml if it exists)."
)
OTHER_CONFIG = _option("--config", "config_path", type=FILE, help="Config file (default: none, all values built in).")
PERSON = _option("--person", metavar="NAME", help="Only this person.")
ONE_PERSON = _option("--person", metavar="NAME", help="Name of the person (default: the one who is selected).")
BOARD = _flag("--board", help="Use the emulated board; needs no hardware.")
OVERWRITE = _flag("--overwrite", help="Replace FILE if it exists.")
PAIRS = click.Argument(("pairs",), nargs=-1, metavar="[KEY=VALUE]...")


def _renamed(name: str) -> str:
    """Return the present name of an option or a command."""
    return {"clinician-ok": "doctor-ok"}.get(name, name)


@click.group(
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
        "token_normalize_func": _renamed,
    }
)
@click.version_option(__version__, prog_name="matpi", message="%(prog)s %(version)s")
def matpi() -> None:
    """The mat-side device: lie down and the timer starts, get up and it stops."""


def _command(
    name: str, text: str, *params: click.Parameter, one_of: tuple[str, ...] = (), where: str = "", call: str = "run"
) -> None:
    """Add a command: its help, what it takes, and of which options one at most may be given, a line each.

    The first line of `text` is its summary in `matpi --help`, in one line of 80 columns.

    It is done by the function `call` of commands/`where`, of the same name if none is given; imported when called.
    """

    def done(**options: Any) -> Any:
        for line in one_of:
            flags = line.split()
            given = [one for one in params if one.opts[0] in flags and options[str(one.name)] not in {None, False}]
            if len(given) > 1:
                raise UsageError(f"{', '.join(flags[:-1])} and {flags[-1]} exclude each other; choose one.")
        return getattr(importlib.import_module(f"matpi.commands.{where or name}"), call)(**options)

    summary = text.splitlines()[0]  # as such, click does not cut it in a narrow terminal
    matpi.add_command(click.Command(name, callback=done, params=list(params), help=text, short_help=summary))


_command("run", "Run the device (until stopped).", STORE, CONFIG, BOARD)
_command(
    "sim",
    """Run the device on a simulated mat, in the browser.

    With --tty it runs in the terminal, with --headless without a display.
    """,
    SIM_STORE,
    OTHER_CONFIG,
    _option("--port", type=click.IntRange(0, 65535), default=8377, show_default=True, help="Port of the web page."),
    _option(
        "--page-port", type=click.IntRange(0, 65535), help="Port of the device's own page (default: the next one)."
    ),
    _option("--browser/--no-browser", default=True, help="Open the page in a browser."),
    _option(
        "--warp",
        type=click.Choice(["1", "10", "60", "max"]),
        default="1",
        is_flag=False,
        flag_value="max",
        show_default=True,
        help="Clock speed. With --headless use --warp alone: hours with an empty mat pass in a second.",
    ),
    _option("--kg", type=Number(20, 150), default=74.0, show_default=True, help="Weight of the simulated person."),
    _option("--zone", help="Time zone, such as Europe/Berlin (default: this machine's)."),
    _option("--seed", type=int, default=1, show_default=True, help="Seed of the simulated noise."),
    _flag("--tty", help="Run in this terminal instead of the browser."),
    _flag("--board", help="Use the emulated board: real drivers over emulated parts, in real time."),
    _flag("--demo", help="Start from an invented fortnight of sessions, in a separate database."),
    _flag("--headless", help="No page: run --scenario in virtual time and print JSON lines."),
    _option("--scenario", type=FILE, help="Timeline file, see docs/dev/simulator.md."),
    _option("--frames", type=FILE, help="Folder for the pictures that the scenario asks for."),
    _flag("--every-frame", help="With --frames: save a picture of every change of the screen."),
    _option("--record", type=FILE, help="Also save the readings of the scenario as a trace for `matpi replay`."),
    _option("--rate", type=Number(1, 100), help="With --record: readings per second (default: 10)."),
    _flag("--overwrite", help="With --record: replace FILE if it exists."),
    one_of=("--headless --tty",),
)
_command(
    "page",
    """Serve the device's page on the local network.

    Reads the log and asks the running device; the device does not need it.
    """,
    CONFIG,
    STORE,
    _option("--port", type=click.IntRange(0, 65535), help="Port (default: of the config, 8377)."),
    _option("--host", metavar="ADDR", help="Only this address of this machine (default: all)."),
    _flag("--devices", help="List the paired browsers and end."),
    _option("--revoke", metavar="ID", help="Forget this browser: it must be paired again."),
    one_of=("--devices --revoke",),
)
_command(
    "calibrate",
    """Calibrate the load cells with a known weight.

    It measures the empty mat, then you, or an object whose weight you know.
    """,
    CONFIG,
    STORE,
    _option(
        "--weight",
        "weight_kg",
        type=Number(int(LEAST_KG), int(MOST_KG)),  # whole, as the help shows them
        metavar="KG",
        help="Known weight in kg; asked for if not given.",
    ),
    _flag("--anywhere", help="Calibrate at one place instead of one for each chip; less precise."),
    BOARD,
)
_command(
    "doctor",
    """Check every part and say what to fix (10 s).

    The exit code is 1 if something is wrong.
    """,
    CONFIG,
    STORE,
    _json("Print one JSON object."),
    BOARD,
    where="doctor.report",
)
_command(
    "replay",
    "Run a recorded trace through the device's core.",
    click.Argument(("file",), type=FILE),
    OTHER_CONFIG,
    _json("Print one JSON line per event, the summary last."),
    _flag("--screen", help="Also print the screen at every change, as braille."),
    _option("--calibration", type=FILE, help="Calibration (JSON file) for a trace in raw counts that contains none."),
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
    "List sessions; edit, delete or restore one.",
    STORE,
    _json("Print one JSON line per session."),
    _flag("--deleted", help="List deleted sessions instead."),
    _id("delete", "Delete this session; --restore brings it back."),
    _id("restore", "Restore this deleted session."),
    _id("confirm", "That was you: this session counts."),
    _id("deny", "That was not you: this session does not count."),
    _id("edit", "Change KEY=VALUE of this session: minutes, start, routine, person or looser."),
    PERSON,
    CONFIG,
    PAIRS,
    one_of=("--delete --restore --confirm --deny --edit",),
)
_command(
    "ratings",
    "List your tightness ratings (1-10); edit or delete one.",
    STORE,
    _json("Print one JSON line per rating."),
    _flag("--stops", help="List stop signs instead."),
    _flag("--felt-wrong", help="Note a stop sign now: pain that is wrong, numb, dizzy, a bruise or a rash."),
    _option("--on", metavar="DATE", help="With --felt-wrong: on this day, such as for a bruise seen the next day."),
    _id("edit", "Change KEY=VALUE of this rating or stop sign: value, time or person."),
    _id("delete", "Delete this rating or stop sign permanently."),
    PERSON,
    PAIRS,
    one_of=("--edit --delete --felt-wrong",),
)
_command(
    "plan",
    "Show today's plan and your progress.",
    STORE,
    _json("Print one JSON line."),
    _option("--use", "file", type=FILE, metavar="FILE", help="Follow your own plan from now on, see docs/routines.md."),
    _flag("--starter", help="Follow the starter plan again."),
    _flag("--rest-today", "rest", help="Make today a rest day."),
    _flag("--no-rest-today", "no_rest", help="Make today a normal day again."),
    ONE_PERSON,
    one_of=("--use --starter", "--rest-today --no-rest-today"),
)
_command(
    "safety",
    """Read and answer the safety questions.

    They are in the language of the screen ([panel] in the config).
    """,
    STORE,
    CONFIG,
    _flag("--none", help="None of the conditions applies."),
    _flag("--some", help="One applies, or unsure: ask a doctor first."),
    _flag("--doctor-ok", "agreed", help="A doctor was asked and agreed."),
    _flag("--ask-again", "again", help="Have the device ask again when it starts next."),
    ONE_PERSON,
    one_of=("--none --some --doctor-ok --ask-again",),
)
_command(
    "people",
    """List, add or rename the people who share the mat (up to 4).

    Without arguments, list them.

    \b
    add NAME         from the second name on, the device asks who it is
    rename NAME NEW
    remove NAME      their past sessions are kept
    choose NAME      the next session is theirs
    goal NAME N      days a week, 3 to 7; "none": as in the settings
    """,
    click.Argument(("words",), nargs=-1, metavar="[add|rename|remove|choose|goal] [NAME] ..."),
    STORE,
    _json("Print one JSON line per person."),
)
_command(
    "upstream",
    """Check and retry sending to other systems.

    Those are the sinks in the config; without one, nothing is sent.

    \b
    status         what each sink has received, what waits, and what to do
    retry [NAME]   try again now, also with refused records
    test [NAME]    send a test message now; exit code 1 if it did not arrive
    send-all NAME  queue all records again (a new sink, or lost data)
    forget NAME    delete the queue of a sink that is no longer in the config
    """,
    click.Argument(("what",), type=click.Choice(["status", "retry", "test", "send-all", "forget"]), default="status"),
    click.Argument(("name",), required=False),
    CONFIG,
    STORE,
    _json("With status: print one JSON line per sink."),
)
_command(
    "settings",
    """Show or change bedtime, rest days, time zone.

    Without KEY=VALUE, show every setting.
    """,
    PAIRS,
    STORE,
)
_command(
    "export",
    """Save all data as JSON, or as CSV files.

    TARGET is a file, or - for standard output; with --csv it is a folder.
    """,
    click.Argument(("target",), type=FILE),
    STORE,
    _flag("--csv", "as_csv", help="Save one CSV file per table in the folder TARGET."),
    where="transfer",
    call="export",
)
_command(
    "import",
    """Load an export; existing records are kept.

    SOURCE is a JSON file made by `matpi export`.
    """,
    click.Argument(("source",), type=FILE),
    STORE,
    _option("--person", metavar="NAME", help="Person to give unassigned records to."),
    where="transfer",
    call="import_",
)
_command(
    "backup",
    "Copy the session database to FILE while the device runs.",
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
