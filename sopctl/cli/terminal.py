"""Who is at the terminal, and the defaults that an office need not type there each time."""

import os
import pwd
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sopctl.model.principal import Principal
    from sopctl.store.site import Site
    from sopctl.workflow.deciding import Behalf
    from sopctl.workflow.desk import Desk


def login() -> str:
    """The account that this process runs as, according to the system: the environment cannot claim another one."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def desk(
    site: "Site",
    *,
    by: str | None = None,
    behalf: "Behalf | None" = None,
    user: str | None = None,
    clock: Callable[[], datetime] | None = None,
) -> "Desk":
    """The desk of whoever is logged in (or of `user`), with the office's clock."""
    from zoneinfo import ZoneInfo

    from sopctl.workflow.deciding import Deciding
    from sopctl.workflow.desk import Desk

    zone = ZoneInfo(site.settings.time_zone)
    deciding = Deciding(site.settings.principal(user or login()), by, behalf, only_one)
    return Desk(site, deciding, clock or (lambda: datetime.now(zone)))


def only_one(who: "Principal", able: Sequence[str]) -> str | None:
    """The one who is logged in, if they may decide; else the only person who may: a small office need not name its head
    each time."""
    own = next((key for key in able if key in who.people), None)
    return own or (able[0] if len(able) == 1 else None)
