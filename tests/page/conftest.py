"""The page in this process: a site with two units and an auditor, and a client for each account."""

import re
from collections.abc import Callable
from datetime import datetime

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from sopctl.cli import wording
from sopctl.page.app import application
from sopctl.store.site import Site
from sopctl.workflow import accounts
from sopctl.workflow.desk import Desk
from tests.conftest import Clock
from tests.page.house import House, furnish

URL = "https://titipan.example.org"
PASSWORD = "kuda baterai staples benar"
UNITS = """
units:
  contoh: {name: Dinas Contoh}
  lain: {name: Dinas Lain}
page: {url: "https://titipan.example.org"}
"""
ACCOUNTS = {"kadis": None, "kabid": None, "staf": None, "contoh": None, "lain": None, "inspektorat": "auditor"}


class Browser(TestClient):
    """A browser without JavaScript: it keeps cookies, and sends forms as they stand in the page."""

    def form(self, path: str, **typed: str) -> dict[str, str]:
        """The hidden fields of the (last) form at `path`, with what a person types."""
        page = self.get(path).text
        return {**hidden(page), **typed}

    def fill(self, path: str, **typed: str) -> httpx.Response:
        """Look at a form, fill it in and send it."""
        return self.post(path, data=self.form(path, **typed))


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of a page's forms; those of the last form count."""
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))


@pytest.fixture
def site_with_units(site: Site) -> Site:
    """The site of the tests, with two units."""
    settings = site.root / "sopctl.yml"
    settings.write_text(settings.read_text() + UNITS)
    return Site(site.root)


@pytest.fixture
def app(site_with_units: Site, clock: Clock, desk: Desk) -> Callable[..., object]:
    return application(
        site_with_units.root,
        hosts=frozenset({"titipan.example.org"}),
        secure=True,
        clock=clock,
        command=wording.command,
    )


@pytest.fixture
def stranger(app: Callable[..., object]) -> Browser:
    """Someone who is not logged in."""
    return Browser(app, base_url=URL, follow_redirects=False)  # type: ignore[arg-type]


@pytest.fixture
def login(
    app: Callable[..., object], site_with_units: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Browser]:
    """Open an account, and log in as it; the hash is a cheap one."""
    cheap_hashes(monkeypatch)

    def enter(name: str) -> Browser:
        open_account(site_with_units, name, clock)
        browser = Browser(app, base_url=URL, follow_redirects=False)  # type: ignore[arg-type]
        answer = browser.fill("/masuk", name=name, password=PASSWORD)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        return browser

    return enter


@pytest.fixture
def house(
    desk: Desk, site_with_units: Site, file_request: Callable[..., str], until_space: Callable[..., str]
) -> House:
    """The site, with deposits at every step that people act on."""
    return furnish(desk, site_with_units, file_request, until_space)


def page_of(site: Site, clock: Callable[[], datetime]) -> Browser:
    """A browser of somebody who is not logged in, at the page of a site."""
    app = application(site.root, hosts=frozenset({"titipan.example.org"}), secure=True, clock=clock)
    return Browser(app, base_url=URL, follow_redirects=False)


def open_account(site: Site, name: str, clock: Callable[[], datetime]) -> None:
    """Invite and accept."""
    made = accounts.invite(site, name, clock(), "auditor" if name == "inspektorat" else None)
    accounts.accept(site, made.secret, PASSWORD, clock())


def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """argon2id with the least it can do."""
    from argon2 import PasswordHasher

    from sopctl.adapters import passwords

    monkeypatch.setattr(passwords, "_hasher", lambda: PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
