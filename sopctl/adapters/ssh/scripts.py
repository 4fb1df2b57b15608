"""Scripts that servers are given, each with what it needs before it."""

import shlex
from collections.abc import Mapping, Sequence
from importlib import resources


def left(
    fingerprint: str, asked: Mapping[str, str] = {}, kept: Sequence[str] = (), *, as_proven: bool = False
) -> bytes:
    """left.sh, which notes what a configuration left on a server, and compares it later, with what it needs: the text
    of fingerprint.sh; what is asked for, by name; the facts (`KIND KEY`) of the note before that stay; and whether
    those stay that the run has proven, because nothing of ours came after that. Its arguments are described in its
    head."""
    values = {
        "fingerprint": fingerprint,
        "asked": "\n".join(f"asked {name}\t{value}" for name, value in sorted(asked.items())),
        "kept": "\n".join(kept),
        "as_proven": "yes" if as_proven else "",
    }
    return _given(values) + _text("left.sh")


def office_key(deposit: str, way_in: str, window: str, fingerprint: str) -> bytes:
    """office_key.sh, which changes the office's key on a server, a step at a time, with what it needs: whose server it
    must be, and the texts of way_in.sh, window.sh and fingerprint.sh. Its arguments are described in its head."""
    values = {"DEPOSIT": deposit, "window": f"{way_in}\n{window}", "fingerprint": fingerprint}
    return _given(values) + f"{way_in}\n".encode() + _text("office_key.sh")


def _given(values: Mapping[str, str]) -> bytes:
    return "".join(f"{name}={shlex.quote(text)}\n" for name, text in values.items()).encode()


def _text(name: str) -> bytes:
    return resources.files(__package__).joinpath(name).read_bytes()
