#!/usr/bin/python
"""Ansible module: the facts of a Linux server, by the collectors of `setup` and a shell script, in one round trip.

A second task would cost another worker here and another login's worth of work there. It runs on the server, with the
server's own Python (3.8 or newer).
"""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import types

# A stub: the real module imports the collectors of every operating system, which takes longer than all reads here.
sys.modules["ansible.module_utils.facts.default_collectors"] = types.ModuleType("default_collectors")

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_text
from ansible.module_utils.facts.hardware.linux import LinuxHardware, LinuxHardwareCollector
from ansible.module_utils.facts.network.linux import LinuxNetworkCollector
from ansible.module_utils.facts.system.distribution import DistributionFactCollector
from ansible.module_utils.facts.system.dns import DnsFactCollector
from ansible.module_utils.facts.system.platform import PlatformFactCollector
from ansible.module_utils.facts.virtual.linux import LinuxVirtualCollector

DOCUMENTATION = """
module: server_facts
short_description: The facts of a Linux server from setup's collectors, and the output of a shell script
description:
  - Reads hardware, network, virtualization, system and resolvers with the collectors of M(ansible.builtin.setup), and
    runs a POSIX shell script meanwhile. Nothing of the account's environment is read, nothing is changed.
options:
  script:
    description: The shell script. It gets no arguments and no input.
    type: str
    required: true
  timeout:
    description: Seconds that the script may take.
    type: int
    default: 150
author:
  - sopctl
"""

EXAMPLES = """
- name: Read what the server is
  server_facts:
    script: "{{ lookup('ansible.builtin.file', 'details.sh') }}"
  become: true
"""

RETURN = """
facts:
  description: What setup's collectors found, under setup's names without C(ansible_).
  type: dict
  returned: always
details:
  description: What the script printed.
  type: str
  returned: always
errors:
  description: Which collectors failed, and why.
  type: list
  returned: always
"""

# The script reads the mounts, without four processes, a wait of 0.2 s, and a thread that hangs on a share whose server
# is gone. No form lists LVM volumes.
LinuxHardware.get_mount_facts = LinuxHardware.get_lvm_facts = lambda _self: {}

COLLECTORS = (  # in the order of their dependencies
    PlatformFactCollector,
    DistributionFactCollector,
    DnsFactCollector,
    LinuxHardwareCollector,
    LinuxNetworkCollector,
    LinuxVirtualCollector,
)
MAX_DETAILS = 1_000_000


def main() -> None:
    """Gather the facts, and print them as Ansible expects."""
    module = AnsibleModule(
        argument_spec={
            "script": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 150},
        },
        supports_check_mode=True,
    )
    if platform.system() != "Linux":
        module.fail_json(msg="This module works on Linux servers only.")
    shell = subprocess.Popen(
        ["/bin/sh", "-c", module.params["script"]],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    facts, errors = collected(module)
    try:
        said = shell.communicate(timeout=module.params["timeout"])[0]
    except subprocess.TimeoutExpired:
        os.killpg(shell.pid, signal.SIGKILL)
        said = shell.communicate()[0]
    details = to_text(said[:MAX_DETAILS], errors="surrogate_then_replace")
    module.exit_json(changed=False, facts=facts, details=details, errors=errors)


def collected(module):
    """The facts that the collectors found, and the errors of those that failed."""
    facts, errors = {}, []
    for collector in COLLECTORS:
        known = {f"ansible_{name}": value for name, value in facts.items()}
        try:
            facts.update(collector().collect(module=module, collected_facts=known))
        except Exception as error:  # noqa: BLE001 (as in setup: one that fails does not hide the others)
            errors.append(f"{collector.name}: {error!r}")
    return facts, errors


if __name__ == "__main__":
    main()
