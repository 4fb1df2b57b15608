"""Personal data masked for lists and exports (UU PDP 27/2022): enough to recognise, not enough to use."""

import re
from typing import Any

DOT = "•"
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+")
_NIP = re.compile(r"(?<![0-9])[0-9]{18}(?![0-9])")


def inside(value: Any) -> Any:
    """A text, or data made of texts, with its e-mail addresses and civil servants' numbers masked."""
    if isinstance(value, str):
        hidden = _EMAIL.sub(lambda found: email(found[0]) or "", value)
        return _NIP.sub(lambda found: nip(found[0]), hidden)
    if isinstance(value, dict):
        return {key: inside(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [inside(item) for item in value]
    return value


def nip(text: str) -> str:
    """A civil servant's number: only its last two digits, because it encodes birth date and sex."""
    return DOT * (len(text) - 2) + text[-2:] if text else ""


def phone(text: str) -> str:
    """A phone number: only its last three digits."""
    return DOT * max(len(text) - 3, 3) + text[-3:] if text else ""


def email(text: str | None) -> str | None:
    """An e-mail address: only its first letter and the domain."""
    if not text:
        return text
    name, _, domain = text.partition("@")
    return f"{name[:1]}{DOT * 3}@{domain}"
