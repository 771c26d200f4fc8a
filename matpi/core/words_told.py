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
class Unsent:
    """Why what is recorded cannot be sent on, on the idle screen. `{status}` is an HTTP status."""

    no_clock: Line
    not_encrypted: Line
    ca_file: Line
    ended: Line
    answers: Line
    no_tls: Line
    no_answer: Line
    hung_up: Line
    no_http: Line
    nothing_listens: Line
    not_allowed: Line
    not_reached: Line
    certificate: Line
    no_name_server: Line
    no_host: Line
    wrong_key: Line
    no_key: Line
    no_library: Line
    own_error: Line
    stopping: Line
    receiver_silent: Line
    no_connection: Line
    no_subscriber: Line
    no_broker: Line
    broker_host: Line
    broker_tls_off: Line
    broker_no_tls: Line
    broker_ca_file: Line
    broker_certificate: Line
    broker_silent: Line
    broker_hangs_up: Line
    broker_lost: Line
    broker_error: Line
    broker_no_mqtt5: Line
    broker_refused: Line
    broker_device_id: Line
    broker_user: Line
    broker_no_right: Line
    broker_not_available: Line
    broker_busy: Line
    broker_banned: Line
    broker_shuts_down: Line
    broker_log_in: Line
    broker_heard_nothing: Line
    broker_topic: Line
    broker_confused: Line
    broker_too_large: Line
    broker_too_fast: Line
    broker_quota: Line
    broker_closed: Line
    broker_payload: Line
    broker_retain: Line
    broker_qos: Line
    broker_moved: Line


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
    confirm: str
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
