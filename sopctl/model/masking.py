"""Personal data masked for lists and exports (UU PDP 27/2022): enough to recognise, not enough to use."""

DOT = "•"


def nip(text: str) -> str:
    """A civil servant's number: it encodes birth date and sex, so only its last two digits are shown."""
    return DOT * (len(text) - 2) + text[-2:] if text else ""


def phone(text: str) -> str:
    """A phone number: its last three digits."""
    return DOT * max(len(text) - 3, 3) + text[-3:] if text else ""


def email(text: str | None) -> str | None:
    """An e-mail address: the first letter and the domain."""
    if not text:
        return text
    name, _, domain = text.partition("@")
    return f"{name[:1]}{DOT * 3}@{domain}"
