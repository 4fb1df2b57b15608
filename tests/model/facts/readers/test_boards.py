"""Machines without SMBIOS."""

import pytest

from sopctl.model.facts.readers.boards import named

VENDOR, PRODUCT, SERIAL = "sys_vendor", "product_name", "product_serial"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("model:IBM,8335-GTH\nsystem-id:IBM,02780A1B2", {VENDOR: "IBM", PRODUCT: "8335-GTH", SERIAL: "02780A1B2"}),
        ("model:8286-42A\nsystem-id:IBM,02100A1B2", {PRODUCT: "8286-42A", SERIAL: "02100A1B2"}),
        (
            "model:Raspberry Pi 4 Model B Rev 1.4\nserial-number:10000000a1b2c3d4",
            {VENDOR: "Raspberry Pi", PRODUCT: "Raspberry Pi 4 Model B Rev 1.4", SERIAL: "10000000a1b2c3d4"},
        ),
        (
            "Manufacturer:         IBM\nType:       8561\nModel:                701\nSequence Code:  00000A1B2C",
            {VENDOR: "IBM", PRODUCT: "8561 701", SERIAL: "A1B2C"},
        ),
        ("", {}),
        (":\nmodel\n:x", {}),
    ],
)
def test_what_a_machine_is_called(said: str, found: dict[str, str]) -> None:
    assert named(said.split("\n")) == found
