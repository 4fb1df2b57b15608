"""The look at a stranger's server: what it finds, what it asks for, and that it leaves nothing behind."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.ssh import Password, load_key
from sopctl.adapters.ssh.survey import survey
from sopctl.errors import OutsideFailure
from sopctl.model.access.causes import Cause
from sopctl.model.access.target import Target
from sopctl.model.sop.entries import ConsentSheet
from sopctl.workflow.desk import act
from sopctl.workflow.papers import consent_sheet
from sopctl.workflow.servers import surveying
from sopctl.workflow.steps import configuring, editing, previewing
from tests.conftest import Ran
from tests.lab.test_access import listening
from tests.lab.test_servers import Placed, placed

__all__ = ["placed"]

pytestmark = pytest.mark.lab

LISTENS = """
import socket, sys, time
kept = []
for word in sys.argv[1:]:
    kind, address, port = word.split("/")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    one = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind((address, int(port)))
    if kind == "tcp":
        one.listen()
    kept.append(one)
time.sleep(1e6)
"""
"""Services of an owner's, as far as a firewall is concerned."""

STATE = f"""
set -e
cat >/usr/local/bin/listens.py <<'END'{LISTENS}END
systemd-run --quiet --unit=owner-services python3 /usr/local/bin/listens.py tcp/0.0.0.0/6379 udp/0.0.0.0/161 \
    udp/0.0.0.0/53 tcp/0.0.0.0/8005 tcp/0.0.0.0/8080 tcp/127.0.0.1/5432
nft -f - <<'END'
table ip owner {{
  chain prerouting {{ type nat hook prerouting priority dstnat
    tcp dport 9000 dnat to 172.17.0.2:80
    tcp dport 8443 redirect to :6379
  }}
}}
END
echo titipan:owner-7 | chpasswd
echo 'titipan ALL=(ALL) ALL, NOPASSWD: /usr/bin/sh -c *' >/etc/sudoers.d/owner  # servers.run
printf 'PasswordAuthentication yes\n' >/etc/ssh/sshd_config.d/00-owner.conf
systemctl reload ssh
until [ "$(ss -Hlntu | grep -cE ':(6379|161|53|8005|8080) ')" = 5 ]; do :; done
"""
"""The account of the first contact has a password that sudo asks for."""

TRACES = r"""
find /etc /home /root /var /tmp /usr/local -xdev -newer /run/before ! -path '/var/log/*' ! -path '/var/lib/sudo/*' \
    ! -path '/var/lib/systemd/timesync*' ! -path '/var/lib/private*' -print 2>/dev/null
getent passwd sopctl webadmin || true
nft list tables | grep sopctl || true
"""


def test_a_server_is_looked_at_before_it_is_changed(placed: Placed, sopctl: Callable[..., Ran], tmp_path: Path) -> None:
    desk, server, deposit = placed.desk, placed.server, placed.id
    wanted = tmp_path / "deposit.yml"
    record = (placed.dossier().folder / "deposit.yml").read_text()
    wanted.write_text(record.replace("ports: []", "ports: [8000-8010, 53/udp]"))
    editing.edit(desk, deposit, source=wanted, note="ralat")
    secret = desk.site.root / "keys/password"
    secret.write_text("owner-7\n")
    secret.chmod(0o600)

    before = placed.dossier().events
    ran = sopctl("configure", deposit, "--check")
    assert (ran.code, placed.dossier().events) == (6, before), ran.err
    assert "nobody has confirmed the host key" in ran.err
    assert sopctl("host-key", deposit, "--confirm", placed.pin).code == 0

    servers.run(server, STATE)
    listening(server.address, server.port)
    before = placed.dossier().events
    with pytest.raises(OutsideFailure) as refused:
        previewing.preview(desk, deposit)
    assert refused.value.values["cause"] is Cause.SUDO_ASKS, "a key has no password for sudo"
    assert "--ask-password" in str(refused.value.remedy)

    preview = previewing.preview(desk, deposit, password=Password("owner-7"))
    assert [str(each.service) for each in preview.look.comparison.cut_off] == ["6379", "8080", "161/udp"]
    assert preview.look.comparison.cut_off[0].programs == ("python3",)
    assert [str(port) for port in preview.look.comparison.cut_off[0].also] == ["8443"]
    assert surveying.stays_open(preview.look.comparison.stays_open) == ("9000 → 172.17.0.2:80",)
    assert {"password-login", "firewall", "host-name"} <= {each.what for each in preview.changes}
    ran = sopctl("configure", deposit, "--check", "--json", "--password-file", str(secret))
    assert ran.code == 1, ran.err
    (first,) = json.loads(ran.out)["first"]
    assert first["needs_consent"] == ["6379", "8080", "161/udp"]
    ran = sopctl("configure", deposit, "--check", "--diff", "--password-file", str(secret))
    assert "SSH logins with a password" in ran.out
    assert "9000 (sent on to 172.17.0.2:80)" in ran.out
    assert placed.dossier().events == before, "a look is no step"

    ran = sopctl("document", "make", "consent", deposit, "--password-file", str(secret), "--json")
    assert ran.code == 0, ran.err
    sheet = placed.dossier().newest(ConsentSheet)
    assert sheet
    assert sheet.document.number in ran.out
    assert sopctl("document", "verify", deposit).code == 0
    with act(desk, deposit, "consent") as mine:
        form = consent_sheet.consent_sheet(mine, preview.look, preview.changes)
    shown = json.dumps([part.rows for part in form.sections if hasattr(part, "rows")], ensure_ascii=False)
    assert '"TCP 6379, TCP 8443", "python3"' in shown

    ran = sopctl("configure", deposit, "--password-file", str(secret))
    assert ran.code == 4, ran.out
    assert "6379 (python3), also reached as 8443; 8080 (python3); 161/udp (python3)" in ran.err
    assert "--cut-off 6379,8080,161/udp" in ran.err

    done = configuring.configure(
        desk,
        deposit,
        password=Password("owner-7"),
        cut_off=tuple(each.service for each in preview.look.comparison.cut_off),
    )
    assert done.answer, done.note
    assert "ditutup dengan persetujuan pemilik: 6379 (python3), 8080 (python3), 161/udp (python3)" in done.note
    assert "tetap terbuka di luar surat: 9000 → 172.17.0.2:80" in done.note
    rules = servers.run(server, "nft list table inet sopctl")
    assert "tcp dport 8000-8010 accept" in rules
    assert "udp dport 53 accept" in rules


def test_a_look_leaves_nothing_behind(placed: Placed) -> None:
    server = placed.server
    servers.run(server, "touch /run/before")
    pin = next(key.pin for key in server.host_keys if key.type == "ssh-ed25519")
    key = load_key(placed.desk.site.key_file("owner"))
    target = Target(server.address, server.port, server.user, pin, timeout=60.0)
    for _ in range(2):
        assert survey(target, key, ["sopctl", "webadmin"]).found
    assert servers.run(server, TRACES) == ""
