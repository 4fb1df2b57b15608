"""A small site whose "servers" are this machine's own shell: what is tested is the run, not a server."""

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[[str, str], None]

CONFIG = """\
[defaults]
library = library
interpreter_python = auto_silent
inject_facts_as_vars = False
[inventory]
enable_plugins = ansible.builtin.yaml
"""

HOSTS = """\
deposits:
  hosts:
    PS-2026-0001: {}
    PS-2026-0002: {}
    PS-2026-0003: {ansible_connection: ssh, ansible_host: 127.0.0.1, ansible_port: 1}
  vars:
    ansible_connection: local
    ansible_python_interpreter: "{{ ansible_playbook_python }}"
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A site with three hosts: two that answer, one that nobody can reach."""
    root = tmp_path / "site"
    for folder in ("inventory", "playbooks", "library"):
        (root / folder).mkdir(parents=True)
    (root / "ansible.cfg").write_text(CONFIG)
    (root / "inventory/hosts.yml").write_text(HOSTS)
    return root


@pytest.fixture
def playbook(site: Path) -> Callable[[str], str]:
    """Write the tasks of a playbook for all hosts; returns its file name."""

    def write(tasks: str) -> str:
        lines = "".join(f"    {line}\n" for line in tasks.strip("\n").splitlines())
        text = f"- hosts: deposits\n  gather_facts: false\n  tasks:\n{lines}"
        (site / "playbooks/try.yml").write_text(text)
        return "try.yml"

    return write
