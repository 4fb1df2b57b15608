"""Whatever sopctl prints as JSON keeps to the schema that it names: a check of every output in every test."""

import json
from datetime import date, datetime
from functools import cache
from typing import Any

import jsonschema

from sopctl.cli.documents import registry


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


def hold(printed: str) -> None:
    """Raise AssertionError for a document that does not keep to its schema. Documents of commands that have no record
    yet name none."""
    document = json.loads(printed)
    if not isinstance(document, dict) or "schema" not in document:
        return
    name, *words, version = document["schema"].split("/")
    assert (name, registry.id_of(" ".join(words), int(version))) == ("sopctl", document["schema"])
    wrong = jsonschema.exceptions.best_match(_validator(" ".join(words)).iter_errors(document))
    assert wrong is None, f"{document['schema']}: {wrong.json_path}: {wrong.message}"
