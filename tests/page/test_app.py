"""The application as it runs: what one request records, the next one shows."""

from collections.abc import Callable

import pytest

from sopctl.page.app import application
from sopctl.store.site import Site
from tests.conftest import Clock
from tests.page.conftest import PASSWORD, URL, Browser, cheap_hashes, open_account


def test_what_was_done_is_seen_at_once(
    site_with_units: Site, file_request: Callable[..., str], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers share a reading of the register; whoever acts sees what they did."""
    cheap_hashes(monkeypatch)
    deposit = file_request()
    app = application(site_with_units.root, hosts=frozenset({"titipan.example.org"}), clock=clock)
    open_account(site_with_units, "kadis", clock)
    kadis = Browser(app, base_url=URL, follow_redirects=False)
    assert kadis.fill("/masuk", name="kadis", password=PASSWORD).status_code == 303
    assert f"/berkas/{deposit}/disposisi" in kadis.get("/").text
    assert kadis.fill(f"/berkas/{deposit}/disposisi", instruction="x").status_code == 303
    assert f"/berkas/{deposit}/disposisi" not in kadis.get("/").text


def test_an_error_of_ours_tells_a_reader_nothing(
    stranger: Browser, site_with_units: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    (site_with_units.root / "sopctl.yml").write_text("secret: [")
    answer = stranger.get("/masuk")
    assert answer.status_code == 503
    assert "secret" not in answer.text
    assert str(site_with_units.root) not in answer.text
    assert "sopctl.yml" in capsys.readouterr().err
