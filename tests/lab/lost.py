"""A server that is lost in a run: its network fails for some seconds, or its power does, at each point of a run.

What is said afterwards was seen. A network that was away for some seconds disturbs nothing. A server that has lost its
power ends its run at once, and is as it was when it has started again, or configured as a whole.
"""

import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from sopctl.adapters import lab as servers
from sopctl.adapters.lab import LabServer, LabStatus
from sopctl.errors import OutsideFailure
from sopctl.workflow.setup.init import make_key
from tests.lab.test_servers import lose_power

if TYPE_CHECKING:
    from tests.lab.test_window import Broken

AWAY = 5
"""Seconds that a network is away for."""

LOSE = """
- name: Be lost
  ansible.builtin.command:
    argv: [sh, -c, 'touch "$0.asked"; until [ -e "$0.done" ]; do sleep 0.1; done', "{{ lost_file }}"]
  vars:
    lost_file: "{{ playbook_dir }}/../lost-{{ inventory_hostname }}"
  delegate_to: localhost
  become: false
  changed_when: false
  when: lost_at | default('') == 'POINT'
"""
CONFIGURE, WINDOW = "playbooks/configure.yml", "playbooks/roles/armed_window/tasks/"
POINTS = {
    "before": (CONFIGURE, "        - name: Arm the window\n"),
    "accounts": (CONFIGURE, "        - name: Set up the legal notice\n"),
    "reload": (CONFIGURE, "        - name: Prove that we can log in\n"),
    "prove": (WINDOW + "prove.yml", "- name: Close the window\n"),
    "put back": (WINDOW + "put_back.yml", "- name: Put back what was changed in the window\n"),
    "after": (CONFIGURE, "    - name: Set time zone\n"),
}
"""Where in a run a server is lost: before this line of the file, in the test's copy of the playbooks."""

RELEASE = "playbooks/release.yml"
BACK = {
    "accounts": (RELEASE, "    - name: Take back the accounts of the letter\n"),
    "reload": (RELEASE, "    - name: Let what changed take effect\n"),
    "last": (RELEASE, "    - name: Take back the management account\n"),
}
"""The same while a server is given back."""

LET_GO = """
cd /var/lib/sopctl/window 2>/dev/null || exit 0
tries=0
while { [ -d kept ] || [ -d back ]; } && [ "$tries" -lt 100 ]; do sleep 0.5; tries=$((tries + 1)); done
ls -d kept back /etc/systemd/system/sopctl-window.service 2>/dev/null || true
"""
"""Waits until the server has put back what it had; prints what stays of the window."""


EVERYWHERE = [
    *(("network", point) for point in ("reload", "prove", "put back")),
    *(("power", point) for point in POINTS),
]
"""What each server of a run loses, and where."""

SOMEWHERE = [("network", "prove"), *(("power", point) for point in ("accounts", "prove", "put back", "after"))]
"""Those of them that end each in another way."""


class Lost:
    """A run on servers that are each lost at another point of it."""

    def __init__(
        self, there: "Broken", lab: LabStatus, what: Sequence[tuple[str, str]], points: Mapping[str, tuple[str, str]]
    ) -> None:
        self.root, self.servers, self._lab = there.root, there.servers, lab.name
        self._starting = threading.Lock()
        self._threads: list[threading.Thread] = []
        make_key(self.root / "keys/other", "other")
        other = (self.root / "keys/other.pub").read_text().strip()
        for point, (name, line) in points.items():
            path = self.root / name
            text = path.read_text()
            assert text.count(line) == 1, (name, line)
            indent = " " * (len(line) - len(line.lstrip()))
            task = "".join(f"{indent}{each}\n" for each in LOSE.replace("POINT", point).strip().splitlines())
            path.write_text(text.replace(line, f"{task}\n{line}"))
        self.at = dict(zip(what, self.servers, strict=True))
        for (_, point), deposit in self.at.items():
            fails = {"management_account_public_key": other} if point == "put back" else {}
            there.variables(deposit, lost_at=point, armed_window_seconds=900, armed_window_login_seconds=900, **fails)

    @contextmanager
    def under_way(self) -> Iterator[None]:
        """While this lasts, each server is lost when its turn comes."""
        ended = threading.Event()

        def watch() -> None:
            left = {key: each for key, each in self.at.items() if not (self.root / f"lost-{each}.done").exists()}
            while not ended.wait(0.1):
                for what, deposit in [(what, each) for (what, _), each in left.items()]:
                    if (self.root / f"lost-{deposit}.asked").exists():
                        del left[next(key for key, each in left.items() if each == deposit)]
                        self._lose(what, self.servers[deposit])
                        (self.root / f"lost-{deposit}.done").touch()

        self._start(watch)
        try:
            yield
        finally:
            ended.set()
            for thread in self._threads:
                thread.join()

    def _start(self, act: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=act))
        self._threads[-1].start()

    def _lose(self, what: str, server: LabServer) -> None:
        if what == "network":
            away_for_a_moment(server)
        else:
            lose_power(server)
            self._start(self._power_comes_back)

    def _power_comes_back(self) -> None:
        with self._starting, suppress(OutsideFailure):  # of another that is lost meanwhile: its own turn starts it
            servers.up(self._lab, servers=len(self.at))


def away_for_a_moment(server: LabServer) -> None:
    """Let nothing from here arrive at the server: it is sent to a card that nobody has."""
    route = subprocess.run(["ip", "-o", "route", "get", server.address], check=True, capture_output=True, text=True)
    place = [server.address, "dev", route.stdout.partition(" dev ")[2].split()[0]]
    subprocess.run(["ip", "neigh", "replace", *place, "lladdr", "02:00:00:00:00:01", "nud", "permanent"], check=True)
    threading.Timer(AWAY, lambda: subprocess.run(["ip", "neigh", "del", *place], check=True)).start()
