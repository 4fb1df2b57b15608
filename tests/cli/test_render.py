"""What people see at a terminal of 80 columns: whole words, whole heads, whole fingerprints."""

import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from sopctl.adapters.listings import csv_text
from sopctl.cli import render
from sopctl.cli.main import cli
from sopctl.cli.render import amount, asking, fitted, put_error, put_wrapped, table, wrapped
from sopctl.cli.wording import told
from sopctl.errors import Action, NotNow
from sopctl.locale import Text
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.steps import letters
from tests.conftest import Clock, Ran

OLDER = Path(__file__).parents[1] / "cases/older_site"
WIDE = 80
FINGERPRINT = "SHA256:" + "aB3+/" * 8 + "abc"

texts = st.lists(st.text("abcdefgh", min_size=1, max_size=14), max_size=6).map(" ".join)
columns = st.lists(st.lists(texts, min_size=1, max_size=5), min_size=1, max_size=6)


@given(columns, st.integers(6, 120))
def test_columns_fit_the_room_and_keep_their_words_while_those_fit(cells: list[list[str]], room: int) -> None:
    widths = fitted(cells, room)
    words = [max((len(word) for cell in column for word in cell.split()), default=0) for column in cells]
    lines = [max(map(len, column)) for column in cells]
    assert sum(widths) <= max(room, len(cells))
    if sum(words) <= room:
        assert all(width >= word for width, word in zip(widths, words, strict=True))
    if sum(lines) <= room:
        assert widths == lines


@pytest.mark.parametrize(
    "words", [["show", "1"], ["show", "2"], ["report", "sla"], ["list", "--state", "all"], ["todo"]]
)
def test_nothing_is_wider_than_the_terminal_and_no_word_is_broken(
    sopctl: Callable[..., Ran], tmp_path: Path, words: list[str]
) -> None:
    site = Path(shutil.copytree(OLDER, tmp_path / "older"))
    narrow, whole = (sopctl(*words, cwd=site, COLUMNS=str(wide)).out for wide in (WIDE, 400))
    assert max(len(line) for line in narrow.splitlines() if "sopctl " not in line) <= WIDE
    assert re.sub(r"[\s─]+", " ", narrow) == re.sub(r"[\s─]+", " ", whole) or words[0] == "report"
    assert set(re.findall(r"[\w/.-]+", whole)) == set(re.findall(r"[\w/.-]+", narrow))
    assert str(site) not in narrow


def test_a_boards_line_is_whole_in_the_longer_language_too(sopctl: Callable[..., Ran], tmp_path: Path) -> None:
    site = Path(shutil.copytree(OLDER, tmp_path / "older"))
    lines = sopctl("list", "--state", "all", cwd=site, COLUMNS=str(WIDE), SOPCTL_LANG="id").out.splitlines()
    assert max(map(len, lines)) <= WIDE
    assert any(re.match(r"PS-.* rak A1 U1–U2 .* sampai \d{4}-\d\d-\d\d$", line) for line in lines)


@pytest.mark.parametrize("language", ["en", "id"])
@pytest.mark.parametrize(
    ("words", "command"),
    [
        (["list"], "sopctl request --example > request.yml"),
        (["switch", "list"], ""),
        (["switch", "audit"], ""),
        (["rack", "list"], ""),
        (["check", "--all"], ""),
        (["checks", "report"], "sopctl check --all"),
        (["sop", "show", "penitipan"], ""),
        (["sop", "show", "pengembalian"], ""),
    ],
)
def test_a_sentence_in_place_of_a_list_fits_the_terminal_too(
    site: Site, sopctl: Callable[..., Ran], words: list[str], command: str, language: str
) -> None:
    for rack in site.root.glob("racks/*"):
        rack.unlink()
    ran = sopctl(*words, COLUMNS="60", SOPCTL_LANG=language)
    assert ran.code == 0, ran.err
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 60
    assert command in ran.out
    assert not [line for line in lines if line.startswith("→")]


SENTENCE = "what is due is konfigurasi 1: Melakukan konfigurasi server (Pejabat Fungsional/Pelaksana), and nothing else"
HELPS = {
    "a command of ours": (Action("configure", "PS-2026-0001", given={"by_hand": "satu, dua. tiga; empat lima enam"}),),
    "a sentence behind it": ("Look at it at the server's console with its owner.", Action("show", "PS-2026-0001")),
    "a command of the system's": (Text("Close it to others, whoever they are: chmod 600 /var/lib/sopctl/keys/owner"),),
    "names": ("There are: id, unit, server, place, standing, activity, actor, due, waiting, valid_until",),
}


@pytest.mark.parametrize("name", HELPS)
def test_an_error_is_wrapped_at_words_and_no_command_in_it(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    error = NotNow("not-due", SENTENCE, remedy=HELPS[name])
    put_error(error)
    lines = capsys.readouterr().err.splitlines()
    assert " ".join(map(str.strip, lines)) == " ".join(map(str.strip, f"sopctl: {told(error)}".splitlines()))
    for command in re.findall(r"sopctl (?:configure|show) .*|chmod .*", told(error)):
        assert any(line.endswith(command) for line in lines)
    assert all(len(line) <= 60 for line in lines if "sopctl configure" not in line)


def test_an_error_that_nobody_sees_at_a_terminal_is_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Logs and programs look for it."""
    put_error(NotNow("not-due", SENTENCE, remedy=HELPS["names"]))
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_documents_are_named_from_where_one_is(sopctl: Callable[..., Ran], file_request: Callable[..., str]) -> None:
    deposit = file_request()
    assert sopctl("document", "list", deposit).out.splitlines()[1:] == [
        f"  deposits/{deposit}/documents/0001-permohonan.yml"
    ]


def test_a_late_step_is_marked(
    desk: Desk, clock: Clock, file_request: Callable[..., str], sopctl: Callable[..., Ran]
) -> None:
    clock.now -= timedelta(days=60)
    deposit = file_request()
    clock.now += timedelta(days=30)
    letters.dispose(desk, deposit, instruction="Siapkan tempat")
    assert re.search(r"^  2 .*penitipan 2 .*LATE by \d+ days$", sopctl("show", deposit).out, re.MULTILINE)


def test_a_fingerprint_has_a_line_of_its_own(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    put_wrapped(f"kunci host {FINGERPRINT}, dicocokkan di konsol server oleh staf yang bertugas pada hari itu")
    lines = capsys.readouterr().out.splitlines()
    assert f"    {FINGERPRINT}" in lines
    assert all(len(line) <= 60 for line in lines)


def test_a_line_that_is_not_wrapped_stays_one_line() -> None:
    """Colours are no reason to look at each of its characters, and a break in it is none of its own."""
    assert wrapped("  one\n two\tthree\x1b[31m\r\v\f", 0) == ["  one  two three\x1b[31m"]
    assert wrapped("  \n", 0) == []


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("memory_mib", 64000, "62.5 GiB"),
        ("size_bytes", 1024**4, "1,024.0 GiB"),
        ("used_bytes", 4096, "0.0 MiB"),
        ("swap_mib", 0, "0.0 GiB"),
        ("uptime_seconds", 90000, "1.0 days"),
        ("dns", ("198.51.100.53", "fe80::1"), "198.51.100.53, fe80::1"),
        ("empty", (), ""),
        ("tpm", None, ""),
        ("up", True, "yes"),
        ("disk", {"name": "sda", "size_bytes": 1024**3, "serial": None}, "name sda, size 1.0 GiB"),
        ("wear", {"disks": [{"name": "a"}, {"name": "b"}]}, "disks name a, name b"),
    ],
)
def test_a_fact_reads_as_people_write(name: str, value: object, shown: str) -> None:
    assert amount(name, value) == shown


def test_a_question_stops_what_moves_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    moves = []
    with render.task_progress():
        (progress,) = list(render._live)
        moves.append(progress.live.is_started)
        with asking():
            moves.append(progress.live.is_started)
        moves.append(progress.live.is_started)
    assert moves == [True, False, True]
    assert list(render._live) == []


def test_a_table_in_the_house_style_has_a_line_above(capsys: pytest.CaptureFixture[str]) -> None:
    made = table("a", "b")
    made.add_row("1", "2")
    render.console().print(made)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if "─" not in line] == [[], ["a", "b"], ["1", "2"]]


def test_what_stands_in_rows_is_safe_to_print(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever adds a column need not think of it: a system's name came from its machine, and cleared the screen."""
    foreign = "\x1b[2J\x9d0;a\u202eb"
    made = table("a", "b")
    made.add_row(foreign, "two\nlines")
    render.console().print(made)
    shown = capsys.readouterr().out
    for text in (shown, *render.aligned([("a", foreign)]), csv_text(["a"], [[foreign]])):
        assert r"\x1b[2J\x9d0;a\u202eb" in text
        assert [each for each in text if not each.isprintable() and each != "\n"] == []
    assert "two\\nlines" not in shown


@pytest.mark.parametrize(
    "words", ["visit list", "maintenance list", "account list", "account token list", "queue list", "runs list"]
)
def test_where_there_is_nothing_to_list_a_sentence_says_so(words: str, site: Site) -> None:
    ran = CliRunner().invoke(cli, ["--site", str(site.root), *words.split()])
    assert ran.exit_code == 0
    assert re.fullmatch(r"No\w* .*(\.|--help)\n", ran.output)
