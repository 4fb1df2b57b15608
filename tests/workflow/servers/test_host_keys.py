"""Host keys: pending until confirmed, pinned, changed. Against SSH servers on loopback that show what they are told."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import paramiko
import pytest

from sopctl.errors import Action, OutsideFailure
from sopctl.model.access.target import fingerprint
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.servers import host_keys
from sopctl.workflow.trust import Unconfirmed
from tests.adapters.ssh import hostile
from tests.adapters.ssh.hostile import Behaviour
from tests.conftest import Ran, edit

OLD, NEW = paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate()


def sha256(key: paramiko.PKey) -> str:
    return fingerprint(key.asbytes())


@contextmanager
def server(key: paramiko.PKey) -> Iterator[hostile.Host]:
    with hostile.listening(hostile.ssh(Behaviour(), key)) as host:
        yield host


def file_for(file_request: Callable[..., str], port: int) -> str:
    return file_request({"address: 192.0.2.10 ": "address: 127.0.0.1 ", "port: 22": f"port: {port}"})


def move(desk: Desk, deposit: str, port: int, to: int) -> None:
    """The server listens elsewhere now."""
    edit(desk, deposit, f"port: {port}", f"port: {to}")


def test_a_key_is_pending_then_pinned_then_changed(
    desk: Desk, file_request: Callable[..., str], sopctl: Callable[..., Ran]
) -> None:
    with server(OLD) as old:
        deposit = file_for(file_request, old.port)
        with pytest.raises(Unconfirmed, match="is not confirmed") as caught:
            host_keys.confirm(desk, deposit)
        host_keys.keep_pending(desk, deposit, caught.value.key)
        host_keys.keep_pending(desk, deposit, caught.value.key)
        found = host_keys.look(desk, deposit)
        assert (found.pinned, found.pending and found.pending.key.sha256) == (None, sha256(OLD))
        assert len(dossiers.read(desk.site, deposit).events) == 2, "the same key is noted once"

        with pytest.raises(OutsideFailure, match=re.escape(f"instead of {sha256(NEW)}")):
            host_keys.confirm(desk, deposit, fingerprint=sha256(NEW))
        assert sopctl("host-key", deposit, "--confirm", sha256(NEW)).code == 6
        assert sopctl("host-key", deposit, "--confirm", "SHA256:kurz").code in (2, 3)
        assert sopctl("host-key", deposit, "--confirm", sha256(OLD)).code == 0
        found = host_keys.look(desk, deposit)
        assert (found.pending, found.changed) == (None, False)
        assert found.pinned
        assert (found.pinned.key.sha256, found.pinned.how) == (sha256(OLD), "fingerprint")
        standing = dossiers.read(desk.site, deposit).standing
        assert (standing.place, standing.since) == ("penitipan 2", dossiers.read(desk.site, deposit).events[0].at)
        host_keys.refuse_changed(desk.site, dossiers.read(desk.site, deposit))

    with server(NEW) as new:
        move(desk, deposit, old.port, new.port)
        with pytest.raises(OutsideFailure, match="changed") as refused:
            host_keys.refuse_changed(desk.site, dossiers.read(desk.site, deposit))
        assert sha256(OLD) in str(refused.value)
        assert sha256(NEW) in str(refused.value)
        assert Action("host-key", deposit, needs=("fingerprint",)) in refused.value.remedy
        said = sopctl("host-key", deposit)
        assert said.code == 1
        assert sha256(OLD) in said.out
        assert sha256(NEW) in said.out
        shown = json.loads(sopctl("host-key", deposit, "--json").out)
        assert (shown["pinned"]["key"]["sha256"], shown["shown"]["sha256"]) == (sha256(OLD), sha256(NEW))
        assert new.logins == [], "nobody logged in for it"
        done = host_keys.confirm(desk, deposit, trusted_path="kabel sendiri")
        assert done.data["host_key_confirmed"] == "trusted path: kabel sendiri"
        assert not host_keys.look(desk, deposit).changed


def test_another_pending_key_is_told(desk: Desk, file_request: Callable[..., str]) -> None:
    with server(OLD) as old, server(NEW) as new:
        deposit = file_for(file_request, old.port)
        with pytest.raises(Unconfirmed) as first:
            host_keys.confirm(desk, deposit)
        host_keys.keep_pending(desk, deposit, first.value.key)
        move(desk, deposit, old.port, new.port)
        with pytest.raises(Unconfirmed, match=re.escape(f"on 2026-11-23 it showed {sha256(OLD)}")):
            host_keys.confirm(desk, deposit)


@pytest.mark.parametrize(
    "flags",
    [
        ["--word", "no"],
        ["--note", "x"],
        ["--confirmed-by", "Administrator", "--word", "no"],
        ["--jump", "hop@198.18.0.1"],
        ["--jump-key", "k"],
        ["--from", "nowhere"],
        ["--jump", "hop@198.18.0.1", "--jump-expect-key", "no key"],
    ],
)
def test_verify_refuses_flags_that_do_not_go_together(
    file_request: Callable[..., str], sopctl: Callable[..., Ran], flags: list[str]
) -> None:
    assert sopctl("verify", file_request(), *flags).code == 2
