"""A lab server as its owner reaches it: does sshd answer, and scripts that run as root."""

import shlex
import socket
import tempfile
import time
from collections.abc import Callable

from sopctl.adapters.lab import command
from sopctl.adapters.lab.state import LabServer
from sopctl.errors import OutsideFailure


def run(server: LabServer, script: str, *, timeout: float = 120) -> str:
    """Run a POSIX shell script as root on a lab server and return its standard output.

    It runs over ssh, with the server's original host keys pinned, and sudo. Raises OutsideFailure when it fails (with
    the script's standard error), or when it takes longer than `timeout` seconds.
    """
    host = server.address if server.port == 22 else f"[{server.address}]:{server.port}"
    with tempfile.NamedTemporaryFile("w", prefix="sopctl-known-hosts-") as known_hosts:
        known_hosts.writelines(f"{host} {key.type} {key.key}\n" for key in server.host_keys)
        known_hosts.flush()
        options = {
            "BatchMode": "yes",
            "ConnectTimeout": "10",
            "ForwardAgent": "no",
            "GlobalKnownHostsFile": "/dev/null",
            "IdentitiesOnly": "yes",
            "IdentityAgent": "none",
            "LogLevel": "ERROR",
            "StrictHostKeyChecking": "yes",
            "UserKnownHostsFile": known_hosts.name,
        }
        arguments = ["ssh", "-F", "none", "-T", "-i", server.key_file, "-p", str(server.port), "-l", server.user]
        arguments += [f"-o{name}={value}" for name, value in options.items()]
        try:
            remote = f"sudo -n -- sh -c {shlex.quote(script)}"
            return command.run([*arguments, "--", server.address, remote], timeout=timeout, locks=())
        except OutsideFailure as failure:
            raise failure.recast(OutsideFailure, where=server.name) from failure


SHORTEST, LONGEST = 1.0, 10.0
"""Seconds that a try to hear sshd may take: the first one, and after many."""


def wait_for_banner(address: str, port: int, *, seconds: float, going_on: Callable[[], bool]) -> bool:
    """Try until an SSH server sends its identification there (RFC 4253, 4.2); False after `seconds`, or once `going_on`
    returns False.

    After each silence, the next try may take longer: an emulated machine on a busy controller needs seconds for an
    answer, and would be kept busy for ever by tries that are all given up before it.
    """
    deadline, within = time.monotonic() + seconds, SHORTEST
    while True:
        try:
            with socket.create_connection((address, port), timeout=within) as connection:
                if connection.recv(4).startswith(b"SSH-"):
                    return True
        except TimeoutError:
            within = min(within * 1.5, LONGEST)
        except OSError:
            pass  # nothing listens there yet
        if time.monotonic() >= deadline or not going_on():
            return False
        time.sleep(0.05)
