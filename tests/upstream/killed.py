"""A device that records and sends, as one small program to be killed: LOG URL SECRET SESSIONS.

Each line of its input starts one, a fork of what has imported all there is to import; its first line is "up PID", and
"ended" follows its last.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from matpi.core.effects import Save
from matpi.store.db import Store
from matpi.upstream.config import WebhookConfig
from matpi.upstream.queue import Outbox
from matpi.upstream.relay import Relay, RelayThread
from matpi.upstream.sink import Backoff
from matpi.upstream.webhook import Webhook
from tests.store.values import session

QUICK = Backoff(base_s=0.01, cap_s=0.1, least_s=0.002)
"""An outage here lasts as long as a process takes to start."""


class Clock:
    monotonic, utc = staticmethod(time.monotonic), staticmethod(time.time)

    def trusted(self) -> bool:
        return True


def main(path: Path, url: str, secret: str, total: int) -> None:
    config = WebhookConfig(url=url, secret=secret, allow_insecure=True)
    with Store.open(path, sinks=("house",)) as store:
        assert store.set_aside is None
        sink, box = Webhook(config), Outbox(path, "house")
        thread = RelayThread(Relay("house", sink, box, Clock(), backoff=QUICK, poll_every_s=0.02))
        thread.start()
        print("up", os.getpid(), flush=True)
        n, seen = len(store.sessions()), Outbox(path, "house")
        while n < total or seen.depth():
            if n < total:
                n += 1
                store.write(Save(session(f"s{n}")))
                print("saved", f"s{n}", flush=True)
                thread.wake()
            time.sleep(0.004)
        print("done", flush=True)
        thread.ask_to_stop()
        thread.join(5.0)


if __name__ == "__main__":
    for _ in sys.stdin:
        if not (pid := os.fork()):
            main(Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]))
            os._exit(0)
        os.waitpid(pid, 0)
        print("ended", flush=True)
