"""The description of `/api/…` (OpenAPI 3.1), made from its operations and records: generic clients can use it."""

import re
from functools import lru_cache
from typing import Any

import msgspec
from starlette.responses import Response

from sopctl import __version__
from sopctl.model.as_json import plainly_described
from sopctl.page import records
from sopctl.page.handlers.api import OPERATIONS, Operation
from sopctl.page.visit import Visit

REFUSALS = {
    "400": "Nothing that is understood",
    "401": "No token, or none that is good",
    "403": "Not for this account, or this token",
    "404": "No such thing, or not theirs to see",
    "408": "It did not arrive in time",
    "409": "Not now: the dossier has moved on, or somebody works on it",
    "413": "Too large",
    "422": "Something that is not valid",
    "429": "Too many requests",
    "500": "A fault of sopctl's own",
    "503": "Not possible at the moment",
}


def described(_visit: Visit) -> Response:
    """`/api/openapi.json`: for everybody, since it says nothing of any deposit."""
    return Response(_encoded(), media_type="application/json")


@lru_cache(maxsize=1)
def _encoded() -> bytes:
    return msgspec.json.format(msgspec.json.encode(document()), indent=1)


def document() -> dict[str, Any]:
    """The description, as data."""
    kinds = [each.record for each in OPERATIONS if each.record] + [
        records.Problem,
        *dict.fromkeys(each.body for each in OPERATIONS if each.acts),
    ]
    _, schemas = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    paths: dict[str, Any] = {}
    for each in OPERATIONS:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.0",
        "info": {"title": "sopctl", "version": __version__, "license": {"name": "GPL-3.0-or-later"}},
        "servers": [{"url": "/"}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": plainly_described(schemas),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation) -> dict[str, Any]:
    places = [_parameter(name, "path", required=True) for name in re.findall(r"\{(\w+)\}", operation.path)]
    asked = [_parameter(name, "query", required=False) for name in operation.query]
    found: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.about,
        "parameters": [*places, *asked],
        "responses": {
            "200": {"description": operation.about, "content": _content(operation.record)},
            **{code: {"description": text, "content": _content(records.Problem)} for code, text in REFUSALS.items()},
        },
    }
    if operation.acts:
        found["parameters"].append(_parameter("Idempotency-Key", "header", required=True))
        with_files = {
            "type": "object",
            "properties": {"record": _reference(operation.body)},
            "required": ["record"],
            "additionalProperties": {"type": "string", "format": "binary"},
        }
        content = {**_content(operation.body), "multipart/form-data": {"schema": with_files}}
        found["requestBody"] = {"required": True, "content": content}
    if not found["parameters"]:
        del found["parameters"]
    return found


def _parameter(name: str, where: str, *, required: bool) -> dict[str, Any]:
    return {"name": name, "in": where, "required": required, "schema": {"type": "string"}}


def _content(record: type[msgspec.Struct] | None) -> dict[str, Any]:
    if record is None:
        return {"application/octet-stream": {}}
    return {"application/json": {"schema": _reference(record)}}


def _reference(record: type[msgspec.Struct]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{record.__name__}"}
