"""Are two names of a processor names of the same one? Letters, makers' lists, CPUID and a BMC each write them in their
own way."""

import re

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
}
"""By their own names; most names of a line tell its maker too (`_MADE_BY`)."""
_LINES = {
    "xeon phi": r"xeon ?phi",
    "xeon": r"xeon",
    "epyc": r"epyc",
    "opteron": r"opteron",
    "threadripper": r"threadripper",
    "ryzen": r"ryzen",
    "core": r"\bcore ?(?:2|i[3579]|m[357])|\bi[3579][ -]?\d{3}|\bcore processor",
    "pentium": r"pentium",
    "celeron": r"celeron",
    "atom": r"\batom\b",
    "itanium": r"itanium",
    "sparc": r"sparc",
    "power": r"\bpower ?(?:pc )?\d|\bpower\b",
    "z": r"\bz1[0-9]\b|s/?390",
    "altra": r"altra",
    "kunpeng": r"kunpeng",
    "thunderx": r"thunderx",
}
_MADE_BY = {
    "xeon phi": "intel",
    "xeon": "intel",
    "core": "intel",
    "pentium": "intel",
    "celeron": "intel",
    "atom": "intel",
    "itanium": "intel",
    "epyc": "amd",
    "opteron": "amd",
    "ryzen": "amd",
    "threadripper": "amd",
    "power": "ibm",
    "z": "ibm",
    "altra": "ampere",
    "kunpeng": "huawei",
    "thunderx": "cavium",
}
_GRADES = {
    "platinum": r"platinum|xeon-p\b",
    "gold": r"gold|xeon-g\b",
    "silver": r"silver|xeon-s\b",
    "bronze": r"bronze|xeon-b\b",
    "i3": r"\bi3",
    "i5": r"\bi5",
    "i7": r"\bi7",
    "i9": r"\bi9",
}
_NUMBERED = {"power": re.compile(r"\bpower ?(\d{1,2})\b"), "z": re.compile(r"\bz(1\d)\b")}
"""Lines that are told apart by a number of their own."""
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

    maker: str = ""
    line: str = ""
    grade: str = ""
    model: str = ""
    version: str = ""
    megahertz: int = 0
    count: int = 0


def same_processor(declared: str, found: str, sockets: int | None) -> bool | None:
    """Is the processor that was `declared` (in people's words) the one `found` (as the machine calls it)?

    `sockets` is how many the machine has; it is compared if the declaration begins or ends with a number ("2 x …").
    A declaration agrees if all that it says is so: one that names no model agrees with any of that line. None where one
    of the two is not understood, or the machine (a virtual one, or one that names its cores' design) does not say.
    """
    if not found:
        return None
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
    plain = " ".join(_MARKS.sub(" ", _COUNT.sub(" ", plain)).replace("@", " ").split())
    line = _first(_LINES, plain)
    model, version = ("", "") if virtual else _model(_NOISE.sub(" ", plain), line)
    return _Processor(
        maker=_first(_MAKERS, plain) or _MADE_BY.get(line, ""),
        line=line,
        grade=_first(_GRADES, plain),
        model=model,
        version=version,
        megahertz=_megahertz(frequency),
        count=_NUMBERS.get(count) or int(count or 0),
    )


def _first(names: dict[str, str], text: str) -> str:
    return next((name for name, pattern in names.items() if re.search(pattern, text)), "")


def _model(text: str, line: str) -> tuple[str, str]:
    """The model's number without marks between its parts, and its version (v2)."""
    if line in _NUMBERED:
        return (found[1], "") if (found := _NUMBERED[line].search(text)) else ("", "")
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
