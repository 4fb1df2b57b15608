"""The texts of messages, from templates in Indonesian and English: those of the package, or a site's own in
`templates/messages/`.

A template's first line is the subject. What people wrote (names, letters) goes in as data and is never a template.
"""

import re
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from sopctl.adapters.documents.wording import plain_date
from sopctl.errors import InvalidRecord
from sopctl.locale import Text
from sopctl.model import unit
from sopctl.model.deposit import Deposit
from sopctl.model.message import Message, how_to_reach
from sopctl.model.sop.entries import Configured, HostKeyPinned
from sopctl.model.text import printable, visible
from sopctl.store.dossiers import Dossier
from sopctl.store.settings import Language
from sopctl.store.site import Site

TEMPLATES = Path(__file__).parents[2] / "templates" / "messages"
_MEND = Text("Correct the template, or delete it: then sopctl's own is used.")


class Content(NamedTuple):
    """What a message says, without greeting and signature."""

    language: Language
    subject: str
    text: str


def content(site: Site, dossier: Dossier, task: str, **more: Any) -> Content:
    """What a task tells the unit's contact persons, in their language. Raises InvalidRecord for a template with an
    error."""
    deposit = dossier.deposit
    language = deposit.contacts.technical.language or site.settings.language
    pinned, configured = dossier.newest(HostKeyPinned), dossier.newest(Configured)
    values = {
        "server": deposit.server.name,
        "office": site.settings.office.name,
        "place": _place(dossier, language),
        "access": how_to_reach(deposit, pinned.host_key if pinned else None, language),
        "closed": (configured.cut_off if configured else None) or (),
        "stays_open": (configured.stays_open if configured else None) or (),
        **more,
    }
    return Content(language, *render(site, language, task, values))


def _place(dossier: Dossier, language: Language) -> str:
    place = dossier.summary.place
    return "" if place is None else str(place) if language == "en" else place.indonesian


def to_contact(site: Site, dossier: Dossier, content: Content) -> Message:
    """The message to the unit's contact persons. Raises InvalidRecord for a template with an error."""
    deposit = dossier.deposit
    contact = deposit.contacts.technical
    other = deposit.contacts.administrative.email
    copies = (other,) if site.settings.copy_administrative and other and other != contact.email else ()
    values = {
        "name": contact.name,
        "unit": deposit.unit,
        "id": deposit.id,
        "letter": dossier.summary.letter,
        "text": content.text,
    }
    whole = _letter(site, content.language, values)
    return Message(address_of(site, deposit), contact.name, f"[{deposit.id}] {content.subject}", whole, copies)


def address_of(site: Site, deposit: Deposit) -> str | None:
    """The e-mail address of the letter's technical contact; if it gives none, the one that the site has for the
    unit."""
    own, key = deposit.contacts.technical.email, unit.find(site.settings.units, deposit.unit)
    asked = site.settings.units[key].contact if key else None
    return own or (asked.email if asked else None)


def to_person(
    site: Site, name: str, email: str | None, language: Language, task: str, values: dict[str, Any]
) -> Message:
    """A message to a person that is not about a single deposit."""
    subject, text = render(site, language, task, values)
    return Message(email, name, f"[sopctl] {subject}", _letter(site, language, {"name": name, "text": text}))


def to_owner(site: Site, name: str, email: str | None, content: Content) -> Message:
    """A message to an owner that is not about a single deposit."""
    whole = _letter(site, content.language, {"name": name, "text": content.text})
    return Message(email, name, content.subject, whole)


def render(site: Site, language: Language, task: str, values: dict[str, Any]) -> tuple[str, str]:
    """A template's subject and text, filled with `values`. Raises InvalidRecord with the place in the template."""
    whole = _fill(site, f"{language}/{task}.txt", values)
    subject, _, text = whole.partition("\n")
    return printable(subject.strip(), 200), text.strip()


def _letter(site: Site, language: Language, values: dict[str, Any]) -> str:
    given = {"unit": "", "id": "", "letter": "", "office": site.settings.office.name, **values}
    return _fill(site, f"{language}/letter.txt", given).strip() + "\n"


def _fill(site: Site, name: str, values: dict[str, Any]) -> str:
    import jinja2

    environment = _environment(site.folder("templates") / "messages", name[:2])
    try:
        filled: str = environment.get_template(name).render(values)
        return re.sub(r"[^\n\t]+", lambda text: visible(text[0]), filled)
    except jinja2.TemplateSyntaxError as error:
        where = f"{error.filename or name}:{error.lineno}"
        raise InvalidRecord(
            "template-syntax",
            "the template has a syntax error: {reason}",
            where=where,
            remedy=_MEND,
            reason=error.message,
        ) from None
    except (jinja2.TemplateError, TypeError, ValueError) as error:
        raise InvalidRecord(
            "template-not-filled",
            "the template cannot be filled: {reason}",
            where=f"templates/messages/{name}",
            remedy=_MEND,
            reason=str(error),
        ) from None


@lru_cache(maxsize=8)
def _environment(own: Path, language: str) -> Any:
    from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    environment = SandboxedEnvironment(
        loader=ChoiceLoader([FileSystemLoader(own), FileSystemLoader(TEMPLATES)]),
        undefined=StrictUndefined,
        autoescape=False,  # plain text: there is nothing to escape
        trim_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["day"] = lambda day: plain_date(_date(day), language)
    environment.filters["moment"] = lambda at: _moment(str(at), language)
    return environment


def _moment(at: str, language: str) -> str:
    """`2026-11-27 20:00` in words."""
    day = plain_date(_date(at[:10]), "en" if language == "en" else "id")
    return f"{day}, {at[11:]}" if language == "en" else f"{day} pukul {at[11:].replace(':', '.')}"


def _date(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))
