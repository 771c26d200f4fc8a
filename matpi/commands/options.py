"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

FILE = click.Path(path_type=Path, readable=False)
STORE = click.option("--store", type=FILE, help="The session log; the device's, else the simulator's.")
CONFIG = click.option("--config", "config_path", type=FILE, help="A matpi.toml; defaults without one.")
PERSON = click.option("--person", metavar="NAME", help="Of this one only, of those who share the mat.")
