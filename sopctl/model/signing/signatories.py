"""Who signs a paper, and whether a certificate's name is theirs."""

import re
import unicodedata
from typing import Literal, get_args

from msgspec import Struct

from sopctl.model.text import words

Box = Literal["first", "second", "acknowledged"]
"""A place for a signature. A paper that one person signs has `first` alone; one of plain parts has them in order."""

BOXES: tuple[Box, ...] = get_args(Box)

_TITLES = words("bapak dr dra drg drh drs h haji hj ibu ir kh prof sdr sdri")
"""Titles before a name, which certificates leave out; those behind it follow a comma, or have a full stop in them."""


class Signatory(Struct, frozen=True):
    """A person who is to sign, and in which box; the name is empty where it is written by hand."""

    box: Box
    name: str


def same_person(on_paper: str, in_certificate: str) -> bool:
    """Is it the same name, but for titles, case and accents?

    Two people of one name are the same to this: who filed the paper has seen it.
    """
    one, other = plain_name(on_paper), plain_name(in_certificate)
    return bool(one) and one == other


def plain_name(name: str) -> str:
    """A name without titles, in small letters."""
    bare = "".join(
        each for each in unicodedata.normalize("NFKD", name[:200].casefold()) if not unicodedata.combining(each)
    )
    parts = [word for word in bare.partition(",")[0].split() if "." not in word.rstrip(".") or len(word) < 3]
    kept = [re.sub(r"[^\w'-]", "", word) for word in parts]
    while kept and kept[0] in _TITLES:
        kept.pop(0)
    return " ".join(filter(None, kept))
