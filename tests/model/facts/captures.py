"""Machines of tests/cases/machines.yml as details.sh prints them, with old tools or with new ones.

The shapes are those of dmidecode(8) 2.12 and 3.5, util-linux 2.23 and 2.38, smartmontools 6.2 and 7.3, iproute2 4.11
and 6.1; names, serial numbers and addresses are invented. `answered` gives the same machine as `setup` answers.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import msgspec

from sopctl.model.facts.script import from_script
from sopctl.model.facts.server import ServerFacts
from sopctl.model.facts.setup import from_setup
from tests.cases import rows

AT = "2026-11-01T00:00:00+07:00"
MACHINES = {row["name"]: row for row in rows("machines")}
OUT_OF_SPEC = {"DDR4", "DDR5", "LPDDR4", "LPDDR5", "HBM2"}
"""Types that an old dmidecode does not know."""


def facts(machine: Mapping[str, Any], *, new: bool = True) -> ServerFacts:
    """The facts of a machine, read with new or old tools."""
    return from_script(printed(machine, new=new), gathered_at=AT)


def printed(machine: Mapping[str, Any], *, new: bool = True) -> str:
    """What details.sh prints on a machine."""
    made = {
        "system": "Linux 5.14.0 x86_64",
        "host": "server",
        **_firmware(machine, new=new),
        **_disks(machine, new=new),
    }
    made |= _network(machine, new=new) | machine.get("raw", {})
    if not new:
        made.pop("lscpu", None)
    return framed(made)


def framed(sections: Mapping[str, str]) -> str:
    """Sections as details.sh frames them."""
    said = "".join(
        f"={name} ok\n" + "".join(f" {line}\n" for line in text.split("\n") if line) for name, text in sections.items()
    )
    return f"{said}=end ok\n"


def _firmware(machine: Mapping[str, Any], *, new: bool) -> dict[str, str]:
    dmi = machine.get("dmi", {})
    known = ("sys_vendor", "product_name", "product_serial", "board_serial", "chassis_serial", "chassis_asset_tag")
    files = dict(zip(known, dmi, strict=False)) if isinstance(dmi, list) else dmi
    made = {"dmi": "\n".join(f"/sys/class/dmi/id/{name}:{value}" for name, value in files.items() if value is not None)}
    records = [_record(17, "Memory Device", _memory(module, new=new)) for module in machine.get("memory", [])]
    records += [_record(39, "System Power Supply", each) for each in machine.get("supplies", [])]
    if records:
        made["dmidecode"] = f"# dmidecode {'3.5' if new else '2.12'}\n" + "\n".join(records)
    return {name: text for name, text in made.items() if text}


def _record(number: int, title: str, fields: Mapping[str, Any]) -> str:
    body = "\n".join(f"\t{key}: {value}" for key, value in fields.items())
    return f"Handle 0x{number:02X}00, DMI type {number}, 40 bytes\n{title}\n{body}"


def _memory(module: list[Any], *, new: bool) -> dict[str, Any]:
    """A module in short: slot, MB (or what stands there), type, maker, serial, part, bank."""
    slot, size, kind, maker, serial, part, bank = ([*module, None, None, None, None, None])[:7]
    if isinstance(size, int):
        size = f"{size // 1024} GB" if new and size % 1024 == 0 else f"{size} MB"
    fields = {
        "Total Width": "72 bits",
        "Size": size,
        "Locator": slot,
        "Bank Locator": bank or "Not Specified",
        "Type": "<OUT OF SPEC>" if not new and kind in OUT_OF_SPEC else kind,
        "Manufacturer": maker,
        "Serial Number": serial,
        "Part Number": part,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _disks(machine: Mapping[str, Any], *, new: bool) -> dict[str, str]:
    """A disk in short: name, lsblk's type, bytes, model, serial, rotational, WWN. An old lsblk gives the WWN of a SCSI
    disk for its serial number, and no WWN."""
    disks = [(*each, *[None] * (7 - len(each))) for each in machine.get("disks", [])]
    made = {}
    if disks and new:
        keys = ("name", "type", "size", "model", "serial", "rota", "wwn")
        found = [dict(zip(keys, each, strict=True)) for each in disks]
        made["lsblk"] = json.dumps({"blockdevices": found}, indent=3)
    elif disks:
        old = []
        for name, kind, size, model, serial, rota, wwn in disks:
            shown = wwn.removeprefix("0x") if wwn and name.startswith("sd") else serial
            words = {"NAME": name, "TYPE": kind, "SIZE": size, "MODEL": (model or "").replace(" ", "_")}
            words |= {"SERIAL": shown or "", "ROTA": int(bool(rota))}
            old.append(" ".join(f'{key}="{value}"' for key, value in words.items()))
        made["lsblk"] = "\n".join(old)
    for name, (serial, health) in machine.get("smart", {}).items():
        made[f"smart {name}"] = _smart(serial, health, new=new)
    return made


def _smart(serial: str | None, health: str, *, new: bool) -> str:
    if not new:
        scsi = health not in ("PASSED", "FAILED!")
        said = "SMART Health Status" if scsi else "SMART overall-health self-assessment test result"
        return "\n".join(filter(None, (serial and f"Serial Number:    {serial}", f"{said}: {health}")))
    return json.dumps({"serial_number": serial, "smart_status": {"passed": health in ("PASSED", "OK")}}, indent=2)


def _network(machine: Mapping[str, Any], *, new: bool) -> dict[str, str]:
    """A card by name: mac, driver (it hangs on a bus), kind (DEVTYPE), own (its permanent address), below, ips."""
    cards = machine.get("cards", {})
    made: dict[str, str] = {"link": "1: lo: <LOOPBACK>", "address": "1: lo    inet 127.0.0.1/8 scope host lo"}
    spoken, held = [], []
    for name, card in cards.items():
        folder = f"/sys/class/net/{name}"
        lines = [f"{folder}/address:{card['mac']}", f"{folder}/operstate:{card.get('state', 'up')}"]
        if "driver" in card:
            lines.append(f"{folder}/device/uevent:DRIVER={card['driver']}")
        if new:
            lines.append(f"{folder}/uevent:INTERFACE={name}")
            lines += [f"{folder}/uevent:DEVTYPE={card['kind']}"] if "kind" in card else []
            made[f"made {name}"] = "\n".join(
                ["device"] * ("driver" in card)
                + ["function"] * card.get("function", False)
                + [f"below {each}" for each in card.get("below", ())]
            )
        made[f"card {name}"] = "\n".join(lines)
        if "own" in card and new:
            made[f"ethtool {name}"] = f"Permanent address: {card['own']}"
        spoken.append({"ifname": name, "addr_info": [_spoken(ip) for ip in card.get("ips", ())]})
        held += [f"2: {name}    {_held(ip)}" for ip in card.get("ips", ())]
    if cards:
        made["address"] = json.dumps(spoken) if new else "\n".join(held) or made["address"]
    return made


def _spoken(ip: str) -> dict[str, Any]:
    plain, leased, _ = ip.partition(" ")
    address, _, prefix = plain.partition("/")
    found = {"family": "inet6" if ":" in address else "inet", "local": address, "prefixlen": int(prefix or 24)}
    return found | ({"dynamic": True} if leased else {})


def _held(ip: str) -> str:
    plain, leased, _ = ip.partition(" ")
    return f"inet{'6' if ':' in plain else ''} {plain} scope global{' dynamic' if leased else ''}"


DMI = ("system_vendor", "product_name", "product_serial", "board_serial", "chassis_serial", "chassis_asset_tag")


def answered(machine: Mapping[str, Any]) -> ServerFacts:
    """The facts of a machine by `setup`'s answer alone."""
    return from_setup(answer(machine), gathered_at=AT)


def answer(machine: Mapping[str, Any]) -> dict[str, Any]:
    """What `setup` answers on a machine."""
    dmi = machine.get("dmi", [])
    said: dict[str, Any] = {"hostname": "server", "kernel": "5.14.0"}
    said |= {name: value or "NA" for name, value in zip(DMI, dmi, strict=False)} if isinstance(dmi, list) else {}
    said["devices"] = {each[0]: _device(*each) for each in machine.get("disks", [])}
    cards = machine.get("cards", {})
    said["interfaces"] = ["lo", *cards]
    said |= {re.sub(r"[-.:]", "_", name): _interface(card) for name, card in cards.items()}
    said["processor"] = _processors(machine.get("raw", {}).get("cpu", ""))
    names = ("distribution", "distribution_version", "distribution_release")
    said |= dict(zip(names, machine.get("setup", ()), strict=False))
    return said


def _device(
    _name: str, _kind: str, size: int, model: str | None, serial: str | None, rota: bool, wwn: str | None = None
) -> dict[str, Any]:
    """`setup` reads the model from a file of the kernel, which has 16 characters of it."""
    ids = [f"wwn-{wwn}"] if wwn and wwn.startswith("0x") else []
    found = {"sectors": str(size // 512), "sectorsize": "512", "rotational": str(int(rota)), "links": {"ids": ids}}
    return found | {"model": model and model[:16], "serial": serial}


def _interface(card: Mapping[str, Any]) -> dict[str, Any]:
    kinds = {"bridge": "bridge", "bond": "bonding"}
    found: dict[str, Any] = {
        "macaddress": card["mac"],
        "active": True,
        "type": kinds.get(card.get("kind", ""), "ether"),
    }
    if "driver" in card:
        found |= {"pciid": "0000:01:00.0", "module": card["driver"]}
    if "own" in card:
        found["perm_macaddress"] = card["own"]
    if card.get("kind") in kinds:
        found["slaves" if card["kind"] == "bond" else "interfaces"] = list(card.get("below", ()))
    v4 = [{"address": ip.partition("/")[0]} for ip in card.get("ips", ()) if ":" not in ip]
    if v4:
        found |= {"ipv4": v4[0], "ipv4_secondaries": v4[1:]}
    return found | {"ipv6": [{"address": ip.partition("/")[0]} for ip in card.get("ips", ()) if ":" in ip]}


def _processors(cpuinfo: str) -> list[str]:
    pairs = (line.partition(":")[::2] for line in cpuinfo.split("\n"))
    wanted = ("model name", "Processor", "vendor_id", "cpu", "Vendor", "processor")
    return [value.strip() for key, value in pairs if key.strip() in wanted]


SAID = (
    re.compile(r"^(?P<key>[ |]{0,40}[A-Za-z][^:=|\"]{0,40}?[ ]{0,30}[:=|])(?P<said>.*)$", re.MULTILINE),
    re.compile(r'(?P<key>"[^"]{1,60}" ?: ?")(?P<said>[^"]*)'),
    re.compile(r'(?P<key>[A-Z-]{2,20}=")(?P<said>[^"]*)'),
)
"""How tools say things by name: `Serial Number: S1`, `"serial": "S1"`, `SERIAL="S1"`."""
WORDS = tuple(re.compile(rf"^( [^\S\n]*(?:\S+[^\S\n]+){{{place}}}\S+)", re.MULTILINE) for place in range(10))
"""And by its place in a line."""


def longer(text: str) -> Iterator[str]:
    """A capture in which one thing is far longer than anybody's, for each thing that it says: if all were, much of it
    would be none of what a reader looks for."""
    more = "x" * 3000

    def lengthened(said: re.Match[str], key: str) -> str:
        return said[0] + more if said["key"] == key and said["said"].strip() else said[0]

    for shape in SAID:
        for key in dict.fromkeys(each["key"] for each in shape.finditer(text)):
            yield shape.sub(partial(lengthened, key=key), text)
    for shape in WORDS:
        yield shape.sub(lambda each: each[1] + more, text)


def cut(made: Iterable[ServerFacts]) -> dict[str, int]:
    """How long the longest text is that was made longer and is read, by the field in which it stands."""
    longest: dict[str, int] = {}
    for each in made:
        for field, text in _by_field(msgspec.to_builtins(each), ""):
            if "xxxxxx" in text:
                longest[field] = max(longest.get(field, 0), len(text))
    return longest


def _by_field(value: Any, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield field, value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from _by_field(each, "packages" if field == "packages" else f"{field}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _by_field(each, field)


def known(value: Any) -> Any:
    """Plain data as a table has it: records without what is empty in them."""
    if isinstance(value, dict):
        return {key: known(each) for key, each in value.items() if each not in (None, (), [], {})}
    return [known(each) for each in value] if isinstance(value, list | tuple) else value


def texts(value: Any) -> Iterator[str]:
    """Every text in a value of plain data."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for each in value.values() if isinstance(value, dict) else value:
            yield from texts(each)
