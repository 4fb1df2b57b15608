"""Who signs a paper, and whether a certificate's name is theirs."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Literal, get_args

from msgspec import Struct

from sopctl.locale import Text, joined
from sopctl.model.text import words

Box = Literal["first", "second", "acknowledged"]
"""A place for a signature. A paper that one person signs has `first` alone; one of plain parts has them in order."""

BOXES: tuple[Box, ...] = get_args(Box)

SIGNERS: Mapping[str, Text] = {
    "first": Text("first signer"),
    "second": Text("second signer"),
    "acknowledged": Text("who acknowledges"),
}
"""Whose place a box is, for people."""

IN_RECORDS: Mapping[str, str] = {"first": "pertama", "second": "kedua", "acknowledged": "mengetahui"}
"""The same in a history's notes and in what is due, which are Indonesian."""

_TITLES = words("bapak dr dra drg drh drs h haji hj ibu ir kh prof sdr sdri")
"""Titles before a name, which certificates leave out; those behind it follow a comma, or are written as degrees are."""

_BEGINS = words("a.ma a.md b d m ph s sp")
_FOLLOWS = words(
    "a acc adm ag agr ak akt akun an ap ars d des div ds e ec eng farm fil g gz h hum hut i ip k keb ked kep kes kom "
    "ling log m ma mat md mt mus p par pd pel phil pi pn pol psi pt s sc si sn sos st stat stp t tek th ti tp tr vet"
)
"""How a degree begins (`S.Kom`, `A.Md.Kom`), and what may follow between its full stops. A name with a full stop in it
(`Moh.Ali`) is none: who drops it takes one person for another."""

_CODE = re.compile("<u\\+([0-9a-f]{4,6})>")
MAX_SHOWN = 500
"""Characters of what a signature's box shows."""


class Signatory(Struct, frozen=True):
    """A person who is to sign, and in which box; the name is empty where it is written by hand."""

    box: Box
    name: str


def boxed(people: Iterable[tuple[str, str]]) -> Text:
    """People by name and box, in words; one whose name is written by hand by the box alone."""
    places = ((name, SIGNERS.get(box, box)) for name, box in people)
    return joined(", ", (joined("", (name, " (", place, ")")) if name else place for name, place in places))


class SignedBoxes(Struct, frozen=True):
    """How many of a paper's boxes are signed (`count`), `of` how many, and which are still open."""

    count: int
    of: int
    open: tuple[Box, ...]

    @property
    def words(self) -> Text:
        """As people are told."""
        return Text("{signed} of {boxes}", signed=self.count, boxes=self.of)

    def __str__(self) -> str:
        return str(self.words)


def same_person(on_paper: str, in_certificate: str) -> bool:
    """Is it the same name, but for titles, case and accents?

    Two people of one name are the same to this: who filed the paper has seen it.
    """
    one, other = plain_name(on_paper), plain_name(in_certificate)
    return bool(one) and one == other


def plain_name(name: str) -> str:
    """A name without titles, in small letters."""
    parts = [word.strip(".").split(".") for word in _bare(name[:200]).partition(",")[0].split()]
    kept = [re.sub(r"[^\w'-]", "", part) for word in parts if not _is_degree(word) for part in word]
    while kept and kept[0] in _TITLES:
        kept.pop(0)
    return " ".join(filter(None, kept))


def names_signer(shown: str, in_certificate: str) -> bool:
    """Does what a signature's box shows have the name of its certificate, titles and case apart? A letter that no font
    has may stand there as its code point (`<U+674E>`)."""
    shows = " ".join(re.sub(r"[^\w'-]", " ", _CODE.sub(_letter, _bare(shown[:MAX_SHOWN]))).split())
    return f" {plain_name(in_certificate)} " in f" {shows} "


def _letter(code: re.Match[str]) -> str:
    return _bare(chr(int(code[1], 16) % 0x110000))


def _bare(text: str) -> str:
    """A text without case and accents."""
    return "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))


def _is_degree(parts: list[str]) -> bool:
    begins = bool({parts[0], ".".join(parts[:2])} & _BEGINS)
    return len(parts) > 1 and begins and all(part in _FOLLOWS for part in parts[1:])
