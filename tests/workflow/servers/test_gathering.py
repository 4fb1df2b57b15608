"""The month's facts without Ansible: what is recorded of each server, and where only the playbook can do it."""

import errno
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import paramiko
import pytest

from sopctl.adapters.ssh import load_key
from sopctl.adapters.ssh.facts import Module
from sopctl.errors import Interrupted, OutsideFailure
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk, StepDone, turn
from sopctl.workflow.servers import batch, gathering
from sopctl.workflow.servers.playbooks import skeleton
from sopctl.workflow.steps import collecting
from sopctl.workflow.views import inventories
from tests.adapters.ssh import hostile
from tests.adapters.ssh.hostile import Behaviour

DETAILS = (Path(__file__).parents[2] / "cases/details/virtual-machine.txt").read_text()
NOTHING = Module(b"", ("python3.99",), b"exit 1\n")
SAYS = Module(b"", ("python3.99",), f"cat <<'END'\n{DETAILS}END\n".encode())


@pytest.fixture
def host_key() -> paramiko.PKey:
    return paramiko.ECDSAKey.generate(bits=256)


@pytest.fixture
def run() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def server(
    desk: Desk, placed: Callable[..., str], host_key: paramiko.PKey, run: ExitStack, tmp_path: Path
) -> Callable[..., str]:
    """A deposit whose inventory is due, and whose server is this one; by default one whose shell runs what it is
    asked to."""
    (desk.site.root / "racks/A1.yml").write_text("name: A1\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 9000\n")
    (desk.site.root / "keys/owner").write_bytes((desk.site.root / "keys/management").read_bytes())
    (desk.site.root / "keys/owner").chmod(0o600)
    key = load_key(desk.site.root / "keys/management")
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sh", "cat"):
        (programs / name).symlink_to(str(shutil.which(name)))

    def start(shown: paramiko.PKey = host_key, *, up: bool = True, **behaviour: object) -> str:
        how = {"shell": ("/bin/sh", "-c"), "environment": {"PATH": str(programs)}, **behaviour}
        made = Behaviour(user="sopctl", keys=(key.pkey,), **how)  # type: ignore[arg-type]
        port = run.enter_context(hostile.listening(hostile.ssh(made, shown))).port if up else 1
        pin = {"type": host_key.get_name(), "key": host_key.get_base64(), "sha256": host_key.fingerprint}
        deposit = placed("127.0.0.1", port, pin)
        with turn(desk.knowing("satu server uji", clock_is_right=True), deposit, "configure") as mine:
            mine.record("selesai")
        for verb, outcome in (("notify", "selesai"), ("verify", "bisa"), ("notify", "selesai")):
            with turn(desk, deposit, verb) as mine:
                mine.record(outcome)
        return deposit

    return start


def newest(desk: Desk, deposit: str) -> tuple[str, str]:
    event = dossiers.read(desk.site, deposit).events[-1]
    return event.outcome, event.note


def test_each_server_gets_its_own_answer(
    desk: Desk, server: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "module", lambda *_: SAYS)
    well, shut, down = server(), server(refuse="session"), server(up=False)
    other = server(paramiko.ECDSAKey.generate(bits=256))
    told: list[str] = []
    ids = [down, well, other, shut, well]
    answers = collecting.collect_all(desk, ids, forks=2, on_end=lambda deposit, _: told.append(deposit))
    assert sorted(told) == sorted({*ids})
    assert isinstance(answers.done[well], StepDone)
    assert inventories.kept_facts(desk, well).os_name == "Ubuntu"
    assert (answers.errors[down].id, "refused" in answers.errors[down].message) == ("server-unreachable", True)
    assert newest(desk, down)[0] == "failed"
    assert newest(desk, down)[1].startswith("server tidak terjangkau: ")
    assert answers.errors[other].id == "host-key-changed"
    assert "kunci host berubah" in newest(desk, other)[1]
    assert answers.errors[shut].id == "server-not-looked-at"
    outcome, note = newest(desk, shut)
    assert outcome == "failed"
    assert note.startswith("gagal pada menjalankan perintah [rincian: the server refuses")


def test_a_server_that_gives_no_facts_is_an_answer_with_the_end_of_each_try(
    desk: Desk, server: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "module", lambda *_: NOTHING)
    deposit = server()
    done = collecting.collect(desk, deposit)
    assert not done.answer
    assert newest(desk, deposit) == (
        "failed",
        "sebagai root: tidak ada Python; tanpa Python: tidak ada jawaban yang dapat dibaca",
    )


def test_a_stop_is_no_failure(desk: Desk, server: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in the moment in which the first was kept, while the other hangs."""
    monkeypatch.setattr(gathering, "module", lambda *_: SAYS)
    hanging, well = server(hang_at="exec"), server()
    cancel = threading.Event()
    with pytest.raises(Interrupted):
        collecting.collect_all(desk, [hanging, well], on_end=lambda *_: cancel.set(), cancel=cancel)
    assert newest(desk, well)[0] == "selesai"
    assert newest(desk, hanging)[0] == "interrupted"


def test_what_is_run_is_what_the_playbook_runs(desk: Desk) -> None:
    found = gathering.module(desk.site, skeleton())
    assert found.interpreters[-1] == "python3"
    script = found.script.decode()
    assert script.index("gather=/usr/local/lib/sopctl/gather") < script.index("# What a server says of itself")
    assert "{{" not in script.split("# What a server says", 1)[0], "nothing of the template is left"
    assert script.endswith((skeleton() / "playbooks/files/details.sh").read_text().rstrip() + "\n")


OWN = {
    "playbooks/facts.yml": "- hosts: deposits\n",
    "ansible.cfg": "[defaults]\ninventory = inventory\n",
    "inventory/deposits.sopctl.yml": "plugin: sopctl\nother: true\n",
    "inventory/group_vars/all.yml": "ansible_become_method: doas\n",
    "inventory/host_vars/PS-2026-0001.yml": "ansible_python_interpreter: /opt/python\n",
    "inventory/own.ini": "PS-2026-0001 ansible_port=2222\n",
    "playbooks/group_vars/deposits/secret.yml": "$ANSIBLE_VAULT;1.1;AES256\n6134\n",
    "playbooks/action_plugins/server_facts.py": "",
}


@pytest.mark.parametrize("name", OWN)
def test_what_an_administrator_changed_is_for_ansible_to_read(desk: Desk, name: str) -> None:
    assert gathering.own_way(desk.site, skeleton()) == ""
    path = desk.site.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(OWN[name])
    reason = gathering.own_way(desk.site, skeleton())
    assert name in reason
    with pytest.raises(OutsideFailure) as error:
        gathering.module(desk.site, skeleton())
    assert error.value.id == "facts-by-playbook"


def test_a_site_from_before_the_action_plugin_lacks_nothing(desk: Desk) -> None:
    (desk.site.root / gathering.ACTION).unlink()
    assert gathering.own_way(desk.site, skeleton()) == ""


def test_an_action_plugin_that_may_not_be_looked_for_is_one_error(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    really = Path.exists

    def exists(path: Path) -> bool:
        if path == desk.site.root / gathering.ACTION:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr(Path, "exists", exists)
    with pytest.raises(OutsideFailure, match=r"server_facts\.py: cannot read"):
        gathering.own_way(desk.site, skeleton())


def test_variables_that_say_nothing_of_it_are_no_reason(desk: Desk) -> None:
    path = desk.site.root / "inventory/group_vars/all.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("office_floor: 2\n")
    assert gathering.own_way(desk.site, skeleton()) == ""


def test_ansible_does_it_where_it_has_to_and_that_is_told(
    desk: Desk, server: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(batch, "run", lambda turns, playbook, *_, **__: asked.append(playbook))
    deposit = server()
    (desk.site.root / "playbooks/facts.yml").write_text("- hosts: deposits\n")
    collecting.collect_all(desk, [deposit])
    assert [each.id for each in desk.site.lagging] == ["facts-by-playbook"]
    desk.site.lagging.clear()
    collecting.collect_all(desk, [deposit], with_ansible=True)
    assert asked == ["facts.yml", "facts.yml"]
    assert desk.site.lagging == [], "who asks for it need not be told"
