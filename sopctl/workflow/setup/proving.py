"""Prove on lab servers in owners' states that a deposit harms nothing: the whole cycle, on a site that is thrown away.

What an owner set is read before, and after each step. The services that others use are asked from here, as from any
other address. Each server has a dossier of its own; what touches servers is done by the real commands, for all servers
in one run where the command can.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from sopctl.adapters import lab
from sopctl.adapters.lab import LabServer, LabStatus, OwnerState, Service
from sopctl.adapters.ssh import check, load_key
from sopctl.errors import InvalidRecord, NotNow, SopctlError
from sopctl.locale import Prose, Text, gettext_noop
from sopctl.model.access.ladder import Rung
from sopctl.model.access.target import Target
from sopctl.model.principal import Principal
from sopctl.model.sop.entries import HostKeyPinned
from sopctl.store import codec
from sopctl.store.site import Site
from sopctl.workflow.deciding import Deciding
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.setup import init
from sopctl.workflow.setup.lab import states_named
from sopctl.workflow.setup.rehearsing import LAB, bring, where
from sopctl.workflow.steps import handover, inspecting, letters, notifying, reservation

ACCOUNT = "webadmin"
"""The account of the letter, where the states name none."""

RECORDS = "ours /var/lib/sopctl"
"""A line of the fingerprint: the folder of our records on the server, which stays there, as docs/howto/lab.md says."""

STAY_ON = "systemctl mask --quiet --runtime poweroff.target"
"""A release switches the server off in a moment; what it is like then has to be read first."""

LET_GO = """
systemctl stop sopctl-power-off.timer sopctl-power-off.service 2>/dev/null
systemctl reset-failed sopctl-power-off.service 2>/dev/null
systemctl unmask --quiet --runtime poweroff.target
"""

ANSWER_SECONDS = 15.0
"""How long a service may take to answer: it may have just been started again."""

LOGIN_SECONDS = 20
"""How long the armed window waits for the login that the failing run cannot make."""

COMMAND_SECONDS = 900.0

Say = Callable[[Prose], None]


class Seen(Struct, frozen=True):
    """One step: what was done, whether it ended as it must, what was said, and how the server differs from before (`-`:
    a fact that is gone, `+`: a new one)."""

    step: str
    ok: bool
    said: str = ""
    differences: tuple[str, ...] = ()


class Proof(Struct, frozen=True):
    """What was seen on one server."""

    server: str
    states: tuple[str, ...]
    steps: tuple[Seen, ...]
    left_out: tuple[str, ...] = ()
    """What stays after a release, as documented."""

    @property
    def ok(self) -> bool:
        return all(step.ok for step in self.steps)


@dataclass
class _Case:
    """A server under proof."""

    server: LabServer
    states: Sequence[OwnerState]
    deposit: str = ""
    before: frozenset[str] = frozenset()
    homes: str = "/home"
    """Where useradd makes homes there."""
    steps: list[Seen] = field(default_factory=list)
    left_out: tuple[str, ...] = ()
    consent: str = ""
    """What its owner must consent to, as --cut-off takes it."""
    going: bool = True
    """Is there any sense in the next step?"""

    @property
    def account(self) -> str:
        return next((one.account for one in self.states if one.account), ACCOUNT)

    @property
    def services(self) -> list[Service]:
        return [service for one in self.states for service in one.services]

    @property
    def not_asked(self) -> list[Service]:
        return [service for service in self.services if not service.asked]

    @property
    def office_account(self) -> str:
        return next((one.office_account for one in self.states if one.office_account), "")

    @property
    def refusing(self) -> list[OwnerState]:
        """The states in which `configure` must not go on."""
        return [one for one in self.states if one.refused]

    def saw(self, step: str, ok: bool, said: str = "", differences: Iterable[str] = ()) -> None:
        self.steps.append(Seen(step, ok, said, tuple(differences)))


def prove(
    site_dir: str | None,
    states: Sequence[str],
    *,
    release: str = "bookworm",
    keep: bool = False,
    say: Say = lambda _line: None,
) -> list[Proof]:
    """Take a server through the cycle for each of `states` (names, separated by commas): before, `configure --check`, a
    run that fails, a configuration, a release. The playbooks are the site's, or those that a new site gets.

    Raises UsageError for a state that there is not, and what the lab raises. What a server does is never an error: it
    is in its proof.
    """
    root = where(site_dir)
    into = [states_named(each) for each in states]
    with lab.name_of_its_own(LAB) as name, tempfile.TemporaryDirectory(prefix="sopctl-rehearse-") as folder:
        lab.down(name)
        try:
            status = lab.up(name, servers=len(into), release=release, states=into, progress=say)
            cases = [_Case(server, each) for server, each in zip(status.servers, into, strict=True)]
            site = init.init(Path(folder) / "site")
            init.allow_rehearsal(site)
            bring(root, site.root)
            _Proving(site, status, cases, say).run()
        finally:
            if not keep:
                lab.down(name, progress=say)
    return [Proof(case.server.name, case.server.states, tuple(case.steps), case.left_out) for case in cases]


class _Proving:
    def __init__(self, site: Site, status: LabStatus, cases: Sequence[_Case], say: Say) -> None:
        self.site, self.status, self.cases, self.say = site, status, cases, say
        zone = ZoneInfo(self.site.settings.time_zone)
        self.desk = Desk(self.site, Deciding(Principal("lab", "automation")), lambda: datetime.now(zone))
        for key in ("requester", "other"):
            init.make_key(self.key(key), key)
        self.key("owner").write_bytes(Path(status.servers[0].key_file).read_bytes())
        self.key("owner").chmod(0o600)

    def key(self, name: str) -> Path:
        """The owner's key lies in the site; those of the letter's people beside it, as they are not the office's."""
        return (self.site.folder("keys") if name == "owner" else self.site.root.parent) / name

    def run(self) -> None:
        for case in self.cases:
            case.before = _fingerprint(self.status.name, case.server)
            case.homes = lab.console(self.status.name, case.server.name, "useradd -D | sed -n s/^HOME=//p").strip()
            self.ask(case, gettext_noop("services answer before"), case.services)
            case.going = case.steps[-1].ok
        self.each(self.take_in, gettext_noop("letters and places"))
        self.each(self.look, gettext_noop("a look"))
        self.fail()
        self.configure()
        self.each(self.log_in, gettext_noop("logins"))
        self.each(self.drift, gettext_noop("a look for drift"))
        self.each(self.give_back, gettext_noop("release"))

    def each(self, act: Callable[[_Case], None], what: str) -> None:
        """Do it for every server on which all went well so far, two at a time."""
        going = [case for case in self.cases if case.going]
        servers = ", ".join(case.server.name for case in going)
        self.say(Text("{what}: {servers}", what=Text(what), servers=servers))
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda case: self.noted(case, what, act), going))

    def noted(self, case: _Case, what: str, act: Callable[[_Case], None]) -> None:
        try:
            act(case)
        except SopctlError as error:
            case.saw(what, ok=False, said=str(error))
            case.going = False

    def take_in(self, case: _Case) -> None:
        """Until the server stands in its place, with its host key pinned."""
        number = self.cases.index(case) + 1
        letter = self.site.root / f"request{number}.yml"
        letter.write_bytes(codec.dump(_letter(case, number, self.key("requester").with_suffix(".pub").read_text())))
        desk = self.desk
        try:
            case.deposit = deposit = letters.request(desk, letter).id
        except InvalidRecord as error:
            right = bool(case.refusing) and all(one.refused in error.message for one in case.refusing)
            case.saw(gettext_noop("the letter is refused, with why"), right, error.message)
            case.going = False
            return
        for _head in range(2):
            letters.dispose(desk, deposit, instruction="Mohon ditindaklanjuti")
        reservation.reserve(desk, deposit)
        notifying.notify(desk, deposit, via="phone")
        handover.receive(desk, deposit)
        inspecting.inspect(desk, deposit, serial=_serial(number))
        handover.handover(desk, deposit)
        reservation.place(desk, deposit)
        with turn(desk, deposit, "configure") as mine:
            mine.start(HostKeyPinned(host_key=_pin(case.server), host_key_confirmed="fingerprint"))

    def look(self, case: _Case) -> None:
        """`configure --check` changes nothing, and names every service that the letter does not ask for. Where it must
        not go on, `configure` says why, and goes on once the owner has helped."""
        if case.refusing:
            self.is_refused(case)
            if not case.going:
                return
        ran = self.sopctl("configure", case.deposit, "--check", "--json")
        preview: Mapping[str, Any] = next(iter(ran.document.get("first", ())), {})
        self.compare(case, gettext_noop("configure --check changes nothing"), bool(preview), ran.err)
        named = {row.get("service") for part in ("cut_off", "stays_open") for row in preview.get(part, ())}
        unnamed = [str(each) for each in case.not_asked if str(each) not in named]
        if case.not_asked:
            said = f"not named: {', '.join(unnamed)}" if unnamed else ""
            case.saw(
                gettext_noop("configure --check names the services that the letter does not ask for"), not unnamed, said
            )
        case.consent = ",".join(map(str, preview.get("needs_consent", ())))
        if case.consent:
            ran = self.sopctl("configure", case.deposit, "--json")
            said = _said_of(ran.document, case.deposit) or ran.said
            named_all = all(port in said for port in case.consent.split(","))
            right = ran.code == NotNow.exit_code and named_all
            self.compare(case, gettext_noop("configure stops for the owner's consent"), right, said)

    def is_refused(self, case: _Case) -> None:
        ran = self.sopctl("configure", case.deposit, "--check", "--json")
        self.compare(case, gettext_noop("configure --check changes nothing"), ran.code != 0, ran.err)
        ran = self.sopctl("configure", case.deposit, "--json")
        said = _said_of(ran.document, case.deposit) or ran.said
        right = ran.code != 0 and all(one.refused in said for one in case.refusing)
        self.compare(case, gettext_noop("configure says why it must not go on, and changes nothing"), right, said)
        self.ask(case, gettext_noop("services answer as before"), case.services)
        case.going = right and all(one.remedy for one in case.refusing)
        if case.going:
            for one in case.refusing:
                lab.console(self.status.name, case.server.name, f"set -eu\n{one.remedy}")
            case.before = _fingerprint(self.status.name, case.server)

    def fail(self) -> None:
        """A run whose login fails at its end is put back."""
        going = [case for case in self.cases if case.going]
        public = self.key("other").with_suffix(".pub").read_text().strip()
        folder = self.site.root / "inventory/host_vars"
        folder.mkdir(exist_ok=True)
        for case in going:
            values = {"management_account_public_key": public, "armed_window_login_seconds": LOGIN_SECONDS}
            (folder / f"{case.deposit}.yml").write_text(json.dumps(values))
        self.configured(gettext_noop("a failed run is put back"), going, well=False)
        for case in going:
            (folder / f"{case.deposit}.yml").unlink()

    def configure(self) -> None:
        self.configured("configure", [case for case in self.cases if case.going], well=True)

    def configured(self, step: str, going: Sequence[_Case], *, well: bool) -> None:
        """Configure these servers in one run, but each of those whose owner has consented to something by itself."""
        runs = [[case for case in going if not case.consent], *([case] for case in going if case.consent)]
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda run: self._configured(step, run, well=well), [run for run in runs if run]))

    def _configured(self, step: str, going: Sequence[_Case], *, well: bool) -> None:
        consent = ("--cut-off", going[0].consent) if going[0].consent else ()
        ran = self.sopctl("configure", *(case.deposit for case in going), *consent, "--json")
        for case in going:
            said = _said_of(ran.document, case.deposit) or ran.said
            done = _answer_of(ran.document, case.deposit)
            if well:
                case.saw(step, done, said)
                case.going = done
                if done:
                    self.ask(
                        case,
                        gettext_noop("the letter's services answer"),
                        [each for each in case.services if each.asked],
                    )
            else:
                self.compare(case, step, not done and "as it was before" in said, said)
                self.ask(case, gettext_noop("services answer as before"), case.services)

    def log_in(self, case: _Case) -> None:
        """The letter's account logs in with the letter's key."""
        words = ["verify", case.deposit, "--key", str(self.key("requester")), "--json"]
        notifying.notify(self.desk, case.deposit, via="phone")
        ran = self.sopctl(*words)
        case.saw(gettext_noop("the letter's account logs in"), ran.code == 0, ran.said if ran.code else "")

    def drift(self, case: _Case) -> None:
        """What was just configured differs in nothing from what was left."""
        ran = self.sopctl("configure", "--drift", case.deposit, "--json")
        case.saw(gettext_noop("configure --drift: nothing differs"), ran.code == 0, ran.said if ran.code else "")

    def give_back(self, case: _Case) -> None:
        desk, deposit, number = self.desk, case.deposit, self.cases.index(case) + 1
        letters.ask_back(desk, deposit, letter_number="090/9/2026")
        for _head in range(2):
            letters.dispose(desk, deposit, instruction="Laksanakan")
        inspecting.inspect(desk, deposit, serial=_serial(number))
        letters.confirm_data_saved(desk, deposit, wipe=False)
        lab.console(self.status.name, case.server.name, STAY_ON)
        ran = self.sopctl("release", deposit, "--json")
        lab.console(self.status.name, case.server.name, LET_GO)
        self.compare(
            case,
            gettext_noop("release gives everything back"),
            ran.code == 0,
            ran.said if ran.code else "",
            released=True,
        )
        self.ask(case, gettext_noop("services answer after the release"), case.services)

    def compare(self, case: _Case, step: str, ok: bool, said: str = "", *, released: bool = False) -> None:
        """Note the step, and how the server differs from before."""
        try:
            now = _fingerprint(self.status.name, case.server)
        except SopctlError as error:
            case.saw(step, ok=False, said=f"{said} {error}")
            case.going = False
            return
        differences = [*(f"- {fact}" for fact in case.before - now), *(f"+ {fact}" for fact in now - case.before)]
        if released:
            left = sorted(each for each in differences if _stays(each, case))
            case.left_out = tuple(left)
            differences = [each for each in differences if each not in left]
        case.saw(step, ok and not differences, said, sorted(differences, key=lambda each: each[2:]))

    def ask(self, case: _Case, step: str, services: Sequence[Service]) -> None:
        """Note whether these services answer from here, and whether the owner can log in."""
        silent = [str(each) for each in services if not answers(case.server.address, each)]
        if not self.owner_enters(case):
            silent.append(f"sshd at {case.server.port}")
        case.saw(step, not silent, f"no answer from {', '.join(silent)}" if silent else "")

    def owner_enters(self, case: _Case) -> bool:
        """Whether the owner's account logs in: an sshd may penalise whoever connects without that."""
        server = case.server
        target = Target(server.address, server.port, server.user, _pin(server).pin, timeout=ANSWER_SECONDS)
        found = check(target, load_key(self.key("owner")))
        return any(each.rung is Rung.LOGIN and each.ok for each in found.rungs)

    def sopctl(self, *words: str) -> "_Ran":
        """Run a command of ours on the site; after COMMAND_SECONDS it is interrupted."""
        self.say(f"$ sopctl {' '.join(words)}")
        arguments = [sys.executable, "-m", "sopctl", "--site", str(self.site.root), *words]
        with subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            env={**os.environ, "NO_COLOR": "1"},
        ) as process:
            try:
                out, err = process.communicate(timeout=COMMAND_SECONDS)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
                out, err = process.communicate()
            except BaseException:  # it cleans up on SIGINT; it has a session of its own
                process.send_signal(signal.SIGINT)
                process.communicate()
                raise
        return _Ran(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


@dataclass(frozen=True)
class _Ran:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Mapping[str, Any]:
        try:
            found = json.loads(self.out)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    @property
    def said(self) -> str:
        return f"exit {self.code}: {(self.err or self.out).strip()[:2000]}"


def answers(address: str, service: Service, *, seconds: float = ANSWER_SECONDS) -> bool:
    """Whether the service answers there as it should, within these seconds."""
    deadline = time.monotonic() + seconds
    while not _answers_now(address, service):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.2)
    return True


def _answers_now(address: str, service: Service) -> bool:
    kind = socket.SOCK_STREAM if service.protocol == "tcp" else socket.SOCK_DGRAM
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    expected, got = service.expect.encode(), b""
    try:
        with socket.socket(family, kind) as connection:
            connection.settimeout(3)
            connection.connect((address, service.port))
            if service.request:
                connection.send(service.request)
            if service.protocol == "tcp" and not expected:
                return True
            while len(got) < 100_000:
                more = connection.recv(4096)
                got += more
                if got and expected in got:
                    return True
                if not more:
                    return False
    except OSError:
        return False
    return False


def _fingerprint(name: str, server: LabServer) -> frozenset[str]:
    return frozenset(lab.console(name, server.name, lab.FINGERPRINT.read_text()).splitlines()) - {RECORDS}


def _stays(difference: str, case: _Case) -> bool:
    """Whether this difference stays after a release, as docs/howto/lab.md says: homes of accounts that the run made."""
    there = {fact.split()[1].split(":")[0] for fact in case.before if fact.startswith("account ")}
    homes = [f"{case.homes}/{name}" for name in (case.account, case.office_account or "sopctl") if name not in there]
    sign, part, path, *_ = *difference.split(), ""
    return sign == "+" and part in ("file", "content") and any(f"{path}/".startswith(f"{home}/") for home in homes)


def _said_of(document: Mapping[str, Any], deposit: str) -> str:
    """What a command said of one deposit."""
    texts: list[str] = []
    for rows in (document.get("steps", ()), document.get("errors", ()), document.get("servers", ())):
        for row in rows:
            if deposit in (row.get("id"), row.get("deposit"), row.get("where")):
                texts.extend(str(row[key]) for key in ("note", "message", "error", "remedy") if row.get(key))
    if isinstance(document.get("error"), dict):
        texts.extend(str(document["error"].get(key, "")) for key in ("message", "remedy"))
    return " ".join(filter(None, texts))


def _answer_of(document: Mapping[str, Any], deposit: str) -> bool:
    """Whether a step on one deposit was done, and its answer yes."""
    return any(row.get("id") == deposit and row.get("answer") is True for row in document.get("steps", ()))


def _serial(number: int) -> str:
    return f"SN-2026-{number:03}"


def _pin(server: LabServer) -> Any:
    return next(key for key in server.host_keys if key.type == "ssh-ed25519")


def _letter(case: _Case, number: int, key: str) -> dict[str, object]:
    server = case.server
    account = {"management_account": case.office_account} if case.office_account else {}
    ports = [str(each) for each in case.services if each.asked and not each.expect.startswith("SSH-")]
    contact = {"name": "Administrator Sistem", "position": "Pranata Komputer", "email": "admin@example.org"}
    return {
        "unit": "Dinas Contoh",
        "letter": {"number": f"090/{number}/2026", "date": "2026-11-02"},
        "contacts": {"administrative": contact, "technical": contact},
        "server": {
            "name": f"{server.name}.example.org",
            "brand_model": "Contoh R200",
            "serial": _serial(number),
            "height_units": 1,
            "depth_mm": 700,
            "power_watts": 40,
            "operating_system": "Debian",
        },
        "access": {
            "address": server.address,
            "port": server.port,
            "first_contact": {"user": server.user, "key": "owner"},
            "accounts": [{"name": case.account, "keys": [key.strip()]}],
            "ports": ports,  # those of sshd stay open without being asked for
            **account,
        },
        "valid_until": "2027-12-31",
    }
