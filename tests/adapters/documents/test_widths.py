"""How wide texts are at most: held to the font, and to what a form looks like without it."""

import json
import random
from collections.abc import Sequence
from typing import cast

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sopctl.adapters.documents import Field, InventoryForm, Section, Table, pdf, render, widths
from tests.adapters.documents import samples

LETTERS = "".join(widths._LETTERS.values())
MEASURE = """
#set text(font: ("Libertinus Serif", "DejaVu Sans Mono"), fallback: false, size: 100pt)
#let texts = json(bytes(sys.inputs.texts))
#set text(weight: sys.inputs.weight)
#context [#metadata(texts.map(text => measure(text).width.pt())) <widths>]
"""


def measured(texts: Sequence[str], weight: str = "regular") -> list[float]:
    """How wide texts are, in hundredths of their size, as typst measures them."""
    fonts = typst.Fonts(include_system_fonts=False)
    inputs = {"texts": json.dumps(texts), "weight": weight}
    found = typst.query(MEASURE.encode(), "<widths>", field="value", font_paths=fonts, sys_inputs=inputs)
    return cast(list[float], json.loads(found)[0])


@pytest.mark.parametrize(("weight", "wider"), [("regular", 1), ("bold", widths._BOLD)])
def test_no_text_is_wider_or_narrower_than_it_says(weight: str, wider: float) -> None:
    """Letters keep room from each other by pairs; longer texts are a sample."""
    pick = random.Random(5)
    longer = ["".join(pick.choices(LETTERS, k=pick.randint(3, 30))) for _ in range(2_000)]
    texts = [*LETTERS, *(f"|{one}{other}|" for one in LETTERS for other in LETTERS), *longer]
    found = dict(zip(texts, measured(texts, weight), strict=True))
    assert [text for text, width in found.items() if width > wider * widths.widest(text) + 0.01] == []
    if weight == "regular":
        assert [text for text, width in found.items() if width < widths.narrowest(text) - 0.01] == []


def test_a_letter_is_hardly_narrower_than_it_says() -> None:
    """Else rows would be measured that need not be; of what is kept from the next letter, f and ( keep the most."""
    bar = measured(["||"])[0]
    alone = measured([f"|{letter}|" for letter in LETTERS])
    assert [
        letter for letter, width in zip(LETTERS, alone, strict=True) if widths.widest(letter) > width - bar + 15
    ] == []


def test_they_are_of_the_typst_that_is_here() -> None:
    """With another version, these tests say whether its fonts are the same: then it is named too."""
    assert pdf._is_measured()


@pytest.mark.parametrize("version", ["0.14.1", "0.150.0", "1.15.2"])
def test_of_another_typst_nothing_is_known(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typst, "__version__", version)
    assert not pdf._is_measured.__wrapped__()


def test_letters_are_told_once() -> None:
    assert len(set(LETTERS)) == len(LETTERS)


@pytest.mark.parametrize(
    ("cells", "fits", "lines"),
    [
        (["Nomor seri", "SN-1"], True, 1),
        (["Nomor seri papan induk", ""], True, 2),
        (["Layanan yang mendengarkan", "22/tcp sshd; 80/tcp nginx; 5432/tcp postmaster"], True, 2),
        (["Keterangan", " ".join(["kata"] * 20)], True, 3),
        (["Deskripsi aplikasi", ""], True, 0),  # one or two
        (["Nomor seri", "4c4c4544-0042-3410-8043-c4c04f303031-4c4c4544-0042"], False, 0),
        (["Nomor seri", "строка"], False, 0),  # of letters that are not in the table nothing is known
        (["", ""], True, 1),
    ],
)
def test_what_is_known_of_a_row(cells: list[str], fits: bool, lines: int) -> None:
    assert widths.known(cells, [2.7, 5.8]) == widths.Known(fits, lines)


def test_in_bold_one_line_is_known_alone() -> None:
    for cell, lines in (("Nomor seri", 1), ("Nomor seri papan induk", 0)):
        assert widths.known([cell], [2.7], bold=True) == widths.Known(fits=True, lines=lines)


words = st.text(st.sampled_from(LETTERS.replace(" ", "") + "яΩ✓"), min_size=1, max_size=24)
texts = st.lists(words, max_size=12).map(" ".join)


@given(st.lists(st.tuples(texts, texts), max_size=24), st.sets(st.integers(0, 23), max_size=3))
@settings(max_examples=30, deadline=None)
def test_a_form_looks_as_if_nothing_were_known(pairs: list[tuple[str, str]], marked: set[int]) -> None:
    section = Section("Identitas", tuple(Field(label, value, "gathered") for label, value in pairs))
    table = Table("Disk", ("Nama", "Model"), tuple(pairs), "gathered", marked=tuple(sorted(marked)))
    form = replace(samples.inventory(), sections=(section, table))
    assert render(form) == without(form)


def test_the_sample_looks_as_if_nothing_were_known() -> None:
    form = samples.inventory()
    assert render(form) == without(form)


def without(form: InventoryForm) -> bytes:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf, "_is_measured", lambda: False)
        return render(form)
