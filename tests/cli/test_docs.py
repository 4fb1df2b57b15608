"""The command reference is what the commands say; every command is in it."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from sopctl.cli.main import cli
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import handover, inspecting, notifying
from tests.conftest import Clock

CHECKOUT = Path(__file__).parents[2]


def test_the_command_reference_is_up_to_date() -> None:
    made = subprocess.run([sys.executable, CHECKOUT / "docs/reference.py"], capture_output=True, text=True, check=True)
    assert made.stdout == (CHECKOUT / "docs/commands.md").read_text(), "run: make docs"


def test_the_schema_of_facts_is_up_to_date() -> None:
    made = subprocess.run([sys.executable, CHECKOUT / "docs/schema.py"], capture_output=True, text=True, check=True)
    assert made.stdout == (CHECKOUT / "docs/facts.schema.json").read_text(), "run: make docs"


@pytest.mark.parametrize(
    ("words", "file"),
    [("contract.py", "json.md"), ("contract.py --schema", "json.schema.json"), ("errors.py", "errors.md")],
)
def test_the_reference_is_up_to_date(words: str, file: str) -> None:
    command = [sys.executable, *words.split()]
    made = subprocess.run(command, cwd=CHECKOUT / "docs", capture_output=True, text=True, check=True)
    assert made.stdout == (CHECKOUT / "docs/reference" / file).read_text(), "run: make docs"


def test_the_table_of_causes_is_up_to_date() -> None:
    made = subprocess.run([sys.executable, CHECKOUT / "docs/causes.py"], capture_output=True, text=True, check=True)
    assert made.stdout == (CHECKOUT / "docs/access.md").read_text(), "run: make docs"


def test_every_document_is_reachable_from_the_readme() -> None:
    readme = (CHECKOUT / "README.md").read_text()
    for document in (CHECKOUT / "docs").rglob("*.md"):
        assert str(document.relative_to(CHECKOUT)) in readme


def test_the_command_lines_of_the_reports_run_as_they_are_printed(
    desk: Desk,
    clock: Clock,
    until_space: Callable[..., str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a server that was handed over a month ago, and not placed since."""
    clock.now = datetime.now(clock.now.tzinfo) - timedelta(days=30)
    deposit = until_space()
    notifying.notify(desk, deposit, via="phone")
    handover.receive(desk, deposit)
    inspecting.inspect(desk, deposit, serial="SN-0001")
    handover.handover(desk, deposit)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```console\n(.*?)```", (CHECKOUT / "docs/reports.md").read_text(), re.DOTALL)
    lines = [line.replace("PS-2026-0001", deposit) for block in blocks for line in block.splitlines()]
    assert len(lines) >= 5
    for line in lines:
        prompt, name, *words = shlex.split(line)
        assert (prompt, name) == ("$", "sopctl"), "a console block holds command lines only"
        ran = CliRunner().invoke(cli, ["--site", str(desk.site.root), *words])
        assert ran.exit_code == 0, f"{line}: {ran.output} {ran.exception}"
