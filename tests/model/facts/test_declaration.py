"""Each fact is declared once, with its field: reading, form and comparison follow from that."""

import importlib
import re
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from sopctl.adapters.documents import Field, Section
from sopctl.adapters.documents.inventory import sections_of
from sopctl.model.facts import platforms, script, setup
from sopctl.model.facts.appliance import from_answers
from sopctl.model.facts.changes import Weight, differences
from sopctl.model.facts.comparison import Value
from sopctl.model.facts.declaration import Declaration, FormPart, Line, Read, declarations
from sopctl.model.facts.platforms import KNOWN
from sopctl.model.facts.sections import Sections, first_line
from sopctl.model.facts.server import Missing, ServerFacts
from tests.cases import rows
from tests.model.facts.test_appliance import said_by

SCRIPT = Path(__file__).parents[3] / "playbooks/files/details.sh"
CAPTURES = sorted((Path(__file__).parents[2] / "cases/details").iterdir())
AT = "2026-11-23T09:30:00+07:00"
FACTS = [each for each in declarations(ServerFacts) if each.field not in ("gathered_at", "missing", "rules")]


OF_OTHERS = {"modules", "via", "power_state", "health", "filled_by"}
"""What a server has or says itself is not among them: an appliance's reader, or a BMC's, knows them."""


@pytest.mark.parametrize("declared", FACTS, ids=lambda each: each.field)
def test_every_field_says_how_it_is_read_shown_and_compared(declared: Declaration) -> None:
    assert declared.read or declared.field in OF_OTHERS
    shown_with = {field for each in FACTS for line in each.lines for field in line.fields}
    assert declared.lines or declared.tables or declared.field in shown_with
    assert declared.compared
    assert all(each.subject or declared.label for each in declared.compared if not hasattr(each, "why"))


def test_every_section_of_the_script_has_a_reader_and_every_reader_a_section() -> None:
    _, everything = SCRIPT.read_text().split("everything() {")
    printed = set(re.findall(r'\b(?:section|kernel|kernel_lines) "?([a-z0-9]+)', everything))
    read = {name for each in FACTS if each.read for name in (*each.read.sections, *each.read.also)}
    assert read | {"noted"} == printed, "whose server it is, is no fact of it"


class Watched(Sections):
    """Sections that remember which of them were looked at."""

    def __init__(self, printed: str) -> None:
        super().__init__(printed)
        self.seen: set[str] = set()

    def lines(self, name: str, device: str = "") -> list[str]:
        self.seen.add(name)
        return super().lines(name, device)


@pytest.mark.parametrize("printed", [path.read_text() for path in CAPTURES], ids=[path.stem for path in CAPTURES])
def test_a_field_is_read_from_the_sections_that_it_declares(printed: str) -> None:
    for each in FACTS:
        if each.read:
            sections = Watched(printed)
            each.read.value(sections)
            assert sections.seen <= {*each.read.sections, *each.read.also}, each.field


def test_what_is_declared_beside_a_field_exists() -> None:
    fields = set(ServerFacts.__struct_fields__)
    for platform in KNOWN:
        assert importlib.import_module(f"{platforms.__name__}.{platform}").READ_BY.keys() <= fields
    lines = [line for each in FACTS for line in each.lines]
    assert {field for line in lines for field in line.fields} <= fields
    assert {line.part for line in lines} == set(FormPart)
    keys = Counter(line.declared for line in lines if line.declared)
    assert max(keys.values()) == 1


# A new fact is declared, and that is all


class WithMicrocode(ServerFacts, frozen=True):
    """The facts and one more, declared as docs/reference/inventory.md says."""

    microcode: Annotated[
        str | None,
        Read(first_line("microcode"), ("microcode",)),
        Line("Versi mikrokode", FormPart.HARDWARE),
        Value(weight=Weight.ALARM),
    ] = None


@pytest.fixture
def new_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (script, setup):
        monkeypatch.setattr(module, "ServerFacts", WithMicrocode)


def said(section: str) -> ServerFacts:
    return script.from_script(f"=host ok\n web1\n=microcode {section}\n", gathered_at=AT)


def on_the_form(facts: ServerFacts) -> Field:
    """The last line of the hardware's section."""
    sections = (each for each in sections_of(facts, {}, {}) if isinstance(each, Section))
    return next(each.fields[-1] for each in sections if each.title == "Perangkat keras")


@pytest.mark.usefixtures("new_fact")
def test_a_new_fact_is_read_completed_and_kept() -> None:
    without = setup.from_setup({"hostname": "web1"}, gathered_at=AT)
    assert without.missing["microcode"] is Missing.NOT_AVAILABLE
    both = script.completed(without, said("ok\n 2.0"))
    assert msgspec.json.decode(msgspec.json.encode(both))["microcode"] == "2.0"
    assert "microcode" not in both.missing


@pytest.mark.usefixtures("new_fact")
@pytest.mark.parametrize(
    ("section", "value", "source"),
    [
        ("ok\n 2.0", "2.0", "gathered"),
        ("ok", "tidak tersedia", "not-available"),
        ("absent", "tidak tersedia", "not-available"),
        ("needs-root", "perlu akses root", "needs-root"),
    ],
)
def test_a_new_fact_is_on_the_form(section: str, value: str, source: Any) -> None:
    assert on_the_form(said(section)) == Field("Versi mikrokode", value, source)


@pytest.mark.usefixtures("new_fact")
@pytest.mark.parametrize(
    ("section", "weight", "sentence"),
    [
        ("ok\n 1.2", Weight.ALARM, "Versi mikrokode: 2.0 menjadi 1.2"),
        ("absent", Weight.UNREAD, "Versi mikrokode: tidak terbaca kali ini (sebelumnya 2.0)"),
    ],
)
def test_a_new_fact_is_compared(section: str, weight: Weight, sentence: str) -> None:
    (change,) = differences(said("ok\n 2.0"), said(section))
    assert (change.weight, str(change)) == (weight, sentence)


def test_a_fact_that_no_appliance_tells_is_missing_there() -> None:
    machines = {row["platform"]: row["machine"] for row in rows("appliances") if row["machine"] != "garbage"}
    assert machines.keys() == set(KNOWN)
    for platform, machine in machines.items():
        facts = from_answers(platform, said_by(machine), gathered_at=AT)
        assert facts is not None
        assert facts.missing["kernel"] is Missing.NOT_AVAILABLE
