"""The ssh options that make Ansible accept only a server's pinned host key, and go through its network's jump host."""

import re
import shlex
from pathlib import Path

from sopctl.errors import InvalidRecord
from sopctl.locale import Text
from sopctl.model.access.target import HostKey, Jump
from sopctl.model.text import printable

ALGORITHMS = {
    "ssh-ed25519": "ssh-ed25519",
    "ecdsa-sha2-nistp256": "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384": "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521": "ecdsa-sha2-nistp521",
    "ssh-rsa": "rsa-sha2-512,rsa-sha2-256",
}
"""Key type (RFC 4253, 5656, 8709) → the signature algorithms to offer for it; never RSA with SHA-1 (RFC 8332)."""

NOT_IN_A_PATH = frozenset('"\\${}:,')
"""What begins a variable, a template or an escape in a path, ends it, or separates it from the next."""


def ssh_common_args(host_key: HostKey | None, jump: Jump | None = None) -> str:
    """The value of `ansible_ssh_common_args` that accepts this host key and no other, through the jump host `jump`,
    which must show its own.

    The key is in the options themselves (KnownHostsCommand, ssh_config(5)), so there is no file to keep in step with
    the records; `%H` is the server's name as ssh looks it up, port included. Without a pinned key, ssh knows no key at
    all and gives up before it sends a credential. The user's own known_hosts are ignored.

    Raises InvalidRecord for a key that is not a public host key of a known type.
    """
    return " ".join(f"-o {shlex.quote(option)}" for option in _options(host_key) + ([_proxy(jump)] if jump else []))


def key_file(path: str) -> str:
    """The path of a private key as ssh takes it from an option, where a % begins a token (ssh_config(5), TOKENS)."""
    return path.replace("%", "%%")


def refuse_path(folder: Path) -> None:
    """Raise InvalidRecord for a folder that Ansible or ssh would take for another one: they replace variables and
    templates in the paths that they are given, or take several paths out of one."""
    if not str(folder).isprintable() or set(str(folder)) & NOT_IN_A_PATH:
        raise InvalidRecord(
            "path-not-for-ansible",
            "Ansible and ssh cannot be given this path: it has one of {characters} in it, or what cannot be printed",
            where=printable(str(folder), 200),
            remedy="Move the folder to another path.",
            characters=" ".join(sorted(NOT_IN_A_PATH)),
        )


def _proxy(jump: Jump) -> str:
    """The option by which ssh reaches the server from the jump host. In a ProxyCommand a % of its own is doubled
    (ssh_config(5), TOKENS); the words are quoted for the shell that ssh starts it with."""
    options = [*_options(jump.host_key), "BatchMode=yes", "LogLevel=ERROR", "ConnectTimeout=20", "ControlPath=none"]
    words = ["ssh", "-F", "none", *(word for option in options for word in ("-o", option))]
    words += ["-o", f'IdentityFile="{key_file(jump.key_file)}"', "-p", str(jump.port), "-l", jump.user]
    command = shlex.join(words).replace("%", "%%")
    return f"ProxyCommand={command} -W '[%h]:%p' {shlex.quote(jump.host)}"


def _options(host_key: HostKey | None) -> list[str]:
    options = [
        "UserKnownHostsFile=/dev/null",
        "GlobalKnownHostsFile=/dev/null",
        "StrictHostKeyChecking=yes",
        "VerifyHostKeyDNS=no",
        "UpdateHostKeys=no",
        "ForwardAgent=no",
        "ForwardX11=no",
        "IdentitiesOnly=yes",
    ]
    if host_key is not None:
        if host_key.type not in ALGORITHMS or not re.fullmatch(r"[A-Za-z0-9+/]{40,4096}={0,2}", host_key.key):
            raise InvalidRecord(
                "host-key-type-unsupported",
                "ssh cannot check the pinned host key, of type {type}",
                remedy=Text("Pin a key of one of these types: {names}.", names=", ".join(ALGORITHMS)),
                type=printable(host_key.type, 40),
            )
        options.insert(0, f"KnownHostsCommand=/bin/echo %H {host_key.type} {host_key.key}")
        options.append(f"HostKeyAlgorithms={ALGORITHMS[host_key.type]}")
    return options
