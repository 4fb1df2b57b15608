"""What a record cannot mean. The rows of tests/cases/import_rows.yml are about lists; these are about letters."""

from datetime import date
from typing import Any

import pytest
import yaml
from msgspec import convert

from sopctl.model.deposit import Request
from sopctl.model.intake import plausibility
from sopctl.workflow.setup.init import EXAMPLE_REQUEST

TODAY = date(2026, 11, 23)


def doubts(path: str, value: Any) -> list[str]:
    record = yaml.load(EXAMPLE_REQUEST, yaml.CSafeLoader)
    here = record
    *parents, leaf = path.split(".")
    for parent in parents:
        here = here[parent]
    here[leaf] = value
    found = plausibility.doubts(convert(record, Request, strict=False), TODAY)
    return [f"{'.'.join(where)}: {why}" for where, why, helps in found if helps]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("letter.date", "2026-11-23", ""),
        ("letter.date", "2026-11-24", "letter.date: the letter is of 2026-11-24, which has not come yet"),
        ("letter.date", "1989-12-31", "letter.date: the letter is of 1989-12-31, before 1990"),
        ("valid_until", "2026-11-23", ""),
        ("valid_until", "2026-11-22", "valid_until: 2026-11-22 has passed already"),
        ("valid_until", "2026-11-02", "valid_until: 2026-11-02 is not after the day of the letter, 2026-11-02"),
        ("valid_until", "2041-12-31", ""),
        ("valid_until", "2042-01-01", "valid_until: 2042-01-01 is more than 15 years away"),
        ("server.serial", "To Be Filled By O.E.M.", "server.serial: 'To Be Filled By O.E.M.' stands for no serial"),
        ("server.serial", "0123456789", "server.serial: '0123456789' stands for no serial number"),
        ("server.serial", "N/A", "server.serial: 'N/A' stands for no serial number"),
        ("server.serial", "1,97E+17", "server.serial: '1,97E+17' is a number that a spreadsheet has rounded"),
        ("contacts.technical.nip", "197001011995031001", ""),
        ("contacts.technical.nip", "197001011995031000", "contacts.technical.nip: '197001011995031000' ends in zeros"),
        ("contacts.administrative.phone", "81234567890", "contacts.administrative.phone: 81234567890 seems to have"),
        ("contacts.administrative.phone", "0812-3456-7890", ""),
        ("unit", "…", "unit: '…' is only a placeholder"),
        ("server.disks", ["480 GB SSD", "<disk>"], "server.disks.1: '<disk>' is only a placeholder"),
    ],
)
def test_what_cannot_be_meant(path: str, value: str, says: str) -> None:
    found = doubts(path, value)
    assert len(found) == bool(says)
    assert says in "".join(found)


def test_the_example_can_be_meant() -> None:
    assert doubts("unit", "Dinas Contoh") == []
