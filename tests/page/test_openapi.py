"""The description of the API: a generic client that knows nothing but it gets along, and every answer is as it says."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest, MockResponse

from sopctl.page import openapi
from sopctl.page.handlers.api import OPERATIONS
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.entering import tokens
from tests.conftest import Clock
from tests.page.conftest import URL, page_of


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return openapi.document()


@pytest.mark.parametrize("name", ["kadis", "contoh", "inspektorat"])
def test_a_generic_client_gets_along(
    name: str,
    document: dict[str, Any],
    site_with_units: Site,
    until_space: Callable[..., str],
    clock: Clock,
) -> None:
    """It walks all that the description has, with what earlier answers said for the places in the paths."""
    until_space()
    accounts.invite(site_with_units, name, clock(), "auditor" if name == "inspektorat" else None)
    token = tokens.create(site_with_units, name, "", "act", timedelta(days=1), clock()).secret
    client = page_of(site_with_units, clock)
    described = client.get("/api/openapi.json").json()
    assert described == json.loads(json.dumps(document))
    reader = OpenAPI.from_dict({**described, "servers": [{"url": URL}]})
    known = {"deposit_id": "PS-2026-0001", "path": "tunda", "sha256": "0" * 64}
    walked = 0
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            there = re.sub(r"\{(\w+)\}", lambda found: known[found[1]], path)
            head = client.get(
                f"/api/deposits/{known['deposit_id']}", headers={"authorization": f"Bearer {token}"}
            ).json()["head"]
            for authorized in (True, False):
                headers = {"authorization": f"Bearer {token if authorized else 'x'}"}
                body = None
                if "requestBody" in operation:
                    body = json.dumps({"head": head, "fields": {"reason": "menunggu surat"}}).encode()
                    headers |= {"idempotency-key": "k", "content-type": "application/json"}
                answer = client.request(method, there, headers=headers, content=body)
                request = MockRequest(URL, method, there, headers=headers, data=body, content_type="application/json")
                kind = answer.headers["content-type"].partition(";")[0]
                response = MockResponse(answer.content, status_code=answer.status_code, content_type=kind)
                reader.validate_response(request, response)
                assert answer.status_code != 401 or not authorized
                walked += 1
    assert walked == 2 * len(OPERATIONS)


def test_an_answer_that_is_otherwise_is_noticed(document: dict[str, Any]) -> None:
    reader = OpenAPI.from_dict({**document, "servers": [{"url": URL}]})
    request = MockRequest(URL, "get", "/api/me", headers={"authorization": "Bearer x"})
    with pytest.raises(OpenAPIError):
        reader.validate_response(
            request, MockResponse(b'{"account": 1}', status_code=200, content_type="application/json")
        )


def test_every_record_is_a_schema_of_json(document: dict[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    bodies = [
        op["requestBody"]["content"]
        for each in document["paths"].values()
        for op in each.values()
        if "requestBody" in op
    ]
    assert [set(each) for each in bodies] == [{"application/json", "multipart/form-data"}] * 2
    names = [operation["operationId"] for methods in document["paths"].values() for operation in methods.values()]
    assert len(set(names)) == len(OPERATIONS)


def test_it_says_nothing_of_any_deposit(site_with_units: Site, file_request: Callable[..., str], clock: Clock) -> None:
    deposit = file_request()
    text = page_of(site_with_units, clock).get("/api/openapi.json").text
    assert deposit not in text
    assert str(site_with_units.root) not in text
