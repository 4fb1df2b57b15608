"""The fleet's checks, from the command line to the history, against an SSH server on loopback."""

import json
import signal
import socket
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any

import paramiko
import pytest
from aiosmtpd.controller import Controller
from prometheus_client.parser import text_string_to_metric_families

from sopctl.adapters.ssh import load_key
from sopctl.cli import terminal
from sopctl.errors import InvalidRecord, OutsideFailure, SopctlError, UsageError
from sopctl.model.access.ladder import AccessResult, JumpHost
from sopctl.model.availability import Policy, Sight
from sopctl.store import dossiers, locks, register
from sopctl.store.checks import Checks
from sopctl.store.dossiers import Dossier
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk, turn
from sopctl.workflow.servers import alerts, ansible_view, checking
from tests.adapters.ssh import hostile
from tests.conftest import edit, pinned
from tests.patience import PATIENCE
from tests.printed import DOCS, printed
from tests.printed import play as play_lines
from tests.workflow.steps.test_notifying import Mailbox


def pin(key: paramiko.PKey) -> dict[str, str]:
    """A host key as a history holds it."""
    return {"type": key.get_name(), "key": key.get_base64(), "sha256": key.fingerprint}


@pytest.fixture
def server(desk: Desk) -> Iterator[tuple[hostile.Host, paramiko.PKey]]:
    """A server that lets the owner's first account in with the site's key `owner`."""
    file = desk.site.root / "keys" / "owner"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", file], check=True)
    host_key = paramiko.ECDSAKey.generate()
    behaviour = hostile.Behaviour(user="titipan", keys=(load_key(file).pkey,))
    with hostile.listening(hostile.ssh(behaviour, host_key)) as host:
        yield host, host_key


@pytest.fixture
def deposit(server: tuple[hostile.Host, paramiko.PKey], placed: Callable[..., str]) -> str:
    """It stands in its place, and its host key is pinned."""
    host, key = server
    return placed("127.0.0.1", host.port, pin(key))


def test_check(deposit: str, sopctl: Callable[..., Any], desk: Desk) -> None:
    before = (desk.site.root / "deposits" / deposit / "history.yml").read_bytes()
    ran = sopctl("check", "--all", "--json")
    (one,) = json.loads(ran.out)["results"]
    assert (ran.code, one["id"], one["verdict"], one["status"]) == (0, deposit, "accessible", "unknown"), ran
    (line,) = sopctl("check", deposit, "--format", "ndjson").out.splitlines()
    assert json.loads(line)["id"] == deposit

    file = desk.site.root / "metrics.prom"
    assert sopctl("check", "--select", "unit=contoh", "--format", "prometheus", "--output", str(file)).code == 0
    values = {one.name: one.samples for one in text_string_to_metric_families(file.read_text())}
    assert [sample.value for sample in values["sopctl_access_up"]] == [1.0]

    (desk.site.root / "keys" / "owner").chmod(0o600)
    other = paramiko.ECDSAKey.generate()
    with turn(desk, deposit, "configure") as mine:
        mine.start(pinned({"type": other.get_name(), "key": other.get_base64(), "sha256": "SHA256:" + "A" * 43}))
    ran = sopctl("check", "--all", "--format", "nagios")
    assert ran.code == 2
    assert ran.out.startswith(f"ACCESS CRITICAL - 0 of 1 servers accessible: {deposit} host-key host-key-changed | ")
    ran = sopctl("check", "--all", "--format", "junit")
    assert ran.code == 1
    assert ET.fromstring(ran.out).find("testsuite/testcase/failure").attrib["type"] == "host-key-changed"  # type: ignore[union-attr]
    for _ in range(3):
        time.sleep(1)  # checks in the same second count as one
        assert sopctl("check", "--all").code == 1
    assert json.loads(sopctl("checks", "history", deposit, "--json").out)["status"] == "down"
    picture = desk.site.root / "month.svg"
    ran = sopctl("checks", "report", "--json", "--svg", str(picture))
    (row,) = json.loads(ran.out)["servers"]
    assert (row["id"], len(row["watched"])) == (deposit, 1)
    assert deposit in "".join(ET.parse(picture).getroot().itertext())
    assert (desk.site.root / "deposits" / deposit / "history.yml").read_bytes().startswith(before)


def test_the_command_lines_of_monitoring_run_as_they_are_printed(deposit: str, desk: Desk) -> None:
    lines = printed(DOCS / "howto/monitoring.md")
    assert len(lines) >= 5
    play_lines(lines, desk.site.root)
    file = desk.site.root / "sopctl.prom"
    values = {one.name: one.samples for one in text_string_to_metric_families(file.read_text())}
    (sample,) = values["sopctl_access_up"]
    assert (sample.labels["deposit"], sample.value) == (deposit, 1.0)
    assert file.stat().st_mode & 0o777 == 0o644


def test_metrics_of_some_servers_alone_are_refused(deposit: str, sopctl: Callable[..., Any], desk: Desk) -> None:
    """A file of them would say that the others are gone."""
    ran = sopctl("check", deposit, "--metrics", str(desk.site.root / "sopctl.prom"))
    assert (ran.code, "--metrics needs --all" in ran.err) == (2, True), ran


def test_a_plugin_says_unknown_whatever_stops_it(deposit: str, sopctl: Callable[..., Any], desk: Desk) -> None:
    """Exit codes of the Nagios Plugin Development Guidelines: 1 and 2 would be alarms."""
    for words in (["--all", "--nonsense"], [deposit, "--all"], ["PS-1999-0001"], ["--select", "colour=red"]):
        ran = sopctl("check", "--format", "nagios", *words)
        assert (ran.code, ran.out.count("\n")) == (3, 1), (words, ran)
        assert ran.out.startswith("ACCESS UNKNOWN - "), (words, ran)
    with locks.hold(desk.site.root / "var" / "locks" / "check", "the check"):
        assert sopctl("check", "--all", "--format=nagios").code == 3
    (desk.site.root / "keys" / "owner").unlink()
    ran = sopctl("check", "--all", "--format", "nagios")
    assert (ran.code, ran.out.split(" |")[0]) == (3, "ACCESS UNKNOWN - 0 of 1 servers accessible, 1 not tried")
    assert sopctl("check", "--all").code == 6, "elsewhere the error's own code"


def test_a_sweep_reads_no_dossier(deposit: str, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it needs of each server is in the index; one whose dossier changed since is read once."""
    monkeypatch.setattr(register, "RACY_NS", 0)
    read: list[str] = []

    def noted(site: Site, deposit_id: str) -> Dossier:
        read.append(deposit_id)
        return reading(site, deposit_id)

    reading = dossiers.read
    monkeypatch.setattr(dossiers, "read", noted)
    for expected in ([deposit], []):
        read.clear()
        found, errors = results(desk)
        assert (read, errors, found[deposit].accessible) == (expected, [], True)
    edit(desk, deposit, "port: ", "port: 1 # ")
    read.clear()
    assert results(desk)[0][deposit].port == 1
    assert read == [deposit]


def test_the_services_of_the_letter_are_watched(deposit: str, desk: Desk) -> None:
    """By what must answer there, under the server's own name, without a look into the dossier."""
    with (
        hostile.listening(hostile.saying(b"220 mail.example.org\r\n")) as mail,
        hostile.listening(hostile.saying(b"HTTP/1.1 200 OK\r\n\r\n")) as web,
        hostile.listening(hostile.saying(b"554 closed\r\n")) as closed,
    ):
        edit(desk, deposit, "ports: []", f"ports: [{mail.port}/smtp, {web.port}/http]")
        found, errors = results(desk)
        assert (errors, found[deposit].cause) == ([], None)
        assert {(one.port, str(one.kind)) for one in found[deposit].services} == {
            (mail.port, "smtp"),
            (web.port, "http"),
        }
        edit(desk, deposit, f"{mail.port}/smtp", f"{closed.port}/smtp")
        assert results(desk)[0][deposit].cause == "not-smtp"


@pytest.mark.parametrize("named_by", ["rack", "record"])
def test_a_server_in_a_network_behind_a_jump_host(
    server: tuple[hostile.Host, paramiko.PKey], placed: Callable[..., str], desk: Desk, named_by: str
) -> None:
    """It is reached from there, and a network that is not there, or cannot be read, stops its own servers alone."""
    root, owner = desk.site.root, load_key(desk.site.root / "keys" / "owner")
    there, key = server
    near = placed("127.0.0.1", there.port, pin(key))
    far = placed("127.0.0.2", there.port, pin(key))
    behaviour = hostile.Behaviour(user="hop", keys=(owner.pkey,), carries=True)
    with hostile.listening(hostile.ssh(behaviour, key)) as hop:
        line = f"{key.get_name()} {key.get_base64()}"
        jump = f"{{host: 127.0.0.1, port: {hop.port}, user: hop, key: owner, host_key: '{line}'}}"
        network = f"name: kantor-a\nnetwork: 127.0.0.0/24\njump: {jump}\n"
        (root / "networks").mkdir(exist_ok=True)
        (root / "networks" / "kantor-a.yml").write_text(network)
        if named_by == "rack":
            (root / "racks" / "A1.yml").write_text((root / "racks" / "A1.yml").read_text() + "network: kantor-a\n")
            (root / "networks" / "sini.yml").write_text("name: sini\nnetwork: 127.0.0.0/24\n")
            edit(desk, near, "access:", "access:\n  network: sini")
        else:
            edit(desk, far, "access:", "access:\n  network: kantor-a")
        found, errors = results(desk)
        assert (errors, {name: one.accessible for name, one in found.items()}) == ([], {near: True, far: True})
        assert (found[near].jump, found[far].jump) == (
            None,
            JumpHost("127.0.0.1", hop.port, "hop", f"{key.get_name()} {key.fingerprint}"),
        )
        assert hop.forwards == ["127.0.0.2"]
        variables = {each.name: each.variables for each in ansible_view.hosts(root)}
        assert "ProxyCommand" not in variables[near]["ansible_ssh_common_args"]
        assert f"-p {hop.port} -l hop" in variables[far]["ansible_ssh_common_args"]
        assert variables[far]["sopctl_controllers"] == ["127.0.0.1"]
        for broken in (network.replace("hop,", "-hop,"), None):
            (root / "networks" / "kantor-a.yml").unlink()
            if broken:
                (root / "networks" / "kantor-a.yml").write_text(broken)
            found, errors = results(desk)
            assert (set(found), len(errors)) == ({near}, 1)
            assert "kantor-a" in f"{errors[0].where} {errors[0].message}"


def results(desk: Desk) -> tuple[dict[str, AccessResult], list[SopctlError]]:
    """What a check of all servers finds, by a desk that has read nothing yet."""
    anew = terminal.desk(Site(desk.site.root), user="root", clock=desk.clock)
    chosen, errors = checking.chosen(anew.site)
    return {one.id: one.result for one in checking.run(anew, chosen, errors=errors)}, errors


def test_a_site_without_servers(sopctl: Callable[..., Any]) -> None:
    ran = sopctl("check", "--all")
    assert (ran.code, "no server to check" in ran.out) == (0, True)
    assert sopctl("check", "--all", "--format", "nagios").out == "ACCESS UNKNOWN - no server to check\n"
    assert "check them now: sopctl check --all" in sopctl("checks", "report").out


def test_a_second_run_is_told_of_the_first(deposit: str, sopctl: Callable[..., Any], desk: Desk) -> None:
    with locks.hold(desk.site.root / "var" / "locks" / "check", "the check"):
        assert sopctl("check", "--all").code == 5


def test_a_server_that_is_not_in_our_hands_is_not_logged_in_to(desk: Desk, until_space: Callable[..., str]) -> None:
    with pytest.raises(UsageError, match="not on site"):
        checking.chosen(desk.site, [until_space()])


def test_a_missing_key_is_named_and_holds_up_no_other(deposit: str, desk: Desk) -> None:
    (desk.site.root / "keys" / "owner").unlink()
    errors: list[Any] = []
    assert list(checking.run(desk, checking.chosen(desk.site)[0], errors=errors)) == []
    assert len(errors) == 1


@pytest.mark.parametrize("old", ["fe80::1%eth9", "ff02::1%lo"])
def test_an_old_record_with_an_address_that_no_letter_may_name_is_told_alone(
    deposit: str, desk: Desk, placed: Callable[..., str], sopctl: Callable[..., Any], old: str
) -> None:
    """Such an address came in before letters were looked at for it: it costs its own server's check, and no other."""
    other = placed("192.0.2.77", 22, pin(paramiko.ECDSAKey.generate()))
    with pytest.MonkeyPatch.context() as older:
        older.setattr("sopctl.workflow.admitting.refuse_edit", lambda *_, **__: None)
        edit(desk, other, "192.0.2.77", f'"{old}"', by="staf")
    ran = sopctl("check", "--all", "--json")
    found = {each["id"]: each for each in json.loads(ran.out)["results"]}
    assert ran.code == 1, ran.err
    assert found[deposit]["verdict"] == "accessible"
    assert found[other]["verdict"] != "accessible"
    assert found[other]["detail"], found[other]


def test_what_was_not_tried_is_a_state_in_every_format(
    deposit: str, sopctl: Callable[..., Any], desk: Desk, tmp_path: Path
) -> None:
    (desk.site.root / "keys" / "owner").unlink()
    file = tmp_path / "sopctl.prom"
    ran = sopctl("check", "--all", "--json")
    (one,) = json.loads(ran.out)["results"]
    assert (ran.code, one["id"], one["verdict"], one["rung"]) == (6, deposit, "not-tried", None), ran
    assert one["error"]["deposit"] == deposit
    assert json.loads(ran.out)["errors"] == [], "it is told once"
    (line,) = sopctl("check", "--all", "--format", "ndjson").out.splitlines()
    assert json.loads(line)["verdict"] == "not-tried"
    junit = ET.fromstring(sopctl("check", "--all", "--format", "junit").out)
    assert junit.find("testsuite/testcase/error").attrib["type"] == "not-tried"  # type: ignore[union-attr]
    assert sopctl("check", "--all", "--format", "prometheus", "--output", str(file)).code == 6
    values = {one.name: one.samples for one in text_string_to_metric_families(file.read_text())}
    assert [sample.value for sample in values["sopctl_access_tried"]] == [0.0]
    assert "sopctl_access_up" not in values or not values["sopctl_access_up"]
    assert [sample.value for sample in values["sopctl_inventories_due"]] == [0.0]
    assert "not tried" in sopctl("check", "--all").out


def test_a_selection_of_nothing_is_an_error_and_empties_no_file(
    deposit: str, sopctl: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "sopctl.prom"
    file.write_text("before")
    ran = sopctl("check", "--select", "rack=Z9", "--format", "prometheus", "--output", str(file))
    assert (ran.code, file.read_text()) == (2, "before")
    assert "no server in a rack matches rack=Z9" in ran.err
    assert json.loads(sopctl("check", "--select", "rack=Z9", "--json").out)["error"]["id"] == "nothing-selected"
    assert sopctl("check", "--select", "rack=Z9", "--format", "nagios").code == 3


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_what_was_seen_before_an_interrupt_is_kept(
    deposit: str, placed: Callable[..., str], desk: Desk, how: signal.Signals
) -> None:
    """Two servers, one of them silent: the run is ended while it waits for that one."""
    with hostile.listening(hostile.silent) as silent:
        other = placed("127.0.0.1", silent.port, pin(paramiko.ECDSAKey.generate()))
        command = [sys.executable, "-m", "sopctl", "check", "--all", "--format", "ndjson", "--timeout", "60"]
        with subprocess.Popen(command, cwd=desk.site.root, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            assert json.loads(process.stdout.readline())["id"] == deposit
            process.send_signal(how)
            assert process.wait(PATIENCE) == (130 if how is not signal.SIGKILL else -signal.SIGKILL)
    history = Checks(desk.site)
    assert [one.ok for one in history.counts(deposit, 0, 2**40)] == [1]
    assert set(history.states()) == {deposit}, f"{other} had not answered: it was not judged"
    assert locks_free(desk), "the next run is not held up"


def test_watch_goes_on_until_it_is_ended(deposit: str, desk: Desk) -> None:
    """It checks again, and another run that holds the fleet costs it one round, not its life."""
    command = [sys.executable, "-m", "sopctl", "check", deposit, "--format", "ndjson", "--watch", "1"]
    lock = desk.site.root / "var" / "locks" / "check"
    with subprocess.Popen(
        command, cwd=desk.site.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        assert process.stderr
        assert json.loads(process.stdout.readline())["status"] == "unknown"
        with locks.hold(lock, "the check", wait=5):
            assert "is held by another sopctl" in process.stderr.readline()
        assert json.loads(process.stdout.readline())["status"] == "up"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130


def locks_free(desk: Desk) -> bool:
    with checking.alone(desk.site):
        return True


def down(desk: Desk, names: Sequence[str], first: int = 1) -> None:
    """Three failed checks of each, a minute apart, from minute `first`."""
    play(desk, names, "---", first)


def play(desk: Desk, names: Sequence[str], signs: str, first: int) -> None:
    with Checks(desk.site).recording(Policy()) as record:
        for minute, sign in enumerate(signs, first):
            for name in names:
                record(name, Sight(60 * minute, sign == "+", "" if sign == "+" else "refused"))


def settings(desk: Desk, text: str) -> Desk:
    """A desk of the same site with more in its sopctl.yml."""
    file = desk.site.root / "sopctl.yml"
    file.write_text(file.read_text() + text)
    return terminal.desk(Site(desk.site.root), user="root", clock=desk.clock)


CHANNELS = """
channels:
  ops: {url: hook}
  chat: {url: other}
checks: {notify: [ops, chat]}
"""


def test_a_mass_outage_is_one_message_to_each_channel_and_told_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = settings(desk, CHANNELS)
    for name in ("hook", "other"):
        file = desk.site.root / "keys" / name
        file.parent.mkdir(mode=0o700, exist_ok=True)
        file.write_text("jsons://hook.example.org")
        file.chmod(0o600)
    names = [f"PS-{n:03}" for n in range(100)]
    down(desk, names)
    sent: list[tuple[str, str, str]] = []
    broken = {"chat"}

    def post(name: str, _url: str, *, title: str, text: str) -> None:
        if name in broken:
            raise OutsideFailure("nobody-listens", "nobody listens")
        sent.append((name, title, text))

    monkeypatch.setattr("sopctl.adapters.channels.post", post)
    first = alerts.announce(desk)
    assert [(one.to, len(one.changes), one.problem) for one in first] == [
        ("ops", 100, ""),
        ("chat", 100, "nobody listens"),
    ]
    assert [(to, title) for to, title, _ in sent] == [("ops", "100 server tidak dapat diakses")]
    text = sent[0][2]
    assert text.count("\n- PS-") + text.startswith("- PS-") == alerts.LISTED
    assert "- dan 50 lainnya tidak dapat diakses" in text
    broken.clear()
    assert [(one.to, len(one.changes)) for one in alerts.announce(desk)] == [("chat", 100)], "ops took it before"
    assert alerts.announce(desk) == []
    play(desk, names[:1], "++", 4)
    assert [one.to for one in alerts.announce(desk)] == ["ops", "chat"]
    assert sent[-1][1] == "1 server dapat diakses kembali"
    assert "- PS-000: pulih 1970-01-01 07:04, gangguan 3 menit (tidak ada layanan pada port itu)" in sent[-1][2]
    assert len(sent) == 4


def test_people_are_told_by_e_mail(desk: Desk) -> None:
    file, box = desk.site.root / "sopctl.yml", Mailbox()
    file.write_text(file.read_text().replace("staf: {role", "staf: {email: operator@example.org, role"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    mail = f"mail: {{host: 127.0.0.1, port: {port}, tls: none, sender: titipan@example.org}}\n"
    desk = settings(desk, f"{mail}checks: {{notify: [staf]}}\n")
    down(desk, ["PS-1", "PS-2"])
    (notice,) = alerts.announce(desk)
    assert "the message was not sent" in notice.problem, "nobody listens there yet"
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        assert [(one.to, one.problem) for one in alerts.announce(desk)] == [("staf", "")]
        assert alerts.announce(desk) == []
    finally:
        controller.stop()
    (letter,) = box.messages
    assert letter["To"] == "operator@example.org"
    assert letter["Subject"] == "[sopctl] 2 server tidak dapat diakses"
    assert letter["Message-ID"].startswith("<akses.")
    text = letter.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert "- PS-1: tidak ada layanan pada port itu, sejak 1970-01-01 07:01" in text.decode()


def test_a_person_without_an_address_is_refused(desk: Desk) -> None:
    name = next(iter(desk.site.settings.people))
    with pytest.raises(InvalidRecord, match="with an `email`"):
        _ = settings(desk, f"\nchecks: {{notify: [{name}]}}\n").site.settings


def test_a_month_of_thousands_of_servers(desk: Desk, tmp_path: Path, sopctl: Callable[..., Any]) -> None:
    """One look at the history for all, not one for each."""
    names = [f"PS-{n:04}" for n in range(1000)]
    begin = int(datetime(2026, 11, 1, tzinfo=desk.clock().tzinfo).timestamp())
    minute = begin // 60
    play(desk, names[:1], "+++---+++++", minute)
    play(desk, names[1:], "++", minute)
    opened = 0

    def count(frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal opened
        opened += event == "call" and frame.f_code.co_name == "_open" and "checks" in frame.f_code.co_filename

    sys.setprofile(count)
    try:
        month = checking.report(desk, "2026-11")
    finally:
        sys.setprofile(None)
    assert opened == 2, "a generator's call and its resumption"
    assert len(month.servers) == 1000
    first = month.servers[0].availability
    assert (first.down, first.observed, first.percent) == (180, 600, 70.0)
    picture = tmp_path / "month.svg"
    checking.draw(desk, month, picture)
    assert b"01 00:03 \xe2\x80\x93 01 00:06: tidak ada layanan pada port itu" in picture.read_bytes()
    shown = sopctl("checks", "report", "--month", "2026-11", COLUMNS="160").out
    assert "70.00%" in shown
