"""The gate of letters by itself. What letters may say is in tests/cases/letters.yml."""

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sopctl.locale import Text
from sopctl.model import admission
from sopctl.model.admission import House, added, objections
from sopctl.model.deposit import Deposit, FirstContact
from sopctl.workflow.setup.init import EXAMPLE_REQUEST

RECORD = msgspec.convert({**yaml.load(EXAMPLE_REQUEST, yaml.BaseLoader), "id": "PS-2026-0001"}, Deposit, strict=False)
HIDDEN = [chr(code) for code in (0x200B, 0x200F, 0x202E, 0x2066, 0x2069, 0xFEFF, 0x00AD, 0x2028, 0xE0041, 0x3164)]


def test_an_edit_answers_for_what_it_brings_in_alone() -> None:
    """A record of earlier days says what is no longer let in; its other fields can still be mended."""
    old = replace(RECORD, access=replace(RECORD.access, first_contact=FirstContact("titipan", key="management")))
    mended = replace(old, server=replace(old.server, application="Web"))
    worse = replace(mended, access=replace(mended.access, address="127.0.0.1"))
    assert [each.field for each in objections(old, House())] == ["access.first_contact.key"]
    assert added(old, mended, House()) == []
    assert [each.field for each in added(old, worse, House())] == ["access.address"]


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda each: f"{ord(each):04X}")
def test_nothing_hides_in_any_text_of_a_letter(hidden: str) -> None:
    """Each field that takes a line of text, found in the record's own type: a new one is looked at from its first
    day."""

    def texts(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
        if isinstance(value, dict):
            return [found for key, each in value.items() for found in texts(each, (*path, key))]
        if isinstance(value, list):
            return [found for key, each in enumerate(value) for found in texts(each, (*path, key))]
        return [path] if isinstance(value, str) else []

    server = replace(RECORD.server, processor="Xeon", application="Web", disks=("SSD",), operating_system="Debian")
    people = replace(RECORD.contacts.technical, phone="0812")
    full = replace(RECORD, server=server, contacts=replace(RECORD.contacts, technical=people, administrative=people))
    plain = msgspec.to_builtins(full)
    for path in texts(plain):
        changed = msgspec.json.decode(msgspec.json.encode(plain))
        here = changed
        for step in path[:-1]:
            here = here[step]
        here[path[-1]] += hidden
        try:
            record = msgspec.convert(changed, Deposit, strict=False)
        except msgspec.ValidationError:
            continue
        assert any(each.path == path for each in objections(record, House())), path


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    for look in (admission._not_exact, admission._not_latin, admission._not_plain):
        assert isinstance(look(text), str | Text)
    assert isinstance(admission._mailable(text), bool)
