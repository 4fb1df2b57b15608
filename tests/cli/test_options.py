"""What commands take: free texts that say something, days and moments as people write them."""

from collections.abc import Callable, Iterator
from datetime import datetime

import click
import pytest

from sopctl.cli.main import cli
from sopctl.cli.options import DAY, DEPOSIT, MOMENT, TEXT, Several, When, refuse_placeholders, several
from sopctl.cli.wording import told
from sopctl.errors import UsageError
from sopctl.store.site import Site
from tests.conftest import Ran

RECORDED = {
    "--accept",
    "--accessory",
    "--asked-by",
    "--by-hand",
    "--checked",
    "--confirmed-by",
    "--disk",
    "--done-by",
    "--instruction",
    "--letter-number",
    "--missing",
    "--note",
    "--number",
    "--reason",
    "--returned",
    "--serial",
    "--taken-by",
    "--to",
    "--tool",
    "--trusted-path",
    "--unlisted",
    "--what",
}
"""What is said here goes into a record, or onto a paper."""


NAMES = {"named"}
"""Of options that are called like one of them, and take the name of a file."""


def parameters(command: click.Command) -> Iterator[click.Parameter]:
    """Every option and argument of a command and of those below it."""
    if isinstance(command, click.Group):
        for name in command.list_commands(click.Context(command)):
            below = command.get_command(click.Context(command), name)
            assert below is not None
            yield from parameters(below)
    yield from command.params


def options(command: click.Command) -> Iterator[click.Option]:
    """Every option of a command and of those below it."""
    yield from (each for each in parameters(command) if isinstance(each, click.Option))


PAIRS = {"[MONTH MONTH]"}
"""Two of one kind, which may be the same."""


def test_whatever_takes_several_names_takes_each_once() -> None:
    found = [each for each in parameters(cli) if isinstance(each, click.Argument) and each.nargs == -1]
    several = [each for each in found if each.metavar not in PAIRS]
    assert len(several) == len(found) - len(PAIRS) > 10
    assert [each.name for each in several if type(each) is not Several] == []


def test_a_server_that_is_named_twice_is_one() -> None:
    @click.command
    @several("hosts", metavar="[HOST]...")
    def command(hosts: tuple[str, ...]) -> tuple[str, ...]:
        return hosts

    assert command.main(["two", "one", "two"], standalone_mode=False) == ("two", "one")
    assert command.main([], standalone_mode=False) == ()


def test_every_recorded_text_passes_the_gate() -> None:
    found = [each for each in options(cli) if RECORDED & set(each.opts) and each.name not in NAMES and not each.is_flag]
    assert {option for each in found for option in each.opts} == RECORDED
    assert all(each.type is TEXT for each in found)


LEFT_OPEN = (
    "…",
    "...",
    " … ",
    "....",
    "[…]",
    "<note>",
    "<what the head wrote>",
    "{note}",
    "$NOTE",
    "TODO",
    "TBD:",
    "XXX",
)


@pytest.mark.parametrize("text", LEFT_OPEN)
def test_a_placeholder_says_nothing(text: str) -> None:
    with pytest.raises(UsageError, match="is only a placeholder"):
        TEXT.convert(text, None, None)


@pytest.mark.parametrize(
    "text", ["", "Siapkan tempat …", "<b> dan <c>", "a <b>", "..", "-", "todo", "$ 5", "x", "{a} {b}"]
)
def test_what_says_something_passes(text: str) -> None:
    assert TEXT.convert(text, None, None) == text


@pytest.mark.parametrize("text", LEFT_OPEN)
def test_no_command_takes_a_placeholder(text: str) -> None:
    for words in (["--by", text], [f"--by={text}"], [text]):
        with pytest.raises(UsageError, match="is only a placeholder"):
            refuse_placeholders(["hold", "1", *words])
    refuse_placeholders(["todo", "--actor=kadis", "--reason", f"a {text} b", "--", "-"])


@pytest.mark.parametrize("text", ["…", "<what the head wrote>"])
def test_a_placeholder_is_no_disposition(sopctl: Callable[..., Ran], text: str) -> None:
    ran = sopctl("dispose", "PS-2026-0001", "--instruction", text)
    assert ran.code == 2
    assert f"--instruction is missing: {text} is only a placeholder" in ran.err


@pytest.mark.parametrize("text", ["31/12/2028", "2028-02-30", "2028-12-31 20:00", "YYYY-MM-DD", ""])
def test_what_is_no_day_is_refused_with_the_form_as_people_write_it(text: str) -> None:
    with pytest.raises(UsageError, match="not written as YYYY-MM-DD") as refused:
        DAY.convert(text, None, None)
    assert refused.value.id == "not-a-date"


def test_a_moment_has_two_forms() -> None:
    for text in ("2028-12-31 20:00", "2028-12-31T20:00"):
        assert MOMENT.convert(text, None, None) == datetime(2028, 12, 31, 20)


def test_no_option_takes_a_day_in_a_form_of_programs() -> None:
    dates = [each for each in options(cli) if isinstance(each.type, click.DateTime)]
    assert dates
    assert [each.name for each in dates if not isinstance(each.type, When)] == []


def test_a_word_that_is_no_id_is_told_before_what_else_is_missing(site: Site) -> None:
    """`sopctl task list` asked for --what."""
    ctx = click.Context(cli, info_name="sopctl", obj=str(site.root))
    below = click.Context(click.Command("task"), parent=ctx, info_name="task")
    with pytest.raises(UsageError) as refused:
        DEPOSIT.convert("list", None, below)
    assert (refused.value.id, "See: sopctl task --help" in told(refused.value)) == ("not-an-id", True)
    assert DEPOSIT.convert("ps-2026-0001", None, below) == "PS-2026-0001"
