"""What Home Assistant is told: one discovery message for the device, and the payloads that its entities read.

Pure. The form is that of Home Assistant's device discovery (since 2024.11; tried against 2026.2 by
`make test-homeassistant`). Two things about it are not in its documentation: `qos` at the root is accepted but not
handed down, so every component has its own; and an event entity leaves out what is retained.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, Final

from matpi.core.session import State
from matpi.mqtt.config import MqttConfig
from matpi.mqtt.state import Happening, LiveState

ONLINE, OFFLINE = b"online", b"offline"
STATE, DIAGNOSTICS, EVENT, COMMAND = "state", "diagnostics", "event", "set"
SESSIONS = "sessions"
RECORDS: Final = (
    "session", "session_deleted", "rating", "rating_deleted", "stop_sign", "stop_sign_deleted", "test",
)  # fmt: skip
"""Every type a record may have; Home Assistant refuses another one."""
QOS: Final = 1
BEAT_EVERY_S: Final = 60.0
"""The same state is sent again so often, as long as the loop turns: what is not said again has expired. Chosen."""
EXPIRE_S: Final = round(2.5 * BEAT_EVERY_S)
"""After so many seconds without a word the time on the mat is not known: a device that hangs shows nobody there for
ever. Two of its words may be late.
"""

Component = dict[str, Any]


def encoded(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def state_payload(state: LiveState) -> bytes:
    told = asdict(state)
    del told["diagnostics"]
    return encoded(told)


def diagnostics_payload(state: LiveState) -> bytes:
    return encoded(asdict(state.diagnostics))


def event_payload(what: Happening) -> bytes:
    told: dict[str, Any] = {"event_type": what.kind}
    if what.session_id is not None:
        told |= {"session_id": what.session_id, "on_mat_s": what.on_mat_s, "reason": what.reason, "counts": what.counts}
    return encoded(told)


def discovery_payload(config: MqttConfig, version: str) -> bytes:
    """Everything Home Assistant needs to know of this mat, in one message."""
    settable = _set(config)
    components = _shown(config) | (settable if config.commands else {})
    # A key with its platform alone takes away an entity that was told before.
    gone = {} if config.commands else {key: {"platform": one["platform"]} for key, one in settable.items()}
    gone["noise"] = {"platform": "sensor"}  # up to 0.3.0
    return encoded(
        {
            "device": {
                "identifiers": [f"matpi_{config.device_id}"],
                "name": config.device_name,
                "manufacturer": "matpi",
                "model": "acupressure mat",
                "sw_version": version,
            },
            "origin": {"name": "matpi", "sw_version": version},
            "availability_topic": config.availability_topic,
            "components": {
                key: {
                    **component,
                    "unique_id": f"matpi_{config.device_id}_{key}",
                    "default_entity_id": f"{component['platform']}.matpi_{config.device_id}_{key}".lower(),
                    "qos": QOS,
                }
                for key, component in components.items()
            }
            | gone,
        }
    )


def _shown(config: MqttConfig) -> dict[str, Component]:
    state, told = config.topic(STATE), config.topic(DIAGNOSTICS)

    def sensor(name: str, value: str, topic: str = state, **more: Any) -> Component:
        return {"platform": "sensor", "name": name, "state_topic": topic, "value_template": _read(value), **more}

    def yes_no(name: str, value: str, topic: str = state, **more: Any) -> Component:
        template = "{{ 'ON' if value_json." + value + " else 'OFF' }}"
        return {"platform": "binary_sensor", "name": name, "state_topic": topic, "value_template": template, **more}

    diagnostic = {"entity_category": "diagnostic"}
    return {
        "occupied": yes_no("Occupied", "occupied", device_class="occupancy"),
        "phase": sensor(
            "Phase", "phase", device_class="enum", options=[one.name.lower() for one in State], icon="mdi:timer-outline"
        ),
        "elapsed": sensor(
            "On the mat",
            "elapsed_s",
            device_class="duration",
            unit_of_measurement="s",
            state_class="measurement",
            suggested_display_precision=0,
            expire_after=EXPIRE_S,
        ),
        "today": sensor(
            "Today",
            "today_min",
            device_class="duration",
            unit_of_measurement="min",
            # Not total_increasing: a session denied or deleted makes it fall, which would be summed as a new cycle.
            state_class="total",
            last_reset_value_template="{{ value_json.today_since or '' }}",
            suggested_display_precision=0,
        ),
        "done": yes_no("Done for today", "done", icon="mdi:check"),
        "target": {
            "platform": "sensor",
            "name": "Next target",
            "state_topic": state,
            "value_template": "{{ value_json.target_lower_min }}-{{ value_json.target_upper_min }} min",
            "icon": "mdi:bullseye-arrow",
        },
        "plan_day": sensor("Plan day", "plan_day", icon="mdi:calendar-check"),
        "streak": sensor(
            "Streak", "streak_days", device_class="duration", unit_of_measurement="d", state_class="measurement"
        ),
        "tightness": sensor("Tightness", "tightness", state_class="measurement", icon="mdi:gauge"),
        "nudge_due": yes_no("Reminder due", "nudge_due", icon="mdi:bell-ring-outline"),
        "last_duration": {
            "platform": "sensor",
            "name": "Last session",
            "state_topic": state,
            "value_template": "{{ (value_json.last.on_mat_s / 60) | round(1) if value_json.last else None }}",
            "json_attributes_topic": state,
            "json_attributes_template": "{{ value_json.last | tojson if value_json.last else '{}' }}",
            "device_class": "duration",
            "unit_of_measurement": "min",
            "suggested_display_precision": 0,
        },
        "last_end": {
            "platform": "sensor",
            "name": "Last session ended",
            "state_topic": state,
            "value_template": "{{ value_json.last.end if value_json.last else None }}",
            "device_class": "timestamp",
        },
        "lifetime": sensor(
            "In all", "lifetime_h", device_class="duration", unit_of_measurement="h", state_class="total"
        ),
        "event": {
            "platform": "event",
            "name": "Session",
            "state_topic": config.topic(EVENT),
            "event_types": ["session_started", "session_ended"],
        },
        # So Home Assistant is a receiver of the records: it subscribes, and while it is away the broker says that
        # nobody has, which is no delivery.
        "record": {
            "platform": "event",
            "name": "Record",
            "state_topic": config.topic(SESSIONS),
            "event_types": list(RECORDS),
            "value_template": "{{ dict(value_json.data, event_type=value_json.type) | tojson }}",
            "icon": "mdi:archive-arrow-down-outline",
        },
        "sensor_lost": yes_no("Load cells", "sensor_lost", device_class="problem", **diagnostic),
        "clock": yes_no("Clock trusted", "clock_trusted", told, icon="mdi:clock-check-outline", **diagnostic),
        "rate": sensor(
            "Sample rate", "rate_hz", told, device_class="frequency", unit_of_measurement="Hz",
            state_class="measurement", **diagnostic,
        ),
        "rejected": sensor("Rejected readings", "rejected", told, state_class="total_increasing", **diagnostic),
        "outbox": sensor("Waiting to be sent", "outbox_depth", told, state_class="measurement", **diagnostic),
        "unsaved": sensor("Waiting to be saved", "unsaved", told, state_class="measurement", **diagnostic),
        "version": sensor("Version", "version", told, **diagnostic),
    }  # fmt: skip


def _set(config: MqttConfig) -> dict[str, Component]:
    """What may be set; upstream/commands.py reads it."""
    state = config.topic(STATE)

    def command(name: str) -> str:
        return config.topic(f"{COMMAND}/{name}")

    settings = {"entity_category": "config"}
    return {
        "zero": {"platform": "button", "name": "Zero the empty mat", "command_topic": command("zero"), **settings},
        "identify": {
            "platform": "button",
            "name": "Identify",
            "command_topic": command("identify"),
            "device_class": "identify",
            **settings,
        },
        "snooze": {
            "platform": "button",
            "name": "Not today",
            "command_topic": command("snooze"),
            "icon": "mdi:bell-sleep-outline",
        },
        "rest": {
            "platform": "switch",
            "name": "Rest today",
            "command_topic": command("rest"),
            "state_topic": state,
            "value_template": "{{ 'ON' if value_json.rest_declared else 'OFF' }}",
            "icon": "mdi:sofa-outline",
        },
        "nudge": {
            "platform": "switch",
            "name": "Reminder",
            "command_topic": command("nudge"),
            "state_topic": state,
            "value_template": "{{ 'ON' if value_json.nudge_on else 'OFF' }}",
            "icon": "mdi:bell-outline",
            **settings,
        },
        "weekly_goal": {
            "platform": "number",
            "name": "Weekly goal",
            "command_topic": command("weekly_goal"),
            "state_topic": state,
            "value_template": _read("weekly_goal"),
            "min": 3,
            "max": 7,
            "step": 1,
            "mode": "box",
            **settings,
        },
        "bedtime": {
            "platform": "text",
            "name": "Bedtime",
            "command_topic": command("bedtime"),
            "state_topic": state,
            "value_template": _read("bedtime"),
            "min": 5,
            "max": 5,
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
            "icon": "mdi:bed-clock",
            **settings,
        },
    }


def _read(value: str) -> str:
    return "{{ value_json." + value + " }}"
