"""The access check of one host: one connection, one deadline, one ladder of rungs."""

import threading
import time

from sopctl.adapters.ssh.climb import Climb, Clock
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key
from sopctl.errors import InvalidRecord
from sopctl.model.access.ladder import AccessResult
from sopctl.model.access.target import Target


def check(
    target: Target,
    key: Key | None = None,
    *,
    jump_key: Key | None = None,
    ca: str | None = None,
    cancel: threading.Event | None = None,
    clock: Clock = time.time,
) -> AccessResult:
    """Climb the ladder of `target`: name, TCP, banner, key exchange, host key, login, command, services, TLS, HTTP.

    The result comes at most half a second after `target.timeout`, whatever the host does. Only a server that has
    proved the pinned host key ever sees a credential. One SSH connection and one login attempt; no agent, no
    forwarding, none of the user's own SSH files. With `target.jump`, the first rung is the login to the jump host
    (with `jump_key`, else the key that the target names, else `key`), and everything after it is tried from there.
    Of a target that speaks no SSH, the name, one connection and its services are tried.
    `ca` are the certificate authorities that services are checked against (PEM, from `load_ca`), by default those of
    this machine. `clock` says when it was.
    Raises InvalidRecord for a login without a key; Interrupted soon after `cancel` was set.
    """
    refuse_without_key(target, key)
    jump = target.jump if target.jump and (jump_key or not target.jump.key_file) else None
    jump_key = jump_key or key
    if jump is not None and jump_key is None:
        raise InvalidRecord(
            "jump-login-needs-key",
            "the login to the jump host needs a private key",
            where=jump.host,
            remedy="Give a key file for the jump host.",
        )
    climb = Climb(target, Deadline(target.timeout, cancel), clock=clock, inline=True)
    try:
        if jump is not None and jump_key is not None:
            climb.jump(jump, jump_key)
        climb.connect()
        if target.ssh:
            climb.handshake()
        if target.user is not None and key is not None:
            climb.log_in(target.user, key)
            climb.run(target.command)
        climb.disconnect()
        if target.services:
            from sopctl.adapters.ssh.services import try_services

            try_services(climb, ca)
    except Fault as fault:
        return climb.result(fault)
    finally:
        climb.close()
    return climb.result()


def refuse_without_key(target: Target, key: Key | None) -> None:
    """Raise InvalidRecord for a login without a key."""
    if target.user is not None and key is None:
        raise InvalidRecord(
            "login-needs-key", "a login needs a private key", where=target.host, remedy="Give a key file."
        )
