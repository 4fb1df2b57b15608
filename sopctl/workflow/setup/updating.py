"""What a site has from an older sopctl: playbooks and inventory, which are the site's own since `init` copied them.

`init` notes what it copied (store/across/origin.py). So it is known of each file whether the site changed it, and
whether this
version has another. A site from before that was noted is compared with the files of all versions up to then
(`earlier.txt`, which grows no more). A site's hooks (`playbooks/hooks/`) are never ours, and stay.
"""

import difflib
import shutil
import subprocess
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Literal

from msgspec import Struct

from sopctl.store.across import origin
from sopctl.store.durable import disk_errors, files_below, make_folder, write_atomic
from sopctl.store.site import Site
from sopctl.workflow.servers.playbooks import skeleton

TREES = ("playbooks", "inventory")
FILES = ("ansible.cfg",)
EARLIER = Path(__file__).with_name("earlier.txt")

State = Literal["old", "new", "gone", "changed", "both", "removed"]
"""`old`: as an earlier version had it; `new`: this version has it, and no earlier one had; `gone`: this version has it
no more; `changed`: by the site, and this version has none newer; `both`: changed by the site, and newer here;
`removed`: by the site."""
SETTLED: tuple[State, ...] = ("changed", "removed")
"""The site's own, with nothing newer to take over."""
OWN: tuple[State, ...] = (*SETTLED, "both")
"""What the site made its own: that stays."""


class Differs(Struct, frozen=True):
    """A file of the site that differs from this version's."""

    file: str
    state: State


class Updated(Struct, frozen=True):
    """What was replaced, added and removed; and what the site changed itself: its file stays, and `diffs` says line by
    line how this version's differs from it."""

    done: list[Differs]
    left: list[Differs]
    diffs: dict[str, list[str]]


def compare(site: Site) -> list[Differs]:
    """How the site's playbooks and inventory differ from this version's, in order of their names."""
    ours, noted = shipped(), origin.read(site.root).files
    earlier = {} if noted else _earlier()
    found = []
    for name in sorted({*ours, *noted, *earlier}):
        state = _state(_digest(site.root / name), ours.get(name), noted.get(name), earlier.get(name, frozenset()))
        if state:
            found.append(Differs(name, state))
    return found


def _state(theirs: str, mine: str | None, was: str | None, earlier: Collection[str]) -> State | None:
    """How a file stands: its hash in the site (empty: not there), in this version, when it was noted, and how those
    begin that it had in earlier versions, where nothing was noted."""
    if theirs == (mine or ""):
        return None
    if not theirs:
        return "new" if was is None else "removed"
    if theirs == was or theirs[:16] in earlier:
        return "gone" if mine is None else "old"
    return "changed" if mine in (None, was) else "both"


def update(site: Site) -> Updated:
    """Put this version's playbooks and inventory into a site, where the site has not changed them. What differs from a
    file that the site changed is told once: the file counts as the site's own from then on.

    Raises OutsideFailure when a file cannot be written: it can be run again.
    """
    source, done, left, diffs = skeleton(), [], [], {}
    for each in compare(site):
        path, mine = site.root / each.file, source / each.file
        if each.state in OWN:
            left.append(each)
            if each.state == "both":
                diffs[each.file] = _diff(path, mine, each.file)
            continue
        if each.state == "gone":
            with disk_errors(path, "remove"):
                path.unlink(missing_ok=True)
        else:
            make_folder(path.parent)
            write_atomic(path, mine.read_bytes())
        done.append(each)
    origin.note(site.root, shipped())
    return Updated(done, left, diffs)


def shipped() -> dict[str, str]:
    """The files that a new site of this version begins with, with their hashes."""
    root = skeleton()
    return {name: _digest(root / name) for name in _names(root)}


def copy(root: Path) -> None:
    """Copy this version's playbooks, inventory and ansible.cfg into a new site, and note what was copied. They are the
    site's own from then on. Raises OutsideFailure."""
    ours, source = shipped(), skeleton()
    for name in ours:
        make_folder((root / name).parent)
        with disk_errors(root / name, "copy it"):
            shutil.copy(source / name, root / name)
    origin.note(root, ours)


def _names(root: Path) -> Iterator[str]:
    tracked = _tracked(root)
    for tree in TREES:
        for path in files_below(root / tree):
            name = str(path.relative_to(root))
            if "__pycache__" not in path.parts and (tracked is None or name in tracked):
                yield name
    yield from FILES


def _tracked(root: Path) -> frozenset[str] | None:
    """What git has of a checkout: what somebody only put beside it goes into no site. None where git does not know."""
    if not (root / ".git").exists():
        return None
    try:
        ran = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", *TREES], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return frozenset(ran.stdout.split("\0")) if ran.returncode == 0 and ran.stdout else None


def _digest(path: Path) -> str:
    """The hash of a file; empty where there is none (a symbolic link is the site's own affair)."""
    return origin.digest(path.read_bytes()) if path.is_file() and not path.is_symlink() else ""


@cache
def _earlier() -> dict[str, set[str]]:
    """By file: how the hashes begin that it had in all versions before `init` noted what it copied."""
    found: dict[str, set[str]] = {}
    for line in EARLIER.read_text().splitlines():
        said, _, name = line.partition(" ")
        found.setdefault(name, set()).add(said)
    return found


def _diff(theirs: Path, mine: Path, name: str) -> list[str]:
    before, after = (path.read_text(errors="replace").splitlines() for path in (theirs, mine))
    return list(
        difflib.unified_diff(before, after, f"{name} (the site's)", f"{name} (this version's)", lineterm="", n=1)
    )
