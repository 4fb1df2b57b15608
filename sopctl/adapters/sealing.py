"""Bytes sealed with a passphrase: scrypt (RFC 7914) for the key, ChaCha20-Poly1305 (RFC 8439) for the content."""

import os

from sopctl.errors import InvalidRecord, UsageError

MAGIC = b"sopctl-sealed-1\n"
SALT, NONCE = 16, 12
COST = 2**17
"""scrypt's N: with r = 8 it takes 128 MiB and some tenths of a second, for us and for whoever guesses."""
SHORTEST = 12


def seal(content: bytes, passphrase: str) -> bytes:
    """The content, readable only with the passphrase. Raises UsageError for a passphrase that is too short."""
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    if len(passphrase) < SHORTEST:
        raise UsageError(
            "passphrase-too-short",
            "a passphrase needs {least} characters or more",
            remedy="Choose a longer one, such as several words.",
            least=SHORTEST,
        )
    salt, nonce = os.urandom(SALT), os.urandom(NONCE)
    return MAGIC + salt + nonce + ChaCha20Poly1305(_key(passphrase, salt)).encrypt(nonce, content, MAGIC)


def unseal(sealed: bytes, passphrase: str, *, where: str) -> bytes:
    """What was sealed. Raises InvalidRecord for a wrong passphrase, and for content that was altered."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    salt = sealed[len(MAGIC) :][:SALT]
    nonce, content = sealed[len(MAGIC) + SALT :][:NONCE], sealed[len(MAGIC) + SALT + NONCE :]
    try:
        if not sealed.startswith(MAGIC):
            raise InvalidTag
        return ChaCha20Poly1305(_key(passphrase, salt)).decrypt(nonce, content, MAGIC)
    except (InvalidTag, ValueError):
        raise InvalidRecord(
            "not-unsealed",
            "the passphrase does not open this, or it was altered",
            remedy="Check the passphrase (capitals, the layout of the keyboard). If it is right, take another copy.",
            where=where,
        ) from None


def _key(passphrase: str, salt: bytes) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    return Scrypt(salt=salt, length=32, n=COST, r=8, p=1).derive(passphrase.encode())
