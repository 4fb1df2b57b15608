"""What an event established is printed as what it is, though a history keeps text."""

from datetime import date
from typing import Any

import pytest

from sopctl.cli.documents import printing
from sopctl.cli.documents.happened import data
from sopctl.model.rack import Place
from sopctl.model.sop import entries
from sopctl.model.sop.history import as_text


@pytest.mark.parametrize(
    ("entry", "printed"),
    [
        (
            entries.Reserved(place=Place("A1", 3, 2, port=7)),
            {"place": {"rack": "A1", "unit": 3, "height": 2, "face": "both", "port": 7}},
        ),
        (entries.Placed(placed=True), {"placed": True}),
        (entries.Configured(changed=3, raw=True), {"changed": 3, "raw": True}),
        (entries.Edited(changed=("-a", "+b")), {"changed": ["-a", "+b"]}),
        (entries.ValidUntil(valid_until=date(2027, 12, 31)), {"valid_until": "2027-12-31"}),
        (entries.LetterScan(document=entries.Kept("a.pdf", "00")), {"document": entries.Paper("a.pdf", "00")}),
        (
            entries.Pinned(procedures={"penitipan": "1"}),
            {"procedures": [{"procedure": "penitipan", "version": "1"}]},
        ),
    ],
)
def test_typed(entry: entries.Entry, printed: dict[str, Any]) -> None:
    kept = as_text(entries.to_data([entry]))
    assert printing.plain(data(kept)) == printing.plain(printed)


def test_a_number_is_a_number() -> None:
    kept = {"seconds": "1.25", "tries": "2", "established": [{"view": "word", "who": "pemohon", "ok": "true"}]}
    printed = printing.plain(data(kept))
    assert (printed["seconds"], printed["tries"]) == (1.25, 2)


def test_what_an_older_version_kept_otherwise_is_left_out() -> None:
    assert printing.plain(data({"placed": "yes?", "no such key": "x", "reason": "y"})) == {"reason": "y"}
