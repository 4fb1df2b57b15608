"""configure.yml, facts.yml and release.yml on real servers."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import structs

from sopctl.adapters import lab as servers
from sopctl.adapters.ansible.connection import ssh_common_args
from sopctl.adapters.ansible.runner import HostResult, Outcome, RunResult, run_playbook
from sopctl.adapters.lab import LabServer, LabStatus, Tier
from sopctl.model.access.target import HostKey
from sopctl.model.facts.changes import differences, real
from sopctl.model.facts.script import completed, from_script
from sopctl.model.facts.server import ServerFacts
from sopctl.model.facts.setup import from_setup
from tests.patience import PATIENCE

pytestmark = pytest.mark.lab

CHECKOUT = Path(__file__).parents[2]
PLUGIN_OFF = "enable_plugins = sopctl, "
OTHER = HostKey("ssh-ed25519", "AAAAC3NzaC1lZDI1NTE5AAAAICE6h+tijUO4sus97xy/bqxX3wPgabxK3MyJpFz+8lv0", "")


RULES = ("allowusers", "forcecommand", "authorizedkeysfile", "maxsessions")
SETTINGS = (
    "readlink /etc/localtime; cat /etc/timezone; find /etc/apt/apt.conf.d /etc/systemd/*.d -type f | sort; "
    "sshd -T | sort; "
    "systemctl is-enabled apt-daily.timer apt-daily-upgrade.timer systemd-timesyncd.service 2>/dev/null; true"
)
"""What the owner has set, of all that a configuration touches outside files of our own."""

CHRONY = """
mkdir -p /etc/chrony/sources.d
echo 'sourcedir /etc/chrony/sources.d' >/etc/chrony/chrony.conf
printf '[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n' \\
    >/etc/systemd/system/chrony.service
systemctl daemon-reload
systemctl --quiet disable chrony.service"""
"""A server with chrony, switched off: what the role sees of it (its unit and its settings)."""

SERVICES = """
- name: What keeps a server well
  hosts: deposits
  gather_facts: false
  become: true
  tasks:
    - ansible.builtin.setup: {gather_subset: ["!all", "!min", platform, distribution, chroot, service_mgr]}
    - ansible.builtin.import_role: {name: time_sync}
    - ansible.builtin.import_role: {name: journald}
    - ansible.builtin.import_role: {name: security_updates}
    - ansible.builtin.import_role: {name: sshd}
"""
SSHD_ALONE = """
- name: The SSH server alone
  hosts: deposits
  gather_facts: false
  become: true
  tasks:
    - ansible.builtin.setup: {gather_subset: ["!all", "!min", chroot, service_mgr]}
    - ansible.builtin.import_role: {name: sshd}
"""


class Office:
    """A site around one real server, with the real playbooks, and the keys of both sides."""

    def __init__(self, root: Path, status: LabStatus, server: LabServer) -> None:
        self.root, self.status, self.server = root, status, server
        self.runs = 0
        shutil.copytree(CHECKOUT / "playbooks", root / "playbooks")
        config = (CHECKOUT / "ansible.cfg").read_text()
        assert PLUGIN_OFF in config
        (root / "ansible.cfg").write_text(config.replace(PLUGIN_OFF, "enable_plugins = "))
        (root / "inventory").mkdir()
        self.public = {name: self._make_key(name) for name in ("management", "web", "db")}

    def _make_key(self, name: str) -> str:
        path = self.root / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path], check=True)
        return path.with_suffix(".pub").read_text().strip()

    def play(self, playbook: str, *, tags: Sequence[str] = (), **variables: object) -> tuple[RunResult, HostResult]:
        """Run a playbook (or only these parts of it) on the server, with these host variables changed."""
        result = self.play_on(playbook, {"PS-2026-0001": self.variables(self.server, **variables)}, tags=tags)
        return result, result.hosts["PS-2026-0001"]

    def variables(self, server: LabServer, **changes: object) -> dict[str, object]:
        """What the inventory says of a server."""
        key = next(key for key in server.host_keys if key.type == "ssh-ed25519")
        return {
            "ansible_host": server.address,
            "ansible_port": server.port,
            "ansible_user": server.user,
            "ansible_ssh_private_key_file": server.key_file,
            "ansible_ssh_common_args": ssh_common_args(key),
            "sopctl_hostname": "portal.example.org",
            "sopctl_accounts": [
                {"name": "webadmin", "keys": [self.public["web"]]},
                {"name": "dbadmin", "keys": [self.public["db"], self.public["web"]]},
            ],
            "sopctl_ports": [80],
            "sopctl_sources": ["203.0.113.0/24", "2001:db8::/32"],
            "sopctl_controllers": [self.status.controller],
            "sopctl_management_account": "sopctl",
            "sopctl_management_key_file": str(self.root / "management"),
            "sopctl_management_public_key": self.public["management"],
            "sopctl_time_zone": "Asia/Jakarta",
            "sopctl_time_servers": ["ntp.example.org", "192.0.2.123"],
            "sopctl_journal_max": "200M",
            "sopctl_security_updates": True,
            "sopctl_banner": "Only for those who may.",
            **changes,
        }

    def play_on(self, playbook: str, hosts: dict[str, dict[str, object]], **options: Any) -> RunResult:
        """Run a playbook on these hosts at once; `options` as `run_playbook` has them."""
        self._write({"deposits": {"hosts": hosts}})
        self.runs += 1
        folder = self.root / f"var/{self.runs}"
        return run_playbook(self.root, playbook, limit=list(hosts), run_dir=folder, **options)

    def facts_either_way(self, hosts: dict[str, dict[str, object]]) -> dict[str, ServerFacts]:
        """The facts of these hosts, after a look whether `setup` and the script alone say the same."""
        said: list[HostResult] = []
        assert self.play_on("facts.yml", hosts, on_facts=said.extend).outcome is Outcome.OK
        found = {}
        for host in said:
            assert host.facts is not None
            setup, script = from_setup(host.facts, gathered_at=""), from_script(host.details, gathered_at="")
            assert real(differences(setup, script)) == ()
            assert real(differences(script, setup)) == ()
            assert (setup.os_name, setup.os_version, setup.cpu) == (script.os_name, script.os_version, script.cpu)
            names = [
                [*(disk.name for disk in facts.disks), *(nic.name for nic in facts.nics)] for facts in (setup, script)
            ]
            assert names[0] == names[1]
            found[host.host] = completed(setup, script)
        return found

    def managed(self) -> dict[str, Any]:
        return {"ansible_user": "sopctl", "ansible_ssh_private_key_file": str(self.root / "management")}

    def _write(self, inventory: Mapping[str, Any]) -> None:
        (self.root / "inventory/hosts.yml").write_text(yaml.safe_dump(dict(inventory)))

    def login(self, user: str, key: Path | str, command: str) -> subprocess.CompletedProcess[str]:
        """Log in with OpenSSH as the requester would."""
        words = ["ssh", "-F", "none", "-i", str(key), "-o", "BatchMode=yes", "-o", "IdentityAgent=none"]
        words += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-p", str(self.server.port)]
        words += [f"{user}@{self.server.address}", command]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)

    def booted(self) -> bool:
        return self.status.tier is Tier.SYSTEMD


@pytest.fixture
def office(tmp_path: Path, lab: LabStatus, pristine: LabServer) -> Office:
    return Office(tmp_path, lab, pristine)


def test_from_hand_over_to_return(office: Office) -> None:
    server = office.server
    servers.run(server, "mkdir -p /srv/owner && echo precious > /srv/owner/data")
    servers.run(server, "ln -sfn /usr/share/zoneinfo/Asia/Makassar /etc/localtime; echo Asia/Makassar > /etc/timezone")
    before = servers.run(server, SETTINGS)
    names = "cat /etc/hostname /etc/hosts /etc/machine-info 2>/dev/null; true"
    if office.booted():
        servers.run(server, "hostnamectl set-hostname asli; printf '127.0.1.1\\tasli # own\\n' >>/etc/hosts")
    own_names = servers.run(server, names)
    for place, state in (("before/all", "directory"), ("after/deposits", "directory"), ("release/all", "absent")):
        hook = office.root / f"playbooks/hooks/{place}.yml"
        hook.parent.mkdir(parents=True)
        path = "/opt/site" if "after" not in place else "/opt/site/after"
        hook.write_text(f"- ansible.builtin.file: {{path: {path}, state: {state}, mode: '0700'}}\n")

    result, host = office.play("configure.yml")
    assert (result.outcome, host.failed_task, host.message) == (Outcome.OK, "", "")
    assert host.changed > 10
    assert servers.run(server, "ls /var/lib/sopctl/window") == "closed\nwindow.sh\n", "a window was left open"
    assert servers.run(server, "ls /opt/site") == "after\n", "the site's own tasks, before and after"

    for user, key in (("webadmin", "web"), ("dbadmin", "db"), ("dbadmin", "web"), ("sopctl", "management")):
        assert office.login(user, office.root / key, "id -un").stdout == f"{user}\n"
    assert office.login("webadmin", office.root / "db", "true").returncode == 255
    assert office.login("webadmin", office.root / "web", "sudo -n true").returncode != 0
    assert office.login("sopctl", office.root / "management", "sudo -n id -u").stdout == "0\n"
    assert office.login(server.user, server.key_file, "sudo -n id -u").stdout == "0\n", "the owner was locked out"
    modes = "stat -c %a /home/webadmin /home/webadmin/.ssh /home/webadmin/.ssh/authorized_keys"
    assert servers.run(server, modes).split() == ["700", "700", "600"]
    assert servers.run(server, "date +%Z").strip() == "WIB"
    updates = "apt-config dump | grep -E '^(APT::Periodic::U|Unattended-Upgrade::Automatic-Reboot )'"
    assert sorted(servers.run(server, updates).splitlines()) == [
        'APT::Periodic::Unattended-Upgrade "1";',
        'APT::Periodic::Update-Package-Lists "1";',
        'Unattended-Upgrade::Automatic-Reboot "false";',
    ]
    offered = servers.run(server, "sshd -T | grep -E '^(kexalgorithms|ciphers|macs|hostkeyalgorithms) '")
    assert not re.search(r"sha1\b|-cbc|umac-64|ssh-rsa", offered)
    assert "curve25519-sha256" in offered
    if office.booted():
        assert servers.run(server, "hostname").strip() == "portal.example.org"
        rules = servers.run(server, "nft list table inet sopctl")
        assert "policy drop" in rules
        assert "ip saddr 203.0.113.0/24 tcp dport { 22, 80 } accept" in rules
        assert "ip6 saddr 2001:db8::/32 tcp dport { 22, 80 } accept" in rules
        knock = f"timeout 2 bash -c '</dev/tcp/{server.address}/22' 2>/dev/null; echo $?"
        assert servers.run(office.status.servers[0], knock) == "124\n", "a neighbour is none of the letter's sources"
        login = office.login("webadmin", office.root / "web", "true")
        assert "Only for those who may." in login.stderr
        journal, clock = "/etc/systemd/journald.conf.d/sopctl.conf", "/etc/systemd/timesyncd.conf.d/sopctl.conf"
        assert "SystemMaxUse=200M" in servers.run(server, f"cat {journal}")
        assert "NTP=ntp.example.org 192.0.2.123" in servers.run(server, f"cat {clock}")
        assert servers.run(server, "systemctl is-enabled apt-daily.timer apt-daily-upgrade.timer") == "enabled\n" * 2

    servers.run(server, "echo mine > /home/webadmin/data")
    result, host = office.play("release.yml", **office.managed(), sopctl_power_off=True)
    assert (result.outcome, host.failed_task, host.message) == (Outcome.OK, "", "")
    switching_off = "systemctl kill --signal={signal} sopctl-power-off.service"  # its 10 s are few for a busy machine
    if office.booted():
        servers.run(server, switching_off.format(signal="STOP"))
    left = (
        "getent passwd sopctl webadmin dbadmin; ls -d /etc/sopctl /var/lib/sopctl /etc/sudoers.d/sopctl "
        "/etc/ssh/sshd_config.d/*sopctl* /etc/ssh/sopctl-banner /home/sopctl /opt/site 2>/dev/null; "
        "nft list table inet sopctl 2>/dev/null; true"
    )
    assert servers.run(server, left) == ""
    assert servers.run(server, SETTINGS) == before, "the owner's settings did not come back"
    assert servers.run(server, "cat /home/webadmin/data /srv/owner/data") == "mine\nprecious\n"
    assert servers.run(server, names) == own_names
    assert office.login("sopctl", office.root / "management", "true").returncode == 255
    if office.booted():
        servers.run(server, switching_off.format(signal="CONT"))
        deadline = time.monotonic() + PATIENCE
        while _state(office) != "stopped":
            assert time.monotonic() < deadline, "the server did not switch itself off"
            time.sleep(0.5)


def _state(office: Office) -> str:
    status = servers.status(office.status.name)
    assert status
    return next(server.state for server in status.servers if server.name == office.server.name)


def test_the_owners_lock_is_respected_until_the_access_try_fails_for_it(office: Office) -> None:
    assert office.play("configure.yml", tags=["accounts"])[0].outcome is Outcome.OK
    servers.run(office.server, "chage -E 2020-01-01 webadmin; usermod -s /usr/sbin/nologin dbadmin; usermod -L dbadmin")

    _, host = office.play("configure.yml", tags=["accounts"])
    assert (host.failed, host.changed) == (0, 0)
    assert office.login("webadmin", office.root / "web", "true").returncode != 0

    _, host = office.play("configure.yml", tags=["accounts"], sopctl_last_cause="account-expired")
    assert host.failed == 0
    assert office.login("webadmin", office.root / "web", "id -un").stdout == "webadmin\n"
    assert office.login("dbadmin", office.root / "db", "id -un").stdout == "dbadmin\n"
    assert servers.run(office.server, "getent shadow dbadmin").split(":")[1] == "*"

    # sshd's own rules keep them out; each repair is aimed at its cause and leaves the others' in place.
    rules = """Match User !titipan,*
        AllowUsers owner
        ForceCommand /bin/false
        AuthorizedKeysFile /etc/ssh/keys/%u
        MaxSessions 0
    """
    servers.run(office.server, f"cat >/etc/ssh/sshd_config.d/50-owner.conf <<'E'\n{rules}\nE\n")
    (office.root / "playbooks/sshd.yml").write_text(SSHD_ALONE)
    seen = {}
    for cause in ("", "not-allowed", "command-refused", "key-missing"):
        assert office.play("sshd.yml", sopctl_last_cause=cause)[1].failed == 0
        said = servers.run(office.server, "sshd -T -C user=webadmin,host=h,addr=192.0.2.9")
        seen[cause] = {line for line in said.splitlines() if line.split()[0] in RULES}
    owner = {"allowusers owner", "forcecommand /bin/false", "maxsessions 0", "authorizedkeysfile /etc/ssh/keys/%u"}
    assert seen[""] == owner
    assert "allowusers webadmin" in seen["not-allowed"]
    assert "forcecommand /bin/false" in seen["not-allowed"]
    assert {"forcecommand none", "maxsessions 10"} <= seen["command-refused"]
    assert {"allowusers webadmin", "forcecommand none", "authorizedkeysfile .ssh/authorized_keys"} <= seen[
        "key-missing"
    ]
    assert office.login("webadmin", office.root / "web", "id -un").stdout == "webadmin\n"
    others = servers.run(office.server, "sshd -T -C user=someone,host=h,addr=192.0.2.9")
    assert "forcecommand /bin/false" in others, "the rest of the owner's rules holds"


def test_the_accounts_follow_the_letter(office: Office) -> None:
    keys = "/home/webadmin/.ssh/authorized_keys"
    own = office.public["db"]
    script = (
        f"useradd -m -s /bin/bash webadmin; install -d -o webadmin -m 700 /home/webadmin/.ssh; echo '{own}' >{keys}"
    )
    servers.run(office.server, f"{script}; chown webadmin {keys}")

    def configure(letter: Mapping[str, str]) -> tuple[RunResult, HostResult]:
        accounts = [{"name": name, "keys": [office.public[key]]} for name, key in letter.items()]
        return office.play("configure.yml", tags=["accounts"], sopctl_accounts=accounts)

    assert configure({"webadmin": "web", "dbadmin": "db"})[1].failed == 0
    assert servers.run(office.server, f"cat {keys}") == office.public["web"] + "\n"
    servers.run(office.server, "echo mine > /home/dbadmin/data")

    # The letter changes. A look says what would be done: an account that is not there yet has no home to look at.
    letter = [{"name": "baru", "keys": [office.public["web"]]}]
    hosts = {"PS-2026-0001": office.variables(office.server, sopctl_accounts=letter)}
    would: list[str] = []
    look = office.play_on(
        "configure.yml",
        hosts,
        tags=["accounts"],
        check=True,
        on_event=lambda event: would.append(event.task) if event.status == "changed" else None,
    )
    assert look.outcome is Outcome.OK, look
    assert "Set up the accounts of the letter, with its keys alone" in would
    assert servers.run(office.server, "getent passwd baru; ls /var/lib/sopctl/created") == "dbadmin\nsopctl\n"

    # One account goes, its note too, and one has another key.
    _, host = configure({"webadmin": "management"})
    assert (host.failed, host.changed) == (0, 1)
    assert office.login("dbadmin", office.root / "db", "true").returncode == 255
    assert office.login("webadmin", office.root / "web", "true").returncode == 255
    assert office.login("webadmin", office.root / "management", "id -un").stdout == "webadmin\n"
    gone = "getent passwd dbadmin; ls /var/lib/sopctl/created; cat /home/dbadmin/data"
    assert servers.run(office.server, gone) == "sopctl\nmine\n"

    # A link in its home hands nothing over.
    servers.run(office.server, "mkdir -m 755 /srv/prey; cd /home/webadmin; mv .ssh kept; ln -s /srv/prey .ssh")
    result, host = configure({"webadmin": "web"})
    assert result.outcome is Outcome.FAILED
    assert "the keys of webadmin cannot be written to /home/webadmin/.ssh/authorized_keys" in host.message
    assert servers.run(office.server, "stat -c %U:%a /srv/prey; ls -A /srv/prey") == "root:755\n"
    servers.run(office.server, "cd /home/webadmin; rm .ssh; mv kept .ssh")

    # An account that was there before gets its own keys back.
    account = {"name": "webadmin", "keys": [office.public["web"]]}
    assert office.play("release.yml", sopctl_accounts=[account])[1].failed == 0
    assert servers.run(office.server, f"stat -c '%U %a' {keys}; cat {keys}") == f"webadmin 644\n{own}\n"


def test_settings_that_sshd_refuses_are_taken_back(office: Office) -> None:
    servers.run(office.server, "echo 'NoSuchOption yes' > /etc/ssh/sshd_config.d/50-broken.conf")
    result, host = office.play("configure.yml")
    assert result.outcome is Outcome.FAILED
    assert "NoSuchOption" in host.message
    assert servers.run(office.server, "ls /etc/ssh/sshd_config.d").split().count("00-sopctl.conf") == 0
    assert office.login(office.server.user, office.server.key_file, "true").returncode == 0


def test_what_the_server_lacks_is_left_to_its_owner_and_said(office: Office) -> None:
    server = office.server
    (office.root / "playbooks/services.yml").write_text(SERVICES)
    owner = "Ciphers aes256-gcm@openssh.com,aes256-cbc\\nKexAlgorithms curve25519-sha256\\nMACs hmac-sha1\\n"
    servers.run(
        server,
        f"printf '{owner}' >/etc/ssh/sshd_config.d/40-owner.conf; mv /usr/bin/unattended-upgrade /root/; "
        "mv /usr/bin/apt-get /root/; systemctl mask --quiet systemd-timesyncd.service || true",
    )
    result, host = office.play("services.yml")
    assert (result.outcome, host.failed_task) == (Outcome.OK, "")
    said = " ".join(host.notes)
    assert "unattended-upgrades tidak dapat dipasang" in said
    assert not office.booted() or "pasang chrony atau systemd-timesyncd" in said
    effective = servers.run(server, "sshd -T")
    assert "\nciphers aes256-gcm@openssh.com\n" in effective, "the weak one goes, and none comes that the owner refused"
    assert "\nkexalgorithms curve25519-sha256\n" in effective
    assert "\nmacs hmac-sha1\n" in effective, "the only one that is left is not taken away"

    if office.booted():
        servers.run(server, f"{CHRONY}; mv /root/unattended-upgrade /usr/bin/")
        _, host = office.play("services.yml")
        assert (host.failed, host.notes) == (0, ())
        assert servers.run(server, "cat /etc/chrony/sources.d/sopctl.sources") == (
            "server ntp.example.org iburst\nserver 192.0.2.123 iburst\n"
        )
        assert servers.run(server, "systemctl is-active chrony.service") == "active\n"
    _, host = office.play("services.yml")
    assert (host.failed, host.changed) == (0, 0)

    # The office changes its mind.
    _, host = office.play(
        "services.yml", sopctl_time_servers=[], sopctl_journal_max="", sopctl_security_updates=False, sshd_weak=[]
    )
    assert host.failed == 0
    ours = "ls /etc/apt/apt.conf.d/*sopctl* /etc/systemd/*/sopctl.conf /etc/chrony/sources.d/* 2>/dev/null; true"
    assert servers.run(server, ours) == ""
    assert "\nciphers aes256-gcm@openssh.com,aes256-cbc\n" in servers.run(server, "sshd -T")


@pytest.mark.parametrize("pin", [None, OTHER], ids=["no-pin", "other-pin"])
def test_without_the_right_pin_nobody_logs_in(office: Office, pin: HostKey | None) -> None:
    logins = "grep -c 'Accepted publickey for titipan'"
    count = f"journalctl --sync; journalctl -u ssh -o cat 2>/dev/null | {logins} || true"
    first, second = (int(servers.run(office.server, count)) for _ in range(2))
    result, host = office.play("facts.yml", ansible_ssh_common_args=ssh_common_args(pin))
    assert result.outcome is Outcome.UNREACHABLE
    assert "Host key verification failed" in host.message
    assert ("another key" in host.message) == (pin is not None)
    if office.booted():
        looking = second - first  # what the look at the journal itself adds
        assert looking > 0
        assert int(servers.run(office.server, count)) == second + looking, "somebody logged in"


def test_the_script_alone_and_setup_say_the_same(tmp_path: Path, lab: LabStatus) -> None:
    office = Office(tmp_path, lab, lab.servers[0])
    (facts,) = office.facts_either_way({"PS-2026-0001": office.variables(office.server)}).values()
    assert (facts.os_name, (facts.os_version or "").partition(".")[0]) == ("Debian", "12")
    assert any(nic.ipv4 for nic in facts.nics)


BOTH = """
- hosts: deposits
  gather_facts: false
  become: true
  tasks:
    - ansible.builtin.setup: {gather_subset: ["!all", "!min", hardware, network, virtual, distribution, platform, dns]}
    - server_facts: {script: "echo =host ok; echo ' x'; sleep 60", timeout: 1}
"""


def test_our_module_reads_what_setup_reads(tmp_path: Path, lab: LabStatus) -> None:
    office = Office(tmp_path, lab, lab.servers[0])  # which stays as it is
    (office.root / "playbooks/both.yml").write_text(BOTH)
    said: list[HostResult] = []
    office._write({"deposits": {"hosts": {"PS-2026-0001": office.variables(office.server)}}})
    begun = time.monotonic()
    result = run_playbook(
        office.root, "both.yml", limit=["PS-2026-0001"], run_dir=office.root / "var/both", on_facts=said.extend
    )
    assert result.outcome is Outcome.OK, result
    assert time.monotonic() - begun < 30, "a script that hangs is ended, with all that it began"
    (ours,) = said
    assert ours.details == "=host ok\n x\n", "what it had said by then is kept"
    events = (office.root / "var/both/artifacts/run/job_events").iterdir()
    answers = [
        json.loads(path.read_text())["event_data"] for path in sorted(events) if "runner_on_ok" in path.read_text()
    ]
    setup, module = (answer["res"] for answer in answers)
    assert module["errors"] == []
    at = "2026-11-23T09:30:00+07:00"
    theirs, mine = from_setup(setup["ansible_facts"], gathered_at=at), from_setup(ours.facts or {}, gathered_at=at)
    other: dict[str, Any] = {"uptime_seconds": None, "mounts": ()}  # what is mounted, the script says
    assert structs.replace(mine, **other) == structs.replace(theirs, **other)
    assert (mine.os_name, mine.architecture) == ("Debian", "x86_64")
    if office.booted():
        assert mine.hostname == office.server.name
        assert mine.memory_mib
        assert mine.cpu.logical
        assert [nic.ipv4 for nic in mine.nics] == [(office.server.address,)]
    assert "env" not in module["facts"]
