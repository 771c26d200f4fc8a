"""`matpi run`: the device beside the mat."""

from __future__ import annotations

from pathlib import Path

from matpi import config as config_file
from matpi.commands.output import say
from matpi.commands.target import config_path_of, log_of, parts_of, warn_if_bare
from matpi.drivers.systemd import Notifier
from matpi.errors import ConfigError
from matpi.service.parts import Header, show_fault
from matpi.service.run import run_device, status_path


def run(config_path: Path | None, store: Path | None, *, board: bool) -> None:
    """Run until SIGTERM or Ctrl-C. Raises as `run_device`, and ConfigError once it is on the panel."""
    config_path = config_path_of(config_path, board=board)
    try:
        config = config_file.load(config_path)
    except ConfigError as wrong:
        Notifier.from_env().status(f"cannot start: {wrong}")
        if not board:
            from matpi.words import LANGUAGES

            shown = config_file.panel_of(config_path)
            text = LANGUAGES[shown.language]
            panel = Header(config_file.Config(panel=shown)).panel()
            show_fault(panel, text("faults.config_wrong"), text("faults.in_config"), text("faults.run_doctor"))
        raise
    path = store or log_of(config, board=board)
    if config.scale.driver == "sim":
        say('No hardware is used: driver = "sim" in [scale] emulates every part.')
    run_device(config, parts_of(config, board=board), path, say, status_path(), lambda: warn_if_bare(path))
