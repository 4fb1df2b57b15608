"""Every door by which a record comes in has the same gate: a letter says what it may, and nothing else."""

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from sopctl.errors import InvalidRecord
from sopctl.store.site import Site
from sopctl.workflow.papers import request_letter
from sopctl.workflow.setup.init import EXAMPLE_APPLIANCE, EXAMPLE_REQUEST
from tests.cases import rows

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


def letter(row: dict[str, Any], site: Site) -> str:
    """The letter of a row."""
    example = EXAMPLE_APPLIANCE if row.get("of") == "appliance" else EXAMPLE_REQUEST
    record = yaml.load(example, yaml.BaseLoader)
    for path, value in row["letter"].items():
        *parents, leaf = path.split(".")
        here = record
        for parent in parents:
            here = here[parent]
        here[leaf] = value
    management = (site.root / "keys/management.pub").read_text().rsplit(" ", 2)[0]
    return yaml.safe_dump(record, allow_unicode=True).replace("{management}", management)


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
    file.write_text(letter(row, site))
    if not row["says"]:
        assert request_letter.read(site, file)
        return
    with pytest.raises(InvalidRecord) as refused:
        request_letter.read(site, file)
    assert row["says"] in refused.value.message
    assert refused.value.where.startswith(f"{file}:")
    assert refused.value.id != "not-admitted" or refused.value.remedy
