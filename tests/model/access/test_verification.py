"""konfigurasi 3: what was established, what follows, and when another try helps."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from sopctl.errors import InvalidRecord
from sopctl.model.access import backoff, verification
from sopctl.model.access.causes import Cause
from sopctl.model.access.verification import Established, View, Word

CASES = Path(__file__).parents[2] / "cases"


def rows(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.load((CASES / f"{name}.yml").read_text(), yaml.CBaseLoader)
    return found


@pytest.mark.parametrize("row", rows("verification"), ids=lambda row: row["name"])
def test_what_follows(row: dict[str, Any]) -> None:
    established = [
        Established(View(view), "web", said == "yes", "" if said == "yes" else said)
        for each in row["established"]
        for view, said in each.items()
    ]
    assert verification.verdict(established) == ("bisa" in row, row.get("cause", ""))


@pytest.mark.parametrize("row", rows("patience"), ids=lambda row: row["name"])
def test_when_to_try_again(row: dict[str, Any]) -> None:
    tried = int(row.get("tried", 1))
    waits = [backoff.wait(row["cause"], tried, chance) for chance in (0.0, 1.0)]
    assert waits == ([None, None] if "never" in row else [float(seconds) for seconds in row["wait"]])


def test_every_cause_that_passes_is_a_row() -> None:
    listed = {row["cause"] for row in rows("patience") if "wait" in row}
    passing = {cause for cause in Cause if cause.first_wait}
    assert passing - listed == {Cause.NOT_TLS, Cause.NOT_HTTP, Cause.NOT_SMTP}


def test_a_no_needs_a_note() -> None:
    with pytest.raises(InvalidRecord, match="a no needs a note"):
        Word("Administrator Sistem", yes=False)
    assert verification.from_word(Word("Administrator Sistem", yes=False, note="VPN")).cause == verification.SAYS_NO
