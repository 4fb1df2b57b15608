"""Spreadsheets made to be expensive are refused before they cost anything."""

import io
import tracemalloc
import zipfile

import openpyxl
import pytest

from sopctl.adapters import spreadsheet
from sopctl.errors import InvalidRecord

SHEET = "xl/worksheets/sheet1.xml"


def book(parts: dict[str, bytes]) -> bytes:
    """A small spreadsheet with some of its parts replaced or added."""
    plain = io.BytesIO()
    workbook = openpyxl.Workbook()
    workbook.active.append(["unit", "name"])
    workbook.save(plain)
    made = io.BytesIO()
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for each in source.namelist():
            packed.writestr(each, parts.get(each, source.read(each)))
        for name in parts.keys() - set(source.namelist()):
            packed.writestr(name, parts[name])
    return made.getvalue()


BOMBS = {
    "many strings": {"xl/sharedStrings.xml": b"<sst>" + b"<si><t/></si>" * 1_000_000 + b"</sst>"},
    "many cells": {SHEET: b"<worksheet><sheetData><row>" + b"<c/>" * 2_000_000 + b"</row></sheetData></worksheet>"},
    "one long string": {"xl/sharedStrings.xml": b"<sst><si><t>" + b"a" * 40_000_000 + b"</t></si></sst>"},
    "many styles": {"xl/styles.xml": b"<styleSheet>" + b"<xf/>" * 1_000_000 + b"</styleSheet>"},
    "many parts": {f"xl/x{n}.xml": b"" for n in range(2_000)},
    "a part that is not read": {"docProps/thumbnail.bin": bytes(40_000_000)},
}


@pytest.mark.parametrize("parts", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_for_little(parts: dict[str, bytes]) -> None:
    content = book(parts)
    tracemalloc.start()
    with pytest.raises(InvalidRecord, match="more than a list of servers does"):
        list(spreadsheet.read_rows(content, where="x.xlsx", max_rows=100, max_columns=10))
    assert tracemalloc.get_traced_memory()[1] < 40_000_000
    tracemalloc.stop()


HEAD = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1">'
TAIL = b"</row></sheetData></worksheet>"
TEXT = b'<c r="A1" t="inlineStr"><is><t>'
ODD = {
    "entities that grow": b'<!DOCTYPE x [<!ENTITY a "aaaaaaaa">]>'
    + HEAD
    + TEXT
    + b"&a;" * 1_000
    + b"</t></is></c>"
    + TAIL,
    "many attributes": HEAD + b"<c " + b" ".join(b'a%d=""' % n for n in range(60_000)) + b"/>" + TAIL,
    "one long cell": HEAD + TEXT + b"a" * 300_000 + b"</t></is></c>" + TAIL,
    "another encoding": (b'<?xml version="1.0" encoding="cp037"?>' + HEAD + b"<c/>" * 1_000 + TAIL),
    "tags of two bytes": ('<?xml version="1.0" encoding="utf-16"?>' + (HEAD + b"<c/>" * 1_000 + TAIL).decode()).encode(
        "utf-16"
    ),
}


@pytest.mark.parametrize("part", ODD.values(), ids=ODD.keys())
def test_what_no_spreadsheet_program_writes_is_refused_before_it_is_read(part: bytes) -> None:
    with pytest.raises(InvalidRecord, match="which no spreadsheet program writes"):
        list(spreadsheet.read_rows(book({SHEET: part}), where="x.xlsx", max_rows=100, max_columns=10))


def test_a_declaration_of_utf8_is_usual() -> None:
    part = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n' + HEAD + TEXT + b"unit</t></is></c>" + TAIL
    found = list(spreadsheet.read_rows(book({SHEET: part}), where="x.xlsx", max_rows=100, max_columns=10))
    assert found[0][0] == "unit"


def test_a_size_that_the_header_understates_does_not_help() -> None:
    content = bytearray(book(BOMBS["one long string"]))
    true = (40_000_000 + len(b"<sst><si><t></t></si></sst>")).to_bytes(4, "little")
    assert true in content
    with pytest.raises(InvalidRecord):
        list(
            spreadsheet.read_rows(
                bytes(content).replace(true, b"\x10\x00\x00\x00"), where="x", max_rows=9, max_columns=9
            )
        )


def test_a_list_of_two_thousand_servers_is_read() -> None:
    workbook = openpyxl.Workbook(write_only=True)
    sheet = workbook.create_sheet()
    for number in range(2_000):
        sheet.append([f"Dinas {number}", f"srv{number}.example.org", "R200", 2, "192.0.2.1", f"SN{number:08}"] * 2)
    made = io.BytesIO()
    workbook.save(made)
    assert len(list(spreadsheet.read_rows(made.getvalue(), where="x", max_rows=5_000, max_columns=20))) == 2_000
