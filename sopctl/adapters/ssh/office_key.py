"""The script that changes the office's key on a server, a step at a time."""

import shlex
from importlib import resources


def script(deposit: str, way_in: str, window: str, fingerprint: str) -> bytes:
    """office_key.sh with what it needs: whose server it must be, and the texts of way_in.sh, window.sh and
    fingerprint.sh. Its arguments are described in its head."""
    values = {"DEPOSIT": deposit, "window": f"{way_in}\n{window}", "fingerprint": fingerprint}
    given = "".join(f"{name}={shlex.quote(text)}\n" for name, text in values.items())
    body = resources.files(__package__).joinpath("office_key.sh").read_text()
    return f"{given}{way_in}\n{body}".encode()
