"""The monthly run over many real servers: one is well, one slow, hostile and without Python, one down, one with another
host key; and the run is killed and interrupted in the middle."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import pypdfium2
import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus
from sopctl.store import dossiers
from sopctl.store import facts as kept_facts
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.steps import collecting
from sopctl.workflow.views import inventories
from tests.conftest import Ran
from tests.lab.traces import processes_of, wait_for_none
from tests.patience import PATIENCE

pytestmark = pytest.mark.lab

AWAY = 'for name in /usr/bin/python3*; do mv "$name" "$name.away"; done'

HOSTILE = (
    f"{AWAY}\n"
    + r"""
cat > /usr/local/bin/lsblk <<'END'
#!/bin/sh
[ ! -e /tmp/slow ] || sleep 15
printf 'NAME="sda" TYPE="disk" SIZE="1000" MODEL="\033]0;owned\007=cmd()" SERIAL="\342\200\256{{ 1 }}" ROTA="0"\n'
printf '=end ok\n=serial ok\n'
head -c 3000000 /dev/zero | tr '\0' '"'
END
chmod 755 /usr/local/bin/lsblk
touch /tmp/slow
"""
)


def seems_configured(desk: Desk, server: LabServer) -> None:
    """The office logs in as the lab does, as if the servers had been configured; and has a rack for them."""
    root = desk.site.root
    settings = root / "sopctl.yml"
    account = f"management: {{account: {server.user}, key: management}}"
    settings.write_text(settings.read_text().replace("management: {account: sopctl, key: management}", account))
    for suffix in ("", ".pub"):
        (root / f"keys/management{suffix}").write_bytes(Path(server.key_file + suffix).read_bytes())
    (root / "racks/A1.yml").write_text("name: A1\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 9000\n")


def due(desk: Desk, placed: Callable[..., str], address: str, port: int, pinned: LabServer) -> str:
    """A deposit whose inventory is due, at this address, with that server's host key pinned."""
    key = next(key for key in pinned.host_keys if key.type == "ssh-ed25519")
    found = placed(address, port, msgspec.to_builtins(key), user="pemilik")
    for verb, outcome in (("configure", "selesai"), ("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai")):
        with turn(desk, found, verb) as mine:
            mine.record(outcome)
    return found


class Fleet:
    """Deposits whose inventory is due, by what is the matter with their servers."""

    def __init__(self, desk: Desk, lab: LabStatus, hostile: LabServer, placed: Callable[..., str]) -> None:
        self.desk, self.hostile_server = desk, hostile
        well = lab.servers[0]
        seems_configured(desk, well)
        servers.run(hostile, HOSTILE)
        self.well = self._due(placed, well.address, well.port, well)
        self.hostile = self._due(placed, hostile.address, hostile.port, hostile)
        self.down = self._due(placed, "127.0.0.1", 1, well)
        self.other_key = self._due(placed, lab.servers[1].address, lab.servers[1].port, well)
        self.ids = [self.well, self.hostile, self.down, self.other_key]

    def _due(self, placed: Callable[..., str], address: str, port: int, pinned: LabServer) -> str:
        return due(self.desk, placed, address, port, pinned)

    def outcomes(self, deposit: str) -> list[str]:
        """What the history says of the inventory."""
        events = dossiers.read(self.desk.site, deposit).events
        return [each.outcome for each in events if (each.procedure, each.step) == ("konfigurasi", 6)]

    def begin(self, *words: str) -> "subprocess.Popen[str]":
        """`inventory collect`, until the server that is well has been kept once more."""
        before = self.outcomes(self.well).count("selesai")
        process = subprocess.Popen(
            [sys.executable, "-m", "sopctl", "inventory", "collect", *words],
            cwd=self.desk.site.root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + PATIENCE
        while self.outcomes(self.well).count("selesai") == before:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.1)
        return process


@pytest.fixture
def fleet(desk: Desk, lab: LabStatus, pristine: LabServer, placed: Callable[..., str]) -> Fleet:
    return Fleet(desk, lab, pristine, placed)


def test_what_is_gathered_stays_and_the_rest_stays_due(fleet: Fleet, sopctl: Callable[..., Ran]) -> None:
    root = fleet.desk.site.root
    killed = fleet.begin("--due")
    killed.kill()
    killed.communicate()
    assert fleet.outcomes(fleet.well) == ["started", "selesai"]
    for other in fleet.ids[1:]:
        assert fleet.outcomes(other) == ["started"]
    wait_for_none(root)

    servers.run(fleet.hostile_server, "rm /tmp/slow")
    ran = sopctl("inventory", "collect", "--due", "--json")
    assert ran.code == 1
    answer = json.loads(ran.out)
    assert [step["id"] for step in answer["steps"]] == [fleet.hostile], "what was gathered is not gathered again"
    failed = {each["deposit"]: each for each in answer["errors"]}
    assert set(failed) == {fleet.down, fleet.other_key}
    assert "refused" in failed[fleet.down]["message"]
    assert "sopctl probe 127.0.0.1:1" in failed[fleet.down]["remedy"]
    assert f"the host key of {fleet.other_key} changed" in failed[fleet.other_key]["message"]
    assert failed[fleet.other_key]["message"].count("SHA256:") == 2, "both fingerprints"
    assert fleet.outcomes(fleet.well) == ["started", "selesai"]
    assert fleet.outcomes(fleet.hostile) == ["started", "started", "selesai"]
    event = dossiers.read(fleet.desk.site, fleet.down).events[-1]
    assert event.outcome == "failed"
    assert "refused" in event.note, "why it is still due"
    without_python = inventories.kept_facts(fleet.desk, fleet.hostile)
    assert (without_python.os_name, without_python.hostname) == ("Debian", fleet.hostile_server.name)
    disk = next(disk for disk in without_python.disks if disk.name == "sda")  # this machine's own may show, too
    assert (disk.model, disk.serial) == ("\\x1b]0;owned\\x07=cmd()", "\\u202e{{ 1 }}")
    assert inventories.kept_form(fleet.desk, fleet.hostile).read_bytes().startswith(b"%PDF-")

    servers.run(fleet.hostile_server, "touch /tmp/slow")
    stopped = fleet.begin(fleet.hostile, fleet.well, "--forks", "2")
    stopped.send_signal(signal.SIGINT)
    out, err = stopped.communicate(timeout=PATIENCE)
    assert stopped.returncode == 130
    assert f"✓ {fleet.well}" in out
    assert "1 of 2 servers gathered" in out
    assert "cancelled" in err
    assert fleet.outcomes(fleet.hostile)[-1] == "interrupted"
    months = kept_facts.months(dossiers.read(fleet.desk.site, fleet.well))
    assert [each.revision for each in months.values()] == [2], "a second gathering is a new revision"
    assert processes_of(root) == []


@pytest.mark.parametrize("python", ["its own Python", "without Python"])
def test_the_answer_is_ansibles_own(
    desk: Desk, lab: LabStatus, pristine: LabServer, placed: Callable[..., str], python: str
) -> None:
    """Asked over the access check's connection, and by Ansible's playbook: all fields alike, but those of time."""
    seems_configured(desk, lab.servers[0])
    if python == "without Python":
        servers.run(pristine, AWAY)
    deposit = due(desk, placed, pristine.address, pristine.port, pristine)
    found = []
    for with_ansible in (False, True):
        assert collecting.collect(desk, deposit, with_ansible=with_ansible).answer
        facts = msgspec.to_builtins(inventories.kept_facts(desk, deposit))
        found.append({name: value for name, value in facts.items() if name not in ("gathered_at", "uptime_seconds")})
    events = dossiers.read(desk.site, deposit).events
    begun = [each.data for each in events if (each.procedure, each.step, each.outcome) == ("konfigurasi", 6, "started")]
    assert ["run" in data for data in begun] == [False, True], "only the second has a run of Ansible's"
    ours, ansibles = found
    assert ours == ansibles
    assert len(ours) > 40


ENDS_LATE = """#!/bin/sh
case "$*" in
  *FOUND*) exec ssh "$@" ;;
  *python3*) head -c 4096 | ssh "$@"; exec 0<&-; sleep 2; exit 127 ;;
  *) exec ssh "$@" ;;
esac
"""
"""What ssh is on a busy machine: it has ended its reading, but not yet itself."""


def test_ansible_finds_that_there_is_no_python_however_that_is_seen(
    desk: Desk, lab: LabStatus, pristine: LabServer, placed: Callable[..., str], tmp_path: Path
) -> None:
    """Where the server ends before it has read the module, which Ansible takes for a connection that was lost."""
    seems_configured(desk, lab.servers[0])
    servers.run(pristine, AWAY)
    deposit = due(desk, placed, pristine.address, pristine.port, pristine)
    ssh = tmp_path / "ssh"
    ssh.write_text(ENDS_LATE)
    ssh.chmod(0o755)
    variables = desk.site.root / f"inventory/host_vars/{deposit}.yml"
    variables.parent.mkdir(exist_ok=True)
    variables.write_text(f"ansible_ssh_executable: {ssh}\n")
    assert collecting.collect(desk, deposit, with_ansible=True).answer
    assert inventories.kept_facts(desk, deposit).hostname == pristine.name


BREAK = r"""
mkdir -p /usr/local/sbin
cat > /usr/local/sbin/dmidecode <<'END'
#!/bin/sh
[ "$1" = -t ] || exit 1
cat <<'RECORDS'
Handle 0x2700, DMI type 39, 22 bytes
System Power Supply
	Power Unit Group: 1
	Location: chassis
	Name: PWR-900
	Manufacturer: Contoh
	Serial Number: PSU-0001
	Max Power Capacity: 900 W
	Status: Present, Critical
	Plugged: No

Handle 0x2701, DMI type 39, 22 bytes
System Power Supply
	Power Unit Group: 1
	Location: chassis
	Name: PWR-900
	Manufacturer: Contoh
	Serial Number: PSU-0002
	Max Power Capacity: 900 W
	Status: Present, OK
	Plugged: Yes
RECORDS
END
cat > /usr/local/sbin/storcli64 <<'END'
#!/bin/sh
case $1 in
*vall) cat <<'VOLUMES'
Controller = 0
DG/VD TYPE  State Access Consist Cache Cac sCC      Size Name
0/0   RAID6 Pdgd  RW     Yes     RWBD  -   ON  43.654 TB data
VOLUMES
;;
*) cat <<'DRIVES'
Drive /c0/e8/s0 :
8:0      12 Onln   0  10.913 TB SAS  HDD N   N  4 KB CONTOH12T U  -
SN = DRIVE-4K
Raw size = 10.914 TB [0xaea00000 Sectors]
Drive /c0/e8/s1 :
8:1      13 Failed 0  10.913 TB SAS  HDD N   N  4 KB CONTOH12T U  -
DRIVES
;;
esac
END
chmod 755 /usr/local/sbin/*
"""
"""Tools as they answer on a server with a power supply without a cord, a failed drive, and drives of 4 KB sectors."""

BROKEN = [
    "Disk RAID c0/e8/s1: tidak sehat (Failed)",
    "RAID 0/0: tidak utuh (Pdgd)",
    "Catu daya chassis 1 (PSU-0001): kabel daya tidak terpasang",
]


def test_what_is_broken_stands_on_the_form_from_the_first_month_on(
    desk: Desk, lab: LabStatus, pristine: LabServer, placed: Callable[..., str], sopctl: Callable[..., Ran]
) -> None:
    seems_configured(desk, lab.servers[0])
    servers.run(pristine, BREAK)
    deposit = due(desk, placed, pristine.address, pristine.port, pristine)
    assert sopctl("inventory", "collect", deposit).code == 0
    shown = json.loads(sopctl("inventory", "show", deposit, "--json").out)
    assert [f"{each['subject']}: {each['what']}" for each in shown["conditions"]] == BROKEN
    assert [drive["size_bytes"] for drive in shown["drives"]][:1] == [12_000_138_625_024], "4 KB, not 512 bytes"
    pages = pypdfium2.PdfDocument(inventories.kept_form(desk, deposit).read_bytes())
    form = " ".join(" ".join(page.get_textpage().get_text_range() for page in pages).split())
    for words in ("Keadaan yang perlu ditangani", "tidak utuh (Pdgd)", "kabel daya tidak terpasang", "12 TB"):
        assert words in form
    assert sopctl("inventory", "conditions", deposit, "--format", "nagios").code == 2


def test_a_server_behind_a_jump_host_is_checked_and_collected_from_there(
    desk: Desk, lab: LabStatus, placed: Callable[..., str], sopctl: Callable[..., Ran]
) -> None:
    """Ansible's ssh goes the same way as the check, and whoever stands in for the jump host sees no login."""
    hop, server, other = lab.servers[0], lab.servers[1], lab.servers[2]
    seems_configured(desk, server)
    root = desk.site.root
    (root / "networks").mkdir(exist_ok=True)

    def by(key: LabServer) -> None:
        shown = next(one for one in key.host_keys if one.type == "ssh-ed25519")
        jump = f"{{host: {hop.address}, port: {hop.port}, user: {hop.user}, host_key: '{shown.type} {shown.key}'}}"
        (root / "networks" / "jauh.yml").write_text(f"name: jauh\nnetwork: 198.18.0.0/24\njump: {jump}\n")

    (root / "racks/A1.yml").write_text((root / "racks/A1.yml").read_text() + "network: jauh\n")
    by(hop)
    deposit = due(desk, placed, server.address, server.port, server)
    seen = "journalctl --sync; journalctl -q -u ssh --since -1h -o cat | grep -c 'Accepted publickey' || true"
    before = int(servers.run(hop, seen).split()[-1])
    (result,) = json.loads(sopctl("check", deposit, "--json").out)["results"]
    assert (result["verdict"], result["jump"]["host"]) == ("accessible", hop.address), result
    ran = sopctl("inventory", "collect", deposit)
    assert ran.code == 0, ran
    assert dossiers.read(desk.site, deposit).last("inventory") is not None
    assert int(servers.run(hop, seen).split()[-1]) >= before + 3, "its own login, the check and the run"
    by(other)
    (result,) = json.loads(sopctl("check", deposit, "--json").out)["results"]
    assert (result["rung"], result["cause"]) == ("jump", "host-key-changed")
    assert sopctl("inventory", "collect", deposit).code != 0
