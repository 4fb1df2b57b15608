"""A network appliance on deposit: what it answers to commands that only look.

It belongs to someone else. So it is never told anything else, no privileged mode is entered, and nothing here judges
what it says: a command that it does not know, or does not allow, has that as its answer (model/facts/answers.py).
"""

import re
import threading
from collections.abc import Sequence

from sopctl.adapters.switch.dialect import Dialect
from sopctl.adapters.switch.session import Endpoint, Login, connect
from sopctl.model.deposit import Platform

SECONDS = 120.0
"""For the whole session: the interfaces of a large stack are some hundred thousand characters."""

_NOTHING = re.compile(r"(?!)")

DIALECTS: dict[Platform, Dialect] = {
    "cisco_ios": Dialect("cisco_ios", _NOTHING),
    "mikrotik_routeros": Dialect("mikrotik_routeros", _NOTHING, configuring="direct"),
}


def ask(
    endpoint: Endpoint,
    login: Login,
    platform: Platform,
    commands: Sequence[str],
    *,
    seconds: float = SECONDS,
    cancel: threading.Event | None = None,
) -> dict[str, str]:
    """The answers by command, as plain lines. Raises what `connect` raises, and then there are none."""
    with connect(endpoint, login, DIALECTS[platform], seconds=seconds, cancel=cancel) as session:
        return {command: session.show(command) for command in commands}
