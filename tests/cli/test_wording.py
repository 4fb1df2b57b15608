"""Errors and actions in the words of the command line (tests/cases/actions.yml)."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from sopctl.cli import wording
from sopctl.cli.main import cli
from sopctl.errors import Action, Advice, UsageError
from sopctl.store.library import Library
from tests.cases import rows

ROWS = rows("actions")
PLACEHOLDER = re.compile("<[^<>]*>")


def action(row: dict[str, Any]) -> Action:
    said = {key: value for key, value in row.items() if key != "is"}
    return Action(**{**said, "needs": tuple(row.get("needs", ()))})


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["is"])
def test_an_action_is_one_command_line(row: dict[str, Any]) -> None:
    assert wording.command(action(row)) == row["is"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["is"])
def test_the_words_of_an_action_and_what_they_need_are_that_line(row: dict[str, Any]) -> None:
    """For a program: `argv`, and after it the option and the value of each need."""
    each = action(row)
    words, needs = wording.argv(each), wording.needed(each)
    assert not any(PLACEHOLDER.fullmatch(word) for word in words)
    asked = [" ".join(filter(None, (need.option, f"<{need.asks}>"))) for need in needs]
    whole = " ".join((shlex.join(words), *asked))
    assert whole == (row["is"] if each.verb != "sign" else row["is"].removesuffix(f" {each.id}"))


def test_every_verb_and_task_of_the_procedures_has_a_row(tmp_path: Path) -> None:
    asked = {(row["verb"], row.get("task", "")) for row in ROWS}
    verbs = {verb for verb, _ in asked}
    for each in Library(tmp_path).current.values():
        assert {(step.verb, step.task) for step in each.steps} <= asked
        assert {outcome.verb for step in each.steps for outcome in step.outcomes.values() if outcome.verb} <= verbs
        assert set(each.acts) <= verbs


@pytest.mark.parametrize("line", sorted({row["is"] for row in ROWS}))
def test_the_command_line_has_the_command_and_its_options(line: str) -> None:
    words, command = shlex.split(PLACEHOLDER.sub("X", line))[1:], cli
    found: click.Command = command
    while isinstance(found, click.Group):
        below = found.get_command(click.Context(found), words.pop(0))
        assert below is not None
        found = below
    known = {option for each in found.params for option in (*each.opts, *each.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("line", sorted({row["is"] for row in ROWS if "needs" in row}))
def test_a_line_pasted_as_it_is_runs_nothing(line: str, tmp_path: Path) -> None:
    """Not even where files happen to have the placeholders' names."""
    for name in re.findall(r"<(\S+)", line):
        (tmp_path / name.rstrip(">")).write_text("")
    before = sorted(tmp_path.iterdir())
    script = f"sopctl() {{ touch ran; }}\neval {shlex.quote(line)}"
    for shell in ("bash", "sh"):
        ran = subprocess.run([shell, "-c", script], cwd=tmp_path, capture_output=True, check=False)
        assert ran.returncode != 0
        assert sorted(tmp_path.iterdir()) == before


SHOW, NOTIFY = Action("show", "PS-2026-0001"), Action("notify", "PS-2026-0001")
DECIDE = Action("accept", "PS-2026-0001", needs=("note",), alternatives=(Action("hold", "PS-2026-0001"), SHOW))


@pytest.mark.parametrize(
    ("remedy", "words"),
    [
        ((), ""),
        ("", ""),
        ("Ask the owner.", "Ask the owner."),
        (SHOW, "Run: sopctl show PS-2026-0001"),
        (("Ask the owner.", SHOW), "Ask the owner. Run: sopctl show PS-2026-0001"),
        (("ask the owner", SHOW), "ask the owner; run: sopctl show PS-2026-0001"),
        (("To look at it:", SHOW), "To look at it: sopctl show PS-2026-0001"),
        ((NOTIFY, SHOW), "Run: sopctl notify PS-2026-0001; then: sopctl show PS-2026-0001"),
        ((SHOW, "Ask the owner."), "Run: sopctl show PS-2026-0001; Ask the owner."),
        (("Ask.", "", "Wait."), "Ask. Wait."),
        (
            DECIDE,
            "Run: sopctl inspect PS-2026-0001 --accept <why it is accepted>"
            "; or: sopctl hold PS-2026-0001; or: sopctl show PS-2026-0001",
        ),
        (Action("show", "X", needs=("some_thing",)), "Run: sopctl show X --some-thing <some-thing>"),
    ],
)
def test_what_helps_is_one_line(remedy: Advice, words: str) -> None:
    assert wording.advice(remedy) == words
    assert wording.advice(UsageError("id", "wrong", remedy=remedy).remedy) == words


def test_an_error_is_its_sentence() -> None:
    assert wording.error(UsageError("no-such-rack", "there is no rack {rack}", rack="Z9")) == "there is no rack Z9"


def test_the_whole_of_an_error_is_safe_to_print() -> None:
    found = UsageError("id", "wrong: {what}", where="a\x1b.yml:1:2", remedy=("Look.", SHOW), what="\x07")
    assert wording.told(found) == ("a\\x1b.yml:1:2: wrong: \\x07\n  → Look. Run: sopctl show PS-2026-0001")
    assert wording.told(UsageError("id", "wrong", remedy="")) == "wrong"
