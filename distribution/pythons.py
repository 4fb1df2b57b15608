"""The part of the suite that needs no servers, with other Pythons and packages than a checkout's own.

`make matrix` takes the stated Pythons that are found here, each with the pinned packages; `make canary` takes the
newest Python found, and the newest packages that the ranges of pyproject.toml allow.
"""

import argparse
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
PINS = ("requirements.txt", "requirements-dev.txt")
PROGRAMS = ("promtool", "nginx", "caddy", "nats-server")
"""What the Makefile fetches into its environment, for tests."""
WHAT = ("tests/model", "tests/store", "tests/adapters", "tests/cli", "tests/test_errors.py")
FAILED = 1
"""What pytest exits with when tests failed; interrupted, it exits otherwise."""
WITHOUT = "not lab and not battery and not scaled"


def stated() -> list[str]:
    """The Pythons that the metadata promises, such as 3.11."""
    text = (CHECKOUT / "pyproject.toml").read_text()
    return re.findall(r"Python :: (3\.\d+)\"", text)


def find(version: str) -> str | None:
    """A Python of this version: on PATH, or among pyenv's. A name on PATH that answers otherwise is passed over."""
    places = [str(Path(folder) / f"python{version}") for folder in os.environ.get("PATH", "").split(os.pathsep)]
    if pyenv := shutil.which("pyenv"):
        prefix = subprocess.run([pyenv, "prefix", version], capture_output=True, text=True, check=False)
        if prefix.returncode == 0:
            places.append(f"{prefix.stdout.strip()}/bin/python")
    return next((place for place in places if os.access(place, os.X_OK) and _answers(place) == version), None)


def _answers(python: str) -> str:
    asks = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    try:
        said = subprocess.run([python, "-c", asks], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return said.stdout.strip()


def environment(folder: Path, python: str, *wanted: str) -> Path:
    """A virtual environment with what pip is told to install; made anew when that, or the Python, is another one."""
    files = [(CHECKOUT / word).read_bytes() for word in wanted if (CHECKOUT / word).is_file()]
    mark, made = folder / "made-of", hashlib.sha256(b"\0".join([python.encode(), *files])).hexdigest()
    if not mark.exists() or mark.read_text() != made:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", folder], check=True)
        pip = [str(folder / "bin/pip"), "install", "-q", "--disable-pip-version-check", "--only-binary", ":all:"]
        subprocess.run([*pip, *wanted], cwd=CHECKOUT, check=True)
        for name in PROGRAMS:
            if program := shutil.which(name):
                (folder / "bin" / name).symlink_to(Path(program).resolve())
        mark.write_text(made)
    return folder


def run(folder: Path, words: list[str], seconds: float | None = None) -> str:
    """Run the tests in an environment: "passed" or "failed", or how it ended. One that may take only so many seconds
    ends with the first failure, and what passed until then has passed."""
    there = {**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}", "PYTHONPATH": str(CHECKOUT)}
    command = [str(folder / "bin/python"), "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal"]
    command += ["-p", "no:cacheprovider", "-m", WITHOUT, *(["-x"] if seconds else []), *(words or WHAT)]
    with subprocess.Popen(command, cwd=CHECKOUT, env=there) as tests:
        try:
            tests.wait(seconds)
        except subprocess.TimeoutExpired:
            tests.send_signal(signal.SIGINT)
            if tests.wait() != FAILED:
                return f"nothing failed in {seconds:.0f} seconds, and it was not finished"
    return "failed" if tests.returncode else "passed"


def matrix(versions: list[str], required: list[str], words: list[str], seconds: float | None = None) -> int:
    """Run the tests with each Python that is found, each for so many seconds at most, its environment's own included.
    Returns 1 where they fail, or one that is required is missing."""
    verdicts = {}
    for version in versions:
        began = time.monotonic()
        python = find(version)
        if python is None:
            verdicts[version] = "missing, and required" if version in required else "not on this machine"
            continue
        print(f"Python {version}: {python}", flush=True)
        pins = [word for name in PINS for word in ("-r", name)]
        folder = environment(CHECKOUT / f".cache/python-{version}", python, "--require-hashes", *pins)
        left = None if seconds is None else max(1.0, seconds - (time.monotonic() - began))
        verdicts[version] = run(folder, words, left)
    for version, verdict in verdicts.items():
        print(f"Python {version}: {verdict}")
    return int("failed" in verdicts.values() or any("required" in verdict for verdict in verdicts.values()))


def canary(words: list[str]) -> int:
    """Run the tests with the newest packages that are allowed, and name those that the pins do not have."""
    version, python = [(each, found) for each in stated() if (found := find(each))][-1]
    wanted = CHECKOUT / ".cache/newest.txt"
    wanted.parent.mkdir(exist_ok=True)
    wanted.write_text("".join(f"{each}\n" for each in _ranges()))
    folder = CHECKOUT / ".cache/newest"
    shutil.rmtree(folder, ignore_errors=True)  # what is newest is another thing each day
    environment(folder, python, "-r", str(wanted))
    newer = sorted(_installed(folder) - {pin for name in PINS for pin in _pinned(CHECKOUT / name)})
    print(f"Python {version}, newer than the pins: {', '.join(newer) or 'nothing'}", flush=True)
    verdict = run(folder, words)
    print(f"canary: {verdict}")
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
    said = subprocess.run(
        [folder / "bin/pip", "list", "--format=freeze", "--disable-pip-version-check", "--exclude", "pip"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
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
    parser.add_argument("--pythons", default=" ".join(stated()), help="which, such as '3.12 3.13'")
    parser.add_argument("--required", default="", help="those without which it fails")
    parser.add_argument("--seconds", type=float, help="how long each Python may take; what is not finished is said")
    parser.add_argument("words", nargs="*", help="for pytest, instead of the part that is run by default")
    asked = parser.parse_intermixed_args()
    if asked.what == "canary":
        return canary(asked.words)
    return matrix(asked.pythons.split(), asked.required.split(), asked.words, asked.seconds)


if __name__ == "__main__":
    sys.exit(main())
