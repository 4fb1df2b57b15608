"""A scanner of web applications (wapiti) that is logged in, against the whole page: it finds nothing. Minutes."""

import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn

from sopctl.page import guard
from sopctl.page.app import application
from sopctl.page.deadlines import Deadlines
from sopctl.page.visit import COOKIE
from sopctl.store import dossiers
from sopctl.store.site import Site
from tests.conftest import Clock
from tests.page.conftest import PASSWORD, Browser, cheap_hashes, open_account
from tests.patience import PATIENCE

WAPITI = Path(__file__).parents[2] / ".cache/wapiti/bin/wapiti"
SECONDS = 120
MODULES = "backup,cookieflags,crlf,csp,csrf,exec,file,http_headers,methods,permanentxss,redirect,sql,upload,xss"
"""What of it asks nobody but the page."""
ABOUT_HTTP = {"Unencrypted Channels", "HTTP Strict Transport Security (HSTS)", "Secure Flag cookie"}
"""What it finds because the scan goes to loopback, before which no proxy stands."""

pytestmark = [pytest.mark.battery, pytest.mark.timeout(SECONDS * 9)]


@pytest.fixture
def port(site_with_units: Site, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The page on loopback, which lets a scanner ask as fast as it can."""
    cheap_hashes(monkeypatch)
    monkeypatch.setattr(guard, "PER_SECOND", 1e9)
    monkeypatch.setattr(guard, "BURST", 1e9)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = int(listening.getsockname()[1])
        app = application(site_with_units.root, hosts=frozenset({f"127.0.0.1:{number}"}), secure=True, clock=clock)
        server = uvicorn.Server(uvicorn.Config(app, http=Deadlines, lifespan="off", log_level="error"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield number
        server.should_exit = True
        thread.join(timeout=PATIENCE)


@pytest.mark.parametrize("name", ["kadis", "contoh"])
def test_a_scanner_finds_nothing(
    name: str, port: int, site_with_units: Site, file_request: Callable[..., str], clock: Clock, tmp_path: Path
) -> None:
    if not WAPITI.is_file() and os.environ.get("SOPCTL_LAB") != "required":
        pytest.skip("needs wapiti: make battery")
    file_request()
    open_account(site_with_units, name, clock)
    app = application(site_with_units.root, hosts=frozenset({f"127.0.0.1:{port}"}), clock=clock)
    browser = Browser(app, base_url=f"https://127.0.0.1:{port}", follow_redirects=False)
    assert browser.fill("/masuk", name=name, password=PASSWORD).status_code == 303
    url, report = f"http://127.0.0.1:{port}", tmp_path / "report.json"
    command = [str(WAPITI), "--url", f"{url}/", "--scope", "domain", "--exclude", f"{url}/keluar", "--flush-session"]
    command += ["--header", f"Cookie: {COOKIE}={browser.cookies[COOKIE]}", "--max-scan-time", str(SECONDS)]
    command += ["--max-attack-time", "20", "--module", MODULES, "--format", "json", "--output", str(report)]
    command += ["--depth", "3", "--max-links-per-page", "30", "--max-files-per-dir", "12", "--max-parameters", "30"]
    command += ["--no-bugreport", "--store-session", str(tmp_path), "--verify-ssl", "0", "--timeout", "20"]
    home = {**os.environ, "HOME": str(tmp_path)}
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=home, timeout=SECONDS * 8)
    assert report.is_file(), ran.stdout[-3000:] + ran.stderr[-3000:]
    found = json.loads(report.read_text())
    assert found["infos"]["crawled_pages_nbr"] > 5, "it was logged in"
    faults = {kind: each for kind in ("vulnerabilities", "anomalies") for kind, each in found[kind].items() if each}
    assert {kind: each for kind, each in faults.items() if kind not in ABOUT_HTTP} == {}
    assert browser.get("/").status_code == 200, "and it is still up"
    assert dossiers.ids(site_with_units)
