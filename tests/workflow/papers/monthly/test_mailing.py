"""The month's report by e-mail: to everyone who is named, with its figures and files, and once."""

import re
import subprocess
import sys
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiosmtpd.controller import Controller

from sopctl.errors import UsageError
from sopctl.store import issued
from sopctl.store.site import Site
from sopctl.workflow.desk import Desk
from sopctl.workflow.papers.monthly.mailing import mail_report
from sopctl.workflow.setup import journal
from tests.faults.outside import free_port
from tests.printed import CHECKOUT, DOCS


class Mailbox:
    """Takes what is not for someone whom it refuses."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.refuses = ""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address == self.refuses:
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.taken += [(to, envelope.content) for to in envelope.rcpt_tos]
        return "250 OK"


@pytest.fixture
def mailbox(site: Site) -> Iterator[Mailbox]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    path = site.root / "sopctl.yml"
    settings = yaml.load(path.read_text(), yaml.CSafeLoader)
    for name in ("kadis", "kabid"):
        settings["people"][name]["email"] = f"{name}@example.org"
    settings["mail"] = {"host": "127.0.0.1", "port": controller.port, "tls": "none", "sender": "data@example.org"}
    settings["report_to"] = ["kadis", "kabid"]
    path.write_text(yaml.safe_dump(settings))
    yield box
    controller.stop()


def again(desk: Desk) -> Desk:
    """The desk of the next run, which reads the settings anew."""
    return Desk(Site(desk.site.root), desk.deciding, desk.now)


def test_everyone_who_is_named_gets_it_once(desk: Desk, mailbox: Mailbox) -> None:
    mailbox.refuses = "kadis@example.org"
    made, told = mail_report(again(desk), "2026-10")
    assert [(each.name, each.sent, each.already) for each in told] == [
        ("kadis", False, False),
        ("kabid", True, False),
    ]
    assert "nobody of that name" in told[0].problem
    mailbox.refuses = ""
    same, told = mail_report(again(desk), "2026-10")
    assert (same.number, same.new) == (made.number, False)
    assert [(each.sent, each.already) for each in told] == [(True, False), (False, True)]
    assert [each.already for each in mail_report(again(desk), "2026-10")[1]] == [True, True]
    assert [to for to, _ in mailbox.taken] == ["kabid@example.org", "kadis@example.org"]

    message = message_from_bytes(mailbox.taken[0][1], policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert made.number in message["Subject"]
    body = message.get_body()
    assert body
    assert "Server di tempat" in body.get_content()
    files = {each.get_filename(): each.get_content() for each in message.iter_attachments()}
    assert sorted(content[:4] for content in files.values()) == [b"%PDF", b"PK\x03\x04"]
    assert [each.is_report for each in issued.read(desk.site)] == [True, False, False, False, False]
    assert journal.check(again(desk)).gaps == []


def test_the_last_month_is_meant(desk: Desk, mailbox: Mailbox) -> None:
    assert mail_report(again(desk))[0].month == "2026-10"
    assert len(mailbox.taken) == 2


def test_the_script_for_cron_runs_with_nothing_around_it(desk: Desk, mailbox: Mailbox, tmp_path: Path) -> None:
    """As howto/monitoring.md prints it and its checks, but on any day, in this site. A second run sends nothing."""
    page = (DOCS / "howto/monitoring.md").read_text()
    cron = page.partition("## cron")[2]
    script = cron.partition("```sh\n")[2].partition("```")[0]
    (check,) = re.findall(r"^\*/5 .*  sopctl  (.*)$", cron, re.MULTILINE)
    script = script.replace("worst=0", f"{check}\nworst=0")
    assert len(script.splitlines()) <= 11
    for printed, here in (
        ("PATH=/usr/local/bin:", f"PATH={Path(sys.executable).parent}:"),
        ("export PATH", f"PYTHONPATH={CHECKOUT}; export PYTHONPATH PATH"),
        ("/srv/penitipan", str(desk.site.root)),
        ("-gt 7", "-gt 31"),
    ):
        assert printed in script
        script = script.replace(printed, here)
    (tmp_path / "daily.sh").write_text(script)
    for _ in range(2):
        ran = subprocess.run(
            ["env", "-i", "/bin/sh", tmp_path / "daily.sh"], capture_output=True, text=True, check=False
        )
        assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", ""), ran
    assert sorted(to for to, _ in mailbox.taken) == ["kabid@example.org", "kadis@example.org"]
    assert "sopctl_export_timestamp_seconds" in (desk.site.root / "var/sopctl.prom").read_text()


def test_somebody_has_to_be_named(desk: Desk) -> None:
    with pytest.raises(UsageError, match="names nobody"):
        mail_report(desk, "2026-10")
