"""The firmware's memory tables (SMBIOS 2.8, DMTF DSP0134), as bytes for QEMU.

By itself, QEMU reports one memory device per 16 GiB, all with the same serial number.
"""

import struct

from sopctl.adapters.lab.hardware import Hardware, MemoryModule

ARRAY_HANDLE = 0x1000
"""The handle by which QEMU's own tables (type 19) refer to the memory array."""

MODULE_HANDLE = 0x1100

KINDS = {"DDR3": 0x18, "DDR4": 0x1A, "DDR5": 0x22}
"""Section 7.18.2, memory device types."""

NO_ERROR_INFORMATION = 0xFFFE
UNKNOWN = 0


def memory_tables(hardware: Hardware) -> list[bytes]:
    """The table of the memory array (type 16), then one per module (type 17)."""
    return [_array(hardware), *(_module(number, module) for number, module in enumerate(hardware.memory))]


def _array(hardware: Hardware) -> bytes:
    """Section 7.17: on the system board, as system memory, with multi-bit ECC; the capacity in KiB."""
    capacity = max(hardware.memory_mib, 4096) * 1024
    fields = struct.pack("<BBBIHHQ", 0x03, 0x03, 0x06, capacity, NO_ERROR_INFORMATION, len(hardware.memory), UNKNOWN)
    return _table(16, ARRAY_HANDLE, fields)


def _module(number: int, module: MemoryModule) -> bytes:
    """Section 7.18: a DIMM of 72 bits, 64 of them data; strings are referred to by number, from 1."""
    width, data_width, dimm, no_set, synchronous, speed, millivolts = 72, 64, 0x09, 0, 0x80, 2400, 1200
    fields = struct.pack(
        "<HHHHHBBBBBHHBBBBBIHHHH",
        ARRAY_HANDLE, NO_ERROR_INFORMATION, width, data_width, module.size_mib, dimm, no_set,
        1, UNKNOWN, KINDS[module.kind], synchronous, speed,
        2, 3, UNKNOWN, 4, UNKNOWN, UNKNOWN, speed, millivolts, millivolts, millivolts,
    )  # fmt: skip
    return _table(17, MODULE_HANDLE + number, fields, module.slot, module.manufacturer, module.serial, module.part)


def _table(kind: int, handle: int, fields: bytes, *strings: str) -> bytes:
    """Section 6.1: type, length, handle and fields; then the strings, each with a final NUL, and one more NUL."""
    header = struct.pack("<BBH", kind, 4 + len(fields), handle)
    return header + fields + (b"".join(text.encode() + b"\0" for text in strings) or b"\0") + b"\0"
