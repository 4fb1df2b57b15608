"""Everything that reads what others wrote or sent, as one table: bytes in, and out a value or one of our errors."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, cast

import openpyxl
import yaml

from sopctl.adapters import spreadsheet
from sopctl.adapters.ssh import examine
from sopctl.adapters.ssh.banner import Greeting
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.switch import DeviceFault, Session, driver, known, neighbours, pending, read, saved
from sopctl.errors import SopctlError
from sopctl.model.as_json import NotJson, from_json
from sopctl.model.deposit import Deposit
from sopctl.model.facts import appliance
from sopctl.model.facts.platforms import KNOWN
from sopctl.model.facts.readers import redfish
from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from sopctl.model.facts.setup import from_setup
from sopctl.model.fingerprint import answer
from sopctl.model.sop.history import Event
from sopctl.model.survey import found
from sopctl.store import codec
from sopctl.workflow.setup import init

CASES = Path(__file__).parents[1] / "cases"
AT = "2026-11-26T09:00:00+07:00"
TOLD = (SopctlError, NotJson, Fault, DeviceFault)
"""What a reader may raise."""


class Reader(NamedTuple):
    """One of them, with inputs that it reads, from which others are made."""

    read: Callable[[bytes], object]
    seeds: Callable[[], Iterator[bytes]]


class Answering:
    """A session in which a switch's every command is answered with the next part of one text."""

    endpoint = "127.0.0.1:22"

    def __init__(self, text: str) -> None:
        self._parts = text.split("\x00")
        self._asked = 0

    def show(self, _command: str, **_how: object) -> str:
        self._asked += 1
        return self._parts[self._asked % len(self._parts)]


def _switch(platform: str) -> Callable[[bytes], object]:
    found = driver(platform)

    def all_of(content: bytes) -> None:
        session = cast(Session, Answering(content.decode(errors="replace")))
        for each in (
            lambda: read(found, session),
            lambda: neighbours(found, session, "GigabitEthernet1/0/1"),
            lambda: pending(found, session, "GigabitEthernet1/0/1"),
            lambda: saved(found, session),
        ):
            try:
                each()
            except DeviceFault:
                continue

    return all_of


def _appliance(platform: str) -> Callable[[bytes], object]:
    commands = appliance.commands(platform)

    def read(content: bytes) -> object:
        parts = content.decode(errors="replace").split("\x00")
        said = {command: parts[number % len(parts)] for number, command in enumerate(commands)}
        return appliance.from_answers(platform, said, gathered_at=AT)

    return read


def _banner(content: bytes) -> None:
    greeting = Greeting()
    for start in range(0, len(content), 100):
        if greeting.feed(content[start : start + 100]):
            return


def _redfish(content: bytes) -> object:
    documents = from_json(content, dict[str, object])
    return redfish.from_bmc(documents, gathered_at=AT), redfish.wanted(documents)


def _setup(content: bytes) -> object:
    return from_setup(from_json(content, dict[str, object]), gathered_at=AT)


def _texts(*patterns: str) -> Callable[[], Iterator[bytes]]:
    """Those of the tests' own cases."""

    def seeds() -> Iterator[bytes]:
        for pattern in patterns:
            for path in sorted(CASES.glob(pattern)):
                if path.is_file():
                    yield path.read_bytes()[:20_000]

    return seeds


def _said(text: bytes) -> Callable[[], Iterator[bytes]]:
    def seeds() -> Iterator[bytes]:
        yield text

    return seeds


def _records(folder: str) -> Iterator[bytes]:
    yield from _texts(f"{folder}/**/deposit.yml")()
    yield init.EXAMPLE_REQUEST.encode()


def _bmcs() -> Iterator[bytes]:
    for path in sorted((CASES / "bmc").glob("*.yml")):
        yield json.dumps(yaml.load(path.read_text(), yaml.CSafeLoader)["documents"]).encode()


def _book() -> Iterator[bytes]:
    book, into = openpyxl.Workbook(), io.BytesIO()
    book.worksheets[0].append(["unit", "name", "address"])
    book.worksheets[0].append(["Dinas", "a.example.org", 3.5])
    book.save(into)
    yield into.getvalue()


IOS = (
    b"interface Gi1/0/1\n switchport mode access\n switchport access vlan 110\n!"
    b"\x00Port Name Status Vlan\nGi1/0/1  connected 110"
)
ROUTEROS = b' 0 R ;;; PS-1\n name="ether1" bridge=bridge pvid=110 tagged="" untagged=ether1\x00 1 interface=ether2'
JUNOS = b"set interfaces ge-0/0/1 unit 0 family ethernet-switching vlan members v110\nset vlans v110 vlan-id 110"
OVS = b'{"data":[["p1",110,["set",[]]]],"headings":["name","tag","trunks"]}'

READERS: dict[str, Reader] = {
    "record": Reader(lambda content: codec.parse(content, Deposit, where="x"), lambda: _records("older_site")),
    "history": Reader(
        lambda content: codec.parse(content, tuple[Event, ...], where="x"), _texts("older_site/**/history.yml")
    ),
    "facts-json": Reader(lambda content: from_json(content, ServerFacts), _said(b'{"gathered_at": "x", "via": "ssh"}')),
    "script": Reader(
        lambda content: from_script(content.decode(errors="replace"), gathered_at=AT), _texts("details/*")
    ),
    "setup": Reader(_setup, _said(b'{"ansible_devices": {"sda": {"size": "1.0 TB", "sectorsize": "512"}}}')),
    "redfish": Reader(_redfish, _bmcs),
    "banner": Reader(_banner, _said(b"Welcome\r\nSSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n\x00\x00")),
    "accounts": Reader(lambda content: examine.read_seen("a", examine.read_records(content)), _said(b"=user 3\nabc\n")),
    "survey": Reader(
        lambda content: found.read(examine.read_records(content)), _said(b"=listen 3\nabc\n=account 1\na\n")
    ),
    "fingerprint": Reader(
        lambda content: answer.read(content, "m"), _said(b"=begin m\n=note absent\n+file a b\n=end m\n")
    ),
    "spreadsheet": Reader(
        lambda content: list(spreadsheet.read_rows(content, where="x", max_rows=100, max_columns=20)), _book
    ),
    **{f"switch {each}": Reader(_switch(each), _said(b"\x00".join((IOS, ROUTEROS, JUNOS, OVS)))) for each in known()},
    **{f"appliance {each}": Reader(_appliance(each), _texts("appliances/*")) for each in KNOWN},
}
