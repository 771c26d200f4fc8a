"""Import an export, and delete everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from matpi.control.requests.base import Done, LogRequest, Now
from matpi.control.requests.fields import ID_SHOWN, latest
from matpi.core.effects import Calibrated, Save
from matpi.core.model import Settings, Zero
from matpi.errors import ImportFormatError, UsageError
from matpi.paths import system_zone, zone_doubts
from matpi.store.backups import remove_copies
from matpi.store.db import Store
from matpi.store.history import setting_texts
from matpi.words.phrases import count, words

if TYPE_CHECKING:
    from matpi.store.incoming import Document
    from matpi.store.transfer import Imported

NAMED_MAX: Final = 5  # of the ids that an import reports in one sentence
BESIDE_MAX: Final = 8 << 20  # characters; an export of ten years of three sessions a day has 5 MB
PARTS_MAX: Final = 300_000  # records and lists in it; chosen: those ten years have some 70,000 (estimated)
"""Of an import beside a running device, which has 200 MB: 5 MB of empty lists took 400 MB and 40 s (measured)."""
SURE: Final = "delete everything"
PERSONAL: Final = (
    "looser", "session_edits", "ratings", "stops", "days", "sessions", "people", "acknowledgement", "diagnostics"
)  # fmt: skip
"""The tables that it empties, each after those that refer to it."""
_NOUNS: Final = {
    "sessions": "session",
    "ratings": "rating",
    "stops": "stop sign",
    "days": "day record",
    "people": "person",
    "looser": '"looser" answer',
}


class Import(LogRequest, frozen=True):
    """Read a document of `matpi export`; `person`: the name of the person who gets what is no one's."""

    document: str
    person: str | None = None
    name: str = "the file"
    """What the document is called in a refusal."""

    def perform(self, log: Store, now: Now) -> Done:
        return self._take(log, self._parsed(now))

    def beside_device(self, log: Store, now: Now) -> tuple[Done, Calibrated | None]:
        """Do all but take calibration and zero, which a running device has in use; return those."""
        if len(self.document) > BESIDE_MAX or self.document.count("[") + self.document.count("{") > PARTS_MAX:
            raise ImportFormatError(
                f"{self.name} is larger than a running device takes ({BESIDE_MAX >> 20} MiB, {PARTS_MAX} records);"
                " nothing was imported; stop the device, then run `matpi import`."
            )
        document = self._parsed(now)
        scale, zero, _ = (document.singles.pop(name, None) for name in ("calibration", "zero", "zero_before"))
        if scale is None:
            return self._take(log, document), None
        if zero is None or len(zero.kg) != len(scale.counts_per_kg):
            zero = Zero((0.0,) * len(scale.counts_per_kg))
        return self._take(log, document), Calibrated(scale, zero)

    def _parsed(self, now: Now) -> Document:
        from matpi.store import incoming  # here: the device rarely needs it

        return incoming.parse(self.document, self.name, latest(now))

    def _take(self, log: Store, document: Document) -> Done:
        from matpi.store.transfer import take

        with log.reading() as conn:
            new = not setting_texts(conn)
        try:
            done = take(log, document, self.person)
        finally:
            with log.reading() as conn:
                unset = not setting_texts(conn)
            if unset and new:
                log.write(Save(Settings(zone=system_zone())))
        settings = log.load().settings
        unknown_zone = "settings" in done.taken and bool(zone_doubts(settings.zone))
        if unknown_zone:
            log.write(Save(replace(settings, zone=system_zone())))
        return Done(tuple(_report(done, self.name, settings.zone if unknown_zone else "")))


class DeleteEverything(LogRequest, frozen=True):
    """Delete every session, answer and name for good; settings, zero and calibration stay."""

    sure: str

    def perform(self, log: Store, now: Now) -> Done:  # noqa: ARG002
        if self.sure != SURE:
            raise UsageError(f'Nothing was deleted: the words that confirm it are "{SURE}".')
        with log.writing() as conn:
            (under_way,) = conn.execute("SELECT count(*) FROM sessions WHERE reason IS NULL").fetchone()
            if under_way:
                raise UsageError("A session is under way; get up from the mat first. Nothing was deleted.")
            # What is queued for receivers goes, too; but not that something was deleted, which they are still to get.
            conn.execute(r"DELETE FROM outbox WHERE kind NOT LIKE '%\_deleted' ESCAPE '\'")
            for table in PERSONAL:
                conn.execute(f"DELETE FROM {table}")  # noqa: S608  our own names
            remove_copies(log.path)  # in here: where one cannot be removed, nothing is deleted
        log.scrub()
        deleted = "Every session, answer and name is deleted, with the device's own backups."
        return Done((f"{deleted} Your exports, backups and recordings are files of their own.",))


class UpstreamRetry(LogRequest, frozen=True):
    """Try again now to send to a receiver, what it has refused too."""

    name: str

    def perform(self, log: Store, now: Now) -> Done:  # noqa: ARG002
        from matpi.upstream import queue  # here: not loaded while nothing is sent anywhere

        with log.writing() as conn:
            if not queue.ask_again(conn, self.name):
                raise UsageError(f"The device has not been started with a receiver {self.name!r} yet; restart it.")
        return Done((f"{self.name}: the device tries again within seconds.",))


def _report(done: Imported, name: str, unknown_zone: str) -> Iterator[str]:
    """Return what came in and what did not, in sentences."""
    numbers = {table: getattr(done, table) for table in ("sessions", "ratings", "stops", "days", "looser")}
    new = ", ".join(count(n, _NOUNS[table]) for table, n in numbers.items() if n) or "nothing"
    also = f"; also {', '.join(map(words, done.taken))}" if done.taken else ""
    yield f"New: {new}{also}. Already there and left alone: {done.known}."
    if unknown_zone:
        yield f"The import's time zone {unknown_zone!r} is unknown here; {system_zone()} is set instead."
    if done.differing:
        kinds: dict[str, list[str]] = {}
        for table, key in done.differing:
            kinds.setdefault(_NOUNS.get(table, "record"), []).append(key)
        out = "; ".join(f"{count(len(keys), noun)} ({_some(keys)})" for noun, keys in kinds.items())
        yield (
            f"Left out: {out}. The log has these ids with other content, or what they belong to, and stays as it is. "
            f"`matpi import {name} --store NEW.db` reads them into a log of their own."
        )
    if done.overlapping:
        yield (
            f"Came in as deleted: {count(len(done.overlapping), 'session')} at the time of another one on the same mat "
            f"({_some([f'{new[:ID_SHOWN]} and {here[:ID_SHOWN]}' for new, here in done.overlapping])}). Correct or "
            "delete the wrong one of the two, then `matpi sessions --restore ID`."
        )
    if done.people:
        yield (
            f"New names: {', '.join(done.people)}. `matpi people` lists who is here; `matpi people add NAME` adds one."
        )
    if done.nobodys:
        what = "session belongs to nobody" if done.nobodys == 1 else "sessions belong to nobody"
        yield (
            f"{done.nobodys} {what}: the import has no name for it. `matpi sessions --edit ID person=NAME` assigns it."
        )


def _some(texts: Sequence[str]) -> str:
    more = len(texts) - NAMED_MAX
    return ", ".join(texts[:NAMED_MAX]) + (f" and {more} more" if more > 0 else "")
