"""Many servers in one run, each with its own answer; and playbooks rehearsed on servers that nobody needs."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabStatus, Tier
from sopctl.errors import OutsideFailure
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup.init import make_key
from sopctl.workflow.steps import configuring
from tests.conftest import Ran

pytestmark = pytest.mark.lab

SMALL = """
- name: Let the office in, and one more task
  hosts: deposits
  gather_facts: false
  become: true
  tasks:
    - name: Make the account
      ansible.builtin.import_role:
        name: management_account
    - name: Write what was asked for
      ansible.builtin.copy:
        content: "{{ wanted | default('nothing') }}"
        dest: /srv/wanted
        mode: "0644"
"""


def test_one_run_for_many(
    desk: Desk, lab: LabStatus, placed: Callable[..., str], sopctl: Callable[..., Ran], tmp_path: Path
) -> None:
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("a server is switched off")
    (desk.site.root / "playbooks/configure.yml").write_text(SMALL)
    rack = desk.site.root / "racks/A1.yml"
    rack.write_text(rack.read_text().replace("units: 4", "units: 20").replace("2000", "20000"))
    keys = desk.site.root / "keys"
    (keys / "owner").write_bytes(Path(lab.servers[0].key_file).read_bytes())
    (keys / "owner").chmod(0o600)
    make_key(desk.site.root / "requester", "requester")
    chosen = [servers.reset(lab.name, server.name) for server in lab.servers]
    ids = []
    for server in chosen:
        pin = next(key for key in server.host_keys if key.type == "ssh-ed25519")
        shown = {"type": pin.type, "key": pin.key, "sha256": pin.sha256}
        ids.append(placed(server.address, server.port, shown, server.user))
    good, bad, away = ids
    servers.run(chosen[1], "mkdir /srv/wanted")
    servers.run(chosen[2], "(sleep 0.2; systemctl stop ssh.socket ssh) >/dev/null 2>&1 &")
    variables = tmp_path / "more.yml"
    variables.write_text("wanted: something\n")
    try:
        ran = sopctl("configure", "--due", "-e", f"@{variables}", "--json")
        found = json.loads(ran.out)
        assert ran.code == OutsideFailure.exit_code, ran.err
        assert {step["id"]: step["answer"] for step in found["steps"]} == {good: True, bad: False}
        assert [error["deposit"] for error in found["errors"]] == [away]
        assert "sopctl probe" in found["errors"][0]["remedy"]
        assert servers.run(chosen[0], "cat /srv/wanted") == "something"
        outcomes = {each: dossiers.read(desk.site, each).events[-1].outcome for each in ids}
        assert outcomes == {good: "selesai", bad: "failed", away: "failed"}

        # One run for all that a look found fit; what failed on which is told by it.
        (run,) = json.loads(sopctl("runs", "list", "--json").out)["runs"]
        ran = sopctl("runs", "show", run["id"], "--json")
        assert ran.code == 1
        assert {host["host"] for host in json.loads(ran.out)["hosts"]} == {good, bad}

        # Later, by hand: the group of the inventory that is named, and nothing that stands elsewhere.
        assert configuring.limited(desk, ids, ["rack_a1"]) == ids
        ran = sopctl("configure", "--repair", "--limit", "rack_a1")
        assert ran.code == 0, ran.err
        assert good in ran.out
        assert bad not in ran.out
        assert servers.run(chosen[0], "cat /srv/wanted") == "nothing"
        ran = sopctl("configure", "--repair", "--limit", "rack_b9")
        assert ran.code == 2
        assert "no group is called" in ran.err
        assert sopctl("configure", good, "-e", "secret=1").code == 2
    finally:
        for server in chosen:
            servers.reset(lab.name, server.name)


REHEARSED = """
- name: A site's own
  hosts: unit_contoh
  gather_facts: false
  become: true
  tasks:
    - name: Do it
      ansible.builtin.command: touch /srv/done
      args:
        creates: CREATES
"""


@pytest.mark.usefixtures("lab")
def test_rehearse(sopctl: Callable[..., Ran], desk: Desk) -> None:
    playbook = desk.site.root / "playbooks/site.yml"
    for creates, code in (("/srv/done", 0), ("/srv/other", 1)):
        playbook.write_text(REHEARSED.replace("CREATES", creates))
        ran = sopctl("lab", "rehearse", str(playbook), "--group", "unit_contoh", "--json")
        assert ran.code == code, ran.err
        found = json.loads(ran.out)
        changed = [sum(host["changed"] for host in found[run]["hosts"]) for run in ("first", "second")]
        assert changed == [1, code]
    ran = sopctl("lab", "rehearse", str(Path(sys.executable)))
    assert ran.code == 2
    assert "is not a playbook in" in ran.err
    with servers.name_of_its_own("rehearse") as free:  # another test's rehearsal may be under way
        assert servers.status(free) is None
