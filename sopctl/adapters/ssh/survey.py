"""The look at a server before anything is changed there: one connection, one read-only script.

The same connection shows the host key, logs in and looks: a connection that only looks at the key is one without a
login, which OpenSSH from 9.8 on penalises (PerSourcePenalties).
"""

import shlex
import threading
from collections.abc import Sequence
from importlib import resources

from msgspec import Struct
from msgspec.structs import replace

from sopctl.adapters.ssh.climb import Climb, Confirm
from sopctl.adapters.ssh.deadline import Deadline
from sopctl.adapters.ssh.examine import read_records
from sopctl.adapters.ssh.fault import Fault
from sopctl.adapters.ssh.keys import Key, Password
from sopctl.adapters.ssh.root import become_root, worded
from sopctl.errors import InvalidRecord
from sopctl.model.access.causes import Cause
from sopctl.model.access.ladder import AccessResult, Rung
from sopctl.model.access.target import Target
from sopctl.model.survey import found

MAX_ANSWER = 384 * 1024


class Surveyed(Struct, frozen=True):
    """How far the look came, and what it found; None where it did not get there."""

    access: AccessResult
    found: found.Survey | None


def survey(
    target: Target,
    credential: Key | Password,
    accounts: Sequence[str],
    *,
    confirm: Confirm | None = None,
    cancel: threading.Event | None = None,
) -> Surveyed:
    """Log in as `target.user`, become root and look at the server and these accounts, within `target.timeout`.

    Where no host key is expected, `confirm` says whether the one that is shown is trusted, before anybody logs in. When
    the look fails, `access` has the rung and the cause, as of `become_root`. Raises InvalidRecord without a user;
    what `confirm` raises; Interrupted.
    """
    if target.user is None:
        raise InvalidRecord(
            "no-account-to-look",
            "a look at a server needs an account there",
            remedy="Name the account to log in with.",
            where=target.host,
        )
    climb = Climb(target, Deadline(target.timeout, cancel))
    seen: found.Survey | None = None
    try:
        climb.connect()
        climb.handshake(confirm)
        climb.log_in(target.user, credential)
        with climb.on(Rung.COMMAND) as note:
            assert climb.session is not None  # noqa: S101 (logged in)
            root = become_root(climb.session, target.user, credential, "sh -s")
            # The login shell can be any: all it has to do is start sh, which knows the connection; sudo would drop it.
            inner = f'exec {root.prefix}sh -s -- "$SSH_CONNECTION" "$@"'
            script = resources.files(__package__).joinpath("survey.sh").read_bytes()
            command = shlex.join(["sh", "-c", inner, "sh", *accounts])
            status, output = climb.session.run_with_input(command, root.secret + script, MAX_ANSWER)
            records = read_records(output)
            if not records or records[-1][0] != "end":
                raise Fault(Cause.COMMAND_FAILED, f"the look did not end{worded(output[-300:]) or f': {status}'}")
            seen = replace(found.read(records), through=root.through)
            note.append(str(root))
    except Fault as fault:
        return Surveyed(climb.result(fault), None)
    finally:
        climb.close()
    return Surveyed(climb.result(), seen)
