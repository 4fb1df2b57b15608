"""Public keys of people, made for tests: whose it is says which."""

import base64
import hashlib

TYPE = b"ssh-ed25519"


def public_key(whose: str) -> str:
    """The same sound line of a .pub file each time, without a comment. Nobody has the private key."""
    parts = (TYPE, hashlib.sha256(whose.encode()).digest())
    blob = b"".join(len(part).to_bytes(4) + part for part in parts)
    return f"{TYPE.decode()} {base64.b64encode(blob).decode()}"
