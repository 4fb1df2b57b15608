"""A site that cannot be read, and one that leads elsewhere."""

from pathlib import Path

import pytest
from msgspec import to_builtins

from sopctl.errors import Action, InvalidRecord, OutsideFailure, UsageError
from sopctl.store.site import Site
from tests.cases import rows
from tests.conftest import somebody_else


def test_an_unreadable_site_is_one_clear_error(site: Site) -> None:
    site.root.chmod(0)
    with somebody_else(), pytest.raises(OutsideFailure, match="cannot read: Permission denied") as caught:
        Site(site.root)
    assert caught.value.id == "access-denied"
    assert "Give this account access" in str(caught.value)


def test_a_folder_that_is_no_site_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a sopctl site") as caught:
        Site(tmp_path)
    assert caught.value.id == "not-a-site"
    assert caught.value.remedy[-1] == Action("init", "DIR")


def test_a_folder_of_the_site_behind_a_link_is_refused(site: Site, tmp_path: Path) -> None:
    (site.root / "racks").rename(tmp_path / "elsewhere")
    (site.root / "racks").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidRecord, match="must not be a symbolic link"):
        _ = site.racks


def test_a_rack_under_another_name_is_refused(site: Site) -> None:
    (site.root / "racks" / "A1.yml").rename(site.root / "racks" / "B1.yml")
    with pytest.raises(InvalidRecord, match=r"the record is called 'A1', its file 'B1\.yml'"):
        _ = site.racks


@pytest.mark.parametrize("row", rows("resolvers"), ids=lambda row: row["name"])
def test_resolvers(site: Site, row: dict[str, str]) -> None:
    path = site.root / "sopctl.yml"
    path.write_text(f"{path.read_text()}\nresolvers: {row['resolvers']}\n")
    if "message" in row:
        with pytest.raises(InvalidRecord) as caught:
            _ = Site(site.root).settings
        assert row["message"] in caught.value.message
    else:
        assert to_builtins(Site(site.root).settings.resolvers).keys() == {"servers", "search"}
