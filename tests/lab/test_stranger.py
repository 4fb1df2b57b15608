"""What the playbooks do on servers that have lived.

At least as strict as found, nothing destroyed, everything given back, and a way back that is not the way by which
access was lost.
"""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from sopctl.adapters import lab as servers
from sopctl.adapters.ansible.runner import Outcome
from sopctl.adapters.lab import LabServer, Tier
from sopctl.adapters.lab.process import wait_until
from tests.lab.test_access import listening
from tests.lab.test_configure import CHECKOUT, SSHD_ALONE, Office, office

__all__ = ["office"]

pytestmark = pytest.mark.lab

CASES = Path(__file__).parents[1] / "cases"
STRICTER: list[dict[str, Any]] = yaml.load((CASES / "stricter.yml").read_text(), yaml.CSafeLoader)
JOURNALS: list[dict[str, Any]] = yaml.load((CASES / "journals.yml").read_text(), yaml.CSafeLoader)
ROLES = CHECKOUT / "playbooks/roles"
FINGERPRINT = (CHECKOUT / "playbooks/files/fingerprint.sh").read_text()
DROP_IN = "/etc/ssh/sshd_config.d/00-sopctl.conf"


DEBIAN = "Include /etc/ssh/sshd_config.d/*.conf\nKbdInteractiveAuthentication no\nUsePAM yes\n"


def heredoc(path: Path, name: str) -> str:
    """Shell that writes a script of ours to `name`."""
    return f"cat >{name} <<'END OF THE SCRIPT'\n{path.read_text()}\nEND OF THE SCRIPT\n"


def fingerprint_by(run: Callable[[str], str]) -> list[str]:
    """What the owner has; without our own notes."""
    return [line for line in run(FINGERPRINT).splitlines() if not line.startswith(("record ", "look "))]


def fingerprint(server: LabServer) -> list[str]:
    return fingerprint_by(lambda script: servers.run(server, script))


def need_services(there: Office) -> None:
    if there.status.tier is not Tier.SYSTEMD:
        pytest.skip("services of its own")


def test_no_setting_is_less_strict_than_the_owners(pristine: LabServer) -> None:
    defaults = yaml.load((ROLES / "sshd/defaults/main.yml").read_text(), yaml.CSafeLoader)
    options = [f"'{each['name']}={each['value']}:{','.join(each['order'])}'" for each in defaults["sshd_options"]]
    script = [heredoc(ROLES / "sshd/files/settings.sh", "/root/settings.sh"), "cp -a /etc/ssh /root/ssh"]
    for row in STRICTER:
        script.append("rm -rf /etc/ssh; cp -a /root/ssh /etc/ssh")
        script.append("rm -rf /etc/ssh/sshd_config.d/*")
        script.append(f"cat >/etc/ssh/sshd_config <<'END'\n{row.get('config', DEBIAN)}\nEND")
        script.append(f"cat >/etc/ssh/sshd_config.d/50-owner.conf <<'END'\n{row.get('owner', '')}\nEND")
        script.append("echo 'PermitRootLogin yes' >" + DROP_IN)  # what was ours before does not count
        script.append(
            f"echo {shlex.quote('= ' + row['name'])}; "
            f"sh /root/settings.sh want {DROP_IN} '' 'sopctl webadmin' {' '.join(options)}"
        )
    script.append("rm -rf /etc/ssh; cp -a /root/ssh /etc/ssh")
    said = servers.run(pristine, "\n".join(script))
    answers = {name: lines.splitlines() for name, _, lines in (part.partition("\n") for part in said.split("= ")[1:])}
    assert {row["name"]: sorted(row["says"]) for row in STRICTER} == {
        name: sorted(lines) for name, lines in answers.items()
    }


def test_what_has_no_effect_is_made_effective_or_fails(office: Office) -> None:
    """An sshd_config that reads no folder, and a file of the owner's that is read before ours."""
    server = office.server
    (office.root / "playbooks/sshd.yml").write_text(SSHD_ALONE)
    (office.root / "playbooks/back.yml").write_text(
        SSHD_ALONE.replace("{name: sshd}", "{name: sshd, tasks_from: release}")
    )
    files = (
        "cd /etc/ssh; find . -printf '%p %m %u %l\\n' | sort; sha256sum sshd_config sshd_config.d/* 2>/dev/null; true"
    )
    owners = (
        "rm -rf /etc/ssh/sshd_config.d; cd /etc/ssh; "
        "printf 'PasswordAuthentication yes\\nPermitRootLogin no\\nUsePAM yes' >sshd_config",
        "mkdir -p /etc/ssh/sshd_config.d; cd /etc/ssh; echo 'PasswordAuthentication yes' >sshd_config.d/00-a.conf; "
        "printf 'Include /etc/ssh/sshd_config.d/*.conf\\nUsePAM yes\\n' >sshd_config",
    )
    for owner in owners:
        servers.run(server, f"{owner}; systemctl restart ssh")
        listening(server.address, server.port)
        before = servers.run(server, files)
        _, host = office.play("sshd.yml", sopctl_banner="")
        assert host.failed == 0, host
        effective = servers.run(server, "sshd -T")
        assert "\npasswordauthentication no\n" in effective
        assert ("permitrootlogin no" in effective) == ("PermitRootLogin no" in owner)
        assert office.play("sshd.yml", sopctl_banner="")[1].changed == 0
        assert office.play("back.yml")[1].failed == 0
        assert servers.run(server, files) == before, "to the byte"

    # What cannot take effect is a failure, and nothing stays. (Not every file system of a lab has the attribute.)
    lock = "chattr +i /etc/ssh/sshd_config 2>/dev/null; lsattr /etc/ssh/sshd_config 2>/dev/null | cut -d' ' -f1; true"
    if "i" in servers.run(server, lock):
        result, host = office.play("sshd.yml", sopctl_banner="")
        servers.run(server, "chattr -i /etc/ssh/sshd_config")
        assert result.outcome is Outcome.FAILED, host
        assert servers.run(server, files) == before


SOCKET = """
mkdir -p /etc/systemd/system/ssh.socket.d
printf '[Socket]\\nListenStream=\\nListenStream=0.0.0.0:22\\nListenStream=0.0.0.0:2222\\n' \\
    >/etc/systemd/system/ssh.socket.d/owner.conf
systemctl daemon-reload
systemctl --quiet disable ssh.service; systemctl stop ssh.service
systemctl --quiet enable ssh.socket; systemctl start ssh.socket
"""
LOST = {
    "reload": "systemctl reload ssh.service",
    "service instead of its socket": "systemctl stop ssh.socket; systemctl start ssh.service",
    "all stopped": "systemctl stop ssh.socket ssh.service",
    "stopped for good": "systemctl stop ssh.socket ssh.service; systemctl mask --runtime ssh.socket ssh.service",
}
"""How sshd may be lost on a server whose socket has ports of its own."""


def test_sshd_comes_back_by_another_way_than_it_was_lost(office: Office) -> None:
    need_services(office)
    server = office.server
    servers.run(server, SOCKET)
    looks = "sh ssh.sh bring_back noted; sh ssh.sh missing noted; ss -Hltn | awk '{ print $4 }' | sort"
    rounds = [f"echo '= {name}'; {{ {broken}; }} 2>&1; {looks}" for name, broken in LOST.items()]
    tried = "\n".join(["cd /root; sh ssh.sh note noted; cat noted", *rounds])
    servers.run(
        server,
        heredoc(CHECKOUT / "playbooks/files/ssh_service.sh", "/root/ssh.sh")
        + f"cat >/root/try.sh <<'END'\n{tried}\nEND\n"
        + "systemd-run --quiet sh -c 'sh /root/try.sh >/root/saying 2>&1; mv /root/saying /root/said'",
    )
    seen: list[str] = []

    def has_tried() -> bool:
        seen.append(servers.console(office.status.name, server.name, "cat /root/said 2>/dev/null; true"))
        return seen[-1] != ""

    assert wait_until(has_tried, 180, every=2)
    said = seen[-1]
    noted, *answers = said.split("= ")
    assert "listen 0.0.0.0:22 speaks\nlisten 0.0.0.0:2222 speaks\n" in noted
    assert "socket ssh.socket\n" in noted
    assert len(answers) == len(LOST)
    for answer in answers:
        assert "0.0.0.0:22\n" in answer, said
        assert "0.0.0.0:2222" in answer, said
        assert "does not answer any more" not in answer, said


def test_a_failed_run_on_a_server_with_a_socket_of_its_own(office: Office) -> None:
    """Both ports answer from here after the put-back, and the run says so only as far as that was seen."""
    need_services(office)
    server = office.server
    servers.run(server, SOCKET)
    before = fingerprint(server)
    broken = {"management_account_public_key": office.public["db"], "armed_window_login_seconds": 60}
    tags = ["host_name", "accounts", "sshd", "firewall"]
    result, host = office.play("configure.yml", tags=tags, **broken)
    assert result.outcome is Outcome.FAILED
    assert "The server is as it was before the run; put back: " in host.message, host.message
    assert fingerprint(server) == before
    knock = f"timeout 100 bash -c 'exec 3<>/dev/tcp/{server.address}/2222; head -c 4 <&3'"
    neighbour = office.status.servers[0]
    assert servers.run(neighbour, knock) == "SSH-"

    # What the window does not keep is named.
    (office.root / "playbooks/roles/host_name/tasks/main.yml").open("a").write(
        "\n- name: Change what nobody noted\n  ansible.builtin.command: touch /etc/apt/apt.conf.d/99fault\n"
    )
    _, host = office.play("configure.yml", tags=tags, **broken)
    assert "The server is NOT as it was before the run: file /etc/apt/apt.conf.d/99fault; put back: " in host.message
    servers.run(server, "rm /etc/apt/apt.conf.d/99fault")
    assert fingerprint(server) == before


ONE_LINE_SHELL = r"""
cat >/usr/local/bin/one-line <<'END'
#!/bin/bash
case $2 in *$'\n'*) echo "Unmatched quote." >&2; exit 1 ;; esac
exec /bin/sh "$@"
END
chmod 755 /usr/local/bin/one-line; usermod -s /usr/local/bin/one-line titipan
"""
"""The owner's shell takes one line alone, as tcsh does within quotes."""


def test_a_shell_alone_has_a_window_too(office: Office) -> None:
    need_services(office)

    def console(script: str) -> str:
        return servers.console(office.status.name, office.server.name, script)

    console(ONE_LINE_SHELL)
    before = fingerprint_by(console)
    broken: dict[str, Any] = {
        "raw_accounts_management_public_key": office.public["db"],
        "armed_window_login_seconds": 60,
    }
    result, host = office.play("configure_raw.yml", **broken)
    assert result.outcome is Outcome.FAILED
    assert "The server is as it was before the run; put back: " in host.message, host
    assert (host.window, fingerprint_by(console)) == (0.0, before)

    _, host = office.play("configure_raw.yml")
    assert (host.failed, host.changed, host.window) == (0, 1, 0.0), host
    logged = console("journalctl --quiet --no-pager --output=cat _COMM=sudo").splitlines()
    assert logged
    assert max(map(len, logged)) < 400, "our scripts are not in the owner's log"
    assert office.login("webadmin", office.root / "web", "id -un").stdout == "webadmin\n"
    assert office.play("configure_raw.yml")[1].changed == 0
    result, _ = office.play("release_raw.yml")
    assert result.outcome is Outcome.OK
    left = "getent passwd sopctl webadmin; ls -A /home/titipan /var/lib/sopctl 2>/dev/null; true"
    assert not {"2", "created", "sopctl"} & set(console(left).split())


OWNERS_ACCOUNTS = """
useradd -m -s /bin/bash -u 1500 linked; chmod 755 /home/linked; mkdir -p /home/linked/.ssh /etc/ssh/keys
echo 'KEY' >/etc/ssh/keys/linked
ln -s /etc/ssh/keys/linked /home/linked/.ssh/authorized_keys
chown -R linked: /home/linked /etc/ssh/keys/linked
chmod 750 /home/linked/.ssh
mkdir -p /var/www/html
useradd -M -d /var/www -s /bin/bash -g www-data www
chown root:www-data /var/www; chmod 2775 /var/www
mkdir -m 755 /srv/people
useradd -m -d /srv/people/loose -s /bin/sh loose
chmod 775 /srv/people/loose; chgrp users /srv/people/loose
mkdir -m 700 /srv/people/loose/.ssh
echo 'KEY' >/srv/people/loose/.ssh/authorized_keys2
chown -R loose /srv/people/loose/.ssh
useradd -M -s /bin/bash -d /srv/people/homeless homeless
groupadd -g 1700 fresh; usermod -aG fresh linked
groupadd -g 1701 sopctl; useradd -m -s /bin/dash -u 1701 -g sopctl -c 'Sistem Operasi Pusat' sopctl
mkdir -m 700 /home/sopctl/.ssh; echo 'KEY' >/home/sopctl/.ssh/authorized_keys; chown -R sopctl: /home/sopctl
echo 'sopctl ALL=(ALL) NOPASSWD: /usr/bin/systemctl' >/etc/sudoers.d/sopctl; chmod 440 /etc/sudoers.d/sopctl
chage -E 2031-01-01 loose; usermod -L linked
cp --remove-destination /usr/share/zoneinfo/Asia/Makassar /etc/localtime; rm -f /etc/timezone
printf '127.0.1.1 node1.cluster.internal node1 db-master' >>/etc/hosts
echo 'case $(id -un) in pusat) sleep 1000 ;; esac' >>/etc/skel/.bashrc
"""
NAMES = ("linked", "www", "loose", "homeless", "fresh")
MODES = (
    "stat -c '%a %U %G %n' /home/linked /home/linked/.ssh /var/www /srv/people; "
    "readlink /home/linked/.ssh/authorized_keys"
)


def test_owners_accounts_serve_and_come_back(office: Office) -> None:
    """Keys behind a link, a home that is /var/www, one that others write, one that is not there, a group of the name,
    and an account that is called as ours: the letter's keys open them all, and the release leaves nothing of it."""
    need_services(office)
    server = office.server
    servers.run(server, OWNERS_ACCOUNTS.replace("KEY", office.public["db"]))
    before, modes = fingerprint(server), servers.run(server, MODES)
    letter = [{"name": name, "keys": [office.public["web"]]} for name in NAMES]
    result, host = office.play("configure.yml", sopctl_accounts=letter)
    assert result.outcome is Outcome.FAILED
    assert "the server has an account sopctl of its owner's: the office needs another name here" in host.message
    assert "The server is as it was before the run" in host.message
    assert fingerprint(server) == before

    ours: dict[str, Any] = {"sopctl_accounts": letter, "sopctl_management_account": "pusat", "sopctl_ports": []}
    _, host = office.play("configure.yml", **ours)
    assert host.failed == 0, host
    for name in NAMES:
        assert office.login(name, office.root / "web", "id -un").stdout == f"{name}\n", name
        assert office.login(name, office.root / "db", "true").returncode == 255, f"the owner's key still opens {name}"
    assert office.login("sopctl", office.root / "db", "id -un").stdout == "sopctl\n", "the owner's own account goes on"
    as_it_was = modes.replace("2775 root www-data /var/www", "2755 root www-data /var/www")
    assert servers.run(server, MODES) == as_it_was, "only what sshd refuses is mended"
    assert servers.run(server, "getent hosts db-master; getent hosts portal.example.org").count("\n") == 2
    assert office.play("configure.yml", **ours)[1].changed == 0
    _, host = office.play("configure.yml", tags=["accounts"], sopctl_last_cause="locked", **ours)
    assert servers.run(server, "getent shadow linked | cut -d: -f2") == "*\n"

    managed = {**ours, "ansible_user": "pusat", "ansible_ssh_private_key_file": str(office.root / "management")}
    assert office.play("release.yml", **managed)[1].failed == 0
    assert fingerprint(server) == before
    assert servers.run(server, MODES) == modes
    assert servers.run(server, "stat -c '%U %a' /home/fresh; find / -xdev -nouser 2>/dev/null | head") == "root 700\n"


def test_the_journal_is_never_cut(pristine: LabServer) -> None:
    script = [heredoc(ROLES / "journald/files/limit.sh", "/root/limit.sh"), "mkdir -p /etc/systemd/journald.conf.d"]
    for row in JOURNALS:
        script += [
            "rm -rf /var/log/journal/other; mkdir -p /var/log/journal/other; rm -f /etc/systemd/journald.conf.d/*",
            f"printf '[Journal]\\n{row['owner']}\\n' >/etc/systemd/journald.conf.d/50-owner.conf",
            f"head -c {row['kilobytes']}K /dev/zero >/var/log/journal/other/x",
            f"echo {shlex.quote('= ' + row['name'])}",
            f"sh /root/limit.sh {row['limit']} /etc/systemd/journald.conf.d/sopctl.conf /root/record false",
            "grep SystemMaxUse /etc/systemd/journald.conf.d/sopctl.conf || true",
        ]
    said = servers.run(pristine, "\n".join(script))
    for row, answer in zip(JOURNALS, said.split("= ")[1:], strict=True):
        name, _, lines = answer.partition("\n")
        assert name == row["name"]
        sets = f"\nSystemMaxUse={row['sets']}" if row["sets"] else ""
        assert f"\n{lines}".count("\nSystemMaxUse=") == (1 if sets else 0), answer
        assert sets in f"\n{lines}"
        assert row.get("says", "") in lines
