"""What no font of the papers has is told, when it comes in and when a paper is made; nothing is refused for it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sopctl.adapters.documents.text import unprintable
from sopctl.errors import SopctlError
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers import printing
from sopctl.workflow.steps import notifying


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Dinas Contoh – “Ruang” Ñ Ж Ω", False),
        ("ꦢꦶꦤꦱ꧀", True),  # Javanese
        ("数据中心", True),
        ("مركز البيانات", True),
        ("Dinas 😀", True),
        ("Dinas\u202e\u200b\x07\nContoh", False),  # what nobody reads
        ("", False),
    ],
)
def test_only_what_somebody_would_read_is_told(text: str, *, told: bool) -> None:
    assert bool(unprintable({"a": [("x", text)], "b": 3})) == told


def test_it_is_told_on_the_way_in_and_on_the_paper(desk: Desk, until_space: Callable[..., str]) -> None:
    deposit = until_space({"name: Administrator Sistem": "name: 管理员"})
    assert [each.id for each in desk.site.lagging] == ["not-in-the-fonts"]
    assert desk.site.lagging[0].lines == ("<U+7BA1><U+7406><U+5458>",)
    notifying.notify(desk, deposit, via="letter")
    assert [each.id for each in desk.site.lagging] == ["not-in-the-fonts"] * 2


def test_many_such_texts_are_counted_and_a_few_named(desk: Desk) -> None:
    printing.tell(desk.site, {"names": [f"管理员 {number}" for number in range(9)]})
    (said,) = desk.site.lagging
    assert (str(said.values["count"]), len(said.lines)) == ("9 texts", printing.MOST)


def test_nothing_is_told_of_a_letter_in_latin(desk: Desk, until_space: Callable[..., str]) -> None:
    until_space()
    assert desk.site.lagging == []


@pytest.mark.parametrize(
    ("logo", "error"),
    [("lambang.png", "logo-not-an-image"), ("tiada.png", "no-such-file"), ("../x.png", "value-not-valid")],
)
def test_a_paper_with_a_broken_emblem_is_not_made(
    desk: Desk, until_space: Callable[..., str], logo: str, error: str
) -> None:
    deposit = until_space()
    path = desk.site.root / "sopctl.yml"
    path.write_text(path.read_text() + f"papers: {{logo: {logo}}}\n")
    (desk.site.root / "lambang.png").write_bytes(b"<svg/>")
    fresh = replace(desk, site=Site(desk.site.root))
    before = dossiers.read(desk.site, deposit).events
    with pytest.raises(SopctlError) as caught:
        notifying.notify(fresh, deposit, via="letter")
    assert (caught.value.id, logo in caught.value.where) == (error, error != "value-not-valid")
    assert dossiers.read(desk.site, deposit).events == before, "nothing is recorded"
