"""First contact: log in with the account that the owner made, become root, and run the script that makes our own.

The password goes only to the server that has proved its pinned host key, over the encrypted connection: for the login,
and on sudo's standard input where sudo asks. It is on no command line, here or there, and in no file.
"""

import shlex
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sopctl.adapters.ssh.climb import Climb
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key, Password
from sopctl.errors import InvalidRecord
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, Rung
from sopctl.model.access.target import Target
from sopctl.model.text import printable

if TYPE_CHECKING:
    from sopctl.adapters.ssh.session import Session

KEPT = 4096
"""Bytes of a command's output that are kept."""


def run_as_root(
    target: Target,
    credential: Key | Password,
    script: bytes,
    arguments: Sequence[str],
    *,
    cancel: threading.Event | None = None,
) -> AccessResult:
    """Log in as `target.user` and run the POSIX sh `script` as root, with `arguments`.

    The account is root itself, or uses sudo: without a password if possible, else with the login's, tried once. One
    connection, within `target.timeout`. The command rung fails with the causes `sudo-refused` and `command-failed`.
    Raises InvalidRecord without a user or a pinned host key, and Interrupted.
    """
    if target.user is None or target.expect_key is None:
        raise InvalidRecord(
            "first-contact-incomplete",
            "a first contact needs an account and a pinned host key",
            where=target.host,
        )
    climb = Climb(target, Deadline(target.timeout, cancel))
    try:
        climb.connect()
        climb.handshake()
        climb.log_in(target.user, credential)
        with climb.on(Rung.COMMAND) as note:
            assert climb.session is not None  # noqa: S101 (logged in)
            words = shlex.join(["sh", "-s", "--", *arguments])
            prefix, secret = _sudo(climb.session, target.user, credential, words)
            status, said = climb.session.run_with_input(prefix + words, secret + script, KEPT)
            if status != 0:
                raise Fault(Cause.COMMAND_FAILED, f"as root, the script failed{_words(said) or f': {status}'}")
            note.append("root, itself" if not prefix else f"root, {'with a password ' if secret else ''}through sudo")
    except Fault as fault:
        return climb.result(fault)
    finally:
        climb.close()
    return climb.result()


def _sudo(session: "Session", user: str, credential: Key | Password, words: str) -> tuple[str, bytes]:
    """How to run the command `words`, a shell that reads a script, as root: a prefix for it, and one for its input.

    Each way is first tried with the same command and an empty script. Otherwise a sudo that asks for no password would
    leave it to the shell, and one that refuses it would take the script's lines for further attempts.
    """
    _, who = session.run_with_input("id -u", b"", KEPT)
    if who.split()[-1:] == [b"0"]:
        return "", b""
    status, _ = session.run_with_input(f"sudo -n {words}", b"", KEPT)
    if status == 0:
        return "sudo -n ", b""
    if isinstance(credential, Key):
        raise Fault(Cause.SUDO_REFUSED, f"{printable(user, 64)} may not use sudo without a password")
    prefix, secret = "sudo -k -S -p '' ", credential.text.encode() + b"\n"
    status, answer = session.run_with_input(prefix + words, secret, KEPT)
    if status != 0:
        raise Fault(Cause.SUDO_REFUSED, f"sudo refuses {printable(user, 64)}, or this password{_words(answer)}")
    return prefix, secret


def _words(output: bytes) -> str:
    return f": {printable(output.strip(), 300)}" if output.strip() else ""
