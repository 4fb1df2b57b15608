"""A session with a device: the pinned key, the login, refusals, and every way in which it can break."""

import contextlib
import io
import os
import pty
import pwd
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric import ed25519 as ed25519_keys
from paramiko.common import AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from sopctl.adapters.switch import (
    CommandRefused,
    DeviceAsks,
    DeviceFault,
    Dialect,
    Endpoint,
    HostKeyChanged,
    Login,
    LoginRefused,
    Session,
    SessionDropped,
    SessionTimedOut,
    Unreachable,
    connect,
    driver,
)
from sopctl.adapters.switch.dialect import CISCO_LIKE
from sopctl.adapters.switch.session_log import session_log
from sopctl.errors import Interrupted, InvalidRecord, OutsideFailure
from sopctl.model.access.destinations import EVERYWHERE
from tests.adapters.ssh.hostile import Host, listening
from tests.adapters.switch import catalyst
from tests.adapters.switch.conftest import HOST_KEY, OTHER_KEY, Start, endpoint, login, pin
from tests.adapters.switch.fake import Device, Faults, Terminal, Unscripted, running
from tests.loopback import DEADLINE
from tests.patience import LATE

DIALECT = Dialect("cisco_ios", CISCO_LIKE, enables=True)
ENABLE = "the word for enable"


class Small:
    """A command line that imitates Cisco's: two modes, a secret for the second, and one thing to configure."""

    locked = False

    def __init__(self) -> None:
        self.ended = False
        self.mode = ">"
        self.name = "unset"
        self.asked = False

    def greeting(self) -> str:
        return "\r\nUnauthorised use is # prohibited $\r\n"

    def prompt(self) -> str:
        return "Password: " if self.asked else f"sw1{self.mode}"

    def answer(self, line: str) -> str:  # noqa: PLR0911 (one return a command)
        if self.asked:
            self.asked, self.mode = False, "#" if line == ENABLE else ">"
            return "" if line == ENABLE else "% Access denied\n"
        match line.split():
            case [] | ["terminal", *_]:
                return ""
            case ["enable"]:
                self.asked = True
                return ""
            case ["exit"]:
                self.ended = True
                return ""
            case ["show", "clock"]:
                return "10:00:00\x1b[31m UTC\x1b[0m\x07 \u202e\n"
            case ["configure", "terminal"] if self.locked:
                return "Configuration mode is locked by process '3' user 'someone' from terminal 'vty1'.\n"
            case ["configure", "terminal"]:
                self.mode = "(config)#"
                return "Enter configuration commands, one per line.  End with CNTL/Z.\n"
            case ["end"]:
                self.mode = "#"
                return ""
            case ["name", name] if "config" in self.mode:
                self.name = name
                return ""
            case ["bogus"]:
                return "            ^\n% Invalid input detected at '^' marker.\n\n"
        raise Unscripted(line)


class Locked(Small):
    locked = True


def opens(device: Device) -> Login:
    return Login(device.user, password=device.password, enable=ENABLE)


def test_what_is_shown_is_plain_text(start: Start) -> None:
    device = start(Small)
    with connect(endpoint(device), opens(device), DIALECT) as session:
        assert session.show("show clock") == "10:00:00 UTC\\x07 \\u202e"
    assert device.logins == [(device.user, "password")]


def ed25519() -> paramiko.PKey:
    private = ed25519_keys.Ed25519PrivateKey.generate()
    plain = private.private_bytes(pem.Encoding.PEM, pem.PrivateFormat.OpenSSH, pem.NoEncryption())
    return paramiko.Ed25519Key.from_private_key(io.StringIO(plain.decode()))


@pytest.mark.parametrize("make", [ed25519, lambda: paramiko.RSAKey.generate(2048)])
def test_host_keys_and_private_keys_of_every_kind(make: Callable[[], paramiko.PKey]) -> None:
    key, ours = make(), ed25519()
    with running(Device(Small, key, keys=(ours,))) as device:
        login = Login(device.user, key=ours, enable=ENABLE)
        with connect(endpoint(device, key), login, DIALECT) as session:
            assert session.show("show clock")
    assert device.logins == [(device.user, "publickey")]


def test_another_host_key_stops_before_anything_is_sent(start: Start) -> None:
    device = start(Small)
    with pytest.raises(HostKeyChanged) as caught, connect(endpoint(device, OTHER_KEY), opens(device), DIALECT):
        pass
    assert caught.value.kind == "host-key-changed"
    assert endpoint(device).host_key.sha256 in caught.value.message
    assert endpoint(device, OTHER_KEY).host_key.sha256 in caught.value.message
    assert device.logins == []


def test_a_host_key_of_another_type_is_another_host_key(start: Start) -> None:
    device = start(Small)
    with (
        pytest.raises(HostKeyChanged),
        connect(endpoint(device, paramiko.RSAKey.generate(2048)), opens(device), DIALECT),
    ):
        pass
    assert device.logins == []


def test_a_password_that_is_not_right_is_tried_once(start: Start) -> None:
    device = start(Small)
    with pytest.raises(LoginRefused), connect(endpoint(device), Login(device.user, password="wrong"), DIALECT):
        pass
    assert device.logins == [(device.user, "password")]


def test_the_privileged_mode_may_be_refused(start: Start) -> None:
    device = start(Small)
    login = Login(device.user, password=device.password, enable="wrong")
    with pytest.raises(LoginRefused, match="privileged"), connect(endpoint(device), login, DIALECT):
        pass


def test_configuration_stops_at_the_line_that_is_refused(start: Start) -> None:
    device = start(Small)
    with connect(endpoint(device), opens(device), DIALECT) as session:
        with pytest.raises(CommandRefused) as caught:
            session.configure(["name one", "bogus", "name two"])
        assert session.show("show clock")  # it is out of configuration mode again
    assert caught.value.line == "bogus"
    assert caught.value.answer == "% Invalid input detected at '^' marker."
    assert "name two" not in device.lines
    assert "end" in device.lines


def test_a_locked_configuration_is_a_refusal_in_its_own_words(start: Start) -> None:
    device = start(Locked)
    with (
        connect(endpoint(device), opens(device), DIALECT) as session,
        pytest.raises(CommandRefused, match="locked by process '3' user 'someone'"),
    ):
        session.configure(["name one"])
    assert "name one" not in device.lines


@pytest.mark.parametrize("line", ["a\nb", "a\rb", "a\x03", "a\x85b", "", " ", "x" * 500])
def test_no_line_is_sent_that_could_be_two(start: Start, line: str) -> None:
    device = start(Small)
    with connect(endpoint(device), opens(device), DIALECT) as session, pytest.raises(InvalidRecord):
        session.configure(["name one", line])
    assert "name one" not in device.lines


@pytest.mark.parametrize(
    ("faults", "kind", "seconds"),
    [
        (Faults(drop_at="show clock"), SessionDropped, 20),
        (Faults(drop_after="show clock"), SessionDropped, 20),
        (Faults(hang_at="show clock"), SessionTimedOut, 1.5),
        (Faults(flood_at="show clock"), DeviceFault, 20),
        (Faults(mute=True), SessionTimedOut, 1.0),
    ],
)
def test_every_break_ends_in_time(start: Start, faults: Faults, kind: type[DeviceFault], seconds: float) -> None:
    device = start(Small, faults)
    began = time.monotonic()
    with pytest.raises(kind) as caught, connect(endpoint(device), opens(device), DIALECT, seconds=seconds) as session:
        session.show("show clock")
    assert time.monotonic() - began < seconds + LATE
    assert caught.value.where == f"127.0.0.1:{device.port}"
    assert type(caught.value) is kind
    assert caught.value.remedy


def test_nothing_listens() -> None:
    with running(Device(Small, OTHER_KEY)) as device:
        gone = endpoint(device)
    with pytest.raises(Unreachable, match="refused"), connect(gone, login(device), DIALECT):
        pass


def test_an_appliance_is_never_on_this_machine() -> None:
    """A switch of our own may be; what a letter names may not."""
    with running(Device(Small, OTHER_KEY)) as device:
        ours = replace(endpoint(device, OTHER_KEY), destinations=EVERYWHERE)
        with (
            pytest.raises(Unreachable, match=r"127\.0\.0\.1 is the controller itself"),
            connect(ours, login(device), DIALECT),
        ):
            pass
    assert device.logins == []


def test_a_listener_that_is_silent_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        where = Endpoint("127.0.0.1", listener.getsockname()[1], endpoint(Device(Small, OTHER_KEY)).host_key)
        began = time.monotonic()
        with pytest.raises(SessionTimedOut), connect(where, Login("a", password="b"), DIALECT, seconds=0.5):
            pass
        assert time.monotonic() - began < 0.5 + LATE


IOS = driver("cisco_ios")


@pytest.mark.parametrize("pages", [False, True])
def test_a_pager_that_may_not_be_turned_off_is_paged_through(start: Start, *, pages: bool) -> None:
    """48 ports are several pages, and no line of theirs is lost between two."""
    switch = catalyst.standard(48)
    switch.pages = pages
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        ports = IOS.read(session).ports
    assert len(ports) == 48
    assert all(each.text for each in ports.values())


class Long(Small, Terminal):
    """It shows as many lines as it is asked for, page by page."""

    length = 24

    def answer(self, line: str) -> str:
        if line.startswith("show lines "):
            return "".join(f"line {n}\n" for n in range(int(line.split()[2])))
        return super().answer(line)


@pytest.mark.parametrize("lines", [22, 23, 24, 46])
def test_a_page_that_is_just_full_may_be_the_last(start: Start, lines: int) -> None:
    device = start(Long)
    with connect(endpoint(device), opens(device), replace(DIALECT, prepare=())) as session:
        assert session.show(f"show lines {lines}").count("line ") == lines


def test_an_error_is_not_told_as_the_one_that_was_being_handled(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first way to ask is refused, and the second is not answered: that is the cause."""
    monkeypatch.setattr("sopctl.adapters.switch.dialogue.ANSWER_SECONDS", 1.0)
    device = start(Small, Faults(hang_at="show clock"))

    def asked(session: Session) -> str:
        try:
            return session.show("bogus")
        except CommandRefused:
            return session.show("show clock")

    with connect(endpoint(device), opens(device), DIALECT) as session, pytest.raises(SessionTimedOut, match="clock"):
        asked(session)


@pytest.mark.parametrize(
    "question", ["Destination filename [startup-config]? ", "Save it? [no]: ", "Really?", "Are you sure (y/n) "]
)
def test_whatever_looks_like_a_question_is_told_as_one(start: Start, question: str) -> None:
    class Asking(Small, Terminal):
        def answer(self, line: str) -> str:
            if line == "show clock":
                self.asking = question
                return ""
            return super().answer(line)

        def key(self, _key: str) -> str:
            self.asking = ""
            return "\n"

    device = start(Asking)
    with (
        connect(endpoint(device), opens(device), DIALECT) as session,
        pytest.raises(DeviceAsks, match=re.escape(question.strip())),
    ):
        session.show("show clock")


def test_a_message_of_the_log_right_behind_the_prompt_hides_nothing(start: Start) -> None:
    """No line of its own, and no prompt after it."""
    switch = catalyst.standard()
    switch.late_log = catalyst.LINK.rstrip("\n")
    device = start(switch.session)
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        assert len(IOS.read(session).ports) == 5


def test_a_long_answer_on_a_slow_line_outlasts_the_first_deadline(start: Start) -> None:
    """One table alone, which takes longer than the session was given at first."""
    switch = catalyst.standard()
    switch.uplinked = [(110, f"0200.0000.{n:04x}") for n in range(150)]
    device = start(switch.session, Faults(rate=2000))
    began = time.monotonic()
    with connect(endpoint(device), login(device), IOS.DIALECT, seconds=3.0) as session:
        assert len(IOS.learned(session)) == 150
        assert time.monotonic() - began > 3.0


def test_a_second_login_is_told_and_not_answered(start: Start) -> None:
    device = start(catalyst.standard().session, Faults(log_in_again=True))
    began = time.monotonic()
    with (
        pytest.raises(LoginRefused, match=r"asks for a login again .*Username:"),
        connect(endpoint(device), login(device), IOS.DIALECT),
    ):
        pass
    assert time.monotonic() - began < 15
    assert device.lines == []


def test_a_question_that_nobody_expects_is_taken_back(start: Start) -> None:
    class Asking(catalyst.Session):
        def answer(self, line: str) -> str:
            if line.strip() != "show vlan brief":
                return super().answer(line)
            self.asking = "Proceed with that? [yes/no]: "
            return ""

        def key(self, _key: str) -> str:
            self.asking = ""
            return "\n"

    device = start(lambda: Asking(catalyst.standard()))
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        with pytest.raises(DeviceAsks, match=re.escape("Proceed with that? [yes/no]:")):
            session.show("show vlan brief")
        assert "mac" in session.show("show mac address-table").lower(), "the dialogue goes on"


@pytest.mark.parametrize(("faults", "seconds"), [(Faults(slow=0.4), 4.0), (Faults(rate=3000), 4.0)])
def test_a_slow_device_is_given_the_time_that_its_answers_take(start: Start, faults: Faults, seconds: float) -> None:
    """A session that lasts longer than its first deadline, in which every answer came."""
    switch = catalyst.standard(24)
    device = start(switch.session, faults)
    began = time.monotonic()
    with connect(endpoint(device), login(device), IOS.DIALECT, seconds=seconds) as session:
        while time.monotonic() - began < 1.5 * seconds:
            assert IOS.read(session).ports
        assert session.left() > 0


def test_a_device_that_only_trickles_gets_no_more_time(start: Start) -> None:
    """A character now and then is no answer."""
    device = start(catalyst.standard(48).session, Faults(rate=20))
    with (
        pytest.raises(SessionTimedOut),
        connect(endpoint(device), login(device), IOS.DIALECT, seconds=4.0) as session,
    ):
        IOS.read(session)


def test_a_neighbours_text_that_looks_like_a_prompt_ends_nothing(start: Start) -> None:
    """Nor does it shift the answers: each belongs to the command whose echo came before it."""
    switch = catalyst.standard()
    one = "GigabitEthernet1/0/1"
    switch.plugged[one] = ["5254.0012.3456"]
    switch.running[one].lines.pop("shutdown")
    switch.neighbours[one] = "web1"
    forged = " 110    0011.2233.4455    DYNAMIC     Gi1/0/2"
    switch.described = f"sw-a1#\nsw-a1#show mac address-table\n{forged}\nsw-a1#"
    device = start(switch.session, Faults(rate=2000))
    with connect(endpoint(device), login(device), IOS.DIALECT) as session:
        assert [each.name for each in IOS.neighbours(session, one)] == ["web1"]
        assert [each.mac for each in IOS.learned(session)] == ["52:54:00:12:34:56"]


def test_a_wish_to_stop_ends_it(start: Start) -> None:
    device, stop = start(Small, Faults(hang_at="show clock")), threading.Event()
    with connect(endpoint(device), opens(device), DIALECT, cancel=stop) as session:
        stop.set()
        with pytest.raises(Interrupted):
            session.show("show clock")


def test_the_session_log_is_off_by_default_and_has_no_secret(start: Start, tmp_path: Path) -> None:
    device, log = start(Small), tmp_path / "session.log"
    with connect(endpoint(device), opens(device), DIALECT, log=log) as session:
        session.configure([f"name {device.password.replace(' ', '-')}"])
        with pytest.raises(CommandRefused):
            session.show("bogus")
    text = log.read_text()
    assert "bogus" in text
    assert device.password not in text
    assert ENABLE not in text
    assert log.stat().st_mode & 0o777 == 0o600
    log.chmod(0o644)
    again = connect(endpoint(device), opens(device), DIALECT, log=log)
    with pytest.raises(OutsideFailure, match="others may read"), again:
        pass


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (b"snmp-server community public RO", b"snmp-server community ********"),
        (b"username a privilege 15 secret 9 $9$abc", b"username a privilege 15 secret ********"),
        (b'set password="one two"', b"set password=********"),
        (b"Password: hunter2", b"Password: ********"),
        (b"said hunter2 aloud", b"said ******** aloud"),
        (b"interface GigabitEthernet1/0/1", b"interface GigabitEthernet1/0/1"),
    ],
)
def test_lines_that_carry_a_secret_are_written_without_it(tmp_path: Path, line: bytes, kept: bytes) -> None:
    path = tmp_path / "log"
    with session_log(path, ["hunter2"]) as sink:
        sink.write(line[:9])
        sink.write(line[9:])
    assert path.read_bytes() == kept


SHELL = Dialect("linux", re.compile(r"(?!)"), "shell")


@contextlib.contextmanager
def shell_host(rc: str, home: Path) -> Iterator[tuple[Endpoint, Login]]:
    """An SSH server whose login gives a real bash on a real terminal, with `rc` as its start-up file."""
    (home / "rc").write_text(rc)
    account = pwd.getpwuid(os.getuid()).pw_name

    def serve(connection: socket.socket, host: Host) -> None:
        transport = paramiko.Transport(connection)
        transport.add_server_key(HOST_KEY)
        transport.start_server(event=threading.Event(), server=LetsIn())
        channel = transport.accept(DEADLINE)
        assert channel
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvp("bash", ["bash", "--rcfile", str(home / "rc"), "-i"])
        try:
            while not host.stop.is_set():
                readable, _, _ = select.select([channel.fileno(), terminal], [], [], 0.1)
                if channel.fileno() in readable and not os.write(terminal, channel.recv(4096) or b"\x04"):
                    break
                if terminal in readable:
                    channel.sendall(os.read(terminal, 4096))
        finally:
            os.close(terminal)
            transport.close()
            os.waitpid(pid, 0)

    with listening(serve) as host:
        yield Endpoint("127.0.0.1", host.port, pin()), Login(account, password="any")


class LetsIn(paramiko.ServerInterface):
    """Anyone, to a shell on a terminal."""

    def get_allowed_auths(self, username: str) -> str:
        return "password"

    def check_auth_password(self, username: str, password: str) -> int:
        return AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return OPEN_SUCCEEDED

    def check_channel_pty_request(self, *_terminal: object) -> bool:
        return True

    def check_channel_shell_request(self, channel: paramiko.Channel) -> bool:
        return True


@pytest.mark.skipif(os.getuid() != 0, reason="the session becomes root by sudo else")
def test_a_shell_is_replaced_by_a_plain_one_and_its_exit_status_tells(tmp_path: Path) -> None:
    """Whatever the login's own shell prints and calls its prompt: here, things that look like prompts."""
    rc = "echo 'Welcome # to $ sopctl-00: root@sw:~# '; PS1='\\e[1mroot # \\w $ \\e[0m'; PROMPT_COMMAND='echo $ #'\n"
    with shell_host(rc, tmp_path) as (where, opens), connect(where, opens, SHELL, seconds=20) as session:
        assert session.show("echo 'a # b $'; echo c") == "a # b $\nc"
        assert session.show("printf none") == "none"
        assert session.show("true") == ""
        assert session.show("echo " + "x" * 300) == "x" * 300
        session.configure(["cd /", "test -d etc"])
        with pytest.raises(CommandRefused) as caught:
            session.configure(["cd /etc", "ls /nowhere", "cd /"])
        assert caught.value.line == "ls /nowhere"
        assert "No such file" in caught.value.answer
        assert session.show("pwd") == "/etc"


def test_refusals_are_recognised() -> None:
    for said in (
        "% Invalid input detected at '^' marker.",
        "% Incomplete command.",
        '% Ambiguous command:  "sw"',
        "% Access VLAN does not exist. Creating vlan 999",
        "Command rejected: GigabitEthernet1/0/1 is a dynamic port.",
        "% Bad VLAN list - character #3 (EOL) delimits a VLAN number",
        "Command authorization failed.",
    ):
        assert DIALECT.refused(f"switchport\n{said}\n"), said
    for said in (
        "Building configuration...",
        "[OK]",
        " description % Invalid nothing",
        "Current configuration : 1 byte",
    ):
        assert not DIALECT.refused(f"{said}\n"), said


def test_the_limit_on_output_is_for_one_answer(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """The table of addresses is asked for again and again until the server is heard."""
    switch = catalyst.standard()
    device = start(switch.session)
    with connect(endpoint(device), login(device), driver("cisco_ios").DIALECT) as session:
        length = len(session.show("show mac address-table"))
        monkeypatch.setattr("sopctl.adapters.switch.guarded.MAX_OUTPUT", 3 * length)
        for _ in range(4):
            assert session.show("show mac address-table")
        switch.uplinked = [(110, f"0200.0000.{n:04x}") for n in range(100)]
        with pytest.raises(DeviceFault, match="too much output"):
            session.show("show mac address-table")
