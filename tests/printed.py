"""The command lines that the documentation prints. tests/cases/printed.yml says which test runs which."""

import re
import subprocess
import sys
from pathlib import Path

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


def play(lines: list[str], home: Path) -> None:
    """Run the lines in one shell, stopping at the first that fails."""
    script = "set -eu\n" + "\n".join(f"echo {quoted('+ ' + line)}\n{line}" for line in lines)
    path = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    environment = {"HOME": str(home), "PATH": path, "PYTHONPATH": str(CHECKOUT)}
    ran = subprocess.run(
        ["bash", "-c", script], cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=1700
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]


def quoted(text: str) -> str:
    """A word of a shell's command line."""
    return "'" + text.replace("'", "'\\''") + "'"
