"""What a lab or a run leaves on this machine, found without their own code or records: by asking the kernel."""

import json
import os
import re
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from tests.patience import PATIENCE


def traces(name: str) -> list[str]:
    """Processes, mounts, links, control groups, folders and lock files of the lab `name`; empty when it is gone."""
    server = re.compile(rf"(?<![a-z0-9-]){re.escape(name)}[0-9]+(?![a-z0-9-])")
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            groups = (folder / "cgroup").read_text()
            root = str((folder / "root").readlink())
        except OSError:
            continue
        if server.search(words) or server.search(groups) or server.search(root):
            found.append(f"process {folder.name}: {words or groups}")
    mounts = Path("/proc/self/mountinfo").read_text().splitlines()
    found += [f"mount {line}" for line in mounts if f"/sopctl-lab/{name}/" in line]
    links = json.loads(subprocess.check_output(["ip", "-json", "link"]))
    found += [f"link {link['ifname']}" for link in links if server.search(link["ifname"].removeprefix("vb-"))]
    groups_of_server = list(Path("/sys/fs/cgroup").glob(f"*/sopctl-lab/*/{name}[0-9]*"))
    places = [Path("/run/sopctl-lab") / name, Path(f"/run/sopctl-lab/{name}.lock"), *groups_of_server]
    places += Path("/run/systemd/nspawn").glob(f"*/{name}[0-9]*")
    places += Path("/var/cache/sopctl/lab/roots").glob(f"{name}-*")
    return found + [f"file {path}" for path in places if path.exists()]


def orphaned_bridges() -> set[str]:
    """Bridges, and cards in service networks, that belong to no lab: a record is written before they are made, and goes
    after them. Other labs come and go meanwhile."""
    networks = _networks()
    links = {path.name for kind in ("soplab", "sopsvc") for path in Path("/sys/class/net").glob(f"{kind}*")}
    networks |= _networks()
    return links - {f"{kind}{number}" for kind in ("soplab", "sopsvc") for number in networks}


def _networks() -> set[int]:
    """The numbers of the networks of all labs."""
    numbers = set()
    for path in Path("/run/sopctl-lab").glob("*/lab.json"):
        with suppress(FileNotFoundError):
            numbers.add(json.loads(path.read_bytes())["network"])
    return numbers


def route() -> bool:
    """Whether the unreachable route over the lab's range is there."""
    return "198.18.0.0/15" in subprocess.check_output(["ip", "route", "show", "type", "unreachable"], text=True)


def processes_of(site: Path) -> list[str]:
    """The processes whose command line or working folder names the site."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            where = str((folder / "cwd").readlink())
        except OSError:
            continue
        if str(site) in words or where.startswith(str(site)):
            found.append(f"{folder.name} {words}")
    return found


def kill_all(started: "subprocess.Popen[bytes]", site: Path) -> int:
    """End a command and all that it has started at a site, as a power failure would; how many there were. What was
    started while the others were being ended is found by the next look (ssh goes on by itself once it is logged in)."""
    killed = set[int]()
    deadline = time.monotonic() + PATIENCE
    left = [started.pid, *_pids(site)]
    while left:
        assert time.monotonic() < deadline, processes_of(site)
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        killed.update(left)
        started.poll()
        time.sleep(0.05)
        left = _pids(site)
    started.wait()
    return len(killed)


def _pids(site: Path) -> list[int]:
    """The processes of a site by number."""
    return [int(line.split()[0]) for line in processes_of(site)]


def wait_for_none(site: Path, seconds: float = PATIENCE) -> None:
    """Wait until no process of the site is left."""
    deadline = time.monotonic() + seconds
    while left := processes_of(site):
        assert time.monotonic() < deadline, left
        time.sleep(0.1)
