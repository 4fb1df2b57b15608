"""Strangers' servers: a deposit harms nothing on a server that has lived, and gives everything back.

Each server goes through the whole cycle (`sopctl lab rehearse --state`). What its owner set is read by the lab's own
fingerprint, which knows nothing of what the playbooks do. `make test` takes the kinds that owners have most, several
states a server, all in the same runs, each on one release; `make battery` takes every state alone, on each release that
has it.
"""

import itertools
import json
import re
from collections.abc import Callable, Sequence

import pytest
import yaml

from sopctl.adapters.lab import LabStatus, Tier
from sopctl.adapters.lab.state import RELEASES
from sopctl.model.text import printable
from sopctl.store.site import Site
from sopctl.workflow.setup import proving
from sopctl.workflow.setup.lab import all_states
from sopctl.workflow.setup.proving import Proof, prove
from tests.conftest import Ran
from tests.lab.parts import NETWORK, leave_out
from tests.printed import DOCS, printed

pytestmark = [pytest.mark.lab, pytest.mark.usefixtures("booted")]

STATES = {one.name: one for one in all_states()}

TOGETHER = {
    "bookworm": (
        "ssh-socket-of-its-own,services-not-asked,account-named-sopctl,localtime-is-a-file",
        "containers,allow-groups,zsh,updates-of-the-owner,two-ssh-ports,journal-kept",
        "firewalld,extrausers,fish,group-named-sopctl",
        "sshd-without-include,nftables-with-nat,dns-server,etc-in-git,accounts-and-groups",
        "keys-elsewhere,root-shut-out,chrony,network-manager,noexec-tmp",
        "immutable-files",
        "second-factor",
        "sudo-asks-a-password,home-is-var-www",
        "no-sudo",
        "ipv6-only,hard-linked-files",
        "full-var",
        "home-behind-a-link,certificates,journal-in-memory,tcsh,host-name-in-use",
    ),
    "bullseye": ("ssh-socket,iptables-with-nat,forwarded-ports,match-address,bashrc-into-tmux,locked-after-failures",),
    "trixie": ("ssh-listen-address,ntpsec,banner-of-the-owner,cloud-init,resolver-of-its-own",),
}
"""States that fit together, a server each; those that must be refused have a server of their own."""

IN_THE_DOCS = "ufw,web-from-a-home"
"""Those of the server that test_docs.py rehearses with."""

AT_A_TIME = 7
"""Servers in one run of the battery."""


@pytest.fixture
def booted(lab: LabStatus) -> None:
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("owners' states need booted servers")


@pytest.fixture
def rehearsed(lab_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The labs of a proof in this process are the test session's, and go with it."""
    monkeypatch.setattr(proving, "LAB", f"{lab_name}-owned")


def told(proof: Proof) -> str:
    """What went wrong on a server, for a person."""
    lines = [f"{proof.server}: {', '.join(proof.states)}"]
    for step in proof.steps:
        if not step.ok:
            lines += [f"  {step.step}: {printable(step.said, 1000)}", *(f"    {each}" for each in step.differences)]
    return "\n".join(lines)


def nothing_broken(proofs: Sequence[Proof]) -> None:
    bad = [told(proof) for proof in proofs if not proof.ok]
    assert not bad, "\n".join(bad)


def test_there_is_every_kind_of_state() -> None:
    assert f"sopctl lab rehearse --state {IN_THE_DOCS}" in printed(DOCS / "howto/lab.md")
    known = {name for row in itertools.chain(*TOGETHER.values(), [IN_THE_DOCS]) for name in row.split(",")}
    assert known <= STATES.keys()
    assert len(known) >= 24


def test_states_that_are_together_leave_each_other_in_force() -> None:
    """One that writes a file anew which another has written would undo it, and nothing would be shown of that."""
    written = re.compile(r"(?<!>)>\s*(/etc/[^\s;'\"]+)")
    for row in itertools.chain(*TOGETHER.values(), [IN_THE_DOCS]):
        files = [file for name in row.split(",") for file in set(written.findall(STATES[name].script))]
        assert sorted(files) == sorted(set(files)), row


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.usefixtures("rehearsed")
def test_nothing_broken_and_everything_given_back(release: str) -> None:
    proofs = prove(None, TOGETHER[release], release=release)
    nothing_broken(proofs)
    for proof in proofs:
        steps = [step.step for step in proof.steps]
        refused = any(STATES[name].refused and not STATES[name].remedy for name in proof.states)
        assert ("release gives everything back" in steps) is not refused, steps


LEAVES = """
- name: Leave something
  ansible.builtin.copy:
    content: x
    dest: /srv/left
    mode: "0644"
- name: Change something of the owner's
  ansible.builtin.lineinfile:
    path: /etc/hosts
    line: 192.0.2.1 other
"""


def test_what_a_site_leaves_behind_is_named(site: Site, sopctl: Callable[..., Ran]) -> None:
    leave_out(site.root, "host_name", "login_banner", "sshd", "firewall", *NETWORK)
    playbook = site.root / "playbooks/configure.yml"
    (play,) = yaml.load(playbook.read_bytes(), yaml.CSafeLoader)
    window = next(number for number, task in enumerate(play["tasks"]) if "block" in task)
    play["tasks"][window + 1 :] = yaml.load(LEAVES, yaml.CSafeLoader)
    playbook.write_text(yaml.safe_dump([play], sort_keys=False))
    ran = sopctl("lab", "rehearse", "--state", "localtime-is-a-file", "--json", timeout=1500)
    assert ran.code == 1, ran.err
    (found,) = json.loads(ran.out)["servers"]
    assert "release gives everything back" in [step["step"] for step in found["steps"]], found
    (bad,) = [step for step in found["steps"] if not step["ok"] and "release" in step["step"]]
    changed = {difference.split()[2] for difference in bad["differences"]}
    assert {"/srv/left", "/etc/hosts"} <= changed


def shown(each: str | list[str]) -> str:
    return each if isinstance(each, str) else f"{each[0]}-to-{each[-1]}"


def alone() -> list[tuple[str, list[str]]]:
    """Each release with the states that it has, a few at a time."""
    rows = []
    for release in RELEASES:
        there = [name for name, one in STATES.items() if not one.releases or release in one.releases]
        rows += [(release, there[first : first + AT_A_TIME]) for first in range(0, len(there), AT_A_TIME)]
    return rows


@pytest.mark.battery
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("release", "states"), alone(), ids=lambda each: each if isinstance(each, str) else f"{each[0]}-to-{each[-1]}"
)
@pytest.mark.usefixtures("rehearsed")
def test_each_state_alone(release: str, states: Sequence[str]) -> None:
    nothing_broken(prove(None, states, release=release))
