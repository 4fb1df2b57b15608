"""Signing with a PKCS#12 file and with a token (SoftHSM2): what comes out holds, stays PDF/A and small; what goes wrong
is said."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pytest
from pypdfium2 import raw as pdfium

from sopctl.adapters.documents import appearance, places, render
from sopctl.adapters.signing import making, pages
from sopctl.adapters.signing.examining import examine
from sopctl.errors import InvalidRecord, OutsideFailure, UsageError
from tests.adapters.documents import samples
from tests.authority import PASSPHRASE, Authority, real_now, timestamps

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
FORM = samples.handover()
ISSUED = render(FORM)
NOW = real_now()
AUTHORITY = Authority(NOW)
WHO = AUTHORITY.signer("Petugas Pusat Data")


def look(number: int = 0) -> making.Look:
    place = places(FORM)[number]
    box = making.Box(place.page, place.left, place.bottom, place.width, place.height)
    return making.Look(box, appearance("Petugas Pusat Data", "26-11-2026 10.00 WIB", "Diterbitkan oleh Penerbit Uji"))


def key() -> making.Key:
    return making.pkcs12(AUTHORITY.p12(WHO), PASSPHRASE, "petugas.p12")


def test_a_signature_is_seen_in_the_forms_own_box_and_both_fit_200_kb() -> None:
    content = ISSUED
    for number, field in enumerate(("satu", "dua")):
        content = making.sign(content, key(), field=field, look=look(number))
    found = examine(content, AUTHORITY.trust(), real_now(), ISSUED)
    assert [each.word for each in found.signatures] == ["good", "good"]
    assert not found.changes, "no box hides text"
    assert len(content) <= 200_000
    page = pypdfium2.PdfDocument(content)[0]
    boxes = []
    for number in range(pdfium.FPDFPage_GetAnnotCount(page)):
        rectangle = pdfium.FS_RECTF()
        annotation = pdfium.FPDFPage_GetAnnot(page, number)
        pdfium.FPDFAnnot_GetRect(annotation, rectangle)
        pdfium.FPDFPage_CloseAnnot(annotation)
        boxes.append((rectangle.left, rectangle.right))
    assert len(boxes) == 2
    first, second = places(FORM)[:2]
    assert first.left <= boxes[0][0] <= boxes[0][1] <= first.left + first.width
    assert second.left <= boxes[1][0] <= boxes[1][1] <= second.left + second.width


@pytest.mark.parametrize("seen", [True, False])
def test_a_signed_paper_keeps_what_makes_it_pdf_a(*, seen: bool) -> None:
    content = making.sign(ISSUED, key(), field="satu", look=look() if seen else None)
    added = content[len(ISSUED) :]
    assert content.startswith(ISSUED)
    assert b"pdfaid" in content, "the metadata say so still"
    assert b"/OutputIntents" in ISSUED or b"/OutputIntent" in ISSUED
    assert not any(
        word in added for word in (b"/JavaScript", b"/Launch", b"/Encrypt", b"/NeedAppearances true", b"/SMask")
    )
    assert b"/F 132" in added or b"/F 4" in added, "it is printed, as PDF/A asks of what is seen (ISO 19005-2, 6.3.2)"
    if seen:
        assert b"/FontFile3" in appearance("N", "", ""), "fonts are embedded"
        assert b"/BaseFont" not in added or b"/FontFile" in added or b"/ObjStm" in added


def test_a_preview_is_a_picture_of_the_page() -> None:
    signed = making.sign(ISSUED, making.trial("Nama"), field="contoh", look=look())
    picture = pages.picture(signed, 1)
    assert picture.startswith(b"\x89PNG")
    assert picture != pages.picture(ISSUED, 1)


def test_levels_need_an_authority_of_time() -> None:
    with pytest.raises(UsageError, match="timestamp authority"):
        making.sign(ISSUED, key(), field="satu", level="b-t")


def test_an_authority_of_time_that_gives_none_signs_nothing(tmp_path: Path) -> None:
    with timestamps(AUTHORITY, tmp_path) as url:
        pass
    with pytest.raises(OutsideFailure, match="gave no answer"):
        making.sign(ISSUED, key(), field="satu", level="b-t", tsa=url)


def test_for_the_archive_nothing_may_be_unknown(tmp_path: Path) -> None:
    with timestamps(AUTHORITY, tmp_path) as url, pytest.raises(OutsideFailure, match="could not be signed"):
        making.sign(ISSUED, key(), field="satu", level="b-lta", tsa=url, trust=AUTHORITY.trust(crls=False))


@pytest.mark.parametrize(
    "content", [AUTHORITY.p12(WHO, "lain"), b"", b"\x30\x03\x02\x01\x00"], ids=["other", "empty", "no"]
)
def test_another_passphrase_and_no_key_are_the_same_to_say(content: bytes) -> None:
    with pytest.raises(InvalidRecord, match="does not open") as refused:
        making.pkcs12(content, PASSPHRASE, "petugas.p12")
    assert PASSPHRASE not in str(refused.value)


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A token with the key and its certificate, called `kunci`. SoftHSM2 reads where it is once in a process."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    before = os.environ.get("SOFTHSM2_CONF")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    util = ("softhsm2-util",)
    subprocess.run(
        [*util, "--init-token", "--free", "--label", "uji", "--pin", "1234", "--so-pin", "4321"], check=True, timeout=60
    )
    (folder / "key.pem").write_bytes(WHO.key_pem)
    imported = [
        "--import",
        str(folder / "key.pem"),
        "--token",
        "uji",
        "--label",
        "kunci",
        "--id",
        "01",
        "--pin",
        "1234",
    ]
    subprocess.run([*util, *imported], check=True, timeout=60)
    import pkcs11

    with pkcs11.lib(MODULE).get_token(token_label="uji").open(user_pin="1234", rw=True) as session:
        session.create_object(
            {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                pkcs11.Attribute.TOKEN: True,
                pkcs11.Attribute.LABEL: "kunci",
                pkcs11.Attribute.ID: b"\x01",
                pkcs11.Attribute.SUBJECT: WHO.certificate.subject.public_bytes(),
                pkcs11.Attribute.VALUE: WHO.der,
            }
        )
    yield "uji"
    if before is None:
        del os.environ["SOFTHSM2_CONF"]
    else:
        os.environ["SOFTHSM2_CONF"] = before


def test_a_token_signs(token: str) -> None:
    with making.pkcs11(MODULE, token, "kunci", "1234") as mine:
        assert mine.signer.certificate == WHO.sha256
        content = making.sign(ISSUED, mine, field="satu")
    found = examine(content, AUTHORITY.trust(), real_now(), ISSUED)
    assert [each.word for each in found.signatures] == ["good"]


@pytest.mark.parametrize(
    ("module", "label", "pin", "says"),
    [
        (MODULE, "kunci", "9999", "refuses the PIN"),
        (MODULE, "bukan", "1234", "no key with a certificate"),
        ("/nonexistent/module.so", "kunci", "1234", "cannot be opened"),
    ],
)
def test_what_a_token_refuses_is_said_without_the_pin(token: str, module: str, label: str, pin: str, says: str) -> None:
    with (
        pytest.raises((InvalidRecord, OutsideFailure), match=says) as refused,
        making.pkcs11(module, token, label, pin),
    ):
        pass
    assert pin not in str(refused.value)
