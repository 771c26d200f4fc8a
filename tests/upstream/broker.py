"""A real Mosquitto on a free port of this machine, and somebody who listens there."""

from __future__ import annotations

import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

START_S = 20.0
HEARD_S = 20.0


def program(name: str) -> str:
    """Its path. Where it is missing the test is skipped, but not in CI, which installs it."""
    found = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if found is None:
        if os.environ.get("CI"):
            pytest.fail(f"{name} is missing; .ci/run should have installed mosquitto")
        pytest.skip(f"{name} is missing; on Debian: apt install mosquitto")
    return found


def free_port() -> int:
    """Below those that the system gives to connections, so that no other takes it while nothing listens there."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as taken, suppress(OSError):
            taken.bind(("127.0.0.1", port))
            return port


def eventually(true: Callable[[], object], within_s: float = HEARD_S) -> bool:
    until = time.monotonic() + within_s
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


class Broker:
    """`lines` of mosquitto.conf beyond the listener."""

    def __init__(self, folder: Path, *lines: str, anonymous: bool = True) -> None:
        self.port = free_port()
        self._program = program("mosquitto")
        self._config = folder / "mosquitto.conf"
        words = [
            "user root",  # as root it would give up the right to read the files of the test
            "persistence false",
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {str(anonymous).lower()}",
            *lines,
        ]
        self._config.write_text("\n".join(words) + "\n")
        self._log = (folder / "mosquitto.log").open("ab")
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [self._program, "-c", str(self._config)], stdout=self._log, stderr=subprocess.STDOUT
        )
        assert eventually(self._listens, START_S), Path(self._log.name).read_text()

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(START_S)
            self._process = None

    def kill(self) -> None:
        """kill -9."""
        self.stop(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.stop(signal.SIGKILL)
        self._log.close()

    def _listens(self) -> bool:
        with socket.socket() as knock:
            return knock.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass(frozen=True)
class Heard:
    topic: str
    payload: bytes
    retained: bool
    marks: dict[str, str]


class Listener:
    """Subscribes to `topic`, remembers what came in order. Connects again by itself. `on_heard` answers, perhaps."""

    def __init__(
        self,
        port: int,
        topic: str = "#",
        *,
        client_id: str = "",
        keeps: bool = False,
        on_heard: Callable[[Listener, Heard], object] = lambda _a, _b: None,
        tls: Any = None,
        host: str = "127.0.0.1",
    ) -> None:
        """`keeps`: the broker keeps for it what comes while it is away."""
        self.heard: list[Heard] = []
        self.subscribed = threading.Event()
        self._topic, self._on_heard = topic, on_heard
        self.client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5)
        self.client.reconnect_delay_set(0.05, 0.05)  # type: ignore[arg-type]
        self.client.on_connect = self._connected
        self.client.on_disconnect = lambda *_: self.subscribed.clear()
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self._heard
        if tls is not None:
            self.client.tls_set_context(tls)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        if keeps:
            properties.SessionExpiryInterval = 3600
        self.client.connect(host, port, clean_start=not keeps, properties=properties)
        self.client.loop_start()
        assert self.subscribed.wait(START_S)

    def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(HEARD_S)

    def of(self, topic: str) -> list[Heard]:
        return [one for one in list(self.heard) if one.topic == topic]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def _connected(self, *_: object) -> None:
        self.client.subscribe(self._topic, qos=1)

    def _heard(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        marks = dict(getattr(message.properties, "UserProperty", []))
        heard = Heard(message.topic, bytes(message.payload), message.retain, marks)
        self.heard.append(heard)
        self._on_heard(self, heard)
