"""Names of operating systems that mean the same."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sopctl.model.facts.declared.systems import release, same_system
from tests.cases import rows

ROWS = rows("same_systems")
ANSWERS = {"nothing": None, True: True, False: False}
NAMES = sorted({name for row in ROWS for name in row[:2]})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]} | {row[1]}")
def test_two_names(row: list[object]) -> None:
    declared, found, answer = row
    assert same_system(str(declared), str(found)) is ANSWERS[answer]


@pytest.mark.parametrize("name", sorted({str(row[1]) for row in ROWS} - {"", "Ubuntu"}))
def test_a_machine_is_what_it_says(name: str) -> None:
    assert same_system(name, name)


RELEASED = {
    "ubuntu": ("Ubuntu Server", 2),
    "proxmox": ("Proxmox VE", 1),
    "truenas": ("TrueNAS Scale", 2),
    "debian": ("Debian GNU/Linux", 1),
    "rhel": ("Red Hat Enterprise Linux", 1),
    "centos": ("Cent OS", 1),
    "centos-stream": ("CentOS Stream", 1),
    "rocky": ("Rocky Linux", 1),
    "almalinux": ("Alma Linux", 1),
    "oracle": ("Oracle Enterprise Linux", 1),
    "fedora": ("Fedora Server", 1),
    "scientific": ("Scientific Linux", 1),
    "sles": ("SUSE Linux Enterprise Server", 1),
    "opensuse-tumbleweed": ("openSUSE Tumbleweed", 1),
    "opensuse": ("openSUSE Leap", 2),
    "amazon": ("Amazon Linux", 1),
    "alpine": ("Alpine Linux", 2),
    "arch": ("Arch Linux", 1),
    "gentoo": ("Gentoo", 1),
    "kali": ("Kali GNU/Linux", 1),
    "mint": ("Linux Mint", 1),
    "openeuler": ("openEuler", 1),
    "kylin": ("Kylin Linux", 1),
    "anolis": ("Anolis OS", 1),
    "cloudlinux": ("Cloud Linux", 1),
    "virtuozzo": ("Virtuozzo", 1),
    "photon": ("VMware Photon OS", 1),
    "xcp-ng": ("XCP-ng", 2),
    "xenserver": ("Citrix Hypervisor", 2),
    "esxi": ("VMware ESXi", 2),
    "freebsd": ("FreeBSD", 1),
    "openbsd": ("OpenBSD", 2),
    "netbsd": ("NetBSD", 1),
    "solaris": ("Oracle Solaris", 1),
    "aix": ("IBM AIX", 2),
    "ios-xe": ("Cisco IOS XE", 1),
    "nx-os": ("Cisco NX-OS", 1),
    "ios": ("Cisco IOS", 1),
    "routeros": ("Router OS", 1),
    "fortios": ("FortiOS", 2),
    "junos": ("Junos", 2),
    "pfsense": ("pfSense", 2),
    "opnsense": ("OPNsense", 2),
}
"""Systems, each by a name that is not its shortest, and how many numbers of its version name a release."""


@pytest.mark.parametrize("family", RELEASED)
def test_a_system_is_known_and_which_numbers_name_its_release(family: str) -> None:
    """A newer state of updates of the same release is the same; another release is not."""
    name, parts = RELEASED[family]
    updated, another = ([3, 4, 5, 6] for _ in range(2))
    updated[parts] += 1
    another[parts - 1] += 1
    asked, *found = (f"{name} {'.'.join(map(str, each))}" for each in ([3, 4, 5, 6], updated, another))
    assert release(asked) == (family, (3, 4, 5, 6))
    assert [same_system(asked, each) for each in found] == [True, False]


OWN_KERNEL = frozenset(
    ("freebsd", "openbsd", "netbsd", "solaris", "aix", "esxi", "ios-xe", "nx-os", "ios", "routeros", "fortios", "junos")
) | {"pfsense", "opnsense"}


@pytest.mark.parametrize("family", RELEASED)
def test_which_systems_are_linux(family: str) -> None:
    assert same_system("Linux", RELEASED[family][0]) is (family not in OWN_KERNEL)


@pytest.mark.parametrize(
    "word", ["Linux", "GNU", "OS", "Server", "LTS", "release", "version", "versi", "Enterprise", "edition"]
)
def test_words_that_every_system_has_say_nothing(word: str) -> None:
    """Also of one that nobody knows here."""
    assert same_system(f"Haiku {word}", "Haiku R1") is True
    assert same_system(f"Haiku {word} R2", "Haiku R1") is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Windows Server 2012 R2 Standard", ("windows", (2012, 2))),
        ("Windows Server 2019", ("windows", (2019,))),
        ("Windows 10", None),
        ("Debian 12", ("debian", (12,))),
        ("Debian 12, Ubuntu 22.04", None),
        ("Haiku R1", None),
        ("", None),
    ],
)
def test_the_release_that_a_text_names(text: str, found: object) -> None:
    assert release(text) == found


@given(st.text(max_size=400) | st.sampled_from(NAMES), st.text(max_size=400) | st.sampled_from(NAMES))
def test_any_two_texts_have_an_answer(declared: str, found: str) -> None:
    assert same_system(declared, found) in (True, False, None)


@pytest.mark.parametrize("part", ["windows ", "centos stream ", "9.", "ubuntu", "red hat enterprise ", "sp 1", " "])
def test_the_longest_names_end_in_time(part: str) -> None:
    begin = time.process_time()
    same_system(part * 50_000, part * 50_000)
    assert time.process_time() - begin < 1, "a reader that is not linear"
