"""In which language the command line speaks, and what it never changes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from sopctl.cli import language, tree, wording
from sopctl.cli.main import cli
from sopctl.errors import Action, NotNow
from sopctl.locale import Language, Text
from sopctl.store.site import Site
from tests.cases import rows
from tests.conftest import Ran

TABLE = rows("language")


@pytest.fixture
def indonesian() -> Iterator[None]:
    language.speak("id")
    yield
    language.speak("en")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["name"])
def test_the_language_is_chosen_by_a_table(
    row: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "racks"
    inner.mkdir()
    if "settings" in row:
        (tmp_path / "sopctl.yml").write_text(row["settings"])
    monkeypatch.chdir(inner)
    assert language.chosen(row.get("words", "list").split(), row.get("environment", {})) == row["speaks"]


def test_a_site_that_is_named_counts(tmp_path: Path) -> None:
    (tmp_path / "sopctl.yml").write_text("language: id\n")
    assert language.chosen(["--site", str(tmp_path), "list"], {}) == "id"
    assert language.chosen([f"--site={tmp_path}", "list"], {}) == "id"
    assert language.chosen(["list"], {"SOPCTL_SITE": str(tmp_path)}) == "id"
    assert language.chosen(["list"], {"SOPCTL_SITE": str(tmp_path / "none")}) == "en"


@pytest.mark.parametrize("said", ["id", "en"])
def test_what_is_seen_is_what_the_settings_have(site: Site, said: Language) -> None:
    """The setting is read in two ways: for the language before anything else, and with all others."""
    path = site.root / "sopctl.yml"
    path.write_text(path.read_text() + f'language: "{said}"\n')
    assert language.chosen(["--site", str(site.root)], {"LANG": "en_US" if said == "id" else "id_ID"}) == said
    assert Site(site.root).settings.language == said


def test_help_is_in_the_language_of_whoever_asks(sopctl: Callable[..., Ran]) -> None:
    said = sopctl("list", "--help", SOPCTL_LANG="id").out
    assert said.startswith("Pemakaian: sopctl list [OPSI]\n"), said
    assert "Urutkan menurut kolom ini." in said
    assert "Tampilkan bantuan ini, lalu selesai." in said
    assert "Contoh:\n" in said
    assert "sopctl take-in PS-2026-0001  # bertanya\n" in sopctl("take-in", "--help", SOPCTL_LANG="id").out
    assert sopctl("list", "--help").out.startswith("Usage: sopctl list [OPTIONS]\n")


def test_an_error_and_what_helps_are_too(sopctl: Callable[..., Ran]) -> None:
    english, ran = sopctl("show", "PS-2026-0099"), sopctl("show", "PS-2026-0099", SOPCTL_LANG="id")
    assert ran.code == english.code
    assert ran.err != english.err
    assert "PS-2026-0099" in ran.err
    assert "ada opsi '--nope'" in sopctl("list", "--nope", SOPCTL_LANG="id").err


def test_json_never_changes(sopctl: Callable[..., Ran]) -> None:
    for words in (["list", "--json"], ["show", "PS-2026-0099", "--json"], ["dispose", "PS-2026-0099", "--json"]):
        english, indonesian = sopctl(*words), sopctl(*words, SOPCTL_LANG="id")
        assert (indonesian.code, indonesian.out, indonesian.err) == (english.code, english.out, english.err)
        assert json.loads(english.out)


@pytest.mark.usefixtures("indonesian")
def test_a_command_is_described_anew_each_time() -> None:
    """The command itself stays as its module has it: another language may be asked for afterwards."""
    there = tree.load("sopctl.cli.reading", "list")
    module = cli.get_command(click.Context(cli), "list")
    assert module is not None
    assert there.help
    assert there.help.startswith("Papan")
    language.speak("en")
    again = tree.load("sopctl.cli.reading", "list")
    assert again.help
    assert again.help.startswith("The board")


@pytest.mark.usefixtures("indonesian")
def test_a_sentence_has_no_english_within() -> None:
    found = NotNow("usage", "{message}", message="x", remedy=(Text("interrupted"), Action("list")))
    assert "interrupted" not in wording.told(found)
    assert "Run" not in wording.told(found)
