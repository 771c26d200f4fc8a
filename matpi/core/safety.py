"""What to know before the first time on the mat: the safety pages, in the words of the terminal.

How many there are, and which of them asks, is the same in every language. What they look like: `words.Safety`.
"""

from __future__ import annotations

from typing import Final

from matpi.core.words_en import ENGLISH

PAGES: Final = ENGLISH.safety.pages
