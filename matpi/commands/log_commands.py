"""The commands for ratings, and for taking the log out and in: ratings, export, import, backup."""

from __future__ import annotations

from pathlib import Path

import click

from matpi.commands.options import FILE, PERSON, STORE
from matpi.errors import UsageError


@click.command()
@STORE
@click.option("--json", "as_json", is_flag=True, help="One JSON line a rating.")
@click.option("--stops", is_flag=True, help="The stop signs instead.")
@click.option("--edit", metavar="ID", help="Change KEY=VALUE of this rating or stop sign: value, time or person.")
@click.option("--delete", metavar="ID", help="Delete this rating or stop sign for good.")
@PERSON
@click.argument("pairs", nargs=-1, metavar="[KEY=VALUE]...")
def ratings(
    store: Path | None,
    as_json: bool,
    stops: bool,
    edit: str | None,
    delete: str | None,
    person: str | None,
    pairs: tuple[str, ...],
) -> None:
    """How tight it felt, 1 to 10; correct or delete a rating or a stop sign."""
    from matpi.commands import amend, sessions

    if edit is not None and delete is not None:
        raise UsageError("--edit and --delete exclude each other; choose one.")
    if pairs and edit is None:
        raise UsageError(f"{pairs[0]!r} changes nothing without --edit ID; `matpi ratings` shows the ids.")
    if edit is not None:
        amend.edit_said(store, edit, pairs)
    elif delete is not None:
        amend.delete_said(store, delete)
    else:
        sessions.ratings(store, as_json=as_json, person=person, stops=stops)


@click.command()
@click.argument("target", type=FILE)
@STORE
@click.option("--csv", "as_csv", is_flag=True, help="TARGET is a folder; one CSV file a table.")
def export(target: Path, store: Path | None, as_csv: bool) -> None:
    """Write everything to TARGET: a JSON file, or with --csv a folder."""
    from matpi.commands import sessions

    sessions.export(store, target, as_csv=as_csv)


@click.command(name="import")
@click.argument("source", type=FILE)
@STORE
@click.option("--person", metavar="NAME", help="Whose that becomes which the import says is nobody's.")
def import_(source: Path, store: Path | None, person: str | None) -> None:
    """Read what `matpi export` wrote; what is there already stays as it is."""
    from matpi.commands import sessions

    sessions.import_(store, source, person)


@click.command()
@click.argument("target", metavar="FILE", type=FILE)
@STORE
def backup(target: Path, store: Path | None) -> None:
    """Copy the log to FILE, as one whole file, while the device runs."""
    from matpi.commands import sessions

    sessions.backup(store, target)


COMMANDS = (ratings, export, import_, backup)
