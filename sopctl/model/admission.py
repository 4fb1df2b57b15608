"""What a letter may say. One gate for every door by which a record comes in: a request, an adoption, a list, an edit.

A record's type says what can be read, so that records of earlier days stay readable; this gate says what is let in.
Letters are written by others: a letter names no secret of the office's, no machine of the office's, no account that
the system has, no key that cannot be trusted, and nothing that looks like what it is not (Unicode TR36 and TR39). The
gate is pure: what it has to know of the site is in its `House`.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from msgspec import Struct, to_builtins

from sopctl.errors import Action, Advice
from sopctl.locale import Prose, Sentence, Text
from sopctl.model import names
from sopctl.model.access import public_key
from sopctl.model.access.destinations import EVERYWHERE, Destinations
from sopctl.model.deposit import Access, Adoption, AnyRequest, Contact, Deposit
from sopctl.model.intake import plausibility
from sopctl.model.text import printable, words

Step = str | int


class House(Struct, frozen=True):
    """What of the site decides over a letter.

    `destinations`: where deposits may be. `first_contact_keys`: the keys of keys/ that letters may name.
    `management_accounts`: what the office's account is called on servers. `own_keys`: the office's own public keys
    (RFC 4253), which open no account of a unit.
    """

    destinations: Destinations = EVERYWHERE
    first_contact_keys: tuple[str, ...] = ("owner",)
    management_accounts: frozenset[str] = frozenset({"sopctl"})
    own_keys: frozenset[bytes] = frozenset()
    today: date | None = None
    """The office's day; None where nobody asks what is plausible."""
    gives_addresses: bool = False
    """Does the office have addresses to give to servers whose letters name none?"""


class Objection(Struct, frozen=True):
    """What a record must not say: where in the record, why, and what helps."""

    path: tuple[Step, ...]
    reason: Prose
    remedy: Advice

    @property
    def field(self) -> str:
        """The path as a person writes it."""
        return ".".join(map(str, self.path))


SYSTEM_ACCOUNTS = words("""
    root daemon bin sys sync games man lp mail news uucp proxy www-data backup list irc gnats nobody _apt adm shutdown
    halt operator ftp toor sshd messagebus dbus avahi colord polkitd rtkit chrony ntp ntpd rpc
    rpcuser nfsnobody statd dnsmasq bind named unbound postfix postdrop exim dovecot dovenull mysql mariadb postgres
    redis mongodb mongod memcached nginx apache http httpd tomcat squid snmp nslcd sssd tss usbmux saned pulse gdm
    geoclue libvirt-qemu qemu kvm tcpdump uuidd syslog landscape pollinate fwupd-refresh cockpit-ws cockpit-wsinstance
    cockpit-systemd-service setroubleshoot abrt pcp clevis dhcpcd pesign radvd saslauth stapunpriv
    sudo wheel adm tty disk kmem shadow utmp video audio plugdev staff users nogroup cdrom floppy tape dip fax voice
    src crontab input sgx render lxd docker podman libvirt netdev ssl-cert ssh_keys
""")
"""Accounts and groups of the system's own on Debian, Ubuntu and RHEL (base-passwd, sysusers.d, and the packages that
servers have): a key to one of them opens more than an account, and a new account of that name cannot be made."""

_SYSTEM_PREFIXES = ("_", "systemd-")

MOST = {
    ("access", "accounts"): 50,
    ("access", "ports"): 256,
    ("access", "sources"): 256,
    ("server", "disks"): 128,
    ("network", "tagged"): 128,
    ("network", "macs"): 32,
}
"""How many entries a list of a letter may have. More is no letter, and a record that nobody reads again."""
MOST_KEYS = 20

YEARS = (1945, 2199)

_BLANK = Text("nothing stands there but spaces")
_TYPOGRAPHY = frozenset("–—‘’“”«»·°×…")
_TOGETHER = dict.fromkeys(words("CJK HIRAGANA KATAKANA KATAKANA-HIRAGANA HANGUL BOPOMOFO IDEOGRAPHIC"), "CJK")
"""Scripts that are written side by side, and look like no other."""
_NO_SCRIPT = words("MODIFIER MICRO FEMININE MASCULINE")

_EXACT = (("server", "serial"), ("contacts", "administrative", "phone"), ("contacts", "technical", "phone"))
"""Read off a machine, or dialled: ASCII, as it stands there."""
_LATIN = (("unit",), ("letter", "number"))
"""By which a unit and its letter are known again."""
_PROSE = (
    ("server", "brand_model"),
    ("server", "processor"),
    ("server", "operating_system"),
    ("server", "application"),
    ("server", "description"),
    ("contacts", "administrative", "name"),
    ("contacts", "administrative", "position"),
    ("contacts", "administrative", "rank"),
    ("contacts", "technical", "name"),
    ("contacts", "technical", "position"),
    ("contacts", "technical", "rank"),
)


def objections(record: AnyRequest | Adoption, house: House) -> list[Objection]:
    """Everything in the record that is not let in, in the order in which it is read; empty for one that may come in."""
    return [
        Objection(path, reason, remedy)
        for look in (_texts, _lists, _dates, _meant, _contacts, _places, _way_in, _accounts, _macs)
        for path, reason, remedy in look(record, house)
    ]


def added(before: Adoption, after: Adoption, house: House) -> list[Objection]:
    """What an edit brings in that is not let in: what stood there before does not stop another mend."""
    known = {(each.path, each.reason) for each in objections(before, house)}
    return [each for each in objections(after, house) if (each.path, each.reason) not in known]


Found = Iterator[tuple[tuple[Step, ...], Prose, Advice]]


def _texts(record: AnyRequest | Adoption, _house: House) -> Found:
    plain = to_builtins(record, builtin_types=())
    for paths, look in ((_EXACT, _not_exact), (_LATIN, _not_latin), (_PROSE, _not_plain)):
        for path in paths:
            text = _at(plain, path)
            if isinstance(text, str) and (reason := look(text)):
                yield path, reason, Text("Type it again from the paper: copied text may hold what cannot be seen.")
    for number, disk in enumerate(record.server.disks):
        if reason := _not_plain(disk):
            yield ("server", "disks", number), reason, Text("Type it again.")


def _lists(record: AnyRequest | Adoption, _house: House) -> Found:
    plain = to_builtins(record, builtin_types=())
    for path, most in MOST.items():
        entries = _at(plain, path)
        if isinstance(entries, Sequence) and len(entries) > most:
            yield (
                path,
                Text("{entries} entries are more than the {most} that one server has", entries=len(entries), most=most),
                Text("Name fewer."),
            )
    for number, account in enumerate(record.access.accounts):
        if len(account.keys) > MOST_KEYS:
            place = ("access", "accounts", number, "keys")
            yield (
                place,
                Text(
                    "{keys} keys are more than the {most_keys} that one account has",
                    keys=len(account.keys),
                    most_keys=MOST_KEYS,
                ),
                Text("Name fewer."),
            )


def _dates(record: AnyRequest | Adoption, _house: House) -> Found:
    days = {("valid_until",): record.valid_until, ("letter", "date"): record.letter.date if record.letter else None}
    for path, day in days.items():
        if day and not YEARS[0] <= day.year <= YEARS[1]:
            yield path, Text("the year {year} is not meant", year=day.year), Text("Write the date as 2026-11-23.")


def _meant(record: AnyRequest | Adoption, house: House) -> Found:
    return plausibility.doubts(record, house.today) if house.today else iter(())


def _contacts(record: AnyRequest | Adoption, _house: House) -> Found:
    people: dict[str, Contact] = {
        "administrative": record.contacts.administrative,
        "technical": record.contacts.technical,
    }
    for role, contact in people.items():
        if contact.email and not _mailable(contact.email):
            yield (
                ("contacts", role, "email"),
                Text("{email!r} is no address that a message can be sent to", email=printable(contact.email, 80)),
                Text("Write it as name@example.org."),
            )


def _places(record: AnyRequest | Adoption, house: House) -> Found:
    if why := EVERYWHERE.written(record.server.name):
        yield (
            ("server", "name"),
            Text("{name!r} is {why}", name=record.server.name, why=why),
            Text("Give the host name that the server has."),
        )
    bmc = getattr(record, "bmc", None)
    static = record.access.static_address
    opened = isinstance(record, Adoption) and not isinstance(record, Deposit)
    if not record.access.address and (opened or not house.gives_addresses):
        yield (
            ("access", "address"),
            Text("there is no address, and the office has none to give"),
            Text("Write the server's address; or name in networks/ those that the office gives out.")
            if not opened
            else Text("Write the address at which the server answers."),
        )
    hosts = {
        ("access", "address"): record.access.address,
        ("bmc", "address"): bmc.address if bmc else "",
        ("access", "static_address", "gateway"): static.gateway if static else "",
    }
    anywhere = Destinations(rehearsal=house.destinations.rehearsal)  # a gateway is the office's own, if anything
    for path, host in hosts.items():
        there = anywhere if path[-1] == "gateway" else house.destinations
        if host and (why := there.written(host)):
            yield (
                path,
                Text("no deposit is at {host}: {why}", host=printable(host, 80), why=why),
                Text("Write the address that the server has in the data centre's network (sopctl.yml: networks)."),
            )


def _way_in(record: AnyRequest | Adoption, house: House) -> Found:
    way = record.access.first_contact
    if way is None:
        return
    place = ("access", "first_contact")
    if way.password is not None:
        yield (
            (*place, "password"),
            Text("a letter names no secret of the office's"),
            (Text("Leave `password` out. The office sets it, for this deposit alone:"), _login("ask-password")),
        )
    if way.key is not None and way.key not in house.first_contact_keys:
        yield (
            (*place, "key"),
            Text(
                "letters may not name the key {key!r} of the office's, only {names}",
                key=way.key,
                names=", ".join(house.first_contact_keys),
            ),
            (
                Text(
                    "Let letters name it (first_contact_keys in sopctl.yml), or leave `key` out and set one, "
                    "for this deposit alone:"
                ),
                _login("key-file"),
            ),
        )
    if record.kind == "server" and way.user != "root" and (reason := _taken(way.user, record.access, house)):
        yield (*place, "user"), reason, Text("Name an account that the server's owner made for the office.")


def _login(option: str) -> Action:
    """How the office gives the secret of one deposit's first contact."""
    if option == "key-file":
        return Action("login", needs=("file", "id"))
    return Action("login", needs=("id",), given={option: ""})


def _accounts(record: AnyRequest | Adoption, house: House) -> Found:
    own = record.access.management_account
    if own and (reason := _of_the_system(own)):
        yield ("access", "management_account"), reason, Text("Name one that the server does not have, such as sopctl2.")
    for number, account in enumerate(record.access.accounts):
        place = ("access", "accounts", number)
        if reason := _taken(account.name, record.access, house):
            yield (*place, "name"), reason, Text("Ask for an account of the unit's own, such as webadmin.")
        of_account = set()
        for which, line in enumerate(account.keys):
            where = (*place, "keys", which)
            key = public_key.blob(line)
            if flaw := public_key.flaw(line):
                reason, helps = flaw
                yield where, reason, Sentence("{helps}", helps=helps)
            elif key in house.own_keys:
                yield (
                    where,
                    Text("this is a key of the office's own"),
                    Text("Give the public key of the person who logs in."),
                )
            elif key in of_account:
                yield where, Text("the key is listed twice for {name}", name=account.name), Text("Name each key once.")
            of_account.add(key)


def _macs(record: AnyRequest | Adoption, _house: House) -> Found:
    for number, mac in enumerate(record.network.macs if record.network else ()):
        if int(mac[:2], 16) & 1 or not mac.strip("0:"):
            yield (
                ("network", "macs", number),
                Text("{mac} is the address of no single interface (IEEE 802)", mac=mac),
                Text("Read it off the server's interface."),
            )


def _taken(name: str, access: Access, house: House) -> Prose:
    """Why an account of this name is none of the unit's own."""
    if name in house.management_accounts or name == access.management_account:
        return Text("{name!r} is the office's own account", name=name)
    return _of_the_system(name)


def _of_the_system(name: str) -> Prose:
    if name in SYSTEM_ACCOUNTS or name in names.FORBIDDEN_ACCOUNTS or name.startswith(_SYSTEM_PREFIXES):
        return Text("{name!r} is an account of the system", name=name)
    return ""


def _mailable(email: str) -> bool:
    """Would a mail program take this as one address, and as nothing else (RFC 5321 section 4.1.2)?"""
    local, _, domain = email.rpartition("@")
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    return not dots and not local.startswith("-") and len(local) <= 64 and names.is_host_name(domain.lower())


def _not_exact(text: str) -> Prose:
    """Why a text is not ASCII as it stands on a machine; empty if it is."""
    if text and not text.strip():
        return _BLANK
    odd = next((each for each in text if not each.isascii() or not each.isprintable()), "")
    return Text("{odd} does not belong here", odd=_named(odd)) if odd else ""


def _not_latin(text: str) -> Prose:
    """Why a text is not plain Latin writing, by which something is known again; empty if it is."""
    if text and not text.strip():
        return _BLANK
    for each in unicodedata.normalize("NFC", text):
        latin = each.isalpha() and _script(each) == "LATIN" and unicodedata.normalize("NFKC", each) == each
        if not ((each.isascii() and each.isprintable()) or latin or each in _TYPOGRAPHY):
            return Text("{each} does not belong here", each=_named(each))
    return ""


def _not_plain(text: str) -> Prose:
    """Why a text is not one that reads as it looks: something invisible, or letters of two scripts; empty if it is."""
    if text and not text.strip():
        return _BLANK
    scripts: set[str] = set()
    marks = 0
    for each in text:
        if printable(each) != each and each != "\u00a0":
            return Text("{each} cannot be seen", each=_named(each))
        marks = marks + 1 if unicodedata.combining(each) else 0
        if marks > 2:
            return Text("marks are heaped on a letter")
        if each.isalpha() and not each.isascii():
            scripts.add(_script(each))
        elif each.isalpha():
            scripts.add("LATIN")
    if len({_TOGETHER.get(each, each) for each in scripts - _NO_SCRIPT}) > 1:
        return Text("letters of two scripts look alike ({names})", names=", ".join(sorted(scripts)).lower())
    return ""


def _script(letter: str) -> str:
    """The script of a letter, by the first word of its name in the UCD, which says it."""
    return unicodedata.name(letter, "UNNAMED").partition(" ")[0]


def _named(character: str) -> Prose:
    """A character by its code and name, however it looks."""
    name = unicodedata.name(character, "").lower()
    return Text("the character U+{character:04X}{name}", character=ord(character), name=f" ({name})" if name else "")


def _at(plain: object, path: Sequence[Step]) -> object:
    for step in path:
        plain = plain.get(step) if isinstance(plain, Mapping) else None
    return plain
