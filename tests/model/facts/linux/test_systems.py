"""Names of distributions and of hypervisors, each as one word whichever source it is of. What whole machines say is in
tests/cases/machines.yml."""

import pytest

from sopctl.model.facts.linux.systems import from_setup, identity, is_guest, name, pairs, system, virtualization

NAMES = {
    "RedHat": [
        "rhel",
        "RedHat",
        "Red Hat Enterprise Linux",
        "Red Hat Enterprise Linux Server",
        "RedHatEnterprise",
        "RedHatEnterpriseLinux",
    ],
    "CentOS": ["centos", "CentOS Linux"],
    "CentOS Stream": ["CentOS Stream", "centos-stream"],
    "Rocky": ["rocky", "Rocky Linux"],
    "AlmaLinux": ["almalinux", "AlmaLinux", "Alma"],
    "OracleLinux": ["ol", "Oracle Linux Server", "OracleLinux", "Enterprise Linux Server"],
    "Scientific": ["scientific", "Scientific Linux"],
    "Fedora": ["fedora", "Fedora Linux"],
    "Amazon": ["amzn", "Amazon Linux"],
    "Debian": ["debian", "debian gnu/linux", "Debian GNU/Linux", "raspbian"],
    "Ubuntu": ["ubuntu"],
    "Linux Mint": ["mint", "Linux Mint"],
    "Kali": ["kali", "Kali GNU/Linux"],
    "Archlinux": ["arch", "Arch Linux", "Archlinux"],
    "Alpine": ["alpine", "Alpine Linux"],
    "Gentoo": ["gentoo"],
    "SLES": ["sles", "SUSE Linux Enterprise Server"],
    "SLED": ["sled"],
    "SLES_SAP": ["SLES_SAP", "SLES for SAP Applications"],
    "openSUSE": ["opensuse"],
    "openSUSE Leap": ["openSUSE Leap", "opensuse-leap"],
    "openSUSE Tumbleweed": ["openSUSE Tumbleweed"],
    "Anolis": ["anolis", "Anolis OS"],
    "openEuler": ["openeuler", "openEuler"],
    "EulerOS": ["euleros", "EulerOS"],
    "Kylin": ["kylin", "Kylin operating system", "Kylin Linux Advanced Server"],
    "Uos": ["uos", "UnionTech OS Server"],
    "TencentOS": ["TencentOS Server", "tencent"],
    "Photon": ["photon", "VMware Photon OS"],
    "Virtuozzo": ["virtuozzo"],
    "XenServer": ["xenserver"],
    "Flatcar": ["flatcar", "Flatcar Container Linux by CoreOS"],
    "Example": ["Example", "Example Linux", "Example GNU/Linux"],
}


@pytest.mark.parametrize("one", NAMES)
def test_a_distribution_has_one_name(one: str) -> None:
    assert {said: name(said) for said in NAMES[one]} == dict.fromkeys(NAMES[one], one)


@pytest.mark.parametrize("nothing", ["", None, " "])
def test_nothing_is_no_distribution(nothing: str | None) -> None:
    assert name(nothing) is None


UNDER = {
    "none": ["none", "PR/SM"],
    "hyperv": ["microsoft", "Hyper-V", "VirtualPC"],
    "virtualbox": ["oracle", "innotek GmbH"],
    "vmware": ["VMware"],
    "kvm": ["kvm", "RHEV", "RHV", "oVirt", "OpenStack", "KubeVirt", "amazon", "google", "apple"],
    "container": ["systemd-nspawn", "container", "wsl"],
    "powervm": ["PowerVM_LX86"],
    "zvm": ["IBM SystemZ"],
    "bhyve": ["bhyve", "BHYVE"],
}


@pytest.mark.parametrize("one", UNDER)
def test_a_hypervisor_has_one_word(one: str) -> None:
    assert {said: virtualization(said) for said in UNDER[one]} == dict.fromkeys(UNDER[one], one)


@pytest.mark.parametrize(
    ("release", "debian", "line", "is_"),
    [
        ({"NAME": "Debian GNU/Linux", "ID": "x", "VERSION_ID": "12"}, "12.5", "", ("Debian", "12.5")),
        ({"ID": "debian", "VERSION_ID": "13"}, "trixie/sid", "", ("Debian", "13")),
        ({"NAME": "Ubuntu", "VERSION_ID": "24.04"}, "12.5", "", ("Ubuntu", "24.04")),
        ({"NAME": "CentOS Linux", "VERSION_ID": "7"}, "", "CentOS Linux release 7.9.2009 (Core)", ("CentOS", "7.9")),
        ({"NAME": "CentOS Stream", "VERSION_ID": "9"}, "", "CentOS Stream release 9", ("CentOS Stream", "9")),
        ({"NAME": "CentOS Linux", "VERSION_ID": "7"}, "", "", ("CentOS", "7")),
        ({"NAME": "Rocky Linux", "VERSION_ID": "9.4"}, "", "Rocky Linux release 9.3", ("Rocky", "9.4")),
        ({"NAME": "SLES", "VERSION_ID": "15.5", "VARIANT_ID": "sles-sap"}, "", "", ("SLES_SAP", "15.5")),
        ({"NAME": "SLES", "VERSION_ID": "15.5", "VARIANT_ID": "server-sap"}, "", "", ("SLES_SAP", "15.5")),
        ({"NAME": "SLES", "VERSION_ID": "15.5", "VARIANT_ID": "server"}, "", "", ("SLES", "15.5")),
        ({"NAME": "Example", "VERSION_ID": "1", "VARIANT_ID": "sles-sap"}, "", "", ("Example", "1")),
        ({}, "", "Red Hat Enterprise Linux Server release 6.10 (Santiago)", ("RedHat", "6.10")),
        ({}, "", "CentOS release 5.11.1 (Final)", ("CentOS", "5.11")),
        ({"VERSION_ID": "3"}, "7.11", "", ("Debian", "7.11")),
        ({"VERSION_ID": "3"}, "wheezy/sid", "", (None, "3")),
        ({}, "", "", (None, None)),
    ],
)
def test_a_system_is_read_from_the_file_that_names_its_point_release(
    release: dict[str, str], debian: str, line: str, is_: tuple[str | None, str | None]
) -> None:
    assert system(release, debian, line) == is_


def test_of_setup_only_centos_stream_is_called_otherwise() -> None:
    assert from_setup("CentOS", "9", "Stream") == ("CentOS Stream", "9")
    assert from_setup("CentOS", "7.9", "Core") == ("CentOS", "7.9")
    assert from_setup("RedHat", "9", "Stream") == ("RedHat", "9")


def test_a_system_stays_the_same_however_it_is_spelt() -> None:
    assert identity("CentOS Stream", "9") == identity("centos", "9") == "centos 9"
    assert identity("Red Hat Enterprise Linux", "9") == identity("rhel", "9") == "redhat 9"
    assert identity("Debian", None) == "debian"
    assert identity(None, None) == ""


def test_who_is_a_guest() -> None:
    assert [is_guest(under) for under in (None, "none", "kvm", "container")] == [False, False, True, True]


def test_the_pairs_of_os_release() -> None:
    lines = ["# a comment=1", "", "no sign", 'NAME="Debian GNU/Linux"', " ID='debian' ", "ID=second", "EMPTY="]
    assert pairs(lines) == {"NAME": "Debian GNU/Linux", "ID": "debian", "EMPTY": ""}
