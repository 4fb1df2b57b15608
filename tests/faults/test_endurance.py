"""The fleet's check goes on for long, with servers that answer in every way: it stays as large as it was, keeps as few
files open, takes as long, and no result is lost."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

import paramiko
import pytest

from sopctl.adapters.ssh import load_key
from sopctl.store.checks import Checks
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.steps import adopting
from sopctl.workflow.steps.adopting import Where
from tests.adapters.ssh import hostile
from tests.conftest import pinned
from tests.faults.scale import WHOLE, figure, times
from tests.patience import PATIENCE
from tests.workflow.servers.test_checking import pin

SERVERS = times(200, 15)
SWEEPS = times(400, 6)
"""With the pause between them, an hour at least."""
PAUSE = times(8, 1)
GROWTH = 16 << 20
"""Bytes that a process may be larger after all sweeps than after the first quarter: allocators are not exact."""

BANNER = b"SSH-2.0-OpenSSH_9.2p1\r\n"
PLAYED: list[hostile.Script] = [
    hostile.silent,
    hostile.saying(b""),
    hostile.saying(BANNER),
    hostile.saying(BANNER + os.urandom(300)),
    hostile.saying(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    hostile.repeating(b"x" * 1000),
    hostile.repeating(b"\x1b[2J\r\n", every=0.2),
    hostile.http,
]
"""What every other server plays; the others let us in."""


class Size(NamedTuple):
    """What a process holds, after a sweep that took so long."""

    memory: int
    files: int
    threads: int
    seconds: float


def size(process: int, seconds: float) -> Size:
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines() if ":" in line
    )
    files = len(os.listdir(f"/proc/{process}/fd"))
    return Size(int(status["VmRSS"].split()[0]) * 1024, files, int(status["Threads"]), seconds)


@pytest.fixture
def fleet(desk: Desk, tmp_path: Path) -> Iterator[list[str]]:
    """So many servers in racks, each with a pinned host key, each played by something."""
    file = desk.site.root / "keys" / "owner"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    host_keys = [paramiko.ECDSAKey.generate() for _ in range(SERVERS)]
    lets_in = hostile.Behaviour(user="titipan", keys=(load_key(file).pkey,))
    racks = [f"C{number}" for number in range(1 + (SERVERS - 1) // 40)]
    for rack in racks:  # all of them first: a site reads its racks once
        (desk.site.root / f"racks/{rack}.yml").write_text(
            f"name: {rack}\nroom: R\nunits: 42\ndepth_mm: 900\npower_watts: 90000\n"
        )
    with ExitStack() as held:
        names = []
        for number, host_key in enumerate(host_keys):
            script = PLAYED[number // 2 % len(PLAYED)] if number % 2 else hostile.ssh(lets_in, host_key)
            host = held.enter_context(hostile.listening(script))
            (tmp_path / "adopt.yml").write_text(
                "unit: Dinas Contoh\ncontacts: {administrative: {name: A}, technical: {name: B}}\n"
                f"server: {{name: s{number}.example.org, brand_model: R200, height_units: 1}}\n"
                f"access: {{address: 127.0.0.1, port: {host.port}, first_contact: {{user: titipan, key: owner}}}}\n"
            )
            names.append(adopting.adopt(desk, tmp_path / "adopt.yml", Where(racks[number // 40], 1 + number % 40)).id)
        for name, host_key in zip(names, host_keys, strict=True):
            with turn(desk, name, "configure") as mine:
                mine.start(pinned(pin(host_key)))
        yield names


@pytest.mark.scaled
@pytest.mark.timeout(7200)
def test_a_check_that_goes_on_for_long_stays_as_it_began(desk: Desk, fleet: list[str]) -> None:
    words = ["check", "--all", "--watch", f"{PAUSE}", "--timeout", "3", "--format", "ndjson", "--clock-is-right"]
    told: Counter[str] = Counter()
    sizes: list[Size] = []
    with subprocess.Popen(
        [sys.executable, "-m", "sopctl", *words], cwd=desk.site.root, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        for _ in range(SWEEPS):
            lines, began = [], 0.0
            for _ in fleet:
                line = process.stdout.readline()
                assert line, "it has ended"
                lines.append(json.loads(line))
                began = began or time.monotonic()
            sizes.append(size(process.pid, time.monotonic() - began))
            assert {each["id"] for each in lines} == set(fleet), "a sweep has each server once"
            told.update(each["id"] for each in lines)
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) in (130, 1)
    history = Checks(desk.site)
    kept = {name: sum(count.checks for count in history.counts(name, 0, 2**40)) for name in fleet}
    assert all(told[name] <= kept[name] <= told[name] + 1 for name in fleet), "what was told is kept"
    first, last = sizes[: max(1, SWEEPS // 4)], sizes[-max(1, SWEEPS // 4) :]
    assert max(each.memory for each in last) <= max(each.memory for each in first) + GROWTH
    # On a busy machine a look may come when the next sweep has begun: a sweep's worth more is no growth.
    assert median(each.files for each in last) <= median(each.files for each in first) + SERVERS + 4
    assert median(each.threads for each in last) <= median(each.threads for each in first) + SERVERS + 4
    if WHOLE:
        assert median(each.seconds for each in last) <= 1.5 * median(each.seconds for each in first) + 1
    figure(
        "an hour of checks",
        f"{SWEEPS} sweeps of {SERVERS} servers: {first[-1].memory >> 20} MB, then {last[-1].memory >> 20} MB; "
        f"{first[-1].files} files open, then {last[-1].files}; {median(each.seconds for each in first):.1f} s a sweep, "
        f"then {median(each.seconds for each in last):.1f} s; no result lost",
    )
