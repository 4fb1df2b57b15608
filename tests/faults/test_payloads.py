"""Payload × field × sink: whatever others write into a letter or say of a machine, in every field that has text, it is
refused at the door or stays the text that it is, wherever it comes out."""

import csv
import io
import json
import os
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default
from html.parser import HTMLParser
from pathlib import Path
from random import Random
from typing import Any, cast

import msgspec
import openpyxl
import pypdfium2
import pytest
import yaml
from aiosmtpd.controller import Controller
from click.testing import CliRunner
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from sopctl.adapters.documents.press import Press
from sopctl.adapters.switch import DeviceFault, Session, driver, known, neighbours, read
from sopctl.cli import terminal
from sopctl.cli.main import cli
from sopctl.errors import SopctlError
from sopctl.model.deposit import AnyRequest, ApplianceRequest, OtherRequest, Request
from sopctl.model.facts import appliance
from sopctl.model.facts.platforms import KNOWN
from sopctl.model.facts.readers import redfish
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from sopctl.model.facts.setup import from_setup
from sopctl.model.inspection import Inspection
from sopctl.model.sop.entries import Configured
from sopctl.store import codec, dossiers
from sopctl.store.dossiers import NOTE_LENGTH
from sopctl.store.site import Site
from sopctl.workflow import admitting
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.setup import init
from sopctl.workflow.steps import collecting, handover, inspecting, letters, notifying, reservation
from tests.cases import rows
from tests.faults.outside import Mailbox, free_port
from tests.faults.readers import AT, READERS, Answering
from tests.faults.scale import WHOLE, dice, figure
from tests.faults.texts import Path as Place
from tests.faults.texts import filled, has, leaves, put, texts_of

MORE = """
access: {sources: [192.0.2.0/24]}
network: {macs: ['52:54:00:12:34:56']}
bmc: {address: 192.0.2.110}
server: {processor: Contoh 8C, disks: [480 GB], operating_system: Contoh 1, application: X, description: Y}
contacts:
  administrative: {nip: '196501011990031001', phone: 0355-1, rank: Penata}
  technical: {nip: '196501011990031001', phone: 0355-2, rank: Penata}
"""
NOT_LET_IN = {
    ("access", "first_contact", "password"),
    ("access", "first_contact", "user"),
    ("access", "first_contact", "key"),
    ("access", "management_account"),
    ("access", "network"),
    ("access", "static_address", "gateway"),
    ("access", "accounts", 0, "keys", 0),
    ("access", "accounts", 0, "name"),
    ("access", "ports", 0),
    ("access", "sources", 0),
    ("bmc", "address"),
    ("network", "macs", 0),
}
"""What some kinds of letters may not name, or name only with something else. Each is in the letter of another kind."""
KINDS: dict[type[AnyRequest], str] = {
    Request: init.EXAMPLE_REQUEST,
    ApplianceRequest: init.EXAMPLE_APPLIANCE,
    OtherRequest: init.EXAMPLE_OTHER,
}


def merged(one: Any, more: Any) -> Any:
    if not isinstance(one, dict) or not isinstance(more, dict):
        return more
    return one | {key: merged(one.get(key), value) for key, value in more.items()}


def letter(kind: type[AnyRequest]) -> dict[str, Any]:
    """A letter that says all that one of its kind may."""
    text = cast(dict[str, Any], msgspec.to_builtins(yaml.load(KINDS[kind], yaml.CSafeLoader)))
    more = yaml.load(MORE, yaml.CSafeLoader)
    if kind is not Request:
        more["access"] = {}
    if kind is ApplianceRequest:
        del more["bmc"]
    return cast(dict[str, Any], merged(text, more))


PLACES = [(kind, place) for kind in KINDS for place in sorted(texts_of(kind), key=str) if has(letter(kind), place)]
ROWS = rows("payloads")


def payload(row: dict[str, Any], canary: Path) -> str:
    return str(row["text"] * row.get("times", 1)).format(canary=canary)


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Path]:
    """A file that nothing may make."""
    path = tmp_path / "kenari"
    yield path
    assert not path.exists()


def chosen(few: int) -> list[dict[str, Any]]:
    """Payloads: all, or some."""
    return ROWS if WHOLE else dice().sample(ROWS, few)


def test_every_text_of_every_letter_is_tried() -> None:
    tried = {place for _, place in PLACES}
    for kind in KINDS:
        assert {place for place in texts_of(kind) if not has(letter(kind), place)} <= NOT_LET_IN, kind
        content = codec.dump(msgspec.convert(letter(kind), kind, strict=False))
        codec.parse(content, kind, where="x")
    assert NOT_LET_IN - tried <= {
        ("access", "first_contact", "password"),
        ("access", "management_account"),
        ("access", "network"),
        ("access", "static_address", "gateway"),
    }


def let_in(site: Site, kind: type[AnyRequest], place: Place, text: str) -> bool:
    """Does the door let a letter in that says this there? What it lets in is the text, to the character."""
    content = json.dumps(put(letter(kind), place, text)).encode()
    try:
        record = codec.parse(content, kind, where="surat.yml")
        admitting.refuse(site, record, admitting.in_record(content, "surat.yml"))
    except SopctlError as error:
        refused = str(error)
    else:
        refused = ""
    assert len(refused) < 4000, "a refusal is short, however long the text"
    assert all(map(plain, refused)), "and shows nothing raw"
    if refused:
        return False
    assert text in set(leaves(record)), (place, text)
    return True


def plain(character: str) -> bool:
    """May this character reach a terminal? Nothing that moves, hides or turns round what is read."""
    return character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Zl", "Zp", "Cs", "Co", "Cn")


@pytest.mark.scaled
@pytest.mark.timeout(7200)
def test_a_letter_is_refused_or_says_what_it_said(site: Site, canary: Path) -> None:
    let, refused = 0, 0
    for row in chosen(12):
        for kind, place in PLACES:
            if let_in(site, kind, place, payload(row, canary)):
                let += 1
            else:
                refused += 1
    assert min(let, refused) > 50
    figure(
        "payloads in letters",
        f"{let + refused} letters with one payload each: {refused} refused, {let} let in as written",
    )


class Office:
    """A site in which every deposit's letter and facts are made of payloads, and what people got by mail."""

    def __init__(self, desk: Desk, folder: Path, canary: Path) -> None:
        self.desk, self.folder = desk, folder
        self.said: dict[str, str] = {}
        """By deposit: its payload."""
        for number, row in enumerate(chosen(2), 1):
            self._take_in(number, payload(row, canary))

    def _take_in(self, number: int, text: str) -> None:
        site, record = self.desk.site, letter(Request)
        record = merged(
            record,
            {
                "letter": {"number": f"090/{number}/2026"},
                "server": {"name": f"web{number}.example.org", "serial": f"SN-{number:04}"},
                "access": {"address": f"127.0.1.{number}", "port": 1},
                "network": {"macs": [f"52:54:00:12:34:{number:02x}"]},
                "bmc": {"address": f"192.0.2.{100 + number}"},
            },
        )
        own = {("letter", "number"), ("server", "serial"), ("server", "name"), ("unit",)}
        for kind, place in PLACES:
            if kind is Request and place not in own and let_in(site, kind, place, text):
                record = put(record, place, text)
        path = self.folder / "surat.yml"
        path.write_text(json.dumps(record))
        name = letters.request(self.desk, path).id
        self.said[name] = text
        noted = text[:NOTE_LENGTH]
        for _ in range(2):
            letters.dispose(self.desk, name, instruction=noted)
        reservation.reserve(self.desk, name)
        notifying.notify(self.desk, name)
        handover.receive(self.desk, name, note=noted)
        inspecting.inspect(self.desk, name, serial=f"SN-{number:04}", found=Inspection(rest_ok=True), note=noted)
        handover.handover(self.desk, name)
        reservation.place(self.desk, name)
        with turn(self.desk, name, "configure") as mine:
            mine.record("selesai", Configured(changed=0), note="x")
        for verb, outcome in (("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai")):
            with turn(self.desk, name, verb) as mine:
                mine.record(outcome)
        with turn(self.desk, name, "inventory") as mine, Press(0) as press:
            facts = msgspec.convert(filled(ServerFacts, lambda: text[:4000]), ServerFacts)
            facts = replace(facts, gathered_at=self.desk.now().isoformat())  # which no machine says
            collecting.fill(mine, facts, f"{self.desk.now():%Y-%m}", press).keep()

    def run(self, *words: str, code: int | None = 0) -> str:
        ran = CliRunner().invoke(cli, ["--site", str(self.desk.site.root), *words])
        assert ran.exception is None or isinstance(ran.exception, SystemExit), (words, ran.exception)
        assert code is None or ran.exit_code == code, (words, ran.output)
        return ran.stdout


@pytest.fixture
def office(
    site: Site, desk: Desk, clock: object, tmp_path: Path, canary: Path
) -> Iterator[tuple[Office, list[Message]]]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings = site.root / "sopctl.yml"
    settings.write_text(
        settings.read_text() + f"mail: {{host: 127.0.0.1, port: {controller.port}, tls: none, sender: a@example.org}}\n"
    )
    (site.root / "racks" / "A1.yml").write_text("name: A1\nroom: R\nunits: 60\ndepth_mm: 900\npower_watts: 90000\n")
    (site.root / "racks" / "A2.yml").write_text("name: A2\nroom: R\nunits: 60\ndepth_mm: 900\npower_watts: 90000\n")
    try:
        at = terminal.desk(Site(site.root), user="root", clock=desk.clock).knowing(clock_is_right=True)
        made = Office(at, tmp_path, canary)
        yield made, [message_from_bytes(each, policy=default) for each in box.taken]
    finally:
        controller.stop()


@pytest.mark.scaled
@pytest.mark.timeout(7200)
def test_what_was_let_in_stays_text_wherever_it_comes_out(office: tuple[Office, list[Message]], tmp_path: Path) -> None:
    here, mails = office
    names = list(here.said)
    sinks = 0
    for words in terminal_sinks(names):
        shown = here.run(*words, code=None)
        assert shown, words
        assert [each for each in shown if not plain(each)] == [], words
        document = here.run(*words, "--json", code=None)
        json.loads(document)
        sinks += 2
    for name, text in here.said.items():
        said = set(leaves(json.loads(here.run("show", name, "--personal", "--json"))))
        assert any(text[:200] in each for each in said), name
        assert dossiers.read(here.desk.site, name).deposit.server.name in said
    for what in ("devices", "interfaces", "mac-addresses", "inventory-items"):
        _is_sound_csv(here.run("inventory", "summary", "--netbox", what))
    _is_sound_csv(here.run("inventory", "summary", "--csv"))
    conditions = here.run("inventory", "conditions", "--format", "prometheus", code=None)
    assert {each.name.split("_")[0] for each in text_string_to_metric_families(conditions)} <= {"sopctl"}
    checked = here.run("check", "--all", "--timeout", "2", "--format", "junit", code=None)
    assert ET.fromstring(checked).tag in ("testsuite", "testsuites")
    _are_sound_metrics(here.run("check", "--all", "--timeout", "2", "--format", "prometheus", code=None), names)
    books = [tmp_path / "inventaris.xlsx"]
    here.run("document", "make", "inventory", "--format", "xlsx", "-o", str(books[0]))
    _is_sound_book(books[0])
    here.run("document", "make", "inventory", "-o", str(tmp_path / "inventaris.pdf"))
    papers = [*here.desk.site.root.glob("deposits/*/documents/*.pdf"), tmp_path / "inventaris.pdf"]
    for paper in papers:
        _is_sound_paper(paper)
    for name in names:
        here.run("export", name, str(tmp_path / f"{name}.zip"))
        _is_sound_archive(tmp_path / f"{name}.zip")
    assert len(mails) == len(names)
    for mail in mails:
        _is_sound_mail(mail)
    _is_sound_inventory(here)
    here.run("validate")
    here.run("journal", "verify")
    sinks += 9 + len(papers) + len(names) + len(mails)
    figure("payloads in sinks", f"{len(names)} deposits made of payloads, {sinks} outputs: each is the text that it is")


def terminal_sinks(names: list[str]) -> list[tuple[str, ...]]:
    """What shows something of a deposit to people, and as JSON."""
    return [
        ("list", "--state", "all"),
        ("list", "--columns", "id,unit,server,application,description"),
        ("todo",),
        ("rack", "show", "A1"),
        ("queue", "list"),
        ("report", "sla"),
        ("inventory", "conditions"),
        ("inventory", "summary"),
        ("remind", "--dry-run"),
        ("document", "verify", "--all"),
        *(
            words
            for name in names
            for words in (
                ("show", name, "--personal"),
                ("document", "list", name),
                ("inventory", "show", name),
                ("inventory", "show", name, "--over-time"),
                ("sop", "show", "penitipan", "--deposit", name),
            )
        ),
    ]


def _is_sound_csv(text: str) -> None:
    for line in csv.reader(io.StringIO(text)):
        assert not [cell for cell in line if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert [each for each in text if not plain(each)] == []


def _are_sound_metrics(text: str, names: list[str]) -> None:
    for family in text_string_to_metric_families(text):
        assert family.name.startswith(("probe_", "sopctl_"))
        assert {sample.labels.get("target", "") for sample in family.samples} <= {*names, ""}


def _is_sound_book(file: Path) -> None:
    book = openpyxl.load_workbook(file)
    cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
    assert cells
    assert [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink] == []


def _is_sound_paper(file: Path) -> None:
    paper = pypdfium2.PdfDocument(file)
    text = "\n".join(page.get_textpage().get_text_bounded() for page in paper)
    content = file.read_bytes()
    assert text.strip()
    assert not [mark for mark in (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/SubmitForm") if mark in content]


class Page(HTMLParser):
    """What of a page would do something, or fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags = 0
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags += 1
        if tag in ("script", "img", "svg", "iframe", "object", "embed", "form", "base", "link"):
            self.active.append(tag)
        self.active += [f"{tag} {name}" for name, value in attrs if name.startswith("on") or ":" in (value or "")]


def _is_sound_archive(file: Path) -> None:
    with zipfile.ZipFile(file) as packed:
        for name in packed.namelist():
            assert not name.startswith(("/", "-", "~"))
            assert ".." not in Path(name).parts
            assert name.isascii()
            assert name.isprintable()
            if name.endswith((".svg", ".xml")):
                ET.fromstring(packed.read(name))
            if name.endswith(".html"):
                page = Page()
                page.feed(packed.read(name).decode())
                assert page.tags
                assert page.active == []


def _is_sound_mail(mail: Message) -> None:
    assert mail["To"] == "admin@example.org"
    allowed = {
        "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
        "Auto-Submitted", "X-Peer", "X-MailFrom", "X-RcptTo", "Content-Language", "Reply-To",
    }  # fmt: skip
    assert set(mail.keys()) <= allowed
    assert len(mail.get_all("To", [])) == 1
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    assert [each for each in body.decode().replace("\r\n", "\n") if not plain(each)] == []


def _is_sound_inventory(here: Office) -> None:
    """As Ansible itself reads it: hosts of ours, and values that are no templates."""
    ran = subprocess.run(
        [Path(sys.executable).parent / "ansible-inventory", "-i", "inventory", "--list"],
        cwd=here.desk.site.root,
        env={**os.environ, "ANSIBLE_CONFIG": str(here.desk.site.root / "ansible.cfg")},
        capture_output=True,
        text=True,
        check=True,
    )
    hosts = json.loads(ran.stdout)["_meta"]["hostvars"]
    assert set(hosts) <= set(here.said)
    assert not [value for values in hosts.values() for value in leaves(values) if "root:x:0" in value or value == "49"]


# What machines say


def hostile(seed: bytes, text: str, random: Random) -> bytes:
    """An answer in which a payload stands wherever a machine may have put it: between words, in every text."""
    try:
        document = json.loads(seed)
    except ValueError:
        parts = seed.decode(errors="replace").split(" ")
        for _ in range(min(60, len(parts))):
            at = random.randrange(len(parts))
            parts[at] = f"{parts[at]}{text}" if random.random() < 0.5 else text
        return " ".join(parts).encode(errors="replace")[:200_000]
    return json.dumps(_said(document, text)).encode()


def _said(value: Any, text: str) -> Any:
    match value:
        case str():
            return text
        case dict():
            return {key: _said(each, text) for key, each in value.items()}
        case list():
            return [_said(each, text) for each in value]
    return value


def _switch(platform: str) -> Callable[[bytes], object]:
    found = driver(platform)

    def all_of(content: bytes) -> object:
        session = cast(Session, Answering(content.decode(errors="replace")))
        said: list[object] = []
        for each in (lambda: read(found, session), lambda: neighbours(found, session, "GigabitEthernet1/0/1")):
            try:
                said.append(each())
            except DeviceFault as error:
                said.append(str(error))
        return said

    return all_of


def _appliance(platform: str) -> Callable[[bytes], object]:
    commands = appliance.commands(platform)

    def answers(content: bytes) -> object:
        parts = content.decode(errors="replace").split("\x00")
        said = {command: parts[number % len(parts)] for number, command in enumerate(commands)}
        return appliance.from_answers(platform, said, gathered_at=AT)

    return answers


MACHINES: dict[str, Callable[[bytes], object]] = {
    "script": lambda content: from_script(content.decode(errors="replace"), gathered_at=AT),
    "setup": lambda content: from_setup(json.loads(content), gathered_at=AT),
    "redfish": lambda content: redfish.from_bmc(json.loads(content), gathered_at=AT),
    **{f"switch {each}": _switch(each) for each in known()},
    **{f"appliance {each}": _appliance(each) for each in KNOWN},
}
"""What reads the answers of machines, by the names of the table of readers."""


@pytest.mark.scaled
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", MACHINES)
def test_what_a_machine_says_is_printable_once_it_is_read(name: str, canary: Path) -> None:
    random = dice(name)
    seeds = list(READERS[name].seeds())
    tried = 0
    for row in chosen(4):
        text = payload(row, canary)[:20_000]
        for seed in seeds if WHOLE else random.sample(seeds, min(2, len(seeds))):
            for said in leaves(msgspec.to_builtins(MACHINES[name](hostile(seed, text, random)))):
                assert len(said) <= 4000, (row, said[:200])
                assert [each for each in said if not plain(each)] == [], (row, said)
            tried += 1
    figure(f"payloads from machines: {name}", f"{tried} answers: all that was read of them is printable")
