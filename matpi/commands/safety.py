"""`matpi safety`: read what the device asks first, answer it here, clear it, or have it asked again.

It speaks the language of the panel; what it refuses is English, as in every command. A running
device takes the answer, else this process.
"""

from __future__ import annotations

from pathlib import Path

from matpi.commands.output import say
from matpi.commands.target import perform, reading, words_of
from matpi.control import log_view
from matpi.control.requests.settings import Safety, answered
from matpi.words import ENGLISH, LANGUAGES, Words, running_text


def run(
    store: Path | None,
    config_path: Path | None,
    *,
    none: bool,
    some: bool,
    agreed: bool,
    again: bool,
    person: str | None,
) -> None:
    """Do what the options say; at most one of them is given. Raises UsageError and ConfigError."""
    given = {"none": none, "some": some, "doctor_ok": agreed, "again": again}
    match next((answer for answer, chosen in given.items() if chosen), None):
        case "none" | "some" | "doctor_ok" | "again" as answer:
            perform(Safety(answer, person), store, config_path)
        case _:
            read(store, person, words_of(config_path))


def read(store: Path | None, person: str | None = None, words: Words = ENGLISH) -> None:
    """Print the pages, and the answer of the person who is chosen or named `person`."""
    with reading(store) as log:
        owner, memory = log_view.loaded(log, person)
    words = LANGUAGES.get(memory.settings.language, words)
    for page in ("ask_1", "ask_2", "stop"):
        say(running_text(words(f"safety.{page}")) + ".")
    say(" ".join(words("safety.question").splitlines()[-2:]))  # above them are the gestures
    say(answered(memory.answer_of(owner), memory, owner, words))
