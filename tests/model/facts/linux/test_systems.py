"""Names of distributions and of hypervisors, each as one word whichever source it is of. What whole machines say is in
tests/cases/machines.yml."""

import pytest

from sopctl.model.facts.linux.systems import name, virtualization

NAMES = {
    "RedHat": ["rhel", "RedHat", "Red Hat Enterprise Linux", "Red Hat Enterprise Linux Server", "RedHatEnterprise"],
    "CentOS": ["centos", "CentOS Linux"],
    "CentOS Stream": ["CentOS Stream"],
    "Rocky": ["rocky", "Rocky Linux"],
    "AlmaLinux": ["almalinux", "AlmaLinux", "Alma"],
    "OracleLinux": ["ol", "Oracle Linux Server", "OracleLinux", "Enterprise Linux Server"],
    "Scientific": ["scientific", "Scientific Linux"],
    "Fedora": ["Fedora Linux"],
    "Amazon": ["amzn", "Amazon Linux"],
    "Debian": ["Debian GNU/Linux", "raspbian"],
    "Ubuntu": ["ubuntu"],
    "Linux Mint": ["Linux Mint"],
    "Kali": ["Kali GNU/Linux"],
    "Archlinux": ["Arch Linux", "Archlinux"],
    "Alpine": ["Alpine Linux"],
    "Gentoo": ["gentoo"],
    "SLES": ["sles", "SUSE Linux Enterprise Server"],
    "SLED": ["sled"],
    "SLES_SAP": ["SLES_SAP", "SLES for SAP Applications"],
    "openSUSE": ["opensuse"],
    "openSUSE Leap": ["openSUSE Leap", "opensuse-leap"],
    "openSUSE Tumbleweed": ["openSUSE Tumbleweed"],
    "Anolis": ["Anolis OS"],
    "openEuler": ["openEuler"],
    "EulerOS": ["EulerOS"],
    "Kylin": ["kylin", "Kylin Linux Advanced Server"],
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
