"""The keys that we accept are those that ssh accepts: asked of ssh-keygen itself."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from sopctl.adapters.ssh import load_key
from sopctl.errors import InvalidRecord, SopctlError
from sopctl.store.site import Site

MADE: dict[str, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey] = {
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "ecdsa": ec.generate_private_key(ec.SECP256R1()),
    "rsa": rsa.generate_private_key(65537, 2048),
}
FORMS: dict[str, Callable[[bytes], bytes]] = {
    "as it is": lambda key: key,
    "CRLF": lambda key: key.replace(b"\n", b"\r\n"),
    "a line before": lambda key: b"\n" + key,
    "a blank before": lambda key: b" " + key,
    "no end": lambda key: key.rstrip(),
    "blanks at the end": lambda key: key.rstrip() + b"  \n",
    "more behind": lambda key: key + b"\n\n",
    "BOM": lambda key: b"\xef\xbb\xbf" + key,
}


def written(kind: str, form: str) -> bytes:
    wanted = {"openssh": pem.PrivateFormat.OpenSSH, "pkcs8": pem.PrivateFormat.PKCS8}
    traditional = pem.PrivateFormat.TraditionalOpenSSL
    return MADE[kind].private_bytes(pem.Encoding.PEM, wanted.get(form, traditional), pem.NoEncryption())


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("kind", "encoding"),
    [*((kind, "openssh") for kind in MADE), ("rsa", "pkcs8"), ("ecdsa", "pkcs8"), ("rsa", "pem"), ("ecdsa", "pem")],
)
def test_what_ssh_reads_is_what_we_take(tmp_path: Path, kind: str, encoding: str, form: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(FORMS[form](written(kind, encoding)))
    path.chmod(0o600)
    asked = subprocess.run(["ssh-keygen", "-y", "-P", "", "-f", path], capture_output=True, check=False)
    try:
        load_key(path)
    except SopctlError:
        ours = False
    else:
        ours = True
    assert ours <= (asked.returncode == 0), "what we take, a run can use"
    if encoding == "openssh":
        assert ours == (asked.returncode == 0)


def test_a_form_that_only_new_versions_read_is_refused(tmp_path: Path, site: Site) -> None:
    path = site.root / "keys/owner"
    path.write_bytes(written("ed25519", "pkcs8"))
    path.chmod(0o600)
    for read in (lambda: load_key(path), lambda: site.key_file("owner")):
        with pytest.raises(InvalidRecord, match="PKCS #8") as refused:
            read()
        assert refused.value.id == "private-key-not-for-ssh"


def test_secrets_that_are_no_keys_are_left_alone(site: Site) -> None:
    path = site.root / "keys/mail"
    path.write_bytes(b"BEGIN PRIVATE KEY\r\n")
    path.chmod(0o600)
    assert site.key_file("mail") == path
