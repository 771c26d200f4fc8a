"""How brightly the panel shines; apart, so that the splash is lit before the rest is loaded."""

from enum import StrEnum


class Brightness(StrEnum):
    BRIGHT = "bright"
    DIM = "dim"
