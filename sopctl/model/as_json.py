"""JSON that sopctl wrote and others may have changed, or that others sent: one way to read it."""

from collections.abc import Callable
from inspect import cleandoc
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")


class NotJson(ValueError):
    """Bytes that are no JSON, or JSON of another kind than the one asked for. It says why."""


def from_json(content: bytes | str, kind: type[T]) -> T:
    """`content` as a `kind`. Raises NotJson, whatever the bytes are: msgspec itself raises other errors for what is no
    UTF-8, and for what nests too deeply."""
    try:
        return msgspec.json.decode(content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotJson(str(error)) from None


def reader(kind: type[T]) -> Callable[[bytes | str], T]:
    """What reads one content after the other, as `from_json` does, for whoever has many."""
    decode = msgspec.json.Decoder(kind).decode

    def read(content: bytes | str) -> T:
        try:
            return decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NotJson(str(error)) from None

    return read


def plainly_described(schema: Any) -> Any:
    """A JSON Schema whose descriptions are the same with every Python: since 3.13, docstrings come without the
    indentation of their source."""
    if isinstance(schema, dict):
        return {
            key: cleandoc(each) if key == "description" and isinstance(each, str) else plainly_described(each)
            for key, each in schema.items()
        }
    return [plainly_described(each) for each in schema] if isinstance(schema, list | tuple) else schema
