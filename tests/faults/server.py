"""The command line under faults, as tests use it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from enum import IntEnum, IntFlag
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Mode(IntEnum):
    """What the shim does at the chosen call (see shim.c)."""

    OFF = 0
    COUNT = 1
    KILL = 2
    ERROR = 3
    SHORT = 4
    TORN = 5
    CUT = 6


class Lies(IntFlag):
    """Which synchronisations only say that they are done."""

    NONE = 0
    FILES = 1
    FOLDERS = 2


class Ended(NamedTuple):
    """How a command ended. `code` is negative for a signal."""

    code: int
    out: str
    err: str
    calls: list[str]


def build(folder: Path) -> Path:
    """Compile the shim. Raises CalledProcessError without a C compiler: tests never do without."""
    library = folder / "shim.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(library), str(HERE / "shim.c"), "-ldl"], check=True)
    return library


class Server:
    """Runs commands in forks of one process, under the shim `library`, with more in its environment."""

    def __init__(self, library: Path, environment: Mapping[str, str] | None = None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.serving"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "LD_PRELOAD": str(library), "NO_COLOR": "1", **(environment or {})},
        )

    def run(
        self,
        site: Path,
        words: list[str],
        mode: Mode = Mode.OFF,
        call: int = 0,
        errno: int = 0,
        *,
        lies: Lies = Lies.NONE,
    ) -> Ended:
        """Run `sopctl WORDS` on a site with a fault at its `call`th call. A CUT cuts the site's own file system."""
        assert self._process.stdin
        assert self._process.stdout
        request = {"site": str(site), "words": words, "mode": mode, "call": call, "errno": errno, "lies": lies}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(timeout=30)
