"""No secret comes out: every command is run in a site whose every secret is known again, and all that was said, kept,
sent and passed to other programs is searched for them. What they say in Indonesian has no English in it, either."""

import base64
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from http.server import HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import click
import paramiko
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from sopctl.cli.main import cli
from sopctl.model.access.target import fingerprint
from sopctl.workflow.setup import init
from tests import contract
from tests.adapters.bmc import fake as bmc_fake
from tests.adapters.switch import catalyst
from tests.adapters.switch.appliances import machine
from tests.adapters.switch.conftest import HOST_KEY
from tests.adapters.switch.fake import Device, running
from tests.cases import rows
from tests.faults.canaries import canary, found, leaks, of_key, private_key
from tests.faults.foreign import english
from tests.faults.outside import Mailbox, Posted, free_port
from tests.faults.scale import WHOLE, dice, figure
from tests.faults.server import Ended, Server
from tests.model.facts.readers.test_redfish import mockup
from tests.model.facts.test_appliance import said_by
from tests.workflow.ports.conftest import MAC, plugged

ROWS = rows("every_command")
OFFICE = ZoneInfo("Asia/Jakarta")
"""Whose day it is: a site's, by default."""


def leaves(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command of the tree that does something, with the words that lead to it."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            under = command.get_command(context, name)
            assert under
            yield from leaves(under, (*path, name))
    else:
        yield path, command


LEAVES = dict(leaves(cli))


def command_of(words: list[str]) -> tuple[str, ...]:
    return next(path for path in LEAVES if tuple(words[: len(path)]) == path)


def test_the_table_has_every_command() -> None:
    assert {command_of(row["words"]) for row in ROWS} == set(LEAVES)


AWKWARD = "-f 'a' \"b\" $(touch c) `touch c` 100%n\n{d} {{ 7 * 7 }} \udcff"
"""A folder's name that is an option, a shell's command, a format, a template, two lines, and no UTF-8: in such folders
stand the site and the files of every command."""


class Stage(NamedTuple):
    """A site full of secrets with the devices around it: what a test of every command needs."""

    site: Path
    folder: Path
    """What the commands take and write."""
    home: Path
    """Home and temporary files of whoever runs them."""
    planted: Mapping[str, str]
    """The secrets, by what each is."""
    secret: frozenset[Path]
    """Where they lie, and may."""
    sent: list[list[bytes]]
    """Messages that people got."""
    used: Callable[[], set[str]]
    """Which of the secrets a device was given: those that were really in use."""
    words: Mapping[str, str]
    """What stands in the places of the table."""


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    folder, home = tmp_path / AWKWARD, tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    root = tmp_path / f"{AWKWARD} site"
    with ExitStack() as held:
        yield _stage(root, folder, home, held, monkeypatch)


def _stage(root: Path, folder: Path, home: Path, held: ExitStack, monkeypatch: pytest.MonkeyPatch) -> Stage:
    site = init.init(root)
    init.allow_rehearsal(site, "[127.0.0.0/8]")
    planted = {name: canary() for name in PASSWORDS}
    secret = {root / "keys"}

    def keep(path: Path, content: str) -> Path:
        path.parent.mkdir(exist_ok=True, mode=0o700)
        path.write_text(content)
        path.chmod(0o600)
        secret.add(path)
        return path

    planted["the management key"] = of_key(root / "keys/management")
    planted["the owner's key"] = private_key(folder / "owner-key")
    secret.add(folder / "owner-key")
    shutil.copy(folder / "owner-key", root / "keys/owner")

    # what listens: mail, a channel, a switch, a BMC, an appliance, and a server that lets nobody in
    mailbox, got, logins = Mailbox(), list[bytes](), list[str]()

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        logins.append(data.password.decode())
        return AuthResult(success=data.password.decode() == planted["the mail password"])

    controller = Controller(
        mailbox,
        hostname="127.0.0.1",
        port=free_port(),
        authenticator=authenticate,
        auth_required=True,
        auth_require_tls=False,
    )
    controller.start()
    held.callback(controller.stop)
    channel = HTTPServer(("127.0.0.1", 0), type("Taking", (Posted,), {"taken": got}))
    Thread(target=channel.serve_forever, daemon=True).start()
    held.callback(channel.server_close)
    held.callback(channel.shutdown)
    lan = plugged()
    lan.plugged |= {f"GigabitEthernet1/0/{number}": [f"5254.0012.340{number}"] for number in (2, 3)}
    switch = held.enter_context(running(Device(lan.session, HOST_KEY, password=planted["the switch's password"])))
    monkeypatch.setattr(bmc_fake, "PASSWORD", planted["the BMC's password"])
    monkeypatch.setattr(bmc_fake, "TOKEN", planted["the BMC's session"])
    bmc = held.enter_context(bmc_fake.Bmc(home.parent, mockup("hpe-ilo5")["documents"]))
    Thread(target=bmc.serve_forever, daemon=True).start()
    held.callback(bmc.shutdown)
    appliance = held.enter_context(
        running(
            Device(
                machine(said_by("ios-switch-stack"), "cisco_ios"),
                HOST_KEY,
                user="dinas",
                password=planted["the appliance's password"],
            )
        )
    )
    server_key = paramiko.ECDSAKey.generate()
    server = held.enter_context(running(Device(catalyst.standard().session, server_key, user="nobody")))

    keep(root / "keys/vault", planted["the vault password"] + "\n")
    keep(root / "keys/mail", planted["the mail password"] + "\n")
    keep(
        root / "keys/posko",
        f"json://{planted['the channel']}:x@127.0.0.1:{channel.server_port}/{planted['the channel']}",
    )
    keep(root / "keys/sw1", planted["the switch's password"] + "\n")
    keep(root / "inventory/host_vars/PS-2026-0001.yml", f"db_password: {planted['a variable']}\n")
    keep(folder / "first-password", planted["the owner's password"] + "\n")
    keep(folder / "appliance-password", planted["the appliance's password"] + "\n")
    keep(folder / "bmc-password", planted["the BMC's password"] + "\n")
    keep(folder / "passphrase", planted["the backup's passphrase"] + "\n")
    (root / "sopctl.yml").write_text(
        (root / "sopctl.yml").read_text()
        + f"mail: {{host: 127.0.0.1, port: {controller.port}, tls: none, sender: a@example.org, user: data, "
        "password: mail}\nchannels: {posko: {url: posko}}\n"
    )
    (root / "racks/A1.yml").write_text(init.RACK + "switch: {name: sw1, ports: 8}\n")
    (root / "switches").mkdir()
    (root / "switches/sw1.yml").write_text(
        f"name: sw1\nplatform: cisco_ios\naddress: 127.0.0.1\nport: {switch.port}\naccount: {switch.user}\n"
        "password: sw1\nports: GigabitEthernet1/0/{n}\nservice_vlan: 110\nquarantine_vlan: 999\nvlans: [120]\n"
        "uplinks: [GigabitEthernet1/0/24]\n"
    )
    _letters(folder, server.port, appliance.port, bmc.port)
    deposits = ("server", "other", "appliance", "withdrawn", "refused")
    today = datetime.now(OFFICE).date()
    words = {
        **{name: f"PS-{today.year}-{number:04}" for number, name in enumerate(deposits, 1)},
        "folder": str(folder),
        "switch_key": fingerprint(HOST_KEY.asbytes()),
        "appliance_key": fingerprint(HOST_KEY.asbytes()),
        "server_key": fingerprint(server_key.asbytes()),
        "server_port": str(server.port),
        "bmc_key": f"SHA256:{bmc.sha256}",
        "visit": f"K-{today.year}-0002",
        "maintenance": f"P-{today.year}-0001",
        "today": f"{today}",
        "tomorrow": f"{today + timedelta(days=1)}",
        "last_month": f"{today.replace(day=1) - timedelta(days=1):%Y-%m}",
    }

    def used() -> set[str]:
        seen = {
            "the mail password": planted["the mail password"] in logins,
            "the channel": bool(got),
            "the switch's password": bool(switch.lines),
            "the appliance's password": bool(appliance.lines),
            "the owner's password": ("titipan", "password") in server.logins,
            "the owner's key": ("titipan", "publickey") in server.logins,
        }
        return {name for name, is_so in seen.items() if is_so}

    secret |= {folder / "unsealed" / name for name in ("keys", "inventory/host_vars")}  # asked for, and opened
    return Stage(root, folder, home, planted, frozenset(secret), [mailbox.taken, got], used, words)


PASSWORDS = (
    "the vault password",
    "the mail password",
    "the channel",
    "the switch's password",
    "the BMC's password",
    "the BMC's session",
    "the appliance's password",
    "the owner's password",
    "the backup's passphrase",
    "a variable",
    "a token of the operator's",
)
IN_USE = {
    "the mail password",
    "the channel",
    "the switch's password",
    "the appliance's password",
    "the owner's password",
    "the owner's key",
}
"""Those that the devices around were given."""


def _letters(folder: Path, server: int, appliance: int, bmc: int) -> None:
    example = init.EXAMPLE_REQUEST
    here = example.replace("192.0.2.10 ", "127.0.0.1 ").replace("port: 22", f"port: {server}")
    here += f"network: {{macs: ['{MAC}']}}\nbmc: {{address: 127.0.0.1, port: {bmc}}}\n"
    (folder / "server.yml").write_text(here)
    other = init.EXAMPLE_OTHER.replace("[443, 3389]", "[]")
    (folder / "other.yml").write_text(f"{other}network: {{macs: ['52:54:00:12:34:02']}}\n")
    for number, name in enumerate(("withdrawn", "refused"), 7):
        (folder / f"{name}.yml").write_text(
            example.replace("090/1/2026", f"090/{number}/2026")
            .replace("192.0.2.10 ", f"192.0.2.{number} ")
            .replace("SN-0001", f"SN-{number}")
            .replace("web1.example.org", f"{name}.example.org")
        )
    (folder / "list.csv").write_text(
        "unit,name,brand_model,height_units,address,contact,rack,rack_unit\n"
        "Dinas C,lama1.example.org,R200,2,192.0.2.21,Admin,A1,34\n"
    )
    (folder / "adopt.yml").write_text(
        "unit: Dinas C\ncontacts:\n  administrative: {name: A}\n  technical: {name: B}\n"
        "server: {name: lama9.example.org, brand_model: X, height_units: 1}\naccess: {address: 192.0.2.99}\n"
    )
    (folder / "appliance.yml").write_text(
        init.EXAMPLE_APPLIANCE.replace("192.0.2.20 ", "127.0.0.1 ").replace("port: 22", f"port: {appliance}")
        + "network: {macs: ['52:54:00:12:34:03']}\n"
    )


def prepare(stage: Stage, words: list[str]) -> None:
    """Write what a command reads that only the commands before it have made: an edited record, a sheet filled in."""
    for word in words:
        path = Path(word)
        if path.name == "edited.yml":
            record = (stage.site / "deposits" / words[1] / "deposit.yml").read_text()
            path.write_text(record.replace("Contoh R200", "Contoh R300"))
        elif path.name == "filled.yml":
            sheet = (stage.folder / "sheet.yml").read_text()
            filled = {
                "filled_by: ''": "filled_by: Staf",
                "hostname: ''": "hostname: WIN1",
                "filled_on: ''": f"filled_on: {datetime.now(OFFICE).date()}",
            }
            for old, new in {**filled, "disks: []": "disks: ['Disk 0; 480 GB; Contoh SSD; S-AAA; baik']"}.items():
                assert old in sheet
                sheet = sheet.replace(old, new)
            path.write_text(sheet)


def variants(words: list[str], number: int, *, plain: bool) -> Iterator[tuple[list[str], bool]]:
    """A command as it stands in the table (true), before it as it cannot be done; with and without --json."""
    chance = dice(str(number))
    deposit = next((at for at, word in enumerate(words) if word.startswith("PS-")), None)
    json_too = not plain and any(each.name == "as_json" for each in LEAVES[command_of(words)].params)
    if WHOLE or chance.random() < 0.2:
        yield [*words, "--no-such-option"], False
        if deposit is not None:
            yield [*words[:deposit], "PS-2001-0001", *words[deposit + 1 :], *(["--json"] if json_too else [])], False
    if not WHOLE and " ".join(command_of(words)).startswith(READING) and chance.random() < 0.6:
        return
    as_json = json_too and chance.random() < 0.5
    yield [*words, *(["--json"] if as_json else [])], True
    if WHOLE and json_too and " ".join(command_of(words)).startswith(READING):
        yield [*words, *([] if as_json else ["--json"])], True


PART = ROWS if WHOLE else ROWS[: 1 + next(at for at, row in enumerate(ROWS) if row["words"][:1] == ["configure"])]
"""A bounded run goes with the deposits until one is configured, with the owner's password."""
READING = (
    *("list", "show", "todo", "report", "runs", "validate", "doctor", "document list", "document verify"),
    *("document make inventory", "document make guestbook", "document make sop", "journal anchor", "journal verify"),
    *("rack", "sop", "checks", "queue list", "visit list", "maintenance list", "schedule show"),
    *("inventory show", "inventory form", "inventory conditions", "inventory summary", "inventory diff"),
    *("switch list", "switch plan", "switch audit", "lab status", "lab states", "lab hardware"),
)
"""These may be run twice or not at all: nothing is another after them. A bounded run has some."""


@pytest.mark.scaled
@pytest.mark.timeout(3600)
def test_no_secret_and_no_english_comes_out_of_any_command(
    stage: Stage, shim: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    programs = tmp_path_factory.mktemp("programs") / "started"
    environment = {
        "SOPCTL_LANG": "id",
        "HOME": str(stage.home),
        "TMPDIR": str(stage.home),
        "SHIM_PROGRAMS": str(programs),
        "SOPCTL_TEST_TOKEN": stage.planted["a token of the operator's"],
    }
    wrong: list[str] = []
    foreign: list[str] = []
    ran = 0
    with Server(shim, environment) as server:
        for number, row in enumerate(PART):
            words = [word.format(**stage.words) for word in row["words"]]
            prepare(stage, words)
            for tried, right in variants(words, number, plain="plain" in row):
                ended = server.run(stage.site, tried)
                said = f"{ended.out}{ended.err}".encode()
                if "--json" in tried and ended.out and (breach := contract.breach(ended.out)):
                    wrong.append(f"{' '.join(tried)} does not keep to its schema: {breach}")
                wrong += [f"{' '.join(tried)} says: {name}" for name in found(said, stage.planted)]
                assert "Traceback" not in ended.err, tried
                if "--json" not in tried:
                    foreign += [f"{' '.join(tried)} says: {line}" for line in english(f"{ended.out}\n{ended.err}")]
                if right and ended.code != row.get("code", 0):
                    wrong.append(f"{' '.join(tried)} ends with {ended.code}: {ended.err[-300:]}{ended.out[-300:]}")
                ran += 1
    if WHOLE:
        wrong += [f"was not in use: {name}" for name in sorted(IN_USE - stage.used())]
    wrong += leaks(stage.site.parent, stage.planted, stage.secret)
    for sent in (each for to in stage.sent for each in to):
        wrong += [f"a message: {name}" for name in found(sent, stage.planted)]
    started = programs.read_bytes()
    theirs = {name: secret for name, secret in stage.planted.items() if name != "a token of the operator's"}
    wrong += [f"a program was started with {name}" for name in found(started, theirs)]
    assert b"sopctl.adapters.channels" in started, "what was started was noted"
    assert not wrong, "\n".join(wrong)
    assert foreign == [], "everything is said in the language of whoever asks: sopctl/locale"
    figure(
        "canary secrets",
        f"{len(stage.planted)} secrets, {ran} commands: none found in what was said, kept, sent or passed on",
    )


@pytest.mark.parametrize("way", ["a reason", "an argument", "a paper", "a spreadsheet", "an encoding", "a name"])
def test_a_leak_is_found(way: str, stage: Stage, shim: Path, tmp_path: Path) -> None:
    """The search can fail: what leaks on purpose, in each of these ways, is found."""
    secret = stage.planted["the mail password"]
    with Server(shim, {"TMPDIR": str(stage.home), "SHIM_PROGRAMS": str(stage.home / "programs")}) as server:

        def run(*words: str) -> Ended:
            ended = server.run(stage.site, [word.format(**stage.words) for word in words])
            assert ended.code == 0, ended.err
            return ended

        match way:
            case "a reason":
                run("request", "{folder}/server.yml")
                run("hold", "{server}", "--reason", f"kata sandi {secret}", "--by", "staf")
                said = run("show", "{server}").out
                assert found(said.encode(), stage.planted) == {"the mail password"}
            case "an argument":
                run("init", "{folder}/" + secret)  # it calls ssh-keygen -f
                shutil.rmtree(stage.folder / secret)
            case "a paper":
                letter = (stage.folder / "server.yml").read_text().replace("Contoh R200", secret)
                (stage.folder / "with.yml").write_text(letter)
                run("document", "make", "letter", "--from", "{folder}/with.yml", "-o", "{folder}/letter.pdf")
                (stage.folder / "with.yml").unlink()
            case "a spreadsheet":
                letter = (stage.folder / "server.yml").read_text().replace("Contoh R200", secret)
                (stage.folder / "with.yml").write_text(letter)
                words = ("document", "make", "letter", "--from", "{folder}/with.yml", "--format", "xlsx")
                run(*words, "-o", "{folder}/letter.xlsx")
                (stage.folder / "with.yml").unlink()
            case "an encoding":
                (stage.folder / "log").write_text(base64.b64encode(f"\0data\0{secret}".encode()).decode())
            case "a name":
                (stage.site / "var" / secret).mkdir(parents=True)
    told = leaks(stage.site.parent, stage.planted, stage.secret)
    assert told
    assert all(each.endswith(": the mail password") for each in told)
