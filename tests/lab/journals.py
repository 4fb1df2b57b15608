"""What the servers of a failed test wrote: it goes with them when their lab is taken down."""

import sys
from collections.abc import Callable

from sopctl.adapters import lab as servers
from sopctl.errors import SopctlError
from tests.lab.sweeping import labs_of

LINES = 40
SECONDS = 60.0
SCRIPT = f"""
systemctl list-units --failed --no-legend --plain --no-pager
journalctl --quiet --no-pager --lines={LINES} --output=short-monotonic
"""

really_down = servers.down

_left: list[str] = []


def said(name: str) -> str:
    """The units that failed and the last lines of the journal, of each server of a lab that can still say so."""
    try:
        lab = servers.status(name)
    except SopctlError as error:
        return f"{name}: {error}\n"
    return "".join(f"--- {each.name}\n{_of(name, each.name)}" for each in lab.servers) if lab else ""


def said_in(session: str) -> str:
    """The same of all labs of a session."""
    return "".join(map(said, labs_of(session)))


def down(name: str | None = "lab", **words: Callable[[str], None]) -> None:
    """Take a lab down as sopctl does; where that is because something failed, keep first what its servers wrote.

    Commands that run in a test's own process call it too: nothing is printed, and their `words` go on unchanged.
    """
    if name is not None and sys.exc_info()[1] is not None:
        _left.append(said(name))
    really_down(name, **words)


def left() -> str:
    """What was kept since the last call."""
    kept = "".join(_left)
    _left.clear()
    return kept


def _of(lab: str, server: str) -> str:
    try:
        return servers.console(lab, server, SCRIPT, timeout=SECONDS)
    except SopctlError as error:
        return f"{error}\n"
