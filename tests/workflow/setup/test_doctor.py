"""What the doctor says of a site's letters: those of earlier days, and a rehearsal's networks."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.servers import logins
from sopctl.workflow.setup import doctor, init
from sopctl.workflow.steps import letters


def test_a_record_that_names_a_secret_is_told_how_to_move(desk: Desk, file_request: Callable[..., str]) -> None:
    """As an older sopctl recorded it: deposit.yml and what was filed say so."""
    record = desk.site.root / "appliance.yml"
    record.write_text(init.EXAMPLE_APPLIANCE)
    appliance, server = (
        letters.request(desk, record).id,
        file_request({"090/1/2026": "090/9/2026", "SN-0001": "SN-0009"}),
    )
    (desk.site.root / "keys/fw1").write_text("rahasia\n")
    assert [each for each in doctor.diagnose(str(desk.site.root)) if str(each.what).startswith("login ")] == []
    settings = desk.site.root / "sopctl.yml"
    settings.write_text(settings.read_text() + "first_contact_keys: [dinkes]\n")
    (told,) = [each for each in doctor.diagnose(str(desk.site.root)) if str(each.what).startswith("login ")]
    assert (told.what, "names the key 'owner'" in told.detail, bool(told.remedy)) == (f"login {server}", True, True)
    init.make_key(desk.site.root / "key", "kunci")
    logins.set_key(desk, server, desk.site.root / "key")
    assert [each for each in doctor.diagnose(str(desk.site.root)) if str(each.what).startswith("login ")] == []
    assert appliance


def test_a_rehearsals_networks_are_told(desk: Desk) -> None:
    root = desk.site.root
    (told,) = [each for each in doctor.diagnose(str(root)) if each.what == "rehearsal"]
    assert (told.ok, "127.0.0.0/8" in told.detail) == (False, True)
    lines = (root / "sopctl.yml").read_bytes().splitlines()
    (root / "sopctl.yml").write_bytes(b"\n".join(line for line in lines if b"rehearsal_networks" not in line) + b"\n")
    assert Site(root).settings.rehearsal_networks == ()
    assert [each for each in doctor.diagnose(str(root)) if each.what == "rehearsal"] == []


def test_where_ansible_has_to_gather_the_facts_is_told(desk: Desk) -> None:
    root = desk.site.root
    assert [each for each in doctor.diagnose(str(root)) if each.what == "facts"] == []
    (root / "playbooks/facts.yml").write_text("- hosts: deposits\n")
    (told,) = [each for each in doctor.diagnose(str(root)) if each.what == "facts"]
    assert (told.ok, told.needed, "facts.yml is the site's own" in told.detail) == (False, False, True)


def test_a_program_that_is_there_and_fails_is_not_to_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A container's number of an account that its system does not know was told to install OpenSSH."""
    (tmp_path / "ssh").write_text("#!/bin/sh\necho No user exists for uid 4001 >&2; exit 255\n")
    (tmp_path / "ssh").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = {str(each.what): each for each in (doctor._ssh(), doctor._ssh_keygen())}
    assert (found["ssh"].ok, found["ssh"].detail) == (False, "No user exists for uid 4001")
    assert "an account that the system knows" in str(found["ssh"].remedy)
    assert "apt install openssh-client" in str(found["ssh-keygen"].remedy)


def test_a_site_that_cannot_be_used_is_a_fault_and_none_at_all_is_not(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who only looks at the machine has no site; one that is named or too new is refused by every command."""

    def told(named: Path | None) -> tuple[bool, bool]:
        found = next(each for each in doctor.diagnose(str(named) if named else None) if str(each.what) == "site")
        return found.ok, found.needed

    (elsewhere := tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(elsewhere)
    assert (told(None), told(elsewhere)) == ((False, False), (False, True))
    (site.root / "origin.yml").write_text("format: 99\n")
    assert told(site.root) == (False, True)
    monkeypatch.chdir(site.root)
    assert told(None) == (False, True)
