"""A form becomes a PDF; what its fonts cannot show is told before anybody prints it."""

from typing import Any

import msgspec

from sopctl.adapters.documents import Form, render
from sopctl.adapters.documents.text import unprintable
from sopctl.errors import InvalidRecord
from sopctl.locale import Counted
from sopctl.store.site import Site

MOST = 5
"""How many such texts are named."""


def printed(site: Site, form: Form) -> bytes:
    """The form as a PDF. Raises what `render` raises."""
    content = render(form)
    tell(site, form)
    return content


def tell(site: Site, record: Any) -> None:
    """Tell (`Site.lagging`) which texts of a record, or of a form, papers show as code points."""
    found = unprintable(msgspec.to_builtins(record))
    if not found:
        return
    site.lagging.append(
        InvalidRecord(
            "not-in-the-fonts",
            "papers show characters of {count} as code points: their fonts lack them",
            lines=found[:MOST],
            remedy="Have them written in Latin letters, as the owner writes them officially, before a paper is signed.",
            count=Counted("{number} text", "{number} texts", len(found)),
        )
    )
