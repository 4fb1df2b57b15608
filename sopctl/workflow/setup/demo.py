"""The demo: three requests through the whole procedure, on real throwaway servers, with the real commands.

Nothing is simulated. Every step is a `sopctl` command line run as a person would run it, in a site of its own. The
demo adds what people and machines outside sopctl would bring: letters, serial numbers, and one server whose old account
has expired, so that the first access try fails.
"""

import secrets
import shlex
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from sopctl.adapters import lab
from sopctl.adapters.lab import LabServer, LabStatus, Tier
from sopctl.errors import ExitCode, OutsideFailure, SopctlError, UsageError
from sopctl.locale import Prose, Text
from sopctl.store import dossiers
from sopctl.store.durable import disk_errors, make_folder, write_atomic
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.setup.init import allow_rehearsal, make_key

MARKER = ".made-by-sopctl-demo"
SERVICE_PORT = 8080
RACK = "name: A1\nroom: Ruang Server\nunits: 4\ndepth_mm: 900\npower_watts: 2000\n"
"""A rack in which two servers of two units fit, and no third."""

UNITS = ("Dinas Kesehatan", "Dinas Pendidikan", "Dinas Perhubungan")
PEOPLE = (("kadis", Text("the head")), ("staf", Text("staff")), ("kesehatan", UNITS[0]))
"""Who may look at it in a browser."""
ACCOUNT = "webadmin"
CLEANUP_SECONDS = 60
"""How long an interrupted command may take to clean up: an Ansible run ends within its own grace time."""

Say = Callable[[Prose], None]


def run(site: Path, *, lab_name: str, keep: bool, page: int | None, say: Say, heading: Say) -> list[str]:
    """Run the demo in the folder `site` and the lab `lab_name`, both recreated. On the port `page`, show it in a
    browser at the end, until Ctrl-C.

    With `keep`, servers and site stay, and the commands to try on them are returned; else an empty list.

    Raises OutsideFailure when a command does not end with the expected exit code, and what the lab raises. The servers
    are taken down in any case.
    """
    lab.refuse_impossible()
    _clear(site)
    try:
        heading(Text("Three throwaway servers"))
        lab.down(lab_name)  # the servers of an earlier demo are configured already
        status = lab.up(lab_name, servers=len(UNITS), progress=say)
        demo = _Demo(site, status, say, heading)
        demo.play()
        if page is not None:
            demo.show_page(page)
    except BaseException as error:
        say(Text("cleaning up"))
        traceback.clear_frames(error.__traceback__)  # an interrupted frame may still hold the lab's lock
        try:
            lab.down(lab_name)
        except SopctlError as left:  # it must not hide why the demo ended
            say(Text("something is left of the lab: {what}", what=left.whole))
        raise
    if keep:
        return demo.try_next()
    lab.down(lab_name, progress=say)
    return []


def _clear(site: Path) -> None:
    if site.exists():
        if not (site / MARKER).is_file():
            raise UsageError(
                "folder-not-of-the-demo",
                "{path} exists, and was not made by the demo",
                remedy="Name another folder with --folder; the demo replaces only its own.",
                path=site,
            )
        with disk_errors(site, "remove what an earlier demo left (it may be another account's)"):
            shutil.rmtree(site)


class _Demo:
    def __init__(self, site: Path, status: LabStatus, say: Say, heading: Say) -> None:
        self.site = site
        self.status = status
        self.say = say
        self.heading = heading
        self.ids: list[str] = []

    def play(self) -> None:
        self.make_site()
        self.heading(Text("Three letters arrive; the heads route them; the rack has room for two"))
        for number in (0, 1, 2):
            self.file_request(number)
            self.until_space(number)
        self.heading(Text("Two servers are handed over, inspected, and placed"))
        for number in (0, 1):
            self.take_in(number)
        first, second, third = self.ids
        self.heading(Text("{deposit} is configured, reached, and inventoried", deposit=first))
        self.sopctl("configure", first, "--host-key", self.fingerprint(0))
        self.sopctl("notify", first, "--via", "phone")
        self.sopctl("verify", first, "--key", self.key(0))
        self.sopctl("notify", first, "--via", "phone")
        self.sopctl("inventory", "collect", first)
        refuses = Text("{deposit} refuses at first: the account on it has expired. The loop repairs it", deposit=second)
        self.heading(refuses)
        self.sopctl("configure", second, "--host-key", self.fingerprint(1))
        self.sopctl("notify", second, "--via", "phone")
        self.sopctl("verify", second, "--key", self.key(1), expect=ExitCode.NO)
        self.sopctl("advance", second, "--key", self.key(1), "--via", "phone")
        self.heading(
            Text("{deposit} is given back; its place goes to {other}, which waits", deposit=first, other=third)
        )
        self.give_back(0)
        self.sopctl("notify", third, "--via", "phone")
        self.take_in(2)
        self.heading(Text("The board, and the papers"))
        self.sopctl("list")
        for deposit in self.ids:
            self.sopctl("document", "verify", deposit)
        self.sopctl("journal", "verify")

    def show_page(self, port: int) -> None:
        """Three people with accounts, and the page until Ctrl-C; then the accounts are closed again."""
        self.heading(Text("The same site in a browser"))
        site = Site(self.site)
        for name, who in PEOPLE:
            password = secrets.token_urlsafe(9)
            invited = accounts.invite(site, name, datetime.now(UTC))
            accounts.accept(site, invited.secret, password, datetime.now(UTC))
            self.say(Text("log in as {name} with {password}   ({who})", name=f"{name:<10}", password=password, who=who))
        self.say(Text("Ctrl-C ends the page, and the demo."))
        try:
            self.sopctl("serve", "--port", str(port))
        except KeyboardInterrupt:
            self.say("")
        finally:
            for name, _ in PEOPLE:
                accounts.revoke(site, name)

    def try_next(self) -> list[str]:
        """What to do with the servers and the site, from first look to cleaning up."""
        _, second, third = self.ids
        site = shlex.quote(str(self.site))
        return [
            f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH SOPCTL_SITE={site}",
            "sopctl list",
            f"sopctl show {second}",
            "sopctl rack show A1",
            f"sopctl inventory show {second}",
            f"sopctl advance {third} --key {self.key(2)} --via phone --host-key {self.fingerprint(2)}",
            f"(cd {site} && ansible-inventory -i inventory --graph)",
            f"sopctl lab status --name {self.status.name}",
            f"sopctl lab down --name {self.status.name}",
        ]

    def make_site(self) -> None:
        self.heading(Text("A site"))
        self.run_command(["init", str(self.site)], shown=["init", str(self.site)])
        write_atomic(self.site / MARKER, b"")
        write_atomic(self.site / "racks" / "A1.yml", RACK.encode())
        allow_rehearsal(Site(self.site))
        settings = self.site / "sopctl.yml"
        write_atomic(settings, settings.read_bytes() + f"units:\n  {PEOPLE[-1][0]}: {{name: {UNITS[0]}}}\n".encode())
        make_folder(self.site / "letters")
        shutil.copyfile(self.status.servers[0].key_file, self.site / "keys" / "owner")
        (self.site / "keys" / "owner").chmod(0o600)
        for number, server in enumerate(self.status.servers[: len(UNITS)]):
            key = self.site / "letters" / f"requester{number + 1}"
            make_key(key, f"{ACCOUNT}@example.org")
            key.with_name(f"{key.name}.pub").chmod(0o640)
            self.owners_software(server)
        expired = f"useradd --create-home --shell /bin/bash --expiredate 2001-01-01 {ACCOUNT}"
        _prepare(self.status.servers[1], f"id {ACCOUNT} >/dev/null 2>&1 || {expired}")

    def owners_software(self, server: LabServer) -> None:
        """The owner's own application, on the port that the letter names. Without systemd, nothing manages services."""
        if self.status.tier is Tier.SYSTEMD:
            start = f"systemd-run --unit=application python3 -m http.server {SERVICE_PORT}"
            _prepare(server, f"systemctl --quiet is-active application || {start}")

    def file_request(self, number: int) -> None:
        server = self.status.servers[number]
        public = (self.site / "letters" / f"requester{number + 1}.pub").read_text().strip()
        ports = f"[{SERVICE_PORT}]" if self.status.tier is Tier.SYSTEMD else "[]"
        letter = self.site / "letters" / f"request{number + 1}.yml"
        write_atomic(
            letter,
            f"""\
unit: {UNITS[number]}
letter: {{number: 090/{number + 1}/2026, date: 2026-11-02}}
contacts:
  administrative: {{name: Kepala Subbagian Umum, position: Kasubbag Umum, email: umum@example.org}}
  technical: {{name: Administrator Sistem, position: Pranata Komputer, email: admin@example.org}}
server:
  name: web{number + 1}.example.org
  brand_model: Contoh R200
  serial: {_serial(number)}
  height_units: 2
  depth_mm: 700
  power_watts: 400
  operating_system: Debian 12
access:
  address: {server.address}
  port: {server.port}
  first_contact: {{user: {server.user}, key: owner}}
  accounts: [{{name: {ACCOUNT}, keys: [{public}]}}]
  ports: {ports}
""".encode(),
        )
        self.sopctl("request", str(letter))
        self.ids = dossiers.ids(Site(self.site))

    def until_space(self, number: int) -> None:
        deposit = self.ids[number]
        self.sopctl("dispose", deposit, "--instruction", "Mohon ditindaklanjuti", "--by", "kadis")
        self.sopctl("dispose", deposit, "--instruction", "Siapkan tempat", "--by", "kabid")
        full = number == len(UNITS) - 1
        self.sopctl("reserve", deposit, expect=ExitCode.NO if full else ExitCode.OK)
        self.sopctl("notify", deposit, "--via", "phone")

    def take_in(self, number: int) -> None:
        deposit = self.ids[number]
        self.sopctl("receive", deposit)
        self.sopctl("inspect", deposit, "--serial", _serial(number), "--all-ok")
        self.sopctl("handover", deposit)
        self.sopctl("place", deposit)

    def give_back(self, number: int) -> None:
        deposit = self.ids[number]
        self.sopctl("return", deposit, "--letter-number", "090/12/2026")
        self.sopctl("dispose", deposit, "--instruction", "Setuju dikembalikan", "--by", "kadis")
        self.sopctl("dispose", deposit, "--instruction", "Laksanakan", "--by", "kabid")
        self.sopctl("inspect", deposit, "--serial", _serial(number))
        self.sopctl("return", deposit, "--data-saved", "--keep-disks")
        self.sopctl("release", deposit)
        self.sopctl("inspect", deposit, "--all-ok")
        self.sopctl("handover", deposit)
        self.sopctl("release", deposit)
        self.sopctl("release", deposit)

    def fingerprint(self, number: int) -> str:
        """The fingerprint as the server's console shows it. The lab made the key, so nobody trusts it blindly."""
        keys = {key.type: key for key in self.status.servers[number].host_keys}
        return (keys.get("ssh-ed25519") or next(iter(keys.values()))).sha256

    def key(self, number: int) -> str:
        return str(self.site / "letters" / f"requester{number + 1}")

    def sopctl(self, *words: str, expect: ExitCode = ExitCode.OK) -> None:
        """Run one command in the site, as printed."""
        self.run_command(["--site", str(self.site), *words], shown=words, expect=expect)

    def run_command(self, words: Sequence[str], *, shown: Sequence[str], expect: ExitCode = ExitCode.OK) -> None:
        """Run a command line of sopctl. Raises OutsideFailure when it does not end with the expected exit code."""
        line = f"sopctl {shlex.join(shown)}"
        self.say(f"\n$ {line}")
        code = _wait([sys.executable, "-m", "sopctl", *words])
        if code == ExitCode.INTERRUPTED:
            raise KeyboardInterrupt
        if code != expect:
            raise OutsideFailure(
                "demo-command-failed",
                "the demo stopped: `{command}` ended with {code}, expected {expected}",
                remedy="See above what that command said, and mend it; then start the demo again.",
                command=line,
                code=code,
                expected=int(expect),
            )


def _wait(command: Sequence[str]) -> int:
    """Run a command to its end. Ctrl-C reaches it once, through us, so that it can clean up undisturbed."""
    with subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL) as process:
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(CLEANUP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
            raise


def _prepare(server: LabServer, script: str) -> None:
    """Do what the owner did earlier, on a server that has just booted and may still be starting its services."""
    for tries_left in (2, 1, 0):
        try:
            lab.run(server, script)
            return
        except OutsideFailure:
            if not tries_left:
                raise
            time.sleep(1)


def _serial(number: int) -> str:
    return f"SN-2026-{number + 1:03}"
