"""The documents of commands about the site itself."""

from collections.abc import Sequence

from msgspec import Struct

from sopctl.cli import wording
from sopctl.cli.documents.common import Failure, failure
from sopctl.errors import SopctlError
from sopctl.workflow.setup.doctor import Diagnosis


class Validated(Struct, frozen=True, kw_only=True):
    """How many deposits there are, what is wrong with records of the site, and what open deposits have in common, each
    with the reason that someone gave."""

    deposits: int
    errors: list[Failure]
    exceptions: list[str]


def validated(deposits: int, errors: Sequence[SopctlError], exceptions: Sequence[str]) -> Validated:
    """The document of `validate`."""
    return Validated(deposits=deposits, errors=list(map(failure, errors)), exceptions=list(exceptions))


class Diagnosed(Struct, frozen=True, kw_only=True):
    """One thing that was checked: is it as it should be, what was seen, and what helps if not. `needed`: without it,
    deposits cannot be served."""

    what: str
    ok: bool
    needed: bool
    detail: str
    remedy: str


class Diagnoses(Struct, frozen=True, kw_only=True):
    """What `doctor` found."""

    findings: list[Diagnosed]


class Kept(Struct, frozen=True, kw_only=True):
    """A secret that is kept for a deposit, and the file that it is in."""

    id: str
    file: str


class Moved(Struct, frozen=True, kw_only=True):
    """Files that were put aside."""

    moved: list[str]


def diagnoses(found: Sequence[Diagnosis]) -> Diagnoses:
    """The document of `doctor`."""
    return Diagnoses(
        findings=[
            Diagnosed(
                what=each.what,
                ok=each.ok,
                needed=each.needed,
                detail=each.detail,
                remedy=wording.advice(each.remedy),
            )
            for each in found
        ]
    )
