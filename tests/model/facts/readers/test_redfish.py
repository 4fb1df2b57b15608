"""What BMCs of several makers say, as facts; and whatever else one may say."""

from functools import cache
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sopctl.adapters.documents.inventory import sections_of
from sopctl.model.facts.changes import Weight, differences
from sopctl.model.facts.readers.redfish import _LINKS, MAX_DOCUMENTS, ROOT, Role, from_bmc, is_redfish, wanted
from sopctl.model.facts.server import ServerFacts
from tests.cases import rows
from tests.model.facts.captures import known

CASES = Path(__file__).parents[3] / "cases/bmc"
BMCS = sorted(path.stem for path in CASES.glob("*.yml"))
AT = "2026-11-23T09:30:00+07:00"


@cache
def _read(name: str) -> bytes:
    return msgspec.json.encode(yaml.load((CASES / f"{name}.yml").read_text(), yaml.CSafeLoader))


def mockup(name: str) -> dict[str, Any]:
    """A case of its own each time: a test may change it."""
    found: dict[str, Any] = msgspec.json.decode(_read(name))
    return found


def gathered(documents: dict[str, Any], serial: str = "") -> dict[str, Any]:
    """What a walk from the root finds: a path that is not there gives None."""
    found: dict[str, Any] = {}
    while paths := [path for path in wanted(found, serial) if path not in found]:
        found |= {path: documents.get(path) for path in paths}
    return found


@pytest.mark.parametrize("name", BMCS)
def test_a_bmc(name: str) -> None:
    case = mockup(name)
    serial = case.get("serial", "")
    said = gathered(case["documents"], serial)
    assert is_redfish(said)
    facts = from_bmc(said, gathered_at=AT, serial=serial)
    plain = msgspec.json.decode(msgspec.json.encode(facts))
    for field, value in case["facts"].items():
        found = plain[field]
        if isinstance(value, list) and value and isinstance(value[0], dict):
            found = [{key: each[key] for key in value[0]} for each in found]
        assert found == value, field
    missing = case.get("missing", {})
    assert {field: plain["missing"].get(field) for field in missing} == missing
    assert differences(facts, facts) == ()
    sections_of(facts, {}, {})


@pytest.mark.parametrize("name", BMCS)
def test_all_that_is_asked_for_is_of_this_server(name: str) -> None:
    """Every document of the mock-up is asked for, but a neighbour's; what is no path of the BMC never is."""
    case = mockup(name)
    asked = gathered(case["documents"], case.get("serial", ""))
    other = {path for path in case["documents"] if "Blade1/" in path or "hypervisor/" in path}
    assert case["documents"].keys() - other <= asked.keys()
    assert not any("198.51.100" in path or ".." in path or "Blade1/" in path for path in asked)


@pytest.mark.parametrize("name", BMCS)
def test_any_part_may_be_missing(name: str) -> None:
    """Without any one document, or with null for it, the rest is still read."""
    case = mockup(name)
    for path in case["documents"]:
        if path != ROOT:
            without = {each: content for each, content in case["documents"].items() if each != path}
            from_bmc(gathered(without), gathered_at=AT)


def linked(says: dict[str, Any]) -> dict[str, Any]:
    """The documents of a BMC that has these, by their role: each is linked from the first that may link to its role,
    which is there too."""
    documents: dict[str, Any] = {}

    def add(role: Role, path: str, content: dict[str, Any]) -> None:
        here = documents[path] = dict(content)
        for keys, target in _LINKS.get(role, ()):
            given = says.get(target, {})
            many = isinstance(given, list)
            paths = []
            for place, each in enumerate(given if many else [given]):
                paths.append(f"{path}{target}/{place}")
                if paths[-1].count("/") < 14:
                    add(target, paths[-1], each)
            links = [{"@odata.id": each} for each in paths]
            inner = here
            for key in keys[:-1]:
                inner = inner.setdefault(key, {})
            inner[keys[-1]] = links if many or keys[-1] in ("Members", "Drives", "Chassis", "ManagedBy") else links[0]

    add("root", ROOT, {"RedfishVersion": "1.0"})
    return documents


@pytest.mark.parametrize("row", rows("bmc_parts"), ids=lambda row: row["name"])
def test_what_becomes_of_a_part(row: dict[str, Any]) -> None:
    facts = msgspec.to_builtins(from_bmc(gathered(linked(row["says"])), gathered_at=AT))

    assert {field: known(facts[field]) for field in row["gives"]} == row["gives"]


def test_every_role_is_linked_and_every_document_has_one() -> None:
    assert set(get_args(Role)) == {"root", *(target for links in _LINKS.values() for _, target in links)}


def with_long(documents: Any, key: str) -> Any:
    """The same with thousands of characters more in every text of this name."""
    match documents:
        case dict():
            return {
                each: value + "x" * 3000 if each == key and isinstance(value, str) else with_long(value, key)
                for each, value in documents.items()
            }
        case list():
            return [with_long(each, key) for each in documents]
    return documents


def names(documents: Any) -> set[str]:
    """Of the texts in them."""
    match documents:
        case dict():
            own = {each for each, value in documents.items() if isinstance(value, str)}
            return own.union(*map(names, documents.values()))
        case list():
            return set().union(*map(names, documents))
    return set()


def test_what_has_no_id_has_its_name() -> None:
    """Parts by whichever of their names is there; a question mark where there is none."""
    said = gathered(mockup("dell-idrac9")["documents"])
    for each in said.values():
        if isinstance(each, dict) and "Id" in each:
            each["Name"] = f"{each['Id']} by its name"
    named = {}
    for without in ((), ("Id",), ("Id", "Name", "DeviceLocator", "MemberId")):
        left = {
            path: {key: value for key, value in each.items() if key not in without} if isinstance(each, dict) else each
            for path, each in said.items()
        }
        facts = from_bmc(left, gathered_at=AT)
        named[without] = {nic.name for nic in facts.nics}
    first, second, third = named.values()
    assert first
    assert "?" not in first
    assert second == {"NIC.Integrated.1-1-1 by its name"}
    assert third == {"?"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60)
@given(st.data(), st.sampled_from(BMCS))
def test_nothing_that_a_bmc_says_raises(data: st.DataObject, name: str) -> None:
    """Any value may stand in any place of any document."""
    documents = mockup(name)["documents"]
    for path in data.draw(st.lists(st.sampled_from(sorted(documents)), max_size=6)):
        content = documents[path]
        if isinstance(content, dict) and content:
            content[data.draw(st.sampled_from(sorted(content)))] = data.draw(JSON)
    said = gathered(documents)
    facts = from_bmc(said, gathered_at=AT)
    assert msgspec.json.decode(msgspec.json.encode(facts), type=ServerFacts) == facts
    assert all(character.isprintable() for character in repr(msgspec.to_builtins(facts)))
    assert [each for each in differences(facts, facts) if each.weight is not Weight.UNREAD] == []
    sections_of(facts, {}, {})


def test_an_endless_graph_ends() -> None:
    """Each document names new ones."""

    class Endless(dict[str, Any]):
        def get(self, path: str, default: Any = None) -> Any:
            links = [{"@odata.id": f"{path}{n}/"} for n in range(9)]
            return {"Systems": links[0], "Members": links, "Links": {"Chassis": links}, "Memory": links[1]}

    said = gathered(Endless())
    assert len(said) <= MAX_DOCUMENTS
    assert len(msgspec.json.encode(from_bmc(said, gathered_at=AT))) < 100_000
