"""Are two names of a processor names of the same one? Letters, makers' lists, CPUID and a BMC each write them in their
own way."""

import re
from typing import NamedTuple

from msgspec import Struct

_MARKS = re.compile(r"\((?:r|tm|c)\)|[®™,;/()]")
_COUNT = re.compile(
    r"^\s*(?:(\d{1,2}) ?[x×*](?![a-z0-9])|([1-8]) +(?=intel|amd|xeon|epyc)"
    r"|(\d{1,2}) ?(?:buah|unit|pcs|soket|sockets?|cpus?|prosesor|processors?|way)\b"
    r"|(dual|two|dua|quad|empat)(?! ?-?core)\b)"
    r"|(?:^|\s)[x×] ?(\d{1,2})\s*$|(?:^|\s)(\d{1,2}) ?(?:buah|unit|pcs|soket|sockets?|x)\s*$"
)
_NUMBERS = {"dual": 2, "two": 2, "dua": 2, "quad": 4, "empat": 4}
_FREQUENCY = re.compile(r"(\d{1,2}(?:[.,]\d{1,3})?|\d{3,4}) ?([gm])hz")
_NOISE = re.compile(
    r"\b\d{1,4}(?:[.,]\d{1,3})? ?-?(?:[gm]hz|[kmg]i?b|gt/s|cores?|inti|threads?|utas|watts?|nm|bits?)\b"
    r"|\b\d{1,3} ?(?:[ctw]|v?cpus?)\b"
    r"|\b\d{1,2}(?:st|nd|rd|th) gen(?:eration)?\b|\b(?:fc)?lga ?\d{3,4}\b"
)

_MAKERS = {
    "intel": r"intel",
    "amd": r"\bamd|authenticamd",
    "ibm": r"\bibm",
    "ampere": r"ampere",
    "arm": r"neoverse|cortex",
    "huawei": r"hisilicon",
    "cavium": r"cavium",
}
"""By their own names."""


class _Line(NamedTuple):
    """A line of products: how it is `written`, who makes it, and the pattern of a number by which its products are told
    apart, where that is not a model's."""

    written: str
    maker: str = ""
    numbered: str = ""


_LINES = (
    _Line(r"xeon ?phi", "intel"),
    _Line(r"xeon", "intel"),
    _Line(r"epyc", "amd"),
    _Line(r"opteron", "amd"),
    _Line(r"threadripper", "amd"),
    _Line(r"ryzen", "amd"),
    _Line(r"\bcore ?(?:2|i[3579]|m[357])|\bi[3579][ -]?\d{3}|\bcore processor", "intel"),
    _Line(r"pentium", "intel"),
    _Line(r"celeron", "intel"),
    _Line(r"\batom\b", "intel"),
    _Line(r"itanium", "intel"),
    _Line(r"sparc"),
    _Line(r"\bpower ?(?:pc )?\d|\bpower\b", "ibm", r"\bpower ?(\d{1,2})\b"),
    _Line(r"\bz1[0-9]\b|s/?390", "ibm", r"\bz(1\d)\b"),
    _Line(r"altra", "ampere"),
    _Line(r"kunpeng", "huawei"),
    _Line(r"thunderx", "cavium"),
)
"""The longer name stands before the shorter that it contains."""
_NO_LINE = _Line("")
_GRADES = (
    r"platinum|xeon-p\b",
    r"gold|xeon-g\b",
    r"silver|xeon-s\b",
    r"bronze|xeon-b\b",
    r"\bi3",
    r"\bi5",
    r"\bi7",
    r"\bi9",
)
_XEON_E = re.compile(r"\be([357])[ -]{0,2}(\d{4}[a-z]{0,2}?)[ -]?(?:v ?(\d))?\b")
_PLAIN = re.compile(r"\bi[3579][ -]?(\d{3,5}[a-z]{0,2})\b|\b([qm]\d{2,3}-\d{2})\b")
"""Core i7-8700, Altra Q80-30."""
_MODEL = re.compile(
    r"(?:\b|(?<=gold)|(?<=silver)|(?<=bronze)|(?<=platinum)|(?<=epyc)|(?<=xeon))"
    r"([a-z]{0,2})-?(\d{1,2}[fh]\d{1,2}|\d{3,5}[a-z+]{0,3})(?: ?v ?(\d)\b)?(?![a-z0-9])"
)
_DIGITS = re.compile(r"(?:[a-z]{1,2})?\d?[- ]?(\d{3,5}[a-z+]{0,3})")
_DESIGN = re.compile(r"neoverse|cortex|virtual|kvm|qemu|\(.{0,40}ibrs|armv\d")
"""Names of a core's design or of an emulated processor: they say nothing of the product."""


class _Processor(Struct, frozen=True):
    """What a name says of a processor; what it does not say is empty."""

    maker: str
    line: str
    grade: str
    model: str
    version: str
    megahertz: int
    count: int


def same_processor(declared: str, found: str, sockets: int | None) -> bool | None:
    """Is the processor that was `declared` (in people's words) the one `found` (as the machine calls it)?

    `sockets` is how many the machine has; it is compared if the declaration begins or ends with a number ("2 x …").
    A declaration agrees if all that it says is so: one that names no model agrees with any of that line. None where one
    of the two is not understood, or the machine (a virtual one, or one that names its cores' design) does not say.
    """
    wanted, machine = _read(declared), _read(found)
    if not (wanted.line or wanted.model or wanted.maker):
        return True if _words(declared) and _words(declared) <= _words(found) else _contained(declared, found)
    answer = _same_product(wanted, machine)
    return False if answer is not False and wanted.count and sockets and wanted.count != sockets else answer


def _same_product(wanted: _Processor, machine: _Processor) -> bool | None:
    both = ((wanted.maker, machine.maker), (wanted.line, machine.line), (wanted.grade, machine.grade))
    if any(said and seen and said != seen for said, seen in both):
        return None if machine.maker == "arm" else False
    if wanted.model:
        return _same_model(wanted, machine) if machine.model else None
    if wanted.megahertz and machine.megahertz and abs(wanted.megahertz - machine.megahertz) > 20:
        return False
    return None if any(said and not seen for said, seen in both) else True


def _same_model(wanted: _Processor, machine: _Processor) -> bool:
    """People leave out the letters before the number and the version behind it, never what differs."""
    if wanted.version and wanted.version != (machine.version or "1"):  # no maker writes v1
        return False
    if wanted.model == machine.model:
        return True
    return (
        wanted.model[:1].isdigit()
        and (tail := _DIGITS.fullmatch(machine.model)) is not None
        and (tail[1] == wanted.model)
    )


def _read(text: str) -> _Processor:
    plain = " ".join(text.casefold()[:300].replace("–", "-").split())
    virtual = bool(_DESIGN.search(plain))
    counted = _COUNT.search(_MARKS.sub(" ", plain))
    count = next(filter(None, counted.groups()), "") if counted else ""
    frequency = _FREQUENCY.search(plain)
    plain = " ".join(_MARKS.sub(" ", _COUNT.sub(" ", plain)).split())
    line = next((each for each in _LINES if re.search(each.written, plain)), _NO_LINE)
    model, version = ("", "") if virtual else _model(_NOISE.sub(" ", plain), line)
    return _Processor(
        maker=next((name for name, written in _MAKERS.items() if re.search(written, plain)), line.maker),
        line=line.written,
        grade=next((each for each in _GRADES if re.search(each, plain)), ""),
        model=model,
        version=version,
        megahertz=_megahertz(frequency),
        count=_NUMBERS.get(count) or int(count or 0),
    )


def _model(text: str, line: _Line) -> tuple[str, str]:
    """The model's number without marks between its parts, and its version (v2)."""
    if line.numbered:
        return (found[1], "") if (found := re.search(line.numbered, text)) else ("", "")
    if found := _XEON_E.search(text):
        return f"e{found[1]}-{found[2]}", found[3] or ""
    if found := _PLAIN.search(text):
        return next(filter(None, found.groups())), ""
    if found := _MODEL.search(text):
        return found[1] + found[2], found[3] or ""
    return "", ""


def _megahertz(found: re.Match[str] | None) -> int:
    if found is None:
        return 0
    value = float(found[1].replace(",", "."))
    return round(value * 1000) if found[2] == "g" else round(value)


def _contained(declared: str, found: str) -> bool | None:
    """However the words are separated: "Loongson 3C5000" is Loongson-3C5000."""
    said, seen = (
        "".join(each for each in _MARKS.sub("", text.casefold()) if each.isalnum()) for text in (declared, found)
    )
    return True if len(said) > 3 and said in seen else None


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z0-9.-]+", _MARKS.sub(" ", text.casefold())))
