"""Print docs/reference/settings.md: every key of a site's files, from the records. Run by `make docs`."""

import ast
import datetime
import inspect
import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec import inspect as types

from sopctl.model import names
from sopctl.model.deposit import ApplianceRequest, OtherRequest, Request
from sopctl.model.intake.addresses import Network
from sopctl.model.ports.switch import SwitchRecord
from sopctl.model.rack import Rack
from sopctl.model.sop.procedure import Procedure
from sopctl.store.settings import Settings
from sopctl.workflow.views.calendar import Overrides

HEAD = """\
# Settings

Every key of the files that people write in a site, with the values it takes and its default. Made by `make docs` from
the records that read these files. `sopctl validate` names the line and column of each mistake; a key that is not listed
here is refused. For how to share a site, sign papers or set switch ports, see the [how-tos](../index.md).

"""

FILES: tuple[tuple[str, str, type[Struct]], ...] = (
    ("sopctl.yml", "The site's own configuration.", Settings),
    ("racks/NAME.yml", "A rack.", Rack),
    ("networks/NAME.yml", "A network in which the office gives out addresses, or that a jump host reaches.", Network),
    ("switches/NAME.yml", "A switch whose ports sopctl sets. Its host key is pinned by a command.", SwitchRecord),
    ("The request letter of a server", "What `request` files: `sopctl request --example` prints one.", Request),
    ("The request letter of an appliance", "`sopctl request --example --appliance` prints one.", ApplianceRequest),
    ("The request letter of another machine", "`sopctl request --example --other` prints one.", OtherRequest),
    ("procedures/NAME.yml", "A procedure of the office's own.", Procedure),
)

CALENDAR = """\
## calendar.yml

The office's own days: a date → one of the two keys. Indonesia's holidays and joint leave are known without it.

"""

WORDS = {
    names.LINE: "a line of text",
    r"^[a-z0-9][a-z0-9-]{0,30}\Z": "a short name (a-z, 0-9, -)",
    r"^[A-Z][A-Z0-9]{0,5}\Z": "up to 6 capital letters and digits",
    r"^([1-9][0-9]{0,5}[KMGT]?)?\Z": "a size, such as 500M",
    r"^[A-Za-z0-9.-]{1,20}\Z": "up to 20 letters, digits, `.` and `-`",
    r"^([a-z_][a-z0-9_-]{0,31})?\Z": "a group's name",
    r"^([A-Za-z0-9][A-Za-z0-9._-]{0,60}\.(png|jpe?g))?\Z": "a file's name, `.png` or `.jpg`",
    r"^(https?://[^\s]{1,300})?\Z": "http(s)://…",
    r"^https?://[A-Za-z0-9._~:/-]{1,300}\Z": "https://… (http on this machine alone)",
    r"^https://[^\s/?#@]{1,200}(/[^\s?#@]{0,100})?\Z": "https://…",
    r"^[A-Za-z][A-Za-z0-9 ._-]{0,40}\Z": "a platform",
    r"^[A-Za-z_][A-Za-z0-9._-]{0,62}\Z": "an account's name",
    r"^[0-9A-Za-z][0-9A-Za-z.-]{0,20}\Z": "a version, such as 2",
    r"^[a-z][a-z0-9-]{0,30}\Z": "a name (a-z, 0-9, -)",
    names.EMAIL: "an e-mail address",
    names.FILE_NAME: "a name, as of a file",
    names.ACCOUNT: "an account's name",
    names.ROLE: "an actor of the procedures",
    names.NIP: "18 digits",
    names.PUBLIC_KEY: "a public key",
    names.PORTS: "a port, with its protocol or as a range",
    names.HOST_NAME: "a host name",
    names.MAC: "a MAC address",
    names.PAGE_URL: "http(s)://HOST",
    names.BROKER_URL: "tls://HOST:PORT",
    names.INTERFACE: "an interface",
    names.INTERFACES: "an interface with {n}",
}
"""What a pattern means to a person."""
SIMPLE: dict[type[types.Type], str] = {
    types.BoolType: "`true` or `false`",
    types.DateType: "a date",
    types.StructType: "keys of its own",
}


def main() -> None:
    """Print the page."""
    parts, said = [HEAD], set[type]()
    for title, about, record in FILES:
        parts.append(f"## {title}\n\n{about}\n\n" + "".join(tables(record, "", said)))
    override = types.type_info(Overrides)
    assert isinstance(override, types.DictType)
    assert isinstance(override.value_type, types.StructType)
    parts.append(CALENDAR + table(override.value_type.cls))
    print("\n".join(parts).rstrip())


def tables(record: type[Struct], path: str, said: set[type]) -> Iterator[str]:
    """A table for the record, then one for each record in it; one that was shown already is only named."""
    said.add(record)
    if path:
        yield f"### {path}\n\n{inspect.cleandoc(record.__doc__ or '')}\n\n"
    yield table(record) + "\n"
    for field in types.type_info(record).fields:  # type: ignore[attr-defined]
        for inner in records(field.type):
            if inner.cls not in said:
                yield from tables(inner.cls, f"{path}.{field.encode_name}".lstrip("."), said)


def records(kind: types.Type) -> Iterator[types.StructType]:
    """The records in a type."""
    if isinstance(kind, types.StructType):
        yield kind
    for part in ("types", "item_types"):
        for each in getattr(kind, part, ()):
            yield from records(each)
    for part in ("item_type", "value_type"):
        if hasattr(kind, part):
            yield from records(getattr(kind, part))


def table(record: type[Struct]) -> str:
    """The keys of a record."""
    rows = ["| key | takes | without it | |\n|---|---|---|---|\n"]
    info, about = types.type_info(record), docstrings(record)
    assert isinstance(info, types.StructType)
    for field in info.fields:
        cells = (f"`{field.encode_name}`", takes(field.type), default(field), about[field.name])
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n")
    return "".join(rows)


def docstrings(record: type) -> dict[str, str]:
    """What the record says of each key. Raises KeyError at a key of which it says nothing."""
    found: dict[str, str] = {}
    for base in reversed(record.__mro__):
        if base.__module__.startswith("sopctl"):
            (tree,) = ast.parse(dedent(inspect.getsource(base))).body
            assert isinstance(tree, ast.ClassDef)
            for field, words in zip(tree.body, tree.body[1:], strict=False):
                if isinstance(field, ast.AnnAssign) and isinstance(words, ast.Expr):
                    assert isinstance(field.target, ast.Name)
                    assert isinstance(words.value, ast.Constant)
                    found[field.target.id] = " ".join(inspect.cleandoc(str(words.value.value)).split())
    return found


def takes(kind: types.Type) -> str:
    """What a key takes, in words."""
    match kind:
        case types.UnionType():
            words = " or ".join(takes(each) for each in kind.types if not isinstance(each, types.NoneType))
        case types.LiteralType():
            words = " or ".join(f"`{each}`" if each != "" else "nothing" for each in kind.values)
        case types.IntType() | types.FloatType():
            words = "a number" + (
                f", {kind.ge:,} to {kind.le:,}" if kind.ge is not None and kind.le is not None else ""
            )
        case types.StrType():
            words = text(kind)
        case types.DictType():
            words = f"{takes(kind.key_type)} → {takes(kind.value_type)}"
        case types.VarTupleType():
            words = f"a list: {takes(kind.item_type)}"
        case types.Metadata():
            words = takes(kind.type)
        case _:
            words = SIMPLE[type(kind)]
    return words


def text(kind: types.StrType) -> str:
    """What a text may be, in words where the pattern is a known one."""
    if kind.pattern is None:
        return "a text"
    if kind.pattern in WORDS:
        return WORDS[kind.pattern]
    inner = kind.pattern.removeprefix("^").removesuffix(r"\Z")
    choice = re.fullmatch(r"\(\?:([a-z0-9_|]+)\)|\(([a-z0-9_|]+)\)", inner)
    if choice:
        return " or ".join(f"`{each}`" for each in (choice[1] or choice[2]).split("|"))
    return f"a text like `{inner}`"


def default(field: types.Field) -> str:
    """What holds where the key is left out."""
    if field.required:
        return "**needed**"
    value = field.default if field.default is not NODEFAULT else field.default_factory()
    if isinstance(value, Struct):
        return "as below"
    return said(msgspec.to_builtins(value))


def said(value: Any) -> str:
    """A value as it is written in YAML."""
    if value is None or value in ("", [], {}, ()):
        return "–"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list | tuple):
        return ", ".join(map(said, value))
    if isinstance(value, dict):
        return "`{" + ", ".join(f"{key}: {each}" for key, each in value.items()) + "}`"
    if isinstance(value, datetime.date):
        return f"`{value}`"
    return f"`{value}`"


if __name__ == "__main__":
    main()
