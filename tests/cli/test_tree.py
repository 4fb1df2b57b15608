"""Every command is a file of its name: who knows the command line knows where its code is."""

import importlib
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import click
import pytest

from sopctl.cli.main import COMMANDS, cli
from sopctl.cli.tree import Group, PackageGroup, module_name


def modules(package: ModuleType) -> set[str]:
    """The modules of a package that are commands: all but those for its own use."""
    return {each.name for each in pkgutil.iter_modules(package.__path__) if not each.name.startswith("_")}


def packages(group: click.Group, package: str) -> Iterator[tuple[PackageGroup, str]]:
    """Every group below `group` that is a package, and that package."""
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, PackageGroup):
            yield command, f"{package}.{module_name(name)}"
            yield from packages(command, f"{package}.{module_name(name)}")


def test_the_module_of_a_command_has_its_name() -> None:
    names = {name: module_name(name) for name in ("show", "host-key", "return", "import")}
    assert names == {"show": "show", "host-key": "host_key", "return": "return_", "import": "import_"}


@pytest.mark.parametrize("section", COMMANDS)
def test_a_section_is_a_package_of_its_commands(section: str) -> None:
    package, names = COMMANDS[section]
    assert modules(importlib.import_module(f"sopctl.cli.{package}")) == {module_name(name) for name in names}
    for name in names:
        found = cli.get_command(click.Context(cli), name)
        assert found is not None
        assert found is importlib.import_module(f"sopctl.cli.{package}.{module_name(name)}").command
        assert found.name == name
        for group, place in packages(click.Group(commands={name: found}), f"sopctl.cli.{package}"):
            assert modules(importlib.import_module(place)) == {module_name(each) for each in group.members}
            for each in group.members:
                member = group.get_command(click.Context(group), each)
                assert member is not None
                assert member.name == each


def test_no_command_is_in_two_sections() -> None:
    names = cli.list_commands(click.Context(cli))
    assert len(names) == len(set(names))


def groups(group: click.Group) -> Iterator[click.Group]:
    yield group
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from groups(command)


def test_the_help_of_a_group_says_whole_sentences() -> None:
    """Click's own groups cut a command's sentence off where the line ends."""
    assert [each.name for each in groups(cli) if not isinstance(each, Group)] == []
    said = " ".join(click.Context(cli, terminal_width=80).get_help().split())
    assert "Serve the page: heads dispose, units ask, everyone sees what waits for them" in said
    for each in groups(cli):
        context = click.Context(each, terminal_width=80)
        assert "..." not in each.get_help(context).replace("[ARGS]...", "")
