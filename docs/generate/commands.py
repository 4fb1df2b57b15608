"""Prints docs/reference/commands.md: the help of every command. `make docs` runs it; a test compares."""

import click

from sopctl.cli.main import COMMANDS, cli

HEAD = """\
# Commands

Made from the commands' own help by `make docs`. Every command that answers takes `--json`: one JSON document on
standard output, lists under a named key. Errors go to standard error; with `--json` also to standard output, as
`{"error": {"id": …, "message": …, "where": …, "remedy": …, "exit_code": …}}`: the `id` is stable.

An ID may be shortened to its number, or year and number: `1`, `26-1` for PS-2026-0001. A step of the procedure that
names no ID is about the only deposit for which it is due.

| exit code | meaning |
|---|---|
| 0 | done; the answer is yes |
| 1 | done; the answer is no: not accessible, a host failed, no space, something differs |
| 2 | the command line is not understood |
| 3 | an input or a record is not valid: file:line:column |
| 4 | the procedure forbids it now; the message says what is due instead |
| 5 | someone else holds or has changed the record |
| 6 | something outside is missing or unreachable: a program, the network, the disk, a server |
| 70 | an error in sopctl itself |
| 124 | a playbook run took too long and was ended |
| 130 | interrupted (Ctrl-C, SIGTERM); cleaned up |
"""


def main() -> None:
    """Print the reference."""
    parts = [HEAD]
    for section, (_, names) in COMMANDS.items():
        parts.append(f"## {section}\n")
        for name in names:
            command = cli.get_command(click.Context(cli), name)
            assert command is not None
            parts += _describe(command, ("sopctl", name))
    print("\n".join(parts).rstrip())


def _describe(command: click.Command, words: tuple[str, ...]) -> list[str]:
    context = click.Context(command, info_name=" ".join(words), max_content_width=110, terminal_width=110)
    parts = [f"### {' '.join(words)}\n", f"```text\n{command.get_help(context)}\n```\n"]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            parts += _describe(found, (*words, name))
    return parts


if __name__ == "__main__":
    main()
