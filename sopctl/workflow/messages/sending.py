"""Handing a message over: to the site's mail server, or to its channels. Errors in the settings are found before
anything is recorded or sent."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from sopctl.adapters import channels, mail
from sopctl.adapters.mail import MayHaveArrived
from sopctl.errors import Advice, OutsideFailure, UsageError
from sopctl.model.message import Message
from sopctl.store.durable import disk_errors, opened
from sopctl.store.site import Site

__all__ = ["MayHaveArrived", "Ready", "by_channels", "by_email", "new_id", "no_email", "secret", "to_channel"]


class Ready(NamedTuple):
    """A message that is ready to be sent: to whom, and how. `send` returns those who were to have a copy and were
    refused; it raises OutsideFailure when the message is not accepted for `to`."""

    to: str
    send: Callable[[], tuple[str, ...]]


def new_id(site: Site, what: str, number: int) -> str:
    """The id of a message, made from what it is about, so that a message sent twice can be recognised."""
    domain = site.settings.mail.sender.partition("@")[2] if site.settings.mail else "sopctl.invalid"
    return f"{what}.{number}@{domain}"


def by_email(
    site: Site, message: Message, message_id: str, *, otherwise: Advice = (), attached: Sequence[Path] = ()
) -> Ready:
    """The message as an e-mail, with the files `attached`. Raises `no_email` when the site has no mail server or the
    addressee no address."""
    settings, to = site.settings.mail, message.to
    if settings is None or to is None:
        raise no_email(site, message, otherwise)
    login = (settings.user, secret(site, settings.password)) if settings.password else None
    files = {path.name: _content(path) for path in attached}

    def send() -> tuple[str, ...]:
        return mail.send(
            host=settings.host,
            port=settings.port,
            tls=settings.tls,
            sender=settings.sender,
            sender_name=site.settings.office.name,
            to=to,
            subject=message.subject,
            text=message.text,
            message_id=message_id,
            copies=message.copies,
            files=files,
            login=login,
            ca=settings.ca or None,
        )

    return Ready(to, send)


def _content(path: Path) -> bytes:
    with opened(path, links=False) as file:
        return file.read()


def no_email(site: Site, message: Message, otherwise: Advice = ()) -> UsageError:
    """Why a message cannot go by e-mail; `otherwise` is the remedy."""
    if site.settings.mail is None:
        return UsageError(
            "no-mail-server",
            "this site has no mail server (`mail` in sopctl.yml)",
            remedy=otherwise or "Name it there, as docs/howto/checks.md says.",
        )
    return UsageError(
        "no-email-address",
        "there is no e-mail address for {person}",
        remedy=otherwise or "Enter it where the person is named: in sopctl.yml, or in the deposit's record.",
        person=message.name,
    )


def by_channels(site: Site, message: Message, *, otherwise: Advice = ()) -> Ready:
    """The message to every channel of the site. Raises UsageError when there is none; `otherwise` is its remedy."""
    urls = {name: secret(site, channel.url) for name, channel in site.settings.message_channels.items()}
    if not urls:
        raise UsageError(
            "no-channels",
            "this site has no channels (`channels` in sopctl.yml)",
            remedy=otherwise or "Name it there, as docs/howto/checks.md says.",
        )

    def send() -> tuple[str, ...]:
        for number, (name, url) in enumerate(urls.items()):
            try:
                channels.post(name, url, title=message.subject, text=message.text)
            except OutsideFailure as error:
                if number == 0:
                    raise
                raise MayHaveArrived(
                    "not-all-channels",
                    "other channels have the message, but {reason}",
                    remedy=(
                        "Do not send it again: the others have it. Check this channel; tell by other means "
                        "who reads only this one."
                    ),
                    reason=error.text,
                ) from error
        return ()

    return Ready(", ".join(urls), send)


def to_channel(site: Site, name: str, message: Message) -> Ready:
    """The message to one channel of the site."""
    url = secret(site, site.settings.message_channels[name].url)

    def send() -> tuple[str, ...]:
        channels.post(name, url, title=message.subject, text=message.text)
        return ()

    return Ready(name, send)


def secret(site: Site, name: str) -> str:
    """A secret of the site: one line of a file in keys/. Raises OutsideFailure when the file is missing or can be read
    by others."""
    path = site.key_file(name)
    with disk_errors(path, "read"):
        return path.read_text().strip()
