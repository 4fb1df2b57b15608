"""An emulated machine: two months of its inventory, with parts changed in between; and what is left of one."""

import base64
import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pypdfium2  # type: ignore[import-untyped]  # has no stubs
import pytest
import yaml

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer
from sopctl.adapters.lab.process import Process, wait_until
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.servers.ansible_view import public_key
from sopctl.workflow.steps import collecting
from sopctl.workflow.views import inventories
from tests.conftest import Clock, Ran, pinned
from tests.lab.test_lab import sopctl as begin
from tests.lab.test_servers import Placed
from tests.lab.traces import traces

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
    output, errors = command.communicate(timeout=400)
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

    described = yaml.load(sopctl("lab", "hardware", "--name", name).out, yaml.CBaseLoader)
    described["memory"][1].update(size_mib=384, serial="MEM-0003")
    described["disks"][1].update(size_gb=16, serial="DISK-0003")
    (tmp_path / "machine.yml").write_text(yaml.safe_dump(described))
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


def test_power_cut_and_a_killed_up_leave_nothing_behind(name: str) -> None:
    """The fixture's `down` takes away what a killed `up` left; a machine whose QEMU was killed is stopped."""
    record = Path(f"/run/sopctl-lab/{name}/servers/{name}1/process")
    kill_once(name, record.exists)
    machine = Process.read(record)
    assert machine
    machine.send(signal.SIGKILL)
    assert wait_until(lambda: servers.status(name).servers[0].state == "stopped", 10)  # type: ignore[union-attr]
