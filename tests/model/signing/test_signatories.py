"""Whose certificate it is, by the name: a table."""

from pathlib import Path

import pytest
import yaml

from sopctl.model.signing.signatories import same_person

ROWS = yaml.safe_load((Path(__file__).parents[2] / "cases" / "signatories.yml").read_text())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['paper']} and {row['certificate']}")
def test_a_name_is_the_same_but_for_titles_and_case(row: dict[str, object]) -> None:
    assert same_person(str(row["paper"]), str(row["certificate"])) is row["same"]
    assert same_person(str(row["certificate"]), str(row["paper"])) is row["same"]
