"""Translate a broker's reason codes: try again later, or refused for good (MQTT 5.0, 2.4).

Only what is wrong with the *message* is refused for good: 0x95 (too large) and 0x99 (its payload is not of the stated
format). All else is the broker's state or settings, which change without the message changing: a missing right (0x87)
or a refused topic (0x90) would refuse every later record too, so the first one waits and the order stays. 0x10 is a
success code without a subscriber: that is no delivery.
"""

from __future__ import annotations

from typing import Final

from matpi.core.text import Text
from matpi.upstream.sink import LaterError, RefusedError, UpstreamError

SUCCESS, NO_SUBSCRIBERS = 0x00, 0x10
REFUSING: Final = frozenset({0x95, 0x99})
QUOTA_S: Final = 60.0  # chosen: the wait after a broker's quota is used up, or messages came too fast

_LOOK = "look at the broker's log"
_WORDS: Final = {
    0x10: ("nobody has subscribed to the topic", "start the receiver", "no_subscriber"),
    0x80: ("the broker does not say why", _LOOK, "broker_error"),
    0x81: ("the broker could not read the packet", "look whether it is an MQTT broker", "broker_no_mqtt5"),
    0x82: ("the broker finds a protocol error", "look whether it is an MQTT 5 broker", "broker_no_mqtt5"),
    0x83: ("the broker itself does not allow it", _LOOK, "broker_refused"),
    0x84: ("the broker does not speak MQTT 5", "take one that does, such as Mosquitto 2", "broker_no_mqtt5"),
    0x85: ("the broker does not take the client id", "set another device_id", "broker_device_id"),
    0x86: ("the broker does not take the user name or the password", "correct them", "broker_user"),
    0x87: ("the broker does not allow it", "correct user name, password or access rules", "broker_no_right"),
    0x88: ("the broker is not available", "wait, or look at it", "broker_not_available"),
    0x89: ("the broker is busy", "wait", "broker_busy"),
    0x8A: ("the broker has banned this device", "look at its list of bans", "broker_banned"),
    0x8B: ("the broker is shutting down", "wait until it is back", "broker_shuts_down"),
    0x8C: ("the broker wants another way to log in", "allow it a user name and a password", "broker_log_in"),
    0x8D: ("the broker heard nothing for too long", "look at the network", "broker_heard_nothing"),
    0x8E: ("another device has the same device_id", "give each mat its own", "broker_device_id"),
    0x8F: ("the broker does not take a topic filter", "correct its access rules", "broker_topic"),
    0x90: ("the broker does not take the topic", "set another base_topic, or correct its rules", "broker_topic"),
    0x91: ("the broker still has this packet's number in use", "wait", "broker_confused"),
    0x93: ("the broker was sent more than it takes at a time", "wait", "broker_busy"),
    0x95: ("it is larger than the broker takes", "raise its max_packet_size, then retry", "broker_too_large"),
    0x96: ("the broker wants it more slowly", "wait", "broker_too_fast"),
    0x97: ("the broker's quota is used up", "raise it, or empty its queues", "broker_quota"),
    0x98: ("the broker's keeper has closed the connection", "ask them", "broker_closed"),
    0x99: ("the broker does not take the payload as UTF-8", "report this; it is kept", "broker_payload"),
    0x9A: ("the broker keeps no retained messages", "allow them there, or set live = false", "broker_retain"),
    0x9B: ("the broker does not take QoS 1", "allow it there", "broker_qos"),
    0x9C: ("the broker names another server", "set host to that one", "broker_moved"),
    0x9D: ("the broker has moved", "set host to the new one", "broker_moved"),
    0x9F: ("the broker wants fewer connections", "wait", "broker_too_fast"),
}  # fmt: skip


def delivered(code: int) -> bool:
    """Return whether a PUBACK with this code confirms that a subscriber gets it."""
    return code < 0x80 and code != NO_SUBSCRIBERS


def error_of(code: int, where: str) -> UpstreamError:
    """Return the error of a code that is not `delivered`, from PUBACK, CONNACK or DISCONNECT."""
    why, do, short = _WORDS.get(code, ("the broker refuses it", _LOOK, "broker_refused"))
    why, shown = f"MQTT {where}: {why} (reason code 0x{code:02X})", Text(f"upstream.{short}")
    if code in REFUSING:
        return RefusedError(why, do, shown)
    return LaterError(why, do, shown, QUOTA_S if code in {0x96, 0x97, 0x9F} else None)


def later_of(code: int, where: str) -> LaterError:
    """Return the error where no message was sent that could be refused: while connecting, or beside it."""
    error = error_of(code, where)
    return error if isinstance(error, LaterError) else LaterError(error.why, error.do, error.short)
