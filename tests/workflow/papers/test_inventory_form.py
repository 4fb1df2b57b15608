"""What an inventory form says, in which order, on how many pages: a server with a failed disk, a supply without a cord,
an array without one of its members and drives of 4 KB sectors, in its first month and a month later."""

import re
from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest

from sopctl.adapters.documents.pdf import render
from sopctl.model.facts.server import ServerFacts
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.papers.inventory_form import changes_of, inventory_form
from tests.model.facts.captures import facts

KEY = {"type": "ssh-ed25519", "key": "AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}
SERIAL = "SN-198.51.100.7-22"
"""As `placed` has it."""
SUPPLY = {"Power Unit Group": 1, "Model Part Number": "0PJMDN", "Max Power Capacity": "750 W"}


def server(*, broken: bool) -> ServerFacts:
    """A server of two supplies, a flash disk, a mirror of md, and six drives of 12 TB behind a controller."""
    states = {3: "Failed", 4: "Rbld"} if broken else {}
    drives = "\n".join(
        f"Drive /c0/e8/s{at} :\n"
        f"8:{at}   1{at} {states.get(at, 'Onln')}   0  10.913 TB SAS  HDD N   N  4 KB ST12000NM0027    U  -\n"
        f"SN = DRIVE-{at}\nRaw size = 10.914 TB [0xaea00000 Sectors]"
        for at in range(6)
    )
    machine: dict[str, Any] = {
        "dmi": ["Contoh", "Server R100", SERIAL, "BOARD-1", SERIAL, ""],
        "memory": [[f"A{at}", 16384, "DDR4", "Contoh", f"MEM-{at}", "CM-2400"] for at in range(8)],
        "supplies": [
            SUPPLY
            | {"Location": f"PSU {at}", "Serial Number": f"PSU-000{at}"}
            | {"Status": "Present, Critical" if broken and at == 1 else "Present, OK"}
            | {"Plugged": "No" if broken and at == 1 else "Yes"}
            for at in (1, 2)
        ],
        "disks": [
            ["sda", "disk", 480103981056, "MZ7LH480", "DISK-1", False],
            ["sdb", "disk", 47998974877696, "PERC H740P Mini", "6003AB", True],
        ],
        "smart": {"sda": ["DISK-1", "FAILED!" if broken else "PASSED"]},
        "cards": {"eno1": {"mac": "00:00:5e:00:53:01", "driver": "ixgbe", "ips": ["198.51.100.7/24"]}},
        "raw": {
            "os": 'NAME="Debian GNU/Linux"\nVERSION_ID="12"',
            "debian": "12.8",
            "virt": "none",
            "mdstat": "md0 : active raid1 sdc1[1](F) sda1[0]\n      468706304 blocks super 1.2 [2/1] [U_]"
            if broken
            else "md0 : active raid1 sdc1[1] sda1[0]\n      468706304 blocks super 1.2 [2/2] [UU]",
            "raid": f"Controller = 0\n0/0 RAID6 {'Pdgd' if broken else 'Optl'} RW Yes RWBD - ON 43.654 TB data",
            "drives": drives,
            "supply": "Status | 85h | ok | 10.1 | Presence detected" + (", Power Supply AC lost" if broken else ""),
        },
    }
    return facts(machine)


@pytest.fixture
def pages(desk: Desk, placed: Callable[..., str]) -> Callable[..., list[str]]:
    """The text of each page of a form, its lines joined."""
    deposit = placed("198.51.100.7", 22, KEY | {"sha256": "SHA256:" + "A" * 43})
    for verb, outcome in (("configure", "selesai"), ("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai")):
        with turn(desk, deposit, verb) as mine:
            mine.record(outcome)

    def made(before: ServerFacts | None, after: ServerFacts) -> list[str]:
        with turn(desk, deposit, "inventory") as mine:
            form = inventory_form(mine, after, "2026-12", changes_of(mine, before, after))
        found = pypdfium2.PdfDocument(render(form))
        return [re.sub(r"\s+", " ", page.get_textpage().get_text_range()) for page in found]

    return made


CONDITIONS = (
    "Disk sda (DISK-1) SMART menyatakan FAILED! kritis",
    "Disk RAID c0/e8/s3 (DRIVE-3) tidak sehat (Failed) kritis",
    "RAID 0/0 tidak utuh (Pdgd) kritis",
    "RAID md0 tidak utuh (U_); anggota sdc1 gagal kritis",
    "Catu daya PSU 1 (PSU-0001) tidak mendapat daya (Power Supply AC lost) kritis",
    "Disk RAID c0/e8/s4 (DRIVE-4) sedang dikerjakan (Rbld) peringatan",
)
CHANGES = (
    "Kesehatan disk DISK-1: PASSED menjadi FAILED!",
    "Keadaan RAID 0/0: Optl menjadi Pdgd",
    "Keadaan catu daya PSU 1: Presence detected menjadi Power Supply AC lost",
)


def test_what_is_wrong_comes_first_and_what_changed_stands_with_the_signature(pages: Callable[..., list[str]]) -> None:
    found = pages(server(broken=False), server(broken=True))
    text = " ".join(found)
    assert len(found) <= 3
    places = [found[0].index(sentence) for sentence in ("Keadaan yang perlu ditangani", *CONDITIONS, "Identitas")]
    assert places == sorted(places), "conditions first, critical ones before warnings, one row for each part"
    for said in ("480 GB", "12 TB", "48 TB", "tidak, mesin fisik", "PSU 1 750 W (tidak mendapat daya)", "128 GiB"):
        assert said in text
    assert "43.654" not in text, "which would be forty-three thousand"
    assert all(change in found[-1] for change in CHANGES)
    assert "Petugas inventarisasi" in found[-1]


def test_a_first_form_says_what_is_wrong_from_the_beginning(pages: Callable[..., list[str]]) -> None:
    found = pages(None, server(broken=True))
    assert all(sentence in found[0] for sentence in CONDITIONS)
    assert "Formulir pertama" in found[-1]


def test_of_a_sound_server_nothing_is_to_be_done(pages: Callable[..., list[str]]) -> None:
    found = pages(server(broken=False), server(broken=False))
    assert "Keadaan yang perlu ditangani" not in found[0]
    assert "Tidak ada perubahan." in found[-1]
