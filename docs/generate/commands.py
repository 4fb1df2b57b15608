"""Prints docs/reference/commands.md: the help of every command. `make docs` runs it; a test compares."""

import click

from sopctl.cli.main import COMMANDS, cli

HEAD = """\
# Commands

Made from the commands' own help by `make docs`. Every command that answers takes `--json`: one JSON document on
standard output ([what it contains](json.md)). Errors go to standard error; with `--json` a document that names the
error goes to standard output too. For exit codes, and every error with its `id`, see [errors](errors.md).

An ID may be shortened to its number, or to year and number: `1` or `26-1` for PS-2026-0001. Without an ID, a step of
the procedure applies to the only deposit for which it is due.
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
