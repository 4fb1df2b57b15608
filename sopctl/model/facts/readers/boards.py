"""Machines without SMBIOS: what the device tree of POWER and ARM boards calls them, and what s390x says of itself.

`/proc/device-tree/model`, `system-id`, `serial-number` (as `NAME:VALUE`), and lines of `/proc/sysinfo`.
"""

from collections.abc import Sequence

_MAKERS = ("Raspberry Pi", "Ampere", "NVIDIA", "Rockchip", "Huawei", "IBM")


def named(lines: Sequence[str]) -> dict[str, str]:
    """By the name of the kernel's file in /sys/class/dmi/id: sys_vendor, product_name, product_serial."""
    said: dict[str, str] = {}
    for line in lines[:40]:
        key, colon, value = line[:200].partition(":")
        if colon and value.strip():
            said.setdefault(key.strip(), value.strip())
    if "Type" in said:
        product = " ".join(filter(None, (said["Type"], said.get("Model", "").partition(" ")[0])))
        found = {"sys_vendor": said.get("Manufacturer"), "product_name": product}
        return _known(found | {"product_serial": said.get("Sequence Code", "").lstrip("0")})
    model = said.get("model", "").partition(" (raw)")[0]
    maker, comma, product = model.partition(",")  # of POWER: IBM,8335-GTH
    if not comma:
        maker, product = next((each for each in _MAKERS if model.startswith(each)), ""), model
    serial = said.get("system-id", "").rpartition(",")[2] or said.get("serial-number")
    return _known({"sys_vendor": maker, "product_name": product, "product_serial": serial})


def _known(found: dict[str, str | None]) -> dict[str, str]:
    return {file: value for file, value in found.items() if value}
