"""Where NetBox is, and what can be wrong with it."""

from dataclasses import dataclass, field
from pathlib import Path

from sopctl.errors import OutsideFailure


class NetBoxFault(OutsideFailure):
    """NetBox cannot be asked, or does not take what it is given."""


@dataclass(frozen=True)
class Server:
    """Where NetBox is, and the token that it gave the office. `ca` is a PEM file of the only authority to trust."""

    url: str
    token: str = field(repr=False)
    ca: Path | None = None
