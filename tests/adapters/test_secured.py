"""One verdict on a certificate and on a version of TLS, whatever the Python."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from sopctl.adapters import secured
from tests.adapters.ssh.certificates import NAME, Authority, web

CHECKOUT = Path(__file__).parents[2]
PYTHONS = [sys.executable] + [
    each
    for each in ("/usr/bin/python3", "python3.12", "python3.13")
    if shutil.which(each) and not subprocess.run([each, "-c", ""], capture_output=True, check=False).returncode
]
"""This one, and the others that this machine has: Debian's own is built with other defaults."""
ASK = """
import socket, ssl, sys
sys.path.insert(0, sys.argv[1])
from sopctl.adapters import secured
context = secured.verified(ca_file=sys.argv[3])
context.set_ciphers("ALL:@SECLEVEL=0")
try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[2])), 20) as raw:
        with context.wrap_socket(raw, server_hostname=sys.argv[4]) as secure:
            print(secure.version())
except ssl.SSLError as error:
    print(error.reason)
"""


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize(
    ("oldest", "name", "verdict"),
    [
        (ssl.TLSVersion.TLSv1_2, NAME, "TLSv1.3"),
        (ssl.TLSVersion.TLSv1_2, "other.example.org", "CERTIFICATE_VERIFY_FAILED"),
        (ssl.TLSVersion.TLSv1_1, NAME, "TLSV1_ALERT_PROTOCOL_VERSION"),
    ],
)
def test_the_verdict_is_the_same(python: str, oldest: ssl.TLSVersion, name: str, verdict: str, tmp_path: Path) -> None:
    """The authority and the certificate lack the key identifiers that Python 3.13 insists on by itself."""
    authority = Authority(tmp_path / "ca.pem")
    with web(200, authority.issue(tmp_path, NAME), oldest) as server:
        words = [python, "-I", "-c", ASK, str(CHECKOUT), str(server.port), str(authority.file), name]
        ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert ran.stdout.strip() == verdict, ran.stderr


def test_what_is_only_compared_with_a_pin_is_not_judged(tmp_path: Path) -> None:
    with (
        web(200, Authority(tmp_path / "stranger.pem").issue(tmp_path, NAME)) as server,
        socket.create_connection(("127.0.0.1", server.port), 20) as raw,
        secured.unverified().wrap_socket(raw, server_hostname="other.example.org") as secure,
    ):
        assert secure.getpeercert(binary_form=True)


def test_authorities_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "no.pem").write_text("no certificate")
    for file in (tmp_path / "no.pem", tmp_path / "missing.pem"):
        with pytest.raises((OSError, ssl.SSLError)), contextlib.closing(socket.socket()):
            secured.verified(ca_file=file)
