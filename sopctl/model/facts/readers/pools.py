"""Arrays that neither a controller nor md makes: ZFS pools, btrfs on several devices, LVM's RAID and multipath.

The kernel's states of ZFS pools, `zpool list -H -o name,size` and `zpool status` (zpool-status(8)); the kernel's files
of btrfs in /sys/fs/btrfs, as `grep . FILE…` prints them, and `btrfs filesystem show`; `dmsetup status` of the targets
raid and multipath (the kernel's admin-guide/device-mapper).
"""

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sopctl.model.facts.parts import RaidVolume
from sopctl.model.placeholders import name as real_name
from sopctl.model.sanitise import MAX_ENTRIES, number, text

_KSTAT = re.compile(r"/proc/spl/kstat/zfs/([\w.:-]{1,60})/state:([A-Z]{4,12})")
_POOL_FIELD = re.compile(r" {0,8}(pool|state|scan|errors): {0,4}(\S.{0,200})")
_POOL_ROW = re.compile(
    r"(?:\t| {4,8})( {0,12})(\S{1,80}) {1,80}([A-Z]{4,9})((?: {1,20}[\d.]{1,12}[KMGT]?){3})?(?: .{0,200})?"
)
_POOL_GROUP = re.compile(r"(mirror|raidz\d?|draid\d?|replacing|spare|special|dedup)(?:[-:].{0,40})?$")
_POOL_REST = re.compile(r"\t(?:logs|cache|spares|special|dedup)\b")
_LOST = frozenset({"FAULTED", "UNAVAIL", "REMOVED", "OFFLINE"})


class _Pool(Struct):
    name: str
    state: str = ""
    level: str = ""
    activity: str | None = None
    wrong: str = ""
    failed: list[str] = []


def zfs(lines: Sequence[str]) -> Iterator[RaidVolume]:
    """Each pool with its members; `errors` are named with its state, as the pool itself stays ONLINE. Of a pool that
    waits for its disks the kernel's word is all there is."""
    before, answers = _answers(lines[: 16 * MAX_ENTRIES])
    sizes = dict(line[:200].partition("\t")[::2] for line in before)
    pools = [_pool(answer) for answer in answers]
    named = {pool.name for pool in pools}
    kernel = [found for line in before[:256] if (found := _KSTAT.fullmatch(line[:160].rstrip()))]
    for pool in (*pools, *(_Pool(each[1], each[2]) for each in kernel if each[1] not in named)):
        wrong = "data errors" if "data errors" in pool.wrong else pool.wrong
        if name := text(pool.name, 40):
            yield RaidVolume(
                name,
                f"ZFS {pool.level}".strip(),
                text(", ".join(filter(None, (pool.state, wrong))), 80),
                text(sizes.get(pool.name), 20),
                failed=tuple(pool.failed[:40]),
                activity=pool.activity,
            )


def _answers(lines: Sequence[str]) -> tuple[list[str], list[list[str]]]:
    """What stands before the first pool, and the lines of each."""
    before: list[str] = []
    answers: list[list[str]] = []
    for line in lines:
        if (field := _POOL_FIELD.fullmatch(line[:240])) and field[1] == "pool" and len(answers) < 64:
            answers.append([])
        (answers[-1] if answers else before).append(line)
    return before, answers


def _pool(lines: Sequence[str]) -> _Pool:
    pool, spare = _Pool(""), False
    for line in lines:
        if field := _POOL_FIELD.fullmatch(line[:240]):
            _about(pool, field[1], field[2].strip())
        elif _POOL_REST.match(line):
            spare = True
        elif row := _POOL_ROW.fullmatch(line[:400].rstrip()):
            _member(pool, row, spare=spare)
    return pool


def _about(pool: _Pool, field: str, said: str) -> None:
    if field == "pool":
        pool.name = said[:60]
    elif field == "state":
        pool.state = said[:40]
    elif field == "scan" and " in progress" in said:
        pool.activity = {"resilver": "recovery", "scrub": "check"}.get(said.partition(" ")[0])
    elif field == "errors" and not said.startswith("No known"):
        pool.wrong = said.partition(",")[0]


def _member(pool: _Pool, row: re.Match[str], *, spare: bool) -> None:
    name, state, counts = row[2], row[3], (row[4] or "").split()
    if row[1] == "" or name == "NAME":  # the pool itself, and the heading
        return
    if group := _POOL_GROUP.fullmatch(name):
        if not spare:
            pool.level = pool.level or group[1]
    elif state in _LOST and not (spare and state == "OFFLINE"):
        if member := text(name, 48):
            pool.failed.append(member)
    elif any(count != "0" for count in counts):
        pool.wrong = pool.wrong or f"errors on {text(name, 48)}"


_SYS = re.compile(
    r"/sys/fs/btrfs/([0-9a-f-]{36})/(?:devinfo/(\d{1,6})/(missing|error_stats)|allocation/data/([a-z0-9]{1,12})/total_bytes):(.{0,80})"
)
_FILE_SYSTEM = re.compile(r"Label: (.{1,200}?) {1,4}uuid: ([0-9a-f-]{36})")
_TOTAL = re.compile(r"\s{0,8}Total devices (\d{1,6}) FS bytes used .{0,40}")
_DEVICE = re.compile(r"\s{0,8}devid {1,10}(\d{1,6}) size (\S{1,20}) used \S{1,20} path ?(.{0,200})")


class _Btrfs(Struct):
    uuid: str
    name: str | None = None
    level: str | None = None
    total: int = 0
    there: set[str] = set()
    missing: set[str] = set()
    errors: set[str] = set()
    size: str | None = None


def btrfs(files: Sequence[str], show: Sequence[str]) -> Iterator[RaidVolume]:
    """File systems on several devices. A device that is missing, or has errors, is named by its number."""
    found: dict[str, _Btrfs] = {}
    _kernel(files[: 16 * MAX_ENTRIES], found)
    _shown(show[: 8 * MAX_ENTRIES], found)
    for each in found.values():
        if max(each.total, len(each.there)) > 1:
            lost = bool(each.missing) or len(each.there) < each.total
            devices = ", ".join(sorted(each.errors))
            state = "degraded" if lost else f"errors on device {devices}" if devices else "OK"
            failed = tuple(f"devid {at}" for at in sorted(each.missing - {""}))
            level = f"btrfs {each.level}" if each.level else "btrfs"
            yield RaidVolume(each.name or each.uuid[:8], level, text(state, 60), failed=failed[:40])


def _kernel(files: Sequence[str], found: dict[str, _Btrfs]) -> None:
    for line in files:
        file = _SYS.fullmatch(line[:240].strip())
        if file is None or (file[1] not in found and len(found) == _MOST):
            continue
        each = found.setdefault(file[1], _Btrfs(file[1]))
        if file[4] and file[4] != "single":
            each.level = file[4]
        elif file[3] == "missing":
            each.there.add(file[2])
            if file[5] == "1":
                each.missing.add(file[2])
        elif file[3] == "error_stats" and (number(file[5].rpartition(" ")[2]) or 0) > 0:
            each.errors.add(file[2])


def _shown(lines: Sequence[str], found: dict[str, _Btrfs]) -> None:
    one = _Btrfs("")
    for line in lines:
        if heading := _FILE_SYSTEM.fullmatch(line[:280].strip()):
            known = heading[2] in found or len(found) < _MOST
            one = found.setdefault(heading[2], _Btrfs(heading[2])) if known else _Btrfs("")
            one.name = real_name(heading[1].strip("'"), 40)
        elif total := _TOTAL.fullmatch(line[:120].rstrip()):
            one.total = int(total[1])
        elif device := _DEVICE.fullmatch(line[:280].rstrip()):
            one.there.add(device[1])
            if device[3].strip().casefold() in ("missing", "", "<missing disk> missing"):
                one.missing.add(device[1])
        elif "Some devices missing" in line:
            one.missing.add("")


_MOST = 64
"""No server has more file systems on several devices."""

_DM = re.compile(r"(\S{1,128}): \d{1,20} (\d{1,20}) (raid|multipath) (.{1,2000})")
_LVM = re.compile(r"(raid\w{1,12}) \d{1,4} ([AaD-]{1,64}) \d{1,20}/\d{1,20} (\w{1,12})(?: .{0,80})?")
_PATH = re.compile(r"(?<= )(\d{1,6}:\d{1,8}) ([AF])(?= )")
_DOING = {"recover": "recovery", "resync": "resync", "reshape": "reshape", "check": "check"}


def device_mapper(lines: Sequence[str]) -> Iterator[RaidVolume]:
    """LVM's arrays, whose members are shown as the kernel shows those of md (U and _), and volumes that several paths
    lead to, whose paths are shown so."""
    for line in lines[: 4 * MAX_ENTRIES]:
        said = _DM.fullmatch(line[:2400].strip())
        if said is None:
            continue
        size = f"{int(said[2]) / 2 / 1024**2:.1f} GiB"
        if (array := _LVM.fullmatch(said[4])) and said[3] == "raid":
            doing = _DOING.get(array[3])
            lost = "Da" if doing == "recovery" else "D"
            state = "".join("_" if each in lost else "U" for each in array[2] if each != "-")
            yield RaidVolume(text(said[1], 40) or "?", array[1], state[:40], size, activity=doing)
        elif said[3] == "multipath":
            paths = [(found[1], found[2]) for found in _PATH.finditer(f" {said[4]} ")]
            state = "".join("U" if up == "A" else "_" for _, up in paths)
            failed = tuple(path for path, up in paths if up == "F")
            if paths:
                yield RaidVolume(text(said[1], 40) or "?", MULTIPATH, state[:40], size, failed=failed[:40])


MULTIPATH = "multipath"
"""The level of what is no array, but one volume that several paths lead to."""
