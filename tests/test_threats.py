"""docs/explanation/threats.md promises nothing that no test shows: what it names is there."""

import ast
import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
TEXT = (CHECKOUT / "docs/explanation/threats.md").read_text()


def test_every_test_that_it_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", TEXT)
    assert len(named) > 30
    for file, name in named:
        functions = {node.name for node in ast.walk(ast.parse((CHECKOUT / file).read_text())) if hasattr(node, "name")}
        assert name in functions, f"{file}::{name}"


def test_every_promise_names_its_test() -> None:
    section = TEXT.partition("## What holds")[2].partition("\n## ")[0]
    promises = [line for line in section.splitlines() if line.startswith("| ") and "shown by" not in line]
    assert len(promises) > 20
    assert [line for line in promises if "::test_" not in line.rpartition(" | ")[2]] == []


def test_every_path_that_it_names_exists() -> None:
    named = re.findall(r"`((?:sopctl|tests|docs|model|adapters|playbooks)/[\w./-]*|requirements\.txt|Makefile)`", TEXT)
    assert named
    roots = (CHECKOUT, CHECKOUT / "sopctl", CHECKOUT / "site")
    elsewhere = {"playbooks/", "docs/verify.md"}  # in a site, in an archive
    gone = [name for name in named if not any((root / name).exists() for root in roots)]
    assert set(gone) - elsewhere == set()


def test_it_is_found() -> None:
    assert "docs/explanation/threats.md" in (CHECKOUT / "README.md").read_text()
    assert not (CHECKOUT / "THREATS.md").exists(), "everything is said once"
