"""Ansible action: the module server_facts, whose failure is told from a lost connection.

A server without Python may end before it has read the module. If Ansible sees that before it sees that ssh has ended,
it takes the server for one that cannot be reached, and no rescue of the playbook would ask it in the next way.
"""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action.normal import ActionModule as Normal


class ActionModule(Normal):
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            result: dict[str, Any] = super().run(tmp, task_vars)
        except AnsibleConnectionFailure as error:
            if not isinstance(error.__cause__, BrokenPipeError):
                raise
            return {"failed": True, "msg": str(error)}
        return result
