"""The holidays that are kept: as the library has them, and asked again where they are not as they were written."""

import sys
from datetime import date
from pathlib import Path

import pytest

from sopctl.store.across import holidays as kept
from sopctl.store.site import Site
from sopctl.workflow.views import calendar


@pytest.fixture
def days(site: Site) -> dict[date, str]:
    """A year's holidays, as a site that has none yet gets and keeps them."""
    calendar._holidays.cache_clear()
    return dict(calendar.calendar(site).holidays_of(2026))


def again(site: Site) -> dict[date, str]:
    calendar._holidays.cache_clear()
    return dict(calendar.calendar(site).holidays_of(2026))


def test_what_is_kept_is_what_the_library_says_and_spares_loading_it(
    site: Site, days: dict[date, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar._holidays.cache_clear()
    assert days == calendar._holidays(2026) != {}
    library = kept._library()
    monkeypatch.setattr(kept, "_library", lambda: library)
    monkeypatch.setitem(sys.modules, "holidays", None)  # whoever imports it fails
    assert again(site) == days


@pytest.mark.parametrize("how", ["cut", "changed", "empty", "of another library", "a folder", "a link"])
def test_what_is_not_as_it_was_written_is_asked_anew(
    site: Site, days: dict[date, str], how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = site.root / "var" / kept.FILE_NAME
    content = file.read_bytes()
    match how:
        case "cut":
            file.write_bytes(content[:-5])
        case "changed":
            file.write_bytes(content.replace(b"2026-01-01", b"2026-01-03"))
        case "empty":
            file.write_bytes(b"")
        case "of another library":
            monkeypatch.setattr(kept, "_library", lambda: "another")
        case "a folder":
            file.unlink()
            file.mkdir()
        case _:
            (tmp_path / "elsewhere").write_bytes(content.replace(b"2026-01-01", b"2026-01-03"))
            file.unlink()
            file.symlink_to(tmp_path / "elsewhere")
    assert again(site) == days
