"""Home Assistant's link to the device leads to its page, while it has one."""

from __future__ import annotations

import json
import queue
from pathlib import Path
from typing import Any

from matpi.config import Config, PageConfig
from matpi.drivers.clock import SystemClock
from matpi.service.appliance import Appliance
from matpi.sim.board import Board
from matpi.upstream.config import UpstreamConfig
from tests.upstream.broker import Broker, Listener, eventually
from tests.upstream.mats import DISCOVERY, config


def test_the_running_device_publishes_the_address_of_its_page(broker: Broker, tmp_path: Path) -> None:
    for page in (PageConfig(port=8000), PageConfig(enabled=False)):
        house = Listener(broker.port, DISCOVERY)
        settings = Config(page=page, upstream=UpstreamConfig(mqtt=(config(broker.port),)))
        inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        appliance = Appliance(
            settings,
            Board(settings),
            tmp_path / "log.db",
            SystemClock(),
            screen=None,
            inbox=inbox,
            boot_id="b",
            zone="UTC",
        )
        try:
            appliance.start()
            assert eventually(lambda: [heard for heard in house.heard if not heard.retained])  # noqa: B023
        finally:
            appliance.close()
        (heard,) = [heard for heard in house.heard if not heard.retained]
        assert json.loads(heard.payload)["device"].get("configuration_url", "") == page.address
        house.close()
