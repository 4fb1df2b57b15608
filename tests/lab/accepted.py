"""What goes on with a server after it was accepted: parts of a test that has configured one, which takes a minute."""

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab.process import wait_until
from sopctl.errors import NotNow
from sopctl.model.access.verification import View
from sopctl.workflow.desk import turn
from sopctl.workflow.servers import first_contact
from sopctl.workflow.servers.playbooks import Options
from sopctl.workflow.steps import collecting, configuring, drift, reducing, verifying
from sopctl.workflow.steps.verifying import Vantage
from sopctl.workflow.views import inventories
from tests.conftest import Ran, give_back
from tests.lab.traces import kill_all
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from tests.lab.test_servers import Placed

DRIFT = "echo 'MaxAuthTries 2' >>/etc/ssh/sshd_config.d/00-sopctl.conf; nft delete table inet sopctl"


def drift_is_found_and_repaired(placed: "Placed", sopctl: Callable[..., Ran]) -> None:
    """By what the weekly timer runs, and by what its report says to run."""
    before = placed.dossier().events
    servers.run(placed.server, DRIFT)
    ran = sopctl("configure", "--drift", "--all", "--json")
    assert ran.code == 1, ran.err
    (looked,) = json.loads(ran.out)["servers"]
    assert [(each["part"], each["says"]) for each in looked["differences"]] == [
        ("firewall", "nft table inet sopctl is gone"),
        ("sshd", "/etc/ssh/sshd_config.d/00-sopctl.conf has other content"),
        ("", "sshd MaxAuthTries 6 → 2"),
    ]
    ran = sopctl("configure", "--check", "--json")
    assert ran.code == 1, ran.err
    (found,) = json.loads(ran.out)["servers"]
    changes = {change["task"]: change["diff"] for change in found["changes"]}
    named = {"Write our settings of the SSH server", "Look for the table", "Load the firewall"}
    assert set(changes) >= named, set(changes) ^ named
    assert "-MaxAuthTries 2" in changes["Write our settings of the SSH server"]
    assert placed.dossier().events == before, "a look is no step"
    part = ("--tags", "sshd", "--tags", "firewall")
    ran = sopctl("configure", "--repair", placed.id, *part)
    assert ran.code == 0, ran.err
    assert "konfigurasi diperbaiki" in ran.out
    ran = sopctl("configure", "--drift", "--all")
    assert (ran.code, ran.out) == (0, f"{placed.id}  nothing differs\n"), "a part was done again, and noted"
    settings, rules = "! grep MaxAuthTries /etc/ssh/sshd_config.d/00-sopctl.conf", "nft list table inet sopctl"
    assert "policy drop" in servers.run(placed.server, f"{settings} && {rules}")


# What only root reads, on a server without firmware of its own.
FIRMWARE = r"""
cat >/usr/local/sbin/dmidecode <<'END'
#!/bin/sh
[ "$(id -u) $1" = "0 -t" ] || exit 1
printf 'Handle 0x0001, DMI type 17, 40 bytes\nMemory Device\n\tSize: 32 GB\n\tLocator: A1\n\tSerial Number: MOD-7\n'
END
chmod 755 /usr/local/sbin/dmidecode
"""
CARELESS = """\
Defaults !env_reset
Defaults setenv
Defaults !secure_path
Defaults env_keep += "PATH IFS ENV BASH_ENV SHELLOPTS PS4 LD_PRELOAD PYTHONPATH LC_ALL"
"""
"""What an owner may have in sudoers for others: it must not open our rule."""

GATHER = "/usr/local/lib/sopctl/gather"
TRAP = r"""
mkdir -p ~/trap; cd ~/trap
for name in id cat sh head sed grep uname ss dmidecode timeout command sudo storcli; do
    printf '#!/bin/sh\n/usr/bin/id -u >>/tmp/trapped\n' >$name; chmod 755 $name
done
echo '/usr/bin/id -u >>/tmp/trapped' >start
"""
INJECTIONS = (
    "cd ~/trap; PATH=~/trap IFS=/ ENV=~/trap/start BASH_ENV=~/trap/start /usr/bin/sudo -n GATHER </dev/zero",
    "env 'BASH_FUNC_id%%=() { echo 0 >>/tmp/trapped; }' SHELLOPTS=xtrace PS4='$(/usr/bin/id -u >>/tmp/trapped)'"
    " LD_PRELOAD=/tmp/no-such.so LD_LIBRARY_PATH=~/trap LD_AUDIT=/tmp/no-such.so /usr/bin/sudo -n GATHER",
    "ln -sf GATHER ~/gather; /usr/bin/sudo -n ~/gather",
)
"""Each runs the script as root, and none has anything to say in it."""
REFUSED = (
    "sudo -n id",
    "sudo -n sh GATHER",
    "sudo -n GATHER x",
    "sudo -n -E GATHER",
    "sudo -n PATH=/tmp GATHER",
    "sudo -n LD_PRELOAD=/tmp/no-such.so GATHER",
    "sudo -n -u titipan GATHER",
    "sudo -n -g adm GATHER",
    "sudo -n -D /tmp GATHER",
    "sudo -n /usr/local/lib/sopctl/full-sudo",
    "sudoedit -n GATHER",
    "mkdir -p ~/other; cp GATHER ~/other/gather; sudo -n ~/other/gather",
    "/usr/local/lib/sopctl/full-sudo",
    "echo x >>GATHER",
    "mv /usr/local/lib/sopctl /usr/local/lib/other",
    "rm -f GATHER",
    "ln -sf /bin/sh GATHER",
    "touch /usr/local/lib/sopctl/new",
    "chmod u+s GATHER",
)


def sudo_for_the_inventory_alone(placed: "Placed", sopctl: Callable[..., Ran]) -> None:
    """The office's account is reduced; what it gathers stays the same, and as root it can do nothing else."""
    desk, server, deposit = placed.desk, placed.server, placed.id
    servers.run(
        server, f"{FIRMWARE}\ncat >/etc/sudoers.d/50-owner <<'END'\n{CARELESS}\nEND\nchmod 440 /etc/sudoers.d/50-owner"
    )
    assert collecting.collect(desk, deposit).answer
    full = comparable(placed)
    assert full["memory_modules"][0]["serial"] == "MOD-7"
    _a_controller_that_dies_meanwhile(placed)

    journal = "journalctl --sync; journalctl -o cat --no-pager -t sudo | grep '^ *sopctl : [^;=]*not allowed' || true"
    incidents = servers.run(server, journal)
    ran = sopctl("configure", deposit, "--sudo", "inventory", "--json")
    assert ran.code == 0, ran.err + ran.out
    assert json.loads(ran.out)["steps"][0]["data"] == {"sudo": "inventory"}
    left = (
        "ls -A /run/sopctl-window /var/lib/sopctl/window 2>/dev/null; stat -c '%U %G %a' /usr/local/lib/sopctl GATHER"
    )
    assert servers.run(server, left.replace("GATHER", GATHER)).split("\n") == [
        "/var/lib/sopctl/window:", "closed", "window.sh", "root root 755", "root root 755", ""
    ]  # fmt: skip
    assert collecting.collect(desk, deposit).answer
    assert comparable(placed) == full
    now = servers.run(server, journal)
    assert now == incidents, f"a gathering is no incident in the owner's log: {now.removeprefix(incidents)}"

    with turn(desk, deposit, "inventory") as mine:  # a site's own SOP may try the access again here
        found = verifying.plan(mine, Vantage())()
    assert [(each.view, each.ok) for each in found.established] == [(View.MANAGEMENT, True)], "no look at accounts"

    _nothing_else_is_allowed(placed)
    _the_rest_waits_for_the_owner(placed, sopctl)


def _a_controller_that_dies_meanwhile(placed: "Placed") -> None:
    """Nobody says any more how it went: the server takes the smaller rule back by itself."""
    root, seconds = placed.desk.site.root, 6
    tasks, change = root / "playbooks/roles/inventory_only/tasks/main.yml", "    - name: Leave the connection\n"
    text = tasks.read_text()
    assert change in text
    tasks.write_text(text.replace(change, "    - ansible.builtin.pause: {seconds: 100}\n" + change))
    with_variables = root / "inventory/group_vars/deposits.yml"
    with_variables.parent.mkdir(exist_ok=True)
    with_variables.write_text(f"inventory_only_login_seconds: {seconds}\n")
    words = [sys.executable, "-m", "sopctl", "configure", placed.id, "--sudo", "inventory"]
    run = subprocess.Popen(words, cwd=root, stdout=subprocess.DEVNULL)
    try:
        assert wait_until(lambda: as_office(placed, "sudo -n true").returncode != 0, PATIENCE, every=0.5)
    finally:
        kill_all(run, root)
        tasks.write_text(text)
        with_variables.unlink()
    assert wait_until(lambda: as_office(placed, "sudo -n id -u").stdout == "0\n", PATIENCE, every=0.5)
    assert as_office(placed, "ls -d /usr/local/lib/sopctl /run/sopctl-window").stdout == ""
    assert not placed.dossier().summary.reduced


def comparable(placed: "Placed") -> dict[str, Any]:
    """The newest facts, without what changes by itself."""
    facts = msgspec.to_builtins(inventories.kept_facts(placed.desk, placed.id))
    for mount in facts["mounts"]:
        mount["used_bytes"] = None
    # A container is told by what only root reads; a server that someone deposits is none.
    changing = ("gathered_at", "uptime_seconds", "virtualization")
    return {name: value for name, value in facts.items() if name not in changing}


def _nothing_else_is_allowed(placed: "Placed") -> None:
    as_office(placed, TRAP)
    control = as_office(placed, f"LD_PRELOAD=/tmp/no-such.so {GATHER} 2>&1 | head -n 1; PATH=~/trap:$PATH; id").stdout
    assert "cannot be preloaded" in control, "the trap is one"
    assert as_office(placed, "cat /tmp/trapped; rm /tmp/trapped").stdout != ""
    for line in INJECTIONS:
        ran = as_office(placed, line.replace("GATHER", GATHER))
        assert ran.stdout.endswith("=end ok\n"), (line, ran)
        assert "\n=dmidecode ok\n" in ran.stdout, line
        assert "preloaded" not in ran.stderr, line
    before = servers.run(placed.server, "sha256sum /usr/local/lib/sopctl/* /etc/sudoers.d/*")
    tried = [f"sh -c {shlex.quote(line.replace('GATHER', GATHER))} >/dev/null 2>&1; echo $?" for line in REFUSED]
    told = as_office(placed, "\n".join(tried))
    assert [line for line, status in zip(REFUSED, told.stdout.split(), strict=True) if status == "0"] == []
    assert servers.run(placed.server, "sha256sum /usr/local/lib/sopctl/* /etc/sudoers.d/*") == before
    assert servers.run(placed.server, "cat /tmp/trapped 2>/dev/null; true") == "", "something of theirs ran as root"


def _the_rest_waits_for_the_owner(placed: "Placed", sopctl: Callable[..., Ran]) -> None:
    """Configuration says what is the matter and what helps; then each way back is gone."""
    desk, deposit = placed.desk, placed.id
    key = desk.site.root / "keys/owner"
    key.rename(key.with_name("away"))  # the owner has closed the account of the first contact
    before = placed.dossier().events
    for attempt in (
        lambda: configuring.repair(desk, [deposit]).only(),
        lambda: drift.look(desk, [deposit]),
        lambda: drift.compare(desk, [deposit]),
        lambda: reducing.give_back(desk, deposit),
    ):
        with pytest.raises(NotNow, match="may take inventory and nothing else") as refused:
            attempt()
        assert first_contact.GIVE_BACK in str(refused.value)
    assert placed.dossier().events == before
    assert sopctl("configure", deposit, "--sudo", "inventory").code == 2
    ran = sopctl("configure", "--check")
    assert (ran.code, ran.out) == (0, f"{deposit}  not looked at: the office may only take inventory there\n")
    assert sopctl("configure", "--drift", "--all") == ran

    servers.run(placed.server, first_contact.GIVE_BACK)
    done = configuring.repair(desk, [deposit], options=Options(tags=("accounts",))).only()
    assert (done.answer, done.data["changed"], done.data["sudo"]) == (True, "0", "full")

    # Once more, while something of the owner's lets the account become root: then it is not reduced, and told so.
    servers.run(placed.server, "echo 'sopctl ALL=(ALL) NOPASSWD: /usr/bin/true' >/etc/sudoers.d/60-owner")
    done = reducing.reduce(desk, [deposit]).only()
    assert not done.answer
    assert "another rule of the server's lets sopctl become root" in done.note
    assert "put back: /etc/sudoers.d" in done.note
    assert as_office(placed, "sudo -n id -u").stdout == "0\n"
    assert servers.run(placed.server, "ls -d /usr/local/lib/sopctl /run/sopctl-window 2>/dev/null; true") == ""

    servers.run(placed.server, "rm /etc/sudoers.d/60-owner")
    assert reducing.reduce(desk, [deposit]).only().answer
    logged = servers.run(placed.server, "journalctl --quiet --no-pager --output=cat _COMM=sudo | grep BECOME")
    assert max(map(len, logged.splitlines())) < 700, "our scripts are not in the owner's log"
    give_back(desk, deposit)
    ran = sopctl("release", deposit)
    assert (ran.code, first_contact.GIVE_BACK in ran.err) == (4, True), ran.err
    assert placed.newest() == ("pengembalian", 5, "selesai")

    key.with_name("away").rename(key)  # or the first account opens still
    ran = sopctl("configure", deposit, "--sudo", "full")
    assert ran.code == 0, ran.err
    assert as_office(placed, "sudo -n id -u; ls -d /usr/local/lib/sopctl").stdout == "0\n"
    ran = sopctl("release", deposit)
    assert ran.code == 0, ran.err
    assert placed.newest() == ("pengembalian", 6, "selesai")


def as_office(placed: "Placed", script: str) -> "subprocess.CompletedProcess[str]":
    """Run a script as the office's account."""
    key = placed.desk.site.root / "keys/management"
    words = ["ssh", "-F", "none", "-i", str(key), "-o", "BatchMode=yes", "-o", "IdentityAgent=none"]
    words += ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    words += ["-p", str(placed.server.port), f"sopctl@{placed.server.address}", script]
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
