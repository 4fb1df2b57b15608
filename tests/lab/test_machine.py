"""An emulated machine: two months of its inventory, with parts changed in between; and what is left of one."""

import base64
import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pypdfium2
import pytest
import yaml

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer
from sopctl.adapters.lab.process import Process, wait_until
from sopctl.model.facts.conditions import conditions
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.office_key import public_key
from sopctl.workflow.steps import collecting
from sopctl.workflow.views import inventories
from tests.conftest import Clock, Ran, pinned
from tests.lab.test_configure import CHECKOUT
from tests.lab.test_lab import sopctl as begin
from tests.lab.test_servers import Placed
from tests.lab.traces import traces
from tests.patience import PATIENCE

pytestmark = pytest.mark.lab

MANAGED = """
useradd --create-home --shell /bin/bash {account}
install -d -m 700 -o {account} -g {account} /home/{account}/.ssh
echo '{key}' > /home/{account}/.ssh/authorized_keys
chown {account}: /home/{account}/.ssh/authorized_keys
echo '{account} ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/{account}
"""
"""What the first configuration is for here. The playbook would take minutes where every instruction is emulated."""

PARTS = """
dmidecode -s system-serial-number
dmidecode -t 17 | sed -n 's/^[[:space:]]*\\(Locator\\|Size\\|Serial Number\\): //p'
for disk in nvme0n1 sda; do smartctl -H -i /dev/$disk | sed -n 's/^\\(Serial Number\\|SMART overall.*\\): *//p'; done
"""

LEAVE = """
for where in 10.0.2.2/22 10.0.2.2/{port} 10.0.2.3/53 192.0.2.77/22; do
  timeout 2 bash -c "exec 3<>/dev/tcp/$where" 2>/dev/null && echo "OUT $where" &
done
wait
"""

INSTALL = """
echo {package} | base64 -d > /tmp/arsip.deb
dpkg -i /tmp/arsip.deb >/dev/null
systemd-run --quiet --unit=arsip python3 -m http.server 8080
until ss -Hltn | grep -q :8080; do sleep 0.2; done
"""

BREAK = r"""
real=$(command -v dmidecode)
cat > /usr/local/sbin/dmidecode <<END
#!/bin/sh
$real "\$@"
cat <<'RECORDS'
Handle 0x2700, DMI type 39, 22 bytes
System Power Supply
	Power Unit Group: 1
	Location: PSU 1
	Name: PWR-900
	Manufacturer: Contoh
	Serial Number: PSU-0001
	Model Part Number: PWR-900
	Max Power Capacity: 900 W
	Status: Present, Critical
	Plugged: No

Handle 0x2701, DMI type 39, 22 bytes
System Power Supply
	Power Unit Group: 1
	Location: PSU 2
	Name: PWR-900
	Manufacturer: Contoh
	Serial Number: PSU-0002
	Model Part Number: PWR-900
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
Status = Success
DG/VD TYPE  State Access Consist Cache Cac sCC      Size Name
0/0   RAID6 Optl  RW     Yes     RWBD  -   ON  43.654 TB data
VOLUMES
;;
*) cat <<'DRIVES'
Drive /c0/e8/s0 :
8:0      12 Onln   0  10.913 TB SAS  HDD N   N  4 KB CONTOH12T U  -
SN = DRIVE-4K
Raw size = 10.914 TB [0xaea00000 Sectors]
DRIVES
;;
esac
END
cat > /usr/local/sbin/smartctl <<'END'
#!/bin/sh
case "$*" in
--version) echo "smartctl 7.3 2022-02-28" ;;
*-j*sda) echo '{"serial_number": "DISK-0003", "smart_status": {"passed": false}}' ;;
*-j*) echo '{"serial_number": "DISK-0001", "smart_status": {"passed": true}}' ;;
esac
END
chmod 755 /usr/local/sbin/*
"""
"""Tools as they answer on a server with a power supply without a cord, a failing disk, and a drive of 4 KB sectors."""

CONDITIONS = [
    "Disk sda (DISK-0003): SMART menyatakan FAILED!",
    "Catu daya PSU 1 (PSU-0001): kabel daya tidak terpasang",
]

EXACTLY = [
    "Modul memori tidak ada lagi: 256 MiB DDR4 CM-2400 MEM-0002",
    "Modul memori baru: 384 MiB DDR4 CM-2400 MEM-0003",
    "Disk tidak ada lagi: 8 GB QEMU HARDDISK (DISK-0002)",
    "Disk baru: 16 GB QEMU HARDDISK (DISK-0003)",
    "Port terbuka baru: tcp/8080",
    "Paket baru: arsip-contoh",
]


@pytest.fixture
def name(lab_name: str) -> Iterator[str]:
    """The name of a lab for one machine."""
    own = f"{lab_name}-vm"
    servers.down(own)
    yield own
    servers.down(own)
    assert traces(own) == []


def up(name: str, *words: str) -> LabServer:
    """Have the machine, by the command line, as JSON."""
    command = begin("lab", "up", "--vm", "--name", name, "--json", *words)
    output, errors = command.communicate(timeout=2000)
    assert command.returncode == 0, errors.decode() + output.decode()
    (one,) = json.loads(output)["labs"]
    assert one["hardware"]["serial"] == "SN-0001"
    return msgspec.convert(one["servers"][0], LabServer)


def kill_once(name: str, reached: Callable[[], bool]) -> None:
    """`lab up`, killed at this moment."""
    command = begin("lab", "up", "--vm", "--name", name)
    assert wait_until(lambda: reached() or command.poll() is not None, 400, every=0.005)
    assert command.poll() is None, "it was killed too late to show anything"
    command.kill()
    command.communicate()


def tiny_package(folder: Path) -> str:
    """A Debian package with nothing in it, in base64."""
    control = folder / "arsip/DEBIAN/control"
    control.parent.mkdir(parents=True)
    control.write_text(
        "Package: arsip-contoh\nVersion: 1.0\nArchitecture: all\n"
        "Maintainer: Administrator <admin@example.org>\nDescription: Contoh\n"
    )
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", folder / "arsip"], check=True, capture_output=True)
    return base64.b64encode((folder / "arsip.deb").read_bytes()).decode()


def management_key(desk: Desk) -> str:
    return public_key(desk.site, desk.site.settings.management.key)


def until_inventory(placed: Placed) -> None:
    """On to konfigurasi 6: that the machine is configured and can be reached is recorded."""
    key = next(key for key in placed.server.host_keys if key.type == "ssh-ed25519")
    for verb, outcome in (("configure", "selesai"), ("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai")):
        with turn(placed.desk, placed.id, verb) as mine:
            if verb == "configure":
                mine.start(pinned(msgspec.to_builtins(key)))
            mine.record(outcome)


def changes_on_form(desk: Desk, deposit: str, month: str) -> str:
    """The text of the form, its lines joined: a long sentence may stand in two."""
    pdf = inventories.kept_form(desk, deposit, month)
    pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf.read_bytes())]
    return " ".join("\n".join(pages).split())


@pytest.mark.battery  # an emulated machine takes two cores ten minutes; lab.md has one in its test
def test_two_months_with_parts_changed_in_between(
    name: str,
    desk: Desk,
    clock: Clock,
    until_space: Callable[..., str],
    sopctl: Callable[..., Ran],
    tmp_path: Path,
) -> None:
    kill_once(name, lambda: f"/{name}1/tree " in Path("/proc/self/mountinfo").read_text())  # while its disk is made
    server = up(name)
    assert up(name) == server, "one that runs is left alone"

    prepare = MANAGED.format(account=desk.site.settings.management.account, key=management_key(desk))
    parts = servers.run(server, PARTS + LEAVE.format(port=server.port) + prepare).split("\n")
    assert parts[:7] == ["SN-0001", "256 MB", "DIMM A1", "MEM-0001", "256 MB", "DIMM A2", "MEM-0002"]
    assert parts[7:11] == ["DISK-0001", "PASSED", "DISK-0002", "PASSED"]
    assert parts[11:] == [""], "no way out of this machine"

    placed = Placed(desk, server, until_space)
    until_inventory(placed)
    assert collecting.collect(desk, placed.id).answer
    first = inventories.kept_facts(desk, placed.id, "2026-11")
    assert (first.vendor, first.product, first.serial) == ("Contoh", "Server R100", "SN-0001")
    assert [(disk.serial, disk.health) for disk in first.disks] == [("DISK-0001", "PASSED"), ("DISK-0002", "PASSED")]
    assert [module.serial for module in first.memory_modules] == ["MEM-0001", "MEM-0002"]

    parts_now = yaml.load(sopctl("lab", "hardware", "--name", name).out, yaml.CBaseLoader)
    parts_now["memory"][1].update(size_mib=384, serial="MEM-0003")
    parts_now["disks"][1].update(size_gb=16, serial="DISK-0003")
    (tmp_path / "machine.yml").write_text(yaml.safe_dump(parts_now))
    changed = up(name, "--hardware", str(tmp_path / "machine.yml"))
    assert changed.pid != server.pid
    assert (changed.port, changed.host_keys) == (server.port, server.host_keys)
    servers.run(changed, INSTALL.format(package=tiny_package(tmp_path)))

    clock.now += timedelta(days=10)
    assert collecting.collect(desk, placed.id).answer
    answer = json.loads(sopctl("inventory", "diff", placed.id, "--json").out)
    assert [change["text"] for change in answer["changes"]] == EXACTLY
    form = changes_on_form(desk, placed.id, "2026-12")
    for sentence in EXACTLY:
        assert sentence in form
    assert "Nomor seri tidak sama" not in form

    servers.run(changed, BREAK)
    clock.now += timedelta(days=31)
    assert collecting.collect(desk, placed.id).answer
    broken = inventories.kept_facts(desk, placed.id, "2027-01")
    assert [drive.size_bytes for drive in broken.drives] == [12_000_138_625_024], "4 KB, not 512 bytes"
    assert [str(each) for each in conditions(broken)] == CONDITIONS
    form = changes_on_form(desk, placed.id, "2027-01")
    assert "Keadaan yang perlu ditangani" in form
    assert "12 TB" in form
    assert sopctl("inventory", "conditions", "--format", "nagios").code == 2


def test_power_cut_and_a_killed_up_leave_nothing_behind(name: str) -> None:
    """The fixture's `down` takes away what a killed `up` left; a machine whose QEMU was killed is stopped."""
    record = Path(f"/run/sopctl-lab/{name}/servers/{name}1/process")
    kill_once(name, record.exists)
    machine = Process.read(record)
    assert machine
    machine.send(signal.SIGKILL)
    assert wait_until(lambda: servers.status(name).servers[0].state == "stopped", PATIENCE)  # type: ignore[union-attr]


SESSION = """
import threading
from sopctl.adapters import lab
from tests.lab.conftest import name_of_a_session

with name_of_a_session() as name:
    lab.up(name, servers=1)
    print(name, flush=True)
    lab.up_machine(f"{name}-vm")
    print("too late to show anything", flush=True)
    threading.Event().wait()
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
@pytest.mark.usefixtures("lab_name")
def test_a_test_session_that_is_killed_takes_its_labs_with_it(how: signal.Signals) -> None:
    session = subprocess.Popen([sys.executable, "-c", SESSION], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    assert session.stdout
    name = session.stdout.readline().strip()
    record = Path(f"/run/sopctl-lab/{name}-vm/servers/{name}-vm1/process")
    assert wait_until(lambda: record.exists() or session.poll() is not None, 400)
    session.send_signal(how)
    assert session.communicate()[0] == ""
    assert session.returncode == -how
    assert wait_until(lambda: not (traces(name) or traces(f"{name}-vm")), PATIENCE, every=0.2)
