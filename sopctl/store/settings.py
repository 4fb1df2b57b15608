"""The site's own configuration, `sopctl.yml`: the office, its people, and how it works."""

from collections.abc import Iterator
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from msgspec import Meta, Struct, field

from sopctl.locale import Prose, Text, gettext_noop
from sopctl.model import names
from sopctl.model.deposit import Account, Email, Host, KeyFile, Line, OptionalLine, Port
from sopctl.model.principal import Principal
from sopctl.model.sop.signing import PaperKind
from sopctl.model.unit import Unit, folded

FILE_NAME = "sopctl.yml"

NumberPart = Annotated[str, Meta(pattern=r"^[A-Za-z0-9.-]{1,20}\Z")]
"""A part of a document number."""
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,30}\Z")]
"""The name of a person or a channel in the settings and on the command line."""


class Office(Struct, frozen=True, forbid_unknown_fields=True):
    """The letterhead, and the parts of document numbers."""

    agency: Line
    """The authority above the office; the first line of the letterhead."""
    name: Line
    """The office's name."""
    address: Line
    """Its address."""
    contact: OptionalLine = ""
    """Telephone, e-mail or web address."""
    city: OptionalLine = ""
    """The city that letters print before their date."""
    code: NumberPart = "555"
    """The first part of document numbers."""
    unit: NumberPart = "KOMINFO"
    """The office's part of document numbers."""


class Papers(Struct, frozen=True, forbid_unknown_fields=True):
    """How the office's papers look."""

    size: Literal["a4", "f4"] = "a4"
    """The size of the sheet; F4 is 21.5 by 33 cm."""
    logo: Annotated[str, Meta(pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]{0,60}\.(png|jpe?g))?\Z")] = ""
    """The emblem in the letterhead: a PNG or JPEG file in the site's folder."""
    legal_basis: Annotated[tuple[Line, ...], Meta(max_length=20)] = ()
    """The office's own regulations, printed on the SOP after the national ones."""
    letter_signer: str = ""
    """The role that signs letters to owners on behalf of the head (a.n.); empty: whoever sends them."""
    letter_copies: Annotated[tuple[Line, ...], Meta(max_length=10)] = ()
    """Who gets a copy (tembusan), besides those whom each letter names already."""


class Person(Struct, frozen=True, forbid_unknown_fields=True):
    """A person of the office."""

    role: Annotated[str, Meta(pattern=names.ROLE)]
    """Their actor in the procedures."""
    name: Line
    """Their name, as printed on papers."""
    position: OptionalLine = ""
    """Their position (jabatan)."""
    nip: Annotated[str, Meta(pattern=names.NIP)] = ""
    """Their civil servant number, 18 digits."""
    rank: OptionalLine = ""
    """Their rank and grade (pangkat/golongan), printed below their name where they sign."""
    login: OptionalLine = ""
    """Their account on the controller."""
    email: Email | None = None
    """Where reminders and other messages go."""


class Management(Struct, frozen=True, forbid_unknown_fields=True):
    """The office's account on every server, and the key that opens it."""

    account: Account = "sopctl"
    """The account's name."""
    key: KeyFile = "management"
    """The file in keys/ with its private key."""
    before: KeyFile | None = None
    """The previous key, while some servers still accept it."""

    def __post_init__(self) -> None:
        if self.before == self.key:
            raise ValueError(gettext_noop("Expected another key in `before` than in `key`"))


class Resolvers(Struct, frozen=True, forbid_unknown_fields=True):
    """The DNS settings of configured servers, within the limits of resolv.conf(5)."""

    servers: Annotated[tuple[str, ...], Meta(max_length=3)] = ()
    """The DNS servers; empty: each server keeps its own."""
    search: Annotated[tuple[str, ...], Meta(max_length=6)] = ()
    """The domains in which short names are looked up."""

    def __post_init__(self) -> None:
        if not all(names.is_ip(address) for address in self.servers):
            raise ValueError(gettext_noop("Expected IP addresses in `servers`"))
        if not all(names.is_host_name(domain) for domain in self.search):
            raise ValueError(gettext_noop("Expected domains such as example.org in `search`"))
        if self.search and not self.servers:
            raise ValueError(gettext_noop("Expected `servers` beside `search`: the ones that know these domains"))


class Mail(Struct, frozen=True, forbid_unknown_fields=True):
    """The mail server for messages to people. Without one, staff inform people by other means, and record how."""

    host: Host
    """The server's name or address."""
    sender: Email
    """The sender's address."""
    port: Port = 25
    """Its TCP port."""
    tls: Literal["none", "starttls", "ssl"] = "starttls"
    """How the connection is encrypted; `none` is for a relay on this machine."""
    user: OptionalLine = ""
    """The account to log in with; empty: no login."""
    password: KeyFile | None = None
    """The file in keys/ with the account's password."""
    ca: OptionalLine = ""
    """A PEM file with the CA certificate to trust; empty: the system's."""

    def __post_init__(self) -> None:
        if not names.is_address(self.host) and self.host != "localhost":
            raise ValueError(gettext_noop("Expected an IP address or a host name in `host`"))
        if bool(self.user) != bool(self.password):
            raise ValueError(gettext_noop("Expected `user` and `password` (a file in keys/) together"))


class Channel(Struct, frozen=True, forbid_unknown_fields=True):
    """A webhook or chat. Its address contains a secret, so it is kept in a file in keys/."""

    url: KeyFile
    """The file in keys/ with the address."""
    signed_with: KeyFile | None = None
    """The file in keys/ with a secret. A channel with one gets every event, signed with it, and no messages."""


Language = Literal["id", "en"]


class Space(Struct, frozen=True, forbid_unknown_fields=True):
    """How places are offered."""

    offer_days: Annotated[int, Meta(ge=1, le=365)] = 10
    """How long a place is held for a server that has not been brought, in days as `days` counts them."""


class Token(Struct, frozen=True, forbid_unknown_fields=True):
    """A hardware token with a signing key (PKCS#11)."""

    module: Line
    """The path of the vendor's library."""
    token: Line
    """The token's label."""
    label: Line
    """The key's label on it."""


class Bsre(Struct, frozen=True, forbid_unknown_fields=True):
    """BSrE's eSign client service."""

    url: Annotated[str, Meta(pattern=r"^https://[^\s/?#@]{1,200}(/[^\s?#@]{0,100})?\Z")]
    """Its address, without the `/api/…`."""
    user: Line
    """The account of the office's application there."""
    password: KeyFile
    """The file in keys/ with the account's password."""
    version: Literal["v1", "v2"] = "v2"
    """The version of its API."""
    origin: Literal["bottom-left", "top-left"] = "bottom-left"
    """The corner of a page from which it measures positions; the test at set-up shows which."""
    ca: OptionalLine = ""
    """A PEM file with the CA certificate to trust; empty: the system's."""


class NetBoxAt(Struct, frozen=True, forbid_unknown_fields=True):
    """The office's NetBox."""

    url: Annotated[str, Meta(pattern=r"^https?://[^\s/?#@]{1,200}(/[^\s?#@]{0,100})?\Z")]
    """Its address, without `/api`."""
    token: KeyFile
    """The file in keys/ with the office's API token."""
    site: OptionalLine = ""
    """The data centre's name in NetBox; empty: the office's name."""
    ca: OptionalLine = ""
    """A PEM file with the CA certificate to trust; empty: the system's."""
    nightly: bool = False
    """Whether a timer updates NetBox every night."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise ValueError(gettext_noop("Expected an encrypted address (https://) in `url`"))


class Signing(Struct, frozen=True, forbid_unknown_fields=True):
    """Which papers have to be signed, and how."""

    papers: dict[PaperKind, Literal["wanted", "required"]] = {}
    """Kinds of papers whose signed copies are filed. `wanted`: `todo` names those that lack signatures; `required`: the
    step after a hand-over form also waits for them."""
    level: Literal["b-b", "b-t", "b-lta"] = "b-b"
    """The level of the signatures made here (PAdES)."""
    tsa: Annotated[str, Meta(pattern=r"^(https?://[^\s]{1,300})?\Z")] = ""
    """The address of a timestamp authority (RFC 3161)."""
    token: Token | None = None
    """The hardware token that signs."""
    bsre: Bsre | None = None
    """The service that signs."""
    stamp_journal: bool = False
    """Whether the end of the journal is timestamped every night."""
    online: bool = False
    """Whether authorities may be asked over the network if certificates were revoked (CRL, OCSP)."""

    def __post_init__(self) -> None:
        if not self.tsa and (self.level != "b-b" or self.stamp_journal):
            raise ValueError(gettext_noop("Expected a timestamp authority (`tsa`) beside `level` or `stamp_journal`"))


Days = Annotated[int, Meta(ge=1, le=36500)]


class Retention(Struct, frozen=True, forbid_unknown_fields=True):
    """How many days the results of checks are kept."""

    checks_days: Days = 14
    """Single checks."""
    hours_days: Days = 90
    """Checks rolled up by the hour."""
    days_days: Days = 1100
    """Checks rolled up by the day, and outages."""


class CheckPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Access checks."""

    down_after: Annotated[int, Meta(ge=1, le=100)] = 3
    """How many failed checks in a row make a server count as down."""
    up_after: Annotated[int, Meta(ge=1, le=100)] = 2
    """How many good checks in a row make it count as up again."""
    timeout: Annotated[float, Meta(ge=0.1, le=600)] = 20.0
    """Seconds for one server, all rungs together."""
    gap_minutes: Annotated[int, Meta(ge=1, le=44640)] = 30
    """If two checks are further apart than this, the time between them counts as unknown."""
    retention: Retention = Retention()
    """What is kept, and for how long."""
    notify: tuple[str, ...] = ()
    """Who is told when servers go down or come back: names of `channels`, or of `people` with an e-mail address."""
    metrics: Annotated[str, Meta(pattern=r"^(/[^\x00-\x1f]{1,300}\.prom)?\Z")] = ""
    """The file that the check timer writes for Prometheus (docs/howto/monitoring.md); empty: none."""


class OpenID(Struct, frozen=True, forbid_unknown_fields=True):
    """The office's identity provider (OpenID Connect). The client secret, if there is one, is in the file
    page/oidc-secret."""

    issuer: Annotated[str, Meta(pattern=r"^https?://[A-Za-z0-9._~:/-]{1,300}\Z")]
    """The provider's address."""
    client: Line
    """The page's client id there."""
    accounts: Annotated[dict[Line, Name], Meta(max_length=10_000)]
    """Value of the claim → account of the page."""
    claim: Literal["email", "sub", "preferred_username"] = "email"
    """The claim that identifies people."""

    def __post_init__(self) -> None:
        parts = urlsplit(self.issuer)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise ValueError(gettext_noop("Expected an encrypted address (https://) in `issuer`"))


class Page(Struct, frozen=True, forbid_unknown_fields=True):
    """The page that people open in a browser."""

    url: Annotated[str, Meta(pattern=names.PAGE_URL)]
    """Its address as people type it, such as https://titipan.example.org."""
    oidc: OpenID | None = None
    """Another way to log in."""


class EngineAt(Struct, frozen=True, forbid_unknown_fields=True):
    """Workers in networks that the controller cannot reach."""

    url: Annotated[str, Meta(pattern=names.BROKER_URL)]
    """The broker's address, tls://HOST:PORT."""
    networks: Annotated[tuple[Name, ...], Meta(max_length=200)] = ()
    """The networks that have workers."""
    minutes: Annotated[int, Meta(ge=1, le=60)] = 4
    """For how many minutes after its start a run starts new checks."""

    def __post_init__(self) -> None:
        if not names.is_address(self.host) and self.host != "localhost":
            raise ValueError(
                gettext_noop("Expected an IP address or a host name in `url`, as in tls://engine.example.org:4222")
            )
        if len(set(self.networks)) != len(self.networks):
            raise ValueError(gettext_noop("Expected each network once in `networks`"))

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
    """How the site is shared."""

    group: Annotated[str, Meta(pattern=r"^([a-z_][a-z0-9_-]{0,31})?\Z")] = ""
    """The system group whose members may record; keys/ stays the operator's."""
    git: Literal["", "commit", "signed"] = ""
    """Commit what each command recorded to the git repository that contains the site; `signed`: sign with the
    committer's key."""


class Settings(Struct, frozen=True, forbid_unknown_fields=True):
    """`sopctl.yml`, the site's own configuration."""

    office: Office
    """The office."""
    people: dict[Name, Person]
    """The people of the office: a short name, used on the command line → the person."""
    clerks: Literal["everyone"] | tuple[Line, ...] = "everyone"
    """The logins that may record at the terminal what another person decided, or what the unit did; the record has both
    names. "everyone": all who can write to this site."""
    units: dict[UnitKey, Unit] = {}
    """The units that own servers, where sopctl should know their other names or a contact."""
    page: Page | None = None
    """The page in a browser, if there is one."""
    management: Management = Management()
    """The office's account on the servers."""
    management_account: Account | None = None
    """The name of the office's account on servers that are configured from now on; without it, the one in `management`.
    A server that already has the account keeps its name; a different name for one server is in that server's record."""
    site: Sharing = Sharing()
    """How the site is shared."""
    papers: Papers = Papers()
    """How papers look."""
    head: str = "kadis"
    """The role that countersigns the office's forms (Mengetahui)."""
    time_zone: str = "Asia/Jakarta"
    """The office's time zone; configured servers get it too."""
    days: Literal["working", "calendar"] = "working"
    """Which days time limits count: working days, or all days."""
    deposit_prefix: Annotated[str, Meta(pattern=r"^[A-Z][A-Z0-9]{0,5}\Z")] = "PS"
    """What deposit ids begin with."""
    escalation: dict[Annotated[int, Meta(ge=1, le=365)], str] = field(default_factory=lambda: {1: "kabid", 3: "kadis"})
    """How many days a step is late → the role to which it is then escalated."""
    validity_reminder_days: Annotated[int, Meta(ge=1, le=365)] = 30
    """How many days before a deposit ends its owner is reminded."""
    space: Space = Space()
    """How places are offered."""
    controllers: tuple[str, ...] = ()
    """Addresses that can always reach configured servers, besides the controller's own. No deposit can have one of
    them."""
    networks: tuple[str, ...] = ()
    """Networks in which deposits may be, such as 10.20.0.0/16. Empty: everywhere that is not refused anyway."""
    rehearsal_networks: tuple[str, ...] = ()
    """For rehearsals: addresses in these networks may be on this machine. Never use it in a site with deposits."""
    first_contact_keys: tuple[KeyFile, ...] = ("owner",)
    """The files in keys/ that letters may name. The office uses these keys to log in to accounts that owners made."""
    time_servers: tuple[str, ...] = ()
    """NTP servers for configured servers. Empty: each keeps its own."""
    journal_max: Annotated[str, Meta(pattern=r"^([1-9][0-9]{0,5}[KMGT]?)?\Z")] = "1G"
    """How large a configured server's journal may grow, as in journald.conf(5); empty: as its owner set it."""
    security_updates: bool = True
    """Whether configured servers install security updates every night. They are never restarted for this."""
    resolvers: Resolvers = Resolvers()
    """DNS servers for configured servers."""
    banner: Line = "Server titipan. Hanya untuk pengguna yang berwenang; semua akses dicatat."
    """The legal notice at each login, unless the owner has one."""
    language: Language = "id"
    """The language of messages, unless a contact has another; if the file sets it, of the command line too."""
    inform_via: Literal["email", "webhook", "phone", "letter", "meeting"] | None = None
    """How contacts are informed if a command does not say: by sopctl (email, webhook) or by a person (the others)."""
    mail: Mail | None = None
    """The mail server."""
    channels: dict[Name, Channel] = {}
    """Webhooks and chats: name → where."""
    report_to: tuple[Name, ...] = ()
    """The people to whom `report mail` sends the monthly report; each needs an `email`."""
    checks: CheckPolicy = CheckPolicy()
    """Access checks."""
    engine: EngineAt | None = None
    """Workers in other networks."""
    signing: Signing = Signing()
    """Signed papers."""
    netbox: NetBoxAt | None = None
    """The office's NetBox."""
    copy_administrative: bool = False
    """Whether the administrative contact gets a copy of messages to the technical contact."""

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
            raise ValueError(gettext_noop("Expected a time zone such as Asia/Jakarta in `time_zone`")) from None
        for address in self.controllers:
            if not names.is_address(address):
                raise ValueError(gettext_noop("Expected IP addresses in `controllers`"))
        self._refuse_letters()
        for server in self.time_servers:
            if not names.is_address(server):
                raise ValueError(gettext_noop("Expected IP addresses or host names in `time_servers`"))
        spelled: dict[str, str] = {}
        for key, unit in self.units.items():
            for name in (key, unit.name, *unit.also):
                if spelled.setdefault(folded(name), key) != key:
                    raise ValueError(f"Expected each name in `units` once; `{name}` is of {spelled[folded(name)]} too")
        self._refuse_addressees()

    def _refuse_addressees(self) -> None:
        """Raise ValueError for people and channels that should be told, but cannot be."""
        for name in self.checks.notify:
            person = self.people.get(name)
            if (name in self.channels) == (person is not None and person.email is not None):
                raise ValueError(
                    f"Expected names of `channels` or of `people` with an `email` in `checks.notify`, not `{name}`"
                )
            if person is not None and self.mail is None:
                raise ValueError(f"Expected a mail server (`mail`) where `checks.notify` names a person, `{name}`")
        for name in self.report_to:
            if name not in self.people or self.people[name].email is None:
                raise ValueError(f"Expected names of `people` with an `email` in `report_to`, not `{name}`")
            if self.mail is None:
                raise ValueError(f"Expected a mail server (`mail`) where `report_to` names a person, `{name}`")

    def _refuse_letters(self) -> None:
        """Raise ValueError for settings about letters that cannot be right."""
        for name, networks in (("networks", self.networks), ("rehearsal_networks", self.rehearsal_networks)):
            if not all(map(names.is_network, networks)):
                raise ValueError(f"Expected networks such as 10.20.0.0/16 in `{name}`")
        for key in self.first_contact_keys:
            if key not in self.for_letters and key != "owner":  # the default may be what an older site calls its own
                raise ValueError(f"Expected in `first_contact_keys` keys that are for nothing else, not `{key}`")

    def roles(self) -> Iterator[tuple[tuple[str, ...], str]]:
        """Every role that the settings name, each with the path to it."""
        for key, person in self.people.items():
            yield ("people", key, "role"), person.role
        yield ("head",), self.head
        if self.papers.letter_signer:
            yield ("papers", "letter_signer"), self.papers.letter_signer
        for days, role in self.escalation.items():
            yield ("escalation", str(days)), role

    @property
    def secrets(self) -> dict[str, Prose]:
        """The files of keys/ with the secrets that the settings name, and what each is for."""
        found: dict[str, Prose] = {
            channel.url: Text("the channel {name}", name=name) for name, channel in self.channels.items()
        }
        if self.mail and self.mail.password:
            found[self.mail.password] = Text("the mail server")
        if self.signing.bsre:
            found[self.signing.bsre.password] = Text("BSrE's service")
        if self.netbox:
            found[self.netbox.token] = "NetBox"
        return found

    @property
    def for_letters(self) -> tuple[str, ...]:
        """The files in keys/ that letters may name, without those that the settings themselves need."""
        own = {self.management.key, self.management.before or "", "vault", *self.secrets}
        return tuple(key for key in self.first_contact_keys if key not in own and not key.endswith(".pub"))

    def principal(self, login: str) -> Principal:
        """Who has proved this login: a person of the office, or nobody; a clerk if the site says so."""
        people = tuple(key for key, person in self.people.items() if login and person.login == login)
        clerk = self.clerks == "everyone" or login in self.clerks
        return Principal(login, "person" if people else "nobody", people, clerk=clerk)

    def with_role(self, role: str) -> list[str]:
        """The keys of the people who have `role`."""
        return [key for key, person in self.people.items() if person.role == role]


def with_key(content: bytes, key: str, before: str | None) -> bytes:
    """`sopctl.yml` with this management key and the previous one. Nothing else changes, since people edit this file.

    Raises YAMLError if it is not YAML. For a file that is written in an unusual way the result may be wrong: the caller
    reads it again before it is stored.
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
