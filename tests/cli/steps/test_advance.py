"""`sopctl advance` on several deposits."""

import json
from collections.abc import Callable

import pytest

from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from tests.conftest import Ran


@pytest.mark.parametrize("named", [True, False])
def test_what_ends_the_work_on_one_deposit_does_not_stop_the_others(
    sopctl: Callable[..., Ran], desk: Desk, until_space: Callable[..., str], *, named: bool
) -> None:
    broken, sound = until_space(), until_space()
    record = dossiers.read(desk.site, broken).folder / "deposit.yml"
    record.write_text(record.read_text().replace("Layanan", "Pelayanan"))
    chosen = [broken, sound] if named else ["--all"]
    ran = sopctl("advance", *chosen, "--via", "phone", "--json")
    printed = json.loads(ran.out)
    (error,), (step,) = printed["errors"], printed["steps"]
    assert (ran.code, error["id"], error["deposit"], step["id"]) == (5, "edited-by-hand", broken, sound)
    again = sopctl("advance", broken, "--via", "phone", "--json")
    assert (again.code, json.loads(again.out)["error"]["id"]) == (5, "edited-by-hand")
    told = sopctl("advance", broken, sound, "--via", "phone")
    assert (told.code, told.out.count("✗")) == (5, 2), told
