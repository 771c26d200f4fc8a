# mypy: disable-error-code="import-not-found"
"""matpi, a Mosquitto and the real Home Assistant core with its own MQTT integration: `make test-homeassistant`.

Nothing stands in for anything: the device's own sink speaks to the broker, and Home Assistant's client listens there.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import homeassistant.const
import pytest
from homeassistant.components import mqtt
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry, entity_registry
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
from msgspec.structs import replace
from pytest_homeassistant_custom_component.common import MockConfigEntry

from matpi.core.events import SettingWished, Wish, Wished
from matpi.core.front import Front as Phase
from matpi.upstream.mqtt import homeassistant as told
from matpi.upstream.mqtt.state import Happening
from matpi.upstream.sink import Delivery, LaterError
from tests.upstream.broker import Broker, Listener
from tests.upstream.mats import AVAILABILITY, DISCOVERY, LYING, PAGE_ADDRESS, SESSIONS, Mat, config, delivery

WITHIN_S = 10.0
PAGE = Path("docs/dev/upstream.md").read_text(encoding="utf-8")

ENTITIES = {
    "binary_sensor.matpi_mat_occupied": "on",
    "sensor.matpi_mat_phase": "On mat",
    "sensor.matpi_mat_elapsed": "130",
    "sensor.matpi_mat_today": "7.2",
    "binary_sensor.matpi_mat_done": "off",
    "sensor.matpi_mat_target": "5-10 min",
    "sensor.matpi_mat_plan_day": "4",
    "sensor.matpi_mat_streak": "3",
    "sensor.matpi_mat_tightness": "6",
    "binary_sensor.matpi_mat_nudge_due": "off",
    "sensor.matpi_mat_last_duration": "5.0",
    "sensor.matpi_mat_last_end": "2026-03-15T19:30:00+00:00",
    "sensor.matpi_mat_lifetime": "12.34",
    "event.matpi_mat_event": "unknown",
    "event.matpi_mat_record": "unknown",
    "binary_sensor.matpi_mat_sensor_lost": "off",
    "binary_sensor.matpi_mat_clock": "on",
    "sensor.matpi_mat_rate": "80.1",
    "sensor.matpi_mat_rejected": "2",
    "sensor.matpi_mat_outbox": "0",
    "sensor.matpi_mat_unsaved": "0",
    "sensor.matpi_mat_version": "0.2.0",
    "button.matpi_mat_zero": "unknown",
    "button.matpi_mat_identify": "unknown",
    "button.matpi_mat_snooze": "unknown",
    "switch.matpi_mat_rest": "off",
    "switch.matpi_mat_nudge": "on",
    "number.matpi_mat_weekly_goal": "5",
    "text.matpi_mat_bedtime": "22:30",
}


@pytest.fixture
def broker(socket_enabled: None, tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path)
    yield running
    running.close()


@pytest.fixture
def mat(broker: Broker) -> Iterator[Mat]:
    made = Mat(config(broker.port), draw=0.01)
    made.sink.show(LYING)
    yield made
    made.sink.close()


@pytest.fixture
def status(broker: Broker) -> Iterator[Listener]:
    """Hears Home Assistant's birth."""
    listening = Listener(broker.port, "homeassistant/status")
    yield listening
    listening.close()


@pytest.fixture
async def house(hass: HomeAssistant, broker: Broker, tmp_path: Path) -> AsyncIterator[MockConfigEntry]:
    """Home Assistant, connected to the broker."""
    hass.config.config_dir = str(tmp_path)
    (tmp_path / "configuration.yaml").touch()
    entry = MockConfigEntry(
        domain=mqtt.DOMAIN,
        data={"broker": "127.0.0.1", "port": broker.port, "protocol": "5"},
        options={"birth_message": {"topic": "homeassistant/status", "payload": "online", "qos": 0, "retain": False}},
        version=mqtt.CONFIG_ENTRY_VERSION,
        minor_version=mqtt.CONFIG_ENTRY_MINOR_VERSION,
    )
    entry.add_to_hass(hass)
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    yield entry
    if entry.state.recoverable:
        await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()


async def eventually(hass: HomeAssistant, true: Callable[[], object], what: Callable[[], object] = lambda: "") -> None:
    until = time.monotonic() + WITHIN_S
    while not true():
        assert time.monotonic() < until, what()
        await asyncio.sleep(0.02)
        await hass.async_block_till_done()


def states(hass: HomeAssistant) -> dict[str, str]:
    return {one.entity_id: one.state for one in hass.states.async_all() if "matpi_mat" in one.entity_id}


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelname in {"WARNING", "ERROR", "CRITICAL"} and "mqtt" in record.name
    ]


async def test_every_entity_is_there_with_its_state_and_nothing_is_complained_of(
    hass: HomeAssistant, house: MockConfigEntry, mat: Mat, caplog: pytest.LogCaptureFixture
) -> None:
    print("Home Assistant", homeassistant.const.__version__)
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())
    assert complaints(caplog) == []
    registry = device_registry.async_get(hass)
    device = registry.async_get_device(identifiers={("mqtt", "matpi_mat")})
    assert device is not None
    assert (device.name, device.manufacturer, device.sw_version) == ("Acupressure mat", "matpi", "0.2.0")
    assert device.configuration_url == PAGE_ADDRESS
    owned = entity_registry.async_entries_for_device(entity_registry.async_get(hass), device.id)
    assert len(owned) == len(ENTITIES)
    last = hass.states.get("sensor.matpi_mat_last_duration")
    assert last is not None
    assert (last.attributes["id"], last.attributes["reason"]) == ("s1", "left")
    today = hass.states.get("sensor.matpi_mat_today")
    assert today is not None
    assert (today.attributes["state_class"], today.attributes["last_reset"]) == ("total", LYING.today_since)


async def test_a_mat_that_knows_nothing_yet_makes_no_complaint(
    hass: HomeAssistant, house: MockConfigEntry, mat: Mat, caplog: pytest.LogCaptureFixture
) -> None:
    unknown: dict[str, Any] = {"last": None, "tightness": None, "today_min": None, "today_since": None}
    new = replace(LYING, **unknown, diagnostics=replace(LYING.diagnostics, rate_hz=None))
    mat.sink.show(new)
    await eventually(hass, lambda: states(hass).get("sensor.matpi_mat_tightness") == "unknown", lambda: states(hass))
    assert states(hass)["sensor.matpi_mat_today"] == "unknown"
    assert states(hass)["sensor.matpi_mat_last_duration"] == "unknown"
    assert states(hass)["sensor.matpi_mat_last_end"] == "unknown"
    assert complaints(caplog) == []


async def test_every_phase_is_taken(
    hass: HomeAssistant, house: MockConfigEntry, broker: Broker, mat: Mat, caplog: pytest.LogCaptureFixture
) -> None:
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())
    writer = await hass.async_add_executor_job(Listener, broker.port, "nothing")
    for phase in Phase:
        name = phase.name.replace("_", " ").capitalize()
        payload = told.state_payload(replace(LYING, phase=phase.name.lower())).decode()
        await hass.async_add_executor_job(writer.say, "matpi/mat/state", payload)
        await eventually(hass, lambda name=name: states(hass)["sensor.matpi_mat_phase"] == name)  # type: ignore[misc]
    assert complaints(caplog) == []
    await hass.async_add_executor_job(writer.close)


async def test_a_session_as_it_is_lived(hass: HomeAssistant, house: MockConfigEntry, mat: Mat) -> None:
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())
    fired: list[State] = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: (
            fired.append(event.data["new_state"]) if event.data["entity_id"] == "event.matpi_mat_event" else None
        ),
    )
    mat.sink.report(Happening(time.monotonic(), "session_ended", "s2", 130.0, "left"))
    mat.sink.show(replace(LYING, phase="done", occupied=False, elapsed_s=0))
    await eventually(hass, lambda: states(hass)["binary_sensor.matpi_mat_occupied"] == "off")
    await eventually(hass, lambda: fired)
    assert fired[-1].attributes["event_type"] == "session_ended"
    assert fired[-1].attributes["session_id"] == "s2"


RECORD = b"""{"type":"session","timestamp":"2026-03-15T19:30:20Z","data":{"id":"5f0c6f3a","rev":1,"start":null,
"end":null,"day":"2026-03-15","on_mat_s":600.3,"span_s":620.1,"reason":"left","routine":"plan","aways":1,
"edited":false,"person":null}}"""


async def test_home_assistant_receives_the_records_and_misses_none(
    hass: HomeAssistant, house: MockConfigEntry, mat: Mat, caplog: pytest.LogCaptureFixture
) -> None:
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())

    async def refusal(n: int, body: bytes = RECORD) -> object:
        return await hass.async_add_executor_job(mat.refusal, delivery(n, body))

    assert await refusal(1) is None
    await eventually(hass, lambda: states(hass)["event.matpi_mat_record"] != "unknown")
    got = hass.states.get("event.matpi_mat_record")
    assert got is not None
    assert (got.attributes["event_type"], got.attributes["id"], got.attributes["on_mat_s"]) == (
        "session",
        "5f0c6f3a",
        600.3,
    )
    assert await hass.config_entries.async_unload(house.entry_id)
    error = await refusal(2)
    assert isinstance(error, LaterError)
    assert "nobody has subscribed" in str(error)
    assert await hass.config_entries.async_setup(house.entry_id)
    await eventually(hass, lambda: states(hass)["event.matpi_mat_record"] != "unavailable")
    for n, kind in enumerate(told.RECORDS, start=2):
        assert await refusal(n, json.dumps({"type": kind, "timestamp": None, "data": {"id": f"x{n}"}}).encode()) is None
        await eventually(
            hass,
            lambda n=n: (one := hass.states.get("event.matpi_mat_record")) and one.attributes.get("id") == f"x{n}",  # type: ignore[misc]
        )
    assert complaints(caplog) == []


async def test_the_automation_in_the_documentation_confirms_each_record(
    hass: HomeAssistant, house: MockConfigEntry, broker: Broker
) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    automation = next(dict(parse_yaml(block)) for block in blocks if "mqtt.publish" in block)
    assert await async_setup_component(hass, "automation", {"automation": {"id": "ack", "alias": "ack", **automation}})
    await hass.async_block_till_done()
    made = Mat(config(broker.port, ack_topic="matpi/mat/ack", device_id="mat"))
    for n in range(1, 6):
        await arrives(hass, made, delivery(n))
    await arrives(hass, made, delivery(6, record_id='brought in "by hand"'))
    await hass.async_add_executor_job(made.sink.close)


async def arrives(hass: HomeAssistant, mat: Mat, what: Delivery) -> None:
    """The first may come before Home Assistant has subscribed."""
    until = time.monotonic() + WITHIN_S
    while (error := await hass.async_add_executor_job(mat.refusal, what)) is not None:
        assert time.monotonic() < until, error
        await asyncio.sleep(0.1)


async def test_what_is_set_there_reaches_the_device(hass: HomeAssistant, house: MockConfigEntry, mat: Mat) -> None:
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())

    async def call(domain: str, service: str, entity: str, **data: Any) -> None:
        where = {"entity_id": f"{domain}.matpi_mat_{entity}"}
        await hass.services.async_call(domain, service, data, target=where, blocking=True)

    for button in ("zero", "identify", "snooze"):
        await call("button", "press", button)
    await call("switch", "turn_on", "rest")
    await call("switch", "turn_off", "nudge")
    await call("number", "set_value", "weekly_goal", value=4)
    await call("text", "set_value", "bedtime", value="23:15")
    await eventually(hass, lambda: len(mat.put) >= 7, lambda: mat.put)
    assert mat.notes == []
    wishes = [event.wish for event in mat.put if isinstance(event, Wished)]
    settings = [(event.name, str(event.value)) for event in mat.put if isinstance(event, SettingWished)]
    assert wishes == [Wish.ZERO, Wish.IDENTIFY, Wish.SNOOZE, Wish.REST]
    assert settings == [("nudge", "False"), ("weekly_goal", "4"), ("bedtime", "23:15:00")]
    # Nothing there is assumed: the switch shows what the device says.
    assert states(hass)["switch.matpi_mat_rest"] == "off"
    mat.sink.show(replace(LYING, rest_declared=True))
    await eventually(hass, lambda: states(hass)["switch.matpi_mat_rest"] == "on")
    with pytest.raises((ServiceValidationError, HomeAssistantError)):
        await call("number", "set_value", "weekly_goal", value=9)
    with pytest.raises((ServiceValidationError, HomeAssistantError, ValueError)):
        await call("text", "set_value", "bedtime", value="25:00")


async def test_a_device_that_is_gone_is_unavailable_and_comes_back(
    hass: HomeAssistant, house: MockConfigEntry, mat: Mat
) -> None:
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())
    seen: list[str] = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: (
            seen.append(event.data["new_state"].state)
            if event.data["entity_id"] == "sensor.matpi_mat_plan_day"
            else None
        ),
    )
    link = mat.sink._link
    assert link is not None
    link.cut()
    await eventually(hass, lambda: seen[:2] == ["unavailable", "4"], lambda: seen)
    await hass.async_add_executor_job(mat.sink.close)
    await eventually(hass, lambda: set(states(hass).values()) == {"unavailable"}, lambda: states(hass))


async def test_home_assistant_that_starts_again_knows_everything(
    hass: HomeAssistant, house: MockConfigEntry, mat: Mat
) -> None:
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())
    assert await hass.config_entries.async_unload(house.entry_id)
    await eventually(hass, lambda: set(states(hass).values()) == {"unavailable"}, lambda: states(hass))
    assert await hass.config_entries.async_setup(house.entry_id)
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())


async def test_a_broker_that_forgot_everything_is_told_again(
    hass: HomeAssistant, status: Listener, house: MockConfigEntry, broker: Broker, mat: Mat
) -> None:
    # Home Assistant itself stumbles when the broker goes before it has told its birth.
    await eventually(hass, lambda: status.heard)
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())
    await hass.async_add_executor_job(broker.kill)
    await eventually(hass, lambda: "unavailable" in states(hass).values())
    await hass.async_add_executor_job(broker.start)
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())


async def test_it_subscribes_with_qos_1(
    hass: HomeAssistant, house: MockConfigEntry, mat: Mat, caplog: pytest.LogCaptureFixture
) -> None:
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())
    subscribed = {one.topic: one.qos for one in hass.data["mqtt"].client.subscriptions}
    assert {topic: qos for topic, qos in subscribed.items() if topic.startswith("matpi/")} == {
        "matpi/mat/state": 1,
        "matpi/mat/diagnostics": 1,
        "matpi/mat/event": 1,
        SESSIONS: 1,
        AVAILABILITY: 1,
    }


async def test_an_empty_discovery_message_takes_the_device_away(
    hass: HomeAssistant, house: MockConfigEntry, broker: Broker, mat: Mat
) -> None:
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())
    writer = await hass.async_add_executor_job(Listener, broker.port, "nothing")
    await hass.async_add_executor_job(lambda: writer.say(DISCOVERY, "", retain=True))
    await eventually(hass, lambda: states(hass) == {}, lambda: states(hass))
    await hass.async_add_executor_job(writer.close)


async def test_what_can_no_longer_be_set_goes_and_the_rest_stays(
    hass: HomeAssistant, house: MockConfigEntry, broker: Broker, mat: Mat, caplog: pytest.LogCaptureFixture
) -> None:
    await eventually(hass, lambda: states(hass) == ENTITIES, lambda: states(hass).items() ^ ENTITIES.items())
    await hass.async_add_executor_job(mat.sink.close)
    made = Mat(config(broker.port, commands=False))
    made.sink.show(LYING)
    shown = {
        one: state for one, state in ENTITIES.items() if one.partition(".")[0] in {"binary_sensor", "sensor", "event"}
    }
    await eventually(hass, lambda: states(hass) == shown, lambda: states(hass).items() ^ shown.items())
    assert complaints(caplog) == []
    await hass.async_add_executor_job(made.sink.close)
    silent = Mat(config(broker.port, live=False))
    await eventually(hass, lambda: states(hass) == {}, lambda: states(hass))
    await hass.async_add_executor_job(silent.sink.close)


def test_the_golden_is_what_is_sent() -> None:
    golden = Path("tests/upstream/goldens/discovery.json").read_text(encoding="utf-8")
    assert json.loads(golden) == json.loads(told.discovery_payload(config(1883), "0.2.0", PAGE_ADDRESS))
