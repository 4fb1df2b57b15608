"""The power goes, on a real file system that forgets what was not synchronised: what was acknowledged is still there.

Each cut is a shutdown of a mounted ext4 that drops what its journal has not on disk, as a power cut does; mounting it
again is what the machine does when the power is back.
"""

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from sopctl.errors import SopctlError
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
    count = len(server.run(site, command(random, held), Mode.COUNT).calls)
    known = heads(site)[stages.ID]
    held = True
    for number in range(cuts):
        call = random.randint(1, count + count // 4)
        ended = server.run(site, command(random, held), Mode.CUT, call, lies=lies)
        if ended.code != -9:  # it was done before its turn to be cut came
            disk.cut()
        disk.start_again()
        where = f"cut {number} at call {call} of {count}, command ended with {ended.code}"
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
