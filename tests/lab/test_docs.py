"""Command lines that the documentation prints are run here, in order, against a real server."""

import re
import subprocess
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sopctl.adapters.lab import LabServer
from tests.cases import rows
from tests.printed import DOCS, as_run, play, printed, quoted

pytestmark = pytest.mark.lab


def test_the_tutorial(tmp_path: Path, pristine: LabServer) -> None:
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
    for line in printed(DOCS / "tutorial.md"):
        lines.append(line.replace("SHA256:…", pin.sha256).replace("PS-2026", f"PS-{date.today().year}"))
        if "request --example >" in line:
            lines += [f"sed -i {quoted(f's|{old}|{new}|')} request.yml" for old, new in filled_in.items()]
    assert sum("sopctl" in line for line in lines) > 25
    play(lines, tmp_path)


OTHERS = [row for row in rows("printed") if row["by"] == "lab/test_docs.py"][1:]
"""The first is the tutorial."""


def of_session(lines: Sequence[str], session: str) -> list[str]:
    """These lines with labs of the test session, which go with it: `tour` is `ci-tour`, its first server `ci-tour1`."""
    labs = {name for line in lines for name in re.findall(r"^sopctl lab up .*--name ([a-z]+)", line)}
    if not labs:
        return list(lines)
    names = re.compile(rf"\b({'|'.join(labs)})(?=[0-9]?\b)")
    return [names.sub(rf"{session}-\1", line) for line in lines]


@pytest.mark.parametrize("row", OTHERS, ids=lambda row: Path(row["document"]).name)
@pytest.mark.usefixtures("lab")
@pytest.mark.timeout(4500)  # lab.md takes three minutes on an idle machine, and ten times that on a busy one
def test_the_other_documents(row: dict[str, Any], lab_name: str, tmp_path: Path) -> None:
    play(of_session(as_run(row), lab_name), tmp_path)
