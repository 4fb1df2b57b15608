"""Informing the contact person, with a real SMTP server where e-mail is sent."""

import socket
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from sopctl.errors import OutsideFailure, UsageError
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow import informing
from sopctl.workflow.desk import Desk, turn


class Mailbox:
    """Takes every message, or refuses all of them."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.refuse = False

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.refuse:
            return "554 5.7.1 not today"
        self.messages.append(message_from_bytes(envelope.content, policy=default))
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    """A real SMTP server on loopback, and its port."""
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


def with_mail(desk: Desk, port: int) -> Desk:
    settings = desk.site.root / "sopctl.yml"
    mail = f"mail: {{host: 127.0.0.1, port: {port}, tls: none, sender: pusat-data@example.org}}\n"
    settings.write_text(settings.read_text() + mail)
    return Desk(Site(desk.site.root), desk.typed, desk.clock)


def test_the_contact_person_gets_an_email(
    desk: Desk, until_space: Callable[..., str], mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    deposit = until_space()
    done = informing.notify(with_mail(desk, port), deposit)
    assert done.next == "penitipan 7"
    (message,) = box.messages
    assert message["To"] == "admin@example.org"
    assert message["From"] == "Dinas Komunikasi dan Informatika <pusat-data@example.org>"
    assert message["Subject"] == f"[{deposit}] Tempat untuk server sudah siap"
    assert message["Message-ID"] == f"<{done.data['message_id']}>" == f"<{deposit}.5@example.org>"
    text = message.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "Tempat untuk server web1.example.org sudah siap (rack A1 U1-U2)." in text.decode()
    outcomes = [event.outcome for event in dossiers.read(desk.site, deposit).events[-2:]]
    assert outcomes == ["started", "selesai"]


@pytest.mark.parametrize("broken", ["refused", "gone"])
def test_a_message_that_is_not_taken_leaves_the_step_open(
    desk: Desk, until_space: Callable[..., str], mailbox: tuple[Mailbox, int], broken: str
) -> None:
    box, port = mailbox
    box.refuse = broken == "refused"
    deposit = until_space()
    sending = with_mail(desk, port if broken == "refused" else 9)
    with pytest.raises(OutsideFailure, match="the message was not sent"):
        informing.notify(sending, deposit)
    events = dossiers.read(desk.site, deposit).events
    assert (events[-1].outcome, events[-1].step) == ("failed", 5)
    assert informing.notify(desk, deposit, via="phone").next == "penitipan 7"


def test_a_message_cut_off_by_a_crash_is_not_sent_twice_unasked(
    desk: Desk, until_space: Callable[..., str], mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    deposit = until_space()
    with turn(desk, deposit, "notify") as mine:
        mine.start({"message_id": "x"})  # and then the power went
    sending = with_mail(desk, port)
    with pytest.raises(OutsideFailure, match="it may have arrived"):
        informing.notify(sending, deposit)
    assert box.messages == []
    assert informing.notify(sending, deposit, again=True).next == "penitipan 7"
    assert len(box.messages) == 1


def test_without_a_mail_server_people_say_how_they_informed(desk: Desk, until_space: Callable[..., str]) -> None:
    deposit = until_space()
    with pytest.raises(UsageError, match="this site has no mail server") as caught:
        informing.notify(desk, deposit)
    assert "--via phone|letter|meeting" in caught.value.remedy
    done = informing.notify(desk, deposit, via="letter")
    text = Path(done.documents[0]).read_text()
    assert text.startswith("Yth. Administrator Sistem\nDinas Contoh\n")
    assert done.note == "diberitahukan: letter"


def test_a_dry_run_shows_the_message_and_does_nothing(desk: Desk, until_space: Callable[..., str]) -> None:
    deposit = until_space()
    before = dossiers.read(desk.site, deposit).events
    assert "sudah siap" in informing.preview(desk, deposit).subject
    assert dossiers.read(desk.site, deposit).events == before
