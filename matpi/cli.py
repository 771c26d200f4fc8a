"""The command line: what each command takes. What it does is in commands/, imported when it is called.

Errors are one line of what, why and what to do: exit code 2 for wrong use, 1 for a failure.
"""

from __future__ import annotations

import errno
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
STORE = click.option("--store", type=FILE, help="The session log; the device's, else the simulator's.")
CONFIG = click.option("--config", "config_path", type=FILE, help="A matpi.toml; defaults without one.")
PERSON = click.option("--person", metavar="NAME", help="Of this one only, of those who share the mat.")
BOARD = click.option("--board", is_flag=True, help="On the emulated board; needs no hardware.")
PAIRS = click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")


def _json(text: str) -> Callable[[Command], Command]:
    return click.option("--json", "as_json", is_flag=True, help=text)


def _id(name: str, text: str) -> Callable[[Command], Command]:
    return click.option(f"--{name}", f"{name}_id", metavar="ID", help=text)


def _one_of(options: dict[str, Any], *names: str) -> None:
    """Raise UsageError when several of these options are given."""
    if sum(options[name] not in {None, False} for name in names) > 1:
        flag = {param.name: param.opts[0] for param in click.get_current_context().command.params}
        *first, last = (flag[name] for name in names)
        raise UsageError(f"{', '.join(first)} and {last} exclude each other; choose one.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="matpi", message="%(prog)s %(version)s")
def matpi() -> None:
    """The mat-side device: lie down and the timer starts, get up and it stops."""


@matpi.command(name="run")
@STORE
@CONFIG
@BOARD
def run_(**options: Any) -> None:
    """The device beside the mat, until it is asked to stop."""
    from matpi.commands.run import run

    run(**options)


@matpi.command()
@STORE
@CONFIG
@click.option("--port", type=click.IntRange(0, 65535), default=8377, show_default=True, help="Of the page.")
@click.option("--browser/--no-browser", default=True, help="Open the page where there is a browser.")
@click.option(
    "--warp",
    type=click.Choice(["1", "10", "60", "max"]),
    default="1",
    is_flag=False,
    flag_value="max",
    show_default=True,
    help="Clock speed. With --headless just --warp: hours with nobody on the mat pass in a second.",
)
@click.option("--kg", type=Number(20, 150), default=74.0, show_default=True, help="Weight of the person.")
@click.option("--zone", help="Time zone such as Europe/Berlin; this machine's unless told.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the simulated noise.")
@click.option("--tty", is_flag=True, help="In this terminal instead of the browser.")
@click.option("--board", is_flag=True, help="On the emulated board: real drivers over emulated parts, real time.")
@click.option("--demo", is_flag=True, help="Start from an invented fortnight of sessions, in a log of its own.")
@click.option("--headless", is_flag=True, help="No page: run --scenario in virtual time and print JSON lines.")
@click.option("--scenario", type=FILE, help="A timeline file, see docs/simulator.md.")
@click.option("--frames", type=FILE, help="Folder for the pictures a scenario asks for.")
@click.option("--every-frame", is_flag=True, help="With --frames: a picture of every change of the screen.")
@click.option("--record", type=FILE, help="Also write the readings of the scenario as a trace for `matpi replay`.")
@click.option("--rate", type=Number(1, 100), help="With --record: readings a second; 10 without.")
@click.option("--overwrite", is_flag=True, help="With --record: replace FILE if it is there.")
def sim(**options: Any) -> None:
    """The device on a simulated mat: in the browser, in the terminal, or headless."""
    from matpi.commands.sim import run

    run(**options)


@matpi.command()
@CONFIG
@STORE
@click.option("--weight", "weight_kg", type=Number(10, 200), metavar="KG", help="Do not ask for the known weight.")
@click.option("--anywhere", is_flag=True, help="One place instead of one for each chip: coarser, for a weight alone.")
@BOARD
def calibrate(**options: Any) -> None:
    """Teach the load cells what a kilogram is: the empty mat, then you."""
    from matpi.commands.calibrate import run

    run(**options)


@matpi.command()
@CONFIG
@STORE
@_json("As one JSON object.")
@BOARD
def doctor(**options: Any) -> int:
    """Look at every part, in about ten seconds; exit code 1 if something is wrong."""
    from matpi.commands.doctor.report import run

    return run(**options)


@matpi.command()
@click.argument("file", type=FILE)
@CONFIG
@_json("One JSON line an event, the summary last.")
@click.option("--screen", is_flag=True, help="Also print the screen at every change, as braille.")
@click.option("--calibration", type=FILE, help="JSON file for a trace in counts without one inside.")
def replay(**options: Any) -> None:
    """Run a recorded trace through the device's core."""
    from matpi.commands.replay import run

    run(**options)


@matpi.command()
@click.argument("file", type=FILE)
@CONFIG
@STORE
@click.option("--last", is_flag=True, help="Save the last 10 minutes of the running device instead.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@BOARD
def record(**options: Any) -> None:
    """Record the load cells until Ctrl-C, for `matpi replay`."""
    from matpi.commands.record import run

    run(**options)


@matpi.command()
@STORE
@_json("One JSON line a session.")
@click.option("--deleted", is_flag=True, help="Those that were deleted instead.")
@_id("delete", "Delete this session; the trace of it is kept.")
@_id("restore", "Bring a deleted session back.")
@_id("confirm", "Yes, that was you: this session counts.")
@_id("deny", "No, that was not you: this session does not count.")
@_id("edit", "Change KEY=VALUE of this session: minutes, start, routine or person.")
@PERSON
@CONFIG
@PAIRS
def sessions(**options: Any) -> None:
    """The sessions so far; delete, restore, confirm, deny or edit one."""
    from matpi.commands.sessions import run

    _one_of(options, "delete_id", "restore_id", "confirm_id", "deny_id", "edit_id")
    run(**options)


@matpi.command()
@STORE
@_json("One JSON line a rating.")
@click.option("--stops", is_flag=True, help="The stop signs instead.")
@_id("edit", "Change KEY=VALUE of this rating or stop sign: value, time or person.")
@_id("delete", "Delete this rating or stop sign for good.")
@PERSON
@PAIRS
def ratings(**options: Any) -> None:
    """How tight it felt, 1 to 10; correct or delete a rating or a stop sign."""
    from matpi.commands.ratings import run

    _one_of(options, "edit_id", "delete_id")
    run(**options)


@matpi.command()
@STORE
@_json("As one JSON line.")
@click.option(
    "--use", "use_file", type=FILE, metavar="FILE", help="A plan of your own from now on, see docs/programme.md."
)
@click.option("--starter", is_flag=True, help="The starter plan again.")
@click.option("--rest-today", "rest", is_flag=True, help="Today is a day of rest.")
@click.option("--no-rest-today", "no_rest", is_flag=True, help="Today is no day of rest after all.")
@PERSON
def plan(**options: Any) -> None:
    """Where the plan stands today, and how it goes."""
    from matpi.commands.plan import run

    _one_of(options, "use_file", "starter")
    _one_of(options, "rest", "no_rest")
    run(**options)


@matpi.command()
@STORE
@click.option("--none", is_flag=True, help="None of these applies.")
@click.option("--some", is_flag=True, help="One applies, or unsure: short sessions until cleared.")
@click.option("--clinician-ok", "agreed", is_flag=True, help="A clinician was asked and agreed.")
@click.option("--ask-again", "again", is_flag=True, help="Let the device ask again.")
@PERSON
def safety(**options: Any) -> None:
    """What to know first, and what was answered."""
    from matpi.commands.safety import run

    _one_of(options, "none", "some", "agreed", "again")
    run(**options)


@matpi.command()
@click.argument("words", nargs=-1, metavar="[add|rename|remove|choose|goal] [NAME] ...")
@STORE
@_json("One JSON line a person.")
def people(**options: Any) -> None:
    """Who shares the mat, up to four; without words, list them.

    \b
    add NAME         from two names on the device tells people apart
    rename NAME NEW
    remove NAME      the log keeps what was theirs
    choose NAME      whose the next session is
    goal NAME N      sessions a week, 3 to 7; "none": as it is set for all
    """  # noqa: D301  click takes the backspace itself
    from matpi.commands.people import run

    run(**options)


@matpi.command()
@click.argument("what", type=click.Choice(["status", "retry", "test", "send-all", "forget"]), default="status")
@click.argument("name", required=False)
@CONFIG
@STORE
@_json("Of status: one JSON line a sink.")
def upstream(**options: Any) -> int:
    """What is recorded, sent on to the sinks of the config; without one, to nowhere.

    \b
    status         how it stands with each, and what to do
    retry [NAME]   try again at once, what was refused as well
    test [NAME]    send a record of nothing now; exit code 1 if it did not arrive
    send-all NAME  queue all that is recorded, for one that is new or has lost what it had
    forget NAME    drop what is kept of one that is no longer in the config
    """  # noqa: D301  click takes the backspace itself
    from matpi.commands.upstream import run

    return run(**options)


@matpi.command()
@PAIRS
@STORE
def settings(**options: Any) -> None:
    """What a person sets: time zone, bedtime, rest days ... Without KEY=VALUE, show them."""
    from matpi.commands.settings import run

    run(**options)


@matpi.command()
@click.argument("target", type=FILE)
@STORE
@click.option("--csv", "as_csv", is_flag=True, help="TARGET is a folder; one CSV file a table.")
def export(**options: Any) -> None:
    """Write everything to TARGET: a JSON file, or with --csv a folder."""
    from matpi.commands.transfer import export

    export(**options)


@matpi.command(name="import")
@click.argument("source", type=FILE)
@STORE
@click.option("--person", metavar="NAME", help="Whose that becomes which the import says is nobody's.")
def import_(**options: Any) -> None:
    """Read what `matpi export` wrote; what is there already stays as it is."""
    from matpi.commands.transfer import import_

    import_(**options)


@matpi.command()
@click.argument("target", metavar="FILE", type=FILE)
@STORE
def backup(**options: Any) -> None:
    """Copy the log to FILE, as one whole file, while the device runs."""
    from matpi.commands.transfer import backup

    backup(**options)


# -- the process -------------------------------------------------------------------------------------------------------

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
