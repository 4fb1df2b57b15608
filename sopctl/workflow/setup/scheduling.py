"""What runs by itself, by systemd timers: access checks, the waiting list, reminders, inventory, and a look at what
differs from the configuration of servers and switches."""

import hashlib
import os
import pwd
import re
import sys
from pathlib import Path

from sopctl.adapters import systemd
from sopctl.adapters.systemd import Job, Scope, Timer
from sopctl.errors import UsageError
from sopctl.store.site import Site


def jobs(site: Site) -> tuple[Job, ...]:
    """The jobs of a site. Each is spread over a time, so that many sites do not ask at once."""
    run = (sys.executable, "-m", "sopctl", "--site", str(site.root))
    where = f"sopctl ({site.settings.office.name})"
    switches = Job(
        name="switches",
        description=f"{where}: what differs on the switches",
        calendar="Sun *-*-* 05:00",
        jitter=3600,
        limit=3600,
        commands=((*run, "switch", "audit"),),
    )
    return (
        Job(
            name="check",
            description=f"{where}: access checks",
            calendar="*:0/5",
            jitter=60,
            limit=300,
            commands=((*run, "check", "--all"),),
        ),
        Job(
            name="daily",
            description=f"{where}: waiting list and reminders",
            calendar="*-*-* 07:30",
            jitter=900,
            limit=1800,
            commands=((*run, "queue", "run"), (*run, "remind")),
        ),
        Job(
            name="inventory",
            description=f"{where}: monthly inventory",
            calendar="*-*-* 02:00",
            jitter=3600,
            limit=6 * 3600,
            # Every night, but only what is due: a server that was down on the first is gathered when it is back.
            commands=((*run, "inventory", "collect", "--due"),),
        ),
        Job(
            name="drift",
            description=f"{where}: what differs from the configuration",
            calendar="Sun *-*-* 04:00",
            jitter=3600,
            limit=3600,
            commands=((*run, "configure", "--check"),),
        ),
        *((switches,) if site.switches else ()),
    )


def install(site: Site, scope: Scope) -> list[str]:
    """Install or update the timers; the unit files that were new or changed. Raises what the adapter raises."""
    files = unit_files(site, scope)
    return systemd.install(files, scope)


def unit_files(site: Site, scope: Scope) -> dict[str, str]:
    """The unit files that `install` writes: name → text."""
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    return systemd.unit_files(jobs(site), prefix(site), scope, {"PATH": path, "PYTHONSAFEPATH": "1"})


def show(site: Site, *, user: bool) -> list[Timer]:
    """The timers of a site, the caller's own or the machine's: when they run next, and how they ended last."""
    return systemd.timers(prefix(site), _scope(user))


def remove(site: Site, *, user: bool) -> list[str]:
    """Take the timers of a site away; the unit files that went."""
    return systemd.remove(prefix(site), _scope(user))


def _scope(user: bool) -> Scope:
    return Scope() if user else Scope(run_as="root")


def prefix(site: Site) -> str:
    """How the site's units are called: by its folder's name, and by its path, so that two sites do not meet."""
    word = re.sub(r"[^a-z0-9]+", "-", site.root.name.lower()).strip("-") or "site"
    return f"sopctl-{word[:30]}-{hashlib.sha256(str(site.root).encode()).hexdigest()[:6]}"


def scope_for(site: Site, *, user: bool, run_as: str | None) -> Scope:
    """Whose timers: the caller's own, or the machine's, run by a user with few rights.

    By default that is the site's owner. Root is refused unless named: the jobs log in to other people's servers.
    """
    if user:
        if run_as:
            raise UsageError(
                "user-run-as-exclude-each-other",
                "--user and --run-as exclude each other",
                remedy="Your own timers run as yourself.",
            )
        return Scope()
    name = run_as or pwd.getpwuid(os.stat(site.root).st_uid).pw_name
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise UsageError(
            "no-user-here",
            "there is no user {name!r} here",
            remedy=f"Make one: useradd --system --create-home {name}",
            name=name,
        ) from None
    if name == "root" and not run_as:
        raise UsageError(
            "site-belongs-root-timers-log",
            "the site belongs to root, and timers that log in to other people's servers need no root",
            remedy=f"Give it to a user with few rights (chown -R USER {site.root}), or name one: --run-as USER",
        )
    return Scope(run_as=name)
