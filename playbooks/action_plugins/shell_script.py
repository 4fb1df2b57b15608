"""Ansible action: a script for sh, given on its standard input. A shell is all that the server needs.

`raw` would pass the script as an argument: whoever becomes root so leaves it, whole, in the owner's log of sudo.
"""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

DOCUMENTATION = """
module: shell_script
short_description: A script for sh, given on its standard input
description:
  - Runs a POSIX shell script on a server with or without Python. The script gets no arguments and no input; it is read
    whole before it begins.
  - It is skipped in check mode.
options:
  script:
    description: The script.
    type: str
    required: true
author:
  - sopctl
"""

EXAMPLES = """
- name: Ask who we are
  shell_script:
    script: id -un
  become: true
"""

RETURN = """
rc:
  description: The exit status; the task fails if it is not 0. With it come stdout, stderr and their lines, as of raw.
  type: int
  returned: always
"""

READ_AND_RUN = 'eval "$(cat)" </dev/null'


class ActionModule(ActionBase):
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        script = self._task.args.get("script")
        if not isinstance(script, str) or set(self._task.args) != {"script"}:
            raise AnsibleActionFail("shell_script takes one option, script, which is text")
        if self._task.check_mode:
            return {**result, "skipped": True}
        ended = self._low_level_execute_command(READ_AND_RUN, in_data=f"{script}\n".encode(), executable="/bin/sh")
        failed = {"failed": True, "msg": "non-zero return code"} if ended["rc"] != 0 else {}
        return {**result, "changed": True, **ended, **failed}
