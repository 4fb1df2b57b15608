"""BSrE's service signs a paper: what comes back is filed only where it is that, and what is not clear waits for a
person."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields

from sopctl.adapters.signing import bsre, making
from sopctl.adapters.ssh import Password
from sopctl.cli import wording
from sopctl.cli.main import cli
from sopctl.errors import Conflict, NotNow, OutsideFailure, SopctlError, UsageError
from sopctl.model.signing.signatories import Box
from sopctl.store import dossiers, issued
from sopctl.store.site import Site
from sopctl.workflow.house import remote_signing, signing
from sopctl.workflow.papers import integrity
from sopctl.workflow.papers.integrity import check_file
from sopctl.workflow.papers.monthly import month_report
from sopctl.workflow.papers.signed.chain import report_issues
from sopctl.workflow.setup import journal
from sopctl.workflow.views import board
from tests.adapters.signing.fake_bsre import CODE, LOGIN, NIK, SECRET, Fake, Turn, bsre_service
from tests.adapters.signing.test_examining import _action, _overlay, _rewrite, _shadow
from tests.authority import PASSPHRASE
from tests.workflow.house.test_signing import Office, office, verdict

pytestmark = pytest.mark.usefixtures("kept_examiners")

__all__ = ["office"]  # a fixture

STATUS = Turn("status")
SETTINGS = """
signing:
  bsre: {{url: "{url}", user: "{user}", password: bsre, version: {version}, ca: "{ca}"}}
"""


@contextmanager
def service(office: Office, *script: Turn, version: str = "v2") -> Iterator[Fake]:
    """The service, and the site that knows it."""
    people = {"signer": office.people["first"], **office.people}
    with bsre_service(office.authority, people, version, script, office.folder) as (fake, found):
        root = office.desk.site.root
        key = root / "keys" / "bsre"
        key.write_text(LOGIN[1])
        key.chmod(0o600)
        path = root / "sopctl.yml"
        plain = path.read_text().partition("\nsigning:")[0]
        path.write_text(plain + SETTINGS.format(url=found.url, user=LOGIN[0], version=version, ca=found.ca))
        office.desk = replace(office.desk, site=Site(root))
        yield fake


def sign(office: Office, box: Box = "first", **more: str) -> None:
    who = remote_signing.signer(office.desk, Password(NIK), Password(SECRET))
    remote_signing.sign(office.desk, office.deposit, who, box=box, **more)


def unclear(office: Office) -> list[str]:
    return [asked.box for asked in dossiers.read(office.desk.site, office.deposit).summary.unclear]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_what_the_service_signed_is_filed_and_others_sign_after_it(office: Office, version: str) -> None:
    second = Turn("sign", who="second")
    with service(office, STATUS, Turn("sign", change=_rewrite), STATUS, second, version=version) as fake:
        sign(office)
        sign(office, "second")
    assert len(fake.boxes) == 2
    assert [(each.how, each.provider) for each in office.form.revisions] == [
        ("rewritten", "bsre"),
        ("appended", "bsre"),
    ]
    found = check_file(office.desk, office.form.newest_file)
    assert (found.verdict, str(found.signed), [each.word for each in found.signatures]) == (
        "signed",
        "2 of 3",
        ["good"] * 2,
    )
    assert not unclear(office)
    kept = b"".join(path.read_bytes() for path in office.desk.site.root.rglob("*") if path.is_file())
    assert NIK.encode() not in kept
    assert SECRET.encode() not in kept


def test_a_service_that_writes_the_file_anew_cannot_sign_second(office: Office) -> None:
    signing.file_signed(office.desk, office.signed("first"))
    with service(office, STATUS, Turn("sign", who="second", change=_rewrite)), pytest.raises(OutsideFailure) as ended:
        sign(office, "second")
    assert ended.value.id == "signing-unclear"
    assert str(office.form.signed) == "1 of 3"


def _signed_by_another(office: Office) -> Callable[[bytes], bytes]:
    key = making.pkcs12(office.authority.p12(office.people["stranger"]), PASSPHRASE, "x")
    return lambda pdf: making.sign(pdf, key, field="lain")


def _certified(pdf: bytes) -> bytes:
    """With a field more, which nobody signed."""
    writer = IncrementalPdfFileWriter(BytesIO(pdf))
    fields.append_signature_field(writer, fields.SigFieldSpec("kosong", on_page=0, box=(40, 300, 540, 600)))
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


def test_an_answer_that_is_not_just_that_signature_is_kept_and_never_filed(office: Office) -> None:
    other = signing.to_sign(office.form)
    wrong = {
        "the paper unsigned": Turn("sign", "echo"),
        "another signer": Turn("sign", who="stranger"),
        "who signs elsewhere": Turn("sign", who="second"),
        "a signature more": Turn("sign", after=_signed_by_another(office)),
        "another signed before": Turn("sign", change=_signed_by_another(office)),
        "another text": Turn("sign", change=_shadow),
        "another text after it": Turn("sign", after=_shadow),
        "another text, rewritten": Turn("sign", change=lambda pdf: _rewrite(_shadow(pdf))),
        "something laid over": Turn("sign", change=_overlay),
        "a script": Turn("sign", change=_action),
        "bytes behind": Turn("sign", after=lambda pdf: pdf + b"\n% more\n"),
        "a byte changed": Turn("sign", after=lambda pdf: pdf[:11] + bytes([pdf[11] ^ 1]) + pdf[12:]),
        "a field over the text": Turn("sign", after=_certified),
        "half a paper": Turn("sign", after=lambda pdf: pdf[: len(pdf) // 2]),
    }
    for name, turn in wrong.items():
        with service(office, STATUS, turn), pytest.raises(OutsideFailure) as ended:
            sign(office)
        assert ended.value.id == "signing-unclear", name
        assert Path(ended.value.where).read_bytes().startswith(b"%PDF-"), name
        assert unclear(office) == ["first"], name
        with pytest.raises(NotNow, match="not clear"):  # nobody asks again by chance
            sign(office)
        remote_signing.not_signed(office.desk, office.deposit, box="first", because="menurut catatan BSrE")
        assert not unclear(office), name
    assert not office.form.revisions
    assert signing.to_sign(office.form) == other


def test_what_is_unclear_waits_for_a_person_and_ends_when_the_signed_paper_is_filed(office: Office) -> None:
    with service(office, STATUS, Turn("sign", "drop-after")) as fake, pytest.raises(OutsideFailure, match="not clear"):
        sign(office)
    (row,) = [row for row in board.todo(office.desk).rows if "Belum jelas" in row.activity]
    assert office.form.number in row.activity
    with pytest.raises(NotNow, match="not clear"):
        signing.sign(office.desk, office.deposit, office.key("second"), box="second")
    path = office.folder / "dari-bsre.pdf"
    path.write_bytes(fake.signed[0])
    signing.file_signed(office.desk, path)
    assert str(office.form.signed) == "1 of 3"
    assert not unclear(office)
    with pytest.raises(UsageError, match="no service was asked"):
        remote_signing.not_signed(office.desk, office.deposit, box="first", because="x")


def test_a_refusal_is_recorded_as_that_and_may_be_tried_again(office: Office) -> None:
    with service(office, STATUS, Turn("sign", "2011"), Turn("status", "EXPIRED")):
        with pytest.raises(OutsideFailure, match="tidak terdaftar"):
            sign(office)
        assert "tidak ditandatangani" in dossiers.read(office.desk.site, office.deposit).events[-1].note
        events = len(dossiers.read(office.desk.site, office.deposit).events)
        with pytest.raises(OutsideFailure, match="EXPIRED"):
            sign(office)
    assert len(dossiers.read(office.desk.site, office.deposit).events) == events, "it was not asked to sign"
    assert not unclear(office)


def test_another_than_the_paper_names_signs_only_with_a_name_and_a_reason(office: Office) -> None:
    with pytest.raises(UsageError, match="names no service"):
        sign(office)
    with service(office, STATUS, Turn("sign", who="stranger")):
        with pytest.raises(UsageError, match="say why another signs"):
            sign(office, "second", name="Orang Lain")
        sign(office, "second", name="Orang Lain", because="Plh. sesuai surat tugas")
    (revision,) = office.form.revisions
    assert [(each.name, each.box) for each in revision.by] == [("Orang Lain", "second")]
    with pytest.raises(UsageError, match="16 digits"):
        remote_signing.signer(office.desk, Password("12345"), Password(SECRET))


def test_the_command_line_takes_secrets_from_files_alone_and_shows_none(office: Office) -> None:
    for name, text in {"nik": NIK, "frasa": SECRET, "kode": CODE}.items():
        (office.folder / name).write_text(text)
        (office.folder / name).chmod(0o600)
    nik, phrase, code = (str(office.folder / name) for name in ("nik", "frasa", "kode"))
    words = ["--site", str(office.desk.site.root), "document", "sign", office.deposit, "--as", "first"]

    def run(*more: str) -> tuple[int, str]:
        ran = CliRunner().invoke(cli, [*words, *more])
        failed = ran.exception if isinstance(ran.exception, SopctlError) else None
        said = ran.output + (wording.told(failed) if failed else "")
        assert not [secret for secret in (NIK, SECRET, CODE) if secret in said]
        return failed.exit_code if failed else ran.exit_code, said

    with service(office, STATUS, Turn("sign", "drop-before"), Turn("code"), STATUS, Turn("sign")):
        said = run("--bsre", "--nik-file", nik, "--password-file", phrase)
        assert (said[0], "--not-signed" in said[1]) == (6, True), said
        assert run("--bsre", "--nik-file", nik, "--password-file", phrase)[0] == 4
        assert run("--not-signed", "menurut catatan BSrE")[0] == 0
        assert run("--code", "--p12", nik)[0] == 2
        assert run("--bsre", "--code", "--nik-file", nik, "--password-file", code)[0] == 0
    assert [each.by[0].box for each in office.form.revisions] == ["first"]


def test_version_1_knows_no_codes(office: Office) -> None:
    with service(office, version="v1"), pytest.raises(UsageError, match="no codes"):
        remote_signing.request_code(office.desk, Password(NIK))
    assert bsre.READY == "ISSUE"


# A month's report is signed like other papers, in the register of the office's own.
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
    kept = journal.anchor_of(office.desk, str(report))
    done = signing.sign(office.desk, NAME, office.key("first"), box="first")
    assert (done.outcome, done.procedure) == ("ditandatangani", "")
    signing.file_signed(office.desk, office.signed("second", Path(done.documents[0]).read_bytes()), boxes=["second"])
    (issue,) = report_issues(office.desk.site)
    assert (str(issue.signed), [each.how for each in issue.revisions]) == ("2 of 2", ["appended", "appended"])
    found = integrity.check_file(office.desk, issue.newest_file)
    assert (found.verdict, str(found.signed), [each.word for each in found.signatures]) == (
        "signed",
        "2 of 2",
        ["good"] * 2,
    )
    assert verdict(office, report) == ("superseded", "")
    assert journal.check(office.desk, kept).against == f"{NAME} {issue.number}, issued"
    signed = journal.anchor_of(office.desk, str(issue.newest_file))
    assert signed.anchor == kept.anchor, "the signed paper anchors the journal"
    assert signed.source == f"{NAME} {issue.number}, signed (2 of 2)"
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
            sign(office)
        (issue,) = report_issues(office.desk.site)
        assert [each.box for each in issue.unclear] == ["first"]
        (row,) = [row for row in board.todo(office.desk).rows if row.id == NAME]
        assert "Belum jelas" in row.activity
        assert row.action
        assert f"sopctl document sign {NAME} {issue.number} --as first --not-signed" in wording.line(row.action)
        remote_signing.not_signed(office.desk, NAME, box="first", because="menurut catatan BSrE")
        sign(office)
    (issue,) = report_issues(office.desk.site)
    assert (str(issue.signed), issue.unclear, issue.revisions[0].provider) == ("1 of 2", (), "bsre")
    assert not [row for row in board.todo(office.desk).rows if row.id == NAME]
    assert not journal.check(office.desk).gaps


def test_a_scan_of_a_report_is_filed_and_one_of_an_older_revision_is_not(office: Office, report: Path) -> None:
    before = office.signed("first", report.read_bytes())
    scan = office.folder / "pindaian.png"
    scan.write_bytes(b"\x89PNG\r\n\x1a\n")
    signing.file_scan(office.desk, scan, deposit_id=NAME, signed_by={"first": "", "second": ""})
    (issue,) = report_issues(office.desk.site)
    assert str(issue.signed) == "2 of 2"
    assert verdict(office, scan) == ("signed", "2 of 2")
    with pytest.raises(Conflict):
        signing.file_signed(office.desk, before)


def test_a_register_of_an_older_version_keeps_its_hashes(office: Office, report: Path) -> None:
    (record,) = issued.read(office.desk.site)
    assert not {"signed", "asked", "refused"} & set(record.content.decode().replace('"', " ").split())
