"""The script that notes what a configuration left on a server, and compares it later."""

import shlex
from collections.abc import Mapping, Sequence
from importlib import resources


def script(fingerprint: str, asked: Mapping[str, str] = {}, kept: Sequence[str] = ()) -> bytes:
    """left.sh with what it needs: the text of fingerprint.sh; what is asked for, by name; the facts (`KIND KEY`) of the
    note before that stay. Its arguments are described in its head."""
    values = {
        "fingerprint": fingerprint,
        "asked": "\n".join(f"asked {name}\t{value}" for name, value in sorted(asked.items())),
        "kept": "\n".join(kept),
    }
    given = "".join(f"{name}={shlex.quote(text)}\n" for name, text in values.items())
    return given.encode() + resources.files(__package__).joinpath("left.sh").read_bytes()
