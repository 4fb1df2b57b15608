"""Every text of a record, found from its type: so a field that is new is in the tests without anybody's help."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

Path = tuple[str | int, ...]
"""The way to a text in a record as JSON has it; 0 stands for each entry of a list, `*` for each of a mapping."""


def texts_of(kind: object) -> set[Path]:
    """Where a record of this type has text that is free: of a fixed choice (Literal) there is nothing to try."""
    return set(_texts(inspect.type_info(kind), ()))


def _texts(info: inspect.Type, path: Path) -> Iterator[Path]:
    match info:
        case inspect.Metadata(type=inner):
            yield from _texts(inner, path)
        case inspect.StrType():
            yield path
        case inspect.StructType(fields=fields) if len(path) < 12:
            for field in fields:
                yield from _texts(field.type, (*path, field.encode_name))
        case inspect.UnionType(types=types):
            for each in types:
                yield from _texts(each, path)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            yield from _texts(item, (*path, 0))
        case inspect.DictType(value_type=value):
            yield from _texts(value, (*path, "*"))


def has(record: Any, path: Path) -> bool:
    """Does this record, as JSON has it, have something there?"""
    for step in path:
        if step == "*":
            record = next(iter(record.values()), None)
        elif isinstance(step, int):
            record = record[0] if record else None
        else:
            record = record.get(step)
        if record is None:
            return False
    return True


def put(record: Any, path: Path, text: str) -> Any:
    """The record with this text there instead."""
    if not path:
        return text
    step, *rest = path
    if isinstance(step, int):
        return [put(record[0], tuple(rest), text), *record[1:]]
    key = next(iter(record)) if step == "*" else step
    return {**record, key: put(record[key], tuple(rest), text)}


def filled(kind: object, text: Callable[[], str]) -> Any:
    """A record of this type, as JSON has it, with everything in it and each of its free texts made by `text`."""
    return _filled(inspect.type_info(kind), text)


PLAIN: dict[type[inspect.Type], Any] = {
    inspect.BoolType: True,
    inspect.IntType: 7,
    inspect.FloatType: 7.0,
    inspect.DateType: "2026-11-02",
    inspect.DateTimeType: "2026-11-02T09:00:00+07:00",
}


def _filled(info: inspect.Type, text: Callable[[], str]) -> Any:
    if isinstance(info, inspect.StrType):
        return text()
    if type(info) in PLAIN:
        return PLAIN[type(info)]
    return _chosen(info) if isinstance(info, inspect.LiteralType | inspect.EnumType) else _around(info, text)


def _chosen(info: inspect.LiteralType | inspect.EnumType) -> Any:
    return info.values[0] if isinstance(info, inspect.LiteralType) else next(iter(info.cls)).value


def _around(info: inspect.Type, text: Callable[[], str]) -> Any:
    match info:
        case inspect.Metadata(type=inner):
            return _filled(inner, text)
        case inspect.StructType(fields=fields):
            return {field.encode_name: _filled(field.type, text) for field in fields}
        case inspect.UnionType(types=types):
            return _filled(next(each for each in types if not isinstance(each, inspect.NoneType)), text)
        case inspect.ListType(item_type=item) | inspect.VarTupleType(item_type=item):
            return [_filled(item, text)]
        case inspect.DictType(key_type=key, value_type=value):
            return {str(_filled(key, text)): _filled(value, text)}
    raise TypeError(f"no value is known for {info}")


def leaves(value: object) -> Iterator[str]:
    """Every text in what was read, the keys of mappings among them."""
    match msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else value:
        case str(text):
            yield text
        case dict(mapping):
            for key, each in mapping.items():
                yield from (*leaves(key), *leaves(each))
        case list() | tuple() as items:
            for each in items:
                yield from leaves(each)
