"""Tables of rules that an operator can review; one test loop runs each."""

from pathlib import Path
from typing import Any

import yaml


def rows(name: str) -> list[Any]:
    """The rows of the table `name`."""
    found = yaml.load((Path(__file__).parent / f"{name}.yml").read_text(), yaml.CSafeLoader)
    assert isinstance(found, list)
    return found


def spoken_of(found: object, row: object) -> object:
    """`found` without what the row does not speak of: keys of records that it does not name."""
    if isinstance(found, dict) and isinstance(row, dict):
        return {key: spoken_of(found[key], value) for key, value in row.items() if key in found}
    if isinstance(found, list | tuple) and isinstance(row, list) and len(found) == len(row):
        return [spoken_of(each, value) for each, value in zip(found, row, strict=True)]
    return found
