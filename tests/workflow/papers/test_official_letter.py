"""A letter to an owner as an official reads it: salutation, reference, closing, who signs for whom, and copies."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers.official_letter import paragraphs
from sopctl.workflow.steps import notifying
from tests.workflow.papers.test_papers import text_of

PEOPLE = """\
people:
  kadis: {role: kadis, name: Nama Kepala, position: Kepala Dinas, nip: "196801011994031001", rank: Pembina Utama}
  kabid: {role: kabid, name: Nama Kabid, position: Kepala Bidang, nip: "197502022000122002", rank: Pembina (IV/a)}
  staf: {role: pelaksana, name: Nama Staf, position: Pranata Komputer}
"""


def with_settings(desk: Desk, *lines: str) -> Desk:
    """The desk of the same site, whose settings have these people, and these lines too."""
    path = desk.site.root / "sopctl.yml"
    before, rest = path.read_text().split("people:\n")
    after = rest[rest.index("# Who may record") :]
    path.write_text(before + PEOPLE + "".join(f"{line}\n" for line in lines) + after)
    return replace(desk, site=Site(desk.site.root))


@pytest.fixture
def letter(desk: Desk, until_space: Callable[..., str]) -> Callable[..., str]:
    """The text of the letter that says that a place is ready, made with these settings by this person."""

    def made(*lines: str, by: str = "staf", changes: dict[str, str] | None = None) -> str:
        deposit = until_space(changes)
        notifying.notify(with_settings(desk, *lines).decided_by(by), deposit, via="letter")
        return text_of(max((dossiers.read(desk.site, deposit).folder / "documents").glob("*.pdf")))

    return made


def test_it_refers_thanks_and_says_who_gets_a_copy(letter: Callable[..., str]) -> None:
    said = letter("papers: {letter_copies: [Arsip]}")
    parts = (
        "Sifat : Biasa",
        "Kepada Yth. Administrator Sistem",
        "di tempat",
        "Dengan hormat,",
        "Menindaklanjuti surat Saudara nomor 090/1/2026 tanggal 2 November 2026",
        "Server dapat diserahkan",
        "kami ucapkan terima kasih",
        "a.n. Kepala Dinas",
        "Tembusan: 1. Kepala Dinas (sebagai laporan)",
        "2. Kasubbag Umum, Dinas Contoh",
        "3. Arsip",
    )
    places = [said.find(part) for part in parts]
    assert -1 not in places, [part for part, place in zip(parts, places, strict=True) if place < 0]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("settings", "by", "signed"),
    [
        ("", "staf", "a.n. Kepala Dinas Pranata Komputer Nama Staf NIP"),
        (
            "papers: {letter_signer: kabid}",
            "staf",
            "a.n. Kepala Dinas Kepala Bidang Nama Kabid Pembina (IV/a) NIP 19750202 200012 2 002",
        ),
        ("papers: {letter_signer: kadis}", "staf", "Kepala Dinas Nama Kepala Pembina Utama NIP 19680101 199403 1 001"),
    ],
)
def test_a_person_signs_with_rank_and_number(letter: Callable[..., str], settings: str, by: str, signed: str) -> None:
    said = letter(settings, by=by)
    assert signed in said
    assert ("a.n." in said) == signed.startswith("a.n."), "the head signs for nobody"
    assert ("sebagai laporan" in said) == ("a.n." in said), "nor is the head sent a copy of their own letter"


def test_a_paragraph_of_the_message_is_one_and_a_command_stands_alone() -> None:
    text = "Tempat penuh, permohonan masuk\ndaftar tunggu.\n\nMohon dicoba:\n\n"
    text += "  ssh a@b\n  ssh c@d\n- satu\nlalu ini\ndan ini"
    assert paragraphs(text) == [
        "Tempat penuh, permohonan masuk daftar tunggu.",
        "Mohon dicoba:",
        "ssh a@b",
        "ssh c@d",
        "- satu",
        "lalu ini dan ini",
    ]
