"""Channels that people read besides e-mail (webhooks, chats), through apprise.

apprise returns only true or false and logs the reason. The reason is read from that log, without the channel's URL,
which is a secret. It reads an answer whole, however long that is and takes: so each message is posted by a process of
its own, bounded in time and memory.
"""

import ipaddress
import logging
import os
import re
import resource
import subprocess
import sys
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from sopctl.errors import Action, InvalidRecord, OutsideFailure
from sopctl.locale import Text
from sopctl.model.as_json import NotJson, from_json
from sopctl.model.text import printable

TIMEOUT_SECONDS = 20
"""For connecting, and between two parts of an answer."""
POST_SECONDS = 60.0
"""For everything together."""
MEMORY = 1024 * 1024 * 1024
"""Bytes of address space of the process that posts; apprise itself takes a third of it."""
_UNENCRYPTED = ("json", "xml", "form", "http")
"""apprise's schemes that use plain HTTP: allowed to this machine only."""


class _Post(Struct):
    """What is posted, and where to."""

    url: str
    title: str
    text: str


class _Done(Struct):
    """What became of it, and what apprise said."""

    understood: bool
    taken: bool
    said: str


def post(name: str, url: str, *, title: str, text: str) -> None:
    """Post a message to the channel `name` at the apprise URL `url`. Returns once the channel has accepted it.

    Never follows a redirect. Raises InvalidRecord for a URL that apprise does not understand or that is not encrypted,
    OutsideFailure when the channel cannot be reached or refuses.
    """
    _refuse_unencrypted(name, url)
    done = _posted(_Post(url, title, text))
    if not done.understood:
        raise InvalidRecord(
            "channel-url-not-understood",
            "the URL of the channel {channel!r} is not one that apprise understands",
            remedy="Write it as apprise does, such as jsons://host/path or slack://…",
            channel=name,
        )
    if not done.taken:
        raise OutsideFailure(
            "channel-refused",
            "the channel {channel!r} did not take the message: {reason}",
            remedy=(
                "Check the channel, then run the command again.",
                "Or inform the contact person by other means.",
                Action("notify", given={"via": "phone"}),
            ),
            channel=name,
            reason=_reason(done.said, url),
        )


def _posted(what: _Post) -> _Done:
    """Post it in a process of its own. The URL, a secret, goes through a pipe."""
    paths = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        ran = subprocess.run(
            [sys.executable, "-P", "-m", __name__],
            input=msgspec.json.encode(what),
            capture_output=True,
            env=paths,
            timeout=POST_SECONDS,
            check=True,
        )
        return from_json(ran.stdout, _Done)
    except subprocess.TimeoutExpired:
        return _Done(True, False, f"no whole answer in {POST_SECONDS:.0f} s, the message may have arrived")
    except (subprocess.CalledProcessError, NotJson, OSError):
        return _Done(True, False, "the answer could not be read, the message may have arrived")


def _post(what: _Post) -> _Done:
    import apprise

    asset = apprise.AppriseAsset(app_id="sopctl", http_redirects=False, async_mode=False)
    sender = apprise.Apprise(asset=asset)
    separator = "&" if "?" in what.url else "?"
    if not sender.add(f"{what.url}{separator}rto={TIMEOUT_SECONDS}&cto={TIMEOUT_SECONDS}&redirect=no"):
        return _Done(False, False, "")
    with apprise.LogCapture(level=logging.WARNING) as log:  # type: ignore[no-untyped-call]
        taken = sender.notify(title=what.title, body=what.text, body_format="text")
        return _Done(True, bool(taken), log.getvalue())


def _refuse_unencrypted(name: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme.lower() in _UNENCRYPTED and not _loopback(parts.hostname or ""):
        raise InvalidRecord(
            "channel-not-encrypted",
            "messages to the channel {channel!r} would be sent unencrypted ({scheme}://)",
            remedy=Text("Use {scheme}s://", scheme=parts.scheme),
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


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_AS)[1]
    least = MEMORY if most == resource.RLIM_INFINITY else min(MEMORY, most)
    resource.setrlimit(resource.RLIMIT_AS, (least, least))
    done = _post(from_json(sys.stdin.buffer.read(), _Post))
    os.write(1, msgspec.json.encode(done))
