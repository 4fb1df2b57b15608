"""Records by themselves. What letters may say is in tests/cases/letters.yml."""

from typing import Any

import msgspec
import pytest
import yaml

from sopctl.model.deposit import Adoption
from sopctl.workflow.setup.init import EXAMPLE_REQUEST

REQUEST = yaml.load(EXAMPLE_REQUEST, yaml.BaseLoader)
ALL = ["letter", "server.serial", "server.depth_mm", "server.power_watts", "valid_until"]


def adopted(**more: Any) -> Adoption:
    record = {key: REQUEST[key] for key in ("unit", "contacts")}
    server = {"name": "lama.example.org", "brand_model": "Contoh R200", "height_units": 1}
    return msgspec.convert(
        {**record, "server": server, "access": {"address": "192.0.2.10"}, **more}, Adoption, strict=False
    )


@pytest.mark.parametrize(
    ("more", "unknown"),
    [
        ({}, [*ALL[:-1], "access.first_contact", "access.accounts", "valid_until"]),
        ({"kind": "appliance", "platform": "cisco_ios"}, [*ALL[:-1], "access.first_contact", "valid_until"]),
        ({"kind": "other", "access": {}}, ALL),
        ({"kind": "other", "access": {}, "valid_until": "2027-11-01", "letter": REQUEST["letter"]}, ALL[1:-1]),
    ],
)
def test_what_is_not_known_of_a_server_that_was_adopted(more: dict[str, Any], unknown: list[str]) -> None:
    assert adopted(**more).unknown() == unknown


def test_all_is_known_of_one_that_was_asked_for() -> None:
    more = {key: REQUEST[key] for key in ("letter", "server", "access", "valid_until")}
    assert adopted(**more).unknown() == []
