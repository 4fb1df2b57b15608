"""The letters of tests/cases/letters.yml: the example, with what a row changes in it."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from sopctl.workflow.setup.init import EXAMPLE_APPLIANCE, EXAMPLE_REQUEST


def letter(row: Mapping[str, Any], management: str) -> Any:
    """The letter of a row, as it is read from a file; `management`: the office's public key, where a row has it."""
    record = json.loads(_example(row.get("of", "server")))
    for path, value in row["letter"].items():
        *parents, leaf = path.split(".")
        here = record
        for parent in parents:
            here = here[parent]
        here[leaf] = value
    return json.loads(json.dumps(record).replace("{management}", management))


@cache
def _example(kind: str) -> str:
    return json.dumps(yaml.load(EXAMPLE_APPLIANCE if kind == "appliance" else EXAMPLE_REQUEST, yaml.BaseLoader))
