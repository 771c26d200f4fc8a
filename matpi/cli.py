"""The commands. Each is a few lines that call a room; what is heavy is imported where it is used.

Errors are one line of what, why and what to do: exit code 2 for wrong use, 1 for a failure.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import Any

import click

from matpi import __version__
from matpi.commands import log_commands
from matpi.commands.options import CONFIG as _CONFIG
from matpi.commands.options import FILE as _FILE
from matpi.commands.options import PERSON as _PERSON
from matpi.commands.options import STORE as _STORE
from matpi.commands.streams import drop_output, make_writable
from matpi.errors import MatpiError, UsageError


class Number(click.FloatRange):
    """A number within bounds; click's own lets nan through."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if number != number:  # noqa: PLR0124  nan is the one that differs from itself
            self.fail(f"{value!r} is no number; give one from {self.min:g} to {self.max:g}.", param, ctx)
        return number


_BOARD = click.option("--board", is_flag=True, help="On the emulated board; needs no hardware.")


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="matpi", message="%(prog)s %(version)s")
def matpi() -> None:
    """The mat-side device: lie down and the timer starts, get up and it stops."""


@matpi.command(name="run")
@_STORE
@_CONFIG
@_BOARD
def run_(store: Path | None, config_path: Path | None, board: bool) -> None:
    """The device beside the mat, until it is asked to stop."""
    from matpi import app

    app.run_appliance(config_path, store, board=board)


@matpi.command()
@_STORE
@_CONFIG
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
@click.option("--scenario", type=_FILE, help="A timeline file, see docs/simulator.md.")
@click.option("--frames", type=_FILE, help="Folder for the pictures a scenario asks for.")
@click.option("--every-frame", is_flag=True, help="With --frames: a picture of every change of the screen.")
@click.option("--record", type=_FILE, help="Also write the readings of the scenario as a trace for `matpi replay`.")
@click.option("--rate", type=Number(1, 100), help="With --record: readings a second; 10 without.")
@click.option("--overwrite", is_flag=True, help="With --record: replace FILE if it is there.")
def sim(**options: Any) -> None:
    """The device on a simulated mat: in the browser, in the terminal, or headless."""
    from matpi import app

    if options["headless"] and options["scenario"] is None:
        raise UsageError("--headless needs --scenario FILE; without it there is nothing to run.")
    if options["scenario"] is not None and not options["headless"]:
        raise UsageError("--scenario goes with --headless; the page is played by hand.")
    if options["frames"] is not None and not options["headless"]:
        raise UsageError("--frames goes with --headless --scenario FILE.")
    if options["every_frame"] and options["frames"] is None:
        raise UsageError("--every-frame goes with --frames FOLDER.")
    if options["record"] is not None and not options["headless"]:
        raise UsageError("--record goes with --headless --scenario FILE; `matpi record` records the load cells.")
    if options["record"] is None and (options["rate"] is not None or options["overwrite"]):
        raise UsageError("--rate and --overwrite go with --record FILE.")
    if options["headless"] and options["tty"]:
        raise UsageError("--headless and --tty exclude each other; choose one.")
    if options["headless"] and options["warp"] not in {"1", app.AT_ONCE}:
        raise UsageError("--headless never waits for a clock; leave the number off --warp to pass empty hours faster.")
    if not options["headless"] and options["warp"] == app.AT_ONCE:
        raise UsageError("--warp without a number goes with --headless; for the page say --warp 10 or --warp 60.")
    if options["board"] and (options["headless"] or options["tty"] or options["warp"] != "1"):
        raise UsageError("--board runs in real time on the page; leave out --headless, --tty and --warp.")
    if options["demo"] and (options["headless"] or options["store"] is not None):
        raise UsageError("--demo has a log of its own and is played by hand; leave out --store and --headless.")
    played = app.run_board_page if options["board"] else app.run_terminal if options["tty"] else app.run_page
    (app.run_story if options["headless"] else played)(options)


@matpi.command()
@_CONFIG
@_STORE
@click.option("--weight", "weight_kg", type=Number(10, 200), metavar="KG", help="Do not ask for the known weight.")
@click.option("--anywhere", is_flag=True, help="One place instead of one for each chip: coarser, for a weight alone.")
@_BOARD
def calibrate(
    config_path: Path | None, store: Path | None, weight_kg: float | None, anywhere: bool, board: bool
) -> None:
    """Teach the load cells what a kilogram is: the empty mat, then you."""
    from matpi import app

    app.run_calibration(config_path, store, weight_kg=weight_kg, anywhere=anywhere, board=board)


@matpi.command()
@_CONFIG
@_STORE
@click.option("--json", "as_json", is_flag=True, help="As one JSON object.")
@_BOARD
def doctor(config_path: Path | None, store: Path | None, as_json: bool, board: bool) -> None:
    """Look at every part, in about ten seconds; exit code 1 if something is wrong."""
    from matpi import app

    raise click.exceptions.Exit(app.examine(config_path, store, as_json=as_json, board=board))


@matpi.command()
@click.argument("file", type=_FILE)
@_CONFIG
@click.option("--json", "as_json", is_flag=True, help="One JSON line an event, the summary last.")
@click.option("--screen", is_flag=True, help="Also print the screen at every change, as braille.")
@click.option("--calibration", type=_FILE, help="JSON file for a trace in counts without one inside.")
def replay(file: Path, config_path: Path | None, as_json: bool, screen: bool, calibration: Path | None) -> None:
    """Run a recorded trace through the device's core."""
    from matpi import app

    app.run_replay(file, config_path, as_json=as_json, screen=screen, calibration=calibration)


@matpi.command()
@click.argument("file", type=_FILE)
@_CONFIG
@_STORE
@click.option("--last", is_flag=True, help="Save the last 10 minutes of the running device instead.")
@click.option("--overwrite", is_flag=True, help="Replace FILE if it is there.")
@_BOARD
def record(file: Path, config_path: Path | None, store: Path | None, last: bool, overwrite: bool, board: bool) -> None:
    """Record the load cells until Ctrl-C, for `matpi replay`."""
    from matpi import app

    app.run_record(file, config_path, store, last=last, overwrite=overwrite, board=board)


@matpi.command()
@_STORE
@click.option("--json", "as_json", is_flag=True, help="One JSON line a session.")
@click.option("--deleted", is_flag=True, help="Those that were deleted instead.")
@click.option("--delete", metavar="ID", help="Delete this session; the trace of it is kept.")
@click.option("--restore", metavar="ID", help="Bring a deleted session back.")
@click.option("--confirm", metavar="ID", help="Yes, that was you: this session counts.")
@click.option("--deny", metavar="ID", help="No, that was not you: this session does not count.")
@click.option("--edit", metavar="ID", help="Change KEY=VALUE of this session: minutes, start, routine or person.")
@_PERSON
@_CONFIG
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
def sessions(
    store: Path | None,
    config_path: Path | None,
    as_json: bool,
    deleted: bool,
    delete: str | None,
    restore: str | None,
    confirm: str | None,
    deny: str | None,
    edit: str | None,
    person: str | None,
    pairs: tuple[str, ...],
) -> None:
    """The sessions so far; delete, restore, confirm, deny or edit one."""
    from matpi.commands import amend, sessions

    if sum(wish is not None for wish in (delete, restore, confirm, deny, edit)) > 1:
        raise UsageError("--delete, --restore, --confirm, --deny and --edit exclude each other; choose one.")
    if pairs and edit is None:
        raise UsageError(f"{pairs[0]!r} changes nothing without --edit ID; `matpi sessions` shows the ids.")
    if delete is not None:
        amend.delete(store, delete)
    elif restore is not None:
        amend.restore(store, restore)
    elif (answered := deny if confirm is None else confirm) is not None:
        amend.answer(store, answered, yours=confirm is not None)
    elif edit is not None:
        amend.edit(store, edit, pairs, config_path)
    else:
        sessions.sessions(store, as_json=as_json, deleted=deleted, person=person)


@matpi.command()
@_STORE
@click.option("--json", "as_json", is_flag=True, help="As one JSON line.")
@click.option("--use", type=_FILE, metavar="FILE", help="A plan of your own from now on, see docs/programme.md.")
@click.option("--starter", is_flag=True, help="The starter plan again.")
@click.option("--rest-today", "rest", is_flag=True, help="Today is a day of rest.")
@click.option("--no-rest-today", "no_rest", is_flag=True, help="Today is no day of rest after all.")
@_PERSON
def plan(
    store: Path | None,
    as_json: bool,
    use: Path | None,
    starter: bool,
    rest: bool,
    no_rest: bool,
    person: str | None,
) -> None:
    """Where the plan stands today, and how it goes."""
    from matpi.commands import plan

    if use is not None and starter:
        raise UsageError("--use and --starter exclude each other; choose one.")
    if rest and no_rest:
        raise UsageError("--rest-today and --no-rest-today exclude each other; choose one.")
    if use is not None or starter:
        plan.use(store, use)
    if rest or no_rest:
        plan.rest_today(store, rest=rest, person=person)
    plan.plan_today(store, as_json=as_json, person=person)


@matpi.command()
@_STORE
@click.option("--none", "none", is_flag=True, help="None of these applies.")
@click.option("--some", "some", is_flag=True, help="One applies, or unsure: short sessions until cleared.")
@click.option("--clinician-ok", "agreed", is_flag=True, help="A clinician was asked and agreed.")
@click.option("--ask-again", "again", is_flag=True, help="Let the device ask again.")
@_PERSON
def safety(store: Path | None, none: bool, some: bool, agreed: bool, again: bool, person: str | None) -> None:
    """What to know first, and what was answered."""
    from matpi.commands import safety

    if sum((none, some, agreed, again)) > 1:
        raise UsageError("--none, --some, --clinician-ok and --ask-again exclude each other; choose one.")
    if none or some:
        safety.answer(store, some=some, person=person)
    elif agreed:
        safety.clinician_agreed(store, person)
    elif again:
        safety.ask_again(store, person)
    else:
        safety.read(store, person)


@matpi.command()
@click.argument("words", nargs=-1, metavar="[add|rename|remove|choose|goal] [NAME] ...")
@_STORE
@click.option("--json", "as_json", is_flag=True, help="One JSON line a person.")
def people(words: tuple[str, ...], store: Path | None, as_json: bool) -> None:
    """Who shares the mat, up to four; without words, list them.

    \b
    add NAME         from two names on the device tells people apart
    rename NAME NEW
    remove NAME      the log keeps what was theirs
    choose NAME      whose the next session is
    goal NAME N      sessions a week, 3 to 7; "none": as it is set for all
    """  # noqa: D301  click takes the backspace itself
    import time

    from matpi.commands import people as household

    if words:
        click.echo(household.change(store, words))
    else:
        household.show(store, time.time(), as_json=as_json)


@matpi.command()
@click.argument("what", type=click.Choice(["status", "retry", "test", "send-all", "forget"]), default="status")
@click.argument("name", required=False)
@_CONFIG
@_STORE
@click.option("--json", "as_json", is_flag=True, help="Of status: one JSON line a sink.")
def upstream(what: str, name: str | None, config_path: Path | None, store: Path | None, as_json: bool) -> None:
    """What is recorded, sent on to the sinks of the config; without one, to nowhere.

    \b
    status         how it stands with each, and what to do
    retry [NAME]   try again at once, what was refused as well
    test [NAME]    send a record of nothing now; exit code 1 if it did not arrive
    send-all NAME  queue all that is recorded, for one that is new or has lost what it had
    forget NAME    drop what is kept of one that is no longer in the config
    """  # noqa: D301  click takes the backspace itself
    from matpi import app

    raise click.exceptions.Exit(app.run_upstream(what, name, config_path, store, as_json=as_json))


@matpi.command()
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
@_STORE
def settings(pairs: tuple[str, ...], store: Path | None) -> None:
    """What a person sets: time zone, bedtime, rest days ... Without KEY=VALUE, show them."""
    from matpi import paths
    from matpi.commands import settings

    if pairs:
        settings.change(store or paths.default_store(), pairs, paths.system_zone())
    settings.show(store)


for _command in log_commands.COMMANDS:
    matpi.add_command(_command)


_UNREACHED = {errno.EACCES, errno.EPERM, errno.ENAMETOOLONG, errno.ENOTDIR, errno.ELOOP}
"""Of a path that a user has named and this process cannot reach."""


def main() -> None:
    """The entry point: no traceback reaches a person (MATPI_DEBUG=1 shows it)."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; returns the exit code."""
    make_writable()
    try:
        code = matpi.main(args=arguments, prog_name="matpi", standalone_mode=False)
        sys.stdout.flush()
    except MatpiError as error:
        return _told(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return 2
    except click.ClickException as error:
        return _told(error.format_message(), error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return 130
    except click.exceptions.Exit as error:
        return error.exit_code
    except BrokenPipeError:
        drop_output()  # the reader has seen enough
        return 1
    except Exception as error:
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}:
            # What writes files tells of them by itself.
            drop_output()
            return _told(f"Cannot write the output: {error.strerror}; send it elsewhere or make room.", 1)
        if os.environ.get("MATPI_DEBUG"):
            raise
        if isinstance(error, OSError) and error.errno in _UNREACHED and error.filename is not None:
            path = os.fsdecode(error.filename)
            return _told(f"Cannot use {path}: {error.strerror}; check the path and its owner.", 1)
        what = f"{type(error).__name__}: {error}"
        return _told(f"Something went wrong that should not ({what}); run again with MATPI_DEBUG=1 and report it.", 1)
    return code if isinstance(code, int) else 0  # a command that ends with a code of its own, such as doctor


def _told(sentence: str, code: int) -> int:
    click.echo(f"matpi: {sentence}", err=True)
    return code
