"""What travels, and what of it is believed: cases/answers.yml."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from sopctl.model.access.destinations import Destinations
from sopctl.model.access.shards import (
    AT_MOST,
    MOST_SHARD_BYTES,
    Answer,
    Check,
    NotBelieved,
    Shard,
    believed,
    shards,
)
from sopctl.model.access.target import Pin, Target
from sopctl.model.as_json import NotJson, from_json
from tests.cases import rows

NOW = 1_790_000_000
CHECK = Check(
    "PS-2026-0001", Target("192.0.2.7", 22, "sopctl", Pin("SHA256:" + "A" * 43), services=(443, 25)), "management"
)
PLAIN: dict[str, Any] = {
    "run": "run1",
    "id": "PS-2026-0001",
    "result": {
        "host": "192.0.2.7",
        "port": 22,
        "verdict": "accessible",
        "rung": "command",
        "cause": None,
        "detail": "",
        "seconds": 0.2,
        "rungs": [],
        "user": "sopctl",
        "at": NOW,
    },
}


FACTS: dict[str, Any] = {"told": [{"way": "as root", "seconds": 1.0, "packed": "eA=="}]}
"""What makes of an answer one to a question for facts."""


def changed(value: Any, path: list[str], new: Any) -> Any:
    """`value` with `new` at this path."""
    if not path:
        return new
    return {**value, path[0]: changed(value.get(path[0]), path[1:], new)}


def at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value[int(part)] if isinstance(value, list | tuple) else value[part]
    return value


@pytest.mark.parametrize("row", rows("answers"), ids=lambda row: row["name"])
def test_what_a_worker_says_is_judged(row: dict[str, Any]) -> None:
    said = PLAIN | (FACTS if row.get("facts") else {})
    check = replace(CHECK, facts=row.get("facts", ""))
    for path, new in row.get("change", {}).items():
        said = changed(said, path.split("."), new)
    if "at" in row:
        said = changed(said, ["result", "at"], NOW + row["at"])
    answer = from_json(msgspec.json.encode(said), Answer)
    if "why" in row:
        with pytest.raises(NotBelieved, match=row["why"]):
            believed(answer, check, NOW)
        return
    kept = msgspec.to_builtins(believed(answer, check, NOW))
    for path, shown in row.get("shows", {}).items():
        assert at(kept, path) == shown


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[1]",
        b'{"run": "run1", "id": "A", "more": 1}',
        b'{"run": "../../x", "id": "A"}',
        b"\xff",
        b"[" * 100_000,
        msgspec.json.encode(changed(PLAIN, ["result", "seconds"], "soon")),
        b'{"run": "run1", "id": "A", "result": {"seconds": NaN}}',
    ],
)
def test_what_is_no_answer_is_none(content: bytes) -> None:
    with pytest.raises(NotJson):
        from_json(content, Answer)


@pytest.mark.parametrize("key", ["../management", "login/../x", "/etc/shadow", ".hidden", "a" * 200, "engine/x", ""])
def test_a_key_is_named_and_never_a_way_out_of_the_folder(key: str) -> None:
    """The controller may be a stranger's: its worker reads files of its own keys/ alone."""
    said = msgspec.to_builtins(CHECK) | {"key": key}
    with pytest.raises(NotJson):
        from_json(msgspec.json.encode(said), Check)


def test_networks_take_turns_and_a_shard_is_small() -> None:
    until = datetime(2026, 11, 23, tzinfo=UTC)
    many = {"far": [CHECK] * (2 * AT_MOST + 1), "near": [CHECK] * AT_MOST, "none": []}
    destinations = Destinations(ours={f"192.0.2.{number}": "a switch" for number in range(200)})
    made = shards("run1", many, until, destinations)
    assert [(each.network, each.number, len(each.checks)) for each in made] == [
        ("far", 0, AT_MOST),
        ("near", 0, AT_MOST),
        ("far", 1, AT_MOST),
        ("far", 2, 1),
    ]
    content = msgspec.json.encode(made[0])
    assert len(content) < MOST_SHARD_BYTES
    back = from_json(content, Shard)
    assert back == made[0]
    assert all(where.destinations == destinations for _, where in back.targets())


def test_a_shard_of_more_than_a_hundred_is_none() -> None:
    until = datetime(2026, 11, 23, tzinfo=UTC)
    made = shards("run1", {"far": [CHECK] * AT_MOST}, until, None)[0]
    said = msgspec.to_builtins(made)
    said["checks"] = [*said["checks"], said["checks"][0]]
    with pytest.raises(NotJson):
        from_json(msgspec.json.encode(said), Shard)


@pytest.mark.parametrize(("of", "most"), [("rungs", 20), ("algorithms", 20), ("services", 2)])
def test_as_much_as_was_asked_is_believed_and_no_more(of: str, most: int) -> None:
    """The least that is too much."""

    def entries(count: int) -> object:
        rung, service = (
            {"rung": "name", "ok": True, "seconds": 0.1, "detail": ""},
            {"port": 443, "kind": "tcp"},
        )
        return (
            {f"a{n}": "x" for n in range(count)} if of == "algorithms" else [rung if of == "rungs" else service] * count
        )

    def answered(count: int) -> Answer:
        said = changed(PLAIN, ["result", of], entries(count))
        return from_json(msgspec.json.encode(said), Answer)

    assert believed(answered(most), CHECK, NOW)
    with pytest.raises(NotBelieved, match="more than was asked"):
        believed(answered(most + 1), CHECK, NOW)
