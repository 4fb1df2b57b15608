"""An output that knows only ASCII shows what it can, and every sign that the command line prints has its like there."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from sopctl.cli.signs import IN_ASCII
from sopctl.store.site import Site

CLI = Path(__file__).parents[2] / "sopctl" / "cli"


def printed(module: Path) -> Iterator[str]:
    """The texts of a module that are not docstrings."""
    for node in ast.walk(tree := ast.parse(module.read_text())):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            node.value.value = ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_each_sign_that_the_command_line_prints_has_its_like() -> None:
    texts = [text for module in CLI.rglob("*.py") if module.name != "signs.py" for text in printed(module)]
    signs = {sign for text in texts for sign in text if sign.isprintable() and not (sign.isascii() or sign.isalpha())}
    assert {"✓", "│", "…"} <= signs <= set(IN_ASCII)
    assert all(like.isascii() and like.isprintable() for like in IN_ASCII.values())


def test_a_rack_is_drawn_in_ascii(site: Site) -> None:
    def lines(encoding: str) -> list[str]:
        asks = [sys.executable, "-m", "sopctl", "rack", "show", "A1"]
        there = {**os.environ, "PYTHONIOENCODING": encoding, "NO_COLOR": "1", "COLUMNS": "80"}
        ran = subprocess.run(asks, cwd=site.root, env=there, capture_output=True, check=True)
        return ran.stdout.decode().split("\n")

    plain = lines("ascii")
    like = {ord(sign): each for sign, each in IN_ASCII.items()}
    assert [line.translate(like) for line in lines("utf-8")] == plain
    assert not [line for line in plain if "\\" in line]
    assert [line for line in plain if line.strip().startswith("+--")]
