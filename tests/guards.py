"""Guards that are taken out: rows of tests/cases/*_guards.yml. Each names where a guard stands (`take`,
`module:attribute`), and what is put in its place (`by`, a Python expression in which `original` is what was there)."""

import functools
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

CHECKOUT = Path(__file__).parents[1]
FAILED, PASSED = 1, 0
"""Exit codes of pytest."""
SECONDS = 120
"""For a test whose guard may have been its deadline."""
STARTS = "import tests.guards\ntests.guards.taken_out()\n"
"""What Python runs in every process that it starts, where PYTHONPATH has it (site, `sitecustomize`)."""


def take_out(row: Mapping[str, str], monkeypatch: "pytest.MonkeyPatch", names: Mapping[str, Any]) -> None:
    """Put what a row says in the place of its guard. Its expression may use `names`."""
    holder, name, other = _instead(row, names)
    monkeypatch.setattr(holder, name, other, raising=False)


def _instead(row: Mapping[str, str], names: Mapping[str, Any]) -> tuple[Any, str, Any]:
    module, _, path = row["take"].partition(":")
    *parents, name = path.split(".")
    holder = functools.reduce(getattr, parents, importlib.import_module(module))
    assert hasattr(holder, name) or name in holder.__annotations__, "a guard that is somewhere else now"
    return holder, name, eval(row["by"], {**names, "original": getattr(holder, name, None)})


def taken_out() -> None:
    """Take out the guard that the environment names, before anything of sopctl has been imported."""
    if row := os.environ.get("SOPCTL_GUARD"):
        holder, name, other = _instead(json.loads(row), {"os": os})
        setattr(holder, name, other)


def judged_without(row: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """Run the row's `test` without its guard, which no process has that it starts: pytest's exit code, and its end."""
    (folder / "sitecustomize.py").write_text(STARTS)
    paths = os.pathsep.join((str(folder), str(CHECKOUT)))
    words = ["-q", "-x", "--tb=line", "-p", "no:cacheprovider", "-p", "no:xdist", f"--timeout={SECONDS}", row["test"]]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=CHECKOUT,
        env={
            **os.environ,
            "PYTHONPATH": paths,
            "SOPCTL_GUARD": json.dumps(row),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout[-2000:] + ran.stderr[-1000:]


def twice(rows: list[dict[str, str]]) -> list[str]:
    """The lines whose guard or probe another row has too."""
    seen: set[object] = set()
    found = []
    for row in rows:
        marks = {(row["take"], row["by"], row.get("test", "")), row.get("probe", row["line"])}
        found += [row["line"]] if seen & marks else []
        seen |= marks
    return found
