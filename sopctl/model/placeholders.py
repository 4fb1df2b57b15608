"""What makers leave in firmware where a name or serial number should be: "To Be Filled By O.E.M.", "0123456789".

The one gate for names and serial numbers that a machine says of itself: what is printed on a form, compared between two
months, or held against the letter has passed it. Everything is judged without case, spaces and marks.
"""

import re
from functools import lru_cache
from itertools import pairwise
from string import ascii_lowercase, digits
from typing import TypeVar

from msgspec import Struct, structs

from sopctl.model.sanitise import text
from sopctl.model.text import words

Record = TypeVar("Record", bound=Struct)

_NOTHING = words(
    """
    na nil null none empty blank void default undefined unknown unknow unspecified unset unused unpopulated uninstalled
    invalid unavailable uninitialized absent missing oem odm standard tbd todo no not nothing reserved string
    notspecified notavailable notapplicable notprovided notpresent notset notsettable notdefined notinstalled
    notpopulated notused nodimm nomodule nosmbios noinstance oemstring nopsu
    unassigned unprogrammed unsupported unreadable unconfigured unlabeled unlabelled unkown undefine
    dummy sample placeholder generic common customer test mainboard systemserialnumb
    type1productconfigid systemconfigurationtag 03000200040005000006000700080009
    00020003000400050006000700080009 123456781234567890abcddeefaabbcc
    """
)
"""Whole values that say that there is none: words, and numbers that makers of firmware left in their example."""

_NONE = words(
    """
    no not none unknown unknow undefined unspecified specified default string empty blank invalid unpopulated populated
    installed available applicable provided present defined set settable fill filled to be by oem odm tbd null na nil
    please
    """
)
_FIELD = words(
    """
    system sys chassis enclosure base baseboard main board motherboard mainboard product module memory serial number num
    no sn pn location
    sku asset tag part name manufacturer manufacture vendor maker model version family type slot dimm psu ps power
    supply customer id info information string
    """
)
"""Words of which a value that says nothing consists: "Unknown SN", "No Asset Tag Specified", "System Board"."""

_DENIAL = re.compile(
    r"(?:not?|to be|please|fill(?:ed)?)(?:[ _-]{1,2}[a-z]{1,20}){1,3}[.!]?"
    r"|(?:rev|ver|v)?[ .:]{0,2}x{1,3}(?:\.[0x]{1,4}){1,3}"
    r"|<.{0,40}>"
)
"""What begins as those begin that say that there is none: "Not Assigned", "No Data", "To be set by OEM", "Rev x.x". A
number behind the word makes it a name: "No 12". And dmidecode's own words: <BAD INDEX>, <OUT OF SPEC>."""

_BEGINNINGS = ("tobefilled", "filledby", "defaultstring", "oemdefine", "oemdefault", "pleasefill", "tobedetermined")

_WORD = re.compile("[a-z]{1,40}|[0-9]{1,40}")
_TYPE = re.compile("type ?[0-9]{1,2} ?-? ?")
"""What some firmware puts before the name of a field: "Type2 - Board Serial Number"."""

_ITSELF = re.compile(
    "(?:(?:a|array|dimm|bank|psu|fan)[0-9]{0,2})?"
    "(?:system|chassis|enclosure|baseboard|base|motherboard|mainboard|board|product|module|oem)?"
    "(?:(?:sernum|serialnumber|manufacturer|assettag|assettagnum|partnum|partnumber)[0-9]{0,2}"
    "|serial|serialno|serialnum|sn|manufacture|vendor|vendorname|version|family|model|modelname|name|productname"
    "|sku|skunumber|asset|assettagnumber)"
)
"""The name of the field in its own place: "System Product Name", "Chassis Serial Number", "A1_AssetTagNum0"."""

_LABELLED = re.compile("(?:asset|serial|[a-z]{1,4})(?=[01])")
"""What stands before a sequence: MB-1234567890, BSN12345678901234567."""

_NEXT = {*pairwise(digits + ascii_lowercase), *pairwise("90a"), *pairwise("f0"), ("9", "1"), ("f", "1")}

_SERIALS = ("serial", "asset_tag", "wwn")
_NAMES = frozenset({"vendor", "product", "model", "maker", "part", "kind"})


def name(value: object, limit: int = 120) -> str | None:
    """The name of a maker, product or part; None where it only stands for one."""
    found = text(value, limit)
    return None if found is None or stands_for_nothing(found) else found


def serial(value: object, limit: int = 120) -> str | None:
    """A serial number or asset tag; None where it only stands for one."""
    return name(value, limit)


@lru_cache(4096)  # the makers and parts of a house are few, and each is asked of again for every form and comparison
def stands_for_nothing(said: str) -> bool:
    """Whether this is no name and no serial number of anything."""
    lowered = said.strip().casefold()[:200]
    plain = "".join(filter(str.isalnum, lowered)).removeprefix("jedecid")
    return (
        not plain
        or plain in _NOTHING
        or _says_nothing(lowered)
        or _DENIAL.fullmatch(lowered) is not None
        or plain.startswith(_BEGINNINGS)
        or _ITSELF.fullmatch(plain) is not None
        or _repeats(plain)
        or _counts(plain)
    )


def without(facts: Record) -> Record:
    """`facts` and their parts with each name and serial number through the gate, also those that an older version kept.

    Fields are known by their names; any other field stays as it is.
    """
    changed: dict[str, object] = {}
    for field in facts.__struct_fields__:
        value = getattr(facts, field)
        if isinstance(value, str) and _gated(field) and stands_for_nothing(value):
            changed[field] = None
        elif isinstance(value, Struct):
            changed[field] = without(value)
        elif isinstance(value, tuple) and value and isinstance(value[0], Struct):
            changed[field] = tuple(without(each) for each in value)
    kept = {field: value for field, value in changed.items() if value != getattr(facts, field)}
    return structs.replace(facts, **kept) if kept else facts


def _gated(field: str) -> bool:
    return field in _NAMES or field.endswith(_SERIALS)


def _says_nothing(lowered: str) -> bool:
    """All words name a field or say that there is none. A number may stand beside the latter: Default String 1."""
    rest, template = _TYPE.subn("", lowered)
    found = _WORD.findall(rest)
    letters = {word for word in found if word[0].isalpha()}
    numbers = any(word[0].isdigit() for word in found)
    if not letters or letters - _NONE - _FIELD:
        return False
    if numbers and not template:
        return bool(letters & _NONE - {"no", "set"})
    return len(found) > 1


def _repeats(plain: str) -> bool:
    """000, xx, ffff, 1111 (of a hexadecimal number without its 0x), or all marks of one kind."""
    marks = plain.removeprefix("0x") or "0"
    alike = len(set(marks)) == 1
    return alike and (marks[0] == "0" or len(marks) > (1 if marks[0] in "xf" else 3))


def _counts(plain: str) -> bool:
    """0123456789, 123456789ABC, MB-1234567890: every character follows the one before it."""
    if label := _LABELLED.match(plain):
        rest = plain[label.end() :]
        return (len(rest) >= 8 and _follows(rest)) or (len(rest) >= 6 and not rest.strip("0"))
    return len(plain) >= 5 and ((plain[0] in "01a" and _follows(plain)) or (plain[0] == "9" and _follows(plain[::-1])))


def _follows(plain: str) -> bool:
    return all(pair in _NEXT for pair in pairwise(plain))
