"""What storcli2 and perccli2 say, as JSON (`nolog J`): `/call show` and `/call/eall/sall show all`.

They know the controllers of 24 Gb/s (9600, PERC 12), which storcli does not, and none of the older ones.
"""

from collections.abc import Iterator, Mapping

from sopctl.model.facts.parts import Controller, Disk, RaidVolume
from sopctl.model.facts.readers.controllers import Found
from sopctl.model.placeholders import name as real_name
from sopctl.model.placeholders import serial as real_serial
from sopctl.model.sanitise import MAX_ENTRIES, entries, mapping, number, raw_size, size, text

Entry = Mapping[str, object]


def storcli2(show: object, drives: object) -> Found:
    """Of the two documents, which may hold anything. Drives that the second does not have are those of the first, which
    says less of them."""
    listed = {disk.name: disk for at, said in _controllers(show) for disk in _listed(at, said)}
    detailed = {disk.name: disk for at, said in _controllers(drives) for disk in _detailed(at, said)}
    return Found(
        controllers=tuple(each for at, said in _controllers(show) for each in _controller(at, said)),
        volumes=tuple(each for at, said in _controllers(show) for each in _volumes(at, said)),
        drives=tuple((listed | detailed).values())[:MAX_ENTRIES],
    )


def _controllers(document: object) -> Iterator[tuple[str, Entry]]:
    """The number of each controller, and what is said of it."""
    for each in map(mapping, entries(mapping(document).get("Controllers"))[:64]):
        status, said = mapping(each.get("Command Status")), mapping(each.get("Response Data"))
        at = number(status.get("Controller"), 999)
        if at is not None:
            yield str(at), said


def _controller(at: str, said: Entry) -> Iterator[Controller]:
    model = text(said.get("Product Name"), 80)
    pack = mapping(next(iter(entries(said.get("Energy Pack Info"))), None))
    if model:
        yield Controller(
            name=f"c{at}",
            model=model,
            serial=real_serial(said.get("Serial Number"), 60),
            firmware=text(said.get("Package Version"), 40) or text(said.get("Firmware Version"), 40),
            battery=text(pack.get("Status"), 40),
        )


def _volumes(at: str, said: Entry) -> Iterator[RaidVolume]:
    for each in map(mapping, entries(said.get("VD LIST"))):
        called = text(each.get("DG/VD"), 20)
        if called:
            level, state, room = (text(each.get(key), 20) for key in ("TYPE", "State", "Size"))
            yield RaidVolume(called, level, state, room, controller=at)


def _listed(at: str, said: Entry) -> Iterator[Disk]:
    for each in map(mapping, entries(said.get("PD LIST"))):
        yield from _drive(at, each, {})


def _detailed(at: str, said: Entry) -> Iterator[Disk]:
    for each in map(mapping, entries(said.get("Drives List"))):
        yield from _drive(at, mapping(each.get("Drive Information")), mapping(each.get("Drive Detailed Information")))


def _drive(at: str, row: Entry, more: Entry) -> Iterator[Disk]:
    enclosure, _, slot = (text(row.get("EID:Slt"), 20) or "").replace(" ", "").partition(":")
    room = raw_size(more.get("Raw size")) or size(row.get("Size"))
    if slot.isdigit() and room:
        alert = number(mapping(more.get("LU/NS Properties")).get("Predictive Failure Count"))
        state = text(row.get("Status"), 20) or text(row.get("State"), 20) or ""
        yield Disk(
            name=(f"c{at}/e{enclosure}/s{slot}" if enclosure.isdigit() else f"c{at}/s{slot}")[:32],
            size_bytes=room,
            model=real_name(row.get("Model"), 60),
            serial=real_serial(more.get("Serial Number"), 80),
            rotational={"HDD": True, "SSD": False}.get(str(row.get("Med"))[:8]),
            health=text(state + (" SMART alert" if alert else ""), 40),
            wwn=real_serial(more.get("WWN"), 80),
        )
