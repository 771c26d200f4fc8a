"""Try out a receiver."""

from __future__ import annotations

import json
import time
import uuid

from matpi.drivers.clock import SystemClock
from matpi.upstream.config import Table
from matpi.upstream.relays import sink_of
from matpi.upstream.sink import Delivery, UpstreamError


def try_out(table: Table) -> tuple[bool, str]:
    """Send a record of nothing, now. Return whether it arrived, and what came back, in a sentence."""
    clock, sink = SystemClock(), sink_of(table.trial(), lambda _: None)
    id_, begun = uuid.uuid4().hex, time.monotonic()
    body = {"type": "test", "timestamp": None, "data": {"id": id_, "rev": 1}}
    try:
        nothing = Delivery(0, f"{id_}-1", "test", json.dumps(body).encode())
        sink.deliver(nothing, clock.utc() if clock.trusted() else None)
    except UpstreamError as error:
        return False, f"{table.name}: {error}"
    else:
        return True, f"{table.name}: arrived at {table.shown} in {time.monotonic() - begun:.2f} s."
    finally:
        sink.close()
