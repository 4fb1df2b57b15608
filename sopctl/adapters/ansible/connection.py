"""How Ansible's ssh is told which host key a server must show."""

import re

from sopctl.errors import InvalidRecord
from sopctl.model.access.target import HostKey

ALGORITHMS = {
    "ssh-ed25519": "ssh-ed25519",
    "ecdsa-sha2-nistp256": "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384": "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521": "ecdsa-sha2-nistp521",
    "ssh-rsa": "rsa-sha2-512,rsa-sha2-256",
}
"""Key type (RFC 4253, 5656, 8709) → signature algorithms to offer for it; RSA with SHA-1 is none (RFC 8332)."""


def ssh_common_args(host_key: HostKey | None) -> str:
    """The value of `ansible_ssh_common_args` that accepts this host key and no other.

    The key travels in the options themselves (KnownHostsCommand, ssh_config(5)): no file to keep in step with the
    records, and `%H` names the server as ssh looks it up, port included. Without a pinned key ssh knows no key at
    all and refuses before it sends a credential. Nothing of a person's own known hosts counts.

    Raises InvalidRecord for a key type or text that is not a public host key.
    """
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
                "pinned-host-key-not-one",
                "The pinned host key is not one that ssh can check.",
                remedy=f"Pin a key of one of these types: {', '.join(ALGORITHMS)}.",
            )
        options.insert(0, f'KnownHostsCommand="/bin/echo %H {host_key.type} {host_key.key}"')
        options.append(f"HostKeyAlgorithms={ALGORITHMS[host_key.type]}")
    return " ".join(f"-o {option}" for option in options)
