"""Secrets that others on the machine could read are found, wherever a site keeps them; what is closed is not."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from sopctl.store.site import Site
from sopctl.workflow.setup.secrets import exposed
from tests.conftest import Ran

CASES = yaml.load((Path(__file__).parents[2] / "cases/secrets.yml").read_text(), yaml.CSafeLoader)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_secret_that_others_can_read_is_found(site: Site, case: dict[str, str]) -> None:
    path = site.root / case["file"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(case.get("text", ""))
    path.chmod(int(case["mode"], 8))
    found = [(each.path, each.what) for each in exposed(site)]
    assert found == ([(path, case["found"])] if "found" in case else [])


def test_doctor_names_it_with_the_remedy(site: Site, sopctl: Callable[..., Ran]) -> None:
    path = site.root / "keys/mail-password"
    path.write_text("x")
    path.chmod(0o644)
    ran = sopctl("doctor")
    assert ran.code == 1
    assert "keys/mail-password" in ran.out
    assert "chmod 600" in ran.out
