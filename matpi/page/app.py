"""The routes of the page, as one table, and what each does."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from matpi import __version__
from matpi.control.requests import all as requests
from matpi.errors import DeviceOffError, MatpiError, StoreError, UsageError
from matpi.page import statics, uploads
from matpi.page.access import COOKIE, POLICY, UNPAIRED, Access
from matpi.page.devices import NAME_MAX, Browser, Devices
from matpi.page.link import Link
from matpi.page.logbook import Logbook
from matpi.page.subcommands import Subcommands
from matpi.web.guard import Guard, refused, sentence
from matpi.web.listeners import MAX_LISTENERS, Listeners
from matpi.web.server import TooLongError, body_of, is_json

YEAR_S: Final = 365 * 86_400
PAIR_EVERY_S: Final = 1.0
"""Between two tries of a code, of all browsers together; the device itself counts five."""
HELLO_S: Final = 2.0
"""How old may be what the unpaired see of the device: that it runs, and its language."""
CALL_MAX_BYTES: Final = 4096
PLAN_MAX_BYTES: Final = 64 * 1024 + 1024
"""Of a call that brings a plan of one's own: as long as one may be in store/settings.py, and what is around it."""
IMPORT_S: Final = 300.0  # chosen: ten years of sessions into a slow card take a minute
DO: Final = frozenset(requests.NAMES) - {"state", "live", "counts", "pair"}
"""What may be asked of the device: all that its socket takes but its streams, its state and the code."""
FAILED: Final = "The page failed at this request; its log says more: journalctl -u matpi-page."
RECORDINGS: Final = "recordings"
_RECORDING = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class Entry(NamedTuple):
    """A route: who may ask it, and what a program needs to know of it."""

    method: str
    path: str
    what: str
    """What it answers or does, a sentence for docs/dev/page.md."""
    open: bool = False
    """Also for a browser that is not paired."""


ROUTES: Final = {
    "index": Entry("GET", "/", "The page itself.", open=True),
    "static": Entry("GET", "/static/{path:path}", "Its scripts, styles and pictures.", open=True),
    "words": Entry("GET", "/words/{language}.json", "Its texts, `en` or `de`: key and text.", open=True),
    "hello": Entry("GET", "/api/hello", "`version`, `paired`, `language`, `running` (the device).", open=True),
    "pair": Entry("POST", "/api/pair", "Takes `code` and `name`; sets the cookie of this browser.", open=True),
    "devices": Entry("GET", "/api/devices", "The paired browsers: `id`, `name`, `paired`, `seen`, `this`."),
    "revoke": Entry("POST", "/api/revoke", "Takes `id`; that browser is no longer paired."),
    "events": Entry("GET", "/events", "Server-sent events: `state` at each change, `off` when the device is."),
    "do": Entry("POST", "/api/do", "A request of the control socket; answers `said` and `data`."),
    "log": Entry("GET", "/api/log", "Everything of the log, and the plan of each person."),
    "export": Entry("GET", "/export.json", "What `matpi export` writes."),
    "table": Entry("GET", "/export/{table}.csv", "One table of `matpi export --csv FOLDER`."),
    "backup": Entry("GET", "/backup.db", "What `matpi backup` writes."),
    "recording": Entry("GET", "/recordings/{name}", "A recording that `record` has saved."),
    "import": Entry("POST", "/api/import", "An export (8 MiB) or a backup (32 MiB); `?person=NAME` as `matpi import`."),
    "doctor": Entry("GET", "/api/doctor", "`checks`: `part`, `name`, `verdict`, `sentence`, `do`. Takes seconds."),
    "sinks": Entry("GET", "/api/sinks", "Where records are sent: `name`, `kind`, `url`, `state`."),
}  # fmt: skip
"""Every route of the page; the handler of NAME is `Site.NAME`, of a keyword `Site.NAME_`."""


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    name: str = ""


class Revoke(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str


class Refused(Exception):  # noqa: N818  it is no error of ours
    """An answer that a handler gives up with."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Site:
    """What the routes share. Its coroutines are the handlers, on the event loop's thread."""

    def __init__(
        self,
        devices: Devices,
        logbook: Logbook,
        link: Link,
        listeners: Listeners,
        subcommands: Subcommands,
        static: Path,
    ) -> None:
        self._devices, self._logbook, self._link = devices, logbook, link
        self._listeners, self._subcommands = listeners, subcommands
        self._files, self._texts = statics.files_in(static), statics.texts()
        self._next_try = 0.0
        self._importing = asyncio.Semaphore(1)

    # -- for everybody

    async def index(self, request: Request) -> Response:
        return self._file(self._files, "index.html", request)

    async def static(self, request: Request) -> Response:
        return self._file(self._files, request.path_params["path"], request)

    async def words(self, request: Request) -> Response:
        return self._file(self._texts, request.path_params["language"], request)

    async def hello(self, request: Request) -> Response:
        state = await self._link.state(HELLO_S)  # an unpaired browser must not keep the device busy
        return JSONResponse(
            {
                "version": __version__,
                "paired": _browser(request) is not None,
                "language": await self._logbook.language() if state is None else state["language"],
                "running": state is not None,
            }
        )

    async def pair(self, request: Request) -> Response:
        given = await _body(request, Pair, '{"code": "123456", "name": "phone"}')
        now = time.monotonic()
        if now < self._next_try:
            raise Refused(429, "A code was tried just now; wait a second and try again.")
        self._next_try = now + PAIR_EVERY_S
        await self._link.ask({"do": "pair", "code": given.code})
        name = given.name.strip() or request.headers.get("user-agent", "")
        token = await asyncio.to_thread(self._devices.add, name[: 4 * NAME_MAX])
        answer = JSONResponse({})
        answer.set_cookie(COOKIE, token, max_age=YEAR_S, path="/", httponly=True, samesite="strict")
        return answer

    # -- for the paired

    async def devices(self, request: Request) -> Response:
        this = _browser(request)
        return JSONResponse(
            [
                {
                    "id": one.id,
                    "name": one.name,
                    "paired": _time(one.paired_utc),
                    "seen": _time(one.seen_utc),
                    "this": this is not None and one.id == this.id,
                }
                for one in self._devices.all()
            ]
        )

    async def revoke(self, request: Request) -> Response:
        given = await _body(request, Revoke, '{"id": "0a1b2c3d"}')
        self._still_paired(request)
        gone = await asyncio.to_thread(self._devices.revoke, given.id)
        answer = JSONResponse({})
        if gone.id == getattr(_browser(request), "id", None):
            answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    async def events(self, request: Request) -> Any:
        if request.method != "GET":
            raise Refused(405, "The event stream only answers to GET.")
        token = request.cookies.get(COOKIE, "")
        listener = self._listeners.admit(lambda: self._devices.find(token) is not None)
        return listener or refused(503, f"{MAX_LISTENERS} pages are open already; close one of them.")

    async def do(self, request: Request) -> Response:
        call = await _body(request, dict[str, Any], '{"do": "rate", "value": 4}', PLAN_MAX_BYTES)
        name, setting = call.get("do"), call.get("set")
        if not isinstance(name, str) or name not in DO:
            raise UsageError(f"The page cannot ask this of the device; `do` is one of {', '.join(sorted(DO))}.")
        has_plan = name == "settings" and isinstance(setting, dict) and "own_plan" in setting
        if not has_plan and len(msgspec.json.encode(call)) > CALL_MAX_BYTES:
            raise Refused(413, f"The call is longer than {CALL_MAX_BYTES} bytes.")
        self._still_paired(request)
        return JSONResponse(await self._link.ask(call))

    async def log(self, request: Request) -> Response:
        state = await self._link.state()
        seen = None
        if state is not None and (day := state.get("today")):
            seen = date.fromisoformat(day), not state.get("trusted", True)
        made = await self._logbook.answer(seen)
        return statics.tagged(request, made.body, made.zipped, made.tag, "application/json", "no-store")

    async def export(self, _: Request) -> Response:
        return _download(await self._logbook.exported(), "application/json", "matpi.json")

    async def table(self, request: Request) -> Response:
        name = request.path_params["table"]
        return _download(await self._logbook.table(name), "text/csv; charset=utf-8", f"matpi-{name}.csv")

    async def backup(self, _: Request) -> Response:
        return _download(await self._logbook.image(), "application/vnd.sqlite3", "matpi-backup.db")

    async def recording(self, request: Request) -> Response:
        name = request.path_params["name"]
        path = self._logbook.path.parent / RECORDINGS / name
        if not _RECORDING.fullmatch(name) or path.is_symlink() or not path.is_file():
            raise Refused(404, "There is no recording of this name; save the last 10 minutes first.")
        if not os.access(path, os.R_OK):
            raise Refused(409, f"The page may not read {path}; give the group matpi the right to.")
        return FileResponse(path, media_type="application/octet-stream", filename=name)

    async def import_(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if kind not in {"application/json", "application/octet-stream"}:
            raise Refused(415, "An import is sent as application/json or application/octet-stream.")
        if self._importing.locked():
            raise Refused(409, "Another import is under way; try again when it is done.")
        async with self._importing:
            try:
                file = await uploads.received(request.stream())
            except TooLongError:
                most = uploads.IMPORT_MAX_BYTES // 2**20
                raise Refused(413, f"The file is larger than {most} MiB; choose an export or a backup.") from None
            except OSError as error:
                raise MatpiError(f"The upload found no room ({error.strerror}); make room on the device.") from error
            with file:
                document = await asyncio.to_thread(uploads.document_of, file)
            self._still_paired(request)
            person = request.query_params.get("person") or None
            call = {"do": "import", "document": document, "person": person}
            return JSONResponse(await self._link.ask(call, IMPORT_S))

    async def doctor(self, _: Request) -> Response:
        return JSONResponse({"checks": await self._subcommands.doctor()})

    async def sinks(self, _: Request) -> Response:
        return JSONResponse(await self._subcommands.sinks())

    # -- what they have in common

    def handler(self, name: str) -> Callable[[Request], Awaitable[Any]]:
        """Return the handler of a route, which answers each error with a sentence."""
        handle = getattr(self, name, None) or getattr(self, f"{name}_")

        async def handled(request: Request) -> Any:
            try:
                await self._note(_browser(request))
                return await handle(request)
            except Refused as no:
                return refused(no.status, str(no))
            except ClientDisconnect:
                return Response(status_code=400)
            except (DeviceOffError, StoreError) as error:
                return refused(503, str(error))
            except UsageError as error:
                return refused(400, str(error))
            except MatpiError as error:
                return refused(409, str(error))

        return handled

    async def _note(self, browser: Browser | None) -> None:
        if browser is not None and self._devices.is_due(browser):
            await asyncio.to_thread(self._devices.saw, browser)

    def _still_paired(self, request: Request) -> None:
        """Refuse a call whose browser was revoked while its body came in, which may take minutes."""
        if self._devices.find(request.cookies.get(COOKIE, "")) is None:
            raise Refused(401, UNPAIRED)

    def _file(self, known: dict[str, statics.Static], name: str, request: Request) -> Response:
        file = known.get(name)
        if file is None:
            raise Refused(404, f"There is nothing at {request.url.path}; the page is at /.")
        return file.answer(request)


async def _body(request: Request, kind: type[Any], example: str, limit: int = CALL_MAX_BYTES) -> Any:
    if not is_json(request):
        raise Refused(415, f"{request.url.path} takes application/json; send {example}.")
    try:
        return msgspec.json.decode(await body_of(request, limit), type=kind)
    except TooLongError:
        raise Refused(413, f"The call is longer than {limit} bytes; send {example}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{request.url.path} was not understood ({error}); send {example}.") from None


def _browser(request: Request) -> Browser | None:
    browser: Browser | None = request.scope["state"].get("browser")
    return browser


def _download(body: bytes, kind: str, name: str) -> Response:
    return Response(body, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})


def _time(utc: float) -> str:
    return datetime.fromtimestamp(utc).astimezone().isoformat(timespec="seconds")


def make_app(site: Site, access: Access) -> Starlette:
    """Return the app of the page."""
    return Starlette(
        routes=[
            Route(entry.path, site.handler(name), methods=[entry.method], name=name) for name, entry in ROUTES.items()
        ],
        middleware=[Middleware(Guard, objection=access, headers={"content-security-policy": POLICY}, failed=FAILED)],
        exception_handlers={HTTPException: sentence},
    )


def open_paths() -> list[str]:
    """Return the paths that need no pairing; those that end in / are beginnings of paths."""
    return [entry.path.partition("{")[0] for entry in ROUTES.values() if entry.open]
