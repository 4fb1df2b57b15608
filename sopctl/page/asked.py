"""In which form an address is asked for (`Accept`): what a program asks for as JSON is answered as by `/api/…`."""

import re
from urllib.parse import parse_qsl, urlencode

from sopctl.page.guard import App, Receive, Scope, Send
from sopctl.page.handlers.api import TWIN_QUERIES, TWINS
from sopctl.page.visit import of_api

MOST = 1000
"""Characters of a header that are looked at."""


def asked_as_json(app: App) -> App:
    """The application, with the page's own addresses for programs too: by a token, as there, and never by a cookie."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        there = twin(scope["method"], scope["path"]) if scope["type"] == "http" and _wanted(scope) else None
        if there:
            query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            renamed = urlencode([(TWIN_QUERIES.get(name, name), value) for name, value in query])
            scope = {**scope, "path": there, "raw_path": there.encode(), "query_string": renamed.encode()}
        await app(scope, receive, send)

    return answer


def twin(method: str, path: str) -> str | None:
    """Where in the API the same stands as at an address of the page; None for what has no such place."""
    for of, own, there in TWINS:
        found = re.fullmatch(own.replace("{}", "([^/]+)"), path)
        if found and of == ("GET" if method == "HEAD" else method):
            return there.format(*found.groups())
    return None


def by_program(scope: Scope) -> bool:
    """Is a request a program's?"""
    return of_api(str(scope.get("path", ""))) or _wanted(scope)


def prefers_json(accept: str) -> bool:
    """Is JSON named, and liked better than HTML is (RFC 9110, 12.5.1)? Browsers name HTML, and JSON never."""
    weights = {"application/json": 0.0, "text/html": 0.0}
    for each in accept[:MOST].lower().split(","):
        kind, *parameters = (part.strip() for part in each.split(";"))
        if kind in weights:
            said = next((part[2:] for part in parameters if part.startswith("q=")), "1")
            weight = float(said) if re.fullmatch(r"[01](\.[0-9]{0,3})?", said) else 0.0
            weights[kind] = max(weights[kind], weight)
    return weights["application/json"] > weights["text/html"]


def _wanted(scope: Scope) -> bool:
    accept = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return prefers_json(accept.decode("latin-1"))
