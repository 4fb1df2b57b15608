"""The command line as scripts and people meet it: help, JSON, exit codes, errors without tracebacks."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

from sopctl.cli import main
from sopctl.cli.main import cli
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.setup.init import EXAMPLE_REQUEST
from tests.conftest import Ran

HEAVY = ("paramiko", "netmiko", "ansible_runner", "ansible", "typst", "holidays", "rich")


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command below `group`, as words."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


WITHOUT_JSON = {("demo",), ("do",), ("lab", "up"), ("lab", "down")}
"""They act and answer nothing: what is up is `lab status --json`."""

ALL = sorted(commands(cli))


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    command: click.Command = cli
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), word)
        assert found is not None
        command = found
    text = command.get_help(click.Context(command, info_name=" ".join(words)))
    assert "Example" in text
    assert "sopctl " in text.split("Example")[1]
    if (
        not isinstance(command, click.Group)
        and words[0] not in ("demo", "do", "serve")
        and words not in (("lab", "up"), ("lab", "down"), ("engine", "worker"))
    ):
        assert "--json" in text


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (
            "sopctl.cli.reading.list sopctl.workflow.views.board sopctl.workflow.views.availability",
            "sopctl.adapters.ssh",
        ),
        ("sopctl.workflow.servers.checking sopctl.adapters.exports", "sopctl.model.facts.server"),
        ("sopctl.workflow.servers.checking sopctl.adapters.exports", "sopctl.model.survey"),
    ],
)
def test_what_a_command_has_no_use_for_is_not_loaded(words: str, unwanted: str) -> None:
    script = f"import sys, {', '.join(words.split())}; sys.exit({unwanted!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def test_help_and_version_load_nothing_heavy() -> None:
    """Every module of the command line is imported, as the root's --help does; none of them drags in a library."""
    script = f"""
import sys
sys.argv = ["sopctl", "--help"]
from sopctl.cli.main import main
try:
    main()
except SystemExit:
    pass
loaded = [name for name in {HEAVY!r} if name in sys.modules]
sys.exit(f"loaded: {{loaded}}" if loaded else 0)
"""
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "Steps of the procedure" in ran.stdout


def test_the_steps_answer_in_json(sopctl: Callable[..., Ran], tmp_path: Path) -> None:
    record = tmp_path / "r.yml"
    record.write_text(EXAMPLE_REQUEST)
    (filed,) = json.loads(sopctl("request", str(record), "--json").out)["steps"]
    assert (filed["id"], filed["procedure"], filed["step"], filed["next"]) == (
        "PS-2026-0001",
        "penitipan",
        1,
        "penitipan 2",
    )
    board = json.loads(sopctl("list", "--json").out)
    assert [row["standing"] for row in board["deposits"]] == ["penitipan 2"]
    due = json.loads(sopctl("todo", "--json").out)["steps"]
    assert due[0]["command"] == "sopctl dispose PS-2026-0001 --instruction <what the head wrote>"
    assert due[0]["action"]["argv"] == ["sopctl", "dispose", "PS-2026-0001"]
    need = {"option": "--instruction", "asks": "what the head wrote", "choices": []}
    assert (due[0]["action"]["needs"], due[0]["action"]["alternatives"]) == ([need], [])
    shown = json.loads(sopctl("show", "PS-2026-0001", "--json").out)
    assert shown["events"][0]["by"] == "pemohon"
    steps = json.loads(sopctl("sop", "show", "konfigurasi", "--json").out)["procedure"]["steps"]
    assert [step["no"] for step in steps] == [1, 2, 3, 5, 6]
    units = json.loads(sopctl("rack", "show", "A1", "--json").out)["units"]
    assert [unit["unit"] for unit in units] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["frobnicate"], 2, "No such command"),
        (["list", "--frobnicate"], 2, "No such option"),
        (["show", "PS-2026-0001"], 2, "there is no deposit PS-2026-0001"),
        (["show", "../../etc"], 2, "is not the id of a deposit"),
        (["request"], 2, "sopctl request --example"),
        (["request", "missing.yml"], 6, "missing.yml: cannot read: No such file"),
        (["rack", "show", "Z9"], 2, "There are: A1"),
        (["sop", "show", "x"], 2, "There are: penitipan, konfigurasi, pengembalian"),
        (["todo", "--actor", "bupati"], 2, "kabid, kadis, pelaksana, pemohon"),
        (["reserve", "PS-1", "--unit", "3"], 2, "--rack-unit needs --rack"),
        (["return", "PS-1"], 2, "choose one of: --letter-number"),
        (["init", "."], 2, "is not an empty folder"),
        (["--site", "/nonexistent", "list"], 2, "is not a sopctl site"),
        (["advance"], 2, "choose one of: IDs, --all"),
        (["probe", "-x"], 2, "No such option"),
    ],
)
def test_errors_say_what_to_do_and_end_with_the_documented_code(
    sopctl: Callable[..., Ran], words: list[str], code: int, message: str
) -> None:
    ran = sopctl(*words)
    assert message in ran.err
    assert ran.code == code
    assert "Traceback" not in ran.err
    assert ran.out == ""


def test_an_error_in_json_is_one_document(sopctl: Callable[..., Ran]) -> None:
    ran = sopctl("show", "PS-2026-0001", "--json")
    error = json.loads(ran.out)["error"]
    assert error["exit_code"] == ran.code == 2
    assert "no deposit" in error["message"]
    assert error["actions"][0]["argv"] == ["sopctl", "list"]


@pytest.mark.parametrize(
    ("words", "id"), [(["list", "--frobnicate"], "usage"), (["reserve", "PS-1", "--unit", "3"], "option-needs-another")]
)
def test_an_error_in_json_has_its_id(sopctl: Callable[..., Ran], words: list[str], id: str) -> None:
    assert json.loads(sopctl(*words, "--json").out)["error"]["id"] == id


def test_out_of_order_work_is_refused_with_exit_4(sopctl: Callable[..., Ran], tmp_path: Path) -> None:
    record = tmp_path / "r.yml"
    record.write_text(EXAMPLE_REQUEST)
    sopctl("request", str(record))
    ran = sopctl("place", "PS-2026-0001")
    assert ran.code == 4
    assert "due is penitipan 2: Mendisposisi surat permohonan (Kadis Kominfo)" in ran.err
    assert "sopctl dispose PS-2026-0001" in ran.err


def test_a_broken_record_is_exit_3_with_its_place(sopctl: Callable[..., Ran], site: "object", tmp_path: Path) -> None:
    record = tmp_path / "r.yml"
    record.write_text(EXAMPLE_REQUEST.replace("height_units: 2", "height_units: two"))
    ran = sopctl("request", str(record))
    assert ran.code == 3
    assert f"{record}:11:3: server.height_units: Expected `int`" in ran.err
    assert json.loads(sopctl("list", "--json").out) == {"schema": "sopctl/list/1", "deposits": [], "errors": []}


def test_a_broken_setting_is_exit_3_with_its_place(sopctl: Callable[..., Ran], made_site: Path, tmp_path: Path) -> None:
    settings = tmp_path / "site" / "sopctl.yml"
    settings.write_text(settings.read_text().replace("role: kadis", "role: bupati"))
    ran = sopctl("list")
    assert ran.code == 3
    assert f"{settings}:10:11: no procedure has an actor 'bupati'" in ran.err


def test_two_terminals_on_one_dossier(sopctl: Callable[..., Ran], site: "object", tmp_path: Path) -> None:
    from sopctl.store import locks

    record = tmp_path / "r.yml"
    record.write_text(EXAMPLE_REQUEST)
    sopctl("request", str(record))
    with locks.hold(tmp_path / "site" / "var" / "locks" / "PS-2026-0001", "PS-2026-0001"):
        ran = sopctl("dispose", "PS-2026-0001", "--instruction", "x")
    assert ran.code == 5
    assert "PS-2026-0001 is held by another sopctl" in ran.err


def test_hostile_text_never_reaches_the_terminal_raw(sopctl: Callable[..., Ran], tmp_path: Path) -> None:
    """A record's text is refused with control characters; an argument with them is shown escaped."""
    for words in (["show", "PS\x1b]0;owned\x07"], ["request", str(tmp_path / "surat\x1b[2J\u202e.yml")]):
        ran = sopctl(*words)
        assert not {"\x1b", "\x07", "\u202e"} & set(ran.err)
        assert "\\x1b" in ran.err


def test_a_pipe_that_is_closed_before_the_first_line_is_no_error_either(
    desk: Desk, file_request: Callable[..., str]
) -> None:
    """Not 1, which would be an answer: of `dispose`, that nothing was recorded."""
    deposit, site = file_request(), desk.site.root
    for words in ("list", "list --json", f"dispose {deposit} --by kadis --instruction x"):
        line = f"{sys.executable} -m sopctl --site {site} {words} | true"
        ran = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr) == (0, ""), words
    assert dossiers.read(desk.site, deposit).standing.place == "penitipan 3"


def test_a_closed_pipe_is_no_error(tmp_path: Path, made_site: Path) -> None:
    line = f"{sys.executable} -m sopctl --site {made_site} sop show penitipan | head -n 1"
    ran = subprocess.run(["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""


def test_without_ssh_keygen_init_says_what_to_install(sopctl: Callable[..., Ran], tmp_path: Path) -> None:
    ran = sopctl("init", str(tmp_path / "new"), PATH="/nonexistent")
    assert ran.code == 6
    assert "apt install openssh-client" in ran.err
    assert not (tmp_path / "new" / "sopctl.yml").exists(), "half a site is no site"


def test_doctor_says_what_is_missing(sopctl: Callable[..., Ran]) -> None:
    whole = json.loads(sopctl("doctor", "--json").out)
    assert {"ansible-playbook", "ssh", "lab", "site", "management key"} <= {each["what"] for each in whole["findings"]}
    ran = sopctl("doctor", "--json", PATH="/nonexistent")
    missing = {each["what"]: each["remedy"] for each in json.loads(ran.out)["findings"] if not each["ok"]}
    assert "openssh-client" in missing["ssh"]
    assert ran.code == 1


def test_a_key_open_to_others_is_refused_with_the_remedy(sopctl: Callable[..., Ran], tmp_path: Path) -> None:
    key = tmp_path / "site" / "keys" / "management"
    key.chmod(0o644)
    found = {each["what"]: each for each in json.loads(sopctl("doctor", "--json").out)["findings"]}
    assert not found["management key"]["ok"]
    assert found["management key"]["remedy"] == f"Close it: chmod 600 {key}"


def test_a_next_command_is_never_wrapped(
    sopctl: Callable[..., Ran], file_request: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of one, pasted by itself, would run."""
    monkeypatch.setenv("COLUMNS", "40")
    deposit = file_request()
    sopctl("hold", deposit, "--reason", "x", "--by", "kabid")
    shown = [line for line in sopctl("show", deposit).out.splitlines() if "sopctl" in line]
    assert len(shown) == 1
    assert shown[0].strip().startswith(f"sopctl resume {deposit}; or: ")
    assert "<" in shown[0]


def test_remind_names_a_dossier_that_cannot_be_read(
    sopctl: Callable[..., Ran], desk: Desk, file_request: Callable[..., str]
) -> None:
    broken = desk.site.root / "deposits" / file_request() / "history.yml"
    broken.write_text("x: [")
    ran = sopctl("remind", "--dry-run")
    assert (ran.code, str(broken) in ran.err, "Nobody" in ran.out) == (3, True, False)


@pytest.mark.parametrize("words", [["list"], ["todo"], ["inventory", "summary"], ["document", "verify", "--all"]])
def test_a_broken_dossier_is_named_by_its_deposit(
    sopctl: Callable[..., Ran], desk: Desk, file_request: Callable[..., str], words: list[str]
) -> None:
    deposit = file_request()
    (desk.site.root / "deposits" / deposit / "history.yml").write_text("x: [")
    (error,) = json.loads(sopctl(*words, "--json").out)["errors"]
    assert (error["id"], error["deposit"]) == ("not-yaml", deposit)


@pytest.mark.parametrize(
    "words",
    [
        ("dispose", "PS-2026-0001", "--by", "kadis", "--instruction"),
        ("hold", "PS-2026-0001", "--by", "staf", "--reason"),
        ("edit", "PS-2026-0001", "--by", "staf", "--note"),
    ],
)
def test_what_is_not_utf8_is_refused_where_it_would_be_recorded(
    desk: Desk, file_request: Callable[..., str], sopctl: Callable[..., Ran], words: tuple[str, ...]
) -> None:
    deposit = file_request()
    ran = sopctl(*words, os.fsdecode(b"a\xffb"))
    assert (ran.code, "would not be read back" in ran.err) == (2, True), ran.err
    assert len(dossiers.read(desk.site, deposit).events) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "utf-8:surrogateescape", "iso8859-1"])
def test_a_name_that_the_terminal_cannot_show_is_no_failure(
    desk: Desk, file_request: Callable[..., str], encoding: str
) -> None:
    """The step was recorded, and its paper lies in a folder whose name is no UTF-8."""
    deposit, root = file_request(), desk.site.root.with_name("data \udcff – 数据")
    desk.site.root.rename(root)
    edited = root / "edited.yml"
    edited.write_text((root / f"deposits/{deposit}/deposit.yml").read_text().replace("Contoh R200", "Contoh R300"))
    for words in (["edit", deposit, "--from", str(edited), "--note", "x", "--by", "staf"], ["validate", "--json"]):
        ran = subprocess.run(
            [sys.executable, "-m", "sopctl", *words],
            cwd=root,
            env={**os.environ, "PYTHONIOENCODING": encoding, "NO_COLOR": "1"},
            capture_output=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        assert b"\x1b" not in ran.stdout


def test_in_the_plain_locale_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """LC_ALL=C without Python's own UTF-8: `show` ended in an error of ours."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", errors="surrogateescape"))
    main._say_whatever_it_is()
    sys.stdout.write("selesai – staf 数\n")  # as rich does; click has a way of its own
    sys.stdout.flush()
    assert raw.getvalue() == b"selesai - staf \\u6570\n"


def test_a_result_that_cannot_be_printed_was_still_recorded(
    desk: Desk, file_request: Callable[..., str], site: Site
) -> None:
    """Exit 0: whoever repeats the command would do it twice."""
    deposit = file_request()
    dispose = ["dispose", deposit, "--by", "kadis", "--instruction", "x"]
    for words, code, says in (
        (dispose, 0, "cannot be written to standard output"),
        ([*dispose, "--json"], 4, "kadis is kadis"),
        (["list", "--json"], 6, "cannot be written to standard output"),
    ):
        with open("/dev/full", "w") as full:
            command = [sys.executable, "-m", "sopctl", *words]
            ran = subprocess.run(command, cwd=site.root, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert (ran.returncode, says in ran.stderr, "Traceback" in ran.stderr) == (code, True, False), ran.stderr
    assert len(dossiers.read(desk.site, deposit).events) == 2


@pytest.mark.parametrize(
    ("words", "code"), [("list", 6), ("list --json", 6), ("show X", 2), ("rack", 6), ("nosuch", 2)]
)
def test_where_nothing_can_be_told_the_exit_code_still_tells(site: Site, words: str, code: int) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "sopctl", *words.split()]
        assert subprocess.run(command, cwd=site.root, stdout=full, stderr=full, check=False).returncode == code


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize(("words", "code"), [("list", 0), ("do", 2), ("show X", 2), ("request /dev/stdin", 3)])
def test_a_standard_stream_that_is_closed_changes_no_answer(site: Site, words: str, code: int, closed: str) -> None:
    """As a supervisor may start it."""
    ran = subprocess.run(
        ["/bin/sh", "-c", f'exec "$0" -m sopctl {words} {closed}', sys.executable],
        cwd=site.root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, "an error in sopctl itself" in ran.stderr) == (code, False), ran.stderr


def test_a_group_without_a_command_shows_its_help(sopctl: Callable[..., Ran]) -> None:
    ran = sopctl("journal")
    assert (ran.code, ran.err) == (0, "")
    assert "\nCommands:\n  anchor" in ran.out
