"""Certificates, configuration and a worker's folder, and the command lines of docs/howto/engine.md."""

import re
import shlex
import stat
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sopctl.adapters.engine import certificates
from sopctl.errors import InvalidRecord, NotNow
from sopctl.store.engine.files import EngineFiles
from sopctl.store.modes import loose
from sopctl.store.site import Site
from sopctl.workflow.setup import engine, scheduling, secrets
from tests import engines
from tests.engines import Broker
from tests.printed import DOCS, printed

NOW = datetime.now(UTC)


def having(site: Site, text: str) -> Site:
    file = site.root / "sopctl.yml"
    file.write_text(f"{file.read_text()}\n{text}\n")
    return Site(site.root)


def test_setup_makes_what_is_missing_and_keeps_the_rest(site: Site) -> None:
    with pytest.raises(NotNow):
        engine.setup(site, NOW)
    made = having(site, "engine: {url: 'tls://titipan.example.org:4222', networks: [cabang]}")
    first = {str(each.relative_to(made.root / "keys" / "engine")) for each in engine.setup(made, NOW)}
    assert {"authority.key", "server/nats-server.conf", "server/server.key", "worker-cabang/worker-cabang.key"} <= first
    assert "server/authority.key" not in first, "who signs stays here"
    assert engine.setup(made, NOW) == []

    kept = EngineFiles(made)
    authority = kept.read("authority.pem")
    text = (made.root / "sopctl.yml").read_text().replace("[cabang]", "[cabang, gedung-b]")
    (made.root / "sopctl.yml").write_text(text.replace("titipan.example.org", "baru.example.org"))
    more = Site(made.root)
    changed = {str(each.relative_to(more.root / "keys" / "engine")) for each in engine.setup(more, NOW)}
    assert {"worker-gedung-b/worker-gedung-b.pem", "server/server.pem", "server/nats-server.conf"} <= changed
    assert not {"authority.pem", "worker-cabang/worker-cabang.pem", "controller/controller.pem"} & changed
    assert kept.read("authority.pem") == authority
    assert certificates.is_for(kept.read("server/server.pem") or b"", ["baru.example.org"])

    later = NOW + timedelta(days=certificates.DAYS - 10)
    renewed = {each.name for each in engine.setup(more, later)}
    assert {"controller.pem", "server.pem", "worker-cabang.pem"} <= renewed
    assert "authority.pem" not in renewed
    anew = {each.name for each in engine.setup(more, NOW, anew=True)}
    assert {"authority.pem", "authority.key", "controller.pem", "worker-cabang.pem"} <= anew


def test_nobody_else_reads_what_setup_makes(site: Site) -> None:
    made = having(site, "engine: {url: 'tls://192.0.2.9:4222', networks: [cabang]}")
    engine.setup(made, NOW)
    folder = made.root / "keys" / "engine"
    for path in (folder, *folder.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    assert [each for each in loose(made.root) if "engine" in str(each)] == []
    assert [each for each in secrets.exposed(made) if "engine" in str(each.path)] == []
    assert 'listen: "192.0.2.9:4222"' in (folder / "server" / "nats-server.conf").read_text()


def test_the_authority_alone_is_no_way_in(site: Site) -> None:
    """OpenSSL's own judgement: a worker's certificate serves nobody, and the broker's is nobody's."""
    made = having(site, "engine: {url: 'tls://192.0.2.9:4222', networks: [cabang]}")
    engine.setup(made, NOW)
    folder = made.root / "keys" / "engine"

    def fits(certificate: str, purpose: str) -> bool:
        words = ["openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", str(folder / "authority.pem")]
        return subprocess.run([*words, str(folder / certificate)], capture_output=True, check=False).returncode == 0

    for client in ("controller/controller.pem", "worker-cabang/worker-cabang.pem"):
        assert (fits(client, "sslclient"), fits(client, "sslserver")) == (True, False)
    assert (fits("server/server.pem", "sslserver"), fits("server/server.pem", "sslclient")) == (True, False)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("engine: {url: 'nats://192.0.2.9:4222'}", "url"),
        ("engine: {url: 'tls://192.0.2.9'}", "url"),
        ("engine: {url: 'tls://user:pass@192.0.2.9:4222'}", "url"),
        ("engine: {url: 'tls://999.0.2.9:4222'}", "url"),
        ("engine: {url: 'tls://192.0.2.9:4222', networks: [a, a]}", "once"),
        ("engine: {url: 'tls://192.0.2.9:4222', networks: ['a.b']}", "networks"),
        ("engine: {url: 'tls://192.0.2.9:4222', networks: ['*']}", "networks"),
        ("engine: {url: 'tls://192.0.2.9:4222', minutes: 0}", "minutes"),
    ],
)
def test_settings_that_cannot_be_are_refused(site: Site, text: str, why: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        _ = having(site, text).settings
    assert why in f"{refused.value}"


def test_a_worker_has_the_folder_of_its_network(site: Site) -> None:
    made = having(site, "engine: {url: 'tls://192.0.2.9:4222', networks: [cabang]}")
    engine.setup(made, NOW)
    folder = engines.worker_folder(made, "cabang")
    assert engine.worker_file(folder, None).broker == "tls://192.0.2.9:4222"
    with pytest.raises(InvalidRecord) as refused:
        engine.worker_file(folder, "gedung-b")
    assert refused.value.id == "worker-of-another-network"
    files = scheduling.worker_files(folder, scheduling.owner_scope(folder, user=False, run_as="nobody"))
    [(name, text)] = files.items()
    assert name.startswith("sopctl-worker-cabang-")
    assert name.endswith("-worker.service")
    assert f'"--network" "cabang" "--folder" "{folder}"' in text
    assert "ReadWritePaths=\n" in text, "it writes nothing"


def test_the_command_lines_of_the_document_run_as_they_are_printed(
    site: Site, sopctl: Callable[..., Any], tmp_path: Path
) -> None:
    port = engines.free_port()
    made = engines.with_engine(site, ("cabang",), port)
    broker = Broker(made, port).start()
    worker = engines.worker(made, "cabang", tmp_path / "worker.log")
    document = DOCS / "howto/engine.md"
    lines = printed(document)
    assert len(lines) >= 3
    here = str(engines.worker_folder(made, "cabang"))
    plain = re.findall(r"^ *(?:sudo )?(sopctl schedule install --worker .*)$", document.read_text(), re.MULTILINE)
    assert plain
    lines += [
        f"{each.replace('/etc/sopctl-worker', here).replace('--run-as sopctl', '--run-as nobody --dry-run')}"
        for each in plain
    ]
    try:
        worker.await_connection()
        for line in lines:
            name, *words = shlex.split(line)
            assert name == "sopctl"
            ran = sopctl(*words)
            assert ran.code == 0 or words == ["engine", "status"], (line, ran)
    finally:
        worker.end()
        broker.kill()
