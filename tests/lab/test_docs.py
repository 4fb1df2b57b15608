"""Every command line that the documentation prints is run here, in order, against a real server."""

import re
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from sopctl.adapters.lab import LabServer

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]

CHECKOUT = Path(__file__).parents[2]
RUN_ELSEWHERE = {"make demo", "make test"}
"""The two commands of the README: the second runs this test, and tests/lab/test_demo.py runs what the first does."""


def printed(document: Path) -> list[str]:
    """The command lines of a document's console blocks."""
    blocks = re.findall(r"^```console\n(.*?)^```", document.read_text(), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    assert all(line.startswith("$ ") for line in lines), f"{document.name}: a console block holds command lines only"
    return [line.removeprefix("$ ") for line in lines if line.removeprefix("$ ") not in RUN_ELSEWHERE]


def play(lines: list[str], home: Path) -> None:
    """Run the lines in one shell, stopping at the first that fails."""
    script = "set -eu\n" + "\n".join(f"echo {_quoted('+ ' + line)}\n{line}" for line in lines)
    path = f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin"
    environment = {"HOME": str(home), "PATH": path, "PYTHONPATH": str(CHECKOUT)}
    ran = subprocess.run(
        ["bash", "-c", script], cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=1700
    )
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-2000:]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def test_the_tutorial_of_the_readme(tmp_path: Path, pristine: LabServer) -> None:
    (tmp_path / "owner_key").write_bytes(Path(pristine.key_file).read_bytes())
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "requester"], check=True)
    public = (tmp_path / "requester.pub").read_text().split()
    pin = next(key for key in pristine.host_keys if key.type == "ssh-ed25519")
    filled_in = {
        "address: 192.0.2.10 ": f"address: {pristine.address} ",
        "port: 22": f"port: {pristine.port}",
        "user: titipan": f"user: {pristine.user}",
        r"keys: \[.*\]": f"keys: [{public[0]} {public[1]}]",
        r"ports: \[80, 443\]": "ports: []",
    }
    lines: list[str] = []
    for line in printed(CHECKOUT / "README.md"):
        lines.append(line.replace("SHA256:…", pin.sha256).replace("PS-2026", f"PS-{date.today().year}"))
        if "request --example >" in line:
            lines += [f"sed -i {_quoted(f's|{old}|{new}|')} request.yml" for old, new in filled_in.items()]
    assert sum("sopctl" in line for line in lines) > 25
    play(lines, tmp_path)


PLAYED_ELSEWHERE = {
    CHECKOUT / "docs" / name for name in ("checks.md", "page.md", "reports.md", "signing.md", "switches.md")
}
"""On sites with something in them: tests/lab/test_checks.py, tests/cli/site/test_serve.py, tests/cli/test_docs.py,
tests/workflow/house/test_signing.py and tests/workflow/ports/test_deposit_port.py, in this order."""
DOCUMENTS = sorted(set((CHECKOUT / "docs").glob("*.md")) - PLAYED_ELSEWHERE)
"""Those that start from nothing."""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
@pytest.mark.usefixtures("lab")
def test_the_other_documents(document: Path, tmp_path: Path) -> None:
    play(printed(document), tmp_path)
