"""A module as Ansible itself would send it to a server, for those who bring it there without Ansible.

ansible-core's builder is a private interface. This is the one seam to it: `building.py` calls it, in a process of its
own, for the one version that it was written for (`building.KNOWN`), and whatever is different is an error here. Who
asks then runs the playbook instead. A test holds what a module built so answers to Ansible's own answer.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from sopctl.adapters.ansible import building
from sopctl.errors import OutsideFailure
from sopctl.model.as_json import NotJson, from_json
from sopctl.model.text import printable

SECONDS = 60.0
"""For the build; it takes less than one."""


class Built(Struct, frozen=True):
    """A module with its arguments: `code` is what Python reads from its standard input on the server; `interpreters`
    are the names that Ansible looks for there, the best first."""

    code: bytes
    interpreters: tuple[str, ...]


def build(site: Path, module: Path, arguments: Mapping[str, object]) -> Built:
    """Build the module of this file with these arguments, under the site's Ansible settings.

    Raises OutsideFailure when this version of Ansible is not known, or does not build it.
    """
    given = {"module": str(module.resolve()), "arguments": dict(arguments)}
    with tempfile.TemporaryDirectory(prefix="sopctl-") as folder:
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": folder,
            "LANG": "C.UTF-8",
            "ANSIBLE_CONFIG": str(site.resolve() / "ansible.cfg"),
            "ANSIBLE_LOCAL_TEMP": folder,
        }
        try:
            done = subprocess.run(
                [sys.executable, "-I", building.__file__],
                input=json.dumps(given).encode(),  # in ASCII: a path may have bytes that are no UTF-8
                capture_output=True,
                timeout=SECONDS,
                env=environment,
                cwd=folder,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise _not_built(type(error).__name__) from error
    header, _, code = done.stdout.partition(b"\n")
    try:
        names = from_json(header, tuple[str, ...])
    except NotJson:
        names = ()
    if done.returncode != 0 or not names or not code.startswith(b"#!"):
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it said nothing"]
        raise _not_built(printable(said[-1], 300))
    return Built(code, names)


def _not_built(reason: str) -> OutsideFailure:
    return OutsideFailure(
        "module-not-built",
        "Ansible's builder gave no module: {reason}",
        remedy="The playbook does the same, at more cost. The versions that are known are in requirements.txt.",
        reason=reason,
    )
