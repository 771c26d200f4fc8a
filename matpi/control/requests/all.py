"""Read a request from a line of JSON: of the control socket, or of the page."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Final, Literal, Union

import msgspec

from matpi.control.requests.base import Request
from matpi.control.requests.ratings import DeleteRating, EditRating, FeltWrong, Rate
from matpi.control.requests.sessions import AnswerSession, DeleteSession, EditSession, RestoreSession
from matpi.control.requests.settings import People, Rest, Safety, Settings
from matpi.control.requests.transfer import DeleteEverything, Import, UpstreamRetry
from matpi.core.calibration.weights import LEAST_KG, MOST_KG
from matpi.errors import UsageError


class State(Request, frozen=True):
    """Answer how the device is."""


class Live(Request, frozen=True):
    """Answer how the device is, a line at once and at each change, until the client closes."""


class Counts(Request, frozen=True):
    """Answer every sample of the load cells, a line each, until the client closes."""


class Zero(Request, frozen=True):
    """Set the zero; only while the mat is empty and still."""


class UndoZero(Request, frozen=True):
    """Bring back the zero from before the last one that was set by hand."""


class Identify(Request, frozen=True):
    """Light the panel and the LED, to show which device this is."""


class Snooze(Request, frozen=True):
    """Remind no more today."""


class Press(Request, frozen=True):
    """Press the button from afar."""

    how: Literal["tap", "hold"]


class Calibrate(Request, frozen=True):
    """Open the calibration with this weight; the steps are followed on the panel, or by `live`."""

    weight_kg: Annotated[float, msgspec.Meta(ge=LEAST_KG, le=MOST_KG)]
    anywhere: bool = False
    """One placement for all chips instead of one for each."""


class Record(Request, frozen=True):
    """Save the last ten minutes of counts."""


class Pair(Request, frozen=True):
    """Use up the code that the panel shows."""

    code: Annotated[str, msgspec.Meta(max_length=16)]


class UpstreamTest(Request, frozen=True):
    """Send a record of nothing to a receiver, now, and answer what came back."""

    name: str


OF_LOG: Final = (
    EditSession, DeleteSession, RestoreSession, AnswerSession, Rate, EditRating, DeleteRating, FeltWrong,
    Settings, People, Rest, Safety, Import, DeleteEverything, UpstreamRetry,
)  # fmt: skip
OF_DEVICE: Final = (
    State, Live, Counts, Zero, UndoZero, Identify, Snooze, Press, Calibrate, Record, Pair, UpstreamTest,
)  # fmt: skip
"""They need a running device."""
NAMES: Final = tuple(str(kind.__struct_config__.tag) for kind in (*OF_LOG, *OF_DEVICE))


@cache
def _decoder() -> msgspec.json.Decoder[Request]:
    """Return the decoder, made with the first request and not while the device starts."""
    return msgspec.json.Decoder(Union[(*OF_LOG, *OF_DEVICE)])


def request_of(line: bytes) -> Request:
    """Return the request. Raises UsageError with what is wrong."""
    try:
        return _decoder().decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"The request was not understood ({error}); docs/dev/control.md lists what can be asked."
        ) from None
