"""First contact: log in with the account that the owner made, become root, and run the script that makes our own.

The password goes only to the server that has proved its pinned host key, over the encrypted connection: for the login,
and on sudo's standard input where sudo asks. It is on no command line, here or there, and in no file.
"""

import shlex
import threading
from collections.abc import Sequence

from sopctl.adapters.ssh.climb import Climb
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key, Password
from sopctl.adapters.ssh.root import KEPT, become_root, worded
from sopctl.errors import InvalidRecord
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, Rung
from sopctl.model.access.target import Target


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
    connection, within `target.timeout`. The command rung fails as `become_root`, and with `command-failed`.
    Raises InvalidRecord without a user or a pinned host key, and Interrupted.
    """
    if target.user is None or target.expect_key is None:
        raise InvalidRecord(
            "first-contact-incomplete",
            "a first contact needs an account and a pinned host key",
            remedy="Confirm the server's host key, and name the account to log in with.",
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
            root = become_root(climb.session, target.user, credential, words)
            status, said = climb.session.run_with_input(root.prefix + words, root.secret + script, KEPT)
            if status != 0:
                raise Fault(Cause.COMMAND_FAILED, f"as root, the script failed{worded(said) or f': {status}'}")
            note.append(str(root))
    except Fault as fault:
        return climb.result(fault)
    finally:
        climb.close()
    return climb.result()
