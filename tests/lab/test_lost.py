"""A server that is lost in a run: its network fails for some seconds, or its power does, at each point of a run.

What is said afterwards was seen; the server is as it was, at the latest after its window, or configured as a whole.
Each server of a run is lost at another point.
"""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus, Tier
from sopctl.store import dossiers
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup.init import make_key
from tests.conftest import Ran
from tests.lab.test_servers import lose_power
from tests.lab.test_window import Broken

pytestmark = pytest.mark.lab

SECONDS = 5

LOSE = """
- name: Be lost
  ansible.builtin.command:
    argv: [sh, -c, 'touch "$0.asked"; until [ -e "$0.done" ]; do sleep 0.1; done', "{{ playbook_dir }}/../lost-{{ inventory_hostname }}"]
  delegate_to: localhost
  become: false
  changed_when: false
  when: lost_at | default('') == 'POINT'
"""
CONFIGURE, ROLE = "playbooks/configure.yml", "playbooks/roles/armed_window/tasks/"
POINTS = {
    "before": (CONFIGURE, "        - name: Arm the window\n"),
    "accounts": (CONFIGURE, "        - name: Set up the legal notice\n"),
    "reload": (CONFIGURE, "        - name: Prove that we can log in\n"),
    "prove": (ROLE + "prove.yml", "- name: Close the window\n"),
    "put_back": (ROLE + "put_back.yml", "- name: Put back what was changed in the window\n"),
    "after": (CONFIGURE, "    - name: Set time zone\n"),
}
"""Where in a run a server is lost: before this line of the file."""


def prepare(root: Path) -> None:
    for point, (name, line) in POINTS.items():
        path = root / name
        text = path.read_text()
        assert text.count(line) == 1, (name, line)
        indent = " " * (len(line) - len(line.lstrip()))
        task = "".join(indent + each + "\n" for each in LOSE.replace("POINT", point).strip().splitlines())
        path.write_text(text.replace(line, task + "\n" + line))


@contextmanager
def losing(root: Path, there: dict[str, LabServer], lose: Callable[[LabServer], None]) -> Iterator[None]:
    """While a run is under way: lose each server when its turn comes."""
    ended = threading.Event()

    def watch() -> None:
        left = dict(there)
        while not ended.wait(0.1):
            for deposit in [each for each in left if (root / f"lost-{each}.asked").exists()]:
                lose(left.pop(deposit))
                (root / f"lost-{deposit}.done").touch()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def blip(server: LabServer) -> None:
    """Let nothing from here arrive at the server for some seconds: it is sent to a card that nobody has."""
    said = subprocess.run(
        ["ip", "-o", "route", "get", server.address], check=True, capture_output=True, text=True
    ).stdout
    place = [server.address, "dev", said.partition(" dev ")[2].split()[0]]
    subprocess.run(["ip", "neigh", "replace", *place, "lladdr", "02:00:00:00:00:01", "nud", "permanent"], check=True)
    threading.Timer(SECONDS, lambda: subprocess.run(["ip", "neigh", "del", *place], check=True)).start()


def power_cycle(server: LabServer) -> None:
    lose_power(server)
    threading.Thread(target=lambda: servers.up(server.name.rstrip("0123456789"), servers=1)).start()
