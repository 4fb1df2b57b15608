"""The power goes, on a real file system that forgets what was not synchronised: what was acknowledged is still there.

Each cut is a shutdown of a mounted ext4 that drops what its journal has not on disk, as a power cut does; mounting it
again is what the machine does when the power is back.
"""

import fcntl
import os
import shutil
import struct
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random

import pytest

from sopctl.errors import SopctlError
from sopctl.model.sop.history import Event
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from tests.faults import stages
from tests.faults.judging import heads, unsound
from tests.faults.scale import figure, times
from tests.faults.server import Lies, Mode, Server
from tests.lab.conftest import unavailable

pytestmark = [pytest.mark.lab, pytest.mark.scaled, pytest.mark.timeout(7200)]

CUTS = times(500, 15)
SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2


class Disk:
    """An ext4 in a file, mounted at `folder`, that can lose its power."""

    def __init__(self, image: Path, folder: Path) -> None:
        self.image, self.folder = image, folder
        with image.open("wb") as file:
            file.truncate(64 << 20)
        subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
        folder.mkdir()
        self._mount()

    def _mount(self) -> None:
        # commit: nothing is written by the hour, only what was asked to be
        subprocess.run(["mount", "-o", "loop,commit=3600", str(self.image), str(self.folder)], check=True)

    def cut(self) -> None:
        """Without power, from one moment to the next."""
        opened = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(opened, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(opened)

    def start_again(self) -> None:
        """As a copy: in another mount namespace that was made meanwhile (a container's) the old mount lives on, and
        mounting the same image again would give that one, which is shut down."""
        self.off()
        after = self.image.with_suffix(".after")
        subprocess.run(["cp", "--sparse=always", str(self.image), str(after)], check=True)
        after.replace(self.image)
        self._mount()

    def off(self) -> None:
        subprocess.run(["umount", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    if os.geteuid():
        unavailable("only root may mount a disk")
    try:
        disk = Disk(tmp_path / "disk.img", tmp_path / "disk")
    except (OSError, subprocess.CalledProcessError) as error:
        unavailable(f"no disk can be mounted here: {error}")
        raise
    yield disk
    disk.off()


def command(random: Random, held: bool) -> list[str]:
    """One that is possible now: the deposit is put on hold, or goes on."""
    return (
        ["resume", stages.ID, "--by", "staf"]
        if held
        else ["hold", stages.ID, "--by", "staf", "--reason", "x" * random.randint(1, 3000)]
    )


def lost(made: Path, server: Server, disk: Disk, desk: Desk, cuts: int, *, lies: Lies, seed: int) -> list[str]:
    """Cut the power `cuts` times while commands run, and after they have said that they are done; what was lost."""
    random = Random(seed)
    site = disk.folder / "site"
    shutil.copytree(made / "disposed", site)
    os.sync()
    wrong, held = [], False
    calls = len(server.run(site, command(random, held), Mode.COUNT).calls)
    known = heads(site)[stages.ID]
    held = True
    for number in range(cuts):
        call = random.randint(1, 2 * calls)  # after a cut there are more, to make again what is derived
        ended = server.run(site, command(random, held), Mode.CUT, call, lies=lies)
        if ended.code != -9:  # it was done before its turn to be cut came
            disk.cut()
        disk.start_again()
        where = f"cut {number} at call {call} of {calls}, command ended with {ended.code}"
        try:
            now = heads(site).get(stages.ID, [])
        except SopctlError as error:  # also a disk whose own structures are torn: it answers nothing any more
            wrong.append(f"{where}: what was written cannot be read: {error}")
            break
        if now[: len(known)] != known:
            wrong.append(f"{where}: acknowledged events are gone")
        elif len(now) - len(known) not in ((1,) if ended.code == 0 else (0, 1)):
            wrong.append(f"{where}: {len(now) - len(known)} new events")
        wrong += [f"{where}: {each}" for each in unsound(Desk(Site(site), desk.deciding, desk.clock))]
        if wrong:
            break
        held, known = (len(now) - len(known)) % 2 != held, now
    return wrong


def write(site: Path, deposit: str, acknowledged: int) -> None:
    """Record events of this deposit without end; `acknowledged` is a pipe that gets the hash of each."""
    try:
        here = Site(site)
        for number in count(1):
            with dossiers.open_alone(here, deposit) as dossier:
                event = Event(0, datetime.now(UTC), "penitipan", 2, "failed", "x", "x", f"{number} " + "x" * 200)
                done = dossiers.append(here, dossier, event)
            if here.lagging:
                break
            os.write(acknowledged, done.head.encode())
    finally:  # the disk is gone: nothing else of this process may run
        os._exit(0)


def written(site: Path, deposits: list[str], disk: Disk, seconds: float) -> dict[str, list[str]]:
    """Let a process write for each of these deposits, and cut the power after so long: what they were told is kept."""
    pipes = {deposit: os.pipe() for deposit in deposits}
    children = []
    for deposit, (_, told) in pipes.items():
        child = os.fork()
        if not child:
            write(site, deposit, told)
        children.append(child)
    time.sleep(seconds)
    disk.cut()
    for child in children:
        os.waitpid(child, 0)
    found = {}
    for deposit, (heard, told) in pipes.items():
        os.close(told)
        with os.fdopen(heard) as pipe:
            said = pipe.read()
        found[deposit] = [said[at : at + 64] for at in range(0, len(said), 64)]
    return found


def test_no_acknowledged_event_is_lost_where_several_write(
    made: Path, server: Server, disk: Disk, desk: Desk, tmp_path: Path
) -> None:
    """Their lines are confirmed side by side: each has its own, and all before it."""
    before = tmp_path / "before"
    shutil.copytree(made / "placed", before)
    for number in range(3):
        assert server.run(before, ["request", str(made / "inputs" / f"other{number}.yml")]).code == 0
    deposits = [each for each in dossiers.ids(Site(before)) if each != stages.ID]
    random, site, total = Random(2), disk.folder / "site", 0
    for number in range(CUTS):
        shutil.rmtree(site, ignore_errors=True)
        shutil.copytree(before, site)
        os.sync()
        known = heads(site)
        told = written(site, deposits, disk, random.uniform(0.02, 0.3))
        disk.start_again()
        now = heads(site)
        for deposit in deposits:
            had = [*known[deposit], *told[deposit]]
            assert now[deposit][: len(had)] == had, f"cut {number}: acknowledged events of {deposit} are gone"
            assert len(now[deposit]) <= len(had) + 1
        assert unsound(Desk(Site(site), desk.deciding, desk.clock)) == [], f"cut {number}"
        for deposit in deposits:  # the site goes on as it is
            assert server.run(site, ["hold", deposit, "--by", "staf", "--reason", "x"]).code in (0, 4)
        assert unsound(Desk(Site(site), desk.deciding, desk.clock)) == [], f"cut {number}"
        total += sum(map(len, told.values()))
    assert total > CUTS
    figure("power cuts under several", f"{CUTS} cuts while three processes wrote {total} events: nothing lost or torn")


def test_no_acknowledged_event_is_lost_to_a_power_cut(made: Path, server: Server, disk: Disk, desk: Desk) -> None:
    assert lost(made, server, disk, desk, CUTS, lies=Lies.NONE, seed=1) == []
    figure("power cuts", f"{CUTS} cuts of an ext4 under writing commands: no acknowledged event lost, nothing torn")


@pytest.mark.parametrize("lies", [Lies.FILES, Lies.FILES | Lies.FOLDERS])
def test_a_disk_that_does_not_synchronise_is_found_out(
    made: Path, server: Server, disk: Disk, desk: Desk, lies: Lies
) -> None:
    """The same test fails when synchronising does nothing: it can fail.

    Folders alone make no difference here: ext4 writes its whole journal when the site's journal is synchronised, which
    comes after the rename and before anything is acknowledged. Other file systems promise less.
    """
    assert lost(made, server, disk, desk, 40, lies=lies, seed=1) != []
