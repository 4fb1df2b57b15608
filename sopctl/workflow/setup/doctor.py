"""Is this machine fit for sopctl? One finding for each thing that it needs, with the remedy."""

import importlib
import importlib.metadata
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from sopctl.adapters import lab
from sopctl.adapters import switch as device
from sopctl.errors import Action, Advice, OutsideFailure, SopctlError, in_words
from sopctl.locale import Counted, Prose, Sense, Text, gettext_noop, joined
from sopctl.model.access.algorithms import allowed
from sopctl.model.sop.entries import BmcTrusted
from sopctl.store import dossiers, modes, register
from sopctl.store.durable import disk_errors
from sopctl.store.site import Site
from sopctl.workflow.house import netbox
from sopctl.workflow.office_key import key_states
from sopctl.workflow.ports import switches
from sopctl.workflow.servers import reach
from sopctl.workflow.servers.ansible_view import refuse_unread
from sopctl.workflow.servers.gathering import own_way
from sopctl.workflow.servers.playbooks import skeleton
from sopctl.workflow.setup import engine, scheduling, updating
from sopctl.workflow.setup.init import openssh_fails
from sopctl.workflow.setup.secrets import exposed, has_secret
from sopctl.workflow.steps.rotating import usable

LIBRARIES = {
    "ansible-core": "ansible",
    "ansible-runner": "ansible_runner",
    "paramiko": "paramiko",
    "netmiko": "netmiko",
    "typst": "typst",
    "PyYAML": "yaml",
}
"""Each with its module: a half-removed package, or one for another Python, shows only when it is imported."""


class Diagnosis(Struct, frozen=True):
    """One thing that was checked; `remedy` where it is not ok. `needed`: without it, deposits cannot be served."""

    what: Prose
    ok: bool
    detail: Prose
    remedy: Advice = ()
    needed: bool = True


def diagnose(site_dir: str | None) -> list[Diagnosis]:
    """Try Python, the libraries, the ssh client, Ansible, the lab, and the site if there is one."""
    programs = [_ssh(), _ssh_keygen(), _ansible()]
    return [_python(), *map(_library, LIBRARIES), *programs, _lab(), *_site(site_dir)]


def _python() -> Diagnosis:
    version = ".".join(map(str, sys.version_info[:3]))
    ok = sys.version_info >= (3, 11)
    return Diagnosis("python", ok, version, "" if ok else gettext_noop("sopctl needs Python 3.11 or newer"))


def _library(name: str) -> Diagnosis:
    install = Text("Install it: {command}", command=f"pip install {name}")
    try:
        importlib.import_module(LIBRARIES[name])
        return Diagnosis(name, True, importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Diagnosis(name, False, Text("not installed"), install)
    except Exception as error:  # noqa: BLE001 (whatever its own modules raise)
        return Diagnosis(name, False, Text("cannot be imported: {why}", why=in_words(error)), install)


def _ssh() -> Diagnosis:
    return _tried("ssh", ["ssh", "-V"])


def _ssh_keygen() -> Diagnosis:
    """It makes a key, as `init` and `key rotate` do."""
    with tempfile.TemporaryDirectory() as folder:
        return _tried("ssh-keygen", ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/key"])


def _tried(name: str, command: list[str]) -> Diagnosis:
    install = Text("Install it: {command}", command="apt install openssh-client")
    path = shutil.which(name)
    if path is None:
        return Diagnosis(name, False, Text("not found"), install)
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return Diagnosis(name, False, Text("{path} does not run: {why}", path=path, why=in_words(error)), install)
    said = (ran.stderr or ran.stdout).strip().splitlines()
    ok = ran.returncode == 0
    return Diagnosis(name, ok, said[0] if said else path, "" if ok else openssh_fails(ran.stderr))


def _ansible() -> Diagnosis:
    """Ansible must start, with the locale of all its runs: a half-removed package shows only then."""
    program = Path(sys.executable).parent / "ansible-playbook"
    command = str(program) if program.exists() else "ansible-playbook"
    try:
        with tempfile.TemporaryDirectory() as folder:  # a service account may have no home
            own = {**os.environ, "LC_ALL": "C.UTF-8", "ANSIBLE_LOCAL_TEMP": folder, "ANSIBLE_HOME": folder}
            ran = subprocess.run(
                [command, "--version"], capture_output=True, text=True, timeout=60, check=False, env=own
            )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Diagnosis(
            "ansible-playbook",
            False,
            in_words(error),
            Text("Install it: {command}", command="pip install ansible-core"),
        )
    ok = ran.returncode == 0
    first = next(iter((ran.stdout or ran.stderr).strip().splitlines()), Text("no answer"))
    return Diagnosis(
        "ansible-playbook", ok, first, "" if ok else gettext_noop("Run it to see: ansible-playbook --version")
    )


def _lab() -> Diagnosis:
    tier, missing = lab.find_tier()
    detail = Text("tier {tier}", tier=tier) if tier else Text("not possible here")
    return Diagnosis("lab", tier is not None, detail, joined(" ", missing), needed=False)


def _site(site_dir: str | None) -> list[Diagnosis]:
    try:
        site = Site.find(site_dir)
    except SopctlError as error:
        none_here = site_dir is None and error.id == "not-a-site"
        return [Diagnosis(Text("site"), False, error.text, error.remedy, needed=not none_here)]
    found = [Diagnosis(Text("site"), True, str(site.root))]
    try:
        usable(site, site.settings.management.key)
        found.append(Diagnosis(Text("management key"), True, str(site.folder("keys") / site.settings.management.key)))
    except SopctlError as error:
        found.append(Diagnosis(Text("management key"), False, _placed(error), error.remedy))
    return [
        *found,
        _writable(site),
        *_playbooks(site),
        *_moved(site),
        *_timers(site),
        *_facts(site),
        *_engine(site),
        *_netbox(site),
        *_key_change(site),
        *_rehearsal(site),
        _modes(site),
        *_switches(site),
        *_appliances(site),
        *_named(site),
        *_missing(site),
        *_secrets(site),
    ]


def _writable(site: Site) -> Diagnosis:
    """Could something be recorded now?"""
    try:
        with disk_errors(site.root), tempfile.TemporaryFile(dir=site.root) as file:
            file.write(b"x" * 65536)
            file.flush()
            os.fsync(file.fileno())
    except SopctlError as error:
        return Diagnosis(Sense("check", "writing"), False, _placed(error), error.remedy)
    return Diagnosis(Sense("check", "writing"), True, Text("the site can be written to"))


def _playbooks(site: Site) -> list[Diagnosis]:
    """What of the site's playbooks and inventory is of an older version, what the site changed itself, and the settings
    that nothing carries out."""
    found = []
    try:
        differs = updating.compare(site)
        own = [each.file for each in differs if each.state in updating.SETTLED]
        old = [each.file for each in differs if each.state not in updating.SETTLED]
        if own:
            found.append(
                Diagnosis(
                    Text("own playbooks"),
                    True,
                    Text("changed or removed by the site: {files}", files=_few(own)),
                    needed=False,
                )
            )
        if old:
            told = Counted(
                "{number} file of an older version: {files}",
                "{number} files of an older version: {files}",
                len(old),
                files=_few(old),
            )
            found.append(Diagnosis(Text("playbooks"), False, told, Action("init", given={"update": ""}), needed=False))
        refuse_unread(site)
    except SopctlError as error:
        found.append(
            Diagnosis(
                Text("settings"),
                False,
                _placed(error),
                error.remedy,
                needed=False,
            )
        )
    return found


def _placed(error: SopctlError) -> Prose:
    return joined(": ", (error.where, error.text))


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + ", …" * (len(names) > 5)


def _moved(site: Site) -> list[Diagnosis]:
    try:
        site.refuse_moved()
    except SopctlError as error:
        return [
            Diagnosis(
                Text("moved"),
                False,
                _placed(error),
                error.remedy,
                needed=False,
            )
        ]
    return []


def _facts(site: Site) -> list[Diagnosis]:
    """What makes the inventory dear: Ansible gathers the facts where the site has a way of its own."""
    own = own_way(site, skeleton())
    told = Text("Nothing is wrong with it; the facts are the same, at ten times the controller's time.")
    return (
        [Diagnosis(Text("facts"), False, Text("gathered by Ansible: {what}", what=own), told, needed=False)]
        if own
        else []
    )


def _timers(site: Site) -> list[Diagnosis]:
    """Timers run where the site is worked on, and nowhere else."""
    try:
        found = scheduling.installed(site)
    except (SopctlError, OSError):
        return []  # no systemd, or nothing that we may read
    moved = bool(_moved(site))
    if moved and found:
        left = Counted(
            "{number} timer left, though another controller works on the site",
            "{number} timers left, though another controller works on the site",
            len(found),
        )
        return [Diagnosis(Text("timers"), False, left, Action("schedule remove"), needed=False)]
    if not moved and not found:
        told = Text("none is installed: nobody is checked, reminded or gathered by itself")
        return [Diagnosis(Text("timers"), False, told, Action("schedule install"), needed=False)]
    return []


def _engine(site: Site) -> list[Diagnosis]:
    """Who watches the networks that the controller does not reach itself, and how the last run ended."""
    try:
        if site.settings.engine is None:
            return []
        if unusable := engine.ready(site):
            return [Diagnosis(Text("engine"), False, unusable.text, unusable.remedy, needed=False)]
        found = engine.standing(site, datetime.now(UTC))
    except SopctlError as error:
        return [Diagnosis(Text("engine"), False, error.text, error.remedy, needed=False)]
    told: list[Prose] = [*found.problems, *map(engine.told, found.networks, found.networks.values())]
    if run := found.last_run:
        answered, sent = sum(run.answered.values()), sum(run.sent.values())
        told.append(Text("last run: {answered} of {sent} answered", answered=answered, sent=sent))
    remedy = Action("engine status") if found.problems else ()
    return [Diagnosis(Text("engine"), not found.problems, joined("; ", told), remedy, needed=False)]


def _netbox(site: Site) -> list[Diagnosis]:
    """Does the NetBox that the settings name answer, to the token that is here? It is asked for its version alone, and
    not where another controller works on the site."""
    try:
        site.refuse_moved()
        version = netbox.tried(site)
    except OutsideFailure as error:
        return [Diagnosis(Text("netbox"), False, joined(": ", (error.where, error.text)), error.remedy, needed=False)]
    except SopctlError:
        return []  # already told
    return (
        [Diagnosis(Text("netbox"), True, Text("NetBox {version} answers", version=version), needed=False)]
        if version
        else []
    )


def _missing(site: Site) -> list[Diagnosis]:
    """The secrets that the site's settings and open dossiers need, and keys/ has not, as after a restore."""
    try:
        found, keys = site.settings, site.folder("keys")
    except SopctlError:
        return []  # already told
    wanted: dict[str, Prose] = dict(found.secrets)
    with suppress(SopctlError):  # a network that cannot be read is told by `validate`
        through = {each.name: each.jump.key for each in site.networks if each.jump}
        wanted |= {key: Text("the jump host of {network}", network=name) for name, key in through.items() if key}
    for summary in register.read(site).summaries:
        if summary.closed:
            continue
        try:
            dossier = dossiers.read(site, summary.id)
            if summary.platform and summary.in_our_hands:
                name = reach.first_key(site, dossier.summary) or f"login/{summary.id}"
                wanted.setdefault(name, Text("the account on {deposit}", deposit=summary.id))
            elif summary.kind == "server" and not summary.let_in and (key := reach.first_key(site, dossier.summary)):
                wanted.setdefault(key, Text("the first contact with {deposit}", deposit=summary.id))
            if dossier.newest(BmcTrusted):
                wanted[f"bmc/{summary.id}"] = Text("the BMC of {deposit}", deposit=summary.id)
        except SopctlError:
            continue  # told by others
    missing = {name: whose for name, whose in wanted.items() if not (keys / name).is_file()}
    return [
        Diagnosis(
            f"keys/{name}", False, Text("not there: the secret for {whose}", whose=whose), _setting(name), needed=False
        )
        for name, whose in missing.items()
    ]


def _setting(name: str) -> Advice:
    """How a secret that is missing gets into keys/."""
    folder, _, deposit = name.partition("/")
    if not deposit:
        return Text("Put it there, readable by you alone: {file} (chmod 600)", file=f"keys/{name}")
    given = {"bmc": "", "ask-password": ""} if folder == "bmc" else {"ask-password": ""}
    by_key = () if folder == "bmc" else (Action("login", deposit, needs=("file",)),)
    return Action("login", deposit, given=given, alternatives=by_key)


def _key_change(site: Site) -> list[Diagnosis]:
    """The servers that do not have the current key alone."""
    try:
        summaries = [each for each in register.read(site).summaries if each.let_in and each.in_our_hands]
        state = key_states(site)
        states = {each.id: state(each) for each in summaries}
        under_way = site.settings.management.before
    except SopctlError:
        return []  # already told
    left = [name for name, state in states.items() if state != "current"]
    shown = ", ".join(left[:5]) + ", …" * (len(left) > 5)
    if left:
        lost = [name for name in left if states[name] == "none"]
        without = Counted(
            "not with the current key alone: {number} server ({lost} no key that is here): {deposits}",
            "not with the current key alone: {number} servers ({lost} no key that is here): {deposits}",
            len(left),
            lost=len(lost),
            deposits=shown,
        )
        return [Diagnosis(Text("key change"), False, without, Action("key status"), needed=False)]
    if under_way:
        told = Text("no server knows the key {key} any more", key=under_way)
        return [Diagnosis(Text("key change"), False, told, Action("key retire"), needed=False)]
    return []


def _rehearsal(site: Site) -> list[Diagnosis]:
    """Whether letters could lead to this machine itself."""
    try:
        networks = site.settings.rehearsal_networks
    except SopctlError:
        return []  # already told
    if not networks:
        return []
    told = Text(
        "deposits may be in {networks}, also on this machine itself: right for a rehearsal only",
        networks=", ".join(networks),
    )
    helps = gettext_noop("Take rehearsal_networks out of sopctl.yml.")
    return [Diagnosis(Text("rehearsal"), False, told, helps, needed=False)]


def repair(site_dir: str | None) -> list[Text]:
    """Set the modes of the site's files as they must be. Returns what was changed. Raises as `Site.find`, and
    OutsideFailure."""
    site = Site.find(site_dir)
    return [each.text for each in modes.repair(site.root, site.settings.site.group, is_secret=has_secret)]


def _modes(site: Site) -> Diagnosis:
    try:
        found = list(modes.loose(site.root, site.settings.site.group, is_secret=has_secret))
    except SopctlError as error:
        return Diagnosis(Text("modes"), False, error.text, error.remedy, needed=False)
    if not found:
        return Diagnosis(Text("modes"), True, Text("as they must be"), needed=False)
    first, others = found[0].text, len(found) - 1
    told = Counted("{file}, and {number} other", "{file}, and {number} others", others, file=first) if others else first
    return Diagnosis(Text("modes"), False, told, Action("doctor", given={"repair": ""}), needed=False)


def _switches(site: Site) -> list[Diagnosis]:
    """Could a session with each switch begin, as far as can be told from here? None is opened."""
    try:
        records = site.switches
    except SopctlError as error:
        return [
            Diagnosis(
                Text("switches"),
                False,
                _placed(error),
                error.remedy,
                needed=False,
            )
        ]
    found = []
    for name, record in records.items():
        what = Text("switch {name}", name=name)
        try:
            switches.ready(site, record)
            old = ", ".join(allowed(record.legacy))
            account = f"{record.account}@{record.address}"
            told = Text(
                "{account}; its record allows old SSH algorithms: {algorithms}", account=account, algorithms=old
            )
            found.append(Diagnosis(what, True, told if old else account, needed=False))
        except SopctlError as error:
            found.append(Diagnosis(what, False, error.text, error.remedy, needed=False))
    return found


def _appliances(site: Site) -> list[Diagnosis]:
    """The appliances whose record allows old SSH algorithms, and whether those can be spoken here."""
    found = []
    for summary in register.read(site).summaries:
        if summary.platform is None or summary.closed:
            continue
        what = Text("appliance {deposit}", deposit=summary.id)
        try:
            dossier = dossiers.read(site, summary.id)
            old = allowed(dossier.deposit.access.legacy)
            device.refuse_unknown_algorithms(old, where=str(dossier.folder / "deposit.yml"))
        except SopctlError as error:
            found.append(Diagnosis(what, False, error.text, error.remedy, needed=False))
            continue
        if old:
            told = Text("its record allows old SSH algorithms: {algorithms}", algorithms=", ".join(old))
            found.append(Diagnosis(what, True, told, needed=False))
    return found


def _named(site: Site) -> list[Diagnosis]:
    """The deposits whose record, from before letters were looked at, names a secret of the office's: it is not used."""
    found = []
    for summary in register.read(site).summaries:
        if summary.closed or summary.managed:
            continue
        try:
            reach.refuse_named(site, dossiers.read(site, summary.id).summary)
        except SopctlError as error:
            if error.id in ("password-named-by-record", "key-not-for-letters"):
                found.append(
                    Diagnosis(
                        Text("login {deposit}", deposit=summary.id), False, error.text, error.remedy, needed=False
                    )
                )
    return found


def _secrets(site: Site) -> list[Diagnosis]:
    try:
        open_ones = list(exposed(site))
    except SopctlError as error:
        return [Diagnosis(Text("secrets"), False, error.text, error.remedy)]
    if not open_ones:
        return [Diagnosis(Text("secrets"), True, Text("none can be read by others"))]
    found = [(str(each.path.relative_to(site.root)), each) for each in open_ones]
    return [
        Diagnosis(
            Text("secrets"),
            False,
            Text("{file}: {what} that others can read", file=name, what=each.what),
            Text("Close it: {command}", command=f"chmod 600 {each.path}"),
        )
        for name, each in found
    ]
