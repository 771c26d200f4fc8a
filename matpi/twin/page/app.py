"""The desktop twin's page and its few calls: one Starlette app over a `Bench`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Annotated, Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from matpi.errors import UsageError
from matpi.twin.bench import WEIGHT_MAX_KG, WEIGHT_MIN_KG, Act, Bench, FaultName, Warp
from matpi.twin.page.guard import LocalOnly, content_policy, refused
from matpi.twin.page.listeners import MAX_LISTENERS, Listeners, Patience

BODY_MAX_BYTES = 4096  # the longest call has some 40


class ActCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    what: Act


class WeighCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kg: Annotated[float, msgspec.Meta(ge=WEIGHT_MIN_KG, le=WEIGHT_MAX_KG)]


class ButtonCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    down: bool


class WarpCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    factor: Warp


class JumpCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    hhmm: Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]


class NextDayCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    pass


class FaultCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: FaultName
    on: bool


class PowerCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    on: bool


@dataclass(frozen=True, slots=True)
class Call:
    """One POST: the struct its body must be, an example for whoever got it wrong, and what it does."""

    struct: type[msgspec.Struct]
    example: str
    perform: Callable[[Bench, Any], None]


CALLS = {
    "act": Call(
        ActCall,
        '{"what": "lie_down"}, or sit, stand, fidget, get_up, bag_on, bag_off, cat',
        lambda bench, call: bench.act(call.what),
    ),
    "weigh": Call(
        WeighCall,
        f'{{"kg": 74.5}} with {WEIGHT_MIN_KG} to {WEIGHT_MAX_KG} kg',
        lambda bench, call: bench.weigh(call.kg),
    ),
    "button": Call(ButtonCall, '{"down": true} or false', lambda bench, call: bench.button(call.down)),
    "warp": Call(WarpCall, '{"factor": 1}, 10 or 60', lambda bench, call: bench.warp(call.factor)),
    "jump": Call(JumpCall, '{"hhmm": "21:00"}', lambda bench, call: bench.jump(call.hhmm)),
    "next_day": Call(NextDayCall, "{}", lambda bench, _: bench.next_day()),
    "fault": Call(
        FaultCall,
        '{"name": "cell", "on": true}, or spikes, panel, disk, reader',
        lambda bench, call: bench.fault(call.name, call.on),
    ),
    "power": Call(PowerCall, '{"on": false} or true', lambda bench, call: bench.power(call.on)),
}


def create_app(bench: Bench, patience: Patience = Patience()) -> Starlette:  # noqa: B008 (frozen)
    """The page (/), its events (/events) and the calls (/api/...), for this machine only.

    `app.state.listeners.close()` ends the open event streams; a server that stops must call it first.
    """
    page = files("matpi.twin.page").joinpath("static/twin.html").read_text(encoding="utf-8")
    listeners = Listeners(bench, patience)

    async def show_page(_: Request) -> Response:
        return HTMLResponse(page)

    async def listen(request: Request) -> Any:
        if request.method != "GET":
            return refused(405, "The event stream only answers to GET.")
        listener = listeners.admit()
        if listener is None:
            return refused(503, f"{MAX_LISTENERS} pages are open already; close one of them.")
        return listener

    app = Starlette(
        routes=[
            Route("/", show_page),
            Route("/events", listen),
            *(Route(f"/api/{name}", _endpoint(bench, name, call), methods=["POST"]) for name, call in CALLS.items()),
        ],
        middleware=[Middleware(LocalOnly, policy=content_policy(page))],
        exception_handlers={HTTPException: _sentence},
    )
    app.state.listeners = listeners
    return app


def _endpoint(bench: Bench, name: str, call: Call) -> Callable[[Request], Awaitable[Response]]:
    return partial(_perform, bench, name, call)


async def _perform(bench: Bench, name: str, call: Call, request: Request) -> Response:
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        return refused(415, f"/api/{name} takes application/json; send {call.example}.")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_MAX_BYTES:
                return refused(413, f"The call is longer than {BODY_MAX_BYTES} bytes; send {call.example}.")
        call.perform(bench, msgspec.json.decode(body, type=call.struct))
    except ClientDisconnect:
        return Response(status_code=400)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return refused(400, f"/api/{name} was not understood ({error}); send {call.example}.")
    except UsageError as error:
        return refused(400, str(error))
    return Response(status_code=204)


async def _sentence(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    sentences = {
        404: f"There is nothing at {request.url.path}; the page is at /.",
        405: f"{request.url.path} does not answer to {request.method}.",
    }
    return refused(status, sentences.get(status, "This request was not understood; open the page at /."))
