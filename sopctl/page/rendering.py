"""Pages from templates: everything that is shown is escaped, in one language or the other."""

from datetime import date, datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse, Response

from sopctl.locale.catalogs import worded
from sopctl.page import words
from sopctl.page.visit import Language, Visit
from sopctl.workflow import terms
from sopctl.workflow.messages.words import in_note, outcome
from sopctl.workflow.views import mine

FOLDER = Path(__file__).parent / "templates"


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates. An undefined name is an error, not an empty place."""
    made = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["day"] = _day
    made.filters["time"] = _time
    made.filters["breaking"] = _breaking
    made.filters["cause"] = _cause
    made.filters["in_note"] = partial(in_note, details=True)
    made.filters["outcome"] = outcome
    return made


def _cause(code: str, language: Language) -> str:
    """Why access failed, in words."""
    return worded(terms.cause(code), language)


def _breaking(text: str) -> Markup:
    """A text that may go on in the next line after a slash, and not within a word."""
    return escape(text).replace("/", Markup("/<wbr>"))


def page(visit: Visit, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page. `values` are what the template names."""
    language = visit.language
    text = (
        environment()
        .get_template(template)
        .render(
            _=lambda said, **places: words.say(said, language, **places),
            language=language,
            visit=visit,
            office=visit.site.settings.office,
            name=_name(visit),
            token=visit.form_token,
            problem=words.error(visit.problem, language, outsider=_outsider(visit)) if visit.problem else None,
            late=lambda row: words.late(row, language),
            waiting=lambda row: words.waiting(row, language),
            roles=sorted(mine.roles(visit.desk)) if visit.who else [],
            **values,
        )
    )
    return HTMLResponse(text, status_code=status)


def _outsider(visit: Visit) -> bool:
    return visit.who is None or visit.who.kind in ("unit", "reader")


def _name(visit: Visit) -> str:
    """What the one who is logged in is called."""
    if visit.account is None:
        return ""
    settings = visit.site.settings
    if visit.account.kind == "person":
        return settings.people[visit.account.name].name
    return settings.units[visit.account.name].name if visit.account.kind == "unit" else visit.account.name


def _day(value: date | datetime | None, language: Language) -> str:
    return words.day(value, language) if value else "–"


def _time(value: datetime | None, language: Language) -> str:
    return f"{words.day(value, language)} {value:%H.%M}" if value else "–"
