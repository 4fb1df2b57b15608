"""Channels that people read besides e-mail (webhooks, chats), through apprise.

apprise answers with true or false and writes the reason to its log; the reason is taken from there, without the
channel's URL, which is a secret.
"""

import ipaddress
import logging
import re
from urllib.parse import urlsplit

from sopctl.errors import InvalidRecord, OutsideFailure
from sopctl.model.text import printable

TIMEOUT_SECONDS = 20
_OPEN = ("json", "xml", "form", "http")
"""apprise's schemes that would send over plain HTTP: allowed to this machine only."""


def post(name: str, url: str, *, title: str, text: str) -> None:
    """Post a message to the channel `name` at the apprise URL `url`. Returns only when the channel has taken it.

    Never follows a redirect. Raises InvalidRecord for a URL that apprise does not know or that would go over an open
    line, OutsideFailure when the channel cannot be reached or refuses.
    """
    import apprise

    _refuse_open_line(name, url)
    asset = apprise.AppriseAsset(app_id="sopctl", http_redirects=False, async_mode=False)
    sender = apprise.Apprise(asset=asset)
    separator = "&" if "?" in url else "?"
    if not sender.add(f"{url}{separator}rto={TIMEOUT_SECONDS}&cto={TIMEOUT_SECONDS}&redirect=no"):
        raise InvalidRecord(
            "url-channel-none-can-sent",
            "the URL of the channel {name!r} is none that can be sent to",
            remedy="Write it as apprise does, such as jsons://host/path or slack://…",
            name=name,
        )
    with apprise.LogCapture(level=logging.WARNING) as log:  # type: ignore[no-untyped-call]
        taken = sender.notify(title=title, body=text, body_format="text")
        said = log.getvalue()
    if not taken:
        raise OutsideFailure(
            "channel-did-not-take-message",
            "the channel {name!r} did not take the message: {reason}",
            remedy="Check the channel, then run the command again; or inform by other means: --via phone",
            name=name,
            reason=_reason(said, url),
        )


def _refuse_open_line(name: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme.lower() in _OPEN and not _loopback(parts.hostname or ""):
        raise InvalidRecord(
            "channel-would-sent-over-open",
            "the channel {name!r} would be sent over an open line ({scheme}://)",
            remedy=f"Use {parts.scheme}s://",
            name=name,
            scheme=parts.scheme,
        )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(said: str, url: str) -> str:
    """The last line that apprise logged, with every part of the URL taken out."""
    lines = [line.split(" - ")[-1] for line in said.splitlines() if line.strip()]
    text = lines[-1] if lines else "no reason was given"
    for part in sorted(filter(None, re.split(r"[/:@?&=]+", url)), key=len, reverse=True):
        if len(part) > 5:
            text = text.replace(part, "…")
    return printable(text, 200)
