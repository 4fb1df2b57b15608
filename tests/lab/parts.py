"""A site's configure.yml without the roles that a test is not about: the whole takes a core half a minute a server."""

import re
from pathlib import Path

NETWORK = ("static_address", "resolvers")
LAST = ("time_sync", "journald", "security_updates")
"""Roles of the end of a run, when the window is closed. Another one is left, so that the end has something to do."""


def leave_out(root: Path, *roles: str) -> None:
    """Take the import of each role out of the playbook of the site or office at `root`; all else stays as it is."""
    playbook = root / "playbooks/configure.yml"
    text = playbook.read_text()
    for role in roles:
        task = rf"^ +- name: .*\n +ansible\.builtin\.import_role:\n +name: {role}\n +tags: .*\n\n"
        text, found = re.subn(task, "", text, flags=re.MULTILINE)
        assert found == 1, role
    playbook.write_text(text)
