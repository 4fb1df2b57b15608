"""The site as Ansible sees it: which servers it may touch, how it reaches them, and how they are to be configured.

Every variable is named here. Nothing in a record can choose a connection, an interpreter or an ssh option: those come
from the site's own keys and from the host key that is pinned in the history.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct, structs, to_builtins

from sopctl.adapters.ansible.connection import key_file, ssh_common_args
from sopctl.adapters.resolving import AddressRefused, judged
from sopctl.errors import Action, InvalidRecord, SopctlError
from sopctl.model import services
from sopctl.model.sop.entries import AccessTried
from sopctl.model.unit import label
from sopctl.store import codec, dossiers, facts
from sopctl.store.dossiers import Dossier
from sopctl.store.durable import files_below
from sopctl.store.settings import FILE_NAME as SETTINGS_FILE
from sopctl.store.settings import Settings
from sopctl.store.site import Site
from sopctl.workflow import admitting
from sopctl.workflow.office_key import office_key, public_key
from sopctl.workflow.servers.reach import lets_us_in, office_account, opens_by_key, reach, seen_from

NAMES = 16
"""How many names are looked up at the same time."""


VARIABLES = {
    "time_servers": "sopctl_time_servers",
    "journal_max": "sopctl_journal_max",
    "security_updates": "sopctl_security_updates",
    "banner": "sopctl_banner",
    "resolvers": "sopctl_resolvers",
    "controllers": "sopctl_controllers",
    "time_zone": "sopctl_time_zone",
    "management_account": "sopctl_management_account",
}
"""The settings that only the playbooks carry out, and the variable in which a role reads each."""


class InventoryHost(Struct, frozen=True):
    """One server for Ansible: the deposit's id, the groups it is in, and its variables."""

    name: str
    groups: tuple[str, ...]
    variables: dict[str, Any]


def hosts(root: Path, errors: list[SopctlError] | None = None) -> list[InventoryHost]:
    """Every server of the site at `root` that is on site and has a way in by key; no appliances. A broken
    dossier hides no other server: what is wrong with it is added to `errors`. Raises what reading a site's own files
    raises."""
    site = Site(root)
    site.refuse_moved()
    _ = site.settings, site.library
    broken: list[SopctlError] = [] if errors is None else errors
    able = []
    for deposit_id in dossiers.ids(site):
        try:
            each = dossiers.read(site, deposit_id)
            ours = each.deposit.kind == "server" and each.summary.in_our_hands
            if ours and (lets_us_in(each.summary) or opens_by_key(site, each.summary)):
                able.append(each)
        except SopctlError as error:
            broken.append(error)
    with ThreadPoolExecutor(NAMES, "name") as pool:
        addresses = list(pool.map(lambda each: _address(site, each), able))
    found = []
    for each, address in zip(able, addresses, strict=True):
        try:
            found.append(InventoryHost(each.id, _groups(site, each), variables(site, each, address)))
        except InvalidRecord as error:
            broken.append(error)
    return found


def _address(site: Site, dossier: Dossier) -> str:
    """The address that Ansible connects to: one that was judged, never the name. Where there is none, a name that says
    so, and that nobody can register (RFC 6761)."""
    host = dossier.deposit.access.address
    if not host:
        return "address-unknown.invalid"
    try:
        found = judged(host, admitting.destinations(site))
        return host if host in found else found[0]
    except AddressRefused:
        return "address-refused.invalid"
    except OSError:
        return "address-unknown.invalid"


def variables(site: Site, dossier: Dossier, address: str | None = None) -> dict[str, Any]:
    """The host's variables: how Ansible reaches it (`address`, if it was judged already), and what its letter asks
    for."""
    access, way, key = dossier.deposit.access, reach(site, dossier.summary), office_key(site, dossier.summary)
    settings = site.settings
    static = to_builtins(access.static_address)
    asked = [services.ports(each) for each in access.ports]
    return {
        "ansible_host": address or _address(site, dossier),
        "ansible_port": way.host.port,
        "ansible_user": way.account,
        "ansible_ssh_private_key_file": key_file(str(site.folder("keys") / way.key)),
        "ansible_ssh_common_args": ssh_common_args(way.host.pinned, way.host.jump),
        "sopctl_id": dossier.id,
        "sopctl_hostname": dossier.deposit.server.name,
        "sopctl_accounts": to_builtins(access.accounts),
        "sopctl_ports": [services.plain(str(each)) for each in asked if each.protocol == "tcp"],
        "sopctl_udp_ports": [str(each).removesuffix("/udp") for each in asked if each.protocol == "udp"],
        "sopctl_sources": list(access.sources),
        "sopctl_static_address": {"address": access.address, **static} if static else {},
        "sopctl_resolvers": to_builtins(settings.resolvers),
        "sopctl_controllers": sorted({*settings.controllers, *seen_from(site, dossier.summary)}),
        "sopctl_management_account": office_account(site, dossier.summary),
        "sopctl_management_key_file": key_file(str(site.folder("keys") / key)),
        "sopctl_management_public_key": public_key(site, key),
        "sopctl_sudo": "inventory" if dossier.summary.reduced else "full",
        "sopctl_time_zone": settings.time_zone,
        "sopctl_time_servers": list(settings.time_servers),
        "sopctl_journal_max": settings.journal_max,
        "sopctl_security_updates": settings.security_updates,
        "sopctl_banner": settings.banner,
        "sopctl_last_cause": last_cause(dossier),
    }


def refuse_unread(site: Site) -> None:
    """Raise InvalidRecord for a setting in sopctl.yml that no role of this site reads: it would do nothing, and nobody
    would be told."""
    usual = structs.asdict(Settings(site.settings.office, site.settings.people))
    said = {name for name in VARIABLES if getattr(site.settings, name) != usual[name]}
    read = _variables_read(site) if said else set()
    for name in sorted(said):
        if VARIABLES[name] not in read:
            path = site.root / SETTINGS_FILE
            raise InvalidRecord(
                "setting-not-read",
                "no role of this site reads {setting}: its playbooks are of an older version",
                where=codec.place(codec.read(path), (name,), where=str(path)),
                remedy=Action("init", given={"update": ""}),
                setting=name,
            )


def _variables_read(site: Site) -> set[str]:
    found: set[str] = set()
    for path in files_below(site.root / "playbooks"):
        if path.suffix in (".yml", ".j2") and not path.is_symlink():
            found |= set(re.findall(r"\bsopctl_[a-z_]{1,60}", path.read_text(errors="replace")[:500_000]))
    return found


def last_cause(dossier: Dossier) -> str:
    """Why the last access try failed, so that the next configuration can repair it; empty when it did not fail."""
    tried = dossier.newest(AccessTried)
    return (tried.cause or "") if tried else ""


def _groups(site: Site, dossier: Dossier) -> tuple[str, ...]:
    place, standing = dossier.summary.place, dossier.standing
    step = standing.step.no if standing.step else 0
    groups = [
        "deposits",
        f"unit_{_word(label(site.settings.units, dossier.deposit.unit))}",
        f"step_{standing.procedure}_{step}",
    ]
    if place:
        groups.append(f"rack_{_word(place.rack)}")
    return (*groups, *_os_groups(_os(dossier)))


def _os(dossier: Dossier) -> str:
    """The operating system as the newest inventory found it, else as the letter declares it."""
    kept = facts.newest(facts.months(dossier))
    if kept:
        with suppress(InvalidRecord):  # one damaged document must not hide every server from Ansible
            found = facts.read(dossier.folder, kept)
            if found.os_name:
                return f"{found.os_name} {found.os_version or ''}"
    return dossier.deposit.server.operating_system


def _os_groups(name: str) -> tuple[str, ...]:
    """`Debian 12.5` is in os_debian and os_debian_12."""
    family = re.match(r"\s*([A-Za-z]{2,20})", name)
    major = re.search(r"\b([0-9]{1,4})\b", name)
    if not family:
        return ()
    group = f"os_{family[1].lower()}"
    return (group, f"{group}_{major[1]}") if major else (group,)


def _word(text: str) -> str:
    """A name that Ansible accepts for a group: letters, digits, underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "unnamed"
