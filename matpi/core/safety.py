"""What to know before the first time on the mat: the words of the safety pages, without a pixel.

A page is a heading and at most three lines. A line that begins with "* " starts a point of a list, one that begins
with two spaces goes on with it. A heading has at most 13 characters, a line at most 15 (its mark not counted; on the
last page 21). The signs to stop at come before what to ask a doctor about, because the last page asks "any of these"
and must mean the latter.
"""

from __future__ import annotations

from typing import Final

PAGES: Final[tuple[tuple[str, ...], ...]] = (
    ("Know first:", "Not acupuncture", "No replacement", "for care"),
    ("Stop signs:", "* sharp wrong", "  pain", "* numbness"),
    ("Stop signs:", "* dizziness", "* irritation", "* bruising"),
    ("Ask a doctor:", "* pregnancy", "* bleeding", "  disorder"),
    ("Ask a doctor:", "* blood thinners", "* diabetes or", "  reduced feeling"),
    ("Ask a doctor:", "* heart condition", "  told to avoid", "  strong stimuli"),
    ("Ask a doctor:", "* active skin", "  condition", "* wound/infection"),
    ("Ask a doctor:", "Any of these?", "tap = yes, ask first", "hold = none of these"),
)
