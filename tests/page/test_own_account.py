"""The page under an account of its own, really: it records beside the terminal, and reads no key."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from sopctl.store import dossiers, modes
from sopctl.store.page.database import Database
from sopctl.store.site import Site
from tests.conftest import Clock
from tests.page.calling import Caller, OverSocket
from tests.page.conftest import PASSWORD, open_account
from tests.patience import PATIENCE

OPERATOR, PAGE, GROUP = "games", "list", "users"
"""Accounts that every Debian has, as the site's owner and as the page's; and what they share."""

NONE = ("--inh-caps=-all",)
READING = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=+dac_read_search")
"""Capabilities: none, and that of reading everything."""

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0 and os.environ.get("SOPCTL_LAB") != "required", reason="needs root"),
]


def as_user(user: str, *command: str) -> list[str]:
    """A command line under another account, which is in the site's group, and has no capabilities."""
    how = [f"--reuid={user}", f"--regid={user}", f"--groups={GROUP}", "--no-new-privs"]
    return ["setpriv", *how, *(reaching() if command[0] == sys.executable else NONE), "--", *command]


@cache
def reaching() -> tuple[str, ...]:
    """The capabilities with which another account can run this Python: none. Where it lies in a home that is closed to
    others (root's pyenv), to read everything."""
    tried = subprocess.run(
        ["setpriv", f"--reuid={PAGE}", "--clear-groups", *NONE, "--", sys.executable, "-c", "import ssl"],
        capture_output=True, check=False,
    )  # fmt: skip
    return READING if tried.returncode else NONE


@pytest.fixture
def shared(site_with_units: Site, file_request: Callable[..., str], clock: Clock) -> Iterator[Site]:
    """The site of `games`, shared with a group; where other accounts may go, which is not so below pytest's folder."""
    file_request()
    settings = site_with_units.root / "sopctl.yml"
    settings.write_text(settings.read_text() + f"site: {{group: {GROUP}}}\n")
    around = Path(tempfile.mkdtemp(prefix="sopctl-own-"))
    around.chmod(0o755)
    root = around / "site"
    shutil.copytree(site_with_units.root, root)
    for path in (root, *root.rglob("*")):
        shutil.chown(path, OPERATOR, OPERATOR)
    modes.repair(root, GROUP)
    shared = Site(root)
    Database(shared).make()
    open_account(shared, "kadis", clock)
    yield shared
    shutil.rmtree(around)


def test_it_records_beside_the_terminal_and_reads_no_key(shared: Site) -> None:
    (deposit,) = dossiers.ids(shared)
    key = next(path for path in (shared.root / "keys").iterdir() if not path.name.endswith(".pub"))
    for command in (["cat", str(key)], ["ls", str(shared.root / "keys")]):
        read = subprocess.run(as_user(PAGE, *command), capture_output=True, check=False)
        assert read.returncode != 0
        assert b"Permission denied" in read.stderr
    with tempfile.TemporaryDirectory(prefix="sopctl-run-") as run:
        shutil.chown(run, PAGE)
        socket = Path(run) / "page.sock"
        sopctl = [sys.executable, "-m", "sopctl", "--site", str(shared.root)]
        serving = as_user(PAGE, *sopctl, "serve", "--unix", str(socket))
        with subprocess.Popen(serving, stderr=subprocess.PIPE, text=True, cwd="/") as process:
            try:
                kadis = Caller(lambda: OverSocket(socket))
                assert kadis.awaited() == 200
                assert kadis.fill("/masuk", name="kadis", password=PASSWORD)[0] == 303
                status, there, text = kadis.fill(f"/berkas/{deposit}/disposisi", instruction="x")
                assert (status, there) == (303, f"/berkas/{deposit}?selesai=disposisi"), text
                words = ["dispose", deposit, "--instruction", "y", "--by", "kabid"]
                ran = subprocess.run(as_user(OPERATOR, *sopctl, *words), capture_output=True, text=True, check=False)
                assert ran.returncode == 0, ran.stderr
                assert kadis.fill(f"/berkas/{deposit}/tunda", reason="z")[0] == 303
            finally:
                process.terminate()
                said = process.communicate(timeout=PATIENCE)[1]
        assert "Traceback" not in said
    events = dossiers.read(Site(shared.root), deposit).events
    assert [event.by for event in events[1:]] == ["kadis", "kabid", "kadis"]
    assert [(event.typed or event.by).removeprefix("page:") == "kadis" for event in events[1:]] == [True, False, True]
    verify = as_user(OPERATOR, *sopctl, "journal", "verify")
    verified = subprocess.run(verify, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stdout + verified.stderr
    assert list(modes.loose(shared.root, GROUP)) == [], "neither leaves files that the other cannot write"
