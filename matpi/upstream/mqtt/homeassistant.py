"""Build Home Assistant's discovery message and the payloads that its entities read. Pure.

The form is that of device discovery (since 2024.11; tried against 2026.2 by `make test-homeassistant`). Undocumented:
`qos` at the root is accepted but not inherited, so every component has its own; and an event entity ignores what is
retained.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from msgspec import to_builtins
from msgspec.structs import asdict

from matpi.core.front import Front
from matpi.upstream.config import MqttConfig
from matpi.upstream.mqtt.state import Happening, LiveState

ONLINE, OFFLINE = b"online", b"offline"
STATE, DIAGNOSTICS, EVENT, COMMAND = "state", "diagnostics", "event", "set"
SESSIONS = "sessions"
RECORDS: Final = (
    "session", "session_deleted", "rating", "rating_deleted", "stop_sign", "stop_sign_deleted", "test",
)  # fmt: skip
"""Every type a record may have; Home Assistant refuses another one."""
QOS: Final = 1
BEAT_EVERY_S: Final = 60.0  # an unchanged state is repeated so often while the loop turns; chosen
# Without a message for so long the time on the mat is unknown: a device that hangs must not show a person for ever. Two
# messages may be late.
EXPIRE_S: Final = round(2.5 * BEAT_EVERY_S)

Component = dict[str, Any]
_DIAGNOSTIC: Final = {"entity_category": "diagnostic"}
_SETTING: Final = {"entity_category": "config"}
_MEASURED: Final = {"state_class": "measurement"}
_WHOLE: Final[Component] = {"suggested_display_precision": 0}


def encoded(payload: dict[str, Any]) -> bytes:
    return json.dumps(payload, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def state_payload(state: LiveState) -> bytes:
    return encoded({key: value for key, value in to_builtins(state).items() if key != "diagnostics"})


def diagnostics_payload(state: LiveState) -> bytes:
    return encoded(asdict(state.diagnostics))


def event_payload(what: Happening) -> bytes:
    fields = asdict(what)
    del fields["t"]
    return encoded({"event_type": fields.pop("kind"), **(fields if what.session_id is not None else {})})


def discovery_payload(config: MqttConfig, version: str, page: str = "") -> bytes:
    """Return the discovery message of this mat; `page` is the address of its page, "" without one."""
    name, settable = f"matpi_{config.device_id}", _settable(config)
    components = _shown(config) | (settable if config.commands else {})
    # A key with its platform alone takes away an entity that was announced before.
    gone = {} if config.commands else {key: {"platform": one["platform"]} for key, one in settable.items()}
    gone["noise"] = {"platform": "sensor"}  # up to 0.3.0
    for key, one in components.items():
        entity_id = f"{one['platform']}.{name}_{key}".lower()
        one |= {"unique_id": f"{name}_{key}", "default_entity_id": entity_id, "qos": QOS}
    device: dict[str, Any] = {
        "identifiers": [name], "name": config.device_name, "manufacturer": "matpi", "model": "acupressure mat",
        "sw_version": version,
    }  # fmt: skip
    if page:
        device["configuration_url"] = page
    return encoded(
        {
            "device": device,
            "origin": {"name": "matpi", "sw_version": version},
            "availability_topic": config.availability_topic,
            "components": components | gone,
        }
    )


def _shown(config: MqttConfig) -> dict[str, Component]:
    """Return the entities to look at, by key. Each reads a field of the state, or of another topic."""

    def sensor(name: str, field: str, topic: str = STATE, template: str = "", **more: Any) -> Component:
        return _entity("sensor", name, config.topic(topic), template or _read(field), **more)

    def binary(name: str, field: str, topic: str = STATE, **more: Any) -> Component:
        return _entity("binary_sensor", name, config.topic(topic), _on_off(field), **more)

    def event(name: str, topic: str, types: Iterable[str], **more: Any) -> Component:
        return {"platform": "event", "name": name, "state_topic": config.topic(topic), "event_types": [*types], **more}

    # Home Assistant shows a state as it is: in words here, while the topic keeps the code.
    in_words = "{{ value_json.phase | replace('_', ' ') | capitalize }}"
    phases = [one.name.replace("_", " ").capitalize() for one in Front]
    minutes = "{{ value_json.target_lower_min }}-{{ value_json.target_upper_min }} min"
    target = "{% if value_json.target_upper_min %}" + minutes + "{% else %}ask a doctor first{% endif %}"
    last_min = "{{ (value_json.last.on_mat_s / 60) | round(1) if value_json.last else None }}"
    last_end = "{{ value_json.last.end if value_json.last else None }}"
    # This makes Home Assistant a receiver of the records: while it is away the broker reports no subscriber, which is
    # no delivery.
    record = "{{ dict(value_json.data, event_type=value_json.type) | tojson }}"
    return {
        "occupied": binary("Occupied", "occupied", device_class="occupancy"),
        "phase": sensor("Phase", "", template=in_words, device_class="enum", options=phases, icon="mdi:timer-outline"),
        "elapsed": sensor("On the mat", "elapsed_s", **_duration("s"), **_MEASURED, **_WHOLE, expire_after=EXPIRE_S),
        # Not total_increasing: a session denied or deleted makes it fall, which would be summed as a new cycle.
        "today": sensor(
            "Today", "today_min", **_duration("min"), state_class="total",
            last_reset_value_template="{{ value_json.today_since or '' }}", **_WHOLE,
        ),
        "done": binary("Done for today", "done", icon="mdi:check"),
        "target": sensor("Next target", "", template=target, icon="mdi:bullseye-arrow"),
        "plan_day": sensor("Plan day", "plan_day", icon="mdi:calendar-check"),
        "streak": sensor("Streak", "streak_days", **_duration("d"), **_MEASURED),
        "tightness": sensor("Tightness", "tightness", **_MEASURED, icon="mdi:gauge"),
        "nudge_due": binary("Reminder due", "nudge_due", icon="mdi:bell-ring-outline"),
        "last_duration": sensor(
            "Last session", "", template=last_min, json_attributes_topic=config.topic(STATE),
            json_attributes_template="{{ value_json.last | tojson if value_json.last else '{}' }}",
            **_duration("min"), **_WHOLE,
        ),
        "last_end": sensor("Last session ended", "", template=last_end, device_class="timestamp"),
        "lifetime": sensor("In all", "lifetime_h", **_duration("h"), state_class="total"),
        "event": event("Session", EVENT, ("session_started", "session_ended")),
        "record": event(
            "Record", SESSIONS, RECORDS, value_template=record, icon="mdi:archive-arrow-down-outline"
        ),
        "sensor_lost": binary("Load cells", "sensor_lost", device_class="problem", **_DIAGNOSTIC),
        "clock": binary(
            "Clock trusted", "clock_trusted", DIAGNOSTICS, icon="mdi:clock-check-outline", **_DIAGNOSTIC
        ),
        "rate": sensor(
            "Sample rate", "rate_hz", DIAGNOSTICS, device_class="frequency", unit_of_measurement="Hz",
            **_MEASURED, **_DIAGNOSTIC,
        ),
        "rejected": sensor(
            "Rejected readings", "rejected", DIAGNOSTICS, state_class="total_increasing", **_DIAGNOSTIC
        ),
        "outbox": sensor("Waiting to be sent", "outbox_depth", DIAGNOSTICS, **_MEASURED, **_DIAGNOSTIC),
        "unsaved": sensor("Waiting to be saved", "unsaved", DIAGNOSTICS, **_MEASURED, **_DIAGNOSTIC),
        "version": sensor("Version", "version", DIAGNOSTICS, **_DIAGNOSTIC),
    }  # fmt: skip


def _settable(config: MqttConfig) -> dict[str, Component]:
    """Return the entities to set, by the name of their command (mqtt/commands.py)."""

    def button(name: str, key: str, **more: Any) -> Component:
        return {"platform": "button", "name": name, "command_topic": config.topic(f"{COMMAND}/{key}"), **more}

    def both(platform: str, name: str, key: str, template: str, **more: Any) -> Component:
        state = {"state_topic": config.topic(STATE), "value_template": template}
        return {**button(name, key), "platform": platform, **state, **more}

    goal, clock = {"min": 3, "max": 7, "step": 1, "mode": "box"}, "^([01][0-9]|2[0-3]):[0-5][0-9]$"
    bedtime = {"min": 5, "max": 5, "pattern": clock, "icon": "mdi:bed-clock"}
    return {
        "zero": button("Zero the empty mat", "zero", **_SETTING),
        "identify": button("Identify", "identify", device_class="identify", **_SETTING),
        "snooze": button("Not today", "snooze", icon="mdi:bell-sleep-outline"),
        "rest": both("switch", "Rest today", "rest", _on_off("rest_declared"), icon="mdi:sofa-outline"),
        "nudge": both("switch", "Reminder", "nudge", _on_off("nudge_on"), icon="mdi:bell-outline", **_SETTING),
        "weekly_goal": both("number", "Weekly goal", "weekly_goal", _read("weekly_goal"), **goal, **_SETTING),
        "bedtime": both("text", "Bedtime", "bedtime", _read("bedtime"), **bedtime, **_SETTING),
    }


def _entity(platform: str, name: str, topic: str, template: str, **more: Any) -> Component:
    return {"platform": platform, "name": name, "state_topic": topic, "value_template": template, **more}


def _duration(unit: str) -> Component:
    return {"device_class": "duration", "unit_of_measurement": unit}


def _read(field: str) -> str:
    return "{{ value_json." + field + " }}"


def _on_off(field: str) -> str:
    return "{{ 'ON' if value_json." + field + " else 'OFF' }}"
