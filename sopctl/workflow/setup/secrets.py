"""Which of a site's secrets can others on this machine read?

Private keys and passwords lie in keys/. Secret variables in inventory/ (per group or server) are encrypted by Ansible
Vault, or plain in a file that only its owner may read.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from sopctl.store.durable import disk_errors, files_below
from sopctl.store.site import Site

MAX_READ = 262_144
"""How many bytes of a file are searched."""

_OTHERS = 0o077
_SECRET = re.compile(
    rb"^\s*[\w-]*(password|passwd|passphrase|secret|token|api_?key)[\w-]*\s*[:=]\s*(?!!vault\b)[\"']?[^\s\"'#{]",
    re.MULTILINE | re.IGNORECASE,
)


class Exposed(Struct, frozen=True):
    """A secret that others can read: where, and what it is."""

    path: Path
    what: str


def exposed(site: Site) -> Iterator[Exposed]:
    """The secrets of the site that others on this machine can read. Raises OutsideFailure when a folder or file cannot
    be read."""
    keys = site.root / "keys"
    with disk_errors(keys, "read"):
        for path in files_below(keys) if os.access(keys, os.R_OK) else ():  # else they are another account's alone
            if path.suffix != ".pub" and _open(path):
                yield Exposed(path, "a key or a password")
        for folder in ("inventory", "playbooks", "roles"):
            for path in files_below(site.root / folder):
                if _open(path) and (what := _secret_in(path)):
                    yield Exposed(path, what)


def _open(path: Path) -> bool:
    return bool(path.stat().st_mode & _OTHERS)


def has_secret(path: Path) -> bool:
    """Does a file hold a secret in plain text: a private key, or, below inventory/, a variable? Raises OSError."""
    return bool(_secret_in(path))


def _secret_in(path: Path) -> str:
    with path.open("rb") as file:
        text = file.read(MAX_READ)
    if text.startswith(b"$ANSIBLE_VAULT"):
        return ""
    if b"PRIVATE KEY-----" in text:
        return "a private key"
    if path.suffix in (".yml", ".yaml", ".ini", ".json", "") and path.parent.parent.name == "inventory":
        found = _SECRET.search(text)
        return f"a variable that looks like a secret ({found[1].decode().lower()})" if found else ""
    return ""
