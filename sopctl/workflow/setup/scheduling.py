"""What systemd runs: timers for access checks, the waiting list, reminders, the inventory, the look for drift on
servers and switches, a timestamp of the journal, and NetBox; and the page, under an account that cannot read the
office's keys."""

import hashlib
import os
import pwd
import re
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from sopctl.adapters import systemd
from sopctl.adapters.systemd import Job, Scope, Service, Timer
from sopctl.errors import Action, UsageError
from sopctl.locale import Text
from sopctl.store import modes, settings
from sopctl.store.page.database import Database
from sopctl.store.site import Site
from sopctl.workflow.setup.engine import worker_file

PAGE = "page"
PAGE_USER = "sopctl-page"


def jobs(site: Site) -> tuple[Job, ...]:
    """The jobs of a site, in the office's time. Each starts with a random delay, so that many sites do not ask at
    once."""
    run = (sys.executable, "-m", "sopctl", "--site", str(site.root))
    zone, metrics = site.settings.time_zone, site.settings.checks.metrics
    where = f"sopctl ({site.settings.office.name})"
    switches = Job(
        name="switches",
        description=f"{where}: what differs on the switches",
        calendar="Sun *-*-* 05:00",
        time_zone=zone,
        jitter=3600,
        limit=3600,
        commands=((*run, "switch", "audit"),),
    )
    stamp = Job(
        name="stamp",
        description=f"{where}: a timestamp of the journal",
        calendar="*-*-* 23:00",
        time_zone=zone,
        jitter=1800,
        limit=300,
        commands=((*run, "journal", "stamp"),),
    )
    netbox = Job(
        name="netbox",
        description=f"{where}: NetBox is brought in line",
        calendar="*-*-* 06:00",  # after the night's inventory
        time_zone=zone,
        jitter=1800,
        limit=2 * 3600,  # it ends by itself after one
        commands=((*run, "netbox", "sync"),),
    )
    events = Job(
        name="events",
        description=f"{where}: events to other programs",
        calendar="*:*:00",
        time_zone=zone,
        jitter=15,
        limit=600,
        commands=((*run, "events", "send"),),
    )
    return (
        Job(
            name="check",
            description=f"{where}: access checks",
            calendar="*:0/5",
            time_zone=zone,
            jitter=60,
            limit=300,
            commands=((*run, "check", "--all", *(("--metrics", metrics) if metrics else ())),),
        ),
        Job(
            name="daily",
            description=f"{where}: waiting list and reminders",
            calendar="*-*-* 07:30",
            time_zone=zone,
            jitter=900,
            limit=1800,
            commands=((*run, "queue", "run"), (*run, "remind")),
        ),
        Job(
            name="inventory",
            description=f"{where}: monthly inventory",
            calendar="*-*-* 02:00",
            time_zone=zone,
            jitter=3600,
            limit=6 * 3600,
            # Every night, but only what is due: a server that was down on the 1st is gathered when it is back.
            commands=((*run, "inventory", "collect", "--due"),),
        ),
        Job(
            name="drift",
            description=f"{where}: what differs from the configuration",
            calendar="Sun *-*-* 04:00",
            time_zone=zone,
            jitter=3600,
            limit=3600,
            commands=((*run, "configure", "--drift", "--all"),),
        ),
        *((switches,) if site.switches else ()),
        *((events,) if site.settings.receivers else ()),
        *((stamp,) if site.settings.signing.stamp_journal else ()),
        *((netbox,) if site.settings.netbox and site.settings.netbox.nightly else ()),
    )


def install(site: Site, scope: Scope, page_as: str = "") -> list[str]:
    """Install or update the timers; with `page_as`, the page too, as this account, which is made where it is missing.
    Returns the unit files that were new or changed; raises what `unit_files` and the adapter raise."""
    files = unit_files(site, scope, page_as)
    if page_as:
        systemd.make_account(page_as, "sopctl page")
        Database(site).make()
    return systemd.install(files, scope)


def unit_files(site: Site, scope: Scope, page_as: str = "") -> dict[str, str]:
    """The unit files that `install` writes, by name. Raises UsageError where the page cannot run as this account."""
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    environment = {"PATH": path, "PYTHONSAFEPATH": "1"}
    files = systemd.unit_files(jobs(site), prefix(site), scope, environment)
    if page_as:
        page = _page(site, scope, page_as)
        files |= systemd.service_file(page, prefix(site), {**environment, "PYTHONDONTWRITEBYTECODE": "1"})
    return files


def socket(site: Site) -> Path:
    """Where the page listens, when systemd runs it."""
    return systemd.runtime_folder(PAGE, prefix(site)) / "page.sock"


def page_state(site: Site) -> str | None:
    """What systemd says of the page: active, failed, …; None where it does not run it."""
    return systemd.running(PAGE, prefix(site), _scope(user=False))


def _page(site: Site, scope: Scope, page_as: str) -> Service:
    """The page as a service. Raises UsageError where its account would be the one that has the keys, or could not
    write the site, or the page does not know its address."""
    if not scope.run_as:
        raise UsageError(
            "options-exclude-each-other",
            "{option} and {other} exclude each other",
            remedy="The page runs as an account of its own, and only the machine's units can.",
            option="--user",
            other="--page",
        )
    owner = pwd.getpwuid(site.root.stat().st_uid).pw_name
    if page_as in ("root", owner, scope.run_as):
        raise UsageError(
            "page-with-keys",
            "the page must not run as {user!r}, who can read the office's keys",
            remedy="Name an account for the page alone: whoever takes over the page then has no server.",
            user=page_as,
        )
    where = str(site.root / settings.FILE_NAME)
    if not site.settings.page:
        raise UsageError(
            "page-without-address",
            "behind a proxy, the page must know its address",
            where=where,
            remedy="Name it in sopctl.yml: page: {url: https://titipan.example.org}",
        )
    if not site.settings.site.group:
        raise UsageError(
            "page-without-group",
            "the page's own account shares no group with the site",
            where=where,
            remedy=(
                "Name a group of the system in sopctl.yml, such as site: {group: sopctl}, then:",
                Action("doctor", given={"repair": ""}),
            ),
        )
    root = str(site.root)
    run = (sys.executable, "-m", "sopctl", "--site", root, "serve", "--unix", str(socket(site)))
    fixed = (settings.FILE_NAME, *modes.EXECUTED, "procedures", "racks", "networks", "switches", ".git")
    return Service(
        name=PAGE,
        description=f"sopctl ({site.settings.office.name}): the page",
        run_as=page_as,
        group=site.settings.site.group,
        command=run,
        writable=(root,),
        fixed=tuple(f"{root}/{name}" for name in fixed),
        hidden=(f"{root}/keys", f"{root}/var/runs", f"{root}/var/drafts"),
        online=site.settings.page.oidc is not None,
    )


def worker_files(folder: Path, scope: Scope) -> dict[str, str]:
    """The unit file, by name, of the worker of this folder, which runs all the time. It is on the worker's machine,
    where there is no site. Raises as `worker_file`."""
    network = worker_file(folder, None).network
    service = Service(
        name="worker",
        description=f"sopctl: worker of the network {network}",
        run_as=scope.run_as,
        command=(sys.executable, "-m", "sopctl", "engine", "worker", "--network", network, "--folder", str(folder)),
        online=True,
    )
    return systemd.service_file(service, _prefix(folder), {"PYTHONSAFEPATH": "1", "PYTHONUNBUFFERED": "1"})


def install_worker(files: dict[str, str], scope: Scope) -> list[str]:
    """Install or update a worker's service, and start it. Returns the unit files that were new or changed."""
    return systemd.install(files, scope)


def remove_worker(folder: Path) -> list[str]:
    """Stop the worker of this folder, and remove its service. Returns the unit files that were removed."""
    return systemd.remove(_prefix(folder), _scope(user=False))


def show(site: Site, *, user: bool) -> list[Timer]:
    """The timers of a site, the caller's own or the machine's: when they run next, and how they last ended, in the
    office's time."""
    zone = ZoneInfo(site.settings.time_zone)

    def told(moment: datetime | None) -> datetime | None:
        return moment.astimezone(zone) if moment else None

    return [
        replace(each, next_run=told(each.next_run), last_run=told(each.last_run))
        for each in systemd.timers(prefix(site), _scope(user))
    ]


def installed(site: Site) -> list[str]:
    """The names of the site's timers, the caller's own and the machine's."""
    return [name for user in (True, False) for name in systemd.installed(prefix(site), _scope(user))]


def remove(site: Site, *, user: bool) -> list[str]:
    """Remove the timers of a site. Returns the unit files that were removed."""
    return systemd.remove(prefix(site), _scope(user))


def _scope(user: bool) -> Scope:
    return Scope() if user else Scope(run_as="root")


def prefix(site: Site) -> str:
    """What the names of the site's units begin with: its folder's name and a hash of its path, so that the units of two
    sites never collide."""
    return _prefix(site.root)


def _prefix(folder: Path) -> str:
    word = re.sub(r"[^a-z0-9]+", "-", folder.name.lower()).strip("-") or "site"
    return f"sopctl-{word[:30]}-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:6]}"


def scope_for(site: Site, *, user: bool, run_as: str | None) -> Scope:
    """Whose timers: the caller's own, or the machine's, run by an unprivileged user: by default the site's owner.

    Root is refused unless it is named, since the jobs log in to other people's servers. Raises UsageError for that, and
    for a user that does not exist.
    """
    return owner_scope(site.root, user=user, run_as=run_as)


def owner_scope(folder: Path, *, user: bool, run_as: str | None) -> Scope:
    """As `scope_for`, where the owner of this folder runs them."""
    if user:
        if run_as:
            raise UsageError(
                "options-exclude-each-other",
                "{option} and {other} exclude each other",
                remedy="Your own timers run as yourself.",
                option="--user",
                other="--run-as",
            )
        return Scope()
    name = run_as or pwd.getpwuid(folder.stat().st_uid).pw_name
    try:
        pwd.getpwnam(name)
    except KeyError:
        raise UsageError(
            "no-such-user",
            "there is no user {user!r} on this machine",
            remedy=Text("Create it: useradd --system --create-home {name}", name=name),
            user=name,
        ) from None
    if name == "root" and not run_as:
        raise UsageError(
            "timers-as-root",
            "the folder belongs to root, and what logs in to other people's servers should not run as root",
            remedy=Text(
                "Give it to an unprivileged user (chown -R USER {folder}), or name one with --run-as.", folder=folder
            ),
        )
    return Scope(run_as=name)
