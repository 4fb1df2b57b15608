"""`/api/…`: the same for programs, as JSON, in the name of an account, by a token."""

import re
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypeVar

import msgspec
from starlette.responses import Response

from sopctl.errors import InvalidRecord, SopctlError, UsageError
from sopctl.model.as_json import NotJson, from_json
from sopctl.page import acts, records, words
from sopctl.page.fields import Form, Given
from sopctl.page.handlers import acting, reading, requesting
from sopctl.page.records import Problem
from sopctl.page.visit import NotLoggedIn, Refused, Visit
from sopctl.store import dossiers
from sopctl.workflow.papers import integrity, request_letter
from sopctl.workflow.steps import reservation
from sopctl.workflow.views import details, mine, racks
from sopctl.workflow.views.board import STATES, Query
from sopctl.workflow.views.offers import offers

Sent = TypeVar("Sent", records.Act, records.Request)

MOST_KEY = 100
FILES = ("file", "photos")
"""Kinds of fields that are handed in as files."""
TWINS: tuple[tuple[str, str, str], ...] = (
    ("GET", "/", "/api/board"),
    ("GET", "/akun", "/api/me"),
    ("GET", "/antrean", "/api/queue"),
    ("GET", "/rak", "/api/racks"),
    ("GET", "/permohonan", "/api/requests"),
    ("POST", "/permohonan", "/api/requests"),
    ("GET", "/berkas", "/api/deposits"),
    ("GET", "/berkas/{}", "/api/deposits/{}"),
    ("GET", "/berkas/{}/dokumen/{}", "/api/deposits/{}/documents/{}"),
    ("POST", "/berkas/{}/{}", "/api/deposits/{}/{}"),
)
"""The page's own addresses that a program may ask for as JSON, and where the same stands in the API."""
TWIN_QUERIES = {"halaman": "page", "keadaan": "state", "cari": "search", "giliran": "turn"}


@dataclass(frozen=True)
class Operation:
    """One thing that a program may ask for: how, what it is for, who answers, and with which record. `query`: what may
    stand behind the `?`. `acts`: it changes something, takes an `Act`, and needs a token that may."""

    path: str
    name: str
    about: str
    answer: Callable[..., msgspec.Struct | Response]
    record: type[msgspec.Struct] | None
    query: tuple[str, ...] = ()
    acts: bool = False
    body: type[msgspec.Struct] = records.Act

    @property
    def method(self) -> str:
        return "POST" if self.acts else "GET"


def handled(operation: Operation) -> Callable[..., Response]:
    """The handler of an operation: its record as JSON, and what is wrong as a `Problem`."""

    def handler(visit: Visit, **places: str) -> Response:
        try:
            if visit.scope == "read" and operation.acts:
                raise Refused("token-reads-only")
            found = operation.answer(visit, **places)
        except NotLoggedIn:
            if visit.bearer:
                visit.note_refusal("token-refused")
            return problem(401, "not-logged-in", "a token is needed that is good: Authorization: Bearer …")
        except Refused as refused:
            visit.note_refusal(refused.what)
            return problem(403, refused.what, "this is not for this account, or this token")
        except SopctlError as error:
            return _wrong(visit, error)
        return found if isinstance(found, Response) else as_json(found)

    return handler


def me(visit: Visit) -> records.Me:
    """`/api/me`."""
    account = visit.account
    if account is None:
        raise NotLoggedIn
    return records.Me(account.name, account.kind, sorted(mine.roles(visit.desk)), visit.scope or "read")


def board(visit: Visit) -> records.Board:
    """`/api/board`."""
    found, part = mine.mine(visit.desk, visit.sight), _part(visit)
    parts = (found.yours, found.escalated, found.others)
    yours, escalated, others = ([records.brief(row) for row in rows[part]] for rows in parts)
    return records.Board(yours, escalated, others, records.Counts(*map(len, parts)))


def listed(visit: Visit) -> records.Deposits:
    """`/api/deposits`."""
    asked = visit.query
    state, part = next((each for each in STATES if each == asked.get("state", "open")), None), _part(visit)
    turn = next((each for each in mine.TURNS if each == asked.get("turn")), None)
    if state is None or (asked.get("turn") and turn is None):
        raise _not_understood()
    query = Query(state, unit=asked.get("unit", "")[:200], search=asked.get("search", "")[:200])
    found = mine.listed(visit.desk, visit.sight, query, part.start, reading.A_PAGE, turn=turn)
    return records.Deposits([records.brief(row) for row in found.rows], found.total)


def dossier(visit: Visit, deposit_id: str) -> records.Dossier:
    """`/api/deposits/ID`."""
    row, found = mine.find(visit.desk, visit.sight, deposit_id)
    personal = visit.sight.personal
    deposit = details.masked(found.deposit, personal=personal)
    mine_now = offers(visit.desk, found).mine
    return records.Dossier(
        deposit=records.brief(row),
        head=found.head,
        address=(deposit.access.address or "") if personal else "",
        serial=deposit.server.serial or "",
        contacts=[line for _, line in details.contacts(found.deposit, personal=personal)],
        events=[
            records.Happened(
                event.seq,
                event.at,
                event.procedure,
                event.step,
                event.outcome,
                details.decided_by(event, visit.site),
                event.note,
            )
            for event in details.events(found, personal=personal)
        ],
        documents=[
            records.Paper(PurePath(each.file).name, each.sha256, each.state)
            for each in integrity.documents(visit.desk, deposit_id)
            if reading.is_paper(each.file)
        ]
        if visit.sight.papers
        else [],
        acts=[_offered(form.of(found)) for form in acts.offered(found, mine_now) if _by_program(form.of(found))],
    )


def act(visit: Visit, deposit_id: str, path: str) -> records.Done:
    """`POST /api/deposits/ID/ACT`: what the page's form does, once for each `Idempotency-Key`."""
    _, found = mine.find(visit.desk, visit.sight, deposit_id)
    form = acts.form_at(path)
    if form is None or not _by_program(form.of(found)):
        raise mine.absent(deposit_id)
    form = form.of(found)
    wanted, key = _sent(visit, records.Act), _key(visit)
    texts = {name for each in form.fields for name in (each.name, f"{each.name}-note") if each.kind not in FILES}
    _refuse_unknown(wanted.fields, texts)
    _refuse_unknown(visit.files, {each.name for each in form.fields if each.kind in FILES})

    def do() -> str:
        with ExitStack() as stack:
            given = Given(form.fields, wanted.fields, visit.files, stack)
            form.do(visit.desk.having_seen({deposit_id: wanted.head}), deposit_id, given)
        return deposit_id

    return _done(visit, acting.do_once(visit, f"{visit.path} {key}", do), path)


def letter(visit: Visit) -> records.Letter:
    """`/api/requests`: the letter's fields."""
    _ = visit.sight
    if not requesting.may_file(visit):
        raise Refused("may-not-file")
    fields = [
        records.Lettered(path, label, section, requesting.kind_of(path), path in requesting.NEEDED)
        for section, fields in request_letter.form("id")
        for path, label in fields
    ]
    return records.Letter(fields, requesting.own_unit(visit))


def file_request(visit: Visit) -> records.Done:
    """`POST /api/requests`: what the page's form does, once for each `Idempotency-Key`."""
    known = {each.path for each in letter(visit).fields}
    wanted, key = _sent(visit, records.Request), _key(visit)
    _refuse_unknown(wanted.fields, known)
    _refuse_unknown(visit.files, {"scan"})
    return _done(visit, acting.do_once(visit, f"{visit.path} {key}", lambda: requesting.filed(visit, wanted.fields)))


def _refuse_unknown(sent: Iterable[str], known: set[str]) -> None:
    """Raise UsageError for a name that is none of these (the second file of a field is `NAME.2`): what was meant would
    be missing."""
    unknown = next((name for name in sent if re.sub(r"\.\d+\Z", "", name) not in known and name not in known), None)
    if unknown is not None:
        raise UsageError(
            "no-such-field",
            "there is no field {field!r}",
            remedy=(
                "Leave it out, or spell it as the page's own form has it: its address below /api describes the fields."
            ),
            field=unknown[:80],
        )


def _sent(visit: Visit, kind: type[Sent]) -> Sent:
    """The record that was sent. Raises InvalidRecord."""
    try:
        return from_json(visit.body, kind)
    except NotJson as error:
        raise InvalidRecord(
            "not-an-act",
            "this is no act: {reason}",
            remedy="Send one JSON object with the keys that this act has.",
            reason=str(error),
        ) from None


def _key(visit: Visit) -> str:
    """By which word the program knows what it sent. Raises UsageError without one."""
    key = visit.key
    if not key or len(key) > MOST_KEY or not key.isprintable():
        raise UsageError(
            "idempotency-key-missing",
            "a header Idempotency-Key is needed, so that what is sent twice is done once",
            remedy=(
                "Make one yourself, such as a UUID. Send the same one again only when you repeat the same request."
            ),
        )
    return key


def _done(visit: Visit, deposit_id: str, path: str = "permohonan") -> records.Done:
    now = dossiers.read(visit.site, deposit_id)
    return records.Done(deposit_id, path, len(now.events), now.head)


def document(visit: Visit, deposit_id: str, sha256: str) -> Response:
    """`/api/deposits/ID/documents/SHA256`."""
    return reading.document(visit, deposit_id, sha256)


def queue(visit: Visit) -> records.Queue:
    """`/api/queue`."""
    sight, units = visit.sight, visit.site.settings.units
    found = [(number, each) for number, each in reservation.line(visit.site) if sight.sees(units, each.unit)]
    shown = [records.Waits(number, each.id, each.unit, each.server) for number, each in found[_part(visit)]]
    return records.Queue(shown, len(found))


def racked(visit: Visit) -> records.Racks:
    """`/api/racks`."""
    if not visit.sight.house:
        raise Refused("racks-not-for-units")
    names = records.RackSpace.__struct_fields__
    rows = racks.rack_rows(visit.site, _part(visit))
    found = [records.RackSpace(**{name: getattr(row, name) for name in names}) for row in rows]
    return records.Racks(found, len(visit.site.racks))


def _part(visit: Visit) -> slice:
    """The rows of the page that is asked for. Raises UsageError."""
    page = visit.query.get("page", "1")
    if not (page.isascii() and page.isdecimal() and 0 < len(page) < 6 and int(page) > 0):
        raise _not_understood()
    return slice((int(page) - 1) * reading.A_PAGE, int(page) * reading.A_PAGE)


def _not_understood() -> UsageError:
    return UsageError(
        "query-not-understood",
        "`state` is one of {states}, `turn` of {turns}; `page` counts from 1",
        remedy="Correct the address that was asked for.",
        states=", ".join(STATES),
        turns=", ".join(mine.TURNS),
    )


OPERATIONS = (
    Operation("/api/me", "me", "In whose name this token asks", me, records.Me),
    Operation(
        "/api/board", "board", "What waits for this account, and for others", board, records.Board, query=("page",)
    ),
    Operation(
        "/api/deposits",
        "deposits",
        "Deposits, fifty on a page",
        listed,
        records.Deposits,
        query=("state", "unit", "search", "turn", "page"),
    ),
    Operation("/api/deposits/{deposit_id}", "deposit", "A deposit in detail", dossier, records.Dossier),
    Operation("/api/deposits/{deposit_id}/documents/{sha256}", "document", "A document, by its hash", document, None),
    Operation(
        "/api/deposits/{deposit_id}/{path}",
        "act",
        "Do one of the acts that the deposit offers",
        act,
        records.Done,
        acts=True,
    ),
    Operation("/api/requests", "letter", "The request letter's fields", letter, records.Letter),
    Operation(
        "/api/requests",
        "request",
        "File a request, as the request letter has it",
        file_request,
        records.Done,
        acts=True,
        body=records.Request,
    ),
    Operation("/api/queue", "queue", "Who waits for space", queue, records.Queue, query=("page",)),
    Operation("/api/racks", "racks", "What is free in the racks", racked, records.Racks, query=("page",)),
)
"""What programs may ask for."""


def as_json(record: msgspec.Struct, status: int = 200) -> Response:
    """A record as the answer."""
    return Response(msgspec.json.encode(record), status_code=status, media_type="application/json")


def problem(status: int, id: str, message: str) -> Response:
    """What is wrong, as the answer."""
    answer = as_json(Problem(id, message), status)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _wrong(visit: Visit, error: SopctlError) -> Response:
    if error.id == "not-to-be-seen":
        visit.note_refusal(error.id)
        return problem(404, error.id, "there is no such thing here")
    if error.id in acting.NOT_THEIRS:
        visit.note_refusal(error.id)
        return problem(403, error.id, "this is not for this account, or this token")
    outsider = visit.who is None or visit.who.kind in ("unit", "reader")
    return problem(acting.status(error), error.id, words.error(error, "en", outsider=outsider))


def _by_program(form: Form) -> bool:
    """Can it be done without a signature that is drawn?"""
    return not form.draws


def _offered(form: Form) -> records.Offered:
    fields = [
        records.Asked(each.name, each.label, each.kind, each.required, [value for value, _ in each.choices])
        for each in form.fields
    ]
    return records.Offered(form.path, form.title, fields)
