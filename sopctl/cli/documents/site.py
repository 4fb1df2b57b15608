"""The document of `validate`."""

from collections.abc import Sequence

from msgspec import Struct

from sopctl.cli.documents.common import Failure, failure
from sopctl.errors import SopctlError


class Validated(Struct, frozen=True, kw_only=True):
    """How many deposits there are, what is wrong with records of the site, and what open deposits have in common, each
    with the reason that someone gave."""

    deposits: int
    errors: list[Failure]
    exceptions: list[str]


def validated(deposits: int, errors: Sequence[SopctlError], exceptions: Sequence[str]) -> Validated:
    """The document of `validate`."""
    return Validated(deposits=deposits, errors=list(map(failure, errors)), exceptions=list(exceptions))
