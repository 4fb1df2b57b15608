"""What was changed by hand on a configured server: told by one look (`configure --drift`) and, task by task, by Ansible
(`configure --check`). The rows of tests/cases/drifts.yml are made at once, then each look is taken once."""

import json
import shlex
from collections.abc import Callable
from typing import Any

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus, Tier
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.servers.left import NOTE
from sopctl.workflow.steps import configuring, drift, editing
from tests.cases import rows
from tests.conftest import Ran
from tests.lab.test_servers import Placed

pytestmark = pytest.mark.lab

ROWS = rows("drifts")
FOLLOWS = {
    "firewall: Load the firewall",
    "firewall: Look for the table",
    "journald: Restart journald",
    "security_updates: Note that they were off",
    "sshd: Reload sshd",
    "static_address: Let the address take effect",
    "time_sync: Note that it was off",
    "time_sync: Restart the time service",
}
"""What --check names besides, because of another task."""


@pytest.fixture
def configured(desk: Desk, lab: LabStatus, pristine: LabServer, until_space: Callable[..., str]) -> Placed:
    """A server with all that a letter and a site can ask for, configured."""
    if lab.tier is not Tier.SYSTEMD:
        pytest.skip("these servers need services of their own")
    controller = f"{pristine.address.rpartition('.')[0]}.1"
    settings = desk.site.root / "sopctl.yml"
    wanted = {"time_servers": ["192.0.2.123"], "resolvers": {"servers": [controller]}}
    settings.write_text(settings.read_text() + "".join(f"{name}: {json.dumps(one)}\n" for name, one in wanted.items()))

    def file(changes: dict[str, str]) -> str:
        keys = next(new for new in changes.values() if new.startswith("keys: ["))
        more = "".join(f"\n    - name: {name}\n      {keys}" for name in ("dbadmin", "opadmin"))
        static = f"static_address: {{prefix: 24, gateway: {controller}}}"
        return until_space(
            {old: new + more if new == keys else new for old, new in changes.items()}
            | {"sources: []": f"sources: []\n  {static}"}
        )

    placed = Placed(Desk(Site(desk.site.root), desk.deciding, desk.clock), pristine, file)
    done = configuring.configure(placed.desk, placed.id, host_key=placed.pin)
    assert done.answer, done.note
    return placed


def test_one_look_misses_nothing_that_the_playbook_would_change(configured: Placed, sopctl: Callable[..., Ran]) -> None:
    ran = sopctl("configure", "--drift", "--all")
    assert (ran.code, ran.out) == (0, f"{configured.id}  nothing differs\n")

    made = "".join(f"{{ {row['do']}; }} || {{ echo {shlex.quote(row['name'])}; exit 1; }}\n" for row in ROWS)
    servers.run(configured.server, made)
    before = configured.dossier().events
    differences = look(sopctl, configured)
    part = {each["fact"]: each["part"] for each in differences}
    for row in ROWS:
        for fact in row["facts"]:
            assert part.get(fact) == row.get("part", ""), (row["name"], fact, part.get(fact))
    told = {fact for row in ROWS for fact in (*row["facts"], *row.get("also", ()))}
    assert set(part) - told == set(), "each change shows in its own lines, and in no others"
    assert configured.dossier().events == before, "a look is no step"

    (found,) = drift.look(configured.desk, [configured.id])
    changed = {f"{each.role}: {each.task}" for each in found.changes}
    seen = {row["check"] for row in ROWS if "check" in row}
    assert changed >= seen, seen - changed
    assert changed - seen <= FOLLOWS, "what --check finds, a row here asks of --drift too"

    what_is_asked_for_since(configured, sopctl)
    a_note_that_is_another(configured, sopctl)


def look(sopctl: Callable[..., Ran], configured: Placed, code: int = 1) -> list[dict[str, Any]]:
    ran = sopctl("configure", "--drift", configured.id, "--json")
    assert ran.code == code, ran.err
    (found,) = json.loads(ran.out)["servers"]
    return list(found["differences"])


def what_is_asked_for_since(configured: Placed, sopctl: Callable[..., Ran]) -> None:
    """The letter and the site ask for something else: nobody has to look at the server for that."""
    record = configured.dossier().folder / "deposit.yml"
    changed = record.read_text().replace("name: web1.", "name: web2.")
    edited = configured.desk.site.root.parent / "edited.yml"
    edited.write_text(changed)
    editing.edit(configured.desk, configured.id, source=edited, note="ralat")
    settings = configured.desk.site.root / "sopctl.yml"
    settings.write_text(settings.read_text().replace("Asia/Jakarta", "Asia/Jayapura"))
    ran = sopctl("configure", "--drift", configured.id)
    assert ran.code == 1
    said = [line.removeprefix("  asked for since: ") for line in ran.out.splitlines() if "asked for since: " in line]
    assert said == [
        "the host name: web1.example.org → web2.example.org",
        "the time zone: Asia/Jakarta → Asia/Jayapura",
    ]


def a_note_that_is_another(configured: Placed, sopctl: Callable[..., Ran]) -> None:
    """The history has the note's digest."""
    assert servers.run(configured.server, f"stat -c '%U %a' {NOTE}").strip() == "root 600"
    for change in (f"sed -i 's/^unit ssh.service.*/unit ssh.service\tdisabled active/' {NOTE}", f"rm {NOTE}"):
        servers.run(configured.server, change)
        ran = sopctl("configure", "--drift", configured.id)
        assert ran.code == 6
        assert "the note of what was left is not there, or not the one that the last configuration made" in ran.err
        assert "asks for something else since" in ran.out
