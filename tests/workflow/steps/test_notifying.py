"""Informing the contact person, with a real SMTP server where e-mail is sent."""

import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from sopctl.adapters import mail
from sopctl.cli import terminal
from sopctl.errors import Action, InvalidRecord, OutsideFailure, UsageError
from sopctl.model.sop.entries import Informed, Reminded
from sopctl.store import dossiers
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.messages import composing, sending
from sopctl.workflow.steps import notifying, reminding
from sopctl.workflow.views import board
from tests.cases import rows
from tests.conftest import Clock, Ran


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


def with_settings(desk: Desk, text: str) -> Desk:
    """The same desk in a site that has more settings."""
    settings = desk.site.root / "sopctl.yml"
    settings.write_text(settings.read_text() + text)
    return terminal.desk(Site(desk.site.root), user=desk.typed, clock=desk.clock)


def with_mail(desk: Desk, port: int, more: str = "") -> Desk:
    mail = f"mail: {{host: 127.0.0.1, port: {port}, tls: none, sender: pusat-data@example.org}}\n"
    return with_settings(desk, mail + more)


def test_the_contact_person_gets_an_email(
    desk: Desk, until_space: Callable[..., str], mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    deposit = until_space()
    done = notifying.notify(with_mail(desk, port), deposit)
    assert done.next == "penitipan 7"
    (message,) = box.messages
    assert message["To"] == "admin@example.org"
    assert message["From"] == "Dinas Komunikasi dan Informatika <pusat-data@example.org>"
    assert message["Subject"] == f"[{deposit}] Tempat untuk server sudah siap"
    assert message["Message-ID"] == f"<{done.data['message_id']}>" == f"<{deposit}.5@example.org>"
    text = message.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "Tempat untuk server web1.example.org sudah siap (rak A1 U1–U2)." in text.decode()
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
        notifying.notify(sending, deposit)
    events = dossiers.read(desk.site, deposit).events
    assert (events[-1].outcome, events[-1].step) == ("failed", 5)
    assert notifying.notify(desk, deposit, via="phone").next == "penitipan 7"


def test_a_message_cut_off_by_a_crash_is_not_sent_twice_unasked(
    desk: Desk, until_space: Callable[..., str], mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    deposit = until_space()
    with turn(desk, deposit, "notify") as mine:
        mine.start(Informed(via="email", message_id="x"))  # and then the power went
    sending = with_mail(desk, port)
    with pytest.raises(OutsideFailure, match="it may have arrived"):
        notifying.notify(sending, deposit)
    assert box.messages == []
    assert notifying.notify(sending, deposit, again=True).next == "penitipan 7"
    assert len(box.messages) == 1


def test_without_a_mail_server_people_say_how_they_informed(desk: Desk, until_space: Callable[..., str]) -> None:
    deposit = until_space()
    with pytest.raises(UsageError, match="this site has no mail server") as caught:
        notifying.notify(desk, deposit)
    assert caught.value.remedy == (Action("notify", deposit, task="place-ready", needs=("via",)),)
    done = notifying.notify(desk, deposit, via="meeting")
    text = Path(done.documents[0]).read_text()
    assert text.startswith("Yth. Administrator Sistem\nDinas Contoh\n")
    assert done.note == "diberitahukan lewat pertemuan"


def test_a_letter_is_a_paper_with_a_number(desk: Desk, until_space: Callable[..., str]) -> None:
    done = notifying.notify(desk, until_space(), via="letter")
    assert Path(done.documents[0]).read_bytes().startswith(b"%PDF-")
    assert done.data["document"]["number"] == "555/0001.5/KOMINFO/2026"


def test_a_dry_run_shows_the_message_and_does_nothing(desk: Desk, until_space: Callable[..., str]) -> None:
    deposit = until_space()
    before = dossiers.read(desk.site, deposit).events
    assert "sudah siap" in notifying.preview(desk, deposit).subject
    assert dossiers.read(desk.site, deposit).events == before


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=mail",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            str(key),
            "-out",
            str(cert),
        ],
        check=True,
        capture_output=True,
    )
    return cert, key


@pytest.mark.parametrize("tls", ["starttls", "ssl"])
def test_a_message_goes_over_tls_with_a_login(
    desk: Desk, until_space: Callable[..., str], certificate: tuple[Path, Path], tls: str
) -> None:
    cert, key = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    box, logins = Mailbox(), []

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        logins.append((data.login, data.password))
        return AuthResult(success=data.password == b"rahasia")

    starttls = tls == "starttls"
    controller = Controller(
        box,
        hostname="127.0.0.1",
        port=_free_port(),
        authenticator=authenticate,
        auth_required=True,
        tls_context=context if starttls else None,
        require_starttls=starttls,
        auth_require_tls=starttls,
        ssl_context=None if starttls else context,
    )
    controller.start()
    try:
        secret = desk.site.root / "keys" / "mail"
        secret.write_text("rahasia\n")
        mail = f"host: 127.0.0.1, port: {controller.port}, tls: {tls}, sender: pusat-data@example.org, user: data"
        sending = with_settings(desk, f"mail: {{{mail}, password: mail, ca: {cert}}}\n")
        deposit = until_space()
        secret.chmod(0o644)
        with pytest.raises(OutsideFailure, match="can be read by others"):
            notifying.notify(sending, deposit)
        secret.chmod(0o600)
        notifying.notify(sending, deposit)
    finally:
        controller.stop()
    assert logins == [(b"data", b"rahasia")]
    assert len(box.messages) == 1
    written = "".join(path.read_text() for path in desk.site.root.glob("deposits/*/history.yml"))
    assert "rahasia" not in written


def test_a_certificate_of_nobody_known_is_not_trusted(
    desk: Desk, until_space: Callable[..., str], certificate: tuple[Path, Path]
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=_free_port(), tls_context=context)
    controller.start()
    try:
        sending = with_settings(
            desk, f"mail: {{host: 127.0.0.1, port: {controller.port}, tls: starttls, sender: a@example.org}}\n"
        )
        with pytest.raises(OutsideFailure, match=r"the message was not sent: .*certificate"):
            notifying.notify(sending, until_space())
    finally:
        controller.stop()
    assert box.messages == []


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Webhook(BaseHTTPRequestHandler):
    """Takes what is posted, or answers as the test says."""

    taken: ClassVar[list[tuple[str, Any]]] = []
    answer: ClassVar[int] = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).taken.append((self.path, json.loads(body)))
        self.send_response(self.answer)
        if self.answer == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def webhook() -> Iterator[str]:
    """A real HTTP server on loopback; its apprise URL with a secret in its path."""
    Webhook.taken, Webhook.answer = [], 200
    server = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"json://127.0.0.1:{server.server_port}/rahasia-sekali"
    server.shutdown()
    server.server_close()
    thread.join()


def with_channel(desk: Desk, url: str) -> Desk:
    secret = desk.site.root / "keys" / "posko-url"
    secret.write_text(url + "\n")
    secret.chmod(0o600)
    return with_settings(desk, "channels: {posko: {url: posko-url}}\n")


def test_a_webhook_takes_the_message(desk: Desk, until_space: Callable[..., str], webhook: str) -> None:
    deposit = until_space()
    done = notifying.notify(with_channel(desk, webhook), deposit)
    ((path, posted),) = Webhook.taken
    assert path == "/rahasia-sekali"
    assert posted["title"] == f"[{deposit}] Tempat untuk server sudah siap"
    assert "rak A1 U1–U2" in posted["message"]
    assert done.note == "diberitahukan lewat kanal: posko"


@pytest.mark.parametrize("answer", [500, 302, 404])
def test_a_webhook_that_refuses_leaves_the_step_open_and_its_secret_unsaid(
    desk: Desk, until_space: Callable[..., str], webhook: str, answer: int
) -> None:
    Webhook.answer = answer
    deposit = until_space()
    with pytest.raises(OutsideFailure, match="the channel 'posko' did not take the message") as caught:
        notifying.notify(with_channel(desk, webhook), deposit)
    assert "rahasia" not in str(caught.value)
    assert all(path == "/rahasia-sekali" for path, _ in Webhook.taken), "a redirect is not followed"
    dossier = dossiers.read(desk.site, deposit)
    assert (dossier.standing.place, dossier.events[-1].outcome) == ("penitipan 5", "failed")
    assert "rahasia" not in dossier.history.decode()


@pytest.mark.parametrize("url", ["json://192.0.2.1/x", "xml://hooks.example.org/x", "nonsense", "file:///etc/passwd"])
def test_a_channel_over_an_open_line_or_of_no_kind_is_refused(
    desk: Desk, until_space: Callable[..., str], url: str
) -> None:
    with pytest.raises(InvalidRecord, match="channel 'posko'"):
        notifying.notify(with_channel(desk, url), until_space())


def test_what_hides_in_an_older_record_is_shown_in_a_message(desk: Desk) -> None:
    name = "Kabid\u202e evil\u200b\x1b[2J"
    message = composing.to_person(desk.site, name, "k@example.org", "id", "reminder", {"rows": []})
    assert "Kabid\\u202e evil\\u200b\\x1b[2J" in message.text
    assert not {"\u202e", "\u200b", "\x1b"} & set(message.text + message.subject)
    assert "\n" in message.text


@pytest.mark.parametrize("row", rows("messages"), ids=lambda row: f"{row['task']} {row['language']}")
def test_every_message_says_what_it_must(desk: Desk, until_space: Callable[..., str], row: dict[str, Any]) -> None:
    deposit = until_space({"email: admin@example.org": f"email: admin@example.org, language: {row['language']}"})
    dossier = dossiers.read(desk.site, deposit)
    if row["task"] == "reminder":
        rows_due = board.todo(desk).rows
        message = composing.to_person(
            desk.site, "Kabid", "k@example.org", row["language"], "reminder", {"rows": rows_due}
        )
    else:
        content = composing.content(desk.site, dossier, row["task"], place_until="2026-12-07")
        message = composing.to_contact(desk.site, dossier, content)
    for said in row["says"]:
        assert said in f"{message.subject}\n{message.text}"
    assert "None" not in message.text


def test_a_site_has_texts_of_its_own(desk: Desk, until_space: Callable[..., str]) -> None:
    own = desk.site.root / "templates" / "messages" / "id" / "place-ready.txt"
    own.parent.mkdir(parents=True)
    own.write_text("Silakan datang\n\nServer {{ server }}: {{ place }}.\n")
    deposit = until_space({"web1.example.org": "web1.example.org"})
    assert notifying.preview(desk, deposit).subject == f"[{deposit}] Silakan datang"
    own.write_text("Silakan {{ datang }}\n")
    with pytest.raises(InvalidRecord, match="cannot be filled: 'datang' is undefined"):
        notifying.preview(desk, deposit)
    own.write_text("Silakan\n{% if %}\n")
    with pytest.raises(InvalidRecord, match="the template has a syntax error") as caught:
        notifying.preview(desk, deposit)
    assert caught.value.where == f"{own}:2"


def test_what_people_wrote_is_never_a_template(desk: Desk, until_space: Callable[..., str]) -> None:
    deposit = until_space({"name: Administrator Sistem": "name: '{{ 7 * 7 }}'"})
    assert "Yth. {{ 7 * 7 }}" in notifying.preview(desk, deposit).text


def test_a_copy_goes_to_the_administrative_contact_where_the_site_wants_it(
    desk: Desk, until_space: Callable[..., str], mailbox: tuple[Mailbox, int]
) -> None:
    box, port = mailbox
    notifying.notify(with_mail(desk, port, "copy_administrative: true\n"), until_space())
    assert [message["Cc"] for message in box.messages] == ["umum@example.org"]


KILLED_WHILE_SENDING = """
import os, sys
from pathlib import Path
from sopctl.adapters import mail
from sopctl.store.site import Site
from sopctl.adapters import mail
from sopctl.cli import terminal
from sopctl.workflow.steps import notifying
real = mail.send
def send(**words):
    if sys.argv[3] == "after":
        real(**words)
    os.kill(os.getpid(), 9)
mail.send = send
notifying.notify(terminal.desk(Site(Path(sys.argv[1])), user="root"), sys.argv[2])
"""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_around_the_sending_it_is_never_sent_twice_unasked(
    desk: Desk, until_space: Callable[..., str], mailbox: tuple[Mailbox, int], moment: str
) -> None:
    """SIGKILL before the server has the message, and right after: the next try asks a person first."""
    box, port = mailbox
    deposit = until_space()
    sending = with_mail(desk, port)
    ran = subprocess.run(
        [sys.executable, "-c", KILLED_WHILE_SENDING, str(desk.site.root), deposit, moment],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == -9, ran.stderr
    assert len(box.messages) == (moment == "after")
    with pytest.raises(OutsideFailure, match="it may have arrived"):
        notifying.notify(sending, deposit)
    assert len(box.messages) == (moment == "after")
    notifying.notify(sending, deposit, again=True)
    assert {message["Message-ID"] for message in box.messages} == {f"<{deposit}.5@example.org>"}


def test_a_line_that_drops_before_the_answer_leaves_it_open_whether_it_arrived(
    desk: Desk, until_space: Callable[..., str], mailbox: tuple[Mailbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    box, port = mailbox
    deposit = until_space()
    sending = with_mail(desk, port)

    async def take_and_drop(server: Any, _session: Any, envelope: Any) -> str:
        box.messages.append(message_from_bytes(envelope.content, policy=default))
        server.transport.abort()
        return "250 OK"

    with monkeypatch.context() as once:
        once.setattr(box, "handle_DATA", take_and_drop)
        with pytest.raises(OutsideFailure, match="the connection was lost"):
            notifying.notify(sending, deposit)
    assert dossiers.read(desk.site, deposit).standing.unfinished
    with pytest.raises(OutsideFailure, match="it may have arrived"):
        notifying.notify(sending, deposit)
    assert len(box.messages) == 1
    notifying.notify(sending, deposit, again=True)
    assert len({message["Message-ID"] for message in box.messages}) == 1


def test_who_is_late_is_reminded_once_a_level(
    desk: Desk, file_request: Callable[..., str], mailbox: tuple[Mailbox, int], clock: Clock
) -> None:
    box, port = mailbox
    settings = desk.site.root / "sopctl.yml"
    text = settings.read_text()
    for who in ("kadis", "kabid"):
        text = text.replace(f"{who}: {{role: {who},", f"{who}: {{role: {who}, email: {who}@example.org,")
    settings.write_text(text)
    sending = with_mail(desk, port)
    file_request()  # due: the head's disposition, on 24 November
    assert reminding.remind(sending) == [], "not late yet"
    clock.now += timedelta(days=2)
    assert sorted(each.email or "" for each in reminding.remind(sending, dry_run=True)) == [
        "kabid@example.org",
        "kadis@example.org",
    ], "the head, and the head of division to whom it is escalated after a day"
    assert box.messages == []
    assert all(each.sent for each in reminding.remind(sending))
    assert reminding.remind(sending) == [], "once is enough"
    clock.now += timedelta(days=2)
    (again,) = reminding.remind(sending)
    assert (again.email, again.rows[0].escalated_to) == ("kadis@example.org", "kadis")
    assert len(box.messages) == 3
    dossier = dossiers.read(desk.site, "PS-2026-0001")
    assert {event.outcome for event in dossier.events[1:]} == {"diingatkan"}
    assert dossier.standing.since == dossier.events[0].at, "a reminder restarts no clock"


def test_a_reminder_that_cannot_be_sent_is_tried_again(
    desk: Desk, file_request: Callable[..., str], mailbox: tuple[Mailbox, int], clock: Clock
) -> None:
    box, port = mailbox
    settings = desk.site.root / "sopctl.yml"
    settings.write_text(
        settings.read_text().replace("kadis: {role: kadis,", "kadis: {role: kadis, email: k@example.org,")
    )
    sending = with_mail(desk, port)
    file_request()
    clock.now += timedelta(days=2)
    box.refuse = True
    (failed,) = reminding.remind(sending)
    assert not failed.sent
    assert "not today" in failed.problem
    box.refuse = False
    assert [each.sent for each in reminding.remind(sending)] == [True]


@pytest.fixture
def late(desk: Desk, file_request: Callable[..., str], clock: Clock) -> Desk:
    """A deposit that is late, and two heads with an address who are to hear of it."""
    settings = desk.site.root / "sopctl.yml"
    text = settings.read_text()
    for who in ("kadis", "kabid"):
        text = text.replace(f"{who}: {{role: {who},", f"{who}: {{role: {who}, email: {who}@example.org,")
    settings.write_text(text)
    file_request()
    clock.now += timedelta(days=2)
    return desk


@pytest.mark.parametrize("refused", ["kadis@example.org", "kabid@example.org"])
def test_one_refused_addressee_is_tried_again_alone(
    late: Desk, monkeypatch: pytest.MonkeyPatch, mailbox: tuple[Mailbox, int], refused: str
) -> None:
    box, port = mailbox
    desk = with_mail(late, port)
    handed = mail.send

    def refuse(*, to: str, **rest: Any) -> tuple[str, ...]:
        if to == refused:
            raise OutsideFailure("mail-not-sent", "no such user")
        taken: tuple[str, ...] = handed(to=to, **rest)
        return taken

    monkeypatch.setattr(mail, "send", refuse)
    assert sorted((each.email, each.sent) for each in reminding.remind(desk)) == sorted(
        [(refused, False), ({"kadis@example.org", "kabid@example.org"}.difference({refused}).pop(), True)]
    )
    monkeypatch.undo()
    assert [(each.email, each.sent) for each in reminding.remind(desk)] == [(refused, True)]
    assert reminding.remind(desk) == []
    assert len(box.messages) == 2


def test_a_reminder_that_may_have_arrived_is_not_sent_for_ever(
    late: Desk, monkeypatch: pytest.MonkeyPatch, mailbox: tuple[Mailbox, int]
) -> None:
    desk, sent = with_mail(late, mailbox[1]), []

    def lose(*, to: str, **_: Any) -> tuple[str, ...]:
        sent.append(to)
        raise sending.MayHaveArrived("mail-may-have-arrived", "lost")

    monkeypatch.setattr(mail, "send", lose)
    assert [each.problem for each in reminding.remind(desk)] == ["lost", "lost"]
    assert reminding.remind(desk) == []
    assert len(sent) == 2


def test_reminders_that_are_sent_at_once_are_sent_once(
    late: Desk, mailbox: tuple[Mailbox, int], sopctl: Callable[..., Ran]
) -> None:
    box, port = mailbox
    with_mail(late, port)
    with ThreadPoolExecutor(4) as pool:  # four processes; the real clock is later than the tests' one
        ended = list(pool.map(lambda _: sopctl("remind"), range(4)))
    assert {ran.code for ran in ended} <= {0}, [ran.err for ran in ended]
    assert len(box.messages) == len({message["To"] for message in box.messages})


def test_of_two_reminders_the_one_on_a_line_that_drops_is_told_and_the_other_is_sent(
    late: Desk, mailbox: tuple[Mailbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server drops the connection after the text: whether that one arrived is not known, and nobody hears twice."""
    box, port = mailbox
    desk, taken = with_mail(late, port), box.handle_DATA

    async def drop_one(server: Any, session: Any, envelope: Any) -> str:
        answer = await taken(server, session, envelope)
        if envelope.rcpt_tos == ["kadis@example.org"]:
            server.transport.abort()
        return answer

    monkeypatch.setattr(box, "handle_DATA", drop_one)
    found = {each.email: each for each in reminding.remind(desk)}
    assert (found["kabid@example.org"].sent, found["kadis@example.org"].sent) == (True, False)
    assert "the connection was lost while the message was handed over" in found["kadis@example.org"].problem
    for _ in range(3):
        assert reminding.remind(desk) == []
    assert sorted(str(each["To"]) for each in box.messages) == ["kabid@example.org", "kadis@example.org"]
    noted = dossiers.read(desk.site, "PS-2026-0001").established(Reminded)
    assert [(each.to, "connection was lost" in each.perhaps) for _, each in noted if each.perhaps] == [
        ("kadis@example.org", True)
    ]
