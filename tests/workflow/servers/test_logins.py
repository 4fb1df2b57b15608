"""The secret of one deposit's first contact is set by the office, and sent to that deposit alone."""

import dataclasses
import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from sopctl.errors import Action, InvalidRecord, UsageError
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.servers import appliances, logins, reach
from sopctl.workflow.setup.init import EXAMPLE_APPLIANCE, make_key
from sopctl.workflow.steps import letters
from tests.conftest import Ran


@pytest.fixture
def appliance(desk: Desk, tmp_path: Path) -> str:
    record = tmp_path / "appliance.yml"
    record.write_text(EXAMPLE_APPLIANCE)
    return letters.request(desk, record).id


def test_an_appliance_has_a_password_of_its_own(desk: Desk, appliance: str) -> None:
    with pytest.raises(InvalidRecord, match="nobody has set the password or key of dinas") as unset:
        appliances.login(desk.site, dossiers.read(desk.site, appliance))
    assert unset.value.remedy == (Action("login", appliance, given={"ask-password": ""}),)
    path = logins.set_password(desk, appliance, "rahasia")
    assert path == desk.site.root / "keys/login" / appliance
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    found = appliances.login(desk.site, dossiers.read(desk.site, appliance))
    assert (found.user, found.password, found.key) == ("dinas", "rahasia", None)


def test_a_key_of_its_own_goes_before_what_the_letter_names(
    desk: Desk, appliance: str, file_request: Callable[..., str], tmp_path: Path
) -> None:
    make_key(tmp_path / "key", "kunci")
    server = file_request({"090/1/2026": "090/3/2026", "SN-0001": "SN-0003"})
    assert reach.reach(desk.site, dossiers.read(desk.site, server).summary).key == "owner"
    for deposit in (server, appliance):
        logins.set_key(desk, deposit, tmp_path / "key")
    assert reach.reach(desk.site, dossiers.read(desk.site, server).summary).key == f"login/{server}"
    assert appliances.login(desk.site, dossiers.read(desk.site, appliance)).key
    with pytest.raises(InvalidRecord):
        logins.set_key(desk, server, desk.site.root / "sopctl.yml")


def test_a_servers_password_is_not_kept(desk: Desk, file_request: Callable[..., str]) -> None:
    deposit = file_request()
    with pytest.raises(UsageError, match="used once, and kept nowhere"):
        logins.set_password(desk, deposit, "rahasia")
    assert logins.set_password(desk, deposit, "rahasia", "bmc") == desk.site.root / "keys/bmc" / deposit


def test_a_secret_that_cannot_be_put_into_its_place_is_told(
    desk: Desk, appliance: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is recorded by then: the command has done what it could, and says what is missing."""
    path = logins.set_password(desk, appliance, "lama")
    original = os.replace

    def full(old: str, new: Path) -> None:
        if new == path:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(old, new)

    monkeypatch.setattr("os.replace", full)
    logins.set_password(desk, appliance, "baru")
    assert [each.id for each in desk.site.lagging] == ["secret-lags"]
    assert path.read_text() == "lama\n"
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_the_history_says_that_a_secret_was_set_and_nothing_of_it(desk: Desk, appliance: str, tmp_path: Path) -> None:
    make_key(tmp_path / "key", "kunci")
    logins.set_password(desk, appliance, "rahasia-sekali")
    logins.set_password(desk, appliance, "rahasia-lain", "bmc")
    logins.set_key(desk, appliance, tmp_path / "key")
    events = dossiers.read(desk.site, appliance).events[-3:]
    assert [(each.outcome, each.typed, each.data["secret_set"]) for each in events] == [
        ("rahasia disimpan", desk.typed, {"name": f"login/{appliance}", "what": "password", "account": "dinas"}),
        ("rahasia disimpan", desk.typed, {"name": f"bmc/{appliance}", "what": "password", "account": ""}),
        ("rahasia disimpan", desk.typed, {"name": f"login/{appliance}", "what": "key", "account": "dinas"}),
    ]
    kept = b"".join(
        path.read_bytes() for path in desk.site.root.rglob("*") if path.is_file() and "keys" not in path.parts
    )
    secret = (tmp_path / "key").read_text().split("\n")[1]
    assert not [each for each in ("rahasia-sekali", "rahasia-lain", secret) if each.encode() in kept]


def naming(dossier: dossiers.Dossier, **secret: str) -> dossiers.Dossier:
    """The dossier as an older sopctl took it in, from a letter that names this."""
    access = dossier.deposit.access
    assert access.first_contact
    way = replace(access.first_contact, **secret)
    return dataclasses.replace(dossier, deposit=replace(dossier.deposit, access=replace(access, first_contact=way)))


@pytest.mark.parametrize("name", ["vault", "smtp", "management"])
def test_a_password_that_an_old_record_names_is_not_sent(desk: Desk, appliance: str, name: str) -> None:
    (desk.site.root / "keys" / name).write_text("rahasia kantor\n")
    old = naming(dossiers.read(desk.site, appliance), password=name)
    with pytest.raises(InvalidRecord, match="no letter may say which secret is sent") as refused:
        appliances.login(desk.site, old)
    told = Action("login", appliance, given={"password-file": str(desk.site.root / "keys" / name)})
    assert (told.verb, told.given) == (refused.value.remedy[1].verb, refused.value.remedy[1].given)  # type: ignore[union-attr]


def test_a_key_that_an_old_record_names_is_not_used(desk: Desk, file_request: Callable[..., str]) -> None:
    old = naming(dossiers.read(desk.site, file_request()), key="management")
    with pytest.raises(InvalidRecord, match="names the key 'management' of the office's"):
        reach.reach(desk.site, old.summary)


def test_the_command(
    desk: Desk, appliance: str, sopctl: Callable[..., Ran], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "password"
    file.write_text("rahasia\n")
    os.chmod(file, 0o600)
    ran = sopctl("login", appliance, "--password-file", str(file))
    assert (ran.code, "rahasia" in ran.out) == (0, False), ran.err
    assert (desk.site.root / "keys/login" / appliance).read_text() == "rahasia\n"
    assert sopctl("login", appliance).code == 2
    assert sopctl("login", appliance, "--ask-password").code == 2, "there is no terminal"
    assert sopctl("login", "PS-2026-9999", "--password-file", str(file)).code == 2
