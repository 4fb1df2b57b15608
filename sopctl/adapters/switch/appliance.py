"""Read-only commands on a network appliance that is on deposit.

It belongs to someone else. So nothing else is ever sent, no privileged mode is entered, and no answer is judged here:
a command that it does not know or allow is answered with its refusal, which model/facts/answers.py recognises.
"""

import re
import threading
from collections.abc import Sequence

from sopctl.adapters.switch.dialect import CISCO_LOG, Dialect
from sopctl.adapters.switch.session import Endpoint, Login, connect
from sopctl.model.deposit import Platform
from sopctl.model.facts.appliance import terminal

SECONDS = 120.0
"""For the whole session: the interfaces of a large stack take some hundred thousand characters."""

_NOTHING = re.compile(r"(?!)")


def ask(
    endpoint: Endpoint,
    login: Login,
    platform: Platform,
    commands: Sequence[str],
    *,
    seconds: float = SECONDS,
    cancel: threading.Event | None = None,
) -> dict[str, str]:
    """The answers by command, as plain lines. Raises what `connect` raises; partial answers are dropped."""
    dialect = Dialect(platform, _NOTHING, prepare=terminal(platform), noise=CISCO_LOG)
    with connect(endpoint, login, dialect, seconds=seconds, cancel=cancel) as session:
        return {command: session.show(command) for command in commands}
