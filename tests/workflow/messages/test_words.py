"""No identifier of the model stands on an Indonesian paper: each enumeration has its words, or a reason why it needs
none."""

import importlib
import pkgutil
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import pytest
import yaml

import sopctl.model
from sopctl.workflow.messages import words
from sopctl.workflow.steps.notifying import Means

NEVER = {
    row["of"]: row["because"]
    for row in yaml.load((Path(__file__).parents[2] / "cases" / "paper_words.yml").read_text(), yaml.CSafeLoader)
}


def enumerations() -> Iterator[tuple[str, Any]]:
    """Every enumeration of the model, by its module and name."""
    for info in pkgutil.walk_packages(sopctl.model.__path__, "sopctl.model."):
        module = importlib.import_module(info.name)
        for name, value in vars(module).items():
            own = isinstance(value, type) and issubclass(value, Enum) and value.__module__ == info.name
            if own or get_origin(value) is Literal:
                yield f"{info.name.removeprefix('sopctl.model.')}.{name}", value


def test_every_enumeration_has_words_or_a_reason() -> None:
    known = [each for each, _ in words.TABLES] + [each for name, each in enumerations() if name in NEVER]
    without = {name for name, each in enumerations() if each not in known}
    assert without == set(), "give it a table in words.TABLES, or a row in paper_words.yml"
    assert set(NEVER) <= {name for name, _ in enumerations()}, "a row about nothing"


@pytest.mark.parametrize(("enumeration", "table"), words.TABLES, ids=[str(table)[:30] for _, table in words.TABLES])
def test_every_value_has_a_word(enumeration: Any, table: dict[str, str]) -> None:
    assert set(words.values_of(enumeration)) <= set(table)
    assert all(table.values())


def test_every_means_of_informing_has_a_word() -> None:
    assert set(get_args(Means)) == set(words.MEANS)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("diberitahukan: phone", "diberitahukan: telepon"),
        ("requester-login webadmin: bisa", "login pemohon webadmin: bisa"),
        ("management-login sopctl: tidak bisa – denied", "login kantor sopctl: tidak bisa – ditolak saat masuk"),
        (
            "masuk ke server gagal pada login (refused): x",
            "masuk ke server gagal pada login (tidak ada layanan pada port itu): x",
        ),
        (
            "masuk ke server gagal pada login (refused) [rincian: connection refused by 192.0.2.10]; akun tetap",
            "masuk ke server gagal pada login (tidak ada layanan pada port itu); akun tetap",
        ),
        ("gagal pada login [rincian: and so on to the longest note", "gagal pada login"),
        ("ports-open port 443: bisa; requester-word Ani: bisa", "port terbuka port 443: bisa; kata pemohon Ani: bisa"),
        ("started", "dimulai"),
        ("kata Pak Budi, server closed sejak Senin", "kata Pak Budi, server closed sejak Senin"),
        ("berkas letter.pdf dan /srv/name/login", "berkas letter.pdf dan /srv/name/login"),
        ("surel ke phone@example.org", "surel ke phone@example.org"),
        ("tempat: rack A-1 U1-U2, ditawarkan", "tempat: rak A-1 U1–U2, ditawarkan"),
        ("tempat: rack A-1 U1–U2, ditawarkan", "tempat: rak A-1 U1–U2, ditawarkan"),
        ("ditempatkan: rack B2 U7 rear", "ditempatkan: rak B2 U7 belakang"),
        ("rack lama dibuang", "rack lama dibuang"),
        ("", ""),
    ],
)
def test_what_older_versions_wrote_in_notes_is_said_in_words(note: str, said: str) -> None:
    assert words.in_note(note) == said
