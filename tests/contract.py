"""Whatever sopctl prints as JSON keeps to the schema that it names: a check of every output in every test."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

from sopctl.cli.documents import registry
from sopctl.cli.main import BUG
from sopctl.errors import ExitCode

REFERENCE = Path(__file__).parents[1] / "docs/reference/errors.md"


def _is_time(value: object) -> bool:
    """ISO 8601, with an offset."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def _is_day(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


_formats = jsonschema.FormatChecker(formats=())
_formats.checks("date-time", raises=ValueError)(_is_time)
_formats.checks("date", raises=ValueError)(_is_day)


@cache
def _validator(command: str) -> Any:
    kind = jsonschema.Draft202012Validator
    kind.check_schema(registry.schema(command))
    return kind(registry.schema(command), format_checker=_formats)


EXIT_CODES = frozenset(ExitCode) | {BUG}
"""Those that docs/reference/errors.md has, and no others."""


@cache
def documented() -> dict[str, set[int]]:
    """The ids of errors in docs/reference/errors.md, each with its exit codes."""
    found: dict[str, set[int]] = {}
    for part in REFERENCE.read_text().split("\n## Exit code ")[1:]:
        for id in re.findall(r"^\| `([a-z0-9-]+)` \|", part, re.MULTILINE):
            found.setdefault(id, set()).add(int(part.partition(":")[0]))
    return found


def _errors(part: Any) -> Iterator[dict[str, Any]]:
    """Every error in a document."""
    if isinstance(part, dict) and {"id", "exit_code", "remedy"} <= part.keys():
        yield part
    for each in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from _errors(each)


def breach(printed: str) -> str:
    """How a document does not keep to its schema; empty where it does."""
    try:
        hold(printed)
    except (AssertionError, ValueError) as error:
        return str(error)
    return ""


def hold(printed: str) -> None:
    """Raise AssertionError for a document that does not keep to its schema, or names an error that the reference does
    not have."""
    document = json.loads(printed)
    for each in _errors(document):
        assert each["exit_code"] in documented().get(each["id"], ()), f"docs/reference/errors.md lacks it: {each}"
    assert isinstance(document, dict), "one document"
    name, *words, version = document["schema"].split("/")
    assert (name, registry.id_of(" ".join(words), int(version))) == ("sopctl", document["schema"])
    wrong = jsonschema.exceptions.best_match(_validator(" ".join(words)).iter_errors(document))
    assert wrong is None, f"{document['schema']}: {wrong.json_path}: {wrong.message}"
