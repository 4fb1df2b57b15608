"""What a benchmark is given on its command line, and what it needs besides sopctl. What is wrong or missing is told in
one sentence, with what helps."""

import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

HERE = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])


def given(doc: str | None) -> list[str]:
    """The words of the command line. `--help` shows what the script says of itself, as `doc` has it, and ends it."""
    words = sys.argv[1:]
    if {"-h", "--help"} & set(words):
        print(doc)
        sys.exit()
    return words


def size(word: str) -> int:
    """A size of this benchmark. Ends it where the word is none."""
    if not word.isascii() or not word.isdigit():
        sys.exit(f"{word} is no whole number\n  → see --help")
    return int(word)


def numbers(words: Sequence[str], *usual: int) -> list[int]:
    """The sizes of this benchmark, the usual ones in place of those that are not given. Ends it where more are."""
    if len(words) > len(usual):
        sys.exit(f"{words[len(usual)]} is more than this benchmark takes\n  → see --help")
    return [*map(size, words), *usual[len(words) :]]


def program(name: str, package: str) -> str:
    """The path of a program: of this Python's environment first, as when it is not activated. Ends this benchmark
    where there is none."""
    found = shutil.which(name, path=HERE)
    if found is None:
        sys.exit(
            f"{name} is not installed, which this benchmark needs\n  → {package}; or all that is needed: make bench"
        )
    return found


def module(name: str) -> None:
    """A peer that is a Python package."""
    if importlib.util.find_spec(name) is None:
        sys.exit(
            f"{name} is not installed, which this benchmark compares with\n  → pip install {name}, or: make setup-dev"
        )


def root() -> None:
    """The right to start servers and namespaces."""
    if os.geteuid() != 0:
        sys.exit("this benchmark starts servers or namespaces, which takes root\n  → run it as root, or: make bench")


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used, with those of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def as_installed() -> dict[str, str]:
    """The environment of a command that is measured: it keeps its bytecode, as pip makes it for an installed package. A
    shell may say otherwise, and to compile all anew takes longer than many a command."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
