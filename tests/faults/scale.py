"""How much of the battery a run takes, and where its figures go."""

import json
import os
from pathlib import Path
from random import Random

WHOLE = os.environ.get("SOPCTL_BATTERY") == "1"
"""True under `make battery`: everything. Otherwise a part of it that takes seconds, and always the same part."""


def dice(about: str = "") -> Random:
    """What a bounded run chooses with: alike each time, so that what fails is what was changed."""
    return Random(f"2026 {about}")


def times(whole: int, bounded: int) -> int:
    """How often: `whole` under `make battery`."""
    return whole if WHOLE else bounded


def figure(what: str, said: str, **counts: int) -> None:
    """Note what was measured for docs/explanation/reliability.md, under `make battery` only. What is measured
    in parts names its `counts` in the text (`{tried} kills`): they are added up."""
    if file := os.environ.get("SOPCTL_FIGURES"):
        with Path(file).open("a") as into:
            into.write(json.dumps({"what": what, "said": said, "counts": counts}) + "\n")
