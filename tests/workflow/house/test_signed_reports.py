"""A month's report is signed like other papers, in the register of the office's own: by a key, by the service, or with
ink; and the journal goes on from the anchor that it says."""

from pathlib import Path

import pytest

from sopctl.errors import Conflict, OutsideFailure
from sopctl.store import issued
from sopctl.workflow.house import remote_signing, signing
from sopctl.workflow.papers import integrity
from sopctl.workflow.papers.monthly import month_report
from sopctl.workflow.papers.signed.chain import report_issues
from sopctl.workflow.setup import journal
from tests.adapters.signing.fake_bsre import Turn
from tests.workflow.house.test_remote_signing import STATUS, service
from tests.workflow.house.test_remote_signing import sign as ask
from tests.workflow.house.test_signing import Office, office, verdict

__all__ = ["office"]  # a fixture

MONTH = "2026-10"
NAME = f"LAPORAN-{MONTH}"


@pytest.fixture
def report(office: Office) -> Path:
    """The report of a month, and who signs it: its officer first, the head second."""
    month_report.issue(office.desk.decided_by("staf"), MONTH)
    (issue,) = report_issues(office.desk.site)
    for one in issue.signatories:
        office.people[one.box] = office.authority.signer(one.name or "Kepala Dinas")
    office.deposit = NAME
    return issue.newest_file


def test_a_report_is_signed_by_both_and_stays_one_report(office: Office, report: Path) -> None:
    assert verdict(office, report) == ("issued", "")
    anchor = journal.anchor_of(str(report))
    done = signing.sign(office.desk, NAME, office.key("first"), box="first")
    assert (done.outcome, done.procedure) == ("ditandatangani", "")
    signing.file_signed(office.desk, office.signed("second", Path(done.documents[0]).read_bytes()), boxes=["second"])
    (issue,) = report_issues(office.desk.site)
    assert (issue.signed, [each.how for each in issue.revisions]) == ("2 of 2", ["appended", "appended"])
    found = integrity.check_file(office.desk, issue.newest_file)
    assert (found.verdict, found.signed, [each.word for each in found.signatures]) == ("signed", "2 of 2", ["good"] * 2)
    assert verdict(office, report) == ("superseded", "")
    journal.check(office.desk, anchor)
    assert journal.anchor_of(str(issue.newest_file)) == anchor, "the signed paper anchors the journal"
    again = month_report.issue(office.desk.decided_by("staf"), MONTH)
    assert (again.new, again.number) == (False, issue.number), "what was signed is no report of its own"
    later = month_report.issue(office.desk, "2026-11")
    assert "/L0002/" in later.number, "its number follows that of the report before"
    assert not journal.check(office.desk).gaps
    issue.newest_file.write_bytes(b"%PDF-1.7")
    assert any("filed as signed, is altered" in gap for gap in journal.check(office.desk).gaps)


def test_the_service_signs_a_report_and_what_is_unclear_waits(office: Office, report: Path) -> None:
    with service(office, STATUS, Turn("sign", "503"), STATUS, Turn("sign")):
        with pytest.raises(OutsideFailure, match="not clear"):
            ask(office)
        (issue,) = report_issues(office.desk.site)
        assert [each.box for each in issue.unclear] == ["first"]
        remote_signing.not_signed(office.desk, NAME, box="first", because="menurut catatan BSrE")
        ask(office)
    (issue,) = report_issues(office.desk.site)
    assert (issue.signed, issue.unclear, issue.revisions[0].provider) == ("1 of 2", (), "bsre")
    assert not journal.check(office.desk).gaps


def test_a_scan_of_a_report_is_filed_and_one_of_an_older_revision_is_not(office: Office, report: Path) -> None:
    before = office.signed("first", report.read_bytes())
    scan = office.folder / "pindaian.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n")
    signing.file_scan(office.desk, scan, deposit_id=NAME, signed_by={"first": "", "second": ""})
    (issue,) = report_issues(office.desk.site)
    assert issue.signed == "2 of 2"
    assert verdict(office, scan) == ("signed", "2 of 2")
    with pytest.raises(Conflict):
        signing.file_signed(office.desk, before)


def test_a_register_of_an_older_version_keeps_its_hashes(office: Office, report: Path) -> None:
    (record,) = issued.read(office.desk.site)
    assert not {"signed", "asked", "refused"} & set(record.content.decode().replace('"', " ").split())
