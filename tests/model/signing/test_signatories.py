"""Whose certificate it is, by the name: a table."""

from pathlib import Path

import pytest
import yaml

from sopctl.model.signing.signatories import names_signer, same_person

ROWS = yaml.load((Path(__file__).parents[2] / "cases" / "signatories.yml").read_text(), yaml.CSafeLoader)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['paper']} and {row['certificate']}")
def test_a_name_is_the_same_but_for_titles_and_case(row: dict[str, object]) -> None:
    assert same_person(str(row["paper"]), str(row["certificate"])) is row["same"]
    assert same_person(str(row["certificate"]), str(row["paper"])) is row["same"]


@pytest.mark.parametrize(
    ("shown", "certificate", "named"),
    [
        ("Ditandatangani secara elektronik oleh Dr. Budi Santoso, M.Si. 26-11-2026", "BUDI SANTOSO", True),
        ("Budi Santoso", "Budi Santoso, S.Kom.", True),
        ("oleh BUDI\nSANTOSO", "Budi Santoso", True),
        ("oleh Budi Santoso", "Siti Aminah", False),
        ("oleh Dani", "Ani", False),
        ("Kepala Dinas", "Budi Santoso", False),
        ("", "Budi Santoso", False),
        ("oleh <U+738B><U+5C0F><U+660E> 26-11-2026", "王小明", True),
        ("oleh <U+738B><U+5C0F><U+660E>", "王小红", False),
        ("oleh <U+FFFFFF>", "王小明", False),
    ],
)
def test_a_box_names_its_signer(shown: str, certificate: str, named: bool) -> None:
    assert names_signer(shown, certificate) == named
