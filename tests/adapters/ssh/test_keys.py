"""A private key is read when it is one, kept as a secret, and usable with nobody there."""

import os
import subprocess
from pathlib import Path

import pytest

from sopctl.adapters.ssh import load_key
from sopctl.errors import InvalidRecord, OutsideFailure, SopctlError


def make(path: Path, kind: str, form: str = "RFC4716", passphrase: str = "") -> Path:
    command = ["ssh-keygen", "-q", "-t", kind, "-m", form, "-N", passphrase, "-f", str(path)]
    subprocess.run(command, check=True)
    return path


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("ed25519", "RFC4716"),
        ("ecdsa", "RFC4716"),
        ("ecdsa", "PEM"),
        ("rsa", "RFC4716"),
        ("rsa", "PEM"),
        ("rsa", "PKCS8"),
    ],
)
def test_reads(kind: str, form: str, tmp_path: Path) -> None:
    path = make(tmp_path / "key", kind, form)
    shown = subprocess.run(["ssh-keygen", "-lf", path], capture_output=True, text=True, check=True).stdout
    key = load_key(path)
    assert key.fingerprint in shown
    assert repr(key) == f"Key(fingerprint={key.fingerprint!r})"


@pytest.mark.parametrize("form", ["RFC4716", "PEM"])
def test_refuses_a_passphrase(form: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRecord, match="passphrase"):
        load_key(make(tmp_path / "key", "rsa", form, "correct horse"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o677])
def test_refuses_what_others_may_touch(mode: int, tmp_path: Path) -> None:
    path = make(tmp_path / "key", "ed25519")
    path.chmod(mode)
    with pytest.raises(InvalidRecord) as caught:
        load_key(path)
    assert caught.value.remedy == (f"chmod 600 {path}",)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage\n",
        b"\xff\xfe\x00",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        b"x" * 100_000,
    ],
)
def test_refuses_garbage(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InvalidRecord, match="not a private key"):
        load_key(path)


def test_refuses_a_public_key(tmp_path: Path) -> None:
    public = make(tmp_path / "key", "ed25519").with_suffix(".pub")
    public.chmod(0o600)
    with pytest.raises(InvalidRecord, match="not a private key"):
        load_key(public)


def test_never_waits_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(InvalidRecord):
        load_key(tmp_path / "pipe")


def test_says_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(OutsideFailure, match="No such file"):
        load_key(tmp_path / "none")
    with pytest.raises(SopctlError):
        load_key(tmp_path)
