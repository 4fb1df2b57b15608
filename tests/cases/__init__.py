"""Tables of rules that an operator can review; one test loop runs each."""

from pathlib import Path
from typing import Any

import yaml


def rows(name: str) -> list[Any]:
    """The rows of the table `name`."""
    found = yaml.safe_load((Path(__file__).parent / f"{name}.yml").read_text())
    assert isinstance(found, list)
    return found
