"""The command lines that the documentation prints. tests/cases/printed.yml says which test runs which."""

import functools
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).parents[1]
DOCS = CHECKOUT / "docs"
RUN_ELSEWHERE = {"make demo", "make test"}
"""The two commands of the README: the second runs these tests, and tests/lab/test_demo.py runs what the first does."""


def printed(document: Path) -> list[str]:
    """The command lines of a document's console blocks."""
    blocks = re.findall(r"^ *```console\n(.*?)^ *```", document.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), f"{document.name}: a console block holds command lines only"
    return [line.removeprefix("$ ") for line in lines if line.removeprefix("$ ") not in RUN_ELSEWHERE]


def as_run(row: Mapping[str, Any]) -> list[str]:
    """The command lines of a row's document, after what its reader has done `before`, with what is `here`."""
    coming = dict(row.get("before", {}))
    here = row.get("here", {})

    def in_order() -> Iterator[str]:
        for line in printed(DOCS / row["document"]):
            for start in [start for start in coming if line.startswith(start)]:
                yield from coming.pop(start)
            yield functools.reduce(lambda said, one: said.replace(*one), here.items(), line)

    lines = list(in_order())
    assert not coming, f"{row['document']} prints no such line: {', '.join(coming)}"
    return lines


def play(lines: list[str], home: Path) -> None:
    """Run the lines in one shell, stopping at the first that fails. A test that is ended meanwhile interrupts them, so
    that they clean up, and prints when each began, in seconds."""
    script = "set -eu\n" + "\n".join(f"echo $SECONDS {quoted('+ ' + line)}\n{line}" for line in lines)
    path = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    imported = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), str(CHECKOUT))))
    environment = {"HOME": str(home), "PATH": path, "PYTHONPATH": imported}
    with subprocess.Popen(
        ["bash", "-c", script], cwd=home, env=environment, start_new_session=True, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as shell:  # fmt: skip
        try:
            said, _ = shell.communicate()
        except BaseException:
            os.killpg(shell.pid, signal.SIGINT)
            sys.stdout.write(shell.communicate()[0])
            raise
    assert shell.returncode == 0, said[-5000:]


def quoted(text: str) -> str:
    """A word of a shell's command line."""
    return "'" + text.replace("'", "'\\''") + "'"
