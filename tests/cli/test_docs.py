"""The command reference is what the commands say; every command is in it."""

import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def test_the_command_reference_is_up_to_date() -> None:
    made = subprocess.run([sys.executable, CHECKOUT / "docs/reference.py"], capture_output=True, text=True, check=True)
    assert made.stdout == (CHECKOUT / "docs/commands.md").read_text(), "run: make docs"


def test_the_schema_of_facts_is_up_to_date() -> None:
    made = subprocess.run([sys.executable, CHECKOUT / "docs/schema.py"], capture_output=True, text=True, check=True)
    assert made.stdout == (CHECKOUT / "docs/facts.schema.json").read_text(), "run: make docs"


def test_the_table_of_causes_is_up_to_date() -> None:
    made = subprocess.run([sys.executable, CHECKOUT / "docs/causes.py"], capture_output=True, text=True, check=True)
    assert made.stdout == (CHECKOUT / "docs/access.md").read_text(), "run: make docs"


def test_every_document_is_reachable_from_the_readme() -> None:
    readme = (CHECKOUT / "README.md").read_text()
    for document in (CHECKOUT / "docs").glob("*.md"):
        assert f"docs/{document.name}" in readme
