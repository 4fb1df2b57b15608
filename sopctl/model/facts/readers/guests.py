"""Virtual machines and containers on a host, as its own tools list them.

`virsh -q list --all`, Proxmox's `qm list` and `pct list`, `podman` and `docker ps -a` (here as `name|status`), and the
files of systemd-machined (of systemd-nspawn's containers; what else it knows, others manage). Names are what people
gave them, so no column is found by its width.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from sopctl.model.facts.parts import Guest
from sopctl.model.sanitise import MAX_ENTRIES, text

_VIRSH = re.compile(
    r"(?:-|\d{1,9}) {1,8}(\S.{0,100}?) {2,200}(running|idle|paused|in shutdown|shut off|crashed|pmsuspended)"
)
_QM = re.compile(r"\d{1,9} {1,8}(\S{1,100}) {1,100}(running|stopped|paused|suspended)(?: .{0,200})?")
_PCT = re.compile(r"\d{1,9} {1,20}(running|stopped)(?: {1,40}\S{1,20})? {1,40}(\S{1,100})")
_RUNNING = ("running", "idle", "in shutdown", "up")


def guests(said: Mapping[str, Sequence[str]]) -> tuple[Guest, ...]:
    """What each tool lists, by section of details.sh; a container that both engines list is one."""
    found: dict[tuple[str, str], Guest] = {}
    for section, read in _READERS.items():
        for each in read([line[:400].strip() for line in said.get(section, ())[: 8 * MAX_ENTRIES]]):
            if len(found) < MAX_ENTRIES:
                found.setdefault((each.kind, each.name), each)
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
}
SECTIONS = tuple(_READERS)
