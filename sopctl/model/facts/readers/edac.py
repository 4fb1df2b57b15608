"""The memory errors that the kernel counted: /sys/devices/system/edac/mc, as `grep . FILE…` prints it.

A newer kernel has a folder for each module or rank (dimm_label, dimm_ce_count, dimm_ue_count), an older one for each
row of chips (csrow: ce_count, ue_count, ch0_dimm_label). What a controller could assign to none is in its
ce_noinfo_count and ue_noinfo_count (the kernel's admin-guide, RAS).
"""

import re
from collections.abc import Sequence

from sopctl.model.facts.parts import MemoryErrors
from sopctl.model.placeholders import name as real_name
from sopctl.model.sanitise import MAX_ENTRIES, number

_FILE = re.compile(
    r"\S{0,60}/(mc\d{1,3})/(?:((?:dimm|rank|csrow)\d{1,4})/)?"
    r"(dimm_label|dimm_ce_count|dimm_ue_count|ce_count|ue_count|ch0_dimm_label|ce_noinfo_count|ue_noinfo_count):(.{0,80})"
)
_LABELS = ("dimm_label", "ch0_dimm_label")
_CORRECTED = ("dimm_ce_count", "ce_count", "ce_noinfo_count")
_UNCORRECTED = ("dimm_ue_count", "ue_count", "ue_noinfo_count")


def memory_errors(lines: Sequence[str]) -> tuple[MemoryErrors, ...]:
    """A count for each module; without modules for each row; and for a controller if it has errors of its own."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for line in lines[: 16 * MAX_ENTRIES]:
        if file := _FILE.fullmatch(line[:200].strip()):
            place = (file[1], file[2] or "")
            if place in found or len(found) < MAX_ENTRIES:
                found.setdefault(place, {}).setdefault(file[3], file[4].strip())
    modules = {each[0] for each in found if each[1].startswith(("dimm", "rank"))}
    counted = []
    for (controller, folder), files in found.items():
        corrected, uncorrected = _first(files, _CORRECTED), _first(files, _UNCORRECTED)
        if corrected is None or uncorrected is None or (folder.startswith("csrow") and controller in modules):
            continue
        if folder or corrected or uncorrected:
            label = next((said for key in _LABELS if (said := real_name(files.get(key), 60))), None)
            counted.append(MemoryErrors(label or f"{controller} {folder}".strip(), corrected, uncorrected))
    return tuple(sorted(counted, key=lambda each: each.module))


def _first(files: dict[str, str], keys: Sequence[str]) -> int | None:
    return next((found for key in keys if (found := number(files.get(key))) is not None), None)
