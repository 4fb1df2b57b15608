"""From a record to what is printed, and to its JSON Schema: the same rules for both.

A text that is not there is printed empty, not as null, also where a record of the house has None for it. What a key may
hold is said by its type alone: limits of what is taken in (patterns, lengths) do not bind what is given out, where a
masked address, say, is no address.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from inspect import cleandoc
from pathlib import PurePath
from typing import Any

from msgspec import NODEFAULT, UNSET, Struct, inspect
from msgspec.structs import astuple

from sopctl.locale import Text

_AS_IT_IS = frozenset({int, bool, float, type(None)})

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def plain(value: Any) -> Any:
    """A record, and all in it, as JSON has it. A time without an offset would mean nothing elsewhere: ValueError."""
    if type(value) is str:
        return value if value.isascii() else _in_utf8(value)
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, Struct):
        return _record(value)
    if isinstance(value, Mapping):
        return {_in_utf8(str(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"{value} has no offset")
    return _scalar(value)


def _record(value: Struct) -> dict[str, Any]:
    kind = type(value)
    found: dict[str, Any] = dict(zip(kind.__struct_encode_fields__, astuple(value), strict=True))
    for key, text in _to_look_at(kind):
        inner = found[key]
        if type(inner) is str and inner.isascii():
            continue
        if inner is UNSET:
            del found[key]
        else:
            found[key] = "" if inner is None and text else plain(inner)
    return found


def _in_utf8(text: str) -> str:
    """A text whose every character JSON can have: the bytes of a file's name that are no UTF-8 are escapes, as on a
    terminal (`\\udcff`)."""
    return text.encode("utf-8", "backslashreplace").decode()


def _scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, PurePath | Text):
        return _in_utf8(str(value))
    raise TypeError(f"{type(value).__name__} is not printed")


def schema(documents: Mapping[type[Struct], list[str]]) -> dict[str, Any]:
    """The JSON Schema of what is printed: one of these records, each with what its `schema` says."""
    parts = _Parts()
    either = []
    for kind, ids in documents.items():
        either.append(_reference(kind, parts))
        top = parts.made[parts.name(kind)]
        top["properties"] = {"schema": {"enum": ids}, **top["properties"]}
        top["required"] = ["schema", *top["required"]]
    return {"$schema": DIALECT, "anyOf": either, "$defs": dict(sorted(parts.made.items()))}


class _Parts:
    """The records in a schema, and what was made of them, by name."""

    def __init__(self) -> None:
        self.names: dict[type, str] = {}
        self.made: dict[str, dict[str, Any]] = {}

    def name(self, kind: type) -> str:
        """What a record is called: where another one has its name already, with its module's name before it."""
        if kind not in self.names:
            taken = kind.__name__ in self.names.values()
            module = kind.__module__.rpartition(".")[2].title().replace("_", "")
            name = f"{module}{kind.__name__}" if taken else kind.__name__
            assert name not in self.names.values(), f"two records would be called {name}"  # noqa: S101 (by a test)
            self.names[kind] = name
        return self.names[kind]


def _reference(kind: type, parts: _Parts) -> dict[str, Any]:
    """What refers to a record's schema, which is then among the parts."""
    name = parts.name(kind)
    if name not in parts.made:
        info = inspect.type_info(kind)
        assert isinstance(info, inspect.StructType)  # noqa: S101 (nothing else gets here)
        made: dict[str, Any] = {"description": cleandoc(kind.__doc__ or ""), "type": "object"}
        parts.made[name] = made
        made["properties"] = {each.encode_name: _of(each.type, parts) for each in info.fields}
        made["required"] = [each.encode_name for each in info.fields if not _may_be_left_out(each)]
        made["additionalProperties"] = False
    return {"$ref": f"#/$defs/{name}"}


def _may_be_left_out(field: inspect.Field) -> bool:
    """Is its default UNSET? That is the one default that `inspect` does not tell."""
    return not field.required and field.default is NODEFAULT and field.default_factory is NODEFAULT


_SCALARS: dict[type, dict[str, Any]] = {
    inspect.StrType: {"type": "string"},
    inspect.BoolType: {"type": "boolean"},
    inspect.IntType: {"type": "integer"},
    inspect.FloatType: {"type": "number"},
    inspect.NoneType: {"type": "null"},
    inspect.DateTimeType: {"type": "string", "format": "date-time"},
    inspect.DateType: {"type": "string", "format": "date"},
    inspect.CustomType: {"type": "string"},  # a path: `plain` prints nothing else of the kind
}


def _of(info: inspect.Type, parts: _Parts) -> dict[str, Any]:
    made = _SCALARS.get(type(info))
    if isinstance(info, inspect.Metadata):
        made = _of(info.type, parts)
    elif isinstance(info, inspect.LiteralType):
        made = {"enum": list(info.values)}
    elif isinstance(info, inspect.EnumType):
        made = {"enum": [each.value for each in info.cls]}
    elif isinstance(info, inspect.ListType | inspect.VarTupleType):
        made = {"type": "array", "items": _of(info.item_type, parts)}
    elif isinstance(info, inspect.StructType):
        made = _reference(info.cls, parts)
    elif isinstance(info, inspect.UnionType):
        text = _text_in(info.types)
        either = [_of(each, parts) for each in info.types if not (text and isinstance(each, inspect.NoneType))]
        made = either[0] if len(either) == 1 else {"anyOf": either}
    if made is None:
        raise TypeError(f"{info} is not printed")
    return made


def _text_in(kinds: Iterable[inspect.Type]) -> bool:
    return any(isinstance(each.type if isinstance(each, inspect.Metadata) else each, inspect.StrType) for each in kinds)


@cache
def _to_look_at(kind: type[Struct]) -> tuple[tuple[str, bool], ...]:
    """The keys of a record whose values may be something else than JSON has, and whether that is a text that may be
    None. The others, most of what there is in lists of thousands, are as they are."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)  # noqa: S101 (a Struct's)
    return tuple(
        (each.encode_name, isinstance(each.type, inspect.UnionType) and _text_in(each.type.types))
        for each in info.fields
        if not (each.required and _as_it_is(each.type))
    )


def _as_it_is(kind: inspect.Type) -> bool:
    """Has JSON every value of this type as it is? A string may be a text of ours, or have bytes that are no UTF-8."""
    if isinstance(kind, inspect.Metadata):
        return _as_it_is(kind.type)
    if isinstance(kind, inspect.ListType):
        return _as_it_is(kind.item_type)
    return isinstance(kind, inspect.BoolType | inspect.IntType | inspect.FloatType)
