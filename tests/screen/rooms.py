"""The groups of the catalogues, and how many characters a text has room for where it is drawn.

For docs/dev/wording.md and test_wording.py. The room holds for each line of a text, its values filled in.
"""

from __future__ import annotations

from typing import Final

LINE, TITLE = 21, 15  # of the small and of the large letters
TITLES: Final = ("title", "on_mat", "head_end", "foot_end", "corner", "calibrated", "not_calibrated", "finding_zero")

GROUPS: Final[dict[str, tuple[str, int | None, dict[str, int]]]] = {
    "common": (
        "Several screens",
        LINE,
        {"min": 3, "kg": 3, "day": 7, "decimal": 1, "done_today": TITLE, "saved": 7, "one_moment": TITLE},
    ),
    "idle": ("The mat is unoccupied", TITLE, {"rest_is_part": LINE, "rest_day": 8}),
    "bar": ("One line on a lit bar, on the idle screen and during a session", LINE, {}),
    "on_mat": (
        "A session: arriving, its timer, away, silent cells, and how it ended",
        LINE,
        {"starting": 10, "of": 5, "of_range": 10, "over": 6, "over_by": 10, "back": 8, "seconds_left": 8}
        | {"enough": 6, "get_up": 8, "slowly": 6, "discarded": 10}
        | dict.fromkeys(("paused", "object", "up_again", "not_counted"), TITLE),
    ),
    "phases": ("The phase of the session", LINE, {}),
    "breath": ("The breath, beside its circle", LINE, {"inhale": 4, "exhale": 4}),
    "routines": ("The routines, by their names", LINE, {"title": 14}),
    "around": ("Before a routine, and what follows it off the mat", LINE, {"left": 5}),
    "questions": (
        "How tight, was that you, and whether it felt wrong",
        LINE,
        {"how_tight": 13, "tap_or_hold": 11, "not_saved": 13, "hold": 7, "change": 7, "yesterday": 13, "noted": 9}
        | dict.fromkeys(("was_that_you", "looser", "felt_wrong"), TITLE),
    ),
    "menu": ("The menu that a hold opens", 14, {"hint": LINE}),
    "pairing": ("What the page says to a browser that types the code of the panel", None, {}),
    "people": ("Several people at one mat", LINE, {}),
    "trend": (
        "What the ratings show",
        LINE,
        dict.fromkeys(("title", "title_day", "after_mat"), TITLE),
    ),
    "safety": ("What to know first. A page is a heading and four lines", LINE, {"tap": 4}),
    "calibration": ("Calibrating with the button, and the zero", LINE, dict.fromkeys(TITLES, TITLE)),
    "faults": (
        "Something is broken: what, and what to do",
        LINE,
        dict.fromkeys(("silent", "log_damaged", "log_missing", "not_saved", "config_wrong", "cannot_start"), TITLE),
    ),
    "scale": ("What the load cells and a calibration report. `{where}` is a part of the mat", LINE, {}),
    "clothing": ("The clothing of the starter plan. A bracket is not drawn", 30, {}),
    "goals": ("What each tier of the starter plan is for", LINE, {}),
    "upstream": ("Why a record is not delivered, on the idle screen. `{status}` is an HTTP status", LINE, {}),
    "places": ("Parts of the mat, within what the load cells report", 6, {}),
    "command": ("What `matpi safety` prints beside the pages", None, {}),
    "spoken": ("Sentences for a screen reader; they are not drawn", None, {}),
}
"""Name -> what it is, the room of most of its texts (None: not drawn), and that of the others by their last name."""


def room(key: str) -> int | None:
    """Return the characters of a line of this text; None when it is not drawn."""
    parts = key.split(".")
    _, most, others = GROUPS[parts[0]]
    return others.get(parts[-1], most)
