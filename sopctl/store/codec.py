"""YAML records, strictly: every scalar is a string until its typed field says otherwise.

PyYAML alone would take `no` for false, 0123 for octal, 1:30 for ninety, and the last of two equal keys. Here a
record has one document, no anchors, aliases, tags or merges, no duplicate key, a bounded size and depth; then
msgspec converts it, and an error carries file:line:column and what was expected.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from itertools import islice
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import msgspec
import yaml

from sopctl.errors import Advice, InvalidRecord
from sopctl.locale import Prose, Text, gettext_noop, joined
from sopctl.model.names import explain
from sopctl.store.durable import bytes_of

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
_NESTING = "maximum nesting depth"
WORD = 40
"""So long may a value be for what a reader takes it for to be kept."""
MOST_WRONG = 50
"""How many things that are wrong with one file are told."""

# libyaml where PyYAML was built with it (eight times faster), else the same grammar in Python.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

_CONFLICT = re.compile(rb"^<{7} ", re.MULTILINE)
"""How git marks where it could not bring two versions together."""

CORRECT = gettext_noop("Correct the file at that place.")
"""What helps with a file that a person writes."""

T = TypeVar("T")
Step = str | int
Position = tuple[int, int]


class _Scalars(yaml.representer.SafeRepresenter):
    """Knows the tag and the text of a value that is no string."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


_SCALARS = _Scalars()
_PLAIN: Any = yaml.resolver.Resolver()


def dump(value: Any) -> bytes:
    """A record as YAML that any YAML reader understands: strings that look like something else are quoted, and every
    value is written out, so that no record needs an anchor.

    It is what `yaml.dump` writes, from the same events, without its tree of nodes, which takes as long as all else.
    """
    events: list[yaml.Event] = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False)]
    _tell(events, msgspec.to_builtins(value, builtin_types=(date,)))
    events += (yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent())
    return str(yaml.emit(events, Dumper=_Dumper, allow_unicode=True, width=110)).encode()


def _tell(events: list[yaml.Event], value: Any) -> None:
    """Add the events of a value."""
    if isinstance(value, dict):
        events.append(yaml.MappingStartEvent(None, _PLAIN.DEFAULT_MAPPING_TAG, implicit=True, flow_style=False))
        for key, item in value.items():
            _tell(events, key)
            _tell(events, item)
        events.append(yaml.MappingEndEvent())
    elif isinstance(value, list | tuple):
        events.append(yaml.SequenceStartEvent(None, _PLAIN.DEFAULT_SEQUENCE_TAG, implicit=True, flow_style=False))
        for item in value:
            _tell(events, item)
        events.append(yaml.SequenceEndEvent())
    else:
        tag, text = (_PLAIN.DEFAULT_SCALAR_TAG, value) if isinstance(value, str) else _tagged(value)
        taken = (_taken_for if len(text) <= WORD else _taken_for.__wrapped__)(text)
        events.append(yaml.ScalarEvent(None, tag, (taken == tag, tag == _PLAIN.DEFAULT_SCALAR_TAG), text))


def _tagged(value: Any) -> tuple[str, str]:
    node = _SCALARS.represent_data(value)
    return node.tag, node.value


@lru_cache(4096)
def _taken_for(text: str) -> str:
    """The tag of what a reader would take a text for, if it were written plainly. Most words of records are the same
    ones."""
    return str(_PLAIN.resolve(yaml.ScalarNode, text, (True, False)))


def load(path: Path, kind: type[T], *, max_bytes: int = MAX_BYTES) -> T:
    """Read the record `path` as `kind`. Raises InvalidRecord (file:line:column) or OutsideFailure (unreadable)."""
    return parse(read(path, max_bytes), kind, where=str(path), max_bytes=max_bytes)


def read(path: Path, max_bytes: int = MAX_BYTES, *, links: bool = True) -> bytes:
    """The bytes of a record, at most one more than it may have; with `links` false, not through a symbolic link.

    Raises OutsideFailure when it is unreadable, InvalidRecord when it is no regular file.
    """
    return bytes_of(path, max_bytes + 1, links=links)


def parse(content: bytes, kind: type[T], *, where: str, max_bytes: int = MAX_BYTES, helps: Advice = CORRECT) -> T:
    """As `load`, from bytes. `where` is the file's name for errors, `helps` what the reader of one can do."""
    try:
        return _parsed(content, kind, where, max_bytes)
    except InvalidRecord as error:
        refused = error.recast(InvalidRecord, remedy=helps)
        refused.others = tuple(each.recast(InvalidRecord, remedy=helps) for each in error.others)
        raise refused from None


def _parsed(content: bytes, kind: type[T], where: str, max_bytes: int) -> T:
    if len(content) > max_bytes:
        raise InvalidRecord(
            "record-too-large",
            "the file is larger than {kib} KiB",
            where=where,
            remedy="Look whether it is the right file: no record of this kind is as long.",
            kib=max_bytes // 1024,
        )
    try:
        document = _Composer(content.decode(), where).document()
        return msgspec.convert(document.value, kind, strict=False)
    except msgspec.ValidationError as error:  # now it matters where everything stood, which takes as long as reading it
        raise _refused(_Composer(content.decode(), where, noting=True).document(), kind, where, error) from None
    except UnicodeDecodeError as error:
        raise InvalidRecord(
            "not-utf8", "byte {byte} is not UTF-8", where=where, remedy="Save it as UTF-8.", byte=error.start
        ) from None
    except yaml.YAMLError as error:
        refuse_conflict(content, where)
        place, reason = _yaml_fault(error, where)
        if _NESTING in str(reason):  # newer PyYAMLs stop before we do
            raise _too_deep(place) from None
        raise InvalidRecord("not-yaml", "not YAML: {reason}", where=place, reason=reason) from None


def refuse_conflict(content: bytes, where: str) -> None:
    """Raise InvalidRecord for a file in which git left two versions between its marks."""
    if mark := _CONFLICT.search(content):
        line = content.count(b"\n", 0, mark.start()) + 1
        raise InvalidRecord(
            "merge-conflict",
            "git left two versions of this file here: each goes on differently",
            where=f"{where}:{line}:1",
            remedy="A site is written in one place. Take the version of the copy that counts (git checkout --ours or "
            "--theirs), whole, with journal.jsonl of the same copy; record what the other had once more.",
        )


def word(content: bytes, key: str, *, where: str) -> str:
    """The text under `key` at the top of a record, which tells its kind; empty when there is none. Raises InvalidRecord
    for content that is not a record."""
    value = parse(content, dict[str, Any], where=where).get(key)
    return value if isinstance(value, str) else ""


def place(content: bytes, path: Sequence[Step], *, where: str) -> str:
    """file:line:column of what stands at `path` in a record that was read; if it is missing, of what would hold it."""
    positions = _Composer(content.decode(), where, noting=True).document().positions
    there = tuple(path)
    while there not in positions:
        there = there[:-1]
    line, column = positions[there]
    return f"{where}:{line}:{column}"


@dataclass
class _Document:
    value: Any
    positions: dict[tuple[Step, ...], Position] = field(default_factory=dict)


class _Composer:
    """Builds plain dicts, lists and strings from PyYAML's events and, if it is `noting`, remembers where each stood."""

    def __init__(self, text: str, where: str, *, noting: bool = False) -> None:
        self._next: Callable[[], Any] = _Loader(text).get_event
        self._where = where
        self._document = _Document(None)
        self._noting = noting

    def document(self) -> _Document:
        self._next()  # stream start
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            raise InvalidRecord("file-empty", "the file is empty", where=f"{self._where}:1:1")
        self._document.value = self._node(self._next(), ())
        self._next()  # document end
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._error(event, "second-document", "a record is one document; a second begins here")
        return self._document

    def _node(self, event: yaml.Event, path: tuple[Step, ...]) -> Any:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._error(event, "anchor-not-allowed", "anchors and aliases are not allowed in a record")
        if tag := getattr(event, "tag", None):
            raise self._error(event, "tag-not-allowed", "the tag {tag} is not allowed in a record", tag=tag)
        if len(path) > MAX_DEPTH:
            line, column = self._position(event)
            raise _too_deep(f"{self._where}:{line}:{column}")
        if self._noting:
            self._document.positions[path] = self._position(event)
        if isinstance(event, yaml.ScalarEvent):
            return _scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Any] = []
            while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                items.append(self._node(event, (*path, len(items))))
            return items
        return self._mapping(path)

    def _mapping(self, path: tuple[Step, ...]) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        shallow = not self._noting and len(path) < MAX_DEPTH
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
                raise self._error(event, "key-not-plain", "a key must be a plain word")
            key = event.value
            if key == "<<":
                raise self._error(event, "merge-not-allowed", "merge keys are not allowed in a record")
            if key in mapping:
                raise self._error(event, "key-repeated", "the key {key!r} is repeated here", key=key)
            value = self._next()
            if shallow and isinstance(value, yaml.ScalarEvent) and not (value.anchor or value.tag):
                mapping[key] = _scalar(value)  # as `_node` would: nearly all values of a record are such
                continue
            mapping[key] = self._node(value, (*path, key))
            if self._noting:
                self._document.positions[(*path, key)] = self._position(event)
        return mapping

    def _position(self, event: yaml.Event) -> Position:
        mark: Any = event.start_mark
        return mark.line + 1, mark.column + 1

    def _error(self, event: yaml.Event, name: str, template: str, **values: Any) -> InvalidRecord:
        line, column = self._position(event)
        return InvalidRecord(name, template, where=f"{self._where}:{line}:{column}", **values)


def _scalar(event: yaml.ScalarEvent) -> str | None:
    empty = event.implicit[0] and event.value in ("", "~", "null")
    return None if empty else event.value


def _refused(document: _Document, kind: type[T], where: str, error: msgspec.ValidationError) -> InvalidRecord:
    """The error for a document that is not of this kind, with the place of what is wrong; what else is wrong in it is
    among its `others`."""
    message, _, path_text = str(error).partition(" - at `")
    path = _locate(document.value, kind, path_text.rstrip("`"), str(error))
    every = [_refusal(document, kind, where, *each) for each in islice(_wrong(document.value, kind, ()), MOST_WRONG)]
    # Of a key that is not valid, msgspec does not say which.
    first = _refusal(document, kind, where, path, message) if path or not every else every[0]
    first.others = tuple(each for each in every if str(each) != str(first))
    return first


def _wrong(value: Any, kind: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """All that is wrong with a value of this kind, each with its path. What a record asks of its fields together shows
    only once each is right."""
    try:
        msgspec.convert(value, kind, strict=False)
        return
    except msgspec.ValidationError as error:
        whole = str(error)
    found = False
    for each in _inside(value, _bare(kind), path):
        found = True
        yield each
    if not found:
        message, _, path_text = whole.partition(" - at `")
        yield (*path, *_locate(value, kind, path_text.rstrip("`"), whole)), message


def _inside(value: Any, kind: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], str]]:
    """What is wrong with the parts of a value."""
    if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = {each.encode_name: each for each in msgspec.structs.fields(kind)}
        if kind.__struct_config__.forbid_unknown_fields:
            known = {*fields, kind.__struct_config__.tag_field}
            yield from ((path, f"Object contains unknown field `{name}`") for name in value if name not in known)
        for name, each in fields.items():
            if name in value:
                yield from _wrong(value[name], each.type, (*path, name))
            elif each.required:
                yield path, f"Object missing required field `{name}`"
    elif isinstance(value, dict) and get_origin(kind) is dict:
        of_key, of_value = get_args(kind)
        for name, item in value.items():
            yield from _wrong(name, of_key, (*path, name))
            yield from _wrong(item, of_value, (*path, name))
    elif isinstance(value, list) and get_origin(kind) in (list, tuple):
        for number, item in enumerate(value):
            yield from _wrong(item, get_args(kind)[0], (*path, number))


def _bare(kind: Any) -> Any:
    """A kind without its limits, and without the None that it may be."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, UnionType):
        others = [each for each in get_args(kind) if each is not type(None)]
        return _bare(others[0]) if len(others) == 1 else kind
    return kind


def _refusal(document: _Document, kind: Any, where: str, path: tuple[Step, ...], message: str) -> InvalidRecord:
    """The error for what is wrong at a path of a document that should be of this kind."""
    unknown = re.search(r"unknown field `([^`]*)`", message)
    if unknown and (*path, unknown[1]) in document.positions:
        path = (*path, unknown[1])
    line, column = document.positions.get(_named(message, path, document.positions), (1, 1))
    where = f"{where}:{line}:{column}"
    key = ".".join(str(part) for part in path)
    if unknown:
        return InvalidRecord("unknown-key", "{key}: there is no such key in this record", where=where, key=key)
    if key:
        value = _at(document.value, path) if path in document.positions else None
        reason = explain(message, value, _choices(kind, path))
        return InvalidRecord("value-not-valid", "{key}: {reason}", where=where, key=key, reason=reason)
    return InvalidRecord("record-not-valid", "{reason}", where=where, reason=explain(message))


def _named(message: str, path: tuple[Step, ...], positions: Mapping[tuple[Step, ...], Any]) -> tuple[Step, ...]:
    """The path of the first key that the message names among those of the value at `path`, or that path: what a record
    asks of its fields together is told at one of them."""
    found = ((*path, *name.split(".")) for name in re.findall(r"`([\w.]+)`", message))
    return next((each for each in found if each in positions), path)


def _choices(kind: Any, path: tuple[Step, ...]) -> list[str]:
    """The values that there are for what stands at a path of this kind; none where any will do, or where another kind
    of record has another."""
    for part in path:
        kind = _bare(kind)
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            kind = next((each.type for each in msgspec.structs.fields(kind) if each.encode_name == part), None)
        else:
            kind = next(iter(get_args(kind)[-1 if get_origin(kind) is dict else 0 :]), None)
    kind = _bare(kind)
    choices = [str(each) for each in get_args(kind)] if get_origin(kind) is Literal else []
    return choices if len(choices) > 1 else []


def _locate(value: Any, kind: Any, path_text: str, message: str) -> tuple[Step, ...]:
    """The path of the value that msgspec refused.

    msgspec writes `[...]` for "one of this mapping's values". It stops at the first error, so the value at fault is
    the last one of the shortest mapping that still gives the same error.
    """
    path: tuple[Step, ...] = ()
    for name, index, any_value in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]|(\[\.\.\.\])", path_text):
        if not any_value:
            path = (*path, int(index) if index else name)
            continue
        for count, key in enumerate(_at(value, path), start=1):
            shorter = _shortened(value, path, count)
            if _fails(shorter, kind, message):
                value, path = shorter, (*path, key)
                break
        else:
            break
    return path


def _at(value: Any, path: tuple[Step, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def _shortened(value: Any, path: tuple[Step, ...], count: int) -> Any:
    """`value` with the mapping at `path` cut to its first `count` items."""
    if not path:
        return dict(list(value.items())[:count])
    head, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {key: _shortened(item, rest, count) if key == head else item for key, item in value.items()}
    return [_shortened(item, rest, count) if index == head else item for index, item in enumerate(value)]


def _fails(value: Any, kind: Any, message: str) -> bool:
    try:
        msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        return str(error) == message
    return False


def _too_deep(where: str) -> InvalidRecord:
    return InvalidRecord("nested-too-deep", "nested deeper than {levels} levels", where=where, levels=MAX_DEPTH)


_OF_YAML = (
    gettext_noop("while parsing a block mapping"),
    gettext_noop("while parsing a block collection"),
    gettext_noop("while parsing a flow mapping"),
    gettext_noop("while parsing a flow sequence"),
    gettext_noop("while parsing a node"),
    gettext_noop("while parsing a flow node"),
    gettext_noop("while parsing a block node"),
    gettext_noop("while scanning a simple key"),
    gettext_noop("while scanning a quoted scalar"),
    gettext_noop("while scanning a plain scalar"),
    gettext_noop("while scanning a block scalar"),
    gettext_noop("while scanning an alias"),
    gettext_noop("while scanning an anchor"),
    gettext_noop("while scanning a tag"),
    gettext_noop("while scanning for the next token"),
    gettext_noop("did not find expected key"),
    gettext_noop("did not find expected ',' or ']'"),
    gettext_noop("did not find expected ',' or '}'"),
    gettext_noop("did not find expected '-' indicator"),
    gettext_noop("did not find expected node content"),
    gettext_noop("did not find expected <document start>"),
    gettext_noop("did not find expected alphabetic or numeric character"),
    gettext_noop("could not find expected ':'"),
    gettext_noop("found unexpected end of stream"),
    gettext_noop("found unexpected document indicator"),
    gettext_noop("found unexpected ':'"),
    gettext_noop("found unknown escape character"),
    gettext_noop("found character that cannot start any token"),
    gettext_noop("found a tab character that violates indentation"),
    gettext_noop("found a tab character where an indentation space is expected"),
    gettext_noop("mapping values are not allowed in this context"),
    gettext_noop("block sequence entries are not allowed in this context"),
    gettext_noop("control characters are not allowed"),
)
"""What libyaml says most often: what it was reading, and what is wrong."""


def _yaml_fault(error: yaml.YAMLError, where: str) -> tuple[str, Prose]:
    """Where PyYAML stopped reading, and why."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return where, " ".join(str(error).split())
    mark: Any = error.problem_mark or error.context_mark
    place = f"{where}:{mark.line + 1}:{mark.column + 1}" if mark else where
    return place, joined(" ", (Text(part) for part in (error.context, error.problem) if part))
