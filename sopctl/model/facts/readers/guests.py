"""Virtual machines and containers on a host, as its own tools list them.

`virsh -q list --all`, Proxmox's `qm list` and `pct list`, Xen's `xl list`, `podman` and `docker ps -a` (here as
`name|status`), the files of systemd-machined (of systemd-nspawn's containers; what else it knows, others manage), the
folders and control groups of LXC, LXD and Incus, and what users' own Podman has in its storage (containers.json).
Names are what people gave them, so no column is found by its width.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from sopctl.model.facts.parts import Guest
from sopctl.model.sanitise import MAX_ENTRIES, entries, mapping, text

_VIRSH = re.compile(
    r"(?:-|\d{1,9}) {1,8}(\S.{0,100}?) {2,200}(running|idle|paused|in shutdown|shut off|crashed|pmsuspended)"
)
_QM = re.compile(r"\d{1,9} {1,8}(\S{1,100}) {1,100}(running|stopped|paused|suspended)(?: .{0,200})?")
_PCT = re.compile(r"\d{1,9} {1,20}(running|stopped)(?: {1,40}\S{1,20})? {1,40}(\S{1,100})")
_XL = re.compile(r"(\S.{0,100}?) {1,100}\d{1,9} {1,20}\d{1,9} {1,20}\d{1,6} {1,20}([rbpscd-]{6}) {1,20}[\d.]{1,20}")
_CONMON = re.compile(r"\S{0,80}conmon .{0,2000}? -c ([0-9a-f]{12,64}) ")
_RUNNING = ("running", "idle", "in shutdown", "up")


def guests(said: Mapping[str, Sequence[str]], stored: Mapping[str, object]) -> tuple[Guest, ...]:
    """What each tool lists, by section of details.sh, and what is `stored` by each user's own Podman; a container that
    both engines list is one."""
    found: dict[tuple[str, str, str], Guest] = {}
    listed = [
        ("", each)
        for section, read in _READERS.items()
        for each in read([line[:400].strip() for line in said.get(section, ())[: 8 * MAX_ENTRIES]])
    ]
    monitors = (_CONMON.match(f"{line[:2400]} ") for line in said.get("conmon", ())[: 8 * MAX_ENTRIES])
    running = {monitor[1] for monitor in monitors if monitor}
    listed += [(user, each) for user, document in stored.items() for each in _stored(document, running)]
    for user, each in listed:
        if len(found) < MAX_ENTRIES:
            found.setdefault((user, each.kind, each.name), each)
    return tuple(sorted(found.values(), key=lambda each: (each.kind, each.name)))


def _machines(written: re.Pattern[str]) -> Callable[[Sequence[str]], Iterator[Guest]]:
    def read(lines: Sequence[str]) -> Iterator[Guest]:
        for line in lines:
            if found := written.fullmatch(line):
                yield from _guest("vm", found[1], found[2])

    return read


def _proxmox_containers(lines: Sequence[str]) -> Iterator[Guest]:
    for line in lines:
        if found := _PCT.fullmatch(line):
            yield from _guest("container", found[2], found[1])


def _engine(lines: Sequence[str]) -> Iterator[Guest]:
    for line in lines:
        called, mark, status = line.partition("|")
        if mark and status:
            yield from _guest("container", called, status.split()[0])


def _nspawn(lines: Sequence[str]) -> Iterator[Guest]:
    """/run/systemd/machines: a file for each that runs, and a link for its unit."""
    for line in lines:
        path, _, said = line.partition(":")
        if said == "SERVICE=systemd-nspawn":
            yield from _guest("container", path.rpartition("/")[2], "running")


def _instances(lines: Sequence[str]) -> Iterator[Guest]:
    """`container NAME`, `vm NAME` of each, `running NAME` and `vm-running NAME` of those that run. An account that may
    not look into the folders still sees what runs."""
    words = [line.partition(" ")[::2] for line in lines]
    running: dict[str, dict[str, None]] = {"container": {}, "vm": {}}
    for mark, name in words:
        if mark in ("running", "vm-running"):
            running["vm" if mark == "vm-running" else "container"][name.removeprefix("lxc.payload.")] = None
    for kind, names in running.items():
        known = dict.fromkeys(name for mark, name in words if mark == kind and name not in _NO_INSTANCE)
        for name in known | names:
            yield from _guest(kind, name, "running" if name in names else "stopped")


_NO_INSTANCE = ("lxc-monitord.log", "lost+found")


def _xen(lines: Sequence[str]) -> Iterator[Guest]:
    for line in lines:
        if (found := _XL.fullmatch(line)) and found[1] != "Domain-0":
            yield from _guest("vm", found[1], "running" if set(found[2]) & {"r", "b"} else "stopped")


def _stored(document: object, running: set[str]) -> Iterator[Guest]:
    for each in map(mapping, entries(document)[:MAX_ENTRIES]):
        name = next((name for name in entries(each.get("names")) if isinstance(name, str)), "")
        yield from _guest("container", name, "running" if str(each.get("id"))[:64] in running else "stopped")


def _guest(kind: str, called: str, state: str) -> Iterator[Guest]:
    name = text(called, 60)
    if name:
        yield Guest(name=name, kind=kind, running=state.casefold() in _RUNNING)


_READERS: dict[str, Callable[[Sequence[str]], Iterator[Guest]]] = {
    "virsh": _machines(_VIRSH),
    "qm": _machines(_QM),
    "pct": _proxmox_containers,
    "podman": _engine,
    "docker": _engine,
    "machines": _nspawn,
    "xl": _xen,
    "lxc": _instances,
}
SECTIONS = (*_READERS, "conmon")
