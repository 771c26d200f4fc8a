"""Texts that no screen draws by their key: what other parts say in English, and the sentences of a screen reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from matpi.core.words_room import Line, Part, Room


@dataclass(frozen=True, slots=True)
class Known:
    """What other parts say in English: drivers, calibration, the starter plan. `{where}` is a part of the mat."""

    no_signal: Line
    check_plug: Line
    reader_restarts: Line
    wait: Line
    cells_unusable: Line
    run_doctor: Line
    cells_silent: Line
    check_power: Line
    chip_silent: Line
    check_its_plug: Line
    overloaded: Line
    check_its_wires: Line
    chip_stuck: Line
    check_data_wire: Line
    chip_rate: Line
    check_jumper: Line
    chip_disturbed: Line
    no_weight: Line
    stand_or_plugs: Line
    moving: Line
    stand_still: Line
    damaged: Line
    at_its_end: Line
    check_four_wires: Line
    half_signal: Line
    dead_cell: Line
    no_signal_at: Line
    check_plug_wires: Line
    weak_signal: Line
    turned_cell: Line
    too_light: Line
    stand_on_mat: Line
    swapped: Line
    swap_plugs: Line
    mixed_up: Line
    reorder: Line
    do_not_fit: Line
    check_weight: Line
    wander: Line
    too_close: Line
    very_end: Line
    thin_shirt: Line
    thin_or_bare: Annotated[str, Room(30)]
    """Its bracket is not drawn."""
    your_choice: Line


@dataclass(frozen=True, slots=True)
class Places:
    """Parts of the mat, within what `Known` says."""

    mat: Part
    head: Part
    mid: Part
    foot: Part
    first: Part
    second: Part
    third: Part
    fourth: Part
    cell: Part


@dataclass(frozen=True, slots=True)
class Spoken:
    """Sentences for a screen reader; they are not drawn."""

    one_minute: str
    minutes: str
    some_minutes: str
    dark: str
    no_power: str
    unplugged: str
    safety: str
    arriving: str
    day: str
    timer: str
    breathe_in: str
    breathe_out: str
    away: str
    cells_silent: str
    holding: str
    get_up: str
    object: str
    done: str
    done_unsaved: str
    done_today: str
    off_mat: str
    off_mat_left: str
    rating: str
    tap_to_choose: str
    hold_to_confirm: str
    rated: str
    rated_unsaved: str
    felt_wrong: str
    felt_wrong_logged: str
    discarded: str
    menu: str
    advice: str
    guide: str
    measuring: str
    weight_tens: str
    weight_ones: str
    idle: str
    after_plan: str
    rest_day: str
    done_with: str
    so_far: str
    not_yet: str
