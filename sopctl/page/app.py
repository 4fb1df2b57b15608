"""The application: which address is answered by whom, and what becomes of what they raise."""

import re
import sys
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sopctl.errors import SopctlError, UsageError
from sopctl.page import openapi
from sopctl.page.asked import asked_as_json, by_program
from sopctl.page.guard import Guard
from sopctl.page.handlers import (
    account,
    acting,
    answering,
    api,
    checking,
    entrance,
    pictures,
    racks,
    reading,
    requesting,
)
from sopctl.page.rendering import page
from sopctl.page.visit import (
    COOKIE,
    LANGUAGE_COOKIE,
    Command,
    Language,
    NotLoggedIn,
    Refused,
    Upload,
    Visit,
    form_too_large,
    new_secret,
    of_api,
    office_clock,
)
from sopctl.store.durable import refused
from sopctl.store.page.recent import Recent
from sopctl.store.site import Site

Handler = Callable[..., Response]

STYLE = (Path(__file__).parent / "style.css").read_bytes()
ICON = (Path(__file__).parent / "icon.svg").read_bytes()
DRAWING = (Path(__file__).parent / "gores.js").read_bytes()
MOST_FILES, MOST_FIELDS = 100, 200


def style(_visit: Visit) -> Response:
    """`/gaya.css`."""
    return Response(STYLE, media_type="text/css", headers={"Cache-Control": "max-age=3600"})


def icon(_visit: Visit) -> Response:
    """`/ikon.svg`."""
    return Response(ICON, media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


def drawing(_visit: Visit) -> Response:
    """`/gores.js`: the only script, of the forms on which a signature is drawn."""
    return Response(DRAWING, media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})


def health(visit: Visit) -> Response:
    """`/sehat`: can the site be read?"""
    _ = visit.site.settings
    return PlainTextResponse("sehat\n")


ROUTES: tuple[tuple[str, tuple[str, ...], Handler], ...] = (
    ("/", ("GET",), reading.board),
    ("/gaya.css", ("GET",), style),
    ("/ikon.svg", ("GET",), icon),
    ("/gores.js", ("GET",), drawing),
    ("/sehat", ("GET",), health),
    ("/api/openapi.json", ("GET",), openapi.described),
    ("/masuk", ("GET", "POST"), entrance.login),
    ("/masuk/kode", ("GET", "POST"), entrance.code),
    ("/masuk/penyedia", ("GET",), entrance.provider),
    ("/masuk/penyedia/kembali", ("GET",), entrance.provided),
    ("/keluar", ("POST",), entrance.logout),
    ("/akun", ("GET",), account.account),
    ("/akun/kode", ("GET", "POST"), account.enrol),
    ("/akun/kode/hapus", ("POST",), account.disenrol),
    ("/undangan/{link}", ("GET", "POST"), entrance.invited),
    ("/tautan/{link}", ("GET", "POST"), answering.answer),
    ("/permohonan", ("GET", "POST"), requesting.request),
    ("/antrean", ("GET",), reading.queue),
    ("/rak", ("GET",), racks.listed),
    ("/rak/{name}", ("GET",), racks.rack),
    ("/rak/{name}/gambar.svg", ("GET",), racks.picture),
    ("/inventaris", ("GET",), pictures.inventory),
    ("/sop/{name}", ("GET",), pictures.procedure),
    ("/sop/{name}/gambar.svg", ("GET",), pictures.procedure_picture),
    ("/periksa", ("GET", "POST"), checking.check),
    ("/berkas", ("GET",), reading.listed),
    ("/berkas/{deposit_id}", ("GET",), reading.dossier),
    ("/berkas/{deposit_id}/dokumen/{sha256}", ("GET",), reading.document),
    ("/berkas/{deposit_id}/alur", ("GET",), pictures.flow),
    ("/berkas/{deposit_id}/alur/gambar.svg", ("GET",), pictures.flow_picture),
    ("/berkas/{deposit_id}/ketersediaan", ("GET",), pictures.reached),
    ("/berkas/{deposit_id}/ketersediaan/gambar.svg", ("GET",), pictures.reached_picture),
    ("/berkas/{deposit_id}/{path}", ("GET", "POST"), acting.act),
)
"""Each address, how it may be asked for, and who answers."""


KEEPING = (acting.act, requesting.request)
"""Who shows a form again that was too large, with what was typed there."""


class Served(NamedTuple):
    """What is served: the site's folder, its clock (None: the office's), how the terminal asks for an action, and
    the register as readers share it."""

    root: Path
    clock: Callable[[], datetime] | None
    command: Command
    recent: Recent


def application(
    root: Path,
    *,
    hosts: frozenset[str],
    proxied: bool = False,
    secure: bool = False,
    clock: Callable[[], datetime] | None = None,
    command: Command = str,
) -> Guard:
    """The page of the site at `root`. The site is read again for each request: a change of sopctl.yml counts at once.
    `command`: how the terminal asks for an action, for staff who see what they do there."""

    served = Served(root, clock, command, Recent())

    def endpoint(handler: Handler) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            return await run_in_threadpool(_serve, served, handler, request, await _sent(request))

        return answer

    routes = [Route(path, endpoint(handler), methods=list(methods)) for path, methods, handler in ROUTES]
    routes += [Route(each.path, endpoint(api.handled(each)), methods=[each.method]) for each in api.OPERATIONS]

    async def elsewhere(request: Request, error: Exception) -> Response:
        known = error.status_code if isinstance(error, HTTPException) else 500
        return await run_in_threadpool(_serve, served, _nothing(known), request, _Sent())

    app = Starlette(routes=routes, exception_handlers={HTTPException: elsewhere})
    return Guard(asked_as_json(app), hosts, proxied, secure, by_program)


class _Sent(NamedTuple):
    """What came with a request: a form's texts and files, or a program's bytes."""

    fields: Mapping[str, str] = {}
    files: Mapping[str, Upload] = {}
    body: bytes = b""


async def _sent(request: Request) -> _Sent:
    """What came with a request; the second of several files of a field is `NAME.2`."""
    if request.method != "POST":
        return _Sent()
    by_program = of_api(request.url.path)
    if by_program and not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return _Sent(body=await request.body())
    fields: dict[str, str] = {}
    files: dict[str, Upload] = {}
    async with request.form(max_files=MOST_FILES, max_fields=MOST_FIELDS) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                several = sum(each.partition(".")[0] == name for each in files)
                files[f"{name}.{several + 1}" if several else name] = Upload(value.filename or "", await value.read())
            else:
                fields[name] = value.replace("\r\n", "\n")
    return _Sent(files=files, body=fields.get("record", "").encode()) if by_program else _Sent(fields, files)


def _serve(served: Served, handler: Handler, request: Request, sent: _Sent) -> Response:
    try:
        site = Site(served.root)
        site.recent = served.recent if request.method in ("GET", "HEAD") else None
        visit = _visit(site, served, request, sent)
    except (SopctlError, OSError) as refusal:
        return _unserved(refusal, request)
    try:
        visit.recognise()
        response = _answered(visit, handler, request.path_params)
    except Exception as fault:  # noqa: BLE001 (one request that fails ends no other)
        response = _unserved(fault, request)
    for error in site.lagging:
        print(f"sopctl: {error}", file=sys.stderr, flush=True)  # noqa: T201 (the service's log)
    if site.committed:
        served.recent.tell(name for name, _ in site.committed)
    if visit.by_program:
        return response
    if visit.fresh:
        response.set_cookie(COOKIE, visit.secret, secure=True, httponly=True, samesite="lax", path="/")
    if request.query_params.get("bahasa") in ("id", "en"):
        response.set_cookie(LANGUAGE_COOKIE, visit.language, max_age=31_536_000, secure=True, httponly=True, path="/")
    return response


def _unserved(error: Exception, request: Request) -> Response:
    """The answer where not even a page can be shown, as when sopctl.yml cannot be read. The log says why: the reader
    learns nothing of it."""
    told = refused(error) if isinstance(error, OSError) else error
    by_program = of_api(request.url.path)
    if isinstance(told, SopctlError):
        print(f"sopctl: {told}", file=sys.stderr, flush=True)  # noqa: T201 (the service's log)
        if by_program:
            return api.problem(503, told.id, "the site cannot be used now")
        return PlainTextResponse("Maaf, halaman ini sedang tidak bisa dilayani.\n", status_code=503)
    traceback.print_exception(error, file=sys.stderr)
    if by_program:
        return api.problem(500, "own-fault", "there is a fault in sopctl")
    return PlainTextResponse("Maaf, ada kesalahan pada sopctl.\n", status_code=500)


def _visit(site: Site, served: Served, request: Request, sent: _Sent) -> Visit:
    language: Language = "id"
    wanted = request.query_params.get("bahasa") or request.cookies.get(LANGUAGE_COOKIE)
    if wanted == "en":
        language = "en"
    secret = request.cookies.get(COOKIE, "")
    known = bool(re.fullmatch(r"[A-Za-z0-9_-]{40,60}", secret))
    return Visit(
        site=site,
        clock=served.clock or office_clock(site),
        command=served.command,
        method="GET" if request.method == "HEAD" else request.method,
        path=request.url.path,
        address=request.scope.get("sopctl.address", ""),
        secret=secret if known else new_secret(),
        fresh=not known,
        language=language,
        query=dict(request.query_params),
        fields=sent.fields,
        files=sent.files,
        bearer=_bearer(request.headers.get("authorization", "")),
        body=sent.body,
        key=request.headers.get("idempotency-key", ""),
        cut=request.scope.get("sopctl.cut", False),
    )


def _bearer(header: str) -> str:
    """The token in a header (RFC 6750, 2.1), or what stands there instead of one."""
    scheme, _, token = header.partition(" ")
    return (token if scheme.lower() == "bearer" else header).strip()[:200]


def _answered(visit: Visit, handler: Handler, places: Mapping[str, str]) -> Response:
    try:
        if visit.cut and handler not in KEEPING:
            raise form_too_large()
        return handler(visit, **places)
    except NotLoggedIn:
        return _to_login(visit)
    except entrance.Resumed as resumed:
        return _again(visit, resumed)
    except Refused as refused:
        visit.note_refusal(refused.what)
        return page(visit, "message.html", status=403, title="Ditolak")
    except SopctlError as error:
        visit.problem = error
        missing = isinstance(error, UsageError)
        if error.id == "not-to-be-seen":
            visit.note_refusal(error.id)
        status = 404 if missing else acting.status(error)
        if not missing:
            print(f"sopctl: {error}", file=sys.stderr, flush=True)  # noqa: T201 (the service's log)
        return page(visit, "message.html", status=status, title="Tidak ada" if missing else "Tidak bisa")


def _to_login(visit: Visit) -> Response:
    """The login; it leads back to what was asked for, with what was typed there."""
    if visit.method == "POST":
        return entrance.ask(visit, visit.path, entrance.packed(visit.fields), status=401)
    there = visit.path + ("?" + "&".join(f"{k}={quote(v)}" for k, v in visit.query.items()) if visit.query else "")
    return RedirectResponse(f"/masuk?lanjut={quote(there, safe='')}", 303)


def _again(visit: Visit, resumed: entrance.Resumed) -> Response:
    """The form that was sent without a session, with what was typed there."""
    path = resumed.there.partition("?")[0]
    for pattern, methods, handler in ROUTES:
        shape = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
        found = re.fullmatch(shape, path)
        if found and "POST" in methods and handler is not entrance.login:
            visit.method, visit.path, visit.typed, visit.fields = "GET", path, resumed.typed, {}
            return _answered(visit, handler, found.groupdict())
    return RedirectResponse(resumed.there, 303)


def _nothing(status: int) -> Handler:
    def answer(visit: Visit, **_places: str) -> Response:
        if visit.by_program:
            if status == 404:
                return api.problem(404, "not-to-be-seen", "there is no such thing here")
            return api.problem(status, "not-understood", "that is nothing that is understood here")
        return page(visit, "message.html", status=status, title="Tidak ada" if status == 404 else "Tidak bisa")

    return answer
