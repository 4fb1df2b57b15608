"""Coming in and going out: login, logout, the link by which a password is set."""

import json
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from starlette.responses import RedirectResponse, Response

from sopctl.errors import NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.page.handlers.acting import do_once
from sopctl.page.rendering import page
from sopctl.page.visit import FOREIGN_FORM, Refused, Visit, foreign_form, new_secret
from sopctl.workflow import accounts
from sopctl.workflow.entering import second_factor, sign_on

KEPT_BYTES = 64 * 1024
"""How much of a form that was sent without a session is carried through the login."""


class Resumed(Exception):
    """Someone has logged in who had sent a form before: it is to be shown again, with what they typed."""

    def __init__(self, there: str, typed: Mapping[str, str]) -> None:
        super().__init__(there)
        self.there, self.typed = there, typed


def login(visit: Visit) -> Response:
    """`/masuk`. After a form that was sent without a session, `kept` carries what was typed there through the login."""
    there = local(visit.fields.get("lanjut") or visit.query.get("lanjut", "/"))
    kept = visit.fields.get("kept", "")
    if visit.method == "GET":
        if visit.who:
            return RedirectResponse(there, 303)
        return ask(visit, there, "")
    if not visit.own_form:
        return _of_another_session(visit, there, kept)
    try:
        entered = accounts.log_in(
            visit.site, visit.fields.get("name", ""), visit.fields.get("password", ""), visit.address, visit.now
        )
    except NotNow as error:
        visit.problem = error
        return ask(visit, there, kept, status=429 if error.id == "too-many-failures" else 422)
    visit.renew(entered.secret)
    if entered.waits_for_code:
        return ask_code(visit, there, kept)
    return let_in(visit, there, kept)


def code(visit: Visit) -> Response:
    """`/masuk/kode`: the second step of a login, where the account has a second factor."""
    there, kept = local(visit.fields.get("lanjut", "/")), visit.fields.get("kept", "")
    if visit.method == "GET":
        return RedirectResponse("/masuk", 303)
    if not visit.own_form:
        return _of_another_session(visit, there, kept)
    try:
        secret = second_factor.complete(
            visit.site, visit.secret, visit.fields.get("code", ""), visit.address, visit.now
        )
    except NotNow as error:
        visit.problem = error
        if error.id == "login-begun-too-long-ago":
            return ask(visit, there, kept, status=422)
        return ask_code(visit, there, kept, status=429 if error.id == "too-many-failures" else 422)
    visit.renew(secret)
    return let_in(visit, there, kept)


def _of_another_session(visit: Visit, there: str, kept: str) -> Response:
    """The answer to a form of another session than this one: who clicked twice has begun this one by the first click,
    and goes on in it; whoever else is asked to log in."""
    if visit.who:
        return let_in(visit, there, kept)
    if second_factor.waits(visit.site, visit.secret, visit.now):
        return ask_code(visit, there, kept)
    visit.note_refusal(FOREIGN_FORM)
    visit.problem = foreign_form()
    return ask(visit, there, kept, status=403)


def provider(visit: Visit) -> Response:
    """`/masuk/penyedia`: on to the office's identity provider."""
    try:
        there = sign_on.begin(visit.site, visit.secret, local(visit.query.get("lanjut", "/")), visit.now)
    except OutsideFailure as error:
        visit.problem = error
        return ask(visit, "/", "", status=503)
    return RedirectResponse(there, 303)


def provided(visit: Visit) -> Response:
    """`/masuk/penyedia/kembali`: back from there."""
    try:
        secret, there = sign_on.finish(visit.site, visit.secret, visit.query, visit.address, visit.now)
    except (NotNow, OutsideFailure) as error:
        visit.problem = error
        return ask(visit, "/", "", status=503 if isinstance(error, OutsideFailure) else 422)
    kept = sign_on.typed(visit.site, visit.secret, visit.now)
    visit.renew(secret)
    return let_in(visit, there, kept)


def let_in(visit: Visit, there: str, kept: str) -> Response:
    """Lead whoever has logged in to where they wanted to go; to the form that they had sent before, with what they
    typed there."""
    typed = unpacked(kept)
    if typed:
        raise Resumed(there, typed)
    return RedirectResponse(there, 303)


def ask(visit: Visit, there: str, kept: str, *, status: int = 200) -> Response:
    """The login."""
    name = visit.fields.get("name", "")[:100] if visit.path == "/masuk" else ""
    settings = visit.site.settings.page
    by_provider = f"/masuk/penyedia?lanjut={quote(there, safe='')}" if settings and settings.oidc else ""
    if by_provider and kept:
        sign_on.keep_typed(visit.site, visit.secret, kept, visit.now)
    return page(visit, "login.html", status=status, there=there, kept=kept, typed_name=name, by_provider=by_provider)


def ask_code(visit: Visit, there: str, kept: str, *, status: int = 200) -> Response:
    """The second step."""
    return page(visit, "code.html", status=status, there=there, kept=kept)


def logout(visit: Visit) -> Response:
    """`/keluar`."""
    if not visit.own_form:
        raise Refused(FOREIGN_FORM)
    accounts.sessions(visit.site).end(visit.secret)
    return RedirectResponse("/masuk", 303)


def invited(visit: Visit, link: str) -> Response:
    """`/undangan/LINK`: GET asks and uses nothing up, so that a mail scanner that follows links does no harm."""
    if visit.method == "POST":
        try:
            if not visit.own_form:
                raise foreign_form()
            key = visit.fields.get("key", "")[:100] or new_secret()
            return RedirectResponse(do_once(visit, f"/undangan {key}", lambda: _accepted(visit, link)), 303)
        except SopctlError as error:
            visit.problem = error
    account = accounts.kept(visit.site).invited(link, visit.now.timestamp())
    if account is None:
        visit.problem = accounts.link_spent()
        return page(visit, "message.html", status=410, title="Tautan")
    status = 422 if visit.problem else 200
    return page(visit, "invited.html", status=status, account=account.name, key=new_secret())


def _accepted(visit: Visit, link: str) -> str:
    """Set the password that was typed twice. Returns where the login is."""
    if visit.fields.get("password") != visit.fields.get("repeated"):
        raise UsageError(
            "passwords-differ", "the two passwords differ", remedy="Nothing was set. Type the same one twice."
        )
    accounts.accept(visit.site, link, visit.fields.get("password", ""), visit.now)
    return "/masuk"


def local(address: str) -> str:
    """A path of this page; `/` for whatever could lead elsewhere."""
    parts = urlsplit(address)
    plain = address.startswith("/") and not address.startswith(("//", "/\\")) and not parts.scheme and not parts.netloc
    return address if plain and address.isprintable() and "\\" not in address else "/"


def packed(fields: Mapping[str, str]) -> str:
    """What was typed, to be carried through a login; empty where it is too much."""
    typed = {name: value for name, value in fields.items() if name not in ("token", "key", "password")}
    text = json.dumps({name: value for name, value in typed.items() if not name.endswith("-drawn")})
    return text if len(text) <= KEPT_BYTES else ""


def unpacked(text: str) -> dict[str, str]:
    """What `packed` made, from a form that anybody may have written."""
    try:
        found = json.loads(text) if len(text) <= KEPT_BYTES else {}
    except (ValueError, RecursionError):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}
