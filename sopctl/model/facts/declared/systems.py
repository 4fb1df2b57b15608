"""Are two names of an operating system names of the same one? People, os-release(5), Ansible's `setup` and a BMC each
write them in their own way."""

import re
from collections.abc import Iterator

from msgspec import Struct

_WINDOWS = "windows"


class _Family(Struct, frozen=True, kw_only=True):
    """A system by `name`, which `written` finds in a text. The first `parts` numbers of its version name the release;
    the rest is the state of its updates. A system that is `made_of` another is installed on top of it, or is it under
    another name: `release` maps its first number to the other's."""

    name: str
    written: re.Pattern[str]
    parts: int
    made_of: str = ""
    release: dict[int, int] = {}
    code_names: dict[str, str]


def _family(name: str, written: str, parts: int = 1, code_names: str = "", **more: object) -> _Family:
    """`code_names` as "jammy=22.04 noble=24.04"."""
    names = dict(pair.split("=") for pair in code_names.split())
    return _Family(name=name, written=re.compile(written), parts=parts, code_names=names, **more)  # type: ignore[arg-type]


_FAMILIES = (
    _family(
        "ubuntu",
        r"ubuntu",
        2,
        "trusty=14.04 xenial=16.04 bionic=18.04 focal=20.04 jammy=22.04 noble=24.04",
    ),
    _family("proxmox", r"proxmox|\bpve\b", 1, made_of="debian", release={6: 10, 7: 11, 8: 12, 9: 13}),
    _family("truenas", r"truenas(?: ?scale)?", 2, made_of="debian", release={22: 11, 23: 12, 24: 12, 25: 12}),
    _family(
        "debian",
        r"debian|raspbian|raspberry ?pi os",
        1,
        "jessie=8 stretch=9 buster=10 bullseye=11 bookworm=12 trixie=13",
    ),
    _family("rhel", r"red ?hat(?: enterprise)?(?: linux)?|\brhel"),
    _family("centos-stream", r"cent ?os(?: linux)?(?:[ -]?\d{1,2})?[ -]stream"),
    _family("centos", r"cent ?os"),
    _family("rocky", r"rocky"),
    _family("almalinux", r"alma ?linux|\balma\b"),
    _family("oracle", r"oracle ?(?:enterprise )?linux|\boel|\bol(?=[ -]?\d)"),
    _family("fedora", r"fedora"),
    _family("scientific", r"scientific(?: linux)?"),
    _family("sles", r"\bsles(?:_sap)?|suse linux(?: enterprise)?(?: server)?|\bsuse\b"),
    _family("opensuse-tumbleweed", r"opensuse tumbleweed|\btumbleweed"),
    _family("opensuse", r"opensuse(?: leap)?", 2),
    _family("amazon", r"amazon ?(?:linux)?"),
    _family("alpine", r"alpine", 2),
    _family("arch", r"\barch(?: ?linux)?\b"),
    _family("gentoo", r"gentoo"),
    _family("kali", r"\bkali"),
    _family("mint", r"linux ?mint|\bmint\b"),
    _family("openeuler", r"openeuler"),
    _family("kylin", r"kylin"),
    _family("anolis", r"anolis"),
    _family("cloudlinux", r"cloud ?linux"),
    _family("virtuozzo", r"virtuozzo"),
    _family("photon", r"photon os|\bphoton"),
    _family("xcp-ng", r"xcp-?ng", 2),
    _family("xenserver", r"xen ?server|citrix hypervisor", 2),
    _family("esxi", r"esxi?\b|vmware vsphere", 2),
    _family("freebsd", r"freebsd"),
    _family("openbsd", r"openbsd", 2),
    _family("netbsd", r"netbsd"),
    _family("solaris", r"solaris|sunos"),
    _family("aix", r"\baix", 2),
    _family(_WINDOWS, r"windows|\bwin(?= ?(?:server|srv|20\d\d))"),
    _family("ios-xe", r"ios[ -]?xe"),
    _family("nx-os", r"nx-?os"),
    _family("ios", r"cisco ios|\bios\b"),
    _family("routeros", r"router ?os|mikrotik"),
    _family("fortios", r"forti(?:os|gate)", 2),
    _family("junos", r"\bjunos", 2),
    _family("pfsense", r"pfsense", 2, made_of="freebsd"),
    _family("opnsense", r"opnsense", 2, made_of="freebsd"),
)
"""The longer name stands before the shorter that it contains."""

_OWN_KERNEL = re.compile(
    "esxi|(?:free|open|net)bsd|solaris|aix|windows|ios-xe|nx-os|ios|routeros|fortios|junos|pfsense|opnsense"
)
_PLAIN_LINUX = re.compile(r"(?:gnu/)?linux(?: server)?(?: os)?")
_ARCHITECTURE = re.compile(r"\(?\b(?:x86[_-]64|x86|x64|amd64|arm64|aarch64|ppc64le|i[3-6]86|(?:32|64)[ -]?bits?)\b\)?")
_MARKS = re.compile(r"\((?:r|tm|c)\)|[®™\"']")
_VERSION = re.compile(r"(\d{1,5}(?:\.\d{1,5}){0,3})(?: ?(?:sp|u|update|service pack)[ -]?(\d{1,2})\b)?")
_WINDOWS_VERSION = re.compile(r"\b(20\d\d|[78](?:\.1)?|1[01])\b(?: ?(r2)\b)?")


class _System(Struct, frozen=True):
    family: _Family
    version: tuple[int, ...] = ()
    edition: str = ""


def same_system(declared: str, found: str) -> bool | None:
    """Is the system that was `declared` (in people's words) the one `found` (name and version as the machine says)?

    A declaration names what it wants: Debian 12 is also 12.7, Linux is any Linux. A newer state of updates of the same
    release is the same system; an older one is not. None where one of the two is not understood or does not say enough.
    """
    said, seen = _plain(declared), _plain(found)
    machine = next(iter(_systems(seen)), None)
    wanted = list(_systems(said))
    if machine is None or not wanted:
        if _PLAIN_LINUX.fullmatch(said.strip()):
            return None if machine is None else not _OWN_KERNEL.fullmatch(machine.family.name)
        return True if _words(said) and _words(said) <= _words(seen) else None
    answers = [_matches(each, machine) for each in wanted]
    return True if True in answers else None if None in answers else False


def release(text: str) -> tuple[str, tuple[int, ...]] | None:
    """The family and the version of the one system that a text names; None if it names several, or none, or a Windows
    that is no server."""
    found = list(_systems(_plain(text)))
    if len(found) != 1 or (found[0].family.name == _WINDOWS and found[0].edition != "server"):
        return None
    return found[0].family.name, found[0].version


def _plain(text: str) -> str:
    return " ".join(_ARCHITECTURE.sub(" ", _MARKS.sub("", text.casefold()[:300])).replace("_", " ").split())


_FILLERS = frozenset({"linux", "gnu", "os", "server", "lts", "release", "version", "versi", "enterprise", "edition"})


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9.]+", text)) - _FILLERS


def _systems(text: str) -> Iterator[_System]:
    """The systems that a text names, in the order of their names' places."""
    places: dict[int, tuple[int, _Family]] = {}
    for family in _FAMILIES:
        for found in family.written.finditer(text):
            if not any(start < found.end() and found.start() < end for start, (end, _) in places.items()):
                places[found.start()] = (found.end(), family)
    for start in sorted(places):
        end, family = places[start]
        yield _system(text, start, end, family)


def _system(text: str, start: int, end: int, family: _Family) -> _System:
    """The version is the first number behind the name, or one in it (CentOS 8 Stream), or a code name anywhere."""
    rest = text[end:]
    if family.name == _WINDOWS:
        number = _WINDOWS_VERSION.search(rest)
        kind = "server" if "server" in text[start:] or "srv" in text[start:] else ""
        if number is None:
            return _System(family, (), kind)
        if not kind and not number[1].startswith("20"):
            kind = "client"
        return _System(family, tuple(int(each) for each in number[1].split(".")) + ((2,) if number[2] else ()), kind)
    if family.name == "amazon" and "ami" in rest.split():
        return _System(family, (1,))
    found = _VERSION.search(rest) or _VERSION.search(text[start:end])
    if found:
        numbers = tuple(int(each) for each in found[1].split("."))
        return _System(family, (*numbers, int(found[2])) if found[2] else numbers)
    names = (version for name, version in family.code_names.items() if name in text)
    return _System(family, tuple(int(each) for each in next(names, "").split(".") if each))


def _matches(wanted: _System, machine: _System) -> bool | None:
    if wanted.family != machine.family:
        return _related(wanted, machine)
    if wanted.edition and machine.edition and wanted.edition != machine.edition:
        return False
    if not wanted.version or not machine.version:
        return None if wanted.version else True
    if wanted.family.name == _WINDOWS:
        return wanted.version == machine.version
    parts = wanted.family.parts
    return _common(wanted.version[:parts], machine.version[:parts]) and (
        _common(wanted.version, machine.version) or machine.version > wanted.version
    )


def _related(wanted: _System, machine: _System) -> bool | None:
    """Of two names, one may be what the other is made of, and then the machine does not tell which of them it is."""
    if wanted.family.made_of == machine.family.name and wanted.version:
        base = wanted.family.release.get(wanted.version[0])
        return None if base is None or not machine.version or base == machine.version[0] else False
    if wanted.family.made_of == machine.family.name:
        return None
    if wanted.family.name == "centos-stream" and machine.family.name == "centos":
        # `setup` calls both CentOS; there is no other from release 9 on.
        same = _matches(_System(machine.family, wanted.version[:1]), machine)
        return same if not same or (machine.version or (0,))[0] > 8 else None
    if wanted.family.name == "centos" and machine.family.name == "centos-stream" and wanted.version[:1] > (8,):
        return _common(wanted.version[:1], machine.version[:1])
    return False


def _common(first: tuple[int, ...], second: tuple[int, ...]) -> bool:
    """Is the shorter version the beginning of the longer?"""
    length = min(len(first), len(second))
    return first[:length] == second[:length]
