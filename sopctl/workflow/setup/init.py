"""Making a site: the folder with its configuration, a rack, the playbooks and the management key."""

import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from sopctl.adapters import lab
from sopctl.errors import OutsideFailure, UsageError
from sopctl.locale import Text, gettext_noop
from sopctl.store import modes, settings
from sopctl.store.durable import KNOWN, disk_errors, sync_folder, write_atomic
from sopctl.store.site import Site
from sopctl.workflow.setup import updating

SETTINGS = """\
# The site's configuration. People are named by role until you put their names in.
office:
  agency: Pemerintah Kabupaten Contoh
  name: Dinas Komunikasi dan Informatika
  address: Jalan Contoh Nomor 1
  contact: kominfo@example.org
  code: "555"           # stands first in document numbers
  unit: KOMINFO
people:
  kadis: {role: kadis, name: Kepala Dinas, position: Kepala Dinas Kominfo}
  kabid: {role: kabid, name: Kepala Bidang Aptika, position: Kepala Bidang Aptika}
  staf: {role: pelaksana, name: Staf Pusat Data, position: Pranata Komputer}
# Who may record here what another person decided, or a unit did (both names go into the record): everyone who may
# write this site, or a list of logins.
clerks: everyone
# units: {dinkes: {name: Dinas Kesehatan, also: [DINKES], contact: {name: Subbag Umum, email: dinkes@example.org}}}
time_zone: Asia/Jakarta
days: working           # time limits count working days; or: calendar
management: {account: sopctl, key: management}
# networks: [10.20.0.0/16]        # where deposits may be; without it: everywhere but on the office's own machines
# first_contact_keys: [owner]     # the keys of keys/ that letters may name
# inform_via: phone               # how contact persons are informed; or: email, webhook, letter, meeting
# mail: {host: mail.example.org, port: 587, tls: starttls, sender: pusat-data@example.org}
"""

RACK = """\
name: A1
room: Ruang Server
units: 42
depth_mm: 900
power_watts: 6000
"""

IGNORE = """\
# derived or disposable
/var/
# secrets: private keys never go into git
/keys/
"""

REHEARSAL = f"[{lab.LOOPBACK}]"

EXAMPLE_REQUEST = gettext_noop("""\
# A request (surat permohonan penitipan server). Fill in, then: sopctl request request.yml
unit: Dinas Contoh
letter: {number: 090/1/2026, date: 2026-11-02}
contacts:
  administrative: {name: Kepala Subbagian Umum, position: Kasubbag Umum, email: umum@example.org}
  technical: {name: Administrator Sistem, position: Pranata Komputer, email: admin@example.org}
server:
  name: web1.example.org        # host name of its own
  brand_model: Contoh R200
  serial: SN-0001
  height_units: 2
  depth_mm: 700
  power_watts: 400
  memory_gib: 32
  operating_system: Debian 12
  application: Portal Contoh    # what runs on it, and what that is for; both may follow later (sopctl edit)
  description: Layanan informasi untuk warga
access:
  address: 192.0.2.10           # how the controller reaches it
  port: 22
  first_contact: {user: titipan, key: owner}   # an account the owner made; the office's key `owner` opens it
  accounts:                     # who may log in afterwards, with which public keys
    - name: webadmin
      keys: [ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIExampleExampleExampleExampleExampleExampleE admin@example.org]
  ports: [80, 443]              # besides SSH: a TCP port, 443/https, 25/smtp, 53/udp, or a range: 8000-8010
  sources: []                   # from these addresses and networks only, such as 192.0.2.0/24; none: from everywhere
valid_until: 2027-12-31
# bmc: {address: 192.0.2.110}   # its management controller (iLO, iDRAC), read where the server itself cannot be
""")

EXAMPLE_APPLIANCE = gettext_noop("""\
# A request for a network appliance: a firewall, router or switch. Fill in, then: sopctl request request.yml
kind: appliance
platform: cisco_ios             # or: mikrotik_routeros
unit: Dinas Contoh
letter: {number: 090/2/2026, date: 2026-11-02}
contacts:
  administrative: {name: Kepala Subbagian Umum, position: Kasubbag Umum, email: umum@example.org}
  technical: {name: Administrator Jaringan, position: Pranata Komputer, email: jaringan@example.org}
server:
  name: fw1.example.org         # a name of its own
  brand_model: Contoh FW100
  serial: SN-0002
  height_units: 1
  depth_mm: 400
  power_watts: 60
access:
  address: 192.0.2.20           # how the controller reaches it
  port: 22
  first_contact: {user: dinas}  # the owner's account for the office, which sets its password: sopctl login
  ports: []                     # TCP ports that must be reachable, besides SSH
valid_until: 2027-12-31
""")


EXAMPLE_OTHER = gettext_noop("""\
# A request for a machine that takes no SSH of the office's: Windows, ESXi, a NAS, a locked appliance. Fill in, then:
# sopctl request request.yml
kind: other
unit: Dinas Contoh
letter: {number: 090/3/2026, date: 2026-11-02}
contacts:
  administrative: {name: Kepala Subbagian Umum, position: Kasubbag Umum, email: umum@example.org}
  technical: {name: Administrator Sistem, position: Pranata Komputer, email: admin@example.org}
server:
  name: win1.example.org        # a name of its own
  brand_model: Contoh W300
  serial: SN-0003
  height_units: 2
  depth_mm: 700
  power_watts: 500
  operating_system: Windows Server 2022
  application: Sistem Contoh
  description: Layanan informasi untuk pegawai
access:
  address: 192.0.2.30           # where its ports are tried
  ports: [443, 3389]            # TCP ports that must be reachable; none: only the owner's word counts
valid_until: 2027-12-31
# bmc: {address: 192.0.2.130}   # its management controller (iLO, iDRAC), which can give its inventory
""")


def init(root: Path, *, group: str = "") -> Site:
    """Make a site in `root`, which must be new or empty, shared with the system's `group` if one is named. Its modes
    are set, whatever the umask.

    Raises UsageError when the folder is not empty, OutsideFailure for a group that does not exist.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageError(
            "folder-not-empty",
            "{path} is not an empty folder",
            remedy="Name a folder that is new or empty.",
            path=root,
        )
    made = [each for each in (root, *root.parents) if not each.exists()]
    try:
        _fill(root, group)
    except BaseException:
        _empty(root)  # half a site is none, and the folder is free for the next try
        for each in made:
            with suppress(OSError):
                each.rmdir()
        raise
    return Site(root)


def _fill(root: Path, group: str) -> None:
    with disk_errors(root, "make"):
        root.mkdir(parents=True, exist_ok=True)
        for name in ("racks", "networks", "deposits"):
            (root / name).mkdir()
        (root / "keys").mkdir(mode=0o700)
    updating.copy(root)
    write_atomic(root / "racks" / "A1.yml", RACK.encode())
    write_atomic(root / ".gitignore", IGNORE.encode())
    make_key(root / "keys" / "management", "sopctl management")
    modes.repair(root, group)
    shared = f"site: {{group: {group}}}  # its members may record; keys stay the operator's\n" if group else ""
    write_atomic(root / settings.FILE_NAME, (SETTINGS + shared).encode())  # last: only now is it a site


def _empty(root: Path) -> None:
    for path in list(root.iterdir()) if root.is_dir() else []:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def allow_rehearsal(site: Site, networks: str = REHEARSAL) -> None:
    """Let the site's servers be on this machine, where the lab has no network of its own. Its sopctl.yml says so."""
    path = site.root / settings.FILE_NAME
    said = (
        f"# The lab's servers may be on this machine. Not for a site with deposits.\nrehearsal_networks: {networks}\n"
    )
    write_atomic(path, path.read_bytes() + said.encode())


def openssh_fails(output: str) -> Text:
    """What helps where a program of OpenSSH runs and fails, saying this."""
    if "No user exists for uid" in output:
        return Text("OpenSSH works only for an account that the system knows (getent passwd {uid}).", uid=os.getuid())
    return Text("See whether the disk has space and that folder is yours.")


def make_key(path: Path, comment: str) -> None:
    """Make an Ed25519 key pair without a passphrase, for timers to use: `path` (0600) and `path`.pub. Both survive a
    power cut: a server may soon know no other key. Raises OutsideFailure when ssh-keygen is missing or fails; of what
    it had begun nothing is left."""
    public = path.with_name(f"{path.name}.pub")
    try:
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)],
            check=True,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C"},
        )
    except FileNotFoundError:
        raise OutsideFailure(
            "ssh-keygen-missing", "ssh-keygen is not installed", remedy="Install it: apt install openssh-client"
        ) from None
    except subprocess.CalledProcessError as error:
        for begun in (path, public):
            begun.unlink(missing_ok=True)
        refused = next((number for number in KNOWN if os.strerror(number) in error.stderr), None)
        if refused:
            with disk_errors(path):
                raise OSError(refused, os.strerror(refused)) from None
        raise OutsideFailure(
            "ssh-keygen-failed",
            "ssh-keygen failed: {output}",
            remedy=openssh_fails(error.stderr),
            where=str(path),
            output=error.stderr.strip(),
        ) from None
    with disk_errors(path):
        for file in (path, public):
            with file.open("rb") as made:
                os.fsync(made.fileno())
        sync_folder(path.parent)
