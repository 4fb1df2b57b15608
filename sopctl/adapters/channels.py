"""Channels that people read besides e-mail (webhooks, chats), through apprise.

apprise returns only true or false and logs the reason. The reason is read from that log, without the channel's URL,
which is a secret.
"""

import ipaddress
import logging
import re
from urllib.parse import urlsplit

from sopctl.errors import Action, InvalidRecord, OutsideFailure
from sopctl.model.text import printable

TIMEOUT_SECONDS = 20
_UNENCRYPTED = ("json", "xml", "form", "http")
"""apprise's schemes that use plain HTTP: allowed to this machine only."""


def post(name: str, url: str, *, title: str, text: str) -> None:
    """Post a message to the channel `name` at the apprise URL `url`. Returns once the channel has accepted it.

    Never follows a redirect. Raises InvalidRecord for a URL that apprise does not understand or that is not encrypted,
    OutsideFailure when the channel cannot be reached or refuses.
    """
    import apprise

    _refuse_unencrypted(name, url)
    asset = apprise.AppriseAsset(app_id="sopctl", http_redirects=False, async_mode=False)
    sender = apprise.Apprise(asset=asset)
    separator = "&" if "?" in url else "?"
    if not sender.add(f"{url}{separator}rto={TIMEOUT_SECONDS}&cto={TIMEOUT_SECONDS}&redirect=no"):
        raise InvalidRecord(
            "channel-url-not-understood",
            "the URL of the channel {channel!r} is not one that apprise understands",
            remedy="Write it as apprise does, such as jsons://host/path or slack://…",
            channel=name,
        )
    with apprise.LogCapture(level=logging.WARNING) as log:  # type: ignore[no-untyped-call]
        taken = sender.notify(title=title, body=text, body_format="text")
        said = log.getvalue()
    if not taken:
        raise OutsideFailure(
            "channel-refused",
            "the channel {channel!r} did not take the message: {reason}",
            remedy=(
                "Check the channel, then run the command again.",
                "Or inform the contact person by other means.",
                Action("notify", given={"via": "phone"}),
            ),
            channel=name,
            reason=_reason(said, url),
        )


def _refuse_unencrypted(name: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme.lower() in _UNENCRYPTED and not _loopback(parts.hostname or ""):
        raise InvalidRecord(
            "channel-not-encrypted",
            "messages to the channel {channel!r} would be sent unencrypted ({scheme}://)",
            remedy=f"Use {parts.scheme}s://",
            channel=name,
            scheme=parts.scheme,
        )


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _reason(said: str, url: str) -> str:
    """The last line that apprise logged, with every part of the URL masked."""
    lines = [line.split(" - ")[-1] for line in said.splitlines() if line.strip()]
    text = lines[-1] if lines else "no reason was given"
    for part in sorted(filter(None, re.split(r"[/:@?&=]+", url)), key=len, reverse=True):
        if len(part) > 5:
            text = text.replace(part, "…")
    return printable(text, 200)
