"""Serve the twin's page and its few calls over a `Bench`: one thread, 127.0.0.1 only."""

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
from matpi.sim.body import Act
from matpi.twin.bench import WEIGHT_MAX_KG, WEIGHT_MIN_KG, Bench, FaultName, Warp
from matpi.twin.page.guard import content_policy, objection
from matpi.web.guard import Guard, refused, sentence
from matpi.web.listeners import MAX_LISTENERS, Listeners, Patience
from matpi.web.server import TooLongError, WebServer, body_of, bound, is_json

BODY_MAX_BYTES = 4096  # the longest call has some 40
WEIGHT = Annotated[float, msgspec.Meta(ge=WEIGHT_MIN_KG, le=WEIGHT_MAX_KG)]
TIME_OF_DAY = Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")]


class Call:
    """A POST to /api/NAME, a method of the Bench. Its body has the arguments as fields, in their order."""

    def __init__(self, example: str, *fields: tuple[str, Any]) -> None:
        """Describe the body; `example` is shown when one is refused."""
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


class PageServer(WebServer):
    """Serves at `url` from `start` to `stop`. Port 0 takes any free one.

    Binds when made, so that a taken port raises PortInUseError at once.
    """

    def __init__(self, bench: Bench, port: int = 0, patience: Patience = Patience()) -> None:  # noqa: B008 (frozen)
        own = bound("127.0.0.1", port)
        self.url = f"http://127.0.0.1:{own.getsockname()[1]}/"
        listeners = Listeners(bench.subscribe, patience, frozenset({"log"}))
        super().__init__(_app(bench, listeners), listeners, [own], patience)


# -- the app -----------------------------------------------------------------------------------------------------------


def _app(bench: Bench, listeners: Listeners) -> Starlette:
    """Make the page (/), its events (/events) and the calls (/api/...), for this machine only."""
    page = files("matpi.twin.page").joinpath("static/twin.html").read_text(encoding="utf-8")

    async def show_page(_: Request) -> Response:
        return HTMLResponse(page)

    async def listen(request: Request) -> Any:
        if request.method != "GET":
            return refused(405, "The event stream only answers to GET.")
        listener = listeners.admit()
        return listener or refused(503, f"{MAX_LISTENERS} pages are open already; close one of them.")

    return Starlette(
        routes=[
            Route("/", show_page),
            Route("/events", listen),
            *(Route(f"/api/{name}", partial(_perform, bench, name), methods=["POST"]) for name in CALLS),
        ],
        middleware=[
            Middleware(
                Guard,
                objection=objection,
                headers={"content-security-policy": content_policy(page)},
                failed="matpi failed at this request; the terminal it runs in says more.",
            )
        ],
        exception_handlers={HTTPException: sentence},
    )


async def _perform(bench: Bench, name: str, request: Request) -> Response:
    call = CALLS[name]
    if not is_json(request):
        return refused(415, f"/api/{name} takes application/json; send {call.example}.")
    try:
        body = await body_of(request, BODY_MAX_BYTES)
        getattr(bench, name)(*msgspec.structs.astuple(msgspec.json.decode(body, type=call.body)))
    except TooLongError:
        return refused(413, f"The call is longer than {BODY_MAX_BYTES} bytes; send {call.example}.")
    except ClientDisconnect:
        return Response(status_code=400)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return refused(400, f"/api/{name} was not understood ({error}); send {call.example}.")
    except UsageError as error:
        return refused(400, str(error))
    return Response(status_code=204)
