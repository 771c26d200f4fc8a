"""The twin's page and its few calls: one Starlette app over a `Bench`."""

from __future__ import annotations

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
WEIGHT = Annotated[float, msgspec.Meta(ge=WEIGHT_MIN_KG, le=WEIGHT_MAX_KG)]
TIME_OF_DAY = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]


class Call:
    """One POST to /api/NAME, a method of the Bench: the fields its body must have, in the order of the arguments."""

    def __init__(self, example: str, *fields: tuple[str, Any]) -> None:
        """`example` is shown when a body is refused."""
        self.example = example
        self.body = msgspec.defstruct("Body", fields, frozen=True, forbid_unknown_fields=True)


CALLS = {
    "act": Call('{"what": "lie_down"}, or sit, stand, fidget, get_up, bag_on, bag_off, cat', ("what", Act)),
    "weigh": Call(f'{{"kg": 74.5}} with {WEIGHT_MIN_KG} to {WEIGHT_MAX_KG} kg', ("kg", WEIGHT)),
    "button": Call('{"down": true} or false', ("down", bool)),
    "warp": Call('{"factor": 1}, 10 or 60', ("factor", Warp)),
    "jump": Call('{"hhmm": "21:00"}', ("hhmm", TIME_OF_DAY)),
    "next_day": Call("{}"),
    "fault": Call('{"name": "cell", "on": true}, or spikes, panel, disk, reader', ("name", FaultName), ("on", bool)),
    "power": Call('{"on": false} or true', ("on", bool)),
}


def create_app(bench: Bench, patience: Patience = Patience()) -> Starlette:  # noqa: B008 (frozen)
    """Make the page (/), its events (/events) and the calls (/api/...), for this machine only.

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
        return listener or refused(503, f"{MAX_LISTENERS} pages are open already; close one of them.")

    app = Starlette(
        routes=[
            Route("/", show_page),
            Route("/events", listen),
            *(Route(f"/api/{name}", partial(_perform, bench, name), methods=["POST"]) for name in CALLS),
        ],
        middleware=[Middleware(LocalOnly, policy=content_policy(page))],
        exception_handlers={HTTPException: _sentence},
    )
    app.state.listeners = listeners
    return app


async def _perform(bench: Bench, name: str, request: Request) -> Response:
    call = CALLS[name]
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
        return refused(415, f"/api/{name} takes application/json; send {call.example}.")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > BODY_MAX_BYTES:
                return refused(413, f"The call is longer than {BODY_MAX_BYTES} bytes; send {call.example}.")
        getattr(bench, name)(*msgspec.structs.astuple(msgspec.json.decode(body, type=call.body)))
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
