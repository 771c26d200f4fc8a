"""What is sent to Home Assistant, byte for byte; `make test-homeassistant` shows the same to the real one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from matpi.core.front import Front
from matpi.upstream.config import MqttConfig
from matpi.upstream.mqtt import homeassistant
from matpi.upstream.mqtt.commands import COMMANDS
from tests.upstream.mats import LYING, PAGE_ADDRESS, config
from tests.upstream.regolden import GOLDENS, payloads, readable

DOCS = Path(__file__).parents[2] / "docs"


def discovered(**more: Any) -> dict[str, Any]:
    """The message, without the components that it removes: those have a platform alone."""
    reported: dict[str, Any] = json.loads(homeassistant.discovery_payload(config(1883, **more), "0.2.0"))
    reported["components"] = {key: one for key, one in reported["components"].items() if len(one) > 1}
    return reported


def test_there_is_a_golden_for_each_payload_and_none_beside() -> None:
    assert {path.stem for path in GOLDENS.glob("*.json")} == set(payloads())


@pytest.mark.parametrize("name", payloads())
def test_golden(name: str) -> None:
    assert readable(payloads()[name]) == (GOLDENS / f"{name}.json").read_text(encoding="utf-8")


def test_every_component_has_its_own_qos_and_its_own_id() -> None:
    """Home Assistant takes a qos at the root and hands it down to nobody."""
    reported = discovered()
    components = reported["components"]
    assert "qos" not in reported
    assert all(component["qos"] == 1 for component in components.values())
    assert len({component["unique_id"] for component in components.values()}) == len(components)
    assert reported["device"]["identifiers"] == ["matpi_mat"]
    assert reported["availability_topic"] == "matpi/mat/availability"


def test_the_device_names_its_page_only_where_it_has_one() -> None:
    for page in ("", PAGE_ADDRESS):
        device = json.loads(homeassistant.discovery_payload(config(1883), "0.2.0", page))["device"]
        assert device.get("configuration_url", "") == page


def test_two_mats_in_one_house_share_nothing() -> None:
    one, other = discovered(), discovered(device_id="attic")
    ids = [component["unique_id"] for reported in (one, other) for component in reported["components"].values()]
    assert len(set(ids)) == len(ids)
    assert config(1883, device_id="attic").discovery_topic == "homeassistant/device/matpi_attic/config"


def test_every_field_that_an_entity_reads_is_sent() -> None:
    sent = {
        "matpi/mat/state": set(json.loads(homeassistant.state_payload(LYING))),
        "matpi/mat/diagnostics": set(json.loads(homeassistant.diagnostics_payload(LYING))),
    }
    record = {"type": "session", "data": {}}  # upstream.md tells the form of those
    sent["matpi/mat/sessions"] = set(record)
    for key, component in discovered()["components"].items():
        templates = [text for name, text in component.items() if name.endswith("value_template")]
        for name in re.findall(r"value_json\.(\w+)", " ".join(templates)):
            assert name in sent[component["state_topic"]], f"{key} reads {name}"


def test_every_command_has_an_entity_and_every_entity_a_command() -> None:
    topics = {c["command_topic"] for c in discovered()["components"].values() if "command_topic" in c}
    assert topics == {f"matpi/mat/set/{name}" for name in COMMANDS}


def test_every_phase_is_an_option_of_the_phase() -> None:
    """Home Assistant refuses a state that is none of the options. It shows them to people: words, no codes."""
    phase = discovered()["components"]["phase"]
    assert phase["value_template"] == "{{ value_json.phase | replace('_', ' ') | capitalize }}"
    assert phase["options"] == [state.name.lower().replace("_", " ").capitalize() for state in Front]
    assert not [option for option in phase["options"] if "_" in option or option.islower()]


def test_the_documentation_lists_every_field_topic_and_entity() -> None:
    page = (DOCS / "dev" / "upstream.md").read_text(encoding="utf-8")
    state, diagnostics = homeassistant.state_payload(LYING), homeassistant.diagnostics_payload(LYING)
    names = {*json.loads(state), *json.loads(diagnostics), *(f"set/{name}" for name in COMMANDS)}
    keys = {f"_{key}" for key in discovered()["components"]}
    missing = [f"`{name}`" for name in names if f"`{name}`" not in page]
    missing += [key for key in keys if not re.search(rf"`(\.\.\.|\w+\.matpi_mat){key}`", page)]
    assert not missing


def test_the_entities_of_the_page_for_people_exist() -> None:
    page = (DOCS / "home-assistant.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b[a-z_]+\.matpi_mat_\w+", page))
    assert len(named) > 15
    assert named <= {component["default_entity_id"] for component in discovered()["components"].values()}


def test_the_dashboard_to_paste_shows_what_there_is() -> None:
    board = (DOCS / "examples" / "homeassistant-dashboard.yaml").read_text(encoding="utf-8")
    shown = set(re.findall(r"entity: (\S+)", board))
    assert len(shown) > 15
    assert shown <= {component["default_entity_id"] for component in discovered()["components"].values()}


def test_every_record_has_a_type_that_home_assistant_takes() -> None:
    page = (DOCS / "dev" / "upstream.md").read_text(encoding="utf-8")
    reported = page.partition("| `type` |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", re.sub(r"\| [^|]*\|\n", "|\n", reported))) == set(homeassistant.RECORDS)


def test_nothing_that_names_or_weighs_a_person_is_shown() -> None:
    reported = b"".join(payloads().values()).lower()
    assert b"person" not in reported
    assert b"net_kg" not in reported


def test_the_discovery_message_fits_small_brokers() -> None:
    """8 to 16 kB is what brokers on small boards take; Mosquitto takes 256 MB."""
    assert len(payloads()["discovery"]) < 10_000


@pytest.mark.parametrize(
    ("tls", "port", "used"), [(True, 0, 8883), (False, 0, 1883), (True, 1883, 1883), (False, 8883, 8883)]
)
def test_the_port_follows_the_encryption_unless_it_is_given(tls: bool, port: int, used: int) -> None:
    assert MqttConfig("broker.home", port=port, tls=tls).port_used == used


def test_by_default_it_is_encrypted() -> None:
    assert MqttConfig("broker.home").tls
