"""The site's own configuration, `sopctl.yml`: the office, its people, and how it works."""

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from msgspec import Meta, Struct, field

from sopctl.model import names
from sopctl.model.deposit import Account, Email, Host, KeyFile, Line, OptionalLine, Port
from sopctl.model.principal import Principal
from sopctl.model.sop.signing import PaperKind
from sopctl.model.unit import Unit, folded

FILE_NAME = "sopctl.yml"

NumberPart = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.-]{1,20}\Z")]
"""A part of a document's number."""
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,30}\Z")]
"""What a person or a channel is called in the settings and on the command line."""


class Office(Struct, frozen=True, forbid_unknown_fields=True):
    """The letterhead. `code` and `unit` stand in document numbers, `city` before the date of letters."""

    agency: Line
    name: Line
    address: Line
    contact: OptionalLine = ""
    city: OptionalLine = ""
    code: NumberPart = "555"
    unit: NumberPart = "KOMINFO"


class Papers(Struct, frozen=True, forbid_unknown_fields=True):
    """What the office's papers look like. `size` of the sheet; `logo`: the emblem in the letterhead, a PNG or JPEG file
    in the site's folder; `legal_basis`: the office's own regulations, printed on the SOP after the national ones.

    `letter_signer` is the role that signs letters to owners on behalf of the head (a.n.); by default whoever sends them
    does. `letter_copies` says who gets a copy (tembusan), beside those whom a letter names by itself.
    """

    size: Literal["a4", "f4"] = "a4"
    logo: Annotated[str, Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,60}\.(png|jpe?g))?\Z")] = ""
    legal_basis: Annotated[tuple[Line, ...], Meta(max_length=20)] = ()
    letter_signer: str = ""
    letter_copies: Annotated[tuple[Line, ...], Meta(max_length=10)] = ()


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """A person of the office. `role` is an actor of the procedures; `login` their account on the controller; `rank`
    their rank and grade (pangkat/golongan), which stands below their name where they sign."""

    role: Annotated[str, Meta(pattern=names.ROLE)]
    name: Line
    position: OptionalLine = ""
    nip: Annotated[str, Meta(pattern=names.NIP)] = ""
    rank: OptionalLine = ""
    login: OptionalLine = ""
    email: Email | None = None


class Management(Struct, frozen=True, forbid_unknown_fields=True):
    """The account through which the controller manages every server, and its key's name in the site's keys/. `before`
    is the key before it, until no server knows that one any more."""

    account: Account = "sopctl"
    key: KeyFile = "management"
    before: KeyFile | None = None

    def __post_init__(self) -> None:
        if self.before == self.key:
            raise ValueError("Expected another key in `before` than in `key`")


class Resolvers(Struct, frozen=True, forbid_unknown_fields=True):
    """The DNS servers that deposited servers ask, and the domains in which they look up short names; as many as
    resolv.conf(5) takes. Without any, a server keeps its own."""

    servers: Annotated[tuple[str, ...], Meta(max_length=3)] = ()
    search: Annotated[tuple[str, ...], Meta(max_length=6)] = ()

    def __post_init__(self) -> None:
        if not all(names.is_ip(address) for address in self.servers):
            raise ValueError("Expected IP addresses in `servers`")
        if not all(names.is_host_name(domain) for domain in self.search):
            raise ValueError("Expected domains such as example.org in `search`")
        if self.search and not self.servers:
            raise ValueError("Expected `servers` beside `search`: the ones that know these domains")


class Mail(Struct, frozen=True, forbid_unknown_fields=True):
    """The mail server for messages to people. Without one, people inform by other means and say how.

    `user` logs in with the password in the file keys/`password`; `ca` is a PEM file of the authority to trust.
    """

    host: Host
    sender: Email
    port: Port = 25
    tls: Literal["none", "starttls", "ssl"] = "starttls"
    user: OptionalLine = ""
    password: KeyFile | None = None
    ca: OptionalLine = ""

    def __post_init__(self) -> None:
        if not names.is_address(self.host) and self.host != "localhost":
            raise ValueError("Expected an IP address or a host name in `host`")
        if bool(self.user) != bool(self.password):
            raise ValueError("Expected `user` and `password` (a file in keys/) together")


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """A webhook or chat that takes messages. Its URL is a secret, kept in the file keys/`url`. One with `signed_with`
    takes no messages but every event, signed with what is in that file of keys/."""

    url: KeyFile
    signed_with: KeyFile | None = None


Language = Literal["id", "en"]


class Space(Struct, frozen=True, forbid_unknown_fields=True):
    """`offer_days`: for how many days (as the office counts them) a place is held for a server that is not brought."""

    offer_days: Annotated[int, Meta(ge=1, le=365)] = 10


class Token(Struct, frozen=True, forbid_unknown_fields=True):
    """A token with a key that signs (PKCS#11): its maker's library, the token's label, the key's label on it."""

    module: Line
    token: Line
    label: Line


class Bsre(Struct, frozen=True, forbid_unknown_fields=True):
    """BSrE's eSign client service: its address (without the `/api/…`), the version of its API, and how the office's
    application logs in there: `user`, and the password in the file keys/`password`. `origin`: the corner of a page from
    which it counts, which its test at set-up shows; `ca`: a PEM file of the authority to trust."""

    url: Annotated[str, Meta(pattern=r"^https://[^\s/?#@]{1,200}(/[^\s?#@]{0,100})?\Z")]
    user: Line
    password: KeyFile
    version: Literal["v1", "v2"] = "v2"
    origin: Literal["bottom-left", "top-left"] = "bottom-left"
    ca: OptionalLine = ""


class NetBoxAt(Struct, frozen=True, forbid_unknown_fields=True):
    """The office's NetBox: its address (without `/api`), and the token that it gave the office, in the file
    keys/`token`. `site` is what NetBox calls the data centre, by default the office's name; `ca`: a PEM file of the
    authority to trust."""

    url: Annotated[str, Meta(pattern=r"^https?://[^\s/?#@]{1,200}(/[^\s?#@]{0,100})?\Z")]
    token: KeyFile
    site: OptionalLine = ""
    ca: OptionalLine = ""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise ValueError("Expected an encrypted address (https://) in `url`")


class Signing(Struct, frozen=True, forbid_unknown_fields=True):
    """Which papers the office has signed and files again. `wanted`: `todo` names those that lack signatures;
    `required`: the step after a hand-over form waits for them too. `level` is that of the signatures made here (PAdES),
    with the timestamp authority (RFC 3161) at the URL `tsa`; `token` the one that signs, `bsre` the service that
    does."""

    papers: dict[PaperKind, Literal["wanted", "required"]] = {}
    level: Literal["b-b", "b-t", "b-lta"] = "b-b"
    tsa: Annotated[str, Meta(pattern=r"^(https?://[^\s]{1,300})?\Z")] = ""
    token: Token | None = None
    bsre: Bsre | None = None
    stamp_journal: bool = False
    """Does the timestamp authority stamp every night where the journal ends?"""
    online: bool = False
    """May it be asked over the network whether certificates were revoked, where their authorities say so?"""

    def __post_init__(self) -> None:
        if not self.tsa and (self.level != "b-b" or self.stamp_journal):
            raise ValueError("Expected a timestamp authority (`tsa`) beside `level` or `stamp_journal`")


Days = Annotated[int, Meta(ge=1, le=36500)]


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """For how many days single checks are kept, then their hours, then their days (which outages are kept with)."""

    checks_days: Days = 14
    hours_days: Days = 90
    days_days: Days = 1100


class CheckPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Access checks: how many in a row make a server down or up, how long one may last (seconds), what is kept, and
    who is told of servers that go down or come back: names of `channels`, and of `people` with an e-mail address.
    Where more than `gap_minutes` lie between two checks, nothing is known of that time."""

    down_after: Annotated[int, Meta(ge=1, le=100)] = 3
    up_after: Annotated[int, Meta(ge=1, le=100)] = 2
    timeout: Annotated[float, Meta(ge=0.1, le=600)] = 20.0
    gap_minutes: Annotated[int, Meta(ge=1, le=44640)] = 30
    retention: Retention = Retention()
    notify: tuple[str, ...] = ()


class OpenID(Struct, frozen=True, forbid_unknown_fields=True):
    """The office's identity provider (OpenID Connect): its address, as what it knows the page, and by which of its
    claims `accounts` names people: the claim → the account. The client's secret, where there is one, is the file
    page/oidc-secret."""

    issuer: Annotated[str, Meta(pattern=r"^https?://[A-Za-z0-9._~:/-]{1,300}\Z")]
    client: Line
    accounts: Annotated[dict[Line, Name], Meta(max_length=10_000)]
    claim: Literal["email", "sub", "preferred_username"] = "email"

    def __post_init__(self) -> None:
        parts = urlsplit(self.issuer)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise ValueError("Expected an encrypted address (https://) in `issuer`")


class Page(Struct, frozen=True, forbid_unknown_fields=True):
    """Where people find the page: its address as they type it, such as https://titipan.example.org; and who else may
    say who they are."""

    url: Annotated[str, Meta(pattern=names.PAGE_URL)]
    oidc: OpenID | None = None


class EngineAt(Struct, frozen=True, forbid_unknown_fields=True):
    """Workers in networks that the controller does not reach: the broker's address (tls://HOST:PORT), the `networks`
    that have workers, and for how many minutes after its begin a run still begins checks."""

    url: Annotated[str, Meta(pattern=names.BROKER_URL)]
    networks: Annotated[tuple[Name, ...], Meta(max_length=200)] = ()
    minutes: Annotated[int, Meta(ge=1, le=60)] = 4

    def __post_init__(self) -> None:
        if not names.is_address(self.host) and self.host != "localhost":
            raise ValueError("Expected an IP address or a host name in `url`, as in tls://engine.example.org:4222")
        if len(set(self.networks)) != len(self.networks):
            raise ValueError("Expected each network once in `networks`")

    @property
    def host(self) -> str:
        """The broker's name or address."""
        return self.url.removeprefix("tls://").rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The broker's port."""
        return int(self.url.rpartition(":")[2])


UnitKey = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,30}\Z")]


class Sharing(Struct, frozen=True, forbid_unknown_fields=True):
    """How the site is shared: its members of the system's `group` may record; keys stay the operator's. `git`: is what
    a command recorded committed to the repository that the site is in, `signed` with the committer's key?"""

    group: Annotated[str, Meta(pattern=r"^([a-z_][a-z0-9_-]{0,31})?\Z")] = ""
    git: Literal["", "commit", "signed"] = ""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`sopctl.yml`. `controllers`: addresses from which servers must always stay reachable, beside the one in use."""

    office: Office
    people: dict[Name, Person]
    clerks: Literal["everyone"] | tuple[Line, ...] = "everyone"
    """The logins that may record at the terminal what another person decided, or the unit did: both names go into the
    record. "everyone": all who may write this site."""
    units: dict[UnitKey, Unit] = {}
    """The units that own servers, as far as their names, or whom to ask there, should be known."""
    page: Page | None = None
    management: Management = Management()
    management_account: Account | None = None
    """What the office's account is called on servers that are configured from now on; without it, as `management` says.
    A server that has it already keeps the name; another one for a single server is in its record."""
    site: Sharing = Sharing()
    papers: Papers = Papers()
    head: str = "kadis"
    """The role that countersigns the office's forms (Mengetahui)."""
    time_zone: str = "Asia/Jakarta"
    days: Literal["working", "calendar"] = "working"
    deposit_prefix: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{0,5}\Z")] = "PS"
    escalation: dict[Annotated[int, Meta(ge=1, le=365)], str] = field(default_factory=lambda: {1: "kabid", 3: "kadis"})
    """Days that a step is late → the role that it is then escalated to."""
    validity_reminder_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """How many days before the end of a deposit's time its owner is reminded."""
    space: Space = Space()
    controllers: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    """Where deposits may be, such as 10.20.0.0/16. Without any: everywhere but where no deposit can be."""
    rehearsal_networks: tuple[str, ...] = ()
    """For a site to rehearse with: what is in these networks may be on this machine. Never in a site with deposits."""
    first_contact_keys: tuple[KeyFile, ...] = ("owner",)
    """The keys of keys/ that letters may name: with them the office opens accounts that owners made."""
    time_servers: tuple[str, ...] = ()
    """NTP servers that configured servers follow. Without any, each keeps its own."""
    journal_max: Annotated[str, Meta(pattern=r"^([1-9][0-9]{0,5}[KMGT]?)?\Z")] = "1G"
    """How large a configured server's journal may grow, as journald.conf(5) writes it; empty: as its owner set it."""
    security_updates: bool = True
    """Do configured servers take security updates every night? They are never restarted for them."""
    resolvers: Resolvers = Resolvers()
    banner: Line = "Server titipan. Hanya untuk pengguna yang berwenang; semua akses dicatat."
    language: Language = "id"
    """Of messages, unless a contact has another."""
    inform_via: Literal["email", "webhook", "phone", "letter", "meeting"] | None = None
    """How contact persons are informed where nobody says it: by a means of sopctl's, or by a person's own."""
    mail: Mail | None = None
    channels: dict[Name, Channel] = {}
    checks: CheckPolicy = CheckPolicy()
    engine: EngineAt | None = None
    signing: Signing = Signing()
    netbox: NetBoxAt | None = None
    copy_administrative: bool = False
    """Does the administrative contact get a copy of the messages to the technical one?"""

    @property
    def message_channels(self) -> dict[Name, Channel]:
        """The channels that take messages."""
        return {name: each for name, each in self.channels.items() if each.signed_with is None}

    @property
    def receivers(self) -> dict[Name, Channel]:
        """The channels that take events."""
        return {name: each for name, each in self.channels.items() if each.signed_with is not None}

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("Expected a time zone such as Asia/Jakarta in `time_zone`") from None
        for address in self.controllers:
            if not names.is_address(address):
                raise ValueError("Expected IP addresses in `controllers`")
        self._refuse_letters()
        for server in self.time_servers:
            if not names.is_address(server):
                raise ValueError("Expected IP addresses or host names in `time_servers`")
        spelled: dict[str, str] = {}
        for key, unit in self.units.items():
            for name in (key, unit.name, *unit.also):
                if spelled.setdefault(folded(name), key) != key:
                    raise ValueError(f"Expected each name in `units` once; `{name}` is of {spelled[folded(name)]} too")
        for name in self.checks.notify:
            person = self.people.get(name)
            if (name in self.channels) == (person is not None and person.email is not None):
                raise ValueError(
                    f"Expected names of `channels` or of `people` with an `email` in `checks.notify`, not `{name}`"
                )
            if person is not None and self.mail is None:
                raise ValueError(f"Expected a mail server (`mail`) where `checks.notify` names a person, `{name}`")

    def _refuse_letters(self) -> None:
        """Raise ValueError for what is said of letters and cannot be."""
        for name, networks in (("networks", self.networks), ("rehearsal_networks", self.rehearsal_networks)):
            if not all(map(names.is_network, networks)):
                raise ValueError(f"Expected networks such as 10.20.0.0/16 in `{name}`")
        for key in self.first_contact_keys:
            if key not in self.for_letters and key != "owner":  # the default may be what an older site calls its own
                raise ValueError(f"Expected in `first_contact_keys` keys that are for nothing else, not `{key}`")

    def roles(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Every role that the settings name, with the path to where it stands."""
        for key, person in self.people.items():
            yield ("people", key, "role"), person.role
        yield ("head",), self.head
        if self.papers.letter_signer:
            yield ("papers", "letter_signer"), self.papers.letter_signer
        for days, role in self.escalation.items():
            yield ("escalation", str(days)), role

    @property
    def secrets(self) -> dict[str, str]:
        """The files of keys/ with the secrets that the settings name, and what each is for."""
        found = {channel.url: f"the channel {name}" for name, channel in self.channels.items()}
        if self.mail and self.mail.password:
            found[self.mail.password] = "the mail server"
        if self.signing.bsre:
            found[self.signing.bsre.password] = "BSrE's service"
        return found

    @property
    def for_letters(self) -> tuple[str, ...]:
        """The keys of keys/ that letters may name: none that the settings themselves need."""
        own = {self.management.key, self.management.before or "", "vault", *self.secrets}
        return tuple(key for key in self.first_contact_keys if key not in own and not key.endswith(".pub"))

    def principal(self, login: str) -> Principal:
        """Who has proved this login: a person of the office, or nobody; a clerk as far as the site says so."""
        people = tuple(key for key, person in self.people.items() if login and person.login == login)
        clerk = self.clerks == "everyone" or login in self.clerks
        return Principal(login, "person" if people else "nobody", people, clerk=clerk)

    def with_role(self, role: str) -> list[str]:
        """The keys of the people who have `role`."""
        return [key for key, person in self.people.items() if person.role == role]


def with_key(content: bytes, key: str, before: str | None) -> bytes:
    """`sopctl.yml` with this management key and the one before it. Nothing else is changed: it is a person's file.

    Raises YAMLError for what is no YAML. What is made of a file that is written in an unusual way may be wrong: the
    caller reads it again before it is kept.
    """
    text = content.decode()
    for name, word in (("before", before or "null"), ("key", key)):
        text = _with(text, name, word)
    return text.encode()


def _with(text: str, name: str, word: str) -> str:
    management = _value(yaml.compose(text, Loader=yaml.SafeLoader), "management")
    if not isinstance(management, yaml.MappingNode) or not management.value:
        return f"{text.rstrip()}\nmanagement: {{{name}: {word}}}\n"
    old, first = _value(management, name), management.value[0][0].start_mark
    if old is None:
        between = ", " if management.flow_style else f"\n{' ' * first.column}"
        return f"{text[: first.index]}{name}: {word}{between}{text[first.index :]}"
    begin, end = old.start_mark.index, old.end_mark.index
    return f"{text[:begin]}{' ' * (begin == end)}{word}{text[end:]}"


def _value(mapping: yaml.Node | None, key: str) -> yaml.Node | None:
    pairs = mapping.value if isinstance(mapping, yaml.MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)
