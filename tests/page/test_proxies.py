"""Behind the office's proxy, as docs/howto/page-behind-nginx.md has it: Debian's nginx and Caddy with a
certificate, the page on a socket that only the proxy's group reaches."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from sopctl.store.site import Site
from sopctl.workflow import accounts
from tests.conftest import Clock
from tests.faults.outside import free_port
from tests.page.calling import NAME, Caller, OverSocket
from tests.page.conftest import PASSWORD, cheap_hashes, open_account

CHECKOUT = Path(__file__).parents[2]
PROGRAMS = Path(sys.executable).parent
SOCKET = "/run/sopctl-titipan-1a2b3c-page/page.sock"


def documented(language: str) -> str:
    """The block of docs/howto/page-behind-nginx.md in this language."""
    (block,) = re.findall(
        rf"```{language}\n(.*?)```", (CHECKOUT / "docs/howto/page-behind-nginx.md").read_text(), re.DOTALL
    )
    return str(block)


@pytest.fixture
def around() -> Iterator[Path]:
    """A folder that other accounts may enter."""
    path = Path(tempfile.mkdtemp(prefix="sopctl-proxy-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def page(site_with_units: Site, around: Path, clock: Clock) -> Iterator[Path]:
    """The page on a socket in a folder that its owner and the proxy's group may enter."""
    open_account(site_with_units, "kadis", clock)
    folder = around / "run"
    folder.mkdir(mode=0o750)
    if os.geteuid() == 0:
        shutil.chown(folder, group="www-data")
    path = folder / "page.sock"
    command = [sys.executable, "-m", "sopctl", "--site", str(site_with_units.root), "serve", "--unix", str(path)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            assert Caller(lambda: OverSocket(path)).awaited() == 200
            if os.geteuid() == 0:
                shutil.chown(path, group="www-data")
            yield path
        finally:
            process.kill()


@pytest.fixture
def certificate(around: Path) -> tuple[Path, Path]:
    made = around / "titipan.pem", around / "titipan.key"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(made[1])]
    name = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-days", "2", "-out", str(made[0])]
    subprocess.run(["openssl", "req", "-x509", *key, *name], check=True, capture_output=True)
    return made


def nginx(around: Path, server: str) -> list[str]:
    """The command line of nginx with this server, and nothing of the machine's own configuration."""
    user = "user www-data;" if os.geteuid() == 0 else ""
    paths = "".join(
        f"{name}_temp_path {around}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (around / "nginx.conf").write_text(
        f"daemon off; {user} pid {around}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; {paths}\n{server}\n}}\n"
    )
    return [str(PROGRAMS / "nginx"), "-c", str(around / "nginx.conf"), "-p", str(around), "-e", "stderr"]


def caddy(around: Path, server: str) -> list[str]:
    """The command line of Caddy with this server."""
    (around / "Caddyfile").write_text("{\n    admin off\n    auto_https off\n}\n" + server)
    return [str(PROGRAMS / "caddy"), "run", "--adapter", "caddyfile", "--config", str(around / "Caddyfile")]


@pytest.mark.parametrize("program", ["nginx", "caddy"])
def test_the_page_behind_a_proxy(
    program: str,
    page: Path,
    certificate: tuple[Path, Path],
    around: Path,
    site_with_units: Site,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not (PROGRAMS / program).is_file() and os.environ.get("SOPCTL_LAB") != "required":
        pytest.skip(f"needs {program}: make setup-dev")
    cheap_hashes(monkeypatch)
    port = free_port()
    text = documented(program).replace(SOCKET, str(page))
    for name, file in zip(("pem", "key"), certificate, strict=True):
        text = text.replace(f"/etc/ssl/titipan.{name}", str(file))
    text = text.replace("listen 443", f"listen 127.0.0.1:{port}").replace(f"{NAME} {{", f"https://{NAME}:{port} {{")
    assert str(page) in text
    command = {"nginx": nginx, "caddy": caddy}[program](around, text)
    trusted = ssl.create_default_context(cafile=str(certificate[0]))

    class OverTLS(http.client.HTTPSConnection):
        """To the proxy, which is asked for by the page's name."""

        def connect(self) -> None:
            self.sock = trusted.wrap_socket(socket.create_connection(("127.0.0.1", port), 30), server_hostname=NAME)

    with (
        (around / "said").open("w") as said,
        subprocess.Popen(
            command,
            stdout=said,
            stderr=said,
            env={**os.environ, "XDG_DATA_HOME": str(around), "XDG_CONFIG_HOME": str(around)},
        ) as process,
    ):
        try:
            kadis = Caller(lambda: OverTLS(NAME, timeout=30))
            assert kadis.awaited() == 200, (around / "said").read_text()
            wrong = kadis.fill("/masuk", name="kadis", password="x")
            assert wrong[0] == 422
            claims = {"X_Forwarded_For": "203.0.113.9", "X_Real_IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
            assert kadis.ask("GET", "/nothing", None, **claims)[0] == 404
            kadis.ask("POST", "/masuk", {"token": "x", "name": "kadis", "password": "x"}, **claims)
            assert kadis.fill("/masuk", name="kadis", password=PASSWORD)[0] == 303
            assert "Kepala Dinas" in kadis.ask("GET", "/")[2]
            assert all(name.startswith("__Host-") for name in kadis.cookies)
            assert kadis.ask("GET", "/", None, Host="example.org")[0] in (200, 421), "a proxy may have one site alone"
        finally:
            process.terminate()
    noted = accounts.sessions(site_with_units).refusals()
    assert {(address, what) for _, _, address, what, _ in noted} >= {
        ("127.0.0.1", "login-refused"),
        ("127.0.0.1", "form-of-another-session"),
    }
    assert "203.0.113.9" not in str(noted), "what a client says of itself counts for nothing"
    if os.geteuid() == 0:
        who = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"]
        tried = ["sh", "-c", 'test -w "$0" || echo refused', str(page)]  # what connect(2) asks of a socket
        assert subprocess.run([*who, *tried], capture_output=True, text=True, check=True).stdout == "refused\n"
