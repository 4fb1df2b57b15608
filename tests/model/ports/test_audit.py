"""The ports of switches beside the records: a table."""

from typing import Any

import pytest
from msgspec.structs import replace

from sopctl.model.ports.audit import PortRecord, compare
from sopctl.model.ports.port import ActualPort, PortSetting, SwitchState
from tests.cases import rows
from tests.model.ports.test_port import address, learned

FREE = PortSetting("bebas", vlan=999, enabled=False)
GOOD = ["s1/p1/110/aa", "s2/p1/110/bb", "s1/up/110/bb", "s2/up/110/aa"]


def used(deposit: str) -> PortSetting:
    return PortSetting(f"{deposit} web", vlan=110)


def said(row: dict[str, Any], port: str) -> dict[str, Any]:
    """What a switch says of a port beside its setting."""
    found = row.get("actual", {}).get(port, {})
    return {
        name: value if isinstance(value, str) else tuple(map(address, value) if name == "bound" else value)
        for name, value in found.items()
    }


@pytest.mark.parametrize("row", rows("port_audits"), ids=lambda row: str(row["name"]))
def test_an_audit(row: dict[str, Any]) -> None:
    records = {
        "s1/p1": PortRecord("s1", "p1", used("PS-1"), "PS-1", (address("aa"),)),
        "s1/p2": PortRecord("s1", "p2", FREE),
        "s1/p3": PortRecord("s1", "p3", FREE),
        "s2/p1": PortRecord("s2", "p1", used("PS-2"), "PS-2", (address("bb"),)),
    }
    actual = {name: record.wanted for name, record in records.items()}
    actual |= {"s1/up": PortSetting(mode="trunk"), "s2/up": PortSetting(mode="trunk")}
    for name, fields in row.get("set", {}).items():
        actual[name] = replace(actual[name], **fields)
    for name in row.get("gone", ()):
        del actual[name]
    for name, kind in row.get("records", {}).items():
        if kind == "none":
            del records[name]
        elif kind == "wrong address":
            records[name] = replace(records[name], address="10.20.30.1 is the gateway of titipan")
        else:
            records[name] = replace(records[name], wanted=FREE)
    states = {
        switch: SwitchState(
            {
                key.split("/")[1]: replace(ActualPort(key.split("/")[1], s), **said(row, key))
                for key, s in actual.items()
                if key.startswith(switch)
            },
            learned=tuple(learned(each[3:]) for each in row.get("seen", GOOD) if each.startswith(switch)),
        )
        for switch in ("s1", "s2")
        if switch not in row.get("unread", ())
    }
    saved = {"s1": {key.split("/")[1]: tuple(text) for key, text in row["saved"].items()}} if "saved" in row else {}
    found = compare(list(records.values()), states, {"s1": ["up"], "s2": ["up"]}, saved)
    assert all(each.detail for each in found)
    shown = [f"{'' if f.wrong else '~'}{f.kind} {f.switch}/{f.port} {f.deposit or '-'}" for f in found]
    assert sorted(shown) == sorted(row["found"])
