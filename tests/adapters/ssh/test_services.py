"""TLS and HTTP against real servers with certificates that are wrong in one way each, and against hostile ones."""

import contextlib
import re
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paramiko
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sopctl.adapters.ssh import check
from sopctl.adapters.ssh.tls import load_ca, read_certificate
from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.model.access.ladder import AccessResult, Rung, Verdict, remedy
from sopctl.model.access.target import Service, ServiceKind, Target
from sopctl.model.text import printable
from tests.adapters.ssh import hostile
from tests.adapters.ssh.certificates import NAME, Authority, web
from tests.adapters.ssh.hostile import Behaviour
from tests.patience import LATE

CASES = yaml.load((Path(__file__).parents[2] / "cases" / "causes.yml").read_text(), yaml.CSafeLoader)
ROOMY = 20.0


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca") / "ca.pem")


@pytest.fixture(scope="module")
def ssh_port() -> Iterator[int]:
    """A server whose SSH is well: a check gets as far as its services."""
    with hostile.listening(hostile.ssh(Behaviour(), paramiko.ECDSAKey.generate())) as host:
        yield host.port


@contextlib.contextmanager
def served(case: dict[str, Any], authority: Authority, folder: Path) -> Iterator[int]:
    """The service that a row of causes.yml describes: its port."""
    options = dict(case["serve"])
    if "web" in options:
        status, names = options["web"], options.get("names")
        issuer = Authority(folder / "stranger.pem") if options.get("stranger") else authority
        certificate = (
            issuer.issue(folder, *names, begins=options.get("begins", -1), days=options.get("days", 30))
            if names
            else None
        )
        oldest = ssl.TLSVersion.TLSv1_1 if options.get("old") else ssl.TLSVersion.TLSv1_2
        with web(status, certificate, oldest) as server:
            yield server.port
    elif options.get("silent"):
        with hostile.listening(hostile.silent) as host:
            yield host.port
    elif "repeating" in options:
        with hostile.listening(hostile.repeating(options["repeating"].encode())) as host:
            yield host.port
    else:
        with hostile.listening(hostile.saying(options["saying"].encode())) as host:
            yield host.port


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize("case", [pytest.param(one, id=one["name"]) for one in CASES if "serve" in one])
def test_cause_of_a_service(case: dict[str, Any], authority: Authority, ssh_port: int, tmp_path: Path) -> None:
    timeout = case.get("timeout", ROOMY)
    with served(case, authority, tmp_path) as port:
        services = (Service(port, ServiceKind(case["kind"])),)
        target = Target("127.0.0.1", ssh_port, services=services, timeout=timeout, server_name=NAME)
        began = time.monotonic()
        result = check(target, ca=load_ca(authority.file))
        assert time.monotonic() - began < timeout + LATE
    assert (result.rung, result.cause) == (case["rung"], case["cause"]), result
    assert re.search(case["detail"], result.detail), result.detail
    assert f"port {port}: " in result.detail
    assert result.detail == printable(result.detail, 2000)
    assert result.services[0].cause == case["cause"]
    assert remedy(result)


def test_all_services_well(authority: Authority, ssh_port: int, tmp_path: Path) -> None:
    certificate = authority.issue(tmp_path, NAME, "127.0.0.1")
    greeting = hostile.saying(b"220-mail.example.org ESMTP\r\n220 ready\r\n")
    with web(301, certificate) as secured, web(200) as plain, hostile.listening(greeting) as mail:
        kinds = {(secured.port, kind) for kind in ("tcp", "tls", "https")} | {(plain.port, "http"), (mail.port, "smtp")}
        services = tuple(Service(port, ServiceKind(kind)) for port, kind in sorted(kinds))
        for name, asked in (NAME, NAME), (None, "127.0.0.1"):
            target = Target("127.0.0.1", ssh_port, services=services, timeout=ROOMY, server_name=name)
            result = check(target, ca=load_ca(authority.file))
            assert result.verdict is Verdict.ACCESSIBLE, result
            assert [one.rung for one in result.rungs][-3:] == [Rung.SERVICE, Rung.TLS, Rung.HTTP]
            assert plain.hosts[-1] == secured.hosts[-1] == asked
    found = {(one.port, one.kind): one for one in result.services}
    assert found[secured.port, ServiceKind.HTTPS].status == 301
    assert found[mail.port, ServiceKind.SMTP].detail == "220-mail.example.org ESMTP"
    assert re.search(r"TLSv1.3, certificate for web.example.org, 127.0.0.1, valid until .*\(28 days\); HTTP 301",
                     found[secured.port, ServiceKind.HTTPS].detail)  # fmt: skip
    assert (found[secured.port, ServiceKind.TLS].expires or "").endswith("+00:00")


def told(services: tuple[Service, ...], ssh_port: int) -> AccessResult:
    return check(Target("127.0.0.1", ssh_port, services=services, timeout=ROOMY))


def test_one_service_that_fails_does_not_hide_the_others(ssh_port: int) -> None:
    with web(200) as good, web(503) as bad, web(404) as worse:
        result = told(tuple(Service(one.port, ServiceKind.HTTP) for one in (good, bad, worse)), ssh_port)
    assert f"port {bad.port}: HTTP 503" in result.detail
    assert f"port {worse.port}: HTTP 404" in result.detail
    assert f"port {good.port}: " not in result.detail
    assert [one.status for one in result.services] == [200, 503, 404]


def test_this_machines_authorities_are_the_default(authority: Authority, ssh_port: int, tmp_path: Path) -> None:
    with web(200, authority.issue(tmp_path, "127.0.0.1")) as secured:
        result = told((Service(secured.port, ServiceKind.TLS),), ssh_port)
    assert result.cause == "certificate-untrusted"
    assert "certificate for 127.0.0.1" in result.detail


def test_authorities_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    with pytest.raises(InvalidRecord, match="holds no certificates"):
        load_ca(tmp_path / "no.pem")
    with pytest.raises(OutsideFailure, match="cannot be read"):
        load_ca(tmp_path / "missing.pem")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=6), st.integers(0, 40))
def test_any_certificate_is_read_or_not(authority: Authority, changes: list[tuple[int, int]], shorter: int) -> None:
    """Nobody has to sign what a hostile server shows: it is looked at to say what was wrong with it."""
    whole = bytearray(ssl.PEM_cert_to_DER_cert(authority.file.read_text()))
    for place, byte in changes:
        whole[place % len(whole)] = byte
    shown = read_certificate(bytes(whole[: len(whole) - shorter]))
    if shown is not None:
        assert str(shown) == printable(str(shown), 2000)
    if not changes and not shorter:
        assert shown is not None
        assert shown.issuer == "CN=Test authority"
