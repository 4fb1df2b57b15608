"""The page as a command: it listens on loopback or a socket, and ends when told; its accounts by their commands."""

import http.client
import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from click.testing import CliRunner

from sopctl.cli.main import cli
from sopctl.store.site import Site
from tests.conftest import Ran
from tests.faults.outside import free_port
from tests.patience import PATIENCE
from tests.printed import DOCS, printed


@contextmanager
def served(site: Site, *words: str) -> Iterator[subprocess.Popen[str]]:
    """The page in a process of its own, once it says where it is."""
    command = [sys.executable, "-m", "sopctl", "--site", str(site.root), "serve", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr is not None
            assert "the page of" in process.stderr.readline()
            yield process
        finally:
            process.kill()


class OverSocket(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("titipan.example.org", timeout=30)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(str(self.path))


def health(make: Callable[[], http.client.HTTPConnection]) -> int:
    """The status of `/sehat`, once something listens."""
    for _ in range(3000):
        connection = make()
        try:
            connection.request("GET", "/sehat")
            return connection.getresponse().status
        except (ConnectionRefusedError, FileNotFoundError):
            subprocess.run(["sleep", "0.02"], check=True)
        finally:
            connection.close()
    raise AssertionError("nothing listens")


def test_it_listens_on_loopback_and_ends_when_told(site: Site) -> None:
    port = free_port()
    with served(site, "--port", str(port)) as process:
        assert health(lambda: http.client.HTTPConnection("127.0.0.1", port, timeout=30)) == 200
        process.send_signal(signal.SIGTERM)
        process.wait(PATIENCE)


def test_behind_a_proxy_it_knows_its_address(site: Site, tmp_path: Path, sopctl: Callable[..., Ran]) -> None:
    path = tmp_path / "page.sock"
    ran = sopctl("serve", "--unix", str(path))
    assert ran.code == 2
    assert "its address" in ran.err
    settings = site.root / "sopctl.yml"
    settings.write_text(settings.read_text() + 'page: {url: "https://titipan.example.org/x"}\n')
    assert sopctl("validate").code == 3
    settings.write_text(settings.read_text().replace("org/x", "org"))
    for _ in range(2):  # the second time a killed page has left its socket
        with served(site, "--unix", str(path)):
            assert health(lambda: OverSocket(path)) == 200
            assert path.stat().st_mode & 0o777 == 0o660


def test_where_another_listens_it_says_so_and_takes_nothing_away(
    site: Site, tmp_path: Path, sopctl: Callable[..., Ran]
) -> None:
    settings = site.root / "sopctl.yml"
    settings.write_text(settings.read_text() + 'page: {url: "https://titipan.example.org"}\n')
    with socket.create_server(("127.0.0.1", 0)) as other, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "page.sock"))
        local.listen()
        for words in (["--port", str(other.getsockname()[1])], ["--unix", str(tmp_path / "page.sock")]):
            ran = sopctl("serve", *words)
            assert (ran.code, "the page cannot listen there" in ran.err) == (6, True), ran.err
        with socket.socket(socket.AF_UNIX) as again:
            again.connect(str(tmp_path / "page.sock"))


def test_accounts_by_their_commands(site: Site) -> None:
    def run(*words: str) -> str:
        ran = CliRunner().invoke(cli, ["--site", str(site.root), *words])
        assert ran.exit_code == 0, ran.output
        return ran.output

    lines = [line for name in ("howto/page-behind-nginx", "reference/page") for line in printed(DOCS / f"{name}.md")]
    assert len(lines) >= 2
    for line in lines:
        name, *words = shlex.split(line)
        assert name == "sopctl"
        run(*words)
    made = json.loads(run("account", "invite", "inspektorat", "--as", "auditor", "--json"))
    assert re.fullmatch(r"/undangan/[\w-]{43}", made["link"])
    assert json.loads(run("account", "list", "--json"))["accounts"] == [
        {"account": "inspektorat", "kind": "auditor", "standing": "invited", "code": False},
        {"account": "kadis", "kind": "person", "standing": "invited", "code": False},
    ]
    assert made["link"].rpartition("/")[2] not in (site.root / "page/page.sqlite3").read_bytes().decode("latin-1")
    run("account", "revoke", "inspektorat")
    assert "inspektorat" not in run("account", "list")
    assert run("account", "refusals") == ""
