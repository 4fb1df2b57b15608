"""The part of the suite that needs no servers, with other Pythons and packages than a checkout's own.

`make matrix` takes the stated Pythons, each with the pinned packages: what is not found here is taken from the Debian
that has it, in a chroot (root only). A Debian may be named instead of a Python. `make canary` takes the newest Python
found, and the newest packages that the ranges of pyproject.toml allow. Either goes on where it was broken off.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from distribution import deb, debian
from tests import timing
from tests.faults.resuming import BROKEN_OFF, PASSED

CHECKOUT = Path(__file__).parents[1]
SECONDS = ".cache/seconds.json"
"""Where `make test` notes what each test takes."""
PINS = ("requirements.txt", "requirements-dev.txt")
PROGRAMS = ("promtool", "nginx", "caddy", "nats-server")
"""What the Makefile fetches into its environment, for tests."""
LINK = 'cd "$0"; for each in "$@"; do ! program=$(command -v "$each") || ln -sf "$(realpath "$program")" "$each"; done'
WHAT = (
    *("tests/model", "tests/store", "tests/adapters", "tests/workflow", "tests/cli", "tests/page", "tests/playbooks"),
    *("tests/locale", "tests/faults", "tests/test_errors.py"),
)
BROKEN = "interrupted before it was finished; nothing had failed"
JUDGED = (0, 1)
"""What pytest exits with when all passed, or tests failed; interrupted, it exits otherwise."""
NOTHING_LEFT = 5
"""What pytest exits with when it has no test to run: all of them passed before."""
WITHOUT = "not lab and not battery and not scaled"


class Python(NamedTuple):
    """A Python to run tests with: of this machine, or of what the words before a command enter."""

    version: str
    program: str
    enter: tuple[str, ...] = ()
    path: str = os.environ.get("PATH", "")
    """Where programs are found there."""

    def variables(self, folder: Path | None = None) -> dict[str, str]:
        """The environment variables of a program that runs there, in a virtual environment."""
        path = f"{folder}/bin:{self.path}" if folder else self.path
        return {**os.environ, "PATH": path, "PYTHONPATH": str(CHECKOUT)}


def stated() -> list[str]:
    """The Pythons that the metadata promises, such as 3.11."""
    text = (CHECKOUT / "pyproject.toml").read_text()
    return re.findall(r"Python :: (3\.\d+)\"", text)


def find(version: str) -> str | None:
    """A Python of this version: on PATH, or where pyenv keeps its own. One that answers otherwise is passed over."""
    places = [str(Path(folder) / f"python{version}") for folder in os.environ.get("PATH", "").split(os.pathsep)]
    root = os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv"
    places += [str(each) for each in sorted(Path(root).glob(f"versions/{version}.*/bin/python"), reverse=True)]
    return next((place for place in places if os.access(place, os.X_OK) and _answers(place) == version), None)


def _answers(python: str) -> str:
    asks = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        said = subprocess.run([python, "-c", asks], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip()


def had(version: str) -> Python | str:
    """A Python of this version, found here or given by a Debian; or why there is none."""
    if found := find(version):
        return Python(version, found)
    release = debian.of(version)
    if release is None:
        return "no Debian has it"
    enter = debian.given(release)
    if isinstance(enter, str):
        return enter
    return Python(debian.RELEASES[release].python, "/usr/bin/python3", enter, debian.PATH)


def environment(folder: Path, python: Python, *wanted: str) -> Path:
    """A virtual environment with what pip is told to install, and this checkout; made anew when that, or the Python, is
    another one."""
    files = [(CHECKOUT / word).read_bytes() for word in ("pyproject.toml", *wanted) if (CHECKOUT / word).is_file()]
    mark = folder / "made-of"
    made = hashlib.sha256(b"\0".join([" ".join((*python.enter, python.program)).encode(), *files])).hexdigest()
    if not mark.exists() or mark.read_text() != made:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([*python.enter, python.program, "-m", "venv", folder], check=True)
        _install(folder, python, wanted)
        subprocess.run(
            [*python.enter, "sh", "-c", LINK, str(folder / "bin"), *PROGRAMS], env=python.variables(), check=True
        )
        mark.write_text(made)
    return folder


def _install(folder: Path, python: Python, wanted: Sequence[str]) -> None:
    """Install what pip is told, then the checkout. In a Debian pip knows no index: it is given the wheels."""
    pip, options = [*python.enter, str(folder / "bin/pip"), "install"], ["-q", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory(dir=folder) as wheels:
        given = ["--only-binary", ":all:", *wanted]
        if python.enter:
            fetch = [sys.executable, "-m", "pip", "download", *options, "--no-deps", "--dest", wheels]
            subprocess.run([*fetch, "--python-version", python.version, *given], cwd=CHECKOUT, check=True)
            options += ["--isolated", "--no-index", "--find-links", wheels]
        subprocess.run([*pip, *options, *given], cwd=CHECKOUT, check=True)
        subprocess.run([*pip, *options, "--no-build-isolation", "--no-deps", "-e", "."], cwd=CHECKOUT, check=True)


def noted(folder: Path) -> Path:
    """Where the tests are noted that passed in this environment, as its packages and the checkout's files are now. What
    passed with others is forgotten."""
    made = [_tree(), *sorted(each.name for each in folder.glob("lib/*/site-packages/*.dist-info"))]
    key = hashlib.sha256("\n".join(made).encode()).hexdigest()[:12]
    file = folder.with_name(f"{folder.name}-passed-{key}")
    for each in file.parent.glob(f"{folder.name}-passed-*"):
        if each != file:
            each.unlink()
    file.touch()
    return file


def _tree() -> str:
    """The checkout's files as they are, what is not committed included, by git's name for all of them; where git cannot
    name them, a name that nothing else has."""
    with tempfile.TemporaryDirectory() as folder:
        there = {**os.environ, "GIT_INDEX_FILE": f"{folder}/index"}  # its own index is left as it is
        asks = ["sh", "-c", "git add --all && git write-tree"]
        said = subprocess.run(asks, cwd=CHECKOUT, env=there, check=False, capture_output=True, text=True)
        return said.stdout.strip() or folder


def run(folder: Path, python: Python, words: list[str], passed: Path, seconds: float | None = None) -> str:
    """Run the tests in an environment that are not noted as passed: "passed" or "failed", or how it ended. One that may
    take only so many seconds takes the files of short tests first, where `make test` has timed them, and ends with the
    first failure; what passed until then has passed."""
    limit = ["timeout", "--foreground", "--preserve-status", "--signal=INT", f"{seconds}"] if seconds else []
    command = [*python.enter, *limit, str(folder / "bin/python"), "-m", "pytest", "-q", "-n", "2"]
    command += ["--dist", "worksteal", "-p", "no:cacheprovider", "-p", "tests.faults.resuming", "-m", WITHOUT]
    command += [*(["-x"] if seconds else []), *(words or WHAT)]
    before, began = passed.read_text(), time.monotonic()
    there = {**python.variables(folder), PASSED: str(passed)}
    if seconds and (timed := CHECKOUT / SECONDS).exists():
        command += ["-p", timing.__name__]
        there[timing.TAKEN] = str(timed)
    ended = subprocess.run(command, cwd=CHECKOUT, env=there, check=False).returncode
    if ended == NOTHING_LEFT and before:
        ended = 0
    if seconds and ended not in JUDGED and time.monotonic() - began >= seconds:
        return f"nothing failed in {seconds:.0f} seconds, and it was not finished"
    if ended == BROKEN_OFF:
        return BROKEN
    return "failed" if ended else "passed"


def _count(passed: Path) -> str:
    return f"{len(passed.read_text().splitlines()):,} tests passed with these files and packages"


def matrix(versions: list[str], required: list[str], words: list[str], seconds: float | None = None) -> int:
    """Run the tests with each Python that can be had, each for so many seconds at most, its environment's own included.
    Returns 1 where they fail, or one that is required is missing."""
    verdicts: dict[str, str] = {}
    counts, missing = {}, []
    for version in versions:
        began = time.monotonic()
        python = had(version)
        if isinstance(python, str):
            verdicts[version] = f"not on this machine: {python}"
            missing.append(version)
            continue
        print(f"Python {version}: {python.program}{' in a chroot' * bool(python.enter)}", flush=True)
        pins = str(deb.pins(python.version, *PINS[1:]))
        folder = environment(CHECKOUT / f".cache/python-{version}", python, "--require-hashes", "-r", pins)
        left = None if seconds is None else max(1.0, seconds - (time.monotonic() - began))
        verdicts[version] = run(folder, python, words, passed := noted(folder), left)
        counts[version] = f" ({_count(passed)})"
    for version, verdict in verdicts.items():
        required_too = ", and required" * (version in missing and version in required)
        print(f"Python {version}: {verdict}{required_too}{counts.get(version, '')}")
    wrong = {"failed", BROKEN} & set(verdicts.values())
    return int(bool(wrong) or any(version in required for version in missing))


def canary(words: list[str]) -> int:
    """Run the tests with the newest packages that are allowed, and name those that the pins do not have."""
    python = [Python(each, found) for each in stated() if (found := find(each))][-1]
    wanted = CHECKOUT / ".cache/newest.txt"
    wanted.parent.mkdir(exist_ok=True)
    wanted.write_text("".join(f"{each}\n" for each in _ranges()))
    folder = CHECKOUT / ".cache/newest"
    shutil.rmtree(folder, ignore_errors=True)  # what is newest is another thing each day
    environment(folder, python, "-r", str(wanted))
    newer = sorted(_installed(folder) - {pin for name in PINS for pin in _pinned(CHECKOUT / name)})
    print(f"Python {python.version}, newer than the pins: {', '.join(newer) or 'nothing'}", flush=True)
    verdict = run(folder, python, words, passed := noted(folder))
    print(f"canary: {verdict} ({_count(passed)})")
    return int(verdict != "passed")


def _ranges() -> list[str]:
    about = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    extras = about["project"]["optional-dependencies"].values()
    groups = about["dependency-groups"]
    return [
        *about["project"]["dependencies"],
        *(one for each in extras for one in each),
        *groups["build"],
        *groups["dev"],
    ]


def _installed(folder: Path) -> set[str]:
    pip = [str(folder / "bin/pip"), "list", "--format=freeze", "--disable-pip-version-check"]
    said = subprocess.run([*pip, "--exclude", "pip", "--exclude-editable"], capture_output=True, text=True, check=True)
    return {re.sub(r"[-_.]+", "-", name).lower() + f"=={version}" for name, _, version in _parted(said.stdout.split())}


def _pinned(path: Path) -> Iterator[str]:
    for name, version in re.findall(
        r"^([a-z0-9][a-z0-9._-]*)(?:\[[^]]*\])?==([^\s\\;]+)", path.read_text(), re.MULTILINE
    ):
        yield f"{name}=={version}"


def _parted(words: list[str]) -> list[tuple[str, str, str]]:
    return [word.partition("==") for word in words]


def main() -> int:
    """Read the command line, and do it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["matrix", "canary"])
    parser.add_argument("--pythons", default=" ".join(stated()), help="which, such as '3.12 trixie'")
    parser.add_argument("--required", default="", help="those without which it fails")
    parser.add_argument("--seconds", type=float, help="how long each Python may take; what is not finished is said")
    parser.add_argument("words", nargs="*", help="for pytest, instead of the part that is run by default")
    asked = parser.parse_intermixed_args()
    try:
        if asked.what == "canary":
            return canary(asked.words)
        return matrix(asked.pythons.split(), asked.required.split(), asked.words, asked.seconds)
    except KeyboardInterrupt:
        print("interrupted: started again on the same files, it goes on with what has not passed")
        return BROKEN_OFF


if __name__ == "__main__":
    sys.exit(main())
