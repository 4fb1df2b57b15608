"""First contact: an account that the owner made, root through it, and one script that lets the office in for good.

The password goes to one server only, which has proved its pinned host key, over the encrypted connection: for the
login, and where sudo asks, on its standard input. It is on no command line, here or there, and in no file.
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
"""Bytes that are looked at of what a command says."""


def run_as_root(
    target: Target,
    way: Key | Password,
    script: bytes,
    arguments: Sequence[str],
    *,
    cancel: threading.Event | None = None,
) -> AccessResult:
    """Log in as `target.user` and run the POSIX sh `script` as root, with `arguments`.

    Root is the account itself, or sudo: without a password, else with that of the login, tried once. One connection,
    within `target.timeout`. The command rung fails with the causes `sudo-refused` and `command-failed`.
    Raises InvalidRecord without a user or a pinned host key, and Interrupted.
    """
    if target.user is None or target.expect_key is None:
        raise InvalidRecord(
            "first-contact-needs-account-pinned",
            "a first contact needs an account and a pinned host key",
            where=target.host,
        )
    climb = Climb(target, Deadline(target.timeout, cancel))
    try:
        climb.connect()
        climb.meet()
        climb.log_in(target.user, way)
        with climb.on(Rung.COMMAND) as note:
            assert climb.session is not None  # noqa: S101 (logged in)
            words = shlex.join(["sh", "-s", "--", *arguments])
            prefix, secret = _way_to_root(climb.session, target.user, way, words)
            status, said = climb.session.feed(prefix + words, secret + script, KEPT)
            if status != 0:
                raise Fault(Cause.COMMAND_FAILED, f"as root, the script failed{_words(said) or f': {status}'}")
            note.append("root, itself" if not prefix else f"root, {'with a password ' if secret else ''}through sudo")
    except Fault as fault:
        return climb.result(fault)
    finally:
        climb.close()
    return climb.result()


def _way_to_root(session: "Session", user: str, way: Key | Password, words: str) -> tuple[str, bytes]:
    """What goes before the command `words` (a shell that reads a script), and before that script, to run it as root.

    Each way is tried with an empty script first, and the very same command: a sudo that asks nobody must not leave the
    password to the shell, and one that refuses it must not take the script's lines for further attempts.
    """
    _, who = session.feed("id -u", b"", KEPT)
    if who.split()[-1:] == [b"0"]:
        return "", b""
    status, _ = session.feed(f"sudo -n {words}", b"", KEPT)
    if status == 0:
        return "sudo -n ", b""
    if isinstance(way, Key):
        raise Fault(Cause.SUDO_REFUSED, f"{printable(user, 64)} may not use sudo without a password")
    prefix, secret = "sudo -k -S -p '' ", way.text.encode() + b"\n"
    status, answer = session.feed(prefix + words, secret, KEPT)
    if status != 0:
        raise Fault(Cause.SUDO_REFUSED, f"sudo refuses {printable(user, 64)}, or this password{_words(answer)}")
    return prefix, secret


def _words(output: bytes) -> str:
    return f": {printable(output.strip(), 300)}" if output.strip() else ""
