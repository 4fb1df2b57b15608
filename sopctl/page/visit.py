"""One request, as handlers see it: who asks, in which language, what they typed."""

import hashlib
import hmac
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from sopctl.errors import Action, InvalidRecord, NotNow, SopctlError
from sopctl.model.principal import Principal, Sight, sight_of
from sopctl.store.page.accounts import Account
from sopctl.store.page.tokens import Scope
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.deciding import Deciding
from sopctl.workflow.desk import Desk
from sopctl.workflow.entering import tokens

COOKIE = "__Host-sopctl"
LANGUAGE_COOKIE = "__Host-bahasa"
Language = Literal["id", "en"]


Command = Callable[[Action], str]
"""How the terminal asks for an action."""


class NotLoggedIn(Exception):
    """The handler wants someone who is logged in; nobody is."""


class Refused(Exception):
    """A form that did not come from our own page, or asks for what this person may not. `what` goes into the audit."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


@dataclass(frozen=True)
class Upload:
    """A file that was handed in: its name (not to be trusted) and its content."""

    name: str
    content: bytes

    @contextmanager
    def as_file(self) -> Iterator[Path]:
        """The file in a private folder of its own, under a name of ours with the ending of theirs."""
        ending = Path(self.name).suffix.lower()
        with tempfile.TemporaryDirectory(prefix="sopctl-page-") as folder:
            path = Path(folder) / f"unggahan{ending if ending.isascii() and len(ending) <= 6 else ''}"
            path.write_bytes(self.content)
            yield path


@dataclass
class Visit:
    """One request. `fields` and `files` are what a form sent, `query` what stands behind the `?`; `typed` what a form
    shows again, after a refusal or a login."""

    site: Site
    clock: Callable[[], datetime]
    method: str
    path: str
    address: str
    secret: str
    """Of the session: random, from the cookie, or new."""
    language: Language
    command: Command = str
    query: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    bearer: str = ""
    """The token of a program (`/api/…`), which then counts, and the cookie does not."""
    body: bytes = b""
    key: str = ""
    """What a program sent, and by which word it knows that it sent it."""
    cut: bool = False
    """Was what was sent too large? Then only its beginning was kept."""
    scope: Scope | None = None
    typed: Mapping[str, str] = field(default_factory=dict)
    account: Account | None = None
    who: Principal | None = None
    fresh: bool = False
    """Is the secret a new one, to be set as cookie?"""
    problem: SopctlError | None = None
    """Why a form is shown again."""

    def recognise(self) -> None:
        """Find out who asks. A session ends when sopctl.yml loses its person."""
        if self.by_program:
            asks = tokens.who(self.site, self.bearer, self.clock())
            self.account, self.who, self.scope = asks if asks else (None, None, None)
            return
        found = accounts.who(self.site, self.secret, self.clock())
        self.account, self.who = found if found else (None, None)

    @property
    def by_program(self) -> bool:
        """Is it for programs, which have tokens and no cookies?"""
        return of_api(self.path)

    def renew(self, secret: str) -> None:
        """Go on under another secret: nobody who knew the old one knows this one."""
        self.secret, self.fresh = secret, True
        self.recognise()

    @property
    def now(self) -> datetime:
        return self.clock()

    @property
    def sight(self) -> Sight:
        """What the one who asks may see. Raises NotLoggedIn."""
        found = sight_of(self.who) if self.who else None
        if found is None:
            raise NotLoggedIn
        return found

    @property
    def desk(self) -> Desk:
        """The desk of the one who asks: as themselves, and as nobody else. Raises NotLoggedIn."""
        if self.who is None:
            raise NotLoggedIn
        return Desk(self.site, Deciding(self.who), self.clock)

    @property
    def number(self) -> int:
        """Which page of a list is asked for, from 1."""
        said = self.query.get("halaman", "1")
        return max(1, int(said)) if said.isdecimal() and said.isascii() and len(said) < 6 else 1

    @property
    def form_token(self) -> str:
        """What our own forms carry, and nobody else can know."""
        return hmac.new(self.secret.encode(), b"form", hashlib.sha256).hexdigest()

    @property
    def own_form(self) -> bool:
        """Is the form from our own page, in this session?"""
        return hmac.compare_digest(self.fields.get("token", "").encode(), self.form_token.encode())

    def note_refusal(self, what: str) -> None:
        """Note in the audit that something was refused."""
        name = self.account.name if self.account else ""
        accounts.sessions(self.site).refused(self.now.timestamp(), name, self.address, what, self.path)


FOREIGN_FORM = "form-of-another-session"


def of_api(path: str) -> bool:
    """Is an address one of those for programs alone?"""
    return path.startswith("/api/")


def foreign_form() -> NotNow:
    """The error for a form that is not from our own page in this session."""
    return NotNow(
        "form-of-another-session",
        "this form is from another session: look at it, and send it again",
        remedy="Nothing of this form was recorded.",
    )


def form_too_large() -> InvalidRecord:
    """The error for a form whose files are too large together."""
    return InvalidRecord(
        "form-too-large",
        "what was handed in is too large: at most 64 MiB together",
        remedy="Hand in fewer or smaller files, in several forms if need be.",
    )


def new_secret() -> str:
    """A secret that nobody guesses."""
    return secrets.token_urlsafe(32)


def office_clock(site: Site) -> Callable[[], datetime]:
    """The office's clock."""
    zone = ZoneInfo(site.settings.time_zone)
    return lambda: datetime.now(zone)
