"""Records that people fill in field by field, in a letter or a list. A field is named by its path: `server.name`."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from sopctl.locale import Prose, Text
from sopctl.model.names import explain


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The record that has these values at these paths."""
    record: dict[str, Any] = {}
    for path, value in values.items():
        *parents, leaf = path.split(".")
        here = record
        for parent in parents:
            here = here.setdefault(parent, {})
        here[leaf] = value
    return record


def refused(error: msgspec.ValidationError, record: Mapping[str, Any]) -> tuple[str, Prose]:
    """Which field of `record` msgspec refused, by its path, and why, in words."""
    reason, _, path = str(error).partition(" - at `$.")
    path = path.rstrip("`")
    if missing := re.search(r"missing required field `(\w+)`", reason):
        return f"{path}.{missing[1]}".lstrip("."), Text("is empty")
    if inner := re.search(r" in `(\w+)`$", reason):  # a record's own check of one of its fields
        return f"{path}.{inner[1]}".lstrip("."), explain(reason[: inner.start()])
    value: Any = record
    for step in path.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return path, explain(reason, value)
