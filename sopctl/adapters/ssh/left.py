"""The script that notes what a configuration left on a server, and compares it later."""

import shlex
from collections.abc import Mapping, Sequence
from importlib import resources


def script(
    fingerprint: str, asked: Mapping[str, str] = {}, kept: Sequence[str] = (), *, as_proven: bool = False
) -> bytes:
    """left.sh with what it needs: the text of fingerprint.sh; what is asked for, by name; the facts (`KIND KEY`) of the
    note before that stay; and whether those stay that the run has proven, because nothing of ours came after that. Its
    arguments are described in its head."""
    values = {
        "fingerprint": fingerprint,
        "asked": "\n".join(f"asked {name}\t{value}" for name, value in sorted(asked.items())),
        "kept": "\n".join(kept),
        "as_proven": "yes" if as_proven else "",
    }
    given = "".join(f"{name}={shlex.quote(text)}\n" for name, text in values.items())
    return given.encode() + resources.files(__package__).joinpath("left.sh").read_bytes()
