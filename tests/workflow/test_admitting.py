"""Every door by which a record comes in has the same gate: a letter says what it may, and nothing else."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from sopctl.errors import InvalidRecord
from sopctl.model.deposit import FirstContact
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow import admitting
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import export, request_letter
from sopctl.workflow.setup.init import EXAMPLE_APPLIANCE, EXAMPLE_REQUEST
from sopctl.workflow.steps import adopting, editing, letters
from tests.cases import rows
from tests.model.letters import letter

SWITCH = """\
name: sw1
platform: cisco_ios
address: {address}
account: sopctl
key: switch
ports: GigabitEthernet1/0/{{n}}
service_vlan: 110
quarantine_vlan: 999
"""


@pytest.fixture(scope="module")
def strict(made_site: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Site]:
    """A site without the tests' rehearsal networks, with these lines in its settings, and this switch."""

    @cache
    def make(more: str, switch: str) -> Site:
        root = tmp_path_factory.mktemp("strict") / "site"
        shutil.copytree(made_site, root)
        path = root / "sopctl.yml"
        kept = [line for line in path.read_text().splitlines() if not line.startswith("rehearsal_networks:")]
        path.write_text("\n".join([*kept, more, ""]))
        if switch:
            (root / "switches").mkdir()
            (root / "switches/sw1.yml").write_text(SWITCH.format(address=switch))
        return Site(root)

    return make


@pytest.mark.parametrize("row", rows("letters"), ids=lambda row: row["name"])
def test_what_a_letter_may_say(row: dict[str, Any], strict: Callable[[str, str], Site], tmp_path: Path) -> None:
    site = strict(row.get("site", ""), row.get("switch", ""))
    file = tmp_path / "letter.yml"
    management = (site.root / "keys/management.pub").read_text().rsplit(" ", 2)[0]
    file.write_text(yaml.safe_dump(letter(row, management), allow_unicode=True))
    if not row["says"]:
        assert request_letter.read(site, file)
        return
    with pytest.raises(InvalidRecord) as refused:
        request_letter.read(site, file)
    assert row["says"] in refused.value.message
    assert refused.value.where.startswith(f"{file}:")
    assert refused.value.id != "not-admitted" or refused.value.remedy


def test_an_edit_brings_in_nothing_that_a_letter_may_not_say(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    record = desk.site.root / "deposits" / deposit / "deposit.yml"
    before = record.read_text()
    worse = before.replace("key: owner", "key: management")
    source = desk.site.root / "worse.yml"
    source.write_text(worse)
    with pytest.raises(InvalidRecord, match=r"access\.first_contact\.key"):
        editing.edit(desk, deposit, source=source, note="ralat")
    record.write_text(worse)
    with pytest.raises(InvalidRecord, match=r"access\.first_contact\.key"):
        editing.accept(desk, deposit, note="ralat")
    record.write_text(before)
    source.write_text(before.replace("Contoh R200", "Contoh R210"))
    assert editing.edit(desk, deposit, source=source, note="ralat")


def test_an_adoption_has_the_same_gate(desk: Desk, tmp_path: Path) -> None:
    record = yaml.load(EXAMPLE_REQUEST, yaml.BaseLoader)
    record["access"]["first_contact"]["key"] = "management"
    file = tmp_path / "adopt.yml"
    file.write_text(yaml.safe_dump(record))
    with pytest.raises(InvalidRecord, match="letters may not name the key 'management'") as refused:
        adopting.adopt(desk, file, adopting.Where("A1", 3))
    assert refused.value.where.startswith(f"{file}:")
    assert dossiers.ids(desk.site) == []


def test_each_row_of_a_list_has_the_same_gate(desk: Desk, tmp_path: Path) -> None:
    head, row = adopting.template().splitlines()
    bad = [row.replace("192.0.2.20", "169.254.169.254"), row.replace("Dinas Contoh", "Dinas\u200b Contoh")]
    file = tmp_path / "list.csv"
    file.write_text("\n".join([head, *bad]) + "\n")
    with pytest.raises(InvalidRecord) as refused:
        adopting.import_list(desk, file, dry_run=True)
    assert "row 2, address: no deposit is at 169.254.169.254: a cloud's own service" in refused.value.message
    assert "row 3, unit: the character U+200B" in refused.value.message


def test_a_spreadsheet_names_no_secret(desk: Desk, tmp_path: Path) -> None:
    """A server called like a file in keys/ is called so, and nothing more."""
    record = tmp_path / "request.yml"
    record.write_text(EXAMPLE_APPLIANCE.replace("fw1.example.org", "vault"))
    sheet = export.letter(desk, kind="xlsx", output=tmp_path / "letter.xlsx", filled=record)
    deposit = letters.request(desk, sheet).id
    assert dossiers.read(desk.site, deposit).deposit.access.first_contact == FirstContact("dinas")


def test_a_switch_record_that_cannot_be_read_stops_no_letter(site: Site) -> None:
    (site.root / "switches").mkdir()
    (site.root / "switches/sw1.yml").write_text("no: record\n")
    assert admitting.destinations(site).ours == {}
