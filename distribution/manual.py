"""Writes man pages and shell completion into a folder, from the commands' own help, as they lie below /usr/share.
`make wheel` and `make deb` run it."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from click.shell_completion import get_completion_class

from sopctl import __version__
from sopctl.cli.main import COMMANDS, cli

COMPLETIONS = {
    "bash": "bash-completion/completions/sopctl",
    "zsh": "zsh/site-functions/_sopctl",
    "fish": "fish/vendor_completions.d/sopctl.fish",
}


def main(folder: Path) -> None:
    """Write all of it."""
    pages = {"sopctl": cli, **{f"sopctl-{name}": _command(cli, name) for name in _names(cli)}}
    for name, command in pages.items():
        _write(folder / "man/man1" / f"{name}.1", "\n".join(_page(name, command)) + "\n")
    for shell, place in COMPLETIONS.items():
        made = get_completion_class(shell)
        assert made is not None
        _write(folder / place, made(cli, {}, "sopctl", "_SOPCTL_COMPLETE").source())


def _page(name: str, command: click.Command) -> Iterator[str]:
    """A man page (man(7)): the command, and the commands below it."""
    yield f'.TH {name.upper()} 1 "" "sopctl {__version__}" "sopctl"'
    yield from (".SH NAME", rf"{_plain(name)} \- {_plain(command.get_short_help_str(200))}")
    words = name.replace("-", " ", 1) if name != "sopctl" else name
    yield ".SH SYNOPSIS"
    yield f".B {_plain(words)}"
    yield _plain(" ".join(command.collect_usage_pieces(click.Context(command))))
    yield from (".SH DESCRIPTION", *_help(command))
    yield from _options(".SH OPTIONS", command)
    if command is cli:
        yield from _overview()
    elif isinstance(command, click.Group):
        for below in _names(command):
            inner = _command(command, below)
            pieces = " ".join(inner.collect_usage_pieces(click.Context(inner)))
            yield from (f'.SH "{_plain(f"{words} {below}").upper()}"', _plain(f"{words} {below} {pieces}"), ".PP")
            yield from (*_help(inner), *_options(".PP", inner), *_example(inner, ".PP"))
    yield from _example(command)
    if command is not cli:
        yield from (".SH SEE ALSO", ".BR sopctl (1)")


def _overview() -> Iterator[str]:
    for section, (_, names) in COMMANDS.items():
        yield f'.SH "{_plain(section).upper()}"'
        for name in names:
            yield from (".TP", f".BR sopctl-{_plain(name)} (1)", _plain(_command(cli, name).get_short_help_str(200)))


def _help(command: click.Command) -> Iterator[str]:
    for paragraph in (command.help or "").replace("\b", "").split("\n\n"):
        yield from (".PP", _plain(" ".join(paragraph.split())))


def _options(head: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command)
    rows = [row for each in command.get_params(context) if (row := each.get_help_record(context)) and row[1]]
    yield from [head] if rows else []
    for option, says in rows:
        yield from (".TP", rf"\fB{_plain(option)}\fR", _plain(says))


def _example(command: click.Command, head: str = ".SH EXAMPLE") -> Iterator[str]:
    lines = [line.strip() for line in (command.epilog or "").splitlines() if line.strip().startswith("sopctl")]
    if lines:
        yield from (head, ".nf", *map(_plain, lines), ".fi")


def _plain(text: str) -> str:
    """Text that roff takes for nothing else."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-")
    return rf"\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _names(group: click.Group) -> list[str]:
    return group.list_commands(click.Context(group))


def _command(group: click.Group, name: str) -> click.Command:
    found = group.get_command(click.Context(group), name)
    assert found is not None
    return found


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
