"""The webhook against a receiver of the tests."""

from __future__ import annotations

import re
import time

import msgspec

from matpi.upstream.config import WebhookConfig
from matpi.upstream.sink import Delivery, UpstreamError
from matpi.upstream.webhook import Webhook
from matpi.words import ENGLISH
from tests.upstream.receiver import Receiver, Talk

RECORD = Delivery(7, "0f3c-1", "session", '{"type":"session","data":{"routine":"Grüße"}}'.encode())


def at(config: WebhookConfig, **changes: object) -> Webhook:
    """With some keys changed; nobody waits in a test for what a person would."""
    return Webhook(msgspec.structs.replace(config, timeout_s=2.0, **changes))


def said(sink: Webhook) -> UpstreamError | None:
    """What the sink says of its receiver, None when it says that the record has arrived."""
    try:
        sink.deliver(RECORD, time.time())
    except UpstreamError as error:
        return error if _is_a_sentence(error) else None
    return None


def deliver(config: WebhookConfig, talk: Talk) -> UpstreamError | None:
    """The same of a receiver that does this."""
    with Receiver(talk) as receiver:
        return said(at(config, url=f"http://127.0.0.1:{receiver.port}/hook"))


def _is_a_sentence(error: UpstreamError) -> bool:
    assert re.fullmatch(r"[^\n]+; [^\n]+\.", str(error)), error
    assert 0 < len(ENGLISH.say(error.short)) <= 21, error.short
    return True
