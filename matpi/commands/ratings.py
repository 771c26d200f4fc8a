"""`matpi ratings`: list the ratings or the stop signs; note a stop sign; correct or delete either.

A running device does the changes, else this process. A deleted one is gone. JSON
lines have these fields, always all of them, in this order; times are ISO 8601 with offset, null when unknown: id, time,
day, value, moment (before, after, day), session_id, person, estimated; stop signs the same without value and moment.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from matpi.commands import people
from matpi.commands.editing import explain_estimates, shown_length, texts_of
from matpi.commands.output import boxes, day_and_time, lines, say, table
from matpi.commands.target import perform, reading
from matpi.control import log_view
from matpi.control.requests.ratings import EDITS, DeleteRating, EditRating, FeltWrong
from matpi.core.model import RATING_MAX, Rating, StopSign
from matpi.core.plan import trend
from matpi.errors import UsageError
from matpi.words.phrases import count, iso

Said = Rating | StopSign


def run(
    store: Path | None,
    pairs: tuple[str, ...],
    *,
    edit_id: str | None,
    delete_id: str | None,
    as_json: bool,
    stops: bool,
    felt_wrong: bool,
    on: str | None,
    person: str | None,
) -> None:
    """Do what the options say; at most one of the ids is given. Raises UsageError."""
    if pairs and edit_id is None:
        raise UsageError(f"{pairs[0]!r} changes nothing without --edit ID; `matpi ratings` shows the ids.")
    if on is not None and not felt_wrong:
        raise UsageError(f"--on {on} is the day of a stop sign; write `matpi ratings --felt-wrong --on {on}`.")
    if felt_wrong:
        perform(FeltWrong(on, person), store)
    elif edit_id is not None:
        perform(EditRating(edit_id, texts_of(pairs, EDITS)), store)
    elif delete_id is not None:
        perform(DeleteRating(delete_id), store)
    else:
        ratings(store, as_json=as_json, person=person, stops=stops)


def ratings(store: Path | None, *, as_json: bool, person: str | None = None, stops: bool = False) -> None:
    """List all, oldest first; `stops`: the stop signs instead. `person`: only those of this name."""
    with reading(store) as log:
        names, everything = log_view.names(log), log.log()
        owner = None if person is None else log_view.owner_of(log, person)
    signs = [sign for sign in everything.stops if owner in {None, sign.person}]
    given = [rating for rating in everything.ratings if owner in {None, rating.person}]
    records: Sequence[Said] = signs if stops else given
    if as_json:
        lines(_line(r, log_view.name_of(names, r.person)) for r in records)
        return
    if records:
        _table(records, names)
    elif owner is not None:
        say(f"No {'stop sign' if stops else 'rating'} of {names[owner]}.")
    elif stops:
        say('No stop sign yet. "Felt wrong?" on the device stores one, or `matpi ratings --felt-wrong`.')
    else:
        say("No rating yet. The device asks after a session, or tap its button.")
    if given and not stops:
        say(f"{count(len(given), 'rating')}; 1 is loose, 10 is tightest. The first of a day is its number.")
        whose = {rating.person for rating in given}
        if len(whose) == 1 and (looser := trend.looser_sentence(everything.of(*whose).looser)):
            say(looser)
    if signs:
        say(count(len(signs), "stop sign") + ("." if stops else "; `matpi ratings --stops` lists them."))


def _line(record: Said, person: str | None) -> dict[str, object]:
    rated = {"value": record.value, "moment": str(record.moment)} if isinstance(record, Rating) else {}
    return {
        "id": record.id,
        "time": iso(record.utc, record.utc_offset_s),
        "day": None if record.day is None else record.day.isoformat(),
        **rated,
        "session_id": record.session_id,
        "person": person,
        "estimated": record.estimated,
    }


def _table(records: Sequence[Said], names: Mapping[str | None, str]) -> None:
    given_when = {"before": "before", "after": "after", "day": "in between"}
    shown = shown_length([record.id for record in records])
    rated = ("tight", "", "given") if isinstance(records[0], Rating) else ()
    table(
        ("", "time", *rated, "id", *people.who(names)),
        [
            (
                *day_and_time(r.utc, r.utc_offset_s, estimated=r.estimated),
                *((str(r.value), boxes(r.value, RATING_MAX), given_when[r.moment]) if isinstance(r, Rating) else ()),
                r.id[:shown],
                *people.who(names, r.person),
            )
            for r in records
        ],
        right=(2,) if rated else (),
    )
    explain_estimates(records)
