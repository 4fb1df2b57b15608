"""Which of the office's keys opens a server, by its history and by the keys that are there."""

from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from sopctl.model.sop.summary import Summary
from sopctl.store import dossiers
from sopctl.store.settings import with_key
from sopctl.workflow.desk import Desk
from sopctl.workflow.office_key import fingerprint, key_state, office_key
from sopctl.workflow.setup.init import make_key
from tests.cases import rows


@pytest.fixture
def each(desk: Desk, file_request: Callable[..., str]) -> Summary:
    return dossiers.read(desk.site, file_request()).summary


@pytest.mark.parametrize("case", rows("office_keys"), ids=lambda case: case["name"])
def test_the_key_that_the_server_knows(desk: Desk, each: Summary, case: dict[str, str]) -> None:
    """In each case `sopctl.yml` names `new`; `before` is `old`, or none."""
    keys, settings = desk.site.root / "keys", desk.site.root / "sopctl.yml"
    prints = {"": "", "gone": "SHA256:" + "x" * 43}
    for name in ("new", "old"):
        make_key(keys / name, name)
        prints[name] = fingerprint(desk.site, name) or ""
        if name in case.get("missing", "").split():
            (keys / name).unlink()
    settings.write_bytes(with_key(settings.read_bytes(), "new", case.get("before") or None))
    desk.site.read_settings_again()
    known = replace(
        each,
        let_in=case.get("let_in", "yes") == "yes",
        office_key=prints[case.get("knows", "")],
        key_leaving=prints[case.get("leaving", "")],
    )
    assert (key_state(desk.site, known), office_key(desk.site, known)) == (case["state"], case["opens"])


@pytest.mark.parametrize("case", rows("key_settings"), ids=lambda case: case["name"])
def test_only_the_keys_are_changed_in_the_settings(case: dict[str, str]) -> None:
    assert with_key(case["before"].encode(), "new", "old").decode() == case["after"]


def test_a_key_half_that_is_not_there_has_no_fingerprint(desk: Desk) -> None:
    assert fingerprint(desk.site, "nobody") is None
    Path(desk.site.root / "keys/nobody.pub").write_text("no key\n")
    assert fingerprint(desk.site, "nobody") is None
