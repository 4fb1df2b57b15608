"""Where the owner's password comes from; what is done with it is proved in tests/lab/test_first_contact.py."""

import io
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from sopctl.adapters.ssh import Password, load_key
from sopctl.errors import Action, InvalidRecord, OutsideFailure, SopctlError, UsageError
from sopctl.store.dossiers import read
from sopctl.workflow.desk import Desk
from sopctl.workflow.servers import ansible_view, first_contact, reach
from sopctl.workflow.servers.playbooks import Options
from sopctl.workflow.setup.init import make_key
from sopctl.workflow.steps import configuring
from tests.conftest import Ran


class Keyring(KeyringBackend):
    """A keyring with one entry, which may be locked."""

    priority = 1.0
    locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.locked:
            raise KeyringLocked("nobody unlocks it")
        return "rahasia" if (service, username) == ("sopctl", "titipan") else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise AssertionError("nothing is ever kept")


@pytest.fixture
def backend() -> Iterator[Keyring]:
    before = keyring.get_keyring()
    ours = Keyring()  # type: ignore[no-untyped-call]  # not in its types
    keyring.set_keyring(ours)
    yield ours
    keyring.set_keyring(before)


def test_from_the_keyring(backend: Keyring) -> None:
    assert first_contact.from_keyring("sopctl", "titipan").text == "rahasia"
    with pytest.raises(OutsideFailure, match="no password of admin for sopctl"):
        first_contact.from_keyring("sopctl", "admin")
    backend.locked = True
    with pytest.raises(OutsideFailure, match="cannot be opened: nobody unlocks it"):
        first_contact.from_keyring("sopctl", "titipan")


def test_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "password"
    file.write_text("rahasia\r\nsecond line\n")
    file.chmod(0o640)
    with pytest.raises(InvalidRecord, match="read by others") as refused:
        first_contact.from_file(file)
    assert "rahasia" not in str(refused.value)
    file.chmod(0o600)
    found = first_contact.from_file(file)
    assert found.text == "rahasia"
    assert "rahasia" not in repr(found)
    file.write_text("\n")
    with pytest.raises(InvalidRecord, match="the password is empty"):
        first_contact.from_file(file)
    with pytest.raises(OutsideFailure, match="cannot be read: No such file"):
        first_contact.from_file(tmp_path / "none")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(_pipe(b"piped\n")))
    assert first_contact.from_file(Path("-")).text == "piped"


def test_from_a_pipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--password-file <(pass show fw1)` is read; a pipe that nobody writes into ends the wait."""
    with _pipe(b"rahasia\nmore\n") as pipe:
        assert first_contact.from_file(Path(f"/dev/fd/{pipe.fileno()}")).text == "rahasia"
    os.mkfifo(tmp_path / "pipe", 0o600)
    monkeypatch.setattr(first_contact, "PIPE_SECONDS", 0.1)
    with pytest.raises(OutsideFailure, match="nobody wrote it into the pipe"):
        first_contact.from_file(tmp_path / "pipe")


def _pipe(content: bytes) -> io.BufferedReader:
    out, into = os.pipe()
    os.write(into, content)
    os.close(into)
    return os.fdopen(out, "rb")


CONFLICTS = [
    (["PS-2026-0001", "--ask-password", "--keyring", "sopctl"], "choose one of"),
    (["--due", "--ask-password"], "a password opens one server"),
    (["PS-2026-0001", "PS-2026-0002", "--password-file", "x"], "a password opens one server"),
    (["--repair", "--keyring", "sopctl"], "a password opens one server"),
    (["PS-2026-0001", "--sudo", "full", "--ask-password"], "cannot be combined with other work"),
    (["--check", "--raw"], "is not known without Python"),
    (["PS-2026-0001", "--ask-password"], "no terminal to ask"),
]


def test_what_the_command_line_refuses(sopctl: Callable[..., Ran], until_space: Callable[..., str]) -> None:
    until_space()
    for words, message in CONFLICTS:
        ran = sopctl("configure", *words)
        assert ran.code == 2, ran
        assert message in ran.err


def test_a_server_that_was_reinstalled_is_configured_whole(desk: Desk) -> None:
    with pytest.raises(UsageError, match="configured whole"):
        configuring.repair(desk, ["PS-2026-0001"], password=Password("rahasia"), options=Options(tags=("sshd",)))


def test_without_a_key_a_server_waits_for_its_password(desk: Desk, until_space: Callable[..., str]) -> None:
    deposit = until_space({"{user: titipan, key: owner}": "{user: titipan}"})
    dossier = read(desk.site, deposit)
    with pytest.raises(SopctlError, match=re.escape("is the password of titipan, used once")) as refused:
        reach.reach(desk.site, dossier.summary)
    assert Action("configure", deposit, given={"ask-password": ""}) in refused.value.remedy
    assert ansible_view.hosts(desk.site.root) == [], "Ansible has no way in yet"


def test_a_password_comes_with_the_key_of_the_first_contact(desk: Desk, until_space: Callable[..., str]) -> None:
    """A server may take keys only, and its sudo ask for the password."""
    summary = read(desk.site, until_space()).summary
    password = Password("rahasia")
    key, aside = desk.site.root / "keys/owner", desk.site.root / "owner"
    make_key(key, "owner")
    assert first_contact.with_key(desk.site, summary, password) == Password("rahasia", load_key(key))
    key.rename(aside)
    assert first_contact.with_key(desk.site, summary, password) == password, "the letter names it, and nobody has it"
