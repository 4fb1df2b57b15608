"""Names of systems and of what they run under: one name, whichever file or tool called it.

The names of systems are those of Ansible's `setup`, as the facts of earlier months have them. os-release(5) knows some
by longer ones.
"""

import re
from collections.abc import Mapping, Sequence

from sopctl.model.sanitise import text

_NAMES = {
    "rhel": "RedHat",
    "redhat": "RedHat",
    "redhatenterprise": "RedHat",
    "redhatenterpriselinux": "RedHat",
    "centos": "CentOS",
    "centosstream": "CentOS Stream",
    "rocky": "Rocky",
    "almalinux": "AlmaLinux",
    "alma": "AlmaLinux",
    "ol": "OracleLinux",
    "oracle": "OracleLinux",
    "oraclelinux": "OracleLinux",
    "enterprise": "OracleLinux",
    "scientific": "Scientific",
    "fedora": "Fedora",
    "amazon": "Amazon",
    "amzn": "Amazon",
    "debian": "Debian",
    "raspbian": "Debian",
    "ubuntu": "Ubuntu",
    "mint": "Linux Mint",
    "kali": "Kali",
    "arch": "Archlinux",
    "archlinux": "Archlinux",
    "alpine": "Alpine",
    "gentoo": "Gentoo",
    "sles": "SLES",
    "suseenterprise": "SLES",
    "sled": "SLED",
    "slessap": "SLES_SAP",
    "slesforsapapplications": "SLES_SAP",
    "opensuse": "openSUSE",
    "opensuseleap": "openSUSE Leap",
    "opensusetumbleweed": "openSUSE Tumbleweed",
    "anolis": "Anolis",
    "openeuler": "openEuler",
    "euleros": "EulerOS",
    "kylin": "Kylin",
    "kylinadvanced": "Kylin",
    "uos": "Uos",
    "uniontech": "Uos",
    "tencent": "TencentOS",
    "tencentos": "TencentOS",
    "photon": "Photon",
    "vmwarephoton": "Photon",
    "virtuozzo": "Virtuozzo",
    "xenserver": "XenServer",
    "flatcarcontainerbycoreos": "Flatcar",
    "flatcar": "Flatcar",
}
"""Plain name (small letters alone, without the words linux, gnu, os, server) → the name used here."""

_WORDS = frozenset({"linux", "gnu", "os", "server", "operating", "system"})

_RELEASE = re.compile(r"([A-Za-z][A-Za-z .()/_-]{0,60}?) (?:release|version) v?(\d[\w.]{0,20})", re.IGNORECASE)
"""A line such as /etc/redhat-release: "CentOS Linux release 7.9.2009 (Core)"."""

_UNDER = {
    "microsoft": "hyperv",
    "hyperv": "hyperv",
    "virtualpc": "hyperv",
    "oracle": "virtualbox",
    "innotekgmbh": "virtualbox",
    "rhev": "kvm",
    "rhv": "kvm",
    "ovirt": "kvm",
    "openstack": "kvm",
    "kubevirt": "kvm",
    "amazon": "kvm",
    "google": "kvm",
    "apple": "kvm",
    "systemdnspawn": "container",
    "wsl": "container",
    "powervmlx86": "powervm",
    "ibmsystemz": "zvm",
    "prsm": "none",
}
"""Plain word of systemd-detect-virt or of `setup` → the word used here; any other is used as it is, in small letters.
The makers of a cloud's firmware all run KVM."""


def name(said: str | None) -> str | None:
    """The name of a distribution."""
    if not said:
        return None
    words = re.split(r"[\s/_()-]+", said[:200].casefold())
    plain = "".join(word for word in words if word and word not in _WORDS)
    return _NAMES.get(plain) or text(re.sub(r"( GNU/Linux| Linux)$", "", said.strip()[:120]))


def system(release: Mapping[str, str], debian: str, line: str) -> tuple[str | None, str | None]:
    """Name and version, from os-release(5), /etc/debian_version, and the first line of /etc/redhat-release or the like.

    Debian and CentOS name their point release outside of os-release alone. A system of before 2013 has only `line`.
    """
    called = name(release.get("NAME") or release.get("ID"))
    version = text(release.get("VERSION_ID"))
    if called and called.startswith("SLES") and release.get("VARIANT_ID") in ("server-sap", "sles-sap"):
        called = "SLES_SAP"
    found = _RELEASE.match(line.strip()[:200])
    point = ".".join(found[2].split(".")[:2]) if found else None
    if called == "Debian" and debian[:1].isdigit():
        version = text(debian)
    elif called in ("CentOS", "CentOS Stream") and point:
        version = point
    elif called is None and found:
        called, version = name(found[1]), point
    elif called is None and debian[:1].isdigit():
        called, version = "Debian", text(debian)
    return called, version


def from_setup(distribution: str | None, version: str | None, release: str | None) -> tuple[str | None, str | None]:
    """Name and version, from what `setup` says."""
    called = name(distribution)
    if called == "CentOS" and release == "Stream":
        called = "CentOS Stream"
    return called, version


def identity(os_name: str | None, os_version: str | None) -> str:
    """By which two months' systems are compared: however its name was spelt, it is the same system."""
    called = "CentOS" if os_name and "centos" in os_name.casefold() else name(os_name)
    return " ".join(filter(None, (called, os_version))).casefold()


def virtualization(said: str | None) -> str | None:
    """What a server runs under; "none" for a physical machine."""
    if not said:
        return None
    plain = "".join(each for each in said.casefold() if each.isalnum())
    return _UNDER.get(plain) or text(said.casefold(), 40)


def is_guest(under: str | None) -> bool:
    """Whether the server runs under another one; `under` is its virtualisation, None where nobody said."""
    return under not in (None, "none")


def pairs(lines: Sequence[str]) -> dict[str, str]:
    """`KEY=value` and `KEY="value"` of os-release(5)."""
    found: dict[str, str] = {}
    for line in lines[:200]:
        key, sign, value = line[:1000].strip().partition("=")
        if sign and not key.startswith("#"):
            found.setdefault(key, value.strip().strip("\"'"))
    return found
