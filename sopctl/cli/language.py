"""In which language the command line speaks: as sopctl.yml says, else SOPCTL_LANG, else LANG. Chosen once, before
anything is said.

With `--json` it is English, whatever was chosen: what a program reads never changes.
"""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from copy import copy as duplicate
from gettext import NullTranslations
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from sopctl.locale import LANGUAGES, Counted, Language, Sense, Text, gettext_noop
from sopctl.locale.catalogs import catalog, worded

_SETTING = re.compile(rb"^language:[ \t]*[\"']?([a-z]{2})\b", re.MULTILINE)
_LONGEST_SETTINGS = 1 << 20
_FOR_PROGRAMS = ("json", "ndjson", "prometheus", "nagios", "junit")
"""Formats of `--format` that programs read."""
EXAMPLE = gettext_noop("Example:")
"""What stands above the command lines below a command's help."""
COMMENT = re.compile(r"(?<=  # ).+$", re.MULTILINE)
"""What is said behind an example's command line."""

_OF_TYPE = {
    "text": gettext_noop("TEXT"),
    "integer": gettext_noop("INTEGER"),
    "integer range": gettext_noop("INTEGER RANGE"),
    "float": gettext_noop("FLOAT"),
    "float range": gettext_noop("FLOAT RANGE"),
}
"""What stands for the value of an option, by click's name of its type, where that is a word."""
OF_COMMANDS = (gettext_noop("[OPTIONS]"), gettext_noop("COMMAND [ARGS]..."))
"""What click writes into the usage of a command, and of a group."""
_spoken: Language = "en"


def spoken() -> Language:
    """The language that was chosen."""
    return _spoken


def speak(language: Language) -> None:
    """Word everything in this language from here on, click's own words too."""
    global _spoken  # noqa: PLW0603 (a process speaks one language)
    _spoken = language
    translations = catalog(language)
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "click":
            own = vars(module)
            own.update({word: said for word, said in _of_click(translations).items() if word in own})


def _of_click(translations: NullTranslations) -> dict[str, Any]:
    """What click's modules have taken from gettext, which knows no catalog but the system's."""
    return {"_": translations.gettext, "ngettext": translations.ngettext}


def chosen(arguments: Sequence[str], environment: Mapping[str, str]) -> Language:
    """The language of a command line: that of the site it is about, else that of whoever types it."""
    if "--json" in arguments or _option(arguments, "--format") in _FOR_PROGRAMS:
        return "en"
    named = _option(arguments, "--site") or environment.get("SOPCTL_SITE")
    said = (_of_site(named), environment.get("SOPCTL_LANG"), *map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG")))
    first = next(filter(None, said), "")
    return next((each for each in LANGUAGES if re.split(r"[_.@]", first.lower())[0] == each), "en")


def _option(arguments: Sequence[str], name: str) -> str:
    for number, word in enumerate(arguments):
        if word == name:
            return "".join(arguments[number + 1 : number + 2])
        if word.startswith(f"{name}="):
            return word.partition("=")[2]
    return ""


def _of_site(named: str | None) -> str:
    """What the site's sopctl.yml names; it is not read as a whole, since help is asked for where it is broken too."""
    try:
        here = Path.cwd()
        for folder in [Path(named)] if named else (here, *here.parents):
            settings = folder / "sopctl.yml"
            if settings.is_file():
                with settings.open("rb") as file:
                    found = _SETTING.search(file.read(_LONGEST_SETTINGS))
                return found[1].decode() if found else ""
    except OSError:
        pass
    return ""


def _(template: str, /, **values: Any) -> str:
    """A text of ours with its places filled, in the language that was chosen."""
    return worded(Text(template, **values), _spoken) if values else worded(template, _spoken)


def pgettext(context: str, template: str, /, **values: Any) -> str:
    """A text of ours whose English stands for several things: the context says which one is meant here."""
    return worded(Sense(context, template, **values), _spoken)


def ngettext(one: str, many: str, number: int, /, **values: Any) -> str:
    """A text about a number of things, which stands at `{number}`."""
    return worded(Counted(one, many, number, **values), _spoken)


def said(text: str | Text) -> str:
    """A text that another part of the house made."""
    return worded(text, _spoken)


def translated(command: click.Command) -> click.Command:
    """The command, and those below it, with its help in the language that was chosen."""
    if _spoken == "en":
        return command
    made = duplicate(command)
    made.help = _maybe(command.help and cleandoc(command.help))
    made.short_help = _maybe(command.short_help)
    if command.epilog:
        made.epilog = COMMENT.sub(lambda found: _(found[0]), command.epilog.replace(EXAMPLE, _(EXAMPLE), 1))
    made.params = [_parameter(each) for each in command.params]
    made.options_metavar = _maybe(command.options_metavar)
    if isinstance(made, click.Group):
        made.commands = {name: translated(each) for name, each in made.commands.items()}
        made.subcommand_metavar = _(made.subcommand_metavar)
    return made


def _parameter(parameter: click.Parameter) -> click.Parameter:
    made = duplicate(parameter)
    made.metavar = _maybe(parameter.metavar)
    if isinstance(made, click.Option):
        made.metavar = made.metavar or _maybe(_OF_TYPE.get(parameter.type.name))
        made.help = _maybe(made.help)
        if isinstance(made.prompt, str):
            made.prompt = _(made.prompt)
    return made


def _maybe(text: str | None) -> str | None:
    return text and _(text)


def choose() -> None:
    """Speak as this process was asked to."""
    language = chosen(sys.argv[1:], os.environ)
    if language != "en":
        speak(language)
